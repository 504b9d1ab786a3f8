"""The log's tree as outsiders fetch it: tiles, bundles and proofs (C2SP tlog-tiles, tlog-proof). Pure.

The site reads archive.db only, so this is apart from `events.tiles`, whose tests hold the two together.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

HEIGHT, WIDTH, MAX_LEVEL = 8, 256, 63
_PATH = re.compile(
    r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)

#: Gives the hash of a perfect subtree by its level and its place there.
Node = Callable[[int, int], bytes]


class Tile(NamedTuple):
    """A tile's place: its level (None for a bundle of entries), and the places it holds within it."""

    level: int | None
    start: int
    end: int

    @property
    def needs(self) -> int:
        """How many leaves a tree has at least that has all of it."""
        return self.end << HEIGHT * (self.level or 0)

    def fits(self, size: int) -> bool:
        """Tell whether a tree of ``size`` leaves has all of it."""
        return self.needs <= size


def parse(path: str) -> Tile | None:
    """Read a path below ``tile/`` in its one canonical spelling; None for anything else."""
    if not (found := _PATH.fullmatch(path)):
        return None
    level, groups, last, width = found.groups()
    number = int(groups.replace("x", "").replace("/", "") + last)
    wide = int(width) if width else WIDTH
    if groups.startswith("x000/") or wide > WIDTH or width == str(WIDTH):
        return None
    if level != "entries" and int(level) > MAX_LEVEL:
        return None
    start = number * WIDTH
    return Tile(None if level == "entries" else int(level), start, start + wide)


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries as a bundle: each after its length in two bytes."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """Return the audit path of a leaf, deepest hash first (RFC 6962, section 2.1.1)."""
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_subtree(middle, high, node))
            high = middle
        else:
            path.append(_subtree(low, middle, node))
            low = middle
    return path[::-1]


def proof(index: int, path: Sequence[bytes], note: str) -> str:
    """Return a ``.tlog-proof``: which entry, its path, the signed checkpoint."""
    steps = [base64.b64encode(step).decode() for step in path]
    return "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *steps, "", note])


def _subtree(low: int, high: int, node: Node) -> bytes:
    width = high - low
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(width)
    return sha256(b"\1" + _subtree(low, middle, node) + _subtree(middle, high, node)).digest()


def _split(width: int) -> int:
    return 1 << (width - 1).bit_length() - 1
