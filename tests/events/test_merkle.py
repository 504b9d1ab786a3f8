"""The Merkle tree against published constants, RFC 6962 word for word, and every small change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import merkle
from events.merkle import (
    consistency,
    grow,
    inclusion,
    leaf_hash,
    node_hash,
    root,
    subtree,
    verify_consistency,
    verify_inclusion,
)

#: The test trees of Certificate Transparency: eight leaves, and the roots over the first 0 to 8 of them.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
CT_ROOTS = """
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
    fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
    aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
    d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
    4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
    76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
    ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
    5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()

#: draft-ietf-plants-merkle-tree-certs, "Subtree Test Vectors": one hash each over all subtree hashes, all
#: inclusion proofs and all consistency proofs of the trees of up to 130 leaves.
DRAFT_LEAVES = 130
DRAFT = (
    "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81",
    "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f",
    "10fa99b37bf9bf9ffa26b412fbd98bd75363256d0b75d61bc4538b9c9c5a0a74",
)

LEAVES = [leaf_hash(bytes([number])) for number in range(256)]


class Tree:
    """The stored nodes of a tree, which counts what is read and refuses to store a node twice."""

    def __init__(self, leaves: Sequence[bytes] = ()) -> None:
        self.size = 0
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.reads: list[tuple[int, int]] = []
        self.add(leaves)

    def add(self, leaves: Sequence[bytes]) -> None:
        for level, idx, value in grow(self.size, self.node, leaves):
            assert (level, idx) not in self.nodes
            self.nodes[level, idx] = value
        self.size += len(leaves)

    def node(self, level: int, idx: int) -> bytes:
        self.reads.append((level, idx))
        return self.nodes[level, idx]


WHOLE = Tree(LEAVES)


def mth(hashes: Sequence[bytes]) -> bytes:
    """Return MTH(D[n]) as RFC 6962 section 2.1 defines it."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def changed(value: bytes, place: int, bits: int) -> bytes:
    """Return bytes with some bits of one byte turned over."""
    return value[:place] + bytes([value[place] ^ bits]) + value[place + 1 :]


# --- Published constants


def test_the_roots_of_the_published_trees() -> None:
    tree = Tree([leaf_hash(leaf) for leaf in CT_LEAVES])

    assert [root(size, tree.node).hex() for size in range(9)] == CT_ROOTS


def test_leaves_and_inner_nodes_are_hashed_apart() -> None:
    left, right = LEAVES[:2]

    assert leaf_hash(b"").hex() == CT_ROOTS[1]
    assert node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert leaf_hash(left + right) != node_hash(left, right)


def halves(low: int, high: int) -> int:
    """Return where RFC 6962 cuts a range in two."""
    return low + (1 << (high - low - 1).bit_length() - 1)


def draft_inclusion(index: int, low: int, high: int) -> list[bytes]:
    """Return the proof of the draft that a leaf is in a subtree, by its definition."""
    if high - low == 1:
        return []
    middle = halves(low, high)
    if index < middle:
        return [*draft_inclusion(index, low, middle), subtree(middle, high, WHOLE.node)]
    return [*draft_inclusion(index, middle, high), subtree(low, middle, WHOLE.node)]


def draft_consistency(start: int, end: int, low: int, high: int, known: bool) -> list[bytes]:
    """Return the proof of the draft that a tree holds a subtree, by its definition."""
    if (start, end) == (low, high):
        return [] if known else [subtree(low, high, WHOLE.node)]
    middle = halves(low, high)
    if end <= middle:
        rest = draft_consistency(start, end, low, middle, known)
        return [*rest, subtree(middle, high, WHOLE.node)]
    if start >= middle:
        rest = draft_consistency(start, end, middle, high, known)
        return [*rest, subtree(low, middle, WHOLE.node)]
    rest = draft_consistency(middle, end, middle, high, known=False)
    return [*rest, subtree(low, middle, WHOLE.node)]


def draft_ranges() -> Iterator[tuple[int, int]]:
    """Yield the subtrees the draft allows: those that start at a multiple of their rounded-up size."""
    for high in range(DRAFT_LEAVES + 1):
        for low in range(high + 1):
            if low in (0, high) or low % (1 << (high - low - 1).bit_length()) == 0:
                yield low, high


def line(name: str, hashes: Sequence[bytes]) -> bytes:
    return " ".join([name, *(value.hex() for value in hashes)]).encode() + b"\n"


def test_all_hashes_and_proofs_of_the_trees_of_the_ietf_draft() -> None:
    hashes, inclusions, consistencies = (hashlib.sha256() for _ in DRAFT)

    for low, high in draft_ranges():
        value = subtree(low, high, WHOLE.node) if low < high else mth([])
        hashes.update(line(f"[{low}, {high})", [value]))
        for index in range(low, high):
            path = draft_inclusion(index, low, high)
            inclusions.update(line(f"{index} [{low}, {high})", path))
            if low == 0:
                assert inclusion(index, high, WHOLE.node) == path
    for size in range(DRAFT_LEAVES + 1):
        for low, high in draft_ranges():
            if high <= size:
                path = draft_consistency(low, high, 0, size, known=True) if low < high else []
                consistencies.update(line(f"[{low}, {high}) {size}", path))
                if low == 0:
                    assert consistency(high, size, WHOLE.node) == path

    assert (hashes.hexdigest(), inclusions.hexdigest(), consistencies.hexdigest()) == DRAFT


# --- Growing

batches = st.lists(st.integers(0, 40), max_size=8)


@given(st.lists(st.binary(max_size=3), max_size=130))
def test_the_root_is_the_one_of_rfc_6962_at_every_size(entries: list[bytes]) -> None:
    hashes = [leaf_hash(entry) for entry in entries]
    tree = Tree(hashes)

    for size in {0, len(hashes), len(hashes) // 2, len(hashes) * 2 // 3}:
        assert root(size, tree.node) == mth(hashes[:size])


def test_the_root_of_every_tree_of_up_to_256_leaves() -> None:
    assert all(root(size, WHOLE.node) == mth(LEAVES[:size]) for size in range(257))


@given(batches)
def test_growing_step_by_step_stores_the_same_nodes_as_growing_at_once(steps: list[int]) -> None:
    leaves = [leaf_hash(number.to_bytes(2)) for number in range(sum(steps))]
    slowly = Tree()
    for step in steps:
        slowly.add(leaves[slowly.size : slowly.size + step])

    assert slowly.nodes == Tree(leaves).nodes
    assert len(slowly.nodes) == sum(len(leaves) >> level for level in range(12))


@given(batches)
def test_every_stored_node_is_the_root_of_a_perfect_subtree(steps: list[int]) -> None:
    size = min(sum(steps), 256)

    for (level, idx), value in Tree(LEAVES[:size]).nodes.items():
        assert value == mth(LEAVES[idx << level : (idx + 1) << level])


@given(st.integers(0, 2**40), st.integers(0, 9))
def test_growing_reads_at_most_one_node_a_level_at_any_size(size: int, count: int) -> None:
    reads: list[tuple[int, int]] = []

    def node(level: int, idx: int) -> bytes:
        reads.append((level, idx))
        return hashlib.sha256(f"{level}/{idx}".encode()).digest()

    rows = grow(size, node, LEAVES[:count])

    edge = [(level, (size >> level) - 1) for level in range(41) if size >> level & 1]
    assert reads == edge[: len(reads)], "from the right, and only what the new leaves complete"
    assert len(reads) <= len(rows) - count
    assert [row.idx for row in rows if row.level == 0] == list(range(size, size + count))


def test_appending_nothing_stores_nothing() -> None:
    assert grow(0, WHOLE.node, []) == grow(77, WHOLE.node, []) == []


@pytest.mark.parametrize("size", [1, 2, 3, 64, 100, 127, 128, 255])
def test_proofs_of_a_tree_read_no_more_than_two_nodes_a_level(size: int) -> None:
    for index in range(size):
        WHOLE.reads.clear()
        inclusion(index, size, WHOLE.node)
        consistency(index + 1, size, WHOLE.node)
        assert len(WHOLE.reads) <= 4 * size.bit_length()


# --- Proofs

SIZES = range(1, 65)


def test_every_leaf_is_proved_in_every_tree_of_up_to_64_leaves() -> None:
    for size in SIZES:
        head = mth(LEAVES[:size])
        for index in range(size):
            path = inclusion(index, size, WHOLE.node)
            assert verify_inclusion(LEAVES[index], index, size, path, head)
            assert len(path) <= (size - 1).bit_length()


def test_every_tree_is_proved_to_extend_every_smaller_one_up_to_64_leaves() -> None:
    for new in SIZES:
        for old in range(1, new + 1):
            heads = mth(LEAVES[:old]), mth(LEAVES[:new])
            path = consistency(old, new, WHOLE.node)
            assert verify_consistency(old, heads[0], new, heads[1], path)
            assert len(path) <= new.bit_length() + 1


def test_no_leaf_is_proved_at_another_place_or_in_another_tree() -> None:
    for size in range(1, 25):
        head = mth(LEAVES[:size])
        for index in range(size):
            path = inclusion(index, size, WHOLE.node)
            for other in range(-1, size + 2):
                moved = verify_inclusion(LEAVES[index], other, size, path, head)
                assert moved == (other == index)
            for wrong in (LEAVES[size], mth(LEAVES[: size + 1])):
                assert not verify_inclusion(LEAVES[index], index, size, path, wrong)
                assert not verify_inclusion(wrong, index, size, path, head)
            for short in (*(path[:n] for n in range(len(path))), path[1:] if path else [head]):
                assert not verify_inclusion(LEAVES[index], index, size, short, head)
            for long in ([*path, head], [head, *path]):
                assert not verify_inclusion(LEAVES[index], index, size, long, head)


def test_a_proof_passes_for_other_sizes_only_where_theirs_is_as_long() -> None:
    sizes = range(1, 13)
    for size in sizes:
        for index in range(size):
            path, head = inclusion(index, size, WHOLE.node), mth(LEAVES[:size])
            for other in sizes:
                for place in range(other):
                    if verify_inclusion(LEAVES[index], place, other, path, head):
                        assert len(path) == len(inclusion(place, other, WHOLE.node))
            heads, steps = (
                (mth(LEAVES[: index + 1]), head),
                consistency(index + 1, size, WHOLE.node),
            )
            for new in sizes:
                for old in range(1, new + 1):
                    if verify_consistency(old, heads[0], new, heads[1], steps):
                        assert len(steps) == len(consistency(old, new, WHOLE.node))


def test_no_tree_is_proved_to_extend_one_it_does_not() -> None:
    for new in range(1, 25):
        head = mth(LEAVES[:new])
        for old in range(1, new + 1):
            before, path = mth(LEAVES[:old]), consistency(old, new, WHOLE.node)
            fork = mth([*LEAVES[: old - 1], LEAVES[200]])
            assert not verify_consistency(old, fork, new, head, path)
            assert not verify_consistency(old, before, new, fork, path)
            assert not verify_consistency(old, before, new, head, [*path, head])
            assert not verify_consistency(old, before, new, head, [head, *path])
            for cut in range(len(path)):
                assert not verify_consistency(old, before, new, head, path[:cut])
                assert not verify_consistency(old, before, new, head, path[cut + 1 :])
            if old < new:
                assert not verify_consistency(new, head, old, before, path)
                assert verify_consistency(old, head, new, head, path) is False


BITS = st.integers(1, 255)


@given(st.sampled_from(SIZES), st.data(), st.integers(0, 31), BITS)
def test_a_changed_byte_anywhere_breaks_a_proof_of_inclusion(
    size: int, data: st.DataObject, place: int, bits: int
) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion(index, size, WHOLE.node)
    parts = [LEAVES[index], mth(LEAVES[:size]), *path]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = changed(parts[which], place, bits)

    assert not verify_inclusion(parts[0], index, size, parts[2:], parts[1])


@given(st.sampled_from(SIZES), st.data(), st.integers(0, 31), BITS)
def test_a_changed_byte_anywhere_breaks_a_proof_of_consistency(
    new: int, data: st.DataObject, place: int, bits: int
) -> None:
    old = data.draw(st.integers(1, new))
    parts = [mth(LEAVES[:old]), mth(LEAVES[:new]), *consistency(old, new, WHOLE.node)]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = changed(parts[which], place, bits)

    assert not verify_consistency(old, parts[0], new, parts[1], parts[2:])


@pytest.mark.parametrize("size", range(1, 12))
def test_every_single_byte_of_every_proof_of_a_small_tree_counts(size: int) -> None:
    head = mth(LEAVES[:size])
    for number in range(size):
        path, steps = inclusion(number, size, WHOLE.node), consistency(number + 1, size, WHOLE.node)
        before = mth(LEAVES[: number + 1])
        for place in range(32):
            for n in range(len(path)):
                wrong = [*path[:n], changed(path[n], place, 1), *path[n + 1 :]]
                assert not verify_inclusion(LEAVES[number], number, size, wrong, head)
            for n in range(len(steps)):
                wrong = [*steps[:n], changed(steps[n], place, 1), *steps[n + 1 :]]
                assert not verify_consistency(number + 1, before, size, head, wrong)


A, B = LEAVES[:2]
AB = node_hash(A, B)


@pytest.mark.parametrize(
    ("old", "old_head", "new", "new_head", "path"),
    [
        pytest.param(3, A, 5, B, [], id="nothing offered"),
        pytest.param(2, AB, 2, AB, [A], id="something offered where nothing is due"),
        pytest.param(2, AB, 2, A, [], id="two heads of one size"),
        pytest.param(2, AB, 8, AB, [], id="the old head passed off as the new one"),
        pytest.param(0, mth([]), 0, mth([]), [], id="from nothing to nothing"),
        pytest.param(0, mth([]), 2, AB, [], id="from nothing"),
        pytest.param(2, AB, 1, A, [], id="backwards"),
        pytest.param(-1, A, 2, AB, [B], id="a negative size"),
    ],
)
def test_shapes_that_prove_nothing(
    old: int, old_head: bytes, new: int, new_head: bytes, path: list[bytes]
) -> None:
    assert not verify_consistency(old, old_head, new, new_head, path)


def test_shapes_that_prove_no_inclusion() -> None:
    assert verify_inclusion(A, 0, 2, [B], AB)
    assert not verify_inclusion(A, 0, 4, [B], AB), "the path ends below the root"
    assert not verify_inclusion(A, 1, 1, [], A), "the leaf is not in the tree"
    assert not verify_inclusion(B, 0, 1, [A], AB), "the path goes on above the root"
    assert not verify_inclusion(A, 0, 0, [], A), "nothing is in the empty tree"
    assert not verify_inclusion(A, -1, 2, [B], AB)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (3, 3), (4, 3)])
def test_a_leaf_that_is_not_in_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"leaf {index} is not in a tree of {size}"):
        inclusion(index, size, WHOLE.node)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3), (1, 0)])
def test_a_tree_that_shrinks_has_no_proof(old: int, new: int) -> None:
    with pytest.raises(ValueError, match=f"a tree of {new} cannot extend one of {old}"):
        consistency(old, new, WHOLE.node)


def test_nothing_is_asked_of_the_nodes_for_the_empty_tree_and_for_equal_ones() -> None:
    WHOLE.reads.clear()

    assert root(0, WHOLE.node) == mth([])
    assert consistency(0, 7, WHOLE.node) == consistency(7, 7, WHOLE.node) == []
    assert merkle.grow(0, WHOLE.node, LEAVES)[0] == (0, 0, LEAVES[0])
    assert WHOLE.reads == []
