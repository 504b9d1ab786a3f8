"""An archive of Aberdulas with a bit of everything, published as files, and what is needed to look at these."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from archive import forgetting
from archive.cli import main
from archive.forgetting import Second, Why
from archive.home import Home
from archive.trust import second
from tests.archive.kept import sign
from tests.conftest import Aberdulas
from tests.serving import free_ports

PAPER = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}
SECRET = "Zxqvwkplm"
URL = "https://archive.example"
PHRASE = b"a second person's phrase"


class Town:
    """An archive whose site is published."""

    def __init__(self, folder: Path, keys: Path) -> None:
        folder.mkdir()
        keys.mkdir()
        self.archive = Aberdulas(folder).settle()
        self.home = Home(folder)
        self._numbers: dict[str, int] = {}
        self.archive.tables()
        sign(self.home)
        key = keys / "second.pem"
        second.create(self.home, "mair", key, PHRASE)
        self._second = Second(key, PHRASE)
        self.publish_head()

    def publish_head(self) -> None:
        sign(self.home)
        self.home.publish(self.archive.tables())

    def developments(self, count: int, first: int = 0) -> list[int]:
        """Record developments: enough of them make archives of feeds."""
        return [
            self.archive.record(
                "DevelopmentRecorded", PAPER, id=f"development/d{number}", new=True, what=f"Shelf {number} was moved",
                kind="other", happened={"edtf": f"2031-04-{number % 28 + 1:02}", "basis": "stated"}, topics=["topic/libraries"],
            )
            for number in range(first, first + count)
        ]  # fmt: skip

    def number(self, slug: str) -> int:
        """The event that first told of a record; of one that is withheld by now it is remembered."""
        for (number,) in self.archive.rows("SELECT first_event FROM records WHERE id = ?", slug):
            self._numbers[slug] = int(number)
        return self._numbers[slug]

    def merge(self, kept: str, gone: str) -> None:
        kind, name = gone.split("/")
        self.archive.record("EntityRecorded", id=gone, new=True, kind=kind, name=name.title())
        self.archive.record("EntitiesMerged", keep=kept, merge=[gone], reason="duplicate", note="One.")  # fmt: skip

    def retract(self, slug: str) -> None:
        self.archive.record("RecordRetracted", target=self.number(slug), reason="source-error", note="Taken back.")  # fmt: skip

    def amend(self, slug: str, path: str, before: str, after: str) -> None:
        self.archive.record(
            "RecordAmended", target=self.number(slug), reason="archive-error", note="We misread it.",
            changes=[{"path": path, "from": before, "to": after}],
        )  # fmt: skip

    def act(self, kind: forgetting.Kind, what: str) -> None:
        """Withhold, release or erase."""
        self.archive.tables()
        self.archive.store.close()
        with self.home.log() as log:
            parts = forgetting.plan(log, kind, what, None).parts
            confirmed = None if kind == "withheld" else self._second
            why = Why("data-protection", "A decision of 2031")
            forgetting.act(self.home, log, kind, parts, why, confirmed=confirmed)
        self.archive.store = type(self.archive.store)(self.archive.path)

    def publish(self, place: Path, *more: str, exit_code: int = 0) -> str:
        self.archive.tables()
        words = ["--home", str(self.home.path), "publish", str(place), "--url", URL, *more]
        done = CliRunner().invoke(main, words, env={"DATASETTE_URL": "https://data.example"})
        assert done.exit_code == exit_code, done.output
        return done.output

    def close(self) -> None:
        self.archive.close()


def files(place: Path) -> dict[str, bytes]:
    """Return all that is served of a publication, by path."""
    site = place / "current" / "site"
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> bytes:
        return gzip.decompress(self.body) if "content-encoding" in self.headers else self.body

    def listed(self, name: str) -> set[str]:
        """The members of a header that is a list."""
        return {one.strip().lower() for one in self.headers.get(name, "").split(",") if one.strip()}


class Server:
    """A server on this machine, asked over one connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def get(self, address: str, method: str = "GET", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, address, headers=sent)
        response = self.connection.getresponse()
        said = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, said, response.read())


@contextlib.contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[Server]:
    """Run a server until the block ends; wait until it answers."""
    own = {**os.environ, "XDG_CONFIG_HOME": str(log.parent), "XDG_DATA_HOME": str(log.parent)}
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=own) as process,
    ):
        server = Server(port)
        try:
            deadline = time.monotonic() + 20
            while True:
                assert process.poll() is None, log.read_text()
                try:
                    server.get("/robots.txt")
                    break
                except OSError:
                    server.connection.close()
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.05)
            yield server
        finally:
            server.connection.close()
            process.terminate()


@contextlib.contextmanager
def nginx(place: Path, scratch: Path, program: str) -> Iterator[Server]:
    """Serve a publication as its settings for nginx say."""
    (port,) = free_ports(1)
    scratch.mkdir()
    current = place / "current"
    temporary = " ".join(
        f"{name}_temp_path {scratch / name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings = scratch / "nginx.conf"
    settings.write_text(
        f"daemon off; master_process off; pid {scratch / 'pid'}; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {temporary} include {current / 'nginx-maps.conf'};\n"
        f"server {{ listen 127.0.0.1:{port}; include {current / 'nginx-server.conf'}; }} }}\n"
    )
    command = [program, "-e", "stderr", "-p", str(scratch), "-c", str(settings)]
    with running(command, port, scratch / "log") as server:
        yield server


@contextlib.contextmanager
def caddy(place: Path, scratch: Path, program: str) -> Iterator[Server]:
    """Serve a publication as its settings for Caddy say."""
    (port,) = free_ports(1)
    scratch.mkdir()
    settings = scratch / "Caddyfile"
    settings.write_text(
        "{\n  admin off\n  auto_https off\n}\n"
        f"http://127.0.0.1:{port} {{\n  import {place / 'current' / 'Caddyfile'}\n}}\n"
    )
    command = [program, "run", "--config", str(settings), "--adapter", "caddyfile"]
    with running(command, port, scratch / "log") as server:
        yield server
