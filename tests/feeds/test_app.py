"""Routes, headers, errors."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import feedparser
import pytest
from flask import abort
from flask.testing import FlaskClient

from feeds.app import HEADERS, create_app
from feeds.kinds import KINDS
from feeds.settings import Settings
from feeds.words import WORDS
from feeds.words.catalogue import error_words
from tests.feeds.conftest import Reader

Open = Callable[[Settings], FlaskClient]
PATHS = [
    "/", "/en/", "/en/feeds/all.atom", "/en/feeds/all.rss", "/en/records/person/nia-prys", "/en/records/person/nobody",
    "/en/events/E1", "/static/style.css", "/favicon.ico", "/nothing", "/en/feeds/none.atom",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_is_guarded(still: FlaskClient, path: str, method: str) -> None:
    response = still.open(path, method=method)
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert response.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self';"
    )
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("ending", ["atom", "rss"])
def test_each_feed_is_there_in_each_format(still: FlaskClient, name: str, ending: str) -> None:
    response = still.get(f"/en/feeds/{name}.{ending}")
    assert response.status_code == 200
    parsed = feedparser.parse(response.data)
    assert not parsed.bozo
    links = {link["rel"]: link["href"] for link in parsed.feed.links}
    assert links["self"] == f"https://archive.example/en/feeds/{name}.{ending}"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/de/", "/cy/records/person/nia-prys", "/en/cofnodion/person/nia-prys", "/en/feeds/all", "/en/feeds/all.txt", "/en/feeds/none.atom", "/en/feeds/all.atom/", "/en//",
        "/en/records/person", "/en/records/person/nobody", "/en/records/x/y", "/en/records/person/nia-prys/more",
        "/en/events/E999", "/en/events/47", "/en/events/E-1", "/en/events/E9999999999999999999", "/en/events/Ex",
        "/static/none.css", "/static/../app.py", "/static/%2e%2e/app.py", "/en/records/%00/%00", "/en/records/..%2f/x",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404(still: FlaskClient, path: str) -> None:
    response = still.get(path)
    assert response.status_code == 404
    assert "Not found" in response.text
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"


def test_the_start_leads_home(still: FlaskClient) -> None:
    response = still.get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/en/")


@pytest.mark.parametrize(
    "path",
    ["/", "/en", "/en/", "/en/events/E11", "/en/records/person/nia-prys", "/en/feeds/all.rss"],
)
def test_the_host_header_is_never_repeated(still: FlaskClient, path: str) -> None:
    response = still.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert response.status_code < 400
    assert "evil" not in response.text + str(response.headers)


def test_an_event_leads_to_its_place_in_the_record(client: FlaskClient, reader: Reader) -> None:
    number = reader.number("development/plan-published")
    response = client.get(f"/en/events/E{number}")
    assert response.status_code == 302
    assert response.headers["Location"] == f"/en/records/development/plan-published#E{number}"


def test_a_merged_record_leads_to_the_one_that_was_kept(
    client: FlaskClient, reader: Reader
) -> None:
    reader.archive.record(
        "EntityRecorded", id="person/n-prys", new=True, kind="person", name="N. Pryse", public_capacity="Librarian"
    )  # fmt: skip
    number = reader.archive.record(
        "EntitiesMerged", keep="person/nia-prys", merge=["person/n-prys"], reason="duplicate", note="One person."
    )  # fmt: skip
    reader.archive.tables()
    response = client.get("/en/records/person/n-prys")
    assert (response.status_code, response.headers["Location"]) == (
        301,
        "/en/records/person/nia-prys",
    )
    page = client.get("/en/records/person/nia-prys").text
    assert f'id="E{number}"' in page
    assert "The same as person/n-prys" in page


def test_nothing_is_rendered_again_while_nothing_changed(
    client: FlaskClient, reader: Reader
) -> None:
    cache = client.application.extensions["site"].cache
    for _ in range(3):
        client.get("/en/feeds/all.atom")
        client.get("/en/feeds/all.rss")
        client.get("/en/")
    assert cache.made == 3
    reader.retract(reader.number("development/plan-published"))
    reader.archive.tables()
    assert "Withdrawn" in client.get("/en/feeds/all.atom").text
    assert cache.made == 4


def test_an_empty_archive_is_a_site_too(empty: Any, open_site: Open) -> None:
    client = open_site(Reader(empty).settings)
    assert "Nothing is recorded yet." in client.get("/en/").text
    for ending in ("atom", "rss"):
        response = client.get(f"/en/feeds/all.{ending}")
        assert not feedparser.parse(response.data).bozo
        assert "Last-Modified" not in response.headers


@pytest.mark.parametrize(
    "path", ["/en/", "/en/feeds/all.atom", "/en/records/person/nia-prys", "/en/events/E1"]
)
def test_a_missing_file_is_a_matter_of_time(tmp_path: Path, open_site: Open, path: str) -> None:
    client = open_site(Settings(archive_db=tmp_path / "none.db"))
    response = client.get(path)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Cache-Control"] == "no-store"
    assert "being brought up to date" in response.text
    assert str(tmp_path) not in response.text
    assert client.get("/static/style.css").status_code == 200


def test_a_locked_file_is_a_matter_of_time(client: FlaskClient, reader: Reader) -> None:
    client.application.extensions["site"].library._busy_seconds = 0.05
    writer = sqlite3.connect(reader.settings.archive_db, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    assert client.get("/en/feeds/all.atom").status_code == 503
    writer.execute("ROLLBACK")
    writer.close()
    assert client.get("/en/feeds/all.atom").status_code == 200


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [("en", "Something went wrong on our side", "Aeth rhywbeth o’i le"), ("cy", "Aeth rhywbeth o’i le", "Something went wrong on our side")],
)  # fmt: skip
def test_our_own_error_is_told_without_its_trace(
    reader: Reader, language: str, first: str, second: str
) -> None:
    app = create_app(replace(reader.settings))
    app.add_url_rule(f"/{language}/broken", "broken", lambda: 1 // 0)
    response = app.test_client().get(f"/{language}/broken")
    assert response.status_code == 500
    assert response.text.index(first) < response.text.index(second)
    assert "ZeroDivisionError" not in response.text
    assert "Traceback" not in response.text
    assert "line " not in response.text.partition("<main")[2]


@pytest.mark.parametrize("code", [400, 404, 405, 410, 412, 413, 418, 429, 500, 502, 503])
@pytest.mark.parametrize("language", WORDS)
def test_every_error_has_a_page_in_both_languages(reader: Reader, code: int, language: str) -> None:
    app = create_app(reader.settings)
    app.add_url_rule(f"/{language}/wrong", "wrong", lambda: abort(code))
    response = app.test_client().get(f"/{language}/wrong")
    assert response.status_code == code
    titles = [error_words(words, code).title for words in WORDS.values()]
    assert len(set(titles)) == 2
    assert all(f"<h1>{title}</h1>" in response.text for title in titles)
    assert f'<html lang="{language}">' in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in response.text


def test_the_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_URL", "https://other.example")
    assert create_app().extensions["site"].settings.base_url == "https://other.example"


def test_a_static_file_is_kept_for_ever_under_its_digest(still: FlaskClient) -> None:
    page = still.get("/en/").text
    path = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert still.get(path).headers["Cache-Control"].endswith("immutable")
    assert still.get("/static/style.css?v=old").headers["Cache-Control"] == "public, max-age=300"
    assert still.get("/static/feed.css").headers["Content-Type"] == "text/css; charset=utf-8"
    assert still.get("/favicon.ico").headers["Content-Type"] == "image/svg+xml"
