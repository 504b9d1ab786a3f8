"""The record as it stands, read from the log and its tables: what admitting and showing events ask."""

from __future__ import annotations

from collections.abc import Mapping

from archive.spans import SourceText
from archive.store import Store
from events.envelope import Event, NewEvent
from events.log import SqliteLog


class LogView:
    """A `View` over a log and its tables, which must be up to date."""

    def __init__(
        self, log: SqliteLog, store: Store, texts: Mapping[str, str] | None = None
    ) -> None:
        """Look at a log and its tables as of now; ``texts`` are texts at hand, by their SHA-256."""
        self._texts = texts or {}
        self._log = log
        self._store = store
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
