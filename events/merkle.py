"""The Merkle tree over the log's envelopes (RFC 6962 section 2.1, SHA-256), pure.

Every perfect subtree is one stored node ``(level, idx)``; the ragged right edge is computed. Where the
nodes are kept is the caller's business: ``Node`` fetches one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

Node = Callable[[int, int], bytes]


class Stored(NamedTuple):
    """One perfect subtree of ``2 ** level`` leaves, the ``idx``-th of its level."""

    level: int
    idx: int
    hash: bytes


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def grow(size: int, node: Node, leaves: Iterable[bytes]) -> list[Stored]:
    """Return the nodes to store when ``leaves`` (hashes) are appended to a tree of ``size`` leaves.

    Reads only what the first leaves complete (at most one node a level), so an append costs the same at
    any size.
    """
    edge: list[bytes] = []  # of the subtrees made here, those still without a right sibling
    rows: list[Stored] = []
    for number, leaf in enumerate(leaves, size):
        level, idx, value = 0, number, leaf
        rows.append(Stored(level, idx, value))
        while idx & 1:
            left = edge.pop() if edge else node(level, idx - 1)
            level, idx, value = level + 1, idx >> 1, node_hash(left, value)
            rows.append(Stored(level, idx, value))
        edge.append(value)
    return rows


def root(size: int, node: Node) -> bytes:
    """Return the tree head of the first ``size`` leaves (SHA-256 of nothing for the empty tree)."""
    return subtree(0, size, node) if size else hashlib.sha256().digest()


def subtree(low: int, high: int, node: Node) -> bytes:
    """Return MTH(D[low:high]) of RFC 6962 for a range that starts at a perfect boundary."""
    width = high - low
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(width)
    return node_hash(subtree(low, middle, node), subtree(middle, high, node))


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """Return the audit path of leaf ``index`` in the tree of ``size`` leaves, deepest hash first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(subtree(middle, high, node))
            high = middle
        else:
            path.append(subtree(low, middle, node))
            low = middle
    return path[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of ``new`` leaves extends the tree of ``old`` (0 <= old <= new)."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot extend one of {old}")
    path: list[bytes] = []
    low, high = 0, new
    while old and old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(subtree(middle, high, node))
            high = middle
        else:
            path.append(subtree(low, middle, node))
            low = middle
    return ([subtree(low, high, node)] if low else []) + path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], head: bytes
) -> bool:
    """Check an audit path (RFC 9162 section 2.1.3.2)."""
    return 0 <= index < size and _climb(index, size - 1, path, [leaf]) == [head]


def verify_consistency(
    old: int, old_head: bytes, new: int, new_head: bytes, path: Sequence[bytes]
) -> bool:
    """Check a consistency proof (RFC 9162 section 2.1.4.2); from an empty tree nothing is proved."""
    if not 0 < old < new:
        return 0 < old == new and not path and old_head == new_head
    hashes = [old_head, *path] if old & (old - 1) == 0 else list(path)
    shift = (old & -old).bit_length() - 1
    if not hashes:
        return False
    seeds = [hashes[0], hashes[0]]
    return _climb((old - 1) >> shift, (new - 1) >> shift, hashes[1:], seeds) == [old_head, new_head]


def _climb(index: int, last: int, path: Sequence[bytes], seeds: list[bytes]) -> list[bytes] | None:
    """Run the loop both RFC 9162 checks share; ``seeds`` end as [old head,] new head."""
    for step in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            seeds = [node_hash(step, seed) for seed in seeds]
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            seeds[-1] = node_hash(seeds[-1], step)
        index, last = index >> 1, last >> 1
    return seeds if last == 0 else None


def _split(width: int) -> int:
    """Return the largest power of two below ``width``."""
    return 1 << (width - 1).bit_length() - 1
