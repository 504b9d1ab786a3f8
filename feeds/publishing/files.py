"""The files of a publication, with their compressed twins. What did not change is the file of the one before.

A file's time is when its content came to be. Servers make ETag and Last-Modified of time and size, so a content that
changes gets a later time than the one before had, whatever the clock says.

What is downloaded is compressed beside, while pages are made: for that no thread needs Python's lock.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from feeds.publishing.manifest import Kept

#: How hard what is downloaded is compressed: more takes three times as long for a hundredth.
LEVEL = 6
_LIMIT = 1 << 20


class Files:
    """The folder ``root``, and the one that stood before it, None where there is none.

    All is written at the end of a with block; raises OSError where something could not be.
    """

    def __init__(
        self, root: Path, before: Path | None, known: Mapping[str, Kept], *, now: int
    ) -> None:
        self._root = root
        self._before = before
        self._known = known
        self._now = now
        self._folders: set[str] = set()
        self._packing = ThreadPoolExecutor(1)
        self._packed: list[Future[None]] = []
        self.kept: dict[str, Kept] = {}
        self.written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._packing.shutdown(cancel_futures=kind is not None)
        if kind is None:
            for one in self._packed:
                one.result()

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
        time = self._taken(path, digest.digest(), changed, packed=packed is not None)
        for end, written in (("", content), (".gz", packed)):
            if written is not None:
                self._write(f"{path}{end}", written, time)

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
        time = self._taken(path, digest, changed, packed=True)
        self._packed.append(self._packing.submit(_pack, file, time))

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

    def _taken(self, path: str, digest: bytes, changed: int, *, packed: bool) -> int:
        """Take in a file that is new; return the time that it gets."""
        before = self._known.get(path)
        time = changed
        if before is not None and before.time >= time:
            time = max(before.time + 1, self._now)
        self.kept[path] = Kept(digest, packed, time)
        self.written += 1
        return time

    def _write(self, path: str, content: bytes, time: int) -> None:
        # A new file always ("x"): never into one that the publication before shares.
        with open(f"{self._root}{path}", "xb", buffering=0) as file:  # noqa: PTH123 - thousands of times
            file.write(content)
            os.utime(file.fileno(), (time, time))


def _pack(file: Path, time: int) -> None:
    """Write the compressed twin of a file, and give both their time."""
    with (
        file.open("rb") as content,
        Path(f"{file}.gz").open("wb") as raw,
        gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed,
    ):
        shutil.copyfileobj(content, packed, _LIMIT)
    for name in (f"{file}", f"{file}.gz"):
        os.utime(name, (time, time))


def _digest() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=16)
