"""Tiles as C2SP tlog-tiles lays them out, and a tree that is known by its tiles alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events import merkle, tiles
from events.errors import CodecError
from events.tiles import ENTRIES, WIDTH, NoTile, Tile

SIZE = 70_000  # the example of tlog-tiles
NODES: dict[tuple[int, int], bytes] = {}
READ: list[str] = []


def entry(number: int) -> bytes:
    return b"" if number == 3 else f"entry {number}".encode()


def node(level: int, idx: int) -> bytes:
    return NODES[level, idx]


def stored(start: int, end: int) -> Iterator[bytes]:
    return map(entry, range(start, end))


for _row in merkle.grow(0, node, (merkle.leaf_hash(entry(n)) for n in range(SIZE))):
    NODES[_row.level, _row.idx] = _row.hash


class Site:
    """What a log of some size serves; single bytes can be changed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.changed: dict[str, bytes] = {}
        self.fetched: list[str] = []

    def __call__(self, path: str) -> bytes:
        self.fetched.append(path)
        return self.changed.get(path) or tiles.serve(path, self.size, node, stored)


# --- Paths


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(63, 7, 255), "tile/63/007.p/255"),
        (Tile(1, 1, 17), "tile/1/001.p/17"),
        (Tile(ENTRIES, 273, 112), "tile/entries/273.p/112"),
        (Tile(ENTRIES, 1234067, 1), "tile/entries/x001/x234/067.p/1"),
    ],
)
def test_paths_are_written_and_read_as_the_specification_has_them(tile: Tile, path: str) -> None:
    assert tile.path() == path
    assert Tile.parse(path) == tile


@given(st.integers(-1, 63), st.integers(0, 2**63), st.integers(1, WIDTH))
def test_every_tile_has_one_path(level: int, number: int, width: int) -> None:
    assert Tile.parse(Tile(level, number, width).path()) == (level, number, width)


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/001", "tile/0/001/002",
        "tile/0/x001", "tile/0/x001/x002", "tile/0/X001/002", "tile/0/001/", "/tile/0/001", "tile//0/001", "tile/00/001",
        "tile/01/001", "tile/64/001", "tile/99/001", "tile/-1/001", "tile/+1/001", "tile/0/-01", "tile/0/001.p", "tile/0/001.p/",
        "tile/0/001.p/0", "tile/0/001.p/256", "tile/0/001.p/999", "tile/0/001.p/07", "tile/0/001.p/1000", "tile/0/001.P/7", "tile/0/001.p/7/",
        "tile/0/001p/7", "tile/0/001.p/-7", "tile/8/0/001", "tile/data/001", "tile/entries", "tile/entries/1", "tile/entries/0/001",
        "tile/0/001\n", "tile/0/00\N{ARABIC-INDIC DIGIT ONE}", "tile/\N{ARABIC-INDIC DIGIT ONE}/001", "tile/0/../001", "tile/0/%30%30%31", "tile/0/001?x", "tile/0/" + "x001/" * 1000 + "001",
    ],
)  # fmt: skip
def test_every_other_spelling_is_no_tile(path: str) -> None:
    with pytest.raises(NoTile):
        Tile.parse(path)


@given(st.text() | st.text("tile/0123456789xp.entris", max_size=40))
@example("tile/0/x001/x234/067.p/8")
def test_any_path_is_refused_or_reads_back(path: str) -> None:
    try:
        tile = Tile.parse(path)
    except NoTile:
        return
    assert tile.path() == path


# --- Which tiles there are


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    found = [tile for tile in tiles.of_size(SIZE) if tile.level >= 0]

    assert [tile for tile in found if tile.width < WIDTH] == [
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert [tile for tile in found if tile.width == WIDTH] == [
        *(Tile(0, n) for n in range(273)),
        Tile(1, 0),
    ]
    assert [tile for tile in tiles.of_size(SIZE) if tile.level == ENTRIES] == [
        *(Tile(ENTRIES, n) for n in range(273)),
        Tile(ENTRIES, 273, 112),
    ]


def test_small_trees_have_no_empty_tiles() -> None:
    assert list(tiles.of_size(0)) == []
    assert list(tiles.of_size(1)) == [Tile(ENTRIES, 0, 1), Tile(0, 0, 1)]
    assert list(tiles.of_size(256)) == [Tile(ENTRIES, 0), Tile(0, 0), Tile(1, 0, 1)]


@given(st.integers(0, SIZE), st.integers(0, SIZE))
@example(255, 256)
@example(256, 257)
@example(256, 256)
def test_what_is_new_is_what_was_not_there(one: int, other: int) -> None:
    old, new = sorted((one, other))
    assert set(tiles.of_size(new, since=old)) == set(tiles.of_size(new)) - set(tiles.of_size(old))


@given(st.integers(0, SIZE), st.integers(-1, 3), st.integers(0, 300), st.integers(1, WIDTH))
def test_a_tile_is_served_exactly_when_some_tree_up_to_this_size_has_it(
    size: int, level: int, number: int, width: int
) -> None:
    tile = Tile(level, number, width)
    unit = 1 << 8 * max(level, 0)
    smallest = (number * WIDTH + width) * unit  # the first tree that has it
    assert tile.fits(size) == (smallest <= size)
    assert smallest > SIZE or tile in set(tiles.of_size(smallest))

    if tile.fits(size):
        assert tiles.serve(tile.path(), size, node, stored)
    else:
        with pytest.raises(NoTile, match=f"has {size} entries"):
            tiles.serve(tile.path(), size, node, stored)


# --- What is in them


def test_hash_tiles_hold_the_hashes_of_their_level() -> None:
    site = Site(SIZE)

    assert site("tile/0/000")[:32] == merkle.leaf_hash(entry(0))
    assert site("tile/0/000")[-32:] == merkle.leaf_hash(entry(255))
    assert len(site("tile/0/000")) == 8192
    assert site("tile/1/000")[:32] == merkle.root(256, node)
    assert site("tile/2/000.p/1") == merkle.root(65536, node)
    assert tiles.hashes(site("tile/1/001.p/17"), Tile(1, 1, 17)) == [
        node(8, 256 + n) for n in range(17)
    ]


def test_bundles_hold_entries_each_after_its_length() -> None:
    data = Site(SIZE)("tile/entries/000.p/5")

    assert data == b"\0\x07entry 0\0\x07entry 1\0\x07entry 2\0\0\0\x07entry 4"
    assert tiles.bundle(data, Tile(ENTRIES, 0, 5)) == [entry(n) for n in range(5)]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20))
@example([b"x" * 65_535])
def test_every_bundle_reads_back(entries: list[bytes]) -> None:
    tile = Tile(ENTRIES, 0, len(entries))
    data = tiles.serve(tile.path(), len(entries), node, lambda start, end: entries[start:end])

    assert tiles.bundle(data, tile) == entries
    for bad in (data[:-1], data + b"\0", data + b"\0\0", data[1:]):
        with pytest.raises(CodecError, match="not a bundle"):
            tiles.bundle(bad, tile)
    for width in (len(entries) - 1, len(entries) + 1):
        with pytest.raises(CodecError, match="not a bundle"):
            tiles.bundle(data, Tile(ENTRIES, 0, width))


@given(st.binary(max_size=100), st.integers(1, WIDTH))
def test_any_bytes_are_a_bundle_or_refused(data: bytes, width: int) -> None:
    try:
        found = tiles.bundle(data, Tile(ENTRIES, 0, width))
    except CodecError:
        return
    assert b"".join(struct.pack(">H", len(each)) + each for each in found) == data


def test_a_log_that_lacks_entries_serves_no_bundle() -> None:
    with pytest.raises(ValueError, match="5 entries, not 4"):
        tiles.serve("tile/entries/000.p/5", SIZE, node, lambda a, b: stored(a, b - 1))


# --- The tree, backwards

SIZES = [0, 1, 2, 3, 255, 256, 257, 511, 512, 1000, 65535, 65536, 65537, SIZE]


@pytest.mark.parametrize("size", SIZES)
def test_tiles_give_the_root_and_each_is_fetched_once(size: int) -> None:
    site = Site(size)

    assert tiles.root(site, size) == merkle.root(size, node)
    assert site.fetched == [tile.path() for tile in tiles.of_size(size) if tile.level >= 0]


@pytest.mark.parametrize("size", SIZES)
def test_bundles_give_the_entries(size: int) -> None:
    assert list(tiles.entries(Site(size), size)) == [entry(n) for n in range(size)]


@given(st.data(), st.integers(1, SIZE))
def test_tiles_prove_what_the_stored_nodes_prove(data: st.DataObject, size: int) -> None:
    known = tiles.nodes(Site(size), size)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))

    assert merkle.root(size, known) == merkle.root(size, node)
    assert merkle.inclusion(index, size, known) == merkle.inclusion(index, size, node)
    assert merkle.consistency(old, size, known) == merkle.consistency(old, size, node)


def test_a_proof_needs_few_tiles() -> None:
    site = Site(SIZE)
    merkle.inclusion(12_345, SIZE, tiles.nodes(site, SIZE))

    assert len(site.fetched) == len(set(site.fetched)) <= 5


@pytest.mark.parametrize("place", [(0, 8), (5, 70), (16, 1), (17, 0), (60, 0)])
def test_nodes_that_a_tree_does_not_have_are_refused(place: tuple[int, int]) -> None:
    known = tiles.nodes(Site(2000), 2000)
    with pytest.raises(CodecError, match="has no node"):
        known(*place if place[0] else (0, 2000))


@given(st.data(), st.sampled_from([1, 3, 255, 256, 300, 600]))
def test_no_byte_of_a_hash_tile_can_be_changed(data: st.DataObject, size: int) -> None:
    site = Site(size)
    tile = data.draw(st.sampled_from([each for each in tiles.of_size(size) if each.level >= 0]))
    good = bytearray(site(tile.path()))
    good[data.draw(st.integers(0, len(good) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    site.changed[tile.path()] = bytes(good)

    try:
        found = tiles.root(site, size)
    except CodecError as error:
        assert "does not follow from the tiles below" in str(error)  # noqa: PT017 (either will do)
    else:
        assert found != merkle.root(size, node)


@pytest.mark.parametrize("path", ["tile/0/255", "tile/0/256.p/9", "tile/1/000", "tile/2/000.p/1"])
def test_nor_of_one_in_a_tall_tree(path: str) -> None:
    site = Site(65_545)
    good = bytearray(site(path))
    good[-1] ^= 1
    site.changed[path] = bytes(good)

    if path == "tile/0/256.p/9":  # nothing but the root stands above it
        assert tiles.root(site, site.size) != merkle.root(site.size, node)
    else:
        with pytest.raises(CodecError, match="does not follow from the tiles below"):
            tiles.root(site, site.size)


@given(st.data())
def test_no_byte_of_a_bundle_can_be_changed(data: st.DataObject) -> None:
    size = 300
    site = Site(size)
    tile = data.draw(st.sampled_from(list(tiles.row(ENTRIES, size))))
    good = bytearray(site(tile.path()))
    good[data.draw(st.integers(0, len(good) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    site.changed[tile.path()] = bytes(good)

    try:
        found = list(tiles.entries(site, size))
    except CodecError:
        return
    leaves = [merkle.leaf_hash(each) for each in found]
    assert leaves != [node(0, n) for n in range(size)]


@pytest.mark.parametrize(
    "change", [lambda d: d[:-1], lambda d: d + b"x", lambda d: d[:32], lambda _: b"x"]
)
def test_a_tile_of_another_length_is_refused(change: object) -> None:
    site = Site(300)
    for path in ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"):
        good = site(path)
        site.changed = {path: change(good)}  # type: ignore[operator]
        if site.changed[path] != good:
            with pytest.raises(CodecError, match=path):
                tiles.root(site, 300)
            with pytest.raises(CodecError, match="bytes, not"):
                tiles.hashes(site.changed[path], Tile.parse(path))


def test_a_tile_that_cannot_be_had_stops_the_check() -> None:
    def lost(path: str) -> bytes:
        raise NoTile(path)

    with pytest.raises(NoTile):
        tiles.root(lost, 300)
    with pytest.raises(NoTile):
        list(tiles.entries(lost, 300))
