"""What is kept in front of Flask answers as Flask would, and never with what was true before."""

import gzip
import math
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from archive import forgetting
from archive.home import Home
from feeds import ready as module
from feeds import states
from feeds.library import Library, Unavailable
from feeds.ready import Answer, Key, Ready, Shelf
from tests.feeds.conftest import Reader

FEED = "/en/feeds/all.atom"
PATHS = [
    "/", "/en", "/en/", "/cy/", FEED, "/cy/feeds/all.rss", "/en/feeds/all.json", "/en/feeds/commitments.ics",
    "/en/feeds/org/aberdulas-council.atom", "/en/feeds/search.atom", "/en/feeds/none.atom", "/en/feeds.opml",
    "/en/feeds/all/archive/1-1.atom", "/en/records/person/nia-prys", "/en/records/person/nobody", "/en/events/E1",
    "/en/timeline", "/en/search", "/en/topics", "/en/people", "/en/numbers", "/en/corrections", "/en/removals",
    "/en/about", "/static/style.css", "/favicon.ico", "/robots.txt", "/sitemap.xml", "/sitemap-0.xml",
    "/.well-known/security.txt", "/log/checkpoint", "/log/vkey", "/log/tile/0/000.p/5", "/log/proof/5",
    "/log/facts/5", "/log/facts/1-3", "/nothing", "//", "//en/", "///en/timeline", "/en/../en/", "", "/en/feeds/all.atom\xe9", "/\x00",
]  # fmt: skip
FEEDS = [
    FEED,
    "/en/feeds/all.json",
    "/en/feeds/org/aberdulas-council.atom",
    "/en/feeds/corrections.rss",
]
QUERIES = ["", "", "", "q=council", "q=Council", "q=council&x", "page=2", "kind=meeting", "v=1", "&", "%ff", "q=%00"]  # fmt: skip
Sent = tuple[str, list[tuple[str, str]], bytes]


def ask(app: Any, path: str, query: str = "", method: str = "GET", **more: str) -> Sent:
    """Return what an application answers: status, headers in their order, body."""
    environ = EnvironBuilder(method=method).get_environ()
    environ |= {"PATH_INFO": path, "QUERY_STRING": query, **more}
    body, status, headers = run_wsgi_app(app, environ, buffered=True)
    return status, list(headers), b"".join(body)


def ready_of(client: FlaskClient) -> Ready:
    assert isinstance(client.application.wsgi_app, Ready)
    return client.application.wsgi_app


def behind(client: FlaskClient) -> Any:
    return ready_of(client).app


def warm(client: FlaskClient) -> tuple[list[str], list[str]]:
    """Return the ETags and the dates of the site's answers, plain and packed."""
    tags, dates = [], []
    for path in PATHS:
        for accepted in ("", "gzip"):
            named = dict(ask(behind(client), path, HTTP_ACCEPT_ENCODING=accepted)[1])
            tags += filter(None, [named.get("ETag")])
            dates += filter(None, [named.get("Last-Modified")])
    return tags, dates


text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=30)


@pytest.fixture(scope="module")
def known(still: FlaskClient) -> tuple[list[str], list[str]]:
    return warm(still)


def headers_of(known: tuple[list[str], list[str]]) -> dict[str, st.SearchStrategy[str]]:
    """Return what may be sent, first of all what says which answer is wanted."""
    tags, dates = known
    tag = st.sampled_from(tags) | st.integers(0, 20).map(lambda stand: f'"{stand}-{0:032x}"')
    spoilt = tag.map(lambda one: one.strip('"')) | tag.map(lambda one: f'"1{one[1:]}')
    conditions = (
        tag | tag.map(lambda one: f"W/{one}") | spoilt | st.sampled_from(["*", "", ",", '"', 'W/"'])
        | text | st.lists(tag | text, max_size=3).map(", ".join)
    )  # fmt: skip
    days = st.sampled_from([*dates, "Sat, 01 Jan 2050 00:00:00 GMT", "0", ""]) | text
    codings = text | st.sampled_from(
        ["gzip", "*", "gzip;q=0", "identity", "br, gzip;q=0.1", "GZIP", "gzip;q=x", "gzip;q=2", "*;q=0"]
    )  # fmt: skip
    return {
        "HTTP_IF_NONE_MATCH": conditions, "HTTP_IF_MATCH": conditions, "HTTP_IF_MODIFIED_SINCE": days,
        "HTTP_ACCEPT_ENCODING": codings, "HTTP_A_IM": st.sampled_from(["feed", "feed;q=0", "gzip, feed", "*"]) | text,
        "HTTP_IF_UNMODIFIED_SINCE": days, "HTTP_IF_RANGE": conditions | days,
        "HTTP_RANGE": st.sampled_from(["bytes=0-9", "bytes=-1"]) | text,
        "HTTP_ACCEPT_LANGUAGE": st.sampled_from(["cy", "en;q=0.1, cy"]) | text, "HTTP_ACCEPT": text,
        "HTTP_HOST": st.sampled_from(["evil.example", "a:b:c", "", "[::1]:80"]) | text,
        "HTTP_X_FORWARDED_HOST": text, "HTTP_CACHE_CONTROL": text, "HTTP_COOKIE": text,
        "CONTENT_LENGTH": st.sampled_from(["0", "5", "x", ""]), "CONTENT_TYPE": text,
        "SCRIPT_NAME": st.sampled_from(["", "/en"]),
    }  # fmt: skip


def alike(still: FlaskClient, *asked: str, **headers: str) -> None:
    """Find the same answer behind, when it is made, and when it is kept, for this site and a new one."""
    right = ask(behind(still), *asked, **headers)
    cold = Ready(behind(still), still.application.extensions["site"].library)
    for app in (cold, cold, ready_of(still)):
        assert ask(app, *asked, **headers) == right


@pytest.mark.parametrize("path", PATHS)
def test_it_answers_as_flask_does(still: FlaskClient, path: str) -> None:
    for method in ("HEAD", "GET", "POST"):
        for accepted in ("", "gzip"):
            alike(still, path, "", method, HTTP_ACCEPT_ENCODING=accepted)


@pytest.mark.parametrize(
    "path", ["//", "//en/", "///en/timeline", "//robots.txt", "//static/style.css"]
)
def test_a_page_has_one_address_however_many_slashes_are_typed(
    still: FlaskClient, path: str
) -> None:
    status, headers, body = ask(ready_of(still), path)
    assert status.startswith("404 ")
    assert b"</html>" in body
    assert dict(headers)["Cache-Control"] == "no-store"


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_a_reader_has_already(
    still: FlaskClient, known: tuple[list[str], list[str]], data: Any
) -> None:
    path = data.draw(st.sampled_from(FEEDS))
    tags = [dict(ask(behind(still), path, HTTP_ACCEPT_ENCODING=one)[1])["ETag"] for one in ("", "gzip")]  # fmt: skip
    values = headers_of((tags, known[1]))
    names = data.draw(st.sets(st.sampled_from(list(values)[:5]), min_size=1, max_size=3))
    headers = {name: data.draw(values[name]) for name in sorted(names)}
    alike(still, path, "", data.draw(st.sampled_from(["GET", "HEAD"])), **headers)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_whatever_is_asked(
    still: FlaskClient, known: tuple[list[str], list[str]], data: Any
) -> None:
    values = headers_of(known)
    names = data.draw(st.sets(st.sampled_from(list(values)), max_size=5))
    headers = {name: data.draw(values[name]) for name in sorted(names)}
    path = data.draw(st.sampled_from(PATHS) | text.map("/{}".format))
    method = data.draw(st.sampled_from(["GET", "HEAD", "GET", "POST", "OPTIONS", "get"]))
    alike(still, path, data.draw(st.sampled_from(QUERIES) | text), method, **headers)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"If-None-Match": '"{}-00000000000000000000000000000000"', "A-IM": "feed"}, 226),
        ({"If-None-Match": '"{}-00000000000000000000000000000000"'}, 200),
        ({"A-IM": "feed"}, 200),
        ({"If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"}, 304),
        ({"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 200),
        ({"If-Match": '"x"'}, 412),
        ({"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 412),
    ],
)
def test_what_only_flask_knows_is_asked_of_it(
    client: FlaskClient, headers: dict[str, str], code: int
) -> None:
    stand = int(client.get(FEED).headers["ETag"].strip('"').partition("-")[0])
    headers = {name: value.replace("{}", str(stand - 1)) for name, value in headers.items()}
    for _ in range(3):
        assert client.get(FEED).status_code == 200
        assert client.get(FEED, headers=headers).status_code == code


class Counting:
    """An application that counts how often it is asked, in front of another."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.asked = 0

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        return self.app(environ, start_response)  # type: ignore[no-any-return]


@pytest.fixture
def counted(client: FlaskClient) -> Counting:
    counting = Counting(behind(client))
    ready_of(client).app = counting
    return counting


@pytest.mark.parametrize(
    "path", [FEED, "/en/", "/en/records/person/nia-prys", "/static/style.css", "/en/timeline?kind=meeting"]
)  # fmt: skip
def test_flask_is_asked_once(client: FlaskClient, counted: Counting, path: str) -> None:
    tag = client.get(path).headers["ETag"]
    for method in ("GET", "HEAD"):
        assert client.open(path, method=method).status_code == 200
        assert client.open(path, method=method, headers={"If-None-Match": tag}).status_code == 304
        assert client.open(path, method=method, headers={"If-None-Match": '"x"'}).status_code == 200
    more = {"If-None-Match": f'"x", W/{tag}', "A-IM": "feed", "If-Modified-Since": "now"}
    assert client.get(path, headers=more).status_code == 304
    assert counted.asked == 1
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert client.get(path, headers={"Accept-Encoding": "br, gzip"}).data == packed.data
    assert gzip.decompress(packed.data) == client.get(path).data
    assert counted.asked == 2


def test_who_asks_first_with_a_condition_leaves_the_answer_for_all(
    client: FlaskClient, counted: Counting
) -> None:
    tag = client.get("/en/").headers["ETag"]
    ready_of(client)._kept = Ready(counted, client.application.extensions["site"].library)._kept
    assert client.head("/en/", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/en/").status_code == 200
    assert counted.asked == 2


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/en/events/E1", "/log/facts/5", "/en/feeds/search.atom?q=A"]
)
def test_what_is_not_for_all_is_never_kept(
    client: FlaskClient, counted: Counting, path: str
) -> None:
    for number in range(1, 4):
        assert client.get(path).status_code in {200, 301, 302, 404}
        assert counted.asked == number


def test_a_fact_is_seen_as_soon_as_it_is_recorded(client: FlaskClient, reader: Reader) -> None:
    before = client.get(FEED)
    assert client.get(FEED).data == before.data
    reader.retract(reader.number("development/plan-published"))
    reader.archive.tables()
    assert "Withdrawn" in client.get(FEED).text
    assert client.get(FEED, headers={"If-None-Match": before.headers["ETag"]}).status_code == 200


def test_what_is_withheld_is_gone_from_memory(client: FlaskClient, reader: Reader) -> None:
    said = reader.label("development/plan-published")
    paths = (FEED, "/en/", "/en/records/development/plan-published", "/en/timeline")
    assert all(said in client.get(path).text for path in paths * 2)
    with Home(reader.archive.folder).log() as log:
        parts = forgetting.plan(log, "withheld", "development/plan-published", None).parts
        why = forgetting.Why("data-protection", "A decision of 2031")
        forgetting.act(Home(reader.archive.folder), log, "withheld", parts, why, confirmed=None)
    reader.archive.tables()
    assert all(said not in client.get(path).text for path in paths)
    kept = ready_of(client)._kept
    bodies = [one.body for shelf in (kept.plain, kept.asked) for one in shelf._answers.values()]
    assert bodies
    assert not any(said.encode() in body for body in bodies)


# --- Over a file with one number, which the application shows


def write(path: Path, number: int) -> None:
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA journal_mode = TRUNCATE")
    conn.execute("CREATE TABLE IF NOT EXISTS t(n)")
    conn.execute("DELETE FROM t")
    conn.execute("INSERT INTO t VALUES (?)", (number,))
    conn.commit()
    conn.close()


class Shows:
    """An application that shows the number in a file; ``first`` is done before it reads that, ``then`` after."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.asked = 0
        self.headers: dict[str, str] = {}
        self.first: Callable[[], None] = lambda: None
        self.then: Callable[[], None] = lambda: None

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        self.asked += 1
        self.first()
        try:
            with self.library.open() as conn:
                body = str(conn.execute("SELECT n FROM t").fetchone()[0]).encode()
        except Unavailable:
            start_response("503 SERVICE UNAVAILABLE", [("Cache-Control", "no-store")])
            return [b"?"]
        self.then()
        said = {
            "Cache-Control": "public", "ETag": f'"{body.decode()}"', "Content-Length": str(len(body)), **self.headers
        }  # fmt: skip
        start_response("200 OK", [(name, value) for name, value in said.items() if value])
        return [body]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(tmp_path / "n.db", 1)
    return tmp_path / "n.db"


@pytest.fixture
def shows(path: Path) -> Iterator[Shows]:
    library = Library(path, busy_seconds=0.1)
    yield Shows(library)
    library.close()


@pytest.fixture
def number(shows: Shows) -> Callable[..., str]:
    ready = Ready(shows, shows.library)

    def asked(path: str = "/", query: str = "") -> str:
        time.sleep(2 * states.BELIEVED)
        return ask(ready, path, query)[2].decode()

    return asked


def test_a_commit_while_an_answer_is_made_is_not_lost(
    path: Path, shows: Shows, number: Callable[..., str]
) -> None:
    shows.then = lambda: write(path, 2)
    assert number() == "1"
    shows.then = lambda: None
    assert [number(), number(), shows.asked] == ["2", "2", 2]


def test_a_new_file_in_the_place_of_the_old_one_is_noticed(
    path: Path, shows: Shows, number: Callable[..., str], tmp_path: Path
) -> None:
    assert number() == "1"
    for later in (
        2,
        3,
        4,
        5,
    ):  # as many commits as the first one has, and inodes that were free again
        write(tmp_path / "new.db", later)
        (tmp_path / "new.db").replace(path)
        assert [number(), number()] == [str(later)] * 2
    assert shows.asked == 5


def test_without_the_file_the_application_answers(
    path: Path, shows: Shows, number: Callable[..., str]
) -> None:
    assert [number(), number()] == ["1", "1"]
    path.unlink()
    assert [number(), number()] == ["?", "?"]
    assert shows.asked == 3


def test_a_write_ahead_log_counts_no_commits_so_nothing_is_kept(
    path: Path, shows: Shows, number: Callable[..., str]
) -> None:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    for later in (2, 3):
        conn.execute("UPDATE t SET n = ?", (later,))
        assert number() == str(later)
    conn.close()


def test_the_number_of_a_commit_that_was_undone_stands_for_nothing(
    path: Path, shows: Shows, number: Callable[..., str]
) -> None:
    """A writer was killed after it wrote the number, the next one undid it: then the number came again."""
    assert [number(), number(), shows.asked] == ["1", "1", 1]
    head = path.read_bytes()[24:28]

    def put(count: bytes) -> None:
        with path.open("r+b") as file:
            file.seek(24)
            file.write(count)

    put((int.from_bytes(head) + 1).to_bytes(4))
    shows.first = lambda: put(head)
    assert [number(), shows.asked] == ["1", 2]
    shows.first = lambda: None
    write(path, 2)
    assert path.read_bytes()[24:28] == (int.from_bytes(head) + 1).to_bytes(4)
    assert [number(), shows.asked] == ["2", 3]


def test_a_commit_that_goes_on_is_not_yet_seen(
    path: Path, shows: Shows, number: Callable[..., str]
) -> None:
    assert number() == "1"
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("BEGIN EXCLUSIVE")
    conn.execute("UPDATE t SET n = 2")
    assert number() == "1"
    conn.execute("COMMIT")
    conn.close()
    assert number() == "2"


def test_the_day_ends_what_was_kept(
    shows: Shows, number: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    midnight = 20_000 * 86_400
    for at, asked in ((-2, 1), (-1, 1), (0, 2), (1, 2)):
        monkeypatch.setattr(time, "time", lambda at=at: midnight + at)
        assert number() == "1"
        assert shows.asked == asked


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Cache-Control", "no-store"), ("Cache-Control", "public, no-store"), ("Cache-Control", ""), ("ETag", ""),
        ("ETag", 'W/"1"'), ("Vary", "Accept-Encoding, Cookie"), ("Vary", "*"), ("Set-Cookie", "a=b"),
        ("Content-Length", ""), ("Content-Length", str(module.LARGEST + 1)),
    ],
)  # fmt: skip
def test_only_what_lasts_is_kept(
    shows: Shows, number: Callable[..., str], name: str, value: str
) -> None:
    shows.headers[name] = value
    assert [number(), number(), shows.asked] == ["1", "1", 2]


def test_no_questions_push_out_what_has_none(shows: Shows) -> None:
    ready = Ready(shows, shows.library, plain=10 * module.BESIDE, asked=10 * module.BESIDE)
    ask(ready, "/")
    for one in range(100):
        ask(ready, "/", f"q={one}")
    asked = shows.asked
    ask(ready, "/")
    ask(ready, "/", "q=99")
    assert shows.asked == asked
    assert 8 < len(ready._kept.asked._answers) < 11
    assert ready._kept.asked.used <= 10 * module.BESIDE


def answer(size: int) -> Answer:
    return Answer("200 OK", [("ETag", '"a"')], bytes(size))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9_000), st.booleans()), max_size=80))
def test_a_shelf_never_holds_more_than_it_may(puts: list[tuple[int, int, bool]]) -> None:
    shelf = Shelf(20_000)
    for name, size, used in puts:
        key = Key("", f"/{name}", "", packed=False)
        made = answer(size)
        made.used = used
        shelf.put(key, made)
        assert shelf.get(key) is made
        assert shelf.used == sum(one.size for one in shelf._answers.values()) <= 20_000


def test_what_is_used_stays_longest_and_what_is_too_large_is_not_taken() -> None:
    shelf = Shelf(3 * module.BESIDE)
    keys = [Key("", f"/{name}", "", packed=False) for name in "abcd"]
    for key in keys[:3]:
        shelf.put(key, answer(0))
    shelf.get(keys[0]).used = True  # type: ignore[union-attr]
    shelf.put(keys[3], answer(0))
    assert [shelf.get(key) is not None for key in keys] == [True, False, True, True]
    shelf.put(keys[1], answer(2 * module.BESIDE + 1))
    assert shelf.get(keys[1]) is None


def test_headers_are_not_shared_with_who_may_change_them(shows: Shows) -> None:
    ready = Ready(shows, shows.library)

    def spoil(_status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        headers.append(("Date", "now"))

    environ = EnvironBuilder().get_environ()
    ready(environ, spoil)
    ready(environ, spoil)
    ready({**environ, "HTTP_IF_NONE_MATCH": '"1"'}, spoil)
    assert "Date" not in dict(ask(ready, "/")[1])
    assert "Date" not in dict(ask(ready, "/", HTTP_IF_NONE_MATCH='"1"')[1])


def test_many_encodings_are_forgotten_again(shows: Shows) -> None:
    ready = Ready(shows, shows.library)
    for one in range(3 * module.ENCODINGS):
        ask(ready, "/", HTTP_ACCEPT_ENCODING=f"x{one}")
        ask(ready, "/", HTTP_ACCEPT_ENCODING="gzip, " + "y" * module.ENCODING + str(one))
    assert len(ready._packed) <= module.ENCODINGS
    assert max(len(key or "") for key in ready._packed) <= module.ENCODING


def test_a_commit_is_seen_a_millisecond_later(path: Path, shows: Shows) -> None:
    """Four readers beside a writer: no answer is older than what was committed a millisecond before the question."""
    ready, done, late = Ready(shows, shows.library), threading.Event(), []
    committed = [(-math.inf, 1)]
    shows.library._busy_seconds = 5.0

    def read() -> None:
        while not done.is_set():
            time.sleep(0)  # else four threads that never wait leave the writer no time
            before = time.monotonic() - states.BELIEVED
            least = next(count for at, count in reversed(committed) if at <= before)
            status, _, body = ask(ready, "/")
            if status != "200 OK" or int(body) < least:
                late.append((status, body, least))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for one in readers:
        one.start()
    writer = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    writer.execute("PRAGMA synchronous = OFF")
    end = time.monotonic() + 30.0  # a busy machine needs its time for so many; an idle one a second
    while min(len(committed), shows.asked) <= 50 and time.monotonic() < end:
        writer.execute("UPDATE t SET n = n + 1")
        committed.append((time.monotonic(), len(committed) + 1))
        time.sleep(0.001)
    done.set()
    for one in readers:
        one.join()
    writer.close()
    assert late == []
    assert len(committed) > 50
    assert shows.asked > 50


def test_between_two_looks_the_file_is_believed_to_be_what_it_was(
    path: Path, shows: Shows, monkeypatch: pytest.MonkeyPatch
) -> None:
    states_of = shows.library.states
    first = states_of.lately()
    assert first == states_of.now()
    write(path, 2)
    monkeypatch.setattr(states, "BELIEVED", math.inf)
    assert states_of.lately() == first != states_of.now()
    monkeypatch.setattr(states, "BELIEVED", 0.0)
    assert states_of.lately() == states_of.now()


def test_the_locks_of_readers_outlive_a_look_at_another_file(path: Path, tmp_path: Path) -> None:
    """By POSIX, to close a file takes all locks on it from the process; so the old file is not closed."""
    library = Library(path)
    assert library.states.now() is not None
    link = tmp_path / "old.db"
    os.link(path, link)
    with library.open() as conn:
        conn.execute("SELECT n FROM t").fetchone()
        write(tmp_path / "new.db", 2)
        (tmp_path / "new.db").replace(path)
        assert library.states.now() is not None  # looks at the new file now
        code = (
            f"import sqlite3; sqlite3.connect({str(link)!r}, timeout=0).execute('BEGIN EXCLUSIVE')"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        assert b"database is locked" in done.stderr
    library.close()
