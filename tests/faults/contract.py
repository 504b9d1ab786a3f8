"""The contract that holds under every fault, looked at from outside by the files alone.

(a) What is opened again works, or refuses with a sentence. (b) Every acknowledged event is there, as it was
acknowledged. (c) At most one unacknowledged command per writer is there beyond them. (d) The Merkle tree fits
every envelope, and the signed head. (e) Tables that followed the log equal tables made from zero.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from archive.home import Home
from archive.keeping.fixity import DAMAGE, check_log
from archive.projector import Signed, rebuild
from archive.store import Store
from events import audit, codec
from events.checkpoint import Checkpoint, take_apart
from events.errors import EventsError
from events.head import HEAD
from events.log import SqliteLog
from tests.archive.histories import contents, faults

#: What was acknowledged, by its number: the envelope's bytes, or the slug the event gives its record.
#: None where only the number was told.
Acknowledged = Mapping[int, bytes | str | None]


class Found(NamedTuple):
    """What stood in a home: events, how many of them nobody was told of, the SHA-256 of the tables' file when
    it is made from zero; or why it would not open.
    """

    size: int
    extra: int
    tables: str
    refused: str = ""


def check(
    home: Path,
    acknowledged: Acknowledged,
    *,
    writers: int = 1,
    batch: int = 1,
    may_refuse: bool = False,
) -> Found:
    """Assert the contract of the archive in a folder, and return what was found.

    Each of ``writers`` may have had one command of up to ``batch`` events under way. ``may_refuse`` allows
    (a)'s refusal, which must be an error of ours; where nothing was acknowledged it is always allowed.
    """
    place = Home(home)
    size, refused = _opened(place)
    if refused:
        assert may_refuse or not acknowledged, (
            f"(a) what was acknowledged cannot be read: {refused}"
        )
        return Found(0, 0, "", refused)
    _there(place, acknowledged, size)
    extra = size - len(acknowledged)
    assert 0 <= extra <= writers * batch, f"(c) {extra} events are there that nobody was told of"
    _tree(place, acknowledged)
    return Found(size, extra, assert_tables(place))


def _opened(home: Home) -> tuple[int, str]:
    """Return the log's size, or the sentence with which it refuses; anything but our errors is a fault."""
    try:
        with home.log() as log:
            return log.size, ""
    except EventsError as error:
        return 0, str(error) or repr(error)


def _there(home: Home, acknowledged: Acknowledged, size: int) -> None:
    with home.log() as log:
        for seq, envelope, items in log.entries():
            told = acknowledged.get(seq)
            if isinstance(told, bytes):
                assert envelope == told, f"(b) E{seq} is not what was acknowledged"
            elif isinstance(told, str):
                said = codec.unseal(seq, envelope, items).payload.get("id")
                assert said == told, f"(b) E{seq} is about {said}, acknowledged was {told}"
    lost = [seq for seq in acknowledged if seq >= size]
    assert not lost, f"(b) acknowledged and lost: {lost}"


def _tree(home: Home, acknowledged: Acknowledged) -> None:
    """Assert (d) with the archive's own check, and with the audit any outsider can make."""
    head = home.path / HEAD
    signed = [Checkpoint.parse(take_apart(head.read_text())[0])] if head.exists() else []
    found = check_log(home.log_path, signed[0] if signed else None)
    assert found.missing == 0, f"(d) {found.missing} events of the signed head are not there"
    with SqliteLog(home.log_path) as log:
        claimed = Checkpoint("this log", log.size, log.root())
        findings = list(audit.audit(log.entries, [claimed, *signed]))
    wrong = [str(one) for one in findings if one.alarm or one.code in DAMAGE]
    assert wrong == [], f"(d) {wrong[:3]}"
    assert sum(one.code == "root" for one in findings) == 1 + len(signed)


def assert_tables(home: Home) -> str:
    """Assert (e): the tables, brought up to the log, equal those made from zero, row for row.

    Two tables made from zero are equal byte for byte; those that followed differ in the order of pages.
    Returns the SHA-256 (hex) of the file made from zero.
    """
    with (
        home.log() as log,
        contextlib.closing(home.tables(log)) as kept,
        _fresh(home, log, kept) as made,
    ):
        first, second = contents(kept), contents(made)
        assert faults(kept) == [], "(e) SQLite finds the tables damaged"
        assert kept.position() == made.position()
        digest = hashlib.sha256(made.path.read_bytes()).hexdigest()
    different = [name for name in second if first.get(name) != second[name]]
    assert first == second, f"(e) tables that followed are not those made from zero: {different}"
    return digest


@contextlib.contextmanager
def _fresh(home: Home, log: SqliteLog, kept: Store) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.db"
        published = kept.checkpoint()  # stays where the head file is lost
        signed = home.signed() or (Signed(*published) if published else None)
        rebuild(log, path, signed=signed, checks=home.checks())
        with contextlib.closing(Store(path)) as made:
            yield made
