"""Atom and RSS as bytes: what they must be for any entries whatever."""

import locale
import os
import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import feeds
from feeds import atom, rss
from feeds.entries import Category, Feed, Link
from feeds.texts import fill, told
from feeds.words import WORDS
from feeds.xml import LANGUAGE, line
from tests.feeds.conftest import a_feed, an_entry

GOLDEN = Path(__file__).parent / "golden"
A = "{http://www.w3.org/2005/Atom}"
Render = Callable[[Feed], bytes]
RENDERERS = pytest.mark.parametrize("render", [atom.render, rss.render], ids=["atom", "rss"])

#: The whole of Unicode, lone surrogates and unassigned characters too.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)

SAMPLE = a_feed(
    an_entry(7, title="Correction: A", kind="correction/amended", links=(
        Link("alternate", "https://archive.example/en/records/doc/a#E7", "text/html"),
        Link("related", "https://archive.example/en/records/doc/a", "text/html", "A"),
    )),
    an_entry(5),
)  # fmt: skip


@RENDERERS
def test_the_bytes_are_those_that_were_looked_at(render: Render) -> None:
    path = GOLDEN / f"feed.{render.__module__.rpartition('.')[2]}"
    pretty = etree.tostring(
        etree.fromstring(render(SAMPLE)).getroottree(), pretty_print=True, encoding="unicode"
    )
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(pretty, encoding="utf-8")
    assert pretty == path.read_text(encoding="utf-8")


def test_a_title_in_another_language_than_the_feed_says_so() -> None:
    welsh = WORDS["cy"]
    titles = {
        told("The plan was published", welsh): "en",
        fill("Addawyd: {}", told("Publish a plan", welsh)): None,  # in two languages
        told("Cyhoeddwyd y cynllun", welsh, "cy"): None,  # that of the feed
        "Nia Pryse": None,
    }
    entries = [an_entry(number, title=title) for number, title in enumerate(titles)]
    made = etree.fromstring(atom.render(a_feed(*entries, language="cy")))
    said = [one.get(LANGUAGE) for one in made.findall(f"{A}entry/{A}title")]
    assert said == list(titles.values())
    assert made.get(LANGUAGE) == "cy"


def test_the_order_is_kept() -> None:
    assert [entry.id for entry in feedparser.parse(atom.render(SAMPLE)).entries] == [
        one.id for one in SAMPLE.entries
    ]
    assert [entry.id for entry in feedparser.parse(rss.render(SAMPLE)).entries] == [
        one.id for one in SAMPLE.entries
    ]


def test_an_atom_entry_has_one_alternate_link_and_its_source() -> None:
    for entry in ET.fromstring(atom.render(SAMPLE)).iter(f"{A}entry"):
        links = [(link.get("rel"), link.get("type")) for link in entry.iter(f"{A}link")]
        assert links.count(("alternate", "text/html")) == 1
    parsed = feedparser.parse(atom.render(SAMPLE))
    assert parsed.entries[1].link == "https://archive.example/en/records/development/e5"


def test_an_atom_feed_says_what_it_is() -> None:
    root = ET.fromstring(atom.render(SAMPLE))
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{A}link")}
    assert links["self"] == "https://archive.example/en/feeds/all.atom"
    assert links["alternate"] == "https://archive.example/en/"
    assert links["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert root.get(LANGUAGE) == "en"
    assert root.findtext(f"{A}generator") == "powys-archive"
    assert root.find(f"{A}generator").attrib == {}  # type: ignore[union-attr]
    assert root.findtext(f"{A}author/{A}name") == "The archivists of Aberdulas"
    assert {element.get("type") for element in root.iter(f"{A}title")} == {"text"}


def test_an_rss_item_has_a_guid_that_is_no_address_and_both_dates() -> None:
    item = ET.fromstring(rss.render(SAMPLE)).findall("channel/item")[1]
    guid = item.find("guid")
    assert guid is not None
    assert (guid.text, guid.attrib) == ("tag:archive.example,2026:E5", {"isPermaLink": "false"})
    assert item.findtext("pubDate") == "Fri, 02 Jan 2026 03:04:05 +0000"
    assert item.findtext(f"{A}updated") == "2026-02-03T04:05:06+00:00"
    assert item.findtext("link") == "https://archive.example/en/records/development/e5"
    assert item.find(f"{A}link[@rel='via']") is not None


def test_an_rss_channel_was_built_when_it_last_changed() -> None:
    channel = ET.fromstring(rss.render(SAMPLE)).find("channel")
    assert channel is not None
    assert channel.findtext("lastBuildDate") == "Tue, 03 Feb 2026 04:05:06 +0000"
    assert len(channel.findall("lastBuildDate")) == 1


@RENDERERS
def test_a_feed_opened_in_a_browser_has_a_style_sheet(render: Render) -> None:
    assert b'<?xml-stylesheet type="text/css" href="/static/feed.css"?>' in render(SAMPLE)[:200]


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("root", ["feed", "rss"])
def test_the_style_sheet_says_what_a_feed_is_in_its_language(root: str, language: str) -> None:
    sheet = (Path(feeds.__file__).parent / "static" / "feed.css").read_text(encoding="utf-8")
    rules = re.findall(r"([^{}]+)\{\s*content: \"([^\"]+)\"", sheet)
    (said,) = [said for names, said in rules if f"{root}:lang({language})::before" in names]
    assert said.endswith(".")
    assert len({said for _, said in rules}) == len(WORDS)


@RENDERERS
def test_the_root_tells_the_language(render: Render) -> None:
    assert ET.fromstring(render(SAMPLE)).get(LANGUAGE) == "en"


@RENDERERS
def test_html_is_escaped_once(render: Render) -> None:
    entry = an_entry(content="<p>1 &lt; 2 &amp; <ins>3</ins></p>")
    (parsed,) = feedparser.parse(render(a_feed(entry)), sanitize_html=False).entries
    assert parsed.get("content", [{"value": parsed.summary}])[0]["value"] == entry.content
    assert parsed.title == entry.title


@RENDERERS
def test_an_empty_feed_can_be_read(render: Render) -> None:
    parsed = feedparser.parse(render(a_feed()))
    assert not parsed.bozo
    assert parsed.entries == []


@RENDERERS
@settings(max_examples=100, deadline=None)
@given(title=ANY_TEXT, content=ANY_TEXT, label=ANY_TEXT)
def test_no_text_takes_a_feed_down(render: Render, title: str, content: str, label: str) -> None:
    entry = an_entry(
        title=title,
        content=content,
        categories=(Category("a", label),),
        links=(*an_entry().links, Link("related", "https://archive.example/a", None, label)),
    )
    made = render(a_feed(entry, title=title))
    found = ET.fromstring(made)  # expat
    strict = etree.fromstring(made)  # libxml2
    for root in (found, strict):
        titles = [one.text for one in root.iter() if one.tag in ("title", f"{A}title")]
        assert titles == [line(title)] * 2
    parsed = feedparser.parse(made)
    assert not parsed.bozo
    assert [one.id for one in parsed.entries] == [entry.id]


@RENDERERS
def test_two_renders_are_equal_bytes_whatever_the_hour(render: Render) -> None:
    first = render(SAMPLE)
    assert render(SAMPLE) == first
    assert str(datetime.now(tz=UTC).date()).encode() not in first


@RENDERERS
def test_the_locale_of_the_process_is_left_alone(
    render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("setlocale was called")

    monkeypatch.setattr(locale, "setlocale", refuse)
    assert render(SAMPLE)


@pytest.mark.parametrize(("language", "zone"), [("C", "UTC"), ("C.UTF-8", "Asia/Kolkata")])
def test_the_bytes_are_the_same_in_any_locale_and_zone(language: str, zone: str) -> None:
    code = """
import locale, sys
locale.setlocale(locale.LC_ALL, "")
import feeds
from feeds import atom, rss
from tests.feeds.conftest import a_feed, an_entry
sys.stdout.buffer.write(atom.render(a_feed(an_entry())) + rss.render(a_feed(an_entry())))
"""
    made = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "LC_ALL": language, "TZ": zone},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert made.stdout == atom.render(a_feed(an_entry())) + rss.render(a_feed(an_entry()))


@RENDERERS
def test_the_bytes_are_the_same_in_many_threads(render: Render) -> None:
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(render(SAMPLE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [render(SAMPLE)] * 8
