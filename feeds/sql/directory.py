"""Topics, bodies and people: lists of them, and the offices that people hold."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Iterable
from typing import Literal, NamedTuple

from feeds.sql.things import Thing, thing
from feeds.words import Words

Kind = Literal["topic", "org", "person"]


class Tenure(NamedTuple):
    """An office held; ``attested`` is the last day on which a source names the holder in it."""

    id: str
    person: str | None
    post: str | None
    organisation: str | None
    title: str | None
    started: str | None
    ended: str | None
    ended_latest: str | None
    attested: str | None


_CURRENT = "WHERE r.kind = ? AND r.state = 'current'"
_WHERE = {
    "topic": _CURRENT,
    "org": _CURRENT,
    "person": f"{_CURRENT} AND EXISTS (SELECT 1 FROM tenures h WHERE h.person_id = r.id)",
}
#: Which records are asked about.
_ASKED = "asked(id) AS (SELECT value FROM json_each(?))"
#: Of all records few are not current: those are looked up once, and not each one that is.
_GONE = "SELECT id FROM records WHERE state IN ('retracted', 'merged')"
_ABOUT = f"""WITH {_ASKED}, less(topic, number) AS (
    SELECT topic_id, count(*) FROM record_topics WHERE record_id IN ({_GONE}) GROUP BY topic_id)
  SELECT id, (SELECT count(*) FROM record_topics WHERE topic_id = id)
    - coalesce((SELECT number FROM less WHERE topic = id), 0) FROM asked"""
_TOLD = "('meeting', 'doc', 'statement', 'development', 'commitment', 'figure', 'outcome')"
#: In this order, for the other way round every event there is would be looked at.
_NAMING = f"""WITH {_ASKED}
  SELECT n.record_id, count(DISTINCT told.record_id) FROM asked
    CROSS JOIN event_records n ON n.record_id = asked.id AND n.role = 'names'
    CROSS JOIN event_records told ON told.event = n.event AND told.role = 'about'
  WHERE told.record_id NOT IN ({_GONE} AND kind IN {_TOLD})
    AND substr(told.record_id, 1, instr(told.record_id, '/') - 1) IN {_TOLD}
  GROUP BY n.record_id"""
#: The offices of people, and at bodies: that of a post at the body that the post belongs to.
_SLUGS = "(SELECT value FROM json_each(:slugs))"
_HELD = {
    "tenure": "SELECT value FROM json_each(:slugs)",
    "person": f"SELECT id FROM tenures WHERE person_id IN {_SLUGS}",
    "organisation": f"""SELECT id FROM tenures WHERE organisation_id IN {_SLUGS}
      UNION ALL SELECT h.id FROM posts o JOIN tenures h ON h.post_id = o.id AND h.organisation_id IS NULL
      WHERE o.organisation_id IN {_SLUGS}""",
}


def count(conn: sqlite3.Connection, kind: Kind) -> int:
    """Return how many of a kind `named` returns."""
    sql = f"SELECT count(*) FROM records r {_WHERE[kind]}"
    return int(conn.execute(sql, (kind,)).fetchone()[0])


def named(conn: sqlite3.Connection, kind: Kind, words: Words) -> list[Thing]:
    """Return all of a kind, by name; accents and capitals make no difference to the order.

    People are listed by the last word of their name, and only where an office of theirs is recorded.
    """
    sql = f"SELECT r.id, r.label, r.label_cy FROM records r {_WHERE[kind]}"
    rows = conn.execute(sql, (kind,)).fetchall()
    found = [thing(slug, label, welsh, words) for slug, label, welsh in rows]
    return sorted(found, key=lambda one: (order(one.label, last=kind == "person"), one.id))


def mentioned(conn: sqlite3.Connection, kind: Kind, slugs: Iterable[str]) -> dict[str, int]:
    """Return how many current records are about each of these topics, or name each of these bodies or people."""
    sql = _ABOUT if kind == "topic" else _NAMING
    return dict(conn.execute(sql, (json.dumps(list(slugs)),)).fetchall())


def one(conn: sqlite3.Connection, slug: str, words: Words) -> Thing | None:
    """Return a record under its name, or None where there is none that the archive stands by."""
    sql = "SELECT id, label, label_cy FROM records WHERE id = ? AND state = 'current'"
    row = conn.execute(sql, (slug,)).fetchone()
    return thing(row[0], row[1], row[2], words) if row else None


def kept(conn: sqlite3.Connection, slug: str) -> str | None:
    """Return the record that a merged one leads to."""
    row = conn.execute("SELECT merged_into_id FROM records WHERE id = ?", (slug,)).fetchone()
    return row[0] if row else None


def tenures(
    conn: sqlite3.Connection, of: Literal["tenure", "person", "organisation"], slugs: Iterable[str]
) -> list[Tenure]:
    """Return these offices, those of these people, or at these bodies; the latest first."""
    rows = conn.execute(
        f"""SELECT t.id, t.person_id, t.post_id, coalesce(t.organisation_id, p.organisation_id), t.title_as_stated,
             t.started, t.ended, t.ended_latest, t.attested_last
           FROM tenures t LEFT JOIN posts p ON p.id = t.post_id WHERE t.id IN ({_HELD[of]})
           ORDER BY max(coalesce(t.attested_last, ''), coalesce(t.started_earliest, ''), coalesce(t.ended_latest, '')) DESC,
             t.id""",
        {"slugs": json.dumps(list(slugs))},
    )
    return list(map(Tenure._make, rows))


def order(name: str, *, last: bool = False) -> str:
    """Return what a name is sorted by: without accents and capitals, of a person the last word first."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", name.casefold())
        if not unicodedata.combining(letter)
    )
    return f"{plain.split()[-1]} {plain}" if last and plain.split() else plain
