"""The same batch file given by four people at the same moment: it is recorded once, and each of them is told so."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from tests.faults import contract
from tests.faults.archivist import ORIGIN, Archivist, slugs, write_batch

RECORDED = re.compile(r"([0-9]+) events? recorded(?: before \(.*\))?$")


@pytest.mark.parametrize(
    "times", [3, pytest.param(100, marks=[pytest.mark.torture, pytest.mark.timeout(1200)])]
)
def test_one_file_appended_by_four_at_once_is_recorded_once(tmp_path: Path, times: int) -> None:
    home = tmp_path / "home"
    known: dict[int, str] = {}
    with contextlib.ExitStack() as stack:
        people = [stack.enter_context(Archivist(home)) for _ in range(4)]
        assert people[0].does("init", "--empty", "--origin", ORIGIN)[0] == 0
        for number in range(times):
            path = write_batch(tmp_path / "same.yaml", "same", number, 1)
            about = slugs("same", number, 1)
            for person in people:
                person.order("once", "append", str(path))
            answers = [person.did() for person in people]

            assert [code for code, _ in answers] == [0, 0, 0, 0], answers
            new = before = 0
            for _, said in answers:
                for match in filter(None, map(RECORDED.match, said)):
                    new += int(match[1]) if "before" not in match[0] else 0
                    before += int(match[1]) if "before" in match[0] else 0
            assert (new, before) == (len(about), 3 * len(about)), answers
            known.update(enumerate(about, len(known)))
        contract.check(home, known, writers=0)
