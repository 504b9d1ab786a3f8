"""Corrections of one event: which events are in force, and what an amended event now says. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from events.codec import at, has
from events.envelope import Event
from events.vocabulary import RECORDING

#: Types whose events say something that can be amended.
TELLING = frozenset({*RECORDING, "TranslationAdded"})


class Told(NamedTuple):
    """An event in force and what it says now, after its amendments: payload and evidence together."""

    event: Event
    content: dict[str, Any]

    @property
    def evidence(self) -> list[dict[str, Any]]:
        """Its evidence, as amended."""
        return list(self.content.get("evidence", ()))


class AmendError(ValueError):
    """A change cannot be applied: its ``from`` is not what stands there."""


def in_force(events: Sequence[Event]) -> dict[int, int | None]:
    """Return, per event number, None when in force or the number of the retraction that undid it.

    A retraction counts only while in force itself, so retracting it restores. Targets have lower
    numbers, so one pass from the newest decides.
    """
    undone: dict[int, int | None] = {event.seq: None for event in events}
    for event in sorted(events, key=lambda item: item.seq, reverse=True):
        target = event.payload.get("target")
        if event.type == "RecordRetracted" and undone[event.seq] is None and target in undone:
            undone[target] = event.seq
    return undone


def telling(events: Sequence[Event], undone: Mapping[int, int | None]) -> list[Told]:
    """Return every event in force that tells something of the world, with its amendments applied."""
    made = amendments(events, undone)
    return [
        Told(event, amended(event, made.get(event.seq, ())))
        for event in events
        if event.type in TELLING and undone[event.seq] is None
    ]


def amendments(events: Iterable[Event], undone: Mapping[int, int | None]) -> dict[int, list[Event]]:
    """Return the amendments in force, by the number of the event they amend."""
    found: dict[int, list[Event]] = {}
    for event in events:
        if event.type == "RecordAmended" and undone[event.seq] is None:
            found.setdefault(event.payload.get("target", -1), []).append(event)
    return found


def content(event: Event) -> dict[str, Any]:
    """Return what an event says, payload and evidence together: the document that changes point into."""
    return {**event.payload, "evidence": list(event.evidence)}


def amended(event: Event, amendments: Iterable[Event]) -> dict[str, Any]:
    """Return the content of an event after its amendments, applied in order of their numbers."""
    data = content(event)
    for amendment in sorted(amendments, key=lambda item: item.seq):
        data = apply(data, amendment.payload.get("changes", ()), strict=False)
    return data


def apply(
    data: Mapping[str, Any], changes: Iterable[Mapping[str, Any]], *, strict: bool
) -> dict[str, Any]:
    """Return a copy of ``data`` with the changes made; ``None`` stands for "not there".

    ``strict`` raises AmendError where ``from`` is not the value in force: no update is ever lost.
    Reading back is lenient, because the field may have been erased since.
    """
    result: dict[str, Any] = copy.deepcopy(dict(data))
    for change in changes:
        path = change["path"]
        now = at(result, path) if has(result, path) else None
        if strict and not same(now, change.get("from")):
            shown = "nothing" if now is None else repr(now)
            raise AmendError(f"{path}: `from` is {change.get('from')!r}, but {shown} stands there")
        _put(result, path, change.get("to"))
    return result


def same(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are equal; unlike Python's ``==``, true is not 1."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _put(data: Any, path: str, value: Any) -> None:
    """Set, append or (with None) remove the value at a pointer; do nothing where its parent is gone."""
    parent, _, last = path.rpartition("/")
    last = last.replace("~1", "/").replace("~0", "~")
    if not has(data, parent):
        return
    place = at(data, parent)
    if isinstance(place, dict):
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    elif isinstance(place, list) and re.fullmatch("[0-9]{1,9}", last) and int(last) <= len(place):
        index = int(last)
        place[index : index + 1] = [] if value is None else [value]
