"""What tests of the archive share."""

from __future__ import annotations

import os
import secrets

import pytest


@pytest.fixture
def seed() -> int:
    """A seed of its own for every run; pytest shows it when the test fails. SEED=n repeats a run."""
    number = int(os.environ.get("SEED") or secrets.randbelow(2**32))
    print(f"SEED={number}")  # noqa: T201
    return number
