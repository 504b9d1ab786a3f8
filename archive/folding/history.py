"""Every claim a record was ever made of, and every correction of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from archive.folding.amending import amended
from archive.folding.choosing import COLLECTED, Dispute
from archive.folding.disputes import Sources, contested, disputes_of, public_from, supporting
from archive.folding.record import NOT_CLAIMS, Claim, Correction, Record, Standing
from events.envelope import Event
from events.vocabulary import RECORDING

_Rest = tuple[str | None, str | None, str, bool, str | None]
_ATTACHED = ("NameRecorded", "TranslationAdded")


def corrections(
    slug: str, ids: frozenset[str], events: Sequence[Event], undone: dict[int, int | None]
) -> Iterable[Correction]:
    """Yield what each correcting event changed in this record; a merge belongs to the kept record."""
    by_seq = {event.seq: event for event in events}
    for event in events:
        said = event.payload
        reason, note = said.get("reason"), said.get("note")
        chain = _chain(event, by_seq)
        described = _described(chain[-1])
        rest: _Rest = (
            reason, note, event.recorded_at, undone[event.seq] is None, described,
        )  # fmt: skip
        if event.type == "EntitiesMerged":
            if said.get("keep") == slug:
                yield Correction(event.seq, "merged", None, None, said.get("merge"), slug, *rest)
            continue
        if event.type not in ("RecordAmended", "RecordRetracted", "RecordDisputed"):
            continue
        if len(chain) == 1 or described not in ids:
            continue
        target = chain[1]
        if event.type == "RecordAmended":
            for change in said.get("changes", ()):
                before, after = change.get("from"), change.get("to")
                yield Correction(
                    event.seq, "amended", target.seq, change["path"], before, after, *rest
                )
        elif event.type == "RecordRetracted":
            # Every second retraction of a chain restores what the one before it took away.
            retractions = sum(other.type == "RecordRetracted" for other in chain)
            kind: Literal["restored", "retracted"] = (
                "restored" if retractions % 2 == 0 else "retracted"
            )
            yield Correction(
                event.seq, kind, target.seq, None, None, said.get("replaced_by"), *rest
            )
        else:
            yield Correction(
                event.seq, "disputed", target.seq, said.get("path"), None, said.get("state"), *rest
            )


def _chain(event: Event, by_seq: dict[int, Event]) -> list[Event]:
    """Return an event, the one it corrects, the one that corrects, and so on as far as they are known."""
    chain = [event]
    while (target := by_seq.get(chain[-1].payload.get("target", -1))) and target not in chain:
        chain.append(target)
    return chain


def _described(event: Event) -> str | None:
    """Return the slug under which an event was recorded; None for a correction, or where it was erased."""
    said = event.payload
    slug: str | None = said.get("id", said.get("record", said.get("keep")))
    return slug


def claims(
    ids: frozenset[str], events: Sequence[Event], sources: Sources, now: Record
) -> tuple[Claim, ...]:
    """Return every value that was ever claimed for a field, with how it stands and since when."""
    when = {event.seq: event.recorded_at for event in events}
    losing = {(c.event_b, c.field) for c in now.conflicts}
    disputes = disputes_of(events, now.undone)
    claims: list[Claim] = []
    for event in events:
        if (
            event.type not in RECORDING
            or event.type in _ATTACHED
            or event.payload.get("id") not in ids
        ):
            continue
        for name, steps in _values(event, events, now.undone).items():
            for number, (value, setter) in enumerate(steps):
                if value is None:
                    continue
                ender = now.undone[event.seq]
                if ender is None:
                    ender = now.undone[setter.seq]
                standing: Standing = "retracted"
                if (
                    ender is None
                    and (after := _superseding(steps[number + 1 :], now.undone)) is not None
                ):
                    ender, standing = after, "amended"
                elif ender is None:
                    standing = _standing(name, event.seq, now, losing, disputes)
                evidence = list(setter.evidence) or list(event.evidence)
                said_by = supporting(evidence, name)
                claims.append(
                    Claim(
                        name, value, setter.seq, tuple(said_by), standing, setter.recorded_at,
                        None if ender is None else when[ender], public_from(sources, said_by),
                    )
                )  # fmt: skip
    return tuple(claims)


def _values(
    event: Event, events: Sequence[Event], undone: dict[int, int | None]
) -> dict[str, list[tuple[Any, Event]]]:
    """Return per field the value first recorded and each that an amendment put in its place."""
    found = {
        name: [(value, event)] for name, value in event.payload.items() if name not in NOT_CLAIMS
    }
    applied: list[Event] = []
    for amendment in events:
        if amendment.type != "RecordAmended" or amendment.payload.get("target") != event.seq:
            continue
        after = amended(event, [*applied, amendment])
        if undone[amendment.seq] is None:
            applied.append(amendment)
        changes = amendment.payload.get("changes", ())
        for name in dict.fromkeys(change["path"].split("/")[1] for change in changes):
            if name not in NOT_CLAIMS:
                found.setdefault(name, []).append((after.get(name), amendment))
    return found


def _superseding(later: Sequence[tuple[Any, Event]], undone: dict[int, int | None]) -> int | None:
    return next((setter.seq for _, setter in later if undone[setter.seq] is None), None)


def _standing(
    name: str,
    event: int,
    now: Record,
    losing: set[tuple[int, str]],
    disputes: dict[tuple[int, str], Dispute],
) -> Standing:
    dispute = contested(disputes, event, name)
    if dispute == "upheld":
        return "contradicted"
    if dispute == "open":
        return "disputed"
    if name in COLLECTED or now.origins.get(name) == event:
        return "chosen"
    return "outranked" if (event, name) in losing else "agrees"
