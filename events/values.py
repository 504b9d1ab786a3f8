"""The value types that events are made of: slugs, dated claims, evidence, deadline readings."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec

from events import edtf
from events.edtf import Bounds

#: Kinds of records, as the first part of a slug. A slug is never reused, even after a retraction.
KINDS = (
    "source",
    "person",
    "org",
    "post",
    "place",
    "topic",
    "measure",
    "tenure",
    "meeting",
    "doc",
    "statement",
    "development",
    "commitment",
    "outcome",
    "figure",
)

# Patterns end in \Z: a $ would let a line break pass at the end; and \d is more than 0 to 9.
_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"


def _slug(*kinds: str) -> msgspec.Meta:
    return msgspec.Meta(pattern=rf"^(?:{'|'.join(kinds)})/{_NAME}\Z", max_length=120)


Slug = Annotated[str, _slug(*KINDS)]
SourceSlug = Annotated[str, _slug("source")]
EntitySlug = Annotated[str, _slug("person", "org", "post", "place", "topic", "measure")]
PersonSlug = Annotated[str, _slug("person")]
OrgSlug = Annotated[str, _slug("org")]
PostSlug = Annotated[str, _slug("post")]
PlaceSlug = Annotated[str, _slug("place")]
TopicSlug = Annotated[str, _slug("topic")]
MeasureSlug = Annotated[str, _slug("measure")]
TenureSlug = Annotated[str, _slug("tenure")]
MeetingSlug = Annotated[str, _slug("meeting")]
DocSlug = Annotated[str, _slug("doc")]
StatementSlug = Annotated[str, _slug("statement")]
DevelopmentSlug = Annotated[str, _slug("development")]
CommitmentSlug = Annotated[str, _slug("commitment")]
OutcomeSlug = Annotated[str, _slug("outcome")]
FigureSlug = Annotated[str, _slug("figure")]
# One pattern per union of kinds: msgspec keeps only the last pattern of `PersonSlug | OrgSlug`.
ActorSlug = Annotated[str, _slug("person", "org", "post")]
SpeakerSlug = Annotated[str, _slug("person", "org", "post", "doc")]
WholeSlug = Annotated[str, _slug("org", "place")]
ForerunnerSlug = Annotated[str, _slug("org", "post")]
ConditionSlug = Annotated[str, _slug("commitment", "doc", "development", "meeting")]
OccasionSlug = Annotated[str, _slug("doc", "meeting", "statement")]

Line = Annotated[str, msgspec.Meta(pattern=r"^\S(?:[^\n\r]*\S)?\Z", max_length=300)]
Prose = Annotated[str, msgspec.Meta(pattern=r"^\S(?:[\s\S]*\S)?\Z", max_length=2000)]
Edtf = Annotated[str, msgspec.Meta(max_length=80)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Pointer = Annotated[str, msgspec.Meta(pattern=r"^(?:/(?:[^~/\n\r]|~[01])+)+\Z", max_length=200)]
Anchor = Annotated[
    str, msgspec.Meta(pattern=rf"^(?:{'|'.join(KINDS)})/{_NAME}#[a-z_]+\Z", max_length=160)
]
Url = Annotated[str, msgspec.Meta(pattern=r"^https?://[!-~]+\Z", max_length=1000)]
DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
Instant = Annotated[str, msgspec.Meta(pattern=rf"^{DAY}(?:T{TIME})?\Z", max_length=20)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=50_000_000)]
Lang = Literal["en", "cy"]
Role = Literal["archivist", "contributor", "redactor", "system"]

Reason = Literal[
    "archive-error",
    "source-error",
    "better-evidence",
    "interpretation",
    "duplicate",
    "privacy",
    "legal",
]
Basis = Literal[
    "child-privacy",
    "court-order",
    "data-protection",
    "defamation",
    "copyright",
    "legal",
    "mistake",
]

#: A quotation longer than this is a copy, not a proof: the span and its digest prove the rest.
QUOTE_WORDS = 6


class Value(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of all value types: frozen, closed to unknown fields, defaults left out when stored."""


class When(Value, frozen=True, kw_only=True):
    """A date as a source gives it: EDTF (ISO 8601-2), the source's own words, and how it was got."""

    edtf: Edtf
    basis: Literal["stated", "resolved", "computed", "inferred"]
    text: Line | None = None
    anchor: Anchor | None = None

    def __post_init__(self) -> None:
        edtf.parse(self.edtf)
        if self.basis == "resolved" and self.anchor is None:
            raise ValueError(
                "a resolved date needs its anchor, e.g. source/name#published: resolved against what?"
            )

    @property
    def bounds(self) -> Bounds:
        """Earliest and latest day (ISO, inclusive; None where open)."""
        return edtf.bounds(self.edtf)


class Evidence(Value, frozen=True, kw_only=True):
    """Where a source says it: a span of Unicode code points in its hash-locked text.

    ``start``/``end`` are half-open; SQLite reproduces the words as ``substr(body, start+1, end-start)``.
    ``digest`` is the SHA-256 of the span's UTF-8 bytes, so a long span is proved without quoting it.
    No span means the source as a whole (we do not hold its text).
    """

    source: SourceSlug
    start: Offset | None = None
    end: Offset | None = None
    quote: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    digest: Sha256 | None = None
    supports: tuple[Pointer, ...] = ()
    stance: Literal["supports", "contradicts"] = "supports"

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise ValueError("a span needs both start and end")
        if self.start is None and (self.quote is not None or self.digest is not None):
            raise ValueError("quote and digest need the span they belong to")
        if self.start is not None and self.end is not None:
            if self.start >= self.end:
                raise ValueError(f"span [{self.start}, {self.end}] is empty or reversed")
            if self.quote is not None and len(self.quote) != self.end - self.start:
                raise ValueError(
                    f"quote has {len(self.quote)} code points, its span {self.end - self.start}"
                )
        if self.quote is not None and len(self.quote.split()) > QUOTE_WORDS:
            raise ValueError(f"quote has more than {QUOTE_WORDS} words; give the span alone")


class Rule(Value, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A deadline as a count: ``n`` units from a day, by a named calendar and count convention."""

    n: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    unit: Literal["working-day", "day", "week", "month", "year"]
    from_: Edtf
    calendar: Literal["wales", "wales-christmas-eve", "united-kingdom"] | None = None
    count: Literal["after-day", "from-day"] = "after-day"

    def __post_init__(self) -> None:
        edtf.parse(self.from_)
        if (self.unit == "working-day") != (self.calendar is not None):
            raise ValueError("working days need a calendar, and only they may have one")


class Reading(Value, frozen=True, kw_only=True):
    """One way to read a deadline: a date, or a rule that computes it."""

    label: Line
    on: When | None = None
    rule: Rule | None = None

    def __post_init__(self) -> None:
        if (self.on is None) == (self.rule is None):
            raise ValueError("a reading is either `on` a date or by a `rule`")


class Participant(Value, frozen=True, kw_only=True):
    """Who took part in a development, and as what."""

    entity: Slug
    role: Line


class Amount(Value, frozen=True, kw_only=True):
    """A quantity with its unit, e.g. 4000000 GBP."""

    value: int | float
    unit: Line


class Change(Value, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One field of an event amended: ``from`` must equal the value in force (None: not there)."""

    path: Pointer
    from_: Any = None
    to: Any = None

    def __post_init__(self) -> None:
        if re.match(r"^/(?:id|new|target|record)(?:/|$)", self.path):
            raise ValueError(f"{self.path} cannot be amended: retract the event and record it anew")
        if self.from_ == self.to and type(self.from_) is type(self.to):
            raise ValueError(f"{self.path}: `from` and `to` are the same")
