"""What the bundled collection answers to the research questions: docs/questions.md.

The page is made by ``make docs`` and compared by a test, as if it were always the day ``ASKED_ON``, for what is
due depends on the day one looks.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from archive.describing.questions import RESEARCH, WIDER, Question
from archive.home import Home
from archive.keeping import bundle

ASKED_ON = "2026-11-22"
#: Rows shown of an answer, and letters of a cell: the page is for reading, Datasette has them all.
ROWS = 8
LETTERS = 90

_INTRODUCTION = """\
# Questions and answers

Made from `archive/describing/questions/` and the bundled collection by `make docs`, as asked on {day} of a log of {events} events. In
Datasette every question is a page of its own, with all rows, to be had as CSV, JSON, Atom and, where there are days, iCalendar.
Leave a parameter empty to ask what is shown here.
"""


def questions_page() -> str:
    """Return docs/questions.md: every question, its SQL, and what the bundled collection answers."""
    with tempfile.TemporaryDirectory() as name, _tables(Path(name)) as tables:
        (events,) = tables.execute("SELECT events FROM log_position").fetchone()
        parts = [_INTRODUCTION.format(day=ASKED_ON, events=events)]
        parts.append("## Twelve questions that the model was made for\n")
        parts += [_part(tables, question) for question in RESEARCH]
        parts.append("## Eight that the wider record makes worth asking\n")
        parts += [_part(tables, question) for question in WIDER]
    return "\n".join(parts)


def ask(
    tables: sqlite3.Connection, question: Question, **given: str
) -> tuple[list[str], list[Sequence[Any]]]:
    """Return the columns and rows of an answer; a parameter that is not given is empty, as in Datasette."""
    values = {name: given.get(name, "") for name in question.params}
    cursor = tables.execute(question.sql, values)
    return [column[0] for column in cursor.description], cursor.fetchall()


@contextlib.contextmanager
def _tables(folder: Path) -> Iterator[sqlite3.Connection]:
    """Give the tables of the bundled collection, on a connection where it is always ASKED_ON."""
    home = Home(folder / "home")
    home.create(*bundle.load())
    with home.log() as log:
        home.tables(log).close()
    with contextlib.closing(sqlite3.connect(home.tables_path)) as tables:
        tables.create_function("date", 1, lambda _: ASKED_ON)  # the queries say date('now') only
        yield tables


def _part(tables: sqlite3.Connection, question: Question) -> str:
    columns, rows = ask(tables, question)
    lines = [
        f"### {question.title}\n",
        f"{question.description}\n",
        f"```sql\n{question.sql.strip()}\n```\n",
    ]
    if not rows:
        return "\n".join([*lines, "No rows.\n"])
    lines += [_row(columns), _row(["---"] * len(columns))]
    lines += [_row([_cell(value) for value in row]) for row in rows[:ROWS]]
    more = len(rows) - ROWS
    return "\n".join([*lines, f"\n… and {more} more.\n" if more > 0 else ""])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    text = " ".join(text.replace("|", "\\|").split())
    return text if len(text) <= LETTERS else f"{text[:LETTERS].rstrip()}…"
