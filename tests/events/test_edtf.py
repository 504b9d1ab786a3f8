"""EDTF profile: exact bounds, refusals with advice, and properties against the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import edtf

# text, earliest, latest
DATES = [
    ("2017", "2017-01-01", "2017-12-31"),
    ("2020", "2020-01-01", "2020-12-31"),
    ("0001", "0001-01-01", "0001-12-31"),
    ("9999-12-31", "9999-12-31", "9999-12-31"),
    ("2017-10", "2017-10-01", "2017-10-31"),
    ("2017-11", "2017-11-01", "2017-11-30"),
    ("2018-04", "2018-04-01", "2018-04-30"),
    ("2019-02", "2019-02-01", "2019-02-28"),
    ("2020-02", "2020-02-01", "2020-02-29"),
    ("1900-02", "1900-02-01", "1900-02-28"),
    ("2017-11-07", "2017-11-07", "2017-11-07"),
    ("2018-01-15", "2018-01-15", "2018-01-15"),
    ("2020-09-15", "2020-09-15", "2020-09-15"),
    ("2020-09-17", "2020-09-17", "2020-09-17"),
    ("2020-09-30", "2020-09-30", "2020-09-30"),
    ("2020-10-09", "2020-10-09", "2020-10-09"),
    ("2020-02-29", "2020-02-29", "2020-02-29"),
    # Unspecified digits.
    ("201X", "2010-01-01", "2019-12-31"),
    ("20XX", "2000-01-01", "2099-12-31"),
    ("00XX", "0001-01-01", "0099-12-31"),
    ("2017-XX", "2017-01-01", "2017-12-31"),
    ("2017-XX-XX", "2017-01-01", "2017-12-31"),
    ("2017-0X", "2017-01-01", "2017-09-30"),
    ("2017-1X", "2017-10-01", "2017-12-31"),
    ("2017-10-XX", "2017-10-01", "2017-10-31"),
    ("2017-02-XX", "2017-02-01", "2017-02-28"),
    ("2017-10-0X", "2017-10-01", "2017-10-09"),
    ("2017-10-1X", "2017-10-10", "2017-10-19"),
    ("2017-02-2X", "2017-02-20", "2017-02-28"),
    ("2020-02-2X", "2020-02-20", "2020-02-29"),
    ("2017-09-3X", "2017-09-30", "2017-09-30"),
    # A qualifier never widens the bounds.
    ("2017?", "2017-01-01", "2017-12-31"),
    ("2018-10~", "2018-10-01", "2018-10-31"),
    ("2017-10-17%", "2017-10-17", "2017-10-17"),
    ("201X~", "2010-01-01", "2019-12-31"),
]
SEASONS = [
    ("2017-21", "2017-03-01", "2017-05-31"),
    ("2017-22", "2017-06-01", "2017-08-31"),
    ("2017-23", "2017-09-01", "2017-11-30"),
    ("2017-24", "2017-12-01", "2018-02-28"),
    ("2019-24", "2019-12-01", "2020-02-29"),
    ("2017-21~", "2017-03-01", "2017-05-31"),
]
INTERVALS = [
    ("2019-04-01/2020-03-31", "2019-04-01", "2020-03-31"),
    ("2017-10/..", "2017-10-01", None),
    ("../2018-01", None, "2018-01-31"),
    ("2017/", "2017-01-01", None),
    ("/2018", None, "2018-12-31"),
    ("2019/2020", "2019-01-01", "2020-12-31"),
    ("2017-10~/2018-01?", "2017-10-01", "2018-01-31"),
    ("2017-10-17/2017-10-17", "2017-10-17", "2017-10-17"),
    ("2017-10-20/2017-10", "2017-10-20", "2017-10-31"),
    ("2017-10/2017-10-05", "2017-10-01", "2017-10-05"),
    ("2017-21/2017-23", "2017-03-01", "2017-11-30"),
]
SETS = [
    ("[..2017-11-07]", None, "2017-11-07"),
    ("[..2020-09-15]", None, "2020-09-15"),
    ("[2018-01..]", "2018-01-01", None),
    ("[2017-11-07..2017-11-13]", "2017-11-07", "2017-11-13"),
    ("[2017-11-13..2017-11-14]", "2017-11-13", "2017-11-14"),
    ("[2019-04-01..2020-03-31]", "2019-04-01", "2020-03-31"),
    ("[2017]", "2017-01-01", "2017-12-31"),
    ("[2017-10-17,2017-11]", "2017-10-17", "2017-11-30"),
    ("[2017-11,2017-10-17]", "2017-10-17", "2017-11-30"),
    ("[..2015,2017]", None, "2017-12-31"),
    ("[2015,2017..]", "2015-01-01", None),
    ("[..2015,2017..]", None, None),
    ("[2015,2017..2018,2020]", "2015-01-01", "2020-12-31"),
    ("{2017,2018-03}", "2017-01-01", "2018-03-31"),
    ("{2017..2018}", "2017-01-01", "2018-12-31"),
]

# text, a part of the advice that comes back
REFUSED = [
    ("", "write YYYY"),
    ("Oct 2017", "write YYYY"),
    ("17 October 2017", "write YYYY"),
    ("2017-1", "write YYYY"),
    ("20171017", "write YYYY"),
    ("-2017", "write YYYY"),
    ("Y12017", "write YYYY"),
    ("2017?-10", "at the end"),
    ("2017-10-17~?", "at the end"),
    ("201x", "write YYYY"),
    (" 2017", "without spaces"),
    ("2017-10-17\n", "without spaces"),
    ("2017-10-17T10:00", "leave out the time"),
    ("2017-10-17 10:00", "leave out the time"),
    ("2017\u201310", "ASCII"),
    ("\u0662017", "ASCII"),
    ("\ud800", "ASCII"),
    ("2017-" * 17, "at most 80"),
    ("0000", "0001 to 9999"),
    ("2017-00", "01 to 12"),
    ("2017-13", "01 to 12"),
    ("2017-20", "01 to 12"),
    ("2017-25", "01 to 12"),
    ("2017-2X", "01 to 12"),
    ("2017-02-30", "01 to 28"),
    ("2019-02-29", "01 to 28"),
    ("2017-02-3X", "01 to 28"),
    ("2017-11-31", "01 to 30"),
    ("2017-10-00", "01 to 31"),
    ("2017-21-01", "01 to 12"),
    ("9999-24", "after the year 9999"),
    ("XXXX", "write X for last digits"),
    ("2X17", "write X for last digits"),
    ("201X-10", "write X for last digits"),
    ("2017-X1", "write X for last digits"),
    ("2017-10-X1", "write X for last digits"),
    ("2017-XX-15", "write X for last digits"),
    ("2017-1X-XX", "write X for last digits"),
    ("2019/20", "financial year is 2019-04-01/2020-03-31"),
    ("17/10/2017", "one '/'"),
    ("/", "one side at least"),
    ("../..", "one side at least"),
    ("../", "one side at least"),
    ("2017-11/2017-10", "before the start"),
    ("2017-10-18/2017-10-17", "before the start"),
    ("2017/unknown", "write YYYY"),
    ("[]", "a date is missing"),
    ("{}", "a date is missing"),
    ("[2017,]", "a date is missing"),
    ("[..]", "one side at least"),
    ("[2018..2017]", "before the start"),
    ("[2017..2018..2019]", "write YYYY"),
    ("[2017...2018]", "write YYYY"),
    ("[2017, 2018]", "without spaces"),
    ("[2017/2018]", "write YYYY"),
    ("[2017", "close the set"),
    ("[2017}", "close the set"),
    ("[", "close the set"),
    ("[2017]~", "close the set"),
    ("[[2017]]", "write YYYY"),
]

days = st.dates()


@pytest.mark.parametrize(("text", "earliest", "latest"), DATES + SEASONS + INTERVALS + SETS)
def test_bounds_are_exact(text: str, earliest: str | None, latest: str | None) -> None:
    parsed = edtf.parse(text)

    assert parsed.bounds == edtf.bounds(text) == (earliest, latest)
    assert (parsed.text, parsed.earliest, parsed.latest) == (text, earliest, latest)


@pytest.mark.parametrize(
    ("kind", "table"),
    [("date", DATES), ("season", SEASONS), ("interval", INTERVALS), ("set", SETS)],
)
def test_kind(kind: str, table: list[tuple[str, str | None, str | None]]) -> None:
    assert {edtf.parse(text).kind for text, _, _ in table} == {kind}


@pytest.mark.parametrize(
    ("text", "uncertain", "approximate"),
    [
        ("2017-10", False, False),
        ("2017-10?", True, False),
        ("2017-10~", False, True),
        ("2017-10%", True, True),
        ("2017-22?", True, False),
        ("2017~/2018", False, True),
        ("2017/2018?", True, False),
        ("2017~/2018?", True, True),
        ("2017%/..", True, True),
        ("[2017~,2018]", False, True),
        ("[2017..2018?]", True, False),
    ],
)
def test_qualifiers(text: str, uncertain: bool, approximate: bool) -> None:
    parsed = edtf.parse(text)

    assert (parsed.uncertain, parsed.approximate) == (uncertain, approximate)


@pytest.mark.parametrize(("text", "advice"), REFUSED)
def test_refusal_says_what_to_write(text: str, advice: str) -> None:
    with pytest.raises(edtf.EdtfError) as refusal:
        edtf.parse(text)

    assert advice in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_refusal_in_an_interval_names_the_whole_and_the_part() -> None:
    with pytest.raises(edtf.EdtfError, match=r"in '2017/2018-02-30': '2018-02-30': day 30"):
        edtf.parse("2017/2018-02-30")


def test_length_is_refused_before_any_work() -> None:
    longest = "[" + ",".join(["2017-10-17"] * 7) + "]"

    assert len(longest) == 78
    assert edtf.bounds(longest) == ("2017-10-17", "2017-10-17")
    with pytest.raises(edtf.EdtfError, match="this has 1000000"):
        edtf.parse("[" * 1_000_000)


@given(days)
def test_a_day_is_its_own_bounds(day: date) -> None:
    text = day.isoformat()

    assert edtf.parse(text).bounds == (text, text)


@given(days, days)
def test_an_interval_reaches_from_its_first_to_its_last_day(one: date, other: date) -> None:
    first, last = sorted([one.isoformat(), other.isoformat()])

    assert edtf.bounds(f"{first}/{last}") == (first, last)
    assert edtf.bounds(f"[{first}..{last}]") == (first, last)
    assert edtf.bounds(f"{{{last},{first}}}") == (first, last)
    assert edtf.bounds(f"{first}/..") == edtf.bounds(f"[{first}..]") == (first, None)
    assert edtf.bounds(f"../{last}") == edtf.bounds(f"[..{last}]") == (None, last)
    if first < last:
        with pytest.raises(edtf.EdtfError):
            edtf.parse(f"{last}/{first}")


@given(
    st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)),
    st.sampled_from(
        ["{y}", "{y}-{m}", "{y}-XX", "{y}-{t}X", "{y}-XX-XX", "{y}-{m}-XX", "{y}-{m}-{u}X"]
    ),
)
def test_bounds_are_the_first_and_last_day_that_fits(day: date, shape: str) -> None:
    iso = day.isoformat()
    text = shape.format(y=iso[:4], m=iso[5:7], t=iso[5], u=iso[8])
    year = [(date(day.year, 1, 1) + timedelta(n)).isoformat() for n in range(365)]
    year.append(f"{iso[:4]}-12-31")

    fits = [it for it in year if all(x in ("X", y) for x, y in zip(text, it, strict=False))]

    assert edtf.bounds(text) == (fits[0], fits[-1])


DATE_LIKE = st.text(alphabet="0123456789X-/.,[]{}?~% T:", max_size=30)
PARTS = st.sampled_from(
    "2017 2018-02 2018-02-28 2017-24 201X 2017-1X 2016-10-1X 2017-02-30 0000 XX "
    ".. - / , ~ ? % [ ] { }".split()
)


@given(st.one_of(st.text(), DATE_LIKE, st.lists(PARTS, max_size=9).map("".join)))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parsed = edtf.parse(text)
    except edtf.EdtfError:
        return
    earliest, latest = parsed.bounds
    for day in (earliest, latest):
        assert day is None or date.fromisoformat(day).isoformat() == day
    assert earliest is None or latest is None or earliest <= latest
