"""The head: two that disagree are never signed, whatever happens to the log, the disk and the processes."""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import itertools
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from events import head as head_module
from events import merkle
from events.checkpoint import Checkpoint, cosign, open_note, signed, take_apart, verifier_key
from events.codec import build
from events.errors import EventsError, LogDamaged
from events.head import (
    Forked,
    Head,
    HeadDamaged,
    HeadError,
    HeadMissing,
    KeyUnusable,
    Raced,
    Rotted,
    Shrunk,
    Unsaved,
)
from events.log import SqliteLog
from events.witness import Witness
from tests.events.witness_server import ReferenceWitness, serving

ROOT = Path(__file__).parents[2]
ORIGIN = "aberdulas.example/log"
LOG, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
LOG_KEY = verifier_key(ORIGIN, LOG)
NOW = 1_900_000_000


def grow(log: SqliteLog, count: int, name: str = "topic") -> None:
    """Append so many topics to a log in one batch."""
    size = log.size
    log.append(
        [
            build(
                "EntityRecorded",
                {"id": f"topic/{name}-{n}", "new": True, "kind": "topic", "name": f"{name} {n}"},
            )
            for n in range(size, size + count)
        ]
    )


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    """A log of five topics."""
    with SqliteLog.create(tmp_path / "log.db") as made:
        grow(made, 5)
        yield made


@pytest.fixture
def head(tmp_path: Path) -> Head:
    """The head of a log that was never signed."""
    return Head.create(tmp_path, ORIGIN, LOG)


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy this machine has, it is not for its own servers."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def checkpoint(note: str) -> Checkpoint:
    """Return the checkpoint of a note that the log's key signed."""
    return Checkpoint.parse(open_note(note, [LOG_KEY]).text)


def as_it_stands(log: SqliteLog) -> Checkpoint:
    return Checkpoint(ORIGIN, log.size, log.root())


# --- Made once, by hand


def test_a_new_head_has_no_entries_and_its_key_is_nobody_elses(head: Head, tmp_path: Path) -> None:
    last = head.last()

    assert last.checkpoint == Checkpoint(ORIGIN, 0, merkle.root(0, lambda *_: b""))
    assert last.note == (tmp_path / "head").read_text(encoding="utf-8")
    assert last.signers == {LOG_KEY} == {head.verifier}
    modes = [stat.S_IMODE((tmp_path / at).stat().st_mode) for at in ("keys", "keys/signing.pem")]
    assert modes == [0o700, 0o600]
    pem = (tmp_path / "keys" / "signing.pem").read_bytes()
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----")  # PKCS #8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["head", "head.lock", "keys"]


def test_a_log_has_one_head_made_once(head: Head, tmp_path: Path) -> None:
    before = head.path.read_bytes()
    for key in (LOG, OTHER):
        with pytest.raises(HeadError, match="made once"):
            Head.create(tmp_path, ORIGIN, key)
        with pytest.raises(HeadError, match=r"made once|no key"):
            Head.adopt(tmp_path, before.decode(), key)
    assert head.path.read_bytes() == before


def test_a_head_that_was_half_made_is_made_with_the_same_key(head: Head, tmp_path: Path) -> None:
    head.path.unlink()  # a crash after the key and before the head
    with pytest.raises(HeadError, match="holds another key"):
        Head.create(tmp_path, ORIGIN, OTHER)
    assert Head.create(tmp_path, ORIGIN, LOG).last().checkpoint.size == 0


@pytest.mark.parametrize(
    "origin", ["", "https://aberdulas.example/log", "a b", "a+b", "a\nb", "\ud800", "a\u2003b"]
)
def test_what_is_no_origin_makes_no_head(tmp_path: Path, origin: str) -> None:
    with pytest.raises(HeadError, match="no origin"):
        Head.create(tmp_path, origin, LOG)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(HeadError, match="cannot be made"):
        Head.create(tmp_path / "nowhere", ORIGIN, LOG)


# --- Going on


def test_each_head_extends_the_one_before(head: Head, log: SqliteLog) -> None:
    notes = [head.last().note]
    for count in (0, 1, 2, 3, 8, 1, 13):
        if count:
            grow(log, count)
        advanced = head.advance(log)

        assert checkpoint(advanced.note) == as_it_stands(log) == head.last().checkpoint
        assert advanced.note == head.path.read_text(encoding="utf-8")
        assert (advanced.cosigned_by, advanced.missing, advanced.alarms) == ((), (), ())
        notes.append(advanced.note)
    for old, new in itertools.combinations(map(checkpoint, notes[1:]), 2):
        proof = merkle.consistency(old.size, new.size, log.node)
        assert merkle.verify_consistency(old.size, old.root, new.size, new.root, proof)


def test_nothing_new_is_nothing_new(head: Head, log: SqliteLog) -> None:
    assert head.advance(log) == head.advance(log) == Head(head.folder).advance(log)


def test_the_empty_log_can_be_signed(head: Head, tmp_path: Path) -> None:
    with SqliteLog.create(tmp_path / "empty.db") as empty:
        assert checkpoint(head.advance(empty).note).size == 0


@pytest.mark.parametrize("page", [1, 2, 3, 4, 7, 64])
def test_a_head_is_the_same_whatever_the_size_of_a_page(
    head: Head, log: SqliteLog, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(head_module, "PAGE", page)
    for count in (1, 7, 20):
        grow(log, count)
        assert checkpoint(head.advance(log).note) == as_it_stands(log)


# --- Refusals


def refused(head: Head, log: SqliteLog, error: type[EventsError], words: str) -> None:
    """Demand that the log is refused, and that the head stays as it was."""
    before = head.path.read_bytes()
    with pytest.raises(error, match=words):
        head.advance(log)
    assert head.path.read_bytes() == before
    assert not list(head.folder.glob("head.new"))


def test_a_lost_head_stops_the_log(head: Head, log: SqliteLog, tmp_path: Path) -> None:
    signed_note = head.advance(log).note
    head.path.unlink()
    for attempt in (head.last, lambda: head.advance(log), lambda: Head(tmp_path)):
        with pytest.raises(HeadMissing, match=r"(?s)Never restore it from a backup.*adopt it"):
            attempt()
    grow(log, 2)

    again = Head.adopt(tmp_path, signed_note, LOG)
    assert again.last().note == signed_note
    assert checkpoint(again.advance(log).note) == as_it_stands(log)


FOREIGN = signed(Checkpoint(ORIGIN, 1, merkle.leaf_hash(b"1")).text(), ORIGIN, OTHER)


@pytest.mark.parametrize("note", ["", "x", "a\n1\nb\n", "a\n1\n\n— a AAAA\n", FOREIGN])
def test_only_what_the_key_signed_is_adopted(tmp_path: Path, note: str) -> None:
    with pytest.raises(HeadError, match="not a head that the key signed"):
        Head.adopt(tmp_path, note, LOG)
    assert not list(tmp_path.iterdir())


def test_no_byte_of_the_head_can_change(head: Head, log: SqliteLog) -> None:
    head.advance(log)
    data = head.path.read_bytes()
    for at in range(len(data)):
        head.path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        with pytest.raises(HeadDamaged, match="do not restore it"):
            head.last()
    with pytest.raises(HeadDamaged):
        head.advance(log)
    head.path.write_bytes(b"")
    with pytest.raises(HeadDamaged):
        Head(head.folder)


def test_the_head_of_another_log_is_refused(head: Head, log: SqliteLog, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Head.create(tmp_path / "other", "aberdulas.example/other", LOG)
    shutil.copy(other.path, head.path)
    refused(head, log, HeadDamaged, "not a head that this log's key signed")


def test_a_log_restored_from_a_backup_is_refused(head: Head, log: SqliteLog) -> None:
    shutil.copy(log.path, log.path.with_name("backup.db"))
    grow(log, 3)
    head.advance(log)
    with SqliteLog(log.path.with_name("backup.db")) as backup:
        refused(head, backup, Shrunk, "5 entries, but a head of 8 was signed: was it restored")
        for count in (3, 1, 30):
            grow(backup, count, "restored")
            refused(head, backup, Forked, "does not extend the head of 8 entries")


def test_another_log_is_refused_at_any_size(head: Head, log: SqliteLog, tmp_path: Path) -> None:
    head.advance(log)
    with SqliteLog.create(tmp_path / "other.db") as other:
        refused(head, other, Shrunk, "0 entries")
        grow(other, 5, "other")
        refused(head, other, Forked, "its past was changed")


def damage(log: SqliteLog, table: str, change: str, where: str) -> None:
    """Do to a log's file what its triggers forbid, as a failing disk does."""
    with contextlib.closing(sqlite3.connect(log.path, isolation_level=None)) as db:
        names = f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
        for (name,) in db.execute(names).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        sql = f"{change} FROM {table}" if change == "DELETE" else f"UPDATE {table} SET {change}"
        assert db.execute(f"{sql} WHERE {where}").rowcount == 1


NEW_ENTRY = "envelope = CAST(replace(CAST(envelope AS TEXT), 'archivist', 'contributor') AS BLOB)"
WRONG_HASH = "hash = zeroblob(32)"


@pytest.mark.parametrize(
    ("done", "error", "words"),
    [
        # after the head of 5 entries: what would be signed for the first time
        (("entries", NEW_ENTRY, "seq = 5"), Rotted, "entry E5 is not what was hashed"),
        (("entries", NEW_ENTRY, "seq = 11"), Rotted, "entry E11 is not what was hashed"),
        (("nodes", WRONG_HASH, "level = 0 AND idx = 9"), Rotted, "entry E9 is not what was hashed"),
        (("nodes", WRONG_HASH, "level = 1 AND idx = 3"), Rotted, "node 1/3 of the tree"),
        (("nodes", WRONG_HASH, "level = 2 AND idx = 2"), Rotted, "node 2/2 of the tree"),
        (("nodes", WRONG_HASH, "level = 3 AND idx = 0"), Rotted, "node 3/0 of the tree"),
        (("nodes", "DELETE", "level = 1 AND idx = 3"), LogDamaged, "lacks node 1/3"),
        (("nodes", "DELETE", "level = 0 AND idx = 9"), LogDamaged, "lacks node 0/9"),
        (("entries", "DELETE", "seq = 7"), LogDamaged, "lacks some of the events"),
        # before it: the right edge, which everything new is built on
        (("nodes", WRONG_HASH, "level = 2 AND idx = 0"), Forked, "its past was changed"),
        (("nodes", WRONG_HASH, "level = 0 AND idx = 4"), Forked, "its past was changed"),
        (("nodes", "DELETE", "level = 2 AND idx = 0"), LogDamaged, "lacks node 2/0"),
    ],
)
def test_what_has_rotted_is_never_signed(
    head: Head, log: SqliteLog, done: tuple[str, str, str], error: type[EventsError], words: str
) -> None:
    head.advance(log)
    grow(log, 7)
    damage(log, *done)
    refused(head, log, error, words)


def test_every_node_that_is_signed_for_the_first_time_is_checked(
    head: Head, log: SqliteLog, tmp_path: Path
) -> None:
    """Also the inner ones: over a wrong one a root would be signed that no entries give."""
    head.advance(log)
    grow(log, 12)
    with contextlib.closing(sqlite3.connect(log.path)) as db:
        nodes = db.execute("SELECT level, idx FROM nodes").fetchall()
    edge = {(2, 0), (0, 4)}
    fresh = {(lv, idx) for lv, idx in nodes if (idx + 1) << lv > 5}
    assert len(fresh) == 12 + 6 + 3 + 2 + 1
    for level, idx in sorted(fresh | edge):
        shutil.copy(log.path, tmp_path / "copy.db")
        with SqliteLog(tmp_path / "copy.db") as copy:
            damage(copy, "nodes", WRONG_HASH, f"level = {level} AND idx = {idx}")
            refused(head, copy, HeadError, r"not what was hashed|does not extend")


class Short:
    """A log that keeps its newest entry to itself."""

    def __init__(self, log: SqliteLog) -> None:
        self.log, self.size, self.node = log, log.size, log.node

    def entries(self, start: int, end: int) -> Iterator[tuple[int, bytes, list[str]]]:
        return self.log.entries(start, end - 1)


def test_an_entry_that_is_not_given_is_not_signed(head: Head, log: SqliteLog) -> None:
    with pytest.raises(Rotted, match="some of the entries E0 to E4 are not in the log"):
        head.advance(Short(log))


# --- The key


def another_kind(path: Path) -> None:
    path.write_bytes(
        generate_private_key(SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def locked_up(path: Path) -> None:
    path.write_bytes(
        LOG.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (Path.unlink, "no signing key .* the head never"),
        (lambda path: path.chmod(0o640), "others can read .* chmod 600"),
        (lambda path: path.chmod(0o604), "others can read"),
        (lambda path: path.write_bytes(b""), "cannot be read as a key"),
        (lambda path: path.write_bytes(b"-----BEGIN"), "cannot be read as a key"),
        (locked_up, "cannot be read as a key"),
        (another_kind, "not an Ed25519 key"),
    ],
)
def test_a_key_that_cannot_be_used_is_named(
    head: Head, spoil: Callable[[Path], Any], words: str
) -> None:
    spoil(head.folder / "keys" / "signing.pem")
    with pytest.raises(KeyUnusable, match=words) as caught:
        Head(head.folder)
    assert "PRIVATE" not in str(caught.value)


def test_another_key_does_not_go_on_with_this_head(head: Head) -> None:
    path = head.folder / "keys" / "signing.pem"
    path.unlink()
    (head.folder / "elsewhere").mkdir()
    Head.create(head.folder / "elsewhere", ORIGIN, OTHER)
    shutil.copy(head.folder / "elsewhere" / "keys" / "signing.pem", path)
    with pytest.raises(HeadDamaged, match="this log's key"):
        Head(head.folder)


# --- Witnesses


@pytest.fixture
def reference(tmp_path: Path) -> ReferenceWitness:
    return ReferenceWitness(
        tmp_path / "witness.sqlite", "witness.example/w1", OTHER, {ORIGIN: LOG_KEY}, lambda: NOW
    )


@pytest.fixture
def witness(reference: ReferenceWitness) -> Iterator[Witness]:
    with serving(reference) as made:
        yield made


def nobody(witness: Witness) -> Witness:
    """Return the witness at an address where nothing answers."""
    return witness._replace(url="http://127.0.0.1:9")


def advance(head: Head, log: SqliteLog, *witnesses: Witness) -> head_module.Advanced:
    return head.advance(log, witnesses, timeout=30, clock=lambda: NOW)


def test_a_head_is_cosigned_and_kept_with_the_cosignature(
    head: Head, log: SqliteLog, witness: Witness, reference: ReferenceWitness
) -> None:
    for count in (1, 6, 9):
        grow(log, count)
        advanced = advance(head, log, witness)

        assert advanced.cosigned_by == ("witness.example/w1",)
        assert advanced.missing == ()
        assert advanced.note == head.path.read_text(encoding="utf-8")
        opened = open_note(advanced.note, [LOG_KEY, witness.key])
        assert opened.signers == {LOG_KEY: None, witness.key: NOW}
        assert reference.seen(ORIGIN) == (log.size, log.root())
    assert len(reference.requests) == 3  # the head remembers what the witness has seen


def test_witnesses_that_fail_stop_nothing_and_are_named(
    head: Head, log: SqliteLog, witness: Witness
) -> None:
    other = Witness("http://127.0.0.1:9", verifier_key("witness.example/w2", LOG, witness=True))
    advanced = advance(head, log, other, witness)

    assert checkpoint(advanced.note) == as_it_stands(log)
    assert advanced.cosigned_by == ("witness.example/w1",)
    assert [answer.outcome for answer in advanced.missing] == ["unreachable"]
    assert not advanced.alarms
    assert "witness.example/w2 cannot be reached" in str(advanced.missing[0])


def test_a_cosignature_is_asked_for_later_when_nobody_answered(
    head: Head, log: SqliteLog, witness: Witness
) -> None:
    alone = advance(head, log, nobody(witness))
    assert (alone.cosigned_by, len(take_apart(alone.note)[1])) == ((), 1)

    assert advance(head, log, witness).cosigned_by == ("witness.example/w1",)
    grow(log, 4)
    advance(head, log, nobody(witness))
    grow(log, 4)
    assert advance(head, log, witness).cosigned_by == ("witness.example/w1",)


def test_a_sign_of_life_replaces_the_cosignature_and_silence_keeps_the_old_one(
    head: Head, log: SqliteLog, witness: Witness, reference: ReferenceWitness
) -> None:
    first = advance(head, log, witness)
    reference.clock = lambda: NOW + 60
    second = advance(head, log, witness)
    third = advance(head, log, nobody(witness))

    assert open_note(first.note, [witness.key]).signers == {witness.key: NOW}
    assert open_note(second.note, [witness.key]).signers == {witness.key: NOW + 60}
    assert len(take_apart(second.note)[1]) == 2
    assert third.note == second.note
    assert third.cosigned_by == ("witness.example/w1",)
    assert [answer.outcome for answer in third.missing] == ["unreachable"]


def test_a_cosignature_that_has_rotted_in_the_file_is_noticed(
    head: Head, log: SqliteLog, witness: Witness
) -> None:
    note = advance(head, log, witness).note
    name, raw = take_apart(note)[1][1]
    bad = base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
    head.path.write_text(f"{note.rpartition('— ')[0]}— {name} {bad}\n", encoding="utf-8")
    with pytest.raises(HeadDamaged, match=r"witness\.example"):
        advance(head, log, witness)


def test_a_witness_does_not_sign_in_the_place_of_the_log(
    head: Head, log: SqliteLog, witness: Witness
) -> None:
    text = Checkpoint(ORIGIN, 1, log.root(1)).text()
    alone = f"{text}\n{cosign(text, witness.name, OTHER, NOW)}"
    head.path.write_text(alone, encoding="utf-8")
    with pytest.raises(HeadDamaged, match="another log's"):
        advance(head, log, witness)


def test_a_head_restored_from_a_backup_is_noticed_by_the_witness(
    head: Head, log: SqliteLog, witness: Witness
) -> None:
    """What we cannot see, for an old head and an old log agree: two heads would be signed."""
    advance(head, log, witness)
    files = [log.path, head.path]
    for path in files:
        shutil.copy(path, path.with_name(f"{path.name}.backup"))
    grow(log, 3)
    advance(head, log, witness)
    with SqliteLog(log.path.with_name("log.db.backup")) as old:
        shutil.copy(head.path.with_name("head.backup"), head.path)
        smaller = advance(head, old, witness)
        assert [answer.outcome for answer in smaller.alarms] == ["ahead"]
        grow(old, 3, "other")
        equal = advance(head, old, witness)
        assert [answer.outcome for answer in equal.alarms] == ["forked"]
        grow(old, 3, "other")
        larger = advance(head, old, witness)
        assert [answer.outcome for answer in larger.alarms] == ["forked"]
        assert larger.cosigned_by == ()


# --- Two processes


class Between:
    """A log during whose reading something else happens, once."""

    def __init__(self, log: SqliteLog, happen: Callable[[], object]) -> None:
        self.log, self.happen = log, [happen]

    @property
    def size(self) -> int:
        while self.happen:
            self.happen.pop()()
        return self.log.size

    def node(self, level: int, idx: int) -> bytes:
        return self.log.node(level, idx)

    def entries(self, start: int, end: int) -> Iterator[tuple[int, bytes, list[str]]]:
        return self.log.entries(start, end)


def test_of_two_at_once_one_wins_and_the_other_does_it_again(head: Head, log: SqliteLog) -> None:
    quicker = Head(head.folder)
    with pytest.raises(Raced, match="do it again"):
        head.advance(Between(log, lambda: quicker.advance(log)))

    assert head.last().checkpoint == as_it_stands(log)
    grow(log, 1)
    assert checkpoint(head.advance(log).note) == as_it_stands(log)


def test_two_logs_that_part_cannot_both_be_signed(head: Head, log: SqliteLog) -> None:
    head.advance(log)
    shutil.copy(log.path, log.path.with_name("copy.db"))
    grow(log, 2)
    with SqliteLog(log.path.with_name("copy.db")) as copy:
        grow(copy, 2, "other")
        with pytest.raises(Raced):
            head.advance(Between(copy, lambda: Head(head.folder).advance(log)))
        refused(head, copy, Forked, "does not extend")
    assert head.last().checkpoint == as_it_stands(log)


def test_a_head_that_moved_while_witnesses_were_asked_stands(
    head: Head, log: SqliteLog, witness: Witness, reference: ReferenceWitness
) -> None:
    def now() -> int:
        with SqliteLog(log.path) as same:
            grow(same, 1)
            Head(head.folder).advance(same)
        return NOW

    reference.clock = now
    with pytest.raises(Raced):
        advance(head, log, witness)
    assert head.last().checkpoint == as_it_stands(log)


def test_a_process_that_will_not_let_go_is_waited_for_only_so_long(
    head: Head, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head_module, "WAIT", 0.05)
    handle = os.open(head.folder / "head.lock", os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        refused(head, log, Raced, "has held .*head.lock for 0.05 s")
    finally:
        os.close(handle)
    assert checkpoint(head.advance(log).note) == as_it_stands(log)


def race(folder: str, count: str, name: str) -> None:
    """Append and advance again and again; print every note that was returned."""
    with SqliteLog(Path(folder) / "log.db") as log:
        head = Head(Path(folder))
        for _ in range(int(count)):
            grow_one(log, name)
            try:
                print(json.dumps(head.advance(log).note), flush=True)  # noqa: T201 (how it talks)
            except Raced:
                print("null", flush=True)  # noqa: T201 (likewise)


def grow_one(log: SqliteLog, name: str) -> None:
    fields = {"id": f"topic/{name}", "kind": "topic", "name": f"Topic of {name}"}
    log.append([build("EntityRecorded", fields)])


def in_processes(*calls: str) -> list[subprocess.Popen[str]]:
    code = "import sys; from tests.events import test_head; eval(sys.argv[1], vars(test_head))"
    return [
        subprocess.Popen(
            [sys.executable, "-c", code, call], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for call in calls
    ]


def test_processes_that_race_sign_one_history(head: Head, log: SqliteLog) -> None:
    each = 25
    running = in_processes(*(f"race({str(head.folder)!r}, '{each}', 'p{n}')" for n in range(4)))
    lines = [json.loads(line) for child in running for line in child.communicate()[0].splitlines()]

    assert [child.returncode for child in running] == [0] * 4
    assert len(lines) == 4 * each
    heads = [checkpoint(note) for note in lines if note]
    assert heads
    for each_head in [*heads, head.last().checkpoint]:
        assert each_head.root == log.root(each_head.size)
    assert head.last().checkpoint.size == max(each_head.size for each_head in heads)
    assert checkpoint(head.advance(log).note) == as_it_stands(log)


# --- A disk that fails, a process that dies: every step, before it happened and after


class Disk:
    """The calls that change the disk; the ``at``-th fails, or kills, before or after it has happened."""

    CALLS = ("open", "write", "fsync", "close", "replace")

    def __init__(self, at: int, how: str) -> None:
        self.at, self.how, self.count = at, how, 0
        self.real = {name: getattr(os, name) for name in self.CALLS}
        self.seen: list[str] = []

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        self.seen.append(name)
        hit = self.count == self.at
        # A close that fails has closed the file nevertheless, on Linux and elsewhere.
        if hit and "before" in self.how and (name != "close" or "dies" in self.how):
            self.fail()
        if hit and "torn" in self.how and name == "write":
            self.real["write"](args[0], args[1][: len(args[1]) // 2])
            self.fail()
        result = self.real[name](*args, **kwargs)
        if hit:
            self.fail()
        return result

    def fail(self) -> None:
        if "dies" in self.how:
            os._exit(9)
        raise OSError(errno.EIO, "Input/output error")

    @contextlib.contextmanager
    def spoiled(self) -> Iterator[None]:
        for name in self.CALLS:
            # each in a binding of its own
            setattr(os, name, lambda *a, _name=name, **k: self.call(_name, *a, **k))
        try:
            yield
        finally:
            for name, real in self.real.items():
                setattr(os, name, real)


HOW = ("fails before", "fails after", "fails torn")


def steps(head: Head, log: SqliteLog) -> list[str]:
    """Return the calls of one undisturbed advance, on copies."""
    disk = Disk(0, "")
    with disk.spoiled():
        head.advance(log)
    return disk.seen


def after_the_fault(folder: Path, log: SqliteLog, old: Checkpoint) -> None:
    """Demand the contract: the old head or the new one, signed; and going on gives the new one."""
    head = Head(folder)
    assert head.last().checkpoint in (old, as_it_stands(log))
    assert checkpoint(head.advance(log).note) == as_it_stands(log)
    grow(log, 1)
    assert checkpoint(head.advance(log).note) == as_it_stands(log)


def test_the_new_head_is_durable_before_anybody_is_shown_it(head: Head, log: SqliteLog) -> None:
    """Content before name, name before return: this order is what power loss cannot break."""
    assert steps(head, log) == [
        "open",  # the lock
        "open",  # head.new
        "write",
        "fsync",
        "close",
        "replace",
        "open",  # the folder
        "fsync",
        "close",
        "close",
    ]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("at", range(1, 11))
def test_a_failing_disk_leaves_the_old_head_or_the_new_one(
    head: Head, log: SqliteLog, at: int, how: str
) -> None:
    old = head.advance(log)
    grow(log, 3)
    with Disk(at, how).spoiled(), contextlib.suppress(Unsaved):
        head.advance(log)

    after_the_fault(head.folder, log, checkpoint(old.note))


def test_a_failing_disk_is_never_taken_for_success(head: Head, log: SqliteLog) -> None:
    for at in range(1, 11):
        grow(log, 1)
        with Disk(at, "fails before").spoiled(), pytest.raises(Unsaved, match="do it again"):
            head.advance(log)
        assert checkpoint(head.advance(log).note) == as_it_stands(log)


@pytest.mark.parametrize("at", range(1, 30))
def test_a_head_that_was_only_half_made_can_be_made_again(tmp_path: Path, at: int) -> None:
    for how in HOW:
        folder = tmp_path / how
        folder.mkdir()
        with Disk(at, how).spoiled(), contextlib.suppress(HeadError):
            Head.create(folder, ORIGIN, LOG)
        if not (folder / "head").exists():
            Head.create(folder, ORIGIN, LOG)
        assert Head(folder).last().checkpoint.size == 0
        assert stat.S_IMODE((folder / "keys" / "signing.pem").stat().st_mode) == 0o600


def die_at_every_step(folder: str) -> None:
    """Advance in children that die at each step in turn; look at what each of them left."""
    with SqliteLog(Path(folder) / "log.db") as log:
        old = Head(Path(folder)).last().checkpoint
    for at, how in itertools.product(range(1, 12), ("dies before", "dies after", "dies torn")):
        with SqliteLog(Path(folder) / "log.db") as log:
            grow(log, 1)
        child = os.fork()
        if not child:
            with SqliteLog(Path(folder) / "log.db") as log, Disk(at, how).spoiled():
                Head(Path(folder)).advance(log)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with SqliteLog(Path(folder) / "log.db") as log:
            found = Head(Path(folder)).last().checkpoint
            new = as_it_stands(log)
            after_the_fault(Path(folder), log, old)
            old = as_it_stands(log)
        print(json.dumps([at, how, code, found == new]), flush=True)  # noqa: T201 (how it talks)


def test_a_process_that_dies_leaves_the_old_head_or_the_new_one(head: Head, log: SqliteLog) -> None:
    (child,) = in_processes(f"die_at_every_step({str(head.folder)!r})")
    seen = [json.loads(line) for line in child.communicate()[0].splitlines()]

    assert child.returncode == 0
    assert [(at, how) for at, how, _, _ in seen] == list(
        itertools.product(range(1, 12), ("dies before", "dies after", "dies torn"))
    )
    assert {code for at, _, code, _ in seen if at <= 10} == {9}  # each of them did die
    assert {code for at, _, code, _ in seen if at == 11} == {0}
    kept = {(at, how) for at, how, _, new in seen if new and at <= 10}
    assert kept == {(6, "dies after"), (6, "dies torn")} | {
        (at, how) for at in range(7, 11) for how in ("dies before", "dies after", "dies torn")
    }  # the rename is the moment
