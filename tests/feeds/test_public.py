"""The pages that gather and list."""

import re
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds import ready
from feeds.deadlines import deadlines
from feeds.public import directory, machine, numbers
from feeds.public import promises as promise_page
from feeds.public.directory import PROMISES
from feeds.settings import Settings
from feeds.sql import promises
from feeds.sql.search import question
from feeds.words import WORDS
from tests.feeds.conftest import PAPER, Reader, on
from tests.feeds.test_pages import page

Open = Callable[[Settings], FlaskClient]


@pytest.mark.parametrize("language", WORDS)
def test_every_page_is_there_and_its_links_lead_somewhere(
    reader: Reader, open_site: Open, language: str
) -> None:
    reader.archive.sign()
    client = open_site(reader.settings)
    found = {f"/{language}/"}
    for name in ("commitments", "corrections", "timeline", "topics", "bodies", "people", "numbers", "search", "subscribe", "about",
                 "accessibility", "privacy", "data"):  # fmt: skip
        path = f"/{language}/{WORDS[language].paths[name]}"
        text, made = page(client, path)
        assert made.tags.count("h1") == 1, path
        assert len(set(made.ids)) == len(made.ids), path
        assert f"https://archive.example{path}" in made.links
        found |= {link.partition("#")[0] for link in made.links if link.startswith("/")}
        assert WORDS[language].say["independent"] in text
    for link in found:
        assert client.get(link).status_code == 200, link


@pytest.mark.parametrize("language", WORDS)
def test_a_page_leads_to_its_twin_in_the_other_language(still: FlaskClient, language: str) -> None:
    asked = "status=depends+on+reading"
    text, made = page(still, f"/{language}/{WORDS[language].paths['commitments']}?{asked}")
    for other, theirs in WORDS.items():
        twin = f"/{other}/{theirs.paths['commitments']}?{asked}"
        assert f'hreflang="{other}" href="https://archive.example{twin}"' in text
        assert twin in made.links


class TestPromises:
    def test_each_reading_has_its_verdict(self, still: FlaskClient) -> None:
        text, made = page(still, "/en/commitments")
        assert "Depends on how the deadline is read" in text
        (item,) = re.findall(r"<li>\s*<p class=\"meta\">.*?</ul>", text, re.DOTALL)
        readings = re.findall(
            r"<strong>([^<]+)</strong>.*?class=\"verdict ([a-z-]+)\">([^<]+)", item
        )
        assert {(status, said.partition(" (")[0]) for _, status, said in readings} == {
            ("met", "Done in time"), ("late", "Done, but late")
        }  # fmt: skip
        assert "days late: " in item
        assert "/en/bodies/aberdulas-council" in made.links
        assert "/en/records/commitment/library-plan" in made.links

    def test_a_page_leads_to_the_next_one_of_the_same_status(
        self, client: FlaskClient, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(promise_page, "LINES", 2)
        for number in range(5):
            reader.archive.record(
                "CommitmentRecorded", PAPER, id=f"commitment/c{number}", new=True, obliged="org/aberdulas-council",
                kind="promised", what=f"Mend roof {number}", readings=[{"label": "said", "on": on(f"2999-0{number + 1}-01")}],
            )  # fmt: skip
        reader.archive.tables()
        found, path = [], "/en/commitments?status=due"
        while path:
            text, made = page(client, path)
            found.append(re.findall(r"Mend roof (\d)</bdi>", text))
            path = next(iter(re.findall(r'rel="next" href="([^"]+)"', text)), "").replace(
                "&amp;", "&"
            )
        assert found == [["4", "3"], ["2", "1"], ["0"]]
        assert "Shown: 5 to 5 of 5." in text
        assert "/en/commitments?status=due&page=2" in made.links

    def test_the_verdicts_sum_up_to_the_status_of_the_view(self, reader: Reader) -> None:
        record = reader.archive.record
        for number, (kind, day, result, done) in enumerate([
            ("promised", "2031-04-01", "done", "2031-03-01"), ("promised", "2031-04-01", "done", "2031-05-01"),
            ("promised", "2031-04", "done", "2031-04"), ("promised", "2031-04-10", "done", "2031-04"),
            ("promised", "2020-04-01", "not-done", "2020-04-02"), ("promised", "2020-04-01", "", ""),
            ("promised", "2999-01-01", "", ""), ("aspiration", "2020-04-01", "done", "2020-03-01"),
            ("promised", "2020-04-01", "superseded", "2020-03-01"), ("promised", "", "done", "2020-03-01"),
            ("promised", "", "", ""), ("promised", "2020-04-01", "partly-done", "2020-03-01"),
            ("promised", "2031-04/..", "done", "2031-05-01"), ("promised", "2031-04/..", "", ""),
            ("aspiration", "2031-04/..", "done", "2031-05-01"), ("promised", "2031-04-01", "done", "../2031-03"),
        ]):  # fmt: skip
            slug = f"commitment/c{number}"
            readings = [{"label": "as read", "on": on(day)}] if day else []
            record("CommitmentRecorded", PAPER, id=slug, new=True, obliged="org/aberdulas-council", what="Build it",
                   kind=kind, readings=readings)  # fmt: skip
            if result:
                record("OutcomeRecorded", PAPER, id=f"outcome/c{number}", new=True, commitment=slug, result=result,
                       happened=on(done))  # fmt: skip
        reader.archive.tables()
        with sqlite3.connect(reader.settings.archive_db) as conn:
            found = promises.promises(conn)
            seen = set()
            for one in found:
                verdicts = {reading.verdict for reading in one.readings} or {one.status}
                expected = "depends on reading" if len(verdicts) > 1 else verdicts.pop()
                assert one.status == expected, one.id
                seen.add(expected)
                # A feed and the page of the record tell the same, as far as it takes no clock.
                done = one.result == "done" and one.kind != "aspiration"
                assert [said.verdict for said in deadlines(reader.dossier(one.id), WORDS["en"])] == [
                    WORDS["en"].verdicts[f"reading {reading.verdict}"] if done else None for reading in one.readings
                ], one.id  # fmt: skip
            assert seen == {
                "met",
                "late",
                "unknown",
                "missed",
                "due",
                "undatable",
                "superseded",
                "depends on reading",
            }
            assert [one.id for one in promises.ahead(conn, 5)] == ["commitment/c6"]
            assert "commitment/c6" not in {one.id for one in promises.behind(conn, 50)}
        conn.close()

    def test_who_promised_and_a_topic_filter(
        self, client: FlaskClient, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(promise_page, "CHOICES", 1)
        for number in range(2):
            reader.archive.record(
                "CommitmentRecorded", PAPER, id=f"commitment/c{number}", new=True, obliged="org/aberdulas-post",
                kind="promised", what=f"Mend roof {number}", topics=["topic/libraries"] if number else [],
                readings=[{"label": "said", "on": on("2999-01-01" if number else "2020-01-01")}],
            )  # fmt: skip
        reader.archive.tables()

        def found(query: str) -> set[str]:
            text, made = page(client, f"/en/commitments?{query}")
            items = re.findall(r'class="what" href="/en/records/commitment/([^"]+)"', text)
            assert f'role="status">Shown: 1 to {len(items)} of {len(items)}.' in text
            assert len(made.ids) == len(set(made.ids))
            return set(items)

        assert found("by=org/aberdulas-post") == {"c0", "c1"}
        assert found("by=org/aberdulas-post&topic=topic/libraries") == {"c1"}
        assert found("by=org/aberdulas-post&status=due") == {"c1"}
        assert "library-plan" in found("by=org/none&topic=topic/none&status=none")
        text, made = page(client, "/en/commitments?topic=&by=org/aberdulas-council&page=9")
        assert "https://archive.example/en/commitments?by=org%2Faberdulas-council" in made.links
        assert '<option value="org/aberdulas-council" selected>Aberdulas Council</option>' in text
        assert '<option value="org/aberdulas-post">' in text  # the one of which there are most
        assert "/en/commitments?by=org%2Faberdulas-council&status=depends+on+reading" in made.links
        text, made = page(client, "/en/commitments?by=org/aberdulas-post&topic=topic/libraries")
        (data,) = [link for link in made.links if "commitment_status.csv" in link]
        asked = parse_qs(data.partition("?")[2])
        with closing(sqlite3.connect(reader.settings.archive_db)) as conn:
            sql = f"SELECT id FROM commitment_status WHERE obliged_id = ? AND {asked['_where'][0]}"
            assert conn.execute(sql, asked["obliged_id__exact"]).fetchall() == [("commitment/c1",)]
        nothing, _ = page(client, "/en/commitments?by=org/aberdulas-council&topic=topic/libraries")
        assert '<p role="status">Nothing on record fits that.</p>' in nothing

    @pytest.mark.parametrize(
        ("about", "query"),
        [("bodies/aberdulas-council", "by=org%2Faberdulas-council"), ("topics/libraries", "topic=topic%2Flibraries")],
    )  # fmt: skip
    def test_the_page_of_a_body_or_topic_leads_to_all_of_its_promises(
        self, client: FlaskClient, reader: Reader, about: str, query: str
    ) -> None:
        reader.archive.record(
            "CommitmentRecorded", PAPER, id="commitment/c", new=True, obliged="org/aberdulas-council", kind="promised",
            what="Mend the roof", topics=["topic/libraries"],
        )  # fmt: skip
        reader.archive.tables()
        _, made = page(client, f"/en/{about}")
        assert f"/en/commitments?{query}" in made.links
        assert "/en/records/commitment/c" in page(client, f"/en/commitments?{query}")[1].links

    def test_a_status_filters(self, still: FlaskClient) -> None:
        text, _ = page(still, "/en/commitments?status=depends+on+reading")
        assert "Shown: 1 to 1 of 1." in text
        everything, _ = page(still, "/en/commitments?status=none%20of%20these")
        assert 'aria-current="true">All' in everything


class TestTimeline:
    def test_lines_stand_under_their_months(self, still: FlaskClient) -> None:
        text, _ = page(still, "/en/timeline")
        march = text.partition("March 2031</h2>")[2].partition("<h2")[0]
        assert "28 March 2031" in march
        assert "The plan for the libraries was published" in march

    def test_filters_narrow_and_order_turns(self, client: FlaskClient, reader: Reader) -> None:
        for year in ("2029", "2033"):
            reader.archive.record(
                "DevelopmentRecorded", PAPER, id=f"development/y{year}", new=True, what=f"Of the year {year}",
                kind="other", happened=on(year), topics=["topic/libraries"],
            )  # fmt: skip
        reader.archive.tables()

        def lines(query: str) -> list[str]:
            return re.findall(r"Of the year \d+", page(client, f"/en/timeline?{query}")[0])

        assert lines("") == ["Of the year 2033", "Of the year 2029"]
        assert lines("order=oldest") == ["Of the year 2029", "Of the year 2033"]
        assert lines("year=2029") == ["Of the year 2029"]
        assert lines("topic=topic/libraries&kind=development&year=2033") == ["Of the year 2033"]
        assert lines("kind=meeting") == []
        assert (
            "Nothing on record fits that." in page(client, "/en/timeline?kind=meeting&year=2029")[0]
        )

    def test_status_and_source_narrow_too(self, client: FlaskClient, reader: Reader) -> None:
        record = reader.archive.record
        record("EntityRecorded", id="org/echo", new=True, kind="organisation", name="Echo")
        record(
            "SourceCaptured", id="source/echo-1", new=True, kind="news", publisher="org/echo", lang="en", sha256="1" * 64,
            captured_at="2031-04-04", body_access="restricted", chars=90, title="News", published=on("2031-04-03"),
        )  # fmt: skip
        record(
            "CommitmentRecorded", {"source": "source/echo-1", "start": 1, "end": 9}, id="commitment/shelf", new=True,
            obliged="org/aberdulas-council", what="Buy a shelf", kind="promised",
            readings=[{"label": "by 2020", "on": on("2020")}],
        )  # fmt: skip
        reader.archive.tables()

        def lines(query: str) -> set[str]:
            text, _ = page(client, f"/en/timeline?{query}")
            return set(re.findall(r'<a href="/en/records/([^"]+)"', text.partition("<main")[2]))

        assert lines("source=org/echo") == {"commitment/shelf"}
        assert "commitment/shelf" not in lines("source=org/aberdulas-post")
        assert lines("status=unknown") == {"commitment/shelf"}
        assert lines("status=depends+on+reading") == {
            "commitment/library-plan",
            "outcome/library-plan",
        }
        assert lines("source=org/none&status=none") == lines("")

    def test_a_new_day_brings_the_statuses_of_that_day(
        self, client: FlaskClient, reader: Reader
    ) -> None:
        reader.archive.record(
            "CommitmentRecorded", PAPER, id="commitment/shelf", new=True, what="Buy a shelf", kind="promised",
            obliged="org/aberdulas-council", readings=[{"label": "by May", "on": on("2031-05-01")}],
        )  # fmt: skip
        reader.archive.tables()

        def statuses(day: str) -> str:
            with client.application.extensions["site"].library.open() as conn:
                conn.create_function("date", 1, lambda _: day)
            # What is ready to be sent goes by a clock of its own, and by the whole address.
            text = client.get(f"/en/timeline?now={day}").text
            return text.partition('name="status"')[2].partition("</select>")[0]

        assert 'value="due"' in statuses("2031-05-01")
        assert 'value="unknown"' in (after := statuses("2031-05-02"))
        assert 'value="due"' not in after

    def test_all_of_the_lines_are_there_as_data_in_a_calendar_and_as_a_feed(
        self, client: FlaskClient, reader: Reader
    ) -> None:
        def links(query: str) -> list[str]:
            text, _ = page(client, f"/en/timeline?{query}")
            return re.findall(
                r'href="([^"]+)"', text.partition('class="meta data"')[2].partition("</p>")[0]
            )

        feeds = "https://archive.example/en/feeds"
        data = "https://data.example/archive/timeline"
        assert links("") == [
            f"{data}.csv?_stream=1", f"{data}.json?_shape=objects&amp;_size=max", f"{feeds}/calendar.ics", f"{feeds}/all.atom",
        ]  # fmt: skip
        asked = links("kind=due&year=2031&status=depends+on+reading")
        for one in asked[:2]:
            given = parse_qs(one.replace("&amp;", "&").partition("?")[2])
            assert given["kind__exact"] == ["due"]
            with closing(sqlite3.connect(reader.settings.archive_db)) as conn:
                rows = conn.execute(
                    f"SELECT record_id FROM timeline WHERE kind = 'due' AND {' AND '.join(given['_where'])}"
                )
                assert rows.fetchall() == [("commitment/library-plan",)]
        assert asked[2:] == [f"{feeds}/commitments.ics", f"{feeds}/commitments.atom"]
        assert links("topic=topic/libraries")[2:] == [
            f"{feeds}/topic/libraries.ics",
            f"{feeds}/topic/libraries.atom",
        ]
        assert links("kind=statement")[2:] == [f"{feeds}/all.atom"]

    def test_it_goes_on_on_the_next_page(self, client: FlaskClient, reader: Reader) -> None:
        for number in range(60):
            reader.archive.record(
                "DevelopmentRecorded", PAPER, id=f"development/d{number}", new=True, what=f"Thing no. {number}",
                kind="other", happened=on("2031-03"),
            )  # fmt: skip
        reader.archive.tables()
        seen: list[str] = []
        path = "/en/timeline?kind=development"
        while path:
            text, _ = page(client, path)
            seen += re.findall(r"Thing no\. \d+", text)
            after = re.search(r'rel="next" href="([^"]+)"', text)
            path = after[1].replace("&amp;", "&") if after else ""
        assert sorted(seen) == sorted(f"Thing no. {number}" for number in range(60))


class TestDirectory:
    def test_a_body_shows_what_it_promised_and_who_served(self, still: FlaskClient) -> None:
        text, made = page(still, "/en/bodies/aberdulas-council")
        assert "/en/records/commitment/library-plan" in made.links
        assert "/en/people/nia-prys" in made.links
        assert "/en/records/org/aberdulas-council" in made.links
        assert "Promises and duties" in text

    def test_a_person_is_listed_for_an_office_only(
        self, client: FlaskClient, reader: Reader
    ) -> None:
        reader.archive.record(
            "EntityRecorded", id="person/o-wyn", new=True, kind="person", name="O. Wyn", public_capacity="Reader"
        )  # fmt: skip
        reader.archive.tables()
        _, made = page(client, "/en/people")
        assert "/en/people/nia-prys" in made.links
        assert "/en/people/o-wyn" not in made.links
        assert "/feeds/person/nia-prys.atom" in page(client, "/en/people/nia-prys")[0]
        assert "/feeds/person/" not in page(client, "/en/people/o-wyn")[0]  # for it is not there

    @pytest.mark.parametrize(
        ("name", "said"),
        [("people", r"/en/people/a(\d).*?/en/records/tenure/a(\d)"), ("bodies", r'/en/bodies/a(\d)".*?span">(\d)</span>')],
    )  # fmt: skip
    def test_an_index_goes_on_on_the_next_page(
        self, client: FlaskClient, reader: Reader, monkeypatch: pytest.MonkeyPatch, name: str, said: str
    ) -> None:  # fmt: skip
        monkeypatch.setattr(directory, "LISTED", 2)
        record = reader.archive.record
        for number in range(3):
            body, person = f"org/a{number}", f"person/a{number}"
            record("EntityRecorded", id=body, new=True, kind="organisation", name=f"Aa {number}")
            record(
                "EntityRecorded", id=person, new=True, kind="person", name=f"A. {number}aa", public_capacity="Clerk"
            )  # fmt: skip
            record(
                "TenureRecorded", PAPER, id=f"tenure/a{number}", new=True, person=person, organisation=body,
                title_as_stated="Clerk", start=on("2030-05"),
            )  # fmt: skip
            for other in range(number + 1):
                record(
                    "DevelopmentRecorded", PAPER, id=f"development/a{number}-{other}", new=True, what="It opens.",
                    kind="other", happened=on("2031-03-05"), participants=[{"entity": body, "role": "host"}],
                )  # fmt: skip
        reader.archive.tables()
        found: list[tuple[str, str]] = []
        path = f"/en/{name}"
        while path:
            text, made = page(client, path)
            found += re.findall(said, text, re.DOTALL)
            assert f"https://archive.example{path}" in made.links
            path = next(iter(re.findall(r'rel="next" href="([^"]+)"', text)), "")
        expected = {"people": [("0", "0"), ("1", "1"), ("2", "2")], "bodies": [("0", "1"), ("1", "2"), ("2", "3")]}  # fmt: skip
        assert found == expected[name]
        first = client.get(f"/en/{name}").text
        assert re.search(r'role="status">Shown: 1 to 2 of \d\.', first)
        assert client.get(f"/en/{name}?page=1").text == first

    def test_a_body_where_many_served_says_how_many(
        self, client: FlaskClient, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(directory, "OFFICES", 1)
        reader.archive.record(
            "TenureRecorded", PAPER, id="tenure/late", new=True, person="person/nia-prys", title_as_stated="Reader",
            organisation="org/aberdulas-council", start=on("2035-05"),
        )  # fmt: skip
        reader.archive.tables()
        text, made = page(client, "/en/bodies/aberdulas-council")
        assert "Shown: 1 of 2." in text
        assert "/en/records/tenure/late" in made.links  # the latest
        assert "/en/records/tenure/prys-librarian" not in made.links

    def test_an_index_of_one_page_does_not_count_it(self, still: FlaskClient) -> None:
        assert "Shown:" not in page(still, "/en/people")[0]

    def test_a_body_that_promised_more_than_fits_says_so(
        self, client: FlaskClient, reader: Reader
    ) -> None:
        for number in range(PROMISES):
            reader.archive.record(
                "CommitmentRecorded", PAPER, id=f"commitment/thing-{number}", new=True, what=f"Do thing {number}",
                kind="promised", obliged="org/aberdulas-council",
            )  # fmt: skip
        reader.archive.tables()
        text, made = page(client, "/en/bodies/aberdulas-council")
        # The plan for the libraries was there before.
        assert f"Shown: {PROMISES} of {PROMISES + 1}." in text
        assert "/en/commitments" in made.links

    def test_the_result_of_an_outcome_is_in_the_language_of_the_page(
        self, still: FlaskClient
    ) -> None:
        there = "/cofnodion/outcome/"
        text, _ = page(still, "/cy/llinell-amser?kind=outcome")
        assert there in text
        assert 'Gwnaed: <span lang="en">Publish a plan for the libraries' in text
        assert "Done:" not in text

    def test_a_topic_gathers_its_lines(self, client: FlaskClient, reader: Reader) -> None:
        reader.archive.record(
            "DevelopmentRecorded", PAPER, id="development/shelves", new=True, what="Shelves were bought",
            kind="other", happened=on("2031-06"), topics=["topic/libraries"],
        )  # fmt: skip
        reader.archive.tables()
        assert "Shelves were bought" in page(client, "/en/topics/libraries")[0]

    @pytest.mark.parametrize(
        "path", ["/en/topics/none", "/en/bodies/nia-prys", "/en/people/%00", "/en/topics/a/b"]
    )
    def test_what_is_not_there_is_404(self, still: FlaskClient, path: str) -> None:
        assert still.get(path).status_code == 404

    def test_who_was_withdrawn_is_gone(self, client: FlaskClient, reader: Reader) -> None:
        number = reader.number("topic/libraries")
        reader.retract(number, reason="privacy")
        reader.archive.tables()
        assert client.get("/en/topics/libraries").status_code == 404
        assert "Libraries" not in client.get("/en/topics").text


class TestNumbers:
    def test_a_series_is_a_chart_and_a_table(self, client: FlaskClient, reader: Reader) -> None:
        record = reader.archive.record
        record("EntityRecorded", id="measure/loans", new=True, kind="measure", name="Loans", unit="books",
               counts="books lent")  # fmt: skip
        for day, value, kind in (("2030-12-31", 400, "actual"), ("2031-12-31", 800, "forecast")):
            record("FigureRecorded", PAPER, id=f"figure/loans-{day}", new=True, measure="measure/loans", value=value,
                   unit="books", as_of=on(day), kind=kind)  # fmt: skip
        reader.archive.tables()
        text, made = page(client, "/en/numbers")
        assert (made.tags.count("svg"), made.tags.count("table")) == (2, 1)
        bars = re.findall(r'<svg width="([\d.]+)%"[^>]*><rect class="(\w+)"', text)
        assert [kind for _, kind in bars] == ["actual", "hollow"]
        assert float(bars[1][0]) == pytest.approx(2 * float(bars[0][0]), rel=0.01)
        assert "/en/records/figure/loans-2030-12-31" in made.links
        assert (
            "https://data.example/archive/figures.csv?measure_id__exact=measure/loans&_stream=1"
            in made.links
        )

    def test_no_page_grows_with_the_archive(self, client: FlaskClient, reader: Reader) -> None:
        record = reader.archive.record
        for number in range(numbers.SERIES + 1):
            record("EntityRecorded", id=f"measure/m{number}", new=True, kind="measure", name=f"Series {number:02}",
                   unit="books")  # fmt: skip
            days = range(1, numbers.FIGURES + 4) if number == 7 else [1]
            for day in days:
                record("FigureRecorded", PAPER, id=f"figure/m{number}-{day}", new=True, measure=f"measure/m{number}",
                       value=day, unit="books", as_of=on(f"2031-01-{day:02}"), kind="actual")  # fmt: skip
        reader.archive.tables()
        text, made = page(client, "/en/numbers")
        assert made.tags.count("table") == numbers.SERIES
        assert text.index("Series 07") < text.index("Series 00")  # the longest first
        assert f"Shown: {numbers.FIGURES} of {numbers.FIGURES + 3}." in text
        newest = [f"/en/records/figure/m7-{day}" for day in range(4, numbers.FIGURES + 4)]
        assert [link for link in made.links if link.startswith("/en/records/figure/m7-")] == newest
        assert "/en/numbers?page=2" in made.links
        last, made = page(client, "/en/numbers?page=2")
        assert made.tags.count("table") == 1
        assert "Series 50" in last


class TestSearch:
    def test_what_was_found_is_marked(self, still: FlaskClient) -> None:
        text, made = page(still, "/en/search?q=LIBRARIES")
        assert "<mark>libraries</mark>" in text
        assert "/en/records/development/plan-published" in made.links
        assert '<meta name="robots" content="noindex">' in text

    def test_offices_of_one_title_are_told_apart_by_their_time(
        self, client: FlaskClient, reader: Reader
    ) -> None:
        for number, day in enumerate(("2032-01-02", "2033-02-03")):
            reader.archive.record(
                "TenureRecorded", PAPER, id=f"tenure/head-{number}", new=True, person="person/nia-prys",
                title_as_stated="Head of books", attested=on(day), organisation="org/aberdulas-council",
            )  # fmt: skip
        reader.archive.tables()
        for path in ("search?q=head+of+books", "records/person/nia-prys"):
            text, _ = page(client, f"/en/{path}")
            assert "named in office on 2 January 2032" in text
            assert "named in office on 3 February 2033" in text
        assert "from 2030" in page(client, "/en/search?q=librarian")[0]

    def test_accents_make_no_difference_and_a_word_may_be_unfinished(
        self, client: FlaskClient, reader: Reader
    ) -> None:
        reader.archive.record(
            "EntityRecorded", id="org/ty-gwyn", new=True, kind="organisation", name="Cartref Tŷ Gwyn"
        )  # fmt: skip
        reader.archive.tables()
        for asked in ("ty gwyn", "Tŷ Gwyn", "tŷ gw"):
            assert "<mark>Tŷ" in client.get("/en/search", query_string={"q": asked}).text

    def test_hostile_text_that_is_found_stays_text(
        self, client: FlaskClient, reader: Reader
    ) -> None:
        reader.archive.record(
            "EntityRecorded", id="org/evil", new=True, kind="organisation", name="<script>alert(1)</script> <b>evil</b>"
        )  # fmt: skip
        reader.archive.tables()
        text, made = page(client, "/en/search?q=evil+script")
        assert "&lt;<mark>script</mark>&gt;" in text
        assert not {"script", "b"} & set(made.tags)

    @pytest.mark.parametrize(
        "asked",
        ['"', '""', "NEAR(", "sy'n", "a OR", "AND", "label:x", "*", "-", "^a", "a*b", "()", "{x}:", "\x00", "\x02\x03",
         "'; DROP TABLE records; --", "\ud800", "%", "x" * 9000, "a " * 5000, "\u202e", "a+b", "col : y", "\\"],
    )  # fmt: skip
    def test_an_odd_question_is_answered(self, still: FlaskClient, asked: str) -> None:
        raw = asked.encode("utf-8", "surrogatepass")
        assert still.get("/en/search", query_string={"q": raw}).status_code == 200

    def test_a_question_has_no_operators(self) -> None:
        assert question('say "no" OR col:x') == '"say" """no""" "or" "col:x"*'
        assert question(" - * ") == ""


@pytest.mark.parametrize("path", ["commitments", "timeline", "search", "topics", "people"])
@given(values=st.dictionaries(
    st.sampled_from(["status", "by", "kind", "topic", "year", "order", "page", "q", "x"]), st.text(max_size=40), max_size=4
))  # fmt: skip
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_parameter_breaks_a_page(still: FlaskClient, path: str, values: dict[str, str]) -> None:
    response = still.get(f"/en/{path}", query_string=values)
    assert response.status_code < 500
    assert "\x02" not in response.text


class TestMachines:
    def test_the_sitemap_names_every_page_and_record(self, reader: Reader, open_site: Open) -> None:
        reader.retract(reader.number("statement/prys-1"))
        reader.archive.tables()
        client = open_site(reader.settings)
        space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
        index = ET.fromstring(client.get("/sitemap.xml").data)
        urls = []
        for place in index.findall("s:sitemap/s:loc", space):
            portion = client.get(str(place.text).removeprefix("https://archive.example"))
            urls += [one.text for one in ET.fromstring(portion.data).findall("s:url/s:loc", space)]
        assert len(set(urls)) == len(urls)
        for language, words in WORDS.items():
            assert f"https://archive.example/{language}/{words.paths['commitments']}" in urls
        for url in urls:
            assert (
                client.get(str(url).removeprefix("https://archive.example")).status_code == 200
            ), url
        assert not any("prys-1" in str(url) for url in urls)
        assert client.get("/sitemap-1.xml").status_code == 404

    def test_a_sitemap_is_small_enough_to_be_kept_as_it_was_answered(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        long = [
            (f"person/{'x' * 80}{number:03}", "2026-01-01") for number in range(machine.PORTION)
        ]
        monkeypatch.setattr(machine.sql, "records", lambda *_: long)
        urls = len(ET.fromstring((made := client.get("/sitemap-0.xml")).data))
        assert urls > len(long) * 2 * len(WORDS)
        assert len(made.data) <= ready.LARGEST

    def test_robots_may_read_all_but_searches(self, still: FlaskClient) -> None:
        text = still.get("/robots.txt").text
        assert "Disallow: /en/search?\n" in text
        assert "Sitemap: https://archive.example/sitemap.xml\n" in text

    def test_security_txt_needs_an_address(
        self, reader: Reader, open_site: Open, still: FlaskClient
    ) -> None:
        assert still.get("/.well-known/security.txt").status_code == 404
        reader.archive.tables()
        client = open_site(replace(reader.settings, contact="mailto:us@archive.example"))
        text = client.get("/.well-known/security.txt").text
        assert text.startswith("Contact: mailto:us@archive.example\nExpires: ")
        assert re.search(r"Expires: \d{4}-\d\d-\d\dT00:00:00Z\n", text)
        assert 'href="mailto:us@archive.example"' in client.get("/en/about").text

    def test_a_contact_is_an_address(self, reader: Reader) -> None:
        with pytest.raises(ValueError, match="mailto"):
            replace(reader.settings, contact="javascript:alert(1)")


def test_corrections_show_the_old_words_beside_the_new(client: FlaskClient, reader: Reader) -> None:
    assert "Nothing has been corrected yet." in client.get("/en/corrections").text
    number = reader.amend(
        "development/plan-published", "/happened", on("2031-03-28"), on("2031-03-29")
    )
    reader.archive.tables()
    text, made = page(client, "/en/corrections")
    assert "<del>28 March 2031</del>" in text
    assert "<ins>29 March 2031</ins>" in text
    assert f"/en/records/development/plan-published#E{number}" in made.links


def test_corrections_go_on_on_the_next_page(client: FlaskClient, reader: Reader) -> None:
    for number in range(60):
        day = "28" if number % 2 else "29"
        reader.amend(
            "development/plan-published", "/happened", on(f"2031-03-{57 - int(day)}"), on(f"2031-03-{day}")
        )  # fmt: skip
    reader.archive.tables()
    first, _ = page(client, "/en/corrections")
    second, made = page(client, "/en/corrections?page=2")
    assert "Shown: 1 to 50 of 60." in first
    assert "Shown: 51 to 60 of 60." in second
    events = [re.findall(r"plan-published#E(\d+)", text) for text in (first, second)]
    assert [len(one) for one in events] == [50, 10]
    assert sorted(map(int, sum(events, [])), reverse=True) == [int(one) for one in sum(events, [])]  # noqa: RUF017
    assert 'rel="next" href="/en/corrections?page=2"' in first
    assert 'rel="prev" href="/en/corrections"' in second
    assert "https://archive.example/en/corrections?page=2" in made.links


def test_distressing_pages_name_who_helps(client: FlaskClient, reader: Reader) -> None:
    assert "0800 1111" not in client.get("/en/topics/libraries").text
    reader.archive.record(
        "EntityRecorded", id="topic/safeguarding", new=True, kind="topic", name="Safeguarding"
    )  # fmt: skip
    reader.archive.record(
        "DevelopmentRecorded", PAPER, id="development/safe", new=True, what="A check was made", kind="other",
        happened=on("2031-06"), topics=["topic/safeguarding"],
    )  # fmt: skip
    reader.archive.tables()
    for path in ("/en/topics/safeguarding", "/en/records/development/safe", "/en/about"):
        assert 'href="tel:08001111"' in client.get(path).text


@pytest.mark.parametrize(
    "name", ["commitments", "timeline", "topics", "bodies", "people", "numbers", "search"]
)
def test_an_empty_archive_has_pages_too(empty: Any, open_site: Open, name: str) -> None:
    page(open_site(Reader(empty).settings), f"/en/{name}")
