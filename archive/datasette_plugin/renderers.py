"""The formats that our plugin adds beside Datasette's CSV and JSON: Atom, iCalendar, and a chart.

Datasette passes what it knows by the names of a function's parameters. What makes Atom and calendars is loaded
when it is first wanted: Datasette has to be back at once when it died.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from datasette.utils.asgi import BadRequest, Response

from archive.datasette_plugin import charts
from archive.table import DATABASE

#: Columns by which a row has a day.
DAYS = ("day", "due", "held_on", "happened", "published", "said", "as_of")

Rows = Sequence[Sequence[Any]]


class Answer(NamedTuple):
    """A query's answer with what its page says of it."""

    title: str
    address: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]
    changed_at: str
    site: str | None


def formats(site: str | None) -> list[dict[str, Any]]:
    """Return what Datasette's hook `register_output_renderer` wants."""

    async def atom(datasette: Any, request: Any, columns: Sequence[str], rows: Rows) -> Response:
        from archive.datasette_plugin import exports

        answer = await _answer(datasette, request, columns, rows, site)
        return _response(exports.atom(answer), "application/atom+xml; charset=utf-8")

    async def calendar(
        datasette: Any, request: Any, columns: Sequence[str], rows: Rows
    ) -> Response:
        from archive.datasette_plugin import exports

        answer = await _answer(datasette, request, columns, rows, site)
        return _response(exports.calendar(answer), "text/calendar; charset=utf-8")

    return [
        {"extension": "atom", "render": atom, "can_render": _has_columns},
        {"extension": "ics", "render": calendar, "can_render": _has_days},
        {"extension": "svg", "render": _chart, "can_render": _has_values},
    ]


def _chart(datasette: Any, request: Any, columns: Sequence[str], rows: Rows) -> Response:
    if not charts.can_draw(columns):
        raise BadRequest("a chart needs the columns value, and day or label")
    drawn = charts.draw(columns, rows, _title(datasette, request))
    return _response(drawn.encode(), "image/svg+xml")


def _has_columns(columns: Sequence[str]) -> bool:
    return bool(columns)


def _has_days(columns: Sequence[str]) -> bool:
    return any({name, f"{name}_latest"} & set(columns) for name in DAYS)


def _has_values(columns: Sequence[str]) -> bool:
    return charts.can_draw(columns)


async def _answer(
    datasette: Any, request: Any, columns: Sequence[str], rows: Rows, site: str | None
) -> Answer:
    position = await datasette.get_database(DATABASE).execute("SELECT changed_at FROM log_position")
    changed = position.first()
    return Answer(
        title=_title(datasette, request),
        address=datasette.absolute_url(request, request.full_path),
        columns=columns,
        rows=[tuple(row) for row in rows],
        changed_at=(changed and changed["changed_at"]) or "1970-01-01T00:00:00Z",
        site=site,
    )


def _title(datasette: Any, request: Any) -> str:
    """Return the title of a question, else the name of the table."""
    name = request.path.rpartition("/")[2].rpartition(".")[0]
    queries = datasette.metadata("queries", database=DATABASE) or {}
    if name in queries:
        return str(queries[name].get("title") or name)
    return "A query, Powys archive" if name == DATABASE else f"{name}, Powys archive"


def _response(body: bytes, content_type: str) -> Response:
    # Datasette wants text, and encodes it as UTF-8 again.
    return Response(body=body.decode(), status=200, content_type=content_type)
