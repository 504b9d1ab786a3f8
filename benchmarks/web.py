"""How fast the site is, against nginx sending the same bytes from files: one run, one table (docs/benchmarks.md).

``python benchmarks/web.py`` makes the bundled collection in a temporary folder, serves it on this machine, and
leaves nothing. With ``--tables`` it serves another archive.db, which is only read; with ``--large`` it compares
with a second one.
"""
# ruff: noqa: INP001

from __future__ import annotations

import argparse
import contextlib
import gzip
import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import hand
import report
from lxml import etree
from report import Row
from werkzeug.test import EnvironBuilder, run_wsgi_app

from archive.home import Home
from archive.keeping import bundle
from archive.serving.programs import site_program
from feeds import atom, entries, queries, selecting
from feeds.app import create_app
from feeds.library import Library
from feeds.settings import Settings
from feeds.words import WORDS

SERVER, CLIENT = "0", "1"
FEED, PAGE = "/en/feeds/all.atom", "/en/"
CONNECTIONS = 16
#: What is made anew, each time, to tell what the first reader after a change waits for.
ANEW = (
    PAGE,
    "/en/timeline",
    "/en/commitments",
    "/en/people",
    "/en/numbers",
    "/en/search?q=council",
    FEED,
)
#: Rounds of building a feed; the best counts, for noise only slows.
BUILDS = 200
_LATENCY = re.compile(r"99%\s+([0-9.]+)(us|ms|s)\b")
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}

NGINX = """
{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; gzip_static on;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  types {{ "application/xml; charset=utf-8" atom; "text/html; charset=utf-8" html; }}
  server {{ listen 127.0.0.1:{port}; root {folder}; {locations} }}
}}
"""
#: What nginx says of a file by itself.
OF_FILES = frozenset({"content-type", "content-length", "etag", "last-modified", "server", "date"})


class Speed(NamedTuple):
    """Answers a second, answers a second of the server's processor time, and in how many ms 99 of 100 came."""

    rate: float
    work: float
    slow: float


class Server(NamedTuple):
    """A server that runs: where it listens, and its process."""

    port: int
    pid: int

    def used(self) -> float:
        """Return the seconds of processor time that it and its children have used."""
        stats = [text for path in Path("/proc").glob("[0-9]*/stat") if (text := stat(path))]
        found = {int(pid): rest.split() for pid, _, rest in stats}
        family = {self.pid}
        while more := {pid for pid, rest in found.items() if int(rest[1]) in family} - family:
            family |= more
        ticks = sum(sum(map(int, found[pid][11:15])) for pid in family)
        return ticks / os.sysconf("SC_CLK_TCK")


class Way(NamedTuple):
    """A way to ask: what it is called, the address here and at nginx, headers, and the limit of the ratio."""

    name: str
    path: str
    file: str
    packed: bool
    known: bool
    limit: float


WAYS = (
    Way("a feed", FEED, "/feed.atom", packed=False, known=False, limit=0.6),
    Way("a feed, gzip", FEED, "/feed.atom", packed=True, known=False, limit=0.65),
    Way("a feed that the reader has, 304", FEED, "/feed.atom", packed=False, known=True, limit=0.45),
    Way("the home page", PAGE, "/page.html", packed=False, known=False, limit=0.1),
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tables", type=Path, help="an archive.db to serve")
    parser.add_argument("--large", type=Path, help="a larger one, to compare with")
    parser.add_argument("--seconds", type=int, default=3, help="how long to ask in each round")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts")
    chosen = parser.parse_args()
    missing = [name for name in ("nginx", "wrk", "taskset") if shutil.which(name) is None]
    with tempfile.TemporaryDirectory(prefix="powys-benchmark-") as name:
        tables = chosen.tables or collection(Path(name))
        report.machine()
        if missing:
            lacking = " and ".join(missing)
            print(f"Not compared with nginx, for want of {lacking} (Debian: nginx-light, wrk)")  # noqa: T201
        report.table(rows(Path(name), tables, chosen, served=not missing))


def rows(folder: Path, tables: Path, chosen: argparse.Namespace, *, served: bool) -> Iterator[Row]:
    """Yield what is measured, one thing after the other."""
    if served:
        yield from against_nginx(folder, tables, chosen)
    yield from build(tables)
    yield from anew(tables, chosen.large)


def collection(folder: Path) -> Path:
    """Make the tables of the bundled collection."""
    home = Home(folder / "home")
    home.create(*bundle.load())
    with home.log() as log:
        home.tables(log).close()
    return home.tables_path


def stat(path: Path) -> tuple[str, str, str] | None:
    """Return number, name and the rest of what the system says of a process; None where it has ended."""
    try:
        text = path.read_text()
    except OSError:
        return None
    head, _, rest = text.rpartition(")")
    number, _, name = head.partition(" (")
    return number, name, rest


# --- Served, beside nginx


def against_nginx(folder: Path, tables: Path, chosen: argparse.Namespace) -> Iterator[Row]:
    """Ask the site and nginx in turns, each on one core, the client on another."""
    with contextlib.ExitStack() as running:
        ours = running.enter_context(site(tables))
        large = running.enter_context(site(chosen.large)) if chosen.large else None
        root = folder / "files"
        root.mkdir()
        locations = ""
        for path, name in ((FEED, "feed.atom"), (PAGE, "page.html")):
            headers, content = fetch(ours.port, path)
            (root / name).write_bytes(content)
            (root / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
            more = (
                f'add_header {header} "{value}";'
                for header, value in headers.items()
                if header not in OF_FILES
            )
            locations += f"location = /{name} {{ {' '.join(more)} }}\n"
        nginx = running.enter_context(files(root, locations))
        servers = {"ours": ours, "nginx": nginx, **({"large": large} if large else {})}
        for way in WAYS:
            best = rounds(way, servers, chosen.rounds, chosen.seconds)
            yield from compared(way, best)


def compared(way: Way, best: Mapping[str, Speed]) -> Iterator[Row]:
    """Yield the lines of one way to ask."""
    ours, nginx = best["ours"], best["nginx"]
    yield Row(way.name, said(ours), "99 of 100 within 50 ms", ours.slow < 50)
    yield Row("... nginx, the same headers and bytes", said(nginx))
    ratio = ours.rate / nginx.rate
    yield Row(
        "... ratio, by the clock", f"{ratio:.2f}", f"at least {way.limit:g}", ratio >= way.limit
    )
    yield Row("... of processor time", f"{ours.work / nginx.work:.2f}")
    if large := best.get("large"):
        ratio = large.rate / ours.rate
        yield Row("... the larger archive", said(large))
        yield Row(
            "... ratio to the smaller, by the clock", f"{ratio:.2f}", "at least 0.9", ratio >= 0.9
        )
        yield Row("... of processor time", f"{large.work / ours.work:.2f}")


def said(speed: Speed) -> str:
    """Return a speed in words."""
    return (
        f"{speed.rate:,.0f} a second ({speed.work:,.0f} a second of processor time);"
        f" 99 of 100 within {speed.slow:.1f} ms"
    )


def rounds(way: Way, servers: Mapping[str, Server], count: int, seconds: int) -> dict[str, Speed]:
    """Ask all servers in turns; return the best of each."""
    asked = {
        name: request(server.port, way.file if name == "nginx" else way.path, way)
        for name, server in servers.items()
    }
    found: dict[str, list[Speed]] = {name: [] for name in servers}
    for _ in range(count):
        for name, server in servers.items():
            found[name].append(wrk(server, asked[name], seconds))
    return {
        name: Speed(
            max(one.rate for one in speeds), max(one.work for one in speeds), min(one.slow for one in speeds)
        )
        for name, speeds in found.items()
    }  # fmt: skip


def request(port: int, path: str, way: Way) -> list[str]:
    """Return what wrk is told to ask."""
    sent = {"Accept-Encoding": "gzip"} if way.packed else {}
    headers, _ = fetch(port, path, sent)
    assert (headers.get("content-encoding") == "gzip") == way.packed
    if way.known:
        sent["If-None-Match"] = headers["etag"]
    options = [text for name, value in sent.items() for text in ("-H", f"{name}: {value}")]
    return [*options, f"http://127.0.0.1:{port}{path}"]


def wrk(server: Server, arguments: list[str], seconds: int) -> Speed:
    """Ask for some seconds over 16 connections, from a core of its own."""
    tool = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    before = server.used()
    command = ["taskset", "-c", CLIENT, *tool, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    used = server.used() - before
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"wrk had other answers than were to be compared:\n{done.stdout}")
    rate = float(done.stdout.partition("Requests/sec:")[2].split()[0])
    slow, unit = _LATENCY.findall(done.stdout)[0]
    (count,) = re.findall(r"(\d+) requests in", done.stdout)
    return Speed(rate, int(count) / used, float(slow) * _UNITS[unit])


@contextlib.contextmanager
def site(tables: Path) -> Iterator[Server]:
    """Serve tables as `archive serve` does; yield it."""
    port = free_port()
    program = site_program(Home(tables.parent), "127.0.0.1", port, free_port())
    environment = {**os.environ, **program.environment, "ARCHIVE_DB": str(tables.resolve())}
    with run([sys.executable, "-m", program.module, *program.arguments], port, environment) as pid:
        yield Server(port, pid)


@contextlib.contextmanager
def files(folder: Path, locations: str) -> Iterator[Server]:
    """Serve a folder with nginx, with these settings of its files; yield it."""
    port = free_port()
    settings = folder.parent / "nginx.conf"
    # Started by root, its worker would be somebody who may not look into the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    settings.write_text(NGINX.format(user=user, folder=folder, port=port, locations=locations))
    command = ["nginx", "-p", str(folder), "-c", str(settings), "-e", "stderr"]
    with run(command, port, dict(os.environ)) as pid:
        yield Server(port, pid)


@contextlib.contextmanager
def run(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """Run a server on one core until the block ends; yield its process."""
    process = subprocess.Popen(["taskset", "-c", SERVER, *command], env=environment)  # noqa: S607
    try:
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{command[0]} did not start; it said why above")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """Return a port of this machine that nobody listens to."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def fetch(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[dict[str, str], bytes]:  # fmt: skip
    """Return headers and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, (path, response.status)
        return {name.lower(): value for name, value in response.getheaders()}, body
    finally:
        connection.close()


# --- Made anew


def build(tables: Path) -> Iterator[Row]:
    """Compare writing a feed of 50 entries with writing it by lxml alone; processor time."""
    settings, library = Settings(archive_db=tables), Library(tables)
    with library.open() as conn:
        rows = selecting.newest(
            conn, selecting.choice(conn, selecting.Selection("all")), selecting.ENTRIES
        )
        dossiers = queries.dossiers(conn, (row.record_id for row in rows if row.record_id))
    library.close()
    feed = entries.feed("all", rows, dossiers, settings=settings, words=WORDS["en"])
    if shape(atom.render(feed)) != shape(hand.render(feed)):
        raise RuntimeError("hand.py no longer writes what feeds.atom does: bring it up to that")
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: atom.render(feed),
        "lxml": lambda: hand.render(feed),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(BUILDS):
        for name, work in ways.items():
            took[name].append(processor(work))
    ours, theirs = min(took["ours"]), min(took["lxml"])
    yield Row(f"an Atom feed of {len(feed.entries)} entries written", f"{ours:.2f} ms")
    yield Row("... by lxml alone", f"{theirs:.2f} ms")
    ratio = ours / theirs
    yield Row("... ratio", f"{ratio:.2f}", "at most 1.2", ratio <= 1.2)


def shape(content: bytes) -> list[Any]:
    """Return what an XML document says, whatever the order of its attributes."""
    return [
        (str(one.tag), sorted(map(str, one.attrib.items())), one.text)
        for one in etree.fromstring(content).iter()
    ]


def anew(tables: Path, large: Path | None) -> Iterator[Row]:
    """Make pages and feeds with nothing kept, through all of Flask and SQLite; processor time."""
    ways = {path: [(tables, "")] + ([(large, "of the larger archive")] if large else []) for path in ANEW}  # fmt: skip
    for path, archives in ways.items():
        said = [f"{median(where, path):.1f} ms {name}".strip() for where, name in archives]
        yield Row(f"`{path}` made anew", "; ".join(said))


def median(tables: Path, path: str, count: int = 5) -> float:
    """Return the median of the milliseconds that an answer takes of a new site each time."""
    first = create_app(Settings(archive_db=tables))
    ask(first, path)
    took = []
    for _ in range(count):
        app = create_app(Settings(archive_db=tables))
        app.jinja_env = first.jinja_env  # templates are compiled once in a server's life
        took.append(processor(lambda app=app: ask(app, path)))  # type: ignore[misc]
        app.extensions["site"].library.close()
    first.extensions["site"].library.close()
    return statistics.median(took)


def ask(app: Any, path: str) -> None:
    """Ask an application in this process."""
    _, status, _ = run_wsgi_app(app, EnvironBuilder(path).get_environ(), buffered=True)
    assert status.startswith("200 "), (path, status)


def processor(work: Callable[[], object]) -> float:
    """Return the milliseconds of processor time that some work takes."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    main()
