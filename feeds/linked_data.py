"""What pages say to machines in schema.org's words, as JSON-LD 1.1. Pure.

Only what is recorded and is plainly so: an event has a day, a body a name. What people promised, said or are has
no type there that would be fair to them, so those pages say nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any

from markupsafe import Markup

from feeds.dossier import Dossier, Position
from feeds.entries import LICENCE
from feeds.facts import called, label, web
from feeds.links import Links
from feeds.settings import Settings
from feeds.words import WORDS, Words

_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_FULL = re.compile(r"\d{4}-\d\d-\d\d")
#: Characters that could end the element, or a line of script, are written as escapes of JSON.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}  # fmt: skip
#: A meeting took place, or is to, on its day; where that is not known nothing is said.
_STATUSES = {
    "scheduled": "EventScheduled", "held": "EventScheduled", "cancelled": "EventCancelled",
    "postponed": "EventPostponed",
}  # fmt: skip


def script(data: dict[str, Any] | None) -> Markup:
    """Return a data block for the head of a page; no text in it can end it. Empty where there is nothing to say."""
    if data is None:
        return Markup()
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False)
    safe = "".join(_ESCAPES.get(letter, letter) for letter in text)
    return Markup(f'<script type="application/ld+json">{safe}</script>')  # noqa: S704 - escaped above


def of_site(settings: Settings, position: Position, words: Words) -> dict[str, Any]:
    """Return the site and its data set, for the home page."""
    settings = settings.said_in(words.language)
    links = Links.whole(settings, words.language)
    maker = {"@type": "Organization", "name": settings.author, "url": settings.base_url}
    about = " ".join(words.say[f"home_{number}"] for number in range(1, 6))
    data = {
        "@type": "Dataset",
        "@id": f"{settings.base_url}/#data",
        "name": settings.title,
        "description": about,
        "url": links.page("data"),
        "license": LICENCE,
        "isAccessibleForFree": True,
        "creator": maker,
        "spatialCoverage": {"@type": "Place", "name": "Powys"},
        "version": str(position.events),
        "distribution": {
            "@type": "DataDownload",
            "contentUrl": f"{settings.datasette_url}/archive.db",
            "encodingFormat": "application/vnd.sqlite3",
        },
    }
    if position.changed_at:
        data["dateModified"] = position.changed_at[:10]
    site = {
        "@type": "WebSite",
        "@id": f"{settings.base_url}/#site",
        "name": settings.title,
        "description": words.say["home_3"],
        "url": links.home,
        "inLanguage": list(WORDS),
        "publisher": maker,
    }
    return {"@graph": [site, data]}


def of_record(dossier: Dossier, title: str, settings: Settings, words: Words) -> dict[str, Any] | None:  # fmt: skip
    """Return what a record is, for its page; None where there is nothing fair to say."""
    if not dossier.current or dossier.label is None:
        return None
    links, row = Links.whole(settings, words.language), dossier.row
    said: dict[str, Any] = {"name": str(title), "url": links.record(dossier.id)}
    match dossier.kind:
        case "meeting" if _FULL.fullmatch(row.get("held_on") or ""):
            said |= {"@type": "Event", "startDate": row["held_on"]}
            if status := _STATUSES.get(row.get("status") or ""):
                said["eventStatus"] = f"https://schema.org/{status}"
            said |= _body("organizer", row.get("organisation_id"), dossier, links, words)
        case "org":
            said |= {"@type": "Organization"}
            said |= _dated(foundingDate=row.get("founded"), dissolutionDate=row.get("dissolved"))
            said |= _body("parentOrganization", row.get("part_of_id"), dossier, links, words)
        case "doc":
            said |= {"@type": "CreativeWork", **_dated(datePublished=row.get("published"))}
            said |= _body("author", row.get("author_id"), dossier, links, words)
            said |= {"sameAs": row["url"]} if web(row.get("url")) else {}
        case "measure":
            said |= {"@type": "Dataset", "license": LICENCE, "isAccessibleForFree": True}
            said["description"] = str(row.get("counts") or called(dossier.id, dossier.label, words))
            said["isPartOf"] = {"@id": f"{settings.base_url}/#data"}
        case _:
            return None
    return said


def _dated(**days: str | None) -> dict[str, str]:
    """Return those days that ISO 8601 writes as EDTF does; what is less certain is left out."""
    return {name: day for name, day in days.items() if day and _DAY.fullmatch(day)}


def _body(name: str, slug: str | None, dossier: Dossier, links: Links, words: Words) -> dict[str, Any]:  # fmt: skip
    """Return a body that is named; somebody of whom it is not certain to be one is left out."""
    if not slug or not slug.startswith("org/"):
        return {}
    called_so = str(label(dossier, slug, words))
    return {name: {"@type": "Organization", "name": called_so, "url": links.about(slug)}}
