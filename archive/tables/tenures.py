"""Who held which post, or belonged to which body, and how sure we are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from archive.folding.record import Record
from archive.table import REF, Column, Context, Row, Table, dated, dated_columns
from events import edtf


def rows(record: Record, context: Context) -> Iterable[Row]:
    """Return the one row of a current tenure."""
    if record.kind != "tenure" or record.state != "current":
        return
    said = record.fields
    attested = [edtf.bounds(when["edtf"]) for when in said.get("attested", ())]
    first = min((high for _, high in attested if high), default=None)
    last = max((low for low, _ in attested if low), default=None)
    sure = first is not None and last is not None and first <= last
    ended = said.get("end")
    yield {
        "id": record.id,
        "person_id": context.resolve(said.get("person")),
        "post_id": context.resolve(said.get("post")),
        "organisation_id": context.resolve(said.get("organisation")),
        "title_as_stated": said.get("title_as_stated"),
        "interim": int(said.get("interim", False)),
        "remit": said.get("remit"),
        "party": said.get("party"),
        "area_id": context.resolve(said.get("area")),
        **dated("started", said.get("start")),
        **dated("ended", ended),
        "ended_basis": ended.get("basis") if ended else None,
        "attested_first": first if sure else None,
        "attested_last": last if sure else None,
    }


def implied_ends(
    tenures: Sequence[dict[str, Any]], seats: int
) -> dict[str, tuple[str | None, str | None]]:
    """Return ``{tenure id: (ended_latest, ended_basis)}`` for one post's tenures without a stated end.

    On a post of one seat a successor's certain start bounds the tenure before it. Silence alone never
    ends, nor continues, a tenure.
    """
    found: dict[str, tuple[str | None, str | None]] = {}
    for tenure in tenures:
        if tenure["ended"] is not None:
            continue
        found[tenure["id"]] = (None, None)
        held = max(
            filter(None, (tenure["attested_last"], tenure["started_earliest"])), default=None
        )
        if seats != 1 or held is None:
            continue
        starts = [
            other["started_latest"]
            for other in tenures
            if other["person_id"] != tenure["person_id"]
            and other["started_earliest"] is not None
            and other["started_latest"] is not None
            and other["started_latest"] >= held
            and other["started_earliest"] > (tenure["started_latest"] or "")
        ]
        if starts:
            found[tenure["id"]] = (min(starts), "implied by successor")
    return found


TABLE = Table(
    name="tenures",
    about="Who held a post or sat on a body. News rarely gives a start or an end: then only the days on"
    " which somebody is attested in the post are certain, and the rest is possible.",
    columns=(
        Column("id", f"TEXT PRIMARY KEY {REF.removeprefix('TEXT ')}", "Slug of the tenure"),
        Column("person_id", REF, "The holder"),
        Column("post_id", REF, "The post; empty for a plain membership"),
        Column("organisation_id", REF, "The body, for a membership"),
        Column("title_as_stated", "TEXT", "The title as the sources give it"),
        Column("interim", "INTEGER NOT NULL", "1 when held for the time being"),
        Column("remit", "TEXT", "What the holder answered for, where it changed"),
        Column("party", "TEXT", "Party or group, only where a source states it"),
        Column("area_id", REF, "Ward or area represented, only where a source states it"),
        *dated_columns("started", "When it began"),
        *dated_columns("ended", "When it ended"),
        Column(
            "ended_basis",
            "TEXT",
            "How the end is known: a date's basis, or 'implied by successor' (only ended_latest is then given)",
        ),
        Column(
            "attested_first",
            "TEXT",
            "First day on which the holder is certainly attested; empty when no attestation is exact enough",
        ),
        Column("attested_last", "TEXT", "Last day on which the holder is certainly attested"),
    ),
    kind="tenure",
    rows=rows,
    indexes=(("post_id",), ("person_id",), ("organisation_id",)),
    label="title_as_stated",
    facets=("interim", "party", "organisation_id"),
)
