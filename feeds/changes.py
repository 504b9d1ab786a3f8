"""Corrections in plain words: what they are called, what they changed, and why. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from feeds import dates
from feeds.dossier import PRIVATE, Correction, Dossier
from feeds.facts import called, label
from feeds.texts import fill
from feeds.texts import told as recorded
from feeds.words import Words

_DATED = frozenset(
    "happened held_on said_on published start end attested founded dissolved period as_of from until on edtf".split()
)
#: Types of events that correct; to withdraw one of them is to undo it.
_UNDONE = ("RecordAmended", "RecordDisputed", "EntitiesMerged", "TextRedacted")


class Change(NamedTuple):
    """One field changed; None stands for nothing there, and ``hidden`` for words that are not repeated."""

    field: str
    before: str | None
    after: str | None
    hidden: bool


class Told(NamedTuple):
    """A correcting event in words. ``effect`` is a key of `Words.titles`, `Words.say` and `Words.events`.

    ``subject`` is what a dispute or a merger is about; ``sentence`` says what the event did.
    """

    event: int
    effect: str
    title: str
    subject: str | None
    sentence: str
    changes: tuple[Change, ...]
    reason: str | None
    note: str | None
    in_force: bool


def told(dossier: Dossier, event: int, words: Words) -> Told | None:
    """Return what a correcting event did to a record; None when it did nothing to it."""
    made = [one for one in dossier.corrections if one.event == event]
    if not made:
        return None
    first = made[0]
    effect = _effect(first, dossier)
    subject = _subject(first, words)
    return Told(
        event,
        effect,
        title(dossier, event, words),
        subject,
        words.say[effect].format(subject or ""),
        tuple(_changes(made, dossier, words)),
        words.reasons.get(first.reason, first.reason) if first.reason else None,
        recorded(first.note, words) if first.note else None,
        bool(first.in_force),
    )


def title(dossier: Dossier, event: int, words: Words) -> str:
    """Return the title of the entry that announces a correction; one that was taken back says so."""
    made = next((one for one in dossier.corrections if one.event == event), None)
    effect = _effect(made, dossier) if made else "retracted"
    said = fill(words.titles[effect], heading(dossier, words))
    return said if made is None or made.in_force else fill(words.titles["undone"], said)


def heading(dossier: Dossier, words: Words) -> str:
    """Return what a record is called where it is corrected."""
    return called(dossier.id, dossier.label, words, dossier.label_cy)


def _effect(made: Correction, dossier: Dossier) -> str:
    """Return what a correction comes to: a withdrawal of a restoration withdraws again."""
    if made.kind == "disputed":
        return made.after if made.after in ("upheld", "rejected") else "open"
    if made.target_type in _UNDONE:
        return "undoing" if made.kind == "retracted" else made.kind
    if made.target_type == "RecordRetracted":
        target = next((one for one in dossier.corrections if one.event == made.target), None)
        restores = target is None or _effect(target, dossier) != "restored"
        return "restored" if restores else "retracted"
    if made.kind == "retracted" and made.in_force and dossier.current:
        return "partly"
    return made.kind


def _changes(made: Sequence[Correction], dossier: Dossier, words: Words) -> Iterator[Change]:
    for one in made:
        if one.kind == "amended" and one.field is not None:
            hides = _hides(one, dossier)
            yield Change(
                field(one.field, words),
                None if hides else value(one.before, one.field, dossier, words),
                None if hides == "both" else value(one.after, one.field, dossier, words),
                hidden=bool(hides),
            )


def _subject(made: Correction, words: Words) -> str | None:
    """Return the field that is disputed, or the slugs that were merged."""
    if made.kind == "merged":
        return ", ".join(json.loads(made.before or "[]"))
    return field(made.field, words) if made.kind == "disputed" and made.field else None


def _hides(made: Correction, dossier: Dossier) -> str:
    """Return what of a change is not repeated: what stood in a field before it was corrected for privacy."""
    if dossier.label is None:
        return "both"
    for other in dossier.corrections:
        private = other.reason in PRIVATE and other.in_force and other.event >= made.event
        if private and _top(other.field) == _top(made.field):
            return "before" if other.event == made.event else "both"
    return ""


def _top(pointer: str | None) -> str:
    return (pointer or "").removeprefix("/").partition("/")[0]


def field(pointer: str, words: Words) -> str:
    """Return what the field at a JSON pointer is called, e.g. "Due, no. 2"."""
    first, *rest = pointer.removeprefix("/").split("/")
    said = words.term(first)
    if rest and rest[0].isdecimal():
        said = words.say["number"].format(said, int(rest.pop(0)) + 1)
    if rest and rest[-1] != "edtf":
        part = words.terms.get(f"{first}.{rest[-1]}") or words.term(rest[-1]).lower()
        said = words.say["role"].format(said, part)
    return said


def value(raw: str | None, pointer: str, dossier: Dossier, words: Words) -> str | None:
    """Return a corrected value as it reads: a date in words, a record by its label."""
    if raw is None:
        return None
    if raw[:1] in ("[", "{"):
        try:
            return _plain(json.loads(raw), dossier, words)
        except ValueError:
            pass  # an EDTF set looks like JSON
    if raw in dossier.labels:
        return label(dossier, raw, words)
    if _DATED.intersection(pointer.split("/")):
        return dates.text(raw, words.dates)
    return recorded(raw, words)


def _plain(data: Any, dossier: Dossier, words: Words) -> str:
    """Return a JSON value without brackets."""
    if isinstance(data, list):
        return "; ".join(_plain(item, dossier, words) for item in data)
    if isinstance(data, dict):
        if isinstance(data.get("edtf"), str):
            return dates.text(data["edtf"], words.dates)
        return ", ".join(_plain(item, dossier, words) for item in data.values())
    if isinstance(data, str) and data in dossier.labels:
        return label(dossier, data, words)
    return words.value(data)
