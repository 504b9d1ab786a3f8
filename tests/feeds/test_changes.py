"""Corrections in words, from real histories."""

from typing import Any

import pytest

from feeds import changes
from feeds.changes import Change
from feeds.words import WORDS
from tests.feeds.conftest import PAPER, Reader, on

WORDS_EN = WORDS["en"]
PLAN = "development/plan-published"


def told(reader: Reader, slug: str, number: int) -> changes.Told:
    made = changes.told(reader.dossier(slug), number, WORDS_EN)
    assert made is not None
    return made


def test_a_date_is_corrected(reader: Reader) -> None:
    number = reader.amend(PLAN, "/happened", on("2031-03-28"), on("2031-03~"))
    made = told(reader, PLAN, number)
    assert made.title == f"Correction: {reader.label(PLAN)}"
    assert made.changes == (Change("When", "28 March 2031", "about March 2031", hidden=False),)
    assert made.reason == "The error was ours."
    assert made.note == "We misread it."


@pytest.mark.parametrize(
    ("path", "before", "after", "change"),
    [
        ("/what", "The plan for the libraries was published", "A plan came out", None),
        ("/decision", None, "noted", Change("Decision", None, "noted", hidden=False)),
        (
            "/participants/0/role", "publisher", "author",
            Change("Who took part, no. 1 (role)", "publisher", "author", hidden=False),
        ),
        (
            "/participants/0", {"entity": "org/aberdulas-council", "role": "publisher"}, None,
            Change("Who took part, no. 1", "Aberdulas Council, publisher", None, hidden=False),
        ),
        ("/happened/edtf", "2031-03-28", "2031-03", Change("When", "28 March 2031", "March 2031", hidden=False)),
        ("/happened/basis", "stated", "inferred", Change("When (basis)", "stated", "inferred", hidden=False)),
        ("/topics", None, ["topic/libraries"], Change("Topics", None, "Libraries", hidden=False)),
    ],
)  # fmt: skip
def test_a_field_and_its_values_read_as_words(
    reader: Reader, path: str, before: Any, after: Any, change: Change | None
) -> None:
    number = reader.amend(PLAN, path, before, after)
    made = told(reader, PLAN, number).changes
    assert made == ((change or Change("What", before, after, hidden=False)),)


def test_a_record_in_a_correction_goes_by_its_label(reader: Reader) -> None:
    number = reader.amend(
        "commitment/library-plan", "/obliged", "org/aberdulas-council", "org/aberdulas-post"
    )
    (change,) = told(reader, "commitment/library-plan", number).changes
    assert change == Change("Who is to do it", "Aberdulas Council", "Aberdulas Post", hidden=False)


def test_withdrawn_restored_and_withdrawn_again(reader: Reader) -> None:
    label = reader.label(PLAN)
    first = reader.retract(reader.number(PLAN))
    assert told(reader, PLAN, first).title == f"Withdrawn: {label}"
    second = reader.retract(first)
    assert told(reader, PLAN, second).title == f"Restored: {label}"
    assert told(reader, PLAN, first).title == f"Taken back: Withdrawn: {label}"
    third = reader.retract(second)
    assert told(reader, PLAN, third).title == f"Withdrawn: {label}"
    assert told(reader, PLAN, second).title == f"Taken back: Restored: {label}"


def test_one_of_two_accounts_is_withdrawn(reader: Reader) -> None:
    again = reader.archive.record(
        "DevelopmentRecorded", PAPER, id=PLAN, what="A plan came out", kind="published", happened=on("2031-03")
    )  # fmt: skip
    number = reader.retract(again)
    made = told(reader, PLAN, number)
    assert made.title == f"Withdrawn in part: {reader.label(PLAN)}"
    assert "The record still stands" in made.sentence


def test_a_correction_is_taken_back(reader: Reader) -> None:
    first = reader.amend(PLAN, "/happened", on("2031-03-28"), on("2031-03-29"))
    second = reader.retract(first)
    assert told(reader, PLAN, second).title == f"Correction taken back: {reader.label(PLAN)}"
    assert told(reader, PLAN, first).title == f"Taken back: Correction: {reader.label(PLAN)}"


@pytest.mark.parametrize(
    ("state", "title"),
    [
        ("open", "Disputed"),
        ("upheld", "Disputed, and rightly"),
        ("rejected", "Disputed, but not upheld"),
    ],
)
def test_a_dispute_says_how_it_stands(reader: Reader, state: str, title: str) -> None:
    number = reader.archive.record(
        "RecordDisputed", target=reader.number(PLAN), path="/happened", state=state, note="Another day."
    )  # fmt: skip
    made = told(reader, PLAN, number)
    assert made.title == f"{title}: {reader.label(PLAN)}"
    assert made.subject == "When"
    assert made.changes == ()


def test_a_merger_names_the_slugs_that_lead_here(reader: Reader) -> None:
    reader.archive.record(
        "EntityRecorded", id="person/n-prys", new=True, kind="person", name="N. Pryse", public_capacity="Librarian"
    )  # fmt: skip
    number = reader.archive.record(
        "EntitiesMerged", keep="person/nia-prys", merge=["person/n-prys"], reason="duplicate", note="One person."
    )  # fmt: skip
    made = told(reader, "person/nia-prys", number)
    assert made.title == "Merged: Nia Pryse"
    assert made.subject == "person/n-prys"


def test_words_removed_for_privacy_are_not_told_again(reader: Reader) -> None:
    old, name = "The plan for the libraries was published", "The plan of Mrs Huws was published"
    first = reader.amend(PLAN, "/what", old, name)
    second = reader.amend(PLAN, "/what", name, old, reason="privacy")
    assert told(reader, PLAN, second).changes == (Change("What", None, old, hidden=True),)
    assert told(reader, PLAN, first).changes == (Change("What", None, None, hidden=True),)


def test_a_title_withdrawn_for_privacy_is_withheld_everywhere(reader: Reader) -> None:
    label = reader.label(PLAN)
    reader.amend(PLAN, "/happened", on("2031-03-28"), on("2031-03-29"))
    number = reader.retract(reader.number(PLAN), reason="privacy")
    made = told(reader, PLAN, number)
    assert made.title == "Withdrawn: title withheld (Development)"
    assert made.reason == "To protect somebody’s privacy."
    feed = reader.feed()
    assert not any(label in entry.title + entry.content for entry in feed.entries)


def test_an_event_that_corrected_nothing_has_nothing_to_tell(still_reader: Reader) -> None:
    assert changes.told(still_reader.dossier(PLAN), still_reader.number(PLAN), WORDS_EN) is None
