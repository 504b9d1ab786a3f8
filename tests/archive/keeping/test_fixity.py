"""A check finds whatever is not what it was, changes nothing, and its result is kept for the public."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive import forgetting
from archive.home import Home
from archive.keeping import fixity
from archive.keeping.fixity import FIELDS, Result, check_log, history, record, run
from archive.projector import catch_up
from archive.serving.follower import Follower
from archive.store import Store
from events.codec import build
from events.errors import LogDamaged, LogError
from events.head import Head
from events.log import SqliteLog
from tests.archive.test_serve import until
from tests.conftest import Aberdulas

NOON = "2026-02-03T12:00:00Z"
SOUND = {"at": NOON, "checked": "archive", "events": 14, "root": "", "passed": "log", "failed": ""}
TEXT = "Bydd y llyfrgell ar agor"
SOURCE = "source/aberdulas-post-2031-03-06"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled archive, a signed head and a text; to be copied."""
    folder = tmp_path_factory.mktemp("settled")
    archive = Aberdulas(folder).settle()
    archive.record(
        "SourceCaptured", id=SOURCE, new=True, kind="news", publisher="org/aberdulas-post", lang="cy",
        captured_at="2031-03-07", body_access="restricted", sha256=sha256(TEXT), chars=len(TEXT),
        title="Y llyfrgell", url="https://post.example/llyfrgell",
    )  # fmt: skip
    archive.log.attach(SOURCE, TEXT)
    archive.tables()
    Head.create(folder, "aberdulas.example/log", Ed25519PrivateKey.generate()).advance(archive.log)
    archive.close()
    return folder


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def check(home: Home) -> Result:
    return run(home, clock=lambda: NOON)


def sql(path: Path, *statements: str) -> None:
    """Do to a file what only somebody who means it can do."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)


def test_a_sound_archive_passes_every_check(home: Home) -> None:
    before = {path.name: path.read_bytes() for path in home.path.iterdir() if path.is_file()}

    result = check(home)

    assert result.faults == []
    with home.log() as log:
        root = log.root().hex()
    assert result.row() == {
        "at": NOON, "checked": "archive", "events": 14, "root": root,
        "passed": "log head texts tables", "failed": "",
    }  # fmt: skip
    assert {
        path.name: path.read_bytes() for path in home.path.iterdir() if path.is_file()
    } == before


def test_an_archive_without_head_texts_and_events_is_sound_too(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    with home.log() as log:
        home.tables(log).close()

    assert check(home).faults == []
    with pytest.raises(LogError, match="there is no log at "):
        check(Home(tmp_path / "other"))


ENVELOPE = "UPDATE entries SET envelope = CAST(replace(envelope, 'archivist', 'redactor') AS BLOB)"
LAST = "(SELECT max(seq) FROM entries)"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"{ENVELOPE} WHERE seq = 3", "the head of 14 entries of this log has another root"),
        ("UPDATE entries SET envelope = x'00' WHERE seq = 3", "E3: not an envelope"),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND idx = 3", "node 0/3 of .* does not fit"),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 2", "node 1/2 of .* does not fit"),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 3", "has another root|does not fit"),
        ("DELETE FROM nodes WHERE level = 1 AND idx = 0", "has 24 nodes, not those of 14 events"),
        ("INSERT INTO nodes VALUES (9, 0, zeroblob(32))", "has 26 nodes, not those of 14 events"),
        ("UPDATE disclosures SET body = '[\"YWJj\"]' WHERE seq = 4", "E4: a disclosure does not match"),
        ("UPDATE disclosures SET body = json_insert(body, '$[#]', 'YWJj') WHERE seq = 4", "in no envelope"),
        ("UPDATE disclosures SET body = json_remove(body, '$[0]') WHERE seq = 4", "1 alarms, the first .* E4: a"),
        ("DELETE FROM disclosures WHERE seq = 4", "lacks some of the events"),
        (f"DELETE FROM entries WHERE seq = {LAST}", "a row of (keys|disclosures) in .* refers to nothing"),
        ("INSERT INTO keys VALUES ('i:x', 99)", "a row of keys in .* refers to nothing"),
    ],
)  # fmt: skip
def test_whatever_was_changed_in_the_log_is_found(home: Home, statement: str, words: str) -> None:
    sql(home.log_path, statement)

    result = check(home)

    assert result.row()["failed"].split()[0] == "log"
    with pytest.raises(LogDamaged, match=words):
        fixity._log(home)
    assert result.checks["log"]


def cut(home: Home) -> None:
    """Take the last event off the log, as if it had been restored from a backup."""
    last = "seq = 13"
    sql(
        home.log_path,
        "DELETE FROM keys WHERE seq = 13",
        f"DELETE FROM disclosures WHERE {last}",
        f"DELETE FROM entries WHERE {last}",
        "DELETE FROM nodes WHERE (idx + 1) << level > 13",
    )


def fork(home: Home) -> None:
    """Take the last event off the log and record another one."""
    cut(home)
    with SqliteLog(home.log_path) as log:
        log.append([build("EntityRecorded", {"id": "topic/x", "kind": "topic", "name": "X"})])


def spoil_head(home: Home) -> None:
    data = (home.path / "head").read_bytes()
    (home.path / "head").write_bytes(data.replace(b"\n14\n", b"\n13\n"))


def spoil_head_form(home: Home) -> None:
    (home.path / "head").write_text("Ddim yn ben")


def spoil_text(home: Home) -> None:
    sql(home.log_path, f"UPDATE texts SET body = body || '.' WHERE source = '{SOURCE}'")


def spoil_tables(home: Home) -> None:
    home.tables_path.write_bytes(b"Ddim yn gronfa ddata. " * 500)


def lose_tables(home: Home) -> None:
    home.tables_path.unlink()


def other_tables(home: Home) -> None:
    sql(home.tables_path, f"UPDATE log_position SET root = '{sha256(TEXT)}'")


def newer_tables(home: Home) -> None:
    sql(home.tables_path, "UPDATE log_position SET events = events + 1")


@pytest.mark.parametrize(
    ("spoil", "failed", "words"),
    [
        (cut, "head tables", "1 events that were acknowledged are missing"),
        (fork, "head tables", "the log does not extend its head"),
        (spoil_head, "head", "is not a head that this log's key signed"),
        (spoil_head_form, "head", "head cannot be read as a checkpoint"),
        (spoil_text, "texts", f"the text of {SOURCE} is not the one that was captured"),
        (spoil_tables, "texts tables", "file is not a database"),
        (lose_tables, "texts tables", "unable to open database file"),
        (other_tables, "tables", "the tables were not made from this log; run `archive build"),
        (newer_tables, "tables", "the tables were not made from this log; run `archive build"),
    ],
)
def test_whatever_else_is_wrong_is_found(
    home: Home, spoil: Callable[[Home], None], failed: str, words: str
) -> None:
    spoil(home)

    result = check(home)

    assert result.row()["failed"] == failed
    assert words in result.faults[0]


def test_without_the_key_a_head_is_compared_all_the_same(home: Home) -> None:
    shutil.rmtree(home.path / "keys")
    assert check(home).faults == []
    fork(home)
    assert "head" in check(home).row()["failed"]


def test_a_large_tree_is_checked_in_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.db"
    with SqliteLog.create(path) as log:
        log.append(
            [
                build("EntityRecorded", {"id": f"topic/t{n}", "kind": "topic", "name": "T"})
                for n in range(100)
            ]
        )
        root = log.root().hex()
    for page in (1, 7, 64, 1000):
        monkeypatch.setattr(fixity, "PAGE", page)
        assert check_log(path) == (100, root, 0, ())
    sql(path, "UPDATE nodes SET hash = zeroblob(32) WHERE level = 2 AND idx = 11")
    for page in (1, 7, 64, 1000):
        monkeypatch.setattr(fixity, "PAGE", page)
        with pytest.raises(LogDamaged, match=r"node 2/11 of .* does not fit its events"):
            check_log(path)


# --- The results


def test_results_are_kept_in_order_and_name_no_files(home: Home) -> None:
    record(home, check(home))
    spoil_tables(home)
    bad = check(home)
    record(home, bad)

    first, second = history(home)
    assert (first["failed"], second["failed"]) == ("", "texts tables")
    assert list(first) == FIELDS
    assert str(home.path) in bad.faults[0]
    kept = (home.path / "fixity.jsonl").read_text(encoding="ascii")
    assert str(home.path) not in kept
    assert [json.loads(line) for line in kept.splitlines()] == [first, second]


def test_without_results_there_is_no_history(home: Home) -> None:
    assert list(history(home)) == []


@pytest.mark.parametrize("cut_at", [1, 20, -1])
def test_a_line_torn_by_a_crash_costs_itself_alone(home: Home, cut_at: int) -> None:
    result = check(home)
    path = home.path / "fixity.jsonl"
    record(home, result)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:cut_at])

    record(home, result)

    whole_lines = 3 if cut_at == -1 else 2
    assert list(history(home)) == [result.row()] * whole_lines


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{}", '{"at": "x"}', "\x00", "é", "{" * 99, "9" * 20_000]
    + [fixity.as_line(SOUND | wrong).rstrip() for wrong in (
        {"at": "2026-02-30T12:00:00Z"}, {"at": "2026-02-03"}, {"at": "2026-02-03T12:00:00+01:00"}, {"at": 5},
        {"events": "14"}, {"events": -1}, {"events": 14.0}, {"events": True}, {"root": None}, {"failed": []},
        {"more": ""},
    )],
)  # fmt: skip
def test_what_is_no_result_is_passed_over(home: Home, line: str) -> None:
    (home.path / "fixity.jsonl").write_text(f"{line}\n", encoding="latin-1")
    record(home, check(home))

    assert len(list(history(home))) == 1


def test_a_result_that_cannot_be_kept_is_a_sentence(home: Home) -> None:
    (home.path / "fixity.jsonl").mkdir()

    with pytest.raises(LogError, match=r"could not be kept in .*fixity\.jsonl: Is a directory"):
        record(home, check(home))


def test_results_of_several_processes_stand_on_lines_of_their_own(home: Home) -> None:
    result = check(home)
    children = []
    for _ in range(4):
        if (child := os.fork()) == 0:
            for _ in range(20):
                record(home, result)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4

    assert list(history(home)) == [result.row()] * 80


# --- The table


def shown(home: Home) -> list[dict[str, object]]:
    """Return the table as it stands in the file, whoever wrote it."""
    with contextlib.closing(Store(home.tables_path)) as store:
        return store.fixity()


def test_the_results_are_a_public_table_as_soon_as_the_tables_are_opened(home: Home) -> None:
    record(home, check(home))
    spoil_text(home)
    record(home, check(home))
    assert shown(home) == []
    with home.log() as log:
        home.tables(log).close()

    rows = shown(home)

    assert [(row["number"], row["failed"]) for row in rows] == [(1, ""), (2, "texts")]
    assert [{name: row[name] for name in FIELDS} for row in rows] == list(history(home))


def test_tables_made_from_zero_have_the_results_and_are_the_same_byte_for_byte(home: Home) -> None:
    record(home, check(home))
    made = []
    for _ in range(2):
        home.tables_path.unlink()
        with home.log() as log:
            home.rebuild(log)
        made.append(home.tables_path.read_bytes())

    assert made[0] == made[1]
    assert len(shown(home)) == 1


def test_an_act_that_makes_all_tables_anew_keeps_the_results(home: Home) -> None:
    record(home, check(home))
    with home.log() as log, contextlib.closing(home.tables(log)) as store:
        (part,) = forgetting.plan(log, "withheld", "E0", "/name").parts
        log.append([forgetting._event("withheld", part, forgetting.Why("legal"))])
        catch_up(log, store)

    assert [row["number"] for row in shown(home)] == [1]


def test_results_that_cannot_be_read_stop_nothing_and_take_nothing_away(home: Home) -> None:
    record(home, check(home))
    with home.log() as log:
        home.tables(log).close()
        home.results_path.unlink()
        home.results_path.mkdir()
        home.tables(log).close()

        assert len(shown(home)) == 1
        home.results_path.rmdir()
        home.tables(log).close()
    assert shown(home) == []


def test_the_follower_shows_a_new_result_by_itself(home: Home) -> None:
    follower = Follower(home, print)
    follower.start()
    try:
        for count in (1, 2):
            record(home, check(home))
            until(lambda count=count: len(shown(home)) == count)  # type: ignore[misc]
    finally:
        follower.stop()
