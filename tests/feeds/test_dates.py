from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import edtf
from feeds import dates
from feeds.words import WORDS

ENGLISH = WORDS["en"].dates

WRITTEN = {
    "2017": "2017",
    "2017-10": "October 2017",
    "2017-10-17": "17 October 2017",
    "2017-10-07": "7 October 2017",
    "2017-10?": "perhaps October 2017",
    "2018-10~": "about October 2018",
    "2017-10-17%": "perhaps about 17 October 2017",
    "201X": "the 2010s",
    "20XX": "between 2000 and 2099",
    "2017-XX": "some time in 2017",
    "2017-XX-XX": "some time in 2017",
    "2017-10-XX": "some time in October 2017",
    "2017-1X": "between October and December 2017",
    "2017-0X": "between January and September 2017",
    "2017-10-1X": "between 10 and 19 October 2017",
    "2017-02-2X": "between 20 and 28 February 2017",
    "2017-21": "spring 2017",
    "2017-24": "winter 2017 to 2018",
    "2017-23~": "about autumn 2017",
    "2019-04-01/2020-03-31": "1 April 2019 to 31 March 2020",
    "2019-04-01/2019-06-30": "1 April to 30 June 2019",
    "2019-04-01/2019-04-30": "1 to 30 April 2019",
    "2017-10/2017-12": "October to December 2017",
    "2017/2019": "2017 to 2019",
    "2017-10-17/2017-10": "17 October 2017 to October 2017",
    "2017-10~/2018-01": "about October 2017 to January 2018",
    "2017-10/..": "from October 2017",
    "../2018-01": "until January 2018",
    "2017/": "from 2017, end unknown",
    "/2018": "until 2018, start unknown",
    "[2017,2019]": "2017 or 2019",
    "[2017-11-13..2017-11-14]": "between 13 and 14 November 2017",
    "[..2019]": "2019 or earlier",
    "[2019..]": "2019 or later",
    "{2017,2018-03}": "2017 and March 2018",
    "{2017..2019}": "2017 to 2019",
    "[2016,2017,2019-03]": "2016, 2017 or March 2019",
}


@pytest.mark.parametrize(("text", "said"), WRITTEN.items())
def test_a_date_is_written_out(text: str, said: str) -> None:
    edtf.parse(text)  # only dates that can be recorded
    assert dates.text(text, ENGLISH) == said


@pytest.mark.parametrize(
    "text", ["soon", "2017-13", "2017-X1", "0000-02-1X", "2017-00", "-5", "x]"]
)
def test_what_is_no_date_is_shown_as_it_is(text: str) -> None:
    assert dates.text(text, ENGLISH) == text


@given(st.text(alphabet="0123456789X-/.~?%[]{},", max_size=24) | st.text(max_size=24))
def test_no_text_breaks_a_page(text: str) -> None:
    assert isinstance(dates.text(text, ENGLISH), str)


def test_an_instant_is_in_utc() -> None:
    assert dates.instant("2026-01-02T03:04:05Z") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert dates.instant("2026-01-02") == datetime(2026, 1, 2, tzinfo=UTC)


def test_an_instant_is_shown_as_its_day() -> None:
    assert dates.day_of("2026-01-02T23:59:59Z", ENGLISH) == "2 January 2026"
