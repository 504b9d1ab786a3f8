"""Batch files: a small and strict YAML, each field with its line, every problem reported."""

from __future__ import annotations

import os
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.batches import MAX_BYTES, MAX_EVENTS, Batch, parse, read


def batch(text: str | bytes) -> Batch:
    return parse(text.encode() if isinstance(text, str) else text, "a.yaml")


def problems(text: str | bytes) -> list[str]:
    return [str(problem) for problem in batch(text).problems]


GOOD = """\
# a remark
source: source/post
events:
  - type: EntityRecorded
    id: org/council
    new: true
    name: Cyngor Tŷ Mawr     # the name
    kind: organisation
    evidence:
      - {words: the council, supports: [/name]}
      - source: source/minutes
        span: [3, 9]
  - type: NameRecorded
    record: org/council
"""


def test_a_file_becomes_drafts_with_the_source_of_the_file_in_every_item_that_names_no_other():
    made = batch(GOOD)
    assert made.problems == []
    first, second = made.drafts
    assert (first.type, second.type) == ("EntityRecorded", "NameRecorded")
    assert first.payload == {
        "id": "org/council",
        "new": "true",
        "name": "Cyngor Tŷ Mawr",
        "kind": "organisation",
    }
    assert first.evidence == [
        {"source": "source/post", "words": "the council", "supports": ["/name"]},
        {"source": "source/minutes", "span": ["3", "9"]},
    ]
    assert (second.payload, second.evidence) == ({"record": "org/council"}, [])


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 4),
        ("/type", 4),
        ("/id", 5),
        ("/name", 7),
        ("/name/deeper/still", 7),
        ("/evidence", 10),
        ("/evidence/0", 10),
        ("/evidence/0/supports/0", 10),
        ("/evidence/1/span", 12),
        ("/evidence/1/span/1", 12),
        ("/evidence/7", 10),
        ("/unknown", 4),
    ],
)
def test_every_field_has_its_line_and_what_is_not_there_that_of_its_parent(pointer, line):
    assert batch(GOOD).drafts[0].place(pointer) == f"a.yaml:{line}"


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", "true"),
        ("2017-10", "2017-10"),
        ("2017-10-17", "2017-10-17"),
        ("2017-10-17T10:00:00Z", "2017-10-17T10:00:00Z"),
        ("12", "12"),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("12:30:45", "12:30:45"),
        (".inf", ".inf"),
        ("'null'", "null"),
        ('"~"', "~"),
        ('""', ""),
        ("", None),
        ("null", None),
        ("~", None),
        ("Null", "Null"),
        ("|\n      two\n      lines", "two\nlines\n"),
        (">-\n      one\n      line", "one line"),
        ('"\\u0177 \\U0001F4DA"', "ŷ 📚"),
        ("'it''s'", "it's"),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_every_scalar_is_text_but_for_nothing_at_all(scalar, value):
    made = batch(f"events:\n  - type: EntityRecorded\n    name: {scalar}\n    id: org/a\n")
    assert made.problems == []
    assert made.drafts[0].payload["name"] == value


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40))
def test_our_own_words_are_stored_in_one_normal_form_and_a_sources_words_to_the_letter(words):
    quoted = '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'
    text = f"events:\n- type: A\n  note: {quoted}\n  evidence: [{{words: {quoted}}}]\n"
    made = batch(text)
    if made.problems:  # YAML forbids some characters, and folds some line ends
        return
    note, proof = made.drafts[0].payload["note"], made.drafts[0].evidence[0]["words"]
    assert unicodedata.is_normalized("NFC", note)
    assert note == unicodedata.normalize("NFC", proof)


def test_decomposed_text_is_composed_except_in_the_words_of_a_source():
    made = batch("events:\n- {type: A, name: y\u0302, evidence: [{words: y\u0302}]}\n")
    assert made.drafts[0].payload["name"] == "ŷ"
    assert made.drafts[0].evidence[0]["words"] == "y\u0302"


@pytest.mark.parametrize("ends", [b"\r\n", b"\n", b"\r"], ids=["crlf", "lf", "cr"])
def test_line_ends_of_any_system_are_read(ends):
    made = batch(GOOD.encode().replace(b"\n", ends))
    assert made.problems == []
    assert made.drafts[0].payload["name"] == "Cyngor Tŷ Mawr"
    assert made.drafts[0].place("/name") == "a.yaml:7"


def test_a_byte_order_mark_is_passed_over():
    assert batch(b"\xef\xbb\xbf" + GOOD.encode()) is not None
    assert batch(b"\xef\xbb\xbf" + GOOD.encode()).problems == []


E = "events:\n- type: A\n  "  # an event that begins on line 2
DEEP = "[" * 40 + "]" * 40


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # no batch at all
        ("", "a.yaml:1: a batch is a mapping with `events:`"),
        ("# only a remark\n", "a.yaml:1: a batch is a mapping"),
        ("- a\n", "a.yaml:1: a batch is a mapping"),
        ("just words", "a.yaml:1: a batch is a mapping"),
        ("source: source/a\n", "a.yaml:1: `events` must be a list"),
        ("source: source/a\nevents:\n", "a.yaml:2: `events` must be a list"),
        ("source: source/a\nevents: {a: b}\n", "a.yaml:2: `events` must be a list"),
        ("events: []\n", "a.yaml:1: the batch has no events"),
        ("source: [a]\nevents: [{type: A}]\n", "a.yaml:1: `source` is the slug of one source"),
        ("event:\n- type: A\n", "a.yaml:1: `events` must be a list"),
        # events
        ("events:\n- words\n", "a.yaml:2: an event is a mapping with `type:`"),
        ("events:\n- [type, A]\n", "a.yaml:2: an event is a mapping"),
        ("events:\n-\n", "a.yaml:2: an event is a mapping"),
        ("events:\n- id: org/a\n", "a.yaml:2: the event has no `type`"),
        ("events:\n- id: org/a\n  type:\n", "a.yaml:2: the event has no `type`"),
        ("events:\n- id: org/a\n  type: [A]\n", "a.yaml:2: the event has no `type`"),
        (E + "evidence: words\n", "a.yaml:3: /evidence: evidence is a list"),
        (E + "evidence: {words: a}\n", "a.yaml:3: /evidence: evidence is a list"),
        (E + "evidence: {}\n", "a.yaml:3: /evidence: evidence is a list"),
        (E + "evidence: ''\n", "a.yaml:3: /evidence: evidence is a list"),
        # keys
        (E + "id: org/a\n  id: org/b\n", "a.yaml:4: /id: stands twice"),
        (E + "held: {edtf: a,\n   edtf: b}\n", "a.yaml:4: /held/edtf: stands twice"),
        ("events: []\nevents:\n- type: A\n", "a.yaml:2: /events: stands twice"),
        (E + "[a, b]: c\n", "a.yaml:3: a key must be a word"),
        (E + "? {a: b}\n  : c\n", "a.yaml:3: a key must be a word"),
        # what YAML has beyond that
        (E + "id: &x org/a\n", "a.yaml:3: anchors and aliases"),
        (E + "id: *x\n", "a.yaml:3: anchors and aliases"),
        (E + "id: !!str a\n", "a.yaml:3: tags (!) are not read"),
        (E + "id: !!python/object/apply:os.system [ls]\n", "a.yaml:3: tags (!)"),
        (E + "id: !own a\n", "a.yaml:3: tags (!)"),
        (E + "id: !<tag:yaml.org,2002:int> 3\n", "a.yaml:3: tags (!)"),
        ("%TAG ! tag:a,2031:\n---\n" + E + "id: !x a\n", "a.yaml:5: tags (!)"),
        (E + "id: org/a\n---\n" + E, "a.yaml:4: one document (---) a file, please"),
        ("--- a\n--- b\n", "a.yaml:2: one document"),
        (E + f"id: {DEEP}\n", "a.yaml:3: nested deeper than 16 levels"),
        (E + f"id: {'{a: ' * 40}\n", "a.yaml:3: nested deeper than 16 levels"),
        (E + "- " * 40 + "a\n", "a.yaml:3: not YAML"),
        # not YAML
        (E + "id: [a, b\n", "a.yaml:4: not YAML"),
        (E + "id: 'a\n", "a.yaml:4: not YAML: found unexpected end of stream"),
        (E + "\tid: a\n", "a.yaml:3: not YAML: found character '\\t'"),
        ("events:\n\t- type: A\n", "a.yaml:2: not YAML: found character '\\t'"),
        (E + "id: a: b\n", "a.yaml:3: not YAML: mapping values are not allowed here"),
        (E + "id: @a\n", "a.yaml:3: not YAML: found character '@'"),
        (E + "id: `a`\n", "a.yaml:3: not YAML: found character '`'"),
        (E + 'id: "\\q"\n', "a.yaml:3: not YAML: found unknown escape character"),
        (E + " id: a\n", "a.yaml:3: not YAML"),
        ("%YAML 9.1\n---\n" + E, "a.yaml:1: not YAML: found incompatible YAML document"),
        # numbers that PyYAML looks into without a net
        (E + 'id: "\\U00110000"\n', "a.yaml:3: an escape or a number is out of range"),
        (f"\n%YAML {'9' * 5000}.1\n---\n" + E, "a.yaml:2: an escape or a number is out of range"),
        # characters
        (E + "id: a\0b\n", "a.yaml:3: has the character U+0000, which YAML forbids"),
        (E + "id: a\x1bb\n", "a.yaml:3: has the character U+001B, which YAML forbids"),
        (E + "id: a\ufffeb\n", "a.yaml:3: has the character U+FFFE, which YAML forbids"),
        (E.encode() + b"id: \xff\n", "a.yaml:3: not UTF-8: invalid start byte"),
        (E.encode() + b"id: \xed\xa0\x80\n", "a.yaml:3: not UTF-8: invalid continuation byte"),
        (E.encode() + b"id: \xc3", "a.yaml:3: not UTF-8: unexpected end of data"),
        (E.encode("utf-16"), "a.yaml:1: not UTF-8"),
        # size
        (b"#" * (MAX_BYTES + 1), f"a.yaml:1: the file has {MAX_BYTES + 1} bytes"),
        ("events:\n" + "- {type: A}\n" * (MAX_EVENTS + 1), "a.yaml:1: more than 5000 events"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_file_is_told_with_its_line(text, expected):
    found = problems(text)
    assert any(problem.startswith(expected) for problem in found), found


def test_all_problems_of_a_file_are_told_not_only_the_first():
    text = """\
sources: source/a
events:
  - id: org/a
  - words
  - type: A
    id: org/a
    id: org/b
    evidence: x
  - type: B
    good: yes
"""
    made = batch(text)
    assert [str(problem) for problem in made.problems] == [
        "a.yaml:1: unknown key 'sources'; a batch has `source` and `events`",
        "a.yaml:3: the event has no `type`",
        "a.yaml:4: an event is a mapping with `type:`",
        "a.yaml:7: /id: stands twice",
        "a.yaml:8: /evidence: evidence is a list",
    ]
    assert [draft.type for draft in made.drafts] == ["B"]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path):
    assert "a.yaml: cannot be read: No such file" in str(read(tmp_path / "a.yaml").problems[0])
    assert "cannot be read: Is a directory" in str(read(tmp_path).problems[0])


def test_the_place_names_the_file_and_no_folder(tmp_path: Path):
    path = tmp_path / "of: odd\nname.yaml"
    path.write_text("- a")
    (problem,) = read(path).problems
    assert problem.place == "of: odd\nname.yaml:1"
    assert os.fspath(tmp_path) not in str(problem)


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
        "[" * 200_000,
        "{" * 200_000,
        "- " * 100_000,
        "? " * 100_000,
        "&a " * 50_000,
        '"' + "\\n" * 200_000,
        "a: " * 100_000,
        "#" + "x" * 900_000,
        "'" + "x\n" * 200_000,
    ],
    ids=["billion laughs", "[", "{", "-", "?", "&", "escapes", "a:", "comment", "quoted"],
)
def test_a_file_made_to_exhaust_us_is_refused_in_no_time(bomb):
    before = time.process_time()
    assert problems(bomb)
    assert time.process_time() - before < 10


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (E + "as_of: {edtf: 2019-03?, basis: stated}\n", "inside {…} and […] put a value that holds ? into quotes"),
        (E + "about: [a?, b]\n", 'put a value that holds ? into quotes, e.g. {edtf: "2019-03?"}'),
        (E + "on: {text: Day: 3}\n", "inside {…} put a value that holds : and a space into quotes"),
        (E + "on: {text: No #3}\n", "a bracket is not closed; put a value that holds a space and #"),
        (E + "id: a: b\n", "not allowed here: put a value that holds : and a space into quotes"),
        (E + "\tid: a\n", "cannot start any token: indent with spaces, not with tabs"),
        (E + "id: @a\n", "cannot start any token: put a value that begins with this character into"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_told_with_what_to_do(text, advice):
    [problem] = problems(text)
    assert problem.startswith(("a.yaml:3: not YAML: ", "a.yaml:4: not YAML: "))
    assert advice in problem
