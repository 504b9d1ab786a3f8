"""Every feed is what its specification says, whatever happened to what it tells of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import etree

from archive import forgetting
from archive.forgetting import Why
from archive.home import Home
from archive.keeping import bundle
from feeds import calendar, selecting, websub
from feeds.app import create_app
from feeds.kinds import KINDS
from feeds.library import Library
from feeds.settings import Settings
from feeds.words import WORDS
from tests.conftest import Aberdulas
from tests.feeds.conftest import Reader
from tests.feeds.test_feed_views import develop
from tests.feeds.validators import VALIDATORS

BASE = "https://archive.example"
SUBJECTS = ("topic/libraries", "org/aberdulas-council", "person/nia-prys")
HOSTILE = [
    "<script>alert(1)</script> & <b>bold</b>",
    "]]> <!-- &nbsp; &#x0; <?xml?>",
    "Tŷ Mawr \u2019\u2028\u2029\ufeff\u200b end",
    "مكتبة \u05d0\u05d1 \U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
    ("q" + "\u0301" * 30) * 10,
]


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A site over an archive to which everything happened that can happen; its feeds are cut into short archives."""
    archive = Aberdulas(tmp_path_factory.mktemp("eventful")).settle()
    reader = Reader(archive)
    for number, title in enumerate(HOSTILE):
        develop(reader, number, topics=["topic/libraries"])
        reader.amend(f"development/n{number}", "/what", f"Thing {number} happened", title)
    reader.amend("person/nia-prys", "/name", "Nia Pryse", "Nia Prys")
    reader.retract(reader.number("outcome/library-plan"))
    reader.retract(reader.retract(reader.number("tenure/prys-librarian")))
    archive.record("EntityRecorded", id="topic/books", new=True, kind="topic", name="Books")
    archive.record("EntitiesMerged", keep="topic/libraries", merge=["topic/books"], reason="duplicate", note="One.")  # fmt: skip
    archive.sign()
    home = Home(archive.folder)
    for kind, what in (("withheld", "development/n3"), ("withheld", "statement/prys-1")):
        with home.log() as log:
            parts = forgetting.plan(log, "withheld", what, None).parts
            forgetting.act(home, log, kind, parts, Why("data-protection", "A decision of 2031"))
    archive.tables()
    app = create_app(reader.settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selecting, "ENTRIES", 5)
        yield app.test_client()
    app.extensions["site"].library.close()
    archive.close()


def addresses(names: tuple[str, ...], calendars: tuple[str, ...]) -> Iterator[str]:
    for language in WORDS:
        yield f"/{language}/feeds.opml"
        for name in names:
            yield from (f"/{language}/feeds/{name}.{ending}" for ending in websub.FORMATS)
        yield from (f"/{language}/feeds/{name}.ics" for name in calendars)


def check(client: FlaskClient, paths: Iterator[str]) -> Counter[str]:
    """Validate feeds and all archives that they lead to; return how many of each format there were."""
    seen: Counter[str] = Counter()
    waiting, known = list(paths), set()
    while waiting:
        path = waiting.pop()
        if path in known:
            continue
        known.add(path)
        response = client.get(path)
        assert response.status_code == 200, path
        ending = path.partition("?")[0].rpartition(".")[2]
        assert VALIDATORS[ending](response.data) == [], path
        seen[f"{ending} archive" if "/archive/" in path else ending] += 1
        found = re.findall(rf'{BASE}(/[^"]*/archive/[^"]*\.{ending})"', response.text)
        waiting += found
    return seen


def test_every_feed_of_an_eventful_archive_is_valid(eventful: FlaskClient) -> None:
    names, calendars = (*KINDS, *SUBJECTS), (*calendar.KINDS, *SUBJECTS)
    seen = check(eventful, addresses(names, calendars))
    assert seen["atom"] == seen["rss"] == seen["json"] == len(names) * len(WORDS)
    assert (seen["ics"], seen["opml"]) == (len(calendars) * len(WORDS), len(WORDS))
    assert seen["atom archive"] == seen["rss archive"] == seen["json archive"] > 10


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("ending", websub.FORMATS)
def test_a_search_and_what_changed_since_are_valid_too(
    eventful: FlaskClient, language: str, ending: str
) -> None:
    for path in (f"/{language}/feeds/search.{ending}?q=script", f"/{language}/feeds/all.{ending}"):
        response = eventful.get(path)
        assert VALIDATORS[ending](response.data) == []
        stand, _, digest = response.headers["ETag"].strip('"').partition("-")
        older = {"A-IM": "feed", "If-None-Match": f'"{int(stand) - 1}-{digest}"'}
        changed = eventful.get(path, headers=older)
        if changed.status_code == 226:
            assert VALIDATORS[ending](changed.data) == []
    assert changed.status_code == 226


@pytest.mark.torture
def test_every_feed_of_the_collection_is_valid(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create(*bundle.load())
    with home.log() as log:
        home.tables(log).close()
    settings = Settings(archive_db=home.tables_path, base_url=BASE)
    with Library(settings.archive_db).open() as conn:
        topics = websub.topics(conn, settings, -1)
    paths = [one.removeprefix(BASE) for one in topics]
    paths += [f"{one[:-5]}.ics" for one in paths if re.fullmatch(r"/../feeds/\w+/.*\.atom", one)]
    seen = check(create_app(settings).test_client(), iter(paths))
    print(dict(seen))  # noqa: T201
    assert seen["atom"] == seen["rss"] == seen["json"] > 200
    assert seen["ics"] > 200


# --- A validator that finds nothing is worth nothing: each of these is found

MISTAKES = [
    ("atom", r"<id>[^<]*:E\d+</id>", ""),
    ("atom", r"(<id>[^<]*:E\d+</id>)", r"\1\1"),
    ("atom", r"(<entry>.*?</entry>)", r"\1\1"),
    ("atom", r"<updated>[^<]*</updated>", "<updated>2026-01-01</updated>"),
    ("atom", r"<updated>[^<]*</updated>", "<updated>2030-01-01T00:00:00Z</updated>"),
    ("atom", r"\+00:00</published>", "</published>"),
    ("atom", r"<published>20", "<published>29"),
    ("atom", r"<author>.*?</author>", ""),
    ("atom", r'<link href="[^"]*" rel="self"', '<link href="/en/feeds/all.atom" rel="self"'),
    ("atom", r'<link href="[^"]*" rel="self"[^>]*/>', ""),
    ("atom", r'<link rel="alternate" href="[^"]*" type="text/html"/>', ""),
    ("atom", r'(<link rel="alternate"[^>]*/>)', r"\1\1"),
    ("atom", r'rel="related"', 'rel="alternate"'),
    ("rss", r'rel="related"', 'rel="alternate"'),
    ("atom", r'xml:lang="en"', ""),
    ("atom", r'type="html">', 'type="xhtml">'),
    ("atom", r'type="html">', 'type="html">&lt;script&gt;&lt;/script&gt;'),
    ("atom", r'type="html">', 'type="html">&lt;p onclick="x"&gt;&lt;/p&gt;'),
    ("atom", r'type="html">', 'type="html">&lt;a href="/x"&gt;x&lt;/a&gt;'),
    ("atom", r'type="html">', 'type="html">&lt;a href="javascript:x"&gt;x&lt;/a&gt;'),
    ("atom", r'type="html">', 'type="html">&amp;lt;p&gt;'),
    ("atom", r'type="html">', 'type="html">&lt;p&gt;'),
    ("atom", r'<title type="text">', '<title type="markdown">'),
    ("atom", r'<category term="[^"]*"', "<category "),
    ("atom", r"</entry>", "<pubDate>x</pubDate></entry>"),
    ("atom", r"</entry>", "<fh:archive/></entry>"),
    ("atom", r"<generator", "<fh:archive/><generator"),
    ("atom", r"<generator", '<deleted-entry xmlns="http://purl.org/atompub/tombstones/1.0" ref="a:b"/><generator'),
    ("rss", r"(<guid[^>]*>[^<]*</guid>)", r"\1\1"),
    ("rss", r"<guid[^>]*>", "<guid>"),
    ("rss", r"(<item>.*?</item>)", r"\1\1"),
    ("rss", r"<pubDate>(...)", "<pubDate>Xxx"),
    ("rss", r"<pubDate>[^<]*", "<pubDate>2026-01-01T00:00:00Z"),
    ("rss", r"<pubDate>...,", "<pubDate>Wed,"),
    ("rss", r"<lastBuildDate>[^<]*</lastBuildDate>", ""),
    ("rss", r"<link>https://archive.example/en/records", "<link>/en/records"),
    ("rss", r"<item>", "<item><updated>x</updated>"),
    ("rss", r"<description>&lt;p", "<description>&amp;lt;p"),
    ("rss", r'rel="self"', 'rel="other"'),
    ("rss", r"<language>en</language>", ""),
    ("rss", r"</channel>", "</channel><channel/>"),
    ("json", r'"version":"[^"]*"', '"version":"1.1"'),
    ("json", r'"items":\[', '"items":[{"id":5},'),
    ("json", r'"id":"[^"]*:E\d+"', '"id":"same"'),
    ("json", r'"date_published":"20', '"date_published":"x20'),
    ("json", r'"url":"https://archive.example/en/', '"url":"/en/'),
    ("json", r'"content_html":"', '"content_html":"<img src=x>'),
    ("json", r'"title":"', '"titel":"'),
    ("json", r'"language":"en"', '"language":""'),
    ("json", r'"title":"', '"title":"x","title":"'),
    ("opml", r'version="2.0"', 'version="1.0"'),
    ("opml", r'text="[^"]*"', 'text=""'),
    ("opml", r'xmlUrl="https://archive.example', 'xmlUrl="'),
    ("opml", r'type="rss"', ""),
    ("opml", r"<dateModified>[^<]*", "<dateModified>yesterday"),
    ("ics", r"\r\n", "\n"),
    ("ics", r"UID:tag:[^\r]*:E\d+", "UID:same"),
    ("ics", r"\r\n ", ""),
    ("ics", r"DTSTAMP:\d+T\d+Z", "DTSTAMP:20260101T000000"),
    ("ics", r"SUMMARY[^\r]*\r\n(?: [^\r]*\r\n)*", ""),
    ("ics", r"DTEND;VALUE=DATE:\d+", "DTEND;VALUE=DATE:20000101"),
    ("ics", r"STATUS:\w+", "STATUS:DONE"),
    ("ics", r"VERSION:2.0\r\n", ""),
    ("ics", r"BEGIN:VEVENT.*END:VEVENT\r\n", ""),
    ("ics", r"BEGIN:VEVENT.*END:VEVENT", "BEGIN:VTIMEZONE\r\nTZID:UTC\r\nEND:VTIMEZONE"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ending", "pattern", "mistake"),
    MISTAKES,
    ids=[f"{one[0]}-{n}" for n, one in enumerate(MISTAKES)],
)
def test_a_mistake_is_found(eventful: FlaskClient, ending: str, pattern: str, mistake: str) -> None:
    path = {"opml": "/en/feeds.opml", "ics": "/en/feeds/calendar.ics"}.get(ending)
    right = eventful.get(path or f"/en/feeds/developments.{ending}").data.decode()
    assert VALIDATORS[ending](right.encode()) == []
    wrong = re.sub(pattern, mistake, right, count=0 if "same" in mistake else 1, flags=re.DOTALL)
    assert wrong != right, pattern
    assert VALIDATORS[ending](wrong.encode()) != []


def test_a_feed_that_is_no_xml_is_refused() -> None:
    for ending in ("atom", "rss", "opml"):
        with pytest.raises(etree.XMLSyntaxError):
            VALIDATORS[ending](b"<feed>&nbsp;</feed>")
