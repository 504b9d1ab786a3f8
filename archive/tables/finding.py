"""What people look through: the timeline and the full-text search."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archive.folding.deadlines import due_text
from archive.folding.record import Record
from archive.table import REF, Column, Context, Row, Table, bounds

#: Which dated field puts a record of a kind on the timeline, and what the line is called.
_LINES: dict[str, tuple[tuple[str, str], ...]] = {
    "meeting": (("held_on", "meeting"),),
    "doc": (("published", "document"),),
    "development": (("happened", "development"),),
    "outcome": (("happened", "outcome"),),
    "figure": (("as_of", "figure"),),
    "tenure": (("start", "took office"), ("end", "left office")),
    "org": (("founded", "set up"), ("dissolved", "wound up")),
}


def _timeline(record: Record, context: Context) -> Iterable[Row]:
    if record.state != "current":
        return
    lines = [(record.fields.get(field), kind) for field, kind in _LINES.get(record.kind, ())]
    days = [(when["edtf"], kind) for when, kind in lines if when]
    face = context.face(record.id)
    if record.kind == "statement" and face and face.day:
        days = [(face.day, "statement")]
    if record.kind == "commitment" and (day := due_text([item.value for item in record.readings])):
        days = [(day, "due")]
    for day, kind in days:
        low, high = bounds(day)
        yield {
            "record_id": record.id,
            "kind": kind,
            "day": day,
            "day_earliest": low,
            "day_latest": high,
            "year": int(low[:4]) if low and low[0] != "-" else None,
            "title": context.label(record.id),
        }


TIMELINE = Table(
    name="timeline",
    about="Everything that has a date, one line each.",
    columns=(
        Column("record_id", f"{REF} NOT NULL", "The record"),
        Column(
            "kind",
            "TEXT NOT NULL",
            "meeting, document, statement, development, due, outcome, figure, took office, left office, set up or wound up",
        ),
        Column("day", "TEXT", "The date as EDTF"),
        Column("day_earliest", "TEXT", "First possible day; empty when open"),
        Column("day_latest", "TEXT", "Last possible day; empty when open"),
        Column("year", "INTEGER", "Year of the first possible day"),
        Column("title", "TEXT", "What the line says"),
    ),
    constraints=("PRIMARY KEY (record_id, kind)",),
    rows=_timeline,
    owner="record_id",
    indexes=(("day_earliest",), ("day_latest", "kind")),
    facets=("kind", "year"),
)

#: Own-words fields that a search looks into, besides label, names and quotations.
_SEARCHED = (
    "what",
    "gist",
    "finding",
    "condition",
    "remit",
    "public_capacity",
    "counts",
    "title_as_stated",
    "disambiguation",
    "party",
)


def search_row(record: Record, context: Context) -> Row | None:
    """Return what the full-text index keeps of a current record; None for one out of force."""
    if record.state != "current":
        return None
    texts: list[Any] = [record.fields.get(name) for name in _SEARCHED]
    texts += record.fields.get("note", ())
    texts += [item.value.get("name") for item in record.names]
    texts += [item.value.get("label") for item in record.readings]
    texts += [item.value.get("text") for item in record.translations]
    texts += [proof.evidence.get("quote") for proof in record.proofs]
    texts += [(record.outcome or {}).get("finding")]
    body = dict.fromkeys(text for text in texts if isinstance(text, str))
    return {
        "record_id": record.id,
        "kind": record.kind,
        "label": context.label(record.id),
        "body": "\n".join(body),
    }


SEARCH_ABOUT = (
    "Full-text search over everything: labels, all names (misprints and former names too), our words and the"
    " short quotations. Accents are folded, so ty finds Tŷ."
)
SEARCH_COLUMNS = (
    Column("record_id", "", "The record found"),
    Column("kind", "", "Its kind"),
    Column("label", "", "What to call it"),
    Column("body", "", "The words searched"),
)
SEARCH_DDL = (
    "CREATE VIRTUAL TABLE search USING fts5("
    "record_id UNINDEXED, kind UNINDEXED, label, body, tokenize = 'unicode61 remove_diacritics 2')"
)

TABLES = (TIMELINE,)
