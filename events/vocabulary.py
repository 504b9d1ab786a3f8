"""The event types: eleven ways to record, six ways to correct.

An event is an act of recording ("source S says X"), never a happening in the world. Several events may
describe one record (slug); the projection folds them field by field. A type never changes its meaning:
a new meaning is a new version with an upcaster (`codec`), or a new type.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

import msgspec

from events import edtf
from events.values import (
    ActorSlug,
    Amount,
    Basis,
    Change,
    CommitmentSlug,
    ConditionSlug,
    DevelopmentSlug,
    DocSlug,
    EntitySlug,
    FigureSlug,
    ForerunnerSlug,
    Instant,
    Lang,
    Line,
    MeasureSlug,
    MeetingSlug,
    OccasionSlug,
    Offset,
    OrgSlug,
    OutcomeSlug,
    Participant,
    PersonSlug,
    PlaceSlug,
    Pointer,
    PostSlug,
    Prose,
    Reading,
    Reason,
    Role,
    Seq,
    Sha256,
    Slug,
    SourceSlug,
    SpeakerSlug,
    StatementSlug,
    TenureSlug,
    TopicSlug,
    Url,
    When,
    WholeSlug,
)

SourceKind = Literal[
    "news",
    "minutes",
    "transcript",
    "written-statement",
    "press-release",
    "inspection-report",
    "report",
    "plan",
    "letter",
    "notice",
    "legislation",
    "ombudsman-decision",
    "web-page",
    "other",
]


class Payload(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of all event types: frozen, closed to unknown fields, defaults left out when stored."""


class Recording(Payload, frozen=True, kw_only=True):
    """Base of the types that describe a record; ``new`` marks the first use of a slug (typo guard).

    What a record needs (`REQUIRED`) must stand in its first event; later ones add only what their own
    source states. ``note`` is the archivist's remark, and stands where dates are inferred without evidence.
    """

    new: bool = False
    note: Prose | None = None


class SourceCaptured(Recording, frozen=True, kw_only=True):
    """A source was read: who published it, when, and the digest that locks its text.

    ``sha256`` is of the file's bytes, ``chars`` counts Unicode code points of its UTF-8 text; both are
    absent where we hold no text. ``noise`` lists spans that are not the article's words (adverts).
    """

    id: SourceSlug
    kind: SourceKind | None = None
    publisher: OrgSlug | None = None
    lang: Lang | None = None
    captured_at: Instant | None = None
    body_access: Literal["public", "extract", "restricted"] | None = None
    sha256: Sha256 | None = None
    chars: Offset | None = None
    title: Line | None = None
    url: Url | None = None
    published: When | None = None
    noise: tuple[tuple[Offset, Offset], ...] = ()
    replaces: SourceSlug | None = None

    def __post_init__(self) -> None:
        if (self.sha256 is None) != (self.chars is None):
            raise ValueError(
                "sha256 and chars belong together: both, or neither where no text is held"
            )
        real_day(self.captured_at)
        for start, end in self.noise:
            if not start < end <= (self.chars or 0):
                raise ValueError(f"noise span [{start}, {end}] is not inside the text")


class EntityRecorded(Recording, frozen=True, kw_only=True):
    """A person, organisation, post, place, topic or measure exists under a slug.

    Persons appear only in a public capacity, which must be stated; never a child, parent, carer or
    foster home. A post belongs to an organisation; ``seats`` is how many hold it at once.
    """

    id: EntitySlug
    kind: Literal["person", "organisation", "post", "place", "topic", "measure"] | None = None
    name: Line | None = None
    disambiguation: Line | None = None
    external_ids: dict[Line, Line] = {}
    topics: tuple[TopicSlug, ...] = ()
    public_capacity: Line | None = None
    part_of: WholeSlug | None = None
    succeeds: ForerunnerSlug | None = None
    founded: When | None = None
    dissolved: When | None = None
    organisation: OrgSlug | None = None
    seats: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    statutory: bool = False
    unit: Line | None = None
    counts: Line | None = None

    def __post_init__(self) -> None:
        prefix = self.id.partition("/")[0]
        kind = {"org": "organisation"}.get(prefix, prefix)
        if self.kind not in (None, kind):
            raise ValueError(f"a {self.kind} cannot have the slug {self.id}")
        if self.new and kind == "person" and self.public_capacity is None:
            raise ValueError(
                "a person needs public_capacity: nobody is recorded as a private person"
            )
        if self.new and kind == "post" and self.organisation is None:
            raise ValueError("a post needs its organisation")
        for field, kinds in _ENTITY_FIELDS.items():
            default = 1 if field == "seats" else False if field == "statutory" else None
            if kind not in kinds and getattr(self, field) != default:
                raise ValueError(f"`{field}` is for {' or '.join(kinds)}, not for a {kind}")
        ordered(self.founded, self.dissolved, "founded", "dissolved")


_ENTITY_FIELDS: dict[str, tuple[str, ...]] = {
    "public_capacity": ("person",),
    "part_of": ("organisation", "place"),
    "succeeds": ("organisation", "post"),
    "founded": ("organisation",),
    "dissolved": ("organisation",),
    "organisation": ("post",),
    "seats": ("post",),
    "statutory": ("post",),
    "unit": ("measure",),
    "counts": ("measure",),
}


class NameRecorded(Recording, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A record goes, or went, by a name: official, abbreviation, former, epithet, or a misprint."""

    record: Slug
    name: Line
    kind: Literal["official", "known-as", "abbreviation", "former", "epithet", "typo"]
    lang: Lang
    from_: When | None = None
    until: When | None = None

    def __post_init__(self) -> None:
        ordered(self.from_, self.until, "from", "until")


class TenureRecorded(Recording, frozen=True, kw_only=True):
    """A person held a post, or belonged to a body: started, ended, or attested on a day.

    News almost never gives a start or an end, so an attestation is enough and proves only its day.
    """

    id: TenureSlug
    person: PersonSlug | None = None
    title_as_stated: Line | None = None
    post: PostSlug | None = None
    organisation: OrgSlug | None = None
    start: When | None = None
    end: When | None = None
    attested: When | None = None
    interim: bool = False
    remit: Line | None = None
    party: Line | None = None
    area: PlaceSlug | None = None
    topics: tuple[TopicSlug, ...] = ()

    def __post_init__(self) -> None:
        both = self.post is not None and self.organisation is not None
        if both or (self.new and self.post is None and self.organisation is None):
            raise ValueError(
                "a tenure is of a `post`, or a membership of an `organisation`: one of them"
            )
        if self.new and self.start is None and self.end is None and self.attested is None:
            raise ValueError("a tenure needs at least one of start, end, attested")
        ordered(self.start, self.end, "start", "end")
        ordered(self.start, self.attested, "start", "attested")
        ordered(self.attested, self.end, "attested", "end")


class MeetingRecorded(Recording, frozen=True, kw_only=True):
    """A body met, or was to meet."""

    id: MeetingSlug
    organisation: OrgSlug | None = None
    held_on: When | None = None
    status: Literal["scheduled", "held", "cancelled", "postponed", "unknown"] | None = None
    kind: Line | None = None
    external_ids: dict[Line, Line] = {}
    topics: tuple[TopicSlug, ...] = ()


class DocumentRecorded(Recording, frozen=True, kw_only=True):
    """A document exists: a report, plan, notice, letter; what it answers and what it replaces."""

    id: DocSlug
    title: Line | None = None
    kind: Line | None = None
    author: ActorSlug | None = None
    published: When | None = None
    period: When | None = None
    pages: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    responds_to: DocSlug | None = None
    replaces: DocSlug | None = None
    url: Url | None = None
    about: tuple[Slug, ...] = ()
    topics: tuple[TopicSlug, ...] = ()


class StatementRecorded(Recording, frozen=True, kw_only=True):
    """Somebody said something; ``gist`` is in our own words.

    ``speaker_basis`` says how we know who spoke, so that inferred attributions can be filtered out.
    """

    id: StatementSlug
    speaker: SpeakerSlug | None = None
    speaker_basis: (
        Literal["named", "pronoun", "continued", "forward", "elided", "inferred"] | None
    ) = None
    mode: Literal["direct", "indirect", "partial"] | None = None
    gist: Prose | None = None
    lang: Lang = "en"
    said_on: When | None = None
    meeting: MeetingSlug | None = None
    document: DocSlug | None = None
    about: tuple[Slug, ...] = ()
    topics: tuple[TopicSlug, ...] = ()


class DevelopmentRecorded(Recording, frozen=True, kw_only=True):
    """Something happened: published, decided, appointed, inspected…; who took part and as what."""

    id: DevelopmentSlug
    what: Prose | None = None
    kind: (
        Literal[
            "published",
            "submitted",
            "decision",
            "appointed",
            "departed",
            "set-up",
            "wound-up",
            "inspected",
            "notice",
            "funded",
            "other",
        ]
        | None
    ) = None
    happened: When | None = None
    decision: Literal["noted", "approved", "rejected", "deferred"] | None = None
    participants: tuple[Participant, ...] = ()
    meeting: MeetingSlug | None = None
    document: DocSlug | None = None
    amount: Amount | None = None
    topics: tuple[TopicSlug, ...] = ()


class CommitmentRecorded(Recording, frozen=True, kw_only=True):
    """Somebody is to do something: required, promised, expected; the deadline in each reading.

    An aspiration is never scored. ``after`` names what must happen first, ``condition`` an unless,
    ``about`` what is to be delivered, or for whom.
    """

    id: CommitmentSlug
    obliged: ActorSlug | None = None
    what: Prose | None = None
    kind: (
        Literal["statutory", "required", "promised", "scheduled", "expected", "aspiration"] | None
    ) = None
    owed_to: ActorSlug | None = None
    readings: tuple[Reading, ...] = ()
    after: ConditionSlug | None = None
    condition: Line | None = None
    made_in: OccasionSlug | None = None
    about: tuple[Slug, ...] = ()
    topics: tuple[TopicSlug, ...] = ()


class OutcomeRecorded(Recording, frozen=True, kw_only=True):
    """What became of a commitment, by whose finding. No outcome means unknown, never missed."""

    id: OutcomeSlug
    commitment: CommitmentSlug
    result: Literal["done", "partly-done", "not-done", "superseded", "withdrawn"] | None = None
    happened: When | None = None
    finding: Prose | None = None
    found_by: SpeakerSlug | None = None


class FigureRecorded(Recording, frozen=True, kw_only=True):
    """A number at a date, as one point of a named series (``measure``).

    ``qualifier`` says how exact the source is: ``about`` (some, nearly, around), ``more-than`` (over, above),
    ``at-least`` (no fewer than), ``less-than`` (under, below), ``at-most`` (up to, a maximum); without one
    the number is given as it is. ``as_of`` is the day on which the number held or was told, ``period`` the
    time that a sum or a rate is for, e.g. the financial year 2018-04-01/2019-03-31.
    """

    id: FigureSlug
    measure: MeasureSlug | None = None
    value: int | float | None = None
    qualifier: Literal["about", "more-than", "at-least", "less-than", "at-most"] | None = None
    unit: Line | None = None
    as_of: When | None = None
    period: When | None = None
    kind: Literal["actual", "target", "budget", "forecast", "estimate"] | None = None
    subject: Slug | None = None
    area: PlaceSlug | None = None
    topics: tuple[TopicSlug, ...] = ()

    def __post_init__(self) -> None:
        if self.qualifier is not None and self.value is None and not self.new:
            raise ValueError("a qualifier is of a number: state the `value`, too")


class RecordAmended(Payload, frozen=True, kw_only=True):
    """Fields of one event are corrected; each change names the value it replaces."""

    target: Seq
    changes: Annotated[tuple[Change, ...], msgspec.Meta(min_length=1, max_length=50)]
    reason: Reason
    note: Prose


class RecordRetracted(Payload, frozen=True, kw_only=True):
    """One event no longer counts; retracting the retraction restores it."""

    target: Seq
    reason: Reason
    note: Prose
    replaced_by: Slug | None = None


class RecordDisputed(Payload, frozen=True, kw_only=True):
    """One field of an event is contested (open), rightly so (upheld), or not (rejected)."""

    target: Seq
    path: Pointer
    state: Literal["open", "upheld", "rejected"]
    note: Prose
    reason: Reason | None = None


class EntitiesMerged(Payload, frozen=True, kw_only=True):
    """Several slugs are one and the same entity; the merged slugs lead to the kept one for ever."""

    keep: EntitySlug
    merge: Annotated[tuple[EntitySlug, ...], msgspec.Meta(min_length=1, max_length=50)]
    reason: Reason
    note: Prose

    def __post_init__(self) -> None:
        if self.keep in self.merge or len(set(self.merge)) != len(self.merge):
            raise ValueError("`keep` and `merge` must all be different slugs")
        kinds = {slug.split("/")[0] for slug in (self.keep, *self.merge)}
        if len(kinds) > 1:
            raise ValueError(
                f"only records of one kind can be merged, not {' and '.join(sorted(kinds))}"
            )


class TextRedacted(Payload, frozen=True, kw_only=True):
    """The public act of withholding, releasing or erasing text; it never repeats the text.

    The destruction of the disclosures whose ``digests`` it names follows it (docs: the log's format).
    ``scope`` is path (fields of an event), event (all of it) or body (the text of a source); ``authority``
    is published. ``confirmed_by`` is the role of the second person whom `released` and `erased` need.
    """

    target: Seq
    act: Literal["withheld", "released", "erased"]
    scope: Literal["body", "quote", "span", "path", "event"]
    basis: Basis
    digests: tuple[Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")], ...] = ()
    path: Pointer | None = None
    authority: Line | None = None
    review_on: Instant | None = None
    confirmed_by: Role | None = None

    def __post_init__(self) -> None:
        real_day(self.review_on)
        if (self.confirmed_by is None) != (self.act == "withheld"):
            raise ValueError("`released` and `erased` need `confirmed_by`, `withheld` does not")


class TranslationAdded(Payload, frozen=True, kw_only=True):
    """A text field of a record in the other language, with who or what translated it."""

    record: Slug
    path: Pointer
    lang: Lang
    text: Prose
    method: Literal["human", "machine-reviewed"]
    translator: Line | None = None


def real_day(instant: Instant | None) -> None:
    """Raise ValueError when an instant is on a day that does not exist, such as 30 February."""
    if instant is not None:
        edtf.parse(instant[:10])


def ordered(first: When | None, second: When | None, name: str, later: str) -> None:
    """Raise ValueError when ``second`` certainly lies before ``first``."""
    if first is None or second is None:
        return
    start, end = first.bounds.earliest, second.bounds.latest
    if start is not None and end is not None and end < start:
        raise ValueError(f"`{later}` ({second.edtf}) is before `{name}` ({first.edtf})")


#: Stored names, spelled out: renaming a class must never change what is stored.
RECORDING: dict[str, type[Recording]] = {
    "SourceCaptured": SourceCaptured,
    "EntityRecorded": EntityRecorded,
    "NameRecorded": NameRecorded,
    "TenureRecorded": TenureRecorded,
    "MeetingRecorded": MeetingRecorded,
    "DocumentRecorded": DocumentRecorded,
    "StatementRecorded": StatementRecorded,
    "DevelopmentRecorded": DevelopmentRecorded,
    "CommitmentRecorded": CommitmentRecorded,
    "OutcomeRecorded": OutcomeRecorded,
    "FigureRecorded": FigureRecorded,
}
CORRECTING: dict[str, type[Payload]] = {
    "RecordAmended": RecordAmended,
    "RecordRetracted": RecordRetracted,
    "RecordDisputed": RecordDisputed,
    "EntitiesMerged": EntitiesMerged,
    "TextRedacted": TextRedacted,
    "TranslationAdded": TranslationAdded,
}
TYPES: dict[str, type[Payload]] = {**RECORDING, **CORRECTING}

#: Fields that the first event of a record must have.
REQUIRED: dict[str, tuple[str, ...]] = {
    "SourceCaptured": (
        "kind",
        "publisher",
        "lang",
        "captured_at",
        "body_access",
    ),
    "EntityRecorded": (
        "kind",
        "name",
    ),
    "TenureRecorded": (
        "person",
        "title_as_stated",
    ),
    "MeetingRecorded": (
        "organisation",
        "held_on",
        "status",
    ),
    "DocumentRecorded": (
        "title",
        "kind",
        "author",
    ),
    "StatementRecorded": (
        "speaker",
        "speaker_basis",
        "mode",
        "gist",
    ),
    "DevelopmentRecorded": (
        "what",
        "kind",
        "happened",
    ),
    "CommitmentRecorded": (
        "obliged",
        "what",
        "kind",
    ),
    "OutcomeRecorded": ("result",),
    "FigureRecorded": (
        "measure",
        "value",
        "unit",
        "as_of",
        "kind",
    ),
}

#: Types whose every claim about the world must be proved (or be inferred, with a note).
EVIDENCED = frozenset(
    {
        "TenureRecorded",
        "MeetingRecorded",
        "DocumentRecorded",
        "StatementRecorded",
        "DevelopmentRecorded",
        "CommitmentRecorded",
        "OutcomeRecorded",
    }
)

#: Fields that name the acted-on event or a closed-list word live in the public envelope.
IN_ENVELOPE: dict[str, dict[str, str]] = {
    "RecordAmended": {"target": "of", "reason": "reason"},
    "RecordRetracted": {"target": "of", "reason": "reason"},
    "RecordDisputed": {"target": "of", "reason": "reason"},
    "EntitiesMerged": {"reason": "reason"},
    "TextRedacted": {
        "target": "of",
        "act": "act",
        "basis": "reason",
        "digests": "digests",
        "confirmed_by": "confirmed_by",
    },
}

REASONS: tuple[str, ...] = get_args(Reason)
BASES: tuple[str, ...] = get_args(Basis)


def type_name(payload: Payload) -> str:
    """Return the stored name of a payload's type."""
    return _NAMES[type(payload)]


_NAMES: dict[type[Payload], str] = {cls: name for name, cls in TYPES.items()}


def dates(payload: Payload) -> Iterable[tuple[str, When]]:
    """Yield every dated claim of a payload with its JSON pointer."""
    for name in payload.__struct_fields__:
        value = getattr(payload, name)
        if isinstance(value, When):
            yield f"/{name.rstrip('_')}", value
    if isinstance(payload, CommitmentRecorded):
        for number, reading in enumerate(payload.readings):
            if reading.on is not None:
                yield f"/readings/{number}/on", reading.on


#: Fields that hold record slugs, in whatever type; a test compares this with the types themselves.
REFERENCES = frozenset(
    """id publisher replaces part_of succeeds organisation record person post area topics author
    responds_to speaker meeting document about entity obliged owed_to after made_in commitment found_by
    measure subject keep merge replaced_by source""".split()
)


def mentions(value: Any) -> list[str]:
    """Return every record slug that a payload or evidence (as plain data) names, anchors included."""
    found: list[str] = []
    _mentions(value, found)
    return found


def _mentions(value: Any, found: list[str]) -> None:
    """Add the slugs that a value names to those found: one list, since every event goes through here."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in REFERENCES:
                if isinstance(item, str):
                    found.append(item)
                elif isinstance(item, (list, tuple)):
                    found += [slug for slug in item if isinstance(slug, str)]
            elif isinstance(item, str):
                if name == "anchor":
                    found.append(item.partition("#")[0])
            elif name == "changes":
                for change in item:
                    found += _changed(change)
            elif name != "external_ids" and isinstance(item, (list, tuple, dict)):
                _mentions(item, found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, (list, tuple, dict)):
                _mentions(item, found)


def _changed(change: dict[str, Any]) -> list[str]:
    """Return the slugs that an amendment puts in: its path tells whether the value holds any."""
    names = [part for part in str(change.get("path", "")).split("/") if not part.isdigit()]
    return mentions({names[-1]: change.get("to")}) if "external_ids" not in names else []
