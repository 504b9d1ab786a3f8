"""Bank holidays of the United Kingdom on weekdays, 2010 to 2035, frozen.

Deadlines of the archive must come out the same for ever, whatever is installed, so the days
stand here as data. They were generated once with the library `holidays` (GB: ENG and WLS, which
agree, SCT, NIR), and tests/archive/test_working_days.py compares every year with it: a
difference means that a day was proclaimed since, and is added here by hand.

Listed are bank holidays under the Banking and Financial Dealings Act 1971 (its schedule 1, and
days by royal proclamation, substitutes among them), with Christmas Day and Good Friday, which
are holidays at common law and count the same in the rules we read. A holiday on a Saturday or
Sunday is left out: it is no working day anyway. From 2027 the days are those of the rules
alone; one-off days are proclaimed a few months ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

FIRST_DAY: Final = date(2010, 1, 1)
LAST_DAY: Final = date(2035, 12, 31)


def _days(years: Mapping[int, str]) -> frozenset[date]:
    return frozenset(
        date.fromisoformat(f"{year}-{day}") for year, text in years.items() for day in text.split()
    )


ENGLAND_AND_WALES: Final = _days(
    {
        2010: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
        # 29 April: the royal wedding
        2011: "01-03 04-22 04-25 04-29 05-02 05-30 08-29 12-26 12-27",
        # 4 June: moved from 28 May; 5 June: the Diamond Jubilee
        2012: "01-02 04-06 04-09 05-07 06-04 06-05 08-27 12-25 12-26",
        2013: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
        2014: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
        2015: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
        2016: "01-01 03-25 03-28 05-02 05-30 08-29 12-26 12-27",
        2017: "01-02 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
        2018: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
        2019: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
        # 8 May: moved from 4 May, VE Day
        2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
        2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
        # 2 June: moved from 30 May; 3 June: the Platinum Jubilee; 19 September: the Queen's funeral
        2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
        # 8 May: the coronation
        2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
        2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
        2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
        2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
        2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
        2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
        2029: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
        2030: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
        2031: "01-01 04-11 04-14 05-05 05-26 08-25 12-25 12-26",
        2032: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
        2033: "01-03 04-15 04-18 05-02 05-30 08-29 12-26 12-27",
        2034: "01-02 04-07 04-10 05-01 05-29 08-28 12-25 12-26",
        2035: "01-01 03-23 03-26 05-07 05-28 08-27 12-25 12-26",
    }
)

# Scotland's own, beside those it shares: 2 January, the first Monday of August, St Andrew.
SCOTLAND_BESIDES: Final = _days(
    {
        2010: "01-04 08-02 11-30",
        2011: "01-04 08-01 11-30",
        2012: "01-03 08-06 11-30",
        2013: "01-02 08-05 12-02",
        2014: "01-02 08-04 12-01",
        2015: "01-02 08-03 11-30",
        2016: "01-04 08-01 11-30",
        2017: "01-03 08-07 11-30",
        2018: "01-02 08-06 11-30",
        2019: "01-02 08-05 12-02",
        2020: "01-02 08-03 11-30",
        2021: "01-04 08-02 11-30",
        2022: "01-04 08-01 11-30",
        2023: "01-03 08-07 11-30",
        2024: "01-02 08-05 12-02",
        2025: "01-02 08-04 12-01",
        # 15 June: the football World Cup
        2026: "01-02 06-15 08-03 11-30",
        2027: "01-04 08-02 11-30",
        2028: "01-04 08-07 11-30",
        2029: "01-02 08-06 11-30",
        2030: "01-02 08-05 12-02",
        2031: "01-02 08-04 12-01",
        2032: "01-02 08-02 11-30",
        2033: "01-04 08-01 11-30",
        2034: "01-03 08-07 11-30",
        2035: "01-02 08-06 11-30",
    }
)

# Northern Ireland's own, beside those it shares: St Patrick, the Battle of the Boyne.
NORTHERN_IRELAND_BESIDES: Final = _days(
    {
        2010: "03-17 07-12",
        2011: "03-17 07-12",
        2012: "03-19 07-12",
        2013: "03-18 07-12",
        2014: "03-17 07-14",
        2015: "03-17 07-13",
        2016: "03-17 07-12",
        2017: "03-17 07-12",
        2018: "03-19 07-12",
        2019: "03-18 07-12",
        2020: "03-17 07-13",
        2021: "03-17 07-12",
        2022: "03-17 07-12",
        2023: "03-17 07-12",
        2024: "03-18 07-12",
        2025: "03-17 07-14",
        2026: "03-17 07-13",
        2027: "03-17 07-12",
        2028: "03-17 07-12",
        2029: "03-19 07-12",
        2030: "03-18 07-12",
        2031: "03-17 07-14",
        2032: "03-17 07-12",
        2033: "03-17 07-12",
        2034: "03-17 07-12",
        2035: "03-19 07-12",
    }
)
