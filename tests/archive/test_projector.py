"""The tables are the fold of the log: followed event by event or made from zero, whole or not at all."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from archive import projector, store
from archive.projector import Applied, OtherLog, catch_up, open_current, rebuild
from archive.rebuilding import building
from archive.store import PROJECTION_VERSION, Position, Store
from archive.table import Table
from archive.tables import TABLES
from events import disclosure
from events.vocabulary import TYPES
from tests.archive.histories import Historian, contents, differences, faults
from tests.archive.stories import on
from tests.conftest import Aberdulas

REPOSITORY = Path(__file__).parents[2]
WHY = {"reason": "archive-error", "note": "Misread"}
PAPER = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}


@contextmanager
def history(random: Random) -> Iterator[Historian]:
    with tempfile.TemporaryDirectory() as folder:
        historian = Historian(Path(folder), random)
        try:
            yield historian
        finally:
            historian.close()


@contextmanager
def rebuilt(log: Any, folder: Path) -> Iterator[Store]:
    """Return the tables made from zero, beside the others."""
    path = folder / "rebuilt.db"
    rebuild(log, path)
    made = Store(path)
    try:
        yield made
    finally:
        made.close()
        path.unlink()


# Incremental tables equal rebuilt ones


def follow(historian: Historian, steps: int) -> None:
    """Grow a history and compare three ways to its tables: event by event, now and then, from zero."""
    lazy = Store(historian.folder / "lazy.db")
    try:
        for step in range(steps):
            historian.grow(historian.random.choice((1, 1, 1, 2, 4)))
            if historian.chance(5):
                catch_up(historian.log, lazy)
            if step % 8 == 7 or step == steps - 1:
                catch_up(historian.log, lazy)
                with rebuilt(historian.log, historian.folder) as made:
                    assert list(differences(historian.store, made)) == []
                    assert list(differences(historian.store, lazy)) == []
                    for tables in (historian.store, made, lazy):
                        assert faults(tables) == []
    except BaseException:
        note("\n".join(historian.told()))
        raise
    finally:
        lazy.close()


histories = st.randoms(use_true_random=False)


@settings(deadline=None, max_examples=20, print_blob=True)
@given(histories, st.integers(3, 20))
def test_tables_that_followed_the_log_equal_tables_made_from_zero(random, steps):
    with history(random) as historian:
        follow(historian, steps)


@pytest.mark.torture
@pytest.mark.timeout(7200)
@settings(deadline=None, max_examples=400, print_blob=True)
@given(histories, st.integers(10, 60))
def test_tables_that_followed_the_log_equal_tables_made_from_zero_at_length(random, steps):
    with history(random) as historian:
        follow(historian, steps)


@pytest.mark.parametrize("seed", range(2))
def test_long_histories_of_all_kinds_of_events_do_not_drift(seed):
    with history(Random(seed)) as historian:
        follow(historian, 48)
        assert len(set(historian.types)) > len(TYPES) - 5


def test_the_histories_have_every_type_of_event_and_every_kind_of_correction():
    types, kinds = set(), set()
    for seed in range(100, 120):
        if types == set(TYPES):
            break
        with history(Random(seed)) as historian:
            for _ in range(16):
                historian.grow(3)
            types.update(historian.types)
            kinds.update(r["kind"] for r in historian.store.rows("SELECT kind FROM corrections"))
            kinds.update(r["state"] for r in historian.store.rows("SELECT state FROM records"))
    assert types == set(TYPES)
    assert kinds >= {"amended", "retracted", "restored", "disputed", "merged", "current"}


def test_two_builds_of_one_log_are_equal_to_the_byte(aberdulas: Aberdulas):
    rebuild(aberdulas.log, aberdulas.folder / "a.db")
    rebuild(aberdulas.log, aberdulas.folder / "b.db")
    first = (aberdulas.folder / "a.db").read_bytes()
    assert first == (aberdulas.folder / "b.db").read_bytes()


def test_a_build_in_another_process_with_other_hash_seeds_is_equal_to_the_byte(
    aberdulas: Aberdulas,
):
    made = []
    for seed in ("1", "2"):
        path = aberdulas.folder / f"{seed}.db"
        code = (
            "import sys; from pathlib import Path; from archive.projector import rebuild;"
            " from events.log import SqliteLog;"
            " rebuild(SqliteLog(Path(sys.argv[1])), Path(sys.argv[2]))"
        )
        run_python(code, aberdulas.log.path, path, PYTHONHASHSEED=seed)
        made.append(path.read_bytes())
    assert made[0] == made[1]


def run_python(code: str, *arguments: Path, **environment: str) -> None:
    subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
    )


def test_no_wall_clock_reaches_the_tables(aberdulas: Aberdulas):
    """Only views may ask for today: else the same log would not give the same file."""
    sql = aberdulas.tables().rows(
        "SELECT name, type, sql FROM sqlite_master WHERE sql LIKE '%now%'"
    )
    assert {row["type"] for row in sql if "'now'" in row["sql"]} <= {"view"}


# Only what is touched is folded


def new_doc(archive: Aberdulas, name: str = "a") -> int:
    return archive.record(
        "DocumentRecorded", PAPER, id=f"doc/{name}", new=True, title="A plan", kind="plan", author="org/aberdulas-council",
    )  # fmt: skip


def test_a_new_record_costs_one_fold_however_large_the_archive_is(aberdulas: Aberdulas):
    aberdulas.tables()
    new_doc(aberdulas)
    assert catch_up(aberdulas.log, aberdulas.store) == Applied(events=1, records=1)
    new_doc(aberdulas, "b")
    new_doc(aberdulas, "c")
    assert catch_up(aberdulas.log, aberdulas.store) == Applied(events=2, records=2)
    assert catch_up(aberdulas.log, aberdulas.store) == Applied(events=0, records=0)


def test_new_records_have_their_places_before_anything_refers_to_them(aberdulas: Aberdulas):
    """With references open, SQLite scans whole tables for each new record: 30 ms among a million events."""
    aberdulas.tables()
    new_doc(aberdulas)
    said: list[str] = []
    aberdulas.store._conn.set_trace_callback(said.append)
    aberdulas.tables()
    aberdulas.store._conn.set_trace_callback(None)
    inserted = [
        text for text in said if text.startswith("INSERT") and "records" in text.split("(")[0]
    ]
    assert inserted[0].startswith("INSERT OR IGNORE INTO records(")
    assert aberdulas.rows("SELECT id FROM records WHERE label = ''") == []


def test_an_outcome_folds_its_commitment_too(aberdulas: Aberdulas):
    aberdulas.tables()
    aberdulas.record("OutcomeRecorded", PAPER, id="outcome/late", new=True, commitment="commitment/library-plan", result="done")  # fmt: skip
    applied = catch_up(aberdulas.log, aberdulas.store)
    assert applied.events == 1
    assert applied.records == 2


def topics_of(archive: Aberdulas, slug: str) -> list[str]:
    sql = "SELECT topic_id FROM record_topics WHERE record_id = ? ORDER BY topic_id"
    archive.tables()
    return [topic for (topic,) in archive.store._conn.execute(sql, (slug,))]


def test_an_outcome_belongs_to_the_topics_of_its_commitment(aberdulas: Aberdulas, tmp_path):
    assert topics_of(aberdulas, "outcome/library-plan") == []
    more = aberdulas.record("CommitmentRecorded", PAPER, id="commitment/library-plan", topics=["topic/libraries"])  # fmt: skip
    assert topics_of(aberdulas, "outcome/library-plan") == ["topic/libraries"]
    new = {"id": "topic/books", "new": True, "kind": "topic", "name": "Books"}
    aberdulas.record("EntityRecorded", **new)
    aberdulas.record("EntitiesMerged", keep="topic/books", merge=["topic/libraries"], reason="duplicate", note="One")  # fmt: skip
    assert topics_of(aberdulas, "outcome/library-plan") == ["topic/books"]
    with rebuilt(aberdulas.log, tmp_path) as made:
        assert list(differences(aberdulas.store, made)) == []
    aberdulas.record("RecordRetracted", target=more, **WHY)
    assert topics_of(aberdulas, "outcome/library-plan") == []


def test_a_fact_that_changes_no_face_folds_nothing_else(aberdulas: Aberdulas):
    aberdulas.tables()
    aberdulas.record("NameRecorded", record="person/nia-prys", name="Ms Prys", kind="known-as", lang="en")  # fmt: skip
    assert catch_up(aberdulas.log, aberdulas.store).records == 1


def shown(archive: Aberdulas, text: str) -> set[str]:
    """Return the tables that show a text somewhere."""
    return {
        name
        for name, rows in contents(archive.tables()).items()
        if any(text in row for row in rows) and name not in ("events", "assertions", "versions")
    }


def test_a_new_name_reaches_every_row_that_shows_it(aberdulas: Aberdulas):
    assert "Nia Pryse" in str(aberdulas.rows("SELECT title FROM timeline"))
    aberdulas.record("RecordAmended", target=5, changes=[{"path": "/name", "from": "Nia Pryse", "to": "Nia Prys"}], **WHY)  # fmt: skip
    applied = catch_up(aberdulas.log, aberdulas.store)
    assert applied.records < 6
    assert shown(aberdulas, "Nia Pryse") <= {"corrections"}
    assert shown(aberdulas, "Nia Prys") >= {
        "feed_entries",
        "names",
        "people",
        "records",
        "search",
        "timeline",
    }
    assert aberdulas.rows("SELECT label FROM records WHERE id = 'tenure/prys-librarian'") == [
        ("Nia Prys: Librarian",)
    ]


def test_a_name_changed_behind_a_merged_slug_reaches_what_names_that_slug(aberdulas: Aberdulas):
    person = {"kind": "person", "public_capacity": "Librarian", "new": True}
    kept = aberdulas.record("EntityRecorded", id="person/n-prys", name="N. Prys", **person)
    aberdulas.record("EntitiesMerged", keep="person/n-prys", merge=["person/nia-prys"], **WHY)
    label = "SELECT label FROM records WHERE id = 'tenure/prys-librarian'"
    assert aberdulas.rows(label) == [("N. Prys: Librarian",)]
    aberdulas.record("RecordAmended", target=kept, changes=[{"path": "/name", "from": "N. Prys", "to": "Nia ap Rhys"}], **WHY)  # fmt: skip
    assert aberdulas.rows(label) == [("Nia ap Rhys: Librarian",)]
    assert_equal_to_rebuilt(aberdulas)


def test_what_is_recorded_under_a_merged_slug_reaches_the_kept_record(aberdulas: Aberdulas):
    person = {"kind": "person", "public_capacity": "Librarian", "new": True}
    for slug in ("person/n-prys", "person/nia"):
        aberdulas.record("EntityRecorded", id=slug, name=slug, **person)
    aberdulas.record("EntitiesMerged", keep="person/n-prys", merge=["person/nia-prys"], **WHY)
    aberdulas.record("EntitiesMerged", keep="person/nia", merge=["person/n-prys"], **WHY)
    aberdulas.tables()
    aberdulas.record("NameRecorded", record="person/nia-prys", name="Ms Prys", kind="known-as", lang="en")  # fmt: skip
    assert ("person/nia",) in aberdulas.rows("SELECT record_id FROM names WHERE name = 'Ms Prys'")
    assert_equal_to_rebuilt(aberdulas)


def test_merges_in_a_circle_which_no_batch_could_record_do_not_go_on_for_ever(empty: Aberdulas):
    for slug in ("org/a", "org/b", "org/c"):
        empty.record("EntityRecorded", id=slug, new=True, kind="organisation", name=slug)
    for keep, other in (("a", "b"), ("b", "c"), ("c", "a")):
        empty.record("EntitiesMerged", keep=f"org/{keep}", merge=[f"org/{other}"], **WHY)
        empty.tables()
    empty.record("NameRecorded", record="org/a", name="Ay", kind="known-as", lang="en")
    amendment = [{"path": "/name", "from": "org/b", "to": "Bee"}]
    empty.record("RecordAmended", target=1, changes=amendment, **WHY)
    assert empty.rows("SELECT DISTINCT state FROM records") == [("merged",)]
    assert_equal_to_rebuilt(empty)


def test_corrections_under_a_merged_slug_make_one_entry_each(aberdulas: Aberdulas):
    person = {"kind": "person", "public_capacity": "Librarian", "new": True}
    aberdulas.record("EntityRecorded", id="person/n-prys", name="N. Prys", **person)
    aberdulas.record("RecordAmended", target=5, changes=[{"path": "/name", "from": "Nia Pryse", "to": "Nia Prys"}], **WHY)  # fmt: skip
    aberdulas.record("EntitiesMerged", keep="person/n-prys", merge=["person/nia-prys"], **WHY)
    aberdulas.record("RecordRetracted", target=14, **WHY)
    entries = aberdulas.rows(
        "SELECT entry_id, record_id, kind, state FROM feed_entries WHERE event > 13 ORDER BY event"
    )
    assert entries == [
        ("E14", "person/nia-prys", "correction/amended", "withdrawn"),
        ("E15", "person/n-prys", "correction/merged", "current"),
        ("E16", "person/nia-prys", "correction/retracted", "current"),
    ]
    assert_equal_to_rebuilt(aberdulas)


def test_a_source_that_dates_itself_folds_the_same_whenever_it_is_folded(aberdulas: Aberdulas):
    source = "source/aberdulas-post-2031-03-05"
    own = {"source": source, "start": 0, "end": 9, "supports": ["/published"]}
    aberdulas.record("SourceCaptured", own, id=source, published=on("2031-03-05"))
    aberdulas.tables()
    aberdulas.record("SourceCaptured", {**own, "supports": []}, id=source, title="Library plan")
    assert_equal_to_rebuilt(aberdulas)
    public = aberdulas.rows("SELECT public_from FROM records WHERE id = ?", source)
    assert public == [("2031-03-05",)]


def test_a_source_dated_anew_moves_the_public_clock_of_what_it_supports(aberdulas: Aberdulas):
    clock = "SELECT public_from FROM records WHERE id = 'development/plan-published'"
    assert aberdulas.rows(clock) == [("2031-03-05",)]
    aberdulas.record("RecordAmended", target=2, changes=[{"path": "/published/edtf", "from": "2031-03-05", "to": "2031-03-06"}], **WHY)  # fmt: skip
    assert aberdulas.rows(clock) == [("2031-03-06",)]
    assert_equal_to_rebuilt(aberdulas)


def assert_equal_to_rebuilt(archive: Aberdulas) -> None:
    with rebuilt(archive.log, archive.folder) as made:
        assert list(differences(archive.tables(), made)) == []


# All or nothing


def poison(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Make the rows of one table fail."""

    def bad(_record: Any, _context: Any) -> Any:
        raise RuntimeError("poisoned")

    def swapped(table: Table) -> Table:
        return dataclasses.replace(table, rows=bad, kind=None) if table.name == name else table

    for module in (projector, building):
        monkeypatch.setattr(module, "TABLES", tuple(map(swapped, TABLES)))


@pytest.mark.parametrize("name", [table.name for table in TABLES])
def test_an_error_in_any_table_changes_nothing_not_even_the_position(
    aberdulas: Aberdulas, monkeypatch, name
):
    before, position = contents(aberdulas.tables()), aberdulas.store.position()
    new_doc(aberdulas)
    with monkeypatch.context() as patch:
        poison(patch, name)
        with pytest.raises(RuntimeError, match="poisoned"):
            catch_up(aberdulas.log, aberdulas.store)
    assert contents(aberdulas.store) == before
    assert aberdulas.store.position() == position
    assert catch_up(aberdulas.log, aberdulas.store) == Applied(1, 1)
    assert_equal_to_rebuilt(aberdulas)


STEPS = ("insert", "replace_rows", "replace_search", "set_in_force", "set_ends", "set_position")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_error_at_any_step_of_writing_changes_nothing(
    aberdulas: Aberdulas, monkeypatch, step, when
):
    before = contents(aberdulas.tables())
    aberdulas.record(
        "TenureRecorded", PAPER, id="tenure/b", new=True, person="person/nia-prys",
        post="post/librarian", title_as_stated="Librarian", start=on("2029"),
    )  # fmt: skip
    real: Callable[..., Any] = getattr(Store, step)

    def failing(*arguments: Any) -> Any:
        if when == "after":
            real(*arguments)
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Store, step, failing)
        with pytest.raises(sqlite3.OperationalError):
            catch_up(aberdulas.log, aberdulas.store)
    assert contents(aberdulas.store) == before
    assert_equal_to_rebuilt(aberdulas)


def test_a_rebuild_that_fails_leaves_the_old_tables_and_no_litter(
    aberdulas: Aberdulas, monkeypatch
):
    before = contents(aberdulas.tables())
    names = sorted(path.name for path in aberdulas.folder.iterdir())
    with monkeypatch.context() as patch:
        poison(patch, "records")
        with pytest.raises(RuntimeError, match="poisoned"):
            rebuild(aberdulas.log, aberdulas.path)
    assert contents(aberdulas.store) == before
    assert sorted(path.name for path in aberdulas.folder.iterdir()) == names


DYING = """
    import sys
    from pathlib import Path
    from archive import projector
    from archive.store import Store
    from events.log import SqliteLog

    folder, place = Path(sys.argv[1]), sys.argv[2]
    log, store = SqliteLog(folder / "log.db"), Store(folder / "archive.db")
    store._conn.execute("PRAGMA cache_size = 5")  # so that half-written pages reach the disk

    def wait(*_):
        print("here", flush=True)
        sys.stdin.read()

    if place == "folding":
        projector.catch_up(log, store, lambda done, total: done == 5 and wait())
    elif place == "rebuilding":
        Store.copy_over = wait
        projector.rebuild(log, folder / "archive.db")
    else:
        setattr(Store, place, wait)
        projector.catch_up(log, store)
"""


@pytest.mark.parametrize("place", ["folding", "replace_search", "set_position", "rebuilding"])
def test_after_a_kill_at_any_place_the_next_run_completes(aberdulas: Aberdulas, place):
    aberdulas.tables()
    for number in range(40):
        new_doc(aberdulas, f"d{number}")
    aberdulas.store.close()
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DYING), str(aberdulas.folder), place],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    journal = aberdulas.path.with_name("archive.db-journal")
    assert place in ("folding", "rebuilding") or journal.stat().st_size > 0
    aberdulas.store = Store(aberdulas.path)
    assert aberdulas.store.position().events == 13
    assert catch_up(aberdulas.log, aberdulas.store).events == 40
    assert faults(aberdulas.store) == []
    assert_equal_to_rebuilt(aberdulas)


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_killed_at_random_moments_the_projector_always_goes_on(aberdulas: Aberdulas):
    random, code = Random(), textwrap.dedent(DYING).replace('place == "folding"', "True").replace("== 5", "== -1")  # fmt: skip
    aberdulas.store.close()
    for number in range(60):
        new_doc(aberdulas, f"d{number}")
        with subprocess.Popen(
            [sys.executable, "-c", code, str(aberdulas.folder), "folding"], cwd=REPOSITORY
        ) as child:
            try:
                child.wait(random.uniform(0.05, 0.4))
            except subprocess.TimeoutExpired:
                os.kill(child.pid, signal.SIGKILL)
    aberdulas.store = Store(aberdulas.path)
    assert_equal_to_rebuilt(aberdulas)


# Which tables are whose


def test_an_empty_log_gives_empty_tables(empty: Aberdulas):
    assert catch_up(empty.log, empty.store) == Applied(0, 0)
    assert empty.store.position() == Position(0, "")
    with rebuilt(empty.log, empty.folder) as made:
        assert list(differences(empty.store, made)) == []


@pytest.mark.parametrize("size", [3, 13, 20])
def test_tables_of_another_log_are_noticed_and_made_anew(aberdulas: Aberdulas, tmp_path, size):
    folder = tmp_path / "other"
    folder.mkdir()
    other = Aberdulas(folder)
    for number in range(size):
        other.record("EntityRecorded", id=f"topic/t{number}", new=True, kind="topic", name="T")
    other.tables()
    with pytest.raises(OtherLog):
        catch_up(aberdulas.log, other.store)
    other.close()
    opened = open_current(aberdulas.log, other.path)
    aberdulas.tables()
    assert list(differences(aberdulas.store, opened)) == []
    opened.close()


@pytest.mark.parametrize("version", [PROJECTION_VERSION - 1 or 99, PROJECTION_VERSION + 1])
def test_tables_of_another_version_of_the_projection_are_made_anew(aberdulas: Aberdulas, version):
    aberdulas.tables()
    aberdulas.store._conn.execute("UPDATE records SET label = 'old'")
    aberdulas.store._conn.execute(f"PRAGMA user_version = {version}")
    opened = open_current(aberdulas.log, aberdulas.path)
    assert opened.version == PROJECTION_VERSION
    assert opened.rows("SELECT 1 FROM records WHERE label = 'old'") == []
    opened.close()


def test_missing_tables_are_made(aberdulas: Aberdulas):
    path = aberdulas.folder / "new.db"
    opened = open_current(aberdulas.log, path)
    assert opened.position().events == 13
    opened.close()


@pytest.mark.parametrize(
    "damage",
    [b"", b"no database", b"\0" * 4096, bytes(range(256)) * 64],
    ids=["empty", "text", "zeros", "noise"],
)
def test_a_file_that_is_no_database_is_made_anew(aberdulas: Aberdulas, damage):
    aberdulas.tables()
    path = aberdulas.folder / "damaged.db"
    path.write_bytes(damage)
    opened = open_current(aberdulas.log, path)
    assert list(differences(aberdulas.store, opened)) == []
    opened.close()
    path.write_bytes(damage)
    rebuild(aberdulas.log, path)
    again = Store(path)
    assert faults(again) == []
    again.close()


def test_tables_with_damaged_pages_are_made_anew_by_a_rebuild(aberdulas: Aberdulas):
    aberdulas.tables()
    aberdulas.store.close()
    with aberdulas.path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(range(256)) * 400)
    rebuild(aberdulas.log, aberdulas.path)
    aberdulas.store = Store(aberdulas.path)
    assert faults(aberdulas.store) == []
    assert_equal_to_rebuilt(aberdulas)


# Over a live file


def test_a_reader_sees_the_old_tables_or_the_new_ones_never_a_mixture(aberdulas: Aberdulas):
    aberdulas.tables()
    done = threading.Event()
    seen: list[tuple[int, ...]] = []
    torn: list[Any] = []

    def look() -> None:
        db = sqlite3.connect(aberdulas.path, isolation_level=None, timeout=10)
        while not done.is_set():
            try:
                db.execute("BEGIN")
                found = db.execute(
                    "SELECT (SELECT events FROM log_position), (SELECT count(*) FROM events),"
                    " (SELECT max(seq) + 1 FROM events),"
                    " (SELECT count(*) FROM documents) + 13, (SELECT count(*) FROM search) + 0"
                ).fetchone()
                db.execute("COMMIT")
            except sqlite3.Error as error:
                torn.append(error)
                return
            seen.append(found)
            if len({*found[:4]}) != 1 or found[4] != found[0] - 1:
                torn.append(found)
        db.close()

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(12):
            new_doc(aberdulas, f"d{number}")
            if number % 3 == 2:
                rebuild(aberdulas.log, aberdulas.path)
            else:
                catch_up(aberdulas.log, aberdulas.store)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert torn == []
    assert len({found[0] for found in seen}) > 3
    assert_equal_to_rebuilt(aberdulas)


def test_an_open_store_follows_a_file_that_was_rebuilt_under_it(aberdulas: Aberdulas):
    aberdulas.tables()
    rebuild(aberdulas.log, aberdulas.path)
    new_doc(aberdulas)
    assert catch_up(aberdulas.log, aberdulas.store).events == 1
    assert_equal_to_rebuilt(aberdulas)


def test_two_projectors_at_once_apply_each_event_once(aberdulas: Aberdulas):
    aberdulas.tables()
    second = Store(aberdulas.path)
    new_doc(aberdulas)
    assert catch_up(aberdulas.log, second).events == 1
    assert catch_up(aberdulas.log, aberdulas.store).events == 0
    second.close()


def test_progress_is_told_to_the_end(aberdulas: Aberdulas):
    told: list[tuple[int, int]] = []
    applied = rebuild(
        aberdulas.log, aberdulas.folder / "b.db", lambda done, total: told.append((done, total))
    )
    assert told[-1] == (applied.records, applied.records)
    assert all(done <= total for done, total in told)


# Erasure


@pytest.mark.parametrize("seed", range(6))
def test_tables_can_be_made_of_a_log_from_which_fields_were_erased(aberdulas: Aberdulas, seed):
    """What the law takes away is some disclosures; the ids of records stay."""
    aberdulas.record("RecordAmended", target=5, changes=[{"path": "/name", "from": "Nia Pryse", "to": "Nia Prys"}], **WHY)  # fmt: skip
    aberdulas.close()
    random = Random(seed)
    db = sqlite3.connect(aberdulas.folder / "log.db")
    for seq, body in db.execute("SELECT seq, body FROM disclosures").fetchall():
        kept = [
            text
            for text in json.loads(body)
            if disclosure.read(text).name in ("id", "new", "record", "commitment", "keep", "merge")
            or random.random() < 0.5
        ]
        db.execute("UPDATE disclosures SET body = ? WHERE seq = ?", (json.dumps(kept), seq))
    db.commit()
    db.close()
    log = type(aberdulas.log)(aberdulas.folder / "log.db")
    path = aberdulas.folder / "erased.db"
    rebuild(log, path)
    made = Store(path)
    assert faults(made) == []
    assert made.rows("SELECT sum(missing) AS gone FROM events")[0]["gone"] > 0
    made.close()
    log.close()


def erase(archive: Aberdulas, target: int, *names: str) -> None:
    """Record that fields of an event are erased, and destroy them."""
    ((_, _, items),) = archive.log.entries(target, target + 1)
    digests = [disclosure.digest(item) for item in items if disclosure.read(item).name in names]
    archive.record("TextRedacted", target=target, act="erased", scope="path", basis="legal", digests=digests, confirmed_by="redactor")  # fmt: skip
    archive.log.replay()


@pytest.mark.parametrize("target", range(13))
def test_tables_follow_when_the_event_that_made_a_record_says_no_more_whose_it_was(
    aberdulas: Aberdulas, target
):
    aberdulas.tables()
    erase(aberdulas, target, "id", "record", "commitment")
    assert_equal_to_rebuilt(aberdulas)
    assert faults(aberdulas.store) == []


def test_a_commitment_of_which_only_the_outcome_is_left_is_no_news(aberdulas: Aberdulas):
    erase(aberdulas, 10, "id")
    kinds = aberdulas.rows("SELECT kind FROM feed_entries WHERE record_id LIKE '%/library-plan'")
    assert kinds == [("outcome",)]


def test_erased_words_are_nowhere_in_the_file(aberdulas: Aberdulas):
    aberdulas.tables()
    assert b"Books now" in aberdulas.path.read_bytes()
    erase(aberdulas, 9, "evidence", "gist")
    aberdulas.tables()
    for words in (b"Books now", "Tŷ Mawr".encode()):
        assert words not in aberdulas.path.read_bytes()
    assert aberdulas.rows("SELECT quote, gist FROM statements") == [(None, None)]


def test_the_store_opens_with_references_checked_and_deleted_text_overwritten(empty: Aberdulas):
    pragmas = {
        name: empty.store.rows(f"PRAGMA {name}")[0][name]
        for name in ("foreign_keys", "secure_delete", "journal_mode")
    }
    assert pragmas == {"foreign_keys": 1, "secure_delete": 1, "journal_mode": "truncate"}
    assert empty.store.rows("PRAGMA application_id") == [{"application_id": store.APPLICATION_ID}]
