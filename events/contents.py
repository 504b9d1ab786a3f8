"""The content key of what is stored, pure: how a log that is filled from another knows what it holds.

Nearly everything in a log is just as this program writes it, so the short way reads it into its type at
once; whatever is in doubt there goes the long way, through the door for what comes from outside.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from events import codec, disclosure
from events.envelope import Envelope, NewEvent
from events.errors import EventsError, InvalidEvent
from events.strict import is_stream_safe
from events.values import Evidence
from events.vocabulary import IN_ENVELOPE, TYPES, Payload

#: Types that go the long way: parts of them stand in the envelope, or hold numbers without bounds.
LONG_WAY = frozenset({*IN_ENVELOPE, "DevelopmentRecorded", "FigureRecorded"})


#: Larger ones do, too. As nothing here grows when it is written anew, the others are not too large.
PLAIN_SIZE = codec.MAX_EVENT - 100


class _Field(NamedTuple):
    """A disclosure whose value is not looked into yet."""

    salt: str
    name: str
    value: msgspec.Raw


_FIELD = msgspec.json.Decoder(_Field)
_EVIDENCE = msgspec.json.Decoder(tuple[Evidence, ...])
_PAYLOADS: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(kind) for name, kind in TYPES.items() if name not in LONG_WAY
}
_FIELDS = {name: {"evidence", *TYPES[name].__struct_encode_fields__} for name in _PAYLOADS}


def stored_content_key(seq: int, envelope: bytes, disclosures: Sequence[str]) -> str | None:
    """Return the content key (`codec.content_key`) of a stored event.

    None for what misses a part, or breaks a rule made later: it cannot be recorded anew. Raises CodecError
    for what the envelope denies.
    """
    if (key := _short_way(envelope, disclosures)) is not None:
        return key
    try:
        event = codec.unseal(seq, envelope, disclosures)
        if event.missing:
            return None
        return codec.content_key(codec.build(event.type, event.payload, event.evidence))
    except InvalidEvent:
        return None


def _short_way(envelope: bytes, disclosures: Sequence[str]) -> str | None:
    """Return the content key of what is beyond doubt: whole, of the newest version, plain, and valid."""
    outer = Envelope.decode(envelope)
    known = _FIELDS.get(outer.type)
    if known is None or outer.v != codec.version(outer.type):
        return None
    try:
        if sorted(disclosure.digests(disclosures)) != list(outer.sd):
            return None
        fields = {}
        for text in disclosures:
            field = _FIELD.decode(disclosure.unb64url(text))
            fields[field.name] = bytes(field.value)
        if len(fields) != len(disclosures) or not known.issuperset(fields):
            return None
        proof = fields.pop("evidence", b"[]")
        # The names are known ones, and values are whole by now: together they are JSON again.
        data = b"{%b}" % b",".join([b'"%b":%b' % (name.encode(), fields[name]) for name in fields])
        if len(data) + len(proof) > PLAIN_SIZE or not _beyond_doubt((data + proof).decode()):
            return None
        payload: Payload = _PAYLOADS[outer.type].decode(data)
        evidence = _EVIDENCE.decode(proof)
        codec.check_complete(outer.type, payload)
        codec.check_proof(outer.type, payload, evidence)
        return codec.content_key(NewEvent(payload, evidence))
    except (ValueError, RecursionError, EventsError, msgspec.MsgspecError):
        return None


def _beyond_doubt(text: str) -> bool:
    """Tell whether every string in JSON is text that `codec.check_data` lets pass.

    Where nothing is escaped, strings are parts of the text; what XML forbids is never printable; and a part
    of what is in NFC, and stream-safe, is so, too (UAX 15).
    """
    plain = "\\" not in text and text.isprintable()
    return plain and (
        text.isascii() or (unicodedata.is_normalized("NFC", text) and is_stream_safe(text))
    )
