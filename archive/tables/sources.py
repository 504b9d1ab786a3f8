"""Sources, and the evidence in them."""

from __future__ import annotations

from collections.abc import Iterable

from archive.folding.record import Record
from archive.table import REF, Column, Context, Row, Table, View, dated, dated_columns


def _source(record: Record, context: Context) -> Iterable[Row]:
    if record.kind != "source" or record.state != "current":
        return
    said = record.fields
    published = said.get("published")
    yield {
        "id": record.id,
        "kind": said.get("kind"),
        "publisher_id": context.resolve(said.get("publisher")),
        "title": said.get("title"),
        "url": said.get("url"),
        **dated("published", published),
        "published_basis": published.get("basis") if published else None,
        "lang": said.get("lang"),
        "captured_at": said.get("captured_at"),
        "chars": said.get("chars"),
        "sha256": said.get("sha256"),
        "body_access": said.get("body_access"),
        "replaces_id": context.resolve(said.get("replaces")),
    }


SOURCES = Table(
    name="sources",
    about="What was read: articles, minutes, statements. Their texts stay private; the digest locks them.",
    columns=(
        Column("id", f"TEXT PRIMARY KEY {REF.removeprefix('TEXT ')}", "Slug of the source"),
        Column("kind", "TEXT", "news, minutes, transcript, written-statement, press-release, …"),
        Column("publisher_id", REF, "The body that published it"),
        Column("title", "TEXT", "Title, where one is known"),
        Column("url", "TEXT", "Where it was published"),
        *dated_columns("published", "When it was published"),
        Column(
            "published_basis",
            "TEXT",
            "How that date is known: stated, resolved, computed or inferred",
        ),
        Column("lang", "TEXT", "Language: en or cy"),
        Column("captured_at", "TEXT", "When we read it"),
        Column("chars", "INTEGER", "Unicode code points of its text; empty where no text is held"),
        Column(
            "sha256",
            "TEXT",
            "SHA-256 of the text's bytes, in hexadecimal: any copy can be compared",
        ),
        Column("body_access", "TEXT", "Who may read our copy: public, extract or restricted"),
        Column("replaces_id", REF, "The earlier version of the same article"),
    ),
    kind="source",
    rows=_source,
    label="title",
    indexes=(("publisher_id",), ("published_latest",)),
    facets=("kind", "lang", "publisher_id"),
)


def _evidence(record: Record, context: Context) -> Iterable[Row]:
    for proof in record.proofs:
        said = proof.evidence
        yield {
            "record_id": record.id,
            "event": proof.event,
            "number": proof.number,
            "source_id": context.resolve(said.get("source")),
            "char_start": said.get("start"),
            "char_end": said.get("end"),
            "quote": said.get("quote"),
            "digest": said.get("digest"),
            "supports": " ".join(said.get("supports", ())) or None,
            "stance": said.get("stance", "supports"),
        }


EVIDENCE = Table(
    name="evidence",
    about="Where a source says it: half-open spans of Unicode code points. With the text at hand,"
    " substr(text, char_start + 1, char_end - char_start) gives the words.",
    columns=(
        Column("record_id", f"{REF} NOT NULL", "The record it is evidence for"),
        Column("event", "INTEGER NOT NULL", "Number of the event it belongs to"),
        Column("number", "INTEGER NOT NULL", "Its place in that event, from 0"),
        Column("source_id", REF, "The source"),
        Column(
            "char_start",
            "INTEGER",
            "First code point, from 0; empty for a source whose text we do not hold",
        ),
        Column("char_end", "INTEGER", "Code point after the last"),
        Column("quote", "TEXT", "The words, where they are six or fewer"),
        Column("digest", "TEXT", "SHA-256 of the words in UTF-8, in hexadecimal"),
        Column(
            "supports", "TEXT", "JSON pointers of the fields it speaks for; empty: the whole event"
        ),
        Column("stance", "TEXT NOT NULL", "supports or contradicts"),
    ),
    constraints=("PRIMARY KEY (record_id, event, number)",),
    rows=_evidence,
    owner="record_id",
    indexes=(("source_id",), ("event",)),
    facets=("stance",),
)

TABLES = (SOURCES, EVIDENCE)

TOPICS = View(
    name="source_topics",
    about="What a source is about: the topics of the records that it supports, and of how many.",
    columns=(
        Column("source_id", "", "The source"),
        Column("topic_id", "", "A topic of what it says"),
        Column("records", "", "Number of records on that topic that it supports"),
    ),
    query="""SELECT e.source_id, t.topic_id, count(DISTINCT e.record_id) AS records
FROM evidence e JOIN record_topics t ON t.record_id = e.record_id
WHERE e.stance = 'supports'
GROUP BY e.source_id, t.topic_id""",
    sort_desc="records",
    facets=("topic_id",),
)
