"""Drafts -> the log and the tables: judged, appended durably, and folded. All or nothing."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from archive.admitting.admission import Admission, Draft, admit
from archive.admitting.view import LogView
from archive.home import Home
from archive.projector import Progress, catch_up
from archive.store import Store
from archive.trust import signing
from archive.trust.erased import Erased
from events.errors import EventsError, StaleHead
from events.log import SqliteLog

#: For how long a batch is judged anew when others append meanwhile, in seconds: as long as one waits for a lock.
PATIENCE = 10.0


class TextRefused(EventsError):
    """A text is not the one that its source was captured with."""


class Recorded(NamedTuple):
    """What came of a batch: the judgement, and the numbers of the events appended.

    ``unsigned`` says why tables or signed head could not follow: then the events are durable, but nobody
    outside can see or check them yet.
    """

    admission: Admission
    seqs: list[int]
    unsigned: str = ""


def record(
    home: Home,
    drafts: Sequence[Draft],
    texts: Mapping[str, str],
    *,
    dry_run: bool = False,
    anew: bool = False,
    despite: bool = False,
    progress: Progress | None = None,
) -> Recorded:
    """Judge drafts and, unless anything is wrong or ``dry_run``, append them; then fold them.

    ``texts`` are texts at hand, by the SHA-256 (hex) of their bytes; they are kept. ``anew`` records also
    what was recorded before, ``despite`` what was withheld or erased. Raises TextRefused for a text that is of no source, HeadError when the log has
    no signed head, or does not extend it: then nothing is recorded.
    """
    with home.log() as log:
        store = home.tables(log, progress)
        try:
            end = time.monotonic() + PATIENCE
            while True:
                view = LogView(log, store, texts, Erased(home.path))
                admission = admit(drafts, view, anew=anew, despite=despite)
                _check_texts(store, admission, texts)
                if admission.problems or dry_run:
                    return Recorded(admission, [])
                _check_kept(log, store, texts)
                signing.require(home, log)
                try:
                    seqs = (
                        log.append(admission.events, expected=view.size) if admission.events else []
                    )
                except StaleHead:
                    if time.monotonic() > end:
                        raise
                    catch_up(log, store)
                    continue
                return Recorded(admission, seqs, _follow(home, log, store, texts, progress))
        finally:
            store.close()


def _follow(
    home: Home,
    log: SqliteLog,
    store: Store,
    texts: Mapping[str, str],
    progress: Progress | None,
) -> str:
    """Do what follows when something was recorded; return what a person must be told of that.

    It is recorded all the same, whatever fails here: to say that it failed would be wrong.
    """
    done = "recorded"
    try:
        catch_up(log, store, progress)
        done += ", but not signed"
        _keep_texts(log, store, texts)
        return "; ".join(signing.lacking(home, signing.sign(home, log, store)))
    except (EventsError, sqlite3.Error, OSError) as error:
        if done == "recorded":
            done += ", but the tables do not show it"
        return f"{done}: {error}; `archive sign` tries again"


def attach(home: Home, source: str, path: Path) -> int:
    """Keep the private text of a captured source; return its length in code points.

    Raises TextRefused unless the file's SHA-256 is the one the source was captured with.
    """
    sha256, text = read_text(path)
    with home.log() as log:
        store = home.tables(log)
        try:
            held = store.source(source) if source.isascii() else None
        finally:
            store.close()
        if held is None:
            raise TextRefused(
                f"{source[:120]!a} was not captured; `archive log` shows what is recorded"
            )
        chars, expected = held
        if expected is None:
            raise TextRefused(
                f"{source} was captured without a digest: no text can be compared with it"
            )
        if sha256 != expected:
            raise TextRefused(
                f"{path} is not the text of {source}: its SHA-256 is {sha256}, captured was {expected}"
            )
        if len(text) != chars:
            raise TextRefused(f"{path} has {len(text)} characters, captured were {chars}")
        log.attach(source, text)
    return len(text)


def read_text(path: Path) -> tuple[str, str]:
    """Return SHA-256 (hex) of a file's bytes and its text, UTF-8 as it stands."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise TextRefused(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TextRefused(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from None
    if "\0" in text:
        raise TextRefused(f"{path} holds a NUL character: SQLite would cut the text there")
    return hashlib.sha256(data).hexdigest(), text


def _check_texts(store: Store, admission: Admission, texts: Mapping[str, str]) -> None:
    """Refuse a text that belongs to no source: a changed line end must not pass unnoticed."""
    captured = {getattr(event.payload, "sha256", None) for event in admission.events}
    for sha256 in texts:
        if sha256 not in captured and store.source_by_digest(sha256) is None:
            raise TextRefused(
                f"a text given is of no source here: its SHA-256 is {sha256}, which no capture names"
            )


def _check_kept(log: SqliteLog, store: Store, texts: Mapping[str, str]) -> None:
    """Refuse a text that was erased, before anything is recorded with it."""
    for sha256 in texts:
        source = store.source_by_digest(sha256)
        if source is not None and (act := log.text_erased(source)):
            raise TextRefused(f"the text of {source} was erased by E{act.seq}: leave it out")


def _keep_texts(log: SqliteLog, store: Store, texts: Mapping[str, str]) -> None:
    for sha256, text in texts.items():
        source = store.source_by_digest(sha256)
        if source is not None:
            log.attach(source, text)
