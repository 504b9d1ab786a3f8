from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any

import pytest

from archive.datasette_plugin import cells, charts, folding, front
from archive.describing import metadata
from archive.describing.questions import QUESTIONS
from tests.archive.datasette_plugin.conftest import Served


def test_every_table_stands_under_one_heading_and_the_proofs_last() -> None:
    shown = metadata.metadata()["databases"]["archive"]["tables"]
    wanted = {name for name, entry in shown.items() if not entry.get("hidden")}

    grouped = Counter(chain.from_iterable(names for _, names in front.TABLES))

    assert grouped == Counter(wanted)
    assert front.TABLES[-1][1] == ("checkpoints", "log_entries", "log_nodes", "fixity_checks")


def test_every_question_stands_under_one_heading() -> None:
    grouped = Counter(chain.from_iterable(names for _, names in front.QUESTIONS))

    assert grouped == Counter(question.name for question in QUESTIONS)


def test_the_charts_of_the_front_page_are_of_questions_that_give_charts() -> None:
    by_name = {question.name: question for question in QUESTIONS}

    for name, _, _ in charts.FRONT:
        assert " as value" in by_name[name].sql or "f.value" in by_name[name].sql


def test_what_has_no_heading_is_shown_all_the_same_and_an_empty_heading_is_not() -> None:
    wanted = (("One", ("a", "b")), ("Two", ("c",)))

    assert front.grouped(wanted, ["z", "b"]) == [("One", ("b",)), (front.OTHER, ("z",))]
    assert front.grouped(wanted, []) == []


def test_a_table_is_introduced_by_the_first_sentence_of_its_description() -> None:
    assert front.first_sentence({"description": "All of it. And more."}) == "All of it"
    assert front.first_sentence({}) == ""


def columns(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def row(**cells: Any) -> list[dict[str, Any]]:
    return [{"column": name, "raw": value} for name, value in cells.items()]


def test_empty_columns_and_the_bounds_of_dates_are_folded() -> None:
    shown = columns("id", "held_on", "held_on_earliest", "due_latest", "note")
    filled = {
        "id": 1,
        "held_on": "2031",
        "held_on_earliest": "2031-01-01",
        "due_latest": "2031-02-01",
    }
    rows = [row(**filled, note=None), row(**filled, note="")]

    assert folding.folded(shown, rows) == ["held_on_earliest", "note"]
    assert folding.folded(shown, rows, "note__isblank", "_sort", "held_on_earliest") == []


def test_bounds_stay_where_the_date_itself_is_not_told() -> None:
    rows = [row(id=1, done=None, done_latest="2031-02-01")]

    assert folding.folded(columns("id", "done", "done_latest"), rows) == ["done"]
    assert folding.folded(columns("id"), [row(id=None)]) == [], "the first column leads to the row"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(160.0, "160"), (-3.0, "-3"), (0.5, None), (1e300, None), (float("inf"), None), (160, None), (None, None)],
)  # fmt: skip
def test_a_whole_number_is_shown_whole(value: object, shown: str | None) -> None:
    found = cells.cell(value, "value", "figures", None)
    assert found == shown


def test_an_address_is_shown_by_where_it_leads() -> None:
    short = cells.cell("https://www.aberdulas.example/news/1", "url", "sources", None)
    assert short == "<a href='https://www.aberdulas.example/news/1'>aberdulas.example/news/1</a>"
    long = cells.cell(f"https://post.example/{'x' * 60}/last?a=1&b='2'", "url", None, None)
    assert str(long).endswith("/last?a=1&amp;b=&#39;2&#39;</a>")
    assert ">post.example/…" in str(long)
    assert cells.cell("javascript:alert(1)", "url", None, None) is None
    assert cells.cell("https://a.example and more", "url", None, None) is None


def test_the_front_page_leads_to_every_table_and_question(datasette: Served) -> None:
    html = datasette.get("/archive").text

    for name in chain.from_iterable(names for _, names in (*front.TABLES, *front.QUESTIONS)):
        assert f'href="/archive/{name}"' in html or name == "search", name
    assert html.index('href="/archive/records"') < html.index('href="/archive/log_nodes"')
    assert front.OTHER not in html


def test_the_first_page_leads_to_the_questions_and_finds_words(datasette: Served) -> None:
    html = datasette.get("/").text

    assert 'action="/archive/records"' in html
    assert '<a href="/archive">Questions and tables</a>' in html


def test_a_question_offers_the_values_that_have_an_answer(datasette: Served) -> None:
    html = datasette.get("/archive/who-held-a-post").text

    assert '<option value="post/librarian">' in html
    assert 'type="date"' in html
    assert 'placeholder="post/powys-director-of-social-services"' in html
    vague = datasette.get("/archive/who-held-a-post?day=2031").text
    assert 'type="date"' not in vague, "a browser would show nothing of it"
    assert 'value="2031"' in vague


def test_a_question_without_an_answer_says_so(datasette: Served) -> None:
    assert "No rows" in datasette.get("/archive/what-somebody-said?speaker=person/nobody").text


def test_the_page_of_a_row_has_a_name_and_says_what_its_columns_mean(datasette: Served) -> None:
    html = datasette.get("/archive/commitments/commitment~2Flibrary-plan").text

    assert "<h1" in html
    assert "Who is to do it" in html
    assert "Aberdulas Council<br>" in html, "what the slug stands for"


def test_wide_tables_are_folded_until_one_asks(datasette: Served) -> None:
    html = datasette.get("/archive/meetings").text

    assert "Show all columns" in html
    assert "#archive-all:not(:checked) ~ .table-wrapper .col-held_on_earliest" in html
    asked = datasette.get("/archive/meetings?_sort=held_on_earliest").text
    assert ".table-wrapper .col-held_on_earliest" not in asked


def test_the_meanings_of_columns_are_folded_too_and_each_heading_has_its_own(
    datasette: Served,
) -> None:
    html = datasette.get("/archive/people").text

    assert "<summary>What the" in html
    assert html.count('<dl class="column-descriptions">') == 1
    assert 'data-column-description="' in html


def test_nothing_of_ours_is_on_the_pages_of_another_database(tmp_path: Any) -> None:
    import sqlite3

    path = tmp_path / "mine.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, empty TEXT)")
        db.execute("INSERT INTO notes VALUES (1, 'x', NULL)")
    db.close()
    served = Served(str(path))
    try:
        for page in ("/", "/mine", "/mine/notes", "/mine/notes/1", "/mine?sql=select+1"):
            response = served.get(page)
            assert response.status_code == 200, page
            assert "archive-" not in response.text.replace("archive-page", "")
    finally:
        served.close()
