"""What pages say to machines: JSON-LD, link previews, citations."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feeds import citation
from feeds.dossier import LoggedEvent
from feeds.linked_data import script
from feeds.words import WORDS
from tests.feeds.conftest import PAPER, Reader, on
from tests.feeds.test_pages import HOSTILE, page

BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def said(client: FlaskClient, path: str) -> Any:
    found = BLOCK.findall(client.get(path).text)
    return json.loads(found[0]) if found else None


@pytest.mark.parametrize("language", WORDS)
def test_home_is_a_site_with_a_data_set(still: FlaskClient, language: str) -> None:
    made = said(still, f"/{language}/")
    assert made["@context"] == "https://schema.org"
    site, data = made["@graph"]
    assert (site["@type"], data["@type"]) == ("WebSite", "Dataset")
    assert site["url"] == f"https://archive.example/{language}/"
    assert site["inLanguage"] == list(WORDS)
    assert 50 <= len(data["description"]) <= 5000
    assert data["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert data["distribution"]["contentUrl"] == "https://data.example/archive.db"
    assert data["dateModified"] == "2026-01-01"


def test_a_meeting_is_an_event_on_its_day(client: FlaskClient, reader: Reader) -> None:
    made = said(client, "/en/records/meeting/council-2031-03-04")
    assert made["@type"] == "Event"
    assert made["startDate"] == "2031-03-04"
    assert made["eventStatus"] == "https://schema.org/EventScheduled"
    assert made["organizer"]["name"] == "Aberdulas Council"
    reader.amend("meeting/council-2031-03-04", "/held_on", on("2031-03-04"), on("2031-03"))
    reader.archive.tables()
    assert said(client, "/en/records/meeting/council-2031-03-04") is None


def test_a_body_and_a_series_are_what_they_are(client: FlaskClient, reader: Reader) -> None:
    reader.archive.record(
        "EntityRecorded", id="measure/loans", new=True, kind="measure", name="Loans", unit="books", counts="books lent"
    )  # fmt: skip
    reader.archive.tables()
    assert said(client, "/en/records/org/aberdulas-council")["@type"] == "Organization"
    assert said(client, "/en/records/measure/loans")["description"] == "books lent"


@pytest.mark.parametrize(
    "slug", ["person/nia-prys", "statement/prys-1", "commitment/library-plan", "topic/libraries"]
)
def test_people_and_what_they_said_and_promised_are_left_alone(
    still: FlaskClient, slug: str
) -> None:
    assert said(still, f"/en/records/{slug}") is None


def test_what_is_withdrawn_says_nothing(client: FlaskClient, reader: Reader) -> None:
    reader.retract(reader.number("meeting/council-2031-03-04"))
    reader.archive.tables()
    assert said(client, "/en/records/meeting/council-2031-03-04") is None


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_ends_the_block(text: str) -> None:
    made = str(script({"name": text}))
    inside = made.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert not set("<>&\u2028\u2029") & set(inside)
    assert json.loads(inside)["name"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_in_their_place(client: FlaskClient, reader: Reader, text: str) -> None:
    reader.archive.record("EntityRecorded", id="org/evil", new=True, kind="organisation", name=text)
    reader.archive.record(
        "DevelopmentRecorded", PAPER, id="development/evil", new=True, what=text, kind="other", happened=on("2031")
    )  # fmt: skip
    reader.archive.tables()
    for path in ("/en/records/org/evil", "/cy/cofnodion/org/evil"):
        assert said(client, path)["name"] == reader.label("org/evil")
    for path in ("/en/records/development/evil", "/cy/cofnodion/development/evil"):
        _, made = page(client, path)
        assert not {"script", "img", "svg"} & set(made.tags)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", ["", "timeline", "topics", "about", "removals", "fixity"])
def test_a_link_preview_has_all_it_needs(still: FlaskClient, language: str, name: str) -> None:
    path = f"/{language}/{WORDS[language].paths[name] if name else ''}"
    text = still.get(path).text
    found = dict(re.findall(r'<meta property="og:([^"]+)" content="([^"]*)">', text))
    assert found["url"] == f"https://archive.example{path}"
    assert found["locale"] == f"{language}_GB"
    assert found["locale:alternate"] == f"{'cy' if language == 'en' else 'en'}_GB"
    assert len(found["description"]) > 15
    assert f'<meta name="description" content="{found["description"]}">' in text
    assert found["title"]
    picture = still.get(found["image"].removeprefix("https://archive.example"))
    assert picture.data.startswith(b"\x89PNG")


def test_a_record_says_how_to_cite_it(still: FlaskClient, still_reader: Reader) -> None:
    text, _ = page(still, "/en/records/statement/prys-1")
    number = still_reader.number("statement/prys-1")
    url = "https://archive.example/en/records/statement/prys-1"
    assert f"Powys children’s services archive, E{number} (1 January 2026). {url}</p>" in text
    assert f"@misc{{E{number}-statement-prys-1,\n" in text
    assert f"  url = {{{url}}},\n}}" in text


@given(title=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_no_title_breaks_bibtex(still_reader: Reader, title: str) -> None:
    event = LoggedEvent(7, "EntityRecorded", "2031-04-05T00:00:00Z", 1, "org/a", title)
    made = citation.bibtex(title, "org/a", [event], still_reader.settings, WORDS["en"])
    plain = re.sub(r"\\[{}]", "", made)
    depths, depth = [], 0
    for letter in plain:
        depth += (letter == "{") - (letter == "}")
        depths.append(depth)
    assert min(depths) == 0 == depths[-1]
    assert depths.index(0, plain.index("{")) == len(plain) - 1
