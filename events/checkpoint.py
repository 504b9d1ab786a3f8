"""Signed notes and checkpoints, pure: what the log promises, in a form that others can check.

C2SP signed-note 1.0.0, tlog-checkpoint 1.0.0 and tlog-cosignature (c2sp.org), Ed25519 signatures. A
checkpoint is three lines: origin, size, base64 root; we write no extension lines.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from events.errors import CodecError

#: Signature types: a log's own, and a witness's timestamped cosignature.
ED25519, COSIGNATURE = 1, 4
MAX_NOTE = 1_000_000
#: The largest size and time that every reader of a checkpoint can hold (a signed 64-bit integer).
MAX_NUMBER = 2**63 - 1


class Checkpoint(NamedTuple):
    """A tree head: the log's origin, its size, and the Merkle root over so many entries."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the note's text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @staticmethod
    def parse(text: str) -> Checkpoint:
        """Read a checkpoint's text (of any log, extension lines passed over) or raise CodecError."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not lines[0]:
            raise CodecError("not a checkpoint: origin, size and root on a line each are expected")
        origin, size, root, *extensions = lines[:-1]
        if not all(extensions):
            raise CodecError("not a checkpoint: an extension line is empty")
        return Checkpoint(origin, number(size), sha256(root))


class Note(NamedTuple):
    """A signed note that was checked: its text, and the keys that signed it (a cosigner's with its time).

    A name alone is nobody: the same name may stand for a log's key and a witness's.
    """

    text: str
    signers: dict[VerifierKey, int | None]


class VerifierKey(NamedTuple):
    """A public key with its name, written ``name+hash+base64`` (signed-note, verifier keys)."""

    name: str
    kind: int
    public: bytes

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return key_id(self.name, self.kind, self.public)

    @staticmethod
    def parse(text: str) -> VerifierKey:
        """Read a verifier key or raise CodecError."""
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise CodecError("not a verifier key: name+hash+key is expected")
        name, ident, encoded = parts
        raw = unb64(encoded)
        if not valid_name(name) or not name.isprintable():  # it is shown on terminals and pages
            raise CodecError(f"not a verifier key: {name[:60]!r} is no name")
        key = VerifierKey(name, raw[0] if raw else 0, raw[1:])
        if key.id.hex() != ident or len(key.public) != 32:
            raise CodecError(f"not a verifier key: the hash does not fit {name[:60]!r}")
        if key.kind not in {ED25519, COSIGNATURE}:
            raise CodecError(
                f"the key of {name[:60]!r} is of type {key.kind}; Ed25519 keys are understood here"
            )
        return key


def valid_name(name: str) -> bool:
    """Tell whether a key may be called so: not empty, no Unicode space, no plus, no control character."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return bool(name) and not any(char.isspace() or char < " " or char == "+" for char in name)


def number(text: str) -> int:
    """Read a size or an index: ASCII decimal, no leading zero, below 2^63; raise CodecError."""
    if not (text.isascii() and text.isdecimal()) or (text[0] == "0" and text != "0"):
        raise CodecError(f"{text[:30]!r} is no number as a checkpoint writes it")
    if len(text) > len(str(MAX_NUMBER)) or int(text) > MAX_NUMBER:
        raise CodecError(f"the number {text[:30]} is too large")
    return int(text)


def sha256(text: str) -> bytes:
    """Read a SHA-256 written in base64; raise CodecError when it is not one."""
    raw = unb64(text)
    if len(raw) != hashlib.sha256().digest_size:
        raise CodecError(f"{len(raw)} bytes are no SHA-256")
    return raw


def verifier_key(name: str, key: Ed25519PrivateKey, *, witness: bool = False) -> VerifierKey:
    """Return the public half of a signing key under a name."""
    kind = COSIGNATURE if witness else ED25519
    return VerifierKey(name, kind, key.public_key().public_bytes_raw())


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the first four bytes of SHA-256(name || newline || type || public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """Return the signature line of a note's text, its newline included."""
    return _line(name, verifier_key(name, key).id, key.sign(text.encode()))


def cosign(text: str, name: str, key: Ed25519PrivateKey, time: int) -> str:
    """Return a witness's cosignature line (tlog-cosignature v1) with its POSIX time."""
    signature = key.sign(_cosigned(text, time))
    stamp = struct.pack(">Q", time)
    return _line(name, verifier_key(name, key, witness=True).id, stamp + signature)


def signed(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """Return a whole note: text, blank line, one signature."""
    return f"{text}\n{sign(text, name, key)}"


def open_note(note: str, keys: Iterable[VerifierKey]) -> Note:
    """Check a note against trusted keys; raise CodecError unless one of them signed it.

    A signature line of a trusted key that does not verify is an error; strangers' lines are passed over.
    """
    text, signatures = take_apart(note)
    trusted = {(key.name, key.id): key for key in keys}
    signers: dict[VerifierKey, int | None] = {}
    for name, raw in signatures:
        if key := trusted.get((name, raw[:4])):
            signers[key] = _verified(key, text, raw[4:])
    if not signers:
        raise CodecError("no key that is trusted here signed this note")
    return Note(text, signers)


def take_apart(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return a note's text and its signatures (name, key id and signature bytes), none of them checked.

    Raises CodecError when it has not the form of a signed note.
    """
    text, blank, lines = note.rpartition("\n\n")
    bad = any(char < " " and char != "\n" for char in note)
    if not blank or not lines.endswith("\n") or bad or len(note) > MAX_NOTE:
        raise CodecError("not a signed note")
    signatures = []
    for line in lines[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        raw = unb64(encoded)
        if dash != "—" or not valid_name(name) or len(raw) < 5:
            raise CodecError("not a signed note: a signature line is malformed")
        signatures.append((name, raw))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CodecError("not a signed note: half of a surrogate pair is not text") from None
    return f"{text}\n", signatures


def _verified(key: VerifierKey, text: str, raw: bytes) -> int | None:
    """Check one signature; return a cosignature's time."""
    time: int | None = None
    message = text.encode()
    if key.kind == COSIGNATURE:
        if len(raw) < 8:
            raise CodecError(f"the cosignature of {key.name} is cut short")
        (time,) = struct.unpack(">Q", raw[:8])
        if time > MAX_NUMBER:
            raise CodecError(f"the cosignature of {key.name} has a time that cannot be")
        message, raw = _cosigned(text, time), raw[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw, message)
    except InvalidSignature:
        raise CodecError(f"the signature of {key.name} does not fit the note") from None
    return time


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _line(name: str, ident: bytes, signature: bytes) -> str:
    return f"— {name} {b64(ident + signature)}\n"


def b64(raw: bytes) -> str:
    """Return padded standard base64 (RFC 4648 section 4)."""
    return base64.b64encode(raw).decode()


def unb64(text: str) -> bytes:
    """Decode standard base64; raise CodecError for anything but its one canonical spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise CodecError("not base64") from None
    if b64(raw) != text:
        raise CodecError("base64 is not canonical")
    return raw
