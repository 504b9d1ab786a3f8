"""What tests of the archive share."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import pytest

from archive.home import Home


@pytest.fixture
def home(settled: Path, tmp_path: Path) -> Home:
    """A home of its own for a test, copied from ``settled``, which its module makes once."""
    return Home(shutil.copytree(settled, tmp_path / "home"))


@pytest.fixture
def seed() -> int:
    """A seed of its own for every run; pytest shows it when the test fails. SEED=n repeats a run."""
    number = int(os.environ.get("SEED") or secrets.randbelow(2**32))
    print(f"SEED={number}")  # noqa: T201
    return number
