"""How large pages may be, and how far colours must stand apart (web.md, section 4; WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import feeds
from feeds.links import Links
from feeds.words import WORDS
from tests.conftest import Aberdulas
from tests.feeds.showroom import PAGES, furnish, open_doors

STATIC = Path(feeds.__file__).parent / "static"
PACKED = {"Accept-Encoding": "gzip"}
#: Texts on what they stand on.
TEXTS = [
    ("ink", "paper"), ("soft", "paper"), ("link", "paper"), ("warn", "paper"), ("good", "paper"), ("paper", "link"),
    ("ink", "out"), ("ink", "in"), ("soft", "in"), ("link", "in"), ("warn", "out"), ("link", "out"), ("ink", "found"),
    ("link", "found"),
]  # fmt: skip
#: Lines that tell where something is: borders of fields, bars, the mark of focus, the edge of a notice.
LINES = [("soft", "paper"), ("link", "paper"), ("warn", "out"), ("link", "in"), ("link", "out")]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    archive = Aberdulas(tmp_path_factory.mktemp("budgets"))
    app = open_doors(furnish(archive).settings)
    yield app.test_client()
    app.extensions["site"].library.close()
    archive.close()


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits(furnished: FlaskClient, name: str, language: str) -> None:
    settings = furnished.application.extensions["site"].settings
    path = PAGES[name](Links.within(settings, language))
    response = furnished.get(path, headers=PACKED)
    assert len(response.data) <= 14_000
    assert "Set-Cookie" not in response.headers


def test_the_sheet_and_the_picture_fit(furnished: FlaskClient) -> None:
    assert len(furnished.get("/static/style.css", headers=PACKED).data) < 3_000
    picture = furnished.get("/static/card.png")
    assert picture.headers["Content-Type"] == "image/png"
    assert len(picture.data) < 60_000
    assert picture.data[16:24] == (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")


def schemes() -> dict[str, dict[str, str]]:
    """Return the colours by name, in light and in dark."""
    sheet = (STATIC / "style.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{([^}]*)\}", sheet)[:2]
    found = {name: dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", rules)) for name, rules in (("light", light), ("dark", dark))}  # fmt: skip
    assert found["light"].keys() == found["dark"].keys()
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_the_guidelines_do() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("pair", TEXTS, ids="-on-".join)
def test_texts_stand_out(pair: tuple[str, str], scheme: str) -> None:
    colours = schemes()[scheme]
    assert contrast(*(colours[name] for name in pair)) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("pair", LINES, ids="-on-".join)
def test_lines_stand_out(pair: tuple[str, str], scheme: str) -> None:
    colours = schemes()[scheme]
    assert contrast(*(colours[name] for name in pair)) >= 3


def test_no_colour_is_used_that_is_not_named() -> None:
    """Else a pair could escape these tests."""
    sheet = (STATIC / "style.css").read_text(encoding="utf-8")
    rules = re.sub(r":root \{[^}]*\}", "", sheet)
    assert re.findall(r"#[0-9a-f]{3,6}\b|rgb|hsl", rules) == []
