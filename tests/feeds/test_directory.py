"""How many records are about a topic, or name a body or a person: counted all at once, and right."""

import sqlite3
from contextlib import closing
from typing import Any, Literal

import pytest

from feeds.sql import directory
from feeds.words import WORDS
from tests.feeds.conftest import PAPER, Reader, on

COUNTED = ("meeting", "doc", "statement", "development", "commitment", "figure", "outcome")


def one_by_one(conn: sqlite3.Connection, slug: str) -> int:
    """The same number, found for one by asking about each record."""
    if slug.startswith("topic/"):
        sql = "SELECT record_id FROM record_topics WHERE topic_id = ?"
    else:
        sql = """SELECT DISTINCT a.record_id FROM event_records n JOIN event_records a ON a.event = n.event
                 WHERE n.record_id = ? AND n.role = 'names' AND a.role = 'about'"""
    found = [record for (record,) in conn.execute(sql, (slug,))]
    heads = [conn.execute("SELECT kind, state FROM records WHERE id = ?", (one,)).fetchone() for one in found]  # fmt: skip
    return sum(
        state == "current" and (kind in COUNTED or slug.startswith("topic/"))
        for kind, state in heads
    )


@pytest.fixture
def conn(reader: Reader) -> Any:
    for number in range(3):
        reader.archive.record(
            "DevelopmentRecorded", PAPER, id=f"development/d{number}", new=True, what="It opens.", kind="other",
            happened=on("2031-03-05"), topics=["topic/libraries"],
            participants=[{"entity": "org/aberdulas-council", "role": "host"}, {"entity": "person/nia-prys", "role": "guest"}],
        )  # fmt: skip
    reader.retract(reader.number("development/d1"))
    reader.archive.tables()
    with closing(sqlite3.connect(reader.settings.archive_db)) as conn:
        yield conn


@pytest.mark.parametrize("kind", ["topic", "org", "person"])
@pytest.mark.parametrize("language", WORDS)
def test_what_is_withdrawn_does_not_count(
    conn: sqlite3.Connection, kind: Literal["topic", "org", "person"], language: str
) -> None:
    slugs = [one.id for one in directory.named(conn, kind, WORDS[language])]
    assert directory.count(conn, kind) == len(slugs)
    found = directory.mentioned(conn, kind, slugs)
    assert {slug: found.get(slug, 0) for slug in slugs} == {slug: one_by_one(conn, slug) for slug in slugs}  # fmt: skip
    assert max(found.values()) >= 2
    assert directory.mentioned(conn, kind, slugs[:1]) == {
        slug: number for slug, number in found.items() if slug == slugs[0]
    }
