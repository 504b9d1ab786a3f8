"""How fast the log is, against its limits: one run, one table (docs/benchmarks.md).

``python benchmarks/log.py`` works in a temporary folder, which needs about 2 kB an event, and leaves nothing.
"""
# ruff: noqa: INP001

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import importlib
import itertools
import json
import multiprocessing
import os
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Self

import msgspec
import report
from report import Row

from archive.keeping import bundle
from events import codec, merkle, transfer
from events.audit import audit
from events.checkpoint import Checkpoint
from events.disclosure import b64url
from events.envelope import NewEvent
from events.log import SqliteLog
from events.schema import CACHE_KIB

BATCH = 1000
#: Durable appends that are timed one by one, in turns of ``BLOCK`` for each way to store.
SINGLE = 1000
BLOCK = 25
PROOFS = 1000
AT = "2031-03-06T08:30:00Z"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dir", type=Path, help="where to work; durable writes depend on the disk")
    parser.add_argument("--events", type=int, default=100_000, help="for batches and verification")
    parser.add_argument("--large", type=int, default=1_000_000, help="for memory and proofs; 0: no")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.dir, prefix="powys-benchmark-") as name:
        report.machine()
        report.table(rows(Path(name), chosen.events, chosen.large))


def rows(folder: Path, count: int, large: int) -> Iterator[Row]:
    """Yield what is measured, one thing after the other."""
    yield from singly(folder)
    lines = folder / "log.jsonl"
    yield from together(folder, lines, count)
    if large:
        yield from at_large(folder, lines, large)


def distinct(start: int = 0) -> Iterator[NewEvent]:
    """Yield events without end: those of the bundled collection, their records numbered anew."""
    entries, _ = bundle.load()
    plain = [codec.unseal(seq, *entry) for seq, entry in enumerate(entries)]
    models = [codec.build(event.type, event.payload, event.evidence) for event in plain]
    for number, (payload, evidence) in enumerate(itertools.cycle(models)):
        if number >= start:
            name = getattr(payload, "id", None)
            numbered = {"id": f"{name[:100].rstrip('-')}-{number}"} if name else {}
            yield NewEvent(msgspec.structs.replace(payload, **numbered), evidence)


# --- One durable append


Store = Callable[[int], object]


def singly(folder: Path) -> Iterator[Row]:
    """Compare storing one event durably with SQLite alone and with the package `eventsourcing`."""
    new = list(itertools.islice(distinct(), SINGLE))
    log = SqliteLog.create(folder / "ours.db")
    ways: dict[str, Store] = {
        "ours": lambda number: log.append([new[number]]),
        "raw": raw(folder / "raw.db", new),
    }
    if other := eventsourcing(folder / "theirs.db", new):
        ways["eventsourcing"] = other
    rate = in_turns(ways, SINGLE)
    ratio = rate["ours"] / rate["raw"]
    yield Row("one durable append", f"{rate['ours']:,.0f} a second")
    yield Row("... the same rows by sqlite3 alone", f"{rate['raw']:,.0f} a second")
    yield Row("... ratio", f"{ratio:.2f}", "at least 0.6", ratio >= 0.6)
    if other:
        ratio = rate["ours"] / rate["eventsourcing"]
        yield Row(
            "... `Application.save` of eventsourcing", f"{rate['eventsourcing']:,.0f} a second"
        )
        yield Row("... ratio", f"{ratio:.2f}", "above 1", ratio > 1)
    log.close()


def in_turns(ways: dict[str, Store], count: int) -> dict[str, float]:
    """Return calls a second of each way (median of blocks), taken in turns on the same machine."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for first in range(0, count, BLOCK):
        for name, store in ways.items():
            start = time.perf_counter()
            for number in range(first, first + BLOCK):
                store(number)
            times[name].append(time.perf_counter() - start)
    return {name: BLOCK / statistics.median(found) for name, found in times.items()}


def raw(path: Path, new: Sequence[NewEvent]) -> Store:
    """Return what inserts the rows of an event, made beforehand: same tables and pragmas, no triggers."""
    SqliteLog.create(path).close()
    db = sqlite3.connect(path, isolation_level=None)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    for pragma in DURABLE:
        db.execute(pragma).fetchall()
    tree: dict[tuple[int, int], bytes] = {}

    def stored(level: int, idx: int) -> bytes:
        return tree[level, idx]

    made = []
    for seq, event in enumerate(new):
        envelope, disclosures = codec.seal(
            event, at=AT, by="archivist", salt=lambda: os.urandom(16)
        )
        nodes = merkle.grow(seq, stored, [merkle.leaf_hash(envelope)])
        tree.update({(node.level, node.idx): node.hash for node in nodes})
        body = json.dumps(disclosures)
        made.append((seq, envelope, body, nodes, f"c:{codec.content_key(event)}"))

    def store(number: int) -> None:
        seq, envelope, body, nodes, key = made[number]
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO entries VALUES (?, ?)", (seq, envelope))
        db.execute("INSERT INTO disclosures VALUES (?, ?)", (seq, body))
        db.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)
        db.execute("INSERT INTO keys VALUES (?, ?)", (key, seq))
        db.execute("COMMIT")

    return store


DURABLE = (
    "PRAGMA journal_mode = TRUNCATE",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    f"PRAGMA cache_size = -{CACHE_KIB}",
)


def eventsourcing(path: Path, new: Sequence[NewEvent]) -> Store | None:
    """Return what saves the same contents by the package of this name, as durably; None without it."""
    try:
        application: Any = importlib.import_module("eventsourcing.application")
        domain: Any = importlib.import_module("eventsourcing.domain")
        sqlite: Any = importlib.import_module("eventsourcing.sqlite")
    except ImportError:
        return None

    class Durable(sqlite.SQLiteConnectionPool):  # type: ignore[misc]
        def _create_connection(self) -> Any:
            connection = super()._create_connection()
            for pragma in DURABLE:
                connection.cursor().execute(pragma)
            return connection

    class Record(domain.Aggregate):  # type: ignore[misc]
        @domain.event("Recorded")  # type: ignore[untyped-decorator]
        def __init__(self, kind: str, payload: dict[str, Any], evidence: list[Any]) -> None:
            self.kind, self.payload, self.evidence = kind, payload, evidence

    sqlite.SQLiteConnectionPool = Durable
    env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
    app = application.Application(env=env)
    made = [
        Record(event.type, msgspec.to_builtins(event.payload), msgspec.to_builtins(event.evidence))
        for event in new
    ]
    return lambda number: app.save(made[number])


# --- Many at once


def together(folder: Path, lines: Path, count: int) -> Iterator[Row]:
    """Append in batches, export, import and verify; leaves the lines behind."""
    new = distinct()
    taken = Taken()
    with SqliteLog.create(folder / "batches.db") as log:
        while (size := log.size) < count:
            batch = list(itertools.islice(new, min(BATCH, count - size)))
            with taken:
                log.append(batch)
        yield at_least(f"append {count:,} events, {BATCH:,} a call", count, taken)
        with lines.open("w", encoding="ascii") as file:
            entries = ((envelope, disclosures) for _, envelope, disclosures in log.entries())
            file.writelines(transfer.lines(entries, log.root()))
        with (
            SqliteLog.create(folder / "imported.db") as other,
            lines.open(encoding="ascii") as file,
        ):
            given = transfer.Entries(file)
            with Taken() as taken:
                other.restore_entries(given, root=given.root)
        yield at_least(f"import {count:,} events as JSON Lines", count, taken)
        with Taken() as taken:
            verify(log)
        measured = f"{taken.wall:.1f} s ({taken.processor:.1f} s of processor time)"
        yield Row(f"verify {count:,} events", measured, "below 10 s", taken.wall < 10)
    for name in ("batches.db", "imported.db"):
        (folder / name).unlink()


class Taken:
    """Seconds that passed in ``with`` blocks, and those of them that this process was running."""

    def __init__(self) -> None:
        self.wall = self.processor = 0.0

    def __enter__(self) -> Self:
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        wall, processor = self._start
        self.wall += time.perf_counter() - wall
        self.processor += time.process_time() - processor


def at_least(what: str, count: int, taken: Taken) -> Row:
    """Return the row of a rate of events that are stored together."""
    rate = count / taken.wall
    measured = f"{rate:,.0f} a second ({count / taken.processor:,.0f} a second of processor time)"
    return Row(what, measured, "at least 10,000", rate >= 10_000)


def verify(log: SqliteLog) -> None:
    """Hash all envelopes and disclosures anew and compare the root."""
    findings = audit(log.entries, [Checkpoint("benchmark", log.size, log.root())])
    if alarms := list(itertools.islice((found for found in findings if found.alarm), 3)):
        sys.exit("; ".join(map(str, alarms)))


# --- A large log


def at_large(folder: Path, lines: Path, count: int) -> Iterator[Row]:
    """Fill a large log in a process of its own, verify it in another, then prove and append."""
    path = folder / "large.db"
    for what, work in (("import", import_large), ("verify", verify_large)):
        spawn = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as child:
            taken, peak = child.submit(work, path, lines, count).result()
        measured = f"{peak:.0f} MB ({taken:.0f} s)"
        yield Row(f"peak memory of {what}, {count:,} events", measured, "below 300 MB", peak < 300)
    with SqliteLog(path) as log:
        wall, processor = [], []
        for seq in Random(1).sample(range(count), PROOFS):  # noqa: S311 (no secret)
            with Taken() as proving:
                merkle.inclusion(seq, count, log.node)
            wall.append(proving.wall * 1000)
            processor.append(proving.processor * 1000)
        *_, slowest = statistics.quantiles(processor, n=100)
        middle = statistics.median(wall)
        measured = f"{middle:.2f} ms, 99 of 100 within {slowest:.2f} ms of processor time"
        holds = max(middle, slowest) < 5
        yield Row(f"proof of an event among {count:,}", measured, "below 5 ms", holds)
        new = list(itertools.islice(distinct(count), SINGLE))
        with SqliteLog.create(folder / "small.db") as small:
            small.append(list(itertools.islice(distinct(), 1000)))
            rate = in_turns(
                {
                    "small": lambda number: small.append([new[number]]),
                    "large": lambda number: log.append([new[number]]),
                },
                SINGLE,
            )
        ratio = rate["small"] / rate["large"]
        what = f"time of one append at {count:,} events, by that at 1,000"
        yield Row(what, f"{ratio:.2f}", "at most 1.5", ratio <= 1.5)


def import_large(path: Path, lines: Path, count: int) -> tuple[float, float]:
    """Fill a log with the events of the lines, over and over; return seconds and peak memory in MB."""
    leaves = [
        merkle.leaf_hash(json.loads(line)["envelope"].encode()) for line in entry_lines(lines)
    ]
    root = tree_root(itertools.islice(itertools.cycle(leaves), count))
    again = itertools.chain.from_iterable(entry_lines(lines) for _ in itertools.count())
    last = json.dumps({"root": b64url(root), "size": count})
    start = time.perf_counter()
    given = transfer.Entries(itertools.chain(itertools.islice(again, count), [last]))
    with SqliteLog.create(path) as log:
        log.restore_entries(given, root=given.root)
    return time.perf_counter() - start, peak_memory()


def verify_large(path: Path, *_: object) -> tuple[float, float]:
    """Verify a log; return seconds and peak memory in MB."""
    start = time.perf_counter()
    with SqliteLog(path) as log:
        verify(log)
    return time.perf_counter() - start, peak_memory()


def entry_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file of a log, but not the last, with the root."""
    with path.open(encoding="ascii") as file:
        for line, _ in itertools.pairwise(file):
            yield line


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """Return the Merkle root of leaves that come one by one; only the right edge is kept."""
    edge: list[bytes] = []
    for number, leaf in enumerate(leaves):
        rest, value = number, leaf
        while rest & 1:
            rest, value = rest >> 1, merkle.node_hash(edge.pop(), value)
        edge.append(value)
    return functools.reduce(lambda right, left: merkle.node_hash(left, right), reversed(edge))


def peak_memory() -> float:
    """Return the peak of this process's memory in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # elsewhere the figure may include that of the parent process
        text = status.read_text(encoding="ascii")
        return int(text.partition("VmHWM:")[2].split()[0]) / 1000
    unit = 1_000_000 if sys.platform == "darwin" else 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    main()
