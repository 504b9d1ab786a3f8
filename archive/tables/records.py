"""The supertable: every record there is or ever was, under its slug."""

from __future__ import annotations

from collections.abc import Iterable

from archive.folding.labels import hidden, welsh_title
from archive.folding.record import Record
from archive.table import REF, Column, Context, Row, Table, dated, dated_columns


def rows(record: Record, context: Context) -> Iterable[Row]:
    """Return the one row of a record; it stays when the record is retracted or merged."""
    face = context.face(record.id)
    assert face is not None
    names = (item.value.get("name") for item in record.names if _official_welsh(item.value))
    welsh = next(filter(None, names), None) or welsh_title(record, face.label)
    for item in record.translations:
        if item.value.get("lang") == "cy" and item.value.get("path") in _LABEL_PATHS:
            welsh = item.value.get("text")
    yield {
        "id": record.id,
        "kind": record.kind,
        "subkind": face.subkind,
        "label": face.label,
        "label_cy": None if hidden(record) else welsh,
        "state": record.state,
        "merged_into_id": record.merged_into,
        **dated("day", face.day),
        "source_count": len(record.supporting),
        "public_from": record.public_from,
        "known_from": record.known_from,
        "changed_at": record.changed_at,
        "first_event": record.first_event if record.versions else None,
        "last_event": max(record.undone, default=None),
    }


_LABEL_PATHS = ("/name", "/title", "/what", "/gist")


def _official_welsh(name: dict[str, object]) -> bool:
    return name.get("lang") == "cy" and name.get("kind") in ("official", "known-as")


TABLE = Table(
    name="records",
    about="Every record, whatever its kind: the table all others refer to. A record that was retracted"
    " or merged keeps its row and its slug for ever.",
    columns=(
        Column("id", "TEXT PRIMARY KEY", "Slug, e.g. person/ali-bulman; never reused"),
        Column(
            "kind",
            "TEXT NOT NULL",
            "source, person, org, post, place, topic, measure, tenure, meeting, doc, statement, development, commitment, outcome or figure",
        ),
        Column(
            "subkind",
            "TEXT",
            "Kind within the kind, e.g. news for a source, decision for a development",
        ),
        Column(
            "label",
            "TEXT NOT NULL",
            "What to call it, in English, cut at 120 characters; a source by its own title; by its kind where that was taken away",
        ),
        Column(
            "label_cy",
            "TEXT",
            "What to call it in Welsh, where a Welsh name or translation is recorded, or it is a source with a Welsh title",
        ),
        Column(
            "state",
            "TEXT NOT NULL CHECK(state IN ('current', 'retracted', 'merged'))",
            "current; retracted (no event stands for it any more); merged (see merged_into_id)",
        ),
        Column("merged_into_id", REF, "The record this slug leads to since a merge"),
        *dated_columns(
            "day", "The date the record stands at (published, held, said, happened, as of)"
        ),
        Column("source_count", "INTEGER NOT NULL", "Number of different sources that support it"),
        Column(
            "public_from",
            "TEXT",
            "The public clock: by this day a source had certainly said it; empty when no source is dated",
        ),
        Column(
            "known_from", "TEXT NOT NULL", "The archive's clock: when it was first recorded (UTC)"
        ),
        Column("changed_at", "TEXT NOT NULL", "When an event last changed it (UTC)"),
        Column(
            "first_event",
            "INTEGER",
            "Number of the first event about it; empty where none can be read any more",
        ),
        Column(
            "last_event",
            "INTEGER",
            "Number of the last event about it, also of one that changed nothing but its sources",
        ),
    ),
    rows=rows,
    indexes=(
        ("kind", "state", "source_count"),
        ("day_latest",),
        ("changed_at",),
        ("merged_into_id",),
        ("last_event", "first_event"),
    ),
    label="label",
    facets=("kind", "state"),
)
