"""The processes of `archive serve`: the public site, Datasette, the projector that follows the log, and who tells
a WebSub hub of what is new.

Datasette's open SQL box is what makes the tables worth publishing, and one GET can ask it for gigabytes. So
it lives in a cage, and the site and the log go on when it dies.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from archive.home import Home
from archive.projector import Progress
from archive.serving.children import Child, Echo, stop
from archive.serving.follower import Follower
from archive.serving.programs import datasette_program, metadata_path, site_program, url
from events.errors import EventsError
from feeds.announcer import Announcer
from feeds.settings import Settings

#: How long the servers may take until they answer for the first time.
START = 60.0

#: How often to look after the children.
TICK = 0.1

#: The file in an archive's folder that says of how much the hub has been told.
HUB = "hub"


class CannotServe(EventsError):
    """Something stands in the way of starting; the message says what, and what to do."""


def serve(
    home: Home,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    data_port: int = 8001,
    echo: Echo = print,
    progress: Progress | None = None,
) -> int:
    """Serve an archive until SIGINT or SIGTERM; return the exit code.

    Raises CannotServe, or another EventsError, before anything is started or after all of it has ended.
    """
    metadata = metadata_path()
    _require_ports(host, port, data_port)
    program = site_program(home, host, port, data_port)
    settings = _settings(program.environment)
    _bring_up(home, progress)
    site = Child(program, echo)
    datasette = Child(datasette_program(home, host, data_port, metadata, port), echo)
    tables = _inode(home.tables_path)
    follower = Follower(home, echo)
    announcer = Announcer(settings, home.path / HUB, echo) if settings.hub else None
    if announcer:
        announcer.begin()
    with _stop_signals() as stopped:
        follower.start()
        try:
            site.start()
            datasette.start()
            _await_answers((site, datasette), stopped)
            if not stopped():
                echo(
                    f"The archive is at {url(host, port)} and its tables at {url(host, data_port)}"
                )
                if announcer:
                    announcer.start()  # the hub comes and fetches: the site must be there
            while not stopped():
                site.tend()
                datasette.tend()
                # Unlike the site, Datasette holds the file open, and would serve the old one for ever.
                if (now := _inode(home.tables_path)) not in (tables, None):
                    tables = now
                    datasette.restart("the tables are in a new file")
                time.sleep(TICK)
        finally:
            stop((site, datasette))
            follower.stop()
            if announcer and announcer.is_alive():
                announcer.stop()
    return 0


def _settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that the site will have; what it would refuse is said before it starts."""
    try:
        return Settings.from_environment({**os.environ, **environment})
    except ValueError as error:
        raise CannotServe(f"the environment of this command: {error}") from error


def _require_ports(host: str, port: int, data_port: int) -> None:
    if port == data_port:
        raise CannotServe(f"the site and Datasette cannot both have port {port}: choose two")
    for number in (port, data_port):
        try:
            family, kind, _, _, address = socket.getaddrinfo(
                host or None, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind) as attempt:
                attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                attempt.bind(address)
        except OSError as error:
            raise CannotServe(
                f"port {number} of {host} cannot be had ({error.strerror}): end what runs there, or choose"
                " another"
            ) from error


def _bring_up(home: Home, progress: Progress | None) -> None:
    try:
        with home.log() as log:
            home.tables(log, progress).close()
    except sqlite3.Error as error:
        raise CannotServe(f"{home.tables_path} cannot be written: {error}") from error


def _await_answers(children: Sequence[Child], stopped: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START
    while not stopped() and not all(child.ready for child in children):
        for child in children:
            name = child.program.name
            if (code := child.exit_code) is not None:
                raise CannotServe(f"{name} ended at once (exit code {code}); it said why above")
            if not child.ready and time.monotonic() > deadline:
                raise CannotServe(
                    f"{name} gave no answer for {START:g} s; see above for the reason"
                )
            child.tend()
        time.sleep(TICK)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _stop_signals() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether SIGINT or SIGTERM has come."""
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
