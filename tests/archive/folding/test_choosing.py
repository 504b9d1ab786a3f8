"""Several claims on one field become one value, and what contradicts it is kept as a conflict."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.folding.choosing import COLLECTED, NAMING, WORDED, Candidate, agree, choose
from events import edtf
from events.vocabulary import RECORDING
from tests.archive.stories import on


def claims(*rows: tuple[Any, ...]) -> list[Candidate]:
    """Return claims of E0, E1, …: a value (text in digits is a date), then "official" or a dispute."""
    found = []
    for event, (value, *marks) in enumerate(rows):
        when = on(value) if isinstance(value, str) and value[:1] in "0123456789[./" else value
        dispute = next((m for m in marks if m in ("open", "upheld", "rejected")), None)
        found.append(Candidate(when, event, "official" in marks, None, dispute))
    return found


@pytest.mark.parametrize(
    ("rows", "chosen", "against"),
    [
        # one claim, equal claims, the latest
        ([("A",)], 0, []),
        ([("A",), ("A",)], 1, []),
        ([("A",), ("B",)], 1, [0]),
        ([("A",), ("B",), ("A",)], 2, [1]),
        # official papers over news, however late the news
        ([("A", "official"), ("B",)], 0, [1]),
        ([("A", "official"), ("B", "official")], 1, [0]),
        # the narrower date inside a wider one, also over official papers
        ([("2031-03-04",), ("2031-03",)], 0, []),
        ([("2031-03",), ("2031-03-04",), ("2031",)], 1, []),
        ([("2031-03-04",), ("2031-03", "official")], 0, []),
        ([("2031-03-04",), ("2031-03-04",)], 1, []),
        ([("[2031-03-01..2031-03-10]",), ("2031-03",)], 0, []),
        ([("../2031-05",), ("2031-04",)], 1, []),
        ([("2031-04/..",), ("2031-05-01",)], 1, []),
        # dates that are disjoint, and dates that overlap
        ([("2031-03-04",), ("2031-03-05",)], 1, [0]),
        ([("2031-03-04", "official"), ("2031-03-05",)], 0, [1]),
        ([("2031-03-01/2031-03-10",), ("2031-03-05/2031-03-15",)], 1, [0]),
        ([("2031-03-04",), ("2031-04",), ("2031",)], 1, [0]),
        # one day told in two ways that have a day in common
        ([("[2031-03-04..]",), ("[..2031-03-10]",)], 1, []),
        ([("2031-03",), ("[2031-03-16..]",)], 1, []),
        ([("[2031-03-04..]",), ("[..2031-03-03]",)], 1, [0]),
        # disputes: an upheld one takes a claim out of the choice, never out of the conflicts
        ([("A",), ("B", "upheld")], 0, [1]),
        ([("A", "upheld"), ("B", "upheld")], None, []),
        ([("A", "upheld")], None, []),
        ([("A",), ("B", "open")], 1, [0]),
        ([("A",), ("B", "rejected")], 1, [0]),
        ([("2031-03-04", "upheld"), ("2031-03",)], 1, []),
        ([("2031-03-04", "upheld"), ("2031-04",)], 1, [0]),
        # numbers and truth values
        ([(1,), (True,)], 1, [0]),
        ([(4210,), (4210.0,)], 1, []),
    ],
)
def test_the_claim_shown_and_those_against_it(rows, chosen, against):
    choice = choose("held_on", claims(*rows))
    assert (choice.chosen and choice.chosen.event) == chosen
    assert [claim.event for claim in choice.against] == against


@pytest.mark.parametrize("field", sorted(WORDED))
def test_another_wording_is_no_contradiction(field):
    choice = choose(field, claims(("A", "official"), ("B",)))
    assert (choice.chosen.value, choice.against) == ("A", ())
    assert choose(field, claims(("A", "official", "upheld"), ("B",))).chosen.value == "B"


def test_every_field_chosen_by_these_rules_is_a_field_of_some_type():
    fields = {name for kind in RECORDING.values() for name in kind.__struct_fields__}
    assert fields >= COLLECTED | WORDED
    assert not COLLECTED & WORDED


dates = st.sampled_from(
    ["2031", "2031-03", "2031-03-04", "2031-04", "2031-03-04/2031-04", "[..2031-03]", "2031/.."]
)


@given(dates, dates)
def test_two_dates_agree_when_one_lies_within_the_other_or_one_day_can_be_meant_by_both(one, other):
    (low, high), (first, last) = (
        (low or "0", high or "9") for low, high in (edtf.bounds(one), edtf.bounds(other))
    )
    inside = (low <= first and last <= high) or (first <= low and high <= last)
    day = "/" not in one + other and low <= last and first <= high
    assert agree(on(one), on(other)) is agree(on(other), on(one)) is (inside or day)


marks = st.sampled_from([(), ("official",), ("open",), ("upheld",), ("official", "rejected")])


@given(st.lists(st.tuples(dates, marks), min_size=1, max_size=6))
def test_the_choice_stands_against_every_other_claim(rows):
    made = claims(*[(value, *mark) for value, mark in rows])
    choice = choose("held_on", made)
    if choice.chosen is None:
        assert all(claim.dispute == "upheld" for claim in made)
        return
    assert choice.chosen.dispute != "upheld"
    # Nothing is silent: every claim either agrees with the one shown, or is kept against it.
    silent = [claim for claim in made if claim not in (choice.chosen, *choice.against)]
    assert all(agree(claim.value, choice.chosen.value) for claim in silent)
    # And what is shown is as narrow as can be: no standing claim lies strictly inside of it.
    shown = bounds(choice.chosen)
    for claim in made:
        low, high = bounds(claim)
        if claim.dispute != "upheld" and shown[0] <= low and high <= shown[1]:
            assert (low, high) == shown


def bounds(claim: Candidate) -> tuple[str, str]:
    low, high = edtf.bounds(claim.value["edtf"])
    return low or "", high or "~"


@pytest.mark.parametrize("foretold", ["scheduled", "unknown"])
def test_what_was_foretold_of_a_meeting_does_not_contradict_what_came(foretold: str) -> None:
    held, before = claims(("held",), (foretold, "official"))

    choice = choose("status", [held, before])

    assert (choice.chosen, choice.against) == (held, ())
    cancelled = claims(("held",), ("cancelled",))
    assert choose("status", cancelled).against == (cancelled[0],)
    assert choose("status", [before]).chosen == before


@pytest.mark.parametrize(
    ("sure", "unsure"),
    [
        (on("2031-03-04"), on("2031-03-04?")),
        (on("2031-03-04"), on("2031-03-04~")),
        (on("2031-03-04"), {"edtf": "2031-03-04", "basis": "inferred"}),
    ],
)
def test_of_the_same_days_the_ones_told_without_doubt_are_shown(
    sure: dict[str, str], unsure: dict[str, str]
) -> None:
    told, doubted = claims((sure,), (unsure, "official"))

    assert choose("held_on", [told, doubted]) == (told, ())
    other = claims((sure,), (on("2031-03-05?"), "official"))
    assert choose("held_on", other) == (other[1], (other[0],))


@pytest.mark.parametrize("field", sorted(NAMING))
def test_a_later_source_does_not_rename_a_record(field: str) -> None:
    first, second, third = claims(("A plan",), ("The plan",), ("Plan", "official"))

    assert choose(field, [first, second]).chosen == first
    assert choose(field, [first, second, third]).chosen == third
    assert choose("remit", [first, second]).chosen == second
