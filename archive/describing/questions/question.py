"""A question that the tables answer, with its query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question in plain words, how to read its answer, and the SQL that gives it."""

    name: str
    title: str
    description: str
    sql: str
    params: tuple[str, ...] = ()

    def default(self, param: str) -> str:
        """Return the value that an empty parameter stands for; empty text when it stands for none."""
        found = re.search(rf"nullif\(trim\(:{param}\), ''\),\s+'([^']+)'\)", self.sql)
        return found[1] if found else ""

    def canned(self) -> dict[str, Any]:
        """Return the question as Datasette's metadata wants it."""
        query: dict[str, Any] = {
            "title": self.title,
            "description": self.description,
            "sql": self.sql.strip(),
            "hide_sql": True,  # the answer comes first; a link shows the SQL
        }
        return query | ({"params": list(self.params)} if self.params else {})
