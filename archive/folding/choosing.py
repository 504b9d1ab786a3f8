"""How the claims of several events on one field become one value, and which of them conflict. Pure.

Not a claim whose dispute was upheld; then the narrower date inside a wider one; then official papers
over news; then the latest. Of claims for the very same days the one told without doubt is shown. What a
record is called by keeps its first wording, so that a later source does not rename it. Whatever does not fit
the choice is a conflict: kept, never silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from archive.folding.amending import same
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

#: Words of ours that a record is called by: the first stand until they are amended.
NAMING = frozenset({"what", "gist", "title"})

#: What is said of a meeting before it is due: whatever is known afterwards does not contradict it.
FORETOLD = frozenset({"scheduled", "unknown"})

_BASES = ("inferred", "computed", "resolved", "stated")

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
    if field == "status":
        narrow = [claim for claim in narrow if claim.value not in FORETOLD] or narrow
    newest = -1 if field in NAMING else 1
    best = max(narrow, key=lambda claim: (claim.official, newest * claim.event))
    if field in WORDED:
        return Choice(best, ())
    if (days := bounds[best.event]) is not None:
        same_days = [claim for claim in narrow if bounds[claim.event] == days]
        best = max(same_days, key=lambda c: (_certainty(c.value), c.official, c.event))
    against = [
        claim
        for claim in candidates
        if claim is not best
        and not agree(best.value, claim.value)
        and not (field == "status" and claim.value in FORETOLD)
    ]
    return Choice(best, tuple(against))


def agree(one: Any, other: Any) -> bool:
    """Tell whether two values can both be right.

    Equal values can; so can dates of which one lies inside the other, and one day told in two ways that have a
    day in common ("after the 4th" and "by the 10th"). Two spans of time that overlap are two different spans.
    """
    first, second = _bounds(one), _bounds(other)
    if first is None or second is None:
        return same(one, other)
    if first == second or _inside(first, second) or _inside(second, first):
        return True
    spans = "/" in one["edtf"] or "/" in other["edtf"]
    return not spans and first[0] <= second[1] and second[0] <= first[1]


def _certainty(when: dict[str, Any]) -> tuple[bool, int]:
    """Rank a date by how sure it is: without ``? ~ %``, then as its basis says."""
    basis = when.get("basis")
    return not set("?~%") & set(when["edtf"]), _BASES.index(basis) if basis in _BASES else -1


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
