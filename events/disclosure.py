"""Salted disclosures: each field of a fact is hashed into the envelope and can be forgotten alone.

RFC 9901 (SD-JWT) section 4.2.1: a disclosure is base64url(UTF-8 JSON ``[salt, name, value]``), its digest
base64url(SHA-256(ASCII of the disclosure)). The stored string is what was hashed; never re-serialise it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, NamedTuple

from events.errors import CodecError

#: Bytes of salt per field: 128 bits, so a digest alone cannot be guessed back to a short value.
SALT_BYTES = 16


class Disclosed(NamedTuple):
    """One field as it was recorded."""

    salt: str
    name: str
    value: Any


def disclose(salt: bytes, name: str, value: Any) -> str:
    """Return the disclosure string of a field; ``salt`` is 16 fresh random bytes, used only once."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    text = json.dumps(
        [b64url(salt), name, value], ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    return b64url(text.encode())


def digest(disclosure: str) -> str:
    """Return the digest that stands for a disclosure in the envelope (43 characters)."""
    if not disclosure.isascii():
        raise CodecError("not a disclosure: it must be ASCII")
    return b64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def read(disclosure: str) -> Disclosed:
    """Take a stored disclosure apart; raise CodecError when it is not one."""
    try:
        match json.loads(unb64url(disclosure).decode("utf-8")):
            case [str(salt), str(name), value]:
                return Disclosed(salt, name, value)
            case _:
                raise CodecError("not a disclosure: it must be a salt, a name and a value")
    except (ValueError, RecursionError) as error:
        raise CodecError(f"not a disclosure: {error}") from None


def b64url(raw: bytes) -> str:
    """Return unpadded base64url (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """Decode unpadded base64url; raise ValueError for anything but its one canonical spelling."""
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if b64url(raw) != text:
        raise ValueError("base64url is not canonical")
    return raw
