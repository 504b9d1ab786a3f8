"""The settings with which Caddy (2.6 or later) answers from the files as the site itself does. Pure.

To be imported inside of a site block. Where nginx makes an ETag for each encoding, older Caddys have one for both,
and tell them apart by Vary.
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

_NAME = "Caddyfile"


def settings(done: Published, found: list[Rules], root: str, upstream: str = "") -> list[File]:
    """Return the settings for files below ``root`` with these headers; with the URL of a live site, what files cannot answer goes there."""
    lines = [*_maps(done, found), *_route(done, found, root, upstream), *_errors(found)]
    return [File(_NAME, "".join(f"{line}\n" for line in lines))]


def _maps(done: Published, found: list[Rules]) -> Iterator[str]:
    yield "# Made by `archive publish`. To be imported inside of a site block."
    yield from _map(
        "{query}",
        "asked",
        {
            "~^$": "",
            "~^(?:[a-z]+=&)*[a-z]+=$": "",
            "~^(?:[a-z]+=&)*([a-z]+=[A-Za-z0-9_.%+~-]+)(?:&[a-z]+=)*$": "/@${1}",
            "~^([A-Za-z0-9_.%+~=&-]+)$": "/@${1}",
        },
        "/@",
    )
    for status in (301, 302):
        lines = {
            key: value.replace("$archive_language", "{archive_language}")
            for key, value in redirects(done, status)
        }
        yield from _map("{path}", f"to_{status}", lines, "")
    yield from _map("{path}", "to_version", dict(_versions(done)), "")
    yield from _map("{path}", "route", {f"~{route}": "1" for route in done.routes}, "")
    first, *others = WORDS
    # Go's regular expressions cannot look ahead: what comes before is spelled out, and so is q=0.
    before = rf"^(?:\s*(?:[^{''.join(sorted({one[0] for one in WORDS}))},\s][^,]*)?,)*\s*"
    wanted = {
        f"~(?i){before}{one}(?:-[a-z0-9-]+)?"
        r"\s*(?:;\s*q=(?:1|1\.0*|0?\.0*[1-9][0-9]*)\s*)?(?:,|$)": one
        for one in others
    }
    yield from _map("{header.Accept-Language}", "language", wanted, first)
    yield from _map(
        "{vars.archive_file}",
        "type",
        {f"~^/{DOWNLOADS}/.*\\.{end}$": kind for end, kind in DOWNLOAD_TYPES.items()}
        | {f"~\\.{end}$": kind for end, kind in sorted(types(done).items())},
        BYTES,
    )
    for rule in found:
        if not rule.constant:
            yield from _map(
                "{vars.archive_file}",
                rule.variable,
                rule.lines(_said),
                _said(rule.rest),
            )


def _versions(done: Published) -> Iterator[tuple[str, str]]:
    for old, new in archives(done):
        begin, _, end = (addresses.stem(old) or "").partition("*")
        yield new, ""
        yield f"~^{re.escape(begin)}[0-9]+{re.escape(end)}$", new


def _map(of: str, name: str, lines: Mapping[str, str], rest: str) -> Iterator[str]:
    yield f"map {of} {{archive_{name}}} {{"
    yield from (f"  {_quoted(key)} {_quoted(value)}" for key, value in lines.items())
    yield f"  default {_quoted(rest)}"
    yield "}"


def _route(done: Published, found: list[Rules], root: str, upstream: str) -> Iterator[str]:
    known = [end for end in ends(done.found) if end]
    tried = " ".join(["{path}", *(f"{{path}}{end}" for end in known), "{path}index.html"])
    yield "route {"
    for line in (
        "vars archive_file {path}",
        *_known(),
        *_redirected(found),
        *_refused(done, known),
        *_passed_on(done, upstream),
        *_asked(root, tried),
        *_question(done, upstream),
        *_plain(root, tried),
        *_sent(found, root),
    ):
        yield f"  {line}"
    yield "}"
    yield f"root * {_quoted(root)}"


def _known() -> Iterator[str]:
    """Yield what answers who wants to change something that the site knows, whether anything is there or not."""
    yield "@write not method GET HEAD"
    yield "@refused {"
    yield "  not method GET HEAD"
    yield '  expression `{archive_route} != ""`'
    yield "}"
    yield "error @refused 405"


def _redirected(found: list[Rules]) -> Iterator[str]:
    for status, name in ((301, "301"), (302, "302"), (302, "version")):
        yield f'@to_{name} expression `{{archive_to_{name}}} != ""`'
        yield f"handle @to_{name} {{"
        yield from (f"  {line}" for line in _headers(found, f"to_{name}"))
        yield f"  redir {{archive_to_{name}}} {status}"
        yield "}"


def _refused(done: Published, known: list[str]) -> Iterator[str]:
    """Yield what answers where something is gone, and where the name of a file is no address."""
    gone = [one for one in done.found if one.status in (410, 451)]
    for one in gone:
        yield f"error {one.address} {one.status}"
    yield "@closed {"
    yield f"  path_regexp ^/(?:{ERRORS}|@[^/]*)/|{closed(done.found, known)}"
    yield f"  not path /{DOWNLOADS}/*"
    yield "}"
    yield "error @closed 404"
    yield "@double vars_regexp double {http.request.orig_uri.path} //"  # path_regexp sees one slash for two
    yield "error @double 404"


def _passed_on(done: Published, upstream: str) -> Iterator[str]:
    """Yield what passes on who wants only what changed."""
    if upstream and (parts := in_parts(done)):
        yield "@part {"
        yield "  header_regexp A-IM (?i)(?:^|,)\\s*feed\\s*(?:,|$)"
        yield f"  path_regexp {parts}"
        yield "}"
        yield f"reverse_proxy @part {upstream}"


def _asked(root: str, tried: str) -> Iterator[str]:
    """Yield what finds the file of an address with a question."""
    yield "vars archive_folder none"
    yield "@asked {"
    yield '  expression `{archive_asked} != ""`'
    yield "  file {"
    yield f"    root {_quoted(root + '{archive_asked}')}"
    yield f"    try_files {tried}"
    yield "  }"
    yield "}"
    yield "vars @asked {"
    yield "  archive_folder {archive_asked}"
    yield "  archive_name {http.matchers.file.relative}"
    yield "  archive_file {archive_asked}{http.matchers.file.relative}"
    yield "}"


def _question(done: Published, upstream: str) -> Iterator[str]:
    """Yield what does with a question that has no file."""
    paths = asking(done)
    if upstream or paths:
        yield "@question {"
        yield "  vars archive_folder none"
        yield '  expression `{archive_asked} != ""`'
        if not upstream:
            yield f"  path_regexp ^{paths}"
        yield "}"
        yield (
            f"reverse_proxy @question {upstream}" if upstream else 'error @question "not-here" 404'
        )


def _plain(root: str, tried: str) -> Iterator[str]:
    """Yield what finds the file of an address without its question."""
    yield "@plain {"
    yield "  vars archive_folder none"
    yield "  file {"
    yield f"    root {_quoted(root)}"
    yield f"    try_files {tried}"
    yield "  }"
    yield "}"
    yield "vars @plain {"
    yield '  archive_folder ""'
    yield "  archive_name {http.matchers.file.relative}"
    yield "  archive_file {http.matchers.file.relative}"
    yield "}"
    yield "@nothing vars archive_folder none"
    yield "error @nothing 404"
    yield "error @write 405"


def _sent(found: list[Rules], root: str) -> Iterator[str]:
    """Yield what sends the file that was found."""
    yield from _headers(found, "file")
    yield "header Content-Type {archive_type}"
    yield f"root * {_quoted(root + '{vars.archive_folder}')}"
    yield "rewrite * {vars.archive_name}"
    yield "file_server {"
    yield "  index off"
    yield "  precompressed gzip"
    yield "}"


def _errors(found: list[Rules]) -> Iterator[str]:
    yield "handle_errors {"
    yield "  route {"
    yield '    vars archive_said ""'
    for language in WORDS:
        yield f"    @said_{language} path_regexp ^/{language}(?:/|$)"
        yield f"    vars @said_{language} archive_said .{language}"
    yield "    vars archive_file /-/{err.status_code}{vars.archive_said}.html"
    yield '    @not_here expression `{err.message} == "not-here"`'
    yield "    vars @not_here archive_file /-/not-here{vars.archive_said}.html"
    yield "    @gone expression `{err.status_code} in [410, 451]`"
    yield "    vars @gone archive_file /-/{err.status_code}{path}.txt"
    yield "    @gone_page {"
    yield "      expression `{err.status_code} in [410, 451]`"
    yield f"      path_regexp ^/(?:{'|'.join(WORDS)})/"
    yield "    }"
    yield "    vars @gone_page archive_file /-/{err.status_code}{path}.html"
    yield from (f"    {line}" for line in _headers(found, "error"))
    yield "    header Content-Type {archive_type}"
    yield "    rewrite * {vars.archive_file}"
    yield "    file_server {"
    yield "      status {err.status_code}"
    yield "    }"
    yield "  }"
    yield "}"


def _headers(found: Iterable[Rules], where: str) -> Iterator[str]:
    """Yield what sends the headers of a file; one without a value is not sent."""
    yield "header -Server"
    for rule in found:
        if rule.constant:
            yield f"header {rule.name} {_quoted(_said(rule.rest))}"
        else:
            matcher = f"@{where}_{rule.variable}"
            yield f'{matcher} expression `{{archive_{rule.variable}}} != ""`'
            yield f"header {matcher} {{"
            yield f"  {rule.name} {{archive_{rule.variable}}}"
            yield "  defer"  # the file server has a Vary of its own
            yield "}"


def _said(text: str) -> str:
    """Return the value of a header with Caddy's word for the path."""
    return text.replace(PATH, "{vars.archive_file}")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
