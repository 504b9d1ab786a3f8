"""What a publication remembers for the next one: each answer, and what it was made of. MessagePack, private."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

NAME = "manifest"
#: Another number for another form of it: then all is made anew.
FORM = 1


class Page(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An answer; numbers are places in the lists of the manifest.

    ``file`` is empty where there is none; ``asked`` are the questions it was made of, and ``placed`` tells
    whether it shows where the log stands. What asked nothing at all is never taken over.
    """

    status: int
    headers: int
    file: str
    links: list[int]
    forms: list[str]
    asked: list[int]
    placed: bool


class Kept(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A file: digest of its content and its compressed twin, whether it has one, and its time in seconds."""

    digest: bytes
    packed: bool
    time: int


class Manifest(msgspec.Struct):
    """A publication: ``code`` is the digest of all that answers depend on besides the tables."""

    form: int = FORM
    code: bytes = b""
    position: list[Any] = []
    addresses: list[str] = []
    statements: list[str] = []
    #: Statement, what is put into it, whether that is named, digest of the answer.
    questions: list[tuple[int, list[Any], bool, bytes]] = []
    headers: list[tuple[tuple[str, str], ...]] = []
    pages: dict[str, Page] = {}
    files: dict[str, Kept] = {}


def read(folder: Path) -> Manifest:
    """Return the manifest in a folder; an empty one where there is none that can be used."""
    try:
        found = msgspec.msgpack.decode((folder / NAME).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return Manifest()
    return found if found.form == FORM else Manifest()


def write(folder: Path, manifest: Manifest) -> None:
    """Write a manifest into a folder; the same one has the same bytes."""
    (folder / NAME).write_bytes(msgspec.msgpack.encode(manifest))
