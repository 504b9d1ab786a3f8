"""Signing the log: its head is made once, moved on after every append, and then published in the tables.

Publish order: data and tiles first, which are both in the tables, the checkpoint last.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from archive.home import Home
from archive.projector import catch_up
from archive.store import Store
from events.checkpoint import valid_name
from events.head import (
    HEAD,
    KEY,
    KEYS,
    Advanced,
    Head,
    HeadError,
    HeadMissing,
    KeyUnusable,
    Raced,
)
from events.log import SqliteLog
from events.witness import Witnesses

#: The name under which this archive's log is known for ever: a URL without its scheme.
ORIGIN = "archive.powys.example/log"
#: In the home: the witnesses that are asked, ``URL verifier-key`` a line.
WITNESSES = "witnesses"
#: How often another process may be quicker before we give up.
ATTEMPTS = 5
NEVER = "a log that was never signed gets keys and head by `archive sign --new`"


def begin(home: Home, origin: str = ORIGIN) -> Head:
    """Make key and head of a log that was never signed; raise HeadError where there is a head.

    A key that is there already, without a head, is used: a copy of it may have been brought here.
    """
    if (home.path / KEYS / KEY).exists():
        raise KeyUnusable(
            f"{home.path / KEYS / KEY} is there, but perhaps the head was lost: adopt the newest"
            " published checkpoint with `archive sign --adopt FILE`. If nothing was ever signed with this"
            " key, move it away and do this again"
        )
    return Head.create(home.path, origin, Ed25519PrivateKey.generate())


def adopt(home: Home, path: Path) -> Head:
    """Put a published checkpoint in the place of a lost head, with the key that is there; return the head."""
    try:
        pem = (home.path / KEYS / KEY).read_bytes()
        key = load_pem_private_key(pem, None)
        note = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"the checkpoint cannot be adopted: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{home.path / KEYS / KEY} is not an Ed25519 key")
    return Head.adopt(home.path, note, key)


def check_origin(origin: str) -> None:
    """Raise HeadError unless a log may be called so."""
    if not valid_name(origin) or "://" in origin:
        raise HeadError(f"{origin!r} is no origin: give a URL without scheme, spaces and plus")


def head(home: Home) -> Head:
    """Open the head of a home; raise HeadMissing with the commands that help, or what else is wrong."""
    if not (home.path / HEAD).exists():
        raise HeadMissing(
            f"{home.path} has no signed head, so nothing is recorded until a person decides: {NEVER}; where"
            " one was lost, find the newest published checkpoint (site, feeds, witnesses) and"
            " `archive sign --adopt FILE`. Never bring a head back from a backup: the log could fork"
        )
    return Head(home.path)


def require(home: Home, log: SqliteLog) -> None:
    """Raise HeadError unless the log may go on: it has a head, and extends it."""
    _advance(head(home), log, Witnesses())


def sign(home: Home, log: SqliteLog, store: Store) -> Advanced:
    """Sign the log as it stands and publish the note, after everything that it covers; return it.

    Raises what `Head.advance` raises, and HeadMissing.
    """
    keeper = head(home)
    done = _advance(keeper, log, Witnesses.load(home.path / WITNESSES))
    catch_up(log, store)  # others may have appended since; the note covers their events, too
    home.publish(store)
    return done


def _advance(keeper: Head, log: SqliteLog, witnesses: Witnesses) -> Advanced:
    for attempt in range(ATTEMPTS):
        try:
            return keeper.advance(log, witnesses.members)
        except Raced:
            if attempt + 1 == ATTEMPTS:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def lacking(home: Home, done: Advanced) -> list[str]:
    """Return what a person must be told of the witnesses: one sentence each."""
    said = [str(answer) for answer in done.missing]
    quorum = Witnesses.load(home.path / WITNESSES).lacking(done.cosigned_by)
    return [*said, f"{quorum} more witnesses are demanded by {WITNESSES}"] if quorum else said
