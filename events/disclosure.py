"""Salted disclosures: each field of a fact is hashed into the envelope and can be forgotten alone.

RFC 9901 (SD-JWT) section 4.2.1: a disclosure is base64url(UTF-8 JSON ``[salt, name, value]``), its digest
base64url(SHA-256(ASCII of the disclosure)). The stored string is what was hashed; never re-serialise it.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping
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
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/\0\0\0")
#: By the length of base64url modulo four: its padding, and how it ends where no bit is left over.
_ENDS = (
    (b"", b""),
    (b"", b""),
    (b"==", b"AQgw"),
    (b"=", b"AEIMQUYcgkosw048"),
)


def disclose(salt: bytes, name: str, value: Any) -> str:
    """Return the disclosure string of a field; ``salt`` is 16 fresh random bytes, used only once."""
    return disclose_each({name: value}, lambda: salt)[0]


def disclose_each(fields: Mapping[str, Any], salt: Callable[[], bytes]) -> list[str]:
    """Return the disclosure strings of fields, in their order; each ``salt()`` is 16 fresh random bytes."""
    triples = [(_salt(salt()), name, value) for name, value in fields.items()]
    return [b64url(text) for text in canonical.encode_each(triples)]


def _salt(raw: bytes) -> str:
    if len(raw) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(raw)}")
    return b64url(raw)


def digest(disclosure: str) -> str:
    """Return the digest that stands for a disclosure in the envelope (43 characters)."""
    if not disclosure.isascii():
        raise CodecError("not a disclosure: it must be ASCII")
    return b64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def digests(disclosures: Iterable[str]) -> list[str]:
    """Return the `digest` of each disclosure, in their order."""
    try:
        hashes = [hashlib.sha256(text.encode("ascii")).digest() for text in disclosures]
    except UnicodeEncodeError:
        raise CodecError("not a disclosure: it must be ASCII") from None
    # Encoded at once: 32 bytes and a zero are 44 characters, and the last one stands for the zero alone.
    text = b64url(b"\0".join([*hashes, b""]))
    return [text[start : start + 43] for start in range(0, 44 * len(hashes), 44)]


def read(disclosure: str) -> Disclosed:
    """Take a stored disclosure apart; raise CodecError when it is not one."""
    try:
        return _DECODER.decode(unb64url(disclosure))
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise CodecError(f"not a disclosure: {error}") from None


def b64url(raw: bytes) -> str:
    """Return unpadded base64url (RFC 4648 section 5)."""
    return binascii.b2a_base64(raw).translate(_TO_URL, b"=\n").decode()


def unb64url(text: str) -> bytes:
    """Decode unpadded base64url; raise ValueError for anything but its one canonical spelling."""
    if not text.isascii():
        raise ValueError("base64url must be ASCII")
    data = text.encode()
    padding, ends = _ENDS[len(data) % 4]
    if ends and data[-1] not in ends:
        raise ValueError("base64url is not canonical")
    return binascii.a2b_base64(data.translate(_FROM_URL) + padding, strict_mode=True)
