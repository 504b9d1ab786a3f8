"""The log as tiles, pure: how strangers fetch its tree and its entries, and check both (C2SP tlog-tiles).

A hash tile holds up to 256 hashes of one level, an entry bundle up to 256 entries. Both are made on
demand from stored nodes and entries, so no partial tile is ever stored. Backwards, `nodes` gives every
function of `merkle` a tree that is only known by its tiles.
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from events import merkle
from events.errors import CodecError, EventsError
from events.merkle import Node

HEIGHT = 8
WIDTH = 1 << HEIGHT
HASH = 32
#: The level of entry bundles, which stand below the leaf hashes.
ENTRIES = -1
MAX_LEVEL = 63

#: Gives the stored entries from a number up to, but not including, another.
Entries = Callable[[int, int], Iterable[bytes]]
#: Gives the bytes that are served at a path, or raises.
Fetch = Callable[[str], bytes]

_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?",
    re.ASCII,
)


class NoTile(EventsError):
    """No tile has this path, or the tree is too small for it: answer 404."""


class Tile(NamedTuple):
    """A tile's place: its level (`ENTRIES` for a bundle), its number in the level, its width."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def start(self) -> int:
        """The place, within its level, of its first hash or entry."""
        return self.number * WIDTH

    def path(self) -> str:
        """Return the path below the log's prefix, e.g. ``tile/0/x001/x234/067.p/5``."""
        name, rest = f"{self.number % 1000:03}", self.number // 1000
        while rest:
            name, rest = f"x{rest % 1000:03}/{name}", rest // 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{name}" + ("" if self.width == WIDTH else f".p/{self.width}")

    def fits(self, size: int) -> bool:
        """Tell whether a tree of ``size`` leaves has all of it."""
        return self.start + self.width <= count(self.level, size)

    @staticmethod
    def parse(path: str) -> Tile:
        """Read a path in its one canonical spelling, or raise NoTile."""
        found = _PATH.fullmatch(path) if len(path) <= 80 else None
        if not found:
            raise NoTile(f"{path[:80]!r} is not the path of a tile")
        level, groups, last, width = found.groups()
        tile = Tile(
            ENTRIES if level == "entries" else int(level),
            int(groups.replace("x", "").replace("/", "") + last),
            int(width) if width else WIDTH,
        )
        # Whatever is not written back the same was spelled in another way: x000/, .p/256.
        if tile.path() != path or tile.level > MAX_LEVEL or tile.width > WIDTH:
            raise NoTile(f"{path[:80]!r} is not how the path of a tile is written")
        return tile


def count(level: int, size: int) -> int:
    """Return how many hashes (or entries) a level of tiles has in a tree of ``size`` leaves."""
    return size >> HEIGHT * max(level, 0)


def of_size(size: int, since: int = 0) -> Iterator[Tile]:
    """Yield the tiles and bundles of a tree that a tree of ``since`` leaves did not have.

    This is what a static site publishes, before the checkpoint of that size.
    """
    for level in (ENTRIES, *range(MAX_LEVEL + 1)):
        yield from row(level, size, since)


def row(level: int, size: int, since: int = 0) -> Iterator[Tile]:
    """Yield those of `of_size` that are of one level, from left to right."""
    old, new = count(level, since), count(level, size)
    for number in range(old // WIDTH, -(-new // WIDTH) if new > old else 0):
        yield Tile(level, number, min(WIDTH, new - number * WIDTH))


def serve(path: str, size: int, node: Node, entries: Entries) -> bytes:
    """Return what is served at a path, for a log whose signed head has ``size`` entries.

    Partial tiles are served in every width that a tree of up to that size has had, so older checkpoints
    stay checkable; nothing beyond the head is. Raises NoTile.
    """
    tile = Tile.parse(path)
    if not tile.fits(size):
        raise NoTile(f"the log has {size} entries, too few for {path}")
    end = tile.start + tile.width
    if tile.level == ENTRIES:
        return _bundled(list(entries(tile.start, end)), tile)
    return b"".join(node(HEIGHT * tile.level, idx) for idx in range(tile.start, end))


def _bundled(found: Sequence[bytes], tile: Tile) -> bytes:
    if len(found) != tile.width:
        raise ValueError(f"{tile.path()} has {tile.width} entries, not {len(found)}")
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in found)


def hashes(data: bytes, tile: Tile) -> list[bytes]:
    """Take a hash tile apart; raise CodecError when it has not the right length."""
    if len(data) != tile.width * HASH:
        raise CodecError(f"{tile.path()} has {len(data)} bytes, not {tile.width * HASH}")
    return [data[at : at + HASH] for at in range(0, len(data), HASH)]


def bundle(data: bytes, tile: Tile) -> list[bytes]:
    """Take an entry bundle apart; raise CodecError when it has not the right number of entries."""
    found: list[bytes] = []
    at = 0
    while at < len(data) and len(found) < tile.width:
        (length,) = struct.unpack(">H", data[at : at + 2].ljust(2, b"\0"))
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    if at != len(data) or len(found) != tile.width:
        raise CodecError(
            f"{tile.path()} is not a bundle of {tile.width} entries: it is cut or torn"
        )
    return found


def entries(fetch: Fetch, size: int) -> Iterator[bytes]:
    """Yield the entries of a log of ``size`` entries from its bundles; raise CodecError for a bad one."""
    for tile in row(ENTRIES, size):
        yield from bundle(fetch(tile.path()), tile)


def nodes(fetch: Fetch, size: int) -> Node:
    """Return the node getter of a tree of ``size`` leaves that is known by its tiles alone.

    With it `merkle.root`, `merkle.inclusion` and `merkle.consistency` work as on the log itself. What
    they give is no better than the tiles: hold it against a signed root with `verify_inclusion` and
    `verify_consistency`, or prove all tiles first with `root`. Raises CodecError for a bad tile.
    """

    @functools.lru_cache(maxsize=64)
    def fetched(level: int, number: int) -> list[bytes]:
        tile = Tile(level, number, min(WIDTH, count(level, size) - number * WIDTH))
        return hashes(fetch(tile.path()), tile) if tile.width > 0 else []

    def node(level: int, idx: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        number, first = divmod(idx << height, WIDTH)
        part = fetched(tile_level, number)[first : first + (1 << height)]
        if len(part) != 1 << height:
            raise CodecError(f"a tree of {size} has no node {level}/{idx}")
        return _folded(part)

    return node


def root(fetch: Fetch, size: int) -> bytes:
    """Return the root of a tree of ``size`` leaves, computed from its leaf hashes up.

    Every hash tile is fetched once and held against the ones below it; raises CodecError naming the
    first that does not follow from them.
    """
    below: list[bytes] = []
    edge: dict[int, list[bytes]] = {}
    for level in range(MAX_LEVEL + 1):
        if not count(level, size):
            break
        folded: list[bytes] = []
        for tile in row(level, size):
            found = hashes(fetch(tile.path()), tile)
            if level and found != below[tile.start : tile.start + tile.width]:
                raise CodecError(f"{tile.path()} does not follow from the tiles below it")
            if tile.width == WIDTH:
                folded.append(_folded(found))
            else:
                edge[level] = found
        below = folded

    def node(level: int, idx: int) -> bytes:  # the root needs none but the right edge's
        tile_level, height = divmod(level, HEIGHT)
        first = (idx << height) % WIDTH
        return _folded(edge[tile_level][first : first + (1 << height)])

    return merkle.root(size, node)


def _folded(part: Sequence[bytes]) -> bytes:
    """Return the hash of a perfect subtree from the hashes of one of its levels."""
    while len(part) > 1:
        part = [merkle.node_hash(part[at], part[at + 1]) for at in range(0, len(part), 2)]
    return part[0]
