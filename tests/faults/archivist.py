"""The real command line in processes that can be killed by the hundred: forked from one that has imported it.

``python -m tests.faults.archivist HOME`` reads a line of JSON and forks a child that does it; one at a time. The
child is what gets killed. What it said, and how it ended, are lines on standard output.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from random import Random
from typing import Any, Self

from archive.cli import main
from archive.home import Home
from archive.serving.follower import Follower
from events import log as log_module

ROOT = Path(__file__).parents[2]
#: Events of one batch at most.
MOST = 4
ORIGIN = "aberdulas.example/log"


def slugs(name: str, number: int, seed: int) -> list[str]:
    """Return what the batch of this number by this writer is about: one to four topics."""
    count = Random(f"{seed}/{name}/{number}").randint(1, MOST)
    return [f"topic/{name}-{number}-{place}" for place in range(count)]


def write_batch(path: Path, name: str, number: int, seed: int) -> Path:
    """Write that batch as a file, as an archivist would; the same one every time."""
    random = Random(f"{seed}/{name}/{number}/words")
    lines = ["events:"]
    for slug in slugs(name, number, seed):
        note = "Llyfrgelloedd " * random.randint(1, 60) + "Aberdulas"
        lines += [
            f"  - {{type: EntityRecorded, id: {slug}, new: true, kind: topic, name: Topic {slug[6:]}, note: {note}}}"
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# --- In the process that forks


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201 (how it talks to the test)


def command(home: Path, *words: str) -> int:
    """Run a command of the archive; return its exit code."""
    try:
        main(["--home", str(home), *words])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    raise AssertionError("unreachable: click leaves by SystemExit")


def appending(home: Path, name: str, seed: int, first: int, pause: float) -> None:
    """Append one batch after the other until killed."""
    random = Random(f"{seed}/{name}/{first}/pauses")
    number = first
    while True:
        path = write_batch(home.parent / f"{name}.yaml", name, number, seed)
        say("begin", number)
        say("code", command(home, "append", str(path)))
        number += 1
        time.sleep(random.uniform(0, 2 * pause))


def again(home: Path, pause: float, *words: str) -> None:
    """Give the same command again and again until killed."""
    while True:
        say("code", command(home, *words))
        time.sleep(pause)


def follow(home: Path) -> None:
    """Let the tables follow the log until killed."""
    follower = Follower(Home(home), say)
    follower.start()
    follower.join()


def once(home: Path, *words: str) -> None:
    say("code", command(home, *words))


def at(home: Path, stamp: str, *words: str) -> None:
    """Give a command while the machine's clock says something else."""

    class Changed(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromisoformat(stamp).astimezone(tz)

    log_module.datetime = Changed
    once(home, *words)


def serve_orders(home: Path) -> None:
    """Fork a child for each order, and tell when it has ended."""
    doing = {"append": appending, "again": again, "follow": follow, "once": once, "at": at}
    for line in sys.stdin:
        what, *values = json.loads(line)
        child = os.fork()
        if not child:
            status = 70
            try:
                sys.stderr = sys.stdout  # one stream, or its order is lost
                say("child", os.getpid())
                doing[what](home, *values)
                status = 0
            finally:
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        say("dead", os.waitstatus_to_exitcode(ended))


# --- In the test


class Archivist:
    """Somebody at a terminal of their own, whose commands can be killed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.pid: int | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.archivist", str(home)],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._reader.join(timeout=60)
        self._process.stdout.close()

    def order(self, what: str, *values: Any) -> None:
        """Let a child begin something."""
        assert self.pid is None, "one thing at a time"
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([what, *values]) + "\n")
        self._process.stdin.flush()
        # A line of a child that was killed may lack its end: what follows it begins in its middle.
        line = self._lines.get(timeout=60)
        assert line.startswith("child "), line
        self.pid = int(line.split()[1])

    def kill(self) -> list[str]:
        """Kill the child, if there is one; return the whole lines it had said."""
        if self.pid is None:
            return []
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self.ended()[0]

    def ended(self) -> tuple[list[str], int]:
        """Wait until the child has ended; return the whole lines it said, and its status."""
        said = []
        while not (line := self._lines.get(timeout=120)).rstrip().rpartition("dead ")[1]:
            assert line, "the process that forks has ended"
            said.append(line.rstrip("\n"))
        self.pid = None
        return said, int(line.rstrip().rpartition("dead ")[2])

    def does(self, *words: str, at: str | None = None) -> tuple[int, list[str]]:
        """Give one command, perhaps with another clock; return its exit code and what it said."""
        self.order(*(("at", at) if at else ("once",)), *words)
        return self.did()

    def did(self) -> tuple[int, list[str]]:
        """Wait for the end of the one command that was given; return its exit code and what it said."""
        said, _ = self.ended()
        assert said, "it ended without a word"
        assert said[-1].startswith("code "), said
        return int(said[-1].split()[1]), said[:-1]


def told(lines: list[str]) -> Iterator[tuple[int, int, list[int]]]:
    """Yield number, exit code (-1: none was told) and numbers of events of each batch that was begun."""
    number, code, seqs = None, -1, []
    for line in [*lines, "begin -1"]:
        if line.startswith("begin "):
            if number is not None:
                yield number, code, seqs
            number, code, seqs = int(line.split()[1]), -1, []
        elif line.startswith("code "):
            code = int(line.split()[1])
        elif match := re.match(r"E([0-9]+)  ", line):
            seqs.append(int(match[1]))


class Ledger:
    """What archivists were told is recorded; what they were not told is put to the question again."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.seed = home, seed
        self.known: dict[int, str] = {}
        self.next: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    def begin(self, who: str, person: Archivist, pause: float = 0.0) -> None:
        """Let an archivist append batches until killed."""
        person.order("append", who, self.seed, self.next[who], pause)

    def end(self, who: str, person: Archivist) -> int | None:
        """Kill an archivist and enter what they were told; return the number of a batch left in doubt."""
        self.counts["writers killed"] += 1
        doubtful = None
        said = person.kill()
        self.codes("append", said)
        for number, code, seqs in told(said):
            assert doubtful is None, f"batch {doubtful} of {who} was refused: {said}"
            if (
                seqs and code == -1
            ):  # killed while it was told, event by event: all of it is recorded
                seqs.extend(range(seqs[-1] + 1, seqs[0] + len(slugs(who, number, self.seed))))
            if seqs:
                self._enter(who, number, seqs)
            else:
                doubtful = number
        return doubtful

    def again(self, who: str, person: Archivist, number: int) -> None:
        """Append a batch of which it is unknown whether it is stored: the same file again stores it once."""
        self.counts["in doubt"] += 1
        path = write_batch(self.home.parent / f"{who}.yaml", who, number, self.seed)
        code, lines = person.does("append", str(path))
        assert code == 0, lines
        said = "\n".join(lines)
        self.counts["stored, but not told"] += "recorded before" in said
        self._enter(who, number, [int(seq) for seq in re.findall(r"\bE([0-9]+)\b", said)])

    def codes(self, what: str, said: list[str]) -> None:
        """Count how commands ended; what is refused, or unknown, is said in a sentence."""
        for line in said:
            assert "Traceback" not in line, said
            if line.startswith("code "):
                self.counts[f"{what}: exit {line[5:]}"] += 1
                assert line[5:] in ("0", "1", "3"), said

    def _enter(self, who: str, number: int, seqs: list[int]) -> None:
        about = slugs(who, number, self.seed)
        assert len(seqs) == len(about), (who, number, seqs)
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "a batch stands together"
        self.known.update(zip(seqs, about, strict=True))
        self.next[who] = number + 1


if __name__ == "__main__":
    serve_orders(Path(sys.argv[1]))
