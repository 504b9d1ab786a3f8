"""What may be recorded: drafts of events against the record as it stands. Pure: it asks a `View`.

Everything wrong is reported, each with its place; unless nothing is, nothing may be appended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import msgspec

from archive.folding.amending import AmendError, amended, amendments, apply, in_force, same
from archive.folding.labels import shorten
from archive.folding.spans import SourceText, digest, locate
from archive.showing import counted
from events import codec
from events.envelope import Event, NewEvent
from events.errors import InvalidEvent
from events.vocabulary import RECORDING, mentions


class View(Protocol):
    """The record as it stands, as far as admitting new events needs it."""

    @property
    def size(self) -> int:
        """Number of events in the log."""

    def exists(self, slug: str) -> bool:
        """Whether the slug was ever used."""

    def related(self, seq: int) -> list[Event]:
        """All events about the records that event ``seq`` is about; LookupError if it is not there."""

    def records_of(self, slug: str) -> list[Event]:
        """All events about a record, in order."""

    def source(self, slug: str) -> SourceText | None:
        """What is known of a captured source and its text; None when it was not captured."""

    def text_of(self, sha256: str) -> str | None:
        """The text with this digest, when it was handed in beside the drafts."""

    def recorded(self, event: NewEvent) -> list[int]:
        """Numbers of events with exactly this content."""

    def forgotten(self, event: NewEvent) -> tuple[str, int] | None:
        """What an event would say again that an act took away, and the number of that act."""


class Draft(NamedTuple):
    """An event as somebody wrote it. ``place`` tells where a field of it stands, e.g. ``a.yaml:12``.

    ``file`` is the batch file it is from: ``@3`` counts the events of one file.
    """

    type: str
    payload: dict[str, Any]
    evidence: list[Any]
    place: Callable[[str], str]
    file: str = ""


class Problem(NamedTuple):
    """Something wrong with a draft: where it stands, in which field, and what to do."""

    place: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: " + (f"{self.field}: " if self.field else "") + self.message


@dataclass
class Admission:
    """The outcome: events to append in order, the draft of each, drafts already recorded, and problems."""

    events: list[NewEvent] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    recorded: list[tuple[Draft, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def admit(
    drafts: Sequence[Draft], view: View, *, anew: bool = False, despite: bool = False
) -> Admission:
    """Judge drafts in order, each against the record as the ones before it would leave it.

    What was recorded before is passed over, also when it was retracted since: a batch that is appended
    again must not undo a retraction. ``anew`` records it all the same. What was withheld or erased is a
    problem, unless ``despite`` says that it is meant.
    """
    state = _State(view, anew=anew, despite=despite)
    result = Admission()
    lengths = Counter(draft.file for draft in drafts)
    for draft in drafts:
        if draft.file != state.file:
            state.open(draft.file, lengths[draft.file])
        try:
            event = state.judge(draft)
        except InvalidEvent as error:
            result.problems.append(
                Problem(draft.place(error.field), error.field, shorten(error.problem, 500))
            )
            state.numbers.append(None)
            state.claim(draft)
            continue
        if (seq := state.known(event)) is not None:
            result.recorded.append((draft, seq))
            state.numbers.append(seq)
        else:
            result.events.append(event)
            result.drafts.append(draft)
            state.accept(event)
    return result


class _State:
    """The record as a view shows it, plus the drafts accepted so far."""

    def __init__(self, view: View, *, anew: bool, despite: bool) -> None:
        self.view = view
        self.anew = anew
        self.despite = despite
        self.accepted: list[Event] = []
        self.slugs: set[str] = set()
        self.sources: dict[str, SourceText] = {}
        self.file: str | None = None
        self.length = 0
        self.numbers: list[int | None] = []
        self.contents: dict[str, int] = {}

    def open(self, file: str, length: int) -> None:
        """Begin with the drafts of a file, so many of them: ``@1`` is the first of these."""
        self.file, self.length, self.numbers = file, length, []

    def judge(self, draft: Draft) -> NewEvent:
        """Return a draft as a valid event; raise InvalidEvent naming what is wrong with it."""
        if draft.type == "TextRedacted":
            raise InvalidEvent(
                "removals are acts of their own and cannot stand in a batch", "/type"
            )
        payload = dict(draft.payload)
        codec.check_data(payload)
        if draft.type == "SourceCaptured":
            self._capture(payload)
        if isinstance(payload.get("target"), str):
            payload["target"] = self._target(payload["target"])
        evidence = self._located(draft)
        event = codec.build(draft.type, payload, evidence, lax=True)
        if draft.type == "RecordAmended":
            event = self._amendment(event)
        self._check_slugs(event)
        if draft.type in ("RecordRetracted", "RecordDisputed"):
            self._check_target(event)
        if draft.type == "EntitiesMerged":
            self._check_merge(event)
        if not self.despite and (found := self.view.forgotten(event)):
            raise InvalidEvent(
                f"{found[0]} was taken away by E{found[1]}: recording it would show it again; leave it out, or"
                " say --despite-removal if it is meant"
            )
        return event

    def known(self, event: NewEvent) -> int | None:
        """Return the number of an event with the same content, in force or not, or None."""
        if self.anew:
            return None
        same = self.contents.get(codec.content_key(event))
        return next(iter(self.view.recorded(event)), same)

    def accept(self, event: NewEvent) -> None:
        """Let the following drafts build on this one."""
        seq = self.view.size + len(self.accepted)
        payload, evidence = _plain(event.payload), tuple(_plain(event.evidence))
        self.accepted.append(_event(seq, event.type, payload, evidence))
        self.numbers.append(seq)
        self.contents[codec.content_key(event)] = seq
        if "id" in payload:
            self.slugs.add(payload["id"])

    def _capture(self, payload: dict[str, Any]) -> None:
        """Let evidence, also the capture's own, point into the text that is being captured."""
        slug, sha256, chars = (payload.get(name) for name in ("id", "sha256", "chars"))
        if isinstance(slug, str) and self.view.source(slug) is None and slug not in self.sources:
            length = _number(str(chars))
            text = self.view.text_of(sha256) if isinstance(sha256, str) else None
            if text is not None and length is not None and len(text) != length:
                raise InvalidEvent(f"the text has {len(text)} characters, not {length}", "/chars")
            self.sources[slug] = SourceText(length, text)

    def claim(self, draft: Draft) -> None:
        """Take a refused draft's slug as used, so that its mistake is not reported again and again."""
        if isinstance(slug := draft.payload.get("id"), str):
            self.slugs.add(slug)

    def _target(self, text: str) -> int:
        """Return the number that ``E47``, ``@3``, ``@-1`` or ``person/name[1]`` stands for."""
        number = _number(text[1:])
        if text[:1] == "E" and number is not None:
            return number
        here = len(self.numbers) + 1
        if text[:2] == "@-" and (back := _number(text[2:])) is not None:
            number = here - back
        if text[:1] == "@" and number is not None:
            if not 0 < number < here:
                raise InvalidEvent(
                    f"{text} is not an earlier event of this file: it has {counted(self.length, 'event')},"
                    f" and this is @{here}",
                    "/target",
                )
            seq = self.numbers[number - 1]
            if seq is None:
                raise InvalidEvent(f"{text} is an event that was refused", "/target")
            return seq
        slug, _, rest = text.partition("[")
        number = _number(rest[:-1])
        if rest.endswith("]") and number is not None:
            events = [*self.view.records_of(slug), *self.accepted]
            own = [e.seq for e in events if e.type in RECORDING and e.payload.get("id") == slug]
            if not 0 < number <= len(own):
                raise InvalidEvent(f"{slug[:120]} has {len(own)} events, not {number}", "/target")
            return own[number - 1]
        raise InvalidEvent(f"{text[:80]!r} is not E47, @3, @-1 or person/name[1]", "/target")

    def _located(self, draft: Draft) -> list[dict[str, Any]]:
        found = []
        for number, item in enumerate(draft.evidence):
            try:
                source = item.get("source") if isinstance(item, dict) else None
                codec.check_data(source, "/source")
                held = None
                if isinstance(source, str):
                    held = self.sources.get(source) or self.view.source(source)
                found.append(locate(item, held))
            except InvalidEvent as error:
                raise InvalidEvent(error.problem, f"/evidence/{number}{error.field}") from None
        return found

    def _related(self, seq: int) -> list[Event]:
        if seq >= self.view.size:
            known = {event.seq for event in self.accepted}
            if seq not in known:
                raise InvalidEvent(f"there is no E{seq}", "/target")
            return self.accepted
        return [*self.view.related(seq), *self.accepted]

    def _standing(self, seq: int) -> tuple[Event, list[Event]]:
        """Return a target in force and its amendments in force; raise InvalidEvent otherwise."""
        events = self._related(seq)
        undone = in_force(events)
        if undone[seq] is not None:
            raise InvalidEvent(f"E{seq} was retracted by E{undone[seq]}", "/target")
        target = next(event for event in events if event.seq == seq)
        return target, amendments(events, undone).get(seq, [])

    def _amendment(self, event: NewEvent) -> NewEvent:
        """Check the changes of an amendment and give their values the types of the fields."""
        said = msgspec.to_builtins(event.payload)
        for other in () if self.anew else self._related(said["target"]):
            if other.type == "RecordAmended" and _repeats(said, other.payload):
                return codec.build("RecordAmended", other.payload, list(other.evidence))
        target, before = self._standing(said["target"])
        if target.type not in RECORDING and target.type != "TranslationAdded":
            raise InvalidEvent(f"E{target.seq} is a correction: retract it instead", "/target")
        now = amended(target, before)
        changes = []
        for number, change in enumerate(said["changes"]):
            where = f"/changes/{number}"
            if target.type == "OutcomeRecorded" and change["path"] == "/commitment":
                raise InvalidEvent(
                    "/commitment cannot be amended: retract the outcome and record it anew", where
                )
            try:
                there = codec.at(now, change["path"]) if codec.has(now, change["path"]) else None
                step = {**change, "from": _typed(change.get("from"), there)}
                after = apply(now, [step], strict=True)
                whole = _rebuilt(target.type, after)
            except AmendError as error:
                raise InvalidEvent(str(error), where) from None
            except InvalidEvent as error:
                raise InvalidEvent(f"the corrected event would be wrong: {error}", where) from None
            if same(now, whole):
                raise InvalidEvent(f"{change['path']} would not change", where)
            value = codec.at(whole, change["path"]) if codec.has(whole, change["path"]) else None
            changes.append({**step, "to": value})
            now = whole
        self._check_spans(amended(target, before).get("evidence", ()), now["evidence"])
        return codec.build(
            "RecordAmended", {**said, "changes": changes}, msgspec.to_builtins(event.evidence)
        )

    def _check_spans(self, before: Sequence[Any], after: Sequence[dict[str, Any]]) -> None:
        """Hold evidence that an amendment put in to what a batch is held to: the words that are there."""
        for number, item in enumerate(after):
            if item in before or "start" not in item:
                continue
            where = f"/evidence/{number}"
            span, held = (item["start"], item["end"]), self.view.source(item["source"])
            held = self.sources.get(item["source"]) or held
            if held is None or held.chars is None or span[1] > held.chars:
                raise InvalidEvent(f"{where} is outside the text of {item['source']}", "/changes")
            if held.text is None:
                continue
            there = held.text[slice(*span)]
            if item.get("quote", there) != there or item.get("digest") not in (None, digest(there)):
                raise InvalidEvent(
                    f"{where} is not what {item['source']} says there: amend quote and digest, too",
                    "/changes",
                )

    def _check_slugs(self, event: NewEvent) -> None:
        payload = msgspec.to_builtins(event.payload)
        slug = payload.get("id")
        if slug is not None and self.known(event) is None:
            exists = self._exists(slug)
            if payload.get("new") and exists:
                raise InvalidEvent(
                    f"{slug} exists already: leave out `new` to add to it, or choose another slug",
                    "/id",
                )
            if not payload.get("new") and not exists:
                raise InvalidEvent(
                    f"{slug} is unknown: a typing error, or `new: true` is missing", "/id"
                )
        named = dict.fromkeys([*mentions(payload), *mentions(msgspec.to_builtins(event.evidence))])
        if unknown := [other for other in named if other != slug and not self._exists(other)]:
            raise InvalidEvent(
                f"{unknown[0]} is unknown: record it first", _field_of(payload, unknown[0])
            )

    def _exists(self, slug: str) -> bool:
        return slug in self.slugs or self.view.exists(slug)

    def _check_target(self, event: NewEvent) -> None:
        said = msgspec.to_builtins(event.payload)
        if self.known(event) is not None:
            return
        target, before = self._standing(said["target"])
        if event.type == "RecordDisputed":
            if target.type not in RECORDING:
                raise InvalidEvent(
                    f"E{target.seq} is a correction: only records are disputed", "/target"
                )
            if not codec.has(amended(target, before), said["path"]):
                raise InvalidEvent(f"E{target.seq} has no {said['path']}", "/path")
        elif target.type == "TextRedacted":
            raise InvalidEvent(
                f"E{target.seq} is an act: `archive release` shows again what it withheld",
                "/target",
            )
        else:
            self._check_restored(target.seq)

    def _check_merge(self, event: NewEvent) -> None:
        said = msgspec.to_builtins(event.payload)
        if self.known(event) is not None:
            return
        for slug in [said["keep"], *said["merge"]]:
            if other := self._merge_of(slug):
                raise InvalidEvent(f"{slug} was merged already by E{other.seq}", "/merge")

    def _check_restored(self, target: int) -> None:
        """Refuse a retraction that restores a merge which a later merge stands against."""
        events = self._related(target)
        coming = _event(self.view.size + len(self.accepted), "RecordRetracted", {"target": target})
        before, after = in_force(events), in_force([*events, coming])
        for event in events:
            if event.type != "EntitiesMerged" or before[event.seq] is None or after[event.seq]:
                continue
            for slug in event.payload.get("merge", ()):
                if other := self._merge_of(slug):
                    problem = f"{slug} was merged by E{other.seq} since"
                elif slug in self._ways(event.payload.get("keep")):
                    problem = f"{event.payload['keep']} leads to {slug} by now"
                else:
                    continue
                raise InvalidEvent(f"E{event.seq} cannot be restored: {problem}", "/target")

    def _ways(self, slug: str | None) -> Iterator[str]:
        """Yield where merges in force lead from a slug, one after the other."""
        while slug is not None:
            merge = self._merge_of(slug)
            slug = merge.payload.get("keep") if merge else None
            if slug is not None:
                yield slug

    def _merge_of(self, slug: str) -> Event | None:
        """Return the merge in force that makes a slug lead to another."""
        events = [*self.view.records_of(slug), *self.accepted]
        undone = in_force(events)
        for event in events:
            merged = event.payload.get("merge", ()) if event.type == "EntitiesMerged" else ()
            if slug in merged and undone[event.seq] is None:
                return event
        return None


def _event(
    seq: int, type_name: str, payload: dict[str, Any], evidence: tuple[Any, ...] = ()
) -> Event:
    """Return an event as it will be read back, but for when and by whom it is recorded."""
    return Event(
        seq=seq, type=type_name, v=codec.version(type_name), recorded_at="", recorded_by="",
        leaf_hash="", payload=payload, evidence=evidence,
    )  # fmt: skip


def _number(text: str) -> int | None:
    """Return plain digits as a number; None for anything else, and for more digits than a log needs."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else None


def _repeats(said: dict[str, Any], before: dict[str, Any]) -> bool:
    """Tell whether an amendment was made already, whatever types its values were written with."""
    changes, made = said["changes"], before.get("changes", ())
    return (
        all(said[name] == before.get(name) for name in ("target", "reason", "note"))
        and len(changes) == len(made)
        and all(
            _alike([new["path"], new.get("from"), new.get("to")], [old["path"], old.get("from"), old.get("to")])
            for new, old in zip(changes, made, strict=True)
        )
    )  # fmt: skip


def _alike(written: Any, stored: Any) -> bool:
    """Tell whether a value as written stands for one as stored: with its types, without its defaults."""
    if isinstance(stored, dict) and isinstance(written, dict):
        return all(name in written and _alike(written[name], stored[name]) for name in stored)
    if isinstance(stored, list | tuple) and isinstance(written, list | tuple):
        return len(written) == len(stored) and all(map(_alike, written, stored))
    return same(_typed(written, stored), stored)


def _typed(value: Any, there: Any) -> Any:
    """Return text, also inside of a value, as the number or truth value it is compared with."""
    if isinstance(value, dict) and isinstance(there, dict):
        return {name: _typed(item, there.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(there, list) and len(value) == len(there):
        return list(map(_typed, value, there))
    if isinstance(value, str) and isinstance(there, bool | int | float):
        return (
            msgspec.convert(value, type(there), strict=False)
            if _reads(value, type(there))
            else value
        )
    return value


def _reads(value: str, kind: type) -> bool:
    try:
        msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return False
    return True


def _rebuilt(type_name: str, after: dict[str, Any]) -> dict[str, Any]:
    """Return an amended event's content again as valid plain data; raise InvalidEvent."""
    payload = {name: value for name, value in after.items() if name != "evidence"}
    event = codec.build(type_name, payload, after.get("evidence", []), lax=True)
    return {**_plain(event.payload), "evidence": _plain(event.evidence)}


def _plain(value: Any) -> Any:
    """Return a value as it is read back from the log: lists, where structs have tuples."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _field_of(value: Any, slug: str, path: str = "") -> str:
    """Return the pointer of the first field that holds a slug."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    for name, item in items:
        if item == slug or (name == "anchor" and str(item).startswith(f"{slug}#")):
            return f"{path}/{name}"
        if found := _field_of(item, slug, f"{path}/{name}"):
            return found
    return ""
