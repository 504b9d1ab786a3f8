"""Settings and fixtures of the tests of the log."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from events import log as log_module
from events.log import SqliteLog
from tests.events.examples import salts

# A busy machine is slow, not wrong: pytest's own timeout ends what hangs.
settings.register_profile("log", deadline=None, print_blob=True)
settings.load_profile("log")


@pytest.fixture
def seed() -> int:
    """A seed of its own for every run; pytest shows it when the test fails. SEED=n repeats a run."""
    number = int(os.environ.get("SEED") or secrets.randbelow(2**32))
    print(f"SEED={number}")  # noqa: T201
    return number


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    """An empty log whose clock tells a minute more each time and whose salts count."""
    minutes = itertools.count()
    with SqliteLog.create(
        tmp_path / "log.db",
        clock=lambda: f"2031-03-06T08:{next(minutes):02}:00Z",
        salt=salts(),
    ) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a lock no longer than a test may take."""
    monkeypatch.setattr(log_module, "BUSY_SECONDS", 0.05)
