"""The content key of stored entries: the short way says what the long way says, or nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import codec, contents, disclosure
from events.codec import build, content_key, seal
from events.contents import LONG_WAY, stored_content_key
from events.envelope import Envelope
from events.errors import CodecError, InvalidEvent
from events.vocabulary import TYPES
from tests.events.examples import EXAMPLES, PAYLOADS, evidence, salts

AT = "2031-03-06T08:30:00Z"
SALT = disclosure.b64url(bytes(16))
SHORT = sorted(TYPES.keys() - LONG_WAY)
#: JSON as others might write it: spaces, escapes, other numbers, what no rule lets pass.
ODD = [
    "null", "true", "false", "0", "1", "-0", "1.0", "1.5", "1e2", "1E2", "1e400", "NaN", "9007199254740992",
    "9007199254740993", "123456789012345678901234567890", '""', '" "', '"a"', ' "a" ', '\n"a"', '"\\u0061"',
    '"\\n"', '"a\\nb"', '"\\u0007"', '"\x07"', '"\x7f"', '"a\x7fb"', '"a\u0301"', '"\u0301"', '"ŷ"', '"a\ufffeb"',
    '"a\u2028b"', '"a\u00a0b"', '"\\ud800"', '"\\ud83d\\ude00"', '"📚"', '"topic/a"', '"en"', '"news"', '"2031"',
    "[]", "[1]", "[[0,12]]", "[[0.0,12]]", '["topic/a"]', '["topic/a","topic/a"]', "{}", '{"a":"b"}', '{"a":"b","a":"c"}',
    '{"a":"b","a":1}', '{"edtf":"2031","basis":"stated"}', '{"edtf":"2031","basis":"stated","edtf":"2032"}',
    '{"edtf":"2031","basis":"stated","text":"a\u0301"}', '[{"source":"source/a"}]', '[{"source":"source/a","start":0,"end":1}]',
    '[{"source":"source/a","start":0,"end":2,"quote":"a\u0301"}]', '[{"source":"source/a","supports":["/id"]}]',
    '[{"source":"source/a","supports":["/nothing"]}]', '[{"source":"source/a","start":1}]', "[" * 40 + "]" * 40,
    '"q%s"' % ("\u0301" * 30), '"q%s"' % ("\u0301" * 31), "[" * 100_000, "", ",", '1,"x":2', '"a","b":"c"', "1]", "//",
]  # fmt: skip


def long_way(envelope: bytes, disclosures: list[str]) -> str | None:
    """Return what the door for everything from outside makes of an entry."""
    event = codec.unseal(0, envelope, disclosures)
    try:
        return (
            None if event.missing else content_key(build(event.type, event.payload, event.evidence))
        )
    except InvalidEvent:
        return None


def entry(type_name: str, fields: list[tuple[str, str]]) -> tuple[bytes, list[str]]:
    """Return an entry with these names (JSON strings) and values (any text), announced as they stand."""
    texts = [
        disclosure.b64url(f'["{SALT}",{name},{value}]'.encode("utf-8", "surrogatepass"))
        for name, value in fields
    ]
    sealed = {"v": 1, "type": type_name, "at": AT, "by": "archivist"}
    sealed["_sd"] = sorted({disclosure.digest(text) for text in texts})
    return msgspec.convert(sealed, Envelope).encode(), texts


def plain(type_name: str) -> list[tuple[str, str]]:
    """Return the fields of the example as names and JSON."""
    fields = PAYLOADS[type_name] | (
        {"evidence": evidence(type_name)} if evidence(type_name) else {}
    )
    return [(f'"{name}"', msgspec.json.encode(value).decode()) for name, value in fields.items()]


def answers(type_name: str, fields: list[tuple[str, str]]) -> tuple[Any, Any]:
    """Return what both ways say, an error by its message."""
    made = entry(type_name, fields)
    found: list[Any] = []
    for way in (lambda: stored_content_key(0, *made), lambda: long_way(*made)):
        try:
            found.append(way())
        except CodecError as error:
            found.append(str(error))
    return found[0], found[1]


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_stored_has_the_key_it_was_stored_with(name: str) -> None:
    sealed = seal(EXAMPLES[name], at=AT, by="archivist", salt=salts())

    assert stored_content_key(0, *sealed) == content_key(EXAMPLES[name])
    escaped = {"StatementRecorded"}  # its gist has a line break
    assert (contents._short_way(*sealed) is None) == (name in LONG_WAY | escaped)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_misses_a_part_has_none(name: str) -> None:
    envelope, disclosures = seal(EXAMPLES[name], at=AT, by="archivist", salt=salts())

    assert stored_content_key(0, envelope, disclosures[1:]) is None
    assert stored_content_key(0, envelope, []) is None


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", SHORT)
def test_no_value_anywhere_gives_another_key_by_the_short_way(name: str, odd: str) -> None:
    fields = plain(name)
    for place, (field, _) in enumerate(fields):
        short, long = answers(name, [*fields[:place], (field, odd), *fields[place + 1 :]])
        assert short == long, (field, odd)
    assert (
        answers(name, [*fields, ('"evidence"', odd)])[0]
        == answers(name, [*fields, ('"evidence"', odd)])[1]
    )


@pytest.mark.parametrize(
    "field",
    ['"nothing"', '"from_"', '""', '"a\\":1,\\"b"', '"i\\u0064"', '"ŷ"', "1", '"new"', '"note"', '"evidence"'],
)  # fmt: skip
@pytest.mark.parametrize("name", SHORT)
def test_no_name_of_a_field_gives_another_key_by_the_short_way(name: str, field: str) -> None:
    short, long = answers(name, [*plain(name), (field, "true")])

    assert short == long


@given(
    st.sampled_from(SHORT),
    st.lists(st.tuples(st.integers(0, 30), st.text(max_size=8) | st.sampled_from(ODD)), max_size=2),
)
def test_any_text_in_the_place_of_values_gives_what_the_long_way_gives(
    name: str, changes: list[tuple[int, str]]
) -> None:
    fields = plain(name)
    for place, text in changes:
        field, value = fields[place % len(fields)]
        inside = value[:-1] + text + value[-1:] if value.startswith('"') else text
        fields[place % len(fields)] = field, inside

    short, long = answers(name, fields)

    assert short == long


@pytest.mark.parametrize("count", [1, 500, 550, 600, 700])
def test_an_event_too_large_to_be_recorded_anew_has_no_key(count: int) -> None:
    proof = [{"source": f"source/the-post-of-{n:03}", "supports": ["/name"]} for n in range(count)]
    fields = [field for field in plain("NameRecorded") if field[0] != '"evidence"']
    fields.append(('"evidence"', msgspec.json.encode(proof).decode()))

    short, long = answers("NameRecorded", fields)

    assert short == long
    assert (short is None) == (count > 550)


def test_types_with_numbers_without_bounds_or_with_any_value_go_the_long_way() -> None:
    """What is not text must be valid by its type alone where nothing else looks at it."""

    def free(kind: msgspec.inspect.Type) -> bool:
        match kind:
            case msgspec.inspect.IntType(ge=low, le=high):
                return low is None or high is None or not -(2**53) <= low <= high <= 2**53
            case (
                msgspec.inspect.FloatType() | msgspec.inspect.AnyType() | msgspec.inspect.RawType()
            ):
                return True
            case msgspec.inspect.StructType(fields=fields):
                return any(free(field.type) for field in fields)
            case (
                msgspec.inspect.UnionType(types=kinds) | msgspec.inspect.TupleType(item_types=kinds)
            ):
                return any(map(free, kinds))
            case (
                msgspec.inspect.VarTupleType(item_type=item)
                | msgspec.inspect.ListType(item_type=item)
            ):
                return free(item)
            case msgspec.inspect.DictType(key_type=key, value_type=value):
                return free(key) or free(value)
            case msgspec.inspect.Metadata(type=inner):
                return free(inner)
            case _:
                return False

    unbounded = {name for name, kind in TYPES.items() if free(msgspec.inspect.type_info(kind))}

    assert {"FigureRecorded", "DevelopmentRecorded", "RecordAmended"} <= unbounded <= LONG_WAY


def test_an_older_version_goes_the_long_way_and_is_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal(EXAMPLES["NameRecorded"], at=AT, by="archivist", salt=salts())
    monkeypatch.setattr(contents.codec, "version", lambda _: 2)

    assert contents._short_way(*sealed) is None
