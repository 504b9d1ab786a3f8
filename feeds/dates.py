"""Dates for people: EDTF (ISO 8601-2) written out in words. Pure.

The archive has checked each date when it was recorded; here a text that is not understood is shown as it is.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime
from typing import NamedTuple

from feeds.words import DateWords

_PLAIN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_UNSPECIFIED = re.compile(r"(\d{3}X|\d\dXX|\d{4})(?:-(\d\d|\dX|XX)(?:-(\dX|XX))?)?")
_MARKS = {"?": "?", "~": "~", "%": "~?"}


class _Day(NamedTuple):
    """A year, a month or a day."""

    year: int
    month: int | None = None
    day: int | None = None


def text(edtf: str, words: DateWords) -> str:
    """Return an EDTF date in words, e.g. "about October 2018"; what is no date comes back as it is."""
    if edtf[:1] in ("[", "{"):
        return _set(edtf, words)
    if "/" in edtf:
        start, _, end = edtf.partition("/")
        return _interval(start, end, words)
    return _marked(edtf, words)


def instant(stamp: str) -> datetime:
    """Return a stored instant (UTC, ISO 8601) as a datetime; of a mere day its beginning."""
    when = datetime.fromisoformat(stamp)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def day_of(stamp: str, words: DateWords) -> str:
    """Return the day of a stored instant in words."""
    return text(stamp[:10], words)


def _marked(edtf: str, words: DateWords) -> str:
    """Return one date, with its qualifier."""
    marks = _MARKS.get(edtf[-1:], "")
    said = _date(edtf[:-1] if marks else edtf, words)
    if "~" in marks:
        said = words.about.format(said)
    return words.perhaps.format(said) if "?" in marks else said


def _date(edtf: str, words: DateWords) -> str:
    if plain := _plain(edtf):
        return _written(plain, words)
    year, _, season = edtf.partition("-")
    if season in words.seasons and year.isdecimal():
        return words.seasons[season].format(year, int(year) + 1)
    return _unspecified(edtf, words)


def _plain(edtf: str) -> _Day | None:
    match = _PLAIN.fullmatch(edtf)
    if match is None:
        return None
    day = _Day(*(int(part) if part else None for part in match.groups()))  # type: ignore[arg-type]
    return day if day.month is None or 1 <= day.month <= 12 else None


def _written(day: _Day, words: DateWords, upto: int = 3) -> str:
    """Return the first parts of a day: its number, its month, its year."""
    month = words.months[day.month - 1] if day.month else None
    parts = [str(day.day) if day.day else None, month, str(day.year)]
    return " ".join(part for part in parts[:upto] if part)


def _unspecified(edtf: str, words: DateWords) -> str:
    """Return a date with X in the place of digits."""
    match = _UNSPECIFIED.fullmatch(edtf)
    if match is None:
        return edtf
    year, month, day = match.groups()
    if month is None:
        if year.endswith("XX"):
            return words.between.format(year[:2] + "00", year[:2] + "99")
        return words.decade.format(year[:3] + "0") if year.endswith("X") else year
    if "X" in year:
        return edtf
    if month == "XX":
        return words.some_time.format(year)
    if "X" in month:
        first, last = _range(month, 12)
        return _between(f"{year}-{first:02}", f"{year}-{last:02}", words.between, words)
    if not 1 <= int(month) <= 12 or int(year) == 0 or day is None:
        return edtf
    if day == "XX":
        return words.some_time.format(_date(f"{year}-{month}", words))
    first, last = _range(day, monthrange(int(year), int(month))[1])
    start = f"{year}-{month}-{first:02}"
    return _between(start, f"{year}-{month}-{last:02}", words.between, words)


def _range(digits: str, most: int) -> tuple[int, int]:
    return max(1, int(digits.replace("X", "0"))), min(most, int(digits.replace("X", "9")))


def _between(start: str, end: str, pattern: str, words: DateWords) -> str:
    """Return two dates in a pattern; what they share is said once, as in "13 to 14 November 2017"."""
    first, last = _plain(start), _plain(end)
    if first and last and first != last and first.month and last.month and first.year == last.year:
        shared = first.day and last.day and first.month == last.month
        if bool(first.day) == bool(last.day):
            return pattern.format(_written(first, words, 1 if shared else 2), _written(last, words))
    return pattern.format(_marked(start, words), _marked(end, words))


def _interval(start: str, end: str, words: DateWords) -> str:
    if start in ("", ".."):
        pattern = words.until if start else words.until_unknown
        return pattern.format(_marked(end, words))
    if end in ("", ".."):
        pattern = words.since if end else words.since_unknown
        return pattern.format(_marked(start, words))
    return _between(start, end, words.span, words)


def _set(edtf: str, words: DateWords) -> str:
    """Return one of (square brackets) or all of (curly brackets) several dates."""
    one = edtf[0] == "["
    said = [_member(member, one, words) for member in edtf[1:-1].split(",")]
    last = said.pop()
    if not said:
        return last
    return (words.either if one else words.both).format(", ".join(said), last)


def _member(member: str, one: bool, words: DateWords) -> str:  # noqa: FBT001 - "one of", not a switch
    start, dots, end = member.partition("..")
    if not dots:
        return _marked(member, words)
    if not start:
        return words.or_earlier.format(_marked(end, words))
    if not end:
        return words.or_later.format(_marked(start, words))
    return _between(start, end, words.between if one else words.span, words)
