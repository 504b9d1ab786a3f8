"""The way back in: an archive made of an exported log, in an empty home."""

from __future__ import annotations

from pathlib import Path

from archive.home import Home
from archive.keeping.backup import told
from archive.keeping.bags import verify_bag
from archive.keeping.export import Exported, read_entries, verified
from events.errors import LogDamaged


def import_lines(path: Path, home: Home, *, head: Path | None = None) -> Exported:
    """Fill an empty home with an exported log, or with that of a bag, and return what was read.

    The root is the same as before; what was left out is missing, as if erased. ``head`` is a head or
    checkpoint that the log must extend, if it is that long; a bag's own is always compared. Raises CodecError
    or LogDamaged when it is not what was exported, LogError when the home holds an archive.
    """
    source = path
    if path.is_dir():
        if findings := verify_bag(path):
            raise LogDamaged(f"{path} is not a whole bag: {'; '.join(findings[:3])}")
        source = path / "data" / "log.jsonl"
    with told(f"nothing was imported from {path}"):
        done = verified(source, head)
        home.create(read_entries(source), bytes.fromhex(done.root))
    return done
