"""What may be said: every type in full, every rule refused by name of the field, every slug found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from msgspec.inspect import StrType, StructType, multi_type_info, type_info

from events import values, vocabulary
from events.codec import at, build
from events.envelope import TypeName
from events.errors import InvalidEvent
from events.values import KINDS, Change, Evidence
from events.vocabulary import (
    CORRECTING,
    EVIDENCED,
    IN_ENVELOPE,
    RECORDING,
    REFERENCES,
    REQUIRED,
    TYPES,
    Recording,
    dates,
    mentions,
    type_name,
)
from tests.events.examples import (
    ENTITIES,
    EVIDENCE,
    EXAMPLES,
    PAYLOADS,
    RESOLVED,
    Plain,
    changed,
    evidence,
    stated,
)

#: Spelled out once more: what was stored under these names must be readable for ever.
STORED = (
    "SourceCaptured EntityRecorded NameRecorded TenureRecorded MeetingRecorded DocumentRecorded "
    "StatementRecorded DevelopmentRecorded CommitmentRecorded OutcomeRecorded FigureRecorded "
    "RecordAmended RecordRetracted RecordDisputed EntitiesMerged TextRedacted TranslationAdded"
).split()

STRUCTS = [*TYPES.values(), Evidence]


def plain(event_type: str) -> Plain:
    """Return an example as it is stored."""
    data: Plain = msgspec.json.decode(msgspec.json.encode(EXAMPLES[event_type].payload))
    return data


def leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of plain data that is neither list nor dictionary, with its pointer."""
    if isinstance(data, dict):
        for name, item in data.items():
            yield from leaves(item, f"{path}/{name}")
    elif isinstance(data, list | tuple):
        for number, item in enumerate(data):
            yield from leaves(item, f"{path}/{number}")
    else:
        yield path, data


def put(data: Any, path: str, value: Any) -> Any:
    """Return plain data with the value at a pointer replaced."""
    name, _, rest = path[1:].partition("/")
    copy = dict(data) if isinstance(data, dict) else list(data)
    key: Any = name if isinstance(data, dict) else int(name)
    copy[key] = put(copy[key], f"/{rest}", value) if rest else value
    return copy


def refusal(event_type: str, payload: Any, proof: Any = None) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as refused:
        build(event_type, payload, evidence(event_type) if proof is None else proof)
    return refused.value


# --- The types themselves


def test_the_stored_names_are_these_seventeen_and_no_class_can_change_them() -> None:
    assert list(TYPES) == STORED
    assert set(get_args(TypeName)) == set(STORED)
    assert set(RECORDING) | set(CORRECTING) == set(STORED)
    assert [type_name(EXAMPLES[name].payload) for name in STORED] == STORED
    assert [EXAMPLES[name].type for name in STORED] == STORED


@pytest.mark.parametrize("name", STORED)
def test_an_example_says_all_that_its_type_can_say(name: str) -> None:
    fields = set(TYPES[name].__struct_encode_fields__)
    one_of_two = {
        "EntityRecorded": set(KIND_FIELDS),
        "TenureRecorded": {"organisation"},
    }
    examples = list(ENTITIES.values()) if name == "EntityRecorded" else [PAYLOADS[name]]

    assert set().union(*examples) >= fields - one_of_two.get(name, set())
    assert set().union(*ENTITIES.values()) == set(TYPES["EntityRecorded"].__struct_encode_fields__)


@pytest.mark.parametrize("kind", ENTITIES)
def test_every_kind_of_entity_can_be_recorded_in_full(kind: str) -> None:
    assert build("EntityRecorded", ENTITIES[kind]).payload.id == ENTITIES[kind]["id"]


@pytest.mark.parametrize("cls", [cls for cls in vars(values).values() if isinstance(cls, type)] + [
    cls for cls in vars(vocabulary).values() if isinstance(cls, type)
])  # fmt: skip
def test_every_type_says_in_a_docstring_of_its_own_what_it_means(cls: type) -> None:
    if issubclass(cls, msgspec.Struct):
        assert "__doc__" in vars(cls)
        assert re.match(r"[A-Z][^\n]*[.,:;?…]", cls.__doc__ or "")


@pytest.mark.parametrize("name", STORED)
def test_an_event_cannot_be_changed_once_it_is_made(name: str) -> None:
    payload = EXAMPLES[name].payload

    for field in payload.__struct_fields__:
        with pytest.raises(AttributeError, match="immutable"):
            setattr(payload, field, None)


@pytest.mark.parametrize("name", STORED)
def test_fields_that_are_not_in_the_vocabulary_are_refused(name: str) -> None:
    assert "unknown field `colour`" in refusal(name, {**PAYLOADS[name], "colour": "red"}).problem


FIELDS = [
    (name, field.encode_name)
    for name, struct in zip(TYPES, multi_type_info(TYPES.values()), strict=True)
    if isinstance(struct, StructType)
    for field in struct.fields
]


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_value_of_the_wrong_shape_is_refused_and_its_field_named(name: str, field: str) -> None:
    wrong: Any = 7 if field == "external_ids" else {"wrong": ["shape"]}

    error = refusal(name, {**PAYLOADS[name], field: wrong})

    assert error.field.startswith(f"/{field}")
    assert str(error) == f"{error.field}: {error.problem}"


LEAVES = [
    (name, path)
    for name in STORED
    for path, value in leaves({**PAYLOADS[name], "evidence": evidence(name)})
    if isinstance(value, str) and not re.match(r"/changes/\d/(from|to)", path)
]


@pytest.mark.parametrize(("name", "path"), LEAVES)
def test_no_text_but_a_quotation_may_begin_or_end_with_a_line_break_or_a_space(
    name: str, path: str
) -> None:
    whole = {**PAYLOADS[name], "evidence": evidence(name)}
    for text in ("{}\n", "{}\r", "\n{}", " {}", "{} "):
        if path.endswith("/path") and text == "{} ":
            continue  # a pointer may end in a space, as the key it names may
        wrong = put(whole, path, text.format(at(whole, path)))
        proof = wrong.pop("evidence")

        assert refusal(name, wrong, proof).field in (path, "", *_parents(path))


def _parents(path: str) -> list[str]:
    return [path[: match.start()] for match in re.finditer("/", path)]


# --- New records and later events


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, fields in REQUIRED.items() for field in fields]
)
def test_a_new_record_needs_what_every_record_of_its_kind_has(name: str, field: str) -> None:
    error = refusal(name, changed(PAYLOADS[name], **{field: ...}))

    assert error.field == f"/{field}"
    assert f"`{field}` is missing" in error.problem


@pytest.mark.parametrize("name", REQUIRED)
def test_a_later_event_of_a_record_says_only_what_its_source_adds(name: str) -> None:
    always = ("id", "commitment") if name == "OutcomeRecorded" else ("id",)

    event = build(name, {field: PAYLOADS[name][field] for field in always}, EVIDENCE[:1])

    assert msgspec.to_builtins(event.payload).keys() == set(always)


#: What the design asks of a record's first event, spelled out once more.
NEEDED = {
    "SourceCaptured": "kind publisher lang captured_at body_access",
    "EntityRecorded": "kind name",
    "TenureRecorded": "person title_as_stated",
    "MeetingRecorded": "organisation held_on status",
    "DocumentRecorded": "title kind author",
    "StatementRecorded": "speaker speaker_basis mode gist",
    "DevelopmentRecorded": "what kind happened",
    "CommitmentRecorded": "obliged what kind",
    "OutcomeRecorded": "result",
    "FigureRecorded": "measure value unit as_of kind",
}
PROVED = (
    "TenureRecorded MeetingRecorded DocumentRecorded StatementRecorded DevelopmentRecorded "
    "CommitmentRecorded OutcomeRecorded"
).split()


def test_what_a_record_must_have_is_a_field_of_its_type_and_may_be_absent_later() -> None:
    assert {name: " ".join(fields) for name, fields in REQUIRED.items()} == NEEDED
    for name, fields in REQUIRED.items():
        for field in fields:
            index = TYPES[name].__struct_encode_fields__.index(field)
            defaults = TYPES[name].__struct_defaults__
            assert defaults[index - len(TYPES[name].__struct_fields__)] is None


@pytest.mark.parametrize("field", ["record", "name", "kind", "lang"])
def test_a_name_is_always_told_whole(field: str) -> None:
    payload = changed(PAYLOADS["NameRecorded"], **{field: ..., "new": ...})

    assert f"missing required field `{field}`" in refusal("NameRecorded", payload).problem


@pytest.mark.parametrize("name", CORRECTING)
def test_a_correction_is_always_told_whole(name: str) -> None:
    optional = {
        "replaced_by", "path", "digests", "authority", "review_on", "translator", "confirmed_by",
    } | ({"reason"} if name == "RecordDisputed" else set())  # fmt: skip
    if name in ("RecordDisputed", "TranslationAdded"):
        optional.remove("path")
    for field in set(PAYLOADS[name]) - optional:
        error = refusal(name, changed(PAYLOADS[name], **{field: ...}), [])
        assert f"missing required field `{field}`" in error.problem
    least = {field: value for field, value in PAYLOADS[name].items() if field not in optional}
    assert build(name, least | ({"act": "withheld"} if name == "TextRedacted" else {}))


# --- Rules. type, changes to its example, the field refused, part of the message

RULES: list[tuple[str, Plain, str, str]] = [
    # Slugs.
    ("EntityRecorded", {"id": "org/"}, "/id", "matching"),
    ("EntityRecorded", {"id": "Org/aberdulas"}, "/id", "matching"),
    ("EntityRecorded", {"id": "org/Aberdulas"}, "/id", "matching"),
    ("EntityRecorded", {"id": "org/tŷ-mawr"}, "/id", "matching"),
    ("EntityRecorded", {"id": "org/a--b"}, "/id", "matching"),
    ("EntityRecorded", {"id": "org/a-"}, "/id", "matching"),
    ("EntityRecorded", {"id": "org/a/b"}, "/id", "matching"),
    ("EntityRecorded", {"id": " org/a"}, "/id", "matching"),
    ("EntityRecorded", {"id": "source/a"}, "/id", "matching"),
    ("EntityRecorded", {"id": "org/" + "a" * 117}, "/id", "length"),
    ("EntityRecorded", {"topics": ["topic/a", "place/b"]}, "/topics/1", "matching"),
    ("StatementRecorded", {"speaker": "place/ty-mawr"}, "/speaker", "matching"),
    ("CommitmentRecorded", {"obliged": "doc/library-plan"}, "/obliged", "matching"),
    ("DevelopmentRecorded", {"participants": [{"entity": "Nia", "role": "x"}]}, "/participants/0/entity", "matching"),
    # Text, numbers, addresses, instants.
    ("EntityRecorded", {"name": ""}, "/name", "matching"),
    ("EntityRecorded", {"name": "two\nlines"}, "/name", "matching"),
    ("EntityRecorded", {"name": "two\rlines"}, "/name", "matching"),
    ("EntityRecorded", {"name": "a" * 301}, "/name", "length <= 300"),
    ("EntityRecorded", {"note": "a" * 2001}, "/note", "length <= 2000"),
    ("EntityRecorded", {"external_ids": {"register": ""}}, "/external_ids", "matching"),
    ("EntityRecorded", {"external_ids": {" ": "AB-1"}}, "", "matching"),
    ("DocumentRecorded", {"url": "javascript:alert(1)"}, "/url", "matching"),
    ("DocumentRecorded", {"url": "https://tŷ.example/"}, "/url", "matching"),
    ("DocumentRecorded", {"url": "https://a.example/ b"}, "/url", "matching"),
    ("DocumentRecorded", {"url": "https://"}, "/url", "matching"),
    ("DocumentRecorded", {"url": "https://a.example/" + "a" * 1000}, "/url", "length <= 1000"),
    ("DocumentRecorded", {"pages": 0}, "/pages", ">= 1"),
    ("DocumentRecorded", {"pages": 1.5}, "/pages", "Expected `int"),
    ("FigureRecorded", {"qualifier": "nearly"}, "/qualifier", "nearly"),
    ("FigureRecorded", {"value": ..., "new": ...}, "", "state the `value`"),
    ("FigureRecorded", {"value": True}, "/value", "got `bool`"),
    ("FigureRecorded", {"value": "12"}, "/value", "got `str`"),
    ("FigureRecorded", {"value": float("nan")}, "/value", "not a number"),
    ("FigureRecorded", {"value": float("-inf")}, "/value", "not a number"),
    ("FigureRecorded", {"value": 2**53 + 1}, "/value", "too large"),
    ("DevelopmentRecorded", {"amount": {"value": -(10**30), "unit": "GBP"}}, "/amount/value", "too large"),
    ("SourceCaptured", {"captured_at": "2031-13-01"}, "/captured_at", "matching"),
    ("SourceCaptured", {"captured_at": "2031-02-29"}, "", "01 to 28"),
    ("SourceCaptured", {"captured_at": "2031-03-06T24:00:00Z"}, "/captured_at", "matching"),
    ("SourceCaptured", {"captured_at": "2031-03-06T08:30:00+00:00"}, "/captured_at", "length"),
    ("SourceCaptured", {"captured_at": "2031-03-06T08:30"}, "/captured_at", "matching"),
    ("SourceCaptured", {"captured_at": "٢٠٣١-٠٣-٠٦"}, "/captured_at", "matching"),
    ("TextRedacted", {"review_on": "0000-01-01"}, "", "0001 to 9999"),
    ("TextRedacted", {"review_on": "2031-04-31"}, "", "01 to 30"),
    # Sources.
    ("SourceCaptured", {"sha256": ...}, "", "sha256 and chars belong together"),
    ("SourceCaptured", {"chars": ..., "noise": ...}, "", "sha256 and chars belong together"),
    ("SourceCaptured", {"sha256": "0" * 63}, "/sha256", "matching"),
    ("SourceCaptured", {"sha256": "F" * 64}, "/sha256", "matching"),
    ("SourceCaptured", {"chars": 50_000_001}, "/chars", "<= 50000000"),
    ("SourceCaptured", {"noise": [[12, 12]]}, "", "noise span [12, 12]"),
    ("SourceCaptured", {"noise": [[12, 3]]}, "", "noise span [12, 3]"),
    ("SourceCaptured", {"noise": [[0, 1], [899, 901]]}, "", "noise span [899, 901]"),
    ("SourceCaptured", {"sha256": ..., "chars": ...}, "", "noise span"),
    ("SourceCaptured", {"noise": [[-1, 3]]}, "/noise/0/0", ">= 0"),
    ("SourceCaptured", {"noise": [[1, 2, 3]]}, "/noise/0", "length 2"),
    # Dates.
    ("MeetingRecorded", {"held_on": stated("4 March 2031")}, "/held_on", "write YYYY"),
    ("MeetingRecorded", {"held_on": stated("2031-02-30")}, "/held_on", "01 to 28"),
    ("MeetingRecorded", {"held_on": {"edtf": "2031"}}, "/held_on", "required field `basis`"),
    ("MeetingRecorded", {"held_on": {"edtf": "2031", "basis": "guessed"}}, "/held_on/basis", "enum"),
    ("MeetingRecorded", {"held_on": changed(RESOLVED, anchor=...)}, "/held_on", "needs its anchor"),
    ("MeetingRecorded", {"held_on": changed(RESOLVED, anchor="source/a")}, "/held_on/anchor", "matching"),
    ("MeetingRecorded", {"held_on": changed(RESOLVED, anchor="source/a#A")}, "/held_on/anchor", "matching"),
    ("MeetingRecorded", {"held_on": changed(RESOLVED, anchor="news/a#published")}, "/held_on/anchor", "matching"),
    ("MeetingRecorded", {"held_on": changed(RESOLVED, text="two\nlines")}, "/held_on/text", "matching"),
    # Ends before starts.
    ("TenureRecorded", {"end": stated("2030-03")}, "", "`end` (2030-03) is before `start` (2030-04)"),
    ("TenureRecorded", {"attested": stated("2029")}, "", "`attested` (2029) is before `start`"),
    ("TenureRecorded", {"end": stated("2031-03-03")}, "", "`end` (2031-03-03) is before `attested`"),
    ("TenureRecorded", {"end": stated("../2030-03")}, "", "is before `start`"),
    ("TenureRecorded", {"end": stated("[..2030-03-31]")}, "", "is before `start`"),
    ("TenureRecorded", {"start": stated("2033/..")}, "", "is before `start`"),
    ("TenureRecorded", {"start": stated("204X")}, "", "is before `start`"),
    ("NameRecorded", {"until": stated("2000")}, "", "`until` (2000) is before `from` (2001)"),
    ("EntityRecorded", {"dissolved": stated("2001-03")}, "", "`dissolved` (2001-03) is before `founded`"),
    # Tenures.
    ("TenureRecorded", {"organisation": "org/aberdulas-council"}, "", "one of them"),
    ("TenureRecorded", {"post": ...}, "", "one of them"),
    ("TenureRecorded", {"start": ..., "end": ..., "attested": ...}, "", "at least one of start, end, attested"),
    # Entities.
    ("EntityRecorded", {"kind": "person"}, "", "a person cannot have the slug org/aberdulas-council"),
    ("EntityRecorded", {"kind": "company"}, "/kind", "enum"),
    ("EntityRecorded", {"succeeds": "place/aberdulas"}, "/succeeds", "matching"),
    # Deadlines.
    ("CommitmentRecorded", {"readings": [{"label": "neither"}]}, "/readings/0", "either `on` a date or by a `rule`"),
    ("CommitmentRecorded", {"readings": [
        {"label": "one", "on": stated("2031")},
        {"label": "both", "on": stated("2031"), "rule": {"n": 1, "unit": "day", "from": "2031"}},
    ]}, "/readings/1", "either `on` a date or by a `rule`"),
    ("CommitmentRecorded", {"readings": [{"on": stated("2031")}]}, "/readings/0", "required field `label`"),
    ("CommitmentRecorded", {"readings": [{"label": "a", "rule": {"n": 20, "unit": "working-day", "from": "2031"}}]},
     "/readings/0/rule", "working days need a calendar"),
    ("CommitmentRecorded", {"readings": [{"label": "a", "rule": {"n": 2, "unit": "week", "from": "2031", "calendar": "wales"}}]},
     "/readings/0/rule", "only they may have one"),
    ("CommitmentRecorded", {"readings": [{"label": "a", "rule": {"n": 0, "unit": "day", "from": "2031"}}]}, "/readings/0/rule/n", ">= 1"),
    ("CommitmentRecorded", {"readings": [{"label": "a", "rule": {"n": 1, "unit": "day", "from": "soon"}}]}, "/readings/0/rule", "write YYYY"),
    ("CommitmentRecorded", {"readings": [{"label": "a", "rule": {"n": 1, "unit": "day", "from_": "2031"}}]}, "/readings/0/rule", "unknown field `from_`"),
    ("CommitmentRecorded", {"after": "person/nia-prys"}, "/after", "matching"),
    # Corrections.
    ("RecordAmended", {"target": -1}, "/target", ">= 0"),
    ("RecordAmended", {"target": "E6"}, "/target", "got `str`"),
    ("RecordAmended", {"changes": []}, "/changes", "length >= 1"),
    ("RecordAmended", {"changes": [{"path": f"/{n}", "to": 1} for n in range(51)]}, "/changes", "length <= 50"),
    ("RecordAmended", {"changes": [{"path": "", "to": 1}]}, "/changes/0/path", "matching"),
    ("RecordAmended", {"changes": [{"path": "name", "to": 1}]}, "/changes/0/path", "matching"),
    ("RecordAmended", {"changes": [{"path": "/a~2", "to": 1}]}, "/changes/0/path", "matching"),
    ("RecordAmended", {"changes": [{"path": "/name", "from": "A", "to": "A"}]}, "/changes/0", "are the same"),
    ("RecordAmended", {"changes": [{"path": "/name"}]}, "/changes/0", "are the same"),
    ("RecordAmended", {"changes": [{"path": "/name", "to": [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}]}, "/changes/0/to" + "/0" * 14, "nested deeper"),
    ("RecordAmended", {"reason": "the world changed"}, "/reason", "enum"),
    ("RecordRetracted", {"replaced_by": "E7"}, "/replaced_by", "matching"),
    ("RecordDisputed", {"state": "settled"}, "/state", "enum"),
    ("EntitiesMerged", {"merge": []}, "/merge", "length >= 1"),
    ("EntitiesMerged", {"merge": ["person/a", "person/nia-prys"]}, "", "must all be different"),
    ("EntitiesMerged", {"merge": ["person/a", "person/a"]}, "", "must all be different"),
    ("EntitiesMerged", {"merge": ["person/a", "org/a"]}, "", "one kind can be merged, not org and person"),
    ("EntitiesMerged", {"merge": ["org/a"]}, "", "one kind can be merged, not org and person"),
    ("EntitiesMerged", {"merge": ["meeting/a"]}, "/merge/0", "matching"),
    ("TextRedacted", {"confirmed_by": ...}, "", "`released` and `erased` need `confirmed_by`"),
    ("TextRedacted", {"confirmed_by": ..., "act": "released"}, "", "`released` and `erased` need `confirmed_by`"),
    ("TextRedacted", {"act": "withheld"}, "", "`withheld` does not"),
    ("TextRedacted", {"confirmed_by": "Nia Prys"}, "/confirmed_by", "enum"),
    ("TextRedacted", {"scope": "everything"}, "/scope", "enum"),
    ("TextRedacted", {"basis": "embarrassment"}, "/basis", "enum"),
    ("TextRedacted", {"digests": ["A" * 42]}, "/digests/0", "matching"),
    ("TranslationAdded", {"method": "machine"}, "/method", "enum"),
    ("TranslationAdded", {"lang": "fr"}, "/lang", "enum"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "field", "words"), RULES)
def test_a_broken_rule_is_refused_with_its_field(
    name: str, changes: Plain, field: str, words: str
) -> None:
    error = refusal(name, changed(PAYLOADS[name], **changes))

    assert (error.field, words in error.problem) == (field, True), str(error)


@pytest.mark.parametrize("path", ["/id", "/new", "/target", "/record", "/id/0", "/record/name"])
def test_who_an_event_is_about_cannot_be_amended(path: str) -> None:
    error = refusal(
        "RecordAmended", {**PAYLOADS["RecordAmended"], "changes": [{"path": path, "to": 1}]}
    )

    assert error.field == "/changes/0"
    assert "retract the event and record it anew" in error.problem


@pytest.mark.parametrize("path", ["/identity", "/news", "/notes/id", "/external_ids/new"])
def test_a_field_that_only_looks_like_an_identity_can_be_amended(path: str) -> None:
    assert Change(path=path, to=1).path == path


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (1, 1.0), ("1", 1), (None, False), ([], {}), ("", None)],
)
def test_values_of_different_types_are_a_change(one: Any, other: Any) -> None:
    assert Change(path="/value", from_=one, to=other).from_ is one


#: Which kinds of entities may have a field that not all of them may have.
KIND_FIELDS = {
    "public_capacity": ["person"],
    "part_of": ["organisation", "place"],
    "succeeds": ["organisation", "post"],
    "founded": ["organisation"],
    "dissolved": ["organisation"],
    "organisation": ["post"],
    "seats": ["post"],
    "statutory": ["post"],
    "unit": ["measure"],
    "counts": ["measure"],
}


@pytest.mark.parametrize("kind", ENTITIES)
@pytest.mark.parametrize("field", KIND_FIELDS)
def test_a_field_of_another_kind_of_entity_is_refused(kind: str, field: str) -> None:
    holder = next(entity for entity in ENTITIES.values() if field in entity)
    payload = {**ENTITIES[kind], field: holder[field]}

    if kind in KIND_FIELDS[field]:
        assert build("EntityRecorded", payload)
    else:
        assert f"`{field}` is for " in refusal("EntityRecorded", payload, []).problem


def test_nobody_is_recorded_as_a_private_person() -> None:
    person = changed(ENTITIES["person"], public_capacity=...)

    assert "nobody is recorded as a private person" in refusal("EntityRecorded", person, []).problem
    assert build("EntityRecorded", changed(person, new=...))


def test_a_post_belongs_to_an_organisation() -> None:
    post = changed(ENTITIES["post"], organisation=...)

    assert "a post needs its organisation" in refusal("EntityRecorded", post, []).problem
    assert build("EntityRecorded", changed(post, new=...))


@pytest.mark.parametrize("only", ["start", "end", "attested"])
@pytest.mark.parametrize("of", [{"post": "post/a"}, {"organisation": "org/a", "post": ...}])
def test_one_date_and_one_body_make_a_tenure(only: str, of: Plain) -> None:
    no_dates = {"start": ..., "end": ..., "attested": ...}
    payload = changed(PAYLOADS["TenureRecorded"], **no_dates | {only: stated("2031")} | of)

    assert build("TenureRecorded", payload, EVIDENCE[:1])


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2031", "2031"),
        ("2031-12", "2031"),
        ("2031-12-31", "2031-12"),
        ("2031", "2031-01-01"),
        ("2031/..", "2031-06"),
        ("../2031", "2000"),
        ("2031", "2030/.."),
        ("[2030,2032]", "2031"),
        ("203X", "2031"),
        ("2031-24", "2032-01"),
        ("2031-03-04~", "2031-03-04?"),
    ],
)
def test_only_what_cannot_be_is_out_of_order(start: str, end: str) -> None:
    payload = {"id": "org/a", "founded": stated(start), "dissolved": stated(end)}

    assert build("EntityRecorded", payload)


# --- Evidence

PIECES: list[tuple[Plain, str, str]] = [
    ({"source": "org/aberdulas-post"}, "/evidence/0/source", "matching"),
    ({"source": ...}, "/evidence/0", "required field `source`"),
    ({"end": ...}, "/evidence/0", "needs both start and end"),
    ({"start": ...}, "/evidence/0", "needs both start and end"),
    ({"start": ..., "end": ..., "digest": ...}, "/evidence/0", "need the span"),
    ({"start": ..., "end": ..., "quote": ...}, "/evidence/0", "need the span"),
    ({"end": 120, "quote": ...}, "/evidence/0", "[120, 120] is empty or reversed"),
    ({"end": 3, "quote": ...}, "/evidence/0", "[120, 3] is empty or reversed"),
    ({"start": -1}, "/evidence/0/start", ">= 0"),
    ({"end": 50_000_001}, "/evidence/0/end", "<= 50000000"),
    ({"quote": "Bydd"}, "/evidence/0", "quote has 4 code points, its span 24"),
    ({"quote": ""}, "/evidence/0/quote", "length >= 1"),
    ({"quote": "a " * 100 + "a"}, "/evidence/0/quote", "length <= 200"),
    ({"quote": "a b c d e f g", "end": 133}, "/evidence/0", "more than 6 words"),
    ({"digest": "0" * 65}, "/evidence/0/digest", "matching"),
    ({"stance": "doubts"}, "/evidence/0/stance", "enum"),
    ({"supports": ["/end", "/area/0"]}, "/evidence/0/supports", "supports /area/0, which this event does not have"),
    ({"supports": ["/readings"]}, "/evidence/0/supports", "supports /readings"),
    ({"supports": ["/topics/2"]}, "/evidence/0/supports", "supports /topics/2"),
    ({"supports": ["/topics/-1"]}, "/evidence/0/supports", "supports /topics/-1"),
    ({"supports": ["/topics/01"]}, "/evidence/0/supports", "supports /topics/01"),
    ({"supports": ["start"]}, "/evidence/0/supports/0", "matching"),
    ({"page": 3}, "/evidence/0", "unknown field `page`"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "field", "words"), PIECES)
def test_evidence_that_proves_nothing_is_refused(changes: Plain, field: str, words: str) -> None:
    proof = [changed(EVIDENCE[0], **changes), EVIDENCE[1]]

    error = refusal("TenureRecorded", PAYLOADS["TenureRecorded"], proof)

    assert (error.field, words in error.problem) == (field, True), str(error)


def test_the_second_piece_of_evidence_is_named_when_it_is_wrong() -> None:
    proof = [EVIDENCE[0], {**EVIDENCE[1], "supports": ["/nowhere"]}]

    assert (
        refusal("TenureRecorded", PAYLOADS["TenureRecorded"], proof).field == "/evidence/1/supports"
    )


@pytest.mark.parametrize(
    "quote", ["x", "a b c d e f", "Nhŷ", "e\u0301", "\U0001f4da", "a\n b\tc", "‘Llyfrgell’"]
)
def test_a_quotation_is_kept_to_the_letter_and_measured_in_code_points(quote: str) -> None:
    piece = {"source": "source/a", "start": 7, "end": 7 + len(quote), "quote": quote}

    assert build("MeetingRecorded", {"id": "meeting/a"}, [piece]).evidence[0].quote == quote


@pytest.mark.parametrize("name", STORED)
def test_claims_about_the_world_need_evidence_and_the_others_do_not(name: str) -> None:
    assert (name in EVIDENCED) == (name in PROVED)
    if name not in PROVED:
        assert build(name, PAYLOADS[name], []) == build(name, PAYLOADS[name])
        return
    for proof in ([], [EVIDENCE[1]], [{**EVIDENCE[0], "stance": "contradicts"}]):
        error = refusal(name, PAYLOADS[name], proof)
        assert error.field == "/evidence"
        assert "needs evidence" in error.problem


INFERRED = {"edtf": "2031", "basis": "inferred"}


@pytest.mark.parametrize(
    ("changes", "enough"),
    [
        ({"held_on": INFERRED, "note": "The next number of the minutes."}, True),
        ({"held_on": INFERRED, "note": ...}, False),
        ({"held_on": stated("2031"), "note": "I was there."}, False),
        ({"held_on": ..., "new": ..., "note": "I was there."}, False),
    ],
)
def test_a_note_stands_for_evidence_only_where_every_date_is_inferred(
    changes: Plain, enough: bool
) -> None:
    payload = changed(PAYLOADS["MeetingRecorded"], **changes)

    if enough:
        assert build("MeetingRecorded", payload)
    else:
        assert refusal("MeetingRecorded", payload, []).field == "/evidence"


def test_one_stated_date_among_inferred_ones_needs_evidence() -> None:
    payload = changed(
        PAYLOADS["TenureRecorded"], start=INFERRED | {"edtf": "2030"}, attested=..., end=...
    )
    reading = {"label": "a", "on": stated("2031")}

    assert build("TenureRecorded", payload)
    assert refusal("TenureRecorded", {**payload, "end": stated("2032")}, []).field == "/evidence"
    commitment = changed(PAYLOADS["CommitmentRecorded"], readings=[{"label": "b", "on": INFERRED}])
    assert build("CommitmentRecorded", commitment)
    both = [reading, *commitment["readings"]]
    assert refusal("CommitmentRecorded", {**commitment, "readings": both}, []).field == "/evidence"


# --- Dates and slugs are found wherever they stand


@pytest.mark.parametrize("name", STORED)
def test_every_date_of_an_event_is_found_with_its_pointer(name: str) -> None:
    data = plain(name)
    written = {path.removesuffix("/edtf") for path, _ in leaves(data) if path.endswith("/edtf")}

    found = dict(dates(EXAMPLES[name].payload))

    assert set(found) == {path for path in written if not path.startswith("/changes")}
    assert all(at(data, path)["edtf"] == when.edtf for path, when in found.items())


def string_fields() -> Iterator[tuple[str, StrType]]:
    """Yield every field of the vocabulary that holds strings, however deep, with its stored name."""
    seen: set[type] = set()

    def walk(name: str, info: Any) -> Iterator[tuple[str, StrType]]:
        if isinstance(info, StrType):
            yield name, info
        elif isinstance(info, StructType) and info.cls not in seen:
            seen.add(info.cls)
            for field in info.fields:
                yield from walk(field.encode_name, field.type)
        elif name != "external_ids":
            for part in ("item_type", "item_types", "types", "value_type"):
                inner = getattr(info, part, ())
                for item in inner if isinstance(inner, tuple) else (inner,):
                    yield from walk(name, item)

    for struct in STRUCTS:
        yield from walk("", type_info(struct))


def holds(info: StrType, text: str) -> bool:
    return info.pattern is not None and re.search(info.pattern, text) is not None


def test_references_are_the_fields_that_hold_slugs_and_no_others() -> None:
    kinds: dict[str, set[bool]] = {}
    for name, info in string_fields():
        slug = any(holds(info, f"{kind}/a") for kind in KINDS) and not holds(info, "not a slug")
        kinds.setdefault(name, set()).add(slug)

    assert {name for name, slugs in kinds.items() if slugs == {True}} == REFERENCES
    assert all(len(slugs) == 1 for slugs in kinds.values()), "a name means a slug in one type only"


def test_anchors_stand_in_fields_of_that_name_only() -> None:
    anchors = {
        name
        for name, info in string_fields()
        if holds(info, "source/a#b") and not holds(info, "a b")
    }

    assert anchors == {"anchor"}


SLUG = re.compile(rf"(?P<slug>(?:{'|'.join(KINDS)})/[a-z0-9-]+)(?:#[a-z_]+)?")


@pytest.mark.parametrize("name", STORED)
def test_mentions_are_all_the_slugs_an_event_names(name: str) -> None:
    data = {**plain(name), "evidence": evidence(name)}
    written = [m["slug"] for _, value in leaves(data) if (m := SLUG.fullmatch(str(value)))]

    assert sorted(mentions(data)) == sorted(written)
    assert len(written) >= 2 or name == "TextRedacted"


@pytest.mark.parametrize(
    ("path", "to", "named"),
    [
        ("/speaker", "person/a", ["person/a"]),
        ("/topics", ["topic/a", "topic/b"], ["topic/a", "topic/b"]),
        ("/topics/0", "topic/a", ["topic/a"]),
        ("/about/12", "place/a", ["place/a"]),
        ("/participants", [{"entity": "org/a", "role": "org/x"}], ["org/a"]),
        ("/participants/1", {"entity": "org/a", "role": "chair"}, ["org/a"]),
        ("/participants/1/entity", "org/a", ["org/a"]),
        (
            "/held_on",
            {"edtf": "2031", "basis": "resolved", "anchor": "source/a#published"},
            ["source/a"],
        ),
        ("/held_on/anchor", "source/a#published", ["source/a"]),
        ("/readings/0/on/anchor", "meeting/a#held_on", ["meeting/a"]),
        ("/evidence/0", {"source": "source/a", "start": 1, "end": 2}, ["source/a"]),
        ("/evidence/0/source", "source/a", ["source/a"]),
        ("/gist", "person/a", []),
        ("/speaker", None, []),
        ("/external_ids", {"source": "Q1", "area": "W2"}, []),
        ("/external_ids/source", "Q1", []),
        ("/external_ids/7", "Q1", []),
    ],
)
def test_an_amendment_mentions_what_it_puts_in_and_not_what_it_takes_out(
    path: str, to: Any, named: list[str]
) -> None:
    change = {"path": path, "from": "person/before", "to": to}

    assert list(mentions({"target": 1, "changes": [change]})) == named


def test_numbers_that_others_give_a_record_are_no_mentions() -> None:
    ids = {"source": "Q1", "area": "W2", "anchor": "a#b", "id": "3"}

    assert list(mentions({"id": "org/a", "external_ids": ids})) == ["org/a"]


def test_erased_fields_are_no_hindrance_to_finding_mentions() -> None:
    assert list(mentions({"changes": [{}], "topics": None, "merge": [None, "person/a"]})) == [
        "person/a"
    ]


def test_what_stands_in_the_envelope_is_a_field_of_the_type() -> None:
    for name, places in IN_ENVELOPE.items():
        assert set(places) <= set(TYPES[name].__struct_fields__)
        assert set(places.values()) <= {"of", "reason", "act", "digests", "confirmed_by"}


def test_every_recording_type_can_be_new_and_no_correction_can() -> None:
    assert all(issubclass(cls, Recording) for cls in RECORDING.values())
    assert not any("new" in cls.__struct_fields__ for cls in CORRECTING.values())
