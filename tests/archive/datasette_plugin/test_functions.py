from __future__ import annotations

import sqlite3
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.datasette_plugin.functions import working_day_after, working_days
from archive.working_days import is_working_day

days = st.dates(date(2011, 1, 1), date(2034, 11, 1))  # 400 days on the calendar still goes


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("edtf_earliest('2031-03')", "2031-03-01"),
        ("edtf_latest('2031-03')", "2031-03-31"),
        ("edtf_latest('2031-03-04/..')", None),
        ("edtf_earliest('next week')", None),
        ("edtf_earliest(NULL)", None),
        ("edtf_earliest(2031)", None),
        ("working_days('2017-10-17', '2017-11-14')", 20),
        ("working_days('2017-11-14', '2017-10-17')", -20),
        ("working_days('2020-05-07', '2020-05-11')", 1),  # Friday the 8th was a bank holiday
        ("working_days('2020-12-23', '2020-12-29', 'wales-christmas-eve')", 1),
        ("working_days('2020-12-23', '2020-12-29', 'wales')", 2),
        ("working_days('2020-12-23', '2020-12-29', 'mars')", None),
        ("working_days('1900-01-01', '2020-12-29')", None),
        ("working_days('soon', '2020-12-29')", None),
        ("working_days('2020-12-29', NULL)", None),
        ("working_day_after('2017-10-17', 20)", "2017-11-14"),
        ("working_day_after('2017-10-17', 0)", None),
        ("working_day_after('2017-10-17', 100000000)", None),
        ("working_day_after('2017-10-17', 'x')", None),
        ("working_day_after('2020-12-23', 2, 'wales-christmas-eve')", "2020-12-30"),
    ],
)
def test_in_sql(guarded: sqlite3.Connection, sql: str, answer: object) -> None:
    assert guarded.execute(f"SELECT {sql}").fetchone()[0] == answer


@given(days, st.integers(0, 400))
def test_working_days_are_those_that_are_counted(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    between = [first + timedelta(days=n + 1) for n in range(length)]

    count = working_days(first.isoformat(), last.isoformat())

    assert count == sum(is_working_day(day, "wales") for day in between)
    assert working_days(last.isoformat(), first.isoformat()) == -count


@given(days, st.integers(1, 200))
def test_the_nth_working_day_is_n_working_days_later(first: date, number: int) -> None:
    day = working_day_after(first.isoformat(), number)

    assert working_days(first.isoformat(), day) == number
