from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from archive.keeping.backup import CannotKeep
from archive.keeping.datapackage import LEFT_OUT, export_package
from archive.tables import TABLES


@pytest.fixture
def package(aberdulas: Any, tmp_path: Path) -> Path:
    aberdulas.tables()
    export_package(aberdulas.path, tmp_path / "package")
    return tmp_path / "package"


def described(package: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    return found


def test_every_table_is_in_it_with_the_meaning_of_every_column(package: Path) -> None:
    resources = {r["path"]: r for r in described(package)["resources"]}

    shown = [table for table in TABLES if table.name not in LEFT_OUT]
    assert {f"{table.name}.csv" for table in shown} | {"archive.db", "popolo.json"} == set(
        resources
    )
    for table in shown:
        fields = resources[f"{table.name}.csv"]["schema"]["fields"]
        assert [(f["name"], f["description"]) for f in fields] == [
            (column.name, column.meaning) for column in table.columns
        ]


def test_every_file_is_as_long_and_has_the_digest_that_is_told(package: Path) -> None:
    resources = described(package)["resources"]

    assert {r["path"] for r in resources} | {"datapackage.json"} == {
        path.name for path in package.iterdir()
    }
    for resource in resources:
        data = (package / resource["path"]).read_bytes()
        assert resource["bytes"] == len(data)
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_the_rows_are_those_of_the_tables_and_keys_and_references_hold(
    package: Path, aberdulas: Any
) -> None:
    rows: dict[str, list[dict[str, str]]] = {}
    schemas = {}
    for resource in described(package)["resources"]:
        if "schema" in resource:
            with (package / resource["path"]).open(encoding="utf-8", newline="") as file:
                rows[resource["name"]] = list(csv.DictReader(file))
            schemas[resource["name"]] = resource["schema"]

    for name, schema in schemas.items():
        table = name.replace("-", "_")
        assert len(rows[name]) == aberdulas.rows(f"SELECT count(*) FROM {table}")[0][0]
        if keys := schema.get("primaryKey"):
            values = [tuple(row[key] for key in keys) for row in rows[name]]
            assert len(set(values)) == len(values), name
        for field in schema["fields"]:
            if field.get("constraints", {}).get("required"):
                assert all(row[field["name"]] != "" for row in rows[name]), (name, field["name"])
        for reference in schema.get("foreignKeys", ()):
            target = reference["reference"]
            there = {row[target["fields"]] for row in rows[target["resource"]]}
            assert {row[reference["fields"]] for row in rows[name]} <= there | {""}, (
                name,
                reference,
            )
    assert schemas["people"]["primaryKey"] == ["id"]
    assert schemas["tenures"]["foreignKeys"]


def test_the_sqlite_file_is_whole(package: Path, aberdulas: Any) -> None:
    with sqlite3.connect(package / "archive.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM log_entries").fetchall() == aberdulas.rows(
            "SELECT count(*) FROM log_entries"
        )
    db.close()


def test_two_packages_of_the_same_tables_are_the_same_bytes(
    package: Path, aberdulas: Any, tmp_path: Path
) -> None:
    export_package(aberdulas.path, tmp_path / "again")

    for path in package.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_it_names_the_state_of_the_log_and_the_licence(package: Path, aberdulas: Any) -> None:
    found = described(package)

    [(events, root)] = aberdulas.rows("SELECT events, root FROM log_position")
    assert found["version"] == str(events)
    assert root in found["id"]
    assert root in found["description"]
    assert found["licenses"][0]["name"] == "CC-BY-4.0"


def test_nothing_is_written_over_and_a_failure_leaves_nothing(
    package: Path, aberdulas: Any, tmp_path: Path
) -> None:
    with pytest.raises(CannotKeep, match="exists already and is not written over"):
        export_package(aberdulas.path, package)

    before = set(tmp_path.iterdir())
    with pytest.raises(CannotKeep, match="nothing was written to"):
        export_package(tmp_path / "none.db", tmp_path / "other")
    assert set(tmp_path.iterdir()) == before
