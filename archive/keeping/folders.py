"""Names that stay: fsync of a file makes its content durable, not its name, which is its folder's (POSIX)."""

from __future__ import annotations

import contextlib
from pathlib import Path

from events.durable import sync_folder

__all__ = ["make_folder", "sync_folder"]


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably: else all that is kept in it could go when the power fails.

    One that is there is left as it is; perhaps whoever made it was killed before its name was durable.
    """
    missing = []
    above = folder.absolute()
    while not above.exists():
        missing.append(above)
        above = above.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        sync_folder(one.parent)
    if not missing:
        with contextlib.suppress(PermissionError):  # then it is somebody else's, and older
            sync_folder(folder.absolute().parent)
