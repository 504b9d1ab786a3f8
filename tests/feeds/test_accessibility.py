"""Every page in a real browser, by the rules that a machine can check (WCAG 2.2): axe-core, the keyboard, zoom, print.

After a change that is meant, write the fixtures anew and look at what has changed in them:

    ARIA=write make test ARGS="tests/feeds/test_accessibility.py"
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

from feeds.links import Links
from feeds.words import WORDS
from tests.conftest import Aberdulas
from tests.feeds.showroom import PAGES, furnish, open_doors

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.base")

CHROMIUM = Path("/usr/bin/chromium")
ARIA = Path(__file__).parent / "aria"
SITE = "https://archive.example"
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")

#: What axe cannot tell by itself, by page: its rule, and why. Each was looked at; a new one must be, too.
REVIEWED = {
    # Bars never lie under a text that belongs to them: the widest ends where its number begins.
    ("numbers", "color-contrast", "imgNode"),
    # A table that is wider than a telephone scrolls within its own frame.
    ("numbers", "color-contrast", "elmPartiallyObscured"),
    # The number of promises beside a status may have one digit.
    ("promises", "color-contrast", "shortTextContent"),
    ("promises of a status", "color-contrast", "shortTextContent"),
}
#: What is to come and what has been is another thing every day, so this page has no fixture.
CALENDAR = "calendar"
#: Another scheme of colours changes nothing but colours, and another width the layout, too: only rules on these
#: are asked again.
COLOURS = ["color-contrast", "link-in-text-block"]
LAYOUT = [*COLOURS, "target-size", "scrollable-region-focusable"]
RUN = """async only => {
  const options = {resultTypes: ["violations", "incomplete"], rules: {"target-size": {enabled: true}}};
  if (only) options.runOnly = only;
  const found = await axe.run(document, options);
  const told = list => list.flatMap(one => one.nodes.map(node => ({
    rule: one.id, why: (node.any[0]?.data?.messageKey) ?? "", at: node.html.slice(0, 160)})));
  return {violations: told(found.violations), incomplete: told(found.incomplete)};
}"""
#: What goes over the edge of the main part is cut there, a single letter with a thousand marks, too; but nothing should.
SIDEWAYS = """[document.documentElement, document.querySelector("main")].some(one => one.scrollWidth > one.clientWidth)"""
#: What is chosen in a form and has less room than its words and an arrow, a letter wide, need.
CUT = """() => [...document.querySelectorAll("main select")].filter(one => {
  const style = getComputedStyle(one), line = document.createElement("canvas").getContext("2d");
  line.font = style.font;
  const room = one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return line.measureText(one.selectedOptions[0].text).width + parseFloat(style.fontSize) > room;
}).map(one => one.name)"""
#: Readers may set their text wider (WCAG 2.2, 1.4.12); no sheet of theirs is bound by our policy.
SPACED = """() => { const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
    p { margin-bottom: 2em !important; }`);
  document.adoptedStyleSheets = [sheet]; }"""
WATCH = """() => { window.stops = []; addEventListener("focusin", ({target: at}) => {
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  stops.push({
    name: at.className === "skip" ? "skip" : at.tagName,
    number: [...document.querySelectorAll("*")].indexOf(at),
    shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.width > 0 && box.right > 0 && box.bottom > 0 && box.top < innerHeight && box.left < innerWidth}); }); }"""
STOPS = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter(one => one.checkVisibility() && !one.closest("details:not([open]) > :not(summary)")).length"""


class Show(NamedTuple):
    """The pages of a site, and a browser that asks nobody else for anything."""

    client: FlaskClient
    page: Any
    links: dict[str, Links]

    def open(self, name: str, language: str, width: int = 1280, **media: str) -> None:
        self.page.emulate_media(
            **{"color_scheme": "light", "forced_colors": "none", "media": "screen", **media}
        )
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.goto(f"{SITE}{PAGES[name](self.links[language])}")


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    archive = Aberdulas(tmp_path_factory.mktemp("showroom"))
    reader = furnish(archive)
    app = open_doors(reader.settings)
    client = app.test_client()

    def answer(route: Any) -> None:
        response = client.get(route.request.url.removeprefix(SITE))
        route.fulfill(status=response.status_code, headers=dict(response.headers), body=response.data)  # fmt: skip

    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context()
        context.route("**/*", answer)
        links = {language: Links.within(reader.settings, language) for language in WORDS}
        yield Show(client, context.new_page(), links)
        assert context.cookies() == []
        browser.close()
    app.extensions["site"].library.close()
    archive.close()


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(show: Show, name: str, language: str) -> None:
    """In light colours and on a screen 320 pixels wide; in dark and forced colours where those can differ."""
    ways: list[tuple[dict[str, str], int, list[str] | None]] = [({}, 1280, None), ({}, 320, LAYOUT)]
    if language == "en":  # another language changes no colour
        ways += [({"color_scheme": "dark"}, 1280, COLOURS), ({"forced_colors": "active"}, 1280, COLOURS)]  # fmt: skip
    look(show, name, language, ways)


@pytest.mark.torture
@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_any_way_by_any_rule(show: Show, name: str, language: str) -> None:
    media = [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}]
    look(show, name, language, [(one, width, None) for one in media for width in (1280, 320)])


def look(
    show: Show, name: str, language: str, ways: list[tuple[dict[str, str], int, list[str] | None]]
) -> None:
    """Open a page, and have axe look at it in each way: with these colours, at this width, by these rules or all."""
    show.open(name, language)
    show.page.evaluate(axe.AXE_SCRIPT)
    found = []
    for media, width, rules in ways:
        show.page.emulate_media(**{"color_scheme": "light", "forced_colors": "none", **media})
        show.page.set_viewport_size({"width": width, "height": 900})
        found.append(show.page.evaluate(RUN, rules))
    assert [one for way in found for one in way["violations"]] == []
    unsure = {(name, one["rule"], one["why"]) for way in found for one in way["incomplete"]}
    assert unsure <= REVIEWED


def test_axe_finds_what_is_wrong(show: Show) -> None:
    """Where this passes for no reason, so may the others."""
    show.page.goto("about:blank")
    show.page.set_content("""<title></title><h3>x</h3><img src="data:,"><input><a href="/"></a><p lang="xx-yy-zz">y</p>
      <p style="color: #999; background: #aaa">hard to read</p><ul><p>w</p></ul>
      <button style="width: 9px; height: 9px; padding: 0">a</button><button style="width: 9px; height: 9px; padding: 0">b</button>""")  # fmt: skip
    show.page.evaluate(axe.AXE_SCRIPT)
    found = {one["rule"] for one in show.page.evaluate(RUN, None)["violations"]}
    assert found >= {
        "document-title", "html-has-lang", "image-alt", "label", "link-name", "color-contrast", "list", "target-size",
    }  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_goes_everywhere_in_order(show: Show, name: str) -> None:
    """The skip link first, focus always to be seen, in the order of the page, to its end and out again."""
    show.open(name, "en")
    show.page.evaluate(WATCH)
    expected = show.page.evaluate(STOPS)
    for _ in range(expected):
        show.page.keyboard.press("Tab")
    seen: list[dict[str, Any]] = show.page.evaluate("stops")
    assert seen[0]["name"] == "skip"
    assert [one for one in seen if not (one["shown"] and one["inside"])] == []
    numbers = [one["number"] for one in seen]
    assert numbers == sorted(set(numbers))
    assert len(seen) == expected
    show.page.keyboard.press("Tab")
    assert show.page.evaluate("stops.length") in (
        expected,
        expected + 1,
    )  # out of the page, or from its start
    assert show.page.evaluate("stops.at(-1).number") in (numbers[-1], numbers[0])


def test_the_skip_link_leads_to_the_content(show: Show) -> None:
    show.open("timeline", "cy")
    show.page.keyboard.press("Tab")
    show.page.keyboard.press("Enter")
    assert show.page.evaluate("document.activeElement.id") == "content"
    show.page.keyboard.press("Tab")
    assert show.page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_goes_sideways(show: Show, name: str, language: str) -> None:
    """At 320 pixels, which is 400 % zoom on a screen of 1280, also where the reader's text is set wider."""
    show.open(name, language, width=320)
    assert not show.page.evaluate(SIDEWAYS)
    show.page.evaluate(SPACED)
    assert not show.page.evaluate(SIDEWAYS)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", ["timeline", "promises"])
def test_what_is_chosen_can_be_read_on_a_small_screen(show: Show, name: str, language: str) -> None:
    show.open(name, language, width=320)
    assert show.page.evaluate(CUT) == []


@pytest.mark.parametrize("name", [name for name in PAGES if name != CALENDAR])
def test_what_a_screen_reader_is_told_is_as_it_was_reviewed(show: Show, name: str) -> None:
    show.open(name, "en")
    told = f"{show.page.locator('body').aria_snapshot()}\n"
    path = reviewed(name)
    if os.environ.get("ARIA") == "write":
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_screen_reader_is_told_as_much_in_welsh(show: Show, name: str) -> None:
    if name == CALENDAR:
        show.open(name, "en")
        english = show.page.locator("body").aria_snapshot()
    else:
        english = reviewed(name).read_text(encoding="utf-8")
    show.open(name, "cy")
    told = show.page.locator("body").aria_snapshot()
    assert sorted(roles(told)) == sorted(roles(english))  # lists by name are in another order


def reviewed(name: str) -> Path:
    """Return where it is written what a screen reader is told of a page."""
    return ARIA / f"{name.replace(', ', '-').replace(' ', '-')}.yaml"


def roles(told: str) -> list[str]:
    """Return what there is on a page, without what it says."""
    lines = (line for line in told.splitlines() if "/url" not in line)
    return [line.split('"')[0].split(":")[0] for line in lines]


def test_print_has_addresses_and_no_navigation(show: Show) -> None:
    show.open("record, corrected", "en", media="print")
    assert show.page.locator("nav:visible, form:visible, .twin:visible, .skip:visible").count() == 0
    outside = show.page.locator("main a[rel='external']")
    assert outside.count()
    for link in outside.all():
        shown = link.evaluate("one => getComputedStyle(one, '::after').content")
        assert link.get_attribute("href") in shown
    assert show.page.pdf().startswith(b"%PDF-")


@pytest.mark.parametrize("name", ["home", "timeline", "record, corrected", "numbers", "subscribe"])
def test_a_first_visit_is_light(show: Show, name: str) -> None:
    """At most four requests and 30 KB, none to others, no script that runs, no cookie (web.md, section 4)."""
    asked: list[str] = []
    page = show.page.context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{SITE}{PAGES[name](show.links['en'])}")
    page.wait_for_load_state("networkidle")
    packed = {"Accept-Encoding": "gzip"}
    sizes = [len(show.client.get(one.removeprefix(SITE), headers=packed).data) for one in asked]
    assert all(one.startswith(SITE) for one in asked)
    assert len(asked) <= 4
    assert sum(sizes) <= 30_000
    assert page.locator("script:not([type='application/ld+json'])").count() == 0
    page.close()
