"""The site in a real browser, served by a real server."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Aberdulas
from tests.feeds.conftest import PAPER, Reader, on

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = '<script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">'
PATHS = [
    "/",
    "/en/records/development/evil",
    "/en/records/commitment/library-plan",
    "/en/records/statement/prys-1",
    "/en/records/source/aberdulas-post-2031-03-05",
    "/en/commitments",
    "/en/corrections",
    "/en/timeline",
    "/en/bodies/aberdulas-council",
    "/en/people",
    "/en/numbers",
    "/en/search?q=script+owned",
    "/en/subscribe",
    "/en/about",
]
playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve an archive by granian on a free port of this machine, and end it afterwards."""
    archive = Aberdulas(tmp_path_factory.mktemp("browser")).settle()
    reader = Reader(archive)
    reader.archive.record(
        "DevelopmentRecorded", PAPER, id="development/evil", new=True, what=HOSTILE, kind="other", happened=on("2031")
    )  # fmt: skip
    reader.retract(reader.number("statement/prys-1"))
    reader.archive.tables()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--factory",
        "--host",
        "127.0.0.1",
    ]
    command += ["--port", str(port), "--blocking-threads", "2", "feeds.app:create_app"]
    environment = {**os.environ, "ARCHIVE_DB": str(reader.settings.archive_db), "ARCHIVE_URL": url}
    log = reader.archive.folder / "granian.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        _wait(url, server, log)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        archive.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{url}/en/", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_pages_in_chromium(address: str, browser: Any, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for path in PATHS:
        _look_at(context.new_page(), f"{address}{path}")
    assert context.cookies() == []
    context.close()


def _look_at(page: Any, url: str) -> None:
    """Open a page: no complaint, no foreign request, no script, no sideways scrolling."""
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    assert problems == []
    assert len(asked) <= 4 + 1  # the page, its redirect, the sheet, the icon
    assert all(one.startswith(url[:17]) for one in asked)
    assert page.title() != "owned"
    assert page.locator("script:not([type='application/ld+json']), img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.styleSheets.length") == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


@pytest.mark.parametrize("name", ["all.atom", "corrections.rss"])
def test_a_feed_is_shown_by_its_style_sheet(address: str, browser: Any, name: str) -> None:
    page = browser.new_page()
    response = page.goto(f"{address}/en/feeds/{name}")
    assert response is not None
    assert response.headers["content-type"] == "application/xml; charset=utf-8"
    assert page.evaluate("getComputedStyle(document.documentElement).maxWidth") == "704px"
    page.close()


def test_many_readers_at_once(address: str) -> None:
    def get(number: int) -> bytes:
        path = ("/en/feeds/all.atom", "/en/", "/en/feeds/all.rss", "/en/records/person/nia-prys")[
            number % 4
        ]
        with urllib.request.urlopen(f"{address}{path}", timeout=20) as response:
            assert response.status == 200
            return bytes(response.read())

    with ThreadPoolExecutor(8) as threads:
        bodies = list(threads.map(get, range(80)))
    assert len(set(bodies)) == 4
