"""Each system call of each command fails once: killed before it, EIO, ENOSPC, or a write that is lost and said done.

A warm process forks for every fault; `strace` attaches to the child and breaks the call. Clock and salts stand
still, so what comes of a repeated command can be compared with what comes of an undisturbed one, to the byte.

``python -m tests.faults.sweep`` reads one job a line (JSON) and answers with one line.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.home import Home
from archive.trust import erased
from events import log as log_module
from tests.faults.contract import check
from tests.faults.scenarios import SCENARIOS, Scenario, command, digest, snapshot, words

#: Calls that change what is on the disk, open what may be written, or take a lock for it.
CALLS = (
    "openat,open,creat,write,pwrite64,pwritev,writev,sendfile,copy_file_range,fallocate,ftruncate,truncate,fsync,"
    "fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,"
    "mkdirat,rmdir,chmod,fchmod,fchmodat,utimensat,flock"
)
FAULTS = ("KILL", "EIO", "ENOSPC")
#: How `tempfile` ends the name of a folder.
UNFINISHED = r"-[a-z0-9_]{8}(?=/|$)"
_LINE = re.compile(r"^(\w+)\((.*)\) += (-?\d+|\?)")
#: PR_SET_PTRACER, PR_SET_PTRACER_ANY: where Yama is on, a child must allow it to be traced.
_ALLOW = 0x59616D61, ctypes.c_ulong(-1)


class Call(NamedTuple):
    """One system call of a command: its name, the how-manieth of that name it was, and what it returned."""

    name: str
    number: int
    returned: int
    what: str


class Ran(NamedTuple):
    """How a command ended: its exit code (-9 when killed), what it said, and the trace."""

    code: int
    said: str
    trace: str


class Broken(AssertionError):
    """The contract does not hold."""


def run(said: list[str], scratch: Path, inject: str | None = None) -> Ran:
    """Run a command line in a child, under strace unless ``inject`` is None."""
    output, trace = scratch / "output", scratch / "trace"
    ready, go = os.pipe(), os.pipe()
    trace.unlink(missing_ok=True)
    if (child := os.fork()) == 0:
        _child(said, output, ready, go)
    tracer = None
    os.read(ready[0], 1)
    if inject is not None:
        options = ["-qq", "-y", "-s", "0", "-e", f"trace={CALLS}", "-e", "signal=none"]
        options += ["-e", f"inject={inject}"] if inject else []
        tracer = subprocess.Popen(
            ["strace", *options, "-o", str(trace), "-p", str(child)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        _until_traced(child, tracer)
    os.write(go[1], b"g")
    _, status = os.waitpid(child, 0)
    if tracer is not None:
        tracer.communicate()
    for end in (*ready, *go):
        os.close(end)
    text = trace.read_text(errors="replace") if trace.exists() else ""
    return Ran(os.waitstatus_to_exitcode(status), output.read_text(errors="replace"), text)


def _until_traced(child: int, tracer: subprocess.Popen[bytes]) -> None:
    while True:
        status = Path(f"/proc/{child}/status").read_text()
        if "TracerPid:\t0" not in status and f"TracerPid:\t{tracer.pid}" in status:
            return
        if tracer.poll() is not None:
            said = tracer.communicate()[1].decode(errors="replace")
            raise RuntimeError(f"strace cannot attach: {said}")
        time.sleep(0.001)


def _child(said: list[str], output: Path, ready: tuple[int, int], go: tuple[int, int]) -> None:
    """Run a command and leave with its code; what it prints, or its traceback, goes into a file."""
    code = 70
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        sys.stdout = os.fdopen(1, "w", buffering=1)
        sys.stderr = os.fdopen(2, "w", buffering=1)
        ctypes.CDLL(None).prctl(*_ALLOW, 0, 0, 0)
        _still()
        os.write(ready[1], b"r")
        os.read(go[0], 1)
        code = command(*said)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 (whatever it is, the parent is to see it)
        traceback.print_exc()
    finally:
        os._exit(code)


def _still() -> None:
    """Let the clock stand, salts count, and keys be the same every time."""

    class Frozen(log_module.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls(2031, 7, 1, 12, tzinfo=tz)

    salts = iter(number.to_bytes(16, "big") for number in range(10**6, 10**9))
    log_module.datetime = Frozen  # type: ignore[misc]
    log_module.secrets = SimpleNamespace(token_bytes=lambda _: next(salts))  # type: ignore[assignment]
    erased.secrets = SimpleNamespace(token_hex=lambda size: "5e" * size)  # type: ignore[assignment]
    Ed25519PrivateKey.generate = classmethod(lambda cls: cls.from_private_bytes(bytes(32)))  # type: ignore[method-assign,assignment]


def calls(trace: str, place: Path) -> list[Call]:
    """Return the calls of a trace that are on something at the place, each with its number among its name."""
    numbers: Counter[str] = Counter()
    found = []
    for line in trace.splitlines():
        if match := _LINE.match(line):
            numbers[match[1]] += 1
            if str(place) in match[2] and match[3] != "?":
                what = match[2].replace(str(place), "")
                found.append(Call(match[1], numbers[match[1]], int(match[3]), what[:120]))
    return found


class Bench:
    """A scenario prepared once, and what an undisturbed run of it does and leaves."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.folder = folder
        self.base = folder / "base"
        self.place = folder / "w"
        scenario.prepare(self.base)
        before = envelopes(self.base / scenario.home)
        self.fresh()
        self._expect(self.run())
        self.kept = dict(enumerate(before)) if scenario.keeps else {}
        self.all = dict(enumerate(envelopes(self.place / scenario.home)))
        _tidy(self.place)
        self.tables = check(self.place / scenario.home, self.all).tables
        self.wanted = snapshot(self.place)
        self.digest = digest(self.wanted)
        self._judged: dict[str, tuple[int, list[str]]] = {}
        self.fresh()
        done = self.run("")  # last, for a module that is loaded meanwhile is not opened again
        self._expect(done)
        self.calls = calls(done.trace, self.place)

    def _expect(self, done: Ran) -> None:
        if done.code:
            raise RuntimeError(f"{self.scenario.name}: {done.said}")

    def fresh(self) -> None:
        """Put the prepared state in place."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.base, self.place)

    def run(self, inject: str | None = None) -> Ran:
        return run(words(self.scenario, self.place), self.folder, inject)

    def fault(self, call: Call, fault: str) -> dict[str, Any]:
        """Break one call of the command; return what came of it, and everything that broke the contract."""
        result: dict[str, Any] = {"call": call, "fault": fault, "broken": []}
        kind = "signal=KILL" if fault == "KILL" else f"error={fault}"
        self.fresh()
        ran = self.run(f"{call.name}:{kind}:when={call.number}")
        result |= {"code": ran.code, "said": ran.said[-400:]}
        fired = ran.code == -9 if fault == "KILL" else "(INJECTED)" in ran.trace
        try:
            if not fired:
                raise Broken("the call was not met: the command does not do the same every time")
            state = self._state(ran.code)
            if state not in self._judged:  # equal bytes and equal answers are judged alike
                self._judged[state] = self._contract(ran), self._again()
            result["extra"], result["litter"] = self._judged[state]
        except Exception as error:  # noqa: BLE001 (a fault of the archive is a result, not the end of the sweep)
            sentence = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            result["broken"].append(sentence[-1500:])
        return result

    def _state(self, code: int) -> str:
        """Return the SHA-256 (hex) of all that the fault left, byte for byte, and of what was told."""
        found = hashlib.sha256(str(code).encode())
        for path in sorted(path for path in self.place.rglob("*") if path.is_file()):
            name = re.sub(UNFINISHED, "-*", path.relative_to(self.place).as_posix())
            found.update(f"{name} {path.stat().st_size}\n".encode())
            if "/." not in f"/{name}":  # what nobody reads again may hold anything
                found.update(path.read_bytes())
        return found.hexdigest()

    def _contract(self, ran: Ran) -> int:
        """Assert the contract on a copy of what the fault left; return how many events nobody was told of."""
        if ran.code not in (-9, 0, 1, 3) or "Traceback" in ran.said:
            raise Broken(f"(a) it ended with {ran.code} and no sentence: {ran.said[-800:]}")
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.place, copy)
        home = copy / self.scenario.home
        told = self.all if ran.code == 0 else self.kept
        if not self.scenario.keeps and Home(home).exists:
            told = self.all  # it appears whole or not at all
        if not told and not Home(home).exists:
            return 0
        found = check(home, told, batch=0 if ran.code == 1 else len(self.all) - len(told))
        return found.extra

    def _again(self) -> list[str]:
        """Repeat the command, now undisturbed, and assert that all is as if nothing had happened."""
        again = self.run()
        done = self.scenario.done
        if again.code != 0 and not (again.code == 1 and done and done in again.said):
            raise Broken(f"repeated, it ended with {again.code}: {again.said[-800:]}")
        if again.code:  # it had been done, perhaps without what follows: a person would sign
            self._signed()
        _tidy(self.place)
        found = check(self.place / self.scenario.home, self.all)
        state = snapshot(self.place)
        if found.tables != self.tables or digest(state) != self.digest:
            names = [
                name for name in {*state, *self.wanted} - {"litter"}
                if state.get(name) != self.wanted.get(name)
            ]  # fmt: skip
            raise Broken(f"repeated ({again.code}: {again.said[-200:]}), these differ: {names}")
        return [re.sub(UNFINISHED, "-*", name) for name in state["litter"]]

    def _signed(self) -> None:
        """Sign as the messages say; where the signing key alone was made, it is put away first, as they say."""
        home = self.place / self.scenario.home
        if (home / "head").exists():
            said = ["sign"]
        elif self.scenario.name == "init":
            said = ["sign", "--new"]
            (home / "keys" / "signing.pem").unlink(missing_ok=True)
        else:
            return
        self._expect(run(["--home", str(home), *said], self.folder))


def _tidy(place: Path) -> None:
    """Forget what checks found while the disk failed, and how often anything was tried."""
    for path in (*place.glob("*/fixity.jsonl"), *place.glob("*/erased.jsonl")):
        lines = dict.fromkeys(path.read_text().splitlines(keepends=True))
        kept = [line for line in lines if "failed" not in line or '"failed":""' in line]
        path.write_text("".join(kept))


def envelopes(home: Path) -> list[bytes]:
    """Return the envelopes of a home's log, none where there is no log."""
    if not Home(home).exists:
        return []
    with Home(home).log() as log:
        return [envelope for _, envelope, _ in log.entries()]


@contextlib.contextmanager
def memory() -> Iterator[Path]:
    """Yield a folder in memory where there is such a place, for a sweep syncs a million times."""
    place = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=place if os.access(place, os.W_OK) else None) as folder:
        yield Path(folder)


def serve() -> None:
    """Answer jobs: ``[scenario]`` with its calls, ``[scenario, call, fault]`` with what came of it."""
    benches: dict[str, Bench] = {}
    answers, sys.stdout = sys.stdout, sys.stderr  # for what prepares a scenario prints, too
    with memory() as folder:
        for line in sys.stdin:
            name, *job = json.loads(line)
            if name not in benches:
                place = folder / str(len(benches))
                place.mkdir()
                benches[name] = Bench(SCENARIOS[name], place)
            answer = benches[name].fault(Call(*job[0]), job[1]) if job else benches[name].calls
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve()
