"""The whole way of a fact, as its users go it: from a batch file to Datasette and the feeds.

Real processes throughout: the command line, `archive serve`, HTTP. The article and its people are invented.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest

ARTICLE = (
    "Aberdulas Council will open its second library in June 2031, the librarian Nia Pryse told the "
    "council on Tuesday, March 4. “We are ready,” she said."
)
BATCH = f"""
source: source/aberdulas-post-2031-03-05
events:
  - {{type: EntityRecorded, id: org/aberdulas-post, new: true, kind: organisation, name: Aberdulas Post}}
  - type: SourceCaptured
    id: source/aberdulas-post-2031-03-05
    new: true
    kind: news
    publisher: org/aberdulas-post
    lang: en
    captured_at: 2031-03-06
    body_access: restricted
    sha256: {hashlib.sha256(ARTICLE.encode()).hexdigest()}
    chars: {len(ARTICLE)}
    title: A second library for Aberdulas
    url: https://post.example/second-library
    published: {{edtf: 2031-03-05, basis: stated}}
  - {{type: EntityRecorded, id: org/aberdulas-council, new: true, kind: organisation, name: Aberdulas Council}}
  - type: DevelopmentRecorded
    id: development/second-library
    new: true
    what: The council is to open a second library in Tŷ Mawr
    kind: set-up
    happened: {{edtf: 2031-06, text: in June 2031, basis: stated}}
    participants: [{{entity: org/aberdulas-council, role: founder}}]
    evidence:
      - {{words: in June 2031, supports: [/happened]}}
"""


class Story:
    """An archive that is being served, and what its users do with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "ARCHIVE_HOME": str(folder / "home")}
        self.site, self.data = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def archive(self, *words: str, exit_code: int = 0) -> str:
        """Run the command line as an archivist would."""
        done = subprocess.run(
            [sys.executable, "-m", "archive.cli", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done.stdout

    def serve(self) -> None:
        """Start `archive serve` and wait until both servers answer."""
        ports = ["--port", str(self.site), "--data-port", str(self.data)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "archive.cli", "serve", *ports], env=self.environment
        )
        until(lambda: self.page("/en/") and self.sql("select 1 as one"), seconds=60)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=20) == 0

    def page(self, path: str) -> str:
        return get(f"http://127.0.0.1:{self.site}{path}")

    def sql(self, sql: str) -> list[dict[str, Any]]:
        """Ask Datasette as a researcher's script would."""
        query = urllib.parse.urlencode({"sql": sql, "_shape": "array"})
        return list(json.loads(get(f"http://127.0.0.1:{self.data}/archive.json?{query}")))

    def feed(self, name: str) -> list[Any]:
        """Return a feed's entries as a newsreader understands them."""
        return list(feedparser.parse(self.page(f"/en/feeds/{name}")).entries)


def test_a_fact_is_recorded_corrected_and_withdrawn(tmp_path: Path, story: Story) -> None:
    (tmp_path / "article.txt").write_text(ARTICLE, encoding="utf-8")
    (tmp_path / "batch.yaml").write_text(BATCH, encoding="utf-8")
    story.archive("init")
    size = story.archive("log").count("\n")
    story.serve()

    # An archivist appends a new article's batch: the dry run tells, and changes nothing.
    words = ["append", str(tmp_path / "batch.yaml"), "--text", str(tmp_path / "article.txt")]
    assert "4 events would be recorded" in story.archive(*words, "--dry-run")
    assert story.archive("log").count("\n") == size
    appended = time.monotonic()
    assert "4 events recorded" in story.archive(*words)
    fact = f"E{size + 3}"

    # It is in `archive show`, in Datasette's JSON within two seconds, and at the top of the feed.
    assert "in June 2031" in story.archive("show", "development/second-library")
    what = "select what from developments where id = 'development/second-library'"
    until(lambda: story.sql(what), seconds=2, since=appended)
    first = until(lambda: entry(story.feed("all.atom"), fact), seconds=5)
    assert story.feed("all.atom")[0].id == first.id
    assert "second library in Tŷ Mawr" in first.title
    assert entry(story.feed("developments.rss"), fact)
    assert entry(story.feed("corrections.atom"), fact) is None

    # It is corrected: table and feed entry change in place, and the correction is news of its own.
    note = "The paper names the wrong house"
    new = "The council is to open a second library in Tŷ Bach"
    story.archive("amend", fact, "/what", new, "--reason", "source-error", "--note", note)
    correction = f"E{size + 4}"
    until(lambda: story.sql(what) == [{"what": new}], seconds=5)
    versions = story.sql(
        "select version from versions where record_id = 'development/second-library' order by version"
    )
    assert [row["version"] for row in versions] == [1, 2]
    assert story.sql(f"select field, after, note from corrections where event = {size + 4}") == [
        {"field": "/what", "after": new, "note": note}
    ]
    second = until(lambda: changed(story.feed("all.atom"), fact, first.title), seconds=5)
    assert second.id == first.id
    assert second.published == first.published
    assert second.updated >= first.updated
    assert "Tŷ Bach" in second.title
    assert "Correction" in entry(story.feed("all.atom"), correction).title
    assert note in str(entry(story.feed("corrections.atom"), correction).content)

    # It is withdrawn: gone from the current tables, its history kept, and the feed says so.
    story.archive("retract", fact, "--reason", "archive-error", "--note", "Not a set-up at all")
    until(lambda: story.sql(what) == [], seconds=5)
    state = "select state from records where id = 'development/second-library'"
    assert story.sql(state) == [{"state": "retracted"}]
    assert "Tŷ Mawr" in story.archive("show", fact) + story.archive("log", "--json")
    gone = until(lambda: changed(story.feed("all.atom"), fact, second.title), seconds=5)
    assert gone.title.startswith("Withdrawn")
    assert gone.id == first.id
    assert entry(story.feed("corrections.atom"), f"E{size + 5}").title.startswith("Withdrawn")

    # And restored, by retracting the retraction.
    story.archive("retract", f"E{size + 5}", "--reason", "archive-error", "--note", "It was right")
    until(lambda: story.sql(what) == [{"what": new}], seconds=5)

    story.archive("check")

    # And a stranger who trusts nobody can check all of it.
    assert "no alarm" in story.archive("verify", f"http://127.0.0.1:{story.site}")


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    told = Story(tmp_path)
    yield told
    told.stop()


def entry(entries: list[Any], event: str) -> Any:
    """Return the entry that an event made, or None."""
    return next((one for one in entries if one.id.endswith(f":{event}")), None)


def changed(entries: list[Any], event: str, title: str) -> Any:
    """Return the entry of an event once its title differs."""
    found = entry(entries, event)
    return found if found is not None and found.title != title else None


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def until(ask: Callable[[], Any], *, seconds: float, since: float | None = None) -> Any:
    """Ask again and again until the answer is yes; fail after so many seconds."""
    start = time.monotonic() if since is None else since
    problem: object = None
    while True:
        try:
            if answer := ask():
                return answer
        except OSError as error:
            problem = error
        assert time.monotonic() - start < seconds, f"not within {seconds} s ({problem})"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
