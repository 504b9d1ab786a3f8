"""A small WebSub hub for tests, as a process of its own: ``python -m tests.hub PORT FILE``.

It does what the W3C Recommendation of 23 January 2018 demands of hubs: it takes subscriptions (section 5.1), denies those
to what does not name this hub and itself (5.2), verifies the intent (5.3), and passes on, signed, what publishers
say is new (7 and 7.1). Subscriptions are kept in FILE, an SQLite database, and outlive the process.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.server
import queue
import re
import secrets
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping

LEASE = 864_000
ATTEMPTS = 3
TABLE = """CREATE TABLE IF NOT EXISTS subscriptions(
  topic TEXT, callback TEXT, secret TEXT, until REAL, sent BLOB, PRIMARY KEY(topic, callback)) STRICT"""


def links(values: list[str]) -> dict[str, str]:
    """Return the targets of Link headers by relation (RFC 8288, as far as publishers need it)."""
    found = re.findall(r'<([^>]*)>\s*;\s*rel="?([\w-]+)"?', ", ".join(values))
    return {rel: target for target, rel in found}


def ask(
    url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes, Mapping[str, list[str]]]:
    """Return status, body and headers of an answer, also of an error."""
    request = urllib.request.Request(url, data, dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), _all(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), _all(error)


def _all(answer: object) -> dict[str, list[str]]:
    headers = answer.headers  # type: ignore[attr-defined]
    return {name.lower(): headers.get_all(name) for name in headers}


class Hub:
    """What a hub knows and does; what takes time is done one after the other, by a thread."""

    def __init__(self, url: str, file: str) -> None:
        self.url = url
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute(TABLE)
        self._jobs: queue.Queue[Callable[[], None]] = queue.Queue()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            with contextlib.suppress(OSError):  # whoever cannot be reached is asked next time
                job()

    def take(self, form: Mapping[str, str]) -> int:
        """Take a request; return the status of the answer."""
        match form.get("hub.mode"):
            case "publish" if form.get("hub.url"):
                self._jobs.put(lambda: self._distribute(form["hub.url"]))
                return 204
            case "subscribe" | "unsubscribe" if form.get("hub.callback") and form.get("hub.topic"):
                if len(form.get("hub.secret", "").encode()) >= 200:
                    return 400
                self._jobs.put(lambda: self._verify(form))
                return 202
        return 400

    def _verify(self, form: Mapping[str, str]) -> None:
        mode, topic, callback = (form[f"hub.{name}"] for name in ("mode", "topic", "callback"))
        _, body, headers = ask(topic)
        named = links(headers.get("link", []))
        if mode == "subscribe" and (named.get("hub"), named.get("self")) != (self.url, topic):
            reason = f"it names {named.get('hub')} as its hub, and itself {named.get('self')}"
            self._call(callback, {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason})
            return
        challenge = secrets.token_urlsafe(24)
        said = {"hub.mode": mode, "hub.topic": topic, "hub.challenge": challenge}
        lease = int(form.get("hub.lease_seconds") or LEASE)
        status, echo, _ = self._call(
            callback, said | ({"hub.lease_seconds": str(lease)} if mode == "subscribe" else {})
        )
        if status // 100 != 2 or echo != challenge.encode():
            return
        self._db.execute(
            "DELETE FROM subscriptions WHERE topic = ? AND callback = ?", (topic, callback)
        )
        if mode == "subscribe":
            self._db.execute(
                "INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?)",
                (topic, callback, form.get("hub.secret"), time.time() + lease, body),
            )

    @staticmethod
    def _call(callback: str, said: Mapping[str, str]) -> tuple[int, bytes, Mapping[str, list[str]]]:
        mark = "&" if "?" in callback else "?"
        return ask(f"{callback}{mark}{urllib.parse.urlencode(said)}")

    def _distribute(self, topic: str) -> None:
        wanted = self._db.execute(
            "SELECT callback, secret, sent FROM subscriptions WHERE topic = ? AND until > ?",
            (topic, time.time()),
        ).fetchall()
        if not wanted:
            return
        status, body, headers = ask(topic)
        if status != 200:
            return
        for callback, secret, sent in wanted:
            if sent == body:
                continue
            sending = {
                "Content-Type": headers["content-type"][0],
                "Link": f'<{self.url}>; rel="hub", <{topic}>; rel="self"',
            }
            if secret:
                digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
                sending["X-Hub-Signature"] = f"sha256={digest}"
            self._send(topic, callback, body, sending)

    def _send(self, topic: str, callback: str, body: bytes, headers: Mapping[str, str]) -> None:
        for attempt in range(ATTEMPTS):
            with contextlib.suppress(OSError):
                status, _, _ = ask(callback, body, headers)
                if status == 410:
                    self._db.execute("DELETE FROM subscriptions WHERE callback = ?", (callback,))
                    return
                if status // 100 == 2:
                    self._db.execute(
                        "UPDATE subscriptions SET sent = ? WHERE topic = ? AND callback = ?",
                        (body, topic, callback),
                    )
                    return
            time.sleep(0.2 * 2**attempt)


def main(port: int, file: str) -> None:
    hub = Hub(f"http://127.0.0.1:{port}/", file)

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            form = dict(urllib.parse.parse_qsl(self.rfile.read(size).decode()))
            self.send_response(hub.take(form))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Door)
    print("ready", flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
