"""The published tables, one small module per family: DDL, meanings of columns, and rows of a record."""

from archive.table import Table, View
from archive.tables import (
    commitments,
    entities,
    feed_entries,
    finding,
    fixity,
    happenings,
    history,
    log,
    proof,
    records,
    removals,
    sources,
    tenures,
)

#: Every published table in the order in which it is made and listed. `search` comes besides.
TABLES: tuple[Table, ...] = (
    records.TABLE,
    *entities.TABLES,
    tenures.TABLE,
    *happenings.TABLES,
    *commitments.TABLES,
    *sources.TABLES,
    *finding.TABLES,
    *history.TABLES,
    feed_entries.TABLE,
    *log.TABLES,
    removals.TABLE,
    *proof.TABLES,
    fixity.TABLE,
)

#: Every published view.
VIEWS: tuple[View, ...] = (commitments.STATUS, sources.TOPICS)

__all__ = ["TABLES", "VIEWS", "Table", "View"]
