"""What was exported comes in again as it was, and nothing else does."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from archive.home import Home
from archive.keeping.backup import CannotKeep
from archive.keeping.export import Exported
from archive.keeping.importing import import_lines
from events.codec import build
from events.errors import CodecError, EventsError, LogDamaged, LogError
from tests.archive.exporting import (
    act,
    bag,
    changes,
    entries,
    settle,
    sign,
    write,
)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled archive, a secret in a note (E13), and a private text; to be copied."""
    return settle(tmp_path_factory.mktemp("settled"))


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


def test_a_folder_that_is_not_there_is_a_sentence(home: Home, tmp_path: Path) -> None:
    with pytest.raises(CannotKeep, match=r"nothing was written to .*log\.jsonl: .*No such file"):
        write(home, tmp_path / "missing" / "log.jsonl")
    with pytest.raises(CannotKeep, match=r"nothing was imported from .*log\.jsonl: .*No such file"):
        import_lines(tmp_path / "log.jsonl", Home(tmp_path / "new"))


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


def test_a_bag_can_be_imported(home: Home, tmp_path: Path) -> None:
    sign(home)
    folder = bag(home, tmp_path / "bag")

    import_lines(folder, Home(tmp_path / "new"))

    assert entries(Home(tmp_path / "new")) == entries(home)
