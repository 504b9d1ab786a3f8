"""The page that is the calendar: what is to come, and what has been."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from feeds.public.paging import paging
from feeds.settings import Settings
from tests.feeds.conftest import PAPER, Reader, on
from tests.feeds.test_pages import page

Open = Callable[[Settings], FlaskClient]


def council_meets(reader: Reader, *days: str, status: str = "scheduled") -> None:
    for number, day in enumerate(days):
        reader.archive.record(
            "MeetingRecorded", PAPER, id=f"meeting/m{number}-{re.sub('[^0-9]', '-', day)}", new=True, held_on=on(day),
            organisation="org/aberdulas-council", status=status,
        )  # fmt: skip


def told(client: FlaskClient, path: str = "/en/calendar") -> tuple[list[str], list[str]]:
    """Return the days to come, and those that have been."""
    text, _ = page(client, path)
    ahead, _, been = text.partition('id="been"')
    return tuple(re.findall(r'class="day">([^<]+)', part) for part in (ahead, been))  # type: ignore[return-value]


def test_what_is_to_come_has_the_next_first_and_what_has_been_the_last(
    reader: Reader, open_site: Open
) -> None:
    council_meets(reader, "2998-05-02", "2998-01-09", "2020-01-09", "2020-05-02")
    reader.archive.tables()
    client = open_site(reader.settings)
    ahead, been = told(client)
    assert ahead[-2:] == ["9 January 2998", "2 May 2998"]
    assert [day for day in been if "2020" in day] == ["2 May 2020", "9 January 2020"]
    _, turned = told(client, "/en/calendar?order=oldest")
    assert turned == been[::-1]


def test_each_line_says_what_became_of_it(reader: Reader, open_site: Open) -> None:
    council_meets(reader, "2020-01-09", status="cancelled")
    reader.archive.tables()
    client = open_site(reader.settings)
    text, made = page(client, "/en/calendar")
    assert "</span> ·\u00a0Meeting ·\u00a0cancelled</span></p>" in text
    assert text.count("cancelled") == 1
    assert "Aberdulas Council: meeting, 9 January 2020</bdi>" in text
    assert " ·\u00a0Deadline ·\u00a0Depends on how the deadline is read</span></p>" in text
    assert " ·\u00a0Cyfarfod ·\u00a0canslwyd</span></p>" in client.get("/cy/calendr").text
    assert "/en/records/commitment/library-plan" in made.links
    assert "webcal://archive.example/en/feeds/calendar.ics" in made.links
    assert 'value="https://archive.example/en/feeds/calendar.ics"' in text


def test_it_goes_on_on_the_next_page_without_a_line_lost(reader: Reader, open_site: Open) -> None:
    council_meets(reader, *(f"2019-{n // 28 + 1:02}-{n % 28 + 1:02}" for n in range(120)), "2018")
    reader.archive.tables()
    client = open_site(reader.settings)
    seen: list[str] = []
    path = "/en/calendar"
    while path:
        text, _ = page(client, path)
        seen += re.findall(r'/en/records/(meeting/m[^"]+)"', text)
        after = re.search(r'rel="next" href="([^"]+)"', text)
        path = after[1].replace("&amp;", "&") if after else ""
    assert len(seen) == len(set(seen)) == 121


def test_what_is_withdrawn_is_not_in_it(client: FlaskClient, reader: Reader) -> None:
    reader.retract(reader.number("meeting/council-2031-03-04"))
    reader.archive.tables()
    assert "council-2031-03-04" not in client.get("/en/calendar").text


@pytest.mark.parametrize(
    ("asked", "total", "number", "first", "last"),
    [
        (None, 0, 1, 1, 0), ("1", 1, 1, 1, 1), ("2", 101, 2, 51, 100), ("3", 101, 3, 101, 101), ("9", 101, 3, 101, 101),
        ("0", 101, 1, 1, 50), ("-1", 101, 1, 1, 50), ("x", 101, 1, 1, 50), ("٣", 101, 1, 1, 50), ("9" * 50, 101, 1, 1, 50),
    ],
)  # fmt: skip
def test_pages_are_counted(
    asked: str | None, total: int, number: int, first: int, last: int
) -> None:
    found = paging(asked, total, 50)
    assert (found.number, found.first, found.last) == (number, first, last)
    assert found.offset == (first - 1 if total else 0)
