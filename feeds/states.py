"""Which state the published file is in, told without a lock, and cheaply enough to be asked at every request.

SQLite counts the commits of a file at byte 24 of it (https://www.sqlite.org/fileformat2.html, 1.3.7). That
number and the file it was read from name a state, as far as they were read *inside of a transaction*: whoever
holds SQLite's shared lock keeps every writer from touching the file. Read without the lock it says less, but
enough to compare with. While a commit is being written, it is the old number or the new one:

- The old one: nobody has been told of the new state yet, so the old one may be shown.
- The new one: nothing can have been read under it, for a reader waits until the commit is done. Where the
  writer was killed before that, the next one undoes what it wrote, and gives the number to a state of its own:
  under the number there is still nothing.

So what was made is put away under the number seen inside of the transaction it was read in, and found by the
one seen lately: it is older than the last commit before the question by a millisecond at most.
"""

from __future__ import annotations

import math
import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

#: Bytes 18 and 19 say how the file is written and read: by a rollback journal. With a write-ahead log the
#: number stays the same over commits, and says nothing.
_FROM, _LENGTH, _JOURNAL = 18, 10, b"\x01\x01"
#: For how long what was seen of the file is believed, in seconds.
BELIEVED = 0.001


class State(NamedTuple):
    """A state of the published file: which file it is, and the bytes of its head with the number of commits."""

    device: int
    inode: int
    head: bytes


class _Held(NamedTuple):
    device: int
    inode: int
    handle: int


class _Seen(NamedTuple):
    """What the file showed, and when it was looked at (monotonic clock)."""

    at: float
    state: State | None


class States:
    """The states of the file at a path, whichever file that is."""

    def __init__(self, path: Path) -> None:
        self._path = os.fspath(path.absolute())
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._before: list[_Held] = []
        self._seen = _Seen(-math.inf, None)

    def lately(self) -> State | None:
        """Return the state that the file showed now, or at most a millisecond ago.

        To look at a file is to let go of Python's lock: where several threads are busy, each look is a wait.
        """
        at = time.monotonic()
        seen = self._seen
        if at - seen.at > BELIEVED:
            seen = self._seen = _Seen(at, self.now())
        return seen.state

    def now(self) -> State | None:
        """Return the state that the file shows; None where there is no file, or it does not say.

        Only where the caller is inside of a transaction, this is for sure the state that is being read.
        """
        try:
            status = os.stat(self._path)  # noqa: PTH116 (Path.stat takes twice as long)
            held = self._held
            if held is None or held.inode != status.st_ino or held.device != status.st_dev:
                held = self._hold()
            head = os.pread(held.handle, _LENGTH, _FROM)
        except OSError:
            return None
        if len(head) < _LENGTH or not head.startswith(_JOURNAL):
            return None
        return State(held.device, held.inode, head)

    def _hold(self) -> _Held:
        """Open the file that is at the path now.

        The one before stays open. To close it would take from this process, by the rules of POSIX, all locks
        on it, those of connections that still read it among them; and while it is open no new file gets its
        inode, so that a state is never taken for one of another file.
        """
        with self._lock:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            status = os.fstat(handle)
            held = _Held(status.st_dev, status.st_ino, handle)
            if self._held is not None:
                self._before.append(self._held)
            self._held = held
            return held

    def close(self) -> None:
        """Close what is open; no connection to the file may be in use."""
        with self._lock:
            for held in (*self._before, *filter(None, (self._held,))):
                os.close(held.handle)
            self._held = None
            self._before.clear()
