"""How the claims of several events on one field become one value, and which of them conflict. Pure.

Not a claim whose dispute was upheld; then the narrower date inside a wider one; then official papers
over news; then the latest. Whatever does not fit the choice is a conflict: kept, never silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from archive.amending import same
from events import edtf

#: Fields to which each event adds; nothing in them can contradict.
#: Attestations are collected, too: each proves its own day; and remarks, each on its own source.
COLLECTED = frozenset(
    {"topics", "about", "participants", "readings", "external_ids", "noise", "attested", "note"}
)
#: Fields in words, ours or a title as printed: another wording is no contradiction.
WORDED = frozenset(
    {
        "what",
        "gist",
        "finding",
        "condition",
        "disambiguation",
        "public_capacity",
        "remit",
        "counts",
        "title",
        "title_as_stated",
        "captured_at",
    }
)

Dispute = Literal["open", "upheld", "rejected"]


class Candidate(NamedTuple):
    """One claim in force on a field."""

    value: Any
    event: int
    official: bool
    source: str | None
    dispute: Dispute | None


class Choice(NamedTuple):
    """The claim shown (None where every claim was rightly contested) and those that contradict it."""

    chosen: Candidate | None
    against: tuple[Candidate, ...]


def choose(field: str, candidates: Sequence[Candidate]) -> Choice:
    """Return the claim to show for a field, and the claims in force that it contradicts."""
    standing = [claim for claim in candidates if claim.dispute != "upheld"]
    if not standing:
        return Choice(None, ())
    bounds = {claim.event: _bounds(claim.value) for claim in standing}
    narrow = [
        claim
        for claim in standing
        if not any(_inside(bounds[other.event], bounds[claim.event]) for other in standing)
    ]
    best = max(narrow, key=lambda claim: (claim.official, claim.event))
    if field in WORDED:
        return Choice(best, ())
    against = [
        claim for claim in candidates if claim is not best and not agree(best.value, claim.value)
    ]
    return Choice(best, tuple(against))


def agree(one: Any, other: Any) -> bool:
    """Tell whether two values can both be right: equal, or one date inside the other."""
    first, second = _bounds(one), _bounds(other)
    if first is None or second is None:
        return same(one, other)
    return first == second or _inside(first, second) or _inside(second, first)


def _bounds(value: Any) -> tuple[str, str] | None:
    """Return a dated claim's days as comparable text, open ends at infinity; None for other values."""
    if not (isinstance(value, dict) and isinstance(value.get("edtf"), str)):
        return None
    earliest, latest = edtf.bounds(value["edtf"])
    return earliest or "", latest or "~"


def _inside(inner: tuple[str, str] | None, outer: tuple[str, str] | None) -> bool:
    """Tell whether one range lies strictly inside another."""
    if inner is None or outer is None or inner == outer:
        return False
    return outer[0] <= inner[0] and inner[1] <= outer[1]
