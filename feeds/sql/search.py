"""Full-text search; the index is FTS5 with accents folded."""

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

#: What stands around what was found. No text of the archive has control characters.
BEGIN, END = "\x02", "\x03"
#: A question is cut to this many characters and words: nobody types more, and each costs time.
CHARACTERS, WORDS = 200, 16
_WORD = re.compile(r"[^\W_]")


class Hit(NamedTuple):
    """A record that fits; ``title`` and ``passage`` have BEGIN and END around the words found."""

    id: str
    kind: str
    title: str
    passage: str
    day: str | None
    label_cy: str | None


def question(asked: str) -> str:
    """Return what a reader typed as an FTS5 query: every word quoted, so that none is an operator.

    The last word may be the beginning of one. Empty where there is no letter and no digit.
    """
    words = [word for word in asked[:CHARACTERS].split() if _WORD.search(word)][:WORDS]
    quoted = ['"{}"'.format(word.replace('"', '""').replace("\0", "")) for word in words]
    return " ".join(quoted) + "*" if quoted else ""


def search(conn: sqlite3.Connection, asked: str, limit: int) -> list[Hit]:
    """Return the current records in which all words occur, the best match first: a title weighs most."""
    query = question(asked)
    if not query:
        return []
    rows = conn.execute(
        """SELECT s.record_id, s.kind, highlight(search, 2, char(2), char(3)),
             snippet(search, 3, char(2), char(3), '…', 28), r.day, r.label_cy
           FROM search s JOIN records r ON r.id = s.record_id AND r.state = 'current'
           WHERE search MATCH ? ORDER BY bm25(search, 0, 0, 8, 1), s.record_id LIMIT ?""",
        (query, limit),
    )
    return list(map(Hit._make, rows))
