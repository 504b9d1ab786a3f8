"""Folders to work in beside a file: gone afterwards, and when their maker was killed, swept by whoever comes next."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield a new folder in ``parent``, which is removed afterwards with all that is in it.

    A shared lock on ``parent`` is held as long, which the system lets go of when the process dies.
    """
    sweep(parent, prefix)
    with (
        _locked(parent, fcntl.LOCK_SH),
        tempfile.TemporaryDirectory(dir=parent, prefix=prefix, ignore_cleanup_errors=True) as name,
    ):
        yield Path(name)


def sweep(parent: Path, prefix: str) -> None:
    """Remove what killed processes left of such folders; while anybody works in one, none is touched."""
    if not any(parent.glob(f"{prefix}*")):
        return
    with contextlib.suppress(BlockingIOError), _locked(parent, fcntl.LOCK_EX | fcntl.LOCK_NB):
        for left in parent.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Hold a lock on a folder itself, so that no file is left for it; raise BlockingIOError with LOCK_NB."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
