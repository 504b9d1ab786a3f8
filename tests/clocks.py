"""Another clock for Python than for SQLite."""

from __future__ import annotations

import datetime as dt
import sys
import time

import pytest

LATER = 500 * 86_400
#: Whose names for the clock are looked for: our code, and what writes feeds and calendars for us.
LOOKED_AT = ("feeds", "feedgen", "icalendar", "flask", "werkzeug", "jinja2")


class _Like(type):
    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, cls.__mro__[1])


class LaterMoment(dt.datetime, metaclass=_Like):
    """A moment of a clock that is ahead."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
        return dt.datetime.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> dt.datetime:  # type: ignore[override]
        return cls.now(dt.UTC).replace(tzinfo=None)


class LaterDay(dt.date, metaclass=_Like):
    """A day of a clock that is ahead."""

    @classmethod
    def today(cls) -> dt.date:  # type: ignore[override]
        return dt.datetime.fromtimestamp(time.time(), dt.UTC).date()


def put_ahead(patch: pytest.MonkeyPatch) -> None:
    """Have our code and our libraries see another time; SQLite does not."""
    now = time.time
    patch.setattr(time, "time", lambda: now() + LATER)
    others = {dt.datetime: LaterMoment, dt.date: LaterDay, now: time.time}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in LOOKED_AT:
            for called, one in list(vars(module).items()):
                if isinstance(one, type | type(now)) and one in others:
                    patch.setattr(module, called, others[one])
    patch.setattr(dt, "datetime", LaterMoment)
    patch.setattr(dt, "date", LaterDay)
