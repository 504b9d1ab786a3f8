"""Files that are still there after a power cut: content first, then the name (fsync of POSIX.1-2017)."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: fsync of a file does not cover them. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(path: Path, data: bytes, mode: int) -> None:
    """Put a file with this content in the place of another, durably. Raises OSError.

    ``mode`` is of a file that is new. When it fails, the old file stands or the new one, never a mixture.
    """
    fresh = path.with_name(f"{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        # Crash while writing: the old file stands, and the next call begins this one anew.
        while data:
            data = data[os.write(handle, data) :]
        # Without this the rename could be durable before the content, and the file be empty.
        os.fsync(handle)
    finally:
        os.close(handle)
    # Crash before or after: the old file or the new one, never a mixture.
    fresh.replace(path)
    # Only after this is the new one sure to stay, so only after this may anybody be shown it.
    sync_folder(path.parent)
