"""Which entries each feed has, by kind. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

#: Stands for every kind.
EVERY = ("*",)


class Kinds(NamedTuple):
    """Kinds of entries, as patterns (``correction/*`` is a family), and of the records that they announce or correct."""

    entries: tuple[str, ...] = EVERY
    records: tuple[str, ...] = EVERY

    def among(self, changed: Iterable[tuple[str, str | None]]) -> bool:
        """Tell whether one of these entries, each a kind and the kind of its record, is of these kinds."""
        return any(
            any(fnmatchcase(kind, pattern) for pattern in self.entries)
            and (self.records == EVERY or record in self.records)
            for kind, record in changed
        )


#: A correction is news of its own in each feed that has the record: few readers show that an entry has changed.
KINDS = {
    "all": Kinds(),
    "developments": Kinds(records=("development", "meeting", "doc", "outcome", "tenure")),
    "corrections": Kinds(("correction/*",)),
    "commitments": Kinds(records=("commitment", "outcome")),
    "removals": Kinds(("correction/withheld", "correction/released", "correction/erased")),
    "documents": Kinds(records=("doc",)),
    "figures": Kinds(records=("figure",)),
}
