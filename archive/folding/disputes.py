"""What speaks for a field and what was said against it: its sources, and its disputes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from archive.folding.choosing import Dispute
from archive.folding.record import SourceFacts
from events.envelope import Event

Sources = Callable[[str], SourceFacts | None]


def disputes_of(
    events: Sequence[Event], undone: dict[int, int | None]
) -> dict[tuple[int, str], Dispute]:
    """Return the last word on each contested field: ``(event, pointer) -> state``."""
    return {
        (event.payload["target"], event.payload["path"]): event.payload["state"]
        for event in events
        if event.type == "RecordDisputed" and undone[event.seq] is None
        if {"target", "path", "state"} <= event.payload.keys()
    }


def contested(disputes: dict[tuple[int, str], Dispute], event: int, field: str) -> Dispute | None:
    """Return the dispute on a field of an event, or on any part of it; upheld beats open."""
    states = {
        state
        for (target, path), state in disputes.items()
        if target == event and (path == f"/{field}" or path.startswith(f"/{field}/"))
    }
    for state in ("upheld", "open", "rejected"):
        if state in states:
            return state
    return None


def upheld(
    disputes: dict[tuple[int, str], Dispute], event: int, field: str, element: int | str | None
) -> bool:
    """Tell whether an element of a collected field, a part of it, or the whole field was rightly contested.

    ``element`` is its number or name; None where the field is not a list.
    """
    part = field if element is None else f"{field}/{element}"
    return "upheld" in (disputes.get((event, f"/{field}")), contested(disputes, event, part))


def supporting(evidence: Iterable[dict[str, Any]], field: str) -> list[str]:
    """Return the sources that support a field: named for it, else for the whole event, else any."""
    items = [item for item in evidence if item.get("stance") != "contradicts"]
    if len(items) > 1:
        exact = [
            item for item in items
            if any(f"{path}/".startswith(f"/{field}/") for path in item.get("supports", ()))
        ]  # fmt: skip
        items = exact or [item for item in items if not item.get("supports")] or items
    return list(dict.fromkeys(item["source"] for item in items if "source" in item))


class Backing:
    """The evidence of one event: as `supporting`, for many fields of it."""

    __slots__ = ("_by_field", "_evidence", "_rest")

    def __init__(self, evidence: Sequence[dict[str, Any]]) -> None:
        self._evidence = evidence
        self._rest: tuple[str, ...] | None = None
        self._by_field: dict[str, tuple[str, ...]] = {}
        if len(evidence) > 1:
            named = (path for item in evidence for path in item.get("supports", ()))
            for field in {path.split("/")[1] for path in named if path}:
                self._by_field[field] = tuple(supporting(evidence, field))

    def sources(self, field: str) -> tuple[str, ...]:
        """Return the sources that support a field, the first one first."""
        if (found := self._by_field.get(field)) is not None:
            return found
        if self._rest is None:  # what no evidence names: the same for all such fields
            self._rest = tuple(supporting(self._evidence, ""))
        return self._rest

    def first(self, field: str) -> str | None:
        """Return the first source that supports a field."""
        return next(iter(self.sources(field)), None)


def published(sources: Sources, slug: str) -> str | None:
    """Return the day by which a source was certainly public; None when it is not dated."""
    facts = sources(slug)
    return facts.published_latest if facts else None


def public_from(sources: Sources, slugs: Iterable[str]) -> str | None:
    """Return the first day by which any of these sources was certainly public."""
    return min((day for slug in slugs if (day := published(sources, slug))), default=None)
