"""The public log for others to keep, as JSON Lines: written, and read again.

What was withheld or erased is left out, and the private texts are never in it. Every hash is computed anew
before anything is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from archive.keeping.backup import FIRST, CannotKeep, synced, told
from archive.keeping.fixity import check, read_head
from archive.keeping.folders import sync_folder
from archive.rebuilding.scratch import scratch
from events import disclosure, transfer
from events.acts import Acts
from events.checkpoint import Checkpoint
from events.errors import CodecError, LogDamaged
from events.log import SqliteLog

#: Beside the target: what is being written. What a killed export left is swept by the next one.
EXPORTING = ".archive-export-"
#: Beside a checkpoint: the key to check it with (C2SP verifier key), as its maker says it is.
VKEY = "vkey"


class Exported(NamedTuple):
    """What was written or read: its size and root, how many events a head has beyond it (``missing``), the
    size of that head, None where there is none, and what an outsider would ask about.
    """

    size: int
    root: str
    missing: int
    head: int | None
    alarms: tuple[str, ...]


def beside(lines: Path) -> tuple[Path, Path]:
    """Return where checkpoint and verifier key of exported lines are: beside them in a bag, else named after them."""
    if (inside := lines.with_name("checkpoint")).exists():
        return inside, lines.with_name(VKEY)
    return lines.with_name(f"{lines.name}.checkpoint"), lines.with_name(f"{lines.name}.{VKEY}")


def export_lines(
    log: SqliteLog, target: Path, *, head: Path | None = None, vkey: str | None = None
) -> Exported:
    """Write the public log to a file, an event a line; with a head file, also ``<target>.checkpoint``.

    ``vkey`` is the key to check that with, and goes into ``<target>.vkey``. A key from the same place proves
    nothing unless it is compared with one from elsewhere.

    Memory is bounded. Raises LogDamaged when the log is not what was recorded or signed, CannotKeep when
    there is such a file or the disk refuses; then nothing is left behind.
    """
    place = target.absolute()
    note, key = (place.with_name(f"{place.name}.{name}") for name in ("checkpoint", VKEY))
    with (
        told(f"nothing was written to {target}"),
        scratch(place.parent, EXPORTING) as space,
    ):
        _demand_free(place)
        lines, checkpoint = space / "lines", space / "checkpoint"
        done = write(log, lines, checkpoint, head)
        if head and vkey:
            (draft := space / VKEY).write_text(f"{vkey}\n", encoding="utf-8")
            synced(draft)
            _put(draft, key)
        if head:
            _put(checkpoint, note)
        lines.replace(place)  # the name that says it is done comes last
        sync_folder(place.parent)
    return done


def _put(draft: Path, place: Path) -> None:
    """Give a file its name, unless the very same is there: an export may have been interrupted."""
    if not (place.exists() and place.read_bytes() == draft.read_bytes()):
        _demand_free(place)
        draft.replace(place)


def _demand_free(place: Path) -> None:
    if place.exists():
        raise CannotKeep(f"{place} exists already and is not written over: choose another name")


def write(log: SqliteLog, lines: Path, note: Path, head: Path | None) -> Exported:
    """Write the lines and the checkpoint of a log, all of it verified."""
    if head:  # before looking at the log, which only grows
        shutil.copyfile(head, note)
    checkpoint = read_head(note) if head else None
    acts = log.acts()
    size, root = acts.size, log.root(acts.size)
    found = check(lambda: log.entries(0, size), Checkpoint("this log", size, root), checkpoint)
    if found.missing:
        raise LogDamaged(f"{found.missing} events of the signed head are not in the log: {FIRST}")
    with lines.open("w", encoding="ascii", newline="\n") as file:
        file.writelines(transfer.lines(_public(log, acts, size), root))
    synced(lines)
    if log.acts().size > size and any(act.seq >= size for act in acts):
        raise CannotKeep("something was withheld or erased while it was being written: do it again")
    return Exported(size, found.root, 0, checkpoint and checkpoint.size, found.alarms)


def _public(log: SqliteLog, acts: Acts, size: int) -> Iterator[transfer.Entry]:
    """Yield the entries without what acts hide."""
    for seq, envelope, items in log.entries(0, size):
        hidden = acts.hiding(seq)
        yield envelope, [item for item in items if disclosure.digest(item) not in hidden]


def verified(source: Path, head: Path | None) -> Exported:
    """Check exported lines against their own root, and a checkpoint where there is one."""
    checkpoint = read_head(head) if head else None
    with _opened(source) as lines:
        entries = transfer.Entries(_plain(lines))
        size = sum(1 for _ in entries)
        claimed = Checkpoint(source.name, size, entries.root())
    found = check(
        lambda: ((seq, *entry) for seq, entry in enumerate(read_entries(source))),
        claimed,
        checkpoint,
        public=True,
    )
    signed = checkpoint and checkpoint.size
    return Exported(found.size, found.root, found.missing, signed, found.alarms)


def read_entries(source: Path) -> Iterator[transfer.Entry]:
    """Yield exported entries; raise CodecError or LogDamaged where they are not as they were written."""
    with _opened(source) as lines:
        yield from transfer.Entries(_plain(lines))


def _opened(source: Path) -> TextIO:
    return source.open(encoding="ascii", newline="\n")


def _plain(lines: Iterable[str]) -> Iterator[str]:
    """Pass on lines as we write them; raise CodecError for a blank, which JSON would allow."""
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if line.split() != [line[:-1]] or line[-1] != "\n":
                raise CodecError(f"line {number} is not as it was exported")
            yield line
    except UnicodeDecodeError:
        raise CodecError(f"after line {number}: there are bytes beyond ASCII") from None
