"""Tables made anew while others publish: nothing that readers have seen is taken back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from archive import projector, store
from archive.projector import catch_up, rebuild
from archive.store import Store, alone, published
from events import disclosure
from tests.conftest import Aberdulas

WORDS = "The branch in Tŷ Mawr will open again."


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen once, when a rebuild has made its tables and not yet published them."""

    def set_up(happens: Callable[[], object]) -> None:
        make = projector.make

        def slow(*arguments: Any) -> Any:
            done = make(*arguments)
            monkeypatch.setattr(projector, "make", make)
            happens()
            return done

        monkeypatch.setattr(projector, "make", slow)

    return set_up


def test_events_and_the_head_published_meanwhile_stay(
    aberdulas: Aberdulas, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    aberdulas.sign()

    def others() -> None:
        aberdulas.record("EntityRecorded", id="topic/new", new=True, kind="topic", name="New")
        aberdulas.sign()

    meanwhile(others)
    rebuild(aberdulas.log, aberdulas.path)

    seen = published(aberdulas.path)
    assert seen is not None
    assert seen.position.events == aberdulas.log.size
    assert seen.checkpoint is not None
    assert seen.checkpoint[0] == aberdulas.log.size
    with contextlib.closing(Store(aberdulas.path)) as tables:
        assert tables.rows("SELECT name FROM topics WHERE id = 'topic/new'") == [{"name": "New"}]


def test_what_was_withheld_meanwhile_is_not_published_again(
    aberdulas: Aberdulas, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    aberdulas.tables()
    (event,) = (e for e in aberdulas.log.read() if e.payload.get("gist") == WORDS)
    ((_, _, items),) = aberdulas.log.entries(event.seq, event.seq + 1)

    def withhold() -> None:
        aberdulas.record(
            "TextRedacted", target=event.seq, act="withheld", scope="event", basis="data-protection",
            digests=sorted(disclosure.digest(item) for item in items),
        )  # fmt: skip
        catch_up(aberdulas.log, aberdulas.store)
        assert WORDS.encode() not in aberdulas.path.read_bytes()

    meanwhile(withhold)
    rebuild(aberdulas.log, aberdulas.path)

    assert WORDS.encode() not in aberdulas.path.read_bytes()


def test_who_cannot_be_alone_with_the_tables_says_so(
    aberdulas: Aberdulas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.1)
    tables = aberdulas.tables()
    with (
        alone(aberdulas.path),
        pytest.raises(sqlite3.OperationalError, match="is locked"),
        tables.transaction(),
    ):
        pass
    with tables.transaction():
        pass


def test_of_what_is_no_file_of_tables_nothing_is_published(aberdulas: Aberdulas) -> None:
    assert published(aberdulas.folder / "nothing.db") is None
    other = aberdulas.folder / "other.db"
    other.write_bytes(b"no database at all")
    assert published(other) is None
