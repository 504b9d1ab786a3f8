"""When a commitment falls due on each reading of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from archive.working_days import CalendarRangeError, due_bounds
from events import edtf


def due(reading: dict[str, Any]) -> edtf.Bounds:
    """Return the first and last day a reading can mean; open where no calendar can tell."""
    if on := reading.get("on"):
        return edtf.bounds(on["edtf"])
    rule = reading["rule"]
    try:
        return due_bounds(
            rule["n"],
            rule["unit"],
            rule["from"],
            calendar=rule.get("calendar"),
            count=rule.get("count", "after-day"),
        )
    except (CalendarRangeError, OverflowError):
        return edtf.Bounds(None, None)


def due_over(readings: Iterable[dict[str, Any]]) -> edtf.Bounds:
    """Return the earliest and the latest day on which any of the readings falls due.

    A reading that is open on one side leaves that side open; one that no calendar can tell says nothing.
    """
    bounds = [found for reading in readings if any(found := due(reading))]
    lows, highs = [low for low, _ in bounds if low], [high for _, high in bounds if high]
    return edtf.Bounds(
        min(lows) if lows and len(lows) == len(bounds) else None,
        max(highs) if highs and len(highs) == len(bounds) else None,
    )


def due_text(readings: Sequence[dict[str, Any]]) -> str | None:
    """Return as EDTF when a commitment falls due: as its one reading says, or from first to last."""
    stated = readings[0].get("on") if len(readings) == 1 else None
    return stated["edtf"] if stated else as_edtf(due_over(readings))


def as_edtf(bounds: edtf.Bounds) -> str | None:
    """Return bounds as EDTF text: the day itself, or a one-of set; None when both are open."""
    low, high = bounds
    return low if low == high else f"[{low or ''}..{high or ''}]"
