"""The public log itself, so that whoever has archive.db can check it without asking us anything.

C2SP tlog-tiles and tlog-checkpoint are served from these tables; `archive verify archive.db` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from archive.folding.record import Record
from archive.table import Column, Context, Row, Table


def _none(_record: Record, _context: Context) -> Iterable[Row]:
    """These tables have rows per event, not per record."""
    return ()


LOG_ENTRIES = Table(
    name="log_entries",
    about="The log as it is hashed: the envelope of every event, and what is public of its contents. SHA-256"
    " over a zero byte and the envelope is the leaf hash of the event in the Merkle tree (RFC 6962).",
    columns=(
        Column(
            "seq",
            "INTEGER PRIMARY KEY REFERENCES events(seq) DEFERRABLE INITIALLY DEFERRED",
            "Number of the event",
        ),
        Column(
            "envelope",
            "TEXT NOT NULL",
            "The envelope, byte for byte as it was hashed; never changed",
        ),
        Column(
            "disclosures",
            "TEXT NOT NULL",
            "JSON array of the public disclosures: salt, name and value of a field, whose SHA-256 stands in"
            " _sd of the envelope (RFC 9901). One that is missing was withheld or erased by an act",
        ),
        Column(
            "acts_on",
            "INTEGER",
            "For an act that withheld, released or erased: the event whose disclosures it names",
        ),
    ),
    rows=_none,
    per_record=False,
    owner="seq",
    indexes=(("acts_on",),),
    sort_desc="seq",
)

LOG_NODES = Table(
    name="log_nodes",
    about="The Merkle tree over the envelopes (RFC 6962): every perfect subtree. Level 0 are the leaves.",
    columns=(
        Column(
            "level", "INTEGER NOT NULL", "Its height: it stands over 2 to the power of this leaves"
        ),
        Column("idx", "INTEGER NOT NULL", "Its place in its level, from 0"),
        Column("hash", "TEXT NOT NULL", "Its SHA-256, in hexadecimal"),
    ),
    constraints=("PRIMARY KEY (level, idx)",),
    rows=_none,
    per_record=False,
    owner="idx",
)

CHECKPOINTS = Table(
    name="checkpoints",
    about="The newest signed head of the log (C2SP tlog-checkpoint). Save it: a later one that does not"
    " extend it proves that the past was changed. How to check it: docs/trust.md.",
    columns=(
        Column("size", "INTEGER PRIMARY KEY", "Number of events it was signed over"),
        Column("note", "TEXT NOT NULL", "The signed note: origin, size, root, signatures"),
        Column("vkey", "TEXT NOT NULL", "The key to check it with, as a C2SP verifier key"),
    ),
    rows=_none,
    per_record=False,
    owner="size",
)

TABLES = (LOG_ENTRIES, LOG_NODES, CHECKPOINTS)


def entry_row(seq: int, envelope: str, disclosures: Sequence[str], acts_on: int | None) -> Row:
    """Return the row of an event; ``disclosures`` are those that are public."""
    return {
        "seq": seq,
        "envelope": envelope,
        "disclosures": msgspec.json.encode(disclosures).decode(),
        "acts_on": acts_on,
    }
