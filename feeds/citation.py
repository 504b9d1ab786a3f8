"""How a record is cited: by its address, and by the event that made it what it was when it was seen. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from feeds import dates
from feeds.dossier import LoggedEvent
from feeds.links import Links
from feeds.settings import Settings
from feeds.texts import RECORDED, Text, fill, language_of, told
from feeds.words import Words

#: What means something to BibTeX, or to TeX, and what stands for it.
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", '"': "''",
}  # fmt: skip
#: Where the title goes, the one part that may be in another language than the page.
_HERE = "\x00"


def plain(
    title: str, slug: str, events: Sequence[LoggedEvent], settings: Settings, words: Words
) -> str:
    """Return the record in a line: its title, this archive, the last event about it with its day, and its address."""
    settings = settings.said_in(words.language)
    last = events[-1]
    return fill(
        words.say["cite_as"], title, settings.title, f"E{last.seq}",
        dates.day_of(last.recorded_at, words.dates), Links.whole(settings, words.language).record(slug),
    )  # fmt: skip


def bibtex(
    title: str, slug: str, events: Sequence[LoggedEvent], settings: Settings, words: Words
) -> str:
    """Return the record as an entry of BibTeX, with the year of the last event about it."""
    settings = settings.said_in(words.language)
    last = events[-1]
    fields = {
        "author": f"{{{_tex(settings.author)}}}",
        "title": f"{{{_HERE}}}",
        "howpublished": _tex(settings.title),
        "year": last.recorded_at[:4],
        "note": f"E{last.seq}, {last.recorded_at[:10]}",
        "url": Links.whole(settings, words.language).record(slug),
    }
    inside = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    before, _, after = (
        f"@misc{{E{last.seq}-{re.sub('[^a-z0-9]+', '-', slug)},\n{inside}}}".partition(_HERE)
    )
    lang = language_of(title, words) or RECORDED
    said = told(_tex(title), words, lang) if isinstance(title, Text) else _tex(title)
    return fill("{}{}{}", before, said, after)


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in str(text))
