"""What an archivist should look at: spans, orphans, weekdays, relative dates, conflicts. Pure rules."""

from __future__ import annotations

import datetime as dt
import re
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from archive.folding.amending import Told
from archive.folding.spans import digest
from events import edtf

#: Words of a source at a span; None when its text is not attached.
Words = Callable[[str, int, int], str | None]

_DAYS = (
    ("monday", "dydd llun"),
    ("tuesday", "dydd mawrth"),
    ("wednesday", "dydd mercher"),
    ("thursday", "dydd iau"),
    ("friday", "dydd gwener"),
    ("saturday", "dydd sadwrn"),
    ("sunday", "dydd sul"),
)
_RELATIVE = re.compile(
    r"\b(?:today|yesterday|tomorrow|tonight|ago|(?:last|next|this|past|coming) "
    r"(?:week|month|year|spring|summer|autumn|winter|morning|afternoon|\w+day)"
    r"|(?:in|within) (?:a|an|one|two|three|six|\d+) \w+|later this|end of the)\b",
    re.IGNORECASE,
)
#: Parts of an address that tell how a reader came to a page, and nothing of the page.
_TRACKING = re.compile(
    r"utm_\w+|[a-z]{1,4}clid|mc_[ce]id|igshid?|at_\w+|ref|ref_src|cmp|ito|ocid", re.IGNORECASE
)


class Finding(NamedTuple):
    """Something to look at; a ``fault`` is wrong, a ``note`` is known to be uncertain."""

    level: Literal["fault", "note"]
    check: str
    where: str
    message: str


def spans(items: Iterable[Told], words: Words) -> Iterator[Finding | bool]:
    """Yield a finding for each span that is not what was recorded, True for each that verifies.

    False stands for a span whose source's text is not attached.
    """
    for item in items:
        for number, proof in enumerate(item.content.get("evidence", ())):
            if "start" not in proof:
                continue
            there = words(proof["source"], proof["start"], proof["end"])
            if there is None:
                yield False
                continue
            where = f"{item.event.name} /evidence/{number}"
            if len(there) != proof["end"] - proof["start"]:
                yield Finding("fault", "span", where, f"runs past the end of {proof['source']}")
            elif proof.get("quote", there) != there:
                yield Finding(
                    "fault", "span", where, f"the text of {proof['source']} says otherwise"
                )
            elif proof.get("digest", digest(there)) != digest(there):
                yield Finding("fault", "span", where, f"the digest does not fit {proof['source']}")
            else:
                yield True


def weekdays(items: Iterable[Told]) -> Iterator[Finding]:
    """Yield every date whose words name another weekday than the day it was resolved to."""
    for item, field, when in _dates(items):
        text = str(when.get("text", "")).lower()
        low, high = edtf.bounds(when["edtf"])
        named = [
            number for number, words in enumerate(_DAYS) if any(word in text for word in words)
        ]
        if not named or low is None or low != high:
            continue
        actual = dt.date.fromisoformat(low).weekday()
        if actual not in named:
            yield Finding(
                "fault", "weekday", f"{item.event.name} {field}",
                f"{when['text']!r} was read as {low}, which was a {_DAYS[actual][0].capitalize()}",
            )  # fmt: skip


def relative_dates(
    items: Sequence[Told], publisher: Callable[[str], str | None]
) -> Iterator[Finding]:
    """Yield relative dates taken as stated, and phrases an outlet repeats for different months."""
    seen: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for item, field, when in _dates(items):
        text = str(when.get("text", ""))
        if not _RELATIVE.search(text):
            continue
        where = f"{item.event.name} {field}"
        if when["basis"] == "stated":
            yield Finding(
                "fault", "relative-date", where, f"{text!r} is relative, yet taken as stated"
            )
        for proof in item.content.get("evidence", ()):
            if outlet := publisher(proof["source"]):
                month = (edtf.bounds(when["edtf"]).latest or "")[:7]
                kind = f"{item.event.type} {field}"
                seen[outlet, text.lower(), kind].setdefault(month, where)
    for (outlet, text, _), months in seen.items():
        if len(months) > 1:
            places = ", ".join(f"{where}: {month}" for month, where in sorted(months.items()))
            yield Finding(
                "note", "boilerplate", outlet, f"prints {text!r} for different months ({places})"
            )


def orphans(rows: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    """Yield references of current records to records out of force (rows: record_id, refers_to, event)."""
    for row in rows:
        yield Finding(
            "fault", "orphan", f"E{row['event']} {row['record_id']}",
            f"refers to {row['refers_to']}, which was retracted",
        )  # fmt: skip


def conflicts(rows: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    """Yield open conflicts as notes: kept on purpose, but never out of sight."""
    for row in rows:
        yield Finding(
            "note", "conflict", f"{row['record_id']} {row['field']}",
            f"{row['value_a']!r} ({row['source_a'] or 'no source'}) against {row['value_b']!r}"
            f" ({row['source_b'] or 'no source'})",
        )  # fmt: skip


def disputes(rows: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    """Yield disputes as notes, a settled one with its state (rows: record_id, field, target_event, after, note)."""
    for row in rows:
        settled = "" if row["after"] == "open" else f"{row['after']} by E{row['event']}: "
        yield Finding(
            "note",
            "dispute",
            f"{row['record_id']} {row['field']} of E{row['target_event']}",
            f"{settled}{row['note']}",
        )


def same_pages(rows: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    """Yield sources that seem to be captures of one page, as notes: whether they are one, a person decides.

    A source that replaces another, said to be its later version, is not one of them (rows: id, url, replaces_id).
    """
    pages: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["url"]:
            pages[_page(row["url"])].append(row)
    for held in pages.values():
        for number, row in enumerate(held):
            for other in held[:number]:
                if row["replaces_id"] != other["id"] and other["replaces_id"] != row["id"]:
                    yield Finding(
                        "note",
                        "same-page",
                        row["id"],
                        f"{row['url']} seems to be the page of {other['id']}, {other['url']}",
                    )


def _page(url: str) -> str:
    """Return what is left of an address when all is taken away that may differ for one page."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    except ValueError:
        return url
    query = [
        pair
        for pair in urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(pair[0])
    ]
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{port}{parts.path.rstrip('/')}?{urllib.parse.urlencode(sorted(query))}"


def _dates(items: Iterable[Told]) -> Iterator[tuple[Told, str, dict[str, Any]]]:
    for item in items:
        for name, value in item.content.items():
            if isinstance(value, dict) and "edtf" in value:
                yield item, f"/{name}", value
        for number, reading in enumerate(item.content.get("readings", ())):
            if "on" in reading:
                yield item, f"/readings/{number}/on", reading["on"]
