"""What the page of one row says besides its cells: what it is called, and where it leads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from datasette.utils import escape_sqlite, tilde_decode

from archive.datasette_plugin import links
from archive.table import DATABASE

if TYPE_CHECKING:
    from datasette.app import Datasette


async def context(
    datasette: Datasette, table: str, request: Any, site: str | None
) -> dict[str, Any]:
    """Return the variables of the template row.html: links to the record's page, events and relations."""
    database = datasette.get_database(DATABASE)
    keys = await database.primary_keys(table)
    given = [tilde_decode(part) for part in request.url_vars["pks"].split(",")]
    row = dict(zip(keys, map(_number, given), strict=False))
    slug, event = links.subject(row)
    where = " AND ".join(f"{escape_sqlite(key)} = ?" for key in keys or ["rowid"])
    sql = f"SELECT * FROM {escape_sqlite(table)} WHERE {where}"
    cells = dict((await database.execute(sql, given)).first() or {})
    texts = (text for text in (*cells.values(), slug) if isinstance(text, str))
    labels = await _labels(database, sorted(filter(links.SLUG.fullmatch, texts)))
    public: list[links.Link] = []
    leads: list[links.Link] = []
    if slug is not None:
        counted = await database.execute(links.counting(), {"slug": slug})
        leads = links.leads(slug, dict(tuple(pair) for pair in counted.rows))
        if table != links.home_table(slug):
            own = links.home_table(slug)
            public.append(links.Link(links.row_of(own, slug), f"its row in {own}"))
        if table != "records":
            public.append(links.Link(links.row_of("records", slug), "its record"))
        if site:
            public.insert(0, links.Link(links.page(site, slug), "its public page"))
    if event is not None and table != "events":
        public.append(links.Link(links.row_of("events", event), f"event E{event}"))
    if event is not None and site:
        public.append(links.Link(links.event_page(site, event), f"the public page of E{event}"))
    settings = datasette.table_metadata(DATABASE, table)
    return {
        "archive_site": site,
        "archive_public": public,
        "archive_leads": leads,
        "archive_labels": labels,
        "archive_title": cells.get(settings.get("label_column")) or labels.get(slug or ""),
    }


async def _labels(database: Any, slugs: Sequence[str]) -> dict[str, str]:
    """Return what to call the records that a row names."""
    marks = ", ".join("?" * len(slugs))
    found = await database.execute(f"SELECT id, label FROM records WHERE id IN ({marks})", slugs)
    return {row[0]: row[1] for row in found.rows}


def _number(text: str) -> str | int:
    return int(text) if text.isdecimal() else text
