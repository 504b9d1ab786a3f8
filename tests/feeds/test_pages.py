"""The pages as HTML."""

import html.parser
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from feeds.kinds import KINDS
from tests.feeds.conftest import PAPER, Reader, on

PLAN = "development/plan-published"
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(html.parser.HTMLParser):
    """A page's elements, links and ids; a tag that is not closed, or closed unopened, fails."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        # Data for machines that no browser runs, where it is just that.
        block = tag == "script" and values == {"type": "application/ld+json"}
        self.tags.append("data block" if block else tag)
        assert "style" not in values
        assert not any(name.startswith("on") for name in values)
        self.links += [value for name in ("href", "src") if (value := values.get(name))]
        self.ids += [values["id"] or ""] if "id" in values else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def page(client: FlaskClient, path: str) -> tuple[str, Page]:
    response = client.get(path)
    assert response.status_code == 200
    return response.text, Page(response.text)


def test_home_says_what_this_is_and_what_is_new(still: FlaskClient, still_reader: Reader) -> None:
    text, made = page(still, "/en/")
    assert '<html lang="en">' in text
    assert "Independent of Powys County Council" in text
    assert made.tags.count("h1") == 1
    assert (
        f'<a href="/en/records/{PLAN}"><bdi>The plan for the libraries was published</bdi></a>'
        in text
    )
    assert "28 March 2031" in text
    (position,) = still_reader.archive.rows("SELECT events, root FROM log_position")
    assert f"{position[0]} events recorded, the last on 1 January 2026." in text
    assert position[1] in text
    assert 'href="https://data.example/"' in text


def test_every_page_tells_of_every_feed(still: FlaskClient) -> None:
    for path in ("/en/", f"/en/records/{PLAN}"):
        text = still.get(path).text
        found = re.findall(
            r'<link rel="alternate" type="application/atom\+xml" title="([^"]+)" href="([^"]+)">',
            text,
        )
        assert [href for _, href in found] == [
            f"https://archive.example/en/feeds/{name}.atom" for name in KINDS
        ]
        assert len({title for title, _ in found}) == len(KINDS)


def test_home_lists_an_entry_once_where_it_was_recorded(
    client: FlaskClient, reader: Reader
) -> None:
    reader.retract(reader.number(PLAN))
    reader.archive.tables()
    text, _ = page(client, "/en/")
    items = re.findall(
        r"<li.*?</li>", text.partition('id="newest"')[2].partition("</section>")[0], re.DOTALL
    )
    kinds = [
        (re.findall(r'class="kind[^>]*>([^<]+)', item)[0], 'class="gone"' in item) for item in items
    ]
    assert kinds[0] == ("Withdrawal", False)
    assert kinds.count(("Development", True)) == 1


def test_a_record_shows_facts_proof_and_history(client: FlaskClient, reader: Reader) -> None:
    number = reader.amend(PLAN, "/happened", on("2031-03-28"), on("2031-03-29"))
    reader.archive.tables()
    text, made = page(client, f"/en/records/{PLAN}")
    assert "<dt>When</dt><dd><bdi>29 March 2031</bdi></dd>" in text
    assert "/en/records/org/aberdulas-council" in made.links
    assert "/en/records/source/aberdulas-post-2031-03-05" in made.links
    assert "https://post.example/library-plan" in made.links
    assert "characters 10 to 30 of its text" in text
    there = 'read it there<span class="unseen">: <bdi>Library plan due in spring</bdi></span></a>'
    assert there in text
    welsh, _ = page(client, f"/cy/cofnodion/{PLAN}")
    assert '<span class="unseen">: <bdi lang="en">Library plan due in spring</bdi></span>' in welsh
    assert "When: was <del>28 March 2031</del>, now <ins>29 March 2031</ins>" in text
    assert "The error was ours. We misread it." in text
    assert {f"E{reader.number(PLAN)}", f"E{number}"} <= set(made.ids)
    assert "https://data.example/archive/records/development~2Fplan-published" in made.links
    assert f"https://data.example/archive/events/{number}" in made.links


def test_a_statement_shows_the_words_used(still: FlaskClient) -> None:
    text, _ = page(still, "/en/records/statement/prys-1")
    assert "<blockquote><p>“Books now”</p></blockquote>" in text
    assert "<q>Books now</q>" in text


def test_a_commitment_shows_its_readings_and_its_status_today(still: FlaskClient) -> None:
    text, _ = page(still, "/en/records/commitment/library-plan")
    assert "Depends on how the deadline is read." in text
    assert "<strong>24 March 2031</strong>: <bdi>20 days</bdi>" in text
    assert "Outcome recorded" in text
    assert 'This concerns <a href="/en/records/outcome/library-plan">' in text


def test_a_person_shows_where_they_are_named(still: FlaskClient) -> None:
    text, made = page(still, "/en/records/person/nia-prys")
    assert {"/en/records/statement/prys-1", "/en/records/tenure/prys-librarian"} <= set(made.links)
    assert "Librarian of Aberdulas" in text


def test_a_withdrawn_record_says_so_and_shows_nothing_else(
    client: FlaskClient, reader: Reader
) -> None:
    reader.retract(reader.number(PLAN))
    reader.archive.tables()
    text, _ = page(client, f"/en/records/{PLAN}")
    assert "The archive no longer stands by this record." in text
    assert "The source was wrong. The paper took it back." in text
    assert '<meta name="robots" content="noindex">' in text
    assert "28 March 2031" not in text


def test_a_disagreement_of_sources_is_shown(client: FlaskClient, reader: Reader) -> None:
    reader.archive.record(
        "DevelopmentRecorded", PAPER, id=PLAN, what="The plan came out", kind="published", happened=on("2031-04-02")
    )  # fmt: skip
    reader.archive.tables()
    text, _ = page(client, f"/en/records/{PLAN}")
    assert "Where sources disagree" in text
    assert "<bdi>28 March 2031</bdi>" in text
    assert "<bdi>2 April 2031</bdi>" in text


def test_a_dispute_is_part_of_the_history(client: FlaskClient, reader: Reader) -> None:
    reader.archive.record(
        "RecordDisputed", {**PAPER, "stance": "contradicts"}, target=reader.number(PLAN), path="/happened", state="open",
        note="They say it was later.",
    )  # fmt: skip
    reader.archive.tables()
    text, _ = page(client, f"/en/records/{PLAN}")
    assert "Contested: When. Until it is settled, both sides stay visible." in text
    assert "They say it was later." in text
    assert "against it" in text


def test_every_record_and_every_link_within_the_site_is_there(
    client: FlaskClient, reader: Reader
) -> None:
    reader.retract(reader.number("statement/prys-1"))
    reader.archive.sign()
    for (slug,) in reader.archive.rows("SELECT id FROM records"):
        _, made = page(client, f"/en/records/{slug}")
        assert "/log/checkpoint" in made.links
        assert len(set(made.ids)) == len(made.ids)
        for link in {link for link in made.links if link.startswith("/")}:
            assert client.get(link).status_code == 200, link


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</title></h1></bdi><svg onload=alert(1)>",
    "{{ 7919 * 7907 }}{% raw %}",
    "%s %(a)s {0} {a.b}",
    "javascript:alert(1)",
    "&lt;b&gt; &amp;amp; &#60;",
    "]]><!-- --><![CDATA[",
    "\u202egpj.exe \u2066x",
    "مرحبا שלום",
    "x\u0301\u0302" * 20,
    "x" * 290,
    "👩‍👧‍👦 \U000e0001 \ufffc",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(client: FlaskClient, reader: Reader, text: str) -> None:
    record = reader.archive.record
    record(
        "EntityRecorded",
        id="org/evil",
        new=True,
        kind="organisation",
        name=text,
        disambiguation=text,
    )
    record("NameRecorded", record="org/evil", name=text, kind="epithet", lang="cy")
    record(
        "DevelopmentRecorded", PAPER, id="development/evil", new=True, what=text, kind="other", happened=on("2031"),
        participants=[{"entity": "org/evil", "role": text}], amount={"value": 1, "unit": text},
    )  # fmt: skip
    record(
        "CommitmentRecorded", PAPER, id="commitment/evil", new=True, obliged="org/evil", what=text, kind="promised",
        condition=text, readings=[{"label": text, "on": on("2031")}],
    )  # fmt: skip
    reader.amend("development/evil", "/what", text, text + "!", note=text)
    record(
        "RecordDisputed",
        target=reader.number("commitment/evil"),
        path="/what",
        state="open",
        note=text,
    )
    reader.archive.tables()
    for path in (
        "/en/",
        "/en/records/org/evil",
        "/en/records/development/evil",
        "/en/records/commitment/evil",
    ):
        shown, made = page(client, path)
        assert not {"script", "img", "svg"} & set(made.tags)
        assert not any(link.startswith("javascript:") for link in made.links)
        assert "62615533" not in shown
    for ending in ("atom", "rss"):
        body = client.get(f"/en/feeds/all.{ending}").text
        assert "<script" not in body
        assert "&lt;script" not in body or "<script>" in text
        for entry in reader.feed().entries:
            made = Page(entry.content)
            assert set(made.tags) <= {"p", "ul", "li", "b", "a", "del", "ins", "i", "span"}
            assert all(link.startswith("https://") for link in made.links)


def test_a_page_is_small(client: FlaskClient, reader: Reader) -> None:
    for number in range(60):
        reader.archive.record(
            "DevelopmentRecorded", PAPER, id=f"development/d{number}", new=True, what=f"Thing no. {number} was done in Llanaber",
            kind="other", happened=on("2031-03"),
        )  # fmt: skip
    reader.archive.tables()
    packed: dict[str, Any] = {"Accept-Encoding": "gzip"}
    assert len(client.get("/en/", headers=packed).data) < 14_000
    assert len(client.get("/static/style.css", headers=packed).data) < 3_000
