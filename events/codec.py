"""Event <-> stored bytes, and the door for everything that comes from outside.

Strict in: no NaN, no duplicate keys, no lone surrogates, bounded depth and size, text in NFC, no
character that XML 1.0 forbids. Versions: old payloads are upcast on reading, never rewritten.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import msgspec

from events import canonical, disclosure
from events.envelope import Envelope, Event, NewEvent
from events.errors import CodecError, InvalidEvent, UnknownVersion
from events.merkle import leaf_hash
from events.values import Evidence
from events.vocabulary import EVIDENCED, IN_ENVELOPE, REQUIRED, TYPES, Payload, Recording, dates

MAX_JSON = 4_000_000
MAX_EVENT = 32_000
MAX_DEPTH = 16
#: Every whole number up to here is a double and a SQLite INTEGER (I-JSON, RFC 7493 section 2.2).
MAX_WHOLE = 2**53

#: What XML 1.0 section 2.2 forbids, plus surrogates and noncharacters: one of these takes a feed down.
_ILLEGAL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)
# An unclosed string counts as one, too, and nothing is tried twice: linear in any text.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_INDEX = re.compile(r"0|[1-9][0-9]*")

#: How to lift a payload of version n to n + 1, per type; version = 1 + number of steps.
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: Mapping[str, Sequence[Upcaster]] = {}


def strict_json(text: str | bytes, *, max_bytes: int = MAX_JSON, max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON (RFC 8259, I-JSON RFC 7493) or raise CodecError saying what is wrong.

    Refuses what the standard library lets pass: NaN and Infinity, duplicate keys, lone surrogates,
    numbers that a double cannot hold, and nesting deep enough to exhaust the stack.
    """
    if len(text) > max_bytes:
        raise CodecError(f"JSON has {len(text)} bytes, at most {max_bytes} are allowed")
    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise CodecError(f"JSON is not UTF-8: {error.reason} at byte {error.start}") from None
    depth = 0
    for match in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if match[0] in "[{" else -1
        if depth > max_depth:
            raise CodecError(f"JSON is nested deeper than {max_depth} levels")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
    except json.JSONDecodeError as error:
        raise CodecError(
            f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except ValueError as error:
        raise CodecError(f"not JSON: {error}") from None
    _no_surrogates(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise CodecError(f"JSON key {twice!r} stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise CodecError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise CodecError(f"the number {text[:40]} is too large")
    return number


def _whole(text: str) -> int:
    if len(text) > len(str(-MAX_WHOLE)) or abs(int(text)) > MAX_WHOLE:
        raise CodecError(f"the number {text[:40]} is too large")
    return int(text)


def _no_surrogates(value: Any) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise CodecError("JSON holds half of a surrogate pair, which is not text") from None
    elif isinstance(value, dict):
        for name, item in value.items():
            _no_surrogates(name)
            _no_surrogates(item)
    elif isinstance(value, list):
        for item in value:
            _no_surrogates(item)


def check_data(value: Any, path: str = "", depth: int = 0) -> None:
    """Raise InvalidEvent for what cannot be stored and published: text that is not NFC or illegal in
    XML 1.0, numbers that are not finite or too large, what JSON has no word for, and deep nesting.
    """
    if depth > MAX_DEPTH:
        raise InvalidEvent(f"is nested deeper than {MAX_DEPTH} levels", path)
    if isinstance(value, str):
        if found := _ILLEGAL.search(value):
            code = f"U+{ord(found[0]):04X}"
            raise InvalidEvent(f"has the character {code} at {found.start()}, illegal in XML", path)
        if not unicodedata.is_normalized("NFC", value) and not path.endswith("/quote"):
            raise InvalidEvent("is not in Unicode normal form C (NFC)", path)
    elif isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise InvalidEvent(f"has the key {name!r}, which is not text", path)
            if not _is_simple(name):
                check_data(name, f"{path}/{name[:40]!r}")
            if depth == MAX_DEPTH or not _is_simple(item):
                check_data(item, f"{path}/{name}", depth + 1)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            if depth == MAX_DEPTH or not _is_simple(item):
                check_data(item, f"{path}/{number}", depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidEvent(f"{value} is not a number", path)
    elif isinstance(value, int):
        if abs(value) > MAX_WHOLE:
            raise InvalidEvent("the number is too large: at most 2^53 is stored", path)
    elif value is not None:
        raise InvalidEvent(f"JSON has no word for a {type(value).__name__}", path)


def _is_simple(value: Any) -> bool:
    """Tell what is beyond doubt, and most of all there is: text of printable ASCII characters."""
    return isinstance(value, str) and value.isascii() and value.isprintable()


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
    _check_complete(type_name, made)
    proof: tuple[Evidence, ...] = _convert(evidence, tuple[Evidence, ...], "/evidence", lax=lax)
    _check_evidence(type_name, made, proof)
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


def _check_complete(type_name: str, payload: Payload) -> None:
    """Demand of a record's first event what every record of the kind must have."""
    if isinstance(payload, Recording) and payload.new:
        for name in REQUIRED.get(type_name, ()):
            if getattr(payload, name) is None:
                raise InvalidEvent(f"`{name}` is missing, and a new record needs it", f"/{name}")


def _check_evidence(type_name: str, payload: Payload, evidence: Sequence[Evidence]) -> None:
    if type_name in EVIDENCED and not any(item.stance == "supports" for item in evidence):
        bases = {when.basis for _, when in dates(payload)}
        if not (bases == {"inferred"} and isinstance(payload, Recording) and payload.note):
            raise InvalidEvent(
                "needs evidence; only where every date is inferred may a note stand instead",
                "/evidence",
            )
    fields = msgspec.to_builtins(payload)
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
    return canonical.encode([event.type, event.payload, event.evidence])


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
    disclosures = [disclosure.disclose(salt(), name, value) for name, value in payload.items()]
    envelope = msgspec.convert(
        {
            "v": version(event.type),
            "type": event.type,
            "at": at,
            "by": by,
            "_sd": sorted(disclosure.digest(item) for item in disclosures),
            **public,
        },
        Envelope,
    )
    return envelope.encode(), disclosures


def unseal(seq: int, envelope: bytes, disclosures: Sequence[str]) -> Event:
    """Read an event back, whatever was erased from it; raise CodecError for what the envelope denies."""
    outer = Envelope.decode(envelope)
    if strangers := {disclosure.digest(item) for item in disclosures} - set(outer.sd):
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
