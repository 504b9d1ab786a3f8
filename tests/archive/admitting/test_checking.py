"""What an archivist should look at: each finding there can be, and where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from archive.admitting import checking
from archive.admitting.checking import Finding
from archive.folding.amending import in_force, telling
from archive.folding.spans import digest
from tests.archive.stories import LETTER, MINUTES, NEWS, Story, by, on

TEXTS = {NEWS: "Nia Prys 📚 said on Tuesday that the branch in Tŷ Mawr opens again."}
PUBLISHERS = {NEWS: "org/post", LETTER: "org/post", MINUTES: "org/council"}


def words(source: str, start: int, end: int) -> str | None:
    text = TEXTS.get(source)
    return None if text is None else text[start:end]


def meeting(story: Story, when: dict[str, Any], *evidence: dict[str, Any], slug: str = "a") -> int:
    return story(
        "MeetingRecorded", *(evidence or [by(NEWS)]), id=f"meeting/{slug}", new=True, organisation="org/council",
        held_on=when, status="held",
    )  # fmt: skip


# Spans


@pytest.mark.parametrize(
    ("source", "item", "message"),
    [
        (NEWS, {"start": 9, "end": 10, "quote": "📚", "digest": digest("📚")}, None),
        (NEWS, {"start": 46, "end": 53, "quote": "Tŷ Mawr"}, None),
        (NEWS, {"start": 0, "end": 60}, None),
        (NEWS, {"start": 0, "end": 8, "quote": "Nia Prus"}, f"the text of {NEWS} says otherwise"),
        (NEWS, {"start": 0, "end": 8, "digest": digest("Nia Prus")}, f"the digest does not fit {NEWS}"),
        (NEWS, {"start": 60, "end": 99}, f"runs past the end of {NEWS}"),
        (NEWS, {"start": 600, "end": 601}, f"runs past the end of {NEWS}"),
        (NEWS, {}, "nothing to verify"),
        (MINUTES, {"start": 0, "end": 8}, "not attached"),
    ],
)  # fmt: skip
def test_a_span_is_verified_against_the_attached_text(source, item, message):
    story = Story()
    meeting(story, on("2031"), by(source, **item))
    results = list(checking.spans(telling(story.events, in_force(story.events)), words))
    expected: list[Any] = {None: [True], "nothing to verify": [], "not attached": [False]}.get(
        message, [Finding("fault", "span", "E0 /evidence/0", str(message))]
    )
    assert results == expected


def test_an_amended_span_is_verified_as_it_was_amended_and_a_retracted_one_not_at_all():
    story = Story()
    meeting(story, on("2031"), by(NEWS, start=0, end=99))
    story.amend(0, "/evidence/0/end", 99, 8)
    assert list(checking.spans(telling(story.events, in_force(story.events)), words)) == [True]
    story.retract(0)
    assert list(checking.spans(telling(story.events, in_force(story.events)), words)) == []


# Weekdays


@pytest.mark.parametrize(
    ("edtf", "text", "fault"),
    [
        ("2031-03-04", "Tuesday, March 4", None),
        ("2031-03-05", "Tuesday, March 4", "'Tuesday, March 4' was read as 2031-03-05, which was a Wednesday"),
        ("2031-03-04", "last WEDNESDAY", "which was a Tuesday"),
        ("2031-03-04", "Monday or Tuesday", None),
        ("2031-03-04", "dydd Mawrth", None),
        ("2031-03-04", "dydd Iau", "which was a Tuesday"),
        ("2031-03", "a Wednesday in March", None),  # no one day was read
        ("2031-03-04/2031-03-05", "Friday", None),
        ("../2031-03-05", "by Friday", None),
        ("2031-03-04", "4 March", None),
        ("2031-03-04", None, None),
    ],
)  # fmt: skip
def test_a_weekday_is_a_checksum_of_its_date(edtf, text, fault):
    story = Story()
    meeting(story, on(edtf, **({"text": text} if text else {})))
    found = list(checking.weekdays(telling(story.events, in_force(story.events))))
    assert len(found) == (fault is not None)
    if fault:
        assert (found[0].level, found[0].check, found[0].where) == (
            "fault",
            "weekday",
            "E0 /held_on",
        )
        assert fault in found[0].message


def test_the_dates_of_readings_are_checked_too():
    story = Story()
    reading = {"label": "by Friday", "on": on("2031-03-04", text="by Friday")}
    story(
        "CommitmentRecorded", by(NEWS), id="commitment/a", new=True, obliged="org/council", what="Plan", kind="promised", readings=[reading],
    )  # fmt: skip
    assert [f.where for f in checking.weekdays(telling(story.events, in_force(story.events)))] == [
        "E0 /readings/0/on"
    ]


# Relative dates


@pytest.mark.parametrize(
    ("text", "relative"),
    [
        ("yesterday", True),
        ("Today", True),
        ("last month", True),
        ("next Tuesday", True),
        ("this week", True),
        ("three days ago", True),
        ("within 20 working days", True),
        ("in a year's time", True),
        ("in six months", True),
        ("later this year", True),
        ("at the end of the year", True),
        ("on 4 March 2031", False),
        ("Tuesday, March 4", False),
        ("in March 2031", False),
        ("the last of them", False),
        ("agony", False),
    ],
)
@pytest.mark.parametrize("basis", ["stated", "resolved"])
def test_a_relative_date_cannot_be_stated(text, relative, basis):
    story = Story()
    more = {"anchor": f"{NEWS}#published"} if basis == "resolved" else {}
    meeting(story, on("2031-03-04", basis, text=text, **more))
    found = list(
        checking.relative_dates(telling(story.events, in_force(story.events)), PUBLISHERS.get)
    )
    if relative and basis == "stated":
        (finding,) = found
        assert finding.message == f"{text!r} is relative, yet taken as stated"
        assert (finding.level, finding.where) == ("fault", "E0 /held_on")
    else:
        assert found == []


def resolved(edtf: str, text: str = "last month") -> dict[str, str]:
    return on(edtf, "resolved", text=text, anchor=f"{NEWS}#published")


def test_a_phrase_that_an_outlet_repeats_for_other_months_is_noted():
    story = Story()
    meeting(story, resolved("2031-02"), slug="a")
    meeting(story, resolved("2031-02-15"), by(LETTER), slug="b")  # the same outlet and month
    meeting(story, resolved("2031-03"), by(MINUTES), slug="c")  # another outlet
    assert (
        list(checking.relative_dates(telling(story.events, in_force(story.events)), PUBLISHERS.get))
        == []
    )
    meeting(story, resolved("2031-03", "Last Month"), by(LETTER), slug="d")
    (finding,) = checking.relative_dates(
        telling(story.events, in_force(story.events)), PUBLISHERS.get
    )
    assert finding == Finding(
        "note",
        "boilerplate",
        "org/post",
        "prints 'last month' for different months (E0 /held_on: 2031-02, E3 /held_on: 2031-03)",
    )


# What the tables tell


def test_references_to_what_was_retracted_are_faults():
    row = {"record_id": "outcome/a", "refers_to": "commitment/a", "event": 4}
    assert list(checking.orphans([row])) == [
        Finding("fault", "orphan", "E4 outcome/a", "refers to commitment/a, which was retracted")
    ]


def test_open_conflicts_are_notes():
    row = {"record_id": "doc/a", "field": "pages", "value_a": "40", "source_a": NEWS, "value_b": "41", "source_b": None}  # fmt: skip
    assert list(checking.conflicts([row])) == [
        Finding("note", "conflict", "doc/a pages", f"'40' ({NEWS}) against '41' (no source)")
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://post.example/a", "https://post.example/a?utm_source=x&fbclid=y", True),
        ("https://post.example/a", "http://www.post.example/a/?gclid=1#top", True),
        ("https://post.example/a?id=1&b=2", "https://post.example/a?b=2&at_medium=RSS&id=1", True),
        ("https://post.example/a?id=1", "https://post.example/a?id=2", False),
        ("https://post.example/a", "https://post.example/a/b", False),
        ("https://post.example/a", "https://post.example:8443/a", False),
        ("https://post.example/a", "https://echo.example/a", False),
        ("https://post.example/a?", "https://post.example/a?page=", False),
        ("https://post.example:99999/a", "https://post.example/a", False),
        (None, None, False),
    ],
)
def test_one_page_captured_twice_is_shown_to_a_person(one, other, same):
    rows = [
        {"id": "source/a", "url": one, "replaces_id": None},
        {"id": "source/b", "url": other, "replaces_id": None},
    ]
    found = [
        Finding("note", "same-page", "source/b", f"{other} seems to be the page of source/a, {one}")
    ]
    assert list(checking.same_pages(rows)) == (found if same else [])


def test_a_later_version_of_a_page_is_no_second_capture():
    url = "https://post.example/a"
    rows = [
        {"id": "source/a", "url": url, "replaces_id": "source/b"},
        {"id": "source/b", "url": url, "replaces_id": None},
    ]
    assert list(checking.same_pages(rows)) == []
    assert list(checking.same_pages(reversed(rows))) == []


def test_open_disputes_are_notes():
    row = {"record_id": "doc/a", "field": "/pages", "target_event": 4, "note": "Too many?"}
    row |= {"event": 7, "after": "open"}
    assert list(checking.disputes([row])) == [
        Finding("note", "dispute", "doc/a /pages of E4", "Too many?")
    ]
    assert list(checking.disputes([row | {"after": "rejected"}])) == [
        Finding("note", "dispute", "doc/a /pages of E4", "rejected by E7: Too many?")
    ]


def test_events_of_which_fields_were_erased_are_checked_for_what_is_left():
    story = Story()
    meeting(story, on("2031-03-05", text="Tuesday"))
    bare = Story()
    for event in story.events:
        bare.add(event.type, {}, event.evidence)
    items = telling(bare.events, in_force(bare.events))
    assert list(checking.weekdays(items)) == []
    assert list(checking.relative_dates(items, PUBLISHERS.get)) == []
    assert list(checking.spans(items, words)) == []
