"""Plain data from outside, pure: JSON that has one meaning, and text that can be stored and published.

Strict in: no NaN, no duplicate keys, no lone surrogates, bounded depth and size, text in NFC and
the Stream-Safe Text Format (UAX #15, section 13), no character that XML 1.0 forbids.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any, NoReturn

from events.errors import CodecError, InvalidEvent

MAX_JSON = 4_000_000
MAX_DEPTH = 16
#: Every whole number up to here is a double and a SQLite INTEGER (I-JSON, RFC 7493 section 2.2).
MAX_WHOLE = 2**53

#: How many marks may stand on one letter: more than any language has, and no program need hold more at once.
MAX_MARKS = 30

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


def is_stream_safe(text: str) -> bool:
    """Tell whether a text is in the Stream-Safe Text Format (UAX #15, section 13): 30 marks in a row at most."""
    if text.isascii() or not any(map(unicodedata.combining, text)):
        return True  # what is no mark becomes a letter with a few marks of its own
    marks = 0
    for char in unicodedata.normalize("NFKD", text):
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > MAX_MARKS:
            return False
    return True


def check_data(value: Any, path: str = "", depth: int = 0) -> None:
    """Raise InvalidEvent for what cannot be stored and published: text that is not NFC or illegal in
    XML 1.0, numbers that are not finite or too large, what JSON has no word for, and deep nesting.
    """
    if depth > MAX_DEPTH:
        raise InvalidEvent(f"is nested deeper than {MAX_DEPTH} levels", path)
    deepest = depth == MAX_DEPTH
    if isinstance(value, str):
        if found := _ILLEGAL.search(value):
            code = f"U+{ord(found[0]):04X}"
            raise InvalidEvent(f"has the character {code} at {found.start()}, illegal in XML", path)
        if not unicodedata.is_normalized("NFC", value) and not path.endswith("/quote"):
            raise InvalidEvent("is not in Unicode normal form C (NFC)", path)
        if not is_stream_safe(value):
            raise InvalidEvent(
                f"has more than {MAX_MARKS} combining marks on one letter (UAX #15, Stream-Safe Text Format)",
                path,
            )
    elif isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise InvalidEvent(f"has the key {name!r}, which is not text", path)
            if not (name.isascii() and name.isprintable()):
                check_data(name, f"{path}/{name[:40]!r}")
            # Beyond doubt, and most of all there is: text of printable ASCII characters.
            if not (isinstance(item, str) and item.isascii() and item.isprintable()) or deepest:
                check_data(item, f"{path}/{name}", depth + 1)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            if not (isinstance(item, str) and item.isascii() and item.isprintable()) or deepest:
                check_data(item, f"{path}/{number}", depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidEvent(f"{value} is not a number", path)
    elif isinstance(value, int):
        if abs(value) > MAX_WHOLE:
            raise InvalidEvent("the number is too large: at most 2^53 is stored", path)
    elif value is not None:
        raise InvalidEvent(f"JSON has no word for a {type(value).__name__}", path)
