"""Locks, failing commits, killed writers, full disks, damage: nothing acknowledged is lost, nothing is mixed."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Self

import pytest

from events import codec
from events import log as log_module
from events.errors import (
    EventsError,
    LogDamaged,
    LogError,
    OutcomeUnknown,
)
from events.log import SqliteLog
from tests.events.auditing import audit, dump, ids, root_of
from tests.events.examples import EXAMPLES, topic
from tests.events.writer import batch, key

ROOT = Path(__file__).parents[2]
ALL = list(EXAMPLES.values())
A, B, C = topic("libraries"), topic("buses"), topic("parks")
TEXT = "Nhŷ Mawr 📚 e\u0301 — diwedd"

# --- Locks


@pytest.mark.usefixtures("impatient")
def test_while_another_program_writes_nothing_is_stored_and_that_is_said(log: SqliteLog) -> None:
    with (
        contextlib.closing(sqlite3.connect(log.path, isolation_level=None)) as other,
        SqliteLog(log.path) as second,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            LogError, match="cannot be written now: database is locked; nothing was stored"
        ):
            second.append([A], key="k")
        with pytest.raises(LogError, match="nothing was stored"):
            second.attach("source/a", TEXT)
        assert list(second.read()) == [], "reading goes on meanwhile"
        other.execute("ROLLBACK")
        assert second.append([A], key="k") == [0]


@pytest.mark.usefixtures("impatient")
def test_while_another_program_has_the_file_to_itself_reading_says_so(log: SqliteLog) -> None:
    with (
        contextlib.closing(sqlite3.connect(log.path, isolation_level=None)) as other,
        SqliteLog(log.path) as second,
    ):
        other.execute("BEGIN EXCLUSIVE")
        for look in (
            lambda: second.size,
            lambda: list(second.read()),
            second.root,
            lambda: second.text("source/a"),
        ):
            with pytest.raises(LogError, match="cannot be read: database is locked"):
                look()
        with pytest.raises(LogError, match="cannot be opened as a log: database is locked"):
            SqliteLog(log.path)


@pytest.mark.usefixtures("impatient")
def test_a_reader_that_pauses_keeps_no_writer_waiting(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "PAGE", 5)
    log.append(ALL)

    with SqliteLog(log.path) as reader, SqliteLog(log.path) as writer:
        reading = reader.read()
        seen = [next(reading)]
        assert writer.append([A]) == [17]
        seen += [next(reading) for _ in range(6)]
        assert writer.append([B]) == [18]
        seen += reading

    assert [event.seq for event in seen] == list(range(17)), "as many as there were when it began"


@pytest.mark.usefixtures("impatient")
def test_a_foreign_reader_at_the_moment_of_commit_makes_the_outcome_unknown(tmp_path: Path) -> None:
    with SqliteLog.create(tmp_path / "log.db") as log:
        log.append(ALL)
        with contextlib.closing(sqlite3.connect(log.path)) as other:
            cursor = other.execute("SELECT * FROM entries")
            cursor.fetchone()
            with pytest.raises(OutcomeUnknown, match="database is locked; it is unknown whether"):
                log.append([A], key="k")
            cursor.close()
        assert log.append([A], key="k") == log.append([A], key="k") == [17]
    assert len(audit(tmp_path / "log.db")) == 18


# --- When COMMIT fails


def test_a_commit_that_sqlite_refuses_is_unknown_and_its_repetition_stores_once(
    log: SqliteLog,
) -> None:
    log.append([A])
    log._db.executescript(
        """
        CREATE TABLE dangling(seq REFERENCES entries DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER sabotage AFTER INSERT ON entries
          BEGIN INSERT INTO dangling VALUES (NEW.seq + 1000000); END;
        """
    )
    before = dump(log.path)
    for _ in range(2):
        with pytest.raises(
            OutcomeUnknown, match=r"FOREIGN KEY constraint failed; .* repeat the same command"
        ):
            log.append([B, C], key="k")
        assert dump(log.path) == before
        assert not log._db.in_transaction

    log._db.execute("DROP TRIGGER sabotage")
    assert log.append([B, C], key="k") == log.append([B, C], key="k") == [1, 2]
    assert ids(audit(log.path)) == ["topic/libraries", "topic/buses", "topic/parks"]


class FailingDisk(sqlite3.Connection):
    """A connection whose next COMMIT reports an error, before or after doing what it should."""

    fails: str = ""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql != "COMMIT" or not self.fails:
            return super().execute(sql, *values)
        if self.fails == "after":
            super().execute(sql)
        raise sqlite3.OperationalError("disk I/O error")

    @classmethod
    def under(cls, log: SqliteLog) -> Self:
        """Put such a connection under a log."""
        log._db.close()
        log._db = sqlite3.connect(log.path, isolation_level=None, factory=cls)
        return log._db


@pytest.mark.parametrize(("fails", "stored"), [("before", 0), ("after", 2)])
def test_a_failed_commit_may_have_stored_and_its_repetition_stores_once(
    log: SqliteLog, fails: str, stored: int
) -> None:
    log.append([A])
    disk = FailingDisk.under(log)

    disk.fails = fails
    with pytest.raises(
        OutcomeUnknown, match="disk I/O error; it is unknown whether the events were stored"
    ):
        log.append([B, C], key="k", expected=1)
    disk.fails = ""

    assert log.size == 1 + stored
    assert log.append([B, C], key="k", expected=1) == [1, 2]
    assert log.append([A]) == [3]
    assert ids(audit(log.path)) == [
        "topic/libraries",
        "topic/buses",
        "topic/parks",
        "topic/libraries",
    ]


def test_an_error_before_commit_says_that_nothing_was_stored(log: SqliteLog) -> None:
    log._db.executescript(
        "CREATE TRIGGER sabotage BEFORE INSERT ON keys BEGIN SELECT raise(ABORT, 'no more keys'); END;"
    )
    before = dump(log.path)

    with pytest.raises(LogError, match="no more keys; nothing was stored"):
        log.append([A])

    assert dump(log.path) == before
    log._db.execute("DROP TRIGGER sabotage")
    assert log.append([A]) == [0]


# --- Several processes


def start(mode: str, path: Path, name: str, count: int, seed: int) -> subprocess.Popen[str]:
    """Start a writer and wait until it is ready to go."""
    arguments = [mode, str(path), name, str(count), str(seed)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.events.writer", *arguments],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


@contextlib.contextmanager
def running(
    mode: str, path: Path, names: str, count: int, seed: int
) -> Iterator[list[subprocess.Popen[str]]]:
    """Run a writer for each name, all started before the first may go."""
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(start(mode, path, name, count, seed)) for name in names]
        for writer in writers:
            stack.callback(writer.kill)
        for writer in writers:
            assert pipe(writer.stdout).readline() == "ready\n"
        for writer in writers:
            pipe(writer.stdin).write("go\n")
            pipe(writer.stdin).flush()
        yield writers


def pipe(stream: Any) -> Any:
    assert stream is not None
    return stream


def said(writer: subprocess.Popen[str]) -> list[list[int]]:
    """Return the lines of numbers a writer said; a line that was cut off by a kill does not count."""
    output = pipe(writer.stdout).read()
    return [list(map(int, line.split())) for line in output.split("\n")[:-1]]


@pytest.mark.parametrize("count", [50, pytest.param(200, marks=pytest.mark.torture)])
def test_four_processes_write_at_once_and_nothing_is_lost_refused_or_mixed(
    tmp_path: Path, seed: int, count: int
) -> None:
    path = tmp_path / "log.db"
    SqliteLog.create(path).close()

    with running("write", path, "abcd", count, seed) as writers:
        answers = {name: said(writer) for name, writer in zip("abcd", writers, strict=True)}
        assert [writer.wait() for writer in writers] == [0, 0, 0, 0]

    stored = ids(audit(path))
    assert len(stored) == sum(len(seqs) for lines in answers.values() for _, *seqs in lines)
    for name, lines in answers.items():
        assert [number for number, *_ in lines] == list(range(count))
        for number, *seqs in lines:
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "a batch stands together"
            assert [stored[seq] for seq in seqs] == [
                event.payload.id for event in batch(name, number, seed)
            ]


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.torture)])
def test_the_same_key_from_four_processes_is_stored_once(
    tmp_path: Path, seed: int, count: int
) -> None:
    path = tmp_path / "log.db"
    SqliteLog.create(path).close()

    with running("repeat", path, "abcd", count, seed) as writers:
        answers = [line for writer in writers for line in said(writer)]

    once = list(range(len(batch("same", 0, seed))))
    assert answers == [once] * 4 * count
    assert len(audit(path)) == len(once)


# --- Killed at any moment


def kill_rounds(path: Path, seed: int, kills: int, names: str) -> tuple[int, int]:
    """Kill writers at random moments, checking after each; return journals left hot and batches in doubt."""
    random = Random(seed)
    SqliteLog.create(path).close()
    hot = doubtful = 0
    known: list[tuple[str, int, list[int]]] = []
    for round_number in range(kills // len(names)):
        own = [f"{name}{round_number}" for name in names]
        with contextlib.ExitStack() as stack:
            writers = [stack.enter_context(start("write", path, name, 10**6, seed)) for name in own]
            for writer in writers:
                stack.callback(writer.kill)
                assert pipe(writer.stdout).readline() == "ready\n"
            for writer in writers:
                pipe(writer.stdin).write("go\n")
                pipe(writer.stdin).flush()
            time.sleep(random.uniform(0, 0.05))
            for writer in random.sample(writers, len(writers)):
                writer.send_signal(signal.SIGKILL)
            answers = {name: said(writer) for name, writer in zip(own, writers, strict=True)}
        hot += Path(f"{path}-journal").exists() and Path(f"{path}-journal").stat().st_size > 0
        stored = ids(audit(path))
        before = len(stored)
        known += [(name, line[0], line[1:]) for name, lines in answers.items() for line in lines]
        for name, number, seqs in known:
            assert [stored[seq] for seq in seqs] == [
                e.payload.id for e in batch(name, number, seed)
            ]
        acknowledged = sum(len(seqs) for _, _, seqs in known)
        with SqliteLog(path) as log:
            for name, lines in answers.items():
                number = len(lines)  # the one that was under way
                seqs = log.append(batch(name, number, seed), key=key(name, number))
                doubtful += seqs[0] < before
                acknowledged += len(seqs)
                known.append((name, number, seqs))
            assert log.size == acknowledged, "what nobody asked for again was never there"
    assert len(audit(path)) == sum(len(seqs) for _, _, seqs in known)
    return hot, doubtful


@pytest.mark.parametrize("names", ["a", "ab"])
def test_killed_writers_lose_nothing_acknowledged_and_leave_whole_batches(
    tmp_path: Path, seed: int, names: str
) -> None:
    kill_rounds(tmp_path / "log.db", seed, 12, names)


@pytest.mark.torture
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("names", ["a", "ab", "abcd"])
def test_hundreds_of_killed_writers_lose_nothing(tmp_path: Path, seed: int, names: str) -> None:
    parts = [kill_rounds(tmp_path / f"{part}.db", seed + part, 20, names) for part in range(9)]

    hot, doubtful = map(sum, zip(*parts, strict=True))
    print(f"{hot} hot journals, {doubtful} stored but not acknowledged")  # noqa: T201
    assert hot > 0, "a kill in the middle of a commit was among them"


# --- A full disk


@pytest.mark.parametrize("room", [0, 1, 4096, 20_000, 100_001])
def test_a_full_disk_loses_nothing_and_with_room_again_it_goes_on(
    tmp_path: Path, seed: int, room: int
) -> None:
    path = tmp_path / "log.db"
    with SqliteLog.create(path) as log:
        log.append(ALL)

    process = start("fill", path, "f", room, seed)
    output, _ = process.communicate(timeout=60)

    lines = output.splitlines()
    assert process.returncode == 0, output
    stored = [list(map(int, line.split()[1:])) for line in lines if line.startswith("stored")]
    refused, *again = lines[len(stored) :]
    name, size, sentence = refused.split(maxsplit=2)
    assert (name, "unknown whether" in sentence) in (("OutcomeUnknown", True), ("LogError", False))
    assert int(size) == 17 + sum(len(seqs) for _, *seqs in stored), "nothing of it was stored"
    assert again[0] == again[1], "its repetition was stored once"
    number, *seqs = map(int, again[0].split()[1:])
    assert (number, seqs[0]) == (len(stored), int(size))
    assert len(audit(path)) == int(size) + len(seqs)


# --- Damage


@pytest.mark.parametrize(
    "flips", [100, pytest.param(10_000, marks=[pytest.mark.torture, pytest.mark.timeout(900)])]
)
def test_a_changed_bit_in_the_file_is_noticed_or_changes_nothing(
    tmp_path: Path, seed: int, flips: int
) -> None:
    path, copy = tmp_path / "log.db", tmp_path / "copy.db"
    with SqliteLog.create(path) as log:
        log.append(ALL)
        log.append([topic(f"t{number}") for number in range(100)])
        log.attach("source/a", TEXT)
        good = list(log.entries())
        head = log.root()
    data = path.read_bytes()
    random = Random(seed)
    bits = [(random.randrange(len(data)), 1 << random.randrange(8)) for _ in range(flips)]
    for stored in (
        good[0],
        good[-1],
    ):  # also what says where a row's parts begin and of which type they are
        for part in (stored[1], json.dumps(stored[2], separators=(",", ":")).encode()):
            begin = data.index(part)
            bits += [(begin - n, 1 << shift) for n in range(9) for shift in range(8)]
    begin = data.index(b"CREATE TABLE entries")  # and names that turn up in SQLite's own messages
    bits += [(begin + n, 0x80) for n in range(-20, 20)]

    noticed = 0
    for place, bit in bits:
        copy.write_bytes(data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])
        try:
            with SqliteLog(copy) as damaged:
                entries = list(damaged.entries())
                for seq, envelope, body in entries:
                    codec.unseal(seq, envelope, body)
                same = root_of(entries) == head == damaged.root()
                damaged.text("source/a")
        except EventsError:
            noticed += 1
            continue
        noticed += not same
        assert not same or entries == good, f"byte {place}, bit {bit}"
    assert noticed > 0


def test_a_missing_node_row_or_event_stops_the_reader(log: SqliteLog) -> None:
    log.append(ALL)
    log._db.executescript("DROP TRIGGER nodes_kept; DELETE FROM nodes WHERE level = 4;")
    with pytest.raises(LogDamaged, match=r"the tree of .* lacks node 4/0"):
        log.root()
    assert log.root(15)

    log._db.executescript("DROP TRIGGER disclosures_kept; DELETE FROM disclosures WHERE seq = 3;")
    with pytest.raises(LogDamaged, match=r"lacks some of the events E0 to E16"):
        list(log.read())
    with pytest.raises(LogDamaged, match=r"lacks some of the events E3 to E3"):
        log.get([3])
    assert [event.seq for event in log.read(4)] == list(range(4, 17))


def test_a_copy_of_the_file_is_a_copy_of_the_log(log: SqliteLog, tmp_path: Path) -> None:
    log.append(ALL)
    log.close()
    other = tmp_path / "copy.db"
    shutil.copyfile(log.path, other)

    assert [event.leaf_hash for event in audit(other)] == [
        event.leaf_hash for event in audit(log.path)
    ]
