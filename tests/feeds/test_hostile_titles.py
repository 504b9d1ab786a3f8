"""Titles that break sites, recorded as anybody could have written them, seen in a real browser on a narrow screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.errors import InvalidEvent
from tests.conftest import Aberdulas
from tests.feeds.conftest import PAPER, Reader, on
from tests.serving import site

CHROMIUM = Path("/usr/bin/chromium")
playwright = pytest.importorskip("playwright.sync_api")
chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")

TITLES = {
    "markup": "<script>document.title='owned'</script><img src=x onerror=document.title='owned'><svg onload=alert(1)>",
    "attribute": '" onmouseover="document.title=\'owned\'" style="position:fixed;inset:0" x=\'',
    "template": "{{7*7}} {% raw %} ${7*7} %s %(a)s {0}",
    "close": "</title></script></style></h1></main>--><script>alert(1)</script>]]><!--",
    "ldjson": "</script><script>document.title='owned'</script> \\u003c/script> \u2028 \u2029 end",
    "address": "javascript:alert(1) data:text/html,<script>alert(1)</script> //evil.example",
    "rtl": "مكتبة أبردولاس תשעים ושתיים English again (1) [2] <3>",
    "override": "invoice \u202egnp.exe\u202c \u2066isolated\u2069 \u200f\u200e end",
    "override-open": "never closed \u202e\u2067\u202b",
    "invisible": "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    "zalgo": "q" + "\u0323\u0301\u0489" * 666,
    "long-word": "Llanfair" * 250,
    "emoji": "👩‍👩‍👧‍👦🏴󠁧󠁢󠁷󠁬󠁳󠁿" * 60,
    "wide": "﷽𒐫⸻" * 30,
    "spaces": "a" + "\u00a0" * 100 + "b\u3000\u2003\u2028c\u0085d\te",
    "welsh": "Tŷ Ŵyr Ŷ ẅ ‘a’ – “b” Llŷn",
}
REFUSED = [
    "a\x00b",
    "a\x0bb",
    "a\x1bb",
    "a\ufffeb",
    "a\uffffb",
    "\ud800",
    "Tŷ".replace("ŷ", "y\u0302"),
    "q" + "\u0301" * 31,
    "q" + "\u0301" * 10_000,
]
PATHS = [
    "/en/", "/cy/", "/en/timeline", "/cy/llinell-amser", "/en/corrections", "/en/commitments", "/en/topics", "/en/people",
    "/en/search?q=owned", "/en/search?q=" + "%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/en/subscribe", "/en/numbers",
]  # fmt: skip

PATHS_WITH_TITLES = [
    "/en/", "/en/timeline", "/en/corrections", "/en/commitments", "/en/search?q=owned", "/en/records/person/evil",
    *(f"/en/records/development/{name}" for name in TITLES),
    *(f"/en/records/commitment/{name}" for name in ("markup", "ldjson", "override-open", "zalgo", "long-word")),
    *(f"/en/topics/{name}" for name in ("attribute", "rtl", "invisible", "zalgo", "wide")),
]  # fmt: skip

LOOK = """() => {
  const all = selector => [...document.querySelectorAll(selector)], box = name => all(name)[0].getBoundingClientRect();
  for (const one of all("script")) JSON.parse(one.text);
  return {
    title: document.title,
    active: all("script, img, iframe, object, embed, style, base, form").filter(
      one => one.type !== "application/ld+json" && !one.action?.startsWith(location.origin)).length,
    handlers: all("*").flatMap(one => one.getAttributeNames()).filter(name => /^(on|style$)/.test(name)).length,
    links: all("a").filter(one => !/^(https?|mailto|webcal):$/.test(one.protocol)).length,
    main: all("main").length,
    foot: getComputedStyle(all("footer")[0]).direction,
    order: box("footer").top >= box("main").bottom - 1,
    wide: document.documentElement.scrollWidth - innerWidth,
  }
}"""


@pytest.mark.parametrize("title", REFUSED)
def test_what_is_no_text_is_refused_where_it_is_recorded(empty: Aberdulas, title: str) -> None:
    with pytest.raises(InvalidEvent):
        empty.record("EntityRecorded", id="topic/a", new=True, kind="topic", name=title)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    archive = Aberdulas(tmp_path_factory.mktemp("hostile")).settle()
    reader = Reader(archive)
    for name, title in TITLES.items():
        name_ = title[:300]  # more is refused
        archive.record("EntityRecorded", id=f"topic/{name}", new=True, kind="topic", name=name_)
        archive.record(
            "DevelopmentRecorded", PAPER, id=f"development/{name}", new=True, what=title, kind="other",
            happened=on("2031"), topics=[f"topic/{name}"],
        )  # fmt: skip
        archive.record(
            "CommitmentRecorded", PAPER, id=f"commitment/{name}", new=True, obliged="org/aberdulas-council", what=title,
            kind="promised", made_in="meeting/council-2031-03-04",
            readings=[{"label": name_, "rule": {"n": 20, "unit": "day", "from": "2031-03-04"}}],
        )  # fmt: skip
        reader.amend(f"development/{name}", "/what", title, f"{title[:1990]} again", note=title)
    archive.record(
        "EntityRecorded", id="person/evil", new=True, kind="person", name=TITLES["markup"], public_capacity=TITLES["zalgo"][:300]
    )  # fmt: skip
    archive.sign()
    archive.close()
    with site(archive.folder) as servers:
        yield servers.site_url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as run:
        made = run.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def looks(address: str, browser: Any) -> dict[str, dict[str, Any]]:
    """Open every page on a narrow screen; return what is to be seen of each, and what the browser complained of."""
    page = browser.new_page(viewport={"width": 320, "height": 700})
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: address in asked.url or problems.append(asked.url))
    found = {}
    for path in dict.fromkeys([*PATHS, *PATHS_WITH_TITLES]):
        response = page.goto(address + path)
        assert response is not None
        assert response.status == 200, path
        found[path] = page.evaluate(LOOK) | {"problems": problems[:]}
        problems.clear()
    assert page.context.cookies() == []
    page.close()
    return found


@chromium
def test_no_title_runs_or_makes_the_browser_complain(looks: dict[str, dict[str, Any]]) -> None:
    clean = {
        "active": 0,
        "handlers": 0,
        "links": 0,
        "main": 1,
        "foot": "ltr",
        "order": True,
        "problems": [],
    }
    for path, look in looks.items():
        assert look["title"] != "owned", path
        assert {name: look[name] for name in clean} == clean, path


@chromium
def test_no_title_makes_a_page_scroll_sideways(looks: dict[str, dict[str, Any]]) -> None:
    assert {path: look["wide"] for path, look in looks.items() if look["wide"] > 0} == {}


@chromium
@pytest.mark.parametrize("name", ["all.atom", "corrections.rss"])
def test_a_feed_opened_in_the_browser_shows_titles_as_text(
    address: str, browser: Any, name: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 700})
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(f"{address}/en/feeds/{name}")
    assert "owned" not in page.evaluate("document.title ?? ''")
    assert page.evaluate("document.getElementsByTagName('script').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert problems == []
    page.close()
