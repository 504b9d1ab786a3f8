from __future__ import annotations

import json
import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from archive.describing import metadata
from archive.describing.questions import QUESTIONS

CHECKED_IN = Path(__file__).parents[3] / "datasette_metadata.json"
RIGHTS = ("license", "license_url", "source", "source_url", "about", "about_url")
SHADOW = re.compile(r"search_(config|content|data|docsize|idx)")


@pytest.fixture
def tables(aberdulas: Any) -> sqlite3.Connection:
    return aberdulas.tables()._conn


def entries() -> dict[str, dict[str, Any]]:
    return metadata.metadata()["databases"][metadata.DATABASE]["tables"]


def columns(tables: sqlite3.Connection, name: str) -> list[str]:
    return [
        row[1]
        for row in tables.execute("SELECT * FROM pragma_table_xinfo(?)", (name,))
        if not row[6]
    ]


def published(tables: sqlite3.Connection) -> set[str]:
    sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
    return {name for (name,) in tables.execute(sql)}


def used_columns(entry: dict[str, Any]) -> set[str]:
    single = {entry.get(key) for key in ("sort", "sort_desc", "label_column")} - {None}
    return {*single, *entry.get("facets", ()), *entry.get("sortable_columns", ())}


def test_the_checked_in_file_is_what_the_code_makes() -> None:
    assert CHECKED_IN.read_text(encoding="utf-8") == metadata.dumps(), (
        "run: python -m archive.describing.metadata > datasette_metadata.json"
    )
    assert json.loads(metadata.dumps()) == metadata.metadata()


def test_it_names_the_tables_and_views_there_are_and_no_others(tables: sqlite3.Connection) -> None:
    assert set(entries()) == published(tables)


def test_every_column_is_described_in_the_order_of_the_table(tables: sqlite3.Connection) -> None:
    for name, entry in entries().items():
        if not entry.get("hidden"):
            assert list(entry["columns"]) == columns(tables, name), name
            assert entry["description"].endswith("."), name
            assert all(meaning.strip() for meaning in entry["columns"].values()), name


def test_no_facet_order_or_label_is_on_a_column_that_does_not_exist(
    tables: sqlite3.Connection,
) -> None:
    # Datasette 0.65 answers such a table's page with 500.
    for name, entry in entries().items():
        assert used_columns(entry) <= set(columns(tables, name)), name


def test_where_sorting_is_restricted_the_primary_key_can_be_sorted_by(
    tables: sqlite3.Connection,
) -> None:
    # Else Datasette's own link in the head of that column is a 500.
    for name, entry in entries().items():
        keys = {
            row[1]
            for row in tables.execute("SELECT * FROM pragma_table_info(?)", (name,))
            if row[5]
        }
        assert keys <= set(entry.get("sortable_columns", keys)), name


def test_only_what_the_search_keeps_for_itself_is_hidden() -> None:
    for name, entry in entries().items():
        assert bool(entry.get("hidden")) == bool(SHADOW.fullmatch(name)), name


def test_the_search_index_is_keyed_as_the_box_on_the_records_page_needs_it(
    tables: sqlite3.Connection,
) -> None:
    entry = entries()["records"]
    found = tables.execute(
        f"SELECT id FROM records WHERE {entry['fts_pk']} IN"
        f" (SELECT rowid FROM {entry['fts_table']} WHERE {entry['fts_table']} MATCH 'pryse')"
    ).fetchall()
    assert ("person/nia-prys",) in found


def test_licence_and_source_are_given_at_every_level() -> None:
    # Datasette 0.65 passes them down to some pages only, 1.0 to none.
    whole = metadata.metadata()
    database = whole["databases"][metadata.DATABASE]
    shown = [entry for entry in entries().values() if not entry.get("hidden")]
    for level in (whole, database, *shown, *database["queries"].values()):
        assert level["license"] == "CC BY 4.0"
        assert level["license_url"] == "https://creativecommons.org/licenses/by/4.0/"
    for level in (whole, database, *shown):
        assert (level["source_url"], level["about_url"]) == ("/archive/sources", "/archive/events")


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_descriptions_are_sound_html_that_links_to_tables_that_exist(
    tables: sqlite3.Connection,
) -> None:
    whole = metadata.metadata()
    for text in (
        whole["description_html"],
        whole["databases"][metadata.DATABASE]["description_html"],
    ):
        page = Page(text)
        assert page.open == []
        for link in page.links:
            name = link.removeprefix(f"/{metadata.DATABASE}").partition("#")[0].strip("/")
            assert name in {"", *published(tables)}, link


def test_no_question_has_the_name_of_a_table(tables: sqlite3.Connection) -> None:
    names = [question.name for question in QUESTIONS]
    assert len(names) == len(set(names))
    assert not published(tables) & set(names)


def test_the_keys_are_those_that_datasette_knows() -> None:
    # It says nothing of a key it does not know, so a slip of the pen would stay unseen.
    known = {
        "description",
        "columns",
        "label_column",
        "sort",
        "sort_desc",
        "facets",
        "hidden",
        "fts_table",
        "fts_pk",
        *RIGHTS,
    }
    for name, entry in entries().items():
        assert set(entry) <= known, name
    for name, query in metadata.metadata()["databases"][metadata.DATABASE]["queries"].items():
        assert set(query) <= {
            "title",
            "description",
            "sql",
            "hide_sql",
            "params",
            "license",
            "license_url",
        }, name
