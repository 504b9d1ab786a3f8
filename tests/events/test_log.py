"""The log on SQLite: what is appended reads back in order, stored once, and no program can change it."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from events import codec, disclosure, merkle
from events import log as log_module
from events.codec import build
from events.envelope import NewEvent
from events.errors import (
    KeyReused,
    LogError,
    StaleHead,
)
from events.log import APPLICATION_ID, SCHEMA_VERSION, SqliteLog, utc_now
from tests.events.auditing import audit, dump, ids, root_of
from tests.events.examples import EVIDENCE, EXAMPLES, topic

ALL = list(EXAMPLES.values())
A, B, C = topic("libraries"), topic("buses"), topic("parks")


# --- Appending and reading


def test_a_new_log_is_empty(log: SqliteLog) -> None:
    assert (log.size, list(log.read()), log.get([])) == (0, [], [])
    assert log.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert log.text("source/a") is log.span("source/a", 0, 1) is None


def test_what_is_appended_is_read_back_in_order_with_gap_free_numbers(log: SqliteLog) -> None:
    assert log.append([A]) == [0]
    assert log.append(ALL, by="contributor") == list(range(1, 18))
    assert log.append([B, C], by="redactor") == [18, 19]

    events = list(log.read())
    assert [event.seq for event in events] == list(range(20))
    assert [event.type for event in events][1:18] == list(EXAMPLES)
    assert [event.recorded_by for event in events] == ["archivist"] + ["contributor"] * 17 + [
        "redactor"
    ] * 2
    assert len({event.leaf_hash for event in events}) == 20
    for event, example in zip(events[1:18], ALL, strict=True):
        assert build(event.type, event.payload, event.evidence) == example
    assert ids(audit(log.path)[18:]) == ["topic/buses", "topic/parks"]


@pytest.mark.parametrize(
    ("start", "end", "numbers"),
    [
        (0, None, range(18)), (0, 18, range(18)), (0, 99, range(18)), (3, 7, range(3, 7)), (17, None, [17]),
        (18, None, []), (99, None, []), (5, 5, []), (7, 3, []), (-5, 2, [0, 1]), (2**70, None, []), (0, 2**70, range(18)),
    ],
)  # fmt: skip
def test_a_range_of_events_is_read_whatever_the_size_of_a_page(
    log: SqliteLog,
    monkeypatch: pytest.MonkeyPatch,
    start: int,
    end: int | None,
    numbers: Sequence[int],
) -> None:
    log.append([*ALL, A])

    for page in (1, 2, 17, 18, 500):
        monkeypatch.setattr(log_module, "PAGE", page)
        assert [event.seq for event in log.read(start, end)] == list(numbers)
        assert [seq for seq, _, _ in log.entries(start, end)] == list(numbers)


def test_events_are_got_by_number_in_the_order_asked_for(log: SqliteLog) -> None:
    log.append(ALL)

    assert [event.seq for event in log.get([7, 0, 7, 16])] == [7, 0, 7, 16]
    assert log.get(iter([3])) == [event for event in log.read() if event.seq == 3]


@pytest.mark.parametrize("number", [17, -1, 2**63, -(2**63), 10**30])
def test_a_number_that_is_not_there_is_named(log: SqliteLog, number: int) -> None:
    log.append(ALL)

    with pytest.raises(LookupError, match=rf"there is no E{number}; the log has 17 events"):
        log.get([3, number])


def test_the_root_is_known_for_every_size_the_log_had(log: SqliteLog) -> None:
    roots = [log.root()]
    for event in ALL:
        log.append([event])
        roots.append(log.root())

    assert [log.root(size) for size in range(18)] == roots
    assert [root_of(list(log.entries(0, size))) for size in range(18)] == roots
    assert len(set(roots)) == 18
    for size in (-1, 18):
        with pytest.raises(ValueError, match=f"the log has 17 events, not {size}"):
            log.root(size)


def test_stored_hashes_prove_every_event_and_every_growth(log: SqliteLog) -> None:
    for number in range(0, 17, 3):
        log.append(ALL[number : number + 3])
    leaves = [bytes.fromhex(event.leaf_hash) for event in log.read()]

    for size in range(1, 18):
        head = log.root(size)
        for seq in range(size):
            path = merkle.inclusion(seq, size, log.node)
            assert merkle.verify_inclusion(leaves[seq], seq, size, path, head)
            proof = merkle.consistency(seq + 1, size, log.node)
            assert merkle.verify_consistency(seq + 1, log.root(seq + 1), size, head, proof)


def test_another_connection_can_tell_that_the_log_changed(log: SqliteLog) -> None:
    with SqliteLog(log.path) as reader:
        before = reader.changes
        assert reader.changes == before
        log.append([A])
        assert reader.changes != before
        assert reader.size == 1


def test_salts_are_fresh_and_times_are_now_unless_a_test_says_otherwise(tmp_path: Path) -> None:
    before = utc_now()
    with SqliteLog.create(tmp_path / "log.db") as log:
        log.append([A, A])
        one, other = (body for _, _, body in log.entries())
        assert before <= next(log.read()).recorded_at <= utc_now()

    used = [disclosure.read(item).salt for item in (*one, *other)]
    assert len(set(used)) == len(used)
    assert all(len(disclosure.unb64url(salt)) == 16 for salt in used)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", before)


# --- The clock

T = "2031-03-{}T00:00:00Z".format


@pytest.mark.parametrize(
    ("told", "recorded"),
    [
        (["01", "02", "03"], ["01", "02", "03"]),
        (["02", "02", "02"], ["02", "02", "02"]),
        (["02", "01", "03"], ["02", "02", "03"]),
        (["09", "01", "02", "10"], ["09", "09", "09", "10"]),
    ],
)
@pytest.mark.parametrize("reopened", [False, True])
def test_a_clock_that_goes_back_never_puts_an_event_before_another(
    tmp_path: Path, told: list[str], recorded: list[str], reopened: bool
) -> None:
    path = tmp_path / "log.db"
    times = iter(told)

    def clock() -> str:
        return T(next(times))

    log = SqliteLog.create(path, clock=clock)
    for _ in told:
        if reopened:
            log.close()
            log = SqliteLog(path, clock=clock)
        log.append([A])
    log.close()

    assert [event.recorded_at for event in audit(path)] == [T(day) for day in recorded]


def test_one_batch_has_one_time(log: SqliteLog) -> None:
    log.append([A, B, C])

    assert {event.recorded_at for event in log.read()} == {"2031-03-06T08:00:00Z"}


# --- Others wrote meanwhile


def test_a_stale_view_of_the_log_is_refused_and_told_what_came_in_between(log: SqliteLog) -> None:
    log.append([A])
    log.append([EXAMPLES["OutcomeRecorded"], EXAMPLES["TextRedacted"]])

    with pytest.raises(StaleHead) as stale:
        log.append([B], expected=1)

    assert str(stale.value) == (
        "the log has 3 events, you last saw 1; in between came E1 OutcomeRecorded, E2 TextRedacted"
        " - look again and repeat"
    )
    assert (stale.value.expected, stale.value.size) == (1, 3)
    assert stale.value.between == ["E1 OutcomeRecorded", "E2 TextRedacted"]
    assert log.size == 3
    assert log.append([B], expected=3) == [3]


def test_a_long_list_of_what_came_in_between_is_cut(log: SqliteLog) -> None:
    log.append(ALL)

    with pytest.raises(StaleHead, match=r"E4 MeetingRecorded, … - look again") as stale:
        log.append([A], expected=0)

    assert len(stale.value.between) == 17


def test_a_view_that_is_ahead_of_the_log_belongs_to_another_log(log: SqliteLog) -> None:
    log.append([A])

    with pytest.raises(
        StaleHead, match=r"the log has 1 events, but 2 were expected: is this another log\?"
    ):
        log.append([B], expected=2)
    assert log.size == 1


# --- The same again


def test_the_same_key_with_the_same_events_is_stored_once_and_answered_alike(
    log: SqliteLog,
) -> None:
    first = log.append([A, B, A], key="batch 1")
    log.append([C])

    assert log.append([A, B, A], key="batch 1") == first == [0, 1, 2]
    assert log.append([A, B, A], key="batch 1", expected=0) == first, "decided before it was stored"
    assert log.size == 4
    assert len(audit(log.path)) == 4


QUOTED = build("MeetingRecorded", {"id": "meeting/a"}, [EVIDENCE[0]])
UNQUOTED = build(
    "MeetingRecorded", {"id": "meeting/a"}, [{**EVIDENCE[0], "quote": None, "digest": None}]
)


def test_a_repetition_is_the_same_with_and_without_the_text_at_hand(log: SqliteLog) -> None:
    assert log.append([UNQUOTED], key="k") == log.append([QUOTED], key="k") == [0]
    assert next(log.read()).evidence[0].keys() == {"source", "start", "end"}


@pytest.mark.parametrize(
    "other", [[], [A], [B, A], [A, B, B], [A, C], [A, A, B], [A, topic("buses", note="by road")]]
)
def test_the_same_key_with_other_events_is_refused(log: SqliteLog, other: list[NewEvent]) -> None:
    log.append([C])
    log.append([A, B], key="k")

    with pytest.raises(KeyReused, match="the key 'k' was used before for other events: E1…"):
        log.append(other, key="k")
    assert log.size == 3


@pytest.mark.parametrize(
    "used", ["k", "", "c:k", "i:k", "ŷ", "a b", "%", "'", "c:" + codec.content_key(A), "k" * 5000]
)
def test_any_text_is_a_key_and_no_other(log: SqliteLog, used: str) -> None:
    log.append([A], key=used)

    assert log.append([A], key=used) == [0]
    for other in (used + "x", "x" + used, used.upper() + "X", f"i:{used}x"):
        assert log.append([B], key=other) == [log.size - 1]


def test_equal_content_under_other_keys_or_none_is_recorded_again(log: SqliteLog) -> None:
    assert log.append([A], key="one") == [0]
    assert log.append([A], key="two") == [1]
    assert log.append([A]) == [2]
    assert log.append([A, A], key="three") == [3, 4]

    assert log.append([A], key="one") == [0]
    assert log.append([A], key="two") == [1]
    assert log.append([A, A], key="three") == [3, 4]
    assert log.same_content(A) == [0, 1, 2, 3, 4]
    with pytest.raises(KeyReused, match="E3…"):
        log.append([A], key="three")


def test_equal_content_is_found_by_what_it_says(log: SqliteLog) -> None:
    log.append([A, QUOTED, B, UNQUOTED])

    assert log.same_content(A) == [0]
    assert log.same_content(QUOTED) == log.same_content(UNQUOTED) == [1, 3]
    assert log.same_content(C) == []


def test_an_empty_batch_stores_nothing_and_takes_no_key(log: SqliteLog) -> None:
    log.append([A])

    assert log.append([]) == log.append([], key="k") == log.append([], expected=1) == []
    assert log.append([B], key="k") == [1]
    with pytest.raises(StaleHead):
        log.append([], expected=1)


# --- All or nothing


class Trouble(Exception):
    """What goes wrong in the middle of an append."""


@pytest.mark.parametrize("after", [0, 1, 5, 9])
def test_a_batch_that_fails_in_the_middle_leaves_nothing_behind(tmp_path: Path, after: int) -> None:
    left = [1_000, after]

    def salt() -> bytes:
        if left[0] == 0:
            raise Trouble
        left[0] -= 1
        return secrets.token_bytes(16)

    with SqliteLog.create(tmp_path / "log.db", salt=salt) as log:
        log.append([A])
        before = dump(log.path)
        left[0] = after
        with pytest.raises(Trouble):
            log.append([B, C, QUOTED], key="k")

        assert dump(log.path) == before
        left[0] = 1_000
        assert log.append([B, C, QUOTED], key="k") == [1, 2, 3]
    assert len(audit(tmp_path / "log.db")) == 4


@pytest.mark.parametrize(
    ("by", "clock"), [("Nia Prys", utc_now), ("archivist", lambda: "yesterday")]
)
def test_neither_a_name_nor_a_wrong_time_gets_into_an_envelope(
    tmp_path: Path, by: Any, clock: Callable[[], str]
) -> None:
    with SqliteLog.create(tmp_path / "log.db", clock=clock) as log:
        with pytest.raises(msgspec.ValidationError):
            log.append([A], by=by)
        assert log.size == 0


# --- What SQLite itself refuses, to any program

STATEMENTS = """
    UPDATE entries SET envelope = x'00' WHERE seq = 1
    UPDATE OR REPLACE entries SET envelope = x'00' WHERE seq = 1
    UPDATE OR IGNORE entries SET envelope = x'00'
    UPDATE OR FAIL entries SET envelope = envelope
    UPDATE OR ROLLBACK entries SET seq = seq + 100
    UPDATE OR REPLACE entries SET seq = 0 WHERE seq = 1
    DELETE FROM entries
    DELETE FROM entries WHERE seq = 16
    INSERT INTO entries VALUES (0, x'00')
    INSERT INTO entries VALUES (16, x'00')
    INSERT INTO entries VALUES (18, x'00')
    INSERT INTO entries VALUES (-1, x'00')
    INSERT INTO entries VALUES (NULL, x'00')
    INSERT INTO entries(envelope) VALUES (x'00')
    INSERT OR REPLACE INTO entries VALUES (1, x'00')
    INSERT OR REPLACE INTO entries VALUES (16, x'00')
    REPLACE INTO entries VALUES (16, x'00')
    INSERT OR IGNORE INTO entries VALUES (1, x'00')
    INSERT OR IGNORE INTO entries VALUES (18, x'00')
    INSERT OR FAIL INTO entries VALUES (17, x'00'), (19, x'00')
    INSERT OR ROLLBACK INTO entries VALUES (1, x'00')
    INSERT INTO entries VALUES (1, x'00') ON CONFLICT DO NOTHING
    INSERT INTO entries VALUES (1, x'00') ON CONFLICT(seq) DO UPDATE SET envelope = excluded.envelope
    INSERT INTO entries VALUES (17, 'text')
    INSERT INTO entries VALUES (17, NULL)
    INSERT INTO entries VALUES (17, zeroblob(65536))
    UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND idx = 1
    UPDATE OR REPLACE nodes SET idx = 0 WHERE idx = 1
    UPDATE nodes SET level = 9
    DELETE FROM nodes
    DELETE FROM nodes WHERE level = 4
    INSERT INTO nodes VALUES (0, 0, zeroblob(32))
    INSERT INTO nodes VALUES (0, 18, zeroblob(32))
    INSERT INTO nodes VALUES (9, 1, zeroblob(32))
    INSERT INTO nodes VALUES (0, 17, zeroblob(31))
    INSERT INTO nodes VALUES (0, NULL, zeroblob(32))
    INSERT OR REPLACE INTO nodes VALUES (1, 0, zeroblob(32))
    REPLACE INTO nodes VALUES (0, 16, zeroblob(32))
    INSERT OR IGNORE INTO nodes VALUES (1, 0, zeroblob(32))
    INSERT INTO nodes VALUES (1, 0, zeroblob(32)) ON CONFLICT(level, idx) DO UPDATE SET hash = excluded.hash
    DELETE FROM disclosures
    DELETE FROM disclosures WHERE seq = 16
    UPDATE disclosures SET seq = 99 WHERE seq = 16
    UPDATE OR REPLACE disclosures SET seq = 0 WHERE seq = 16
    INSERT INTO disclosures VALUES (0, '[]')
    INSERT INTO disclosures VALUES (18, '[]')
    INSERT OR REPLACE INTO disclosures VALUES (1, '[]')
    REPLACE INTO disclosures VALUES (16, '["AA"]')
    INSERT OR IGNORE INTO disclosures VALUES (1, '[]')
    INSERT INTO disclosures VALUES (1, '[]') ON CONFLICT(seq) DO UPDATE SET body = excluded.body
""".strip().split("\n    ")


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_program_can_change_what_was_recorded(log: SqliteLog, statement: str) -> None:
    log.append(ALL)
    before = dump(log.path)

    with contextlib.closing(sqlite3.connect(log.path, isolation_level=None)) as db:
        for recursive in ("OFF", "ON"):
            db.execute(f"PRAGMA recursive_triggers = {recursive}")
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(statement)

    assert [rows[:17] for rows in dump(log.path)[:1]] == [rows[:17] for rows in before[:1]]
    if not statement.startswith(
        "INSERT OR FAIL"
    ):  # which keeps the rows before the one that failed
        assert dump(log.path) == before


def bodies(stored: list[str]) -> list[tuple[str, str, bool]]:
    """Return what may be tried with the disclosures of one event, and whether it may."""
    first, second, *_ = stored
    foreign = disclosure.disclose(b"\xff" * 16, "note", "never recorded")
    j = json.dumps
    return [
        ("as it is", j(stored), True),
        ("one less", j(stored[1:]), True),
        ("one left", j([second]), True),
        ("none left", "[]", True),
        ("one more", j([*stored, foreign]), False),
        ("another instead", j([foreign, *stored[1:]]), False),
        ("one twice", j([*stored, first]), False),
        ("one twice instead of another", j([first, first]), False),
        ("in capitals", j([first.upper()]), False),
        ("with a space", j([first + " "]), False),
        ("a part", j([first[:-1]]), False),
        ("null", "[null]", False),
        ("null beside it", j([*stored, None]), False),
        ("a number", "[1]", False),
        ("a list in it", j([[first]]), False),
        ("an object in it", j([{"a": first}]), False),
        ("an object", j({"0": first}), False),
        ("a string", j(first), False),
        ("nothing", "null", False),
        ("no JSON", "[", False),
        ("empty", "", False),
    ]


CASES = [case for case, _, _ in bodies(["a", "b"])]


@pytest.mark.parametrize("case", CASES)
def test_disclosures_can_be_taken_away_but_never_added_or_changed(
    log: SqliteLog, case: str
) -> None:
    log.append(ALL)
    before = dump(log.path)
    (_, _, stored) = next(log.entries(3))
    body, fine = next((body, fine) for name, body, fine in bodies(stored) if name == case)

    with contextlib.closing(sqlite3.connect(log.path, isolation_level=None)) as db:
        change = "UPDATE disclosures SET body = ? WHERE seq = 3", (body,)
        if fine:
            db.execute(*change)
            assert next(log.entries(3))[2] == json.loads(body)
            assert log.get([3])[0].missing == len(stored) - len(json.loads(body))
        else:
            with pytest.raises((sqlite3.IntegrityError, sqlite3.OperationalError)):
                db.execute(*change)
            assert dump(log.path) == before


def test_what_was_taken_away_cannot_be_put_back(log: SqliteLog) -> None:
    log.append([A])
    (_, _, stored) = next(log.entries())

    with contextlib.closing(sqlite3.connect(log.path, isolation_level=None)) as db:
        db.execute("UPDATE disclosures SET body = '[]'")
        with pytest.raises(sqlite3.IntegrityError, match="can be erased, never changed or added"):
            db.execute("UPDATE disclosures SET body = ?", (json.dumps(stored),))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_log_stays_readable_and_provable_whatever_event_is_emptied(
    log: SqliteLog, name: str
) -> None:
    log.append(ALL)
    root, seq = log.root(), list(EXAMPLES).index(name)
    whole = list(log.read())

    log._db.execute("UPDATE disclosures SET body = '[]' WHERE seq = ?", (seq,))

    events = list(log.read())
    assert events[:seq] + events[seq + 1 :] == whole[:seq] + whole[seq + 1 :]
    assert events[seq].missing == len(json.loads(next(log.entries(seq))[1])["_sd"])
    assert events[seq].payload.items() <= whole[seq].payload.items()
    assert events[seq].evidence == ()
    assert log.root() == root == root_of(list(log.entries()))
    assert log.append([A]) == [17]


# --- The file


def test_the_settings_that_make_it_durable_are_in_force_whoever_opens_it(log: SqliteLog) -> None:
    with SqliteLog(log.path) as again:
        for db in (log._db, again._db):
            settings = [
                db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
            ]
            assert settings == ["truncate", 2, 1, 1]


def test_the_file_says_that_it_is_a_log_and_is_nobody_elses(log: SqliteLog) -> None:
    log.append(ALL)
    header = log.path.read_bytes()[:100]

    assert header[68:72] == APPLICATION_ID.to_bytes(4, "big") == b"PwyL"
    assert header[60:64] == SCHEMA_VERSION.to_bytes(4, "big")
    for path in (log.path, Path(f"{log.path}-journal")):
        assert path.stat().st_mode & 0o777 == 0o600
    assert Path(f"{log.path}-journal").stat().st_size == 0


def test_what_is_erased_leaves_no_bytes_in_the_file(log: SqliteLog) -> None:
    secret = "Cyfrinach-" * 20
    log.append(ALL)
    log.append([topic("secrets", note=secret)])
    log.append(ALL)
    (stored,) = [item for item in next(log.entries(17))[2] if "note" in disclosure.read(item)]
    assert stored.encode() in log.path.read_bytes()

    log._db.execute("UPDATE disclosures SET body = '[]' WHERE seq = 17")

    assert stored[:60].encode() not in log.path.read_bytes()
    assert Path(f"{log.path}-journal").stat().st_size == 0


def open_handles(path: Path) -> int:
    """Count this process's open handles of a file."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("open files are listed below /proc, which is not here")
    found = 0
    for handle in folder.iterdir():
        with contextlib.suppress(OSError):
            found += os.path.samestat(handle.stat(), path.stat())
    return found


def empty_file(path: Path) -> None:
    path.touch()


def some_text(path: Path) -> None:
    path.write_text("Ddim yn log. " * 1000)


def some_bytes(path: Path) -> None:
    path.write_bytes(Random(1).randbytes(20_000))


def another_database(path: Path, journal: str = "DELETE") -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA journal_mode = {journal}")
        db.execute("CREATE TABLE entries(seq, envelope)")
        db.execute("PRAGMA user_version = 1")


def another_database_with_its_own_journal(path: Path) -> None:
    another_database(path, "WAL")


def newer_log(path: Path) -> None:
    SqliteLog.create(path).close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (empty_file, "is not a log of this archive"),
        (some_text, "cannot be opened as a log: file is not a database"),
        (some_bytes, "cannot be opened as a log: file is not a database"),
        (another_database, "is not a log of this archive"),
        (another_database_with_its_own_journal, "is not a log of this archive"),
        (newer_log, rf"was written by a newer program \(format {SCHEMA_VERSION + 1}\): upgrade it"),
    ],
)
def test_another_file_is_never_taken_for_a_log_nor_touched(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "other.db"
    make(path)
    before = path.read_bytes()

    with pytest.raises(LogError, match=f"^{re.escape(str(path))} {words}$"):
        SqliteLog(path)
    with pytest.raises(LogError, match=f"^{re.escape(str(path))} exists already$"):
        SqliteLog.create(path)

    assert path.read_bytes() == before
    assert open_handles(path) == 0


@pytest.mark.parametrize("where", ["missing.db", "missing/log.db", ""])
def test_where_there_is_no_log_one_is_told_how_to_make_it(tmp_path: Path, where: str) -> None:
    with pytest.raises(LogError, match=r"there is no log at .*; `archive init` makes one"):
        SqliteLog(tmp_path / where)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["missing/log.db", "a" * 300])
def test_a_log_that_cannot_be_made_is_a_sentence_and_no_litter(tmp_path: Path, where: str) -> None:
    with pytest.raises(LogError, match="cannot be made: "):
        SqliteLog.create(tmp_path / where)
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_was_only_half_made_is_not_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.db"
    monkeypatch.setattr(log_module, "SCHEMA", log_module.SCHEMA + "CREATE TABLE entries(again);")

    with pytest.raises(LogError, match="cannot be made: table entries already exists"):
        SqliteLog.create(path)

    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    SqliteLog.create(path).close()


def test_a_closed_log_holds_no_file_open(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with SqliteLog.create(path) as log:
        log.append([A])
        assert open_handles(path) == 1
    assert open_handles(path) == 0
    with pytest.raises(LogError, match="cannot be read: Cannot operate on a closed database"):
        list(log.read())
    with pytest.raises(LogError, match="nothing was stored"):
        log.append([B])


def test_a_log_another_program_left_with_a_write_ahead_log_is_set_right(log: SqliteLog) -> None:
    log.append([A])
    log.close()
    with contextlib.closing(sqlite3.connect(log.path, isolation_level=None)) as db:
        assert db.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)

    with SqliteLog(log.path) as again:
        assert again._db.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        assert again.append([B]) == [1]


# --- Private texts

TEXT = "Nhŷ Mawr 📚 e\u0301 — diwedd"


def test_spans_of_an_attached_text_are_counted_in_code_points(log: SqliteLog) -> None:
    log.attach("source/a", TEXT)

    assert log.text("source/a") == TEXT
    for start, end in itertools.combinations(range(len(TEXT) + 1), 2):
        assert log.span("source/a", start, end) == TEXT[start:end]
    assert log.span("source/b", 0, 1) is log.text("source/b") is None


def test_a_text_once_attached_stays(log: SqliteLog) -> None:
    log.attach("source/a", TEXT)
    before = log.path.read_bytes()
    log.attach("source/a", TEXT)

    assert log.text("source/a") == TEXT
    assert log.path.read_bytes() == before


@pytest.mark.parametrize(
    "other", ["another text", "", TEXT + "\n", TEXT.replace("e\u0301", "\u00e9")]
)
def test_another_text_of_a_source_is_refused_and_the_first_one_stays(
    log: SqliteLog, other: str
) -> None:
    log.attach("source/a", TEXT)

    with pytest.raises(
        LogError, match=r"another text of source/a is kept already.*nothing was stored"
    ):
        log.attach("source/a", other)
    assert log.text("source/a") == TEXT
    log.attach("source/b", other)
    assert log.text("source/b") == other
