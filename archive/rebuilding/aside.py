"""The rows of a large log, made by two other processes, on whatever core is free, while this one writes them.

    python -m archive.rebuilding.aside LOG FOLDER SIZE FD

forks twice, and each time the two take turns: first in reading the log, then in folding its records
(`building.Building`). One writes its pages to standard output, the other to the file descriptor FD: each as
MessagePack behind its length in four bytes. The length 0 ends a turn, and the length `END` everything; without it
a process has failed, and standard error says why.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

import msgspec

from archive.rebuilding.building import Building
from archive.rebuilding.reading import Page, Seen
from archive.table import Face
from events.errors import EventsError
from events.log import SqliteLog

#: Encoded pages of each process that may wait until they are written: enough that nobody waits for long.
AHEAD = 40
#: Stands where the length of a page would.
END = 0xFFFFFFFF

_encode = msgspec.msgpack.Encoder().encode
_page = msgspec.msgpack.Decoder(Page).decode
_seen = msgspec.msgpack.Decoder(list[Seen]).decode
_faces = msgspec.msgpack.Decoder(dict[str, Face]).decode


class FoldEnded(EventsError):
    """Another process ended before all rows were made."""


def pages_aside(log: Path, folder: Path, end: int) -> Iterator[Page]:
    """Yield the `pages` of the log in a file; raise FoldEnded, saying why, when a process fails."""
    ours, theirs = os.pipe()
    command = [
        sys.executable,
        "-m",
        "archive.rebuilding.aside",
        str(log),
        str(folder),
        str(end),
        str(theirs),
    ]
    # The very modules that this process has, wherever it was started.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (
        os.fdopen(ours, "rb") as second,
        os.fdopen(theirs, "wb") as given,
        subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[theirs],
            start_new_session=True,  # so that one signal ends both
        ) as child,
    ):
        given.close()
        assert child.stdout is not None
        streams = _Stream(child.stdout), _Stream(second)
        try:
            yield from _in_turn(*streams)
        except EOFError:
            _kill(child)
            raise FoldEnded(f"the tables were not made: {_why(child)}") from None
        finally:
            _kill(child)
            for stream in streams:
                stream.close()


def _in_turn(*streams: _Stream) -> Iterator[Page]:
    """Yield the pages of streams that take turns, until all have ended."""
    while not all(stream.ended for stream in streams):
        for stream in streams:
            while not stream.ended and (page := stream.take()):
                yield page


class _Stream:
    """What another process writes, read as it comes, so that it does not wait for our writing."""

    def __init__(self, file: IO[bytes]) -> None:
        self.ended = False
        self._file = file
        self._waiting: queue.Queue[bytes | int] = queue.Queue(AHEAD)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def take(self) -> Page | None:
        """Return the next page, or None at the end of a turn; raise EOFError where the process has failed."""
        data = self._waiting.get()
        if isinstance(data, bytes):
            return _page(data)
        if data < 0:
            raise EOFError
        self.ended = data == END
        return None

    def close(self) -> None:
        """Read no further; the process that writes has ended."""
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._waiting.get(timeout=0.01)

    def _read(self) -> None:
        length = 0
        while length != END:
            length = int.from_bytes(head) if len(head := self._file.read(4)) == 4 else -1
            data: bytes | int = self._file.read(length) if 0 < length < END else length
            if isinstance(data, bytes) and len(data) < length:
                data = -1
            self._waiting.put(data)
            if data == -1:
                return


def _kill(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _why(child: subprocess.Popen[bytes]) -> str:
    assert child.stderr is not None
    *_, why = ["it was killed", *child.stderr.read().decode(errors="replace").splitlines()]
    return why


def main(log: str, folder: str, end: str, fd: str) -> None:
    """Write the pages."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever reads from us decides
    gc.disable()  # nothing made here is in a circle, and looking for circles takes a fifth of the time
    streams = os.fdopen(1, "wb"), os.fdopen(int(fd), "wb")
    with _telling(), Building(Path(folder), 2) as building:
        with _forked(streams) as (share, line), SqliteLog(Path(log)) as opened:
            for turn in building.reading(opened, int(end), share, line):
                _write(turn, line.out)
        _write(building.read(), streams[0])
        with _forked(streams) as (share, line):
            # The last turn was ours, so the first of these is the other's.
            for turn in building.folding(1 - share, line):
                _write(turn, line.out)
            line.out.write(END.to_bytes(4))
            line.out.flush()


class _Line:
    """The line to the process that we share the work with, and where to write our pages."""

    def __init__(self, to: Connection, out: IO[bytes], first: bool) -> None:  # noqa: FBT001
        self.out = out
        self._to = to
        self._first = first

    def tell(self, seen: list[Seen]) -> None:
        """Send what was seen."""
        self._to.send_bytes(_encode(seen))

    def hear(self) -> list[Seen]:
        """Receive what was seen."""
        return _seen(self._to.recv_bytes())

    def swap(self, faces: dict[str, Face]) -> dict[str, Face]:
        """Send faces and receive others, one process after the other."""
        if self._first:
            self._to.send_bytes(_encode(faces))
        theirs = _faces(self._to.recv_bytes())
        if not self._first:
            self._to.send_bytes(_encode(faces))
        return theirs


@contextlib.contextmanager
def _forked(streams: tuple[IO[bytes], IO[bytes]]) -> Iterator[tuple[int, _Line]]:
    """Do a block in two processes, of which the second ends with it; yield 0 or 1, and the line to the other.

    No thread runs, and no database is open: memory and files are all that they share.
    """
    here, there = Pipe()
    if child := os.fork():
        there.close()
        yield 0, _Line(here, streams[0], first=True)
        here.close()
        if os.waitpid(child, 0)[1]:
            raise EOFError
        return
    with _telling():
        streams[0].close()
        here.close()
        yield 1, _Line(there, streams[1], first=False)
    os._exit(0)


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """End the process where the block fails, and say why before the streams end."""
    try:
        yield
    except EventsError as error:
        print(error, file=sys.stderr, flush=True)  # noqa: T201
        os._exit(1)
    except (
        ConnectionError,
        EOFError,
    ):  # nobody reads any more, or the other process said why it failed
        os._exit(1)


def _write(turn: Iterable[Page], out: IO[bytes]) -> None:
    """Write the pages of a turn, and its end."""
    for page in turn:
        data = _encode(page)
        out.write(len(data).to_bytes(4))
        out.write(data)
    out.write(bytes(4))
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
