"""Disclosures as RFC 9901 (SD-JWT) writes and hashes them; what is stored is what was hashed."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.disclosure import b64url, digest, digests, disclose, disclose_each, read, unb64url
from events.errors import CodecError

#: The example of RFC 9901: its disclosure in section 4.2.1, its digest in section 4.2.3.
RFC_9901 = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
RFC_9901_DIGEST = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"

SALT = bytes(range(16))
words = st.text(st.characters(exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def test_the_example_of_rfc_9901_reads_and_hashes_as_published() -> None:
    assert read(RFC_9901) == ("_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius")
    assert digest(RFC_9901) == RFC_9901_DIGEST
    assert unb64url(RFC_9901) == '["_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius"]'.encode()


@pytest.mark.parametrize(
    "spelling",
    [
        '["_26bc4LT-ac6q2KI6cBW5es","family_name","Möbius"]',
        '["_26bc4LT-ac6q2KI6cBW5es", "family_name", "M\\u00f6bius"]',
        ' ["_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius"]',
    ],
)
def test_the_stored_string_is_hashed_not_the_value_it_stands_for(spelling: str) -> None:
    other = b64url(spelling.encode())

    assert read(other) == read(RFC_9901)
    assert digest(other) != RFC_9901_DIGEST


def test_a_disclosure_is_salt_name_and_value_in_compact_sorted_utf_8() -> None:
    made = disclose(SALT, "name", {"b": "Tŷ Mawr", "a": [1, 2.5, None, True]})

    assert unb64url(made).decode() == (
        '["AAECAwQFBgcICQoLDA0ODw","name",{"a":[1,2.5,null,true],"b":"Tŷ Mawr"}]'
    )


@given(st.binary(min_size=16, max_size=16), words, json_values)
def test_whatever_is_disclosed_reads_back(salt: bytes, name: str, value: Any) -> None:
    made = disclose(salt, name, value)

    assert read(made) == (b64url(salt), name, value)
    as_text = [json.dumps(item, sort_keys=True) for item in (read(made).value, value)]
    assert as_text[0] == as_text[1]  # true is not 1, and 1 is not 1.0


@given(words, json_values | st.floats(allow_nan=False, allow_infinity=False))
@example(
    "value", [1e16, 1e15, 1e-5, 1e-7, 123456789012345680.0, 5e-324, 1.7976931348623157e308, -0.0]
)
@example("value", {"\U0001f4da": 1, "\uffee": 2, "a": 3, "": 4})
@example("value", '\x00\x07\b\t\n\f\r\x1b\x1f "\\/\x7f\x80\u2028\ufffe 0.00001 1e16,')
def test_what_is_hashed_has_the_spelling_of_the_standard_library(name: str, value: Any) -> None:
    expected = json.dumps(
        [b64url(SALT), name, value], ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )

    assert unb64url(disclose(SALT, name, value)).decode() == expected


@given(words, json_values)
def test_a_fresh_salt_hides_an_equal_value(name: str, value: Any) -> None:
    assert digest(disclose(SALT, name, value)) != digest(disclose(SALT[::-1], name, value))


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_salt_of_another_length_than_16_bytes_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"a salt has 16 bytes, not {length}"):
        disclose(b"\0" * length, "name", "value")


@given(st.binary())
@example(b"\xfb\xff\xbf")
def test_base64url_is_without_padding_and_reads_back(raw: bytes) -> None:
    text = b64url(raw)

    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert unb64url(text) == raw


@pytest.mark.parametrize(
    "text",
    ["A", "AA==", "AB", "AAB", "AA\n", " AA", "A A", "+A", "/A", "AA=", "Tŷ", "AAAAA", "A\0", "=", "\ud800"],
)  # fmt: skip
def test_bytes_have_one_spelling_only(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64|padding|ASCII|canonical|characters"):
        unb64url(text)


@given(st.text())
def test_any_text_is_canonical_base64url_or_refused(text: str) -> None:
    try:
        raw = unb64url(text)
    except ValueError:
        return
    assert b64url(raw) == text


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"null", b"7", b'"abc"', b'["s","n"]', b'["s","n",1,2]', b'[1,"n","v"]', b'["s",null,"v"]',
        b'{"a":1,"b":2,"c":3}', b'["s","n",', b'["s","n",1] x', b'["s","n","\xff"]',
        b'["s","n",' + b"[" * 100_000 + b"]" * 100_000 + b"]",
        '["s","n","v"]'.encode("utf-16"), '["s","n","v"]'.encode("utf-32-le"),
        b'\xef\xbb\xbf["s","n","v"]',
    ],
)  # fmt: skip
def test_what_is_no_disclosure_is_refused(raw: bytes) -> None:
    with pytest.raises(CodecError, match="not a disclosure"):
        read(b64url(raw))


@given(st.binary().map(b64url) | st.text())
def test_any_text_reads_as_a_disclosure_or_is_refused(text: str) -> None:
    try:
        found = read(text)
    except CodecError:
        return
    assert isinstance(found.salt, str)
    assert isinstance(found.name, str)


@given(st.integers(0, len(RFC_9901) - 1), st.characters(codec="ascii"))
def test_another_character_anywhere_gives_another_digest(place: int, character: str) -> None:
    other = RFC_9901[:place] + character + RFC_9901[place + 1 :]

    assert (digest(other) == RFC_9901_DIGEST) == (other == RFC_9901)


@pytest.mark.parametrize("text", ["Tŷ", RFC_9901 + "\x80", "\ud800"])
def test_only_ascii_is_hashed(text: str) -> None:
    with pytest.raises(CodecError, match="not a disclosure: it must be ASCII"):
        digest(text)
    with pytest.raises(CodecError, match="not a disclosure: it must be ASCII"):
        digests([RFC_9901, text])


@given(st.lists(st.text(st.characters(codec="ascii"))))
def test_digests_are_those_of_each(texts: list[str]) -> None:
    assert digests(texts) == [digest(text) for text in texts]


@given(st.dictionaries(words, json_values | st.floats(allow_nan=False, allow_infinity=False)))
@example({"a": "x", "b": 1e16, "c": [1e-7], "d": 2.5})
def test_fields_together_are_disclosed_as_each_alone(fields: dict[str, Any]) -> None:
    fresh = [bytes([number % 256] * 16) for number in range(len(fields))]
    alone = [disclose(salt, *field) for salt, field in zip(fresh, fields.items(), strict=True)]

    assert disclose_each(fields, iter(fresh).__next__) == alone


def test_digests_are_sha_256_in_43_characters() -> None:
    expected = base64.urlsafe_b64encode(hashlib.sha256(RFC_9901.encode()).digest())

    assert digest(RFC_9901) == expected.decode().rstrip("=")
    assert len(digest(RFC_9901)) == 43
