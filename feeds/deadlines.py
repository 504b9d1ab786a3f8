"""What became of a commitment on each reading of its deadline, as recorded: no clock. Pure."""

from __future__ import annotations

from typing import NamedTuple

from feeds import dates
from feeds.dossier import Dossier, Reading
from feeds.facts import label
from feeds.texts import told
from feeds.words import Words


class Deadline(NamedTuple):
    """A reading in words: what it says, the day it comes to, its source, and whether it was kept."""

    label: str
    due: str | None
    source: str | None
    source_label: str
    verdict: str | None


def deadlines(dossier: Dossier, words: Words) -> list[Deadline]:
    """Return every reading of a commitment's deadline."""
    return [
        Deadline(
            told(reading.label, words) if reading.label else "",
            dates.text(reading.due, words.dates) if reading.due else None,
            reading.source_id,
            label(dossier, reading.source_id, words),
            _verdict(reading, dossier, words),
        )
        for reading in dossier.readings
    ]


def standing(dossier: Dossier, words: Words) -> str | None:
    """Return what is recorded of a commitment's outcome in a sentence; None for an aspiration.

    Only the status shown on pages knows today's date; a feed must be the same bytes on any day.
    """
    row = dossier.row
    if not row or row["kind"] == "aspiration":
        return None
    if row["result"] is None:
        return words.verdicts["none"]
    return outcome(row["result"], row["done"], words)


def outcome(result: str, done: str | None, words: Words) -> str:
    """Return a recorded result with its day, an EDTF date or None, in a sentence."""
    said = words.value(result).capitalize()
    if done is None:
        return f"{said}."
    return words.say["result_on"].format(said, dates.text(done, words.dates))


def _verdict(reading: Reading, dossier: Dossier, words: Words) -> str | None:
    """Return whether what is recorded as done was done in time on this reading; None when not done.

    So far as this takes no clock it is the verdict of the view commitment_status, which a test holds against it.
    """
    row = dossier.row
    if row.get("result") != "done" or row["kind"] == "aspiration":
        return None
    if reading.due_latest is None:
        return words.verdicts["reading met"]
    if row["done_latest"] and row["done_latest"] <= reading.due_latest:
        return words.verdicts["reading met"]
    if row["done_earliest"] and row["done_earliest"] > reading.due_latest:
        return words.verdicts["reading late"]
    return words.verdicts["reading unknown"]
