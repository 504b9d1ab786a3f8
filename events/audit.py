"""The audit, pure: what anybody can say of a log who has its entries, its disclosures and a head.

A disclosure that is missing without an act in the log, or that no envelope announced, is an alarm that any
outsider can raise. Entries are read twice (acts come after what they act on) and never kept, so memory does
not grow with the log.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from events import disclosure
from events.acts import MARK, Act, act_in
from events.checkpoint import Checkpoint, VerifierKey, open_note
from events.envelope import Envelope
from events.errors import CodecError
from events.merkle import leaf_hash, node_hash

#: Number, envelope bytes and disclosures of an entry; None for disclosures nobody looked at.
Entry = tuple[int, bytes, Sequence[str] | None]

#: What is as it should be ...
FINE = frozenset(
    """holds withheld released erased unseen root signed cosigned not-cosigned stamped included not-shown
    self-vouched unsigned""".split()
)
#: ... and what is not, each with what it means.
ALARMS: dict[str, str] = {
    "missing": "a disclosure is gone, and no act says so",
    "altered": "a disclosure does not match the envelope",
    "published-though-erased": "a disclosure is there that the log says was erased",
    "published-though-withheld": "a disclosure is public that the log says is withheld",
    "never-logged": "a disclosure is in no envelope",
    "baseless": "an act names what it cannot act on",
    "unconfirmed": "an act that needs two people has only one",
    "unreadable": "an envelope is not what the closed schema allows",
    "gap": "entries are missing, repeated or out of order",
    "root-differs": "the entries do not give the root that was claimed",
    "too-short": "there are fewer entries than were claimed",
    "not-signed": "the head is not signed by the log's key",
    "too-few-witnesses": "fewer witnesses cosigned than are demanded",
    "not-stamped": "there is no timestamp by the authority named, or it does not hold",
    "not-included": "the proof does not lead from the event to the head",
    "malformed": "a file is not in its form",
}


class Finding(NamedTuple):
    """One thing that was found: a code of `FINE` or `ALARMS`, the event it is about, and a sentence."""

    code: str
    seq: int | None
    message: str

    @property
    def alarm(self) -> bool:
        """Whether people must be told."""
        return self.code in ALARMS

    def __str__(self) -> str:
        return f"{'ALARM ' if self.alarm else ''}{self.code}: {self.message}"


def audit(
    read: Callable[[], Iterable[Entry]],
    heads: Sequence[Checkpoint] = (),
    *,
    public: bool = False,
) -> Iterator[Finding]:
    """Yield what is found in a log, event by event, and last whether its tree is the one of each head.

    ``read`` gives the entries from the first on, and is called twice. A head is a checkpoint whose
    signature was checked (`opened`); that an old one holds, too, is the proof that the past was not
    changed. With ``public`` the disclosures are those that are published, so a withheld one among them
    is an alarm; the log itself keeps what is withheld, for it may be released.
    """
    acts: dict[int, list[Act]] = {}
    yield from _collect(read(), acts)
    tree = _Growth({head.size for head in heads})
    for seq, envelope, disclosures in read():
        if seq != tree.size:
            yield Finding("gap", seq, f"E{tree.size} should come here, and E{seq} does")
            tree.broken = True
        tree.grow(seq, leaf_hash(envelope))
        yield from _event(seq, envelope, disclosures, acts.pop(seq, []), public=public)
    for late in acts.values():
        yield from (_baseless(act, f"E{act.of}, which is not here") for act in late)
    yield from (tree.judge(head) for head in heads)


def opened(
    note: str,
    key: VerifierKey,
    witnesses: Sequence[VerifierKey] = (),
    *,
    quorum: int = 0,
    origin: str | None = None,
) -> tuple[Checkpoint | None, list[Finding]]:
    """Check a head's signatures: return its checkpoint, None when it is not signed, and the findings.

    The log's own key must have signed it under ``origin`` (the key's name unless told otherwise), and
    ``quorum`` of the witnesses.
    """
    try:
        found = open_note(note, [key, *witnesses])
        head = Checkpoint.parse(found.text)
    except CodecError as error:
        return None, [Finding("not-signed", None, str(error))]
    if key not in found.signers:
        return None, [Finding("not-signed", None, f"{key.name} did not sign this head")]
    if head.origin != (key.name if origin is None else origin):
        message = (
            f"this is a head of {head.origin}, not of {key.name if origin is None else origin}"
        )
        return None, [Finding("not-signed", None, message)]
    findings = [
        Finding("signed", None, f"a head of {head.size} entries is signed by {head.origin}")
    ]
    cosigned = {witness.name for witness in witnesses if witness in found.signers}
    for witness in witnesses:
        if witness in found.signers:
            message = f"{witness.name} cosigned it at {_instant(found.signers[witness] or 0)}"
            findings.append(Finding("cosigned", None, message))
        else:
            findings.append(Finding("not-cosigned", None, f"{witness.name} did not cosign it"))
    if len(cosigned) < quorum:
        message = f"{len(cosigned)} witnesses cosigned this head, {quorum} are demanded"
        findings.append(Finding("too-few-witnesses", None, message))
    return head, findings


def _collect(entries: Iterable[Entry], acts: dict[int, list[Act]]) -> Iterator[Finding]:
    """Note every act under the event it acts on; yield those that act on nothing, or by one person."""
    for seq, envelope, _ in entries:
        if MARK not in envelope:
            continue
        try:
            outer = Envelope.decode(envelope)
        except CodecError:
            continue  # found unreadable when its turn comes
        if act := act_in(seq, envelope):
            acts.setdefault(act.of, []).append(act)
        elif outer.act is not None:
            of = "nothing" if outer.of is None else f"E{outer.of}, which was not there yet"
            yield Finding("baseless", seq, f"E{seq}, an act, is on {of}")
        if outer.act in {"released", "erased"} and outer.confirmed_by is None:
            yield Finding("unconfirmed", seq, f"E{seq}: {ALARMS['unconfirmed']}")


def _baseless(act: Act, what: str) -> Finding:
    return Finding("baseless", act.seq, f"E{act.seq}, an act, is on {what}")


def _event(
    seq: int,
    envelope: bytes,
    disclosures: Sequence[str] | None,
    acts: Sequence[Act],
    *,
    public: bool,
) -> Iterator[Finding]:
    """Yield the findings of one event: one a state, with the number of disclosures in it."""
    try:
        announced = Envelope.decode(envelope).sd
    except CodecError as error:
        yield Finding("unreadable", seq, f"E{seq}: {error}")
        return
    for act in acts:
        if strange := act.digests.difference(announced):
            yield _baseless(act, f"{len(strange)} disclosures that E{seq} never had")
    if disclosures is None:
        yield Finding("unseen", seq, f"E{seq}: its {len(announced)} disclosures were not looked at")
        return
    present, strangers = _matched(announced, disclosures)
    states = Counter(
        _state(digest in present, _last(acts, digest), public=public) for digest in announced
    )
    # Whoever changes a disclosure leaves one that is missing and one that no envelope has.
    altered = min(strangers, states[MISSING])
    states[MISSING] -= altered
    states["altered", None] = altered
    states["never-logged", None] = strangers - altered
    for (code, cause), times in states.items():
        if times:
            by = f" by E{cause.seq} ({cause.reason})" if cause else ""
            what = f"{ALARMS.get(code, code)}{by}: {times} of {len(announced)} disclosures"
            yield Finding(code, seq, f"E{seq}: {what}")


State = tuple[str, Act | None]
MISSING: State = ("missing", None)


def _state(there: bool, act: Act | None, *, public: bool) -> State:  # noqa: FBT001 (a table of two)
    """Return the state of one disclosure and the act that brought it about."""
    match there, act.kind if act else None:
        case True, "erased":
            return "published-though-erased", act
        case True, "withheld" if public:
            return "published-though-withheld", act
        case True, None:
            return "holds", None
        case False, None | "released":
            return MISSING
        case _, kind:
            return str(kind), act


def _last(acts: Sequence[Act], digest: str) -> Act | None:
    """Return the act that counts for a disclosure: the last one, but nothing comes after an erasure."""
    found: Act | None = None
    for act in acts:
        if digest in act.digests and not (found and found.kind == "erased"):
            found = act
    return found


def _matched(announced: Sequence[str], disclosures: Sequence[str]) -> tuple[set[str], int]:
    """Return the announced digests that are disclosed, and how many disclosures are none of them."""
    present: set[str] = set()
    strangers = 0
    for text in disclosures:
        found = disclosure.digest(text) if text.isascii() else ""
        if found in announced and found not in present:
            present.add(found)
        else:
            strangers += 1
    return present, strangers


class _Growth:
    """A tree that grows leaf by leaf and keeps its right edge alone, noting the roots that are asked for."""

    def __init__(self, sizes: set[int]) -> None:
        self.size = 0
        self.broken = False
        self._sizes = sizes
        self._edge: list[bytes] = []
        self._roots: dict[int, bytes] = {0: hashlib.sha256().digest()}

    def grow(self, seq: int, leaf: bytes) -> None:
        self.size = seq + 1
        self._edge.append(leaf)
        while seq & 1 and len(self._edge) > 1:
            right, left = self._edge.pop(), self._edge.pop()
            self._edge.append(node_hash(left, right))
            seq >>= 1
        if self.size in self._sizes and not self.broken:
            root = self._edge[-1]
            for left in reversed(self._edge[:-1]):
                root = node_hash(left, root)
            self._roots[self.size] = root

    def judge(self, head: Checkpoint) -> Finding:
        """Return whether the tree had the head's root when it had the head's size."""
        what = f"the head of {head.size} entries of {head.origin}"
        if head.size > self.size:
            message = f"{what} claims more than the {self.size} entries that are here"
            return Finding("too-short", None, message)
        if self._roots.get(head.size) != head.root:
            message = f"{what} has another root than its entries give: they were changed, or it was"
            return Finding("root-differs", None, message)
        return Finding("root", None, f"{what} has the root that its entries give")


def _instant(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"
