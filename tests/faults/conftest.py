"""Fixtures of the tests of faults."""

from __future__ import annotations

import os
import secrets

import pytest


@pytest.fixture
def seed() -> int:
    """A seed of its own for every run, printed; SEED=n repeats its choices (not the moments of a kill)."""
    number = int(os.environ.get("SEED") or secrets.randbelow(2**32))
    print(f"SEED={number}")  # noqa: T201
    return number
