"""The second person: whoever holds a second key confirms what one archivist must not do alone.

The key is a file of the second person's own, kept elsewhere and under a passphrase; its public half is in the
home. It guards against haste and error, not against somebody who may write the home's files.
"""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archive.home import Home
from archive.keeping.folders import sync_folder
from archive.rebuilding.scratch import scratch
from events.errors import EventsError
from events.head import KEYS

PUBLIC = "second.pub"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class NotConfirmed(EventsError):
    """No second person has confirmed it; nothing was changed."""


def create(home: Home, name: str, file: Path, passphrase: bytes) -> None:
    """Make a key for a second person in ``file`` and write its public half into the home under ``name``.

    A key that is in ``file`` already is used if the passphrase opens it and nobody has it here: whoever made
    it may have been interrupted.
    """
    if not _NAME.fullmatch(name):
        raise NotConfirmed(
            f"{name[:60]!a} cannot be a name: use up to 40 letters, digits, . _ and -"
        )
    if name in registered(home):
        raise NotConfirmed(f"{name} has a second key: take its line out of {_public(home)} first")
    try:
        key = _kept(home, file, passphrase) if file.exists() else _make(file, passphrase)
        _public(home).parent.mkdir(mode=0o700, exist_ok=True)
        with _public(home).open("a", encoding="ascii") as out:
            out.write(f"{name} {base64.b64encode(key.public_key().public_bytes_raw()).decode()}\n")
            out.flush()
            os.fsync(out.fileno())
        sync_folder(_public(home).parent)
        sync_folder(home.path)
    except OSError as error:
        raise NotConfirmed(f"the key could not be kept: {error}") from None


def _make(file: Path, passphrase: bytes) -> Ed25519PrivateKey:
    """Make a key in a file that appears whole or not at all, durably."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )
    with scratch(file.absolute().parent, ".second-key-") as space:
        draft = space / "key"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
            out.write(pem)
            out.flush()
            os.fsync(out.fileno())
        file.hardlink_to(draft)  # unlike rename, never over a key that came meanwhile
    sync_folder(file.absolute().parent)
    return key


def _kept(home: Home, file: Path, passphrase: bytes) -> Ed25519PrivateKey:
    """Return a key that was made but not registered; raise NotConfirmed for any other file."""
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), passphrase)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey) or key.public_key() in registered(home).values():
        raise NotConfirmed(f"{file} exists already: choose another file")
    return key


def registered(home: Home) -> dict[str, Ed25519PublicKey]:
    """Return the public halves of all second keys of a home, by name."""
    try:
        lines = _public(home).read_text(encoding="ascii").splitlines()
        return {
            name: Ed25519PublicKey.from_public_bytes(base64.b64decode(raw, validate=True))
            for name, raw in (line.split(" ") for line in lines if line)
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise NotConfirmed(
            f"{_public(home)} cannot be read ({error}): each line is a name and a key in base64"
        ) from None


def confirm(home: Home, file: Path, passphrase: bytes | None, message: bytes) -> str:
    """Sign a message with a second person's key; return who it was. Raises NotConfirmed."""
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), passphrase)
    except (OSError, ValueError, TypeError) as error:
        raise NotConfirmed(f"{file} cannot be opened as a second key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise NotConfirmed(f"{file} is not an Ed25519 key")
    signature = key.sign(message)
    for name, public in registered(home).items():
        try:
            public.verify(signature, message)
        except InvalidSignature:
            continue
        return name
    raise NotConfirmed(
        f"{file} is no second key of this archive: `archive second-key NAME FILE` makes one"
    )


def _public(home: Home) -> Path:
    return home.path / KEYS / PUBLIC
