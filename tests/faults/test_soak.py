"""A soak: the whole archive at work for a long time, while parts of it are killed. Loopback only.

Two archivists append, backups and rebuilds go on, readers come over HTTP, the follower signs and folds. Anybody
may be killed. Half an hour by default in `make torture`; SOAK_SECONDS and SEED in the environment set it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from tests.archive.test_serve import descendants, free_ports, get
from tests.faults import contract
from tests.faults.archivist import ORIGIN, ROOT, Archivist, Ledger

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

SECONDS = int(os.environ.get("SOAK_SECONDS", "1800"))
#: Of the time: servers are killed until CALM; what they hold is compared from there to the end.
CALM = 0.5
#: A server that was killed may give no answer for so long: each time within a minute it is started later, by up
#: to half a minute (archive/serving/children.py).
BACK = 60.0
#: What a killed writer of the tables left half written is undone by then.
UNDONE = 3.0
HALF_WRITTEN = "attempt to write a readonly database"
#: What a long-living process may hold more at the end than after warming up.
MORE_RSS, MORE_SHARE, MORE_FDS = 24 * 2**20, 0.15, 4


class Sample(NamedTuple):
    """What a process held at a moment (s), in bytes and file descriptors."""

    at: float
    rss: int
    fds: int


class Servers:
    """`archive serve` and the processes under it, watched from /proc."""

    def __init__(self, home: Path) -> None:
        self.port, self.data_port = free_ports(2)
        self.killed: dict[str, float] = {}
        self.samples: dict[tuple[str, int], list[Sample]] = defaultdict(list)
        ports = ["--port", str(self.port), "--data-port", str(self.data_port)]
        self.log = home.parent / "serve.txt"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "archive.cli", "--home", str(home), "serve", *ports],
                cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait(self) -> None:
        for _ in range(600):
            if self.ask("site", "/en/")[0] == self.ask("data", "/-/settings.json")[0] == 200:
                return
            assert self.process.poll() is None, self.said()
            time.sleep(0.1)
        raise AssertionError(self.said())

    def ask(self, server: str, path: str) -> tuple[int, bytes]:
        return get(self.port if server == "site" else self.data_port, path, timeout=20)

    def living(self) -> dict[int, str]:
        """Return the long-living processes: serve itself, the site's, Datasette's."""
        found = {self.process.pid: "serve"}
        for pid, line in descendants(self.process.pid).items():
            if " granian " in line or "multiprocessing" in line:
                found[pid] = "site"
            elif " datasette " in line:
                found[pid] = "data"
        return found

    def kill(self, server: str) -> int:
        """Kill one process of a server; return how many were killed, 0 when it is being started."""
        victims = [pid for pid, name in self.living().items() if name == server]
        with contextlib.suppress(ProcessLookupError, IndexError):
            self.killed[server] = time.monotonic()
            os.kill(victims[-1], signal.SIGKILL)
            return 1
        return 0

    def sample(self) -> None:
        for pid, name in self.living().items():
            with contextlib.suppress(OSError):
                folder = Path(f"/proc/{pid}")
                pages = int((folder / "statm").read_text().split()[1])
                fds = sum(1 for _ in (folder / "fd").iterdir())
                rss = pages * os.sysconf("SC_PAGE_SIZE")
                self.samples[name, pid].append(Sample(time.monotonic(), rss, fds))

    def growth(self, since: float) -> Iterator[tuple[str, Sample, Sample]]:
        """Yield for each process that lived all the time since: what it held then, and at the end."""
        for (name, pid), samples in self.samples.items():
            after = [sample for sample in samples if sample.at >= since]
            if samples[0].at <= since and pid in self.living() and len(after) >= 4:
                part = max(1, len(after) // 5)
                yield f"{name} {pid}", _middle(after[:part]), _middle(after[-part:])

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-5000:]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0, self.said()


def _middle(samples: list[Sample]) -> Sample:
    return Sample(
        samples[-1].at,
        int(statistics.median(sample.rss for sample in samples)),
        int(statistics.median(sample.fds for sample in samples)),
    )


class Readers(threading.Thread):
    """Readers of the public site and of Datasette; what they must never see is in ``wrong``."""

    def __init__(self, servers: Servers, seed: int) -> None:
        super().__init__(daemon=True)
        self.servers, self.random = servers, Random(f"{seed}/readers")
        self.ended = threading.Event()
        self.wrong: list[str] = []
        self.answers: Counter[str] = Counter()
        self.slowest = 0.0
        self.size, self.updated = 0, ""

    def run(self) -> None:
        while not self.ended.wait(self.random.uniform(0, 0.1)):
            try:
                self.read()
            except Exception as error:  # noqa: BLE001 (told by the test)
                self.wrong.append(repr(error))

    def read(self) -> None:
        """Open one page; look whether anything public went back."""
        size = self.size
        sql = urllib.parse.quote("select count(*) as n from events")
        event = self.random.randrange(size) if size else 0
        pages = ["/en/", "/en/removals", "/en/feeds/all.rss", "/log/vkey"]
        if size:
            pages += [f"/log/proof/{event}", f"/en/events/E{event}"]
        server, path = self.random.choice(
            [("site", self.random.choice(pages)), ("site", "/log/checkpoint"), ("site", "/en/feeds/all.atom"),
             ("data", f"/archive.json?sql={sql}&_shape=array")]
        )  # fmt: skip
        start = time.monotonic()
        status, body = self.servers.ask(server, path)
        while (
            status in (400, 500)
            and HALF_WRITTEN.encode() in body
            and time.monotonic() < start + UNDONE
        ):
            # A writer of the tables was killed. The site waits until that is undone, Datasette cannot.
            self.answers["Datasette, asked again"] += 1
            time.sleep(0.1)
            status, body = self.servers.ask(server, path)
        took = time.monotonic() - start
        killed = self.servers.killed.get(server, -BACK)
        if not 200 <= status < 400:
            if start - BACK > killed:
                self.wrong.append(f"{status} for {path}: {body[:300]!r}")
            self.answers["none, after a kill"] += 1
            return
        self.answers[server] += 1
        if start - BACK > killed:
            self.slowest = max(self.slowest, took)
        if path == "/log/checkpoint":
            now = int(body.split(b"\n")[1])
            if now < size:
                self.wrong.append(f"the checkpoint went from {size} back to {now}")
            self.size = now
        elif path.endswith(".atom"):
            [updated] = re.findall(rb"\n\s*<updated>([^<]+)</updated>", body)[:1] or [b""]
            if updated.decode() < self.updated:
                self.wrong.append(f"the feed went from {self.updated} back to {updated!r}")
            self.updated = updated.decode()


class Soak:
    """One run: rounds of work and kills, and the contract after each."""

    def __init__(self, folder: Path, seed: int, seconds: float) -> None:
        self.home, self.seed, self.seconds = folder / "home", seed, seconds
        self.kept = folder / "kept"
        self.random = Random(seed)
        self.ledger = Ledger(self.home, seed)
        self.check_took = 0.0

    def begin(self, who: str, person: Archivist) -> None:
        match who:
            case "a" | "b":
                self.ledger.begin(who, person, pause=0.3)
            case "backups":
                person.order("again", 1.0, "backup", str(self.kept))
            case _:
                person.order("again", 2.0, "build", "--rebuild")

    def end(self, who: str, person: Archivist) -> None:
        if who not in ("a", "b"):
            self.ledger.counts["others killed"] += 1
            self.ledger.codes(who, person.kill())
        elif (number := self.ledger.end(who, person)) is not None:
            self.ledger.again(who, person, number)

    def round(self, people: dict[str, Archivist], servers: Servers, *, calm: bool) -> None:
        counts = self.ledger.counts
        for who, person in people.items():
            self.begin(who, person)
        end = time.monotonic() + max(3.0, 2 * self.check_took)
        while time.monotonic() < end:
            time.sleep(self.random.uniform(0.1, 1.5))
            who = self.random.choice(["a", "b", "backups", "builds"])
            self.end(who, people[who])
            self.begin(who, people[who])
            if not calm and self.random.random() < 0.03:
                counts["servers killed"] += servers.kill(self.random.choice(["site", "data"]))
        for who, person in people.items():
            self.end(who, person)
        _followed(servers, len(self.ledger.known))
        start = time.monotonic()
        contract.check(self.home, self.ledger.known, writers=0)
        self.check_took = time.monotonic() - start
        counts["rounds"] += 1

    def run(self) -> None:
        with contextlib.ExitStack() as stack:
            people = {
                who: stack.enter_context(Archivist(self.home))
                for who in ("a", "b", "backups", "builds")
            }
            code, said = people["a"].does("init", "--empty", "--origin", ORIGIN)
            assert code == 0, said
            servers = Servers(self.home)
            stack.callback(servers.process.kill)
            servers.wait()
            readers = Readers(servers, self.seed)
            sampler = _every(1.0, servers.sample, readers.ended)
            readers.start()
            start = time.monotonic()
            calm = start + CALM * self.seconds
            while (now := time.monotonic()) < start + self.seconds:
                self.round(people, servers, calm=now > calm - BACK)
                assert readers.wrong == [], (readers.wrong[:3], servers.said())
            readers.ended.set()
            readers.join(timeout=60)
            sampler.join(timeout=60)
            self.ledger.counts["seconds"] = int(time.monotonic() - start)
            grown = list(servers.growth(calm))
            code, said = people["backups"].does("restore", str(self.kept), "--check")
            assert code == 0, said
            code, said = people["builds"].does("fixity")
            assert code == 0, said
            servers.stop()
        self.tell(readers, grown)
        assert readers.wrong == [], readers.wrong[:3]
        assert grown, "what long-living processes hold was compared"
        for name, first, last in grown:
            assert last.rss <= first.rss * (1 + MORE_SHARE) + MORE_RSS, f"{name}: {first} {last}"
            assert last.fds <= first.fds + MORE_FDS, f"{name}: {first} {last}"
        said = servers.said()
        assert said.count("Traceback") <= said.count(f"Error: {HALF_WRITTEN}"), said

    def tell(self, readers: Readers, grown: list[tuple[str, Sample, Sample]]) -> None:
        print(f"SEED={self.seed}", dict(self.ledger.counts), f"{len(self.ledger.known)} events")  # noqa: T201
        print(f"answers {dict(readers.answers)}, slowest {readers.slowest:.2f} s")  # noqa: T201
        for name, first, last in grown:
            print(  # noqa: T201
                f"{name}: {first.rss >> 20} -> {last.rss >> 20} MiB, {first.fds} -> {last.fds} descriptors"
            )


def _followed(servers: Servers, size: int) -> None:
    """Wait until all that was recorded is signed and public, which follows by itself."""
    end = time.monotonic() + BACK
    while (answer := servers.ask("site", "/log/checkpoint"))[1].split(b"\n")[1:2] != [b"%d" % size]:
        assert time.monotonic() < end, f"of {size} events the public head says {answer}"
        time.sleep(0.1)


def _every(seconds: float, do: object, ended: threading.Event) -> threading.Thread:
    def work() -> None:
        while not ended.wait(seconds):
            assert callable(do)
            do()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(20, id="short"),
        pytest.param(
            SECONDS, id="long", marks=[pytest.mark.torture, pytest.mark.timeout(2 * SECONDS + 900)]
        ),
    ],
)
def test_mixed_work_and_kills_for_a_long_time_break_nothing_and_nothing_grows(
    tmp_path: Path, seed: int, seconds: int
) -> None:
    Soak(tmp_path, seed, seconds).run()
