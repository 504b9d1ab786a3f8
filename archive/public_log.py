"""What of the log is public: its entries and tree as tables, without what was withheld or erased.

The projector calls `write` for new events, inside of its transaction. An act makes all tables anew, so no row
written here ever changes.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from archive.store import Store
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
        rows = []
        for seq, envelope, disclosures in page:
            act = act_in(seq, envelope)
            public = _public(disclosures, acts.hiding(seq))
            rows.append(entry_row(seq, envelope.decode("ascii"), public, act and act.of))
        store.insert("log_entries", rows)
        leaves = [merkle.leaf_hash(envelope) for _, envelope, _ in page]
        store.add_nodes(merkle.grow(first, log.node, leaves))


def _public(disclosures: Iterable[str], hidden: Container[str]) -> list[str]:
    return [text for text in disclosures if disclosure.digest(text) not in hidden]
