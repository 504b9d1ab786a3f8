from __future__ import annotations

from typing import Any

import feedparser
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from archive.datasette_plugin.exports import atom, calendar
from archive.datasette_plugin.renderers import Answer

CHANGED = "2031-03-06T08:30:00Z"


def answer(columns: list[str], *rows: Any, site: str | None = "https://a.example") -> Answer:
    return Answer("What is due?", "https://data.example/q.atom?x=1", columns, rows, CHANGED, site)


def test_a_row_with_a_record_leads_to_its_page_and_keeps_its_id() -> None:
    columns = ["record_id", "label", "changed_at"]
    row = ("person/nia-prys", "Nia Prys", "2031-03-05T10:00:00Z")

    feed = feedparser.parse(atom(answer(columns, row)))

    assert not feed.bozo
    assert (feed.feed.title, feed.feed.updated) == ("What is due?", "2031-03-05T10:00:00+00:00")
    [entry] = feed.entries
    assert (entry.title, entry.updated) == ("Nia Prys", "2031-03-05T10:00:00+00:00")
    assert entry.link == "https://a.example/en/records/person/nia-prys"
    assert "label: Nia Prys" in entry.content[0].value
    again = feedparser.parse(atom(answer(columns, ("person/nia-prys", "Nia", "2032-01-01"))))
    assert again.entries[0].id == entry.id


def test_any_other_row_is_named_by_its_words_and_dated_by_the_tables() -> None:
    feed = feedparser.parse(atom(answer(["n", "words"], (1, "a"), (2, "b"))))

    assert [entry.title for entry in feed.entries] == ["n: 1", "n: 2"]
    assert len({entry.id for entry in feed.entries}) == 2
    assert feed.entries[0].link == "https://data.example/q.atom?x=1"
    assert feed.entries[0].updated == "2031-03-06T08:30:00+00:00"


def test_an_empty_answer_is_a_feed_all_the_same() -> None:
    feed = feedparser.parse(atom(answer(["a"])))

    assert not feed.bozo
    assert feed.feed.updated == "2031-03-06T08:30:00+00:00"


def test_rows_with_days_are_in_the_calendar_as_long_as_they_last() -> None:
    rows = [
        ("commitment/a", "One day", "2031-03-05", None, None),
        ("commitment/b", "A month", "2031-03", None, None),
        ("commitment/c", "Two columns", None, "2031-03-05", "2031-03-07"),
        ("commitment/d", "Open", "2031-03-05/..", None, None),
        ("commitment/e", "None", None, None, None),
        ("commitment/f", "Nonsense", "soon", "x", "y"),
    ]
    columns = ["commitment_id", "what", "day", "due_earliest", "due_latest"]

    found = Calendar.from_ical(calendar(answer(columns, *rows)))

    assert [
        (str(e["summary"]), str(e["dtstart"].dt), str(e["dtend"].dt)) for e in found.walk("VEVENT")
    ] == [
        ("One day", "2031-03-05", "2031-03-06"),
        ("A month", "2031-03-01", "2031-04-01"),
        ("Two columns", "2031-03-05", "2031-03-08"),
    ]
    assert len({str(e["uid"]) for e in found.walk("VEVENT")}) == 3


cells = st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.binary(max_size=9))


@given(st.lists(st.tuples(cells, cells, cells, cells), max_size=3), st.text())
def test_any_answer_gives_a_feed_and_a_calendar(rows: list[Any], title: str) -> None:
    columns = ["record_id", "title", "day", "updated_at"]
    given_ = answer(columns, *rows)._replace(title=title)

    feed = feedparser.parse(atom(given_))
    assert not feed.bozo
    assert len(feed.entries) == len(rows)
    Calendar.from_ical(calendar(given_))
