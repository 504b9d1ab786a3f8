"""JSON in the one spelling that is hashed: UTF-8, keys in order of code points, no spaces, pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")
_EXPONENT = re.compile(rb"e-?[0-9]{1,3}(?:[],}]|\Z)")


def encode(value: Any) -> bytes:
    """Return plain data or structs as JSON, numbers spelled as Python spells them (1e+16, not 1e16)."""
    data = _ENCODER.encode(value)
    # msgspec is an order of magnitude faster, and differs in very large and very small numbers only:
    # where one may stand in the text, the standard library writes it.
    if _doubtful(data):
        return json.dumps(
            msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True
        ).encode()
    return data


def encode_each(values: Sequence[Any]) -> list[bytes]:
    """Return every value as `encode` does, looking only once whether a number needs the library."""
    data = [_ENCODER.encode(value) for value in values]
    return [encode(value) for value in values] if _doubtful(b",".join(data)) else data


def _doubtful(data: bytes) -> bool:
    return b"0.0000" in data or _EXPONENT.search(data) is not None
