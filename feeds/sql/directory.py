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


_RECORDS = {
    "topic": "(SELECT count(*) FROM record_topics t JOIN records x ON x.id = t.record_id AND x.state = 'current'"
    " WHERE t.topic_id = r.id)",
    "org": "(SELECT count(DISTINCT a.record_id) FROM event_records n JOIN event_records a ON a.event = n.event"
    " AND a.role = 'about' JOIN records x ON x.id = a.record_id AND x.state = 'current'"
    " AND x.kind IN ('meeting', 'doc', 'statement', 'development', 'commitment', 'figure', 'outcome')"
    " WHERE n.record_id = r.id AND n.role = 'names')",
}
_RECORDS["person"] = _RECORDS["org"]


def listed(
    conn: sqlite3.Connection, kind: Literal["topic", "org", "person"], words: Words
) -> list[Listed]:
    """Return all of a kind, by name; accents and capitals make no difference to the order.

    People are listed by the last word of their name, and only where an office of theirs is recorded.
    """
    held = (
        "AND EXISTS (SELECT 1 FROM tenures h WHERE h.person_id = r.id)" if kind == "person" else ""
    )
    rows = conn.execute(
        f"SELECT r.id, r.label, r.label_cy, {_RECORDS[kind]} FROM records r"
        f" WHERE r.kind = ? AND r.state = 'current' {held}",
        (kind,),
    )
    found = [
        Listed(slug, thing(slug, label, welsh, words), number)
        for slug, label, welsh, number in rows.fetchall()
    ]
    return sorted(found, key=lambda one: (_key(one.thing.label, last=kind == "person"), one.id))


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


def _key(name: str, *, last: bool) -> str:
    """Return what a name is sorted by."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", name.casefold())
        if not unicodedata.combining(letter)
    )
    return f"{plain.split()[-1]} {plain}" if last and plain.split() else plain
