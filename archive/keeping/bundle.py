"""The bundled collection: the canonical log that every install starts from, byte for byte.

``python -m archive.keeping.bundle HOME`` writes it anew from an archive that was made from it and then grew.
"""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path

from archive.home import Home
from events import transfer
from events.errors import EventsError
from events.log import SqliteLog


class NotAnExtension(EventsError):
    """The new log does not begin with the events of the bundled one."""


def load() -> tuple[list[transfer.Entry], bytes]:
    """Return the entries and the root of the bundled collection."""
    with path().open(encoding="ascii") as lines:
        return transfer.parse(lines)


def path() -> Path:
    """Return where the bundled log lies."""
    return Path(str(resources.files("events"))) / "powys" / "log.jsonl"


def extend(log: SqliteLog, target: Path) -> int:
    """Write a log to the bundled file and return its size; raise NotAnExtension unless it only grew."""
    new = [(envelope, disclosures) for _, envelope, disclosures in log.entries()]
    if target.exists():
        with target.open(encoding="ascii") as lines:
            old, _ = transfer.parse(lines)
        if new[: len(old)] != old:
            raise NotAnExtension(
                f"this log does not begin with the {len(old)} events of {target.name}"
            )
    draft = target.with_suffix(".new")
    draft.write_text("".join(transfer.lines(new, log.root())), encoding="ascii")
    draft.replace(target)
    return len(new)


if __name__ == "__main__":
    with Home(Path(sys.argv[1])).log() as grown:
        print(extend(grown, path()), "events written to", path().name)  # noqa: T201 (a program's output)
