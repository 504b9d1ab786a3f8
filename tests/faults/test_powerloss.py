"""Power loss at every file operation of what the archive promises to keep: nothing acknowledged is lost.

See `powerloss.py` for what a disk may then hold, and `scenes.py` for what is done. POWERLOSS_STATES sets at how many
states of each scene `make torture` looks.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.home import Home
from archive.keeping.fixity import check_log
from events.checkpoint import Checkpoint, take_apart
from events.errors import EventsError
from events.head import HEAD, Head
from tests.events.writer import batch, key
from tests.faults import powerloss, scenes
from tests.faults.powerloss import Disk, Op

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None,
    reason="strace is not installed; .ci/install-debian-packages does that on Debian",
)

FEW = 60
STATES = int(os.environ.get("POWERLOSS_STATES", "2000"))
torture = [pytest.mark.torture, pytest.mark.timeout(3600)]


class Lost(AssertionError):
    """Something that was acknowledged is not there."""


class Refused(AssertionError):
    """What is there is not opened."""


# --- What must hold in a state, by what had been acknowledged


def words(marks: list[str], name: str) -> list[list[str]]:
    return [mark.split()[1:] for mark in marks if mark.split()[0] == name]


def log_holds(home: Home, marks: list[str], name: str = "x") -> int:
    """Look at the log by itself: each acknowledged batch is there, what is there beyond it is one batch."""
    told = {int(number): list(map(int, seqs)) for number, *seqs in words(marks, "batch")}
    try:
        with home.log() as log:
            ids = [event.payload.get("id") for event in log.read()]
    except EventsError as error:
        raise (Lost if told else Refused)(str(error)) from error
    for number, seqs in told.items():
        if [ids[seq] for seq in seqs if seq < len(ids)] != [
            event.payload.id for event in batch(name, number, 0)
        ]:
            raise Lost(f"batch {number}")
    beyond = {event.payload.id for event in batch(name, len(told), 0)}
    known = {event.payload.id for number in told for event in batch(name, number, 0)}
    rest = {one for one in ids if str(one).startswith(f"topic/{name}-")} - known
    assert rest in (set(), beyond), "a batch is there whole, or not at all"
    found = check_log(home.log_path)
    assert found.alarms == ()
    with home.log() as log:  # and it goes on
        again = log.append(batch(name, len(told), 0), key=key(name, len(told)))
        assert (again[0] < found.size) == bool(rest), "what was in doubt is stored once"
    return found.size


def head_holds(home: Home, marks: list[str]) -> None:
    """Look at the head: it is not behind what was shown, the log extends it, and it can be moved on."""
    size = log_holds(home, marks)
    note = (home.path / HEAD).read_text(encoding="utf-8")
    signed = Checkpoint.parse(take_apart(note)[0])
    for (shown,) in words(marks, "head"):
        if signed.size < int(shown):
            raise Lost(f"a head of {shown} was shown, {signed.size} is there")
    if signed.size > size:
        raise Lost(f"a head of {signed.size} was signed, the log has {size} events")
    with home.log() as log:
        Head(home.path).advance(log)


def append_holds(folder: Path, marks: list[str]) -> None:
    log_holds(Home(folder / "home"), marks)


def advance_holds(folder: Path, marks: list[str]) -> None:
    head_holds(Home(folder / "home"), marks)


def erase_holds(folder: Path, marks: list[str]) -> None:
    home = Home(folder / "home")
    with home.log() as log:
        events = list(log.read())
        before = len(batch("before", 0, 0))
        if words(marks, "erased") and len(events) != before + 2:
            raise Lost("the act is not there")
    found = check_log(
        home.log_path, Checkpoint.parse(take_apart((home.path / HEAD).read_text())[0])
    )
    assert (found.missing, found.alarms) == (0, ()), "only what the act names is gone"
    assert events[before].missing == (len(events) > before + 1)
    assert [event.missing for event in events[:before]] == [0] * before
    if len(events) > before + 1:
        for path in home.path.iterdir():
            hidden = path.is_file() and scenes.SECRET.encode()[:60] in path.read_bytes()
            assert not hidden, f"the words are in {path.name} after it was opened again"


def backup_holds(folder: Path, marks: list[str]) -> None:
    log_holds(Home(folder / "home"), marks)
    for path, sha256, size in words(marks, "kept"):
        kept = folder / path
        if not kept.exists() or hashlib.sha256(kept.read_bytes()).hexdigest() != sha256:
            raise Lost(f"a backup of {size} events")
        if not kept.with_suffix(".json").exists():
            raise Lost("a manifest")
    for path in (folder / "new").rglob("log-*.db") if (folder / "new").exists() else ():
        assert path.parent.name != "kept" or check_log(path).alarms == (), (
            "what has its name is whole"
        )


def imported_holds(folder: Path, marks: list[str]) -> None:
    home = Home(folder / "below" / "other")
    said = words(marks, "imported")
    if not home.exists:
        if said:
            raise Lost("an archive")
        return
    try:
        found = check_log(home.log_path)
    except EventsError as error:
        raise (Lost if said else AssertionError)(str(error)) from error
    assert found.alarms == (), "an archive is there whole, or not at all"
    for size, root in said:
        with home.log() as log:
            if log.size < int(size) or log.root(int(size)).hex() != root:
                raise Lost("imported events")
    for seqs in words(marks, "more"):
        if found.size <= int(seqs[-1]):
            raise Lost("appended events")


def begin_holds(folder: Path, marks: list[str]) -> None:
    home = Home(folder / "home")
    if marks:
        if not home.exists:
            raise Lost("an archive")
        head_holds(home, marks)
    elif home.exists:
        assert check_log(home.log_path).size <= len(batch("x", 0, 0))


HOLDS: dict[str, Callable[[Path, list[str]], None]] = {
    "append": append_holds,
    "recover": append_holds,
    "advance": advance_holds,
    "erase": erase_holds,
    "backup": backup_holds,
    "import": imported_holds,
    "restore": imported_holds,
    "begin": begin_holds,
}


# --- Recording and crashing


def recorded(tmp_path: Path, scene: str, settings: str = "") -> tuple[Disk, list[Op]]:
    """Record a scene; return the disk before, and what was done."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    scenes.prepare(folder, scene)
    before = Disk.of(folder)
    arguments = ["tests.faults.scenes", scene, str(folder), *([settings] if settings else [])]
    return before, powerloss.record(folder, arguments, tmp_path / "trace")


def failures(
    tmp_path: Path, scene: str, seed: int, states: int, settings: str = ""
) -> tuple[list[str], list[str]]:
    """Look at so many states after power loss; return what was lost, and what else was wrong."""
    before, ops = recorded(tmp_path, scene, settings)
    assert {op.name for op in ops} >= {"mark", "sync"}, "something was recorded"
    lost, wrong, count = [], [], 0
    folder = tmp_path / "crashed"
    for where, marks, state in powerloss.crashes(before, ops, seed, states):
        count += 1
        powerloss.lay_out(state, folder)
        try:
            HOLDS[scene](folder, marks)
        except Lost as error:
            lost.append(f"{where}: {error}")
        except (AssertionError, EventsError, OSError) as error:
            wrong.append(f"{where}: {type(error).__name__}: {error}")
    print(f"{scene} {settings}: {len(ops)} operations, {count} states, {len(lost)} lost")  # noqa: T201
    return lost, wrong


@pytest.mark.parametrize(
    ("scene", "states"),
    [
        *(pytest.param(scene, FEW, id=f"few-{scene}") for scene in ("append", "advance", "begin")),
        *(pytest.param(scene, STATES, id=f"many-{scene}", marks=torture) for scene in HOLDS),
    ],
)
def test_after_power_loss_all_that_was_acknowledged_is_there(
    tmp_path: Path, seed: int, scene: str, states: int
) -> None:
    lost, wrong = failures(tmp_path, scene, seed, states)

    assert lost == [], lost[:3]
    assert wrong == [], wrong[:3]


@pytest.mark.parametrize(
    ("scene", "settings"),
    [
        ("append", "wal-normal"),
        pytest.param("append", "delete-full", marks=torture),
        pytest.param("advance", "head-unsynced", marks=torture),
    ],
)
def test_settings_that_lose_are_found_to_lose(
    tmp_path: Path, seed: int, scene: str, settings: str
) -> None:
    lost, _ = failures(tmp_path, scene, seed, FEW, settings)

    assert lost, "else the test above would prove nothing"
