"""Conditional requests and compression, over the whole site (RFC 9110, sections 8.8, 12.5.3 and 13)."""

import gzip
from typing import Any

import pytest
from flask.testing import FlaskClient

FEED = "/en/feeds/all.atom"
FAR = "Sat, 01 Jan 2050 00:00:00 GMT"
EARLY = "Wed, 01 Jan 2025 00:00:00 GMT"


@pytest.fixture
def tag(still: FlaskClient) -> str:
    return still.get(FEED).headers["ETag"]


def test_a_feed_has_the_headers_that_readers_go_by(still: FlaskClient) -> None:
    response = still.get(FEED)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Vary"] == "Accept-Encoding, A-IM"
    assert response.headers["ETag"].startswith('"')
    assert response.headers["Last-Modified"] == "Thu, 01 Jan 2026 00:12:00 GMT"
    assert response.headers["Content-Length"] == str(len(response.data))


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        ({"If-None-Match": "{}"}, 304),
        ({"If-None-Match": "W/{}"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": '"other", W/"more", {}'}, 304),
        ({"If-None-Match": '"a,b",{}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": ""}, 200),
        ({"If-None-Match": ",,,"}, 200),
        ({"If-None-Match": '"unended'}, 200),
        ({"If-Modified-Since": "Thu, 01 Jan 2026 00:12:00 GMT"}, 304),
        ({"If-Modified-Since": "Thursday, 01-Jan-26 00:12:00 GMT"}, 304),
        ({"If-Modified-Since": "Thu Jan  1 00:12:00 2026"}, 304),
        ({"If-Modified-Since": FAR}, 304),
        ({"If-Modified-Since": EARLY}, 200),
        ({"If-Modified-Since": "Thu, 01 Jan 2026 00:11:59 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": "Thu, 99 Jan 99999 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": ""}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": FAR}, 200),
        ({"If-None-Match": ",,,", "If-Modified-Since": FAR}, 200),
        ({"If-None-Match": "{}", "If-Modified-Since": EARLY}, 304),
        ({"If-Match": "{}"}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "W/{}"}, 412),
        ({"If-Match": "{}", "If-None-Match": "{}"}, 304),
        ({"If-Unmodified-Since": "Thu, 01 Jan 2026 00:12:00 GMT"}, 200),
        ({"If-Unmodified-Since": FAR}, 200),
        ({"If-Unmodified-Since": "Thu, 01 Jan 2026 00:11:59 GMT"}, 412),
        ({"If-Unmodified-Since": EARLY}, 412),
        ({"If-Unmodified-Since": "yesterday"}, 200),
        ({"If-Unmodified-Since": ""}, 200),
        ({"If-Match": "{}", "If-Unmodified-Since": EARLY}, 200),
        ({"If-Match": '"other"', "If-Unmodified-Since": FAR}, 412),
        ({"If-Unmodified-Since": EARLY, "If-None-Match": "{}"}, 412),
        ({"If-Unmodified-Since": FAR, "If-None-Match": "{}"}, 304),
        ({"Range": "bytes=0-9"}, 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_condition_decides(
    still: FlaskClient, tag: str, method: str, headers: dict[str, str], code: int
) -> None:
    sent = {name: value.replace("{}", tag) for name, value in headers.items()}
    response = still.open(FEED, method=method, headers=sent)
    assert response.status_code == code
    if code == 304:
        assert response.data == b""
        assert response.headers["ETag"] == tag
        assert response.headers["Cache-Control"] == "public, max-age=300"
        assert response.headers["Vary"] == "Accept-Encoding, A-IM"
        assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("", False),
        ("br", False),
        ("*;q=0", False),
    ],
)
def test_who_accepts_gzip_gets_it(still: FlaskClient, accepted: str, packed: bool) -> None:
    plain = still.get(FEED)
    response = still.get(FEED, headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == ("gzip" if packed else None)
    assert response.headers["Vary"] == "Accept-Encoding, A-IM"
    assert (response.headers["ETag"] != plain.headers["ETag"]) == packed
    assert (gzip.decompress(response.data) if packed else response.data) == plain.data


def test_each_encoding_has_its_own_tag(still: FlaskClient, tag: str) -> None:
    packed = {"Accept-Encoding": "gzip"}
    other = still.get(FEED, headers=packed).headers["ETag"]
    assert still.get(FEED, headers={**packed, "If-None-Match": other}).status_code == 304
    assert still.get(FEED, headers={**packed, "If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "path", [FEED, "/en/", "/en/records/doc/none", "/static/style.css", "/nothing"]
)
def test_head_is_get_without_a_body(still: FlaskClient, path: str) -> None:
    got, asked = still.get(path), still.head(path)
    assert asked.data == b""
    assert asked.status_code == got.status_code
    assert asked.headers == got.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", [FEED, "/en/", "/", "/en/records/a/b", "/static/style.css"])
def test_nothing_can_be_changed(still: FlaskClient, method: str, path: str) -> None:
    response = still.open(path, method=method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_page_answers_conditions_too(still: FlaskClient) -> None:
    for path in ("/en/", "/en/records/person/nia-prys", "/static/style.css"):
        etag = still.get(path).headers["ETag"]
        assert still.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_a_new_event_ends_what_was_kept(client: FlaskClient, aberdulas: Any) -> None:
    tag = client.get(FEED).headers["ETag"]
    aberdulas.record("EntityRecorded", id="topic/roofs", new=True, kind="topic", name="Roofs")
    assert client.get(FEED, headers={"If-None-Match": tag}).status_code == 304  # not projected yet
    aberdulas.tables()
    later = client.get(FEED)
    assert later.headers["Last-Modified"] == "Thu, 01 Jan 2026 00:13:00 GMT"
    assert later.headers["ETag"] == tag  # no entry of this feed has changed
