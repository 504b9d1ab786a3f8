"""The events of a record -> the record as it stands. Pure: no clock, no files, no SQL.

Field by field: several events may describe one record, each with its own evidence. Corrections are
events too; nothing is overwritten, so what was believed before can always be told again.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from archive.folding import plain
from archive.folding.amending import Told, in_force, telling
from archive.folding.choosing import COLLECTED, Candidate, Dispute, choose
from archive.folding.disputes import (
    Sources,
    contested,
    disputes_of,
    public_from,
    supporting,
    upheld,
)
from archive.folding.history import claims, corrections
from archive.folding.record import (
    NOT_CLAIMS,
    Conflict,
    Item,
    Proof,
    Record,
    Removal,
    Version,
)
from events.envelope import Event


def merged_slugs(slug: str, events: Sequence[Event]) -> list[str]:
    """Return the slugs that merges in force lead to ``slug``."""
    if not any(event.type == "EntitiesMerged" for event in events):
        return []
    undone = in_force(events)
    return [
        other
        for event in events
        if event.type == "EntitiesMerged" and undone[event.seq] is None
        if event.payload.get("keep") == slug
        for other in event.payload.get("merge", ())
    ]


def _ids(slug: str, events: Sequence[Event]) -> frozenset[str]:
    """Return a slug with all those that merges in force lead to it, over others or not."""
    ids = [slug]
    for one in ids:  # grows while merges lead to more slugs
        ids += [other for other in merged_slugs(one, events) if other not in ids]
    return frozenset(ids)


def fold(
    slug: str, events: Sequence[Event], sources: Sources, aliases: Iterable[str] = ()
) -> Record:
    """Return the record ``slug`` from all events about it (and its merged ``aliases``), in any order.

    ``sources`` gives kind and publication of a source, for rank and for the public clock. A source is
    judged by its own word alone: what it says of itself was public when it was published.
    """
    events = sorted(events, key=lambda event: event.seq)
    ids = frozenset({slug, *aliases})
    if len(ids) == 1 and all(event.type in plain.PLAIN for event in events):
        return plain.fold(slug, events, sources)
    if slug.startswith("source/"):
        sources = plain.itself(slug, _state(slug, ids, events, lambda _: None).fields)
    now = _state(slug, ids, events, sources)
    versions = _versions(slug, ids, events, sources, _snapshot(now))
    said_by = [slug] if slug.startswith("source/") else now.supporting
    return Record(
        id=slug,
        state=now.state,
        merged_into=now.merged_into,
        fields=now.fields,
        origins=now.origins,
        names=now.names,
        readings=now.readings,
        outcome=now.outcome,
        translations=now.translations,
        proofs=now.proofs,
        undone=now.undone,
        claims=claims(ids, events, sources, now),
        conflicts=now.conflicts,
        corrections=tuple(corrections(slug, ids, events, now.undone)),
        versions=versions,
        removals=tuple(
            Removal(event.seq, event.payload["target"], event.recorded_at)
            for event in events
            if event.type == "TextRedacted"
        ),
        first_event=versions[0].event if versions else 0,
        known_from=versions[0].known_from if versions else "",
        changed_at=versions[-1].known_from if versions else "",
        public_from=public_from(sources, said_by),
    )


def _state(slug: str, ids: frozenset[str], events: Sequence[Event], sources: Sources) -> Record:
    """Fold events (a whole history, or its beginning) into fields, lists and conflicts."""
    undone = in_force(events)
    told = telling(events, undone)
    own = [_under(slug, item) for item in told if item.content.get("id") in ids]
    merged_into = _merged_into(slug, events, undone)
    state: Literal["current", "retracted", "merged"] = (
        "merged" if merged_into else "current" if own else "retracted"
    )
    fields, origins, conflicts = _fields(own, disputes_of(events, undone), sources)
    return Record(
        id=slug,
        state=state,
        merged_into=merged_into,
        fields=fields,
        origins=origins,
        names=(*_items(ids, told, "NameRecorded"), *_former_names(slug, ids, told)),
        translations=_items(ids, told, "TranslationAdded"),
        readings=_readings(own, disputes_of(events, undone)),
        outcome=_outcome(ids, events, undone, sources),
        proofs=tuple(_proofs(told, events, undone)),
        conflicts=conflicts,
        undone=undone,
    )


def _under(slug: str, item: Told) -> Told:
    """Return an event without its name where it was recorded under a slug merged into this one."""
    if item.content["id"] == slug or "name" not in item.content:
        return item
    return Told(item.event, {k: v for k, v in item.content.items() if k != "name"})


def _former_names(slug: str, ids: frozenset[str], told: Sequence[Told]) -> Iterable[Item]:
    """Yield the names that merged slugs were recorded under: the record is known by them, too."""
    for item in told:
        if item.content.get("id") in ids - {slug} and "name" in item.content:
            name = {"name": item.content["name"], "kind": "known-as", "lang": "en"}
            yield Item(name, item.event.seq, next(iter(supporting(item.evidence, "name")), None))


def _merged_into(slug: str, events: Sequence[Event], undone: dict[int, int | None]) -> str | None:
    for event in reversed(events):
        merge = event.payload.get("merge", ()) if event.type == "EntitiesMerged" else ()
        if slug in merge and undone[event.seq] is None:
            return event.payload.get("keep")
    return None


def _fields(
    own: Sequence[Told], disputes: dict[tuple[int, str], Dispute], sources: Sources
) -> tuple[dict[str, Any], dict[str, int], tuple[Conflict, ...]]:
    """Choose each field's value; return values, the events they come from, and the conflicts."""
    fields: dict[str, Any] = {}
    origins: dict[str, int] = {}
    conflicts: list[Conflict] = []
    names = dict.fromkeys(name for item in own for name in item.content if name not in NOT_CLAIMS)
    for name in names:
        if name in COLLECTED:
            fields[name] = _collect(name, own, disputes)
            continue
        candidates = [
            _candidate(item, name, disputes, sources) for item in own if name in item.content
        ]
        choice = choose(name, candidates)
        if choice.chosen is None:
            continue
        fields[name] = choice.chosen.value
        origins[name] = choice.chosen.event
        for other in choice.against:
            a = choice.chosen
            conflicts.append(
                Conflict(
                    name, a.value, a.event, a.source, other.value, other.event, other.source,
                    "settled" if other.dispute == "upheld" or a.dispute == "rejected" else "open",
                )
            )  # fmt: skip
    return fields, origins, tuple(conflicts)


def _candidate(
    item: Told, name: str, disputes: dict[tuple[int, str], Dispute], sources: Sources
) -> Candidate:
    said_by = supporting(item.evidence, name)
    facts = [fact for source in said_by if (fact := sources(source))]
    return Candidate(
        item.content[name],
        item.event.seq,
        any(fact.official for fact in facts),
        said_by[0] if said_by else None,
        contested(disputes, item.event.seq, name),
    )


def _collect(name: str, own: Sequence[Told], disputes: dict[tuple[int, str], Dispute]) -> Any:
    """Unite a field's elements over the events, in order, each once, without the rightly contested."""
    if name == "external_ids":
        return {
            key: value
            for item in own
            for key, value in item.content.get(name, {}).items()
            if not upheld(disputes, item.event.seq, name, key.replace("~", "~0").replace("/", "~1"))
        }
    found: dict[str, Any] = {}
    for item in own:
        value = item.content.get(name, [])
        listed = isinstance(value, list)
        for number, element in enumerate(value if listed else [value]):
            if not upheld(disputes, item.event.seq, name, number if listed else None):
                found.setdefault(json.dumps(element, sort_keys=True), element)
    return list(found.values())


def _readings(own: Sequence[Told], disputes: dict[tuple[int, str], Dispute]) -> tuple[Item, ...]:
    """Return every reading of a deadline with the source that gives it."""
    return tuple(
        Item(
            reading,
            item.event.seq,
            next(iter(supporting(item.evidence, f"readings/{number}")), None),
        )
        for item in own
        for number, reading in enumerate(item.content.get("readings", ()))
        if not upheld(disputes, item.event.seq, "readings", number)
    )


def _items(ids: frozenset[str], told: Sequence[Told], type_name: str) -> tuple[Item, ...]:
    return tuple(
        Item(item.content, item.event.seq, next(iter(supporting(item.evidence, "name")), None))
        for item in told
        if item.event.type == type_name and item.content.get("record") in ids
    )


def _outcome(
    ids: frozenset[str], events: Sequence[Event], undone: dict[int, int | None], sources: Sources
) -> dict[str, Any] | None:
    """Return the newest outcome of a commitment, folded from its own events; None when unknown."""
    told = [item for item in telling(events, undone) if item.content.get("commitment") in ids]
    disputes = disputes_of(events, undone)
    found = []
    for slug in dict.fromkeys(item.content.get("id") for item in told):
        own = [item for item in told if item.content.get("id") == slug]
        fields, _, _ = _fields(own, disputes, sources)
        found.append((own[-1].event.seq, {**fields, "id": slug}))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _proofs(
    told: Sequence[Told], events: Sequence[Event], undone: dict[int, int | None]
) -> Iterable[Proof]:
    """Yield the evidence of every event in force, corrections' own evidence included."""
    seen = {item.event.seq for item in told}
    for item in told:
        for number, evidence in enumerate(item.evidence):
            yield Proof(item.event.seq, number, evidence)
    for event in events:
        if event.seq not in seen and undone[event.seq] is None:
            for number, evidence in enumerate(event.evidence):
                yield Proof(event.seq, number, evidence, corrects=True)


def _snapshot(record: Record) -> dict[str, Any]:
    """Return what a version keeps: what the record says, without how it came to say it."""
    data: dict[str, Any] = {"state": record.state, **record.fields}
    if record.merged_into:
        data["merged_into"] = record.merged_into
    if record.names:
        data["names"] = [plain.bare(item.value) for item in record.names]
    if record.translations:
        data["translations"] = [plain.bare(item.value) for item in record.translations]
    if record.outcome:
        data["outcome"] = record.outcome
    return data


def _versions(
    slug: str, ids: frozenset[str], events: Sequence[Event], sources: Sources, last: dict[str, Any]
) -> tuple[Version, ...]:
    """Return the record after each event that changed it; ``last`` is how it stands after all.

    What was recorded under a slug that was merged later is no part of the versions before the merge.
    """
    begun = list(itertools.takewhile(lambda event: event.type in plain.PLAIN, events))
    steps = plain.History(slug, sources).follow(begun)
    for number, event in enumerate(events[len(begun) :], len(begun) + 1):
        data = last
        if number < len(events):
            past = events[:number]
            known = ids if len(ids) == 1 else _ids(slug, past)
            data = _snapshot(_state(slug, known, past, sources))
            if not steps and data["state"] == "retracted":
                continue
        if not steps or data != steps[-1][1]:
            steps.append((event, data))
    return plain.versions(steps)
