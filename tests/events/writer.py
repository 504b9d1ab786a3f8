"""A process that writes to a log, for tests that run several of them, kill them, or fill their disk.

``python -m tests.events.writer MODE PATH NAME COUNT SEED``. It says what was acknowledged, a line each.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from random import Random

from events import log as log_module
from events.codec import build
from events.envelope import NewEvent
from events.errors import EventsError, LogError, OutcomeUnknown
from events.log import SqliteLog


def batch(name: str, number: int, seed: int) -> list[NewEvent]:
    """Return the events of one append: one to five, always the same ones."""
    random = Random(f"{seed}/{name}/{number}")
    return [
        build(
            "EntityRecorded",
            {
                "id": f"topic/{name}-{number}-{place}",
                "new": True,
                "kind": "topic",
                "name": f"Topic {number}.{place} of {name}",
                "note": "Llyfrgelloedd " * random.randint(1, 100) + "Aberdulas",
            },
        )
        for place in range(random.randint(1, 5))
    ]


def key(name: str, number: int) -> str:
    return f"{name}/{number}"


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201 (how it talks to the test)


def write(path: Path, name: str, count: int, seed: int) -> None:
    """Append batches one after the other, once told to go."""
    with SqliteLog(path) as log:
        say("ready")
        sys.stdin.readline()
        for number in range(count):
            seqs = log.append(batch(name, number, seed), key=key(name, number))
            say(number, *seqs)


def repeat(path: Path, name: str, count: int, seed: int) -> None:
    """Append the same batch with the same key again and again."""
    with SqliteLog(path) as log:
        say("ready")
        sys.stdin.readline()
        for _ in range(count):
            say(*log.append(batch("same", 0, seed), key="the same key"))


def fill(path: Path, name: str, count: int, seed: int) -> None:
    """Append until the file may not grow any more; then again, with room, what was refused."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + count, limits[1]))
    with SqliteLog(path) as log:
        number = 0
        while True:
            try:
                seqs = log.append(batch(name, number, seed), key=key(name, number))
            except (LogError, OutcomeUnknown) as error:
                say(type(error).__name__, log.size, error)
                break
            say("stored", number, *seqs)
            number += 1
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        say("again", number, *log.append(batch(name, number, seed), key=key(name, number)))
        say("again", number, *log.append(batch(name, number, seed), key=key(name, number)))


if __name__ == "__main__":
    mode, where, who, how_many, which = sys.argv[1:]
    log_module.BUSY_SECONDS = 60.0  # a busy machine is slow, not wrong
    try:
        {"write": write, "repeat": repeat, "fill": fill}[mode](
            Path(where), who, int(how_many), int(which)
        )
    except EventsError as problem:
        say(type(problem).__name__, problem)
        sys.exit(1)
