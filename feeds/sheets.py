"""Which columns of a record's table are shown, in which order, and how they are to be read."""

from __future__ import annotations

from typing import Literal, NamedTuple

How = Literal["text", "date", "record", "word", "url", "instant", "amount", "flag"]


class Field(NamedTuple):
    """A column, what it is called (a key of `Words.terms`), and how its values are written."""

    column: str
    term: str
    how: How = "text"


class Sheet(NamedTuple):
    """A typed table and its columns that are shown; ``lead`` is the one that says it all in a sentence.

    ``besides`` are columns that no line shows by itself, but that tell how others read.
    """

    table: str
    fields: tuple[Field, ...]
    lead: str | None = None
    besides: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read, the key first."""
        lead = (self.lead,) if self.lead else ()
        return ("id", *lead, *(field.column for field in self.fields), *self.besides)


def _ref(name: str) -> Field:
    return Field(f"{name}_id", name, "record")


SHEETS: dict[str, Sheet] = {
    "person": Sheet("people", (Field("public_capacity", "public_capacity"), Field("disambiguation", "disambiguation"))),
    "org": Sheet(
        "organisations",
        (
            Field("disambiguation", "disambiguation"), _ref("part_of"), _ref("succeeds"),
            Field("founded", "founded", "date"), Field("dissolved", "dissolved", "date"),
        ),
    ),
    "post": Sheet("posts", (_ref("organisation"), _ref("succeeds"), Field("statutory", "statutory", "flag"))),
    "place": Sheet("places", (_ref("part_of"),)),
    "topic": Sheet("topics", ()),
    "measure": Sheet("measures", (Field("unit", "unit"), Field("counts", "counts"))),
    "tenure": Sheet(
        "tenures",
        (
            _ref("person"), Field("title_as_stated", "title_as_stated"), _ref("post"), _ref("organisation"),
            Field("interim", "interim", "flag"), Field("remit", "remit"), Field("party", "party"), _ref("area"),
            Field("started", "start", "date"), Field("ended", "end", "date"),
        ),
        besides=("ended_latest", "ended_basis", "attested_first", "attested_last"),
    ),
    "meeting": Sheet(
        "meetings",
        (_ref("organisation"), Field("held_on", "held_on", "date"), Field("kind", "kind"), Field("status", "status", "word")),
        besides=("held_on_earliest", "held_on_latest"),
    ),
    "doc": Sheet(
        "documents",
        (
            Field("kind", "kind"), _ref("author"), Field("published", "published", "date"), Field("period", "period", "date"),
            Field("pages", "pages"), _ref("responds_to"), _ref("replaces"), Field("url", "url", "url"),
        ),
        "title",
    ),
    "statement": Sheet(
        "statements",
        (
            _ref("speaker"), Field("said", "said_on", "date"), _ref("meeting"), _ref("document"),
            Field("mode", "mode", "word"), Field("speaker_basis", "speaker_basis", "word"),
        ),
        "gist",
        ("quote", "lang"),
    ),
    "development": Sheet(
        "developments",
        (
            Field("happened", "happened", "date"), Field("kind", "kind", "word"), Field("decision", "decision", "word"),
            Field("amount", "amount", "amount"), _ref("meeting"), _ref("document"),
        ),
        "what",
        ("amount_unit",),
    ),
    "commitment": Sheet(
        "commitments",
        (
            _ref("obliged"), _ref("owed_to"), _ref("made_in"), _ref("after"),
            Field("condition", "condition"), Field("finding", "finding"), _ref("found_by"), _ref("outcome"),
        ),
        "what",
        ("kind", "result", "done", "done_earliest", "done_latest"),
    ),
    "outcome": Sheet(
        "outcomes",
        (
            Field("result", "result", "word"), _ref("commitment"), Field("happened", "happened", "date"), _ref("found_by"),
        ),
        "finding",
    ),
    "figure": Sheet(
        "figures",
        (
            _ref("measure"), Field("value", "value", "amount"), Field("kind", "kind", "word"), Field("as_of", "as_of", "date"),
            Field("period", "period", "date"), _ref("subject"), _ref("area"),
        ),
        besides=("unit", "qualifier"),
    ),
    "source": Sheet(
        "sources",
        (
            Field("kind", "kind", "word"), _ref("publisher"), Field("published", "published", "date"),
            Field("url", "url", "url"), Field("lang", "lang", "word"), Field("captured_at", "captured_at", "instant"),
            _ref("replaces"), Field("sha256", "sha256"),
        ),
        "title",
    ),
}  # fmt: skip
