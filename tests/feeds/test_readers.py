"""Feed readers that people use, subscribed to a live site: newsboat, whose database says what it shows, and rss2email."""

from __future__ import annotations

import contextlib
import email
import email.policy
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Aberdulas
from tests.feeds.conftest import Reader
from tests.feeds.test_feed_views import develop
from tests.serving import site

NEWSBOAT, RSS2EMAIL = shutil.which("newsboat"), shutil.which("r2e")


class Newsboat:
    """A subscriber of some feeds."""

    def __init__(self, folder: Path, *feeds: str) -> None:
        self.folder = folder
        self.feeds = feeds
        (folder / "urls").write_text("".join(f"{one}\n" for one in feeds))
        (folder / "config").touch()

    def reload(self) -> str:
        """Fetch all feeds; return what it wrote down of it."""
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        subprocess.run(
            [str(NEWSBOAT), *f"-u urls -c cache.db -C config -l 6 -d {log} -x reload".split()],
            cwd=self.folder,
            env={"HOME": str(self.folder), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=60,
        )
        return log.read_text(errors="replace")

    def query(self, sql: str, *values: str) -> list[tuple[str, ...]]:
        with contextlib.closing(sqlite3.connect(self.folder / "cache.db")) as db:
            return db.execute(sql, values).fetchall()

    def shows(self, feed: str) -> dict[str, str]:
        """The titles in a feed, by the last part of their ids."""
        found = self.query("SELECT guid, title FROM rss_item WHERE feedurl = ?", feed)
        return {guid.rpartition(":")[2]: title for guid, title in found}

    def read_all(self) -> None:
        with contextlib.closing(sqlite3.connect(self.folder / "cache.db")) as db, db:
            db.execute("UPDATE rss_item SET unread = 0")

    def unread(self) -> list[str]:
        found = self.query("SELECT guid FROM rss_item WHERE unread = 1 ORDER BY guid")
        return [guid.rpartition(":")[2] for (guid,) in found]


class Rss2Email:
    """A subscriber who gets a mail for each entry."""

    def __init__(self, folder: Path, *feeds: str) -> None:
        self.folder, self.box = folder, folder / "Maildir"
        for name in ("cur", "new", "tmp"):
            (self.box / "INBOX" / name).mkdir(parents=True)
        self.run("new", "reader@localhost")
        settings = folder / "r2e.cfg"
        by_mail = f"email-protocol = maildir\nmaildir-path = {self.box}"
        told = re.sub("email-protocol = sendmail", by_mail, settings.read_text())
        settings.write_text(re.sub(r"\nmaildir-path = ~.*", "", told))
        for number, feed in enumerate(feeds):
            self.run("add", f"feed-{number}", feed)

    def run(self, *words: str) -> str:
        """Run it; return what it complained of."""
        done = subprocess.run(
            [str(RSS2EMAIL), "-c", "r2e.cfg", "-d", "r2e.json", *words],
            cwd=self.folder,
            env={"HOME": str(self.folder), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return "\n".join(row for row in done.stderr.splitlines() if "[INFO]" not in row).strip()

    def new(self) -> list[str]:
        """Fetch all feeds; return the subjects of the new mails."""
        for old in self.box.rglob("*"):
            if old.is_file():
                old.unlink()
        assert self.run("run") == ""
        mails = [one.read_bytes() for one in self.box.rglob("*") if one.is_file()]
        return sorted(
            str(email.message_from_bytes(one, policy=email.policy.default)["Subject"])
            for one in mails
        )


@pytest.fixture
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, str]]:
    archive = Aberdulas(tmp_path_factory.mktemp("read")).settle()
    archive.tables()
    with site(archive.folder) as servers:
        yield Reader(archive), servers.site_url
    archive.close()


@pytest.mark.skipif(NEWSBOAT is None, reason="newsboat is not installed")
def test_newsboat_shows_each_correction_once_in_each_language_and_asks_for_what_is_new_only(
    story: tuple[Reader, str], tmp_path: Path
) -> None:
    reader, url = story
    english, welsh = f"{url}/en/feeds/all.atom", f"{url}/cy/feeds/all.rss"
    newsboat = Newsboat(tmp_path, english, welsh)

    newsboat.reload()
    shown = newsboat.shows(english)
    assert {f"cy/{name}" for name in shown} == newsboat.shows(welsh).keys()
    assert len(shown) == 6
    pages = dict(newsboat.query("SELECT rssurl, url FROM rss_feed"))
    assert pages == {english: f"{url}/en/", welsh: f"{url}/cy/"}
    for _guid, place in newsboat.query("SELECT guid, url FROM rss_item WHERE feedurl = ?", welsh):
        assert place.startswith(f"{url}/cy/")
    ((title,),) = newsboat.query("SELECT title FROM rss_feed WHERE rssurl = ?", welsh)
    assert title.startswith("Archif gwasanaethau plant")

    newsboat.read_all()
    newsboat.reload()  # it sends what it remembers from its second fetch on
    for feed in (english, welsh):
        assert f"retrieved data for {feed}: \n" in newsboat.reload()  # 304: nothing came
    assert newsboat.unread() == []

    number = reader.number("statement/prys-1")
    made = reader.amend("statement/prys-1", "/gist", "The branch in Tŷ Mawr will open again.", "The branch will open.")  # fmt: skip
    reader.archive.tables()
    newsboat.reload()
    assert newsboat.unread() == [f"E{made}", f"cy/E{made}"]
    assert newsboat.shows(english)[f"E{made}"].startswith("Correction: ")
    assert newsboat.shows(welsh)[f"cy/E{made}"].startswith("Cywiriad: ")
    assert newsboat.shows(english)[f"E{number}"] == "Nia Pryse: The branch will open."

    newsboat.read_all()
    newsboat.reload()
    assert newsboat.unread() == []

    withdrawn = reader.retract(number)
    new = develop(reader, 1)
    reader.archive.tables()
    newsboat.reload()
    told = [f"E{withdrawn}", f"E{new}"]
    assert newsboat.unread() == [*told, *(f"cy/{one}" for one in told)]
    assert newsboat.shows(english)[f"E{number}"].startswith("Withdrawn: ")
    assert newsboat.shows(welsh)[f"cy/E{number}"].startswith("Tynnwyd yn ôl: ")


@pytest.mark.skipif(RSS2EMAIL is None, reason="rss2email is not installed")
def test_rss2email_sends_each_correction_once_in_each_language(
    story: tuple[Reader, str], tmp_path: Path
) -> None:
    reader, url = story
    mail = Rss2Email(tmp_path, f"{url}/en/feeds/all.atom", f"{url}/cy/feeds/all.rss")
    assert len(mail.new()) == 2 * 6
    assert mail.new() == []

    reader.amend("statement/prys-1", "/gist", "The branch in Tŷ Mawr will open again.", "The branch will open.")  # fmt: skip
    reader.archive.tables()
    said = "Nia Pryse: The branch will open."
    assert mail.new() == [f"Correction: {said}", f"Cywiriad: {said}"]
    assert mail.new() == []

    reader.retract(reader.number("statement/prys-1"))
    develop(reader, 1)
    reader.archive.tables()
    new = "Thing 1 happened"
    assert mail.new() == [new, new, f"Tynnwyd yn ôl: {said}", f"Withdrawn: {said}"]
    assert mail.new() == []
