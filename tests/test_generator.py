"""The archive that benchmarks are run on is one that could be: valid, mixed, and the same every time."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from archive.projector import catch_up
from archive.store import Store
from benchmarks.generator import events, write
from events import codec
from events.vocabulary import TYPES
from tests.archive.histories import faults


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_event_could_come_through_the_door(seed):
    for event in events(2000, seed):
        plain = msgspec.to_builtins(event.payload), msgspec.to_builtins(event.evidence)
        assert codec.build(event.type, *plain) == event


def test_the_mixture_has_every_type_but_acts_which_only_a_log_can_hold():
    types = Counter(event.type for event in events(5000))
    assert set(types) == set(TYPES) - {"TextRedacted"}
    assert types["StatementRecorded"] > 1000


def test_the_same_seed_gives_the_same_log_and_another_seed_another(tmp_path):
    roots = []
    for number, seed in enumerate((1, 1, 2)):
        with write(tmp_path / f"{number}.db", 300, seed) as log:
            roots.append(log.root())
    assert roots[0] == roots[1] != roots[2]


def test_it_folds_into_tables_with_records_of_every_kind_and_state(tmp_path):
    tables = Store(tmp_path / "archive.db")
    with write(tmp_path / "log.db", 3000, seed=3) as log:
        catch_up(log, tables)
    assert faults(tables) == []
    kinds = tables.rows(
        "SELECT count(DISTINCT kind) AS kinds, count(DISTINCT state) AS states FROM records"
    )
    assert kinds == [{"kinds": 15, "states": 3}]
    assert len(tables.rows("SELECT DISTINCT standing FROM assertions")) >= 6
    tables.close()
