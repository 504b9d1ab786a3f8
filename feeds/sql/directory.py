"""Topics, bodies and people: lists of them, and the offices that people hold."""

from __future__ import annotations

import sqlite3
import unicodedata
from typing import Literal, NamedTuple

from feeds.sql.things import Thing, thing
from feeds.words import Words


class Listed(NamedTuple):
    """A topic, a body or a person, with how many current records are about it or name it."""

    id: str
    thing: Thing
    records: int


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
#: Of all records few are not current: those are looked up once, and not each one that is.
_GONE = "gone(id) AS MATERIALIZED (SELECT id FROM records WHERE state <> 'current')"
_ABOUT = f"""WITH {_GONE},
    all_of(topic, number) AS (SELECT topic_id, count(*) FROM record_topics GROUP BY topic_id),
    less(topic, number) AS (
      SELECT t.topic_id, count(*) FROM gone JOIN record_topics t ON t.record_id = gone.id GROUP BY t.topic_id)
  SELECT r.id, r.label, r.label_cy, coalesce(a.number, 0) - coalesce(l.number, 0)
  FROM records r LEFT JOIN all_of a ON a.topic = r.id LEFT JOIN less l ON l.topic = r.id"""
_NAMING = f"""WITH {_GONE},
    told(event, id) AS MATERIALIZED (
      SELECT event, record_id FROM event_records WHERE role = 'about' AND record_id NOT IN gone
        AND substr(record_id, 1, instr(record_id, '/') - 1)
          IN ('meeting', 'doc', 'statement', 'development', 'commitment', 'figure', 'outcome'))
  SELECT r.id, r.label, r.label_cy, count(DISTINCT told.id)
  FROM records r LEFT JOIN event_records n ON n.record_id = r.id AND n.role = 'names'
    LEFT JOIN told ON told.event = n.event"""


def listed(
    conn: sqlite3.Connection, kind: Literal["topic", "org", "person"], words: Words
) -> list[Listed]:
    """Return all of a kind, by name; accents and capitals make no difference to the order.

    People are listed by the last word of their name, and only where an office of theirs is recorded.
    """
    rows = conn.execute(
        f"{_ABOUT if kind == 'topic' else _NAMING} {_WHERE[kind]} GROUP BY r.id", (kind,)
    )
    found = [
        Listed(slug, thing(slug, label, welsh, words), number)
        for slug, label, welsh, number in rows.fetchall()
    ]
    return sorted(found, key=lambda one: _order(one.thing, kind))


def named(
    conn: sqlite3.Connection, kind: Literal["topic", "org", "person"], words: Words
) -> list[Thing]:
    """Return all of a kind, by name, as `listed` does, without counting what is about them."""
    sql = f"SELECT r.id, r.label, r.label_cy FROM records r {_WHERE[kind]}"
    rows = conn.execute(sql, (kind,)).fetchall()
    found = [thing(slug, label, welsh, words) for slug, label, welsh in rows]
    return sorted(found, key=lambda one: _order(one, kind))


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
    conn: sqlite3.Connection, *, person: str | None = None, organisation: str | None = None
) -> list[Tenure]:
    """Return the offices of a person, or at a body, or all; the latest first."""
    rows = conn.execute(
        """SELECT t.id, t.person_id, t.post_id, coalesce(t.organisation_id, p.organisation_id), t.title_as_stated,
             t.started, t.ended, t.ended_latest, t.attested_last
           FROM tenures t LEFT JOIN posts p ON p.id = t.post_id
           WHERE (:person IS NULL OR t.person_id = :person)
             AND (:organisation IS NULL OR coalesce(t.organisation_id, p.organisation_id) = :organisation)
           ORDER BY max(coalesce(t.attested_last, ''), coalesce(t.started_earliest, ''), coalesce(t.ended_latest, '')) DESC,
             t.id""",
        {"person": person, "organisation": organisation},
    )
    return list(map(Tenure._make, rows))


def _order(one: Thing, kind: str) -> tuple[str, str]:
    """Return what a topic, a body or a person is sorted by."""
    return _key(one.label, last=kind == "person"), one.id


def _key(name: str, *, last: bool) -> str:
    """Return what a name is sorted by."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", name.casefold())
        if not unicodedata.combining(letter)
    )
    return f"{plain.split()[-1]} {plain}" if last and plain.split() else plain
