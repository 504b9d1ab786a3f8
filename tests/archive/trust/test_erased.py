"""What was erased is not recorded again by mistake, and nobody can read from our files what it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archive import forgetting
from archive.cli import main
from archive.forgetting import Why
from archive.home import Home
from archive.trust import second, signing
from archive.trust.erased import ERASED, SECRET, Erased
from events.codec import build, content_key
from events.errors import KeyReused
from tests.conftest import Aberdulas

BATCH = """\
events:
  - type: EntityRecorded
    id: person/eira-hopkin
    new: true
    kind: person
    name: Eira Hopkin
    public_capacity: Mayor of Aberdulas
  - type: EntityRecorded
    id: topic/bridges
    new: true
    kind: topic
    name: Bridges
    note: Two of them
"""
PHRASE = b"a second person's phrase"


class Keeper:
    """An archive with a batch in it, and two people."""

    def __init__(self, folder: Path, archive: Aberdulas) -> None:
        self.home, self.log = Home(archive.folder), archive.log
        self.archive = archive
        self.batch = folder / "batch.yaml"
        self.batch.write_text(BATCH)
        self.key = folder / "second.pem"
        (folder / "phrase").write_bytes(PHRASE)
        self.words = ("--reason", "court-order", "--second", self.key, "--passphrase-file", folder / "phrase", "--yes")  # fmt: skip
        signing.begin(self.home, "aberdulas.example/log")
        second.create(self.home, "mair", self.key, PHRASE)
        assert self.run("append", self.batch) == 0

    def run(self, *words: Any) -> int:
        done: Result = CliRunner().invoke(main, ["--home", str(self.home.path), *map(str, words)])
        self.said = done.output
        return done.exit_code

    def erase(self, *what: str) -> None:
        assert self.run("erase", *what, *self.words) == 0, self.said


@pytest.fixture
def keeper(tmp_path_factory: pytest.TempPathFactory, aberdulas: Aberdulas) -> Keeper:
    aberdulas.tables()
    return Keeper(tmp_path_factory.mktemp("elsewhere"), aberdulas)


def test_the_same_batch_is_refused_and_the_act_is_named(keeper: Keeper) -> None:
    keeper.erase("E13")
    size = keeper.log.size

    assert keeper.run("append", keeper.batch) == 1

    assert (
        "batch.yaml:2: all that this says (E13) was taken away by E15: recording it" in keeper.said
    )
    assert "--despite-removal" in keeper.said
    assert keeper.log.size == size
    assert keeper.run("append", keeper.batch, "--despite-removal") == 0
    assert "recorded before (E14)" in keeper.said


def test_a_record_that_was_erased_is_known_by_its_slug(keeper: Keeper) -> None:
    keeper.erase("person/eira-hopkin")
    keeper.batch.write_text(BATCH.replace("Mayor of Aberdulas", "Mayor"))

    assert keeper.run("append", keeper.batch) == 1
    assert "person/eira-hopkin (E13) was taken away by E15" in keeper.said


@pytest.mark.parametrize("act", ["withhold", "erase"])
def test_a_field_that_was_taken_away_is_not_stated_again(keeper: Keeper, act: str) -> None:
    words = keeper.words if act == "erase" else (*keeper.words[:2], "--yes")
    assert keeper.run(act, "E14", "/note", *words) == 0, keeper.said
    keeper.batch.write_text(BATCH.replace("new: true\n    kind: topic", "kind: topic").replace("Two", "Just two"))  # fmt: skip

    assert keeper.run("append", keeper.batch) == 1
    assert "/note of E14 was taken away by E15" in keeper.said
    amend = ("amend", "E14", "/note", "Both", "--reason", "archive-error", "--note", "It was lost")
    assert keeper.run(*amend) == 1
    assert "/note of E14 was taken away by E15" in keeper.said
    assert keeper.run(*amend, "--despite-removal") == 0, keeper.said


def test_other_facts_of_the_same_record_are_recorded_as_ever(keeper: Keeper) -> None:
    keeper.erase("E14", "/note")
    keeper.batch.write_text(
        "events:\n  - type: NameRecorded\n    record: topic/bridges\n    name: Pontydd\n    kind: official\n    lang: cy\n"
    )
    assert keeper.run("append", keeper.batch) == 0, keeper.said
    assert keeper.run("amend", "E14", "/name", "The bridges", "--reason", "archive-error", "--note", "So called") == 0  # fmt: skip


def test_what_was_released_may_be_said_again(keeper: Keeper) -> None:
    assert keeper.run("withhold", "E14", "/note", "--reason", "legal", "--yes") == 0
    assert keeper.run("release", "E14", "/note", *keeper.words) == 0, keeper.said
    assert keeper.run("append", keeper.batch) == 0
    assert "recorded before (E13, E14)" in keeper.said


def test_no_file_lets_anybody_without_the_secret_try_a_guess(keeper: Keeper) -> None:
    guess = build("EntityRecorded", {"id": "person/eira-hopkin", "new": True, "kind": "person",
                                     "name": "Eira Hopkin", "public_capacity": "Mayor of Aberdulas"})  # fmt: skip
    assert keeper.log.same_content(guess) == [13]
    keeper.erase("person/eira-hopkin")

    for path in keeper.home.path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert content_key(guess).encode() not in data, path
            assert bytes.fromhex(content_key(guess)) not in data, path
            assert b"eira-hopkin" not in data, path
    rows = [json.loads(line) for line in (keeper.home.path / ERASED).read_text().split()]
    assert [row["event"] for row in rows] == [13, 13]
    assert Erased(keeper.home.path).content(guess) == 13
    (keeper.home.path / "keys" / SECRET).write_text("00" * 32)
    assert Erased(keeper.home.path).content(guess) is None
    for path in (keeper.home.path / ERASED, keeper.home.path / "keys" / SECRET):
        assert path.stat().st_mode & 0o077 == 0


def test_codes_and_secret_are_in_no_backup_and_no_export(keeper: Keeper, tmp_path: Path) -> None:
    keeper.erase("person/eira-hopkin")
    codes = [json.loads(line)["code"] for line in (keeper.home.path / ERASED).read_text().split()]
    secret = (keeper.home.path / "keys" / SECRET).read_text()
    kept = tmp_path / "kept"
    assert keeper.run("backup", kept / "backup") == 0
    assert keeper.run("export", "--bag", kept / "bag") == 0

    files = [path for path in kept.rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        for word in (*codes, secret):
            assert word.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    "line", ['{"event": 13, "co', "[]", "13", '{"code": 5}', '{"event": []}', "é"]
)
def test_a_torn_line_costs_itself_alone(keeper: Keeper, line: str) -> None:
    with (keeper.home.path / ERASED).open("w", encoding="latin-1") as file:
        file.write(line)
    keeper.erase("E13")

    assert keeper.run("append", keeper.batch) == 1
    assert "all that this says (E13)" in keeper.said


def test_an_act_that_was_never_recorded_forbids_nothing(keeper: Keeper) -> None:
    """Codes are kept before the act is: killed between the two, nothing was erased."""
    from archive.trust.erased import remember

    remember(keeper.home.path, keeper.log, [13])
    shutil.copyfile(keeper.batch, keeper.batch.with_name("again.yaml"))

    assert keeper.run("append", keeper.batch) == 0, keeper.said
    assert "recorded before (E13, E14)" in keeper.said


# Repeating


def test_an_erasure_that_is_repeated_says_that_it_is_done(keeper: Keeper) -> None:
    for what in (("E14", "/note"), ("E13",), ("person/eira-hopkin",)):
        if what != ("person/eira-hopkin",):
            keeper.erase(*what)
        size = keeper.log.size

        assert keeper.run("erase", *what, *keeper.words) == 0
        assert keeper.said.startswith("it is done already: nothing of E1")
        assert keeper.log.size == size


def test_what_never_was_is_no_erasure_done_already(keeper: Keeper) -> None:
    keeper.erase("E14", "/note")

    assert keeper.run("erase", "E14", "/nothing", *keeper.words) == 1
    assert "E14 has no /nothing that can be acted on" in keeper.said
    assert keeper.run("erase", "person/nobody", *keeper.words) == 1
    assert "nothing of person/nobody is left to erase" in keeper.said


def test_an_interrupted_erasure_is_finished_and_signed_by_the_same_command(keeper: Keeper) -> None:
    part = forgetting.plan(keeper.log, "erased", "E13").parts[0]
    keeper.log.append(
        [forgetting._event("erased", part, Why("legal"))]
    )  # and then the power failed

    assert keeper.run("erase", "E13", *keeper.words) == 0, keeper.said
    assert "it is done already: nothing of E13 is left to erase: see E15" in keeper.said
    assert b"Eira Hopkin" not in keeper.home.log_path.read_bytes()
    assert keeper.run("verify") == 0
    assert "signed head of 16" in keeper.said


def test_a_callers_key_outlives_the_content_that_was_erased(keeper: Keeper) -> None:
    topics = [
        build("EntityRecorded", {"id": f"topic/{name}", "new": True, "kind": "topic", "name": name})
        for name in ("a", "b", "c")
    ]
    first = keeper.log.append(topics[:2], key="k")
    keeper.erase(f"E{first[0]}")

    assert keeper.log.append(topics[:2], key="k") == first
    for other in ([topics[0], topics[2]], topics[:1], topics):
        with pytest.raises(KeyReused):
            keeper.log.append(other, key="k")
    keeper.erase(f"E{first[1]}")
    assert keeper.log.append(topics[:2], key="k") == first
