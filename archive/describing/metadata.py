"""What Datasette shows beside the tables: titles, meanings of columns, licence, questions. Pure.

``datasette_metadata.json`` is generated from here and checked in; a test fails when the two differ.
Kept to what Datasette 1.0 knows, too, once its own tool has moved settings and queries to its config.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from archive.describing.questions import QUESTIONS
from archive.table import DATABASE, Column, Table
from archive.tables import TABLES, VIEWS, finding

_LICENCE = {
    "license": "CC BY 4.0",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
}

#: Repeated at every level: Datasette 0.65 passes it down to some pages only, and 1.0 to none.
_RIGHTS = {
    **_LICENCE,
    "source": "the articles and documents listed under sources",
    "source_url": f"/{DATABASE}/sources",
    "about": "the log these tables are made from",
    "about_url": f"/{DATABASE}/events",
}

_DESCRIPTION = f"""\
<p>What is publicly known about children’s services in Powys, Wales: who answered for them, what was promised, what
became of it, and where each of these facts is written.</p>
<p>Start with <a href="/{DATABASE}#queries">a question</a>, or <a href="/{DATABASE}/records">look for a word</a> in all
records. Every page can be had as JSON and CSV, and every table can be asked by SQL.</p>
"""

_HOW_TO_READ = f"""\
<p>Every fact was recorded as an event in <a href="/{DATABASE}/events">a log</a> that is only ever added to; all other
tables are worked out from it.</p>
<ul class="bullets">
<li><strong>Records</strong> have a slug, such as <code>person/rachel-powell</code>, under which every other table refers
to them. It is never reused.</li>
<li><strong>Dates</strong> come in three columns: as stated (EDTF, so <code>2017-10</code> is some day of that month), the
first day that can be meant and the last. Compare with <code>_earliest</code> and <code>_latest</code>, never with the
first alone.</li>
<li><strong>Two clocks</strong>: <code>public_from</code> says by when a source had said it; <code>known_from</code>, when
this archive recorded it.</li>
<li><strong>Empty</strong> means that no source says so: neither no nor zero. A promise without a recorded outcome is
unknown, not broken.</li>
<li><strong>Disagreement</strong> is kept: see <a href="/{DATABASE}/conflicts">conflicts</a> and
<a href="/{DATABASE}/corrections">corrections</a>, before you rely on a single line.</li>
</ul>
<p>Cite a record by its slug, an event by its number (E47), and name the archive.</p>
"""

#: What FTS5 keeps its index in: of no use to a reader.
_SEARCH_SHADOWS = tuple(
    f"search_{part}" for part in ("config", "content", "data", "docsize", "idx")
)


def metadata() -> dict[str, Any]:
    """Return the whole of datasette_metadata.json."""
    return {
        "title": "Children’s services in Powys: an archive of the public record",
        "description_html": _DESCRIPTION,
        **_RIGHTS,
        "databases": {
            DATABASE: {
                "title": "The archive’s tables",
                "description_html": _HOW_TO_READ,
                **_RIGHTS,
                "tables": _tables(),
                "queries": {question.name: question.canned() | _LICENCE for question in QUESTIONS},
            }
        },
    }


def dumps() -> str:
    """Return the text of datasette_metadata.json."""
    return json.dumps(metadata(), ensure_ascii=False, indent=2) + "\n"


def _tables() -> dict[str, Any]:
    shown = {table.name: _table(table) for table in TABLES}
    # The index is keyed by the rowid of records, which gives that table its search box.
    shown["records"] |= {"fts_table": "search", "fts_pk": "rowid"}
    for view in VIEWS:
        shown[view.name] = {
            "description": view.about,
            **_RIGHTS,
            "columns": _meanings(view.columns),
            "sort_desc": view.sort_desc,
            "facets": list(view.facets),
        }
    shown["search"] = {
        "description": finding.SEARCH_ABOUT,
        **_RIGHTS,
        "columns": _meanings(finding.SEARCH_COLUMNS),
        "facets": ["kind"],
    }
    return shown | {name: {"hidden": True} for name in _SEARCH_SHADOWS}


def _table(table: Table) -> dict[str, Any]:
    """Return the entry of a table; a setting it does not have is left out."""
    settings = {
        "label_column": table.label,
        "sort_desc": table.sort_desc,
        "facets": list(table.facets),
    }
    return {
        "description": table.about,
        **_RIGHTS,
        "columns": _meanings(table.columns),
        **{key: value for key, value in settings.items() if value},
    }


def _meanings(columns: Iterable[Column]) -> dict[str, str]:
    return {column.name: column.meaning for column in columns}


if __name__ == "__main__":
    # `python -m archive.describing.metadata > datasette_metadata.json`: in UTF-8, whatever the terminal speaks.
    sys.stdout.buffer.write(dumps().encode())
