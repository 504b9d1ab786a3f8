"""Lists that go on over several pages. Pure."""

from __future__ import annotations

from typing import NamedTuple

_MOST_PAGES = 100_000


class Paging(NamedTuple):
    """A page of a list, counted from 1; ``first`` and ``last`` are the first and last line on it."""

    number: int
    pages: int
    first: int
    last: int
    total: int

    @property
    def offset(self) -> int:
        """How many lines stand on the pages before."""
        return self.first - 1 if self.total else 0

    @property
    def query(self) -> int | None:
        """What an address has to say of the page: nothing of the first."""
        return self.number if self.number > 1 else None


def paging(asked: str | None, total: int, size: int) -> Paging:
    """Return the page that is asked for; past the end it is the last, and what is no number is the first."""
    pages = max(1, -(-total // size))
    number = min(_number(asked), pages)
    return Paging(number, pages, (number - 1) * size + 1, min(number * size, total), total)


def _number(asked: str | None) -> int:
    if asked is None or not (asked.isascii() and asked.isdecimal() and len(asked) < 8):
        return 1
    return min(max(int(asked), 1), _MOST_PAGES)
