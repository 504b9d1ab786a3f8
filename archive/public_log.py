"""What of the log is public: its entries and tree as tables, without what was withheld or erased.

The projector calls `write` for new events, inside of its transaction. An act makes all tables anew, so no row
written here ever changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from archive.store import Store
from archive.table import Row
from archive.tables.proof import entry_row
from events import disclosure, merkle
from events.acts import act_in
from events.log import Log

#: Entries written at a time.
PAGE = 1000


def write(log: Log, store: Store, start: int, end: int) -> None:
    """Write the entries and tree nodes of the events from ``start`` up to, but not including, ``end``."""
    acts = log.acts()
    for first in range(start, end, PAGE):
        page = list(log.entries(first, min(first + PAGE, end)))
        store.insert(
            "log_entries",
            [
                row(seq, envelope, public(disclosures, acts.hiding(seq)))
                for seq, envelope, disclosures in page
            ],
        )
        leaves = [merkle.leaf_hash(envelope) for _, envelope, _ in page]
        store.insert("log_nodes", nodes(log, first, leaves))


def row(seq: int, envelope: bytes, shown: Sequence[str]) -> Row:
    """Return the row of an entry, of which the disclosures ``shown`` are public."""
    act = act_in(seq, envelope)
    return entry_row(seq, envelope.decode("ascii"), shown, act and act.of)


def nodes(log: Log, size: int, leaves: Iterable[bytes]) -> list[Row]:
    """Return the rows of the tree's nodes that come with ``leaves`` after the first ``size``."""
    grown = merkle.grow(size, log.node, leaves)
    return [{"level": level, "idx": idx, "hash": value.hex()} for level, idx, value in grown]


def public(disclosures: list[str], hidden: Collection[str]) -> list[str]:
    """Return the disclosures that no act hides."""
    if not hidden:
        return disclosures
    return [text for text in disclosures if disclosure.digest(text) not in hidden]
