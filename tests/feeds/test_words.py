import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import feeds
from events.values import KINDS
from events.vocabulary import (
    BASES,
    CORRECTING,
    REASONS,
    RECORDING,
    CommitmentRecorded,
    FigureRecorded,
)
from feeds.public.story import STORY
from feeds.sheets import SHEETS
from feeds.words import WORDS, Words

PACKAGE = Path(feeds.__file__).parent


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_every_language_says_all_that_english_says(words: Words) -> None:
    english = WORDS["en"]
    for field in dataclasses.fields(Words):
        ours, theirs = getattr(english, field.name), getattr(words, field.name)
        if isinstance(ours, Mapping):
            assert ours.keys() == theirs.keys(), field.name
    assert len(words.dates.months) == 12
    assert words.dates.seasons.keys() == english.dates.seasons.keys()


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_every_kind_reason_and_field_has_its_words(words: Words) -> None:
    assert set(KINDS) <= words.kinds.keys()
    assert set(REASONS) | set(BASES) == words.reasons.keys()
    assert set(_literals(get_type_hints(CommitmentRecorded)["kind"])) <= words.titles.keys()
    for sheet in SHEETS.values():
        assert {field.term for field in sheet.fields} <= words.terms.keys()
    fields = {name.rstrip("_") for made in RECORDING.values() for name in made.__struct_fields__}
    assert (
        fields - {"id", "new", "record", "seats", "noise", "chars", "body_access"}
        <= words.terms.keys()
    )
    assert set(CORRECTING) <= words.events.keys()
    assert set(_literals(get_type_hints(FigureRecorded)["qualifier"])) <= words.values.keys()


def test_a_field_without_a_word_reads_as_its_name() -> None:
    assert WORDS["en"].term("body_access") == "Body access"


def test_pages_ask_only_for_words_that_there_are() -> None:
    for path in [*PACKAGE.rglob("*.html"), *PACKAGE.rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        asked = re.findall(r"\bsay\.([a-z_0-9]+)", text) + re.findall(
            r'\bsay\["([a-z_0-9]+)"\]', text
        )
        assert set(asked) <= WORDS["en"].say.keys(), path.name


def test_no_word_lies_idle() -> None:
    used = " ".join(
        path.read_text(encoding="utf-8")
        for path in [*PACKAGE.rglob("*.html"), *PACKAGE.rglob("*.py")]
    )
    effects = {
        "amended",
        "retracted",
        "partly",
        "undoing",
        "restored",
        "open",
        "upheld",
        "rejected",
        "merged",
    }
    for name in WORDS["en"].say.keys() - effects - STORY.keys():
        assert re.search(rf"say\.{name}\b|say\[\"{name}\"\]", used), name


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_one_thing_has_one_name(words: Words) -> None:
    for status, said in words.statuses.items():
        assert words.verdicts[status].startswith(said), status
    assert words.lines["development"] == words.kinds["development"]


def _literals(hint: Any) -> Iterator[str]:
    """Yield the words of a Literal, and of those inside of a union."""
    for part in get_args(hint):
        if isinstance(part, str):
            yield part
        else:
            yield from _literals(part)
