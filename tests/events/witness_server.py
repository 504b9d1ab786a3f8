"""A reference witness for tests: C2SP tlog-witness over real HTTP, one row a log in SQLite.

Growth 200, another size 409, an inconsistent tree 422, an unknown log 404, an unknown key 403, nonsense 400.
"""

from __future__ import annotations

import contextlib
import http.server
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from events import merkle
from events.checkpoint import (
    Checkpoint,
    VerifierKey,
    cosign,
    number,
    open_note,
    sha256,
    take_apart,
    verifier_key,
)
from events.errors import CodecError
from events.witness import Witness

SEEN = "CREATE TABLE IF NOT EXISTS seen(origin TEXT PRIMARY KEY, size INTEGER, root BLOB) STRICT"
EMPTY = merkle.root(0, lambda *_: b"")
Reply = tuple[int, str]


class ReferenceWitness:
    """What a witness keeps and decides; ``logs`` are the logs it knows, by origin."""

    def __init__(
        self,
        path: Path,
        name: str,
        key: Ed25519PrivateKey,
        logs: Mapping[str, VerifierKey],
        clock: Callable[[], int],
    ) -> None:
        self.path, self.name, self.secret, self.logs, self.clock = path, name, key, logs, clock
        self.key = verifier_key(name, key, witness=True)
        self.requests: list[bytes] = []
        with self._db() as db:
            db.execute(SEEN)

    @contextlib.contextmanager
    def _db(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None, timeout=30)) as db:
            yield db

    def seen(self, origin: str) -> tuple[int, bytes]:
        """Return the size and root cosigned last for a log."""
        with self._db() as db:
            row = db.execute("SELECT size, root FROM seen WHERE origin = ?", (origin,)).fetchone()
        return row or (0, EMPTY)

    def add_checkpoint(self, body: bytes) -> Reply:
        """Answer one request with a status and a body."""
        self.requests.append(body)
        try:
            head, _, note = body.decode().partition("\n\n")
            first, *lines = head.split("\n")
            if not first.startswith("old ") or len(lines) > 63:
                return 400, ""
            old, proof = number(first.removeprefix("old ")), [sha256(line) for line in lines]
            text, _ = take_apart(note)
            new = Checkpoint.parse(text)
        except (CodecError, UnicodeDecodeError):
            return 400, ""
        if new.origin not in self.logs:
            return 404, ""
        try:
            open_note(note, [self.logs[new.origin]])
        except CodecError:
            return 403, ""
        if old > new.size:
            return 400, ""
        return self._cosigned(text, old, new, proof)

    def _cosigned(self, text: str, old: int, new: Checkpoint, proof: list[bytes]) -> Reply:
        with self._db() as db:
            # Check and record are one step, or of two racing heads the smaller could roll us back.
            db.execute("BEGIN IMMEDIATE")
            try:
                sql = "SELECT size, root FROM seen WHERE origin = ?"
                size, root = db.execute(sql, (new.origin,)).fetchone() or (0, EMPTY)
                if old != size or (size == new.size and root != new.root):
                    return 409, f"{size}\n"
                if size == 0:
                    fine = not proof and (new.size > 0 or new.root == EMPTY)
                else:
                    fine = merkle.verify_consistency(size, root, new.size, new.root, proof)
                if not fine:
                    return 422, ""
                row = (new.origin, new.size, new.root)
                db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", row)
            finally:
                db.execute("COMMIT")
        return 200, cosign(text, self.name, self.secret, self.clock())


class Handler(http.server.BaseHTTPRequestHandler):
    """``POST /w/add-checkpoint``."""

    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        known = self.path == "/w/add-checkpoint"
        status, text = self.server.witness.add_checkpoint(body) if known else (404, "")
        self.send_response(status)
        kind = "text/x.tlog.size" if status == 409 else "text/plain; charset=utf-8"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """The witness on a free port of this machine."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, witness: ReferenceWitness) -> None:
        self.witness = witness
        super().__init__(("127.0.0.1", 0), Handler)


@contextlib.contextmanager
def serving(witness: ReferenceWitness) -> Iterator[Witness]:
    """Serve a witness while the block runs; yield it as a log's configuration names it."""
    with Server(witness) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield Witness(f"http://127.0.0.1:{server.server_port}/w", witness.key)
        finally:
            server.shutdown()
            thread.join()
