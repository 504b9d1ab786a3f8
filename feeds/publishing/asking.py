"""What a page asks of the tables: kept with the answers, for as long as these are the same the page is the same.

An answer is found once for all who ask. Everybody also asks where the log stands, because what a server keeps goes by
that; few show it. So this question is not kept with the others: `elsewhere` answers it otherwise, and who then says
something else shows it.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from feeds.library import Library, Unavailable
from feeds.queries import POSITION

#: How many answers are kept in memory, those used last.
KEPT = 50_000
#: A position that no log has; longer by more than any log grows, and at another time.
_BEYOND, _ELSEWHEN = 1_000_003, "2001-02-03T04:05:06Z"

Rows = list[tuple[Any, ...]]


class Question(NamedTuple):
    """A statement of SQL and what is put into it: values in order, or pairs of name and value where they are named."""

    sql: str
    given: tuple[Any, ...]
    named: bool = False


class Asked(Library):
    """A published file that does not change, each question asked of it once. For one thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None
            )
            # In one transaction the file is locked, and looked at for changes, once and not 18,000 times.
            self._db.execute("BEGIN")
        except sqlite3.DatabaseError as error:
            raise Unavailable(f"{path.name}: {error}") from error
        self._conn = _Connection(self)
        self._answers: OrderedDict[Question, Rows] = OrderedDict()
        self._questions: dict[Question, None] = {}
        self._elsewhere = False
        self.asked_position = False

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Yield what answers as a connection does; no transaction is needed, for nothing changes."""
        try:
            yield self._conn
        except sqlite3.DatabaseError as error:
            raise Unavailable(str(error)) from error

    def close(self) -> None:
        """Close the file."""
        super().close()
        self._conn.close()
        self._db.close()

    def begin(self, *, elsewhere: bool = False) -> None:
        """Forget which questions were asked; from now on tell where the log stands, or that it stands elsewhere."""
        self._questions = {}
        self._elsewhere = elsewhere
        self.asked_position = False

    @property
    def questions(self) -> list[Question]:
        """The questions asked since `begin`, without the one where the log stands."""
        return list(self._questions)

    def rows(self, question: Question) -> Rows:
        """Return the answer to a question."""
        found = self._answers.get(question)
        if found is None:
            given = dict(question.given) if question.named else question.given
            found = self._db.execute(question.sql, given).fetchall()
            self._answers[question] = found
            if len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        else:
            self._answers.move_to_end(question)
        return found

    def digest(self, question: Question) -> bytes:
        """Return the digest of the answer to a question."""
        return hashlib.blake2b(msgspec.msgpack.encode(self.rows(question)), digest_size=16).digest()

    def answer(self, question: Question) -> Rows:
        """Return the answer to a question, which is noted."""
        if question.sql != POSITION:
            self._questions[question] = None
            return self.rows(question)
        self.asked_position = True
        rows = self.rows(question)
        if not self._elsewhere:
            return rows
        return [(number + _BEYOND, root[::-1], _ELSEWHEN) for number, root, _ in rows]


class _Connection(sqlite3.Connection):
    """Passes questions on; to the views it is a connection."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(":memory:")
        self._asked = asked

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Answer a question. Raises sqlite3.Error."""
        named = isinstance(parameters, Mapping)
        given = tuple(sorted(parameters.items())) if named else tuple(parameters)
        return _Answer(self, self._asked.answer(Question(sql, given, named)))


class _Answer(sqlite3.Cursor):
    """An answer that is there already, read as one reads a cursor."""

    def __init__(self, conn: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        super().__init__(conn)
        self._rows = iter(rows)

    def fetchone(self) -> Any:
        """Return the next row, None where there is no other."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """Return the rows that were not read yet."""
        return list(self._rows)

    def __iter__(self) -> _Answer:
        return self

    def __next__(self) -> Any:
        return next(self._rows)
