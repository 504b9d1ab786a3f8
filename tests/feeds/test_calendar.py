"""Calendars: what they must say so that programs move, keep and delete entries (RFC 5545)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds import calendar
from feeds.dossier import Announced, Dossier, Reading
from feeds.texts import fill, language_of, told
from feeds.words import WORDS
from feeds.xml import line
from tests.feeds.conftest import PAPER, Reader, an_entry, on
from tests.feeds.validators import VALIDATORS

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
TAG = "tag:archive.powys.example,2026:"


def events(client: FlaskClient, path: str = "calendar") -> dict[str, Any]:
    response = client.get(f"/en/feeds/{path}.ics")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    found = icalendar.Calendar.from_ical(response.data)
    assert not found.errors
    return {str(one["UID"]).removeprefix(TAG): one for one in found.walk("VEVENT")}


def test_a_deadline_spans_its_readings(still: FlaskClient, still_reader: Reader) -> None:
    event = events(still, "commitments")[f"E{still_reader.number('commitment/library-plan')}"]
    assert event.decoded("DTSTART") == date(2031, 3, 24)
    assert event.decoded("DTEND") == date(2031, 4, 2)  # the day after the last (3.6.1)
    assert event["STATUS"] == "CONFIRMED"
    assert "20 working days" in event["DESCRIPTION"]
    assert str(event["SUMMARY"]).startswith("Promised: Publish a plan")
    assert event["URL"] == "https://archive.example/en/records/commitment/library-plan"
    assert event.decoded("DTSTAMP").tzinfo is not None


def test_a_summary_tells_its_language_where_it_has_but_one(still: FlaskClient) -> None:
    def languages(language: str) -> dict[str, str | None]:
        found = icalendar.Calendar.from_ical(still.get(f"/{language}/feeds/calendar.ics").data)
        return {
            str(one["SUMMARY"]): one["SUMMARY"].params.get("LANGUAGE")
            for one in found.walk("VEVENT")
        }

    assert set(languages("en").values()) == {"en"}
    assert languages("cy") == {
        "Addawyd: Publish a plan for the libraries (Aberdulas Council)": None,
        "Aberdulas Council: meeting, 4 Mawrth 2031": None,
    }
    welsh = WORDS["cy"]
    assert language_of("Cyfarfod", welsh) == "cy"
    assert language_of(told("Meeting <b>", welsh), welsh) == "en"
    assert language_of(fill("Addawyd: {}", told("Build it", welsh)), welsh) is None


def test_a_meeting_is_on_its_day(still: FlaskClient, still_reader: Reader) -> None:
    found = events(still, "meetings")
    event = found[f"E{still_reader.number('meeting/council-2031-03-04')}"]
    assert event.decoded("DTSTART") == date(2031, 3, 4)
    assert event.decoded("DTEND") == date(2031, 3, 5)
    assert event["SEQUENCE"] == 0
    assert events(still).keys() == found.keys() | events(still, "commitments").keys()


def test_a_subject_has_a_calendar_too(still: FlaskClient, still_reader: Reader) -> None:
    assert events(still, "org/aberdulas-council").keys() == events(still).keys()


@pytest.mark.parametrize("slug", ["meeting/council-2031-03-04", "commitment/library-plan"])
def test_what_has_a_day_has_a_calendar_of_its_own(
    still: FlaskClient, still_reader: Reader, slug: str
) -> None:
    name = f"E{still_reader.number(slug)}"
    assert events(still, slug) == {name: events(still)[name]}
    for language in WORDS:
        address = f"/{language}/feeds/{slug}.ics"
        assert f'"{address}"' in still.get(f"/{language}/{WORDS[language].paths['records']}/{slug}").text  # fmt: skip
        assert VALIDATORS["ics"](still.get(address).data) == []


@pytest.mark.parametrize(
    "path", ["commitment/none.ics", "commitment/library-plan.atom", "statement/prys-1.ics", "development/plan-published.ics"]
)  # fmt: skip
def test_what_has_no_day_has_none(still: FlaskClient, path: str) -> None:
    assert still.get(f"/en/feeds/{path}").status_code == 404


def test_a_calendar_in_which_nothing_is_dated_can_be_subscribed_to(
    client: FlaskClient, reader: Reader
) -> None:
    reader.archive.record("EntityRecorded", id="topic/roads", new=True, kind="topic", name="Roads")
    reader.archive.tables()
    assert events(client, "topic/roads") == {}
    before = client.get("/en/feeds/topic/roads.ics").data
    assert VALIDATORS["ics"](before) == []
    assert before.count(b"BEGIN:VTIMEZONE") == 1
    number = reader.archive.record(
        "CommitmentRecorded", PAPER, id="commitment/roads", new=True, obliged="org/aberdulas-council", kind="promised",
        what="Mend it", readings=[{"on": on("2032-01-01"), "label": "by then"}], topics=["topic/roads"],
    )  # fmt: skip
    reader.archive.tables()
    assert list(events(client, "topic/roads")) == [f"E{number}"]
    assert b"VTIMEZONE" not in client.get("/en/feeds/topic/roads.ics").data
    reader.retract(number)
    reader.archive.tables()
    assert events(client, "topic/roads")[f"E{number}"]["STATUS"] == "CANCELLED"


def test_a_day_that_is_gone_is_cancelled_in_its_own_calendar_too(
    client: FlaskClient, reader: Reader
) -> None:
    reader.archive.record(
        "CommitmentRecorded", PAPER, id="commitment/some-day", new=True, obliged="org/aberdulas-council",
        kind="aspiration", what="Be better", readings=[],
    )  # fmt: skip
    reader.retract(reader.number("meeting/council-2031-03-04"))
    reader.archive.tables()
    (event,) = events(client, "meeting/council-2031-03-04").values()
    assert event["STATUS"] == "CANCELLED"
    assert client.get("/en/feeds/commitment/some-day.ics").status_code == 404
    assert "some-day.ics" not in client.get("/en/records/commitment/some-day").text


def test_a_moved_day_moves_the_same_entry(client: FlaskClient, reader: Reader) -> None:
    name = f"E{reader.number('meeting/council-2031-03-04')}"
    made = reader.amend(
        "meeting/council-2031-03-04", "/held_on", on("2031-03-04"), on("2031-03-11")
    )
    reader.archive.tables()
    event = events(client)[name]
    assert event.decoded("DTSTART") == date(2031, 3, 11)
    assert event["SEQUENCE"] == made


def test_what_is_to_come_is_never_pushed_out_by_what_changed(
    client: FlaskClient, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def promise(name: str, due: str) -> str:
        number = reader.archive.record(
            "CommitmentRecorded", PAPER, id=f"commitment/{name}", new=True, obliged="org/aberdulas-council",
            kind="promised", what=f"Do {name}", readings=[{"on": on(due), "label": "by then"}],
        )  # fmt: skip
        return f"E{number}"

    monkeypatch.setattr(calendar, "MOST", 4)
    ahead = {promise("far", "2099-01-01"), promise("near", "2026-01-01")}
    past = [promise(f"past-{n}", f"2025-12-{n:02}") for n in range(1, 9)]
    council = reader.number("meeting/council-2031-03-04"), reader.number("commitment/library-plan")
    ahead |= {f"E{number}" for number in council}
    reader.archive.tables()
    assert reader.archive.rows("SELECT substr(changed_at, 1, 10) FROM log_position") == [("2026-01-01",)]  # fmt: skip
    assert set(events(client, "calendar")) == ahead
    assert set(events(client, "commitments")) == (ahead | {past[-1]}) - {f"E{council[0]}"}
    assert set(events(client, "org/aberdulas-council")) == ahead
    # Of more than there is room for, the nearest.
    further = [promise(f"further-{n}", f"21{n:02}-01-01") for n in range(3)]
    reader.archive.tables()
    assert set(events(client, "calendar")) == ahead
    assert not ahead & set(further)


@pytest.mark.parametrize("slug", ["meeting/council-2031-03-04", "commitment/library-plan"])
def test_what_is_withdrawn_is_cancelled(client: FlaskClient, reader: Reader, slug: str) -> None:
    name = f"E{reader.number(slug)}"
    made = reader.retract(reader.number(slug))
    reader.archive.tables()
    event = events(client)[name]
    assert event["STATUS"] == "CANCELLED"
    assert event["SEQUENCE"] == made
    assert str(event["SUMMARY"]).startswith("Withdrawn")


def test_a_meeting_that_is_not_held_is_cancelled(client: FlaskClient, reader: Reader) -> None:
    name = f"E{reader.number('meeting/council-2031-03-04')}"
    reader.amend("meeting/council-2031-03-04", "/status", "held", "postponed")
    reader.archive.tables()
    assert events(client)[name]["STATUS"] == "CANCELLED"


def test_a_day_that_turns_out_inexact_is_cancelled(client: FlaskClient, reader: Reader) -> None:
    name = f"E{reader.number('meeting/council-2031-03-04')}"
    reader.amend("meeting/council-2031-03-04", "/held_on", on("2031-03-04"), on("2031"))
    reader.archive.tables()
    assert events(client)[name]["STATUS"] == "CANCELLED"


def a_commitment(*due: str | None) -> Dossier:
    return Dossier(
        id="commitment/a", kind="commitment", label="A", state="current",
        row={"kind": "promised", "what": "Do it", "result": None, "done": None},
        readings=tuple(Reading(f"reading {n}", one, one, None) for n, one in enumerate(due)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("due", "found"),
    [
        ((), None),
        ((None,), None),
        (("2031-03-04",), ("2031-03-04", "2031-03-04")),
        (("2031-03-04", None), ("2031-03-04", "2031-03-04")),
        (("2031-03-09", "2031-03-04"), ("2031-03-04", "2031-03-09")),
        (("2031-03-04", "2032-03-04"), ("2032-03-04", "2032-03-04")),
    ],
)
def test_a_deadline_is_when_it_falls_due(
    due: tuple[str | None, ...], found: tuple[str, str] | None
) -> None:
    expected = found and calendar.Day(*map(date.fromisoformat, found))
    assert calendar.day(a_commitment(*due)) == expected


def shown(text: str) -> str:
    """What a calendar shows of a text (RFC 5545, section 3.1)."""
    return text.replace("\x7f", "")


def text_of(made: bytes, name: str) -> str:
    """The text of a property of the event, read by the letter of sections 3.1 and 3.3.11.

    `icalendar` reads an escaped backslash before an N as a backslash and the end of a line.
    """
    _, _, event = made.replace(b"\r\n ", b"").decode().partition("BEGIN:VEVENT")
    (found,) = re.findall(rf"\r\n{name}(?:;[A-Z]+=[^:;]+)*:(.*)\r\n", event)
    return re.sub(r"\\(.)", lambda one: {"n": "\n", "N": "\n"}.get(one[1], one[1]), found)


def drawn(title: str, label: str) -> bytes:
    row = Announced("E5", 5, "commitment/a", "commitment", "current", "2026-01-02", "2026-01-02", 9)
    said = calendar.Said(
        "tag:a.example,2026:c", title, label, "https://a.example/c.ics", "en", None
    )
    dossier = a_commitment("2031-03-04")
    dossier = Dossier(**{
        **{name: getattr(dossier, name) for name in ("id", "kind", "label", "state")},
        "row": {**dossier.row, "what": title}, "readings": (Reading(label, "2031-03-04", "2031-03-04", None),),
    })  # fmt: skip
    return calendar.render(
        said, [row], {"E5": an_entry(title=title)}, {"commitment/a": dossier}, WORDS["en"]
    )


@settings(max_examples=200, deadline=None)
@given(title=ANY_TEXT, label=ANY_TEXT)
@example(title=r"C:\New, C:\new; \\N", label=r"\N\n\,")
def test_no_text_breaks_a_calendar(title: str, label: str) -> None:
    made = drawn(title, label)
    assert made == drawn(title, label)
    made.decode("utf-8")
    lines = made.split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75  # octets (3.1)
    assert not any(b in made.replace(b"\r\n", b"") for b in map(bytes, ([10], [13], [0], [127])))
    (event,) = icalendar.Calendar.from_ical(made).walk("VEVENT")
    assert text_of(made, "SUMMARY") == line(shown(title))
    assert str(event["UID"]) == "tag:archive.example,2026:E5"
    assert text_of(made, "CATEGORIES").startswith("Development,")
    said = text_of(made, "DESCRIPTION").split("\n")
    assert said[0] == (line(shown(title)) if title else "Promised: A")
    assert any(one.startswith(line(shown(label) + ":")) for one in said) or not label
    assert event["SEQUENCE"] == 9
    assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(days=1)
    assert event.decoded("CREATED") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
