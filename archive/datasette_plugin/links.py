"""Where a row leads: to its public page, its events, its evidence, and whatever else speaks of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from archive.table import DATABASE

#: A record's slug, as it stands in a cell.
SLUG = re.compile(
    r"(?:person|org|post|place|topic|measure|tenure|meeting|doc|statement|development|commitment|outcome|figure"
    r"|source)/[a-z0-9]+(?:-[a-z0-9]+)*"
)
#: Columns that hold the number of an event.
EVENTS = frozenset(
    {"event", "seq", "first_event", "target_event", "updated_event", "last_event", "acts_on"}
)

#: What is asked of a record, in this order, with the words for the link; a column of a table refers to it.
LEADS: tuple[tuple[str, str, str], ...] = (
    ("tenures", "person_id", "posts held"),
    ("tenures", "post_id", "holders"),
    ("tenures", "organisation_id", "members"),
    ("statements", "speaker_id", "statements"),
    ("commitments", "obliged_id", "promises and duties"),
    ("commitments", "owed_to_id", "promises and duties owed to it"),
    ("commitments", "made_in_id", "promises made in it"),
    ("readings", "commitment_id", "readings of the deadline"),
    ("outcomes", "commitment_id", "outcomes"),
    ("participants", "entity_id", "what it took part in"),
    ("participants", "record_id", "participants"),
    ("documents", "author_id", "documents written"),
    ("documents", "responds_to_id", "documents that answer it"),
    ("documents", "replaces_id", "documents that replace it"),
    ("statements", "document_id", "statements in it"),
    ("statements", "meeting_id", "statements at it"),
    ("developments", "meeting_id", "developments at it"),
    ("developments", "document_id", "developments about it"),
    ("meetings", "organisation_id", "meetings"),
    ("posts", "organisation_id", "posts"),
    ("organisations", "part_of_id", "parts"),
    ("organisations", "succeeds_id", "successors"),
    ("figures", "measure_id", "figures"),
    ("figures", "subject_id", "figures about it"),
    ("sources", "publisher_id", "sources published"),
    ("record_topics", "topic_id", "records on this topic"),
    ("names", "record_id", "names"),
    ("evidence", "record_id", "pieces of evidence"),
    ("evidence", "source_id", "pieces of evidence in it"),
    ("conflicts", "record_id", "contradictions"),
    ("assertions", "record_id", "claims"),
    ("corrections", "record_id", "corrections"),
    ("versions", "record_id", "versions"),
    ("event_records", "record_id", "events that name it"),
)


class Link(NamedTuple):
    """A link and its words; ``rows`` is how many it leads to, where that is known."""

    href: str
    text: str
    rows: int | None = None


def subject(row: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """Return the record and the event that a row is about, as far as its key columns tell."""
    slugs = (row.get(name) for name in ("record_id", "id", "commitment_id", "entry_id"))
    record = next((slug for slug in slugs if isinstance(slug, str) and SLUG.fullmatch(slug)), None)
    numbers = (row.get(name) for name in ("seq", "event", "first_event"))
    event = next((number for number in numbers if isinstance(number, int)), None)
    return record, event


def page(site: str, slug: str) -> str:
    """Return the public page of a record."""
    return f"{site}/en/records/{slug}"


def event_page(site: str, seq: int) -> str:
    """Return the public page of an event."""
    return f"{site}/en/events/E{seq}"


def row_of(table: str, key: object) -> str:
    """Return Datasette's address of a row; a slash in a key is tilde-encoded."""
    return f"/{DATABASE}/{table}/{str(key).replace('/', '~2F')}"


def rows_with(table: str, column: str, value: object) -> str:
    """Return Datasette's address of the rows with a value in a column."""
    return f"/{DATABASE}/{table}?{urlencode({f'{column}__exact': value})}"


def counting() -> str:
    """Return the SQL that counts, for one record (``:slug``), the rows of each of LEADS, in this order."""
    return " UNION ALL ".join(
        f"SELECT {number}, count(*) FROM {table} WHERE {column} = :slug"
        for number, (table, column, _) in enumerate(LEADS)
    )


def leads(slug: str, counts: Mapping[int, int]) -> list[Link]:
    """Return the links from a record to what refers to it, given how many rows each has."""
    return [
        Link(rows_with(table, column, slug), words, counts[number])
        for number, (table, column, words) in enumerate(LEADS)
        if counts.get(number)
    ]


def home_table(slug: str) -> str:
    """Return the table that a record of this kind has its own row in."""
    return _HOME[slug.partition("/")[0]]


_HOME = {
    "person": "people",
    "org": "organisations",
    "post": "posts",
    "place": "places",
    "topic": "topics",
    "measure": "measures",
    "tenure": "tenures",
    "meeting": "meetings",
    "doc": "documents",
    "statement": "statements",
    "development": "developments",
    "commitment": "commitments",
    "outcome": "outcomes",
    "figure": "figures",
    "source": "sources",
}
