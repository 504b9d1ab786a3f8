"""What the fold makes of a record's events: plain data, from which every table takes its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import msgspec

#: Claims of these sources outrank newspapers where two dates or values cannot both be right.
OFFICIAL = frozenset(
    {
        "minutes",
        "transcript",
        "written-statement",
        "inspection-report",
        "report",
        "plan",
        "letter",
        "notice",
        "legislation",
        "ombudsman-decision",
    }
)

#: Parts of an event that are not claims about the world.
NOT_CLAIMS = frozenset({"id", "new", "record", "evidence"})

Standing = Literal[
    "chosen", "agrees", "outranked", "disputed", "contradicted", "amended", "retracted"
]


class SourceFacts(NamedTuple):
    """What the fold of another record needs to know of a source."""

    kind: str
    published_latest: str | None

    @property
    def official(self) -> bool:
        """Whether it is an official paper, not a report about one."""
        return self.kind in OFFICIAL


class Claim(NamedTuple):
    """One value that one event gave a field, how it stands now, and from when to when it counted."""

    field: str
    value: Any
    event: int
    sources: tuple[str, ...]
    standing: Standing
    known_from: str
    known_to: str | None
    public_from: str | None


class Conflict(NamedTuple):
    """Two claims on one field that cannot both be right; ``a`` is the one shown."""

    field: str
    value_a: Any
    event_a: int
    source_a: str | None
    value_b: Any
    event_b: int
    source_b: str | None
    state: Literal["open", "settled"]


class Correction(NamedTuple):
    """One thing that a correcting event changed; ``record`` is the slug that the corrected event used."""

    event: int
    kind: Literal["amended", "retracted", "restored", "disputed", "merged"]
    target: int | None
    field: str | None
    before: Any
    after: Any
    reason: str | None
    note: str | None
    corrected_at: str
    in_force: bool
    record: str | None


class Version(NamedTuple):
    """The whole record as the archive knew it from one event to the next that changed it."""

    version: int
    event: int
    known_from: str
    known_to: str | None
    data: dict[str, Any]


class Item(NamedTuple):
    """One element of a field that several events add to (a name, a reading), with its proof."""

    value: dict[str, Any]
    event: int
    source: str | None


class Proof(NamedTuple):
    """One piece of evidence of an event in force; a correction's own proves only what it corrects."""

    event: int
    number: int
    evidence: dict[str, Any]
    corrects: bool = False


class Removal(NamedTuple):
    """An act that withheld, released or erased something of event ``target``."""

    event: int
    target: int
    at: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it stands: chosen fields, every claim, conflicts, corrections and versions."""

    id: str
    state: Literal["current", "retracted", "merged"]
    merged_into: str | None = None
    fields: dict[str, Any] = {}
    origins: dict[str, int] = {}
    names: tuple[Item, ...] = ()
    readings: tuple[Item, ...] = ()
    outcome: dict[str, Any] | None = None
    translations: tuple[Item, ...] = ()
    proofs: tuple[Proof, ...] = ()
    claims: tuple[Claim, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    corrections: tuple[Correction, ...] = ()
    versions: tuple[Version, ...] = ()
    removals: tuple[Removal, ...] = ()
    undone: dict[int, int | None] = {}
    first_event: int = 0
    known_from: str = ""
    changed_at: str = ""
    public_from: str | None = None

    @property
    def kind(self) -> str:
        """The kind of the record: the first part of its slug."""
        return self.id.partition("/")[0]

    @property
    def supporting(self) -> list[str]:
        """The sources that support the record, each once, in the order they were recorded."""
        return supported(self.proofs)


def supported(proofs: Iterable[Proof]) -> list[str]:
    """Return the sources that support what is proved, each once, in the order they were recorded."""
    found = (
        proof.evidence["source"]
        for proof in proofs
        if proof.evidence.get("stance") != "contradicts" and not proof.corrects
    )
    return list(dict.fromkeys(found))
