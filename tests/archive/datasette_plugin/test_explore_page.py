"""docs/explore.md is held to account: its SQL runs, its functions answer what it says, its limits are ours."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from archive.datasette_plugin import functions, gate, guard, renderers
from archive.describing.questions import QUESTIONS
from archive.serving.programs import DATASETTE_SETTINGS

PAGE = (Path(__file__).parents[3] / "docs" / "explore.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = re.findall(r"^\| `(\w+\(.*?\))` \| `([^`]+)` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("sql", QUERIES, ids=range(len(QUERIES)))
def test_the_queries_run(guarded: sqlite3.Connection, sql: str) -> None:
    guarded.execute(sql).fetchall()


@pytest.mark.parametrize(("call", "answer"), EXAMPLES)
def test_the_functions_answer_what_the_page_says(
    guarded: sqlite3.Connection, call: str, answer: str
) -> None:
    found = guarded.execute(f"SELECT {call}").fetchone()[0]
    assert ("NULL" if found is None else str(found)) == answer


def test_each_function_and_each_ending_of_ours_is_shown() -> None:
    assert {name for name, _, _ in functions.FUNCTIONS} == {
        call.split("(")[0] for call, _ in EXAMPLES
    }
    endings = {f".{form['extension']}" for form in renderers.formats(None)}
    assert endings | {".csv", ".json"} == set(re.findall(r"^\| `(\.\w+)` \|", PAGE, re.MULTILINE))
    assert len(QUERIES) >= 5


def test_the_limits_are_those_that_are_set() -> None:
    text = " ".join(PAGE.split())
    seconds = int(DATASETTE_SETTINGS["sql_time_limit_ms"]) // 1000
    kilobytes = guard.LIMITS[sqlite3.SQLITE_LIMIT_LENGTH] >> 10

    assert (
        f"{seconds} second, {DATASETTE_SETTINGS['max_returned_rows']} rows, {kilobytes} KiB in one value"
        in text
    )
    assert f"{guard.ANSWER >> 20} MB in one answer" in text
    assert gate.SLOTS == 2
    assert f"{gate.QUEUE} more wait for at most {gate.PATIENCE} seconds" in text
    assert f"Retry-After: {gate.RETRY_AFTER}" in text


def test_the_questions_are_as_many_as_it_says() -> None:
    assert len(QUESTIONS) == 22
    assert "Twenty research questions stand ready, two of them in two parts" in " ".join(
        PAGE.split()
    )
