"""What is wrong with a feed, in sentences: the rules of each format as its specification states them.

Atom (RFC 4287, with RFC 5005 and RFC 6721), RSS 2.0 (rssboard.org/rss-specification), JSON Feed 1.1, OPML 2.0 and
iCalendar (RFC 5545, RFC 7986). Beyond these: addresses are whole, ids unique, HTML is escaped once and does nothing.
"""

from __future__ import annotations

import html.parser
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import icalendar
from lxml import etree

GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).with_name("rfc4287.rng")))
A = "{http://www.w3.org/2005/Atom}"
FH = "{http://purl.org/syndication/history/1.0}"
AT = "{http://purl.org/atompub/tombstones/1.0}"
DC = "{http://purl.org/dc/elements/1.1/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
#: Elements of HTML that do something, load something or lead astray; attributes that begin with "on" do, too.
_ACTIVE = frozenset(
    "script iframe object embed style form input button link meta base svg math img video audio frame".split()
)


class _Html(html.parser.HTMLParser):
    """What is wrong with HTML inside a feed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += [f"<{tag}> is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE:
            self.wrong.append(f"<{tag}> is active")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.wrong.append(f"{name}= is active")
            if name in ("href", "src", "cite") and not whole(value or ""):
                self.wrong.append(f"{value} is no whole address")
        if tag not in ("br", "hr", "wbr"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if re.search(
            r"</?(p|a|li|ul|del|ins|strong|blockquote|span)\b|&(amp|lt|gt|quot|#\d+);", data
        ):
            self.wrong.append(f"escaped twice: {data[:60]}")


def whole(address: str) -> bool:
    """Tell whether an address has a scheme that is safe and a host."""
    parts = urlsplit(address)
    return (parts.scheme in ("http", "https") and bool(parts.netloc)) or parts.scheme == "mailto"


def _twice(values: Iterable[str | None], what: str) -> Iterator[str]:
    yield from (f"{what} {value} twice" for value, count in Counter(values).items() if count > 1)


def _html(text: str | None) -> Iterator[str]:
    if not text:
        yield "no content"
    else:
        yield from _Html(text).wrong


def _one_line(text: str | None, what: str) -> Iterator[str]:
    if not text or text != " ".join(text.split()):
        yield f"{what} is empty, or not one line: {text!r}"


def _rfc3339(text: Any) -> Iterator[str]:
    try:
        good = bool(_RFC3339.fullmatch(text)) and datetime.fromisoformat(text) is not None
    except (TypeError, ValueError):
        good = False
    if not good:
        yield f"{text!r} is no date (RFC 3339)"


def _rfc822(text: str | None) -> Iterator[str]:
    pattern = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"
    if not text or not re.fullmatch(pattern, text):
        yield f"{text!r} is no date (RFC 822, four digits of year)"
    elif f"{parsedate_to_datetime(text):%a}" != text[:3]:
        yield f"{text!r} is not that day of the week"


# --- Atom


def atom(content: bytes) -> list[str]:
    """Return what is wrong with an Atom feed document."""
    root = etree.fromstring(content)
    if not GRAMMAR.validate(root):
        return [str(one) for one in GRAMMAR.error_log]
    entries = root.findall(f"{A}entry")
    wrong = list(_twice((one.findtext(f"{A}id") for one in entries), "id"))
    wrong += _atom_links(root, "self", "alternate")
    for one in (root, *entries):
        wrong += (
            [] if urlsplit(one.findtext(f"{A}id")).scheme else ["an id without a scheme (4.2.6)"]
        )
        wrong += _one_line(one.findtext(f"{A}title"), "title")
        for name in ("updated", "published"):
            if (date := one.find(f"{A}{name}")) is not None:
                wrong += _rfc3339(date.text)
    if sum(one.get("rel", "alternate") == "alternate" for one in root.findall(f"{A}link")) != 1:
        wrong.append(
            "not one alternate link: readers take the first or the last for the feed's page"
        )
    if not root.get(LANG):
        wrong.append("no xml:lang")
    newest = max((one.findtext(f"{A}updated") for one in entries), default=None)
    if newest and root.findtext(f"{A}updated") != newest:
        wrong.append("the feed was not updated when its newest entry was")
    for one in entries:
        wrong += _atom_entry(one, author=root.find(f"{A}author") is not None)
    return wrong + list(_history(root, root)) + list(_tombstones(root))


def _atom_links(parent: Any, *needed: str) -> Iterator[str]:
    links = parent.findall(f"{A}link")
    rels = [one.get("rel", "alternate") for one in links]
    yield from (f"{rels.count(rel)} links rel={rel}" for rel in needed if rel not in rels)
    yield from (
        f"{one.get('href')} is no whole address" for one in links if not whole(one.get("href"))
    )
    same = [
        f"{one.get('type')} {one.get('hreflang')}"
        for one in links
        if one.get("rel", "alternate") == "alternate"
    ]
    yield from _twice(same, "alternate link (4.1.1)")
    yield from _twice(
        (rel for rel in rels if rel in ("self", "hub", "current", "prev-archive")), "rel"
    )


def _atom_entry(entry: Any, *, author: bool) -> Iterator[str]:
    if not author and entry.find(f"{A}author") is None:
        yield "no author (4.1.2)"
    yield from _atom_links(entry, "alternate")
    if sum(one.get("rel", "alternate") == "alternate" for one in entry.findall(f"{A}link")) != 1:
        yield "not one alternate link: readers take the first or the last"
    content = entry.find(f"{A}content")
    if content is None or content.get("type") != "html":
        yield "no content of type html"
    else:
        yield from _html(content.text)
    published, updated = entry.findtext(f"{A}published"), entry.findtext(f"{A}updated")
    if published is None:
        yield "not published"
    elif not list(_rfc3339(published)) and (
        datetime.fromisoformat(published) > datetime.fromisoformat(updated)
    ):
        yield "updated before it was published"
    yield from _twice((one.get("term") for one in entry.findall(f"{A}category")), "category")


def _history(root: Any, parent: Any) -> Iterator[str]:
    """RFC 5005, section 4: archives say so, and where the current feed is; the current feed says neither."""
    links = {one.get("rel"): one.get("href") for one in parent.findall(f"{A}link")}
    archives = root.findall(f".//{FH}archive")
    if len(archives) > 1 or any(one.getparent() is not parent for one in archives):
        yield "fh:archive is not once, in the head"
    if bool(archives) != ("current" in links):
        yield "an archive without current, or current without an archive"
    if archives and links.get("current") == links.get("self"):
        yield "an archive that is current"
    if links.get("prev-archive") and links["prev-archive"] == links.get("self"):
        yield "an archive before itself"


def _tombstones(root: Any) -> Iterator[str]:
    """RFC 6721, section 3: in the feed, each with the id of what was deleted and when, no two alike."""
    found = root.findall(f".//{AT}deleted-entry")
    for one in found:
        if one.getparent() is not root or not urlsplit(one.get("ref", "")).scheme:
            yield "a tombstone without an id, or in the wrong place"
        yield from _rfc3339(one.get("when"))
    yield from _twice((f"{one.get('ref')} {one.get('when')}" for one in found), "tombstone")


# --- RSS

_CHANNEL = frozenset(
    "title link description language copyright managingEditor webMaster pubDate lastBuildDate category generator docs"
    " cloud ttl image rating textInput skipHours skipDays item".split()
)
_ITEM = frozenset(
    "title link description author category comments enclosure guid pubDate source".split()
)


def rss(content: bytes) -> list[str]:
    """Return what is wrong with an RSS 2.0 document."""
    root = etree.fromstring(content)
    channels = root.findall("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or len(channels) != 1 or len(root) != 1:
        return ["not RSS 2.0 with one channel"]
    (channel,) = channels
    items = channel.findall("item")
    wrong = list(_rss_names(channel, _CHANNEL, "item category")) + list(_history(root, channel))
    for name in ("title", "description", "copyright"):
        wrong += _one_line(channel.findtext(name), name)
    wrong += _rfc822(channel.findtext("lastBuildDate"))
    wrong += [] if whole(channel.findtext("link") or "") else ["link is no whole address"]
    own = [one for one in channel.findall(f"{A}link") if one.get("rel") == "self"]
    wrong += (
        []
        if len(own) == 1 and own[0].get("type") == "application/rss+xml"
        else ["no one self link"]
    )
    wrong += [
        f"{one.get('href')} is no whole address"
        for one in root.iter(f"{A}link")
        if not whole(one.get("href", ""))
    ]
    wrong += (
        [] if re.fullmatch(r"[a-z]{2}", channel.findtext("language") or "") else ["no language"]
    )
    if any(one.get("rel") == "alternate" for one in channel.findall(f"{A}link")):
        wrong.append("an alternate link of Atom: some readers take it for the channel's page")
    wrong += [] if channel.findtext(f"{DC}creator") else ["nobody made it"]
    wrong += _twice((one.findtext("guid") for one in items), "guid")
    for one in items:
        wrong += _rss_names(one, _ITEM, "category")
        wrong += _one_line(one.findtext("title"), "title")
        wrong += _html(one.findtext("description"))
        wrong += _rfc822(one.findtext("pubDate"))
        wrong += _rfc3339(one.findtext(f"{A}updated"))
        wrong += [] if whole(one.findtext("link") or "") else ["link is no whole address"]
        guid = one.find("guid")
        if guid is None or guid.get("isPermaLink") != "false":
            wrong.append("no guid, or one that readers take for an address")
    return wrong


def _rss_names(parent: Any, known: frozenset[str], many: str) -> Iterator[str]:
    names = [one.tag for one in parent if isinstance(one.tag, str) and not one.tag.startswith("{")]
    yield from (f"<{name}> is not of RSS" for name in names if name not in known)
    yield from _twice((name for name in names if name not in many.split()), "element")


# --- JSON Feed

_TOP = frozenset(
    "version title home_page_url feed_url description user_comment next_url icon favicon authors language expired hubs"
    " items".split()
)
_JSON_ITEM = frozenset(
    "id url external_url title content_html content_text summary image banner_image date_published date_modified authors"
    " tags language attachments".split()
)


def jsonfeed(content: bytes) -> list[str]:
    """Return what is wrong with a JSON Feed 1.1."""
    pairs = list[str]()

    def no_twins(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.extend(_twice((key for key, _ in found), "key"))
        return dict(found)

    made = json.loads(content.decode("utf-8"), object_pairs_hook=no_twins)
    items = made.get("items")
    if made.get("version") != "https://jsonfeed.org/version/1.1" or not isinstance(items, list):
        return ["not JSON Feed 1.1 with items"]
    wrong = pairs + list(_one_line(made.get("title"), "title"))
    wrong += [f"{key} is not of JSON Feed" for key in made if key not in _TOP and key[0] != "_"]
    addresses = [made.get("home_page_url"), made.get("feed_url"), made.get("next_url", "https://a")]
    addresses += [one.get("url") for one in made.get("hubs", ())]
    wrong += [] if made.get("language") else ["no language"]
    wrong += [] if all(one.get("name") for one in made.get("authors") or [{}]) else ["no author"]
    wrong += _twice((str(one.get("id")) for one in items), "id")
    for one in items:
        wrong += [
            f"{key} is not of an item" for key in one if key not in _JSON_ITEM and key[0] != "_"
        ]
        wrong += [] if isinstance(one.get("id"), str) and one["id"] else ["no id that is a string"]
        addresses += [one.get("url"), one.get("external_url", "https://a")]
        wrong += _one_line(one.get("title"), "title")
        wrong += _html(one.get("content_html"))
        wrong += _rfc3339(one.get("date_published"))
        wrong += _rfc3339(one.get("date_modified"))
        if not all(isinstance(tag, str) and tag for tag in one.get("tags", ())):
            wrong.append("a tag that is no string")
    return wrong + [f"{one} is no whole address" for one in addresses if not whole(one or "")]


# --- OPML


def opml(content: bytes) -> list[str]:
    """Return what is wrong with a list of feeds in OPML 2.0."""
    root = etree.fromstring(content)
    parts = [one.tag for one in root]
    if root.tag != "opml" or root.get("version") != "2.0" or parts != ["head", "body"]:
        return ["not OPML 2.0 with head and body"]
    wrong = list(_one_line(root.findtext("head/title"), "title"))
    wrong += _rfc822(root.findtext("head/dateModified"))
    wrong += [] if whole(root.findtext("head/ownerId") or "") else ["ownerId is no address"]
    outlines = list(root.iter("outline"))
    wrong += [] if outlines else ["no outline"]
    for one in outlines:
        wrong += _one_line(one.get("text"), "text")
        if not len(one) and (one.get("type") != "rss" or not whole(one.get("xmlUrl", ""))):
            wrong.append(f"{one.get('text')} leads to no feed")
        if one.get("htmlUrl") and not whole(one.get("htmlUrl")):
            wrong.append(f"{one.get('htmlUrl')} is no whole address")
    return wrong + list(
        _twice((one.get("xmlUrl") for one in outlines if one.get("xmlUrl")), "feed")
    )


# --- iCalendar


def ics(content: bytes) -> list[str]:
    """Return what is wrong with a calendar (RFC 5545, RFC 7986)."""
    wrong = [] if content.endswith(b"\r\n") else ["the last line has no end (3.1)"]
    lines = content.split(b"\r\n")
    wrong += [f"a line of {len(one)} octets (3.1)" for one in lines if len(one) > 75]
    wrong += ["a line ends otherwise (3.1)" for one in lines if b"\n" in one or b"\r" in one]
    wrong += [
        "a control character" for one in lines if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", one)
    ]
    try:
        for one in lines:
            one.decode("utf-8")
    except UnicodeDecodeError:
        wrong.append("a character is cut in two where a line is folded")
    calendar = icalendar.Calendar.from_ical(content)
    events = calendar.walk("VEVENT")
    for part in (calendar, *events):
        wrong += [str(one) for one in part.errors]
    wrong += (
        []
        if calendar.get("VERSION") == "2.0" and calendar.get("PRODID")
        else ["no version or product"]
    )
    if not calendar.subcomponents:
        wrong.append("no component (3.6)")
    for zone in calendar.walk("VTIMEZONE"):
        kinds = [one.name for one in zone.subcomponents]
        if "TZID" not in zone or not {"STANDARD", "DAYLIGHT"}.intersection(kinds):
            wrong.append("a zone without a name or a time (3.6.5)")
        for one in zone.subcomponents:
            if not {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} <= set(one):
                wrong.append("a time without its beginning or its offsets (3.6.5)")
    wrong += _twice((str(one.get("UID")) for one in events), "UID")
    for one in events:
        wrong += [
            f"no {name} (3.6.1)"
            for name in ("UID", "DTSTAMP", "DTSTART", "SUMMARY")
            if name not in one
        ]
        if str(one["DTSTAMP"].dt.tzinfo) != "UTC":
            wrong.append("DTSTAMP is not in UTC (3.8.7.2)")
        if "DTEND" in one and one["DTEND"].dt <= one["DTSTART"].dt:
            wrong.append("it ends before it begins (3.8.2.2)")
        if one.get("STATUS") not in ("CONFIRMED", "CANCELLED", "TENTATIVE"):
            wrong.append("a status that events have not (3.8.1.11)")
        if not whole(str(one.get("URL"))):
            wrong.append("URL is no whole address")
    return wrong


VALIDATORS: dict[str, Callable[[bytes], list[str]]] = {
    "atom": atom,
    "rss": rss,
    "json": jsonfeed,
    "opml": opml,
    "ics": ics,
}
