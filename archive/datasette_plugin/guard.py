"""What one anonymous SQL statement may take: a second line behind the process's memory cap.

Datasette 0.65 has a time limit only, and a single opcode such as ``randomblob(900000000)`` passes it.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import weakref
from collections.abc import Callable
from typing import Any

#: One value, or one row: stops randomblob, printf and group_concat that take gigabytes. An event's content has
#: at most 32,000 bytes, so every stored row stays far below.
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 128 << 10,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 20_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 2000,  # Datasette asks for the labels of a page's rows in one statement
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

#: A width or precision of five digits or more, or one that comes as an argument.
_WIDE = re.compile(r"%[^%a-zA-Z]*(?:\*|[0-9]{5})")

#: Bytes of one answer, all rows together: 500 rows of the largest value would not fit into the process as JSON.
ANSWER = 16 << 20

#: SQLite's memory in this process, all connections together.
HEAP = 192 << 20


def restrict(conn: sqlite3.Connection) -> None:
    """Set the limits on a connection, which was opened for reading only."""
    for limit, value in LIMITS.items():
        conn.setlimit(limit, value)
    conn.execute(f"PRAGMA hard_heap_limit = {HEAP}").fetchone()
    conn.execute("PRAGMA temp_store = MEMORY")  # a large sort must not fill the disk
    # Datasette turns it on, and every refusal would be a page of the log.
    sqlite3.enable_callback_tracebacks(False)
    for name in ("printf", "format"):
        conn.create_function(name, -1, _printf, deterministic=True)
    conn.set_authorizer(_authorize)
    conn.row_factory = _rows(ANSWER)


def _rows(most: int) -> Callable[[sqlite3.Cursor, tuple[Any, ...]], sqlite3.Row]:
    """Return a row factory that ends a statement when its rows have more than so many bytes."""
    current: Callable[[], sqlite3.Cursor | None] = lambda: None  # noqa: E731 (a weak reference to nothing yet)
    size = 0

    def row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
        nonlocal current, size
        if current() is not cursor:
            current, size = weakref.ref(cursor), 0
        size += sum(len(value) for value in values if isinstance(value, str | bytes))
        if size > most:
            raise sqlite3.OperationalError(
                f"the answer has more than {most >> 20} MB: ask for fewer rows or columns, or take archive.db"
            )
        return sqlite3.Row(cursor, values)

    return row


def _printf(template: object = None, *values: object) -> Any:
    """Do what SQLite's own printf does, but for wide fields.

    ``printf('%.*c', 900000000, 'x')`` counts to the end even where the result is too big already: six seconds
    that no limit interrupts.
    """
    if isinstance(template, str) and _WIDE.search(template):
        raise OverflowError("the field is too wide")  # SQLite: string or blob too big
    marks = ", ?" * len(values)
    with contextlib.closing(sqlite3.connect(":memory:")) as own:
        return own.execute(f"SELECT printf(?{marks})", (template, *values)).fetchone()[0]


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Keep the path of the file to ourselves: `pragma_database_list()` would tell it."""
    if action == sqlite3.SQLITE_READ and first == "pragma_database_list" and second == "file":
        return sqlite3.SQLITE_IGNORE
    return sqlite3.SQLITE_OK
