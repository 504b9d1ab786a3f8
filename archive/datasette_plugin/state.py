"""The state of the published file, told from its first bytes and its place on disk: no query, no lock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

#: Where the file change counter stands: SQLite raises it with every transaction (file format, section 1.3.7).
COUNTER = slice(24, 28)


def state(paths: Iterable[Path], salt: str, today: Callable[[], str]) -> str | None:
    """Return what differs when a file was written, our code or settings changed (``salt``), or a day began.

    The views say what is due today. None when a file cannot be read.
    """
    digest = hashlib.sha256(f"{salt}\0{today()}".encode())
    for path in paths:
        try:
            with path.open("rb") as file:
                head = file.read(COUNTER.stop)
            found = path.stat()
        except OSError:
            return None
        digest.update(head[COUNTER])
        digest.update(f"{found.st_size} {found.st_mtime_ns} {found.st_ino}".encode())
    return digest.hexdigest()
