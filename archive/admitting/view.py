"""The record as it stands, read from the log and its tables: what admitting and showing events ask."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from archive.folding.spans import SourceText
from archive.store import Store
from archive.trust.erased import Erased
from events.envelope import Event, NewEvent
from events.log import SqliteLog


class LogView:
    """A `View` over a log and its tables, which must be up to date."""

    def __init__(
        self,
        log: SqliteLog,
        store: Store,
        texts: Mapping[str, str] | None = None,
        erased: Erased | None = None,
    ) -> None:
        """Look at a log and its tables as of now; ``texts`` are texts at hand, by their SHA-256.

        With the codes of what was ``erased`` it is known again.
        """
        self._texts = texts or {}
        self._log = log
        self._store = store
        self._erased = erased
        self.size = store.position().events

    def exists(self, slug: str) -> bool:
        """Whether the slug was ever used."""
        return self._store.face(slug) is not None

    def related(self, seq: int) -> list[Event]:
        """All events about the records that event ``seq`` is about."""
        found = {seq: self._log.get([seq])[0]}
        for slug in self._store.subjects(seq):
            found.update({event.seq: event for event in self.records_of(slug)})
        return [found[number] for number in sorted(found)]

    def records_of(self, slug: str) -> list[Event]:
        """All events about a record, in order."""
        return self._log.get(self._store.about(slug))

    def source(self, slug: str) -> SourceText | None:
        """What is known of a captured source, and its text if attached."""
        held = self._store.source(slug)
        if held is None:
            return None
        chars, sha256 = held
        return SourceText(chars, self._log.text(slug) or self._texts.get(sha256 or ""))

    def text_of(self, sha256: str) -> str | None:
        """The text with this digest, when it was handed in."""
        return self._texts.get(sha256)

    def recorded(self, event: NewEvent) -> list[int]:
        """Numbers of events with exactly this content."""
        return self._log.same_content(event)

    def forgotten(self, event: NewEvent) -> tuple[str, int] | None:
        """What an event would say again that an act took away, and the number of that act."""
        said = msgspec.to_builtins(event.payload)
        slug = said.get("id")
        if self._erased:
            seq = self._erased.content(event)
            if seq is not None and (act := self._removal(seq, "erased")):
                return f"all that this says (E{seq})", act
            seq = self._erased.record(slug) if slug and not self.exists(slug) else None
            if seq is not None and (act := self._removal(seq, "erased")):
                return f"{slug} (E{seq})", act
        if slug and not self._log.same_content(event):
            for number in self._store.about(slug):
                for field in self._hidden(number):
                    if field in said or (field == "evidence" and event.evidence):
                        return f"/{field} of E{number}", self._hidden(number)[field]
        for change in said.get("changes", ()):
            field = change["path"].split("/")[1]
            if act := self._hidden(said["target"]).get(field):
                return f"/{field} of E{said['target']}", act
        return None

    def _removal(self, seq: int, kind: str) -> int | None:
        """Return the last act of a kind on an event."""
        return max((act.seq for act in self._log.acts().of(seq) if act.kind == kind), default=None)

    def _hidden(self, seq: int) -> dict[str, int]:
        """Return the fields of an event that acts in force hide one by one, with the acts; they name them."""
        hiding = set(self._log.acts().hiding(seq).values())
        paths = {act.seq: self._log.get([act.seq])[0].payload.get("path") for act in hiding}
        return {path.split("/")[1]: seq for seq, path in paths.items() if path}
