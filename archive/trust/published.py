"""The log as an outsider finds it: on a site, in archive.db, in a home, in an export. Nothing here is trusted."""

from __future__ import annotations

import contextlib
import http.client
import json
import sqlite3
import struct
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from archive.home import Home
from archive.keeping.export import beside
from archive.trust import stamping
from events import tiles, transfer
from events.audit import Entry
from events.checkpoint import MAX_NOTE, Checkpoint, VerifierKey
from events.codec import strict_json
from events.errors import CodecError, EventsError
from events.head import HEAD
from events.log import SqliteLog
from events.tiles import ENTRIES, Fetch, Tile

#: Seconds to wait for an answer, and the most that is read of one (an entry bundle has 16.8 MB at most).
TIMEOUT, MAX_ANSWER = 30.0, 100_000_000


class CannotVerify(EventsError):
    """There is nothing that could be verified: a wrong address, no network, no such file."""


class NotServed(EventsError):
    """A part that must be there is not."""


class Published(Protocol):
    """A log that somebody shows."""

    #: What it is called in findings, and whether its disclosures are all meant for the public.
    name: str
    public: bool
    #: Fetches tiles of the tree of the signed head; None where only entries are shown.
    tiles: Fetch | None

    def note(self) -> str | None:
        """Return its signed head, None where there is none."""

    def vkey(self) -> VerifierKey | None:
        """Return the key that it says is its own."""

    def claim(self) -> Checkpoint | None:
        """Return what it says of itself without a signature."""

    def stamp(self) -> Path | None:
        """Return the file of its newest RFC 3161 timestamp, with the checkpoint it is of beside it."""

    def entries(self, size: int | None) -> Iterator[Entry]:
        """Yield the first ``size`` entries (all of them, where there may be more); the same every time."""

    def close(self) -> None:
        """Let go of files."""


class Site:
    """A log over HTTP. What was fetched is kept until the end: what is judged twice must be the same."""

    public = True

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CannotVerify(f"{url} is no address of a site: give it as https://archive.example")
        base = url.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0].rstrip("/")
        self.name = base
        self._base = base if base.endswith("/log") else f"{base}/log"
        self.tiles: Fetch | None = self._fetch
        self._spool: Any = None

    def note(self) -> str | None:
        body = self._get("checkpoint", MAX_NOTE)
        return None if body is None else body.decode("utf-8", "replace")

    def vkey(self) -> VerifierKey | None:
        body = self._get("vkey", MAX_NOTE)
        return None if body is None else VerifierKey.parse(body.decode("utf-8", "replace").strip())

    def claim(self) -> Checkpoint | None:
        return None

    def stamp(self) -> Path | None:
        return None

    def entries(self, size: int | None) -> Iterator[Entry]:
        if self._spool is None:
            spool = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
            try:
                for tile in tiles.row(ENTRIES, size or 0):
                    bundle = tiles.bundle(self._fetch(tile.path()), tile)
                    for envelope, facts in zip(bundle, self._facts(tile), strict=True):
                        spool.write(
                            struct.pack(">II", len(envelope), len(facts)) + envelope + facts
                        )
            except BaseException:
                spool.close()
                raise
            self._spool = spool
        self._spool.seek(0)
        for seq in range(size or 0):
            long, wide = struct.unpack(">II", self._spool.read(8))
            envelope = self._spool.read(long)
            yield seq, envelope, json.loads(self._spool.read(wide))

    def close(self) -> None:
        if self._spool is not None:
            self._spool.close()

    def _facts(self, tile: Tile) -> list[bytes]:
        """Return the disclosures of the entries of a bundle, as JSON each."""
        first, last = tile.start, tile.start + tile.width - 1
        body = self._get(f"facts/{first}-{last}")
        if body is not None:
            lists = _json(body, f"facts/{first}-{last}")
        else:  # a mirror may only have them one by one
            answers = (self._get(f"facts/{seq}") for seq in range(first, last + 1))
            lists = [[] if one is None else _json(one, "facts") for one in answers]
        if not isinstance(lists, list) or len(lists) != tile.width:
            raise CodecError(f"facts/{first}-{last} are not {tile.width} lists of disclosures")
        return [json.dumps(_disclosures(one, first + at)).encode() for at, one in enumerate(lists)]

    def _fetch(self, path: str) -> bytes:
        body = self._get(path)
        if body is None:
            raise NotServed(f"{path} is not served, though the signed head covers it")
        return body

    def _get(self, path: str, most: int = MAX_ANSWER) -> bytes | None:
        """Return what is served at a path; None where there is nothing (any more)."""
        url = f"{self._base}/{path}"
        message = urllib.request.Request(url, headers={"User-Agent": "powys-archive"})  # noqa: S310
        try:
            with urllib.request.urlopen(message, timeout=TIMEOUT) as answer:  # noqa: S310
                body: bytes = answer.read(most + 1)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410, 451):
                return None
            raise CannotVerify(f"{url} answered with HTTP status {error.code}") from None
        except (OSError, http.client.HTTPException) as error:
            raise CannotVerify(f"{url} cannot be fetched: {error}") from None
        if len(body) > most:
            raise CodecError(f"{path} has more than {most} bytes")
        return body


class Tables:
    """A published archive.db: the very file that anybody can download, in one state of it."""

    public = True

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._folder = path.parent
        uri = f"{path.absolute().as_uri()}?mode=ro"
        self._db = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None)
        self.tiles: Fetch | None = self._tile
        try:
            self._db.execute("BEGIN")
            self._row("SELECT count(*) FROM log_entries")
        except CodecError:
            self._db.close()
            raise CannotVerify(f"{path} is no archive.db with a public log in it") from None

    def note(self) -> str | None:
        row = self._row("SELECT note FROM checkpoints ORDER BY size DESC")
        return str(row[0]) if row else None

    def vkey(self) -> VerifierKey | None:
        row = self._row("SELECT vkey FROM checkpoints ORDER BY size DESC")
        return VerifierKey.parse(str(row[0])) if row else None

    def claim(self) -> Checkpoint | None:
        return None

    def stamp(self) -> Path | None:
        return stamping.newest(self._folder / stamping.STAMPS)

    def entries(self, size: int | None) -> Iterator[Entry]:
        del size  # all of them: an act may be newer than the signed head
        cursor = self._db.execute("SELECT seq, envelope, disclosures FROM log_entries ORDER BY seq")
        try:
            for seq, envelope, body in cursor:
                yield seq, str(envelope).encode(), _disclosures(_json(body, f"E{seq}"), seq)
        except sqlite3.Error as error:
            raise CodecError(f"{self.name} cannot be read: {error}") from None

    def close(self) -> None:
        self._db.close()

    def _tile(self, path: str) -> bytes:
        return tiles.serve(path, 2**62, self._node, lambda _first, _end: ())

    def _node(self, level: int, idx: int) -> bytes:
        row = self._row("SELECT hash FROM log_nodes WHERE level = ? AND idx = ?", level, idx)
        try:
            return bytes.fromhex(row[0]) if row else b""
        except (ValueError, TypeError):
            raise CodecError(f"node {level}/{idx} of the tree is no hash") from None

    def _row(self, sql: str, *values: object) -> Any:
        try:
            return self._db.execute(sql, values).fetchone()
        except sqlite3.Error as error:
            raise CodecError(f"{self.name} cannot be read: {error}") from None


class Private:
    """The log of a home itself, with what is withheld."""

    public = False

    def __init__(self, home: Home) -> None:
        self.name = home.log_path.name
        self._home = home
        self._log = SqliteLog(home.log_path)
        self.tiles: Fetch | None = self._tile

    def note(self) -> str | None:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (self._home.path / HEAD).read_text(encoding="utf-8")
        return None

    def vkey(self) -> VerifierKey | None:
        signed = self._home.signed()
        return VerifierKey.parse(signed.vkey) if signed else None

    def claim(self) -> Checkpoint | None:
        return None

    def stamp(self) -> Path | None:
        return stamping.newest(self._home.path / stamping.STAMPS)

    def entries(self, size: int | None) -> Iterator[Entry]:
        del size
        return self._log.entries()

    def close(self) -> None:
        self._log.close()

    def _tile(self, path: str) -> bytes:
        return tiles.serve(path, self._log.size, self._log.node, lambda _first, _end: ())


class Lines:
    """An export: JSON Lines, with the checkpoint beside it, and the key that it says is the log's."""

    public = True
    tiles: Fetch | None = None

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._note, self._key = beside(path)

    def note(self) -> str | None:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return self._note.read_text(encoding="utf-8")
        return None

    def vkey(self) -> VerifierKey | None:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return VerifierKey.parse(self._key.read_text(encoding="utf-8").strip())
        return None

    def claim(self) -> Checkpoint | None:
        with self._open() as file:
            entries = transfer.Entries(file)
            size = sum(1 for _ in entries)
            return Checkpoint(f"the last line of {self.name}", size, entries.root())

    def stamp(self) -> Path | None:
        return stamping.newest(self._path.parent / stamping.STAMPS)

    def entries(self, size: int | None) -> Iterator[Entry]:
        del size
        with self._open() as file:
            for seq, (envelope, disclosures) in enumerate(transfer.Entries(file)):
                yield seq, envelope, disclosures

    def close(self) -> None:
        """Nothing is kept open."""

    def _open(self) -> Any:
        return self._path.open(encoding="ascii", errors="replace", newline="\n")


def _json(body: bytes | str, what: str) -> Any:
    try:
        return strict_json(body, max_bytes=MAX_ANSWER)
    except CodecError as error:
        raise CodecError(f"{what}: {error}") from None


def _disclosures(found: Any, seq: int) -> list[str]:
    if isinstance(found, list) and all(isinstance(text, str) for text in found):
        return found
    raise CodecError(f"E{seq}: its disclosures are no list of texts")
