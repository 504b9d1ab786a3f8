"""One spelling of JSON, whoever writes it: the standard library is the judge."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.canonical import encode
from tests.events.examples import EXAMPLES

words = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


def by_the_library(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


@given(values)
@example(["\x00\x1f\x7f\x80\u2028\uffff", {"\uffff": 1, "\U00010000": 2, "": 3}])
@example(["1e5", "ae1", "0.0000", {"e1": 1e5}])
def test_any_value_is_written_as_the_standard_library_writes_it(value: Any) -> None:
    assert encode(value) == by_the_library(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e16)
@example(1e-5)
@example(4.5690869672104227e-05)
@example(5e-324)
@example(-1.7976931348623157e308)
@example(1e22)
@example(0.0001)
@example(-0.0)
def test_numbers_are_spelled_as_python_spells_them_wherever_they_stand(number: float) -> None:
    for value in (number, [number], [number, 1], {"a": number}, {"a": number, "b": 1}):
        assert encode(value) == by_the_library(value)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_event_is_written_like_its_plain_data(name: str) -> None:
    payload = EXAMPLES[name].payload

    assert encode(payload) == by_the_library(msgspec.to_builtins(payload))


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode("\ud800")
