"""Results of checks that everything is still what it was: public, and no fold of events.

They come from the home's own file of results (docs/decisions/0007-fixity.md), so two builds are equal when log
and file are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from archive.folding.record import Record
from archive.table import Column, Context, Row, Table


def _none(_record: Record, _context: Context) -> Iterable[Row]:
    """Rows are per check, not per record."""
    return ()


def rows(results: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return the rows of results as they are kept, oldest first."""
    return [{"number": number, **result} for number, result in enumerate(results, 1)]


TABLE = Table(
    name="fixity_checks",
    about="Every check of whether all is still what it was: each hash of the log, of a backup, or of what a backup"
    " brings back, computed anew. Anybody who has a head of that size can compare the root.",
    columns=(
        Column("number", "INTEGER PRIMARY KEY", "Its place in the file of results, from 1"),
        Column("at", "TEXT NOT NULL", "When it was checked (UTC)"),
        Column(
            "checked",
            "TEXT NOT NULL",
            "archive (all of it), backup (when it was made), or restore (the way back, tried out)",
        ),
        Column("events", "INTEGER NOT NULL", "Number of events checked"),
        Column("root", "TEXT NOT NULL", "Merkle root over these events (RFC 6962), in hexadecimal"),
        Column("passed", "TEXT NOT NULL", "Names of the checks that found everything in order"),
        Column("failed", "TEXT NOT NULL", "Names of those that did not; empty: all is well"),
    ),
    rows=_none,
    per_record=False,
    owner="number",
    sort_desc="number",
    facets=("checked", "failed"),
)
