"""People, organisations, posts and memberships in the Popolo data specification, as JSON. Pure.

https://www.popoloproject.com/specs/ - the form in which parliaments and civic projects exchange who holds
which office. What Popolo cannot say, such as a day on which somebody was attested in a post, is in ``note``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from archive.table import Row

CONTEXT = "https://www.popoloproject.com/contexts"

#: Popolo takes whole years, months and days; an approximate or open date is none of them.
_PLAIN = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}")

#: Gives the rows of a table of the archive, in its order.
Rows = Callable[[str], Iterable[Row]]


def popolo(rows: Rows, page: Callable[[str], str] | None = None) -> dict[str, Any]:
    """Return the whole graph; ``page`` gives the public page of a slug, for ``links``."""
    names = _grouped(rows("names"), "record_id")
    sources = {row["id"]: row for row in rows("sources")}
    proofs = _grouped(rows("evidence"), "record_id")
    merged = {row["id"] for row in rows("records") if row["state"] != "current"}

    def entity(row: Row) -> dict[str, Any]:
        return {
            "id": row["id"],
            "name": row["name"],
            "other_names": _other_names(row, names.get(row["id"], [])),
            "sources": _sources(proofs.get(row["id"], []), sources),
            "links": [{"url": page(row["id"])}] if page else [],
        }

    return {
        "persons": [
            _bare(
                {
                    **entity(row),
                    "summary": row["public_capacity"],
                }
            )
            for row in rows("people")
            if row["id"] not in merged
        ],
        "organizations": [
            _bare(
                {
                    **entity(row),
                    "parent_id": row["part_of_id"],
                    "founding_date": plain_date(row["founded"]),
                    "dissolution_date": plain_date(row["dissolved"]),
                    "abstract": row["disambiguation"],
                }
            )
            for row in rows("organisations")
            if row["id"] not in merged
        ],
        "posts": [
            _bare(
                {
                    "id": row["id"],
                    "label": row["label"],
                    "organization_id": row["organisation_id"],
                    "links": [{"url": page(row["id"])}] if page else [],
                }
            )
            for row in rows("posts")
            if row["id"] not in merged
        ],
        "memberships": [
            _bare(_membership(row, proofs, sources, page))
            for row in rows("tenures")
            if row["id"] not in merged
        ],
    }


def plain_date(text: str | None) -> str | None:
    """Return an EDTF date if Popolo can say it: a year, a month or a day, neither approximate nor open."""
    return text if text and _PLAIN.fullmatch(text) else None


def _membership(
    row: Row,
    proofs: dict[str, list[Row]],
    sources: dict[str, Row],
    page: Callable[[str], str] | None,
) -> dict[str, Any]:
    dates = {"start": row["started"], "end": row["ended"]}
    notes = [f"{name}: {text}" for name, text in dates.items() if text and not plain_date(text)]
    if row["attested_first"]:
        notes.append(f"attested: {row['attested_first']} to {row['attested_last']}")
    if row["interim"]:
        notes.append("interim")
    return {
        "id": row["id"],
        "label": row["title_as_stated"],
        "role": row["title_as_stated"],
        "person_id": row["person_id"],
        "organization_id": row["organisation_id"],
        "post_id": row["post_id"],
        "start_date": plain_date(row["started"]),
        "end_date": plain_date(row["ended"]),
        "note": "; ".join(notes) or None,
        "sources": _sources(proofs.get(row["id"], []), sources),
        "links": [{"url": page(row["id"])}] if page else [],
    }


def _other_names(row: Row, names: Iterable[Row]) -> list[dict[str, Any]]:
    return [
        _bare(
            {
                "name": name["name"],
                "note": f"{name['kind']}, {name['lang']}",
                "start_date": plain_date(name["from_earliest"]),
                "end_date": plain_date(name["to_latest"]),
            }
        )
        for name in names
        if name["name"] != row["name"]
    ]


def _sources(proofs: Iterable[Row], sources: dict[str, Row]) -> list[dict[str, Any]]:
    found = dict.fromkeys(proof["source_id"] for proof in proofs if proof["stance"] == "supports")
    return [
        {"url": source["url"], "note": source["title"] or slug}
        for slug in found
        if (source := sources.get(slug)) and source["url"]
    ]


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not known: empty is not a value."""
    return {name: value for name, value in item.items() if value not in (None, [], "")}
