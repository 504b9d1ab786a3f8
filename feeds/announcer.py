"""A WebSub hub is told of every change, at least once: after errors, restarts and kills, and never in the way of others.

What a hub is told is that a feed is new, not what is in it: it comes and fetches the feed. So any number of changes
while it cannot be reached make one call for each feed, and a call too many does no harm.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from feeds import queries, websub
from feeds.library import Library, Unavailable
from feeds.settings import Settings

#: How often to look whether there is something new, in seconds.
EVERY = 0.5
#: How long to wait after a failed call: FIRST_PAUSE, then twice as long each time; LONGEST_PAUSE at the most.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 3600.0
#: How long a hub may be silent, and how long it may take in all.
PATIENCE = 10.0
DEADLINE = 20.0
#: How long an end waits for a call that is under way; a call cut off is made again at the next start.
FAREWELL = 1.0

Echo = Callable[[str], object]


class NotTaken(Exception):
    """A hub answered, but not that it will pass a feed on; ``pause`` is how long it wants to be left alone."""

    def __init__(self, status: int, pause: float) -> None:
        super().__init__(f"it answered {status}")
        self.pause = pause


class Announcer(threading.Thread):
    """A thread that tells the hub of the settings which feeds have changed.

    ``memory`` is a file that says how many events the hub has been told of. Without one, or with that of another
    hub, it begins with what comes next: nobody can have subscribed before.
    """

    def __init__(self, settings: Settings, memory: Path, echo: Echo) -> None:
        super().__init__(name="announcer", daemon=True)
        self._settings = settings
        self._library = Library(settings.archive_db)
        self._memory = memory
        self._echo = echo
        self._ended = threading.Event()
        self._seen: int | None = None
        self._waiting: list[str] = []
        self._pause = FIRST_PAUSE
        self._due = 0.0
        self._closed = 0.0
        self._trouble: str | None = None

    def begin(self) -> None:
        """Fix from which event on the hub is told, before the site is there and anybody can subscribe."""
        try:
            self._look()
        except (OSError, Unavailable) as error:
            self._fail(str(error))

    def stop(self) -> None:
        """End the thread; what the hub has not been told by now it is told after the next start."""
        self._ended.set()
        self.join(FAREWELL)
        self._library.close()

    def run(self) -> None:
        """Announce until stopped; report an error once, and try again until it is mended."""
        while not self._ended.wait(EVERY):
            try:
                new = self._look()
                now = time.monotonic()
                if self._waiting and now >= self._closed and (new or now >= self._due):
                    self._tell()
            except Unavailable:
                pass  # the tables are being made anew: those who make them say so
            except Exception as error:  # noqa: BLE001 - whatever it is, the archive goes on
                self._fail(f"{type(error).__name__}: {error}")

    def _look(self) -> bool:
        """Take note of the feeds that changed since the last look; tell whether there are any."""
        with self._library.open() as conn:
            size = queries.position(conn).events
            if self._seen is None:
                self._seen = self._remembered()
            if self._seen is None or self._seen > size:  # the first start, or the log of a backup
                self._remember(size)
                return False
            if self._seen == size:
                return False
            found = websub.topics(conn, self._settings, self._seen - 1)
        self._seen = size
        known = set(found)
        self._waiting = [*found, *(one for one in self._waiting if one not in known)]
        if not self._waiting:
            self._remember(size)
        return bool(found)

    def _tell(self) -> None:
        """Tell the hub of all feeds that wait, until it does not take one; that one is the last next time."""
        while self._waiting and not self._ended.is_set():
            topic = self._waiting[0]
            try:
                ping(self._settings.hub, topic)
            except (OSError, http.client.HTTPException, ValueError, NotTaken) as error:
                self._waiting = [*self._waiting[1:], topic]
                self._closed = time.monotonic() + getattr(error, "pause", 0.0)
                self._fail(str(error) or type(error).__name__)
                return
            del self._waiting[0]
            self._pause = FIRST_PAUSE
        if not self._waiting and self._seen is not None:
            if self._trouble is not None:
                self._echo(f"The hub {self._settings.hub} is told of what is new again.")
            self._trouble = None
            self._remember(self._seen)

    def _fail(self, trouble: str) -> None:
        self._due = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if trouble != self._trouble:
            self._echo(
                f"The hub {self._settings.hub} cannot be told of what is new ({trouble}). All else goes on; trying"
                " again. ARCHIVE_HUB says which hub it is."
            )
        self._trouble = trouble

    def _remembered(self) -> int | None:
        """Return how many events this hub has been told of; 0, so that it is told of all, when nobody can say."""
        try:
            said = json.loads(self._memory.read_bytes())
            return int(said["events"]) if said["hub"] == self._settings.hub else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def _remember(self, size: int) -> None:
        self._seen = size
        said = json.dumps({"hub": self._settings.hub, "events": size}) + "\n"
        fresh = self._memory.with_name(f"{self._memory.name}.new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(said)
            file.flush()
            os.fsync(
                file.fileno()
            )  # else the name could be durable before the content, and the file empty
        fresh.replace(self._memory)


def ping(hub: str, topic: str) -> None:
    """Tell a hub that a feed is new, as hubs have been told since PubSubHubbub 0.3 (WebSub leaves it open).

    Raises NotTaken for any answer but 2xx (redirections are not followed), OSError or HTTPException where there is
    none in time, ValueError for an address that is none.
    """
    parts = urlsplit(hub)
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=PATIENCE)
    body = urlencode({"hub.mode": "publish", "hub.url": topic})
    place = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with contextlib.closing(connection):
        connection.connect()
        guard = threading.Timer(DEADLINE, _hang_up, (connection.sock,))
        guard.daemon = True
        guard.start()
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", place, body, {**headers, "User-Agent": "powys-archive"})
            response = connection.getresponse()
        finally:
            guard.cancel()
        if response.status // 100 != 2:
            raise NotTaken(response.status, _seconds(response.headers.get("Retry-After")))


def _hang_up(line: socket.socket) -> None:
    """End a connection whose other end sends a byte now and then: each of them would be in time."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)  # not that of TLS, which first says goodbye


def _seconds(wish: str | None) -> float:
    """Return for how long a hub wants to be left alone; a date in Retry-After is not looked at."""
    return min(float(wish), LONGEST_PAUSE) if wish and wish.isdecimal() else 0.0
