"""A search and the feed that follows it: the same question, and nothing that was told is lost."""

from __future__ import annotations

import re

import feedparser
import pytest
from flask.testing import FlaskClient

from feeds.sql.search import CHARACTERS, WORDS, canonical, question
from tests.feeds.conftest import PAPER, Reader, on

#: Kinds of records that are in no feed by themselves.
NO_NEWS = ("source", "topic", "org", "person", "post", "place", "measure")


def told(client: FlaskClient, asked: str, language: str = "en") -> dict[str, str]:
    """What the feed of a search has: titles by the name of the event."""
    response = client.get(
        f"/{language}/feeds/search.atom", query_string={"q": asked}, follow_redirects=True
    )
    assert response.status_code == 200
    found = feedparser.parse(response.data).entries
    return {one.id.rpartition(":")[2].removeprefix("cy/"): one.title for one in found}


def shown(client: FlaskClient, asked: str) -> set[str]:
    """The records that the page of a search shows."""
    text = client.get("/en/search", query_string={"q": asked}).text
    return set(re.findall(r'<a href="/en/records/([a-z]+/[a-z0-9-]+)"><bdi>', text))


@pytest.mark.parametrize(
    "asked",
    ["librar", "library", "libraries", "LIBR", "ty mawr", "Tŷ ma", "libraries plan libr", "plan libraries plan", "zzz", "o",
     " ".join(["plan", *(f"w{n}" for n in range(12))]), "plan " * 9 + "librar", "a" * 150],
)  # fmt: skip
def test_a_feed_of_a_search_has_what_the_page_of_the_search_has(
    still: FlaskClient, still_reader: Reader, asked: str
) -> None:
    news = {one for one in shown(still, asked) if one.partition("/")[0] not in NO_NEWS}
    assert set(told(still, asked)) == {f"E{still_reader.number(slug)}" for slug in news}


def test_some_of_it_is_news_and_some_is_not(still: FlaskClient) -> None:
    assert "topic/libraries" in shown(still, "librar")
    assert len(told(still, "librar")) > 1


def test_the_last_word_may_be_the_beginning_of_one_wherever_else_it_stands() -> None:
    assert canonical("Care  foster CARE") == "foster care"
    assert question("care foster care") == '"foster" "care"*'
    many = " ".join(f"w{n}" for n in range(30))
    assert len(canonical(many).split()) == WORDS
    assert len(canonical("a" * 900)) == CHARACTERS


def test_the_page_leads_to_the_feed_by_its_one_address_and_says_what_is_in_it(
    still: FlaskClient,
) -> None:
    text = still.get("/en/search?q=TY%20+mawr").text
    (href,) = re.findall(r'href="(/en/feeds/search\.atom\?[^"]*)"', text)
    assert still.get(href).status_code == 200
    assert "Sources, names and places are not news by themselves." in text


@pytest.mark.parametrize(
    ("asked", "feeds"),
    [
        ("librar", {"/en/feeds/topic/libraries.atom": "Topic: Libraries"}),
        ("pryse", {"/en/feeds/person/nia-prys.atom": "Office-holder: Nia Pryse"}),
        ("zzz", {}),
    ],
)
def test_what_has_a_feed_of_its_own_is_offered_with_it(
    still: FlaskClient, asked: str, feeds: dict[str, str]
) -> None:
    text = still.get("/en/search", query_string={"q": asked}).text
    offered = re.findall(r'<a type="[^"]+" href="(/en/feeds/\w+/[^"]+)"><bdi>(.*?)</bdi>', text)
    assert feeds.items() <= dict(offered).items()
    assert len(offered) <= len(feeds) or asked == "librar"
    for href, _ in offered:
        assert still.get(href).status_code == 200


def test_somebody_without_an_office_is_found_but_cannot_be_followed(
    client: FlaskClient, reader: Reader
) -> None:
    reader.archive.record(
        "EntityRecorded", id="person/ann-ifans", new=True, kind="person", name="Ann Ifans", public_capacity="Candidate"
    )  # fmt: skip
    reader.archive.tables()
    text = client.get("/en/search?q=ifans").text
    assert "/en/records/person/ann-ifans" in text
    assert "/en/feeds/person/" not in text


def test_who_follows_a_search_is_told_of_a_withdrawal(client: FlaskClient, reader: Reader) -> None:
    name = f"E{reader.number('statement/prys-1')}"
    before = told(client, "ty mawr branch")
    made = reader.retract(reader.number("statement/prys-1"))
    reader.archive.tables()
    for language in ("en", "cy"):
        after = told(client, "ty mawr branch", language)
        assert set(after) == {*before, f"E{made}"}
        gone = {"en": "Withdrawn", "cy": "Tynnwyd"}[language]
        assert all(after[one].startswith(gone) for one in (name, f"E{made}"))
    assert "statement/prys-1" not in shown(client, "ty mawr branch")


def test_who_follows_a_search_is_told_of_a_correction_that_takes_the_word_away(
    client: FlaskClient, reader: Reader
) -> None:
    name = f"E{reader.number('statement/prys-1')}"
    old = "The branch in Tŷ Mawr will open again."
    made = reader.amend("statement/prys-1", "/gist", old, "It will close.")
    reader.archive.tables()
    assert {name, f"E{made}"} <= set(told(client, "branch mawr"))
    assert {name, f"E{made}"} <= set(told(client, "will clos"))


def test_what_only_a_quotation_said_is_known_again_when_it_is_gone(
    client: FlaskClient, reader: Reader
) -> None:
    number = int(reader.archive.record(
        "DevelopmentRecorded", {**PAPER, "quote": "unheard-of in a town"}, id="development/q", new=True, what="It opened",
        kind="other", happened=on("2031-04-01"),
    ))  # fmt: skip
    reader.archive.tables()
    assert list(told(client, "unheard")) == [f"E{number}"]
    made = reader.retract(number)
    reader.archive.tables()
    assert set(told(client, "unheard")) == {f"E{number}", f"E{made}"}


def _merged_and_withdrawn(reader: Reader, word: str, reason: str) -> None:
    for name in ("one", "two"):
        reader.archive.record("EntityRecorded", id=f"org/{word}-{name}", new=True, kind="organisation", name=f"{word} {name}")  # fmt: skip
    reader.archive.record("EntitiesMerged", keep=f"org/{word}-one", merge=[f"org/{word}-two"], reason="duplicate", note="One.")  # fmt: skip
    for name in ("one", "two"):
        reader.retract(reader.number(f"org/{word}-{name}"), reason=reason, note="As asked.")


def _opened(reader: Reader, word: str) -> int:
    return int(reader.archive.record(
        "DevelopmentRecorded", PAPER, id=f"development/{word}", new=True, what=f"{word} opened", kind="other", happened=on("2031")
    ))  # fmt: skip


def _withdrawn(reader: Reader, word: str, reason: str) -> None:
    reader.retract(_opened(reader, word), reason=reason, note="As asked.")


def _amended(reader: Reader, word: str, reason: str) -> None:
    _opened(reader, word)
    reader.amend(f"development/{word}", "/what", f"{word} opened", "It opened", reason=reason)


def test_what_is_taken_back_for_privacy_cannot_be_found_by_its_words(
    client: FlaskClient, reader: Reader
) -> None:
    ways = (_withdrawn, _amended, _merged_and_withdrawn)
    done = {}
    for number, do in enumerate(ways):
        for reason in ("better-evidence", "privacy", "legal"):
            word = f"word{number}{reason.partition('-')[0]}"
            do(reader, word, reason)
            done[word] = reason
    reader.archive.tables()
    for word, reason in done.items():
        assert bool(told(client, word)) is (reason == "better-evidence"), word
