"""How fast the tables follow from the log, against their limits: one run, one table (docs/benchmarks.md).

``python benchmarks/projection.py`` works in a temporary folder, which needs about 16 kB an event, and leaves
nothing.
"""
# ruff: noqa: INP001

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import itertools
import multiprocessing
import os
import resource
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import report
from generator import events, write
from peer import eventsourcing
from report import Row

from archive.projector import catch_up, rebuild
from archive.rebuilding.loading import INSERTS, SETTINGS
from archive.store import Store, make_indexes, make_tables
from archive.tables import TABLES
from events.log import SqliteLog

SINGLE = 200
PAGE = 20_000
#: Events that the package eventsourcing projects: each costs the same, so that fewer do.
THEIRS = 20_000


class Took(NamedTuple):
    """What some work took: seconds by the clock, seconds of processors, and MB of all its processes together."""

    wall: float
    processor: float
    peak: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dir", type=Path, help="where to work")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.dir, prefix="powys-benchmark-") as name:
        report.machine()
        report.table(rows(Path(name), chosen.events, chosen.seed))


def rows(folder: Path, count: int, seed: int) -> Iterator[Row]:
    """Yield what is measured, one thing after the other."""
    log, tables = folder / "log.db", folder / "archive.db"
    write(log, count, seed).close()
    ours = apart(make, log, tables)
    yield Row(f"rebuild of {count:,} events", speed(ours, count))
    megabytes = f"{ours.peak:.0f} MB"
    yield Row(
        "... memory of its processes together, at most", megabytes, "below 1 GB", ours.peak < 1000
    )
    raw = {
        name: apart(copy, tables, folder / "raw.db", early)
        for name, early in (("as they come", True), ("after the rows", False))
    }
    for name, took in raw.items():
        yield Row(f"the same rows by sqlite3 alone, indexes {name}", speed(took, count))
    for name, of in (("by the clock", 0), ("of processor time", 1)):
        ratio = min(took[of] for took in raw.values()) / ours[of]
        yield Row(
            f"... ratio to the faster, {name}", f"{ratio:.2f}", *at_least(0.5, ratio, of == 0)
        )
    yield from one_fact(log, tables, count, seed)
    fewer = min(count, THEIRS)
    if theirs := eventsourcing(folder, fewer, seed):
        yield Row(
            f"projection of {fewer:,} events into the main tables by eventsourcing",
            f"{theirs:,.0f} events a second",
        )
        ratio = count / ours.wall / theirs
        yield Row(
            "... a rebuild, compared with that", f"{ratio:.1f}", *at_least(4, ratio, judged=True)
        )


def at_least(limit: float, value: float, judged: bool) -> tuple[str, bool | None]:  # noqa: FBT001
    """Return a limit in words, and whether it holds; None where it is not judged by this."""
    return (f"at least {limit:g}", value >= limit) if judged else ("", None)


def speed(took: Took, count: int) -> str:
    """Return a rate in words."""
    return f"{count / took.wall:,.0f} events a second, {took.wall:.1f} s ({took.processor:.1f} s of processors)"


def apart(work: Callable[..., tuple[float, float]], *arguments: Any) -> Took:
    """Do work in a new process; return what it took there, and in its children."""
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as child:
        return child.submit(_apart, work, arguments).result()


def _apart(work: Callable[..., tuple[float, float]], arguments: tuple[Any, ...]) -> Took:
    peak, done = [0.0], threading.Event()
    watching = threading.Thread(target=_watch, args=(peak, done))
    watching.start()
    try:
        wall, processor = work(*arguments)
    finally:
        done.set()
        watching.join()
    return Took(wall, processor, peak[0])


def _watch(peak: list[float], done: threading.Event) -> None:
    """Look at the memory of this process and those it started: pages that they share count once (Linux)."""
    while not done.wait(0.5):
        used = 0
        for pid in _tree(os.getpid()):
            with contextlib.suppress(OSError, IndexError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                used += int(text.partition("\nPss:")[2].split()[0])
        peak[0] = max(peak[0], used * 1.024 / 1000)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                yield from _tree(int(child))


def processors() -> float:
    """Return seconds of processor time of this process and of its children that ended."""
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def make(log: Path, tables: Path) -> tuple[float, float]:
    """Make the tables from zero."""
    with SqliteLog(log) as opened:
        start, used = time.perf_counter(), processors()
        rebuild(opened, tables)
        return time.perf_counter() - start, processors() - used


def copy(tables: Path, path: Path, early: bool) -> tuple[float, float]:  # noqa: FBT001
    """Write the rows of finished tables raw into the same schema, with the same settings as a rebuild.

    Only writing is timed: rows are read a page at a time before, and the peer folds, counts and packs nothing.
    """
    path.unlink(missing_ok=True)
    wall = processor = 0.0
    with (
        contextlib.closing(sqlite3.connect(tables)) as old,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as new,
    ):
        for setting in SETTINGS:
            new.execute(f"PRAGMA {setting}").fetchall()
        new.execute("BEGIN")
        make_tables(new)
        if early:
            make_indexes(new)
        names = [table.name for table in TABLES]
        for name in [*names, "search"]:
            columns = "rowid, record_id, kind, label, body" if name == "search" else "*"
            cursor = old.execute(f"SELECT {columns} FROM {name} ORDER BY rowid")
            while page := cursor.fetchmany(PAGE):
                start, used = time.perf_counter(), processors()
                new.executemany(INSERTS[name], page)
                wall, processor = (
                    wall + time.perf_counter() - start,
                    processor + processors() - used,
                )
        start, used = time.perf_counter(), processors()
        if not early:
            make_indexes(new)
        new.execute("COMMIT")
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        return wall + time.perf_counter() - start, processor + processors() - used


def one_fact(log: Path, tables: Path, count: int, seed: int) -> Iterator[Row]:
    """Append one event after the other, and bring the tables up to each."""
    new = list(itertools.islice(events(count + SINGLE, seed), count, None))
    wall, processor = [], []
    with SqliteLog(log) as opened, contextlib.closing(Store(tables)) as store:
        for event in new:
            opened.append([event])
            start, used = time.perf_counter(), time.process_time()
            catch_up(opened, store)
            wall.append((time.perf_counter() - start) * 1000)
            processor.append((time.process_time() - used) * 1000)
    *_, slow = statistics.quantiles(processor, n=20)
    measured = (
        f"{statistics.median(wall):.1f} ms ({statistics.median(processor):.1f} ms of processor time;"
        f" 19 of 20 within {slow:.1f} ms)"
    )
    yield Row(
        f"one new fact in the tables of {count:,} events",
        measured,
        "below 50 ms",
        statistics.median(wall) < 50,
    )


if __name__ == "__main__":
    main()
