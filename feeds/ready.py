"""Answers ready to be sent, kept in front of Flask: a reader's poll costs a look into a dictionary.

Flask's own way from a request to a response costs as much as sending a feed of 55 kB, and a 304 no less than a
200. So what Flask answered is kept here for as long as the published file is in the state that it was read from
(`feeds.states`), and said again word for word. Whatever may be answered otherwise goes on to Flask.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.http import (
    parse_accept_header,
    parse_etags,
    parse_set_header,
    remove_entity_headers,
    unquote_etag,
)

from feeds.library import Library
from feeds.states import State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: How much is kept, in bytes: of addresses, and of addresses with a question, of which there is no end.
PLAIN, ASKED = 32 << 20, 8 << 20
#: What an answer takes beside its body, about: its headers, twice, and its place.
BESIDE = 2_000
#: A larger answer than this goes through as it comes: what is downloaded whole is not for memory.
LARGEST = 1 << 20
#: How many different Accept-Encoding are remembered, and how long ones; a few dozen are in use.
ENCODINGS, ENCODING = 256, 200
#: What depends on more of a request than this is never kept: "/" asks for the language, for one.
_DEPENDS = frozenset({"accept-encoding", "a-im"})
#: What makes of a request one for a part of the answer, or for none of it where it is known.
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_A_IM")
#: What makes of it a failure where the answer is another one than the client has.
_INSISTS = frozenset({"HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE"})
_DAY = 86_400

_Exception = (
    tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None
)


class Key(NamedTuple):
    """Which answer: where the site is mounted, path and question as they came, and whether gzip is welcome."""

    root: str
    path: str
    query: str
    packed: bool


class Answer:
    """An answer 200 as it is sent, and what stands in its place for those who have it."""

    __slots__ = ("body", "etag", "headers", "known", "quoted", "status", "used")

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.quoted = dict(headers)["ETag"]
        self.etag = unquote_etag(self.quoted)[0]
        self.known = list(headers)
        remove_entity_headers(self.known)
        self.used = False

    @property
    def size(self) -> int:
        """The bytes it takes, about."""
        return len(self.body) + BESIDE


class Shelf:
    """Answers up to so many bytes. Those go first that were not used since the shelf was last full (CLOCK).

    ``get`` takes no lock: to be used is to set a flag. One thread at a time may ``put``.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: dict[Key, Answer] = {}
        self.get = self._answers.get
        self.used = 0

    def put(self, key: Key, answer: Answer) -> None:
        """Keep an answer, in the place of others where there is no room, or not at all where it is too large."""
        if answer.size > self._size:
            return
        if old := self._answers.pop(key, None):
            self.used -= old.size
        while self.used + answer.size > self._size:
            first = next(iter(self._answers))
            found = self._answers.pop(first)
            if found.used:
                found.used = False
                self._answers[first] = found
            else:
                self.used -= found.size
        self._answers[key] = answer
        self.used += answer.size


class _Kept(NamedTuple):
    """All that is kept: answers of one state of the published file, made on one day (UTC)."""

    state: State | None
    day: int
    plain: Shelf
    asked: Shelf


class _Sent:
    """What Flask says first of its response. It says it before it hands over the body, and writes nothing else."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.error: _Exception = None

    def __call__(
        self, status: str, headers: list[tuple[str, str]], error: _Exception = None, /
    ) -> Callable[[bytes], object]:
        self.status, self.headers, self.error = status, headers, error
        return self._write

    def _write(self, _body: bytes) -> object:
        raise NotImplementedError("a body is returned, not written")

    @property
    def lasting(self) -> bool:
        """Tell whether it is the same for all who ask until the file or the day changes, and small enough."""
        said = Headers(self.headers)
        kept = parse_set_header(said.get("Cache-Control"))
        length = said.get("Content-Length", "")
        etag, weak = unquote_etag(said.get("ETag"))
        return (
            self.status.startswith("200 ")
            and "public" in kept
            and "no-store" not in kept
            and len(said.getlist("ETag")) == 1
            and bool(etag)
            and not weak
            and "Set-Cookie" not in said
            and _DEPENDS.issuperset(parse_set_header(", ".join(said.getlist("Vary"))).as_set())
            and length.isdecimal()
            and int(length) <= LARGEST
        )  # fmt: skip


class Ready:
    """A WSGI application in front of another that answers alike, only sooner: status, headers and body are the same."""

    def __init__(
        self, app: WSGIApplication, library: Library, plain: int = PLAIN, asked: int = ASKED
    ) -> None:
        self.app = app
        self._library = library
        self._sizes = plain, asked
        self._lock = threading.Lock()
        self._packed: dict[str | None, bool] = {}
        self._kept = _Kept(None, 0, Shelf(plain), Shelf(asked))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or not _INSISTS.isdisjoint(environ):
            return self.app(environ, start_response)
        state = self._library.states.lately()
        if state is None:
            return self.app(environ, start_response)
        day = _today()
        kept = self._kept
        if kept.state != state or kept.day != day:
            kept = self._emptied(state, day)
        query = environ.get("QUERY_STRING", "")
        packed = self._takes_gzip(environ.get("HTTP_ACCEPT_ENCODING"))
        key = Key(environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", ""), query, packed)
        answer = (kept.asked if query else kept.plain).get(key)
        if answer is None:
            return self._fetched(environ, start_response, key, kept)
        answer.used = True
        return self._said(answer, environ, start_response)

    def _said(
        self, answer: Answer, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Say an answer; what it takes to say another one, only the application knows."""
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known is None:
            if "HTTP_IF_MODIFIED_SINCE" in environ:
                return self.app(environ, start_response)
        elif known == answer.quoted or parse_etags(known).contains_weak(answer.etag):
            start_response("304 NOT MODIFIED", answer.known.copy())
            return []
        elif "HTTP_A_IM" in environ:
            return self.app(environ, start_response)
        start_response(answer.status, answer.headers.copy())
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _fetched(
        self, environ: WSGIEnvironment, start_response: StartResponse, key: Key, kept: _Kept
    ) -> Iterable[bytes]:
        """Ask the application for the whole answer, whatever part of it is wanted; keep it and say it."""
        whole = {name: value for name, value in environ.items() if name not in _CONDITIONS}
        whole["REQUEST_METHOD"] = "GET"
        wanted = whole == environ
        sent = _Sent()
        with self._library.noting() as read:
            body = self.app(whole, sent)
            if not sent.lasting:
                if wanted:
                    start_response(sent.status, sent.headers, sent.error)
                    return body
                _close(body)
                return self.app(environ, start_response)
            try:
                answer = Answer(sent.status, sent.headers, b"".join(body))
            finally:
                _close(body)
        if read <= {kept.state}:
            self._keep(key, answer, kept)
        return self._said(answer, environ, start_response)

    def _keep(self, key: Key, answer: Answer, kept: _Kept) -> None:
        """Keep an answer among those of its state, unless that is over."""
        with self._lock:
            if kept is self._kept:
                (kept.asked if key.query else kept.plain).put(key, answer)

    def _emptied(self, state: State, day: int) -> _Kept:
        """Forget all answers, for the file is in another state: what was erased from it is gone from here, too."""
        with self._lock:
            if self._kept.state != state or self._kept.day != day:
                plain, asked = self._sizes
                self._kept = _Kept(state, day, Shelf(plain), Shelf(asked))
            return self._kept

    def _takes_gzip(self, accepted: str | None) -> bool:
        """Tell whether gzip may be sent, as `feeds.delivery` does."""
        found = self._packed.get(accepted)
        if found is None:
            found = parse_accept_header(accepted).quality("gzip") > 0
            if len(accepted or "") <= ENCODING:
                if len(self._packed) >= ENCODINGS:
                    self._packed.clear()
                self._packed[accepted] = found
        return found


def _today() -> int:
    """Return the day (UTC): what is due today is over tomorrow, with no change of the file."""
    return int(time.time()) // _DAY


def _close(body: Iterable[bytes]) -> None:
    if (close := getattr(body, "close", None)) is not None:
        close()
