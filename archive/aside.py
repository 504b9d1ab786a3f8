"""The rows of a large log, made in another process, on another core, while this one writes them.

    python -m archive.aside LOG FOLDER SIZE

writes the `pages` of a log to standard output: each as MessagePack behind its length in four bytes. An empty
one is the end; without it the process has failed, and standard error says why.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from archive.building import Page, pages
from events.errors import EventsError
from events.log import SqliteLog

#: Encoded pages that may wait until they are taken over: enough that neither process waits for long.
AHEAD = 500


class FoldEnded(EventsError):
    """The other process ended before all rows were made."""


def pages_aside(log: Path, folder: Path, end: int) -> Iterator[Page]:
    """Yield the `pages` of the log in a file; raise FoldEnded, saying why, when the process fails."""
    command = [sys.executable, "-m", "archive.aside", str(log), str(folder), str(end)]
    # The very modules that this process has, wherever it was started.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        try:
            while length := int.from_bytes(_exactly(child, 4)):
                yield _DECODER.decode(_exactly(child, length))
        finally:
            child.kill()


def _exactly(child: subprocess.Popen[bytes], length: int) -> bytes:
    assert child.stdout is not None
    data = child.stdout.read(length)
    if len(data) < length:
        assert child.stderr is not None
        *_, why = ["it was killed", *child.stderr.read().decode(errors="replace").splitlines()]
        raise FoldEnded(f"the tables were not made: {why}")
    return data


_DECODER = msgspec.msgpack.Decoder(Page)


def main(log: str, folder: str, end: str) -> None:
    """Write the pages."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both processes; the other decides
    gc.disable()  # nothing made here is in a circle, and looking for circles takes a fifth of the time
    made: queue.Queue[bytes] = queue.Queue(AHEAD)
    encode = msgspec.msgpack.Encoder().encode
    writer = threading.Thread(target=_write, args=(made, sys.stdout.buffer), daemon=True)
    writer.start()
    with SqliteLog(Path(log)) as opened:
        for page in pages(opened, Path(folder), int(end)):
            made.put(encode(page))
    made.put(b"")
    writer.join()


def _write(made: queue.Queue[bytes], out: IO[bytes]) -> None:
    try:
        while data := made.get():
            out.write(len(data).to_bytes(4))
            out.write(data)
        out.write(bytes(4))
        out.flush()
    except OSError:  # nobody reads any more
        os._exit(1)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except EventsError as error:
        sys.exit(str(error))
