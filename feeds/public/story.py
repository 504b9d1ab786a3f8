"""How it began, for a reader who knows nothing of it: a few sentences of our own, each with the records it rests on."""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
from collections.abc import Iterator

from markupsafe import Markup, escape

from feeds.links import Links
from feeds.words import Words

#: The sentences, by their names in `Words.say`, and the records that the passages in brackets lead to, in order.
STORY = {
    "story_1": ("doc/cssiw-powys-childrens-inspection-2017",),
    "story_2": ("doc/powys-warning-notice-2017-10-17", "doc/powys-follow-up-warning-notice-2018-01-15"),
    "story_3": ("development/enhanced-monitoring-ended-2020",),
}  # fmt: skip
_PASSAGE = re.compile(r"\[([^][]+)\]")
_LINK = Markup('<a href="{}">{}</a>')


def story(conn: sqlite3.Connection, words: Words, links: Links) -> list[Markup]:
    """Return the sentences as HTML; one of which a record does not stand, or stands no more, is not told."""
    slugs = json.dumps(list(itertools.chain(*STORY.values())))
    sql = (
        "SELECT id FROM records WHERE state = 'current' AND id IN (SELECT value FROM json_each(?))"
    )
    standing = {slug for (slug,) in conn.execute(sql, (slugs,))}
    return [
        Markup("").join(_parts(words.say[name], [links.record(slug) for slug in told]))
        for name, told in STORY.items()
        if standing.issuperset(told)
    ]


def _parts(sentence: str, leads: list[str]) -> Iterator[Markup]:
    """Yield the parts of a sentence, every other one a passage that leads somewhere."""
    parts = _PASSAGE.split(sentence)
    for number, text in enumerate(parts):
        yield _LINK.format(leads[number // 2], text) if number % 2 else escape(text)
