"""Every system call with which a command writes fails once: nothing acknowledged is lost, and the command can be repeated."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from archive.home import Home
from archive.keeping import fixity
from archive.trust.verifying import Verdict, verify
from events.errors import EventsError
from tests.faults.contract import check
from tests.faults.scenarios import SCENARIOS, command, digest, snapshot
from tests.faults.sweep import FAULTS, Bench, Call, memory, run, words

ROOT = Path(__file__).parents[2]
#: Commands of the small run, and faults of each.
SMALL = ("append", "erase", "backup", "restore")

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None,
    reason="strace is missing, which makes system calls fail: .ci/install-debian-packages",
)


class Worker:
    """A process that runs sweeps, one job after another."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.sweep"],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, *job: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(job)}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the worker died over {job}"
        return json.loads(answer)

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    made = [Worker() for _ in range(os.cpu_count() or 1)]
    yield made
    for worker in made:
        worker.close()


def swept(
    workers: Sequence[Worker], name: str, jobs: Sequence[tuple[Call, str]]
) -> list[dict[str, Any]]:
    """Break all these calls, each worker every so-manieth."""
    parts = [jobs[number :: len(workers)] for number in range(len(workers))]

    def work(worker: Worker, part: Sequence[tuple[Call, str]]) -> list[dict[str, Any]]:
        return [worker.ask(name, call, fault) for call, fault in part]

    with ThreadPoolExecutor(len(workers)) as pool:
        return list(itertools.chain(*pool.map(work, workers, parts)))


def told(name: str, tried: int, of: int, results: Sequence[dict[str, Any]]) -> list[str]:
    """Print what came of a sweep on one line; return what broke the contract."""
    codes = Counter(result["code"] for result in results)
    extra = sum(result.get("extra", 0) > 0 for result in results)
    broken = [
        f"{result['fault']} at {Call(*result['call'])}: {sentence}"
        for result in results
        for sentence in result["broken"]
    ]
    lost = sum("(b)" in sentence for sentence in broken)
    print(  # noqa: T201
        f"\n{name}: {tried} of {of} syscalls, {len(results)} faults ({codes[-9]} killed, {codes[1]} refused,"
        f" {codes[3]} unknown, {codes[0]} done all the same), {lost} acknowledged lost, {extra} stored and not"
        f" told, {len(broken)} violations"
    )
    return broken


@pytest.mark.torture
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_call_fails_once_and_the_contract_holds(workers: list[Worker], name: str) -> None:
    calls = [Call(*call) for call in workers[0].ask(name)]
    results = swept(workers, name, [(call, fault) for call in calls for fault in FAULTS])

    broken = told(name, len(calls), len(calls), results)
    assert broken == []
    assert sum(result["code"] == -9 for result in results) == len(calls)


@pytest.mark.parametrize("name", SMALL)
def test_some_calls_fail_and_the_contract_holds(seed: int, name: str) -> None:
    with memory() as folder:
        bench = Bench(SCENARIOS[name], folder)
        random = Random(seed)
        picked = random.sample(bench.calls, 4)
        results = [bench.fault(call, random.choice(FAULTS)) for call in picked]
    assert told(name, len(picked), len(bench.calls), results) == []


def test_without_a_fault_a_command_is_repeated_just_so() -> None:
    """The measure itself: the calls are the same every time, and so is what they leave."""
    with memory() as folder:
        bench = Bench(SCENARIOS["append"], folder)
        bench.fresh()
        assert bench.run("").code == 0
        assert digest(snapshot(bench.place)) == bench.digest
        assert len(bench.calls) > 100


# A disk that says yes and writes nothing


def lie(bench: Bench, call: Call) -> None:
    """Let one write be lost though it is said to have been done."""
    bench.fresh()
    done = bench.run(f"{call.name}:retval={call.returned}:when={call.number}")
    assert "(INJECTED)" in done.trace


def noticed(home: Path, saved: str) -> str:
    """Return which command notices the damage: verify with a checkpoint kept outside, or the daily fixity check.

    "build" stands for damage of the tables alone, which are made anew.
    """
    try:
        if any(one.alarm for one in verify(str(home / "log.db"), Verdict(), saved=saved)):
            return "verify"
        found = fixity.run(Home(home)).checks
    except EventsError:
        return "verify"
    if found["log"] or found["head"]:
        return "fixity"
    return "build" if found["texts"] or found["tables"] else ""


def mended(bench: Bench) -> None:
    """Make the tables anew, repeat the command, and assert that all is as without the fault."""
    home = bench.place / "home"
    built = run(["--home", str(home), "build", "--rebuild"], bench.folder)
    assert built.code == 0, built.said
    again = run(words(bench.scenario, bench.place), bench.folder)
    assert again.code == 0, again.said
    assert check(home, bench.all).tables == bench.tables
    assert digest(snapshot(bench.place)) == bench.digest


@pytest.mark.parametrize("sample", [4, pytest.param(None, marks=[pytest.mark.torture, pytest.mark.timeout(3600)])])  # fmt: skip
def test_a_lost_write_is_noticed_or_changes_nothing_and_a_backup_brings_all_back(
    seed: int, sample: int | None, capfd: pytest.CaptureFixture[str]
) -> None:
    counts: Counter[str] = Counter()
    with memory() as folder:
        bench = Bench(SCENARIOS["append"], folder)
        backups = folder / "backups"
        source = shutil.copytree(bench.base / "home", folder / "source")
        assert command("--home", str(source), "backup", str(backups)) == 0
        bench.fresh()
        assert bench.run().code == 0
        saved = (bench.place / "home" / "head").read_text()
        writes = [call for call in bench.calls if call.name in ("write", "pwrite64")]
        for call in Random(seed).sample(writes, sample or len(writes)):
            lie(bench, call)
            home = bench.place / "home"
            counts[by := noticed(home, saved)] += 1
            if by in ("verify", "fixity"):
                shutil.rmtree(home)
                restored(bench, backups, folder)
            else:
                mended(bench)
    with capfd.disabled():
        print(f"\nlying disk: {sum(counts.values())} of {len(writes)} writes lost, noticed by {dict(counts)} ('': harmless); SEED={seed}")  # noqa: T201  # fmt: skip


def restored(bench: Bench, backups: Path, folder: Path) -> None:
    """Restore the backup, bring keys and head back by hand, repeat the command, and assert that all is well."""
    home = bench.place / "home"
    done = run(["--home", str(home), "restore", str(backups)], folder)
    assert done.code == 0, done.said
    for name in ("keys", "head"):
        source = bench.base / "home" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, home / name)
    again = run(words(bench.scenario, bench.place), folder)
    assert again.code == 0, again.said
    assert check(home, bench.all).tables == bench.tables
