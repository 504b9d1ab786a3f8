"""The tables as the archive stood at an earlier event or moment, in a file of their own.

What was withheld or erased since stays so: nothing looks behind an act.
"""

from __future__ import annotations

import bisect
import os
import re
from pathlib import Path

from archive.projector import Applied, Progress, make
from archive.rebuilding.scratch import scratch
from archive.store import synced
from events.errors import EventsError
from events.log import Log

_EVENT = re.compile(r"E?([0-9]{1,15})")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")
#: Beside the file that is to be made: what it is made of.
_MAKING = ".as-of-"


class CannotBuild(EventsError):
    """There is no such event or moment, or a file is in the way; nothing was made."""


def size_at(log: Log, text: str) -> int:
    """Return how many events a log had once an event (``E47``) was recorded, or at a moment.

    A moment is a UTC second (``2026-11-22T12:00:00Z``) or a day, which is taken to its end. Raises
    CannotBuild.
    """
    if match := _EVENT.fullmatch(text):
        seq = int(match[1])
        if seq >= log.size:
            raise CannotBuild(f"there is no E{seq}; the log has {log.size} events")
        return seq + 1
    if not (match := _MOMENT.fullmatch(text)):
        raise CannotBuild(f"{text[:60]!r} is not E47, 2026-11-22 or 2026-11-22T12:00:00Z")
    moment = text if match[2] else f"{text}T23:59:59Z"
    # No event is recorded before the one in front of it, whatever the clock said.
    return bisect.bisect_right(
        range(log.size), moment, key=lambda seq: log.get([seq])[0].recorded_at
    )


def build(log: Log, path: Path, size: int, progress: Progress, *, live: Path) -> Applied:
    """Make the tables of the first ``size`` events as a new file at ``path``; raise CannotBuild where one is.

    ``live`` are the tables that follow the log, where none of the past may ever stand.
    """
    if path.resolve() == live.resolve():
        raise CannotBuild(f"{path} is for the tables that follow the log: choose another file")
    if path.exists():
        raise CannotBuild(
            f"{path} is there already: tables of the past are never written over a file"
        )
    if not path.parent.is_dir():
        raise CannotBuild(f"there is no folder {path.parent} to make {path.name} in")
    with scratch(path.parent, _MAKING) as folder:
        file = folder / "archive.db"
        applied = make(log, file, size, progress)
        synced(file)
        try:
            os.link(file, path)  # unlike a rename, never over a file that came meanwhile
        except FileExistsError:
            raise CannotBuild(f"{path} came meanwhile, and is left as it is") from None
    return applied
