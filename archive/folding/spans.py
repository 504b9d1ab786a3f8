"""Evidence given by its words or its span -> exact code points in a hash-locked text. Pure.

Never fuzzy: words must occur exactly once, a span must lie inside the text. The digest of the span lets
anybody who holds the text check it, without our printing more than a few words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from events.errors import InvalidEvent
from events.values import QUOTE_WORDS


class SourceText(NamedTuple):
    """A captured source: its length in code points (None: no text held) and its text if attached."""

    chars: int | None
    text: str | None


def locate(item: Any, source: SourceText | None) -> dict[str, Any]:
    """Return one evidence item as plain data for the vocabulary; raise InvalidEvent saying what to do."""
    if not isinstance(item, Mapping):
        raise InvalidEvent("an evidence item is a mapping: span or words, source, supports, stance")
    said = {name: value for name, value in item.items() if name not in ("span", "words")}
    if unknown := set(said) - {"source", "supports", "stance"}:
        raise InvalidEvent(f"unknown key {min(map(str, unknown))!r}")
    if source is None:
        raise InvalidEvent(
            f"{_name(said.get('source'))} was not captured: record it first", "/source"
        )
    words = item.get("words")
    if words is not None and not isinstance(words, str):
        raise InvalidEvent("words are text", "/words")
    span = _span(item.get("span"), words, source)
    if span is None:
        if source.chars is not None:
            raise InvalidEvent("needs a span or words: the text of this source is known")
        return said
    start, end = span
    if source.chars is None or end > source.chars:
        raise InvalidEvent(
            f"span [{start}, {end}] is outside the text of {source.chars or 0} characters", "/span"
        )
    said |= {"start": start, "end": end}
    if source.text is None:
        return {**said, "quote": words} if words is not None else said
    there = source.text[start:end]
    if words is not None and words != there:
        raise InvalidEvent(f"the text at [{start}, {end}] is not these words", "/words")
    if len(there.split()) <= QUOTE_WORDS:
        said["quote"] = there
    return {**said, "digest": digest(there)}


def _name(source: Any) -> str:
    return source[:120] if isinstance(source, str) and source else "the source"


def digest(words: str) -> str:
    """Return the SHA-256 (hex) of a span's words in UTF-8."""
    return hashlib.sha256(words.encode()).hexdigest()


def _span(given: Any, words: str | None, source: SourceText) -> tuple[int, int] | None:
    if given is not None:
        if not (isinstance(given, list | tuple) and len(given) == 2):
            raise InvalidEvent("a span is [start, end]", "/span")
        try:
            start, end = (int(str(number)) for number in given)
        except ValueError:
            raise InvalidEvent("a span is two whole numbers: [start, end]", "/span") from None
        if not 0 <= start < end:
            raise InvalidEvent(f"span [{start}, {end}] is empty or reversed", "/span")
        return start, end
    if words is None:
        return None
    if source.text is None:
        raise InvalidEvent("the text is not attached: give the span, or attach it", "/words")
    start = source.text.find(words)
    if start < 0:
        raise InvalidEvent("these words do not occur in the text", "/words")
    if (again := source.text.find(words, start + 1)) >= 0:
        raise InvalidEvent(f"these words occur at {start} and at {again}: give the span", "/words")
    return start, start + len(words)
