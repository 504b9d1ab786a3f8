"""WebSub from end to end: an event is appended, and a subscriber has the feed without having asked again.

`archive serve`, a hub (`tests.hub`) and the subscriber are processes and servers of their own on the loopback.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.server
import os
import queue
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest

from tests.hub import links
from tests.serving import free_ports, get

SECRET = "gair cudd"
ROOT = Path(__file__).parent.parent


class Subscriber:
    """A server that subscribes at the hubs of feeds, verifies that it was meant, and takes what it is sent."""

    def __init__(self) -> None:
        self.verified: queue.Queue[dict[str, str]] = queue.Queue()
        self.got: queue.Queue[tuple[bytes, Any]] = queue.Queue()
        subscriber = self

        class Door(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = urllib.parse.urlsplit(self.path).query
                said = dict(urllib.parse.parse_qsl(asked))
                self._answer(said.get("hub.challenge", "").encode())
                subscriber.verified.put(said)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(b"")
                subscriber.got.put((body, self.headers))

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/taken?x=1"

    def subscribe(self, address: str, topic: str = "") -> dict[str, str]:
        """Ask the hub that a feed names for the feed; return what the hub asks or says about it."""
        with urllib.request.urlopen(address, timeout=10) as response:
            named = links(response.headers.get_all("Link"))
        form = {"hub.mode": "subscribe", "hub.topic": topic or named["self"]}
        more = {"hub.callback": self.url, "hub.secret": SECRET}
        data = urllib.parse.urlencode(form | more).encode()
        with urllib.request.urlopen(named["hub"], data, timeout=10) as response:
            assert response.status == 202
        return self.verified.get(timeout=10)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    made = Subscriber()
    yield made
    made.close()


@contextlib.contextmanager
def process(*words: str, **environment: str) -> Iterator[Callable[[str], str]]:
    """Run a module until the end of the block; yield a way to wait for a line that has a text in it."""
    run = subprocess.Popen(
        [sys.executable, "-m", *words],
        env={**os.environ, **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    output = run.stdout
    thread = threading.Thread(target=lambda: [lines.put(line) for line in output])
    thread.start()

    def said(text: str) -> str:
        deadline = time.monotonic() + 30
        while text not in (line := lines.get(timeout=max(0.01, deadline - time.monotonic()))):
            pass
        return line

    try:
        yield said
    finally:
        run.terminate()
        run.wait(20)
        thread.join()
        output.close()


def test_what_is_appended_is_sent_to_subscribers_and_nothing_is_lost_while_either_is_away(
    aberdulas: Any, subscriber: Subscriber, tmp_path: Path
) -> None:
    port, data_port, hub_port = free_ports(3)
    hub = f"http://127.0.0.1:{hub_port}/"
    site = f"http://127.0.0.1:{port}"
    topic = f"{site}/cy/feeds/topic/libraries.atom"

    def serving() -> Any:
        return process(
            "archive.cli", "serve", "--port", str(port), "--data-port", str(data_port),
            ARCHIVE_HOME=str(aberdulas.folder), ARCHIVE_HUB=hub,
        )  # fmt: skip

    def hubbing() -> Any:
        return process("tests.hub", str(hub_port), str(tmp_path / "hub.db"))

    def develop(name: str) -> int:
        paper = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}
        happened = {"edtf": "2031-04-01", "basis": "stated"}
        return int(aberdulas.record(
            "DevelopmentRecorded", paper, id=f"development/{name}", new=True, what="Shelves were built", kind="other",
            happened=happened, topics=["topic/libraries"],
        ))  # fmt: skip

    def has_come(number: int) -> None:
        """The subscriber gets the feed as it now is, signed, under its own name."""
        body, headers = subscriber.got.get(timeout=20)
        assert body == get(topic)[1]
        assert f":cy/E{number}</id>".encode() in body
        assert links([headers["Link"]]) == {"hub": hub, "self": topic}
        assert headers["Content-Type"] == "application/xml; charset=utf-8"
        mark = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature"] == f"sha256={mark}"
        said = feedparser.parse(body).feed.links
        assert {one.rel: one.href for one in said if one.rel in ("hub", "self")} == {
            "hub": hub,
            "self": topic,
        }

    with hubbing() as hub_said:
        hub_said("ready")
        with serving() as said:
            said("The archive is at")
            assert subscriber.subscribe(topic)["hub.mode"] == "subscribe"
            other = subscriber.subscribe(topic, f"{topic}?utm_source=hub")
            assert other["hub.mode"] == "denied"  # a topic is what the feed calls itself
            has_come(develop("while-both-are-there"))
        missed = develop("while-the-site-is-away")
        with serving() as said:
            said("The archive is at")
            has_come(missed)
            assert subscriber.got.empty()
