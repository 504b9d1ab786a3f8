"""Every claim, conflict, correction and version: what the archive said, says, and why it changed."""

from __future__ import annotations

from collections.abc import Iterable

from archive.folding.record import Record
from archive.table import REF, Column, Context, Row, Table, as_json, as_text

_RECORD = Column("record_id", f"{REF} NOT NULL", "The record")


def _assertions(record: Record, context: Context) -> Iterable[Row]:
    first: dict[tuple[str, ...], str | None] = {}  # an event's claims mostly have the same sources
    for number, claim in enumerate(record.claims):
        if claim.sources not in first:
            first[claim.sources] = context.resolve(next(iter(claim.sources), None))
        yield {
            "record_id": record.id,
            "number": number,
            "field": claim.field,
            "value": as_text(claim.value),
            "event": claim.event,
            "source_id": first[claim.sources],
            "standing": claim.standing,
            "known_from": claim.known_from,
            "known_to": claim.known_to,
            "public_from": claim.public_from,
        }


ASSERTIONS = Table(
    name="assertions",
    about="Every claim that was ever recorded for a field, one row each, with its standing now.",
    columns=(
        _RECORD,
        Column("number", "INTEGER NOT NULL", "Its place among the record's claims, from 0"),
        Column("field", "TEXT NOT NULL", "The field claimed"),
        Column("value", "TEXT", "The value: text, a date as EDTF, or JSON"),
        Column("event", "INTEGER NOT NULL", "Number of the event that claims it"),
        Column("source_id", REF, "The first source that supports it"),
        Column(
            "standing",
            "TEXT NOT NULL",
            "chosen, agrees, outranked (another is shown), disputed (openly), contradicted (rightly"
            " contested), amended, retracted",
        ),
        Column("known_from", "TEXT NOT NULL", "When the archive recorded it (UTC)"),
        Column("known_to", "TEXT", "When the archive stopped saying it; empty while it still does"),
        Column("public_from", "TEXT", "By this day one of its sources had certainly said it"),
    ),
    constraints=("PRIMARY KEY (record_id, number)",),
    rows=_assertions,
    owner="record_id",
    indexes=(("field",), ("public_from", "record_id", "number"), ("source_id",)),
    facets=("field",),
)


def _conflicts(record: Record, context: Context) -> Iterable[Row]:
    if record.state != "current":
        return
    for number, conflict in enumerate(record.conflicts):
        yield {
            "record_id": record.id,
            "number": number,
            "field": conflict.field,
            "value_a": as_text(conflict.value_a),
            "source_a": context.resolve(conflict.source_a),
            "value_b": as_text(conflict.value_b),
            "source_b": context.resolve(conflict.source_b),
            "state": conflict.state,
        }


CONFLICTS = Table(
    name="conflicts",
    about="Where claims cannot both be right. Kept as conflicts, never silently resolved.",
    columns=(
        _RECORD,
        Column("number", "INTEGER NOT NULL", "Its place among the record's conflicts, from 0"),
        Column("field", "TEXT NOT NULL", "The field in conflict"),
        Column("value_a", "TEXT", "The value shown"),
        Column("source_a", REF, "Who says so"),
        Column("value_b", "TEXT", "The value that contradicts it"),
        Column("source_b", REF, "Who says that"),
        Column("state", "TEXT NOT NULL", "open, or settled by an upheld or rejected dispute"),
    ),
    constraints=("PRIMARY KEY (record_id, number)",),
    rows=_conflicts,
    owner="record_id",
    indexes=(("source_a",), ("source_b",)),
    facets=("state", "field"),
)


def _corrections(record: Record, _context: Context) -> Iterable[Row]:
    for number, made in enumerate(record.corrections):
        yield {
            "record_id": record.id,
            "number": number,
            "event": made.event,
            "kind": made.kind,
            "target_event": made.target,
            "field": made.field,
            "before": as_text(made.before),
            "after": as_text(made.after),
            "reason": made.reason,
            "note": made.note,
            "corrected_at": made.corrected_at,
            "in_force": int(made.in_force),
        }


CORRECTIONS = Table(
    name="corrections",
    about="What was corrected, from what to what, and why. Reasons keep our errors, the sources' errors and"
    " better evidence apart; that the world changed is never a correction.",
    columns=(
        _RECORD,
        Column("number", "INTEGER NOT NULL", "Its place among the record's corrections, from 0"),
        Column("event", "INTEGER NOT NULL", "Number of the correcting event"),
        Column("kind", "TEXT NOT NULL", "amended, retracted, restored, disputed or merged"),
        Column("target_event", "INTEGER", "Number of the event corrected"),
        Column(
            "field", "TEXT", "JSON pointer of the field; empty when the whole event is concerned"
        ),
        Column("before", "TEXT", "What stood there: text, a date as EDTF, or JSON"),
        Column("after", "TEXT", "What stands there now; for a dispute its state"),
        Column(
            "reason",
            "TEXT",
            "archive-error, source-error, better-evidence, interpretation, duplicate, privacy or legal",
        ),
        Column("note", "TEXT", "Why, in a sentence"),
        Column("corrected_at", "TEXT NOT NULL", "When the correction was recorded (UTC)"),
        Column("in_force", "INTEGER NOT NULL", "1, or 0 when the correction itself was retracted"),
    ),
    constraints=("PRIMARY KEY (record_id, number)",),
    rows=_corrections,
    owner="record_id",
    indexes=(("corrected_at",), ("event",)),
    facets=("kind", "reason"),
)


def _versions(record: Record, _context: Context) -> Iterable[Row]:
    for version in record.versions:
        yield {
            "record_id": record.id,
            "version": version.version,
            "event": version.event,
            "known_from": version.known_from,
            "known_to": version.known_to,
            "data": as_json(version.data),
        }


VERSIONS = Table(
    name="versions",
    about="Each record as the archive knew it from one change to the next.",
    columns=(
        _RECORD,
        Column("version", "INTEGER NOT NULL", "1 for the first"),
        Column("event", "INTEGER NOT NULL", "Number of the event that made this version"),
        Column("known_from", "TEXT NOT NULL", "From when the archive knew it so (UTC)"),
        Column("known_to", "TEXT", "Until when; empty for the present version"),
        Column("data", "TEXT NOT NULL", "The whole record as JSON"),
    ),
    constraints=("PRIMARY KEY (record_id, version)",),
    rows=_versions,
    owner="record_id",
    indexes=(("known_from",),),
)

TABLES = (ASSERTIONS, CONFLICTS, CORRECTIONS, VERSIONS)
