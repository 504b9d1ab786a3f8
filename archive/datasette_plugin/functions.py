"""SQL functions of our own: dates in EDTF, and working days. Pure; deterministic for SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date

from archive.working_days import add_working_days, is_working_day
from events import edtf

#: The calendar when none is named; the others are in archive/working_days.py.
CALENDAR = "wales"
#: More days than our bank holidays cover need not be walked through.
_LONGEST = 26 * 366


def edtf_earliest(text: object) -> str | None:
    """Return the first day that EDTF text can mean (ISO 8601); NULL when open or not EDTF."""
    return _bounds(text).earliest


def edtf_latest(text: object) -> str | None:
    """Return the last day that EDTF text can mean (ISO 8601); NULL when open or not EDTF."""
    return _bounds(text).latest


def working_days(first: object, last: object, calendar: object = CALENDAR) -> int | None:
    """Return how many working days lie after ``first`` and up to ``last``; below zero if it is earlier.

    Days are ISO 8601. NULL for what is no day, outside of the years whose bank holidays are known
    (2010 to 2035), and for an unknown calendar.
    """
    try:
        start, end = date.fromisoformat(str(first)), date.fromisoformat(str(last))
        low, high = min(start, end), max(start, end)
        if (high - low).days > _LONGEST:
            return None
        days = range(low.toordinal() + 1, high.toordinal() + 1)
        count = sum(is_working_day(date.fromordinal(day), str(calendar)) for day in days)
    except ValueError:
        return None
    return count if start <= end else -count


def working_day_after(first: object, number: object, calendar: object = CALENDAR) -> str | None:
    """Return the day that is the ``number``th working day after ``first`` (ISO 8601).

    NULL for what is no day or no number above zero, and outside of the years known.
    """
    if not isinstance(number, int):
        return None
    try:
        return add_working_days(date.fromisoformat(str(first)), number, str(calendar)).isoformat()
    except ValueError:
        return None


def _bounds(text: object) -> edtf.Bounds:
    try:
        return edtf.bounds(text) if isinstance(text, str) else edtf.Bounds(None, None)
    except ValueError:
        return edtf.Bounds(None, None)


FUNCTIONS: tuple[tuple[str, tuple[int, ...], Callable[..., str | int | None]], ...] = (
    ("edtf_earliest", (1,), edtf_earliest),
    ("edtf_latest", (1,), edtf_latest),
    ("working_days", (2, 3), working_days),
    ("working_day_after", (2, 3), working_day_after),
)


def add_functions(conn: sqlite3.Connection) -> None:
    """Make the functions known to a connection."""
    for name, counts, function in FUNCTIONS:
        for count in counts:
            conn.create_function(name, count, function, deterministic=True)
