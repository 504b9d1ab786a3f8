"""Which records an event is folded into, and which it only names."""

from __future__ import annotations

from typing import Any

import pytest

from archive.folding.about import about, named
from events.vocabulary import TYPES

#: Subjects of the events that corrections act on.
BEFORE = {0: ["doc/plan"], 1: ["outcome/a", "commitment/a"], 2: [], 3: ["person/a", "person/b"]}

CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("SourceCaptured", {"id": "source/a", "publisher": "org/post"}, ["source/a"]),
    ("EntityRecorded", {"id": "org/a", "part_of": "org/b"}, ["org/a"]),
    ("NameRecorded", {"record": "org/a", "name": "A"}, ["org/a"]),
    ("TenureRecorded", {"id": "tenure/a", "person": "person/a"}, ["tenure/a"]),
    ("MeetingRecorded", {"id": "meeting/a", "organisation": "org/a"}, ["meeting/a"]),
    ("DocumentRecorded", {"id": "doc/a", "author": "org/a"}, ["doc/a"]),
    ("StatementRecorded", {"id": "statement/a", "speaker": "person/a"}, ["statement/a"]),
    ("DevelopmentRecorded", {"id": "development/a", "what": "x"}, ["development/a"]),
    ("CommitmentRecorded", {"id": "commitment/a", "obliged": "org/a"}, ["commitment/a"]),
    ("OutcomeRecorded", {"id": "outcome/a", "commitment": "commitment/a"}, ["outcome/a", "commitment/a"]),
    ("FigureRecorded", {"id": "figure/a", "measure": "measure/a"}, ["figure/a"]),
    ("RecordAmended", {"target": 0}, ["doc/plan"]),
    ("RecordAmended", {"target": 1}, ["outcome/a", "commitment/a"]),
    ("RecordRetracted", {"target": 3}, ["person/a", "person/b"]),
    ("RecordRetracted", {"target": 2}, []),
    ("RecordDisputed", {"target": 0, "path": "/author"}, ["doc/plan"]),
    ("TextRedacted", {"target": 0}, ["doc/plan"]),
    ("EntitiesMerged", {"keep": "org/a", "merge": ["org/b", "org/c"]}, ["org/a", "org/b", "org/c"]),
    ("TranslationAdded", {"record": "doc/a", "path": "/title"}, ["doc/a"]),
    # what is left where the field that held the slug was erased
    *[(type_name, {}, []) for type_name in TYPES],
    ("OutcomeRecorded", {"commitment": "commitment/a"}, ["commitment/a"]),
    ("OutcomeRecorded", {"id": "outcome/a"}, ["outcome/a"]),
    ("EntitiesMerged", {"merge": ["org/b"]}, ["org/b"]),
]  # fmt: skip


@pytest.mark.parametrize(("type_name", "payload", "expected"), CASES)
def test_an_event_is_about_these_records(type_name, payload, expected):
    assert about(type_name, payload, BEFORE.__getitem__) == expected


def test_every_type_of_event_is_about_something():
    assert {type_name for type_name, _, found in CASES if found} == set(TYPES)


@pytest.mark.parametrize(
    ("payload", "evidence", "expected"),
    [
        ({"id": "org/a", "part_of": "org/b"}, [], ["org/a", "org/b"]),
        ({"id": "statement/a", "about": ["org/a", "org/a"]}, [], ["statement/a", "org/a"]),
        ({"topics": ["topic/b", "topic/a"]}, [], ["topic/b", "topic/a"]),
        ({"participants": [{"entity": "org/a", "role": "host"}]}, [], ["org/a"]),
        ({"published": {"edtf": "2031", "anchor": "source/a#published"}}, [], ["source/a"]),
        ({}, [{"source": "source/a"}, {"source": "source/b"}], ["source/a", "source/b"]),
        ({"changes": [{"path": "/author", "from": "org/a", "to": "org/b"}]}, [], ["org/b"]),
        ({"changes": [{"path": "/topics/0", "to": "topic/a"}]}, [], ["topic/a"]),
        ({"changes": [{"path": "/name", "to": "org/not-a-slug-but-a-name"}]}, [], []),
        ({"note": "as source/a says", "name": "org/a"}, [], []),
        ({"replaced_by": "doc/b"}, [], ["doc/b"]),
        ({"keep": "org/a", "merge": ["org/b"]}, [], ["org/a", "org/b"]),
        ({}, [], []),
    ],
)
def test_an_event_names_every_record_it_refers_to_once(payload, evidence, expected):
    assert named(payload, evidence) == expected
