"""The table that every benchmark prints: what was measured, against which limit, and whether it holds."""
# ruff: noqa: INP001

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """A line of the table; ``holds`` is None where there is no limit."""

    what: str
    measured: str
    limit: str = ""
    holds: bool | None = None


def machine() -> None:
    """Print on what is measured, and how busy it was before."""
    busy = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, SQLite {sqlite3.sqlite_version}, load before: {busy:.1f}")  # noqa: T201


def table(rows: Iterable[Row]) -> None:
    """Print rows as they come, as Markdown."""
    print("\n| what | measured | limit | holds |\n| --- | --- | --- | --- |")  # noqa: T201
    for row in rows:
        holds = {None: "", True: "yes", False: "**no**"}[row.holds]
        print(f"| {row.what} | {row.measured} | {row.limit} | {holds} |", flush=True)  # noqa: T201
