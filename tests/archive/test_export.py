"""What is exported is the public log, whole and nothing else; anybody can verify it, and read it in again."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive import fixity
from archive.backup import CannotKeep
from archive.export import Exported, export_bag, export_lines, import_lines, verify_bag
from archive.home import Home
from events import disclosure
from events import log as log_module
from events.codec import build
from events.envelope import NewEvent
from events.errors import CodecError, EventsError, LogDamaged, LogError
from events.head import Head
from events.log import SqliteLog
from tests.conftest import Aberdulas

NOON = "2026-02-03T12:00:00Z"
SECRET = "Cyfrinach y llyfrgell"
SECOND = "redactor"
TEXT = "Testun preifat y papur newydd"


@pytest.fixture
def seed() -> int:
    """A seed of its own for every run; pytest shows it when the test fails. SEED=n repeats a run."""
    number = int(os.environ.get("SEED") or secrets.randbelow(2**32))
    print(f"SEED={number}")  # noqa: T201
    return number


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled archive, a secret in a note (E13), and a private text; to be copied."""
    folder = tmp_path_factory.mktemp("settled")
    archive = Aberdulas(folder).settle()
    archive.record(
        "EntityRecorded", id="topic/secrets", new=True, kind="topic", name="Secrets", note=SECRET
    )
    archive.log.attach("source/aberdulas-post-2031-03-05", TEXT)
    archive.close()
    return folder


@pytest.fixture
def home(settled: Path, tmp_path: Path) -> Home:
    return Home(shutil.copytree(settled, tmp_path / "home"))


def write(home: Home, target: Path, head: Path | None = None) -> Exported:
    with home.log() as log:
        return export_lines(log, target, head=head)


def bag(home: Home, folder: Path) -> Path:
    export_bag(home, folder, clock=lambda: NOON)
    return folder


def sign(home: Home) -> Path:
    """Sign the log as it stands; return the head file."""
    with home.log() as log:
        if not (home.path / "head").exists():
            Head.create(home.path, "aberdulas.example/log", Ed25519PrivateKey.generate())
        Head(home.path).advance(log)
    return home.path / "head"


def secret(log: SqliteLog) -> str:
    """Return the disclosure that holds the secret."""
    (found,) = [d for _, _, ds in log.entries() for d in ds if disclosure.read(d).value == SECRET]
    return found


def act(home: Home, kind: str, item: str) -> None:
    """Record that a disclosure of E13 was withheld, released or erased; nothing is destroyed."""
    payload = {
        "target": 13, "act": kind, "scope": "path", "path": "/note",
        "basis": "child-privacy", "digests": [disclosure.digest(item)],
    } | ({} if kind == "withheld" else {"confirmed_by": SECOND})  # fmt: skip
    with home.log() as log:
        log.append([build("TextRedacted", payload)], by="redactor")


def topic(name: str, **fields: str) -> NewEvent:
    data = {"id": f"topic/{name}", "new": True, "kind": "topic", "name": name} | fields
    return build("EntityRecorded", data)


def entries(home: Home) -> list[tuple[int, bytes, list[str]]]:
    with home.log() as log:
        return list(log.entries())


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def changes(data: bytes, random: Random, count: int) -> Iterator[bytes]:
    """Yield data with one byte changed, each time another."""
    for _ in range(count):
        place = random.randrange(len(data))
        yield data[:place] + bytes([data[place] ^ random.randrange(1, 256)]) + data[place + 1 :]


# --- Lines


def test_what_is_imported_is_what_was_exported(home: Home, tmp_path: Path) -> None:
    done = write(home, tmp_path / "log.jsonl")
    new = Home(tmp_path / "new")
    read = import_lines(tmp_path / "log.jsonl", new)
    write(new, tmp_path / "again.jsonl")

    assert entries(new) == entries(home)
    assert done == read == Exported(14, done.root, 0, None, ())
    with home.log() as log:
        assert log.root().hex() == done.root
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "log.jsonl").read_bytes()
    with new.log() as log:
        assert log.append(
            [build("EntityRecorded", {"id": "topic/a", "kind": "topic", "name": "A"})]
        )


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


def test_a_folder_that_is_not_there_is_a_sentence(home: Home, tmp_path: Path) -> None:
    with pytest.raises(CannotKeep, match=r"nothing was written to .*log\.jsonl: .*No such file"):
        write(home, tmp_path / "missing" / "log.jsonl")
    with pytest.raises(CannotKeep, match=r"nothing was imported from .*log\.jsonl: .*No such file"):
        import_lines(tmp_path / "log.jsonl", Home(tmp_path / "new"))


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


def test_any_changed_byte_of_an_export_is_found(home: Home, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "log.jsonl"
    write(home, path)
    for data in changes(path.read_bytes(), Random(seed), 300):
        path.write_bytes(data)
        with pytest.raises(EventsError):
            import_lines(path, Home(tmp_path / "new"))
        assert not (tmp_path / "new" / "log.db").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"\n", b"\r\n", "line 1 is not as it was exported"),
        (b":", b": ", "line 1 is not as it was exported"),
        (b"\n", b"\n\n", "line 2 is not as it was exported"),
        (b"archivist", b"archifydd", "neither|do not give the root|another root|restore|is not"),
        (b"archivist", "archifŷdd".encode(), "there are bytes beyond ASCII"),
    ],
)
def test_what_was_not_exported_so_is_refused(
    home: Home, tmp_path: Path, old: bytes, new: bytes, words: str
) -> None:
    write(home, tmp_path / "log.jsonl")
    data = (tmp_path / "log.jsonl").read_bytes()
    (tmp_path / "log.jsonl").write_bytes(data.replace(old, new, 1))

    with pytest.raises(EventsError, match=words):
        import_lines(tmp_path / "log.jsonl", Home(tmp_path / "new"))


def test_an_export_cut_short_is_refused(home: Home, tmp_path: Path, seed: int) -> None:
    write(home, tmp_path / "log.jsonl")
    data = (tmp_path / "log.jsonl").read_bytes()
    for cut in [0, 1, len(data) - 1, *(Random(seed).randrange(len(data)) for _ in range(20))]:
        (tmp_path / "log.jsonl").write_bytes(data[:cut])
        with pytest.raises(CodecError):
            import_lines(tmp_path / "log.jsonl", Home(tmp_path / "new"))


def test_only_an_empty_home_is_filled(home: Home, tmp_path: Path) -> None:
    write(home, tmp_path / "log.jsonl")
    before = entries(home)

    with pytest.raises(LogError, match="holds an archive already; nothing was changed"):
        import_lines(tmp_path / "log.jsonl", home)
    assert entries(home) == before


def test_an_export_is_held_against_a_head(home: Home, tmp_path: Path) -> None:
    write(home, tmp_path / "short.jsonl")
    shutil.copyfile(home.log_path, tmp_path / "old.db")
    act(home, "withheld", "x")
    head = sign(home)
    shutil.copyfile(tmp_path / "old.db", home.log_path)
    act(home, "withheld", "y")
    write(home, tmp_path / "fork.jsonl")

    assert import_lines(tmp_path / "short.jsonl", Home(tmp_path / "new"), head=head).missing == 1
    with pytest.raises(LogDamaged, match=r"the head of 15 entries of .* has another root"):
        import_lines(tmp_path / "fork.jsonl", Home(tmp_path / "other"), head=head)
    assert not (tmp_path / "other").exists()


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


# --- What is not public


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


# --- Bags


def test_a_bag_is_what_rfc_8493_asks_for(home: Home, tmp_path: Path) -> None:
    head = sign(home)
    fixity.record(home, fixity.run(home, clock=lambda: NOON))
    folder = bag(home, tmp_path / "bag")
    data = folder / "data"

    assert names(folder) == [
        "bag-info.txt", "bagit.txt", "data", "manifest-sha512.txt", "tagmanifest-sha512.txt",
    ]  # fmt: skip
    assert names(data) == [
        "LICENSE", "README.cy.md", "README.en.md", "checkpoint", "fixity.jsonl", "log.jsonl",
    ]  # fmt: skip
    assert (folder / "bagit.txt").read_bytes() == (
        b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    )
    info = dict(
        line.split(": ", 1) for line in (folder / "bag-info.txt").read_text("utf-8").splitlines()
    )
    sizes = [path.stat().st_size for path in data.iterdir()]
    assert info["Payload-Oxum"] == f"{sum(sizes)}.{len(sizes)}"
    assert info["Bagging-Date"] == "2026-02-03"
    with home.log() as log:
        assert (
            info["External-Identifier"]
            == f"powys-archive log of 14 events, root {log.root().hex()}"
        )
    assert info["Source-Organization"]
    assert (data / "checkpoint").read_bytes() == head.read_bytes()
    assert "CC BY 4.0" in (data / "LICENSE").read_text(encoding="utf-8")
    assert (data / "fixity.jsonl").read_bytes() == (home.path / "fixity.jsonl").read_bytes()
    assert verify_bag(folder) == []


def test_a_bag_is_valid_to_the_library_of_congress(home: Home, tmp_path: Path, seed: int) -> None:
    bagit = pytest.importorskip("bagit")
    folder = bag(home, tmp_path / "bag")

    found = bagit.Bag(str(folder))
    found.validate()
    assert (found.version_info, found.algorithms) == ((1, 0), ["sha512"])
    assert found.info["Bagging-Date"] == "2026-02-03"
    for name in ("data/log.jsonl", "data/LICENSE"):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(next(changes(data, Random(seed), 1)))
        assert not bagit.Bag(str(folder)).is_valid()
        (folder / name).write_bytes(data)


def test_a_bag_is_whole_to_sha512sum(home: Home, tmp_path: Path) -> None:
    if shutil.which("sha512sum") is None:
        pytest.skip("sha512sum is not here")
    folder = bag(home, tmp_path / "bag")

    words = ["sha512sum", "--check", "--strict", "manifest-sha512.txt", "tagmanifest-sha512.txt"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK\n") == 7


def test_the_same_log_on_the_same_day_gives_the_same_bag(home: Home, tmp_path: Path) -> None:
    one, other = bag(home, tmp_path / "one"), bag(home, tmp_path / "other")

    assert {path.relative_to(one): path.read_bytes() for path in one.rglob("*.*")} == {
        path.relative_to(other): path.read_bytes() for path in other.rglob("*.*")
    }


def test_the_readme_tells_how_to_verify_and_it_is_so(home: Home, tmp_path: Path) -> None:
    """Do what the README says, with nothing of ours."""
    folder = bag(home, tmp_path / "bag") / "data"
    readmes = [(folder / f"README.{lang}.md").read_text(encoding="utf-8") for lang in ("en", "cy")]
    *lines, last = map(json.loads, (folder / "log.jsonl").read_text(encoding="ascii").splitlines())

    hashes = [hashlib.sha256(b"\0" + line["envelope"].encode()).digest() for line in lines]
    assert base64.urlsafe_b64encode(mth(hashes)).rstrip(b"=").decode() == last["root"]
    assert last["size"] == len(lines)
    for line in lines:
        for item in line["disclosures"]:
            digest = hashlib.sha256(item.encode()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() in line["envelope"]
            assert len(json.loads(base64.urlsafe_b64decode(item + "=="))) == 3
    for text in readmes:
        assert len(text.splitlines()) <= 40
        for word in ("RFC 6962", "RFC 8493", "_sd", "TextRedacted", "sha512sum", "checkpoint"):
            assert word in text


def mth(part: list[bytes]) -> bytes:
    """Return the Merkle tree hash as RFC 6962 section 2.1 defines it."""
    if len(part) == 1:
        return part[0]
    middle = 1 << (len(part) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + mth(part[:middle]) + mth(part[middle:])).digest()


def test_a_bag_goes_into_a_new_folder_only(home: Home, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").touch()
    (tmp_path / "empty").mkdir()

    with pytest.raises(CannotKeep, match="is not empty: name a new folder for the bag"):
        bag(home, tmp_path / "full")
    bag(home, tmp_path / "empty")
    with pytest.raises(CannotKeep, match="is not empty"):
        bag(home, tmp_path / "empty")
    assert names(tmp_path) == ["empty", "full", "home"]
    assert names(tmp_path / "full") == ["letter"]


def test_a_bag_can_be_imported(home: Home, tmp_path: Path) -> None:
    sign(home)
    folder = bag(home, tmp_path / "bag")

    import_lines(folder, Home(tmp_path / "new"))

    assert entries(Home(tmp_path / "new")) == entries(home)


FILES = [
    "bagit.txt", "bag-info.txt", "manifest-sha512.txt", "tagmanifest-sha512.txt", "data/checkpoint",
    "data/log.jsonl", "data/README.en.md", "data/README.cy.md", "data/LICENSE",
]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_any_changed_byte_of_a_bag_is_found(
    home: Home, tmp_path: Path, seed: int, name: str
) -> None:
    sign(home)
    folder = bag(home, tmp_path / "bag")

    for data in changes((folder / name).read_bytes(), Random(seed), 60):
        (folder / name).write_bytes(data)
        assert verify_bag(folder)
    with pytest.raises(LogDamaged, match="is not a whole bag: "):
        import_lines(folder, Home(tmp_path / "new"))


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_of_a_bag_is_found(home: Home, tmp_path: Path, name: str) -> None:
    sign(home)
    folder = bag(home, tmp_path / "bag")
    (folder / name).unlink()

    assert verify_bag(folder)


@pytest.mark.parametrize("name", ["letter", "data/letter", "data/deep/letter", "data/.hidden"])
def test_a_file_that_nobody_put_into_a_bag_is_found(home: Home, tmp_path: Path, name: str) -> None:
    folder = bag(home, tmp_path / "bag")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()

    assert verify_bag(folder) == [f"{name} is in no manifest"]


def test_a_bag_cannot_name_what_is_not_in_it(home: Home, tmp_path: Path) -> None:
    folder = bag(home, tmp_path / "bag")
    (tmp_path / "letter").write_text("not in the bag")
    digest = hashlib.sha512(b"not in the bag").hexdigest()
    for path in ("../letter", f"{tmp_path}/letter", "data/../../letter", "~/letter", "data/a b"):
        with (folder / "manifest-sha512.txt").open("a") as file:
            file.write(f"{digest}  {path}\n")
        assert verify_bag(folder) == [
            "manifest-sha512.txt has a line that is not a digest and a path"
        ]
    shutil.rmtree(folder)
    bag(home, folder)
    (folder / "data" / "LICENSE").unlink()
    (folder / "data" / "LICENSE").symlink_to(tmp_path / "letter")
    assert "data/LICENSE is missing" in verify_bag(folder)


def retag(folder: Path) -> None:
    """Make the manifests of a bag fit whatever is in it."""
    for manifest in ("manifest-sha512.txt", "tagmanifest-sha512.txt"):
        paths = [line.split("  ")[1] for line in (folder / manifest).read_text().splitlines()]
        (folder / manifest).write_text(
            "".join(
                f"{hashlib.sha512((folder / p).read_bytes()).hexdigest()}  {p}\n" for p in paths
            )
        )


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("data/log.jsonl", lambda data: data.replace(b"archivist", b"redactor", 1), "another root"),
        ("data/checkpoint", lambda data: data.replace(b"\n14\n", b"\n13\n"), "another root"),
        ("bag-info.txt", lambda data: data.replace(b"of 14", b"of 15"), "tells of another log"),
        ("bag-info.txt", lambda data: data.replace(b"Oxum: ", b"Oxum: 1"), "Payload-Oxum"),
        ("bagit.txt", lambda data: data.replace(b"1.0", b"0.97"), "not that of a BagIt 1.0 bag"),
    ],
)  # fmt: skip
def test_a_bag_with_the_right_sums_of_the_wrong_files_is_found(
    home: Home, tmp_path: Path, name: str, change: Any, words: str
) -> None:
    sign(home)
    folder = bag(home, tmp_path / "bag")
    data = (folder / name).read_bytes()
    changed_data = change(data)
    assert changed_data != data
    (folder / name).write_bytes(changed_data)
    if name.startswith("data/"):
        octets = sum(path.stat().st_size for path in (folder / "data").iterdir())
        info = (folder / "bag-info.txt").read_text("utf-8").splitlines()
        info[-1] = f"Payload-Oxum: {octets}.5"
        (folder / "bag-info.txt").write_text("\n".join(info) + "\n")
    retag(folder)

    assert len(found := verify_bag(folder)) == 1
    assert words in found[0]


def test_what_is_no_bag_is_said_to_be_none(tmp_path: Path) -> None:
    assert len(verify_bag(tmp_path / "missing")) == 1
    assert len(verify_bag(tmp_path)) == 1
