"""The door in and the stored form: what is refused, what is sealed, and what can still be read."""

from __future__ import annotations

import itertools
import json
import math
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import example as given_example
from hypothesis import given
from hypothesis import strategies as st

from events import codec, disclosure
from events.codec import (
    MAX_DEPTH,
    MAX_EVENT,
    MAX_JSON,
    UPCASTERS,
    build,
    check_data,
    content_key,
    has,
    seal,
    strict_json,
    unseal,
    upcast,
    version,
)
from events.envelope import Envelope, NewEvent
from events.errors import CodecError, InvalidEvent, UnknownVersion
from events.merkle import leaf_hash
from events.vocabulary import IN_ENVELOPE, TYPES
from tests.events.examples import EVIDENCE, EXAMPLES, PAYLOADS, Plain, changed, evidence, salts

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
AT = "2031-03-06T08:30:00Z"

all_text = st.text(st.characters(exclude_categories=()))  # lone surrogates, too
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
python_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | all_text | st.binary() | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(inner)
        | st.dictionaries(all_text | st.integers(), inner, max_size=2)
    ),
    max_leaves=6,
)


def plain(event: NewEvent) -> tuple[Plain, tuple[Plain, ...]]:
    """Return an event's payload and evidence as JSON has them."""
    payload, proof = json.loads(
        json.dumps([msgspec.to_builtins(event.payload), msgspec.to_builtins(event.evidence)])
    )
    return payload, tuple(proof)


def attempt(name: str, payload: Any, proof: Any = (), *, lax: bool) -> tuple[NewEvent | None, str]:
    """Return the event that data makes, or none and the field that was refused."""
    try:
        return build(name, payload, proof, lax=lax), ""
    except InvalidEvent as error:
        return None, error.field


# --- JSON from outside

REFUSED: list[tuple[str, str | bytes, str]] = [
    ("nothing", "", "not JSON"),
    ("spaces", "  ", "line 1, column 3"),
    ("a place", '{"a": 1,\n "b": }', "(line 2, column 7)"),
    ("NaN", "NaN", "NaN is not JSON"),
    ("Infinity", '{"a": Infinity}', "Infinity is not JSON"),
    ("minus Infinity", "[-Infinity]", "-Infinity is not JSON"),
    ("a float beyond a double", "1e309", "1e309 is too large"),
    ("a long float", "-" + "9" * 400 + ".0", "is too large"),
    ("a whole number beyond a double", "9007199254740993", "is too large"),
    ("a negative one", "[-9007199254740993]", "is too large"),
    ("a number of 5000 digits", "1" * 5000, "the number " + "1" * 40 + " is too large"),
    ("a number of a million digits", "1" * 1_000_000, "is too large"),
    ("the same key twice", '{"a": 1, "b": {"c": 1, "c": 1}}', "key 'c' stands twice"),
    ("the same key, escaped", '{"a": 1, "\\u0061": 1}', "key 'a' stands twice"),
    ("a lone surrogate", '"\\ud800"', "half of a surrogate pair"),
    ("a lone surrogate, unescaped", '"\ud800"', "half of a surrogate pair"),
    ("a lone surrogate as a key", '{"\\udfff": 1}', "half of a surrogate pair"),
    ("surrogates the wrong way round", '["\\udc00\\ud800"]', "half of a surrogate pair"),
    ("lone surrogates as a key, twice", '{"\\ud800": 1, "\\ud800": 1}', "stands twice"),
    ("not UTF-8", b'{"a": "\xff"}', "not UTF-8: invalid start byte at byte 7"),
    ("a surrogate in UTF-8", b'"\xed\xa0\x80"', "not UTF-8"),
    ("an overlong slash", b'"\xc0\xaf"', "not UTF-8"),
    ("UTF-16", '{"a": 1}'.encode("utf-16"), "not UTF-8"),
    ("UTF-16 without a mark", '{"a": 1}'.encode("utf-16-le"), "not JSON"),
    ("a byte order mark", b'\xef\xbb\xbf{"a": 1}', "not JSON"),
    ("a line break in a string", '"a\nb"', "Invalid control character"),
    ("NUL in a string", '"\0"', "Invalid control character"),
    ("NUL after the end", "1\0", "Extra data"),
    ("two values", "1 2", "Extra data"),
    ("a comma at the end", "[1,]", "not JSON"),
    ("single quotes", "{'a': 1}", "not JSON"),
    ("a comment", "[1] // one", "not JSON"),
    ("a leading zero", "01", "not JSON"),
    ("a plus", "+1", "not JSON"),
    ("digits that are not ASCII", "\u0661", "not JSON"),
    ("an open string", '"abc', "Unterminated string"),
    ("an open list", "[[1]", "not JSON"),
    ("a stray bracket", "]]]]", "not JSON"),
    ("17 levels", "[" * 17 + "]" * 17, "deeper than 16"),
    ("17 levels of both", '{"a":[' * 8 + "[" + "]" + "]}" * 8, "deeper than 16"),
    ("levels behind strings", '["]]", "\\"]", ' + "[" * 16, "deeper than 16"),
    ("a million levels", "[" * 1_000_000, "deeper than 16"),
    ("levels behind brackets that close nothing", "]" * 20 + "[" * 37, "deeper than 16"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_json_that_readers_disagree_about_is_refused_with_a_reason(
    text: str | bytes, words: str
) -> None:
    with pytest.raises(CodecError) as refused:
        strict_json(text)

    assert words in str(refused.value)
    assert len(str(refused.value)) < 200
    str(refused.value).encode()  # a message can be printed, whatever was read


@pytest.mark.parametrize(
    "text",
    [
        "null", " [1, 2.5, -0.0, 1e2, true] ", '"\\ud83d\\ude00 \\u0000 \\"[[[["', '{"a": {"a": 1}, "": []}',
        "9007199254740992", "-9007199254740992", "1.7976931348623157e308", "1e-400", "[" * 16 + "]" * 16,
        '["' + "[" * 100 + '"]', '{"Tŷ Mawr": "llyfrgell"}', '"\u2028\ufffe"',
    ],
)  # fmt: skip
def test_json_that_is_fine_reads_as_the_standard_library_reads_it(text: str) -> None:
    assert strict_json(text) == strict_json(text.encode()) == json.loads(text)


def test_the_largest_text_is_read_and_one_byte_more_is_not() -> None:
    text = '"' + "a" * (MAX_JSON - 2) + '"'

    assert len(strict_json(text)) == MAX_JSON - 2
    with pytest.raises(CodecError, match="JSON has 4000001 bytes, at most 4000000 are allowed"):
        strict_json(text + " ")
    with pytest.raises(CodecError, match="at most 3"):
        strict_json(b"null", max_bytes=3)


@pytest.mark.parametrize(
    "text",
    [
        '"' + '\\"' * 1_999_999, '"' + "a" * 3_999_999, '"' * 3_999_999, "\\" * 4_000_000, '"\\' * 2_000_000,
        "{" * 4_000_000, "[]" * 2_000_000, '["a"' + ',"a"' * 900_000, "-" * 4_000_000, " " * 4_000_000,
        "1" * 4_000_000, "0." + "1" * 3_999_998, '{"a":' * 800_000,
    ],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_no_text_of_the_largest_size_keeps_the_reader_busy(text: str) -> None:
    begin = time.process_time()
    try:
        strict_json(text)
    except CodecError:
        pass
    # Quadratic took hours; a fraction of a second is linear even on a slow machine.
    assert time.process_time() - begin < 15


@given(json_values)
def test_what_is_written_as_json_reads_back(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert strict_json(text) == strict_json(text.encode()) == value


pieces = st.lists(
    st.sampled_from(
        [
            *'[]{}:,"\\ \n0123456789eE.+-',
            "true",
            "null",
            "NaN",
            '"a"',
            '"b":',
            "\\u",
            "d800",
            "\ud800",
        ]
    )
).map("".join)


@given(st.binary() | all_text | pieces)
@given_example("-" + "1" * 4301)
@given_example('{"a":1,"a":NaN}')
def test_any_bytes_and_any_text_are_read_or_refused_and_never_fail_otherwise(
    text: str | bytes,
) -> None:
    try:
        value = strict_json(text)
    except CodecError as error:
        str(error).encode()
        return
    assert json.loads(text) == value
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


# --- Text and numbers


def publishable(code: int) -> bool:
    """Tell whether XML 1.0 allows and recommends a character (section 2.2), and Unicode means one."""
    if code < 0x20:
        return code in (0x9, 0xA, 0xD)
    if 0x7F <= code <= 0x9F:
        return code == 0x85
    surrogate, noncharacter = 0xD800 <= code <= 0xDFFF, 0xFDD0 <= code <= 0xFDEF
    return not surrogate and not noncharacter and code & 0xFFFE != 0xFFFE


def test_of_all_of_unicode_what_xml_cannot_carry_is_refused_and_the_rest_parses() -> None:
    accepted = []
    for code in range(0x110000):
        character = chr(code)
        normal = publishable(code) and unicodedata.is_normalized("NFC", character)
        try:
            check_data(character)
        except InvalidEvent:
            assert not normal, f"U+{code:04X}"
        else:
            assert normal, f"U+{code:04X}"
            accepted.append(f"&#{code};" if character in "<&>\r" else character)

    assert len(accepted) > 1_100_000
    text = "".join(accepted)
    parsed = ET.fromstring(f"<a>{text}</a>").text or ""
    assert len(parsed) == len(accepted)


@pytest.mark.parametrize(
    ("value", "field", "words"),
    [
        ("a\x0bb", "", "has the character U+000B at 1, illegal in XML"),
        ({"name": "\x00"}, "/name", "U+0000 at 0"),
        ({"topics": ["a", "\ufffe"]}, "/topics/1", "U+FFFE at 0"),
        ({"external_ids": {"a\x1f": "b"}}, "/external_ids/'a\\x1f'", "U+001F"),
        ({"name": "\ud800"}, "/name", "U+D800"),
        ({"name": "\U0001ffff"}, "/name", "U+1FFFF"),
        ({"name": "e\u0301"}, "/name", "not in Unicode normal form C"),
        ({"e\u0301": 1}, "/'e\u0301'", "not in Unicode normal form C"),
        ({"name": "q" + "\u0301" * 31}, "/name", "more than 30 combining marks on one letter"),
        ({"name": "a\u0323" + "\u0344" * 15}, "/name", "not in Unicode normal form C"),
        ([{"quote": "q" + "\u0344" * 16}], "/0/quote", "more than 30 combining marks"),
        ([{"quote": "\u1ea5" + "\u0323" * 29}], "/0/quote", "more than 30 combining marks"),
        ({"value": math.nan}, "/value", "nan is not a number"),
        ({"value": [-math.inf]}, "/value/0", "-inf is not a number"),
        ({"value": 2**53 + 1}, "/value", "too large"),
        ({"to": {1: 2}}, "/to", "has the key 1, which is not text"),
        ({"to": b"bytes"}, "/to", "JSON has no word for a bytes"),
        ({"to": {1, 2}}, "/to", "JSON has no word for a set"),
        ({"to": object()}, "/to", "JSON has no word for a object"),
    ],
)
def test_what_cannot_be_stored_and_published_is_refused_with_its_place(
    value: Any, field: str, words: str
) -> None:
    with pytest.raises(InvalidEvent) as refused:
        check_data(value)

    assert (refused.value.field, words in refused.value.problem) == (field, True)


@pytest.mark.parametrize("text", ["q" + "\u0301" * 30, ("q" + "\u0301" * 30) * 9, "\u0489" * 99])
def test_as_many_marks_as_a_letter_may_have_are_let_pass(text: str) -> None:
    check_data({"name": text})


def test_data_that_holds_itself_or_is_too_deep_is_refused() -> None:
    circle: list[Any] = []
    circle.append({"a": circle})
    with pytest.raises(InvalidEvent, match="nested deeper than 16 levels"):
        check_data(circle)
    for leaf in (1, "text", "t\u0177", None):
        lists: Any = leaf
        objects: Any = leaf
        for _ in range(MAX_DEPTH):
            lists, objects = [lists], {"a": objects}
        check_data(lists)
        check_data(objects)
        for value in ([lists], {"a": lists}, (lists,), [objects], {"a": objects}):
            with pytest.raises(InvalidEvent, match="nested deeper than 16 levels"):
                check_data(value)


def test_a_quotation_keeps_the_normal_form_of_its_source() -> None:
    quote = "Nhy\u0302"
    piece = {"source": "source/a", "start": 0, "end": len(quote), "quote": quote}

    assert build("MeetingRecorded", {"id": "meeting/a"}, [piece]).evidence[0].quote == quote
    with pytest.raises(InvalidEvent, match=r"^/kind: is not in Unicode normal form C"):
        build("MeetingRecorded", {"id": "meeting/a", "kind": quote}, [piece])
    with pytest.raises(InvalidEvent, match=r"^/evidence/0/quote: has the character"):
        build("MeetingRecorded", {"id": "meeting/a"}, [{**piece, "quote": "Nh\x01"}])


@given(all_text, st.booleans())
def test_any_text_is_recorded_to_the_letter_or_refused(text: str, lax: bool) -> None:
    event, refused = attempt("EntityRecorded", {"id": "org/a", "note": text}, lax=lax)

    assert refused == "/note" if event is None else event.payload.note == text


@given(st.data(), st.sampled_from(list(EXAMPLES)), st.booleans())
def test_whatever_stands_in_a_field_is_refused_or_can_be_stored_and_read_back(
    data: st.DataObject, name: str, lax: bool
) -> None:
    field = data.draw(st.sampled_from([*TYPES[name].__struct_encode_fields__, "evidence", "other"]))
    value = data.draw(python_values)
    whole = {**PAYLOADS[name], "evidence": evidence(name), field: value}
    proof = whole.pop("evidence")
    event, refused = attempt(name, whole, proof, lax=lax)
    if event is None:
        assert refused.startswith(f"/{field}") or refused in ("", "/evidence/0/supports")
        return
    envelope, disclosures = seal(event, at=AT, by="archivist", salt=salts())
    read = unseal(0, envelope, disclosures)
    assert (read.payload, read.evidence) == plain(event)


# --- Building


@pytest.mark.parametrize(
    "name", ["", "entityrecorded", "EntityRecorded ", "Payload", None, 7, [], {}, ("a",)]
)
def test_an_event_of_an_unknown_type_is_refused(name: Any) -> None:
    with pytest.raises(InvalidEvent, match="unknown event type") as refused:
        build(name, {"id": "org/a"})

    assert refused.value.field == "/type"


@pytest.mark.parametrize("payload", [None, [], "id", 7, [("id", "org/a")]])
def test_a_payload_that_is_no_object_is_refused(payload: Any) -> None:
    with pytest.raises(InvalidEvent, match="Expected `object`"):
        build("EntityRecorded", payload)


@pytest.mark.parametrize("proof", [None, {}, "source/a", [None], ["source/a"], [[]]])
def test_evidence_that_is_no_list_of_objects_is_refused(proof: Any) -> None:
    with pytest.raises(InvalidEvent) as refused:
        build("EntityRecorded", {"id": "org/a"}, proof)

    assert refused.value.field.startswith("/evidence")


def test_text_stands_for_numbers_and_truth_only_where_that_is_asked_for() -> None:
    payload = changed(PAYLOADS["DocumentRecorded"], pages="12", new="true")

    assert build("DocumentRecorded", payload, EVIDENCE, lax=True) == EXAMPLES["DocumentRecorded"]
    with pytest.raises(InvalidEvent, match="Expected `bool`, got `str`"):
        build("DocumentRecorded", payload, EVIDENCE)


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-Infinity", "1e999", "9007199254740993", "1" * 5000]
)
def test_text_cannot_smuggle_in_a_number_that_is_none(value: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        build("FigureRecorded", changed(PAYLOADS["FigureRecorded"], value=value), lax=True)

    assert refused.value.field == "/value"


@pytest.mark.parametrize(("letter", "size"), [("a", 1), ("ŷ", 2), ("\U0001f4da", 4), ('"', 2)])
def test_an_event_has_at_most_32_000_bytes(letter: str, size: int) -> None:
    def amendment(count: int) -> NewEvent:
        change = {"path": "/note", "to": letter * count}
        return build("RecordAmended", {**PAYLOADS["RecordAmended"], "changes": [change]})

    rest = len(codec._canonical(amendment(0)))
    most = (MAX_EVENT - rest) // size

    assert MAX_EVENT - size < len(codec._canonical(amendment(most))) <= MAX_EVENT
    with pytest.raises(InvalidEvent, match=r"the event has 32\d\d\d bytes, at most 32000"):
        amendment(most + 1)


def test_the_largest_event_fits_into_an_envelope_and_a_line() -> None:
    digests = [f"{number:043}" for number in range(600)]
    event = build("TextRedacted", {**PAYLOADS["TextRedacted"], "digests": digests})

    envelope, disclosures = seal(event, at=AT, by="redactor", salt=salts())

    assert unseal(0, envelope, disclosures).payload["digests"] == digests


# --- Pointers

RFC_6901 = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC_6901), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2),
        ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
    ],
)  # fmt: skip
def test_the_pointers_of_rfc_6901_lead_where_it_says(pointer: str, value: Any) -> None:
    assert has(RFC_6901, pointer)
    assert codec.at(RFC_6901, pointer) == value


@pytest.mark.parametrize(
    "pointer",
    ["foo", "foo/0", "#/foo", "/foo/2", "/foo/-1", "/foo/-", "/foo/00", "/foo/+1", "/foo/ 1", "/foo/1_0", "/foo/\u0661",
     "/foo/" + "1" * 5000, "/foo/0/0", "/foo/bar", "/a~01b", "/nothing", "//", "/ /x", "/foo/"],
)  # fmt: skip
def test_other_pointers_lead_nowhere(pointer: str) -> None:
    assert not has(RFC_6901, pointer)


@given(json_values, st.text() | st.text(alphabet="/~01a-").map("/{}".format))
def test_any_pointer_leads_to_a_value_or_nowhere(value: Any, pointer: str) -> None:
    if has(value, pointer):
        codec.at(value, pointer)


# --- Sealing and reading back


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_event_reads_back_as_it_was_recorded(name: str) -> None:
    event = EXAMPLES[name]
    envelope, disclosures = seal(event, at=AT, by="contributor", salt=salts())

    read = unseal(47, envelope, disclosures)

    assert (read.payload, read.evidence) == plain(event)
    assert (read.seq, read.name, read.type, read.v) == (47, "E47", name, version(name))
    assert (read.recorded_at, read.recorded_by, read.missing) == (AT, "contributor", 0)
    assert read.leaf_hash == leaf_hash(envelope).hex()
    assert build(read.type, read.payload, read.evidence) == event


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_envelope_shows_nothing_of_what_is_disclosed(name: str) -> None:
    envelope, disclosures = seal(EXAMPLES[name], at=AT, by="archivist", salt=salts())
    outer = json.loads(envelope)
    public = IN_ENVELOPE.get(name, {})
    fields = {disclosure.read(item).name for item in disclosures}

    assert fields == (set(plain(EXAMPLES[name])[0]) | {"evidence"}) - set(public)
    assert set(outer) == {"v", "type", "at", "by", "_sd", *public.values()}
    assert outer["_sd"] == sorted(map(disclosure.digest, disclosures))


def test_every_field_has_a_salt_of_its_own() -> None:
    drawn: list[bytes] = []

    def salt() -> bytes:
        drawn.append(len(drawn).to_bytes(16, "big"))
        return drawn[-1]

    _, disclosures = seal(EXAMPLES["TenureRecorded"], at=AT, by="archivist", salt=salt)

    used = [disclosure.read(item).salt for item in disclosures]
    assert len(set(used)) == len(disclosures) == len(drawn)


@pytest.mark.parametrize(
    ("at", "by"), [("now", "archivist"), ("2031-02-30T00:00:00Z", "archivist"), (AT, "Nia Prys"), (AT, "")]
)  # fmt: skip
def test_nothing_is_sealed_at_no_time_or_by_a_name(at: str, by: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        seal(EXAMPLES["OutcomeRecorded"], at=at, by=by, salt=salts())


@given(st.data(), st.sampled_from(list(EXAMPLES)))
def test_an_event_is_readable_whatever_was_erased_from_it(data: st.DataObject, name: str) -> None:
    envelope, disclosures = seal(EXAMPLES[name], at=AT, by="archivist", salt=salts())
    left = data.draw(
        st.permutations(disclosures).flatmap(lambda p: st.integers(0, len(p)).map(lambda n: p[:n]))
    )

    read = unseal(3, envelope, left)

    payload, proof = plain(EXAMPLES[name])
    names = {disclosure.read(item).name for item in left} | set(IN_ENVELOPE.get(name, {}))
    assert read.payload == {field: value for field, value in payload.items() if field in names}
    assert read.evidence == (proof if "evidence" in names else ())
    assert read.missing == len(disclosures) - len(left)
    assert read.leaf_hash == leaf_hash(envelope).hex()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_disclosure_that_the_envelope_does_not_name_is_refused(name: str) -> None:
    envelope, disclosures = seal(EXAMPLES[name], at=AT, by="archivist", salt=salts())
    foreign = disclosure.disclose(b"\xff" * 16, "note", "never recorded")
    respelled = disclosure.b64url(disclosure.unb64url(disclosures[0]) + b" ")

    assert disclosure.read(respelled) == disclosure.read(disclosures[0])
    for wrong in (
        [foreign],
        [*disclosures, foreign],
        [respelled, *disclosures[1:]],
        ["", *disclosures],
    ):
        with pytest.raises(CodecError, match="E9: 1 disclosures are not in the envelope"):
            unseal(9, envelope, wrong)


def test_a_disclosure_that_stands_twice_is_refused() -> None:
    envelope, disclosures = seal(EXAMPLES["OutcomeRecorded"], at=AT, by="archivist", salt=salts())

    for wrong in ([*disclosures, disclosures[0]], [disclosures[0]] * 2):
        with pytest.raises(CodecError, match="E9: a field is disclosed twice"):
            unseal(9, envelope, wrong)


def forged(type_name: str, *disclosures: str, v: int = 1) -> bytes:
    """Return an envelope over any disclosures, as another program might have hashed them."""
    digests = sorted({disclosure.digest(item) for item in disclosures})
    fields = {"v": v, "type": type_name, "at": AT, "by": "archivist", "_sd": digests}
    return msgspec.convert(fields, Envelope).encode()


@pytest.mark.parametrize(
    "stored", ["", "7", "not base64url", disclosure.b64url(b"[1]"), disclosure.b64url(b"\xff")]
)
def test_a_disclosure_that_was_hashed_but_is_none_is_refused(stored: str) -> None:
    with pytest.raises(CodecError, match="not a disclosure"):
        unseal(0, forged("OutcomeRecorded", stored), [stored])


@pytest.mark.parametrize("value", [7, None, "source/a", {"source": "source/a"}])
def test_evidence_that_was_hashed_but_is_no_list_is_refused(value: Any) -> None:
    stored = disclosure.disclose(b"\0" * 16, "evidence", value)

    with pytest.raises(CodecError, match="E4: its evidence is not a list"):
        unseal(4, forged("OutcomeRecorded", stored), [stored])


def test_two_disclosures_of_one_field_are_refused() -> None:
    stored = [disclosure.disclose(bytes([n]) * 16, "note", "one or the other") for n in (0, 1)]

    with pytest.raises(CodecError, match="E4: a field is disclosed twice"):
        unseal(4, forged("OutcomeRecorded", *stored), stored)


# --- The content key


def variants(name: str) -> list[NewEvent]:
    """Return the example and what becomes of it when one part is taken out or changed."""
    payload, proof = plain(EXAMPLES[name])
    first, second = proof
    drafts = [(payload, proof), (payload, (second, first)), (payload, (*proof, second))]
    drafts += [({k: v for k, v in payload.items() if k != field}, proof) for field in payload]
    drafts += [({**payload, field: f"{value}?"}, proof) for field, value in payload.items()]
    drafts += [
        (payload, ({**first, **other}, second))
        for other in (
            {"source": "source/other"}, {"start": 119, "quote": None}, {"end": 145, "quote": None},
            {"supports": ["/note"]}, {"supports": []}, {"stance": "contradicts"},
        )
    ]  # fmt: skip
    events = []
    for draft in drafts:
        try:
            events.append(build(name, *draft))
        except InvalidEvent:
            continue
    return events


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_part_of_an_event_counts_for_its_content_key(name: str) -> None:
    events = variants(name)
    different = {msgspec.json.encode([event.payload, event.evidence]) for event in events}

    assert len({content_key(event) for event in events}) == len(different) > 4


def test_all_types_have_keys_of_their_own_even_for_equal_fields() -> None:
    correction = {"target": 1, "reason": "duplicate", "note": "Twice."}
    change = {"changes": [{"path": "/name", "to": "a"}]}

    assert content_key(build("RecordRetracted", correction)) != content_key(
        build("RecordAmended", correction | change)
    )
    assert len({content_key(event) for event in EXAMPLES.values()}) == len(EXAMPLES)


@given(st.sampled_from(list(EXAMPLES)), st.booleans(), st.booleans())
def test_quote_and_digest_of_a_span_do_not_count_for_the_content_key(
    name: str, quote: bool, digest: bool
) -> None:
    payload, (first, second) = plain(EXAMPLES[name])
    left = {k: v for k, v in first.items() if (quote or k != "quote") and (digest or k != "digest")}

    assert content_key(build(name, payload, [left, second])) == content_key(EXAMPLES[name])


@given(st.sampled_from(list(EXAMPLES)), st.randoms(use_true_random=False))
def test_neither_order_nor_spelled_out_defaults_change_the_content_key(
    name: str, random: Any
) -> None:
    payload, (first, second) = plain(EXAMPLES[name])
    defaults = {"stance": "supports"}
    items = list(payload.items())
    random.shuffle(items)

    again = build(name, dict(items), [defaults | first, {**second, "supports": []}])

    assert content_key(again) == content_key(EXAMPLES[name])


# --- Versions


def adding(name: str, calls: list[str]) -> Callable[[Plain], Plain]:
    def step(payload: Plain) -> Plain:
        calls.append(name)
        return {**payload, "steps": [*payload.get("steps", []), name]}

    return step


@pytest.mark.parametrize(("v", "steps"), [(1, ["1 to 2", "2 to 3"]), (2, ["2 to 3"]), (3, [])])
def test_an_old_payload_is_lifted_step_by_step_to_the_newest_version(
    v: int, steps: list[str]
) -> None:
    calls: list[str] = []
    registry = {"OutcomeRecorded": (adding("1 to 2", calls), adding("2 to 3", calls))}

    lifted = upcast("OutcomeRecorded", v, {"result": "done"}, registry)

    assert calls == steps
    assert lifted == {"result": "done"} | ({"steps": steps} if steps else {})
    assert version("OutcomeRecorded", registry) == 3
    assert upcast("FigureRecorded", 1, {"value": 1}, registry) == {"value": 1}


def test_an_event_of_a_newer_program_is_refused_with_advice() -> None:
    registry = {"OutcomeRecorded": (adding("1 to 2", []),)}

    with pytest.raises(
        UnknownVersion, match=r"OutcomeRecorded version 3 .* \(which knows 2\): upgrade it"
    ):
        upcast("OutcomeRecorded", 3, {}, registry)
    stored = disclosure.disclose(b"\0" * 16, "note", "from the future")
    with pytest.raises(UnknownVersion, match="upgrade it"):
        unseal(0, forged("OutcomeRecorded", stored, v=version("OutcomeRecorded") + 1), [stored])


def test_versions_are_kept_for_known_types_only() -> None:
    assert set(UPCASTERS) <= set(TYPES)


# --- Golden bytes: what was stored once reads the same for ever


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_stored_bytes_of_every_version_read_as_they_did(path: Path) -> None:
    golden = json.loads(path.read_text("utf-8"))
    envelope = golden["envelope"].encode("ascii")

    read = unseal(7, envelope, golden["disclosures"])

    assert path.stem == f"{golden['type']}-v{golden['v']}"
    assert (read.type, read.v) == (golden["type"], version(golden["type"]))
    assert (read.recorded_at, read.recorded_by) == (golden["at"], golden["by"])
    assert (read.leaf_hash, read.missing) == (golden["leaf_hash"], 0)
    assert read.payload == upcast(golden["type"], golden["v"], golden["payload"])
    assert list(read.evidence) == golden["evidence"]


@pytest.mark.parametrize("name", TYPES)
def test_what_is_stored_today_has_the_bytes_it_had(name: str) -> None:
    path = Path(__file__).parent / "golden" / f"{name}-v{version(name)}.json"
    assert path in GOLDEN, "run `python -m tests.events.golden` once and commit the new file"
    golden = json.loads(path.read_text("utf-8"))
    event = build(golden["type"], golden["payload"], golden["evidence"])

    envelope, disclosures = seal(event, at=golden["at"], by=golden["by"], salt=salts())

    assert envelope.decode() == golden["envelope"]
    assert disclosures == golden["disclosures"]
    assert content_key(event) == golden["content_key"]


def test_every_version_of_every_type_has_its_golden_file() -> None:
    versions = itertools.chain.from_iterable(
        (f"{name}-v{v}" for v in range(1, version(name) + 1)) for name in TYPES
    )

    assert {path.stem for path in GOLDEN} == set(versions)
