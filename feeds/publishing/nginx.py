"""The settings with which nginx (1.18 or later) answers from the files as the site itself does. Pure.

``maps`` belongs into ``http``, ``server`` into ``server``. ETag and conditional requests are nginx's own: it makes a
strong ETag of time and size of a file, and an ETag that is added here it would not compare with If-None-Match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from feeds.content_types import BYTES
from feeds.publishing import addresses
from feeds.publishing.crawl import ERRORS, Published
from feeds.publishing.headers import PATH, Rules
from feeds.publishing.serving import (
    DOWNLOAD_TYPES,
    File,
    archives,
    asking,
    closed,
    ends,
    in_parts,
    redirects,
    types,
)
from feeds.publishing.site import DOWNLOADS
from feeds.words import WORDS

_REFUSED = "if ($archive_refused) { return 405; }"
_NOT_ALLOWED = f"error_page 405 /{ERRORS}/405$archive_said.html;"
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")


class CannotBeSaid(Exception):
    """A header or an address has characters that have a meaning in nginx's settings."""


def settings(done: Published, found: list[Rules], root: str, upstream: str = "") -> list[File]:
    """Return the settings for files below ``root`` with these headers; with the URL of a live site, what files cannot answer goes there.

    Raises CannotBeSaid.
    """
    if upstream and not _URL.fullmatch(upstream):
        raise CannotBeSaid(f"{upstream!r}: give scheme and host, as in http://127.0.0.1:8000")
    known = ends(done.found)
    return [
        File("nginx-maps.conf", _text(_maps(done, found, upstream))),
        File("nginx-server.conf", _text(_server(done, found, known, root, upstream))),
    ]


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _maps(done: Published, found: list[Rules], upstream: str) -> Iterator[str]:
    yield "# Made by `archive publish`. To be included inside of http { }."
    yield "map_hash_bucket_size 512;"
    yield "map_hash_max_size 65536;"
    yield "# Of what the site knows nothing can be changed, whether anything is there or not."
    known = {rf"~^\S+ {route.removeprefix('^')}": "1" for route in done.routes}
    yield from _map(
        "$request_method $uri", "$archive_refused", {"~^(?:GET|HEAD) ": "", **known}, ""
    )
    yield "# A question that has a file of its own; of the fields of a form one that is filled in."
    one = r"~^(?:[a-z]+=&)*(?<archive_one>[a-z]+=[A-Za-z0-9_.%+~-]+)(?:&[a-z]+=)*$"
    more = r"~^(?<archive_all>[A-Za-z0-9_.%+~=&-]+)$"
    yield "map $args $archive_asked {"
    yield '  default "/@";'
    yield '  "" "";'
    yield r'  "~^(?:[a-z]+=&)*[a-z]+=$" "";'
    yield f'  "{one}" "/@$archive_one";'
    yield f'  "{more}" "/@$archive_all";'
    yield "}"
    for status, name in ((301, "moved"), (302, "found")):
        yield from _map("$uri", f"$archive_{name}", dict(redirects(done, status)), "")
    yield "# From any version of an archive of a feed to the one that stands."
    yield "map $uri $archive_stem {"
    yield '  default "";'
    yield r'  "~^(?<archive_begin>/.*/archive/[0-9]+-)[0-9]+(?<archive_end>\.[a-z]+)$" "$archive_begin*$archive_end";'
    yield "}"
    standing = {addresses.stem(old) or "": new for old, new in archives(done)}
    yield from _map("$archive_stem", "$archive_standing", standing, "")
    yield 'map "$archive_standing $uri" $archive_version {'
    yield '  default "$archive_standing";'
    yield r'  "~^(\S+) \1$" "";'
    yield "}"
    yield "# The language that the reader asks for first; how much more (q) is not weighed."
    first, *others = WORDS
    any_language = "|".join(WORDS)
    yield from _map(
        "$http_accept_language",
        "$archive_language",
        {
            rf"~*^(?:\s*(?!(?:{any_language})\b)[^,]*,)*\s*{language}(?:-[a-z0-9-]+)?"
            r"\s*(?:;\s*q=(?!0(?:\.0{0,3})?\s*(?:,|$))[0-9.]+\s*)?(?:,|$)": language
            for language in others
        },
        first,
    )
    # Where a file was found for a question, the path begins with it.
    said = {rf"~^(?:/@[^/]*)?/{language}(?:/|$)": f".{language}" for language in WORDS}
    yield from _map("$uri", "$archive_said", said, "")
    forms = {rf"~^/@\S* {paths}": "not-here"} if (paths := asking(done)) else {}
    yield from _map("$archive_asked $uri", "$archive_error", {} if upstream else forms, "404")
    if upstream:
        parts = in_parts(done)
        wanted = {rf"~*(?:^|,)\s*feed\s*(?:,.*)? \S+{parts}": "1"} if parts else {}
        yield from _map("$http_a_im $uri", "$archive_part", wanted, "")
        yield from _map("$archive_asked", "$archive_question", {"": ""}, "1")
    for rule in found:
        if not rule.constant:
            yield from _map("$uri", _variable(rule), rule.lines(_said), _said(rule.rest))


def _map(of: str, name: str, lines: Mapping[str, str], rest: str) -> Iterator[str]:
    yield f'map "{of}" {name} {{'
    yield f"  default {_quoted(rest)};"
    for key, value in lines.items():
        yield f'  "{_escaped(key)}" {_quoted(value)};'
    yield "}"


def _server(
    done: Published, found: list[Rules], known: list[str], root: str, upstream: str
) -> Iterator[str]:
    yield "# Made by `archive publish`. To be included inside of server { }, which says where to listen."
    yield f"root {_quoted(root)};"
    yield "merge_slashes off; absolute_redirect off; server_tokens off; autoindex off;"
    yield "charset off; gzip off; gzip_static on; gzip_vary off; etag on; if_modified_since before;"
    yield from _types(types(done))
    yield f"default_type {BYTES};"
    for rule in found:
        yield f"add_header {rule.name} {_quoted(_said(rule.rest)) if rule.constant else _variable(rule)} always;"
    yield f"error_page 404 /{ERRORS}/$archive_error$archive_said.html;"
    yield _NOT_ALLOWED
    if upstream:
        yield "error_page 418 = @live;"
    yield f"location ^~ /{ERRORS}/ {{ internal; etag off; }}"
    yield "location ^~ /@ { internal; }"
    yield f'location ~ "//|{closed(done.found, known)}" {{ {_REFUSED} return 404; }}'
    yield f"location ^~ /{DOWNLOADS}/ {{"
    yield from (f"  {line}" for line in _types(DOWNLOAD_TYPES))
    yield "}"
    for one in done.found:
        if one.status in (410, 451) and one.file:
            yield f"location = {_quoted(one.address)} {{"
            yield f"  {_NOT_ALLOWED}"
            yield f"  error_page {one.status} {_quoted(one.file)};"
            yield f"  {_REFUSED} return {one.status};"
            yield "}"
    tried = " ".join(f"$archive_asked$uri{end}" for end in known)
    plain = " ".join(f"$uri{end}" for end in known)
    yield "location / {"
    yield f"  {_REFUSED}"
    yield "  if ($archive_moved) { return 301 $archive_moved; }"
    yield "  if ($archive_found) { return 302 $archive_found; }"
    yield "  if ($archive_version) { return 302 $archive_version; }"
    if upstream:
        yield "  if ($archive_part) { return 418; }"
    yield f"  try_files {tried} $archive_asked${{uri}}index.html @plain;"
    yield "}"
    yield "location @plain {"
    if upstream:
        yield "  if ($archive_question) { return 418; }"
    else:
        yield "  if ($archive_error != 404) { return 404; }"
    yield f"  try_files {plain} ${{uri}}index.html =404;"
    yield "}"
    if upstream:
        yield f'location @live {{ proxy_pass {upstream}; proxy_http_version 1.1; add_header Via "1.1 files" always; }}'


def _types(ends: Mapping[str, str]) -> Iterator[str]:
    yield "types {"
    yield from (f"  {_quoted(kind)} {end};" for end, kind in sorted(ends.items()))
    yield "}"


def _variable(rule: Rules) -> str:
    return f"$archive_{rule.variable}"


def _quoted(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise CannotBeSaid(f"{text!r} has more than one line")
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _said(text: str) -> str:
    """Return the value of a header with nginx's word for the path."""
    if "$" in text:
        raise CannotBeSaid(f"{text!r} has a $, which nginx would take for a variable")
    return text.replace(PATH, "$uri")
