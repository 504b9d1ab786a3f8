"""The log as JSON Lines: one entry a line, byte for byte, and its Merkle root last.

This is the form in which the bundled collection is kept under version control.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from events.codec import strict_json
from events.disclosure import b64url, unb64url
from events.errors import CodecError

Entry = tuple[bytes, list[str]]


def lines(entries: Iterable[Entry], root: bytes) -> Iterator[str]:
    """Yield the lines of a log: ``{"envelope", "disclosures"}`` each, then ``{"size", "root"}``."""
    size = 0
    for envelope, disclosures in entries:
        yield _line({"envelope": envelope.decode("ascii"), "disclosures": disclosures})
        size += 1
    yield _line({"size": size, "root": b64url(root)})


def parse(text: Iterable[str]) -> tuple[list[Entry], bytes]:
    """Return the entries and the root of a log given as lines; CodecError names the bad line."""
    entries: list[Entry] = []
    root: bytes | None = None
    for number, line in enumerate(text, 1):
        try:
            if root is not None:
                raise CodecError("nothing may follow the root")
            item = strict_json(line, max_bytes=1_000_000)
            match sorted(item.items()) if isinstance(item, dict) else None:
                case [("disclosures", [*disclosures]), ("envelope", str(envelope))]:
                    if not all(isinstance(disclosure, str) for disclosure in disclosures):
                        raise CodecError("disclosures must be strings")
                    entries.append((envelope.encode("ascii"), disclosures))
                case [("root", str(head)), ("size", int(size))]:
                    if size != len(entries) or isinstance(size, bool):
                        raise CodecError(f"after {len(entries)} entries it says {size}")
                    root = unb64url(head)
                case _:
                    raise CodecError("neither an entry nor the root")
        except (CodecError, ValueError) as error:
            raise CodecError(f"line {number}: {error}") from None
    if root is None:
        raise CodecError("the last line, with the root, is missing: the file was cut short")
    return entries, root


def _line(item: dict[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=True, separators=(",", ":"), sort_keys=True) + "\n"
