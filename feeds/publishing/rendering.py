"""What the site answers, asked in process: status, headers, body as it is and compressed."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from flask import Flask, render_template

from feeds.app import HEADERS, create_app
from feeds.cache import Cache, body
from feeds.content_types import HTML
from feeds.delivery import NO_STORE
from feeds.publishing import addresses
from feeds.publishing.asking import Asked, Question
from feeds.publishing.proofs import Proofs
from feeds.settings import Settings
from feeds.site import Site
from feeds.view import context
from feeds.words import WORDS

#: What a server says by itself of the files it has.
_OF_FILES = frozenset(
    {"etag", "last-modified", "content-length", "content-encoding", "date", "server"}
)

Headers = tuple[tuple[str, str], ...]


class Answer(NamedTuple):
    """An answer; ``packed`` is None where it is never compressed, ``changed`` where it does not say when it changed."""

    status: int
    headers: Headers
    content: bytes
    packed: bytes | None
    changed: datetime | None

    def header(self, name: str) -> str:
        """Return a header, "" where it is not there."""
        return ", ".join(value for header, value in self.headers if header == name)


class Made(NamedTuple):
    """An answer, the questions that it was made of, and whether it shows where the log stands."""

    answer: Answer
    questions: list[Question]
    placed: bool


class Renderer:
    """A site that keeps nothing and asks the tables anew for each answer."""

    def __init__(self, settings: Settings, asked: Asked) -> None:
        self._asked = asked
        self._site = Site(settings, asked, Cache(0), Cache(0))
        self._app: Flask = create_app(site=self._site)
        self._placed: dict[str, bool] = {}
        self._proofs = Proofs(asked)
        self._like: Answer | None = None

    @property
    def rules(self) -> list[str]:
        """The rules of all addresses that the site knows, each once."""
        return sorted({rule.rule for rule in self._app.url_map.iter_rules()})

    def made(self, address: str) -> Made:
        """Return what the site answers at an address, and of what that is made.

        The formats of a feed show the same, so that only the first one is tried elsewhere.
        """
        self._asked.begin()
        if proof := self._proof(address):
            return Made(proof, self._asked.questions, placed=False)
        answer = self.get(address)
        questions = self._asked.questions
        if not self._asked.asked_position:
            return Made(answer, questions, placed=False)
        feed = addresses.feed(address)
        if feed in self._placed:
            return Made(answer, questions, self._placed[feed])
        self._asked.begin(elsewhere=True)
        other = self.get(address)
        placed = (other.status, other.headers, other.content, self._asked.questions) != (
            answer.status,
            answer.headers,
            answer.content,
            questions,
        )
        if feed is not None:
            self._placed[feed] = placed
        return Made(answer, questions, placed)

    def _proof(self, address: str) -> Answer | None:
        """Return a proof; None where the site is to be asked."""
        text = self._proofs.text(address)
        if text is None:
            return None
        if self._like is None:
            self._like = self.get(address)
            self._asked.begin()
            return self._proof(address)
        ready = body(text.encode(), self._like.header("Content-Type"))
        return self._like._replace(content=ready.content, packed=ready.packed)

    def get(
        self, address: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Answer:
        """Return what the site answers to whom gzip is welcome."""
        with self._app.test_request_context(
            address, method=method, headers={"Accept-Encoding": "gzip", **(headers or {})}
        ):
            response = self._app.full_dispatch_request()
            sent = response.get_data()
        packed = sent if response.headers.get("Content-Encoding") == "gzip" else None
        kept = tuple(
            sorted(
                (name, ", ".join(sorted(value.split(", "))) if name == "Allow" else value)
                for name, value in response.headers
                if name.lower() not in _OF_FILES
            )
        )
        return Answer(
            response.status_code,
            kept,
            sent if packed is None else gzip.decompress(packed),
            packed,
            response.last_modified,
        )

    def not_here(self, language: str) -> Answer:
        """Return the page that says that files cannot search, in the languages of the site, this one first."""
        first = sorted(WORDS.values(), key=lambda words: words.language != language)
        with self._app.test_request_context("/"):
            page = render_template(
                "not_here.html", **context(self._site, first[0]), languages=first
            )
        said = {
            **HEADERS,
            "Cache-Control": NO_STORE,
            "Content-Language": ", ".join(words.language for words in first),
            "Content-Type": HTML,
        }
        return Answer(404, tuple(sorted(said.items())), page.encode(), None, None)
