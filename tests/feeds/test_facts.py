"""The lines of a record, from real tables."""

import pytest
from markupsafe import escape

from events.values import KINDS
from feeds.deadlines import deadlines
from feeds.dossier import Dossier, Evidence
from feeds.facts import Fact, Part, amount, called, cited, facts
from feeds.sheets import SHEETS
from feeds.words import WORDS
from tests.feeds.conftest import PAPER, Reader, on

ENGLISH = WORDS["en"]


def lines(dossier: Dossier) -> dict[str, tuple[str, ...]]:
    return {fact.term: tuple(part.text for part in fact.parts) for fact in facts(dossier, ENGLISH)}


def test_a_tenure_tells_what_is_known_of_its_time(still_reader: Reader) -> None:
    assert lines(still_reader.dossier("tenure/prys-librarian")) == {
        "Person": ("Nia Pryse",),
        "Title in the sources": ("Librarian",),
        "Post": ("Librarian",),
        "Began": ("2030",),
        "Named in office on": ("4 March 2031",),
        "Topics": ("Libraries",),
    }


def test_the_end_that_a_successor_implies_is_a_bound(reader: Reader) -> None:
    record = reader.archive.record
    record(
        "EntityRecorded",
        id="person/mai",
        new=True,
        kind="person",
        name="Mai",
        public_capacity="Librarian",
    )
    record(
        "TenureRecorded", PAPER, id="tenure/mai", new=True, person="person/mai", post="post/librarian",
        title_as_stated="Librarian", start=on("2032-05-01"),
    )  # fmt: skip
    assert lines(reader.dossier("tenure/prys-librarian"))["Ended"] == ("not later than 1 May 2032",)


def test_names_are_told_with_what_they_are(still_reader: Reader) -> None:
    said = list(facts(still_reader.dossier("org/aberdulas-council"), ENGLISH))
    assert said == [Fact("Also known as", (Part("Cyngor Aberdulas (official name)", lang="cy"),))]


def test_an_older_outcome_keeps_its_facts(reader: Reader) -> None:
    reader.archive.record(
        "OutcomeRecorded", PAPER, id="outcome/second", new=True, commitment="commitment/library-plan", result="superseded",
    )  # fmt: skip
    assert lines(reader.dossier("outcome/library-plan"))["Result"] == ("done",)
    assert lines(reader.dossier("outcome/second"))["Result"] == ("replaced",)


def test_every_kind_of_record_has_its_sheet(still_reader: Reader) -> None:
    for kind, sheet in SHEETS.items():
        columns = ", ".join(sheet.columns)
        if sheet.table != "outcomes":  # made by `queries` of the versions
            still_reader.archive.rows(f"SELECT {columns} FROM {sheet.table}")
        assert kind in KINDS
    for (slug,) in still_reader.archive.rows(
        "SELECT id FROM records WHERE kind NOT IN ('topic', 'org')"
    ):
        assert lines(still_reader.dossier(slug)), slug


def test_a_withdrawn_record_has_no_lines(reader: Reader) -> None:
    reader.retract(reader.number("development/plan-published"))
    assert lines(reader.dossier("development/plan-published")) == {}


def test_a_figure_says_how_exact_it_is_and_for_which_time(reader: Reader) -> None:
    record = reader.archive.record
    record("EntityRecorded", id="measure/cost", new=True, kind="measure", name="Cost", unit="GBP")
    record(
        "FigureRecorded", PAPER, id="figure/cost", new=True, measure="measure/cost", value=4_000_000, unit="GBP",
        qualifier="at-most", as_of=on("2031-01"), period=on("2030-04-01/2031-03-31"), kind="budget",
    )  # fmt: skip
    said = lines(reader.dossier("figure/cost"))
    assert said["Number"] == ("at most £4,000,000",)
    assert said["Period covered"] == ("1 April 2030 to 31 March 2031",)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (246.0, "children", "246 children"),
        (4000000.0, "GBP", "£4,000,000"),
        (0.4, "percent", "0.4 %"),
        (1234567.5, None, "1,234,567.5"),
        ("many", "children", "many children"),
    ],
)
def test_an_amount_is_written_with_its_unit(value: object, unit: str | None, said: str) -> None:
    assert amount(value, unit, ENGLISH) == said


@pytest.mark.parametrize(
    ("slug", "text", "said"),
    [
        ("meeting/a", "Council: meeting, 2031-03-04", "Council: meeting, 4 March 2031"),
        (
            "meeting/a",
            "Council: meeting, 2031-03 (scheduled)",
            "Council: meeting, March 2031 (scheduled)",
        ),
        ("meeting/a", "Council, north", "Council, north"),
        ("doc/a", "Report, 2031-03-04", "Report, 2031-03-04"),
        ("outcome/a", "Partly done: Do it: now (Council)", "Partly done: Do it: now (Council)"),
        ("doc/a", None, "title withheld (Document)"),
    ],
)
def test_a_label_reads_as_words(slug: str, text: str | None, said: str) -> None:
    assert called(slug, text, ENGLISH) == said


@pytest.mark.parametrize(("result", "said"), [
    ("Done", "Gwnaed"), ("Partly done", "Gwnaed yn rhannol"), ("Not done", "Heb ei wneud"),
    ("Superseded", "Disodlwyd"), ("Withdrawn", "Tynnwyd yn ôl"),
])  # fmt: skip
def test_an_outcome_says_its_result_in_welsh(result: str, said: str) -> None:
    there = called("outcome/a", f"{result}: Do it (Council)", WORDS["cy"])
    assert there == f"{said}: Do it (Council)"


@pytest.mark.parametrize(
    ("label", "english", "welsh"),
    [
        ("Looked after: 244 children", None, "Looked after: 244 o blant"),
        ("Cost: net: more than 1,300 staff", None, "Cost: net: mwy na 1,300 o staff"),
        ("Rank: 2 rank in Wales", "Rank: rank 2 in Wales", "Rank: safle 2 yng Nghymru"),
        ("Carers: 3 carers", None, "Carers: 3 gofalwr"),
        ("Left: -1.5 children", None, "Left: -1.5 o blant"),
        ("Budget: at most £1,189.20", None, "Budget: dim mwy na £1,189.20"),
        ("Loss: about -£5", None, "Loss: tua -£5"),
        ("Share: 0.4%", None, "Share: 0.4%"),
        ("Loans: 40 shelves", None, "Loans: 40 shelves"),  # of a unit without words
        ("What is counted: at the", None, "What is counted: at the"),
    ],
)
def test_a_figure_says_its_number_in_the_language_of_the_page(
    label: str, english: str | None, welsh: str
) -> None:
    assert called("figure/a", label, ENGLISH) == (english or label)
    there = called("figure/a", label, WORDS["cy"])
    assert there == welsh
    measure = there.rpartition(": ")[0]
    whole = there == label and "%" not in label  # what has no Welsh words is English to its end
    assert str(escape(there)).startswith(f'<span lang="en">{label if whole else measure}</span>')


def test_a_source_is_cited_once_and_only_where_it_supports() -> None:
    def passage(event: int, source: str, stance: str = "supports") -> Evidence:
        return Evidence(event, source, None, None, None, stance, *[None] * 5)

    items = (
        passage(1, "source/a", "contradicts"),
        passage(1, "source/b"),
        passage(2, "source/b"),
        passage(3, "source/a"),
    )
    dossier = Dossier(id="doc/a", kind="doc", label="A", state="current", evidence=items)
    assert [item.event for item in cited(dossier)] == [1, 3]
    assert [item.source_id for item in cited(dossier, [2])] == ["source/b"]


def test_each_reading_has_its_day_its_source_and_its_verdict(still_reader: Reader) -> None:
    first, second = deadlines(still_reader.dossier("commitment/library-plan"), ENGLISH)
    assert (first.label, first.due, first.verdict) == (
        "20 days",
        "24 March 2031",
        "not kept: it was done later",
    )
    assert (second.due, second.verdict) == ("1 April 2031", "kept")
    assert first.source_label == "Library plan due in spring"


def test_a_reading_that_a_vague_day_cannot_decide_stays_open(reader: Reader) -> None:
    reader.amend("outcome/library-plan", "/happened", on("2031-03-28"), on("2031-03"))
    assert {
        one.verdict for one in deadlines(reader.dossier("commitment/library-plan"), ENGLISH)
    } == {"cannot be told", "kept"}
