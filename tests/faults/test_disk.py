"""A real disk that is full, and a file of tables that rots: refused with a sentence, nothing lost, all goes on."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from archive.home import Home
from archive.keeping import fixity
from archive.rebuilding.comparing import contents
from tests.faults.contract import check
from tests.faults.scenarios import make_home
from tests.faults.sweep import Ran, run

# A full disk


class Disk:
    """A file system in memory with little room, and an archive on it."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.path = folder / "disk"
        self.path.mkdir()
        self.scratch = folder
        mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(self.path))
        self.home = self.path / "home"

    def archive(self, *words: str) -> Ran:
        return run(["--home", str(self.home), *words], self.scratch)

    def append(self, number: int, count: int) -> Ran:
        """Record so many topics with long notes."""
        batch = self.scratch / "batch.yaml"
        note = "ŵ" * 1990
        batch.write_text(
            "events:\n"
            + "".join(
                f"  - {{type: EntityRecorded, id: topic/t{number}-{each}, new: true, kind: topic, name: T, note: {note}}}\n"
                for each in range(count)
            ),
            encoding="utf-8",
        )
        return self.archive("append", str(batch))

    def fill(self) -> None:
        """Leave not a page of room, of which a refused transaction gives some back."""
        with contextlib.suppress(OSError), (self.path / "ballast").open("wb", 0) as file:
            while True:
                file.write(bytes(4096))


def mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Disk]:
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    made = Disk(tmp_path, request.param)
    yield made
    subprocess.run(["umount", "--lazy", str(made.path)], check=True)


@pytest.mark.parametrize(
    "disk",
    [2, pytest.param(3, marks=pytest.mark.torture), pytest.param(4, marks=pytest.mark.torture)],
    indirect=True,
)
def test_on_a_full_disk_all_is_refused_with_a_sentence_and_with_room_again_all_goes_on(
    disk: Disk, seed: int, capfd: pytest.CaptureFixture[str]
) -> None:
    random = Random(seed)
    home = make_home(disk.home)
    with home.log() as log:
        told: dict[int, bytes | str | None] = dict.fromkeys(range(log.size))
    codes: Counter[int] = Counter()
    refusals: list[str] = []
    number = 0
    while len(refusals) < 5:
        done = disk.append(number, random.randrange(1, 12 - 2 * len(refusals) + 1))
        codes[done.code] += 1
        assert "Traceback" not in done.said
        if done.code == 0:
            lines = re.findall(r"^E([0-9]+)  EntityRecorded  (topic/\S+)", done.said, re.MULTILINE)
            assert lines, done.said
            told |= {int(seq): slug for seq, slug in lines}
        else:
            assert done.code in (1, 3), done.said
            assert re.search(r"full|No space left|disk I/O error", done.said), done.said
            refusals.append(done.said)
        number += 1
    disk.fill()
    for words in (("backup", str(disk.path / "backups")), ("build", "--rebuild")):
        done = disk.archive(*words)
        assert done.code == 1, done.said
        assert re.search(r"full|No space left", done.said), done.said
        assert "Traceback" not in done.said
    copy = shutil.copytree(disk.home, disk.scratch / "copy")
    check(
        copy, told, batch=12 * codes[3]
    )  # beside the disk, for tables that lag need room to follow

    mount("-o", "remount,size=64m", str(disk.path))
    for again in range(number - 3, number + 1):
        done = disk.append(again, 1)
        assert done.code == 0, done.said
        assert "warning" not in done.said
    assert disk.archive("backup", str(disk.path / "backups")).code == 0
    assert disk.archive("build", "--rebuild").code == 0
    with home.log() as log:
        size = log.size
    found = check(disk.home, {**dict.fromkeys(range(size)), **told})
    assert {path.name for path in disk.home.iterdir() if path.name.startswith(".")} == set()
    with capfd.disabled():
        print(  # noqa: T201
            f"\nfull disk: {codes.total()} appends, {codes[0]} acknowledged, {codes[1]} refused, {codes[3]} unknown,"
            f" 0 acknowledged lost, {found.size} events in the end; SEED={seed}"
        )


# Tables that rot


@pytest.mark.parametrize("flips", [6, pytest.param(500, marks=[pytest.mark.torture, pytest.mark.timeout(1800)])])  # fmt: skip
def test_a_changed_bit_in_the_tables_is_noticed_and_made_good_or_harmless(
    tmp_path: Path, seed: int, flips: int, capfd: pytest.CaptureFixture[str]
) -> None:
    home = make_home(tmp_path / "home")
    good, data = contents(home.tables_path), home.tables_path.read_bytes()
    assert fixity.run(home).faults == []
    random, counts = Random(seed), Counter[str]()
    for _ in range(flips):
        place, bit = random.randrange(len(data)), 1 << random.randrange(8)
        changed = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
        home.tables_path.write_bytes(changed)
        faults = fixity.run(home).faults
        if faults:
            assert any("archive build --rebuild" in fault for fault in faults), faults
            done = run(["--home", str(home.path), "build", "--rebuild"], tmp_path)
            assert done.code == 0, done.said
            assert fixity.run(home).faults == []
            counts["noticed and made good"] += 1
        else:
            counts["harmless"] += 1
        with home.log() as log:  # as every command opens them
            home.tables(log).close()
        assert contents(home.tables_path) == good, f"bit {bit} of byte {place}"
    if flips == 500:  # else chance may have it that none matters
        assert counts["noticed and made good"] > 25
    with capfd.disabled():
        print(f"\ntables: {flips} bits changed, {dict(counts)}, 0 unnoticed; SEED={seed}")  # noqa: T201
    check(home.path, dict.fromkeys(range(13)))


def test_a_word_changed_in_a_row_is_noticed_though_sqlite_finds_nothing(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    data = home.tables_path.read_bytes()
    assert b"will open again" in data
    home.tables_path.write_bytes(data.replace(b"will open again", b"will close anon"))

    (fault,) = fixity.run(home).faults

    assert "archive build --rebuild" in fault


def test_what_a_killed_writer_left_half_done_is_no_damage(tmp_path: Path) -> None:
    """A hot journal is rolled back, whoever looks first."""
    home = make_home(tmp_path / "home")
    code = """if True:
        import os, sqlite3, sys
        db = sqlite3.connect(sys.argv[1], isolation_level=None)
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA cache_size = 1")  # so that half of it reaches the disk
        db.execute("BEGIN")
        db.execute("UPDATE records SET label = label || 1")
        db.execute("DELETE FROM event_records")
        os._exit(9)
    """
    subprocess.run([sys.executable, "-c", code, str(home.tables_path)], check=False)
    assert home.tables_path.with_name("archive.db-journal").stat().st_size > 0

    assert fixity.run(home).faults == []
    assert Home(home.path).exists
