"""What is exported is the public log, whole and nothing else; anybody can verify it, and read it in again."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import sqlite3
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.home import Home
from archive.keeping.backup import CannotKeep
from archive.keeping.bags import export_bag, verify_bag
from archive.keeping.export import export_lines
from archive.keeping.importing import import_lines
from events import log as log_module
from events.errors import LogDamaged
from events.log import SqliteLog
from tests.archive.exporting import (
    SECRET,
    TEXT,
    act,
    bag,
    entries,
    everything,
    names,
    secret,
    settle,
    sign,
    topic,
    write,
)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled archive, a secret in a note (E13), and a private text; to be copied."""
    return settle(tmp_path_factory.mktemp("settled"))


def test_the_checkpoint_is_written_beside_it(home: Home, tmp_path: Path) -> None:
    head = sign(home)

    done = write(home, tmp_path / "log.jsonl", head)

    assert done.head == 14
    assert (tmp_path / "log.jsonl.checkpoint").read_bytes() == head.read_bytes()
    read = import_lines(
        tmp_path / "log.jsonl", Home(tmp_path / "new"), head=tmp_path / "log.jsonl.checkpoint"
    )
    assert (read.head, read.missing) == (14, 0)


def test_nothing_is_written_over(home: Home, tmp_path: Path) -> None:
    for name in ("log.jsonl", "log.jsonl.checkpoint"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(CannotKeep, match=rf"{name} exists already and is not written over"):
            write(home, tmp_path / "log.jsonl", sign(home))
        assert (tmp_path / name).read_text() == "mine"
        (tmp_path / name).unlink()
    assert names(tmp_path) == ["home"]


def test_a_damaged_log_is_not_exported(home: Home, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(home.log_path, isolation_level=None)) as db:
        db.execute("DROP TRIGGER entries_fixed")
        db.execute(
            "UPDATE entries SET envelope = CAST(replace(envelope, 'archivist', 'redactor') AS BLOB)"
            " WHERE seq = 3"
        )

    with pytest.raises(LogDamaged, match="the head of 14 entries of this log has another root"):
        write(home, tmp_path / "log.jsonl")
    with pytest.raises(LogDamaged):
        bag(home, tmp_path / "bag")
    assert names(tmp_path) == ["home"]


def test_a_log_behind_its_head_is_not_exported(home: Home, tmp_path: Path) -> None:
    shutil.copyfile(home.log_path, tmp_path / "old.db")
    act(home, "withheld", "x")
    head = sign(home)
    shutil.copyfile(tmp_path / "old.db", home.log_path)

    with pytest.raises(LogDamaged, match="1 events of the signed head are not in the log"):
        write(home, tmp_path / "log.jsonl", head)


def test_an_export_does_not_hold_the_log_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "PAGE", 50)
    home = Home(tmp_path / "home")
    home.create()
    with home.log() as log:
        log.append([topic(f"t{number}", note="Llyfrgell" * 200) for number in range(1000)])
        tracemalloc.start()
        try:
            export_lines(log, tmp_path / "log.jsonl")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert (tmp_path / "log.jsonl").stat().st_size > 2_800_000
    assert peak < 1_400_000


@pytest.mark.parametrize(
    ("acts", "public"),
    [
        ([], True),
        (["withheld"], False),
        (["withheld", "released"], True),
        (["withheld", "released", "withheld"], False),
        (["erased"], False),
        (["erased", "released"], False),
    ],
)
def test_what_is_withheld_or_erased_is_in_no_file(
    home: Home, tmp_path: Path, acts: list[str], public: bool
) -> None:
    with home.log() as log:
        item = secret(log)
    for kind in acts:
        act(home, kind, item)

    write(home, tmp_path / "log.jsonl", sign(home))
    bag(home, tmp_path / "bag")
    import_lines(tmp_path / "bag", Home(tmp_path / "new"))

    for data in (
        (tmp_path / "log.jsonl").read_bytes(),
        everything(tmp_path / "bag"),
        everything(tmp_path / "new"),
    ):
        assert (item.encode() in data) == public
        assert SECRET.encode() not in data, "every disclosure is in base64url"
        assert TEXT.encode() not in data
        assert base64.b64encode(TEXT.encode())[:20] not in data
    with home.log() as log, Home(tmp_path / "new").log() as other:
        assert log.root() == other.root(), "the root is that of the whole log"
    if "erased" not in acts[-2:-1]:
        assert verify_bag(tmp_path / "bag") == []


class Interrupted(SqliteLog):
    """A log in which something is withheld while it is being written out: on the third reading."""

    readings = 0

    def entries(
        self, start: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, bytes, list[str]]]:
        self.readings += 1
        if self.readings == 3:
            with SqliteLog(self.path) as other:
                item = secret(other)
            act(Home(self.path.parent), "withheld", item)
        return super().entries(start, end)


def test_what_is_withheld_meanwhile_is_not_written_either(home: Home, tmp_path: Path) -> None:
    with Interrupted(home.log_path) as log:
        with pytest.raises(CannotKeep, match="something was withheld or erased while it was being"):
            export_lines(log, tmp_path / "log.jsonl")
        assert names(tmp_path) == ["home"]
        item = secret(log)
        export_lines(log, tmp_path / "log.jsonl")
    assert item.encode() not in (tmp_path / "log.jsonl").read_bytes()


def test_an_empty_log_can_be_exported_too(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()

    assert bag(home, tmp_path / "bag").exists()
    assert import_lines(tmp_path / "bag", Home(tmp_path / "new")).size == 0
    assert entries(Home(tmp_path / "new")) == []


def test_what_is_missing_for_no_reason_is_shown_to_everybody(home: Home, tmp_path: Path) -> None:
    with home.log() as log:
        item = secret(log)
        rest = [other for other in next(log.entries(13))[2] if other != item]
        log._db.execute("UPDATE disclosures SET body = ? WHERE seq = 13", (json.dumps(rest),))

    done = export_bag(home, tmp_path / "bag")

    assert [alarm[:37] for alarm in done.alarms] == ["E13: a disclosure is gone, and no act"]
    assert verify_bag(tmp_path / "bag") == list(done.alarms)
