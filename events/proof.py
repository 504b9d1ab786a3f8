"""Proofs to take away, pure: that an event is in the log, checkable offline for ever.

`Proof` is a C2SP tlog-proof (``.tlog-proof``): index, audit path (RFC 6962), signed checkpoint. A bundle
adds what it proves: the envelope, its disclosures, and the keys to check with, as one JSON file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from events import disclosure, merkle
from events.audit import Finding, opened
from events.checkpoint import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    VerifierKey,
    b64,
    number,
    sha256,
    take_apart,
    unb64,
)
from events.codec import strict_json
from events.envelope import Envelope
from events.errors import CodecError, EventsError

HEADER = "c2sp.org/tlog-proof@v1"
FORMAT = "powys-archive/proof@v1"
MAX_BUNDLE = 4_000_000
#: A path is as long as the tree is high.
MAX_PATH = 63


class NotYetSigned(EventsError):
    """The event is newer than the head it was to be proved under."""


class Proof(NamedTuple):
    """A transparency log proof: which entry, the path to the root, the signed head as a note.

    ``extra`` is not covered by any signature; we write none.
    """

    seq: int
    path: tuple[bytes, ...]
    note: str
    extra: bytes | None = None

    @staticmethod
    def make(seq: int, note: str, node: merkle.Node) -> Proof:
        """Prove that entry ``seq`` is under a signed head; raise NotYetSigned when the head is older."""
        head = Checkpoint.parse(take_apart(note)[0])
        if not 0 <= seq < head.size:
            raise NotYetSigned(
                f"the signed head has {head.size} entries, so E{seq} cannot be proved under it; a newer"
                " head is signed when the log is published"
            )
        return Proof(seq, tuple(merkle.inclusion(seq, head.size, node)), note)

    def text(self) -> str:
        """Return the proof as it is written to a ``.tlog-proof`` file."""
        extra = [] if self.extra is None else [f"extra {b64(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.seq}", *map(b64, self.path), "", self.note]
        return "\n".join(lines)

    @staticmethod
    def parse(text: str) -> Proof:
        """Read a ``.tlog-proof``; raise CodecError. Nothing in it is checked but its form."""
        top, blank, note = text.partition("\n\n")
        header, *lines = top.split("\n")
        if header != HEADER or not blank:
            raise CodecError(f"not a proof: it must begin with {HEADER} and end with a checkpoint")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = unb64(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise CodecError("not a proof: the line with the index is missing")
        seq = number(lines.pop(0).removeprefix("index "))
        if len(lines) > MAX_PATH:
            raise CodecError("not a proof: its path is longer than any tree is high")
        return Proof(seq, tuple(map(sha256, lines)), note, extra)

    def check(
        self,
        entry: bytes,
        key: VerifierKey,
        witnesses: Sequence[VerifierKey] = (),
        *,
        quorum: int = 0,
        origin: str | None = None,
    ) -> list[Finding]:
        """Return what is found when the proof is checked for the bytes of an entry.

        Steps of tlog-proof: the log's key, the origin, ``quorum`` of the witnesses, the audit path.
        """
        head, findings = opened(self.note, key, witnesses, quorum=quorum, origin=origin)
        if head is None:
            return findings
        leaf = merkle.leaf_hash(entry)
        if merkle.verify_inclusion(leaf, self.seq, head.size, self.path, head.root):
            message = f"E{self.seq} is in the log of {head.size} entries, as it is here"
            return [*findings, Finding("included", self.seq, message)]
        message = f"nothing leads from E{self.seq}, as it is here, to the head: one was changed"
        return [*findings, Finding("not-included", self.seq, message)]


class Bundle(NamedTuple):
    """One event with all that is needed to check it: for `archive prove`."""

    envelope: bytes
    disclosures: tuple[str, ...]
    proof: Proof
    log: VerifierKey
    witnesses: tuple[VerifierKey, ...] = ()

    def text(self) -> str:
        """Return the bundle as JSON on one line."""
        fields = {
            "format": FORMAT,
            "event": self.proof.seq,
            "envelope": self.envelope.decode("ascii"),
            "disclosures": list(self.disclosures),
            "proof": self.proof.text(),
            "log": str(self.log),
            "witnesses": [str(key) for key in self.witnesses],
        }
        return json.dumps(fields, separators=(",", ":")) + "\n"

    @staticmethod
    def parse(text: str | bytes) -> Bundle:
        """Read a bundle; raise CodecError. Only its form is checked."""
        fields = strict_json(text, max_bytes=MAX_BUNDLE)
        match fields:
            case {
                "format": "powys-archive/proof@v1",
                "event": int(seq),
                "envelope": str(envelope),
                "disclosures": [*disclosures],
                "proof": str(written),
                "log": str(log),
                "witnesses": [*witnesses],
            } if len(fields) == 7 and not isinstance(seq, bool):
                pass
            case _:
                raise CodecError(f"not a bundle of the format {FORMAT}")
        if not all(isinstance(item, str) and item.isascii() for item in [*disclosures, envelope]):
            raise CodecError("not a bundle: envelope and disclosures must be ASCII text")
        proof = Proof.parse(written)
        if proof.seq != seq:
            raise CodecError(f"not a bundle: it says E{seq}, but its proof is of E{proof.seq}")
        keys = [VerifierKey.parse(str(key)) for key in [log, *witnesses]]
        if [key.kind for key in keys] != [ED25519, *(COSIGNATURE for _ in witnesses)]:
            raise CodecError("not a bundle: a log's key, then the keys of witnesses are expected")
        return Bundle(envelope.encode("ascii"), tuple(disclosures), proof, keys[0], tuple(keys[1:]))


def verify_bundle(
    text: str | bytes, trusted: Sequence[VerifierKey] | None = None, *, quorum: int | None = None
) -> list[Finding]:
    """Return what is found in a bundle, offline; it proves its event if there is no alarm.

    ``trusted`` are the keys that the reader knows from elsewhere: of the log, and of witnesses. Without
    them the bundle's own keys are used, and a finding says that this shows only that it was not damaged;
    then every witness it names must have cosigned, else ``quorum`` of the trusted ones (0 by default).
    """
    try:
        bundle = Bundle.parse(text)
        disclosed = [disclosure.read(item).name for item in bundle.disclosures]
        announced = Envelope.decode(bundle.envelope).sd
    except CodecError as error:
        return [Finding("malformed", None, str(error))]
    key, witnesses = bundle.log, list(bundle.witnesses)
    findings: list[Finding] = []
    if trusted is None:
        quorum = len(witnesses) if quorum is None else quorum
        message = f"checked with the keys it brings along: is {key} the key that the log publishes?"
        findings.append(Finding("self-vouched", None, message))
    else:
        witnesses = [known for known in trusted if known.kind == COSIGNATURE]
        if key not in trusted:
            message = f"{key} is not the key of a log that is trusted here"
            return [Finding("not-signed", None, message)]
    findings += bundle.proof.check(bundle.envelope, key, witnesses, quorum=quorum or 0)
    return [*findings, *_disclosed(bundle, announced, disclosed)]


def _disclosed(bundle: Bundle, announced: Sequence[str], names: Sequence[str]) -> list[Finding]:
    """Hold the disclosures against the envelope, one by one; some may be left out, none added."""
    seq, left = bundle.proof.seq, set(announced)
    findings = []
    for text, name in zip(bundle.disclosures, names, strict=True):
        digest = disclosure.digest(text)
        if digest in left:
            left.remove(digest)
            findings.append(Finding("holds", seq, f"E{seq}: {name[:60]!r} is as it was logged"))
        else:
            message = f"E{seq}: {name[:60]!r} is not what was logged, or is there twice"
            findings.append(Finding("altered", seq, message))
    if left:
        message = f"E{seq}: {len(left)} of {len(announced)} disclosures are not in this bundle"
        findings.append(Finding("not-shown", seq, message))
    return findings
