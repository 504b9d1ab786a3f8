"""How to check the archive from outside: the checkpoint, its key, who else signed it, and two commands."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import NamedTuple

from flask import Flask, Response

from feeds import dates, queries
from feeds.public.routes import add
from feeds.sql.heads import Head, newest
from feeds.view import View
from feeds.words import Words

#: What a signature line of a note begins with (C2SP signed-note 1.0.0).
_DASH = "— "
#: The bytes of a timestamped cosignature (C2SP tlog-cosignature, Ed25519): key id, time, signature.
_COSIGNATURE = 4 + 8 + 64
_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


class Witness(NamedTuple):
    """Who signed a checkpoint beside us, and on which day, as the signature itself says."""

    name: str
    day: str


class TrustViews(View):
    """The page of trust."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        add(app, "trust", self.trust)

    def trust(self, language: str) -> Response:
        """Return the page; a checkpoint can be signed anew, so the position alone does not tell of it."""
        words = self.words(language)
        with self.site.library.open() as conn:
            position, head = queries.position(conn), newest(conn)
            return self.kept(
                (position, "trust", language, head),
                lambda: self.page(
                    "trust.html", words, lambda links: links.page("trust"), name="trust", head=head,
                    sections=words.prose["trust"], witnesses=witnesses(head, words) if head else [],
                ),
            )  # fmt: skip


def witnesses(head: Head, words: Words) -> list[Witness]:
    """Return who cosigned; whether a signature holds can be told with the witness's own key alone."""
    _, _, signatures = head.note.partition("\n\n")
    return [one for line in signatures.splitlines() if (one := _witness(line, words))]


def _witness(line: str, words: Words) -> Witness | None:
    name, _, encoded = line.removeprefix(_DASH).rpartition(" ")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:  # no base64, or not even ASCII
        return None
    if not line.startswith(_DASH) or len(raw) != _COSIGNATURE:
        return None  # a log's own signature has no time in it
    time = int.from_bytes(raw[4:12], "big")
    if time >= _FOR_EVER:
        return None
    day = datetime.fromtimestamp(time, UTC).date().isoformat()
    return Witness(name, dates.text(day, words.dates))
