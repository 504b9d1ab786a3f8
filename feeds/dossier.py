"""What the published tables say of a record, gathered for showing. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: Reasons of corrections for which the words removed are not told again. A tuple reads the same in SQL.
PRIVATE = ("privacy", "legal")


class Position(NamedTuple):
    """Which state of the log the tables show; with another projection they would be other tables."""

    events: int
    root: str
    changed_at: str | None
    projection: int


class Removal(NamedTuple):
    """An act that withheld, released or erased something: numbers and a reason, never what or whose.

    ``notice`` is the first of the acts that were done in one go, ``targets`` are the events they act on.
    """

    event: int
    act: str
    target: int
    reason: str
    day: str
    notice: int
    targets: tuple[int, ...]


class Check(NamedTuple):
    """A check of whether everything is still what it was; names of checks, with spaces between."""

    number: int
    at: str
    checked: str
    events: int
    root: str
    passed: str
    failed: str


class Announced(NamedTuple):
    """A row of feed_entries; without a record it is of an act, ``removal``: its notice, or what it left.

    ``changed`` is the number of the event that last changed it.
    """

    entry_id: str
    event: int
    record_id: str | None
    kind: str
    state: str
    published_at: str
    updated_at: str
    changed: int
    removal: Removal | None = None


class Participant(NamedTuple):
    """Somebody who took part, and as what."""

    entity_id: str
    role: str


class Evidence(NamedTuple):
    """A passage of a source; of a source that is not recorded any more only the passage is known."""

    event: int
    source_id: str | None
    start: int | None
    end: int | None
    quote: str | None
    stance: str
    lang: str | None
    title: str | None
    url: str | None
    published: str | None
    publisher: str | None
    publisher_cy: str | None = None


class Reading(NamedTuple):
    """One way to read a deadline."""

    label: str | None
    due: str | None
    due_latest: str | None
    source_id: str | None


class Name(NamedTuple):
    """Another name of a record."""

    name: str | None
    kind: str | None
    lang: str | None


class Correction(NamedTuple):
    """One change that a correcting event made; ``target_type`` is the type of the event corrected."""

    event: int
    kind: str
    target: int | None
    target_type: str | None
    field: str | None
    before: str | None
    after: str | None
    reason: str | None
    note: str | None
    in_force: int


class Conflict(NamedTuple):
    """Two values that cannot both be right."""

    field: str
    value_a: str | None
    source_a: str | None
    value_b: str | None
    source_b: str | None
    state: str


class LoggedEvent(NamedTuple):
    """An event about a record, and the record it is mainly about."""

    seq: int
    type: str
    recorded_at: str
    in_force: int
    record_id: str | None
    label: str | None
    label_cy: str | None = None


class Named(NamedTuple):
    """A record that names another."""

    id: str
    kind: str
    label: str | None
    day: str | None
    label_cy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A record. ``label`` is None where even its title is withheld; ``row`` is empty when out of force.

    Labels are in English; those in Welsh are there only where a Welsh name is recorded.
    """

    id: str
    kind: str
    label: str | None
    state: str
    merged_into: str | None = None
    day: str | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    participants: tuple[Participant, ...] = ()
    topics: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    readings: tuple[Reading, ...] = ()
    names: tuple[Name, ...] = ()
    corrections: tuple[Correction, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    labels: Mapping[str, str | None] = field(default_factory=dict)
    label_cy: str | None = None
    labels_cy: Mapping[str, str] = field(default_factory=dict)

    @property
    def current(self) -> bool:
        """Whether the archive stands by it."""
        return self.state == "current"
