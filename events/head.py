"""The head: the last checkpoint this log has signed, in a file of its own beside the log.

Whatever happens to the log, two heads that disagree are never signed: a new one is signed only when it
provably extends the last one. That is why the file is never restored from a backup. C2SP tlog-checkpoint.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from events import durable, merkle
from events.checkpoint import (
    MAX_NOTE,
    Checkpoint,
    VerifierKey,
    b64,
    open_note,
    signed,
    take_apart,
    valid_name,
    verifier_key,
)
from events.errors import CodecError, EventsError, LogDamaged
from events.witness import TIMEOUT, Answer, Witness, ask

HEAD, LOCK, KEYS, KEY = "head", "head.lock", "keys", "signing.pem"
#: Entries hashed at a time: bounds the memory of a first head over a large log.
PAGE = 1000
#: Seconds to wait for another process that writes the head, which takes a few milliseconds.
WAIT = 10.0
MEND = "do not sign; restore the log from a backup and verify that"


class HeadError(EventsError):
    """The head cannot be used or moved on; nothing was signed."""


class HeadMissing(HeadError):
    """There is no head file: the log stops until a person decides."""


class HeadDamaged(HeadError):
    """The head file is not what was signed."""


class KeyUnusable(HeadError):
    """The signing key is missing, unreadable, or readable by others."""


class Shrunk(HeadError):
    """The log has fewer entries than the last head: it was restored from a backup, or cut."""


class Rotted(HeadError, LogDamaged):
    """An entry or a node of the tree is not what was hashed when it was logged."""


class Forked(HeadError):
    """The log does not extend the last head: its past was changed, or it is another log."""


class Raced(HeadError):
    """Another process moved the head meanwhile."""


class Unsaved(HeadError):
    """The disk failed while the head was written: the file holds the old head or the new one."""


class Tree(Protocol):
    """What a head needs of a log."""

    @property
    def size(self) -> int:
        """Number of entries."""

    def node(self, level: int, idx: int) -> bytes:
        """Return one stored perfect subtree."""

    def entries(self, start: int, end: int) -> Iterator[tuple[int, bytes, list[str]]]:
        """Yield number, envelope bytes and disclosures as stored."""


class Last(NamedTuple):
    """The last signed head: the note as it is in the file, its checkpoint, and the keys that signed it."""

    note: str
    checkpoint: Checkpoint
    signers: frozenset[VerifierKey]


class Advanced(NamedTuple):
    """What came of `Head.advance`: the note as it is in the file, and what the witnesses did.

    ``cosigned_by`` names the witnesses whose cosignature the note carries; ``missing`` are the answers of
    those that gave none this time (one may be in both: its older cosignature of this head still stands).
    """

    note: str
    cosigned_by: tuple[str, ...] = ()
    missing: tuple[Answer, ...] = ()

    @property
    def alarms(self) -> tuple[Answer, ...]:
        """The answers of witnesses that contradict the log."""
        return tuple(answer for answer in self.missing if answer.alarm)


class Head:
    """The head file and the signing key of one log; any number of processes may use them at once."""

    def __init__(self, folder: Path) -> None:
        """Open the head in a folder; raise HeadMissing, HeadDamaged or KeyUnusable."""
        self.folder = folder
        self.path = folder / HEAD
        origin = self._read().split("\n", 1)[0]
        self._key = _load_key(folder / KEYS / KEY)
        #: The public half of the signing key; its name is the log's origin.
        self.verifier = verifier_key(origin, self._key)
        self.last()

    @classmethod
    def create(cls, folder: Path, origin: str, key: Ed25519PrivateKey) -> Head:
        """Make the head of a log that was never signed, once in its life and by hand; return it.

        ``origin`` is the log's name for ever, a URL without its scheme. The first head has size 0. Raises
        HeadError when there is a head already, or the origin is no name.
        """
        if not valid_name(origin) or "://" in origin:
            raise HeadError(
                f"{origin!r} is no origin: a URL without scheme, spaces and plus is expected"
            )
        text = Checkpoint(origin, 0, merkle.root(0, _no_node)).text()
        return cls._begin(folder, signed(text, origin, key), key)

    @classmethod
    def adopt(cls, folder: Path, note: str, key: Ed25519PrivateKey) -> Head:
        """Put a published checkpoint in the place of a lost head: a person's decision; return the head.

        ``note`` must be the newest one that anybody has: ask the public site, the feeds and the witnesses.
        With an older one the log could fork, which only a witness would notice. Raises HeadError when
        there is a head, or the key did not sign the note.
        """
        try:
            origin = Checkpoint.parse(take_apart(note)[0]).origin
            open_note(note, [verifier_key(origin, key)])
        except CodecError as error:
            raise HeadError(f"this is not a head that the key signed: {error}") from None
        return cls._begin(folder, note, key)

    @classmethod
    def _begin(cls, folder: Path, note: str, key: Ed25519PrivateKey) -> Head:
        path = folder / HEAD
        try:
            with _locked(folder):
                if path.exists():
                    raise HeadError(f"{path} exists already: a log has one head, made once")
                # The key first: crash after it, and the same call goes on; the other way round there
                # would be a head that nobody can move on.
                _keep_key(folder / KEYS, key)
                durable.replace(path, note.encode(), 0o644)
        except OSError as error:
            raise HeadError(f"{path} cannot be made: {error}") from error
        return cls(folder)

    def last(self, witnesses: Sequence[Witness] = ()) -> Last:
        """Return the last signed head, with the cosignatures of these witnesses checked.

        Raises HeadMissing, or HeadDamaged when it is not as it was signed.
        """
        note = self._read()
        try:
            opened = open_note(note, [self.verifier, *(witness.key for witness in witnesses)])
            checkpoint = Checkpoint.parse(opened.text)
            if self.verifier not in opened.signers or checkpoint.origin != self.verifier.name:
                raise CodecError("it is another log's")
        except CodecError as error:
            raise HeadDamaged(
                f"{self.path} is not a head that this log's key signed ({error}): do not restore it"
                " from a backup; move it away and adopt the newest checkpoint that was published"
            ) from None
        return Last(note, checkpoint, frozenset(opened.signers))

    def advance(
        self,
        log: Tree,
        witnesses: Sequence[Witness] = (),
        *,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.time,
    ) -> Advanced:
        """Sign the log as it stands if it extends the last head; return the note, cosigned if possible.

        Witnesses never stop it: those that fail are named in ``missing``. Raises Shrunk, Rotted or Forked
        when the log is not a continuation of what was signed, Raced when another process was quicker (do
        it again), Unsaved when the disk failed (do it again), LogDamaged when the log cannot be read.
        """
        last = self.last(witnesses)
        checkpoint = _continued(log, last.checkpoint)
        note = last.note
        if checkpoint != last.checkpoint:
            note = signed(checkpoint.text(), self.verifier.name, self._key)
        # Crash before: nothing was signed that anyone has seen. When nothing is new the file is written
        # nevertheless: an earlier call may have failed between the rename and its being durable, and
        # the caller is about to publish this very note.
        self._swap(last.note, note)
        if not witnesses:
            return Advanced(note)
        # Crash from here on: the head is kept, and the next call asks for its cosignatures again.
        answers = ask(
            witnesses,
            note,
            lambda old: merkle.consistency(old, checkpoint.size, log.node),
            known=dict.fromkeys(last.signers, last.checkpoint.size),
            timeout=timeout,
            clock=clock,
        )
        full = _joined(note, [answer.line for answer in answers if answer.line])
        self._swap(note, full)
        signers = open_note(full, [self.verifier, *(witness.key for witness in witnesses)]).signers
        cosigned_by = tuple(witness.name for witness in witnesses if witness.key in signers)
        return Advanced(full, cosigned_by, tuple(each for each in answers if not each.line))

    def _read(self) -> str:
        try:
            with self.path.open("rb") as file:
                return file.read(MAX_NOTE + 1).decode()
        except FileNotFoundError:
            raise HeadMissing(
                f"there is no head at {self.path}, so nothing is signed until a person decides. Never"
                " restore it from a backup: an older head could fork the log. Find the newest"
                " checkpoint that was published (site, feeds, witnesses) and adopt it; only for a log"
                " that was never signed, create its head"
            ) from None
        except UnicodeDecodeError as error:
            raise HeadDamaged(
                f"{self.path} is not text ({error}): do not restore it from a backup; move it away"
                " and adopt the newest checkpoint that was published"
            ) from None
        except OSError as error:
            raise HeadError(f"{self.path} cannot be read: {error}") from error

    def _swap(self, old: str, new: str) -> None:
        """Replace the head, durably, if it is still the old one; Raced when it is not."""
        try:
            with _locked(self.folder):
                if self._read() != old:
                    raise Raced(
                        f"another process moved the head {self.path} meanwhile: do it again"
                    )
                durable.replace(self.path, new.encode(), 0o644)
        except OSError as error:
            raise Unsaved(
                f"{self.path} could not be written ({error}): it holds the old head or the new one,"
                " and both are true - do it again"
            ) from error


def _continued(log: Tree, old: Checkpoint) -> Checkpoint:
    """Return the checkpoint of the log as it stands, proved to extend an older one."""
    size = log.size
    if size < old.size:
        raise Shrunk(
            f"the log has {size} entries, but a head of {old.size} was signed: was it restored from a"
            " backup? Bring back the newer log; never an older head"
        )
    # The right edge of the old tree is what new nodes are built on, so it is checked before them.
    if merkle.root(old.size, log.node) != old.root:
        raise _forked(old)
    for first in range(old.size, size, PAGE):
        _rehash(log, first, min(first + PAGE, size))
    checkpoint = Checkpoint(old.origin, size, merkle.root(size, log.node))
    proof = merkle.consistency(old.size, size, log.node)
    # From the empty tree there is nothing to prove: every log extends it.
    if old.size and not merkle.verify_consistency(old.size, old.root, size, checkpoint.root, proof):
        raise _forked(old)
    return checkpoint


def _rehash(log: Tree, first: int, last: int) -> None:
    """Demand that entries and nodes are what the stored bytes hash to: what rots before it is signed
    would be signed for ever, and no one could ever compute that root again.
    """
    leaves = [merkle.leaf_hash(envelope) for _, envelope, _ in log.entries(first, last)]
    if len(leaves) != last - first:
        raise Rotted(f"some of the entries E{first} to E{last - 1} are not in the log: {MEND}")
    for level, idx, value in merkle.grow(first, log.node, leaves):
        if log.node(level, idx) != value:
            what = f"entry E{idx}" if level == 0 else f"node {level}/{idx} of the tree"
            raise Rotted(f"{what} is not what was hashed when it was logged: {MEND}")


def _forked(old: Checkpoint) -> Forked:
    return Forked(
        f"the log does not extend the head of {old.size} entries that was signed: its past was changed,"
        " or it is another log. Sign nothing more, keep all files, and compare them with what was"
        " published"
    )


def _joined(note: str, lines: Sequence[str]) -> str:
    """Return a note with signature lines added, each in the place of an older one by the same key."""
    text, old = take_apart(note)
    _, fresh = take_apart(f"{text}\n{''.join(lines)}") if lines else ("", [])
    signatures = {(name, raw[:4]): raw for name, raw in [*old, *fresh]}
    return f"{text}\n" + "".join(f"— {name} {b64(raw)}\n" for (name, _), raw in signatures.items())


def _no_node(level: int, idx: int) -> bytes:
    raise AssertionError(f"the empty tree has no node {level}/{idx}")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system lets go of when a process dies; Raced if it is taken."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    end = time.monotonic() + WAIT
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise Raced(
                        f"another process has held {folder / LOCK} for {WAIT:g} s: see what it does"
                    ) from None
                time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def _keep_key(folder: Path, key: Ed25519PrivateKey) -> None:
    """Write the signing key where it is looked for; HeadError when another one is there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    path = folder / KEY
    if path.exists():
        if _load_key(path).private_bytes_raw() != key.private_bytes_raw():
            raise HeadError(f"{path} holds another key: keep it in a safe place, then do it again")
        return
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    durable.replace(path, pem, 0o600)


def _load_key(path: Path) -> Ed25519PrivateKey:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyUnusable(f"others can read {path}: chmod 600 it, and consider a new key")
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise KeyUnusable(
            f"there is no signing key at {path}: bring it back from where a copy is kept (the key may"
            " be restored, the head never)"
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise KeyUnusable(f"{path} cannot be read as a key in PKCS #8: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is not an Ed25519 key")
    return key
