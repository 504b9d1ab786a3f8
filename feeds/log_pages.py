"""The log over HTTP, for those who check it: checkpoint, tiles, entries, proofs, facts (C2SP tlog-tiles).

What was hashed is immutable and may be kept for ever; what can be erased is never to be stored by anybody.
"""

from __future__ import annotations

import json
import sqlite3

from flask import Flask, Response, abort, request

from feeds import tiles
from feeds.cache import body
from feeds.content_types import BYTES, TEXT
from feeds.delivery import KEEP, KEEP_FOR_EVER, NO_STORE, answer
from feeds.site import Site
from feeds.sql import heads
from feeds.sql.heads import Head

#: A checkpoint is asked for again and again; the newest one must be seen soon.
KEEP_CHECKPOINT = "public, max-age=5"
#: As many events' facts as an entry bundle has entries.
MAX_FACTS = 256


class LogViews:
    """The log of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add_to(self, app: Flask) -> None:
        """Add the routes."""
        number = "<int(max=999999999999):seq>"
        for rule, view in (
            ("/log/checkpoint", self.checkpoint),
            ("/log/vkey", self.vkey),
            ("/log/tile/<path:place>", self.tile),
            (f"/log/proof/{number}", self.proof),
            (f"/log/facts/{number}", self.facts),
            (f"/log/facts/{number}-<int(max=999999999999):last>", self.many_facts),
        ):
            app.add_url_rule(rule, f"log_{view.__name__}", view)

    def checkpoint(self) -> Response:
        """Return the newest signed head of the log."""
        with self._site.library.open() as conn:
            note = _head(conn).note
        return answer(body(note.encode(), TEXT), request, KEEP_CHECKPOINT)

    def vkey(self) -> Response:
        """Return the key that checkpoints are checked with; trust it only if you know it from elsewhere."""
        with self._site.library.open() as conn:
            vkey = _head(conn).vkey
        return answer(body(f"{vkey}\n".encode(), TEXT), request, KEEP)

    def tile(self, place: str) -> Response:
        """Return a tile or a bundle of entries; what is not under the signed head is not there."""
        tile = tiles.parse(place)
        with self._site.library.open() as conn:
            if tile is None or not heads.covers(conn, tile.needs):
                abort(404)
            if tile.level is None:
                content = tiles.bundle(_envelopes(conn, tile))
            else:
                content = b"".join(_hashes(conn, tile.level * tiles.HEIGHT, tile))
        return answer(body(content, BYTES), request, KEEP_FOR_EVER)

    def proof(self, seq: int) -> Response:
        """Return the proof that an event is in the log, to be kept with what it proves."""
        with self._site.library.open() as conn:
            head = _head(conn)
            if seq >= head.size:
                abort(404)

            def node(level: int, idx: int) -> bytes:
                sql = "SELECT hash FROM log_nodes WHERE level = ? AND idx = ?"
                row = conn.execute(sql, (level, idx)).fetchone()
                return bytes.fromhex(row[0]) if row else abort(404)

            text = tiles.proof(seq, tiles.inclusion(seq, head.size, node), head.note)
        return answer(body(text.encode(), TEXT), request, KEEP)

    def facts(self, seq: int) -> Response:
        """Return the disclosures of an event; 451 where they are withheld, 410 where they were erased."""
        with self._site.library.open() as conn:
            rows = _facts(conn, seq, seq)
            acts = _acts(conn, seq)
        if not rows:
            abort(404)
        if rows[0] != "[]" or not acts:
            return _unkept(rows[0])
        act, what, reason = acts[-1]
        withheld = any(kind == "withheld" for _, kind, _ in acts)
        base = self._site.settings.base_url
        response = _unkept(f"E{seq}: {what} by E{act} ({reason})\n", TEXT, 451 if withheld else 410)
        if withheld:
            response.headers.add("Link", f'<{base}/>; rel="blocked-by"')
        response.headers.add("Link", f'<{base}/log/proof/{act}>; rel="describedby"')
        return response

    def many_facts(self, seq: int, last: int) -> Response:
        """Return the disclosures of many events, a list each, for those who check the whole log."""
        if not seq <= last < seq + MAX_FACTS:
            abort(404)
        with self._site.library.open() as conn:
            rows = _facts(conn, seq, last)
        return _unkept(f"[{','.join(rows)}]") if len(rows) == last + 1 - seq else abort(404)


def _unkept(text: str, content_type: str = "application/json", code: int = 200) -> Response:
    response = Response(text, code, content_type=content_type)
    response.headers["Cache-Control"] = NO_STORE
    return response


def _head(conn: sqlite3.Connection) -> Head:
    return heads.newest(conn) or abort(404)


def _envelopes(conn: sqlite3.Connection, tile: tiles.Tile) -> list[bytes]:
    sql = "SELECT envelope FROM log_entries WHERE seq >= ? AND seq < ? ORDER BY seq"
    found = [text.encode() for (text,) in conn.execute(sql, (tile.start, tile.end))]
    return found if len(found) == tile.end - tile.start else abort(404)


def _hashes(conn: sqlite3.Connection, level: int, tile: tiles.Tile) -> list[bytes]:
    sql = "SELECT hash FROM log_nodes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"
    found = [bytes.fromhex(text) for (text,) in conn.execute(sql, (level, tile.start, tile.end))]
    return found if len(found) == tile.end - tile.start else abort(404)


def _facts(conn: sqlite3.Connection, first: int, last: int) -> list[str]:
    sql = "SELECT disclosures FROM log_entries WHERE seq BETWEEN ? AND ? ORDER BY seq"
    return [text for (text,) in conn.execute(sql, (first, last))]


def _acts(conn: sqlite3.Connection, seq: int) -> list[tuple[int, str, str]]:
    """Return number, kind and reason of the acts that still hide something of an event."""
    hiding: dict[str, tuple[int, str, str]] = {}
    sql = "SELECT seq, envelope FROM log_entries WHERE acts_on = ? ORDER BY seq"
    for number, envelope in conn.execute(sql, (seq,)):
        act = json.loads(envelope)
        for digest in act.get("digests", ()):
            if digest in hiding and hiding[digest][1] == "erased":
                continue
            hiding.pop(digest, None)
            if act["act"] != "released":
                hiding[digest] = number, act["act"], act.get("reason", "")
    return sorted(set(hiding.values()))
