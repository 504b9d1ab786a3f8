"""A researcher's visit, in a real browser on real servers: from the first page to the words, the numbers and a feed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest

from tests.conftest import Aberdulas
from tests.serving import Running, get, running

CHROMIUM = Path("/usr/bin/chromium")
playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")

PAPER = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}
WIDTHS = (1100, 390)
PAGES = (
    "/", "/archive", "/archive/people", "/archive/commitments", "/archive/commitment_status", "/archive/evidence",
    "/archive/events", "/archive/commitments/commitment~2Flibrary-plan", "/archive/who-held-a-post",
    "/archive/figures-over-time?measure=measure/borrowers", "/archive/timeline-with-proof?first=2031-01-01&last=2031-12-31",
    "/archive?sql=select+*+from+commitments", "/archive?sql=selec", "/archive/people/nobody", "/archive/people?name=nobody",
)  # fmt: skip


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    archive = Aberdulas(tmp_path_factory.mktemp("researcher")).settle()
    archive.record(
        "EntityRecorded", id="measure/borrowers", new=True, kind="measure", name="Borrowers", unit="people"
    )  # fmt: skip
    for day, value in (("2029-03-31", 900), ("2030-03-31", 870), ("2031-03-31", 915)):
        archive.record(
            "FigureRecorded", PAPER, id=f"figure/borrowers-{day}", new=True, measure="measure/borrowers", value=value,
            unit="people", as_of={"edtf": day, "basis": "stated"}, kind="actual",
        )  # fmt: skip
    archive.tables()
    archive.close()
    with running(archive.folder) as servers:
        yield servers


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.set_default_timeout(30_000)
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    page.close()


def heading(page: Any) -> str:
    return str(page.locator("h1").inner_text())


def follow(page: Any, words: str) -> None:
    page.get_by_role("link", name=words, exact=True).first.click()
    page.wait_for_load_state()


def test_from_the_first_page_to_the_words_that_prove_a_statement(
    servers: Running, page: Any
) -> None:
    page.goto(f"{servers.site_url}/en/")
    follow(page, "Explore the data")
    assert page.url.startswith(servers.data_url)
    follow(page, "Questions and tables")
    follow(page, "people")
    follow(page, "person/nia-prys")
    assert heading(page) == "Nia Pryse"

    follow(page, "Posts held")
    assert page.locator("td", has_text="Librarian").count() >= 1
    page.go_back()
    follow(page, "Statements")
    follow(page, "statement/prys-1")
    assert "What leads on from here" in page.locator("body").inner_text()
    follow(page, "Pieces of evidence")
    assert "Books now" in page.locator("table").inner_text()
    page.locator("td.col-source_id a").first.click()
    page.wait_for_load_state()
    assert heading(page) == "Library plan due in spring"

    follow(page, "its public page")
    assert page.url.startswith(f"{servers.site_url}/en/records/source/aberdulas-post")
    assert page.complaints == []


def test_from_a_question_to_a_promise_its_verdict_and_a_feed_of_the_answer(
    servers: Running, page: Any
) -> None:
    page.goto(f"{servers.data_url}/archive")
    follow(page, "What was promised or required by a day, and what became of it?")
    page.get_by_label("day").fill("2031-12-31")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_load_state()
    assert "depends on reading" in page.locator("table").inner_text()
    asked = page.url

    follow(page, "commitment/library-plan")
    follow(page, "its row in commitments")
    assert heading(page) == "Publish a plan for the libraries"
    assert "Aberdulas Council" in page.locator("table.archive-row").inner_text()
    follow(page, "Readings of the deadline")
    assert {"2031-03-24", "2031-04-01"} <= set(re.findall(r"2031-\d\d-\d\d", page.content()))

    page.goto(asked)
    feed = page.get_by_role("link", name="Atom feed").get_attribute("href")
    status, body = get(f"{servers.data_url}{feed}")
    found = feedparser.parse(body)
    assert (status, found.bozo, len(found.entries)) == (200, False, 1)
    assert found.entries[0].link == f"{servers.site_url}/en/records/commitment/library-plan"
    assert page.complaints == []


def test_a_series_is_chosen_from_those_there_are_drawn_and_taken_home(
    servers: Running, page: Any
) -> None:
    page.goto(f"{servers.data_url}/archive")
    page.locator('a[href="/archive/figures-over-time"]').first.click()
    page.wait_for_load_state()
    box = page.get_by_label("measure")
    options = page.locator(f"datalist#{box.get_attribute('list')} option")
    assert options.evaluate_all("all => all.map(one => [one.value, one.textContent])") == [
        ["measure/borrowers", "Borrowers"]
    ]

    box.fill("measure/borrowers")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_load_state()
    chart = page.locator("p.archive-chart img")
    chart.wait_for()
    page.wait_for_function("document.querySelector('p.archive-chart img').naturalWidth > 0")
    assert page.locator("td.col-value").all_inner_texts() == ["900", "870", "915"]

    address = page.get_by_role("link", name="CSV").get_attribute("href")
    status, body = get(f"{servers.data_url}{address}")
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert (status, [float(row["value"]) for row in rows]) == (200, [900, 870, 915])
    assert page.complaints == []


def test_a_word_is_found_and_a_wide_table_unfolds(servers: Running, page: Any) -> None:
    page.goto(f"{servers.data_url}/")
    page.get_by_label("Find a word").fill("pryse")
    page.get_by_role("button", name="Find").click()
    page.wait_for_load_state()
    assert "person/nia-prys" in page.locator("table").inner_text()

    folded = page.locator("th.col-day_earliest")
    assert not folded.is_visible()
    page.get_by_label("Show all columns").check()
    assert folded.is_visible()
    page.get_by_text(re.compile(r"What the \d+ columns mean")).click()
    assert page.get_by_text("The date the record stands at").first.is_visible()
    assert page.complaints == []


def test_no_page_is_wider_than_the_window(servers: Running, page: Any) -> None:
    wide = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for path in PAGES:
            page.goto(f"{servers.data_url}{path}")
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append((path, width))
    assert wide == []


def test_on_a_telephone_the_empty_cells_of_a_row_take_no_room(servers: Running, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{servers.data_url}/archive/commitments")

    empty = page.locator("td.type-none")
    assert empty.count() > 0
    assert not any(empty.nth(number).is_visible() for number in range(empty.count()))
