"""A record's facts as lines to read: what each is called, and what it says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from feeds import dates
from feeds.dossier import Dossier, Evidence
from feeds.sheets import SHEETS, Field, Sheet
from feeds.texts import RECORDED, fill, told
from feeds.words import Words

#: The label of a meeting ends in its day as EDTF, and in its status where it was not held.
_MEETING = re.compile(r"(.+), ([^\s,]+)((?: \([^()]*\))?)")
#: The label of a source without a title is its host on the web, and its day.
_ISSUE = re.compile(r"([a-z0-9-]+(?:\.[a-z0-9-]+)+), (\d{4}-\d\d(?:-\d\d)?[?~%]?)")
#: The label of a figure ends in how exact it is, and in its number with a sign or a unit.
_FIGURE = re.compile(
    r"(.+): (?:(about|at least|at most|less than|more than) )?"
    r"(?:(-?£?[0-9][0-9,]*(?:\.[0-9]+)?%?)|(-?[0-9][0-9,]*(?:\.[0-9]+)?) (.+))"
)
#: The label of an outcome begins with its result, and goes on with the label of its commitment.
_OUTCOME = re.compile(r"(Done|Partly done|Not done|Superseded|Withdrawn): (.+)")


class Part(NamedTuple):
    """A value as it reads; ``record`` (a slug) or ``url`` is where it leads."""

    text: str
    record: str | None = None
    url: str | None = None
    lang: str | None = None


class Fact(NamedTuple):
    """A line of a record."""

    term: str
    parts: tuple[Part, ...]


def facts(dossier: Dossier, words: Words) -> Iterator[Fact]:
    """Yield the lines of a record in order; what is not recorded has no line."""
    sheet = SHEETS.get(dossier.kind, Sheet("", ()))
    for field in sheet.fields:
        said = _said(field, dossier, words)
        if said is not None:
            yield Fact(words.term(field.term), (said,))
    yield from _attested(dossier, words)
    yield from _participants(dossier, words)
    if dossier.topics:
        yield Fact(
            words.term("topics"),
            tuple(record_part(dossier, slug, words) for slug in dossier.topics),
        )
    names = tuple(
        Part(words.say["role"].format(name.name, words.value(name.kind)), lang=name.lang)
        for name in dossier.names
        if name.name and name.name != dossier.label
    )
    if names:
        yield Fact(words.term("names"), names)


def lead(dossier: Dossier, words: Words) -> str | None:
    """Return the sentence that says what a record is about, where it has one."""
    sheet = SHEETS.get(dossier.kind)
    said = dossier.row.get(sheet.lead) if sheet and sheet.lead else None
    if not said:
        return None
    return told(str(said), words, dossier.row.get("lang") if dossier.kind == "source" else RECORDED)


def record_part(dossier: Dossier, slug: str | None, words: Words) -> Part:
    """Return a record that another names, under its label."""
    return Part(label(dossier, slug, words), record=slug)


def label(dossier: Dossier, slug: str | None, words: Words) -> str:
    """Return what a record that another names is called, or that its title is withheld."""
    slug = slug or ""
    return called(slug, dossier.labels.get(slug, slug), words, dossier.labels_cy.get(slug))


def called(slug: str, text: str | None, words: Words, welsh: str | None = None) -> str:
    """Return a label as it reads, with what it says of day, number or result in words; no title where it is withheld."""
    if welsh and words.language == "cy":
        return welsh
    kind = slug.partition("/")[0]
    if kind == "source" and welsh and welsh == text:
        return told(text, words, "cy")  # the title of a Welsh source
    if text is None:
        return words.titles["withheld"].format(words.kind(kind))
    if kind == "source" and (match := _ISSUE.fullmatch(text)):
        return f"{match[1]}, {dates.text(match[2], words.dates)}"
    if kind == "meeting" and (match := _MEETING.fullmatch(text)):
        body, day, status = match.groups()
        held = fill("{}, {}", told(body, words), dates.text(day, words.dates))
        return fill(words.say["role"], held, words.value(status[2:-1])) if status else held
    if kind == "outcome" and (match := _OUTCOME.fullmatch(text)):
        result = words.value(match[1].lower().replace(" ", "-")).capitalize()
        return fill(words.say["colon"], result, told(match[2], words))
    if kind == "figure" and (match := _FIGURE.fullmatch(text)):
        measure, exact, signed, number, unit = match.groups()
        if signed or unit in words.counts:
            said = signed or words.count(unit, float(number.replace(",", "")))
            if exact:
                said = fill(words.say["qualified"], words.value(exact.replace(" ", "-")), said)
            return fill(words.say["colon"], told(measure, words), said)
    return text if kind == "person" else told(text, words)  # a name is in no language


def web(url: str | None) -> str | None:
    """Return a URL that may be linked to, or None: nothing but http and https is ever a link."""
    return url if url and url.startswith(("http://", "https://")) else None


def cited(dossier: Dossier, events: Iterable[int] | None = None) -> Iterator[Evidence]:
    """Yield the first supporting passage of each source, of some events or of all."""
    seen: set[str | None] = set()
    wanted = None if events is None else set(events)
    for item in dossier.evidence:
        if item.stance == "contradicts" or (wanted is not None and item.event not in wanted):
            continue
        if item.source_id not in seen:
            seen.add(item.source_id)
            yield item


def _said(field: Field, dossier: Dossier, words: Words) -> Part | None:
    raw = dossier.row.get(field.column)
    if field.column == "ended" and raw is None and dossier.row.get("ended_basis"):
        latest = dates.text(dossier.row["ended_latest"], words.dates)
        return Part(words.say["not_later"].format(latest))
    if raw is None or raw == "" or (field.how == "flag" and not raw):
        return None
    match field.how:
        case "record":
            return record_part(dossier, raw, words)
        case "url":
            return Part(raw, url=web(raw))
        case "date":
            return Part(dates.text(raw, words.dates))
        case "instant":
            return Part(dates.day_of(raw, words.dates))
        case "word" | "flag":
            return Part(words.value(raw))
        case "amount":
            unit = dossier.row.get("amount_unit") or dossier.row.get("unit")
            said, exact = amount(raw, unit, words), dossier.row.get("qualifier")
            return Part(fill(words.say["qualified"], words.value(exact), said) if exact else said)
        case "text":
            return Part(told(str(raw), words))


def amount(value: Any, unit: str | None, words: Words) -> str:
    """Return a number with its unit, e.g. £4,000,000 or 246 children."""
    number = f"{value:,.10g}" if isinstance(value, int | float) else str(value)
    if unit is None:
        return number
    if unit in words.counts and isinstance(value, int | float):
        return words.count(unit, value)
    if unit in words.units:
        return words.units[unit].format(number)
    return fill("{} {}", number, told(unit, words))


def _attested(dossier: Dossier, words: Words) -> Iterator[Fact]:
    days = dict.fromkeys(
        day for name in ("attested_first", "attested_last") if (day := dossier.row.get(name))
    )
    if days:
        said = " – ".join(dates.text(day, words.dates) for day in days)
        yield Fact(words.term("attested"), (Part(said),))


def _participants(dossier: Dossier, words: Words) -> Iterator[Fact]:
    about = [item for item in dossier.participants if item.role == "about"]
    others = [item for item in dossier.participants if item.role != "about"]
    if others:
        yield Fact(
            words.term("participants"),
            tuple(
                Part(
                    fill(
                        words.say["role"],
                        label(dossier, item.entity_id, words),
                        told(item.role, words),
                    ),
                    item.entity_id,
                )
                for item in others
            ),
        )
    if about:
        yield Fact(
            words.term("about"),
            tuple(record_part(dossier, item.entity_id, words) for item in about),
        )
