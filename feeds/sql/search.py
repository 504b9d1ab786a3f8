"""Full-text search; the index is FTS5 with accents folded."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import unicodedata
from collections import defaultdict
from typing import NamedTuple

from feeds.dossier import PRIVATE
from feeds.xml import clean

#: What stands around what was found. No text of the archive has control characters.
BEGIN, END = "\x02", "\x03"
#: A question is cut to this many characters and words: nobody types more, and each costs time.
CHARACTERS, WORDS = 200, 16
#: Of more records that were withdrawn, merged or corrected, only those that changed last are looked at.
MOST_CHANGED = 1_000
_WORD = re.compile(r"[^\W_]")

#: What records once said: those that were withdrawn, merged or corrected and are in feeds, with their texts of each
#: version and quotation. What was taken back for privacy's or the law's sake is not among it: no word of it may lead there.
_ONCE = f"""
WITH changed AS MATERIALIZED (
  SELECT r.id, r.label FROM records r WHERE r.id IN (
      SELECT id FROM records WHERE state <> 'current' UNION SELECT record_id FROM corrections)
    AND EXISTS (SELECT 1 FROM feed_entries f WHERE f.record_id = r.id)
    AND NOT EXISTS (SELECT 1 FROM corrections c WHERE c.record_id IN (r.id, r.merged_into_id)
      AND c.in_force = 1 AND c.reason IN {PRIVATE})
  ORDER BY r.last_event DESC LIMIT {MOST_CHANGED})
SELECT id, label FROM changed
UNION SELECT c.id, j.atom FROM changed c CROSS JOIN versions v ON v.record_id = c.id, json_tree(v.data) j
  WHERE j.type = 'text' AND (j.path = '$.note' OR (j.key = 'text' AND j.path GLOB '$.translations*')
    OR j.key IN ('what', 'gist', 'finding', 'condition', 'remit', 'public_capacity', 'counts', 'title', 'title_as_stated',
      'disambiguation', 'party', 'name', 'label'))
UNION SELECT c.id, json_extract(q.value, '$.quote') FROM changed c
  CROSS JOIN event_records a ON a.record_id = c.id AND a.role = 'about'
  CROSS JOIN events e ON e.seq = a.event, json_each(e.evidence) q
  WHERE json_extract(q.value, '$.quote') IS NOT NULL
"""


class Hit(NamedTuple):
    """A record that fits; ``title`` and ``passage`` have BEGIN and END around the words found."""

    id: str
    kind: str
    title: str
    passage: str
    day: str | None
    label_cy: str | None


def canonical(asked: str) -> str:
    """Return the words to search for, in the one way in which they are written in addresses; "" for none.

    Of a word that comes twice the second stays, for the last word may be the beginning of one.
    """
    words = unicodedata.normalize("NFC", clean(asked).lower())[:CHARACTERS].split()
    kept = [word for word in words if _WORD.search(word)]
    return " ".join(list(dict.fromkeys(reversed(kept)))[::-1][:WORDS])


def question(asked: str) -> str:
    """Return what a reader typed as an FTS5 query: every word quoted, so that none is an operator.

    The last word may be the beginning of one. Empty where there is no letter and no digit.
    """
    quoted = ['"{}"'.format(word.replace('"', '""')) for word in canonical(asked).split()]
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


def once(conn: sqlite3.Connection, asked: str) -> list[str]:
    """Return the records that were withdrawn, merged or corrected in which all words ever occurred.

    The index of the published file has what records say now. These are few: they are indexed for this question.
    """
    said: dict[str, list[str]] = defaultdict(list)
    for slug, text in conn.execute(_ONCE):
        said[slug].append(text)
    with contextlib.closing(sqlite3.connect(":memory:")) as past:
        past.execute(
            "CREATE VIRTUAL TABLE once USING fts5(id UNINDEXED, said, tokenize = 'unicode61 remove_diacritics 2')"
        )
        past.executemany(
            "INSERT INTO once VALUES (?, ?)",
            ((slug, "\n".join(texts)) for slug, texts in said.items()),
        )
        found = past.execute("SELECT id FROM once WHERE once MATCH ?", (question(asked),))
        return [slug for (slug,) in found]
