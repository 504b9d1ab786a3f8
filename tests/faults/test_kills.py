"""Archivists killed at any moment of `archive append`, while others fold, sign, build and back up."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.faults import contract
from tests.faults.archivist import MOST, ORIGIN, Archivist, Ledger

torture = [pytest.mark.torture, pytest.mark.timeout(1800)]
#: Who is at work beside the writers, and killed with them.
OTHERS = {
    "follower": ("follow",),
    "builder": ("again", 0.05, "build", "--rebuild"),
    "keeper": ("again", 0.05, "backup", "kept"),
}


def hot(path: Path) -> bool:
    """Tell whether a killed writer left a journal that is to be rolled back."""
    journal = path.with_name(f"{path.name}-journal")
    return journal.exists() and journal.stat().st_size > 0


def kill_rounds(folder: Path, seed: int, rounds: int, names: str) -> Counter[str]:
    """Kill writers, and who is at work beside them, checking the contract after each time; return counts."""
    random, home = Random(seed), folder / "home"
    ledger = Ledger(home, seed)
    counts = ledger.counts
    with contextlib.ExitStack() as stack:
        people = {name: stack.enter_context(Archivist(home)) for name in [*names, *OTHERS]}
        code, said = people[names[0]].does("init", "--empty", "--origin", ORIGIN)
        assert code == 0, said
        for number in range(rounds):
            others = random.sample(sorted(OTHERS), number % 3)
            for name in names:
                ledger.begin(name, people[name])
            for name in others:
                what, *values = OTHERS[name]
                people[name].order(
                    what, *(str(folder / "kept") if v == "kept" else v for v in values)
                )
            time.sleep(random.uniform(0, 0.5))
            doubtful = {}
            for name in random.sample([*names, *others], len(names) + len(others)):
                if name in others:
                    counts["others killed"] += 1
                    ledger.codes(name, people[name].kill())
                else:
                    doubtful[name] = ledger.end(name, people[name])
            counts["hot journals of the log"] += hot(home / "log.db")
            counts["hot journals of the tables"] += hot(home / "archive.db")
            contract.check(home, ledger.known, writers=len(names), batch=MOST)
            for name, batch in doubtful.items():
                if batch is not None:
                    ledger.again(name, people[name], batch)
            contract.check(home, ledger.known, writers=0)
        code, said = people[names[0]].does("verify", str(home / "archive.db"))
        assert code == 0, said
        code, said = people[names[0]].does("backup", str(folder / "kept"))
        assert code == 0, said
        code, said = people[names[0]].does("restore", str(folder / "kept"), "--check")
        assert code == 0, said
    counts["events"] = len(ledger.known)
    print(f"SEED={seed} {names}: {dict(counts)}")  # noqa: T201
    return counts


@pytest.mark.parametrize(
    ("names", "rounds"),
    [
        pytest.param("ab", 4, id="few"),
        *(
            pytest.param(names, 40, id=f"many-{names}", marks=torture)
            for names in ("a", "ab", "abcd")
        ),
    ],
)
def test_archivists_killed_at_work_lose_nothing_they_were_told(
    tmp_path: Path, seed: int, names: str, rounds: int
) -> None:
    counts = kill_rounds(tmp_path, seed, rounds, names)

    assert counts["writers killed"] == rounds * len(names)
    assert counts["events"] > 0
