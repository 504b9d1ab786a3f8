"""Welsh as a peer: the same pages, feeds and headings, in its own words (web.md, section 3)."""

from __future__ import annotations

import dataclasses
import html.parser
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import feedparser
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feeds import dates
from feeds.texts import Text, fill, told
from feeds.words import WORDS
from feeds.words.cy import WELSH
from feeds.words.en import ENGLISH
from tests.feeds.conftest import PAPER, Reader, on

FEEDS = ("all", "developments", "commitments", "corrections", "removals", "documents", "figures")
#: What both languages call alike.
ALIKE = {"CC BY 4.0", "Person", "Childline", "JSON Feed", "iCalendar"}
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Heard(html.parser.HTMLParser):
    """What a page says, with the language of each text; its headings, links and alternates."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.said: list[tuple[str | None, str]] = []
        self.headings: list[str] = []
        self.links: list[dict[str, str | None]] = []
        self._open: list[tuple[str, str | None]] = [("", None)]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        language = values.get("lang", self._open[-1][1])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        if tag in ("a", "link"):
            self.links.append(values)
        self.said += [
            (language, value)
            for name in ("aria-label", "title", "placeholder")
            if (value := values.get(name))
        ]
        for value in values.values():
            assert "<" not in (value or ""), f"marked text in an attribute: {value}"
        if tag not in VOID:
            self._open.append((tag, language))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tag, language = self._open[-1]
        if data.strip() and tag != "script":
            # A title cannot say that a part of it is in another language.
            self.said.append((None if tag == "title" else language, " ".join(data.split())))
            assert tag != "title" or "<" not in data, f"marked text in a title: {data}"

    def in_language(self, language: str) -> str:
        return "\n".join(text for lang, text in self.said if lang == language)


class Pair(NamedTuple):
    english: str
    welsh: str


@pytest.fixture(scope="module")
def pairs(still: FlaskClient) -> list[Pair]:
    """Every page within the site that can be reached from home, with the Welsh page it names as its twin."""
    found: dict[str, str] = {}
    waiting = ["/en/"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        response = still.get(path)
        if response.status_code != 200 or response.mimetype != "text/html":
            assert response.status_code in (200, 301, 302), path
            continue
        heard = Heard(response.text)
        (twin,) = [link for link in heard.links if link.get("class") == "twin"]
        found[path] = str(twin["href"])
        waiting += [
            href.partition("#")[0]
            for link in heard.links
            if (href := link.get("href") or "").startswith("/en/") and "?" not in href
        ]
    return [Pair(*pair) for pair in sorted(found.items())]


def strings(value: Any) -> Iterator[str]:
    """Yield every text of a part of the catalogue."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from strings(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from strings(getattr(value, field.name))


def shape(value: Any, at: str = "") -> Iterator[tuple[str, int]]:
    """Yield each place of the catalogue, and how many values its pattern takes."""
    if isinstance(value, str):
        yield at, len(re.findall(r"\{[^{}]*\}", value))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from shape(one, f"{at}.{key}")
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            yield from shape(one, f"{at}[{number}]")


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(ENGLISH)])
def test_every_string_is_translated_and_takes_the_same_values(name: str) -> None:
    english, welsh = getattr(ENGLISH, name), getattr(WELSH, name)
    if name == "counts":  # Welsh has more forms, see test_plurals
        assert english.keys() == welsh.keys()
    elif name != "plural":
        assert dict(shape(english)) == dict(shape(welsh))
    for text in strings(welsh):
        assert text.strip(), name


def test_no_sentence_was_left_in_english() -> None:
    same = set(strings(ENGLISH)) & set(strings(WELSH))
    prose = {text for text in same if re.search(r"[a-z]{3}", text) and " " in text}
    assert prose <= ALIKE


def test_every_page_has_its_twin_in_the_other_language(
    still: FlaskClient, pairs: list[Pair]
) -> None:
    assert len(pairs) > 20
    assert len({pair.welsh for pair in pairs}) == len(pairs)
    for english, welsh in pairs:
        assert welsh.startswith("/cy/"), english
        response = still.get(welsh)
        assert response.status_code == 200, welsh
        assert response.headers["Content-Language"] == "cy"
        assert '<html lang="cy">' in response.text
        (back,) = [link for link in Heard(response.text).links if link.get("class") == "twin"]
        assert (back["href"], back["lang"], back["hreflang"]) == (english, "en", "en")
        alternates = {
            link["hreflang"]: link["href"]
            for link in Heard(response.text).links
            if link.get("rel") == "alternate" and link.get("hreflang") and "type" not in link
        }
        assert alternates["en"] == f"https://archive.example{english}"
        assert alternates["cy"] == f"https://archive.example{welsh}"
        chosen = "/" if english == "/en/" else english
        assert alternates["x-default"] == f"https://archive.example{chosen}"


def test_welsh_addresses_are_in_welsh(pairs: list[Pair]) -> None:
    words = set(ENGLISH.paths.values()) - set(WELSH.paths.values())
    for pair in pairs:
        assert pair.welsh.split("/")[2] not in words, pair.welsh


def test_both_languages_have_the_same_headings(still: FlaskClient, pairs: list[Pair]) -> None:
    for english, welsh in pairs:
        one, other = (Heard(still.get(path).text) for path in (english, welsh))
        assert one.headings == other.headings, welsh


def test_a_welsh_page_says_nothing_of_its_own_in_english(
    still: FlaskClient, pairs: list[Pair]
) -> None:
    theirs = {part for text in strings(ENGLISH) for part in pieces(text)}
    theirs -= {part for text in strings(WELSH) for part in pieces(text)}
    for _, welsh in pairs:
        said = Heard(still.get(welsh).text).in_language("cy")
        for part in theirs:
            assert not re.search(rf"(?<!\w){re.escape(part)}(?!\w)", said), (welsh, part)


def pieces(text: str) -> Iterator[str]:
    """Yield what a pattern says between its values, where that is long enough to be told from a name."""
    for part in re.split(r"\{[^{}]*\}", text):
        said = part.strip(" :,.()“”%£")
        if len(said) > 5 and said not in ALIKE and not said[0].isdigit():
            yield said


def test_what_was_recorded_in_english_is_marked(still: FlaskClient) -> None:
    heard = Heard(still.get("/cy/cofnodion/development/plan-published").text)
    assert "The plan for the libraries was published" in heard.in_language("en")
    assert "The plan for the libraries" not in heard.in_language("cy")
    assert "28 Mawrth 2031" in heard.in_language("cy")
    english = Heard(still.get("/en/records/development/plan-published").text)
    assert english.in_language("cy") == "Cymraeg"


def test_a_recorded_welsh_name_is_used(client: FlaskClient, reader: Reader) -> None:
    reader.archive.record(
        "NameRecorded", record="org/aberdulas-council", name="Cyngor Aberdulas", kind="official", lang="cy"
    )  # fmt: skip
    reader.archive.tables()
    heard = Heard(client.get("/cy/cofnodion/org/aberdulas-council").text)
    assert "Cyngor Aberdulas" in heard.in_language("cy")
    plan = Heard(client.get("/cy/cofnodion/development/plan-published").text)
    assert "Cyngor Aberdulas" in plan.in_language("cy")
    assert "Cyngor Aberdulas" in client.get("/cy/feeds/all.atom").text
    english = client.get("/en/records/development/plan-published").text
    assert "Cyngor Aberdulas" not in english


def test_a_title_that_is_withheld_is_withheld_in_welsh_too(
    client: FlaskClient, reader: Reader
) -> None:
    reader.archive.record(
        "EntityRecorded", PAPER, id="org/secret", new=True, kind="organisation", name="Secret name"
    )
    reader.archive.record(
        "NameRecorded", record="org/secret", name="Enw cudd", kind="official", lang="cy"
    )
    reader.retract(reader.number("org/secret"), reason="privacy")
    reader.archive.tables()
    for path in ("/cy/cofnodion/org/secret", "/cy/feeds/all.atom", "/cy/"):
        said = client.get(path).text
        assert "Enw cudd" not in said
        assert "Secret name" not in said


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("ending", ["atom", "rss"])
def test_feeds_are_the_same_and_know_of_each_other(
    still: FlaskClient, name: str, ending: str
) -> None:
    responses = [still.get(f"/{language}/feeds/{name}.{ending}") for language in ("en", "cy")]
    assert [one.headers["Content-Language"] for one in responses] == ["en", "cy"]
    english, welsh = (feedparser.parse(one.data) for one in responses)
    # What is told in another language is another entry: some readers keep all entries in one list, by id.
    both = [one.id.replace(":E", ":cy/E") for one in english.entries]
    assert both == [one.id for one in welsh.entries]
    assert [one.updated for one in english.entries] == [one.updated for one in welsh.entries]
    assert welsh.feed.language == "cy"
    assert welsh.feed.title == f"Archif gwasanaethau plant Powys: {WELSH.feeds[name].title}"
    others = [link for link in welsh.feed.links if link.get("hreflang") == "en"]
    assert [link["href"] for link in others] == [
        f"https://archive.example/en/feeds/{name}.{ending}"
    ]
    for entry in welsh.entries:
        assert not entry.link or "/cy/" in entry.link
        assert "<span lang" not in entry.title


def test_hostile_text_is_marked_as_text(client: FlaskClient, reader: Reader) -> None:
    text = "</span></title>\"'><script>alert(1)</script>{0}"
    reader.archive.record(
        "DevelopmentRecorded", PAPER, id="development/evil", new=True, what=text, kind="other", happened=on("2031")
    )  # fmt: skip
    reader.archive.tables()
    for path in ("/cy/", "/cy/cofnodion/development/evil", "/cy/feeds/all.atom"):
        said = client.get(path).text
        assert "<script" not in said.replace('<script type="application/ld+json">', "")
        assert "alert(1)" in said


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (None, "en"), ("", "en"), ("cy", "cy"), ("cy-GB,en;q=0.8", "cy"), ("en-GB,cy;q=0.9", "en"), ("de", "en"),
        ("de,cy;q=0.1", "cy"), ("cy;q=0", "en"), ("*", "en"), (";;q=x,\x01", "en"),
    ],
)  # fmt: skip
def test_the_start_asks_the_browser_and_nothing_else_does(
    still: FlaskClient, asked: str | None, language: str
) -> None:
    headers = {} if asked is None else {"Accept-Language": asked}
    response = still.get("/", headers=headers)
    assert (response.status_code, response.headers["Location"]) == (302, f"/{language}/")
    assert "Accept-Language" in response.headers["Vary"]
    assert "Content-Language" not in response.headers
    page = still.get("/en/", headers=headers)
    assert '<html lang="en">' in page.text
    assert "Accept-Language" not in page.headers["Vary"]


def test_an_error_is_in_the_language_of_the_address_first(still: FlaskClient) -> None:
    for path, first, second in (
        ("/cy/dim", "Heb ei ganfod", "Not found"),
        ("/en/none", "Not found", "Heb ei ganfod"),
    ):
        response = still.get(path)
        assert response.text.index(f"<h1>{first}") < response.text.index(f"<h1>{second}")
        assert f'<html lang="{path[1:3]}">' in response.text
        assert set(response.headers["Content-Language"].split(", ")) == {"cy", "en"}


WRITTEN = {
    "2017": "2017",
    "2017-10": "Hydref 2017",
    "2017-10-17": "17 Hydref 2017",
    "2017-10?": "efallai Hydref 2017",
    "2018-11~": "o gwmpas Tachwedd 2018",
    "201X": "y 2010au",
    "20XX": "rhwng 2000 a 2099",
    "2017-XX": "rywbryd yn 2017",
    "2017-11-XX": "rywbryd ym mis Tachwedd 2017",
    "2017-1X": "rhwng Hydref a Rhagfyr 2017",
    "2017-0X": "rhwng Ionawr a Medi 2017",
    "2017-21": "gwanwyn 2017",
    "2017-23": "tymor yr hydref 2017",
    "2017-24": "gaeaf 2017 i 2018",
    "2019-04-01/2019-06-30": "1 Ebrill i 30 Mehefin 2019",
    "2017-10/2017-12": "Hydref i Ragfyr 2017",
    "2017-09/2017-11": "Medi i Dachwedd 2017",
    "2017-05/..": "o Fai 2017 ymlaen",
    "2017-21/..": "o wanwyn 2017 ymlaen",
    "../2018-03": "tan Fawrth 2018",
    "../2018-07-14": "tan 14 Gorffennaf 2018",
    "2017/": "o 2017 ymlaen, diwedd anhysbys",
    "/2018-02": "tan Chwefror 2018, dechrau anhysbys",
    "[2017-10,2018-07]": "Hydref 2017 neu Orffennaf 2018",
    "[2017-11-13..2017-11-14]": "rhwng 13 a 14 Tachwedd 2017",
    "[2017-11-07..2017-11-08]": "rhwng 7 ac 8 Tachwedd 2017",
    "[2017-11-10..2017-11-11]": "rhwng 10 ac 11 Tachwedd 2017",
    "[2017-11-17..2017-11-18]": "rhwng 17 a 18 Tachwedd 2017",
    "{2017-10,2018-11}": "Hydref 2017 a Thachwedd 2018",
    "{2017-10,2018-04}": "Hydref 2017 ac Ebrill 2018",
    "[..2019]": "2019 neu’n gynharach",
}


@pytest.mark.parametrize(("text", "said"), WRITTEN.items())
def test_a_date_is_written_out_in_welsh(text: str, said: str) -> None:
    assert dates.text(text, WELSH.dates) == said


@given(st.text(alphabet="0123456789X-/.~?%[]{},", max_size=24))
def test_no_text_breaks_a_welsh_page(text: str) -> None:
    assert isinstance(dates.text(text, WELSH.dates), str)


@pytest.mark.parametrize(
    ("number", "welsh", "english"),
    [
        (0, "0 o blant", "0 children"), (1, "1 plentyn", "1 child"), (2, "2 blentyn", "2 children"),
        (3, "3 phlentyn", "3 children"), (4, "4 o blant", "4 children"), (6, "6 phlentyn", "6 children"),
        (11, "11 o blant", "11 children"), (246.0, "246 o blant", "246 children"), (1.5, "1.5 o blant", "1.5 children"),
        (12345, "12,345 o blant", "12,345 children"),
    ],
)  # fmt: skip
def test_plurals(number: float, welsh: str, english: str) -> None:
    assert WELSH.count("children", number) == welsh
    assert ENGLISH.count("children", number) == english


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_form_says_the_number_that_it_is_for(words: Any) -> None:
    for name in words.counts:
        for number in range(8):
            assert str(number) in words.count(name, number), (name, number)


def test_a_filled_text_keeps_the_marks_of_its_parts() -> None:
    made = fill("Cywiriad: {} & {}", told("A <b>", WELSH), "x<y")
    assert made == "Cywiriad: A <b> & x<y"
    assert isinstance(made, Text)
    assert made.__html__() == 'Cywiriad: <span lang="en">A &lt;b&gt;</span> &amp; x&lt;y'
    assert type(fill("{}", told("A", ENGLISH))) is str
    assert type(told("Dyfyniad", WELSH, "cy")) is str
    assert type(told("?", WELSH, None)) is str


def test_calendar_and_list_of_feeds_are_in_welsh_too(still: FlaskClient) -> None:
    for path in ("/cy/feeds/calendar.ics", "/cy/feeds.opml"):
        response = still.get(path)
        assert (response.status_code, response.headers["Content-Language"]) == (200, "cy")
        assert "Archif gwasanaethau plant Powys" in response.text.replace("\r\n ", "")
        assert "services archive" not in response.text


def test_the_name_of_a_feed_is_marked_where_only_a_screen_reader_hears_it(
    still: FlaskClient,
) -> None:
    heard = Heard(still.get("/cy/tanysgrifio").text)
    assert "Libraries" in heard.in_language("en")
    assert "Libraries" not in heard.in_language("cy")


def test_what_a_search_finds_is_marked(still: FlaskClient) -> None:
    heard = Heard(still.get("/cy/chwilio?q=plan").text)
    assert "for the libraries was published" in heard.in_language("en")
    assert "libraries" not in heard.in_language("cy")
    heard = Heard(still.get("/cy/chwilio?q=cyngor").text)
    assert "Cyngor Aberdulas" in heard.in_language("cy")
    assert "Cyngor" not in heard.in_language("en")


def test_a_name_of_a_person_is_in_no_language(still: FlaskClient) -> None:
    heard = Heard(still.get("/cy/cofnodion/person/nia-prys").text)
    assert "Nia Prys" in heard.in_language("cy")


SOURCES = {"source/echo-1": "Llyfrgelloedd y sir", "source/post-1": "Libraries of the county"}


@pytest.fixture
def quoted(client: FlaskClient, reader: Reader) -> FlaskClient:
    """A site where a promise was read in a Welsh source and an English one, each with a title of its own."""
    for number, (slug, title) in enumerate(SOURCES.items()):
        reader.archive.record(
            "SourceCaptured", id=slug, new=True, kind="news", publisher="org/aberdulas-post", lang="cy en".split()[number],
            captured_at="2031-04-04", body_access="restricted", sha256=str(number) * 64, chars=700, title=title,
            published=on("2031-04-03"), url="https://echo.example/a",
        )  # fmt: skip
        reader.archive.record(
            "CommitmentRecorded", {"source": slug, "start": 0, "end": 9}, id="commitment/shelf", new=not number,
            obliged="org/aberdulas-council", what="Buy a shelf", kind="promised",
            readings=[{"label": "by 2032", "on": on("2032")}],
        )  # fmt: skip
    reader.archive.tables()
    return client


@pytest.mark.parametrize("slug", SOURCES)
def test_the_title_of_a_source_is_in_the_language_of_the_source(
    quoted: FlaskClient, slug: str
) -> None:
    title, own = SOURCES[slug], "cy" if slug == "source/echo-1" else "en"
    for language, words in WORDS.items():
        paths = [
            f"{words.paths['records']}/{slug}", f"{words.paths['records']}/commitment/shelf", words.paths["commitments"],
            f"{words.paths['bodies']}/aberdulas-council", f"{words.paths['search']}?q={title.split()[0]}",
        ]  # fmt: skip
        for path in paths:
            text = quoted.get(f"/{language}/{path}").text.replace("<mark>", "").replace("</mark>", "")  # fmt: skip
            heard = [lang for lang, said in Heard(text).said if said.strip() == title]
            assert heard, path
            assert set(heard) == {own}, path


def test_a_source_without_a_title_is_called_by_where_it_was_published_and_when(
    client: FlaskClient, reader: Reader
) -> None:
    reader.archive.record(
        "SourceCaptured", id="source/echo-2", new=True, kind="news", publisher="org/aberdulas-post", lang="en",
        captured_at="2031-04-04", body_access="restricted", sha256="2" * 64, chars=700, published=on("2031-04-03"),
        url="https://www.echo.example/a",
    )  # fmt: skip
    reader.archive.tables()
    assert reader.label("source/echo-2") == "echo.example, 2031-04-03"
    english, welsh = (
        client.get(f"/{language}/{words.paths['records']}/source/echo-2").text
        for language, words in WORDS.items()
    )
    assert re.search(r"<h1[^>]*><bdi>echo.example, 3 April 2031</bdi></h1>", english)
    assert "<bdi>echo.example, 3 Ebrill 2031</bdi></h1>" in welsh
