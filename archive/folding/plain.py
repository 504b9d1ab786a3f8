"""The fold of a record that nothing corrects: one pass over its events. Pure.

Nearly all records are so. What this makes of their events is what `archive.fold` makes of any events, and a
test holds the two to that; only here each event is looked at once, not again for every version.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from archive.folding.choosing import COLLECTED, Candidate, Choice, choose
from archive.folding.disputes import Backing, Sources, public_from, supporting
from archive.folding.record import (
    NOT_CLAIMS,
    Claim,
    Conflict,
    Item,
    Proof,
    Record,
    SourceFacts,
    Standing,
    Version,
    supported,
)
from events import edtf
from events.envelope import Event
from events.vocabulary import RECORDING

#: Types of which a record may have any number and still be plain.
PLAIN = frozenset({*RECORDING, "TranslationAdded"})
#: An event, and what its record said from then on.
Step = tuple[Event, dict[str, Any]]


def fold(slug: str, events: Sequence[Event], sources: Sources) -> Record:
    """Return the record ``slug`` from all events about it, in order, if they are all of `PLAIN` types."""
    if slug.startswith("source/"):
        facts = Fields(_nothing)
        for event in events:
            if event.payload.get("id") == slug:
                facts.add(event, Backing(event.evidence))
        sources = itself(slug, facts.values)
    history = History(slug, sources)
    steps = history.follow(events)
    if events and not steps:  # nothing describes it, but something is said of it
        steps = [(events[-1], history.snapshot())]
    return history.record(versions(steps), {event.seq: None for event in events})


def itself(slug: str, fields: dict[str, Any]) -> Sources:
    """Return the facts of one source, and of no other."""
    when = fields.get("published")
    latest = edtf.bounds(when["edtf"]).latest if when else None
    facts = SourceFacts(fields.get("kind", "other"), latest)
    return lambda other: facts if other == slug else None


def versions(steps: Sequence[Step]) -> tuple[Version, ...]:
    """Return versions from the events that changed a record, and what it said from each of them on."""
    ends = [*(event.recorded_at for event, _ in steps[1:]), None]
    return tuple(
        Version(number, event.seq, event.recorded_at, ends[number - 1], data)
        for number, (event, data) in enumerate(steps, 1)
    )


def _nothing(_source: str) -> None:
    """Know of no source."""


def bare(content: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of an event's content alone."""
    return {name: value for name, value in content.items() if name not in NOT_CLAIMS}


class Fields:
    """The fields of one record as its events come in: every claim, and the one to show."""

    def __init__(self, sources: Sources) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[str, int] = {}
        self._sources = sources
        self._said: dict[str, list[tuple[Any, int, Backing]]] = {}
        self._choices: dict[str, Choice] = {}

    def add(self, event: Event, backing: Backing) -> None:
        """Take in what the next event says of the record."""
        for name, value in event.payload.items():
            if name in NOT_CLAIMS:
                continue
            if name in COLLECTED:
                self.values[name] = _united(name, self.values.get(name), value)
                continue
            self.values[name], self.origins[name] = value, event.seq
            if (said := self._said.get(name)) is None:
                self._said[name] = [(value, event.seq, backing)]
            else:
                said.append((value, event.seq, backing))
                self._choose(name, said)

    def _choose(self, name: str, said: Iterable[tuple[Any, int, Backing]]) -> None:
        candidates = []
        for value, seq, backing in said:
            by = backing.sources(name)
            facts = [fact for source in by if (fact := self._sources(source))]
            official = any(fact.official for fact in facts)
            candidates.append(Candidate(value, seq, official, by[0] if by else None, None))
        choice = self._choices[name] = choose(name, candidates)
        if choice.chosen:
            self.values[name], self.origins[name] = choice.chosen.value, choice.chosen.event

    def conflicts(self) -> tuple[Conflict, ...]:
        """Return which claims contradict those shown."""
        if not self._choices:
            return ()
        return tuple(
            Conflict(name, a.value, a.event, a.source, b.value, b.event, b.source, "open")
            for name in self._said
            if name in self._choices and (a := self._choices[name].chosen)
            for b in self._choices[name].against
        )


class History:
    """A record as its events come in."""

    def __init__(self, slug: str, sources: Sources) -> None:
        self.slug = slug
        self.sources = sources
        self.own: list[tuple[Event, Backing]] = []
        self.fields = Fields(sources)
        self.names: list[Item] = []
        self.translations: list[Item] = []
        self.readings: list[Item] = []
        self.proofs: list[Proof] = []
        self.outcomes: dict[str | None, Fields] = {}
        self.outcome: dict[str, Any] | None = None

    def follow(self, events: Iterable[Event]) -> list[Step]:
        """Take in events; return those that changed the record, from the first that describes it."""
        steps: list[Step] = []
        for event in events:
            self.add(event)
            if self.own:
                now = self.snapshot()
                if not steps or now != steps[-1][1]:
                    steps.append((event, now))
        return steps

    def add(self, event: Event) -> None:
        """Take in the next event."""
        said, evidence = event.payload, event.evidence
        for number, item in enumerate(evidence):
            self.proofs.append(Proof(event.seq, number, item))
        backing = Backing(evidence)
        if said.get("id") == self.slug:
            self.own.append((event, backing))
            self.fields.add(event, backing)
            if readings := said.get("readings"):
                self._read(event, readings)
        if said.get("commitment") == self.slug:
            fields = self.outcomes.setdefault(said.get("id"), Fields(self.sources))
            fields.add(event, backing)
            self.outcome = {**fields.values, "id": said.get("id")}
        if said.get("record") == self.slug and event.type in ("NameRecorded", "TranslationAdded"):
            told = Item({**said, "evidence": list(evidence)}, event.seq, backing.first("name"))
            (self.names if event.type == "NameRecorded" else self.translations).append(told)

    def _read(self, event: Event, readings: Iterable[dict[str, Any]]) -> None:
        for number, reading in enumerate(readings):
            by = supporting(event.evidence, f"readings/{number}")
            self.readings.append(Item(reading, event.seq, by[0] if by else None))

    def snapshot(self) -> dict[str, Any]:
        """Return what a version keeps of the record as it stands."""
        data = {"state": "current" if self.own else "retracted", **self.fields.values}
        if self.names:
            data["names"] = [bare(item.value) for item in self.names]
        if self.translations:
            data["translations"] = [bare(item.value) for item in self.translations]
        if self.outcome:
            data["outcome"] = self.outcome
        return data

    def record(self, kept: tuple[Version, ...], undone: dict[int, int | None]) -> Record:
        """Return the record after its last event."""
        conflicts = self.fields.conflicts()
        by = [self.slug] if self.slug.startswith("source/") else supported(self.proofs)
        return Record(
            id=self.slug,
            state="current" if self.own else "retracted",
            fields=self.fields.values,
            origins=self.fields.origins,
            names=tuple(self.names),
            readings=tuple(self.readings),
            outcome=self.outcome,
            translations=tuple(self.translations),
            proofs=tuple(self.proofs),
            undone=undone,
            claims=tuple(self._claims(conflicts)),
            conflicts=conflicts,
            versions=kept,
            first_event=kept[0].event if kept else 0,
            known_from=kept[0].known_from if kept else "",
            changed_at=kept[-1].known_from if kept else "",
            public_from=public_from(self.sources, by),
        )

    def _claims(self, conflicts: Iterable[Conflict]) -> Iterable[Claim]:
        """Yield every value that was claimed for a field, with how it stands."""
        losing = {(conflict.event_b, conflict.field) for conflict in conflicts}
        origins, days = self.fields.origins, dict[tuple[str, ...], str | None]()
        for event, backing in self.own:
            seq, at = event.seq, event.recorded_at
            for name, value in event.payload.items():
                if name in NOT_CLAIMS or value is None:
                    continue
                by = backing.sources(name)
                if by not in days:
                    days[by] = public_from(self.sources, by)
                standing: Standing = (
                    "chosen" if name in COLLECTED or origins.get(name) == seq
                    else "outranked" if (seq, name) in losing else "agrees"
                )  # fmt: skip
                yield Claim(name, value, seq, by, standing, at, None, days[by])


def _united(name: str, known: Any, value: Any) -> Any:
    """Return what is collected of a field together with what comes: each element once, in order."""
    if name == "external_ids":
        return {**(known or {}), **value}
    found = {_key(element): element for element in known or ()}
    for element in value if isinstance(value, list) else [value]:
        found.setdefault(_key(element), element)
    return list(found.values())


def _key(element: Any) -> Any:
    return element if isinstance(element, str) else (json.dumps(element, sort_keys=True),)
