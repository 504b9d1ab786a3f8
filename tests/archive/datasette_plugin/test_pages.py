"""The plugin as a researcher meets it: in a real Datasette on real tables."""

from __future__ import annotations

import sqlite3
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from archive.datasette_plugin import download
from archive.datasette_plugin.links import LEADS, home_table
from archive.tables import TABLES
from events.values import KINDS
from tests.archive.datasette_plugin.conftest import SITE, Served


class Links(HTMLParser):
    """The links of a page, with their words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._at: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "a":
            self._at = dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._at = None

    def handle_data(self, data: str) -> None:
        if self._at:
            self.found[self._at] = self.found.get(self._at, "") + data


def links(served: Served, path: str) -> dict[str, str]:
    response = served.get(path)
    assert response.status_code == 200, path
    return Links(response.text).found


def test_every_kind_of_record_has_a_table_and_every_lead_a_column() -> None:
    columns = {table.name: {column.name for column in table.columns} for table in TABLES}

    assert all(column in columns[table] for table, column, _ in LEADS)
    homes = {kind: home_table(f"{kind}/x") for kind in KINDS}
    assert set(homes.values()) <= set(columns)
    assert len(set(homes.values())) == len(KINDS), "each kind has a table of its own"


def test_from_a_person_one_comes_to_posts_words_proof_and_the_public_page(
    datasette: Served,
) -> None:
    found = links(datasette, "/archive/people/person~2Fnia-prys")

    assert found[f"{SITE}/en/records/person/nia-prys"] == "its public page"
    assert found["/archive/records/person~2Fnia-prys"] == "its record"
    tenures = next(href for href, text in found.items() if text == "Posts held")
    assert "tenure/prys-librarian" in datasette.get(tenures).text
    statements = next(href for href, text in found.items() if text == "Statements")
    statement = next(
        href for href in links(datasette, statements) if href.endswith("statement~2Fprys-1")
    )
    evidence = next(
        href for href, text in links(datasette, statement).items() if text == "Pieces of evidence"
    )
    assert "Books now" in datasette.get(evidence).text


def test_a_promise_leads_to_its_readings_and_its_outcome(datasette: Served) -> None:
    found = links(datasette, "/archive/commitments/commitment~2Flibrary-plan").values()

    assert {"Readings of the deadline", "Outcomes", "Versions", "Claims"} <= set(found)


def test_every_link_of_every_row_page_leads_somewhere(datasette: Served, aberdulas: Any) -> None:
    seen: set[str] = set()
    for slug, _ in aberdulas.rows("SELECT id, kind FROM records"):
        seen |= set(links(datasette, f"/archive/records/{slug.replace('/', '~2F')}"))
    own = {href for href in seen if href.startswith("/archive/") and "." not in href}

    assert len(own) > 60
    assert [href for href in own if datasette.get(href).status_code != 200] == []


def test_an_event_and_a_piece_of_evidence_lead_to_the_events_page(datasette: Served) -> None:
    assert f"{SITE}/en/events/E7" in links(datasette, "/archive/events/7")
    [row] = datasette.get("/archive/evidence.json?_shape=array&_size=1").json()
    key = f"{row['record_id'].replace('/', '~2F')},{row['event']},{row['number']}"
    found = links(datasette, f"/archive/evidence/{key}")
    assert found[f"/archive/events/{row['event']}"].startswith(f"event E{row['event']}")
    assert f"{SITE}/en/records/{row['record_id']}" in found


def test_in_the_answer_to_a_query_slugs_and_events_are_links(datasette: Served) -> None:
    sql = "select+id,first_event,'not/a-slug'+as+x,'person/UPPER'+as+y,true+as+event+from+records+where+kind='person'"

    found = links(datasette, f"/archive?sql={sql}")

    assert found["/archive/records/person~2Fnia-prys"] == "person/nia-prys"
    assert found[f"{SITE}/en/records/person/nia-prys"] == "page"
    assert next(text for href, text in found.items() if "/archive/events/" in href)[0] == "E"
    assert not [href for href in found if "not/a-slug" in href and "/records/" in href]


def test_without_a_public_site_there_are_no_links_to_one(
    datasette: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARCHIVE_URL")

    found = links(datasette, "/archive/people/person~2Fnia-prys")

    assert not [href for href in found if "/en/" in href]
    assert found["/archive/records/person~2Fnia-prys"] == "its record"


def test_the_front_page_shows_charts_and_each_is_one(datasette: Served) -> None:
    html = datasette.get("/archive").text
    images = [part.partition('"')[0] for part in html.split('<img src="')[1:]]

    assert len(images) == 4
    for image in images:
        response = datasette.get(image.replace("&amp;", "&"))
        assert (response.status_code, response.headers["content-type"]) == (200, "image/svg+xml")


def test_a_question_has_its_title_and_its_chart(datasette: Served) -> None:
    html = datasette.get("/archive/deadlines-by-status").text

    assert "<title>How do all the promises and duties stand? – archive</title>" in html
    assert '<img src="/archive/deadlines-by-status.svg"' in html
    assert "<img" not in datasette.get("/archive/what-was-due").text


def test_any_query_can_be_had_as_atom_and_calendar_and_only_numbers_as_chart(
    datasette: Served,
) -> None:
    atom = datasette.get("/archive/what-was-due.atom?day=2031-12-31")
    assert atom.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert f"{SITE}/en/records/commitment/library-plan" in atom.text
    ics = datasette.get("/archive/what-was-due.ics?day=2031-12-31")
    assert ics.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "DTSTART;VALUE=DATE:20310324" in ics.text
    assert datasette.get("/archive/what-was-due.svg").status_code == 400
    table = datasette.get("/archive/people.atom")
    assert "people, Powys archive" in table.text


def test_the_whole_file_is_there_for_the_taking_and_no_copy_stays(
    datasette: Served, aberdulas: Any, tmp_path: Path
) -> None:
    before = set(aberdulas.path.parent.iterdir())

    response = datasette.get("/archive.db")

    assert response.headers["content-disposition"] == 'attachment; filename="archive.db"'
    copy = tmp_path / "copy.db"
    copy.write_bytes(response.content)
    with sqlite3.connect(copy) as got:
        assert got.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        wanted = aberdulas.rows("SELECT count(*) FROM events")
        assert got.execute("SELECT count(*) FROM events").fetchall() == wanted
    got.close()
    copy.unlink()
    assert set(aberdulas.path.parent.iterdir()) == before


def test_only_a_few_downloads_go_on_at_once_and_then_others_may(
    datasette: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MOST", 1)

    statuses = [response.status_code for response in datasette.several(*["/archive.db"] * 3)]

    assert sorted(statuses) == [200, 429, 429]
    assert datasette.get("/archive.db").status_code == 200


def test_answers_carry_the_security_headers_and_queries_are_not_for_crawlers(
    datasette: Served,
) -> None:
    page, query = datasette.get("/archive/people"), datasette.get("/archive?sql=select+1")

    for response in (page, query, datasette.get("/nowhere")):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert "x-robots-tag" not in page.headers
    assert query.headers["x-robots-tag"] == "noindex, nofollow"
    assert "Disallow: /*?" in datasette.get("/robots.txt").text


def test_a_page_is_told_to_be_unchanged_until_something_is_recorded(
    datasette: Served, aberdulas: Any
) -> None:
    etag = datasette.get("/archive/topics.json").headers["etag"]
    assert datasette.get("/archive/topics.json", {"If-None-Match": etag}).status_code == 304

    aberdulas.record("EntityRecorded", id="topic/buses", new=True, kind="topic", name="Buses")
    aberdulas.tables()

    fresh = datasette.get("/archive/topics.json", {"If-None-Match": etag})
    assert fresh.status_code == 200
    assert "topic/buses" in fresh.text


def test_a_slow_query_holds_up_no_page(datasette: Served) -> None:
    slow = "/archive.json?sql=with+recursive+c(x)+as+(select+1+union+all+select+x%2B1+from+c)+select+count(*)+from+c"

    *queries, page = datasette.several(*[f"{slow}--{n}" for n in range(6)], "/archive/people")

    assert page.status_code == 200
    assert {response.status_code for response in queries} <= {400, 429}
