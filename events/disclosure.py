"""Salted disclosures: each field of a fact is hashed into the envelope and can be forgotten alone.

RFC 9901 (SD-JWT) section 4.2.1: a disclosure is base64url(UTF-8 JSON ``[salt, name, value]``), its digest
base64url(SHA-256(ASCII of the disclosure)). The stored string is what was hashed; never re-serialise it.
"""

from __future__ import annotations

import binascii
import hashlib
from typing import Any, NamedTuple

import msgspec

from events import canonical
from events.errors import CodecError

#: Bytes of salt per field: 128 bits, so a digest alone cannot be guessed back to a short value.
SALT_BYTES = 16


class Disclosed(NamedTuple):
    """One field as it was recorded."""

    salt: str
    name: str
    value: Any


_DECODER = msgspec.json.Decoder(Disclosed)
_TO_URL = bytes.maketrans(b"+/", b"-_")


def disclose(salt: bytes, name: str, value: Any) -> str:
    """Return the disclosure string of a field; ``salt`` is 16 fresh random bytes, used only once."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return b64url(canonical.encode([b64url(salt), name, value]))


def digest(disclosure: str) -> str:
    """Return the digest that stands for a disclosure in the envelope (43 characters)."""
    if not disclosure.isascii():
        raise CodecError("not a disclosure: it must be ASCII")
    return b64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def read(disclosure: str) -> Disclosed:
    """Take a stored disclosure apart; raise CodecError when it is not one."""
    try:
        return _DECODER.decode(unb64url(disclosure))
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise CodecError(f"not a disclosure: {error}") from None


def b64url(raw: bytes) -> str:
    """Return unpadded base64url (RFC 4648 section 5)."""
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL, b"=").decode()


def unb64url(text: str) -> bytes:
    """Decode unpadded base64url; raise ValueError for anything but its one canonical spelling."""
    standard = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    raw = binascii.a2b_base64(standard, strict_mode=True)
    if b64url(raw) != text:
        raise ValueError("base64url is not canonical")
    return raw
