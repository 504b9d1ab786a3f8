"""WebSub as a publisher: how feeds name their hub, which feeds are told of, and that no telling is lost."""

from __future__ import annotations

import http.client
import http.server
import json
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import feedparser
import msgspec
import pytest
from flask.testing import FlaskClient

from archive import forgetting
from archive.forgetting import Why
from archive.home import Home
from archive.projector import catch_up
from archive.store import Store
from benchmarks.generator import events
from events.codec import build
from events.envelope import NewEvent
from events.log import SqliteLog
from feeds import announcer, atom, jsonfeed, rss, selecting, websub
from feeds.announcer import Announcer, NotTaken, ping
from feeds.dossier import Announced
from feeds.kinds import KINDS, Kinds
from feeds.library import Library
from feeds.selecting import Selection
from feeds.settings import Settings
from feeds.words import WORDS
from tests.feeds.conftest import PAPER, Reader, a_feed, an_entry
from tests.feeds.test_feed_views import develop
from tests.hub import links

HUB = "https://hub.example/push?a=1&b=2"
BASE = "https://archive.example"
Open = Callable[[Settings], FlaskClient]


# --- How feeds name their hub


def test_every_format_names_the_hub() -> None:
    feed = a_feed(an_entry(), hub=HUB)
    for render in (atom.render, rss.render):
        said = {one.rel: one.href for one in feedparser.parse(render(feed)).feed.links}
        assert said["hub"] == HUB
    assert json.loads(jsonfeed.render(feed))["hubs"] == [{"type": "WebSub", "url": HUB}]
    for render in (atom.render, rss.render, jsonfeed.render):
        assert b"hub" not in render(a_feed(an_entry()))


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("ending", websub.FORMATS)
@pytest.mark.parametrize("name", ["all", "person/nia-prys"])
def test_a_feed_and_its_headers_name_the_hub_and_the_same_topic(
    still_reader: Reader, open_site: Open, *, language: str, name: str, ending: str
) -> None:
    client = open_site(replace(still_reader.settings, hub=HUB))
    path = f"/{language}/feeds/{name}.{ending}"
    response = client.get(path)
    tag = {"If-None-Match": response.headers["ETag"]}
    for one in (response, client.head(path), client.get(path, headers=tag)):
        assert links(one.headers.getlist("Link")) == {"hub": HUB, "self": BASE + path}
    if ending == "json":
        said = json.loads(response.data)
        assert (said["feed_url"], said["hubs"][0]["url"]) == (BASE + path, HUB)
    else:
        found = {one.rel: one.href for one in feedparser.parse(response.data).feed.links}
        assert (found["self"], found["hub"]) == (BASE + path, HUB)


def test_what_never_changes_or_that_nobody_can_be_told_of_names_none(
    reader: Reader, open_site: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "ENTRIES", 2)
    reader.archive.tables()
    client = open_site(replace(reader.settings, hub=HUB))
    found = feedparser.parse(client.get("/en/feeds/all.atom").data).feed.links
    (archive,) = (one.href for one in found if one.rel == "prev-archive")
    for path in (archive.removeprefix(BASE), "/en/feeds/search.atom?q=plan", "/en/feeds/all.txt"):
        response = client.get(path)
        assert "Link" not in response.headers
        assert b"hub.example" not in response.data


def test_without_a_hub_no_feed_names_one(still: FlaskClient) -> None:
    for ending in websub.FORMATS:
        response = still.get(f"/en/feeds/all.{ending}")
        assert "Link" not in response.headers
        assert b"hub" not in response.data


@pytest.mark.parametrize(
    "hub",
    ["hub.example", "javascript:alert(1)", "https://", "https://h.example/#a", "https://h.example/ b",
     "https://h.example/>; rel=x", "https://ŷ.example/", "https://h.example/\n", "ftp://h.example/"],
)  # fmt: skip
def test_what_is_no_address_is_no_hub(hub: str) -> None:
    with pytest.raises(ValueError, match="address of the hub"):
        Settings(archive_db=Path("a"), hub=hub)


def test_the_environment_names_the_hub() -> None:
    assert Settings.from_environment({"ARCHIVE_HUB": HUB}).hub == HUB
    assert Settings.from_environment({"ARCHIVE_HUB": ""}).hub == ""


# --- Which feeds changed


def changed(reader: Reader, after: int) -> set[str]:
    """The names of the feeds that changed; each of them is told of in every language and format."""
    reader.archive.tables()
    library = Library(reader.settings.archive_db)
    with library.open() as conn:
        found = websub.topics(conn, reader.settings, after)
    library.close()
    assert len(set(found)) == len(found)
    head, tail = f"{BASE}/cy/feeds/", ".json"
    names = {
        one[len(head) : -len(tail)] for one in found if one.startswith(head) and one.endswith(tail)
    }
    assert set(found) == {
        f"{BASE}/{language}/feeds/{name}.{ending}"
        for name in names for language in WORDS for ending in websub.FORMATS
    }  # fmt: skip
    return names


def test_a_new_entry_changes_the_feeds_that_have_it(reader: Reader) -> None:
    number = develop(reader, 1, topics=["topic/libraries"])
    assert changed(reader, number - 1) == {"all", "developments", "topic/libraries"}
    assert changed(reader, number) == set()


def test_a_correction_changes_the_feeds_of_what_it_corrects(reader: Reader) -> None:
    number = reader.amend("statement/prys-1", "/mode", "direct", "indirect")
    found = changed(reader, number - 1)
    assert found == {"all", "corrections", "topic/libraries", "person/nia-prys"}


@pytest.mark.parametrize("name", ["all", "corrections", "topic/libraries", "person/nia-prys"])
def test_those_are_the_feeds_whose_newest_entry_is_new(reader: Reader, name: str) -> None:
    number = reader.amend("statement/prys-1", "/mode", "direct", "indirect")
    reader.archive.tables()
    with Library(reader.settings.archive_db).open() as conn:
        subject = name if "/" in name else None
        selection = selecting.Selection(name, KINDS.get(name, Kinds()), subject)
        assert selecting.newest(conn, selecting.choice(conn, selection), 1)[0].changed == number


def test_from_the_beginning_all_that_can_be_subscribed_to_has_changed(reader: Reader) -> None:
    found = changed(reader, -1)
    told = {"topic/libraries", "org/aberdulas-council", "person/nia-prys"}
    assert told <= found
    assert found - told <= set(KINDS)


def test_what_became_of_a_promise_changes_the_feeds_that_tell_of_the_promise(
    reader: Reader,
) -> None:
    number = reader.archive.record(
        "RecordDisputed", {**PAPER, "stance": "contradicts"}, target=reader.number("outcome/library-plan"),
        path="/happened", state="open", note="They say it was later.",
    )  # fmt: skip
    assert changed(reader, number - 1) >= {"all", "org/aberdulas-council"}


@pytest.mark.parametrize("seed", [1, 2])
def test_no_feed_changes_without_being_named(tmp_path: Path, seed: int) -> None:
    settings = Settings(archive_db=tmp_path / "archive.db", base_url=BASE)
    tables, told = Store(settings.archive_db), 0
    history = list(events(360, seed))
    history += [disputed(n, one) for n, one in enumerate(history[:300]) if one.type == "OutcomeRecorded"]  # fmt: skip
    with SqliteLog.create(tmp_path / "log.db") as log:
        log.append(history[:300])
        catch_up(log, tables)
        before = shown(settings)
        for event in history[300:]:
            (number,) = log.append([event])
            catch_up(log, tables)
            after = shown(settings)
            with Library(settings.archive_db).open() as conn:
                named = set(websub.topics(conn, settings, number - 1))
            other = {name for name in after if after[name] != before.get(name, [])}
            assert {f"{BASE}/en/feeds/{name}.atom" for name in other} <= named, event
            told += len(other)
            before = after
    tables.close()
    assert told > 100


def disputed(number: int, event: NewEvent) -> NewEvent:
    """A source that says the opposite of an event."""
    (proof, *_) = msgspec.to_builtins(event.evidence)
    payload = {"target": number, "path": "/result", "state": "open", "note": "Not so, they say."}
    return build("RecordDisputed", payload, [{**proof, "supports": ["/note"], "stance": "contradicts"}])  # fmt: skip


def shown(settings: Settings) -> dict[str, list[Announced]]:
    """What each feed has, by its name."""
    with Library(settings.archive_db).open() as conn:
        slugs = (slug for kind in selecting.SUBJECTS for slug in selecting.subjects(conn, kind))
        feeds = [Selection(slug, subject=slug) for slug in slugs]
        feeds += [Selection(name, kinds) for name, kinds in KINDS.items()]
        return {
            one.name: selecting.newest(conn, selecting.choice(conn, one), selecting.ENTRIES)
            for one in feeds
        }


def test_what_is_taken_away_counts_for_every_feed(reader: Reader) -> None:
    home = Home(reader.archive.folder)
    with home.log() as log:
        parts = forgetting.plan(log, "withheld", "statement/prys-1", None).parts
        why = Why("data-protection", "A decision of 2031")
        first = forgetting.act(home, log, "withheld", parts, why).seqs[0]
    told = {"topic/libraries", "org/aberdulas-council", "org/aberdulas-post", "person/nia-prys"}
    assert changed(reader, first - 1) == set(KINDS) | told


# --- That no telling is lost


class FakeHub:
    """A hub that writes down what it is told, and answers as it is bid."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.refuses: set[str] = set()
        self.status, self.headers, self.drips = 204, dict[str, str](), False
        hub = self

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
                assert (form["hub.mode"], self.path) == ("publish", "/push?a=1")
                if hub.drips:
                    while hub.drips:
                        self.wfile.write(b"H")
                        time.sleep(0.05)
                    return
                status = 500 if form["hub.url"] in hub.refuses else hub.status
                if status < 300:
                    hub.told.append(form["hub.url"])
                self.send_response(status)
                for name, value in hub.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                pass  # whoever is made to wait hangs up

        self._server = Server(("127.0.0.1", 0), Door)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/push?a=1"

    def close(self) -> None:
        self.drips = False
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    made = FakeHub()
    yield made
    made.close()


class Telling:
    """Announcers, one after the other, beside an archive."""

    def __init__(self, reader: Reader, hub: FakeHub) -> None:
        self.reader, self.hub = reader, hub
        self.settings = replace(reader.settings, hub=hub.url)
        self.memory = reader.archive.folder / "hub"
        self.said: list[str] = []
        self.running: Announcer | None = None
        reader.archive.tables()

    def start(self) -> None:
        self.running = Announcer(self.settings, self.memory, self.said.append)
        self.running.begin()
        self.running.start()

    def stop(self) -> None:
        if self.running:
            self.running.stop()
            assert not self.running.is_alive()
        self.running = None

    def happens(self, number: int) -> list[str]:
        """Record something new; return the feeds of which the hub is to be told."""
        made = develop(self.reader, number)
        self.reader.archive.tables()
        with Library(self.settings.archive_db).open() as conn:
            return websub.topics(conn, self.settings, made - 1)

    def is_told(self, *topics: str) -> None:
        end = time.monotonic() + 10
        while self.hub.told != list(topics):
            assert time.monotonic() < end, (self.hub.told, topics, self.said)
            time.sleep(0.01)

    def has_written(self, events: int) -> None:
        end = time.monotonic() + 10
        while json.loads(self.memory.read_text())["events"] != events:
            assert time.monotonic() < end, self.memory.read_text()
            time.sleep(0.01)

    @property
    def size(self) -> int:
        return int(self.reader.archive.log.size)


@pytest.fixture
def telling(reader: Reader, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telling]:
    monkeypatch.setattr(announcer, "EVERY", 0.02)
    monkeypatch.setattr(announcer, "FIRST_PAUSE", 0.05)
    made = Telling(reader, hub)
    yield made
    made.stop()


def test_the_hub_is_told_of_what_comes_after_the_first_start_once(telling: Telling) -> None:
    telling.start()
    first = telling.happens(1)
    assert len(first) == 12
    telling.is_told(*first)
    telling.has_written(telling.size)
    telling.is_told(*first, *telling.happens(2))
    assert telling.said == []


def test_what_came_while_nobody_told_is_told_after_the_next_start(telling: Telling) -> None:
    telling.start()
    telling.stop()
    topics = [telling.happens(number) for number in range(3)]
    assert topics[0] == topics[2]
    telling.start()
    telling.is_told(*topics[0])  # each feed once, however much is new in it


def test_an_end_in_the_middle_tells_again_rather_than_never(telling: Telling) -> None:
    telling.start()
    telling.stop()
    topics = telling.happens(1)
    telling.hub.refuses = {topics[4]}
    telling.start()
    telling.is_told(*topics[:4], *topics[5:])
    telling.stop()
    telling.hub.told.clear()
    telling.hub.refuses = set()
    telling.start()
    telling.is_told(*topics)


def test_a_hub_that_fails_is_asked_until_it_takes_all_and_is_reported_once(
    telling: Telling,
) -> None:
    telling.start()
    telling.hub.status = 503
    topics = telling.happens(1)
    end = time.monotonic() + 10
    while not telling.said:
        assert time.monotonic() < end
    time.sleep(0.3)
    assert len(telling.said) == 1
    assert "cannot be told of what is new (it answered 503)" in telling.said[0]
    telling.hub.status = 202
    end = time.monotonic() + 10
    while sorted(telling.hub.told) != sorted(topics):
        assert time.monotonic() < end
        time.sleep(0.01)
    telling.has_written(telling.size)
    assert telling.said[1:] == [f"The hub {telling.hub.url} is told of what is new again."]


def test_one_feed_that_is_refused_holds_up_no_other(telling: Telling) -> None:
    telling.start()
    first = telling.happens(1)
    telling.is_told(*first)
    refused = telling.hub.refuses = {first[0]}
    del telling.hub.told[:]
    second = telling.happens(2)
    telling.is_told(*(one for one in second if one not in refused))
    telling.hub.refuses = set()
    telling.is_told(*second[1:], second[0])


def test_a_hub_that_wants_to_be_left_alone_is_left_alone(telling: Telling) -> None:
    telling.hub.status, telling.hub.headers = 429, {"Retry-After": "1"}
    telling.start()
    telling.happens(1)
    end = time.monotonic() + 10
    while not telling.said:
        assert time.monotonic() < end
    start = time.monotonic()
    telling.hub.status = 204
    while not telling.hub.told:
        assert time.monotonic() < start + 10
        time.sleep(0.01)
    assert time.monotonic() - start > 0.8


def test_another_hub_begins_with_what_comes_next(telling: Telling) -> None:
    telling.memory.write_text('{"hub": "https://other.example/", "events": 3}')
    telling.start()
    telling.is_told(*telling.happens(1))


@pytest.mark.parametrize("memory", ["", "{", "[]", "null", "{}", "\x00"])
def test_a_memory_that_nobody_can_read_tells_of_everything(telling: Telling, memory: str) -> None:
    telling.memory.write_text(memory)
    with Library(telling.settings.archive_db).open() as conn:
        topics = websub.topics(conn, telling.settings, -1)
    telling.start()
    telling.is_told(*topics)


def test_a_shorter_log_is_followed_from_where_it_stands(telling: Telling) -> None:
    telling.memory.write_text(json.dumps({"hub": telling.hub.url, "events": 999}))
    telling.start()
    telling.is_told(*telling.happens(1))


def test_tables_that_are_away_for_a_while_are_waited_for(telling: Telling) -> None:
    telling.start()
    telling.reader.archive.store.close()
    away = telling.reader.archive.path.rename(telling.reader.archive.path.with_name("away"))
    time.sleep(0.1)
    away.rename(telling.reader.archive.path)
    telling.reader.archive.store = Store(telling.reader.archive.path)
    telling.is_told(*telling.happens(1))
    assert telling.said == []


def test_a_hub_that_never_finishes_is_left(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcer, "DEADLINE", 0.3)
    telling.hub.drips = True
    with pytest.raises((OSError, http.client.HTTPException)):
        ping(telling.hub.url, "https://archive.example/en/feeds/all.atom")


def test_a_hub_that_is_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcer, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimeoutError):
        ping(f"http://127.0.0.1:{silent.getsockname()[1]}/", "https://archive.example/")


@pytest.mark.parametrize("status", [200, 202, 204, 301, 308, 400, 404, 410, 500])
def test_only_success_counts_and_no_redirection_is_followed(hub: FakeHub, status: int) -> None:
    hub.status, hub.headers = status, {"Location": hub.url}
    if status < 300:
        ping(hub.url, "https://archive.example/a?b=ŷ&c")
        assert hub.told == ["https://archive.example/a?b=ŷ&c"]
    else:
        with pytest.raises(NotTaken, match=str(status)):
            ping(hub.url, "https://archive.example/a")
        assert hub.told == []


def test_an_end_does_not_wait_for_a_slow_hub(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcer, "FAREWELL", 0.2)
    telling.hub.drips = True
    telling.start()
    telling.happens(1)
    time.sleep(0.2)
    start = time.monotonic()
    assert telling.running
    telling.running.stop()
    assert time.monotonic() - start < 1.0
    telling.hub.drips = False
    telling.running.join(5)
    telling.running = None
