"""What the tables are asked for a record: never words that were withdrawn for somebody's privacy."""

import sqlite3
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from feeds import queries
from feeds.settings import Settings
from feeds.sql.things import things
from feeds.words import WORDS
from tests.feeds.conftest import PAPER, Reader, on

KEPT, MERGED = "org/kept", "org/merged"
NAMES = ("Onehid", "Twohid", "Unhid", "Dauhid")


@pytest.fixture
def hidden(reader: Reader) -> Reader:
    """A body recorded twice, with Welsh names, made one, named by a development, and withdrawn for privacy's sake."""
    record = reader.archive.record
    for slug, name in ((KEPT, "Onehid Ltd"), (MERGED, "Twohid Ltd")):
        record("EntityRecorded", id=slug, new=True, kind="organisation", name=name)
        welsh = {"Onehid Ltd": "Unhid Cyf", "Twohid Ltd": "Dauhid Cyf"}[name]
        record("NameRecorded", record=slug, name=welsh, kind="official", lang="cy")
    record(
        "DevelopmentRecorded", PAPER, id="development/closed", new=True, what="A home closed", kind="other",
        happened=on("2031-01"), participants=[{"entity": MERGED, "role": "owner"}],
    )  # fmt: skip
    record("EntitiesMerged", keep=KEPT, merge=[MERGED], reason="duplicate", note="One body.")
    for (number,) in reader.archive.rows(
        "SELECT event FROM event_records a JOIN events e ON e.seq = a.event"
        " WHERE a.role = 'about' AND a.record_id IN (?, ?) AND e.type <> 'EntitiesMerged'",
        KEPT,
        MERGED,
    ):
        reader.retract(number, reason="privacy", note="By law.")
    assert dict(
        reader.archive.rows("SELECT id, state FROM records WHERE id IN (?, ?)", KEPT, MERGED)
    ) == {KEPT: "retracted", MERGED: "merged"}
    return reader


def test_a_name_withdrawn_for_privacy_is_gone_where_the_record_was_merged(
    hidden: Reader, open_site: Callable[[Settings], FlaskClient]
) -> None:
    hidden.archive.tables()
    client = open_site(hidden.settings)
    for language in WORDS:
        links = [
            *(f"feeds/all.{end}" for end in ("atom", "rss", "json")),
            WORDS[language].paths["corrections"],
            f"{WORDS[language].paths['records']}/{KEPT}",
            f"{WORDS[language].paths['records']}/development/closed",
        ]
        for link in links:
            answer = client.get(f"/{language}/{link}")
            assert answer.status_code == 200, link
            assert not [name for name in NAMES if name in answer.text], link


@pytest.mark.parametrize("language", WORDS)
def test_what_names_a_withdrawn_record_does_not_tell_its_name(
    hidden: Reader, language: str
) -> None:
    with sqlite3.connect(hidden.archive.path) as conn:
        found = things(conn, [KEPT, MERGED], WORDS[language])
        named = queries.dossiers(conn, ["development/closed"])["development/closed"]
    conn.close()
    assert {one.label for one in found.values()} == {
        WORDS[language].titles["withheld"].format(WORDS[language].kind("org"))
    }
    assert named.labels[KEPT] is None
    assert KEPT not in named.labels_cy


def test_a_merged_record_is_called_what_the_kept_one_is(reader: Reader) -> None:
    reader.archive.record(
        "EntityRecorded", id=MERGED, new=True, kind="organisation", name="The Post"
    )
    reader.archive.record(
        "EntitiesMerged", keep="org/aberdulas-post", merge=[MERGED], reason="duplicate", note="One."
    )
    reader.archive.tables()
    with sqlite3.connect(reader.archive.path) as conn:
        found = things(conn, [MERGED], WORDS["cy"])
    conn.close()
    assert found[MERGED].label == "Aberdulas Post"


def test_a_name_withdrawn_for_privacy_is_gone_from_what_is_called_by_it(
    reader: Reader, open_site: Callable[[Settings], FlaskClient]
) -> None:
    """The office and the words of a person are called by the name; the payload of the event, which is the log's, stays."""
    rows = reader.archive.rows
    assert rows("SELECT count(*) FROM records WHERE label LIKE '%Nia Pryse%'") == [(3,)]
    number = reader.retract(reader.number("person/nia-prys"), reason="privacy", note="They asked.")
    for table, column in (
        ("records", "label"),
        ("feed_entries", "title"),
        ("timeline", "title"),
        ("search", "label"),
    ):
        assert rows(f"SELECT {column} FROM {table} WHERE {column} LIKE '%Pryse%'") == [], table
    client = open_site(reader.settings)
    for link in (
        "feeds/all.atom",
        "feeds/topic/libraries.json",
        "timeline",
        "search?q=pryse",
        "records/tenure/prys-librarian",
    ):
        assert client.get(f"/en/{link}").text.count("Nia Pryse") == 0, link
    reader.retract(number, reason="better-evidence", note="It may stand.")
    assert rows("SELECT count(*) FROM records WHERE label LIKE '%Nia Pryse%'") == [(3,)]
