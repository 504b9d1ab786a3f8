"""The short way of folding and the long one make the same record."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import fold as folding
from archive.folding import plain
from archive.folding.disputes import Backing, supporting
from archive.folding.record import Record
from tests.archive.stories import LETTER, MINUTES, NEWS, Story, by, on
from tests.archive.test_fold import FULL

SOURCES = (NEWS, MINUTES, LETTER)
FIELDS = ("title", "kind", "published", "about", "external_ids", "pages")


def both_ways(story: Story, slug: str) -> tuple[Record, Record]:
    short = story.fold(slug)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "PLAIN", frozenset())
        return short, story.fold(slug)


def some_evidence(random: Random) -> list[dict[str, Any]]:
    found = []
    for _ in range(random.randrange(4)):
        supports = random.sample(
            ["/title", "/published/edtf", "/readings/0", "/name", "/what"], random.randrange(3)
        )
        item = by(random.choice(SOURCES), *supports)
        found.append(item | ({"stance": "contradicts"} if random.random() < 0.2 else {}))
    return found


def uncorrected(random: Random) -> Story:
    """Return a history of a document, a commitment and a source, which nothing corrects, parts of it erased."""
    story = Story()
    for _ in range(random.randrange(1, 12)):
        kind = random.choice(
            ("doc", "doc", "name", "translation", "commitment", "outcome", "source")
        )
        when = on(
            random.choice(("2031", "2031-03", "2031-03-04", "[2031-03-01..2031-03-09]", "2030"))
        )
        payload: dict[str, Any] = {
            "doc": {"id": "doc/plan", "title": random.choice("AB"), "published": when, "pages": random.choice((1, 2)),
                    "about": random.choice((["org/a"], ["org/b", "org/a"], ["org/a", "org/a"])), "note": random.choice("AB")},
            "name": {"record": "doc/plan", "name": random.choice("AB"), "kind": "known-as", "lang": "en"},
            "translation": {"record": "doc/plan", "path": "/title", "lang": "cy", "text": random.choice("AB")},
            "commitment": {"id": "commitment/plan", "what": "Plan",
                           "readings": [{"label": random.choice("AB"), "on": when}] * random.randrange(3)},
            "outcome": {"id": random.choice(("outcome/a", "outcome/b")), "commitment": "commitment/plan",
                        "result": random.choice(("done", "not-done")), "happened": when},
            "source": {"id": NEWS, "kind": random.choice(("news", "minutes")), "published": when,
                       "external_ids": {random.choice("ab"): "1"}, "noise": [[0, 3]]},
        }[kind]  # fmt: skip
        types = {"doc": "DocumentRecorded", "name": "NameRecorded", "translation": "TranslationAdded",
                 "commitment": "CommitmentRecorded", "outcome": "OutcomeRecorded", "source": "SourceCaptured"}  # fmt: skip
        kept = {name: value for name, value in payload.items() if random.random() < 0.9}
        story.add(types[kind], kept, tuple(some_evidence(random)))
    return story


@settings(deadline=None, max_examples=300)
@given(st.randoms(use_true_random=False))
def test_what_nothing_corrects_folds_the_same_in_one_pass(random):
    story = uncorrected(random)
    for slug in ("doc/plan", "commitment/plan", "outcome/a", "outcome/b", NEWS):
        short, long = both_ways(story, slug)
        assert short == long
        assert list(short.fields) == list(long.fields)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(FULL.events)), st.sampled_from(sorted({
    str(e.payload[k]) for e in FULL.events for k in ("id", "record") if k in e.payload
})))  # fmt: skip
def test_every_beginning_of_a_corrected_history_folds_the_same(size, slug):
    story = Story()
    story.events = FULL.events[:size]
    short, long = both_ways(story, slug)
    assert short == long


@settings(deadline=None, max_examples=200)
@given(st.randoms(use_true_random=False))
def test_what_backs_a_field_is_what_supports_it(random):
    evidence = some_evidence(random)
    backing = Backing(evidence)
    for field in ("title", "published", "readings", "name", "what", "kind"):
        assert list(backing.sources(field)) == supporting(evidence, field)
        assert backing.first(field) == next(iter(supporting(evidence, field)), None)


def test_a_long_history_is_folded_in_one_pass(monkeypatch):
    """Else a record with many sources would cost the square of them."""
    story = Story()
    for number in range(60):
        story("DocumentRecorded", by(NEWS), id="doc/plan", pages=number + 1, new=number == 0, title="A", kind="plan", author="org/a")  # fmt: skip
    calls = []
    real = folding._state
    monkeypatch.setattr(folding, "_state", lambda *args: calls.append(1) or real(*args))
    record = story.fold("doc/plan")
    assert len(record.versions) == 60
    assert calls == []
    story.amend(59, "/pages", 60, 61)
    story.fold("doc/plan")
    assert len(calls) == 1
