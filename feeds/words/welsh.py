"""What Welsh does to a word because of the word before it, for the patterns of `cy`. Pure.

A pattern says by a format specification what a text that is put in has to undergo:

    {:soft}  soft mutation, as after "o", "i", "tan", "neu": Tachwedd, o Dachwedd
    {:and}   with "a" or "ac" before it, and the aspirate mutation: a Thachwedd, ac Ebrill, ac 8 Mai
    {:in}    with "yn" or "ym mis" before it: yn 2017, ym mis Hydref 2017

Only the words that dates can begin with change, and they are few: a rule for any word would spoil names.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

_SOFT = {
    "Mawrth": "Fawrth", "Mai": "Fai", "Mehefin": "Fehefin", "Gorffennaf": "Orffennaf", "Medi": "Fedi",
    "Tachwedd": "Dachwedd", "Rhagfyr": "Ragfyr", "gwanwyn": "wanwyn", "gaeaf": "aeaf", "tymor": "dymor",
}  # fmt: skip
_ASPIRATE = {"Tachwedd": "Thachwedd", "tymor": "thymor"}
_MONTHS = frozenset(
    "Ionawr Chwefror Mawrth Ebrill Mai Mehefin Gorffennaf Awst Medi Hydref Tachwedd Rhagfyr".split()
)
#: A vowel, or a number of a day that begins with one when it is read out: un, wyth, un ar ddeg.
_VOWEL = re.compile(r"[aeiouwyâêîôûŵŷ]|(?:1|8|11)\b", re.IGNORECASE)


def soft(text: str) -> str:
    """Return a date with the soft mutation (treiglad meddal) of its first word."""
    return _changed(text, _SOFT)


def joined(text: str) -> str:
    """Return a date with the "and" that goes before it."""
    if text.startswith("y "):
        return f"a’r {text[2:]}"
    return f"{'ac' if _VOWEL.match(text) else 'a'} {_changed(text, _ASPIRATE)}"


def within(text: str) -> str:
    """Return a year, a month or another date with the "in" that goes before it."""
    return f"{'ym mis' if text.partition(' ')[0] in _MONTHS else 'yn'} {text}"


def _changed(text: str, forms: dict[str, str]) -> str:
    first, space, rest = text.partition(" ")
    return forms.get(first, first) + space + rest


class _Formatter(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        match format_spec:
            case "soft":
                return soft(str(value))
            case "and":
                return joined(str(value))
            case "in":
                return within(str(value))
            case _:
                return str(super().format_field(value, format_spec))


_FORMATTER = _Formatter()


class Pattern(str):
    """A pattern that mutates what is put into it; it is used as any other, by its ``format``."""

    __slots__ = ()

    def format(self, *values: object, **named: object) -> str:
        """Return the pattern with the values in place of its braces."""
        return _FORMATTER.vformat(str(self), values, named)
