"""A file is replaced as a whole, or not at all, and its name is durable before anyone is told."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from events import durable


def test_a_file_is_replaced_by_the_whole_of_another(tmp_path: Path) -> None:
    path = tmp_path / "head"
    durable.replace(path, b"old" * 9, 0o600)
    durable.replace(path, b"new", 0o600)

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_content_is_durable_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        what = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        seen.append((what, (tmp_path / "head").exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    durable.replace(tmp_path / "head", b"new", 0o600)

    assert seen == [("file", False), ("folder", True)]


def test_a_disk_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "head"
    path.write_bytes(b"old")

    def broken(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        durable.replace(path, b"new", 0o600)
    with pytest.raises(OSError, match="Input/output"):
        durable.sync_folder(tmp_path)

    assert path.read_bytes() == b"old"
