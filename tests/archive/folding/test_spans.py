"""Evidence is found by its words or its span, exactly, in a text that is locked by its digest."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.folding.spans import SourceText, digest, locate
from events.errors import InvalidEvent

TEXT = "Nia Prys 📚 reopened the branch in Tŷ Mawr. “Llyfrau’n ôl!” Nia Prys was glad."
HELD = SourceText(len(TEXT), TEXT)
SPAN_ONLY = SourceText(len(TEXT), None)
UNSEEN = SourceText(None, None)


def sha(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


@pytest.mark.parametrize(
    ("item", "start", "end", "quote"),
    [
        ({"words": "📚"}, 9, 10, "📚"),
        ({"words": "reopened the branch"}, 11, 30, "reopened the branch"),
        ({"words": "Tŷ Mawr"}, 34, 41, "Tŷ Mawr"),
        ({"span": [34, 41]}, 34, 41, "Tŷ Mawr"),
        ({"span": ["34", "41"]}, 34, 41, "Tŷ Mawr"),
        ({"span": [34, 41], "words": "Tŷ Mawr"}, 34, 41, "Tŷ Mawr"),
        ({"span": [0, 8], "words": "Nia Prys"}, 0, 8, "Nia Prys"),
        ({"span": [0, len(TEXT)]}, 0, len(TEXT), None),
        ({"words": "reopened the branch in Tŷ Mawr. “Llyfrau’n"}, 11, 53, None),
    ],
)
def test_words_and_spans_are_found_by_code_points_and_short_ones_quoted(item, start, end, quote):
    found = locate({"source": "source/a", **item}, HELD)
    assert (found["start"], found["end"], found.get("quote")) == (start, end, quote)
    assert found["digest"] == sha(TEXT[start:end])
    assert set(found) <= {"source", "start", "end", "quote", "digest"}


@pytest.mark.parametrize(
    ("item", "source", "field", "message"),
    [
        # the words
        ({"words": "reopened a branch"}, HELD, "/words", "do not occur in the text"),
        ({"words": "Reopened the branch"}, HELD, "/words", "do not occur in the text"),
        ({"words": "Nia Prys"}, HELD, "/words", "occur at 0 and at 59: give the span"),
        ({"words": ""}, HELD, "/words", "occur at 0 and at 1: give the span"),
        ({"words": "T\u0177 Mawr".replace("\u0177", "y\u0302")}, HELD, "/words", "do not occur"),
        ({"words": 7}, HELD, "/words", "words are text"),
        ({"words": ["Nia"]}, HELD, "/words", "words are text"),
        ({"words": "Nia"}, SPAN_ONLY, "/words", "the text is not attached: give the span"),
        ({"words": "Nia"}, UNSEEN, "/words", "the text is not attached"),
        ({"span": [0, 9], "words": "Nia Prys"}, HELD, "/words", "[0, 9] is not these words"),
        # the span
        ({"span": [0, len(TEXT) + 1]}, HELD, "/span", "is outside the text of"),
        ({"span": [0, len(TEXT) + 1]}, SPAN_ONLY, "/span", "is outside the text of"),
        ({"span": [0, 1]}, UNSEEN, "/span", "is outside the text of 0 characters"),
        ({"span": [5, 5]}, HELD, "/span", "empty or reversed"),
        ({"span": [6, 5]}, HELD, "/span", "empty or reversed"),
        ({"span": [-1, 5]}, HELD, "/span", "empty or reversed"),
        ({"span": [5]}, HELD, "/span", "a span is [start, end]"),
        ({"span": [1, 2, 3]}, HELD, "/span", "a span is [start, end]"),
        ({"span": "1-2"}, HELD, "/span", "a span is [start, end]"),
        ({"span": {"start": 1}}, HELD, "/span", "a span is [start, end]"),
        ({"span": ["a", "b"]}, HELD, "/span", "two whole numbers"),
        ({"span": [1.5, 2]}, HELD, "/span", "two whole numbers"),
        ({"span": [None, 2]}, HELD, "/span", "two whole numbers"),
        ({"span": [[1], 2]}, HELD, "/span", "two whole numbers"),
        ({"span": ["0x1", "9" * 5000]}, HELD, "/span", "two whole numbers"),
        ({"span": ["0", "9" * 5000]}, HELD, "/span", "two whole numbers"),
        # the source
        ({}, HELD, "", "needs a span or words"),
        ({"span": None, "words": None}, SPAN_ONLY, "", "needs a span or words"),
        ({"words": "Nia"}, None, "/source", "source/a was not captured: record it first"),
        ({"source": ""}, None, "/source", "the source was not captured"),
        ({"source": None}, None, "/source", "the source was not captured"),
        ({"source": ["x"]}, None, "/source", "the source was not captured"),
        # what else an item may hold
        ({"quote": "Nia"}, HELD, "", "unknown key 'quote'"),
        ({"start": 0, "end": 3}, HELD, "", "unknown key 'end'"),
        ({"digest": "0" * 64, "span": [0, 3]}, HELD, "", "unknown key 'digest'"),
        ("Nia Prys", HELD, "", "an evidence item is a mapping"),
        (None, HELD, "", "an evidence item is a mapping"),
        ([], HELD, "", "an evidence item is a mapping"),
    ],
)
def test_what_is_not_exactly_there_is_refused_with_advice(item, source, field, message):
    if isinstance(item, dict):
        item = {"source": "source/a", **item}
    with pytest.raises(InvalidEvent) as refused:
        locate(item, source)
    assert refused.value.field == field
    assert message in refused.value.problem


def test_where_no_text_is_held_the_source_as_a_whole_is_evidence():
    item = {"source": "source/a", "supports": ["/name"], "stance": "contradicts"}
    assert locate(item, UNSEEN) == item


def test_where_the_text_is_not_attached_a_span_is_taken_as_given():
    item = {"source": "source/a", "span": [0, 8]}
    assert locate(item, SPAN_ONLY) == {"source": "source/a", "start": 0, "end": 8}
    assert locate({**item, "words": "Nia Prys"}, SPAN_ONLY)["quote"] == "Nia Prys"


def test_quoting_stops_at_six_words():
    text = "one two three four five six seven"
    for count in range(1, 8):
        words = " ".join(text.split()[:count])
        found = locate({"source": "source/a", "words": words}, SourceText(len(text), text))
        assert ("quote" in found) is (count <= 6)
        assert found["digest"] == digest(words)


texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)


@given(texts, st.data())
def test_any_span_of_any_text_is_reproduced(text: str, data: Any):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    source = SourceText(len(text), text)
    found = locate({"source": "source/a", "span": [start, end]}, source)
    assert found["digest"] == digest(text[start:end])
    if text.count(text[start:end]) == 1 and text.find(text[start:end], start + 1) < 0:
        assert locate({"source": "source/a", "words": text[start:end]}, source) == found
