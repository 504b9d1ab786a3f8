"""How fast the site is written as files: all of it, and after one more fact (docs/benchmarks.md).

``python benchmarks/publish.py`` gives the commands that an archivist gives, on the bundled collection, in a temporary
folder, of which it leaves nothing.
"""
# ruff: noqa: INP001

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import report
from report import Row

ALL_SECONDS, ONE_SECONDS = 30, 3
#: A source of the collection, for a fact that nobody has stated.
BATCH = """source: source/abergavenny-chronicle-2023-07-20
events:
  - {{type: DevelopmentRecorded, id: development/benchmark-{number}, new: true, what: Something happened, kind: other,
     happened: {{edtf: 2020-09-17, basis: stated}}, evidence: [{{supports: [/what]}}]}}
"""


class Done(NamedTuple):
    """How long a command took, by the clock and of processors, in seconds, and what it said last."""

    clock: float
    work: float
    said: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--facts", type=int, default=5, help="how many facts are published, each by itself"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="powys-benchmark-") as name:
        report.machine()
        report.table(rows(Path(name), chosen.facts))


def rows(folder: Path, facts: int) -> Iterator[Row]:
    """Publish the collection, and each of some facts after it; yield what that took."""
    place = str(folder / "www")
    archive(folder, "init")
    whole = archive(folder, "publish", place)
    yield Row(f"the whole site: {whole.said}", said(whole), f"below {ALL_SECONDS} s", whole.clock < ALL_SECONDS)  # fmt: skip
    took = []
    for number in range(facts):
        batch = folder / "batch.yaml"
        batch.write_text(BATCH.format(number=number))
        archive(folder, "append", str(batch))
        os.sync()
        took.append(archive(folder, "publish", place))
    took.sort()
    middle = took[len(took) // 2]
    yield Row(
        f"after one more fact, median of {facts}: {middle.said}",
        f"{said(middle)}; {took[0].clock:.1f} to {took[-1].clock:.1f} s",
        f"below {ONE_SECONDS} s",
        middle.clock < ONE_SECONDS,
    )
    again = archive(folder, "publish", place)
    yield Row(f"with nothing new: {again.said}", said(again))


def archive(folder: Path, *arguments: str) -> Done:
    """Give a command of `archive`; raises CalledProcessError where it fails."""
    command = [sys.executable, "-m", "archive.cli", "--home", str(folder / "home"), *arguments]
    environment = {**os.environ, "ARCHIVE_URL": "https://archive.example"}
    before, start = worked(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    clock = time.perf_counter() - start
    return Done(clock, worked() - before, done.stdout.strip().rpartition(": ")[2])


def worked() -> float:
    """Return the processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def said(done: Done) -> str:
    """Return a time in words."""
    return f"{done.clock:.1f} s ({done.work:.1f} s of processors)"


if __name__ == "__main__":
    main()
