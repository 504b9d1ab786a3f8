"""How a record is called in lists, and which date it stands at. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from archive.folding.record import Record
from archive.table import Context, Face

_DATED = {
    "source": "published",
    "meeting": "held_on",
    "doc": "published",
    "statement": "said_on",
    "development": "happened",
    "outcome": "happened",
    "figure": "as_of",
    "tenure": "start",
}
_RESULTS = {
    "done": "Done",
    "partly-done": "Partly done",
    "not-done": "Not done",
    "superseded": "Superseded",
    "withdrawn": "Withdrawn",
}
LABEL_LENGTH = 120
#: Reasons of a withdrawal that take the words with it.
_HIDING = frozenset({"privacy", "legal"})
#: Kinds whose word in a slug is an abbreviation.
KINDS = {"org": "organisation", "doc": "document"}


def face(record: Record, context: Context) -> Face:
    """Return what other records show of this one; a record out of force keeps its last label.

    What is said at a meeting is said on its day, where the source gives no other.
    """
    if not record.versions or hidden(record):  # others name it, all the same
        label = f"{KINDS.get(record.kind, record.kind)} (withheld)"
        return Face(None, label, record.state, record.merged_into, None)
    fields = record.fields or _last_fields(record)
    if record.kind == "figure" and record.fields:
        fields = {**fields, "qualifier": qualifier(record)}
    meeting = context.face(slug) if (slug := context.resolve(fields.get("meeting"))) else None
    said = meeting.day if meeting and record.kind == "statement" else None
    return Face(
        subkind=None
        if record.kind in ("person", "place", "topic")
        else _subkind(record.kind, fields),
        label=shorten(_label(record.kind, fields, context.label) or record.id),
        state=record.state,
        merged_into=record.merged_into,
        day=day(record.kind, fields) or said,
        topics=topics(record, context) if record.kind == "commitment" else (),
    )


def hidden(record: Record) -> bool:
    """Tell whether a record was withdrawn for privacy's or the law's sake, which takes its name from all that name it."""
    return record.state != "current" and any(
        made.in_force and made.kind in ("retracted", "restored") and made.reason in _HIDING
        for made in record.corrections
    )


def topics(record: Record, context: Context) -> tuple[str, ...]:
    """Return the topics a record belongs to, each once; an outcome belongs to its commitment's as well."""
    if record.state != "current":
        return ()
    found = list(map(context.resolve, record.fields.get("topics", ())))
    commitment = context.resolve(record.fields.get("commitment"))
    if commitment and (face := context.face(commitment)):
        found += face.topics
    return tuple(dict.fromkeys(filter(None, found)))


def day(kind: str, fields: dict[str, Any]) -> str | None:
    """Return the EDTF date a record stands at: the day it was published, held, said."""
    when = fields.get(_DATED.get(kind, ""))
    return when.get("edtf") if isinstance(when, dict) else None


def shorten(text: str, length: int = LABEL_LENGTH) -> str:
    """Cut text at a word, with an ellipsis, to at most ``length`` characters."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _subkind(kind: str, fields: dict[str, Any]) -> str | None:
    value = fields.get(
        {"tenure": "title_as_stated", "statement": "mode", "outcome": "result"}.get(kind, "kind")
    )
    return value if isinstance(value, str) else None


def _label(kind: str, fields: dict[str, Any], label_of: Callable[[str | None], str]) -> str:
    get = fields.get
    match kind:
        case "person" | "org" | "post" | "place" | "topic" | "measure":
            return str(get("name") or "")
        case "source":
            return str(get("title") or _issue(fields) or get("url") or "")
        case "doc":
            return str(get("title") or "")
        case "tenure":
            body = label_of(get("organisation")) if get("organisation") else None
            title = ", ".join(filter(None, [get("title_as_stated"), body]))
            return f"{label_of(get('person'))}: {title}"
        case "meeting":
            status = get("status")
            what = ", ".join(filter(None, [get("kind") or "meeting", day(kind, fields)]))
            due = "" if status in (None, "held") else f" ({status})"
            return f"{label_of(get('organisation'))}: {what}{due}"
        case "statement":
            return f"{label_of(get('speaker'))}: {get('gist') or ''}"
        case "development":
            return str(get("what") or "")
        case "commitment":
            return f"{get('what') or ''} ({label_of(get('obliged'))})"
        case "outcome":
            return f"{_RESULTS.get(get('result') or '', '')}: {label_of(get('commitment'))}"
        case _:
            exact = (get("qualifier") or "").replace("-", " ")
            number = " ".join(filter(None, [exact, amount(get("value"), get("unit"))]))
            return f"{label_of(get('measure'))}: {number}"


def _issue(fields: dict[str, Any]) -> str | None:
    """Return where on the web a source without a title was published, and on which day: that can be said aloud, a URL not.

    Not by whom: sources are folded first, and who published them has no label yet.
    """
    when = day("source", fields)
    try:
        host = urlsplit(str(fields.get("url") or "")).hostname
    except ValueError:  # a port or an IPv6 address that is none
        return None
    return f"{host.removeprefix('www.')}, {when}" if host and when else None


def welsh_title(record: Record, label: str) -> str | None:
    """Return the label of a source whose own title is in Welsh; None for all else."""
    fields = record.fields or _last_fields(record)
    if record.kind == "source" and fields.get("lang") == "cy" and fields.get("title"):
        return label
    return None


#: Units that have a sign, and where it stands.
_SIGNS = {"GBP": "£{}", "percent": "{}%"}


def amount(value: float | None, unit: str | None) -> str:
    """Return a number with its unit as people read it: £1,679,000, 246 children."""
    whole = value is None or value == int(value)
    number = (
        "" if value is None else f"{value:,.10g}" if whole or unit != "GBP" else f"{value:,.2f}"
    )
    if number and unit in _SIGNS:
        return _SIGNS[unit].format(number).replace("£-", "-£")
    return " ".join(filter(None, [number, unit]))


def qualifier(record: Record) -> str | None:
    """Return how exact a figure's number is, as a source of that very number says it.

    Fields are chosen one by one, but "more than" belongs to the number of which it was said.
    """
    if "qualifier" not in record.fields:
        return None
    gone = ("amended", "retracted", "contradicted")
    amends = {made.event: made.target for made in record.corrections if made.kind == "amended"}
    told: dict[str, dict[int, Any]] = {"value": {}, "qualifier": {}}
    for claim in record.claims:
        if claim.field in told and claim.standing not in gone:
            told[claim.field][amends.get(claim.event) or claim.event] = claim.value
    number = record.fields.get("value")
    said = {
        seq: word for seq, word in told["qualifier"].items() if told["value"].get(seq) == number
    }
    last: str | None = said[max(said)] if said else None
    return said.get(record.origins.get("qualifier", -1), last)


def _last_fields(record: Record) -> dict[str, Any]:
    """Return the fields of the last version that had any: a retracted record is still called something."""
    for version in reversed(record.versions):
        if version.data.get("state") == "current":
            return dict(version.data)
    return {}
