"""JSON Feed and OPML as bytes: what they must be for any words whatever."""

from __future__ import annotations

import hashlib
import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import jsonfeed, opml
from feeds.entries import Category
from feeds.xml import clean, line
from tests.feeds.conftest import a_feed, an_entry

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)


def test_a_feed_says_what_it_is() -> None:
    made = json.loads(jsonfeed.render(a_feed(an_entry())))
    assert made["version"] == "https://jsonfeed.org/version/1.1"
    assert made["feed_url"] == "https://archive.example/en/feeds/all.json"
    assert made["home_page_url"] == "https://archive.example/en/"
    assert made["authors"] == [
        {"name": "The archivists of Aberdulas", "url": "https://archive.example"}
    ]
    assert "next_url" not in made
    (item,) = made["items"]
    assert item["id"] == "tag:archive.example,2026:E5"
    assert item["url"] == "https://archive.example/en/records/development/e5"
    assert item["external_url"] == "https://post.example/a?b=1&c=2"
    assert item["date_published"] == "2026-01-02T03:04:05+00:00"
    assert item["date_modified"] == "2026-02-03T04:05:06+00:00"
    assert item["tags"] == ["Development", "A & B"]
    assert item["content_html"] == an_entry().content
    digest = hashlib.sha256(item["content_html"].encode()).hexdigest()
    assert item["_archive"] == {"state": "current", "sha256": digest}


def test_what_is_gone_is_said_to_be() -> None:
    feed = a_feed(an_entry(1, withdrawn=True), an_entry(2, withdrawn=True, erased=True))
    states = [one["_archive"]["state"] for one in json.loads(jsonfeed.render(feed))["items"]]
    assert states == ["withdrawn", "erased"]


@settings(max_examples=100, deadline=None)
@given(title=ANY_TEXT, content=ANY_TEXT, label=ANY_TEXT)
def test_no_text_takes_a_feed_down(title: str, content: str, label: str) -> None:
    entry = an_entry(title=title, content=content, categories=(Category("a", label),))
    made = jsonfeed.render(a_feed(entry, title=title))
    assert made == jsonfeed.render(a_feed(entry, title=title))
    said = json.loads(made.decode("utf-8"))
    assert said["title"] == said["items"][0]["title"] == line(title)
    assert said["items"][0]["content_html"] == (clean(content) or "…")
    assert said["items"][0]["tags"] == [line(label)]


@settings(max_examples=100, deadline=None)
@given(title=ANY_TEXT, about=ANY_TEXT)
def test_no_text_takes_the_list_of_feeds_down(title: str, about: str) -> None:
    outline = opml.Outline(title, about, "https://a.example/f.atom", "https://a.example/")
    made = opml.render(
        [opml.Group(None, (outline,)), opml.Group(line(title), (outline,)), opml.Group("none", ())],
        title=title, owner=about, owner_url="https://a.example", language="en",
        updated=datetime(2026, 1, 2, tzinfo=UTC),
    )  # fmt: skip
    root = ET.fromstring(made)
    assert root.findtext("head/dateModified") == "Fri, 02 Jan 2026 00:00:00 +0000"
    assert [one.get("text") for one in root.iter("outline")] == [line(title)] * 3
    assert [one.get("description") for one in root.iter("outline")] == [
        line(about),
        None,
        line(about),
    ]
