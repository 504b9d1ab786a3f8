"""The tables of the past: those of a log that ends there, and no word that was taken away since."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.cli import main
from archive.projector import make, rebuild
from archive.rebuilding import asof
from archive.store import Store
from events import disclosure
from events.log import SqliteLog
from tests.archive.histories import differences, faults
from tests.archive.test_projector import erase, history
from tests.conftest import Aberdulas


def cut(log: SqliteLog, size: int, path: Path) -> SqliteLog:
    """Return a log of the first events alone, without what is hidden by now."""
    acts = log.acts()
    kept = []
    for seq, envelope, items in log.entries(0, size):
        hidden = acts.hiding(seq)
        kept.append((envelope, [item for item in items if disclosure.digest(item) not in hidden]))
    short = SqliteLog.create(path)
    short.restore_entries(kept, root=log.root(size))
    return short


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_the_tables_as_of_an_event_are_those_of_a_log_that_ends_with_it(seed, part):
    with history(Random(seed)) as historian:
        for _ in range(8):
            historian.grow(3)
        log, folder = historian.log, historian.folder
        size = round(part * log.size)
        asof.build(log, folder / "past.db", size, lambda *_: None, live=folder / "archive.db")
        with cut(log, size, folder / "short.db") as short:
            rebuild(short, folder / "short-tables.db")
        past, expected = Store(folder / "past.db"), Store(folder / "short-tables.db")
        try:
            assert list(differences(past, expected)) == []
            assert past.position() == expected.position()
            assert faults(past) == []
        finally:
            past.close()
            expected.close()


def test_what_was_erased_since_is_not_in_the_tables_of_before(aberdulas: Aberdulas):
    erase(aberdulas, 9, "evidence", "gist")
    path = aberdulas.folder / "past.db"
    asof.build(aberdulas.log, path, 13, lambda *_: None, live=aberdulas.path)
    assert b"Books now" not in path.read_bytes()
    past = Store(path)
    assert past.rows("SELECT gist FROM statements") == [{"gist": None}]
    assert past.rows("SELECT * FROM removals") == []
    past.close()


def test_two_builds_as_of_one_event_are_equal_to_the_byte(aberdulas: Aberdulas):
    made = [aberdulas.folder / name for name in ("a.db", "b.db")]
    for path in made:
        asof.build(aberdulas.log, path, 7, lambda *_: None, live=aberdulas.path)
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize(
    ("text", "size"),
    [("E0", 1), ("12", 13), ("E12", 13), ("1999-12-31", 0), ("2999-01-01", 13)],
)
def test_an_event_or_a_day_says_how_much_of_the_log_is_meant(aberdulas: Aberdulas, text, size):
    assert asof.size_at(aberdulas.log, text) == size


def test_a_moment_takes_what_was_recorded_in_its_very_second(aberdulas: Aberdulas):
    (event,) = aberdulas.log.get([4])
    assert asof.size_at(aberdulas.log, event.recorded_at) == 5
    assert asof.size_at(aberdulas.log, event.recorded_at[:10]) == 13


@pytest.mark.parametrize("text", ["E13", "yesterday", "", "-1", "2032", "2032-01-01T00:00", "E"])
def test_what_is_no_event_and_no_time_is_refused(aberdulas: Aberdulas, text):
    with pytest.raises(asof.CannotBuild):
        asof.size_at(aberdulas.log, text)


def test_no_file_is_ever_written_over(aberdulas: Aberdulas):
    aberdulas.tables()
    before = aberdulas.path.read_bytes()
    other = aberdulas.folder / "note.txt"
    other.write_text("mine")
    for path in (other, aberdulas.path):
        with pytest.raises(asof.CannotBuild):
            asof.build(aberdulas.log, path, 5, lambda *_: None, live=aberdulas.path)
    assert aberdulas.path.read_bytes() == before
    assert other.read_text() == "mine"
    aberdulas.path.unlink()
    with pytest.raises(asof.CannotBuild, match="follow the log"):
        asof.build(aberdulas.log, aberdulas.path, 5, lambda *_: None, live=aberdulas.path)
    with pytest.raises(asof.CannotBuild, match="no folder"):
        asof.build(aberdulas.log, other / "no" / "x.db", 5, lambda *_: None, live=aberdulas.path)


def test_a_file_that_comes_meanwhile_is_left_as_it_is(aberdulas: Aberdulas, monkeypatch):
    path = aberdulas.folder / "past.db"

    def slow(*arguments):
        made = make(*arguments)
        path.write_text("mine")
        return made

    monkeypatch.setattr(asof, "make", slow)
    with pytest.raises(asof.CannotBuild, match="meanwhile"):
        asof.build(aberdulas.log, path, 5, lambda *_: None, live=aberdulas.path)
    assert path.read_text() == "mine"


def test_the_command_makes_tables_of_the_past(tmp_path: Path):
    home, past = str(tmp_path / "home"), tmp_path / "past.db"
    run = CliRunner().invoke
    assert run(main, ["--home", home, "init"]).exit_code == 0
    done = run(main, ["--home", home, "build", "--as-of", "E9", "--to", str(past)])
    assert done.output.startswith("10 events folded into ")
    again = run(main, ["--home", home, "build", "--as-of", "E9", "--to", str(past)])
    assert again.exit_code == 1
    assert "is there already" in again.output
    for wrong in (
        ["--as-of", "E9"],
        ["--to", "x.db"],
        ["--rebuild", "--as-of", "E1", "--to", "x.db"],
    ):
        assert run(main, ["--home", home, "build", *wrong]).exit_code == 2
