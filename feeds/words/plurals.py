"""Which form of a word goes with a number: the plural rules of Unicode's CLDR, for whole numbers. Pure.

https://cldr.unicode.org/index/cldr-spec/plural-rules. A number that is not whole takes the form "other".
"""

from __future__ import annotations

from typing import Literal, NotRequired, Required, TypedDict

Category = Literal["zero", "one", "two", "few", "many", "other"]


class Forms(TypedDict):
    """Patterns with the number as ``{}``; a form that is not given is as "other"."""

    zero: NotRequired[str]
    one: NotRequired[str]
    two: NotRequired[str]
    few: NotRequired[str]
    many: NotRequired[str]
    other: Required[str]


_WELSH: dict[float, Category] = {0: "zero", 1: "one", 2: "two", 3: "few", 6: "many"}


def english(number: float) -> Category:
    """Return the form for a number in English."""
    return "one" if number == 1 else "other"


def welsh(number: float) -> Category:
    """Return the form for a number in Welsh: 2, 3 and 6 mutate the word that follows, each in its way."""
    return _WELSH.get(number, "other")


def counted(number: float, forms: Forms, category: Category) -> str:
    """Return a number, with commas between thousands, and what is counted."""
    pattern = forms.get(category, forms["other"])
    return pattern.format(f"{number:,.10g}")
