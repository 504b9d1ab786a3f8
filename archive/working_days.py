"""Deadlines from rules: a number of units after a day -> the day on which it is due.

A rule names its calendar, because "working day" has several meanings in law, and its count:
"after-day" is the usual legal rule, by which the day of the event is not counted and the day
after it is day 1; "from-day" takes the start itself as day 1. Months and years follow the
corresponding date rule (Dodds v Walker [1981] 1 WLR 1027, HL): four months after 30 September
end on 30 January, a month after 31 January on the last day of February.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from archive.folding.bank_holidays import (
    ENGLAND_AND_WALES,
    FIRST_DAY,
    LAST_DAY,
    NORTHERN_IRELAND_BESIDES,
    SCOTLAND_BESIDES,
)
from events import edtf

UNITS: Final = ("working-day", "day", "week", "month", "year")
COUNTS: Final = ("after-day", "from-day")
CALENDARS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wales": "Monday to Friday without the bank holidays of England and Wales",
        "wales-christmas-eve": "As wales, and without Christmas Eve (as in Welsh SI 2008/1848, reg. 14)",
        "united-kingdom": (
            "Monday to Friday without days that are a bank holiday in any part of the United Kingdom"
            " (Freedom of Information Act 2000, s. 10(6))"
        ),
    }
)
"""Name of each calendar, and what its working days are."""

_YEARS: Final = range(FIRST_DAY.year, LAST_DAY.year + 1)
_HOLIDAYS: Final[Mapping[str, frozenset[date]]] = {
    "wales": ENGLAND_AND_WALES,
    "wales-christmas-eve": ENGLAND_AND_WALES | {date(year, 12, 24) for year in _YEARS},
    "united-kingdom": ENGLAND_AND_WALES | SCOTLAND_BESIDES | NORTHERN_IRELAND_BESIDES,
}


class CalendarRangeError(ValueError):
    """A day lies outside of the years whose holidays we know, or of those a date can have."""


def is_working_day(day: date, calendar: str) -> bool:
    """Whether `day` is a working day in `calendar`, one of CALENDARS.

    Raises CalendarRangeError outside of 2010 to 2035, ValueError for an unknown calendar.
    """
    holidays = _holidays(calendar)
    _check_range(day)
    return day.weekday() < 5 and day not in holidays


def add_working_days(start: date, n: int, calendar: str, count: str = "after-day") -> date:
    """The `n`th working day of `calendar`, counted from `start` by `count`, one of COUNTS.

    Days that are no working days are passed over, the start among them. Raises
    CalendarRangeError if start or result lies outside of 2010 to 2035, ValueError for `n`
    below 1 and for an unknown name.
    """
    _check_count(n, count)
    days = _working_days(calendar)
    _check_range(start)
    before = start if count == "after-day" else start - timedelta(days=1)
    position = bisect_right(days, before) + n - 1
    if position >= len(days):
        raise CalendarRangeError(
            f"{n} working days from {start} end after {LAST_DAY}: no bank holidays are known"
        )
    return days[position]


def working_days_between(a: date, b: date, calendar: str) -> int:
    """How many working days of `calendar` lie after `a`, up to and including `b`.

    Negative if `b` is before `a`: the same days, counted backwards. Raises CalendarRangeError
    outside of 2010 to 2035, ValueError for an unknown calendar.
    """
    days = _working_days(calendar)
    _check_range(a)
    _check_range(b)
    return bisect_right(days, b) - bisect_right(days, a)


def due(
    n: int, unit: str, start: date, *, calendar: str | None = None, count: str = "after-day"
) -> date:
    """The last day on which a duty of `n` units from `start` can be met in time.

    `unit` is one of UNITS. Working days need a calendar and only they may have one. A deadline
    in other units is not moved if it falls on a holiday: that takes a rule of its own. Raises
    CalendarRangeError for working days outside of 2010 to 2035 and for a day after the year
    9999, ValueError for anything unknown.
    """
    _check_count(n, count)
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r} is not one of {', '.join(UNITS)}")
    if unit == "working-day":
        if calendar is None:
            raise ValueError(f"working days need a calendar: {', '.join(CALENDARS)}")
        return add_working_days(start, n, calendar, count)
    if calendar is not None:
        raise ValueError(f"a calendar is for working days; a rule in units of a {unit} has none")
    try:
        if unit in ("month", "year"):
            return _add_months(start, n * 12 if unit == "year" else n, count)
        days = n * 7 if unit == "week" else n
        return start + timedelta(days=days if count == "after-day" else days - 1)
    except OverflowError:
        raise CalendarRangeError(f"{n} {unit}s from {start} end after the year 9999") from None


def due_bounds(
    n: int, unit: str, start_edtf: str, *, calendar: str | None = None, count: str = "after-day"
) -> edtf.Bounds:
    """Earliest and latest due day (ISO) if the start is known only as an EDTF date.

    A side on which the start is open stays None. Raises as `due`, and EdtfError for a start
    that is no date.
    """
    earliest, latest = (
        None
        if day is None
        else due(n, unit, date.fromisoformat(day), calendar=calendar, count=count).isoformat()
        for day in edtf.bounds(start_edtf)
    )
    return edtf.Bounds(earliest, latest)


def _add_months(start: date, n: int, count: str) -> date:
    years, month = divmod(start.month - 1 + n, 12)
    year = start.year + years
    if year > date.max.year:
        raise OverflowError
    last = monthrange(year, month + 1)[1]
    if start.day > last:
        # No corresponding date: the period ends with the month, by either count.
        return date(year, month + 1, last)
    day = date(year, month + 1, start.day)
    return day if count == "after-day" else day - timedelta(days=1)


@lru_cache(maxsize=len(CALENDARS))
def _working_days(calendar: str) -> tuple[date, ...]:
    """All working days of a calendar in order, so that counting is a search and no walk."""
    holidays = _holidays(calendar)
    days = (FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1))
    return tuple(day for day in days if day.weekday() < 5 and day not in holidays)


def _holidays(calendar: str) -> frozenset[date]:
    if calendar not in _HOLIDAYS:
        raise ValueError(f"calendar {calendar!r} is not one of {', '.join(CALENDARS)}")
    return _HOLIDAYS[calendar]


def _check_range(day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CalendarRangeError(
            f"{day}: bank holidays are known from {FIRST_DAY} to {LAST_DAY} only"
        )


def _check_count(n: int, count: str) -> None:
    if n < 1:
        raise ValueError(f"a rule counts 1 or more units, not {n}")
    if count not in COUNTS:
        raise ValueError(f"count {count!r} is not one of {', '.join(COUNTS)}")
