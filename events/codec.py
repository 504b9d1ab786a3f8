"""Event <-> stored bytes, and the door for events from outside (plain data passes `strict` first).

Versions: old payloads are upcast on reading, never rewritten.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from events import canonical, disclosure
from events.envelope import Envelope, Event, NewEvent
from events.errors import CodecError, InvalidEvent, UnknownVersion
from events.merkle import leaf_hash
from events.strict import MAX_DEPTH, MAX_JSON, MAX_WHOLE, check_data, strict_json
from events.values import Evidence
from events.vocabulary import EVIDENCED, IN_ENVELOPE, REQUIRED, TYPES, Payload, Recording, dates

MAX_EVENT = 32_000

_INDEX = re.compile(r"0|[1-9][0-9]*")

#: How to lift a payload of version n to n + 1, per type; version = 1 + number of steps.
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: Mapping[str, Sequence[Upcaster]] = {}


def build(type_name: Any, payload: Any, evidence: Any = (), *, lax: bool = False) -> NewEvent:
    """Make a valid event from plain data, or raise InvalidEvent naming the field.

    ``lax`` lets text stand for numbers and booleans (YAML scalars, command lines): the schema decides.
    """
    if not isinstance(type_name, str) or type_name not in TYPES:
        raise InvalidEvent(f"unknown event type {str(type_name)[:60]!r}", "/type")
    check_data(payload)
    check_data(evidence, "/evidence")
    made = _convert(payload, TYPES[type_name], "", lax=lax)
    if lax:  # text may have become a number
        check_data(msgspec.to_builtins(made))
    check_complete(type_name, made)
    proof: tuple[Evidence, ...] = _convert(evidence, tuple[Evidence, ...], "/evidence", lax=lax)
    check_proof(type_name, made, proof)
    event = NewEvent(made, proof)
    size = len(_canonical(event))
    if size > MAX_EVENT:
        raise InvalidEvent(f"the event has {size} bytes, at most {MAX_EVENT} are allowed")
    return event


def _convert(data: Any, kind: Any, path: str, *, lax: bool) -> Any:
    try:
        return msgspec.convert(data, kind, strict=not lax)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$")
        raise InvalidEvent(problem, path + _pointer(where.rstrip("`"))) from None
    except (RecursionError, OverflowError) as error:
        raise InvalidEvent(f"cannot be read: {error}", path) from None


def _pointer(where: str) -> str:
    return "".join(f"/{part}" for part in re.findall(r"[^.\[\]]+", where))


def check_complete(type_name: str, payload: Payload) -> None:
    """Demand of a record's first event what every record of the kind must have."""
    if isinstance(payload, Recording) and payload.new:
        for name in REQUIRED.get(type_name, ()):
            if getattr(payload, name) is None:
                raise InvalidEvent(f"`{name}` is missing, and a new record needs it", f"/{name}")


def check_proof(type_name: str, payload: Payload, evidence: Sequence[Evidence]) -> None:
    """Demand evidence where the type needs it, and that it supports only what the event has."""
    if type_name in EVIDENCED and not any(item.stance == "supports" for item in evidence):
        bases = {when.basis for _, when in dates(payload)}
        if not (bases == {"inferred"} and isinstance(payload, Recording) and payload.note):
            raise InvalidEvent(
                "needs evidence; only where every date is inferred may a note stand instead",
                "/evidence",
            )
    fields = msgspec.to_builtins(payload) if evidence else {}
    for number, item in enumerate(evidence):
        for pointer in item.supports:
            if not has(fields, pointer):
                raise InvalidEvent(
                    f"supports {pointer}, which this event does not have",
                    f"/evidence/{number}/supports",
                )


def has(data: Any, pointer: str) -> bool:
    """Tell whether an RFC 6901 pointer leads to a value in plain data."""
    try:
        at(data, pointer)
    except (LookupError, ValueError, TypeError):
        return False
    return True


def at(data: Any, pointer: str) -> Any:
    """Return the value an RFC 6901 pointer leads to; raise LookupError, ValueError or TypeError."""
    first, *parts = pointer.split("/")
    if first:
        raise LookupError(f"{pointer} does not begin with a slash")
    for part in parts:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, list | tuple):
            if not _INDEX.fullmatch(name):
                raise LookupError(f"{name} is not the number of an item")
            data = data[int(name)]
        else:
            data = data[name]
    return data


def _canonical(event: NewEvent) -> bytes:
    return canonical.encode((event.type, event.payload, event.evidence))


def content_key(event: NewEvent) -> str:
    """Return the SHA-256 (hex) of type, payload and evidence: equal content has equal keys.

    Quote and digest of a span follow from the source's locked text, so they do not count: the same
    batch is the same whether or not the text was at hand.
    """
    spans = tuple(msgspec.structs.replace(item, quote=None, digest=None) for item in event.evidence)
    return hashlib.sha256(_canonical(NewEvent(event.payload, spans))).hexdigest()


def seal(
    event: NewEvent, *, at: str, by: str, salt: Callable[[], bytes]
) -> tuple[bytes, list[str]]:
    """Return an event's envelope bytes and its disclosures, one per top-level field.

    ``at`` is the UTC second of recording, each ``salt()`` is 16 fresh random bytes.
    """
    payload = msgspec.to_builtins(event.payload)
    public = {
        outer: payload.pop(name)
        for name, outer in IN_ENVELOPE.get(event.type, {}).items()
        if name in payload
    }
    if event.evidence:
        payload["evidence"] = msgspec.to_builtins(event.evidence)
    disclosures = disclosure.disclose_each(payload, salt)
    envelope = msgspec.convert(
        {
            "v": version(event.type),
            "type": event.type,
            "at": at,
            "by": by,
            "_sd": sorted(disclosure.digests(disclosures)),
            **public,
        },
        Envelope,
    )
    return envelope.encode(), disclosures


def unseal(seq: int, envelope: bytes, disclosures: Sequence[str]) -> Event:
    """Read an event back, whatever was erased from it; raise CodecError for what the envelope denies."""
    outer = Envelope.decode(envelope)
    if strangers := set(disclosure.digests(disclosures)).difference(outer.sd):
        raise CodecError(f"E{seq}: {len(strangers)} disclosures are not in the envelope")
    fields = {item.name: item.value for item in map(disclosure.read, disclosures)}
    if len(fields) != len(disclosures):
        raise CodecError(f"E{seq}: a field is disclosed twice")
    evidence = fields.pop("evidence", [])
    if not isinstance(evidence, list):
        raise CodecError(f"E{seq}: its evidence is not a list")
    public = {}
    if places := IN_ENVELOPE.get(outer.type):
        plain = msgspec.json.decode(envelope)
        public = {name: plain[place] for name, place in places.items() if place in plain}
    return Event(
        seq=seq,
        type=outer.type,
        v=version(outer.type),
        recorded_at=outer.at,
        recorded_by=outer.by,
        leaf_hash=leaf_hash(envelope).hex(),
        payload=upcast(outer.type, outer.v, {**public, **fields}),
        evidence=tuple(evidence),
        missing=len(outer.sd) - len(disclosures),
    )


def version(type_name: str, upcasters: Mapping[str, Sequence[Upcaster]] = UPCASTERS) -> int:
    """Return the newest version of an event type."""
    return 1 + len(upcasters.get(type_name, ()))


def upcast(
    type_name: str,
    v: int,
    payload: dict[str, Any],
    upcasters: Mapping[str, Sequence[Upcaster]] = UPCASTERS,
) -> dict[str, Any]:
    """Lift a stored payload of version ``v`` to the newest; raise UnknownVersion for a newer one."""
    newest = version(type_name, upcasters)
    if v > newest:
        raise UnknownVersion(
            f"{type_name} version {v} is newer than this program (which knows {newest}): upgrade it"
        )
    for step in upcasters.get(type_name, ())[v - 1 :]:
        payload = step(payload)
    return payload


__all__ = [
    "MAX_DEPTH",
    "MAX_EVENT",
    "MAX_JSON",
    "MAX_WHOLE",
    "UPCASTERS",
    "Upcaster",
    "at",
    "build",
    "check_complete",
    "check_data",
    "check_proof",
    "content_key",
    "has",
    "seal",
    "strict_json",
    "unseal",
    "upcast",
    "version",
]
