"""The page of checks: what was checked, when, and what was found."""

from __future__ import annotations

from typing import Any

from archive.tables.fixity import rows
from feeds.app import create_app
from feeds.settings import Settings
from tests.conftest import Aberdulas

ROOT = "ab" * 32
GOOD = {"at": "2031-04-01T04:00:00Z", "checked": "archive", "events": 13, "root": ROOT,
        "passed": "log head texts tables", "failed": ""}  # fmt: skip
BAD = GOOD | {"at": "2031-04-02T04:00:00Z", "passed": "log head", "failed": "texts <b>"}


def page(archive: Aberdulas, *results: dict[str, Any]) -> Any:
    archive.tables().set_fixity(rows(results))
    settings = Settings(
        archive_db=archive.path,
        base_url="https://archive.example",
        datasette_url="https://data.example",
    )
    return create_app(settings).test_client()


def test_the_page_tells_what_was_checked_and_found_newest_first(aberdulas: Aberdulas) -> None:
    text = page(aberdulas, GOOD, BAD).get("/en/fixity").text

    assert text.index("2 April 2031") < text.index("1 April 2031")
    assert "Checked: the archive, 13 events" in text
    assert "In order: every hash of the log, the log against its signed head" in text
    assert "Not in order: texts against the digests of their capture, &lt;b&gt;." in text
    assert f"<code>{ROOT}</code>" in text
    assert 'href="https://data.example/archive/fixity_checks/2"' in text
    assert 'href="https://data.example/archive/fixity_checks"' in text


def test_a_new_result_is_shown_though_nothing_was_recorded(aberdulas: Aberdulas) -> None:
    site = page(aberdulas)
    assert "Nothing has been checked yet." in site.get("/en/fixity").text
    aberdulas.store.set_fixity(rows([GOOD]))

    assert "1 April 2031" in site.get("/en/fixity").text
    aberdulas.store.set_fixity(rows([BAD]))
    assert "1 April 2031" not in site.get("/en/fixity").text


def test_the_home_page_leads_there(aberdulas: Aberdulas) -> None:
    assert 'href="/en/fixity"' in page(aberdulas).get("/en/").text
