"""What records are called, in the reader's language where a name in it is recorded."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from feeds import queries
from feeds.facts import called
from feeds.texts import language_of
from feeds.words import Words


class Thing(NamedTuple):
    """A record as a list names it; ``lang`` is set where its name is in another language than the page.

    Where only a part is, as of a meeting, whose day is put into words, the name is a `Text` in which that is marked.
    """

    id: str
    label: str
    lang: str | None = None


def things(
    conn: sqlite3.Connection, slugs: Iterable[str | None], words: Words
) -> dict[str | None, Thing]:
    """Return records by slug; a merged one as the kept one, and what is not recorded is left out."""
    rows = conn.execute(
        f"""SELECT r.id, coalesce(k.id, r.id), {queries.called("label")}, {queries.called("label_cy")}
            FROM records r LEFT JOIN records k ON k.id = r.merged_into_id
            WHERE r.id IN (SELECT value FROM json_each(?))""",
        (json.dumps(sorted(set(filter(None, slugs)))),),
    )
    return {slug: thing(kept, label, welsh, words) for slug, kept, label, welsh in rows.fetchall()}


def thing(slug: str, label: str | None, welsh: str | None, words: Words) -> Thing:
    """Return a record under its name."""
    said = called(slug, label, words, welsh)
    lang = language_of(said, words)
    if lang is None:
        return Thing(slug, said)
    return Thing(slug, str(said), lang if lang != words.language else None)


def today(conn: sqlite3.Connection) -> str:
    """Return today (UTC) by the clock that the status of a commitment goes by."""
    (day,) = conn.execute("SELECT date('now')").fetchone()
    return str(day)
