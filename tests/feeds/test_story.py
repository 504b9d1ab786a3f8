"""The sentences on the home page that tell how it began."""

import re

import pytest
from flask.testing import FlaskClient
from markupsafe import Markup

from archive import forgetting
from archive.home import Home
from feeds.public import story
from feeds.words import WORDS
from tests.feeds.conftest import Reader
from tests.feeds.test_pages import page

PLAN = "development/plan-published"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "STORY", {"story_1": (PLAN,), "story_2": (PLAN, "doc/not-there")})


def sentence(name: str, language: str = "en") -> str:
    return WORDS[language].say[name].replace("[", "").replace("]", "")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("language", WORDS)
def test_a_sentence_leads_to_the_records_it_rests_on(client: FlaskClient, language: str) -> None:
    text, made = page(client, f"/{language}/")
    shown = str(Markup(text).striptags())
    assert sentence("story_1", language) in shown
    assert sentence("story_2", language) not in shown
    (passage,) = re.findall(r"\[(.+?)\]", WORDS[language].say["story_1"])
    kind = WORDS[language].paths["records"]
    assert f'<a href="/{language}/{kind}/{PLAN}">{passage}</a>' in text
    assert f"/{language}/{kind}/{PLAN}" in made.links


@pytest.mark.usefixtures("told")
def test_what_is_withheld_is_not_told_of(client: FlaskClient, reader: Reader) -> None:
    with Home(reader.archive.folder).log() as log:
        parts = forgetting.plan(log, "withheld", PLAN, None).parts
        why = forgetting.Why("data-protection", "A decision of 2031")
        forgetting.act(Home(reader.archive.folder), log, "withheld", parts, why, confirmed=None)
    reader.archive.tables()
    assert sentence("story_1") not in str(Markup(page(client, "/en/")[0]).striptags())


def test_a_place_with_another_story_has_none_of_ours(client: FlaskClient) -> None:
    assert "2017" not in page(client, "/en/")[0]


@pytest.mark.parametrize("language", WORDS)
def test_each_passage_has_its_record(language: str) -> None:
    for name, slugs in story.STORY.items():
        assert len(re.findall(r"\[[^][]+\]", WORDS[language].say[name])) == len(slugs)
