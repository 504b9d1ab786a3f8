"""Which columns of a wide table a page need not show at first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: Every date is told three times: as stated, and by the first and the last day that can be meant.
_BOUNDS = ("_earliest", "_latest")


def folded(
    columns: Iterable[Mapping[str, Any]], rows: Sequence[Iterable[Mapping[str, Any]]], *asked: str
) -> list[str]:
    """Return the columns that say nothing on this page: empty in every row, or bounds of a date that is shown.

    The first column stays, and whatever the reader has sorted or filtered by (``asked``).
    """
    names = [column["name"] for column in columns]
    filled = {
        cell["column"]
        for row in rows
        for cell in row
        if cell["raw"] is not None and cell["raw"] != ""
    }
    wanted = {name.partition("__")[0] for name in asked}
    return [
        name
        for name in names[1:]
        if name not in wanted and (name not in filled or _bound(name, filled))
    ]


def _bound(name: str, filled: set[str]) -> bool:
    return any(name.endswith(end) and name.removesuffix(end) in filled for end in _BOUNDS)
