"""What the log says was withheld, released or erased: read from envelopes alone. Pure.

The last act on a disclosure counts, but nothing comes after an erasure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from events import disclosure
from events.envelope import Envelope
from events.errors import CodecError

#: How an act is told from other entries before it is decoded: canonical JSON spells a key in one way only.
MARK = b'"act":'


class Act(NamedTuple):
    """A TextRedacted event: when it did what (``kind``) to which disclosures of event ``of``, and why."""

    seq: int
    at: str
    of: int
    kind: Literal["withheld", "released", "erased"]
    reason: str
    digests: frozenset[str]


def act_in(seq: int, envelope: bytes) -> Act | None:
    """Return the act an envelope holds; None for any other event, and for one that acts on nothing before it."""
    if MARK not in envelope:
        return None
    try:
        outer = Envelope.decode(envelope)
    except CodecError:
        return None  # the audit tells of it
    if outer.act is None or outer.of is None or outer.of >= seq:
        return None
    return Act(
        seq, outer.at, outer.of, outer.act, str(outer.reason or ""), frozenset(outer.digests)
    )


class Acts:
    """The acts among the first ``size`` events, under the events they act on."""

    def __init__(self) -> None:
        self.size = 0
        self._by_target: dict[int, list[Act]] = {}
        self._by_seq: dict[int, Act] = {}

    def add(self, act: Act) -> None:
        """Take in the next act."""
        self._by_seq[act.seq] = act
        self._by_target.setdefault(act.of, []).append(act)

    def __iter__(self) -> Iterator[Act]:
        return iter(sorted(act for acts in self._by_target.values() for act in acts))

    def of(self, seq: int) -> list[Act]:
        """Return the acts on an event, in order."""
        return list(self._by_target.get(seq, ()))

    def together(self, seq: int) -> list[Act]:
        """Return the acts done in one go with act ``seq``, itself among them, in order: that is, one after the
        other in the same second, of one kind and for one reason. An act on a text alone stands for itself.
        """
        act = self._by_seq[seq]
        first = last = act.seq
        while act.digests and _same(self._by_seq.get(first - 1), act):
            first -= 1
        while act.digests and _same(self._by_seq.get(last + 1), act):
            last += 1
        return [self._by_seq[number] for number in range(first, last + 1)]

    def hiding(self, seq: int) -> dict[str, Act]:
        """Return, for each disclosure of an event that is not to be shown, the act that hides it."""
        found: dict[str, Act] = {}
        for act in self._by_target.get(seq, ()):
            for digest in act.digests:
                if digest in found and found[digest].kind == "erased":
                    continue
                if act.kind == "released":
                    found.pop(digest, None)
                else:
                    found[digest] = act
        return found

    def since(self, seq: int) -> Iterator[Act]:
        """Yield the acts from event ``seq`` on, in order."""
        return (act for act in self if act.seq >= seq)

    def erasing(self) -> Iterator[Act]:
        """Yield the acts that destroy something, in order: they are repeated whenever it is there again."""
        return (act for act in self if act.kind == "erased")


def _same(other: Act | None, act: Act) -> bool:
    return (
        other is not None
        and bool(other.digests)
        and (other.at, other.kind, other.reason) == (act.at, act.kind, act.reason)
    )


def erased_source(act: Act, envelope: bytes, items: Sequence[str]) -> str | None:
    """Return the source whose text an erasure takes away, given what it acts on with all its disclosures.

    An act without digests is on the text alone. What locks the text, or says whose it is, takes it along.
    """
    if act.kind != "erased" or Envelope.decode(envelope).type != "SourceCaptured":
        return None
    said = {field.name: field.value for field in map(disclosure.read, items)}
    gone = {disclosure.read(i).name for i in items if disclosure.digest(i) in act.digests}
    source = said.get("id")
    taken = not act.digests or gone & {"id", "sha256"}
    return source if isinstance(source, str) and taken else None
