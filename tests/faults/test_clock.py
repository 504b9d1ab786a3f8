"""A clock that goes back, or is put forward or back for the summer: order is the log's, and no day is miscounted."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser
import pytest

from archive.folding.deadlines import due
from feeds.app import create_app
from feeds.settings import Settings
from tests.conftest import Aberdulas
from tests.faults import contract
from tests.faults.archivist import ORIGIN, ROOT, Archivist, slugs, write_batch

LONDON = ZoneInfo("Europe/London")
#: In 2026 summer time begins, and ends, on these days.
FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)
#: What the machine's clock says at one command after the other.
STAMPS = [
    "2026-03-29T00:59:59+00:00", "2026-03-29T01:00:01+00:00", "2026-03-28T01:00:00+00:00",
    "2026-10-25T00:59:59+00:00", "2026-10-25T01:00:00+00:00", "2026-10-25T00:30:00+00:00",
    "1970-01-01T00:00:00+00:00", "2026-10-26T12:00:00+00:00",
]  # fmt: skip


@pytest.fixture(params=["UTC", "Europe/London", "Pacific/Kiritimati"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the machine believes to be: nothing may depend on it."""
    monkeypatch.setenv("TZ", request.param)
    return str(request.param)


def test_archivists_at_a_clock_that_jumps_leave_a_log_in_order_and_feeds_that_never_go_back(
    tmp_path: Path, place: str
) -> None:
    home = tmp_path / "home"
    known: dict[int, str] = {}
    updated, sizes = [], []
    with Archivist(home) as person:
        assert person.does("init", "--empty", "--origin", ORIGIN, at=STAMPS[0])[0] == 0
        site = Settings(
            archive_db=home / "archive.db",
            base_url="https://archive.example",
            datasette_url="https://data.example",
        )
        reader = create_app(site).test_client()
        for number, stamp in enumerate(STAMPS):
            batch = write_batch(tmp_path / "a.yaml", "a", number, 1)
            code, said = person.does("append", str(batch), at=stamp)
            assert code == 0, said
            known.update(enumerate(slugs("a", number, 1), len(known)))
            feed = feedparser.parse(reader.get("/en/feeds/all.atom").data)
            updated.append(feed.feed.updated)
            sizes.append(int(reader.get("/log/checkpoint").text.split("\n")[1]))

    contract.check(home, known, writers=0)
    assert sizes == sorted(sizes)
    assert sizes[-1] == len(known)
    assert updated == sorted(updated)
    times = recorded(home)
    assert times == sorted(times)
    assert times[0] == "2026-03-29T00:59:59Z"
    assert times[-1] == "2026-10-26T12:00:00Z"
    assert len(set(times)) == 5, "a clock that goes back stands still until it has caught up"


@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
def test_the_same_with_the_clock_of_the_whole_process_changed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run(home, STAMPS[0], "init", "--empty", "--origin", ORIGIN)
    for number, stamp in enumerate(STAMPS):
        if not stamp.startswith("1970"):
            run(home, stamp, "append", str(write_batch(tmp_path / "a.yaml", "a", number, 1)))

    times = recorded(home)
    assert times == sorted(times)
    # The clock starts at the stamp and goes on: a busy machine needs some seconds until the first event.
    assert "2026-03-29T00:59:59" <= times[0] < "2026-03-29T01:01"
    assert "2026-10-26T12:00:00" <= times[-1] < "2026-10-26T12:02"


def run(home: Path, stamp: str, *words: str) -> None:
    when = datetime.fromisoformat(stamp).strftime("%Y-%m-%d %H:%M:%S")
    command = [sys.executable, "-m", "archive.cli", "--home", str(home), *words]
    environment = {**os.environ, "TZ": "UTC"}
    subprocess.run(["faketime", when, *command], check=True, cwd=ROOT, env=environment, timeout=60)


def recorded(home: Path) -> list[str]:
    """Return when events were recorded, in the order of their numbers, as everybody can read it."""
    with contextlib.closing(sqlite3.connect(home / "archive.db")) as db:
        return [at for (at,) in db.execute("SELECT recorded_at FROM events ORDER BY seq")]


# --- Days on which the clock is changed


@pytest.mark.parametrize("day", [FORWARD, BACK])
@pytest.mark.parametrize("before", [1, 2, 20])
def test_a_day_of_23_or_25_hours_is_a_day(day: date, before: int, place: str) -> None:
    start = day - timedelta(before)
    rule = {"n": before, "unit": "day", "from": start.isoformat()}
    assert set(due({"rule": rule})) == {day.isoformat()}
    rule = {"n": before + 1, "unit": "day", "from": start.isoformat()}
    assert set(due({"rule": rule})) == {(day + timedelta(1)).isoformat()}


@pytest.mark.parametrize("day", [FORWARD, BACK])
def test_nobody_is_late_before_the_day_is_over_in_powys(
    aberdulas: Aberdulas, day: date, place: str
) -> None:
    """The tables go by the date in UTC, which is never ahead of ours: at most an hour late, never early."""
    proof = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}
    aberdulas.record(
        "CommitmentRecorded", proof, id="commitment/plan", new=True, obliged="org/aberdulas-council", kind="promised",
        what="Publish a plan", readings=[{"label": "that day", "on": {"edtf": day.isoformat(), "basis": "stated"}}],
    )  # fmt: skip
    aberdulas.tables()
    sql = "SELECT status FROM commitment_status WHERE id = 'commitment/plan'"
    with contextlib.closing(sqlite3.connect(aberdulas.path)) as db:
        for instant in hours(day):
            today = instant.date().isoformat()
            db.create_function("date", 1, lambda _, today=today: today)
            ((status,),) = db.execute(sql)
            local = instant.astimezone(LONDON)
            if local.date() <= day:
                assert status == "due", f"at {local}"
            elif local >= datetime(day.year, day.month, day.day, 1, tzinfo=LONDON) + timedelta(1):
                assert status == "unknown", f"past, and no outcome is known: at {local}"


def hours(day: date) -> Iterator[datetime]:
    """Yield every quarter of an hour from the day before to the day after, in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(1)
    return (start + timedelta(minutes=15 * number) for number in range(4 * 24 * 3))
