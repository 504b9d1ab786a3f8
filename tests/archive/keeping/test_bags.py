"""A bag is what RFC 8493 asks for, says how to verify it, and shows whatever was done to it."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from archive.home import Home
from archive.keeping import fixity
from archive.keeping.backup import CannotKeep
from archive.keeping.bags import verify_bag
from archive.keeping.importing import import_lines
from events.errors import LogDamaged
from events.head import Head
from tests.archive.exporting import (
    NOON,
    bag,
    changes,
    names,
    settle,
    sign,
)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled archive, a secret in a note (E13), and a private text; to be copied."""
    return settle(tmp_path_factory.mktemp("settled"))


def test_a_bag_is_what_rfc_8493_asks_for(home: Home, tmp_path: Path) -> None:
    head = sign(home)
    fixity.record(home, fixity.run(home, clock=lambda: NOON))
    folder = bag(home, tmp_path / "bag")
    data = folder / "data"

    assert names(folder) == [
        "bag-info.txt", "bagit.txt", "data", "manifest-sha512.txt", "tagmanifest-sha512.txt",
    ]  # fmt: skip
    assert names(data) == [
        "LICENSE", "README.cy.md", "README.en.md", "checkpoint", "fixity.jsonl", "log.jsonl", "vkey",
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
    assert (data / "vkey").read_text(encoding="utf-8") == f"{Head(home.path).verifier}\n"
    for readme in ("README.en.md", "README.cy.md"):
        assert "`vkey`" in (data / readme).read_text(encoding="utf-8")
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
        info[-1] = f"Payload-Oxum: {octets}.6"
        (folder / "bag-info.txt").write_text("\n".join(info) + "\n")
    retag(folder)

    assert len(found := verify_bag(folder)) == 1
    assert words in found[0]


def test_what_is_no_bag_is_said_to_be_none(tmp_path: Path) -> None:
    assert len(verify_bag(tmp_path / "missing")) == 1
    assert len(verify_bag(tmp_path)) == 1
