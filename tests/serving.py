"""The public site and Datasette as `archive serve` runs them, on free ports of this machine."""

from __future__ import annotations

import contextlib
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from archive.home import Home
from archive.serving.children import Child, stop
from archive.serving.programs import datasette_program, metadata_path, site_program


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def get(address: str, timeout: float = 30.0) -> tuple[int, bytes]:
    """Return status and body, also of an error."""
    try:
        with urllib.request.urlopen(address, timeout=timeout) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Running:
    """Both servers on the tables of one folder."""

    def __init__(self, folder: Path) -> None:
        home = Home(folder)
        port, data_port = free_ports(2)
        host = "127.0.0.1"
        self.site_url = f"http://{host}:{port}"
        self.data_url = f"http://{host}:{data_port}"
        self.site = Child(site_program(home, host, port, data_port), print)
        program = datasette_program(home, host, data_port, metadata_path(), port)
        self.datasette = Child(program, print)


@contextlib.contextmanager
def site(folder: Path) -> Iterator[Running]:
    """Start the public site alone, wait until it answers, and end it."""
    servers = Running(folder)
    try:
        servers.site.start()
        _await((servers.site,), 60.0)
        yield servers
    finally:
        stop((servers.site,))


def _await(children: Sequence[Child], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not all(child.ready for child in children):
        assert time.monotonic() < deadline, "the servers gave no answer"
        for child in children:
            assert child.exit_code is None, "a server ended at once"
            child.tend()
        time.sleep(0.05)


@contextlib.contextmanager
def running(folder: Path, seconds: float = 60.0) -> Iterator[Running]:
    """Start both, wait until they answer, and end them."""
    servers = Running(folder)
    children = (servers.site, servers.datasette)
    try:
        for child in children:
            child.start()
        _await(children, seconds)
        yield servers
    finally:
        stop(children)
