"""The log as JSON Lines: one entry a line, byte for byte, and its Merkle root last.

This is the form in which the bundled collection is kept under version control.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from events.codec import strict_json
from events.disclosure import b64url, unb64url
from events.errors import CodecError

Entry = tuple[bytes, list[str]]

MAX_LINE = 1_000_000


def lines(entries: Iterable[Entry], root: bytes) -> Iterator[str]:
    """Yield the lines of a log: ``{"envelope", "disclosures"}`` each, then ``{"size", "root"}``."""
    size = 0
    for envelope, disclosures in entries:
        yield _line({"envelope": envelope.decode("ascii"), "disclosures": disclosures})
        size += 1
    yield _line({"size": size, "root": b64url(root)})


def parse(text: Iterable[str]) -> tuple[list[Entry], bytes]:
    """Return the entries and the root of a log given as lines; CodecError names the bad line."""
    entries = Entries(text)
    return list(entries), entries.root()


class Entries:
    """The entries of a log given as lines, one at a time, so that memory does not grow with them.

    They can be gone through once, and raise the CodecError of `parse` where the bad line comes.
    """

    def __init__(self, text: Iterable[str]) -> None:
        self._root: bytes | None = None
        self._entries = self._read(text)

    def __iter__(self) -> Iterator[Entry]:
        return self._entries

    def root(self) -> bytes:
        """Return the root, which stands in the last line: known when all entries were gone through."""
        if self._root is None:
            raise CodecError("the root is not known before the last line")
        return self._root

    def _read(self, text: Iterable[str]) -> Iterator[Entry]:
        size = 0
        root: bytes | None = None
        for number, line in enumerate(text, 1):
            try:
                if root is not None:
                    raise CodecError("nothing may follow the root")
                item = _item(line)
                if isinstance(item, _Last):
                    if item.size != size or isinstance(item.size, bool):
                        raise CodecError(f"after {size} entries it says {item.size}")
                    root = unb64url(item.root)
                    continue
                entry = item.envelope.encode("ascii"), item.disclosures
            except (CodecError, ValueError) as error:
                raise CodecError(f"line {number}: {error}") from None
            size += 1
            yield entry
        if root is None:
            raise CodecError("the last line, with the root, is missing: the file was cut short")
        self._root = root


class _Item(msgspec.Struct, forbid_unknown_fields=True):
    """What the line of an entry says; its fields stand in the order of the alphabet."""

    disclosures: list[str]
    envelope: str


class _Last(NamedTuple):
    """What the last line says."""

    root: str
    size: int


_ITEM = msgspec.json.Decoder(_Item)


def _item(line: str) -> _Item | _Last:
    """Read a line: at once if it is an entry just as we write it, strictly if it is not."""
    if len(line) <= MAX_LINE:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeError):
            item = _ITEM.decode(line)
            if msgspec.json.encode(item) == line.removesuffix("\n").encode():
                return item
    plain = strict_json(line, max_bytes=MAX_LINE)
    match sorted(plain.items()) if isinstance(plain, dict) else None:
        case [("disclosures", [*disclosures]), ("envelope", str(envelope))]:
            if not all(isinstance(disclosure, str) for disclosure in disclosures):
                raise CodecError("disclosures must be strings")
            return _Item(disclosures, envelope)
        case [("root", str(root)), ("size", int(size))]:
            return _Last(root, size)
        case _:
            raise CodecError("neither an entry nor the root")


def _line(item: dict[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=True, separators=(",", ":"), sort_keys=True) + "\n"
