"""Bytes ready to be sent, kept for as long as the archive stands where it stood."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

#: What fits in one packet of 1,500 bytes with its headers arrives no sooner when it is compressed; in bytes.
SMALL = 860


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is sent: as it is and compressed, each with the strong ETag of just these bytes.

    What is small is not compressed: then ``packed`` is None, and ``packed_etag`` the other one. Where there is a
    ``stand``, the number of the event that last changed it, the ETags begin with it.
    """

    content: bytes
    packed: bytes | None
    etag: str
    packed_etag: str
    content_type: str
    changed: datetime | None
    stand: int | None = None


def body(
    content: bytes, content_type: str, changed: datetime | None = None, stand: int | None = None
) -> Body:
    """Return content made ready; ``changed`` is when it last can have changed, where that is known."""
    packed = gzip.compress(content, mtime=0) if len(content) > SMALL else None
    head = "" if stand is None else f"{stand}-"
    return Body(
        content=content,
        packed=packed,
        etag=head + _digest(content),
        packed_etag=head + _digest(content if packed is None else packed),
        content_type=content_type,
        changed=changed,
        stand=stand,
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


class Cache:
    """The bodies used last, by key. A key names the position in the log, so nothing ever goes stale."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._bodies: OrderedDict[Hashable, Body] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        self.made = 0

    def get(self, key: Hashable, make: Callable[[], Body]) -> Body:
        """Return the body of a key; one thread makes it while others that want the same one wait."""
        with self._lock:
            if found := self._found(key):
                return found
            gate = self._making.setdefault(key, threading.Lock())
        with gate:
            with self._lock:
                if found := self._found(key):
                    return found
            try:
                made = make()
            except BaseException:
                with self._lock:
                    self._making.pop(key, None)
                raise
            with self._lock:
                self._making.pop(key, None)
                self._bodies[key] = made
                self.made += 1
                if len(self._bodies) > self._size:
                    self._bodies.popitem(last=False)
            return made

    def _found(self, key: Hashable) -> Body | None:
        found = self._bodies.get(key)
        if found is not None:
            self._bodies.move_to_end(key)
        return found
