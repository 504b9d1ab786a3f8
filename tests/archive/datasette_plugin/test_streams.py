"""Whoever takes a table as CSV, or the lines that a page of the site shows, gets every row of it once."""

import asyncio
import csv
import io
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from archive.describing import metadata
from feeds.links import Links
from feeds.public.timeline import elsewhere
from feeds.settings import Settings
from feeds.sql import lines
from feeds.sql.lines import Wanted

#: Rows in a portion: fewer than have a day in common.
SIZE = 3
PAPER = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}
DAYS = ("2031-03-04", "2031", "2030/..", "../2031-06", "2031-03", "2029/2033")

Stream = Callable[[str], list[tuple[str, ...]]]


@pytest.fixture
def tables(aberdulas: Any) -> Path:
    """Tables in which many rows are of the same days, and some of none."""
    for number in range(4 * len(DAYS)):
        day = {"edtf": DAYS[number % len(DAYS)], "basis": "stated"}
        slug = f"statement/s{17 * number % 97}"  # in no order
        aberdulas.record(
            "StatementRecorded", PAPER, id=slug, new=True, gist=f"Gist {number}", speaker="person/nia-prys", mode="direct",
            speaker_basis="named", said_on=day, topics=["topic/libraries"],
        )  # fmt: skip
    aberdulas.record(
        "RecordRetracted", target=30, reason="source-error", note="The paper took it back."
    )
    aberdulas.tables()
    return Path(aberdulas.path)


@pytest.fixture
def stream(tables: Path) -> Iterator[Stream]:
    """Give a way to take an address as CSV, of a Datasette that pages after a few rows."""
    settings = {"max_returned_rows": SIZE, "default_page_size": SIZE}
    datasette = Datasette([str(tables)], metadata=metadata.metadata(), settings=settings)
    loop = asyncio.new_event_loop()

    def take(path: str) -> list[tuple[str, ...]]:
        answer = loop.run_until_complete(datasette.client.get(path))
        assert answer.status_code == 200, path
        return list(map(tuple, csv.reader(io.StringIO(answer.text))))[1:]

    yield take
    for database in datasette.databases.values():
        database.close()
    datasette.executor.shutdown()
    loop.close()


def test_every_row_of_every_table(tables: Path, stream: Stream) -> None:
    shown = metadata.metadata()["databases"][metadata.DATABASE]["tables"]
    with closing(sqlite3.connect(tables)) as conn:
        for name in (name for name, entry in shown.items() if not entry.get("hidden")):
            (number,) = conn.execute(f"SELECT count(*) FROM {name}").fetchone()
            rows = stream(f"/archive/{name}.csv?_stream=1")
            assert (len(rows), len(set(rows))) == (number, number), name


def test_every_line_that_the_timeline_shows(tables: Path, stream: Stream) -> None:
    settings = Settings(
        archive_db=tables, base_url="https://archive.example", datasette_url="https://data.example"
    )
    for wanted in (
        Wanted(),
        Wanted(kind="statement"),
        Wanted(topic="topic/libraries"),
        Wanted(publisher="org/aberdulas-post"),
        Wanted(status="depends on reading"),
        *(Wanted(year=str(year)) for year in range(2029, 2034)),
        Wanted(year="2031", kind="statement", topic="topic/libraries"),
    ):
        link = elsewhere(wanted, Links.whole(settings, "en")).csv
        rows = stream(link.removeprefix("https://data.example"))
        with closing(sqlite3.connect(tables)) as conn:
            shown = sorted((line.record, line.kind) for line in lines.lines(conn, wanted, 100))
        assert shown, wanted
        assert sorted(row[:2] for row in rows) == shown, wanted
