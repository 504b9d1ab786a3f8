"""Dates as sources give them: our profile of EDTF, text -> first and last possible day.

EDTF is ISO 8601-2:2019, Extended Date/Time Format (Library of Congress,
https://www.loc.gov/standards/datetime/). The profile is levels 0 and 1 without times,
plus sets from level 2. Years are 0001 to 9999, days must exist.

    2017  2017-10  2017-10-17          a year, month, day
    2017-10? 2017-10~ 2017-10%         uncertain, approximate, both
    201X 20XX 2017-XX 2017-XX-XX       unspecified digits; 2017-1X is October to December,
    2017-10-XX 2017-1X 2017-10-1X      2017-10-1X is the 10th to the 19th (both beyond level 1)
    2017-21 2017-22 2017-23 2017-24    spring, summer, autumn, winter
    2017-10/2018-01  2017-10/..        interval, open end
    ../2018-01  2017/  /2018           open start, unknown end, unknown start
    [2017,2019] [2017..2019] [..2019]  one of a set
    {2017,2018-03}                     all of a set

Seasons are those of the northern hemisphere by whole months: spring is March to May,
summer June to August, autumn September to November, winter December of the year named
to the end of February of the next. The standard leaves this to the community of use.

A qualifier says how sure the source is, not how far off it may be, so it never widens
the bounds: 2017-10~ has those of 2017-10. A seasonal date may be qualified, and may
stand in an interval or a set.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple

MAX_LENGTH: Final = 80
"""Longest text looked at. A date of a source is short; what is longer is a mistake."""

Kind = Literal["date", "season", "interval", "set"]


class EdtfError(ValueError):
    """A text is not a date of our profile. The message says what to write instead."""


class Bounds(NamedTuple):
    """First and last possible day, inclusive, as ISO YYYY-MM-DD; None is open or unknown."""

    earliest: str | None
    latest: str | None


@dataclass(frozen=True, slots=True)
class Edtf:
    """One parsed date. `text` is as it was written; the bounds are as in `Bounds`."""

    text: str
    earliest: str | None
    latest: str | None
    uncertain: bool
    approximate: bool
    kind: Kind

    @property
    def bounds(self) -> Bounds:
        """First and last possible day."""
        return Bounds(self.earliest, self.latest)


class _Span(NamedTuple):
    """A part of a date: its bounds, the qualifiers met in it, and whether it is a season."""

    earliest: str | None
    latest: str | None
    marks: str
    season: bool = False


_DATE: Final = re.compile(
    r"([0-9]{3}[0-9X]|[0-9]{2}XX)(?:-([0-9][0-9X]|XX)(?:-([0-9][0-9X]|XX))?)?([?~%]?)"
)
_TIME: Final = re.compile(r":|[0-9]T[0-9]")
_X_ADVICE: Final = "write X for last digits only: 201X, 20XX, 2017-XX, 2017-XX-XX, 2017-10-XX"
_SEASON_STARTS: Final = {"21": 3, "22": 6, "23": 9, "24": 12}


@lru_cache(maxsize=8192)
def parse(text: str) -> Edtf:
    """Return the date that `text` writes in our profile of EDTF (see the module).

    Raises EdtfError with advice if the text is outside of the profile, names a day that
    does not exist, or an interval that ends before it starts.
    """
    if len(text) > MAX_LENGTH:
        raise EdtfError(f"a date has at most {MAX_LENGTH} characters, this has {len(text)}")
    if not text.isascii():
        raise EdtfError(f"{text!a}: write the date in ASCII, with '-' as the hyphen")
    span, kind = _read(text)
    return Edtf(
        text=text,
        earliest=span.earliest,
        latest=span.latest,
        uncertain="?" in span.marks or "%" in span.marks,
        approximate="~" in span.marks or "%" in span.marks,
        kind=kind,
    )


def bounds(text: str) -> Bounds:
    """Return the first and last possible day of the date that `text` writes.

    Raises EdtfError as `parse` does.
    """
    return parse(text).bounds


def _read(text: str) -> tuple[_Span, Kind]:
    is_set = text.startswith(("[", "{"))
    if not is_set and "/" not in text:
        span = _date(text)
        return span, "season" if span.season else "date"
    try:
        return (_set(text), "set") if is_set else (_interval(text), "interval")
    except EdtfError as error:
        raise EdtfError(f"in {text!r}: {error}") from None


def _set(text: str) -> _Span:
    """Return the span of a set. One of and all of lie between the same two days."""
    if text[-1] != {"[": "]", "{": "}"}[text[0]]:
        raise EdtfError("close the set, as in [2017,2019] or {2017,2019}")
    members = []
    for member in text[1:-1].split(","):
        start, dots, end = member.partition("..")
        members.append(_between(start, end) if dots else _date(member))
    firsts = [member.earliest for member in members if member.earliest is not None]
    lasts = [member.latest for member in members if member.latest is not None]
    return _Span(
        # One open member leaves the whole set open on that side.
        earliest=min(firsts) if len(firsts) == len(members) else None,
        latest=max(lasts) if len(lasts) == len(members) else None,
        marks="".join(member.marks for member in members),
    )


def _interval(text: str) -> _Span:
    start, _, end = text.partition("/")
    if "/" in end:
        raise EdtfError("an interval has one '/'; a day is written 2017-10-17")
    return _between("" if start == ".." else start, "" if end == ".." else end)


def _between(start: str, end: str) -> _Span:
    """Return the span from `start` to `end`, either of which may be empty for open."""
    if not start and not end:
        raise EdtfError("give a date on one side at least, as in 2017-10/.. or [..2017-10]")
    first = _date(start) if start else _Span(None, None, "")
    last = _date(end) if end else _Span(None, None, "")
    # Only what cannot be is refused: 2017-10-20/2017-10 may well end on the 25th.
    if first.earliest and last.latest and first.earliest > last.latest:
        raise EdtfError(f"the end {end} is before the start {start}")
    return _Span(first.earliest, last.latest, first.marks + last.marks)


def _date(text: str) -> _Span:
    match = _DATE.fullmatch(text)
    if match is None:
        raise EdtfError(_advice(text))
    year, month, day, mark = match.groups()
    low, high = _range(year, 1, 9999, "year", text)
    if month is None:
        return _Span(f"{low:04}-01-01", f"{high:04}-12-31", mark)
    if "X" in year or (day is not None and "X" in month and month + day != "XXXX"):
        raise EdtfError(f"{text!r}: {_X_ADVICE}")
    if day is None and month in _SEASON_STARTS:
        return _season(low, _SEASON_STARTS[month], mark, text)
    first, last = _range(month, 1, 12, "month", text)
    if day is None or month == "XX":
        end = monthrange(low, last)[1]
        return _Span(f"{low:04}-{first:02}-01", f"{low:04}-{last:02}-{end}", mark)
    begin, end = _range(day, 1, monthrange(low, first)[1], "day", text)
    return _Span(f"{low:04}-{first:02}-{begin:02}", f"{low:04}-{first:02}-{end:02}", mark)


def _season(year: int, start: int, mark: str, text: str) -> _Span:
    end_year, end = (year, start + 2) if start < 12 else (year + 1, 2)
    if end_year > 9999:
        raise EdtfError(f"{text!r}: the winter ends after the year 9999")
    last = monthrange(end_year, end)[1]
    return _Span(f"{year:04}-{start:02}-01", f"{end_year:04}-{end:02}-{last}", mark, season=True)


def _range(digits: str, first: int, last: int, what: str, text: str) -> tuple[int, int]:
    """Return the least and greatest number from `first` to `last` that `digits` can be."""
    low = max(int(digits.replace("X", "0")), first)
    high = min(int(digits.replace("X", "9")), last)
    if low > high:
        limits = f"{first:0{len(digits)}} to {last:02}"
        raise EdtfError(f"{text!r}: {what} {digits} is not within {limits}")
    return low, high


def _advice(text: str) -> str:
    if not text:
        return "a date is missing: write YYYY, YYYY-MM or YYYY-MM-DD"
    if _TIME.search(text):
        return f"{text!r}: leave out the time of day, write only YYYY-MM-DD"
    if text.strip() != text:
        return f"{text!r}: write the date without spaces around it"
    if "X" in text:
        return f"{text!r}: {_X_ADVICE}"
    if len(text) == 2 and text.isdigit():
        return f"{text!r}: a year has four digits; a financial year is 2019-04-01/2020-03-31"
    return f"{text!r} is not a date: write YYYY, YYYY-MM or YYYY-MM-DD, with ?, ~ or % at the end"
