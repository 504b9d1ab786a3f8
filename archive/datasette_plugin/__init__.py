"""What the archive adds to Datasette 0.65: limits, a gate, a cache, functions, formats, charts and links.

Datasette finds this package by its entry point, and its ``templates`` and ``static`` because it is a package.
The hooks are here; what they do is in the modules beside. Without the plugin everything still works, plainly.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from pluggy import HookimplMarker

from archive.datasette_plugin import (
    asking,
    cells,
    charts,
    download,
    folding,
    front,
    functions,
    guard,
    renderers,
    rows,
    state,
)
from archive.datasette_plugin.asgi import App
from archive.datasette_plugin.cache import Cache
from archive.datasette_plugin.gate import Gate
from archive.datasette_plugin.headers import ROBOTS, Headers
from archive.datasette_plugin.threads import TidyExecutor
from archive.describing.questions import QUESTIONS
from archive.table import DATABASE

if TYPE_CHECKING:  # Datasette is loading us
    from datasette.app import Datasette

#: What Datasette's own `hookimpl` is, with types.
hookimpl = HookimplMarker("datasette")

#: Databases of Datasette's own, which are not ours to limit.
_INTERNAL = frozenset({"_internal", "__INTERNAL__"})
_QUESTIONS = frozenset(f"/{DATABASE}/{question.name}" for question in QUESTIONS)


def site() -> str | None:
    """Return the address of the public site, if we are told (ARCHIVE_URL)."""
    return os.environ.get("ARCHIVE_URL", "").rstrip("/") or None


@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    """Add our functions, then set the limits."""
    if database not in _INTERNAL:
        functions.add_functions(conn)
        guard.restrict(conn)


@hookimpl
def startup(datasette: Datasette) -> None:
    """Ask SQLite in threads of our own kind, unless Datasette has none."""
    if datasette.executor is not None:
        datasette.executor.shutdown(wait=False)
        datasette.executor = TidyExecutor(max_workers=datasette.setting("num_sql_threads"))


@hookimpl(trylast=True)
def asgi_wrapper(datasette: Datasette) -> Any:
    """Put headers, cache and gate round Datasette, in this order from outside."""
    said = json.dumps(
        [datasette.metadata(), datasette.settings_dict()], sort_keys=True, default=str
    )
    salt = f"{version('datasette')} {_fingerprint()} {hashlib.sha256(said.encode()).hexdigest()} {site()}"

    def current() -> str | None:
        shown = [db for name, db in datasette.databases.items() if name not in _INTERNAL]
        if any(db.path is None for db in shown):
            return None
        return state.state([Path(db.path) for db in shown], salt, _today)

    def wrap(app: App) -> App:
        return Headers(Cache(Gate(app, _QUESTIONS), current))

    return wrap


@hookimpl
def render_cell(value: object, column: str, table: str | None) -> Markup | None:
    """Turn slugs and event numbers into links where Datasette does not do so itself."""
    return cells.cell(value, column, table, site())


@hookimpl
def extra_template_vars(
    template: str, database: str | None, table: str | None, request: Any, datasette: Datasette
) -> Any:
    """Give each page what our templates show on it: charts and groups, choices, links that lead on."""
    name = template.rpartition("/")[2].partition(".")[0].partition("-")[0]
    found: dict[str, Any] = {"archive_site": site(), "archive_database": DATABASE}
    if database != DATABASE:
        return found
    if name == "row" and table:
        return lambda: rows.context(datasette, table, request, site())
    if name == "query":
        return lambda: _query(datasette, request, found)
    if name == "database":
        return found | {
            "archive_charts": charts.front(DATABASE),
            "archive_grouped": front.grouped,
            "archive_about": front.first_sentence,
            "archive_tables": front.TABLES,
            "archive_questions": front.QUESTIONS,
            "archive_abouts": (datasette.metadata("tables", database=DATABASE) or {}),
        }
    if name == "table" and table:
        # The meanings of the columns stand folded below the description, not above everything else.
        settings = datasette.table_metadata(DATABASE, table)
        kept = {key: value for key, value in settings.items() if key != "columns"}
        return found | {
            "metadata": kept,
            "archive_columns": settings.get("columns") or {},
            "archive_folded": folding.folded,
        }
    return found


async def _query(datasette: Datasette, request: Any, found: dict[str, Any]) -> dict[str, Any]:
    given = {name: request.args.get(name) or "" for name in request.args}
    return found | {"archive_asked": await asking.parameters(datasette, request.path, given)}


@hookimpl
def register_output_renderer() -> list[dict[str, Any]]:
    """Add Atom, iCalendar and charts to the formats of every table and query."""
    return renderers.formats(site())


@hookimpl
def extra_css_urls() -> list[str]:
    """Add our style sheet."""
    return ["/-/static-plugins/powys_archive/archive.css"]


@hookimpl
def menu_links() -> list[dict[str, str]]:
    """Lead back to the public site."""
    if (address := site()) is None:
        return []
    return [
        {"href": f"{address}/en/", "label": "The archive’s pages"},
        {"href": f"{address}/en/removals", "label": "What was removed"},
    ]


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """Add robots.txt, and the download of the whole file."""
    return [(r"^/robots\.txt$", _robots), (rf"^/{DATABASE}\.db$", _download)]


async def _robots() -> Any:
    from datasette import Response  # noqa: PLC0415 (Datasette is loading us)

    return Response.text(ROBOTS)


async def _download(datasette: Datasette, send: Any) -> None:
    path = datasette.get_database(DATABASE).path
    await download.send_file(Path(path), f"{DATABASE}.db", send)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _fingerprint() -> str:
    """Return what changes when our templates or modules do."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in (".py", ".html", ".css"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
