"""Every feed over real HTTP, as readers ask for it: headers, conditions, compression, methods, bytes (RFC 9110, 9111)."""

from __future__ import annotations

import gzip
import html.parser
import http.client
import re
from collections.abc import Iterator
from email.utils import format_datetime, parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import feedparser
import pytest

from feeds import calendar, websub
from feeds.app import HEADERS
from feeds.cache import SMALL
from feeds.kinds import KINDS
from feeds.words import WORDS
from tests.conftest import Aberdulas
from tests.feeds.conftest import Reader
from tests.feeds.test_feed_views import develop, previous
from tests.feeds.validators import VALIDATORS
from tests.serving import site

SUBJECTS = ("topic/libraries", "org/aberdulas-council", "person/nia-prys")
NAMES = [f"{name}.{ending}" for name in (*KINDS, *SUBJECTS) for ending in websub.FORMATS]
NAMES += [f"{name}.ics" for name in (*calendar.KINDS, *SUBJECTS)]
NAMES += [f"search.{ending}?q=thing" for ending in websub.FORMATS]
FEEDS = [f"/en/feeds/{name}" for name in NAMES]
FEEDS += [
    f"/cy/feeds/{name}"
    for name in NAMES
    if name.startswith(("corrections", "topic", "search", "cal"))
]
FEEDS += [f"/{language}/feeds.opml" for language in WORDS]
#: One feed of each kind and format, for what would take long with all of them.
SOME = [one for one in FEEDS if re.search(r"/en/feeds/(all|topic|search|cal)|/cy/feeds(/corrections|\.)", one)]  # fmt: skip
TYPES = {
    "atom": "application/xml; charset=utf-8",
    "rss": "application/xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
    "opml": "text/x-opml; charset=utf-8",
}
FAR, EARLY = "Sat, 01 Jan 2050 00:00:00 GMT", "Wed, 01 Jan 2025 00:00:00 GMT"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Site:
    """A site that is asked over one connection after the other."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self._line.putrequest(method, path, skip_accept_encoding=True)
        for name, value in sent.items():
            self._line.putheader(name, value.encode("latin-1"))
        self._line.endheaders()
        response = self._line.getresponse()
        names = [name.lower() for name, _ in response.getheaders()]
        assert len(set(names)) == len(names), "a header twice"
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())

    def close(self) -> None:
        self._line.close()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aberdulas]:
    """An archive with more entries than a feed has."""
    made = Aberdulas(tmp_path_factory.mktemp("http")).settle()
    reader = Reader(made)
    for number in range(110):
        develop(reader, number, topics=["topic/libraries"])
    reader.amend("person/nia-prys", "/name", "Nia Pryse", "Nia Prys")
    reader.retract(reader.number("development/n7"))
    made.tables()
    yield made
    made.close()


@pytest.fixture(scope="module")
def live(archive: Aberdulas) -> Iterator[Site]:
    with site(archive.folder) as servers:
        made = Site(servers.site_url)
        yield made
        made.close()


def ending(path: str) -> str:
    return path.partition("?")[0].rpartition(".")[2]


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_what_it_says_and_says_what_it_is(live: Site, path: str) -> None:
    answer = live.ask(path)
    told = answer.headers
    assert answer.status == 200
    assert told["content-type"] == TYPES[ending(path)]
    assert told["content-language"] == path[1:3]
    assert told["content-length"] == str(len(answer.body))
    assert told["cache-control"] == "public, max-age=300"
    assert re.fullmatch(r'"[0-9a-f-]{32,}"', told["etag"])
    assert "Accept-Encoding" in told["vary"]
    assert {name.lower(): value for name, value in HEADERS.items()}.items() <= told.items()
    assert "set-cookie" not in told
    modified = parsedate_to_datetime(told["last-modified"])
    assert format_datetime(modified, usegmt=True) == told["last-modified"]
    assert VALIDATORS[ending(path)](answer.body) == []
    assert live.ask(path).body == answer.body
    if ending(path) != "opml":  # a feed calls itself by the address at which it is
        assert f"{live.url}{path}".replace("&", "&amp;").encode() in answer.body.replace(
            b"\r\n ", b""
        )


@pytest.mark.parametrize("path", FEEDS)
def test_who_has_it_is_told_so_and_head_and_gzip_agree(live: Site, path: str) -> None:
    plain, packed = live.ask(path), live.ask(path, Accept_Encoding="gzip")
    if small := len(plain.body) <= SMALL:
        assert "content-encoding" not in packed.headers
        assert (packed.body, packed.headers["etag"]) == (plain.body, plain.headers["etag"])
    else:
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["etag"] != plain.headers["etag"]
    for whole, more in ((plain, {}), (packed, {"Accept_Encoding": "gzip"})):
        head = live.ask(path, "HEAD", **more)
        same = ("etag", "content-type", "content-length", "last-modified", "vary", "cache-control")
        assert [head.headers[name] for name in same] == [whole.headers[name] for name in same]
        assert (head.status, head.body) == (200, b"")
        known = live.ask(path, If_None_Match=whole.headers["etag"], **more)
        assert (known.status, known.body) == (304, b"")
        assert known.headers["etag"] == whole.headers["etag"]
        assert "content-encoding" not in known.headers
        since = live.ask(path, If_Modified_Since=whole.headers["last-modified"], **more)
        assert since.status == 304
    other = live.ask(path, If_None_Match=packed.headers["etag"])
    assert other.status == (304 if small else 200)  # then these are other bytes


CONDITIONS = [
    ({"If_None_Match": "W/{}"}, 304),
    ({"If_None_Match": '"a", {}'}, 304),
    ({"If_None_Match": 'W/"a",W/{} , "b"'}, 304),
    ({"If_None_Match": '"a,{b",{}'}, 304),
    ({"If_None_Match": "*"}, 304),
    ({"If_None_Match": "garbage"}, 200),
    ({"If_None_Match": '"'}, 200),
    ({"If_None_Match": ", ,"}, 200),
    ({"If_None_Match": "\xff\xfe"}, 200),
    ({"If_None_Match": '"a"' + ', "b"' * 1500}, 200),
    ({"If_None_Match": '"a"', "If_Modified_Since": FAR}, 200),
    ({"If_None_Match": "{}", "If_Modified_Since": EARLY}, 304),
    ({"If_Modified_Since": FAR}, 304),
    ({"If_Modified_Since": EARLY}, 200),
    ({"If_Modified_Since": "Saturday, 01-Jan-50 00:00:00 GMT"}, 304),
    ({"If_Modified_Since": "Sat Jan  1 00:00:00 2050"}, 304),
    ({"If_Modified_Since": "2050-01-01"}, None),
    ({"If_Modified_Since": "Sat, 31 Feb 2050 00:00:00 GMT"}, 200),
    ({"If_Modified_Since": "Sat, 01 Jan 99999 00:00:00 GMT"}, 200),
    ({"If_Modified_Since": "0"}, 200),
    ({"If_Modified_Since": "\xff"}, 200),
    ({"If_Match": "{}"}, 200),
    ({"If_Match": '"a"'}, 412),
    ({"If_Unmodified_Since": EARLY}, None),
    ({"Range": "bytes=0-9"}, 200),
    ({"Range": "bytes=-1,5-2,x"}, 200),
    ({"If_Range": '"a"', "Range": "bytes=0-9"}, 200),
]
ACCEPTED = [
    ("gzip", True), ("x-gzip", None), ("GZIP", True), ("gzip;q=1.0", True), ("br, gzip;q=0.1", True), ("*", True),
    ("gzip;q=0", False), ("gzip;q=0.000, *", False), ("*;q=0", False), ("identity", False), ("identity;q=1, gzip;q=0", False),
    ("", False), ("br", False), ("deflate", False), ("gzip;q=x", None), (";;;,,,", False), ("\xff", False),
]  # fmt: skip


@pytest.mark.parametrize("path", SOME)
def test_conditions_in_every_form(live: Site, path: str) -> None:
    etag = live.ask(path).headers["etag"]
    for headers, status in CONDITIONS:
        sent = {name: value.replace("{}", etag) for name, value in headers.items()}
        answer = live.ask(path, **sent)
        assert answer.status == status or (status is None and answer.status in (200, 304, 412)), (
            headers
        )
        if answer.status == 304:
            assert answer.headers["etag"] == etag
            assert {"cache-control", "vary", "date"} <= answer.headers.keys()


@pytest.mark.parametrize("path", SOME)
def test_compression_in_every_form(live: Site, path: str) -> None:
    plain = live.ask(path)
    for accepted, packed in ACCEPTED:
        answer = live.ask(path, Accept_Encoding=accepted)
        got = answer.headers.get("content-encoding") == "gzip"
        assert (packed and len(plain.body) > SMALL) in (got, None), accepted
        assert (gzip.decompress(answer.body) if got else answer.body) == plain.body
        assert (answer.headers["etag"] == plain.headers["etag"]) is not got
        assert answer.headers["vary"] == plain.headers["vary"]


@pytest.mark.parametrize("path", SOME)
def test_nothing_but_reading_is_allowed(live: Site, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "PROPFIND", "TRACE"):
        answer = live.ask(path, method, Content_Length="0")
        assert answer.status == 405, method
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", SOME)
def test_what_is_asked_beside_changes_nothing_or_leads_to_the_one_address(
    live: Site, path: str
) -> None:
    mark = "&" if "?" in path else "?"
    answer = live.ask(f"{path}{mark}utm_source=x")
    if "search" in path:
        assert (answer.status, answer.headers["location"]) == (301, path)
    else:
        assert answer.body == live.ask(path).body


def test_another_process_gives_the_same_bytes(
    live: Site, archive: Aberdulas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVE_URL", live.url)
    with site(archive.folder) as servers:
        other = Site(servers.site_url)
        for path in FEEDS[::3]:
            one, two = live.ask(path), other.ask(path)
            datasette = re.compile(rb"http://127\.0\.0\.1:\d+/archive/")
            assert datasette.sub(b"", one.body) == datasette.sub(b"", two.body), path
        other.close()


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("format", websub.FORMATS)
@pytest.mark.parametrize("name", ["all", "topic/libraries"])
def test_the_newest_comes_first_and_the_first_entry_can_be_reached(
    live: Site, archive: Aberdulas, *, language: str, format: str, name: str
) -> None:
    path: str | None = f"/{language}/feeds/{name}.{format}"
    documents = []
    while path:
        answer = live.ask(path)
        assert answer.status == 200
        assert VALIDATORS[format](answer.body) == []
        documents.append(answer)
        before = previous(answer.body, format)
        path = before.removeprefix(live.url) if before else None
        assert len(documents) < 10
    assert len(documents) >= 3
    for past in documents[1:]:
        assert past.headers["cache-control"] == "public, max-age=31536000, immutable"
    if format == "atom":
        found = [feedparser.parse(one.body).entries for one in documents]
        for entries in found:
            moments = [one.updated for one in entries]
            assert moments == sorted(moments, reverse=True)
        ids = {one.id.rpartition("E")[2] for entries in found for one in entries}
        sql = "SELECT min(event) FROM feed_entries" + (
            " WHERE kind = 'development' AND record_id LIKE '%/n_'" if "/" in name else ""
        )
        ((first,),) = archive.rows(sql)
        assert str(first) in ids


class _Links(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "link" and said.get("rel") == "alternate" and "type" in said:
            self.found.append(said)


@pytest.mark.parametrize(
    "path",
    ["/en/", "/cy/", "/en/timeline", "/en/commitments", "/en/corrections", "/en/topics/libraries",
     "/en/bodies/aberdulas-council", "/en/people/nia-prys", "/en/records/development/n1", "/en/about", "/en/subscribe"],
)  # fmt: skip
def test_a_page_names_feeds_that_are_there_its_own_language_first(live: Site, path: str) -> None:
    answer = live.ask(path)
    found = _Links(answer.body.decode()).found
    assert found
    assert path[1:3] in found[0]["href"].split("/")
    for link in found:
        assert link["title"]
        target = urlsplit(link["href"])
        there = live.ask(target.path + (f"?{target.query}" if target.query else ""))
        assert there.status == 200
        assert VALIDATORS[ending(target.path)](there.body) == []
