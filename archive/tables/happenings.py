"""Meetings, documents, statements, developments, and who took part."""

from __future__ import annotations

from collections.abc import Iterable

from archive.folding.labels import qualifier, topics
from archive.folding.record import Record
from archive.table import REF, Column, Context, Row, Table, dated, dated_columns

_ID = Column("id", f"TEXT PRIMARY KEY {REF.removeprefix('TEXT ')}", "Slug of the record")


def _meeting(record: Record, context: Context) -> Iterable[Row]:
    if record.kind != "meeting" or record.state != "current":
        return
    said = record.fields
    held = said.get("held_on") or {}
    yield {
        "id": record.id,
        "organisation_id": context.resolve(said.get("organisation")),
        "kind": said.get("kind"),
        **dated("held_on", said.get("held_on")),
        "basis": held.get("basis"),
        "status": said.get("status"),
    }


MEETINGS = Table(
    name="meetings",
    about="Meetings held, or due to be held.",
    columns=(
        _ID,
        Column("organisation_id", REF, "The body that met"),
        Column("kind", "TEXT", "What sort of meeting, where the source says so"),
        *dated_columns("held_on", "The day of the meeting"),
        Column("basis", "TEXT", "How the day is known: stated, resolved, computed or inferred"),
        Column(
            "status",
            "TEXT",
            "scheduled, held, cancelled, postponed or unknown, as far as the sources go",
        ),
    ),
    kind="meeting",
    rows=_meeting,
    indexes=(("organisation_id",), ("held_on_latest",)),
    facets=("status", "organisation_id"),
)


def _document(record: Record, context: Context) -> Iterable[Row]:
    if record.kind != "doc" or record.state != "current":
        return
    said = record.fields
    yield {
        "id": record.id,
        "title": said.get("title"),
        "kind": said.get("kind"),
        "author_id": context.resolve(said.get("author")),
        **dated("published", said.get("published")),
        **dated("period", said.get("period")),
        "pages": said.get("pages"),
        "responds_to_id": context.resolve(said.get("responds_to")),
        "replaces_id": context.resolve(said.get("replaces")),
        "url": said.get("url"),
    }


DOCUMENTS = Table(
    name="documents",
    about="Reports, plans, notices and letters that the sources speak of.",
    columns=(
        _ID,
        Column("title", "TEXT", "Title, or a short description where none is known"),
        Column("kind", "TEXT", "What sort of document"),
        Column("author_id", REF, "Who wrote or issued it"),
        *dated_columns("published", "When it was published or handed over"),
        *dated_columns("period", "The time it reports on"),
        Column("pages", "INTEGER", "Number of pages"),
        Column("responds_to_id", REF, "The document it answers"),
        Column("replaces_id", REF, "The document it replaces"),
        Column("url", "TEXT", "Where it can be read"),
    ),
    kind="doc",
    rows=_document,
    indexes=(("author_id",), ("published_latest",)),
    label="title",
    facets=("kind", "author_id"),
)


def _statement(record: Record, context: Context) -> Iterable[Row]:
    if record.kind != "statement" or record.state != "current":
        return
    said = record.fields
    face = context.face(record.id)
    quotes = (
        p.evidence.get("quote") for p in record.proofs if p.evidence.get("stance") != "contradicts"
    )
    yield {
        "id": record.id,
        "speaker_id": context.resolve(said.get("speaker")),
        "speaker_basis": said.get("speaker_basis"),
        "mode": said.get("mode"),
        "gist": said.get("gist"),
        "quote": next(filter(None, quotes), None),
        "lang": said.get("lang", "en"),
        "meeting_id": context.resolve(said.get("meeting")),
        "document_id": context.resolve(said.get("document")),
        **dated("said", face.day if face else None),
    }


STATEMENTS = Table(
    name="statements",
    about="Who said what, in our own words, and how we know who spoke.",
    columns=(
        _ID,
        Column("speaker_id", REF, "The person, body, post or document that says it"),
        Column(
            "speaker_basis",
            "TEXT",
            "How the speaker is known: named, pronoun, continued, forward, elided or inferred",
        ),
        Column("mode", "TEXT", "direct, indirect or partial quotation in the source"),
        Column("gist", "TEXT", "What was said, in our own words"),
        Column("quote", "TEXT", "A few of the words themselves, six at the most, where recorded"),
        Column("lang", "TEXT", "Language spoken"),
        Column("meeting_id", REF, "The meeting at which it was said"),
        Column("document_id", REF, "The document in which, or on which, it was said"),
        *dated_columns(
            "said", "When it was said; the meeting's day where the source gives no other"
        ),
    ),
    kind="statement",
    rows=_statement,
    indexes=(("speaker_id",), ("said_earliest",), ("meeting_id",)),
    label="gist",
    facets=("speaker_basis", "mode", "speaker_id"),
)


def _development(record: Record, context: Context) -> Iterable[Row]:
    if record.kind != "development" or record.state != "current":
        return
    said = record.fields
    amount = said.get("amount") or {}
    yield {
        "id": record.id,
        "what": said.get("what"),
        "kind": said.get("kind"),
        "decision": said.get("decision"),
        **dated("happened", said.get("happened")),
        "document_id": context.resolve(said.get("document")),
        "meeting_id": context.resolve(said.get("meeting")),
        "amount": amount.get("value"),
        "amount_unit": amount.get("unit"),
    }


DEVELOPMENTS = Table(
    name="developments",
    about="What happened: reports published, plans handed in, decisions, appointments, notices.",
    columns=(
        _ID,
        Column("what", "TEXT", "What happened, in our own words"),
        Column(
            "kind",
            "TEXT",
            "published, submitted, decision, appointed, departed, set-up, wound-up, inspected, notice, funded or other",
        ),
        Column("decision", "TEXT", "noted, approved, rejected or deferred, for a decision"),
        *dated_columns("happened", "When it happened"),
        Column("document_id", REF, "The document concerned"),
        Column("meeting_id", REF, "The meeting at which it happened"),
        Column("amount", "REAL", "A sum or quantity, where the source gives one"),
        Column("amount_unit", "TEXT", "Unit of amount, e.g. GBP"),
    ),
    kind="development",
    rows=_development,
    indexes=(("happened_latest",), ("document_id",), ("meeting_id",)),
    label="what",
    facets=("kind", "decision"),
)


def _participants(record: Record, context: Context) -> Iterable[Row]:
    if record.state != "current":
        return
    pairs = [(item["entity"], item["role"]) for item in record.fields.get("participants", ())]
    pairs += [(slug, "about") for slug in record.fields.get("about", ())]
    for entity, role in dict.fromkeys((context.resolve(slug), role) for slug, role in pairs):
        yield {"record_id": record.id, "entity_id": entity, "role": role}


PARTICIPANTS = Table(
    name="participants",
    about="Who or what took part in a development, or what a statement is about.",
    columns=(
        Column("record_id", f"{REF} NOT NULL", "The development or statement"),
        Column("entity_id", f"{REF} NOT NULL", "Who or what took part"),
        Column("role", "TEXT NOT NULL", "As what; 'about' for the subject of a statement"),
    ),
    constraints=("PRIMARY KEY (record_id, entity_id, role)",),
    rows=_participants,
    owner="record_id",
    indexes=(("entity_id",),),
    facets=("role",),
)


def _topics(record: Record, context: Context) -> Iterable[Row]:
    for topic in topics(record, context):
        yield {"record_id": record.id, "topic_id": topic}


RECORD_TOPICS = Table(
    name="record_topics",
    about="Which topics a record belongs to; an outcome belongs to those of its commitment, too.",
    columns=(
        Column("record_id", f"{REF} NOT NULL", "The record"),
        Column("topic_id", f"{REF} NOT NULL", "The topic"),
    ),
    constraints=("PRIMARY KEY (record_id, topic_id)",),
    rows=_topics,
    owner="record_id",
    indexes=(("topic_id",),),
    facets=("topic_id",),
)


def _figure(record: Record, context: Context) -> Iterable[Row]:
    if record.kind != "figure" or record.state != "current":
        return
    said = record.fields
    yield {
        "id": record.id,
        "measure_id": context.resolve(said.get("measure")),
        "value": said.get("value"),
        "qualifier": qualifier(record),
        "unit": said.get("unit"),
        **dated("as_of", said.get("as_of")),
        **dated("period", said.get("period")),
        "kind": said.get("kind"),
        "subject_id": context.resolve(said.get("subject")),
        "area_id": context.resolve(said.get("area")),
        "source_id": context.resolve(next(iter(record.supporting), None)),
    }


FIGURES = Table(
    name="figures",
    about="Numbers with the date they stand for; one series per measure, targets and budgets beside actuals.",
    columns=(
        _ID,
        Column("measure_id", REF, "The series it belongs to"),
        Column("value", "REAL", "The number"),
        Column(
            "qualifier",
            "TEXT",
            "about, more-than, at-least, less-than or at-most (up to); empty where the number is given as it is",
        ),
        Column("unit", "TEXT", "Its unit"),
        *dated_columns("as_of", "When the number held, or was told"),
        *dated_columns("period", "The time a sum or rate is for, e.g. a financial year"),
        Column("kind", "TEXT", "actual, target, budget, forecast or estimate"),
        Column("subject_id", REF, "Whom or what it is about"),
        Column("area_id", REF, "The area it covers"),
        Column("source_id", REF, "The first source that gives it"),
    ),
    kind="figure",
    rows=_figure,
    indexes=(("measure_id", "as_of_latest"),),
    facets=("kind", "measure_id"),
)

TABLES = (MEETINGS, DOCUMENTS, STATEMENTS, DEVELOPMENTS, PARTICIPANTS, RECORD_TOPICS, FIGURES)
