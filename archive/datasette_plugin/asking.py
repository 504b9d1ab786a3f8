"""How the parameters of a question are asked for: with a calendar, or with the values that have an answer.

Datasette 0.65 asks for every parameter by a bare box. A value that is not offered may be typed all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from archive.describing.questions import QUESTIONS
from archive.table import DATABASE

if TYPE_CHECKING:
    from datasette.app import Datasette

#: More than this nobody looks through.
MOST = 400
#: Queries for the values that have an answer, with a label each, by the name of the parameter.
_VALUES = {
    "post": "SELECT id, label FROM posts WHERE id IN (SELECT post_id FROM tenures) ORDER BY label",
    "speaker": "SELECT id, name FROM people WHERE id IN (SELECT speaker_id FROM statements) ORDER BY name",
    "measure": "SELECT id, label FROM measures WHERE id IN (SELECT measure_id FROM figures) ORDER BY label",
    "name": "SELECT DISTINCT name, '' FROM names ORDER BY name",
    "record": "SELECT id, label FROM records WHERE id IN"
    " (SELECT record_id FROM versions WHERE version > 1) ORDER BY kind, label",
}
_DAYS = frozenset({"day", "first", "last"})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BY_NAME = {question.name: question for question in QUESTIONS}


class Asked(NamedTuple):
    """A parameter: the type of its box in HTML, the value meant by an empty one, values with their labels."""

    type: str
    default: str
    values: list[tuple[str, str]]


async def parameters(datasette: Datasette, path: str, given: dict[str, str]) -> dict[str, Asked]:
    """Return how to ask for each parameter of the question at a path; nothing for other queries."""
    if (question := _BY_NAME.get(path.rpartition("/")[2])) is None:
        return {}
    found = {}
    for name in question.params:
        values: list[tuple[str, str]] = []
        if sql := _VALUES.get(name):
            rows = await datasette.get_database(DATABASE).execute(f"{sql} LIMIT {MOST}")
            values = [(row[0], row[1]) for row in rows.rows]
        # A browser shows nothing of a value that is no whole day.
        calendar = name in _DAYS and (not given.get(name) or _DAY.fullmatch(given[name]))
        found[name] = Asked("date" if calendar else "text", question.default(name), values)
    return found
