"""The tables as a Frictionless data package: CSV files, the meaning of each column, and the SQLite file itself.

Data Package 1.0 and Tabular Data Package 1.0 (https://specs.frictionlessdata.io). The descriptor comes from the
same list of columns as the tables; two packages of the same tables have equal bytes.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from archive.keeping.backup import CannotKeep, synced, told
from archive.keeping.folders import sync_folder
from archive.keeping.popolo import popolo
from archive.table import Column, Row, Table
from archive.tables import TABLES

DATABASE = "archive.db"
POPOLO = "popolo.json"
DESCRIPTOR = "datapackage.json"
NAME = "powys-childrens-services-archive"

#: What proves the log rather than tells of the world: whole in the SQLite file, and bytes in part.
LEFT_OUT = frozenset({"log_entries", "log_nodes", "checkpoints"})

_TYPES = {"TEXT": "string", "INTEGER": "integer", "REAL": "number", "ANY": "any"}
_REFERENCE = re.compile(r"REFERENCES (\w+)\s*\((\w+)\)")
_KEY = re.compile(r"PRIMARY KEY \(([^)]*)\)")
_LICENCE = {
    "name": "CC-BY-4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
    "title": "Creative Commons Attribution 4.0",
}


class Packaged(NamedTuple):
    """What was written: the number of tables and of rows, and the position of the log they were made from."""

    tables: int
    rows: int
    events: int


def export_package(tables: Path, target: Path) -> Packaged:
    """Write a data package of the published tables (``archive.db``) into the new folder ``target``.

    A consistent copy is read, so the site and the projector go on. Raises CannotKeep when there is such a
    folder or the disk refuses; then nothing is left behind.
    """
    place = target.absolute()
    if place.exists():
        raise CannotKeep(f"{target} exists already and is not written over: choose another name")
    with (
        told(f"nothing was written to {target}"),
        tempfile.TemporaryDirectory(dir=place.parent, prefix=".archive-package-") as name,
    ):
        draft = Path(name) / "package"
        draft.mkdir()
        done = _fill(tables, draft)
        for path in sorted(draft.rglob("*")):
            if path.is_file():
                synced(path)
        sync_folder(draft)
        shutil.move(draft, place)
        sync_folder(place.parent)
    return done


def _fill(tables: Path, draft: Path) -> Packaged:
    with (
        contextlib.closing(
            sqlite3.connect(f"{tables.absolute().as_uri()}?mode=ro", uri=True)
        ) as live,
        contextlib.closing(sqlite3.connect(draft / DATABASE)) as copy,
    ):
        live.backup(copy)
        shown = [table for table in TABLES if table.name not in LEFT_OUT]
        rows = {table.name: _write_csv(copy, table, draft / f"{table.name}.csv") for table in shown}
        graph = popolo(lambda name: _rows(copy, name))
        _write_json(draft / POPOLO, graph)
        events, root, changed = copy.execute(
            "SELECT events, root, changed_at FROM log_position"
        ).fetchone()
    resources = [described(table, _stamp(draft / f"{table.name}.csv")) for table in shown]
    resources += [
        {
            "name": "database",
            "path": DATABASE,
            "title": "All tables in one SQLite file, with the log that proves them",
            "format": "sqlite",
            "mediatype": "application/vnd.sqlite3",
            **_stamp(draft / DATABASE),
        },
        {
            "name": "popolo",
            "path": POPOLO,
            "title": "People, organisations, posts and memberships (Popolo)",
            "format": "json",
            "mediatype": "application/json",
            **_stamp(draft / POPOLO),
        },
    ]
    _write_json(draft / DESCRIPTOR, descriptor(resources, events, root, changed))
    return Packaged(len(shown), sum(rows.values()), events)


def descriptor(
    resources: Iterable[dict[str, Any]], events: int, root: str, changed: str | None
) -> dict[str, Any]:
    """Return datapackage.json; the version is the number of events, and the id names the state of the log."""
    return {
        "profile": "data-package",
        "name": NAME,
        "id": f"{NAME}@{events}-{root}",
        "title": "Children’s services in Powys: an archive of the public record",
        "description": (
            "Who answered for children’s services in Powys, what was promised, by when, and what became of it, each"
            " with its source. Every fact was recorded as an event in a log that is only added to; these tables are"
            f" made from its first {events} events, whose Merkle root (RFC 6962) is {root}. An empty cell means that"
            " no source says so."
        ),
        "version": str(events),
        **({"created": changed} if changed else {}),
        "licenses": [_LICENCE],
        "keywords": ["Powys", "children's services", "public record", "Wales"],
        "resources": list(resources),
    }


def described(table: Table, stamp: dict[str, Any]) -> dict[str, Any]:
    """Return the resource of a table: its file, and the schema with the meaning of every column."""
    schema: dict[str, Any] = {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
    }
    if keys := _primary_key(table):
        schema["primaryKey"] = keys
    if references := [found for column in table.columns if (found := _foreign_key(column))]:
        schema["foreignKeys"] = references
    return {
        "profile": "tabular-data-resource",
        "name": table.name.replace("_", "-"),
        "path": f"{table.name}.csv",
        "description": table.about,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"lineTerminator": "\n"},
        **stamp,
        "schema": schema,
    }


def _field(column: Column) -> dict[str, Any]:
    declared = column.sql.split(maxsplit=1)[0] if column.sql else "TEXT"
    field = {
        "name": column.name,
        "type": _TYPES.get(declared, "any"),
        "description": column.meaning,
    }
    needed = "NOT NULL" in column.sql or "PRIMARY KEY" in column.sql
    return field | ({"constraints": {"required": True}} if needed else {})


def _primary_key(table: Table) -> list[str]:
    own = [column.name for column in table.columns if "PRIMARY KEY" in column.sql]
    for constraint in table.constraints:
        if found := _KEY.search(constraint):
            own = [name.strip() for name in found[1].split(",")]
    return own


def _foreign_key(column: Column) -> dict[str, Any] | None:
    found = _REFERENCE.search(column.sql)
    if found is None or found[1] in LEFT_OUT:
        return None
    resource = found[1].replace("_", "-")
    return {"fields": column.name, "reference": {"resource": resource, "fields": found[2]}}


def _write_csv(copy: sqlite3.Connection, table: Table, path: Path) -> int:
    names = [column.name for column in table.columns]
    keys = _primary_key(table)
    order = f" ORDER BY {', '.join(keys)}" if keys else ""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in copy.execute(f"SELECT {', '.join(names)} FROM {table.name}{order}"):
            writer.writerow(row)
            count += 1
    return count


def _rows(copy: sqlite3.Connection, name: str) -> Iterable[Row]:
    cursor = copy.execute(f"SELECT * FROM {name} ORDER BY rowid")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _stamp(path: Path) -> dict[str, Any]:
    """Return size and digest of a file, as the specification writes them."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "hash": f"sha256:{digest}"}
