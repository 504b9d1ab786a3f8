"""What `archive serve` runs: the public site and Datasette, with all their settings."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from archive.home import Home
from archive.serving.children import Program
from events.errors import EventsError

#: Address space of Datasette. Measured with 0.65.5 on tables of 950 MB (300,000 records, 900,000 assertions):
#: pages, facets, searches, eight CSV streams or 16 clients at once stay below 190 MB. What takes 4.8 GB without a
#: cage, `select printf('%.*c', 900000000, 'x')`, ends in an error after 400 MB, as do randomblob, hex, replace and
#: group_concat; 30 such queries from eight clients: the process lives on. Only Linux can set such a limit.
DATASETTE_MEGABYTES = 512

#: glibc reserves 64 MB for each thread's arena: with two of them 140 MB at the start are what is really used.
DATASETTE_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}

#: No facet is suggested (17 to 30 times slower pages at a million rows), and one that takes long is left out, so
#: that a page of the largest table stays quick. Nothing is cached for a second, so that a fact is seen as soon
#: as it is recorded. A page of a table shows the beginning of a long text; the row's own page, JSON and CSV have
#: all of it.
DATASETTE_SETTINGS = {
    "suggest_facets": "off",
    "default_cache_ttl": "0",
    "max_returned_rows": "500",
    "truncate_cells_html": "300",
    "sql_time_limit_ms": "1000",
    "facet_time_limit_ms": "50",
    "num_sql_threads": "3",
}

#: The factory of the public site, a WSGI application: named here, never imported.
SITE = "feeds.app:create_app"
#: One thread says what is ready a third more often (less waiting for Python's lock), but then everybody waits for
#: who asks for a page that is dear, or comes while a commit holds the tables.
SITE_THREADS = 4


class NotInstalled(EventsError):
    """A file that comes with every install is not there."""


def metadata_path() -> Path:
    """Return datasette_metadata.json: beside the packages, or where a wheel puts it."""
    user = sysconfig.get_preferred_scheme("user")
    places = [
        Path(__file__).parents[2],
        *(
            Path(root, "share", "powys-archive")
            for root in (sysconfig.get_path("data"), sysconfig.get_path("data", user))
        ),
    ]
    for place in places:
        if (path := place / "datasette_metadata.json").is_file():
            return path
    raise NotInstalled("datasette_metadata.json is not there: install powys-archive anew")


def url(host: str, port: int) -> str:
    """Return the address to give to a browser on this machine."""
    host = reachable(host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def site_program(home: Home, host: str, port: int, data_port: int) -> Program:
    """Return the public site: granian, one process with a few threads.

    ARCHIVE_URL and DATASETTE_URL stand when they are set: behind a proxy the addresses are other ones.
    """
    folder = home.path.resolve()
    given = os.environ
    return Program(
        name="The public site",
        module="granian",
        arguments=[
            *("--interface", "wsgi", "--factory", "--no-ws", "--log-level", "warning"),
            *("--host", host, "--port", str(port), "--workers", "1"),
            *("--blocking-threads", str(SITE_THREADS), "--workers-kill-timeout", "2"),
            SITE,
        ],
        folder=folder,
        host=reachable(host),
        port=port,
        path="/",
        environment={
            "ARCHIVE_DB": str(folder / home.tables_path.name),
            "ARCHIVE_URL": given.get("ARCHIVE_URL") or url(host, port),
            "DATASETTE_URL": given.get("DATASETTE_URL") or url(host, data_port),
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(Path(__file__).parents[2]), given.get("PYTHONPATH")])
            ),
        },
    )


def datasette_program(home: Home, host: str, port: int, metadata: Path, site_port: int) -> Program:
    """Return Datasette: the tables and nothing else, named without their folder, which it would tell.

    Its pages lead to those of the public site; ARCHIVE_URL stands when it is set, as for the site itself.
    """
    settings = [
        text for name, value in DATASETTE_SETTINGS.items() for text in ("--setting", name, value)
    ]
    return Program(
        name="Datasette",
        module="datasette",
        arguments=[
            *("serve", home.tables_path.name, "--metadata", str(metadata.resolve()), "--cors"),
            *("--host", host, "--port", str(port)),
            *settings,
        ],
        folder=home.path.resolve(),
        host=reachable(host),
        port=port,
        path="/-/settings.json",
        megabytes=DATASETTE_MEGABYTES,
        environment={
            **DATASETTE_ENVIRONMENT,
            "ARCHIVE_URL": os.environ.get("ARCHIVE_URL") or url(host, site_port),
        },
    )


def reachable(host: str) -> str:
    """Return an address under which a server that listens to ``host`` can be asked from here."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
