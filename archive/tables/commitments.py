"""What was promised or required, by when in each reading, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from archive.folding.deadlines import as_edtf, due, due_over
from archive.folding.record import Record
from archive.table import REF, Column, Context, Row, Table, View, dated, dated_columns
from events import edtf


def _commitment(record: Record, context: Context) -> Iterable[Row]:
    if record.kind != "commitment" or record.state != "current":
        return
    said = record.fields
    outcome = record.outcome or {}
    low, high = due_over(item.value for item in record.readings)
    yield {
        "id": record.id,
        "what": said.get("what"),
        "kind": said.get("kind"),
        "obliged_id": context.resolve(said.get("obliged")),
        "owed_to_id": context.resolve(said.get("owed_to")),
        "made_in_id": context.resolve(said.get("made_in")),
        "after_id": context.resolve(said.get("after")),
        "condition": said.get("condition"),
        "due_earliest": low,
        "due_latest": high,
        **dated("done", outcome.get("happened")),
        "result": outcome.get("result"),
        "finding": outcome.get("finding"),
        "found_by_id": context.resolve(outcome.get("found_by")),
        "outcome_id": outcome.get("id"),
    }


COMMITMENTS = Table(
    name="commitments",
    about="What somebody promised, or was required, to do. See commitment_status for what became of it.",
    columns=(
        Column("id", f"TEXT PRIMARY KEY {REF.removeprefix('TEXT ')}", "Slug of the commitment"),
        Column("what", "TEXT", "What is to be done, in our own words"),
        Column("kind", "TEXT", "statutory, required, promised, scheduled, expected or aspiration"),
        Column("obliged_id", REF, "Who is to do it"),
        Column("owed_to_id", REF, "To whom it is owed"),
        Column("made_in_id", REF, "The document, meeting or statement in which it was made"),
        Column("after_id", REF, "What must happen first"),
        Column("condition", "TEXT", "On what it depends"),
        Column("due_earliest", "TEXT", "Earliest day on which any reading lets it fall due"),
        Column("due_latest", "TEXT", "Latest day on which any reading lets it fall due"),
        *dated_columns("done", "When the recorded outcome came about"),
        Column(
            "result",
            "TEXT",
            "done, partly-done, not-done, superseded or withdrawn; empty: no outcome is recorded",
        ),
        Column("finding", "TEXT", "What was found about the outcome, in our own words"),
        Column("found_by_id", REF, "Who found that"),
        Column("outcome_id", REF, "The record of the outcome"),
    ),
    kind="commitment",
    rows=_commitment,
    indexes=(("obliged_id",), ("due_latest",)),
    label="what",
    facets=("kind", "result", "obliged_id"),
)


def _readings(record: Record, context: Context) -> Iterable[Row]:
    if record.kind != "commitment" or record.state != "current":
        return
    for number, item in enumerate(record.readings):
        low, high = due(item.value)
        rule = item.value.get("rule") or {}
        on = item.value.get("on") or {}
        yield {
            "commitment_id": record.id,
            "number": number,
            "label": item.value.get("label"),
            "due": on.get("edtf") or as_edtf(edtf.Bounds(low, high)),
            "due_earliest": low,
            "due_latest": high,
            "n": rule.get("n"),
            "unit": rule.get("unit"),
            "calendar": rule.get("calendar"),
            "counts_from": rule.get("from"),
            "count_rule": rule.get("count", "after-day") if rule else None,
            "source_id": context.resolve(item.source),
            "event": item.event,
        }


READINGS = Table(
    name="readings",
    about="Each way a source lets a deadline be read, with the day it then falls on.",
    columns=(
        Column("commitment_id", f"{REF} NOT NULL", "The commitment"),
        Column("number", "INTEGER NOT NULL", "Its place among the readings, from 0"),
        Column("label", "TEXT", "The reading in words"),
        *dated_columns("due", "The day it falls due on this reading"),
        Column("n", "INTEGER", "Number of units counted, where the deadline is a count"),
        Column("unit", "TEXT", "working-day, day, week, month or year"),
        Column(
            "calendar",
            "TEXT",
            "Which working days count: wales, wales-christmas-eve or united-kingdom",
        ),
        Column("counts_from", "TEXT", "EDTF date from which it is counted"),
        Column(
            "count_rule", "TEXT", "after-day: the day after is day 1; from-day: the day itself is"
        ),
        Column("source_id", REF, "The source that gives this reading"),
        Column("event", "INTEGER NOT NULL", "Number of the event that records it"),
    ),
    constraints=("PRIMARY KEY (commitment_id, number)",),
    kind="commitment",
    rows=_readings,
    owner="commitment_id",
    indexes=(("source_id",),),
    facets=("unit", "calendar"),
)


def _outcome(record: Record, context: Context) -> Iterable[Row]:
    if record.kind != "outcome" or record.state != "current":
        return
    said = record.fields
    yield {
        "id": record.id,
        "commitment_id": context.resolve(said.get("commitment")),
        "result": said.get("result"),
        **dated("happened", said.get("happened")),
        "finding": said.get("finding"),
        "found_by_id": context.resolve(said.get("found_by")),
    }


OUTCOMES = Table(
    name="outcomes",
    about="What became of commitments, one row each; the newest stands in commitments as well.",
    columns=(
        Column("id", f"TEXT PRIMARY KEY {REF.removeprefix('TEXT ')}", "Slug of the outcome"),
        Column("commitment_id", REF, "The commitment"),
        Column("result", "TEXT", "done, partly-done, not-done, superseded or withdrawn"),
        *dated_columns("happened", "When it came about"),
        Column("finding", "TEXT", "What was found, in our own words"),
        Column("found_by_id", REF, "Who found that"),
    ),
    kind="outcome",
    rows=_outcome,
    indexes=(("commitment_id",),),
    facets=("result",),
)

TABLES = (COMMITMENTS, READINGS, OUTCOMES)

_STATUS_COLUMNS = (
    *(column for column in COMMITMENTS.columns if column.name not in ("after_id", "condition")),
    Column(
        "status", "", "due, met, late, missed, unknown, depends on reading, superseded or undatable"
    ),
)
#: The status ages by itself: only this view asks for today's date, no stored row does.
_STATUS = f"""WITH verdicts AS (
  SELECT c.id, CASE
    WHEN c.kind = 'aspiration' THEN 'undatable'
    WHEN c.result IN ('superseded', 'withdrawn') THEN 'superseded'
    WHEN c.result = 'done' AND r.due_latest IS NULL THEN 'met'
    WHEN c.result = 'done' AND c.done_latest <= r.due_latest THEN 'met'
    WHEN c.result = 'done' AND c.done_earliest > r.due_latest THEN 'late'
    WHEN c.result = 'done' THEN 'unknown'
    WHEN r.due_latest IS NULL THEN 'undatable'
    WHEN r.due_latest >= date('now') THEN 'due'
    WHEN c.result = 'not-done' THEN 'missed'
    ELSE 'unknown' END AS verdict
  FROM commitments c LEFT JOIN readings r ON r.commitment_id = c.id
)
SELECT {", ".join(f"c.{column.name}" for column in _STATUS_COLUMNS[:-1])},
  (SELECT CASE WHEN min(verdict) < max(verdict) THEN 'depends on reading' ELSE max(verdict) END
     FROM verdicts v WHERE v.id = c.id) AS status
FROM commitments c"""

STATUS = View(
    name="commitment_status",
    about="Each commitment with its status, worked out per reading on the day you look. No recorded outcome means"
    " unknown, never missed; an aspiration is never scored.",
    columns=_STATUS_COLUMNS,
    query=_STATUS,
    sort_desc="due_latest",
    facets=("status", "kind", "obliged_id"),
)
