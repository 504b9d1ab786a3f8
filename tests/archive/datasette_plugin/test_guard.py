from __future__ import annotations

import sqlite3
import time

import pytest

from archive.datasette_plugin.guard import LIMITS
from events.codec import MAX_EVENT


@pytest.mark.parametrize(
    "sql",
    [
        "select randomblob(900000000)",
        "select zeroblob(900000000)",
        "select hex(zeroblob(900000000))",
        "select printf('%.*c', 900000000, 'x')",
        "select format('%900000000d', 1)",
        "select printf('%,-900000000.3f', 1)",
        "select replace(hex(zeroblob(60000)), '0', 'xxxxxxxxxx')",
        "select group_concat(a.value) from assertions a, assertions b, assertions c",
        "select json_group_array(a.value) from assertions a, assertions b, assertions c",
        "select '" + "x" * 30_000 + "'",
        "select " + "-" * 300 + "1",
        "select 'x' like '" + "%a" * 200 + "'",
    ],
)
def test_a_statement_for_gigabytes_is_refused_at_once(
    guarded: sqlite3.Connection, sql: str
) -> None:
    start = time.process_time()

    with pytest.raises(sqlite3.Error):
        guarded.execute(sql).fetchall()

    assert time.process_time() - start < 2, "refused, not worked through"


def test_an_answer_is_refused_when_all_its_rows_together_are_too_large(
    guarded: sqlite3.Connection,
) -> None:
    rows = "with recursive c(x) as (select 1 union all select x + 1 from c where x < {}) select zeroblob(100000) from c"

    with pytest.raises(sqlite3.OperationalError, match="ask for fewer rows"):
        guarded.execute(rows.format(400)).fetchall()
    for _ in range(3):
        assert len(guarded.execute(rows.format(100)).fetchall()) == 100, "counted per statement"
    two = [guarded.execute(rows.format(100)) for _ in range(2)]
    assert [len(cursor.fetchall()) for cursor in two] == [100, 100]


def test_a_row_is_still_known_by_its_columns(guarded: sqlite3.Connection) -> None:
    row = guarded.execute("SELECT 1 AS one, 'x' AS two").fetchone()
    assert (row["one"], row["two"], tuple(row)) == (1, "x", (1, "x"))


def test_no_other_file_can_be_attached(guarded: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        guarded.execute("ATTACH ':memory:' AS other")


def test_where_the_file_lies_is_not_told(guarded: sqlite3.Connection) -> None:
    [(name, file)] = guarded.execute("SELECT name, file FROM pragma_database_list").fetchall()

    assert (name, file) == ("main", None)


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("printf('%05.2f|%s|%d', 3.14159, 'a', 7)", "03.14|a|7"),
        ("format('%%%Q', 'it''s')", "%'it''s'"),
        ("printf('%9999d', 1)", " " * 9998 + "1"),
        ("printf(NULL)", None),
        ("printf()", None),
    ],
)
def test_printf_does_what_it_always_did(
    guarded: sqlite3.Connection, sql: str, answer: object
) -> None:
    assert guarded.execute(f"SELECT {sql}").fetchone()[0] == answer


def test_every_row_that_the_log_can_hold_is_far_below_the_limit() -> None:
    assert LIMITS[sqlite3.SQLITE_LIMIT_LENGTH] > MAX_EVENT * 3


def test_everything_stored_can_be_read(guarded: sqlite3.Connection) -> None:
    names = [
        row[0] for row in guarded.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    for name in names:
        guarded.execute(f"SELECT * FROM {name}").fetchall()

    assert len(names) > 30
