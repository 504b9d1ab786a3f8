"""The whole file for whoever wants it, which Datasette 0.65 refuses for a file that changes.

Each download is of a copy made for it, for the live file may be written meanwhile. The copy has no name on disk,
so that nothing is left of it afterwards: what is erased must not live on in a forgotten file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import BinaryIO

from archive.datasette_plugin.asgi import Send
from archive.datasette_plugin.gate import busy

CHUNK = 256 << 10
#: Pages copied at a time: between steps the projector may write, and the copy begins anew.
STEP = 4096
_TYPE = b"application/vnd.sqlite3"

#: So many downloads go on at once, for each has a copy on disk until its client has all of it.
MOST = 4
_going_on: set[int] = set()
#: One copy is made at a time; the others wait.
_copying = asyncio.Lock()


async def send_file(path: Path, name: str, send: Send) -> None:
    """Send a consistent copy of an SQLite file as a download called ``name``; 429 when too many go on."""
    if len(_going_on) >= MOST:
        await busy(send)
        return
    _going_on.add(mark := id(send))
    try:
        await _send_copy(path, name, send)
    finally:
        _going_on.discard(mark)


async def _send_copy(path: Path, name: str, send: Send) -> None:
    async with _copying:
        file = await asyncio.to_thread(_copy, path)
    with contextlib.closing(file):
        headers = [
            (b"content-type", _TYPE),
            (b"content-length", str(os.fstat(file.fileno()).st_size).encode()),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
            (b"cache-control", b"no-store"),
            (b"access-control-allow-origin", b"*"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        more = True
        while more:
            data = await asyncio.to_thread(file.read, CHUNK)
            more = len(data) == CHUNK
            await send({"type": "http.response.body", "body": data, "more_body": more})


def _copy(path: Path) -> BinaryIO:
    """Return an open file without a name: the state of an SQLite file at one moment."""
    folder = path.parent if os.access(path.parent, os.W_OK) else None
    handle, name = tempfile.mkstemp(prefix=".archive-download-", dir=folder)
    os.close(handle)
    try:
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        with contextlib.closing(source), contextlib.closing(sqlite3.connect(name)) as target:
            target.execute("PRAGMA journal_mode = OFF").fetchone()
            target.execute("PRAGMA synchronous = OFF")
            source.backup(target, pages=STEP, sleep=0.001)
        file = Path(name).open("rb")  # noqa: SIM115 (closed by whom it is returned to)
    finally:
        Path(name).unlink()
    return file
