"""A folder whose content is put in place as a whole: a release beside the last one, and one name that changes.

    DIR/current -> releases/7     what is served; changed by one rename
    DIR/releases/7                the files, shared with the release before where they did not change
    DIR/lock                      held while a release is made

Killed at any moment, ``current`` is the old release or the new one. What else is left is swept by the next.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from archive.keeping.folders import make_folder, sync_folder
from events.errors import EventsError

CURRENT, RELEASES, LOCK = "current", "releases", "lock"


class NotPublished(EventsError):
    """The release was not made; what stood before stands."""


class Release(NamedTuple):
    """A folder to be filled, and the one that stands, None where there is none."""

    folder: Path
    before: Path | None


@contextlib.contextmanager
def release(place: Path) -> Iterator[Release]:
    """Yield a new release, and put it in place after the block; the one before is removed then.

    Raises NotPublished where the folder holds something else, or somebody else makes a release; where the block raises,
    or the disk refuses, the release before stands.
    """
    _demand_ours(place)
    make_folder(place)
    make_folder(place / RELEASES)
    with _locked(place):
        standing = _standing(place)
        _sweep(place, standing)
        number = int(standing.name) + 1 if standing else 1
        draft = place / RELEASES / str(number)
        draft.mkdir()
        try:
            yield Release(draft, standing)
            # Thousands of small files: one sync of all is quicker than one of each, and as sure.
            os.sync()
            fresh = place / f"{CURRENT}.new"
            fresh.symlink_to(Path(RELEASES, str(number)), target_is_directory=True)
            fresh.replace(place / CURRENT)
            sync_folder(place)
        except BaseException:
            if _standing(place) != draft:
                shutil.rmtree(draft, ignore_errors=True)
            raise
        _sweep(place, draft)


def _demand_ours(place: Path) -> None:
    if place.exists() and any(place.iterdir()) and not (place / LOCK).exists():
        raise NotPublished(
            f"{place} holds something that was not published here: name a new folder, or an empty one"
        )


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[None]:
    with (place / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotPublished(
                f"{place} is being published to by another process: wait until it has ended"
            ) from None
        yield


def _standing(place: Path) -> Path | None:
    """Return the release that stands; None where there is none yet."""
    try:
        target = (place / CURRENT).readlink()
    except FileNotFoundError:
        return None
    found = place / target
    if not found.is_dir() or not found.name.isdecimal():
        raise NotPublished(f"{place / CURRENT} leads to {target}, which is no release: remove it")
    return found


def _sweep(place: Path, kept: Path | None) -> None:
    """Remove what stands no more: with the last name of a file its content goes, too."""
    (place / f"{CURRENT}.new").unlink(missing_ok=True)
    for one in sorted((place / RELEASES).iterdir()):
        if one != kept:
            shutil.rmtree(one)
    sync_folder(place / RELEASES)
