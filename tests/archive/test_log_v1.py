"""A log of the first format, kept for ever: it opens, verifies, comes back and is folded anew."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from random import Random

from archive.home import Home
from archive.keeping.restoring import restore
from events.codec import build
from tests.archive.histories import Historian
from tests.archive.kept import (
    ROOT,
    TEXT,
    erased,
    named,
)
from tests.events.examples import EXAMPLES

V1 = ROOT / "tests" / "fixtures" / "log-v1.db"


def make_log_v1(path: Path) -> None:
    """Make tests/fixtures/log-v1.db. This was done once, with the first format; never do it again.

    A random history of an invented town with every type of event, a batch with a key, a private text, and a
    field that was erased by an act. A new format gets a fixture of its own beside this one.
    """
    folder = path.with_suffix(".making")
    folder.mkdir()
    past = Historian(folder, Random(1))
    while set(past.types) != set(EXAMPLES):
        past.grow(5)
    (seq, items) = next((e, d) for e, _, d in past.log.entries(5) if "name" in named(d))
    past.log.append([erased(seq, "name", items)], by="redactor")
    past.log.replay()
    past.log.append([KEYED], key="kept with its key")
    past.log.attach(V1_SOURCE, TEXT)
    past.close()
    (folder / "log.db").rename(path)
    shutil.rmtree(folder)


def test_the_first_format_still_opens_verifies_and_rebuilds(tmp_path: Path) -> None:
    assert hashlib.sha256(V1.read_bytes()).hexdigest() == V1_SHA256, "it is never made anew"
    new = Home(tmp_path / "new")

    done = restore(V1, new)

    assert (done.size, done.root, done.missing) == (V1_SIZE, V1_ROOT, 0)
    assert done.records == V1_RECORDS
    assert not any("alarm" in note for note in done.notes)
    with new.log() as log:
        events = list(log.read())
        assert {event.type for event in events} == set(EXAMPLES)
        assert [event.seq for event in events if event.missing] == V1_HIDDEN
        assert log.text(V1_SOURCE) == TEXT
        assert log.append([KEYED], key="kept with its key") == [V1_SIZE - 1]
        assert log.append([KEYED]) == [V1_SIZE]


KEYED = build(
    "EntityRecorded", {"id": "topic/buses", "new": True, "kind": "topic", "name": "Buses"}
)
V1_SOURCE = "source/kept"
V1_SHA256 = "c7256f2afefd3e0f381f62d48972b41bbc30b652ddf8acabc5fe97d9ce9cc832"
V1_ROOT = "455d178027454dd76d051154c0d4060e97cab8cd7f8685a0bc2c281b7ce2c23c"
V1_SIZE, V1_RECORDS = 106, 26
V1_HIDDEN = [2, 5, 10, 14, 35, 41]
