"""People, organisations, posts, places, topics and measures, and the names they go by."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from archive.folding.record import Record
from archive.table import REF, Column, Context, Row, Table, dated, dated_columns
from events import edtf

_ID = Column("id", f"TEXT PRIMARY KEY {REF.removeprefix('TEXT ')}", "Slug of the record")


def _only(
    kind: str, make: Callable[[Record, Context], Row]
) -> Callable[[Record, Context], Iterable[Row]]:
    """Return a row maker for the current records of one kind."""

    def rows(record: Record, context: Context) -> Iterable[Row]:
        if record.kind == kind and record.state == "current":
            yield {"id": record.id, **make(record, context)}

    return rows


PEOPLE = Table(
    name="people",
    about="People in a public capacity: office-holders, officers, members of boards. Nobody else.",
    columns=(
        _ID,
        Column("name", "TEXT", "Name as the archive gives it; other spellings are in names"),
        Column("public_capacity", "TEXT", "The public role for which the person is recorded"),
        Column("disambiguation", "TEXT", "What tells the person from a namesake"),
    ),
    kind="person",
    rows=_only(
        "person",
        lambda record, _: {
            "name": record.fields.get("name"),
            "public_capacity": record.fields.get("public_capacity"),
            "disambiguation": record.fields.get("disambiguation"),
        },
    ),
    label="name",
)

ORGANISATIONS = Table(
    name="organisations",
    about="Councils, departments, inspectorates, boards, publishers: one row each, whatever it was called.",
    columns=(
        _ID,
        Column("name", "TEXT", "Name as the archive gives it; former and Welsh names are in names"),
        Column("disambiguation", "TEXT", "What tells it from a body of the same name"),
        Column("part_of_id", REF, "The body it belongs to"),
        Column("succeeds_id", REF, "The body whose work it took over"),
        *dated_columns("founded", "When it was set up"),
        *dated_columns("dissolved", "When it was wound up"),
    ),
    kind="org",
    rows=_only(
        "org",
        lambda record, context: {
            "name": record.fields.get("name"),
            "disambiguation": record.fields.get("disambiguation"),
            "part_of_id": context.resolve(record.fields.get("part_of")),
            "succeeds_id": context.resolve(record.fields.get("succeeds")),
            **dated("founded", record.fields.get("founded")),
            **dated("dissolved", record.fields.get("dissolved")),
        },
    ),
    label="name",
    indexes=(("part_of_id",),),
)

POSTS = Table(
    name="posts",
    about="Posts that people hold one after another: directors, portfolio holders, ministers, chairs.",
    columns=(
        _ID,
        Column("label", "TEXT", "What the post is called"),
        Column("organisation_id", REF, "The body the post belongs to"),
        Column("succeeds_id", REF, "The post whose work it took over"),
        Column(
            "seats",
            "INTEGER",
            "How many people hold it at once; with 1, a successor's start ends the tenure before",
        ),
        Column("statutory", "INTEGER", "1 when the law demands the post"),
    ),
    kind="post",
    rows=_only(
        "post",
        lambda record, context: {
            "label": record.fields.get("name"),
            "organisation_id": context.resolve(record.fields.get("organisation")),
            "succeeds_id": context.resolve(record.fields.get("succeeds")),
            "seats": record.fields.get("seats", 1),
            "statutory": int(record.fields.get("statutory", False)),
        },
    ),
    label="label",
    indexes=(("organisation_id",),),
)

PLACES = Table(
    name="places",
    about="Wards, towns and areas that records name.",
    columns=(
        _ID,
        Column("name", "TEXT", "Name of the place"),
        Column("part_of_id", REF, "The place or body it lies in"),
    ),
    kind="place",
    rows=_only(
        "place",
        lambda record, context: {
            "name": record.fields.get("name"),
            "part_of_id": context.resolve(record.fields.get("part_of")),
        },
    ),
    label="name",
)

TOPICS = Table(
    name="topics",
    about="The closed list of topics by which records can be found and followed.",
    columns=(_ID, Column("name", "TEXT", "Name of the topic")),
    kind="topic",
    rows=_only("topic", lambda record, _: {"name": record.fields.get("name")}),
    label="name",
)

MEASURES = Table(
    name="measures",
    about="Series of figures: what is counted, and in which unit.",
    columns=(
        _ID,
        Column("label", "TEXT", "Name of the series"),
        Column("unit", "TEXT", "Unit of its values, e.g. children, GBP, percent"),
        Column("counts", "TEXT", "What exactly is counted"),
    ),
    kind="measure",
    rows=_only(
        "measure",
        lambda record, _: {
            "label": record.fields.get("name"),
            "unit": record.fields.get("unit"),
            "counts": record.fields.get("counts"),
        },
    ),
    label="label",
)


def _names(record: Record, _context: Context) -> Iterable[Row]:
    if record.state != "current":
        return
    if "name" in record.fields:
        event = record.origins["name"]
        yield _name(
            record, event, {"name": record.fields["name"], "kind": "recorded", "lang": "en"}
        )
    for item in record.names:
        yield _name(record, item.event, item.value)


def _name(record: Record, event: int, said: dict[str, object]) -> Row:
    from_, until = (
        edtf.bounds(str(when["edtf"])) if isinstance(when := said.get(end), dict) else (None, None)
        for end in ("from", "until")
    )
    return {
        "record_id": record.id,
        "name": said.get("name"),
        "kind": said.get("kind"),
        "lang": said.get("lang"),
        "from_earliest": from_[0],
        "to_latest": until[1],
        "event": event,
    }


NAMES = Table(
    name="names",
    about="Every name a record goes or went by, misprints included, so that a search finds it under each.",
    columns=(
        Column("record_id", f"{REF} NOT NULL", "The record that is so called"),
        Column("name", "TEXT", "The name"),
        Column(
            "kind",
            "TEXT",
            "recorded (the archive's own), official, known-as, abbreviation, former, epithet or typo",
        ),
        Column("lang", "TEXT", "en or cy"),
        Column("from_earliest", "TEXT", "First day on which the name can have been used"),
        Column("to_latest", "TEXT", "Last day on which the name can have been used"),
        Column("event", "INTEGER NOT NULL", "Number of the event that records the name"),
    ),
    constraints=("PRIMARY KEY (record_id, event)",),
    rows=_names,
    owner="record_id",
    indexes=(("name",),),
    facets=("kind", "lang"),
)

TABLES = (PEOPLE, ORGANISATIONS, POSTS, PLACES, TOPICS, MEASURES, NAMES)
