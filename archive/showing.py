"""Events and records as lines of text for a terminal. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from events.acts import Act
from events.envelope import Event, NewEvent

#: Fields that the line on an event gives anyway.
_UNSAID = frozenset({"id", "new", "record", "target", "topics"})
#: How a claim stands that is shown, or says the same as the one shown.
_STANDING = ("chosen", "agrees")
#: Fields that say best what an event says.
_SAYING = ("name", "title", "title_as_stated", "gist", "what", "finding", "text", "note", "url")


def describe(event: NewEvent) -> str:
    """Return one line on an event that is to be, or was just, recorded."""
    return _line(event.type, msgspec.to_builtins(event.payload))


def line(event: Event) -> str:
    """Return one line on a recorded event."""
    return f"{event.name:>6}  {event.recorded_at}  {_line(event.type, event.payload)}"


def _line(type_name: str, payload: dict[str, Any]) -> str:
    subject = payload.get("id") or payload.get("record") or payload.get("keep")
    if subject is None and "target" in payload:
        subject = f"E{payload['target']}"
    if changes := payload.get("changes"):
        said = "; ".join(
            f"{c['path']} {brief(c.get('from'))} -> {brief(c.get('to'))}" for c in changes
        )
    elif "state" in payload and "path" in payload:
        said = f"{payload['path']} {payload['state']}: {payload.get('note', '')}"
    elif "merge" in payload:
        said = f"takes in {', '.join(payload['merge'])}"
    else:
        said = str(next((payload[name] for name in _SAYING if name in payload), ""))
        said = said or " ".join(f"{n} {brief(v)}" for n, v in payload.items() if n not in _UNSAID)
    new = " (new)" if payload.get("new") else ""
    return f"{type_name}  {subject or ''}{new}  {shortened(said)}".rstrip()


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shortened(text: str, length: int = 90) -> str:
    """Return text on one line, cut with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def brief(value: Any) -> str:
    """Return a value as an archivist reads it: text in quotes, dates as EDTF, nothing as nothing."""
    if value is None:
        return "nothing"
    if isinstance(value, dict) and "edtf" in value:
        return str(value["edtf"])
    if (
        isinstance(value, list | tuple)
        and value
        and all(isinstance(v, str) or "edtf" in v for v in value)
    ):
        return ", ".join(item if isinstance(item, str) else str(item["edtf"]) for item in value)
    return json.dumps(value, ensure_ascii=False)


def event_lines(
    event: Event, content: dict[str, Any], undone: int | None, hiding: Iterable[Act] = ()
) -> Iterator[str]:
    """Yield an event in full: what it says now, pointer by pointer, as `archive amend` takes them.

    ``hiding`` are the acts that hide its fields, one for each field hidden.
    """
    state = "in force" if undone is None else f"out of force, retracted by E{undone}"
    yield f"{event.name}  {event.type}  recorded {event.recorded_at} by {event.recorded_by}, {state}"
    acts = Counter(hiding)
    for act, number in sorted(acts.items()):
        yield f"  {counted(number, 'field')} {act.kind} by E{act.seq} ({act.reason})"
    if lost := event.missing - acts.total():
        yield f"  {counted(lost, 'field')} missing, and no act says why"
    for name, value in content.items():
        yield from _pointers(f"/{name}", value)
    yield f"  leaf hash {event.leaf_hash}"


def _field(name: str, value: Any) -> Iterator[str]:
    """Yield a field of a record: on one line, or one line for each of its parts."""
    nested = isinstance(value, list) and any(isinstance(v, dict) and "edtf" not in v for v in value)
    if nested:
        yield f"  {name}"
        for item in value:
            yield f"    - {'; '.join(f'{key} {brief(part)}' for key, part in item.items())}"
    elif isinstance(value, dict) and "edtf" not in value:
        yield f"  {name}"
        for key, part in value.items():
            yield f"    {key:<16} {part if isinstance(part, str) else brief(part)}"
    else:
        yield f"  {name:<18} {value if isinstance(value, str) else brief(value)}"


def _pointers(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _pointers(f"{path}/{name}", item)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _pointers(f"{path}/{number}", item)
    else:
        yield f"  {path:<24} {value if isinstance(value, str) else json.dumps(value)}"


def record_lines(
    record: dict[str, Any],
    fields: dict[str, Any],
    *,
    proofs: Iterable[dict[str, Any]],
    claims: Sequence[dict[str, Any]],
    corrections: Sequence[dict[str, Any]],
    history: Iterable[str],
) -> Iterator[str]:
    """Yield a record in full: how it stands, notes, disputes, its evidence, and every event about it.

    ``proofs``, ``claims`` and ``corrections`` are its rows of evidence, assertions and corrections.
    """
    state = record["state"]
    if record["merged_into_id"]:
        state += f" into {record['merged_into_id']}"
    yield f"{record['id']}  {record['label']}"
    yield f"  {state}; {counted(record['source_count'], 'source')}; public from {record['public_from'] or 'unknown'}"
    for name, value in fields.items():
        if name not in ("state", "note"):
            yield from _field(name, value)
    yield from _notes(claims)
    yield from _disputes(corrections)
    yield "evidence"
    standing = {(claim["event"], claim["field"]): claim["standing"] for claim in claims}
    corrects = {made["event"]: made for made in corrections}
    for proof in proofs:
        span = (
            "" if proof["char_start"] is None else f" [{proof['char_start']}, {proof['char_end']}]"
        )
        words = f" “{proof['quote']}”" if proof["quote"] else ""
        verb = "" if proof["stance"] == "supports" else " contradicts"
        if made := corrects.get(proof["event"]):
            about = f": {_made(made)}"
        else:
            paths = (proof["supports"] or "").split()
            about = "".join(f" {path}{_state(proof['event'], path, standing)}" for path in paths)
            about = about and f" for{about}"
        yield f"  E{proof['event']} {proof['source_id']}{span}{verb}{words}{about}"
    yield "history"
    yield from history


def _notes(claims: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield every note in force, on a line of its own, with the source beside whose facts it stands."""
    notes = [c for c in claims if c["field"] == "note" and c["standing"] in _STANDING]
    if notes:
        yield "notes"
    for note in notes:
        by = f" {note['source_id']}" if note["source_id"] else ""
        yield f"  E{note['event']}{by}: {' '.join(note['value'].split())}"


def _disputes(corrections: Iterable[dict[str, Any]]) -> Iterator[str]:
    disputes = [made for made in corrections if made["kind"] == "disputed" and made["in_force"]]
    if disputes:
        yield "disputes"
    for made in disputes:
        yield f"  E{made['event']} {_made(made)}: {' '.join((made['note'] or 'withheld').split())}"


def _made(made: dict[str, Any]) -> str:
    """Return what a correction did to what, e.g. ``/end of E47 disputed, open``."""
    state = f", {made['after']}" if made["kind"] == "disputed" and made["after"] else ""
    place = f"{made['field']} of " if made["field"] else ""
    target = "" if made["target_event"] is None else f"{place}E{made['target_event']} "
    return f"{target}{made['kind']}{state}"


def _state(event: int, path: str, standing: dict[tuple[int, str], str]) -> str:
    """Return how a claim stands that is proved, in brackets; nothing where it simply stands."""
    state = standing.get((event, path.split("/")[1]), "chosen")
    return "" if state in _STANDING else f" ({state})"
