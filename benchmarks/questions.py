"""How fast Datasette answers on large tables: each research question as JSON, each table's page (docs/benchmarks.md).

``python benchmarks/questions.py --tables archive.db`` asks the tables at hand, and nothing but Datasette as
``archive serve`` runs it is started; without it the tables of an invented archive are made first in a temporary
folder, which needs about 16 kB an event.
"""
# ruff: noqa: INP001

from __future__ import annotations

import argparse
import contextlib
import itertools
import sqlite3
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import report
from generator import write
from report import Row

from archive.describing.questions import QUESTIONS
from archive.home import Home
from archive.projector import rebuild
from archive.serving.children import Child, stop
from archive.serving.programs import datasette_program, metadata_path
from archive.tables import TABLES

TIMES = 5
QUESTION_MS = 300
PAGE_MS = 200
PORT = 8931
#: How to find, for a parameter, a value of which the tables have much to say.
VALUES = {
    "day": "SELECT day_latest FROM timeline WHERE day_latest <> '' ORDER BY day_latest LIMIT 1 OFFSET (SELECT count(*) / 2 FROM timeline)",
    "post": "SELECT post_id FROM tenures GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
    "record": "SELECT record_id FROM versions ORDER BY version DESC LIMIT 1",
    "moment": "SELECT changed_at FROM log_position",
    "speaker": "SELECT speaker_id FROM statements GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
    "name": "SELECT label FROM records WHERE kind = 'org' ORDER BY id LIMIT 1",
    "first": "SELECT min(day_earliest) FROM timeline",
    "last": "SELECT max(day_latest) FROM timeline",
    "words": "SELECT label FROM records WHERE kind = 'development' ORDER BY id LIMIT 1",
    "measure": "SELECT measure_id FROM figures GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
    "days": "SELECT 61",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tables", type=Path, help="a file of tables; else one is made")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--dir", type=Path, help="where to work")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.dir, prefix="powys-benchmark-") as name:
        folder = Path(name)
        if chosen.tables:
            (folder / "archive.db").symlink_to(chosen.tables.resolve())
        else:
            with write(folder / "log.db", chosen.events, 1) as log:
                rebuild(log, folder / "archive.db")
        report.machine()
        report.table(measured(folder))


def measured(folder: Path) -> Iterator[Row]:
    """Yield how long each question and each table takes, and how long it may take."""
    with contextlib.closing(sqlite3.connect(folder / "archive.db")) as db:
        values = {
            name: str((db.execute(sql).fetchone() or [""])[0]) for name, sql in VALUES.items()
        }
    datasette = Child(
        datasette_program(Home(folder), "127.0.0.1", PORT, metadata_path(), PORT + 1), print
    )
    try:
        datasette.start()
        while not datasette.ready:
            if datasette.exit_code is not None:
                sys.exit("Datasette ended at once; it said why above")
            datasette.tend()
            time.sleep(0.05)
        for question in QUESTIONS:
            given = {name: values[name] for name in question.params}
            yield row(question.name, took(f"{question.name}.json", given), QUESTION_MS)
        for table in TABLES:
            yield row(f"page of `{table.name}`", took(table.name, {}), PAGE_MS)
            yield row(f"`{table.name}` as JSON", took(f"{table.name}.json", {}), PAGE_MS)
    finally:
        stop((datasette,))


def row(what: str, milliseconds: float, limit: int) -> Row:
    """Return the row of a median."""
    return Row(what, f"{milliseconds:.0f} ms", f"below {limit} ms", milliseconds < limit)


_fresh = itertools.count()


def took(path: str, given: dict[str, str]) -> float:
    """Return the median time of an answer that is not kept, in milliseconds."""
    times = []
    for _ in range(TIMES):
        query = urllib.parse.urlencode({**given, "_fresh": next(_fresh)})
        start = time.perf_counter()
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{PORT}/archive/{path}?{query}", timeout=60
            ) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            print(f"{path}: {error.code}", file=sys.stderr)  # noqa: T201
            return float("inf")
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
