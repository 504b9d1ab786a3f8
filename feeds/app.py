"""The site as a WSGI application: routes, security headers, errors. Run by `granian --interface wsgi --factory`."""

from __future__ import annotations

import os
from pathlib import Path

import jinja2
from flask import Flask, Response, abort, render_template, request
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from feeds.cache import body
from feeds.calendar_views import CalendarViews
from feeds.content_types import HTML
from feeds.delivery import KEEP, KEEP_FOR_EVER, answer
from feeds.feed_views import FeedViews
from feeds.library import Library, Unavailable
from feeds.log_pages import LogViews
from feeds.pages import Views
from feeds.public import add_public
from feeds.public.routes import add
from feeds.ready import Ready
from feeds.settings import Settings
from feeds.site import Site
from feeds.texts import headed, numbered
from feeds.view import context
from feeds.words import WORDS, Words
from feeds.words.catalogue import error_words

RETRY_SECONDS = 5
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png"}


def create_app(settings: Settings | None = None, site: Site | None = None) -> Flask:
    """Return the site; without settings, those of the environment; ``site`` is for who brings a library of their own."""
    if site is None:
        settings = settings or Settings.from_environment(os.environ)
        site = Site(settings, Library(settings.archive_db))
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = (
        False  # werkzeug's own redirects repeat the Host header: it makes none
    )
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["plain"] = (
        str  # of a text whose languages are marked, for attributes and titles
    )
    app.jinja_env.filters["numbered"] = numbered
    app.jinja_env.filters["headed"] = headed
    app.extensions["site"] = site
    _add_pages(app, site)
    add_public(app, site)
    LogViews(site).add_to(app)
    FeedViews(site).add_to(app)
    CalendarViews(site).add_to(app)
    _add_static(app)
    _add_errors(app, site)
    app.before_request(_exact)
    app.after_request(_secure)
    app.wsgi_app = Ready(app.wsgi_app, site.library)  # type: ignore[method-assign]
    return app


def _add_pages(app: Flask, site: Site) -> None:
    views = Views(site)
    app.add_url_rule("/", "start", views.start)
    for language in WORDS:
        here = {"language": language}
        app.add_url_rule(f"/{language}", f"start-{language}", views.start, defaults=here)
        app.add_url_rule(f"/{language}/", f"home-{language}", views.home, defaults=here)
    add(app, "records", views.record, "/<kind>/<name>")
    add(app, "removals", views.removals)
    add(app, "fixity", views.fixity)
    add(app, "events", views.event, "/E<int(max=999999999999):number>")


def _add_static(app: Flask) -> None:
    """Serve the few files of the static folder from memory, for ever under the name that has their digest."""
    files = {
        path.name: body(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(_STATIC.iterdir())
        if path.suffix in _TYPES
    }

    def static(name: str) -> Response:
        if name not in files:
            abort(404)
        current = request.args.get("v") == files[name].etag
        return answer(files[name], request, KEEP_FOR_EVER if current else KEEP)

    app.add_url_rule("/static/<name>", "static", static)
    app.add_url_rule("/favicon.ico", "icon", lambda: static("icon.svg"))  # asked for beside XML
    app.jinja_env.globals["static"] = lambda name: f"/static/{name}?v={files[name].etag}"


def _add_errors(app: Flask, site: Site) -> None:
    def error(problem: HTTPException) -> Response:
        """Return an error page in every language of the site; it never says what went wrong inside."""
        response = problem.get_response(request.environ)
        code = problem.code or 500
        if code < 400:
            return Response(response.get_data(), code, response.headers)
        said = [(words, error_words(words, code)) for words in _asked_first()]
        page = render_template("error.html", **context(site, said[0][0]), code=code, said=said)
        headers = {
            **dict(response.headers),
            "Content-Type": HTML,
            "Content-Language": ", ".join(words.language for words, _ in said),
            "Cache-Control": "no-store",
        }
        headers.pop("Content-Length", None)
        return Response(page, code, headers)

    def unavailable(problem: Unavailable) -> Response:
        app.logger.error("%s", problem)
        return error(ServiceUnavailable(retry_after=RETRY_SECONDS))

    app.register_error_handler(HTTPException, error)
    app.register_error_handler(Unavailable, unavailable)


def _asked_first() -> list[Words]:
    """Return the languages, that of the address first: each reader finds theirs at the top of an error."""
    asked = request.path.split("/")[1]
    return sorted(WORDS.values(), key=lambda words: words.language != asked)


def _exact() -> None:
    """Refuse a path with more than one slash before it: werkzeug reads it as if there were one, at endless addresses."""
    if request.environ.get("PATH_INFO", "").startswith("//"):
        abort(404)


def _secure(response: Response) -> Response:
    """Add what every answer has: guards, and the language of what is in it."""
    response.headers.update(HEADERS)
    language = (request.view_args or {}).get("language")
    if language and response.status_code in (200, 226, 304):
        response.headers.setdefault("Content-Language", language)
    return response
