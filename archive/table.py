"""What a published table is: its columns with their meanings, and the rows a record gives. Pure.

DDL, Datasette's descriptions and the data dictionary all come from the one list of columns.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from archive.folding.record import Record
from events import canonical, edtf

#: The name Datasette gives the published file: archive.db without its ending.
DATABASE = "archive"

Row = dict[str, Any]

#: A reference to a record; deferred, so that the rows of one transaction may come in any order.
REF = "TEXT REFERENCES records(id) DEFERRABLE INITIALLY DEFERRED"


class Column(NamedTuple):
    """A column: SQLite type and constraints, and what it means to a researcher."""

    name: str
    sql: str
    meaning: str


class Face(NamedTuple):
    """What other records show of a record; when it changes, their rows are made again.

    ``topics`` are told of commitments alone: their outcomes belong to them, too.
    """

    subkind: str | None
    label: str
    state: str
    merged_into: str | None
    day: str | None
    topics: tuple[str, ...] = ()


class Context(NamedTuple):
    """What the rows of one record need to know of others.

    ``merged`` has all slugs that were merged, where that is known beforehand: the others need no look at their face.
    """

    face: Callable[[str], Face | None]
    merged: Container[str] | None = None

    def resolve(self, slug: str | None) -> str | None:
        """Return the slug a merged slug leads to; itself otherwise."""
        if self.merged is not None and slug not in self.merged:
            return slug
        if slug is None or (face := self.face(slug)) is None or face.merged_into is None:
            return slug
        seen: set[str] = set()
        while slug not in seen:
            seen.add(slug)
            face = self.face(slug)
            if face is None or face.merged_into is None:
                return slug
            slug = face.merged_into
        return slug

    def label(self, slug: str | None) -> str:
        """Return the label of a record, following merges; the slug itself when it has none."""
        slug = self.resolve(slug)
        face = self.face(slug) if slug else None
        return face.label if face else slug or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A published table. ``owner`` is the column by which its rows belong to a record.

    ``kind`` names the one kind of records that have rows in it; None where any may have. A table that is not
    ``per_record`` has rows per event, or of something else. ``sort_desc`` is the primary key where the last rows are to
    stand first: by another column Datasette 0.65 loses rows where a page ends amid equal values.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    rows: Callable[[Record, Context], Iterable[Row]]
    owner: str = "id"
    kind: str | None = None
    per_record: bool = True
    constraints: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    label: str | None = None
    sort_desc: str | None = None
    facets: tuple[str, ...] = ()

    @property
    def indexed(self) -> tuple[tuple[str, ...], ...]:
        """The columns of every index: those named, and each facet that none of them has.

        Counting the values of a column reads an index; without one, Datasette would read all rows of the table.
        """
        known = {column for columns in self.indexes for column in columns}
        return (*self.indexes, *((column,) for column in self.facets if column not in known))

    @property
    def in_order(self) -> Callable[[Row], tuple[Any, ...]]:
        """What makes of a row the tuple of its values, in the order of the columns."""
        return operator.itemgetter(*(column.name for column in self.columns))

    @property
    def ddl(self) -> str:
        """The CREATE TABLE statement, with each column's meaning as a comment."""
        lines = [f"  {c.name} {c.sql},  -- {c.meaning}" for c in self.columns]
        lines += [f"  {text}," for text in self.constraints]
        body = "\n".join(lines)
        # The last comma goes, wherever the comment behind it begins.
        head, comma, tail = (
            body.rpartition(",  -- ") if not self.constraints else body.rpartition(",")
        )
        body = f"{head}  -- {tail}" if not self.constraints else head
        assert comma
        return f"CREATE TABLE {self.name} (\n{body}\n) STRICT"


class View(NamedTuple):
    """A published view: what it shows, its columns with their meanings, and the query. ``sort_desc`` and facets are
    Datasette's.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    query: str
    sort_desc: str
    facets: tuple[str, ...]

    @property
    def ddl(self) -> str:
        """The CREATE VIEW statement."""
        return f"CREATE VIEW {self.name} AS\n{self.query}"


def dated_columns(name: str, meaning: str) -> tuple[Column, ...]:
    """Return the three columns every date has: EDTF as stated, first and last possible day."""
    return (
        Column(name, "TEXT", f"{meaning}, as EDTF (ISO 8601-2)"),
        Column(
            f"{name}_earliest", "TEXT", f"First day that can be meant by {name}; empty when open"
        ),
        Column(f"{name}_latest", "TEXT", f"Last day that can be meant by {name}; empty when open"),
    )


#: As `edtf.bounds`; an archive of a century has some ten thousand different dates.
bounds = functools.lru_cache(maxsize=65_536)(edtf.bounds)


def dated(name: str, when: dict[str, Any] | str | None) -> Row:
    """Return the three columns of a dated claim (a When as plain data, or EDTF text)."""
    text = when.get("edtf") if isinstance(when, dict) else when
    low, high = bounds(text) if text else (None, None)
    return {name: text, f"{name}_earliest": low, f"{name}_latest": high}


def as_json(value: Any) -> str | None:
    """Return JSON text that is the same for the same value; None stays None."""
    if value is None:
        return None
    return canonical.encode(value).decode()


def as_text(value: Any) -> str | None:
    """Return a claim's value as a researcher reads it: text as it is, a date as EDTF, else JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("edtf"), str):
        return str(value["edtf"])
    return as_json(value)
