"""Deadlines by rule: known cases, the frozen holidays against the library, properties of counting."""

from __future__ import annotations

from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.folding import bank_holidays
from archive.working_days import (
    CALENDARS,
    COUNTS,
    UNITS,
    CalendarRangeError,
    add_working_days,
    due,
    due_bounds,
    is_working_day,
    working_days_between,
)
from events.edtf import EdtfError

# The day the inspection report on Powys was published.
REPORT = date(2017, 10, 17)

known_days = st.dates(bank_holidays.FIRST_DAY, bank_holidays.LAST_DAY)
# Far enough from the end of the table that the counts below stay inside of it.
starts = st.dates(bank_holidays.FIRST_DAY, date(2033, 12, 31))
numbers = st.integers(1, 400)
calendars = st.sampled_from(sorted(CALENDARS))
counts = st.sampled_from(COUNTS)
units = st.sampled_from(
    [(unit, name) for unit in UNITS for name in (CALENDARS if unit == "working-day" else [None])]
)


def iso(text: str) -> date:
    return date.fromisoformat(text)


def bank_holidays_by_library(*parts: str) -> set[date]:
    years = range(bank_holidays.FIRST_DAY.year, bank_holidays.LAST_DAY.year + 1)
    return {
        day
        for part in parts
        for day in holidays.country_holidays("GB", subdiv=part, years=years)
        if day.weekday() < 5
    }


@pytest.mark.parametrize(
    ("n", "unit", "calendar", "count", "expected"),
    [
        (20, "working-day", "wales", "after-day", "2017-11-14"),
        (20, "working-day", "wales", "from-day", "2017-11-13"),
        (20, "working-day", "united-kingdom", "after-day", "2017-11-14"),
        (20, "day", None, "after-day", "2017-11-06"),
        (20, "day", None, "from-day", "2017-11-05"),
        (90, "day", None, "after-day", "2018-01-15"),
        (1, "week", None, "after-day", "2017-10-24"),
        (1, "week", None, "from-day", "2017-10-23"),
        (1, "month", None, "after-day", "2017-11-17"),
        (1, "month", None, "from-day", "2017-11-16"),
        (3, "month", None, "after-day", "2018-01-17"),
        (1, "year", None, "after-day", "2018-10-17"),
        (1, "year", None, "from-day", "2018-10-16"),
    ],
)
def test_deadlines_after_the_report_of_2017(
    n: int, unit: str, calendar: str | None, count: str, expected: str
) -> None:
    assert due(n, unit, REPORT, calendar=calendar, count=count) == iso(expected)


@pytest.mark.parametrize(
    ("start", "n", "unit", "count", "expected"),
    [
        # Dodds v Walker: one day before the end of a longer month.
        ("1978-09-30", 4, "month", "after-day", "1979-01-30"),
        ("2019-01-31", 1, "month", "after-day", "2019-02-28"),
        ("2020-01-31", 1, "month", "after-day", "2020-02-29"),
        ("2019-02-28", 1, "month", "after-day", "2019-03-28"),
        ("2017-12-31", 2, "month", "after-day", "2018-02-28"),
        ("2017-11-30", 1, "month", "after-day", "2017-12-30"),
        ("2020-02-29", 1, "year", "after-day", "2021-02-28"),
        ("2020-02-29", 4, "year", "after-day", "2024-02-29"),
        # From-day: a month from the 1st is that month.
        ("2019-02-01", 1, "month", "from-day", "2019-02-28"),
        ("2019-03-01", 1, "month", "from-day", "2019-03-31"),
        ("2019-01-28", 1, "month", "from-day", "2019-02-27"),
        ("2019-01-29", 1, "month", "from-day", "2019-02-28"),
        ("2019-01-31", 1, "month", "from-day", "2019-02-28"),
        ("2018-04-01", 1, "year", "from-day", "2019-03-31"),
    ],
)
def test_months_and_years_end_on_the_corresponding_date(
    start: str, n: int, unit: str, count: str, expected: str
) -> None:
    assert due(n, unit, iso(start), count=count) == iso(expected)


@pytest.mark.parametrize(
    ("day", "open_in"),
    [
        ("2017-10-17", {"wales", "wales-christmas-eve", "united-kingdom"}),
        ("2017-10-14", set()),  # a Saturday
        ("2017-10-15", set()),  # a Sunday
        ("2011-04-29", set()),  # the royal wedding
        ("2012-05-28", {"wales", "wales-christmas-eve", "united-kingdom"}),  # moved ...
        ("2012-06-04", set()),  # ... here,
        ("2012-06-05", set()),  # for the Diamond Jubilee
        ("2020-05-04", {"wales", "wales-christmas-eve", "united-kingdom"}),  # moved ...
        ("2020-05-08", set()),  # ... here
        ("2022-05-30", {"wales", "wales-christmas-eve", "united-kingdom"}),  # moved ...
        ("2022-06-02", set()),  # ... here,
        ("2022-06-03", set()),  # for the Platinum Jubilee
        ("2022-09-19", set()),  # the Queen's funeral
        ("2023-05-08", set()),  # the coronation
        ("2018-03-30", set()),  # Good Friday
        ("2021-12-27", set()),  # substitute for Christmas Day
        ("2021-12-28", set()),  # substitute for Boxing Day
        ("2018-12-24", {"wales", "united-kingdom"}),  # Christmas Eve
        ("2018-01-02", {"wales", "wales-christmas-eve"}),  # Scotland
        ("2019-12-02", {"wales", "wales-christmas-eve"}),  # Scotland, for St Andrew
        ("2026-06-15", {"wales", "wales-christmas-eve"}),  # Scotland, the World Cup
        ("2018-03-19", {"wales", "wales-christmas-eve"}),  # Northern Ireland, for St Patrick
        ("2018-07-12", {"wales", "wales-christmas-eve"}),  # Northern Ireland
    ],
)
def test_working_days_of_each_calendar(day: str, open_in: set[str]) -> None:
    assert {name for name in CALENDARS if is_working_day(iso(day), name)} == open_in


@pytest.mark.parametrize(
    ("start", "n", "calendar", "expected"),
    [
        ("2022-09-16", 1, "wales", "2022-09-20"),  # a Friday, then the Queen's funeral
        ("2018-12-21", 1, "wales", "2018-12-24"),
        ("2018-12-21", 1, "wales-christmas-eve", "2018-12-27"),
        ("2018-12-31", 1, "wales", "2019-01-02"),
        ("2018-12-31", 1, "united-kingdom", "2019-01-03"),
        ("2017-10-14", 1, "wales", "2017-10-16"),  # from a Saturday
    ],
)
def test_closed_days_are_passed_over(start: str, n: int, calendar: str, expected: str) -> None:
    assert add_working_days(iso(start), n, calendar) == iso(expected)


def test_from_day_counts_the_first_working_day_if_the_start_is_none() -> None:
    assert add_working_days(iso("2017-10-14"), 1, "wales", "from-day") == iso("2017-10-16")
    assert add_working_days(iso("2017-10-16"), 1, "wales", "from-day") == iso("2017-10-16")


def test_days_in_hand_and_days_late() -> None:
    submitted, last = iso("2017-11-13"), iso("2017-11-14")

    assert working_days_between(submitted, last, "wales") == 1
    assert working_days_between(last, submitted, "wales") == -1
    assert working_days_between(REPORT, REPORT, "wales") == 0
    assert working_days_between(REPORT, last, "wales") == 20


@pytest.mark.parametrize(
    ("start", "unit", "calendar", "expected"),
    [
        ("2017-10-17", "working-day", "wales", ("2017-11-14", "2017-11-14")),
        ("2017-10", "working-day", "wales", ("2017-10-27", "2017-11-28")),
        ("2017-10", "day", None, ("2017-10-21", "2017-11-20")),
        ("[2017-10-17,2017-10-19]", "day", None, ("2017-11-06", "2017-11-08")),
        ("2017-10/..", "day", None, ("2017-10-21", None)),
        ("[..2017-10-17]", "day", None, (None, "2017-11-06")),
    ],
)
def test_due_bounds_of_a_start_known_only_roughly(
    start: str, unit: str, calendar: str | None, expected: tuple[str | None, str | None]
) -> None:
    assert due_bounds(20, unit, start, calendar=calendar) == expected


def test_due_bounds_by_from_day() -> None:
    start = "2017-10-17"

    bounds = due_bounds(20, "working-day", start, calendar="wales", count="from-day")

    assert bounds == ("2017-11-13", "2017-11-13")


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("day", ["2009-12-31", "2036-01-01"])
def test_days_without_a_table_are_refused(day: str, calendar: str) -> None:
    outside, inside = iso(day), iso("2020-01-02")
    refused = pytest.raises(CalendarRangeError, match="2010-01-01 to 2035-12-31")

    with refused:
        is_working_day(outside, calendar)
    with refused:
        add_working_days(outside, 1, calendar)
    with refused:
        working_days_between(outside, inside, calendar)
    with refused:
        working_days_between(inside, outside, calendar)
    with refused:
        due(1, "working-day", outside, calendar=calendar)


def test_a_deadline_after_the_table_is_refused() -> None:
    assert add_working_days(iso("2035-12-28"), 1, "wales") == iso("2035-12-31")
    with pytest.raises(CalendarRangeError, match="after 2035-12-31"):
        add_working_days(iso("2035-12-28"), 2, "wales")
    with pytest.raises(CalendarRangeError, match="after 2035-12-31"):
        add_working_days(iso("2017-10-17"), 10**9, "wales")


@pytest.mark.parametrize("unit", ["day", "week", "month", "year"])
def test_other_units_need_no_table(unit: str) -> None:
    assert due(1, unit, iso("1974-04-01")) > iso("1974-04-01")
    assert due(1, unit, date.min, count="from-day") >= date.min
    for n in (1, 10_000, 10**18):
        with pytest.raises(CalendarRangeError, match="after the year 9999"):
            due(n, unit, date.max)


def test_what_is_unknown_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'england' is not one of wales, "):
        is_working_day(REPORT, "england")
    with pytest.raises(ValueError, match="'fortnight' is not one of working-day, "):
        due(1, "fortnight", REPORT)
    with pytest.raises(ValueError, match="'clear' is not one of after-day, from-day"):
        due(1, "day", REPORT, count="clear")
    with pytest.raises(ValueError, match="need a calendar: wales, "):
        due(1, "working-day", REPORT)
    with pytest.raises(ValueError, match="a calendar is for working days"):
        due(1, "month", REPORT, calendar="wales")
    with pytest.raises(ValueError, match="1 or more"):
        due(0, "day", REPORT)
    with pytest.raises(EdtfError):
        due_bounds(1, "day", "2017-02-30")


def test_frozen_holidays_are_those_of_the_library() -> None:
    england, wales = bank_holidays_by_library("ENG"), bank_holidays_by_library("WLS")
    scotland, ireland = bank_holidays_by_library("SCT"), bank_holidays_by_library("NIR")

    assert sorted(england) == sorted(bank_holidays.ENGLAND_AND_WALES)
    assert wales == england
    assert sorted(scotland - england) == sorted(bank_holidays.SCOTLAND_BESIDES)
    assert sorted(ireland - england) == sorted(bank_holidays.NORTHERN_IRELAND_BESIDES)


def test_frozen_holidays_are_weekdays_of_the_years_they_cover() -> None:
    for table in (
        bank_holidays.ENGLAND_AND_WALES,
        bank_holidays.SCOTLAND_BESIDES,
        bank_holidays.NORTHERN_IRELAND_BESIDES,
    ):
        assert {day.year for day in table} == set(range(2010, 2036))
        assert all(day.weekday() < 5 for day in table)


@given(starts, numbers, calendars)
def test_what_was_added_is_what_lies_between(start: date, n: int, calendar: str) -> None:
    end = add_working_days(start, n, calendar)

    assert is_working_day(end, calendar)
    assert working_days_between(start, end, calendar) == n
    assert working_days_between(end, start, calendar) == -n


@given(known_days, st.integers(0, 60), calendars)
def test_counting_agrees_with_walking_day_by_day(start: date, n: int, calendar: str) -> None:
    end = min(start + timedelta(days=n), bank_holidays.LAST_DAY)
    walk = (start + timedelta(days=step) for step in range(1, (end - start).days + 1))

    walked = sum(is_working_day(day, calendar) for day in walk)

    assert working_days_between(start, end, calendar) == walked


@given(starts, st.integers(0, 60), numbers, units, counts)
def test_a_later_start_or_a_greater_number_is_never_due_sooner(
    start: date, later: int, n: int, unit_and_calendar: tuple[str, str | None], count: str
) -> None:
    unit, calendar = unit_and_calendar

    first = due(n, unit, start, calendar=calendar, count=count)

    assert first <= due(n, unit, start + timedelta(days=later), calendar=calendar, count=count)
    assert first < due(n + 1, unit, start, calendar=calendar, count=count)
    assert first <= due(n, unit, start, calendar=calendar)


@given(starts, numbers, calendars)
def test_from_day_is_after_day_from_the_day_before(start: date, n: int, calendar: str) -> None:
    next_day = start + timedelta(days=1)

    assert add_working_days(next_day, n, calendar, "from-day") == add_working_days(
        start, n, calendar
    )
    assert due(n, "day", next_day, count="from-day") == due(n, "day", start)
