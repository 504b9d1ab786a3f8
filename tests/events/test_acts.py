"""Acts of withholding, releasing and erasing: what they hide, what they destroy, and what they leave alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from events import disclosure
from events.acts import Act, Acts, act_in
from events.codec import build
from events.log import SqliteLog
from tests.events.examples import EXAMPLES

A, B = "A" * 43, "B" * 43


def act(seq: int, kind: str, *digests: str, of: int = 0) -> Act:
    return Act(seq, "2031-03-06T08:30:00Z", of, kind, "legal", frozenset(digests))  # type: ignore[arg-type]


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    log = SqliteLog.create(tmp_path / "log.db")
    log.append([EXAMPLES["StatementRecorded"], EXAMPLES["DocumentRecorded"]])
    return log


def digests(log: SqliteLog, seq: int) -> dict[str, str]:
    ((_, _, items),) = log.entries(seq, seq + 1)
    return {disclosure.read(item).name: disclosure.digest(item) for item in items}


def redact(log: SqliteLog, kind: str, seq: int, *names: str) -> int:
    found = digests(log, seq)
    payload = {"target": seq, "act": kind, "scope": "path", "basis": "legal", "digests": [found[n] for n in names]}  # fmt: skip
    return log.append([build("TextRedacted", payload | ({} if kind == "withheld" else {"confirmed_by": "redactor"}))])[0]  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "by"),
    [
        (("withheld",), 1), (("withheld", "released"), None), (("withheld", "released", "withheld"), 3), (("released",), None),
        (("erased",), 1), (("erased", "released"), 1), (("withheld", "erased", "released", "withheld"), 2),
    ],
)  # fmt: skip
def test_the_last_act_counts_but_nothing_comes_after_an_erasure(kinds: tuple[str, ...], by: int | None) -> None:  # fmt: skip
    acts = Acts()
    for seq, kind in enumerate(kinds, 1):
        acts.add(act(seq, kind, A))
    assert {digest: one.seq for digest, one in acts.hiding(0).items()} == ({A: by} if by else {})
    assert acts.hiding(1) == {}


def test_acts_are_told_in_order_whatever_they_are_on() -> None:
    acts = Acts()
    for one in (act(7, "erased", A, of=5), act(8, "withheld", B, of=1), act(9, "erased", of=5)):
        acts.add(one)
    assert [one.seq for one in acts] == [7, 8, 9]
    assert [one.seq for one in acts.since(8)] == [8, 9]
    assert [one.seq for one in acts.erasing()] == [7, 9]
    assert [one.seq for one in acts.of(5)] == [7, 9]


def test_only_acts_on_earlier_events_are_acts(log: SqliteLog) -> None:
    seq = redact(log, "withheld", 0, "gist")
    envelopes = {seq: envelope for seq, envelope, _ in log.entries()}
    assert act_in(0, envelopes[0]) is None
    assert act_in(seq, b'not an envelope with "act": in it') is None
    assert act_in(0, envelopes[seq]) is None
    found = act_in(seq, envelopes[seq])
    assert found is not None
    assert (found.of, found.kind, found.digests) == (0, "withheld", {digests(log, 0)["gist"]})


def test_withheld_fields_are_missing_from_what_is_read_and_stay_in_what_is_stored(log: SqliteLog) -> None:  # fmt: skip
    before, stored = log.get([0])[0], digests(log, 0)
    redact(log, "withheld", 0, "gist", "speaker")
    (event,) = log.get([0])
    assert event.missing == 2
    assert {"gist", "speaker"}.isdisjoint(event.payload)
    assert next(log.read()) == event
    assert digests(log, 0) == stored
    assert log.get([1])[0].missing == 0
    assert log.replay() == []

    redact(log, "released", 0, "gist", "speaker")
    assert log.get([0]) == [before]


def test_another_process_sees_at_once_what_was_withheld(log: SqliteLog) -> None:
    with SqliteLog(log.path) as other:
        assert other.get([0])[0].missing == 0
        redact(log, "withheld", 0, "gist")
        assert other.get([0])[0].missing == 1


def test_erasing_destroys_exactly_what_the_act_names_and_once(log: SqliteLog) -> None:
    before, other = digests(log, 0), list(log.entries(1, 2))
    redact(log, "withheld", 0, "mode")
    redact(log, "erased", 0, "gist")
    redact(log, "erased", 0, "speaker")

    assert log.replay() == [0]
    assert digests(log, 0) == {n: d for n, d in before.items() if n not in ("gist", "speaker")}
    assert list(log.entries(1, 2)) == other
    assert log.same_content(EXAMPLES["StatementRecorded"]) == []
    assert log.same_content(EXAMPLES["DocumentRecorded"]) == [1]
    assert log.replay() == []


def test_acts_are_found_by_an_index(log: SqliteLog) -> None:
    sql = "SELECT seq, envelope FROM entries WHERE instr(envelope, x'22616374223a') > 0 AND seq >= ? ORDER BY seq"
    with sqlite3.connect(log.path) as db:
        ((*_, plan),) = db.execute(f"EXPLAIN QUERY PLAN {sql}", (0,)).fetchall()
    db.close()
    assert "USING INDEX acts" in plan


def test_a_log_without_that_index_reads_alike(log: SqliteLog) -> None:
    """Logs of the first days have none."""
    redact(log, "withheld", 0, "gist")
    log._db.execute("DROP INDEX acts")
    with SqliteLog(log.path) as other:
        assert other.get([0])[0].missing == 1
