"""Which records an event is about, and which it only names: the index the projector works by. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from events.vocabulary import RECORDING, mentions

#: Given an event's number, the records it is about (asked only for lower numbers than the asking event).
Lookup = Callable[[int], Iterable[str]]


def about(type_name: str, payload: dict[str, Any], of: Lookup) -> list[str]:
    """Return the slugs of the records that an event is folded into, the main one first.

    An outcome is a record of its own and part of its commitment. A correction is about whatever the
    event it acts on is about. Where an erased field held the slug, the event is about nothing.
    """
    found: list[Any]
    if type_name in ("NameRecorded", "TranslationAdded"):
        found = [payload.get("record")]
    elif type_name == "OutcomeRecorded":
        found = [payload.get("id"), payload.get("commitment")]
    elif type_name in RECORDING:
        found = [payload.get("id")]
    elif type_name == "EntitiesMerged":
        found = [payload.get("keep"), *payload.get("merge", ())]
    else:
        target = payload.get("target")
        found = [] if target is None else list(of(target))
    return list(dict.fromkeys(slug for slug in found if isinstance(slug, str)))


def named(payload: dict[str, Any], evidence: Iterable[dict[str, Any]]) -> list[str]:
    """Return every slug that an event names in its payload, its anchors and its evidence, in order."""
    return list(dict.fromkeys([*mentions(payload), *mentions(list(evidence))]))
