"""The files of a publication, with their compressed twins. What did not change is the file of the one before.

A file's time is when its content came to be. Servers make ETag and Last-Modified of time and size, so a content that
changes gets a later time than the one before had, whatever the clock says.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from feeds.publishing.manifest import Kept

#: How hard what is downloaded is compressed: more takes three times as long for a hundredth.
LEVEL = 6
_LIMIT = 1 << 20


class Files:
    """The folder ``root``, and the one that stood before it, None where there is none."""

    def __init__(
        self, root: Path, before: Path | None, known: Mapping[str, Kept], *, now: int
    ) -> None:
        self._root = root
        self._before = before
        self._known = known
        self._now = now
        self._folders: set[str] = set()
        self.kept: dict[str, Kept] = {}
        self.written = 0

    def keep(self, path: str) -> bool:
        """Take over a file as it was; return False where it is not there any more."""
        if path in self.kept:
            return True
        found = self._known.get(path)
        if found is None or self._before is None:
            return False
        self._folder(path)
        try:
            for end in ("", ".gz") if found.packed else ("",):
                os.link(f"{self._before}{path}{end}", f"{self._root}{path}{end}")
        except FileNotFoundError:
            return False
        self.kept[path] = found
        return True

    def put(self, path: str, content: bytes, packed: bytes | None, changed: int) -> None:
        """Write a file, or take it over where it had this content; ``changed`` is when that can have come to be."""
        digest = hashlib.blake2b(content, digest_size=16)
        digest.update(packed or b"")
        here = self.kept.get(path)
        if here is not None and here.digest == digest.digest():
            return  # another way to write the same address
        if self._same(path, digest.digest(), packed=packed is not None):
            return
        self._folder(path)
        self._write(path, content)
        if packed is not None:
            self._write(f"{path}.gz", packed)
        self._finish(path, digest.digest(), changed, packed=packed is not None)

    def adopt(self, path: str, changed: int) -> None:
        """Take in a file that is here already, compress it, or take the one over that had the same content."""
        file = Path(f"{self._root}{path}")
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, _digest).digest()
        if self._known.get(path, Kept(b"", False, 0)).digest == digest:
            file.rename(aside := file.with_name(f"{file.name}.aside"))
            if self.keep(path):
                aside.unlink()
                return
            aside.rename(file)
        with (
            file.open("rb") as content,
            Path(f"{file}.gz").open("wb") as raw,
            gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed,
        ):
            shutil.copyfileobj(content, packed, _LIMIT)
        self._finish(path, digest, changed, packed=True)

    def _same(self, path: str, digest: bytes, *, packed: bool) -> bool:
        found = self._known.get(path)
        return (
            found is not None
            and found.digest == digest
            and found.packed == packed
            and self.keep(path)
        )

    def _folder(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            Path(f"{self._root}{folder}").mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)

    def _write(self, path: str, content: bytes) -> None:
        # A new file always ("x"): never into one that the publication before shares.
        with open(f"{self._root}{path}", "xb", buffering=0) as file:  # noqa: PTH123 - thousands of times
            file.write(content)

    def _finish(self, path: str, digest: bytes, changed: int, *, packed: bool) -> None:
        before = self._known.get(path)
        time = changed
        if before is not None and before.time >= time:
            time = max(before.time + 1, self._now)
        for end in ("", ".gz") if packed else ("",):
            os.utime(f"{self._root}{path}{end}", (time, time))
        self.kept[path] = Kept(digest, packed, time)
        self.written += 1


def _digest() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=16)
