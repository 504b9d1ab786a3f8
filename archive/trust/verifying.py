"""`archive verify`: is this log what it claims to be? And `archive prove`: one event, to take away.

Whatever is shown, by a site or in a file, is held against a signed head by hashing all of it anew. docs/trust.md
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.x509 import Certificate

from archive.home import Home
from archive.keeping.bags import verify_bag
from archive.showing import counted
from archive.trust import signing, stamping
from archive.trust.published import CannotVerify, Lines, NotServed, Private, Published, Site, Tables
from events import merkle, tiles
from events.audit import Entry, Finding, audit, opened
from events.checkpoint import COSIGNATURE, ED25519, Checkpoint, VerifierKey, take_apart
from events.errors import CodecError, EventsError, LogDamaged
from events.proof import FORMAT, Bundle, Proof, verify_bundle
from events.tiles import Fetch
from events.witness import Witnesses

_EVENT = re.compile(r"E?(0|[1-9][0-9]{0,11})")
#: What `audit` says of heads, in the order of the heads.
_JUDGED = ("root", "root-differs", "too-short")


@dataclass
class Verdict:
    """What a verification came to."""

    events: int = 0
    disclosures: int = 0
    alarms: int = 0
    head: Checkpoint | None = None
    #: The newest note that was checked: to be saved for the next time.
    note: str = ""
    what: str = ""

    def line(self) -> str:
        """Return all of it on one line."""
        if self.what:
            parts = [self.what]
        else:
            parts = [f"{counted(self.events, 'event')}, {counted(self.disclosures, 'disclosure')}"]
        if self.head:
            parts.append(f"signed head of {self.head.size}, root {self.head.root.hex()}")
        parts.append(f"{counted(self.alarms, 'ALARM')}" if self.alarms else "no alarm")
        return "; ".join(parts)


@dataclass(frozen=True)
class _Trust:
    """What the reader knows from elsewhere."""

    keys: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...]
    quorum: int
    saved: str | None
    authority: tuple[Certificate, ...]
    stamp: Path | None


def verify(
    target: str,
    verdict: Verdict,
    *,
    keys: Sequence[VerifierKey] = (),
    saved: str | None = None,
    quorum: int = 0,
    authority: Sequence[Certificate] = (),
    stamp: Path | None = None,
) -> Iterator[Finding]:
    """Yield what is found, all but what simply holds; fill in the verdict.

    ``target`` is the address of a site, a home, an archive.db, an export or a bundle of `prove`. ``saved`` is
    a checkpoint that the reader kept. With certificates of a timestamp ``authority``, its stamp is demanded:
    that in the file ``stamp``, else the target's own. Raises CannotVerify where there is nothing to look at.
    """
    trust = _Trust(
        tuple(key for key in keys if key.kind == ED25519),
        tuple(key for key in keys if key.kind == COSIGNATURE),
        quorum,
        saved,
        tuple(authority),
        stamp,
    )
    if (text := _bundle(target)) is not None:
        verdict.what = "one event with its proof"
        found: Iterable[Finding] = verify_bundle(text, keys or None, quorum=quorum or None)
    else:
        found = _all_logs(target, verdict, trust)
    for finding in found:
        verdict.alarms += finding.alarm
        yield finding


def _all_logs(target: str, verdict: Verdict, trust: _Trust) -> Iterator[Finding]:
    folder = Path(target)
    if folder.is_dir() and (folder / "bagit.txt").exists():
        yield from (Finding("malformed", None, message) for message in verify_bag(folder))
    count = len(_places(target))
    for number in range(count):
        for finding in _one_log(target, number, verdict, trust):
            name = f"{_places(target)[number].name}: " if count > 1 else ""
            yield finding._replace(message=f"{name}{finding.message}")


def _places(target: str) -> list[Path]:
    """Return the files that are logs at a target, or its one address."""
    if "://" in target:
        return [Path("site")]
    path = Path(target)
    if path.is_file():
        return [path]
    found = [path / name for name in ("log.db", "archive.db", "data/log.jsonl", "log.jsonl")]
    if not (there := [one for one in found if one.is_file()]):
        raise CannotVerify(
            f"there is no log at {target}: give a URL, a home, archive.db or an export"
        )
    return there


def _open(target: str, number: int) -> Published:
    if "://" in target:
        return Site(target)
    path = _places(target)[number]
    if path.name == "log.db":
        return Private(Home(path.parent))
    with path.open("rb") as file:
        if file.read(16) == b"SQLite format 3\0":
            return Tables(path)
    return Lines(path)


def _one_log(target: str, number: int, verdict: Verdict, trust: _Trust) -> list[Finding]:
    """Check one log; once more where it grew meanwhile, for an act may be newer than the head we saw."""
    for attempt in itertools.count():
        log = _open(target, number)
        tally = Verdict()
        try:
            found = [finding for finding in _check(log, tally, trust) if finding.code != "holds"]
            again = attempt == 0 and any(one.code == "missing" for one in found)
            if again and (log.note() or "") != tally.note:
                continue
        finally:
            log.close()
        verdict.events, verdict.disclosures = tally.events, tally.disclosures
        verdict.head, verdict.note = tally.head, tally.note
        return found
    raise AssertionError("unreachable: the second attempt returns")


def _check(log: Published, tally: Verdict, trust: _Trust) -> Iterator[Finding]:
    try:
        tally.note = log.note() or ""
        head, heads = None, []
        key, findings = _key(log, tally.note, trust)
        yield from findings
        if tally.note:
            head, findings = _opened(tally.note, key, trust)
            yield from findings
        tally.head = head
        if trust.saved is not None:
            before, findings = _opened(trust.saved, key, trust)
            yield from (_of_saved(one) for one in findings if one.code != "not-cosigned")
            heads = [before] if before else []
        if trust.authority:
            stamped, findings = _stamped(trust.stamp or log.stamp(), key, trust, tally.note)
            yield from findings
            heads += [stamped] if stamped else []
        if claim := log.claim():
            heads.append(claim)
        size = head.size if head else 0
        broken = list(_tree(log.tiles, head)) if head and log.tiles else []
        yield from broken
        found = audit(
            lambda: _told(log.entries(size), tally),
            [*([head] if head else []), *heads],
            public=log.public,
        )
        yield from _named(found, head, trust)
        if head and log.tiles and all(one.code == "root-differs" for one in broken):
            yield from _leaves(log.entries(size), log.tiles, size)
        if head and tally.events > size:
            message = f"{counted(tally.events - size, 'event')} newer than the signed head"
            yield Finding("unsigned", None, message)
    except CannotVerify:
        raise
    except NotServed as error:
        yield Finding("gap", None, str(error))
    except (EventsError, ValueError) as error:
        yield Finding("malformed", None, str(error))


def _key(log: Published, note: str, trust: _Trust) -> tuple[VerifierKey | None, list[Finding]]:
    """Return the key to check heads with: one that is known, else the one that is shown."""
    if not note:
        if isinstance(log, Lines) and not trust.keys:
            message = f"{log.name} comes with no signed head: only its own root is compared"
            return None, [Finding("self-vouched", None, message)]
        message = f"{log.name} shows no signed head, so nobody answers for it"
        return next(iter(trust.keys), None), [Finding("not-signed", None, message)]
    if trust.keys:
        names = {(name, raw[:4]) for name, raw in take_apart(note)[1]}
        known = [key for key in trust.keys if (key.name, key.id) in names]
        return (known or list(trust.keys))[0], []
    shown = log.vkey()
    if shown is None:
        message = f"{log.name} has a head, whose signature is not checked: give the log's --key"
        return None, [Finding("self-vouched", None, message)]
    message = (
        f"checked with the key it shows, which proves nothing by itself: is {shown} the one you know from"
        " elsewhere? Give it as --key"
    )
    return shown, [Finding("self-vouched", None, message)]


def _opened(
    note: str, key: VerifierKey | None, trust: _Trust
) -> tuple[Checkpoint | None, list[Finding]]:
    if key is None:
        return Checkpoint.parse(take_apart(note)[0]), []
    head, findings = opened(note, key, trust.witnesses, quorum=trust.quorum)
    if head is None:
        try:
            signers = ", ".join(sorted({name for name, _ in take_apart(note)[1]}))
        except CodecError:
            signers = "nobody"
        # The key's own text is needed to tell a thief's key from ours, for both have our name.
        findings = [
            one._replace(
                message=f"{one.message}; signed by {signers[:200]}, not with the key {key}"
            )
            for one in findings
        ]
    return head, findings


def _stamped(
    path: Path | None, key: VerifierKey | None, trust: _Trust, note: str
) -> tuple[Checkpoint | None, list[Finding]]:
    """Return the checkpoint that an authority has stamped, which the log must extend, and the findings."""
    try:
        if path is None:
            raise stamping.CannotStamp("there is no timestamp: name its file with --timestamp")
        stamped = stamping.read(path, trust.saved or note)
        time = stamping.check(stamped, list(trust.authority))
        head, findings = _opened(stamped.note, key, trust)
    except (stamping.CannotStamp, CodecError) as error:
        return None, [Finding("not-stamped", None, str(error))]
    wrong = [one for one in findings if one.alarm and one.code != "too-few-witnesses"]
    if head is None or wrong:
        return None, [one._replace(message=f"what was stamped: {one.message}") for one in wrong]
    message = (
        f"the head of {counted(head.size, 'event')} was there on {time:%Y-%m-%d at %H:%M:%S} UTC"
    )
    return head, [Finding("stamped", None, f"{message}, says the authority you trust")]


def _of_saved(finding: Finding) -> Finding:
    return finding._replace(message=f"the checkpoint you saved: {finding.message}")


def _tree(fetch: Fetch, head: Checkpoint) -> Iterator[Finding]:
    """Yield an alarm unless the tiles are the tree of the head."""
    try:
        if tiles.root(fetch, head.size) != head.root:
            message = "the tiles of the tree do not give the root that was signed"
            yield Finding("root-differs", None, message)
    except (NotServed, tiles.NoTile, LogDamaged) as error:
        yield Finding("gap", None, str(error))
    except CodecError as error:
        yield Finding("root-differs", None, str(error))


def _leaves(entries: Iterable[Entry], fetch: Fetch, size: int) -> Iterator[Finding]:
    """Yield an alarm for each entry that is not what its leaf in the tree says: this names the culprit."""
    leaves = (
        leaf for tile in tiles.row(0, size) for leaf in tiles.hashes(fetch(tile.path()), tile)
    )
    for (seq, envelope, _), leaf in zip(entries, leaves, strict=False):
        if merkle.leaf_hash(envelope) != leaf:
            message = f"E{seq} is not the entry that was hashed into the tree: one was changed"
            yield Finding("root-differs", seq, message)


def _named(found: Iterable[Finding], head: Checkpoint | None, trust: _Trust) -> Iterator[Finding]:
    """Pass on findings; say of those about the saved head what they mean."""
    judged = 0 if head else 1
    for finding in found:
        if finding.code not in _JUDGED:
            yield finding
            continue
        saved = judged == 1 and trust.saved is not None
        judged += 1
        if saved and finding.alarm:
            what = "was cut back" if finding.code == "too-short" else "was rewritten"
            message = f"the past {what} since you saved your checkpoint: {finding.message}"
            yield finding._replace(message=message)
        else:
            yield _of_saved(finding) if saved else finding


def _told(entries: Iterable[Entry], tally: Verdict) -> Iterator[Entry]:
    tally.events = tally.disclosures = 0
    for entry in entries:
        tally.events += 1
        tally.disclosures += len(entry[2] or ())
        yield entry


def _bundle(target: str) -> bytes | None:
    """Return the contents of a bundle of `prove`; None for anything else."""
    path = Path(target)
    if "://" in target or not path.is_file():
        return None
    with path.open("rb") as file:
        return path.read_bytes() if FORMAT.encode() in file.read(200) else None


def prove(home: Home, event: str) -> str:
    """Return the bundle that proves an event under the signed head; raise NotYetSigned for a newer one."""
    match = _EVENT.fullmatch(event)
    if match is None:
        raise CannotVerify(f"{event[:40]!r} is no number of an event: give it as E47")
    seq = int(match[1])
    witnesses = Witnesses.load(home.path / signing.WITNESSES).members
    with home.log() as log:
        keeper = signing.head(home)
        last = keeper.last(witnesses)
        proof = Proof.make(seq, last.note, log.node)
        store = home.tables(log)
        try:
            public = tuple(store.public(seq))
        finally:
            store.close()
        ((_, envelope, _),) = log.entries(seq, seq + 1)
    cosigned = tuple(one.key for one in witnesses if one.key in last.signers)
    return Bundle(envelope, public, proof, keeper.verifier, cosigned).text()
