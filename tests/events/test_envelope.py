"""The envelope is public for ever, so nothing but numbers, digests and words of closed lists gets in."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.disclosure import b64url
from events.envelope import MAX_ENVELOPE, ROLES, Envelope
from events.errors import CodecError
from events.vocabulary import BASES, REASONS, TYPES

A, B, C = "A" * 43, "B" * 43, "_-" * 21 + "z"
FULL: dict[str, Any] = {
    "v": 1,
    "type": "TextRedacted",
    "at": "2031-03-06T08:30:00Z",
    "by": "redactor",
    "_sd": [A, B],
    "of": 7,
    "reason": "data-protection",
    "act": "erased",
    "digests": [C, A],
    "confirmed_by": "archivist",
}
LEAST = {name: FULL[name] for name in ("v", "type", "at", "by", "_sd")}

#: The right time in digits that are not ASCII.
ARABIC = FULL["at"].translate({0x30 + digit: 0x660 + digit for digit in range(10)})

#: What must never get in, wherever it is tried: names, words, slugs, addresses, dates, near misses.
FREE_TEXT = [
    "", " ", "Nia Prys", "a child", "person/nia-prys", "source/aberdulas-post-2031-03-05", "E47", "/name",
    "https://post.example/2031/03/05/library", "mailto:nia@post.example", "2031-03-05", "2031-03-05T08:30:00",
    "Tŷ Mawr", "\u202enia", "\0", "\ud800", "null", "true", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + " ",
    "A" * 42 + "é", "A" * 43 + "\n", "archivist\n", "Archivist", "archivist ", "SourceCaptured\n", "sourcecaptured",
    "erased\n", "legal ", "2031-03-06T08:30:00Z\n", "2031-03-06T08:30:00z", "2031-03-06 08:30:00Z",
    "2031-03-06T08:30:00.5Z", "2031-03-06T08:30:00+00:00", "2031-3-6T8:30:00Z", "2031-13-06T08:30:00Z",
    "2031-00-06T08:30:00Z", "2031-03-00T08:30:00Z", "2031-03-32T08:30:00Z", "2031-02-29T08:30:00Z",
    "2031-03-06T24:00:00Z", "2031-03-06T08:60:00Z", "2031-03-06T08:30:60Z", "0000-03-06T08:30:00Z",
    ARABIC, "-031-03-06T08:30:00Z", "12031-03-06T08:30:00Z",
]  # fmt: skip
PLACES = ["v", "type", "at", "by", "_sd", "of", "reason", "act", "digests", "confirmed_by"]


def written(fields: dict[str, Any]) -> bytes:
    """Return fields as the envelope's own spelling of JSON would have them, right or wrong."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def accepts(fields: dict[str, Any]) -> bool:
    try:
        Envelope.decode(written(fields))
    except CodecError:
        return False
    return True


def allowed(place: str, text: str) -> bool:
    """Tell, from the closed lists alone, whether a string may stand at a place."""
    return text in {
        "type": list(TYPES),
        "by": ROLES,
        "reason": REASONS + BASES,
        "act": ("withheld", "released", "erased"),
        "confirmed_by": ROLES,
    }.get(place, ())


@pytest.mark.parametrize("fields", [FULL, LEAST], ids=["full", "least"])
def test_an_envelope_reads_back_byte_for_byte(fields: dict[str, Any]) -> None:
    envelope = Envelope.decode(written(fields))

    assert envelope.encode() == written(fields)
    assert msgspec.convert(fields, Envelope) == envelope


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", FREE_TEXT)
def test_free_text_is_refused_at_every_place(place: str, text: str) -> None:
    for value in (text, [text], [A, text], {text: text}, {"text": text}):
        assert not accepts({**FULL, place: value})


@given(st.sampled_from(PLACES), st.text() | st.from_regex(r"[a-z]+(-[a-z]+)*", fullmatch=True))
@example("type", "SourceCaptured")
@example("reason", "child-privacy")
def test_any_string_outside_the_closed_lists_is_refused(place: str, text: str) -> None:
    assert accepts({**FULL, place: text}) == allowed(place, text)


@pytest.mark.parametrize(
    ("place", "words"),
    [("type", tuple(TYPES)), ("by", ROLES), ("reason", REASONS + BASES), ("act", ("withheld", "released", "erased")), ("confirmed_by", ROLES)],
)  # fmt: skip
def test_every_word_of_a_closed_list_is_accepted(place: str, words: tuple[str, ...]) -> None:
    assert all(accepts({**FULL, place: word}) for word in words)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)


@given(st.sampled_from(PLACES), json_values)
def test_any_value_at_any_place_keeps_the_envelope_free_of_text(place: str, value: Any) -> None:
    if accepts({**FULL, place: value}):
        for text in strings(value):
            assert allowed(place, text) or place in ("_sd", "digests", "at")


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in strings(item))]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    "name", ["note", "title", "url", "sd", "At", "", "by ", "_sd_alg", "publisher"]
)
def test_unknown_fields_are_refused(name: str) -> None:
    assert not accepts({**FULL, name: 1})
    assert not accepts({**FULL, name: A})


@pytest.mark.parametrize("name", LEAST)
def test_version_type_time_role_and_digests_are_always_there(name: str) -> None:
    assert not accepts({key: value for key, value in FULL.items() if key != name})
    assert not accepts({**FULL, name: None})


@pytest.mark.parametrize(
    ("place", "value", "fine"),
    [
        ("v", 0, False), ("v", 1000, True), ("v", 1001, False), ("v", 1.0, False), ("v", True, False),
        ("of", 0, True), ("of", 2**53, True), ("of", 2**53 + 1, False), ("of", -1, False), ("of", 1.5, False),
        ("of", "7", False), ("_sd", [], False), ("_sd", [f"{n:043}" for n in range(64)], True),
        ("_sd", [f"{n:043}" for n in range(65)], False), ("digests", [A, A], True),
        ("_sd", [B, A], False), ("_sd", [A, A], False), ("_sd", {A: B}, False),
    ],
)  # fmt: skip
def test_numbers_and_lists_have_their_limits(place: str, value: Any, fine: bool) -> None:
    assert accepts({**FULL, place: value}) == fine


def test_only_an_act_is_confirmed() -> None:
    assert not accepts({name: value for name, value in FULL.items() if name != "act"})
    assert not accepts({**LEAST, "confirmed_by": "archivist"})
    assert accepts({**LEAST, "act": "erased"})


def other_spellings() -> list[tuple[str, bytes]]:
    plain = written(FULL)
    return [
        ("spaces", json.dumps(FULL, sort_keys=True).encode()),
        ("line break at the end", plain + b"\n"),
        ("another order", json.dumps(FULL, separators=(",", ":")).encode()),
        ("escaped letters", plain.replace(b'"redactor"', b'"\\u0072edactor"')),
        ("an escaped slash", plain.replace(b'"v":1', b'"\\u0076":1')),
        ("a field twice", plain.replace(b'"v":1', b'"v":1,"v":1')),
        ("null for nothing", written({**LEAST, "act": None})),
        ("empty for nothing", written({**LEAST, "digests": []})),
        ("a number with an exponent", plain.replace(b'"of":7', b'"of":7e0')),
        ("a byte order mark", b"\xef\xbb\xbf" + plain),
        ("UTF-16", plain.decode().encode("utf-16")),
        ("nothing", b""),
        ("cut short", plain[:-1]),
        ("something after it", plain + b"{}"),
        ("not UTF-8", plain.replace(b"redactor", b"\xff\xfe")),
    ]


@pytest.mark.parametrize(
    ("how", "data"), other_spellings(), ids=[how for how, _ in other_spellings()]
)
def test_an_envelope_has_one_spelling_only(how: str, data: bytes) -> None:
    with pytest.raises(CodecError, match="not an envelope"):
        Envelope.decode(data)


@given(st.binary())
@example(b"[" * 100_000)
@example(b'{"type":' + b"[" * 100_000)
def test_any_bytes_are_an_envelope_or_refused(data: bytes) -> None:
    with pytest.raises(CodecError, match="not an envelope"):
        Envelope.decode(data)


@given(
    st.sets(st.binary(min_size=32, max_size=32).map(b64url), min_size=1, max_size=64),
    st.integers(0, 2**53),
    st.datetimes(),
)  # fmt: skip
def test_hashed_bytes_are_ascii_sorted_and_without_spaces(
    digests: set[str], of: int, at: Any
) -> None:
    at = at.replace(microsecond=0).isoformat() + "Z"
    data = msgspec.convert({**FULL, "_sd": sorted(digests), "of": of, "at": at}, Envelope).encode()

    assert data.isascii()
    assert not any(byte <= 0x20 for byte in data)
    assert data == written(json.loads(data))
    assert Envelope.decode(data).encode() == data


def test_an_envelope_has_at_most_as_many_bytes_as_an_entry_of_a_tile() -> None:
    def redaction(count: int) -> Envelope:
        return msgspec.convert({**FULL, "digests": [A] * count}, Envelope)

    fits = max(
        count
        for count in range(1500)
        if len(written({**FULL, "digests": [A] * count})) <= MAX_ENVELOPE
    )

    assert len(redaction(fits).encode()) <= MAX_ENVELOPE == 65_535
    with pytest.raises(CodecError, match="at most 65535 are allowed"):
        redaction(fits + 1).encode()
    with pytest.raises(CodecError, match="at most 65535 are allowed"):
        Envelope.decode(written({**FULL, "digests": [A] * (fits + 1)}))
