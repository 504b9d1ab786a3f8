"""Feeds over HTTP: what can be subscribed to, archives, changes since, the list of all."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import feedparser
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import forgetting
from archive.home import Home
from feeds import selecting
from feeds.kinds import KINDS, Kinds
from feeds.settings import Settings
from feeds.sql import search
from feeds.words import WORDS
from tests.feeds.conftest import PAPER, Reader, on

FORMATS = pytest.mark.parametrize("ending", ["atom", "rss", "json"])
BASE = "https://archive.example"
ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


def ids(client: FlaskClient, path: str) -> set[str]:
    """The ids of the entries of a feed, without what is the same in all."""
    response = client.get(path)
    assert response.status_code in (200, 226), path
    if path.partition("?")[0].endswith(".json"):
        found = [item["id"] for item in json.loads(response.data)["items"]]
    else:
        parsed = feedparser.parse(response.data)
        assert not parsed.bozo
        found = [entry.id for entry in parsed.entries]
    assert len(found) == len(set(found))
    return {one.rpartition(":")[2] for one in found}


def previous(content: bytes, ending: str) -> str | None:
    """The address of the archive before, within the site."""
    if ending == "json":
        found = json.loads(content).get("next_url")
    else:
        links = feedparser.parse(content).feed.links
        found = next((one.href for one in links if one.rel == "prev-archive"), None)
    return found.removeprefix(BASE) if found else None


def walk(client: FlaskClient, path: str, ending: str = "atom") -> dict[str, bytes]:
    """A feed and all of its archives, by address."""
    found: dict[str, bytes] = {}
    while path:
        response = client.get(path)
        assert response.status_code == 200
        assert path not in found
        found[path] = response.data
        path = previous(response.data, ending) or ""
    return found


def develop(reader: Reader, number: int, **more: Any) -> int:
    return int(reader.archive.record(
        "DevelopmentRecorded", PAPER, id=f"development/n{number}", new=True, what=f"Thing {number} happened",
        kind="other", happened=on("2031-04-01"), **more,
    ))  # fmt: skip


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", KINDS)
def test_a_feed_has_the_same_entries_in_every_format(
    still: FlaskClient, language: str, name: str
) -> None:
    atom, rss, other = (
        ids(still, f"/{language}/feeds/{name}.{one}") for one in ("atom", "rss", "json")
    )
    assert atom == rss == other


@FORMATS
@pytest.mark.parametrize(
    ("name", "known", "foreign"),
    [
        ("topic/libraries", "statement/prys-1", "meeting/council-2031-03-04"),
        ("org/aberdulas-council", "meeting/council-2031-03-04", "statement/prys-1"),
        ("person/nia-prys", "statement/prys-1", "development/plan-published"),
        ("commitments", "commitment/library-plan", "statement/prys-1"),
    ],
)
def test_a_feed_has_what_it_is_about(
    still: FlaskClient, still_reader: Reader, *, ending: str, name: str, known: str, foreign: str
) -> None:
    found = ids(still, f"/en/feeds/{name}.{ending}")
    assert f"E{still_reader.number(known)}" in found
    assert f"E{still_reader.number(foreign)}" not in found


@FORMATS
def test_who_follows_a_topic_is_told_what_became_of_its_promises(
    client: FlaskClient, reader: Reader, *, ending: str
) -> None:
    outcome = f"E{reader.number('outcome/library-plan')}"
    assert outcome in ids(client, f"/en/feeds/org/aberdulas-council.{ending}")
    assert outcome not in ids(client, f"/en/feeds/topic/libraries.{ending}")
    reader.archive.record("CommitmentRecorded", PAPER, id="commitment/library-plan", topics=["topic/libraries"])  # fmt: skip
    reader.archive.tables()
    assert outcome in ids(client, f"/en/feeds/topic/libraries.{ending}")


def test_a_feed_about_something_says_so(still: FlaskClient) -> None:
    feed = feedparser.parse(still.get("/en/feeds/person/nia-prys.atom").data).feed
    assert feed.title.endswith(": Office-holder: Nia Pryse")
    assert feed.link == f"{BASE}/en/people/nia-prys"
    assert feed.id == "tag:archive.powys.example,2026:feeds/en/person/nia-prys"


def test_somebody_without_an_office_has_no_feed(client: FlaskClient, reader: Reader) -> None:
    reader.archive.record(
        "EntityRecorded", id="person/ann-ifans", new=True, kind="person", name="Ann Ifans", public_capacity="Candidate"
    )  # fmt: skip
    reader.archive.tables()
    assert client.get("/en/records/person/ann-ifans").status_code == 200
    assert client.get("/en/feeds/person/ann-ifans.atom").status_code == 404
    assert "ann-ifans" not in client.get("/en/feeds.opml").text


@pytest.mark.parametrize(
    "path",
    [
        "/en/feeds/topic/none.atom", "/en/feeds/place/a.atom", "/en/feeds/topic/libraries.txt", "/en/feeds/topic/..%2fx.atom",
        "/en/feeds/search.atom", "/en/feeds/search.atom?q=", "/en/feeds/search.atom?q=%21%22", "/en/feeds/search.ics?q=a",
        "/en/feeds/all/archive/1-0.atom", "/en/feeds/all/archive/0-0.atom", "/en/feeds/none/archive/1-0.atom",
        "/en/feeds/all/archive/1-0.ics", "/en/feeds/all/archive/99999999999999-0.atom", "/en/feeds/all.ics",
        "/en/feeds/person/nobody/archive/1-0.atom", "/en/feeds/meetings.atom", "/en/feeds/search/archive/1-0.atom",
    ],
)  # fmt: skip
def test_what_is_no_feed_is_404(still: FlaskClient, path: str) -> None:
    assert still.get(path).status_code == 404


def test_what_was_withdrawn_is_said_in_every_feed_that_told_it(
    client: FlaskClient, reader: Reader
) -> None:
    number = reader.number("statement/prys-1")
    made = reader.retract(number)
    reader.archive.tables()
    for name in ("topic/libraries", "person/nia-prys"):
        found = feedparser.parse(client.get(f"/en/feeds/{name}.atom").data).entries
        titles = {one.id.rpartition(":")[2]: one.title for one in found}
        assert titles[f"E{number}"].startswith("Withdrawn")
        assert titles[f"E{made}"].startswith("Withdrawn")


def test_the_feed_of_what_was_merged_leads_to_the_other(
    client: FlaskClient, reader: Reader
) -> None:
    reader.archive.record("EntityRecorded", id="topic/books", new=True, kind="topic", name="Books")
    reader.archive.record(
        "EntitiesMerged", keep="topic/libraries", merge=["topic/books"], reason="duplicate", note="One."
    )  # fmt: skip
    reader.archive.tables()
    response = client.get("/en/feeds/topic/books.rss")
    assert (response.status_code, response.headers["Location"]) == (
        301,
        "/en/feeds/topic/libraries.rss",
    )


@FORMATS
def test_any_search_is_a_feed(still: FlaskClient, still_reader: Reader, ending: str) -> None:
    response = still.get(f"/en/feeds/search.{ending}?q=TY%20%20mawr&x=1")
    assert response.status_code == 301
    where = response.headers["Location"]
    assert where == f"/en/feeds/search.{ending}?q=ty%20mawr"
    assert f"E{still_reader.number('statement/prys-1')}" in ids(still, where)
    assert f"{BASE}{where}" in still.get(where).text


@settings(max_examples=150, deadline=None)
@given(query=ANY_TEXT)
def test_no_search_takes_the_site_down(still: FlaskClient, query: str) -> None:
    response = still.get(f"/en/feeds/search.json?q={quote(query)}", follow_redirects=True)
    said = search.canonical(query)
    assert response.status_code == (200 if said else 404)
    if said:
        assert json.loads(response.data)["feed_url"].endswith(f"?q={quote(said, safe='')}")
        assert unquote(response.request.query_string.decode()) == f"q={said}"


@given(query=ANY_TEXT)
def test_a_query_has_one_address(query: str) -> None:
    said = search.canonical(query)
    assert search.canonical(said) == said
    assert search.canonical(f"  {said.replace(' ', '   ')}\n") == said
    assert len(said.split()) <= search.WORDS


@FORMATS
@pytest.mark.parametrize("name", ["all", "developments", "topic/libraries"])
def test_the_whole_history_can_be_walked(
    client: FlaskClient, reader: Reader, ending: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "ENTRIES", 3)
    for number in range(7):
        develop(reader, number, topics=["topic/libraries"])
    reader.archive.tables()
    found = walk(client, f"/en/feeds/{name}.{ending}", ending)
    assert len(found) > 2
    subject = name if "/" in name else None
    selection = selecting.Selection(name, KINDS.get(name, Kinds()), subject)
    with client.application.extensions["site"].library.open() as conn:
        choice = selecting.choice(conn, selection)
        told = {row.entry_id for row in selecting.newest(conn, choice, 1000)}
    assert set.union(*(ids(client, path) for path in found)) == told
    current, *past = found
    for path in past:
        response = client.get(path)
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert len(ids(client, path)) == 3
        if ending != "json":
            links = {one.rel: one.href for one in feedparser.parse(response.data).feed.links}
            assert links["current"] == BASE + current
            assert links["self"] == BASE + path
            namespaced = "{http://purl.org/syndication/history/1.0}archive"
            assert len(list(ET.fromstring(response.data).iter(namespaced))) == 1


def withhold(reader: Reader, what: str, path: str | None = None) -> None:
    home = Home(reader.archive.folder)
    with home.log() as log:
        parts = forgetting.plan(log, "withheld", what, path).parts
        forgetting.act(home, log, "withheld", parts, forgetting.Why("legal", "An order of 2031"))


@pytest.mark.parametrize("name", ["all", "commitments", "topic/libraries"])
@pytest.mark.parametrize("language", WORDS)
def test_an_archive_never_changes_at_its_address(
    reader: Reader,
    open_site: Callable[[Settings], FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    name: str,
) -> None:
    """Whatever is recorded, and from whichever process: each step is asked of a site that remembers nothing."""
    monkeypatch.setattr(selecting, "ENTRIES", 2)
    record = reader.archive.record
    council, topic = "org/aberdulas-council", "topic/libraries"
    steps: list[Callable[[], object]] = [
        lambda: develop(reader, 1),
        lambda: develop(reader, 2, topics=[topic]),
        lambda: develop(reader, 3, topics=[topic], participants=[{"entity": council, "role": "host"}]),
        *(lambda number=number: develop(reader, number, topics=[topic]) for number in (4, 5, 6)),  # type: ignore[misc]
        lambda: reader.amend("development/n1", "/what", "Thing 1 happened", "Thing 1 did happen"),
        lambda: record("NameRecorded", record=council, name="Cyngor Aberdulas", kind="official", lang="cy"),
        lambda: reader.amend("person/nia-prys", "/name", "Nia Pryse", "Nia Prys"),
        lambda: record("TranslationAdded", record="commitment/library-plan", path="/what", lang="cy", text="Cyhoeddi cynllun",
                       method="human"),
        lambda: record("SourceCaptured", id="source/echo", new=True, kind="news", publisher="org/aberdulas-post", lang="en",
                       captured_at="2031-03-07", body_access="restricted", sha256="1" * 64, chars=900, title="Also there",
                       published=on("2031-03-06")),
        lambda: record("DevelopmentRecorded", {**PAPER, "source": "source/echo"}, id="development/n2", topics=[topic]),
        lambda: record("TranslationAdded", record="source/echo", path="/title", lang="cy", text="Yno hefyd", method="human"),
        lambda: record("RecordDisputed", {**PAPER, "stance": "contradicts"}, target=reader.number("development/n2"),
                       path="/what", state="open", note="They say otherwise."),
        lambda: record("EntityRecorded", id="topic/books", new=True, kind="topic", name="Books"),
        lambda: record("EntitiesMerged", keep="topic/books", merge=[topic], reason="duplicate", note="One."),
        lambda: record("NameRecorded", record="topic/books", name="Llyfrau", kind="official", lang="cy"),
        lambda: reader.retract(reader.number("statement/prys-1")),
        lambda: withhold(reader, f"E{reader.number('org/aberdulas-post')}", "/name"),
        lambda: withhold(reader, f"E{reader.number('org/aberdulas-post')}"),
        lambda: withhold(reader, council),
        lambda: develop(reader, 7),
        lambda: withhold(reader, "development/n1"),
        lambda: withhold(reader, "source/aberdulas-post-2031-03-05"),
    ]  # fmt: skip
    known: dict[str, bytes] = {}
    for step in steps:
        step()
        reader.archive.tables()
        client = open_site(reader.settings)
        slug = (
            name.replace(topic, "topic/books")
            if client.get(f"/{language}/feeds/{name}.atom").status_code == 301
            else name
        )
        current, *past = walk(client, f"/{language}/feeds/{slug}.atom").items()
        for path, content in past:
            assert known.setdefault(path, content) == content
        if slug == "all":
            seen = set.union(*(ids(client, path) for path in (current[0], *dict(past))))
            assert len(seen) == reader.archive.rows("SELECT count(*) FROM feed_entries")[0][0]
        for path, content in known.items():
            response = client.get(path)
            if response.status_code == 200:
                assert response.data == content
            else:
                assert response.status_code in (301, 302, 404)
    assert len(known) > 3


def test_a_burst_of_corrections_hides_no_new_entry(
    client: FlaskClient, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "ENTRIES", 4)
    new = develop(reader, 1)
    while reader.archive.rows("SELECT count(*) FROM feed_entries")[0][0] % 4 == 0:
        new = develop(reader, new)
    before = "The branch in Tŷ Mawr will open again."
    for count in range(2):
        after = f"The branch will open {count}."
        reader.amend("statement/prys-1", "/gist", before, after)
        before = after
    reader.archive.tables()
    whole = set.union(*(ids(client, path) for path in walk(client, "/en/feeds/all.atom")))
    assert f"E{new}" in whole


def ask(client: FlaskClient, etag: str, **more: str) -> Any:
    sent = {
        "A-IM": "feed",
        "If-None-Match": etag,
        **{k.replace("_", "-"): v for k, v in more.items()},
    }
    return client.get("/en/feeds/all.atom", headers=sent)


def test_who_asks_gets_only_what_changed(client: FlaskClient, reader: Reader) -> None:
    etag = client.get("/en/feeds/all.atom").headers["ETag"]
    assert ask(client, etag).status_code == 304
    number = develop(reader, 1)
    correction = reader.amend("statement/prys-1", "/mode", "direct", "indirect")
    reader.archive.tables()
    response = ask(client, etag)
    assert response.status_code == 226
    assert response.headers["IM"] == "feed"
    assert response.headers["Cache-Control"] == "no-store, im"
    assert response.headers["Delta-Base"] == etag
    assert {"A-IM", "Accept-Encoding", "If-None-Match"} <= set(response.vary)
    found = {one.id.rpartition(":")[2] for one in feedparser.parse(response.data).entries}
    assert found == {f"E{number}", f"E{correction}", f"E{reader.number('statement/prys-1')}"}
    whole = client.get("/en/feeds/all.atom")
    assert whole.status_code == 200
    assert whole.headers["ETag"] == response.headers["ETag"]
    assert ask(client, whole.headers["ETag"]).status_code == 304


@pytest.mark.parametrize(
    ("etag", "more"),
    [
        ('"other"', {}),
        ('"99999-00000000000000000000000000000000"', {}),
        ('"0-00000000000000000000000000000000"', {}),
        ('"7-0000"', {}),
        ('"8-00000000000000000000000000000000"', {"A_IM": "gzip"}),
        ('"8-00000000000000000000000000000000"', {"A_IM": "feed;q=0"}),
        ('"8-00000000000000000000000000000000"', {"A_IM": ""}),
    ],
)
def test_else_the_whole_feed_comes(still: FlaskClient, etag: str, more: dict[str, str]) -> None:
    assert ask(still, etag, **more).status_code == 200


@pytest.mark.parametrize(
    ("agent", "code"),
    [
        ("rss2email/3.13.1 (https://github.com/rss2email/rss2email)", 200),
        ("feedparser/6.0.11 +https://github.com/kurtmckee/feedparser/", 200),
        ("newsboat/2.21.0 (Linux x86_64)", 226),
        ("", 226),
    ],
)
def test_who_asks_for_a_part_and_takes_it_for_an_error_gets_the_whole(
    client: FlaskClient, reader: Reader, agent: str, code: int
) -> None:
    etag = client.get("/en/feeds/all.atom").headers["ETag"]
    develop(reader, 1)
    reader.archive.tables()
    assert ask(client, etag, User_Agent=agent).status_code == code


@pytest.mark.parametrize("language", WORDS)
def test_the_list_of_all_feeds_can_be_taken_in_at_once(still: FlaskClient, language: str) -> None:
    response = still.get(f"/{language}/feeds.opml")
    assert response.headers["Content-Type"] == "text/x-opml; charset=utf-8"
    root = ET.fromstring(response.data)
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title")
    feeds = [one for one in root.iter("outline") if one.get("xmlUrl")]
    assert len(feeds) == len(KINDS) + 4
    for one in root.iter("outline"):
        assert one.get("text")
    for one in feeds:
        assert one.get("type") == "rss"
        path = (one.get("xmlUrl") or "").removeprefix(BASE)
        parsed = feedparser.parse(still.get(path).data)
        assert parsed.feed.title.endswith(one.get("text"))
        assert parsed.feed.link == one.get("htmlUrl")
        home = (one.get("htmlUrl") or "").removeprefix(BASE)
        assert still.get(home).status_code == 200
        assert WORDS[language].paths["records"] not in home


@FORMATS
def test_a_feed_names_itself_in_the_other_languages(still: FlaskClient, ending: str) -> None:
    text = still.get(f"/en/feeds/topic/libraries.{ending}").text
    for language in WORDS:
        assert f"{BASE}/{language}/feeds/topic/libraries.{ending}" in text


@pytest.mark.parametrize(
    "path", ["topic/libraries.atom", "all.json", "commitments.ics", "search.rss?q=plan"]
)
def test_every_feed_answers_conditions(still: FlaskClient, path: str) -> None:
    path = f"/en/feeds/{path}"
    response = still.get(path)
    etag = response.headers["ETag"]
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert still.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert still.head(path).headers["ETag"] == etag
    assert still.post(path).status_code == 405


def test_the_list_of_all_feeds_is_offered_to_be_kept(still: FlaskClient) -> None:
    text = still.get("/en/subscribe").text
    assert '<a type="text/x-opml" download href="/en/feeds.opml">' in text
