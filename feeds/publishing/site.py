"""All of a site as files in a folder, and what is remembered of them for the next time."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import feeds
from feeds.publishing import manifest
from feeds.publishing.asking import Asked
from feeds.publishing.crawl import Crawl, Progress, Published
from feeds.publishing.files import Files
from feeds.publishing.manifest import Manifest
from feeds.settings import Settings

#: The folder of a publication that is served; what is in it is public, and nothing beside it.
SITE = "site"
#: Below it, what was put there before: files that belong to no page.
DOWNLOADS = "download"
#: What makes the bytes of pages and feeds besides our code.
_LIBRARIES = "feedgen flask icalendar jinja2 lxml markupsafe werkzeug".split()


def publish(
    settings: Settings,
    folder: Path,
    before: Path | None,
    *,
    now: int,
    progress: Progress,
    anew: bool = False,
) -> Published:
    """Write a site into ``folder``/site and a manifest beside it; ``before`` is the folder of the last publication.

    The tables that the settings name must not change meanwhile. ``now`` is the time in seconds; ``anew`` takes no
    answer over. Raises CannotPublish where an answer is an error of the site, Unavailable where the tables cannot
    be read, OSError.
    """
    old = manifest.read(before) if before else Manifest()
    with (
        contextlib.closing(Asked(settings.archive_db)) as asked,
        Files(folder / SITE, before / SITE if before else None, old.files, now=now) as files,
    ):
        crawl = Crawl(settings, asked, Manifest() if anew else old, files, code(settings))
        for path in sorted((folder / SITE / DOWNLOADS).rglob("*")):
            if path.is_file():
                files.adopt(f"/{path.relative_to(folder / SITE).as_posix()}", crawl.changed)
        crawl.all(progress)
        crawl.errors()
        done = crawl.done()
    made = crawl.memory.manifest
    made.files = dict(sorted(files.kept.items()))
    manifest.write(folder, made)
    return done._replace(written=files.written)


def code(settings: Settings) -> bytes:
    """Return the digest of all that answers depend on besides the tables: our code, libraries, settings."""
    digest = hashlib.sha256(sys.version.encode() + sqlite3.sqlite_version.encode())
    for name in _LIBRARIES:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    root = Path(feeds.__file__).parent
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root)} {len(content)}\n".encode())
            digest.update(content)
    digest.update(repr(replace(settings, archive_db=Path())).encode())
    return digest.digest()
