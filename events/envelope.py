"""What an event is: the envelope that is hashed for ever, and the event as we work with it.

The envelope's schema is closed: enums, numbers, digests and a UTC second, no free text. It is the only
guard against personal data that could never leave the log again.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, get_args

import msgspec

from events import edtf
from events.errors import CodecError
from events.values import DAY, TIME, Basis, Evidence, Reason, Role, Seq
from events.vocabulary import TYPES, Payload, type_name

ROLES: tuple[str, ...] = get_args(Role)
#: Unpadded base64url of a SHA-256: of 43 characters, and `Envelope` looks at all of them at once.
Digest = Annotated[str, msgspec.Meta(min_length=43, max_length=43)]
BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
Second = Annotated[str, msgspec.Meta(pattern=rf"^{DAY}T{TIME}\Z")]
TypeName = Literal[
    "SourceCaptured",
    "EntityRecorded",
    "NameRecorded",
    "TenureRecorded",
    "MeetingRecorded",
    "DocumentRecorded",
    "StatementRecorded",
    "DevelopmentRecorded",
    "CommitmentRecorded",
    "OutcomeRecorded",
    "FigureRecorded",
    "RecordAmended",
    "RecordRetracted",
    "RecordDisputed",
    "EntitiesMerged",
    "TextRedacted",
    "TranslationAdded",
]

#: RFC 6962 leaves are hashed whole; the limit is that of a C2SP tlog-tiles entry.
MAX_ENVELOPE = 65_535


class Envelope(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The public, permanent part of an event.

    ``of`` is the event acted on, ``reason`` a closed-list word, ``act`` and ``digests`` what a redaction
    did to which disclosures, ``confirmed_by`` the role of the second person whom that needed, ``_sd`` the
    sorted digests of this event's own disclosures.
    """

    v: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    type: TypeName
    at: Second
    by: Role
    sd: Annotated[tuple[Digest, ...], msgspec.Meta(min_length=1, max_length=64)] = msgspec.field(
        name="_sd"
    )
    of: Seq | None = None
    reason: Reason | Basis | None = None
    act: Literal["withheld", "released", "erased"] | None = None
    digests: tuple[Digest, ...] = ()
    confirmed_by: Role | None = None

    def __post_init__(self) -> None:
        edtf.parse(self.at[:10])
        if "".join((*self.sd, *self.digests)).encode().translate(None, BASE64URL):
            raise ValueError("a digest has a character that is not of base64url")
        if list(self.sd) != sorted(set(self.sd)):
            raise ValueError("`_sd` must be sorted and hold each digest once")
        if self.confirmed_by is not None and self.act is None:
            raise ValueError("`confirmed_by` is of an act")

    def encode(self) -> bytes:
        """Return the bytes that are hashed: ASCII JSON, sorted keys, no spaces."""
        data = _ENCODER.encode(self)
        if not data.isascii():
            raise CodecError("the envelope must be ASCII")
        if len(data) > MAX_ENVELOPE:
            raise CodecError(
                f"the envelope has {len(data)} bytes, at most {MAX_ENVELOPE} are allowed"
            )
        return data

    @staticmethod
    def decode(data: bytes) -> Envelope:
        """Read stored envelope bytes; raise CodecError when they break the closed schema."""
        try:
            envelope = _DECODER.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise CodecError(f"not an envelope: {error}") from None
        if envelope.encode() != data:
            raise CodecError("not an envelope: its fields are right, but not written as we do")
        return envelope


_DECODER = msgspec.json.Decoder(Envelope)
#: Canonical as it stands: there is no number but whole ones (`canonical` looks at the others).
_ENCODER = msgspec.json.Encoder(order="sorted")


class NewEvent(NamedTuple):
    """An event that is not recorded yet: what to append."""

    payload: Payload
    evidence: tuple[Evidence, ...] = ()

    @property
    def type(self) -> str:
        """The stored name of the event's type."""
        return type_name(self.payload)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded event as read back, upcast to the newest version of its type.

    ``payload`` and ``evidence`` are plain data, because a field may have been erased: ``missing`` counts
    the disclosures that are gone.
    """

    seq: int
    type: str
    v: int
    recorded_at: str
    recorded_by: str
    leaf_hash: str
    payload: dict[str, Any]
    evidence: tuple[dict[str, Any], ...] = ()
    missing: int = 0

    @property
    def name(self) -> str:
        """The number to cite, e.g. ``E47``."""
        return f"E{self.seq}"


if set(get_args(TypeName)) != set(TYPES):  # a type added in one place only must not be storable
    raise RuntimeError("the envelope's type names differ from the vocabulary")
