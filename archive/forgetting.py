"""Withholding, releasing and erasing: the act is recorded first, durably; what it erases is destroyed second.

What is acted on is found in the log itself, for what is withheld is in no table.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from archive.folding.about import about
from archive.home import Home
from archive.looking import event_number
from archive.projector import Progress
from archive.store import Store
from archive.trust import second, signing
from archive.trust.erased import Erased, remember
from events import codec, disclosure
from events.acts import Acts
from events.envelope import Event, NewEvent
from events.errors import EventsError, OutcomeUnknown
from events.log import SqliteLog
from events.vocabulary import TYPES, mentions

Kind = Literal["withheld", "released", "erased"]

#: Stands in the place of a field for the private text of a source.
BODY = "body"


class CannotForget(EventsError):
    """There is nothing to act on, or it cannot be acted on like this; nothing was changed."""


class NothingLeft(CannotForget):
    """All of it is withheld, released or erased already."""


class AlreadyErased(NothingLeft):
    """It was erased before: at most the work of an act that was interrupted is left."""


class Done(NamedTuple):
    """The numbers of the acts; ``unsigned`` says why the signed head could not follow them."""

    seqs: list[int]
    unsigned: str


class Part(NamedTuple):
    """What an act is on: fields of one event (``names`` with their ``digests``), or a source's text."""

    event: int
    type: str
    names: tuple[str, ...]
    digests: tuple[str, ...]
    scope: Literal["event", "path", "body"]

    def __str__(self) -> str:
        what = {"event": "all of it", "body": "the text of the source"}.get(
            self.scope, ", ".join(f"/{name}" for name in self.names)
        )
        return f"E{self.event}  {self.type}  {what}"


class Plan(NamedTuple):
    """The parts to act on, and places where names of what is forgotten still stand in words."""

    parts: tuple[Part, ...]
    mentioned: tuple[str, ...] = ()


class Why(NamedTuple):
    """The reason of an act, one of `events.values.Basis`; on whose authority, published; when to look again."""

    reason: str
    authority: str | None = None
    review_on: str | None = None


class Second(NamedTuple):
    """A second person's key file, and what opens it."""

    file: Path
    passphrase: bytes | None


class _Whole(NamedTuple):
    """An event with everything that is stored of it, withheld or not."""

    event: Event
    digests: dict[str, str]

    @property
    def fields(self) -> dict[str, Any]:
        return {**self.event.payload, "evidence": list(self.event.evidence)}


def plan(
    log: SqliteLog,
    kind: Kind,
    what: str,
    path: str | None = None,
    erased: Erased | None = None,
) -> Plan:
    """Return what withholding, releasing or erasing ``E47``, a field of it, or a slug comes to.

    The corrections of what goes go, too, for they repeat it. Raises CannotForget when nothing is left;
    AlreadyErased where it is known, of a slug by the codes of what was ``erased``, that it was there.
    """
    whole = list(_whole(log))
    if path == BODY:
        return Plan((_body(log, whole, kind, what),))
    if "/" in what:
        if path is not None:
            raise CannotForget(
                f"a field is of an event: say E47 {path}, or {what} alone for all of it"
            )
        wanted = _of_record(whole, what)
    else:
        seq = event_number(what)
        if kind == "erased":
            _check_left(log.acts(), whole, seq, path)
        wanted = _of_event(whole, seq, path)
    parts = tuple(part for one in whole if (part := _part(one, wanted, kind, log.acts())))
    if not parts:
        recorded = erased.record(what) if kind == "erased" and erased else None
        if recorded is not None:
            _check_left(log.acts(), whole, recorded, None)
        state = {"withheld": "to be withheld", "released": "withheld", "erased": "left to erase"}
        raise NothingLeft(f"nothing of {what}{f' {path}' if path else ''} is {state[kind]}")
    mentioned = _mentioned(whole, parts, what) if "/" in what and kind != "released" else ()
    return Plan(parts, tuple(mentioned))


def act(
    home: Home,
    log: SqliteLog,
    kind: Kind,
    parts: Sequence[Part],
    why: Why,
    *,
    confirmed: Second | None = None,
    progress: Progress | None = None,
) -> Done:
    """Record the acts, destroy what they erase, bring the tables up, and sign.

    Released and erased need a second person: raises NotConfirmed without a registered key, and records
    nothing. Once it is recorded it will be done, by whoever opens the log next if not by this call; so it
    does not wait for a signed head. Raises OutcomeUnknown when it is recorded and not yet done.
    """
    size = log.size
    if kind != "withheld":
        if confirmed is None:
            raise second.NotConfirmed(f"what is {kind} needs a second person's key")
        message = [log.root(size).hex(), kind, why, [part.digests for part in parts]]
        second.confirm(home, *confirmed, json.dumps(message).encode())
    events = [_event(kind, part, why) for part in parts]
    if kind == "erased":
        remember(home.path, log, [part.event for part in parts if part.digests])
    seqs = log.append(events, by="archivist", expected=size)
    try:
        log.replay()
        store = home.tables(log, progress)
    except (EventsError, sqlite3.Error, OSError) as error:
        raise OutcomeUnknown(
            f"it is recorded as E{seqs[0]} that this is {kind}, but not done everywhere ({error}):"
            " repeat the same command, it completes what is left"
        ) from error
    return Done(seqs, _sign(home, log, store))


def finish(home: Home, log: SqliteLog, kind: Kind) -> str:
    """Complete what was interrupted: destroy what is left to erase, let the tables follow, and sign.

    Return why the signed head could not follow, or "".
    """
    if kind == "erased":
        log.replay()
        log.pack()
        home.rebuild(log)
    return _sign(home, log, home.tables(log))


def _sign(home: Home, log: SqliteLog, store: Store) -> str:
    """Sign what the tables show, and close them; return why it could not be, or ""."""
    try:
        signing.sign(home, log, store)
    except (EventsError, sqlite3.Error, OSError) as error:
        return f"done, but not signed: {error}; `archive sign` tries again"
    finally:
        store.close()
    return ""


def _check_left(acts: Acts, whole: Sequence[_Whole], seq: int, path: str | None) -> None:
    """Raise AlreadyErased when an event, or the field at ``path``, was erased, as far as can still be told."""
    done = [act.seq for act in acts.of(seq) if act.kind == "erased" and act.digests]
    if not done or seq >= len(whole):
        return
    one = whole[seq]
    fields = {name.rstrip("_") for name in TYPES[one.event.type].__struct_fields__} | {"evidence"}
    field = None if path is None else path.removeprefix("/").partition("/")[0]
    gone = not one.digests if field is None else field in fields - one.digests.keys()
    if gone:
        by = ", ".join(f"E{number}" for number in done)
        raise AlreadyErased(f"nothing of E{seq}{path or ''} is left to erase: see {by}")


def _event(kind: Kind, part: Part, why: Why) -> NewEvent:
    payload = {
        "target": part.event,
        "act": kind,
        "scope": part.scope,
        "basis": why.reason,
        "digests": sorted(part.digests),
        "path": f"/{part.names[0]}" if part.scope == "path" and len(part.names) == 1 else None,
        "authority": why.authority,
        "review_on": why.review_on,
        "confirmed_by": None if kind == "withheld" else "redactor",
    }
    return codec.build("TextRedacted", {k: v for k, v in payload.items() if v is not None})


def _whole(log: SqliteLog) -> Iterator[_Whole]:
    for seq, envelope, items in log.entries():
        digests = {disclosure.read(item).name: disclosure.digest(item) for item in items}
        yield _Whole(codec.unseal(seq, envelope, items), digests)


#: Which fields of an event are wanted, by its number; None for all of them.
Wanted = dict[int, set[str] | None]


def _of_event(whole: Sequence[_Whole], seq: int, path: str | None) -> Wanted:
    """Want an event or a field of it, and what its corrections and translations repeat of it."""
    if seq >= len(whole):
        raise CannotForget(f"there is no E{seq}")
    field = None
    if path is not None:
        field = path.removeprefix("/").partition("/")[0]
        if not path.startswith("/") or field not in whole[seq].digests:
            names = ", ".join(f"/{name}" for name in whole[seq].digests)
            raise CannotForget(f"E{seq} has no {path[:80]} that can be acted on; it has {names}")
    wanted: Wanted = {seq: None if field is None else {field}}
    for one in whole[seq + 1 :]:
        said = one.event.payload
        if one.event.type == "TextRedacted" or said.get("target") not in wanted:
            repeats = False
        elif field is None or said["target"] != seq:
            repeats = True
        else:
            paths = [said.get("path"), *(change.get("path") for change in said.get("changes", ()))]
            repeats = any(f"{text}/".startswith(f"/{field}/") for text in paths)
        record = whole[seq].event.payload.get("id")
        translates = (
            one.event.type == "TranslationAdded" and said.get("record") == record is not None
        )
        if repeats or (translates and field and said.get("path") == f"/{field}"):
            wanted[one.event.seq] = None
    return wanted


def _of_record(whole: Sequence[_Whole], slug: str) -> Wanted:
    """Want all events about a record, and every field of others that names it."""
    subjects: dict[int, list[str]] = {}
    wanted: Wanted = {}
    for one in whole:
        seq, said = one.event.seq, one.event.payload
        subjects[seq] = about(one.event.type, said, lambda number: subjects.get(number, []))
        if one.event.type == "TextRedacted":
            continue
        if slug in subjects[seq]:
            wanted[seq] = None
        elif names := {
            name for name, value in one.fields.items() if slug in mentions({name: value})
        }:
            wanted[seq] = names
    return wanted


def _part(one: _Whole, wanted: Wanted, kind: Kind, acts: Acts) -> Part | None:
    """Return what of an event is to be acted on: only what is there, and not so already."""
    seq = one.event.seq
    if seq not in wanted:
        return None
    names = wanted[seq]
    if one.event.type == "TextRedacted" and names not in ({"authority"}, {"review_on"}):
        raise CannotForget(f"E{seq} is itself an act: only its /authority can be removed")
    hidden = acts.hiding(seq)
    found = {
        name: digest
        for name, digest in one.digests.items()
        if (names is None or name in names)
        and (kind == "erased" or (digest in hidden) == (kind == "released"))
    }
    if not found:
        return None
    scope: Literal["event", "path"] = "event" if names is None else "path"
    return Part(seq, one.event.type, tuple(found), tuple(found.values()), scope)


def _body(log: SqliteLog, whole: Sequence[_Whole], kind: Kind, source: str) -> Part:
    """Return the text of a source as a part: it was never published, so it can only be erased."""
    if kind != "erased":
        raise CannotForget("texts of sources are never published: they can be erased, and no more")
    for one in whole:
        said = one.event.payload
        captured = one.event.type == "SourceCaptured" and said.get("id") == source
        if captured and (act := log.text_erased(source)):
            raise AlreadyErased(f"the text of {source} was erased by E{act.seq}")
        if captured and "sha256" in said:
            return Part(one.event.seq, one.event.type, (), (), "body")
    raise CannotForget(f"there is no source {source[:120]!a} with a text that could be erased")


def _mentioned(whole: Sequence[_Whole], parts: Iterable[Part], slug: str) -> Iterator[str]:
    """Yield the places outside of the plan where a name of the record stands in words."""
    names = {
        text.casefold()
        for one in whole
        if slug in (one.event.payload.get("id"), one.event.payload.get("record"))
        if isinstance(text := one.event.payload.get("name"), str)
    }
    going = {(part.event, name) for part in parts for name in part.names}
    for one in whole:
        for field in one.digests:
            said = msgspec.json.encode(one.fields.get(field)).decode().casefold()
            if (one.event.seq, field) not in going and any(name in said for name in names):
                yield f"E{one.event.seq} /{field}"
