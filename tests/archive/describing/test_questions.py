from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from archive.datasette_plugin.functions import FUNCTIONS
from archive.describing.questions import QUESTIONS, RESEARCH, WIDER, Question
from archive.home import Home
from archive.keeping import bundle

BY_NAME = {question.name: question for question in QUESTIONS}

#: A moment after everything was recorded and before anything was corrected.
BEFORE = "2026-01-01T00:12:30Z"
PLAN = "commitment/improvement-plan-within-20-working-days"

#: How each question is asked of Aberdulas; every one of them has an answer there.
ASKED = {
    "who-held-a-post": {"day": "2031-03-04", "post": "post/librarian"},
    "what-was-due": {"day": "2031-12-31"},
    "verdicts-that-depend-on-the-reading": {},
    "what-the-public-could-know": {"day": "2031-03-05"},
    "what-the-archive-no-longer-says": {"moment": BEFORE},
    "a-record-as-it-was-known": {"record": "person/nia-prys", "moment": BEFORE},
    "what-somebody-said": {"speaker": "person/nia-prys"},
    "gaps-in-a-post": {"post": "post/librarian"},
    "what-rests-on-one-source": {},
    "where-sources-disagree": {},
    "a-body-under-all-its-names": {"name": "CYNGOR ABERDULAS"},
    "timeline-with-proof": {"first": "2031-03-01", "last": "2031-03-31"},
    "what-we-inferred": {},
    "find-words": {"words": "library pl"},
    "figures-over-time": {"measure": "measure/borrowers"},
    "deadlines-by-status": {},
    "how-a-deadline-moved": {},
    "documents-and-answers": {},
    "figures-that-compete": {"days": "30"},
    "promised-and-not-heard-of": {},
    "corrections-by-reason": {},
    "coverage-by-month": {},
}


def ask(tables: sqlite3.Connection, question: Question, **given: str) -> list[dict[str, Any]]:
    """Ask as Datasette does: a parameter that is not given is empty."""
    cursor = tables.execute(question.sql, {name: given.get(name, "") for name in question.params})
    names = [column[0] for column in cursor.description]
    assert len(names) == len(set(names)), "a column cannot be told from another"
    return [dict(zip(names, row, strict=True)) for row in cursor]


@pytest.fixture
def tables(aberdulas: Any) -> sqlite3.Connection:
    """Aberdulas with something to disagree about: a correction, and a second paper's other day."""
    name = aberdulas.rows("SELECT first_event FROM records WHERE id = 'person/nia-prys'")[0][0]
    aberdulas.record(
        "RecordAmended", target=name, reason="source-error", note="A letter too many in print.",
        changes=[{"path": "/name", "from": "Nia Pryse", "to": "Nia Prys"}],
    )  # fmt: skip
    aberdulas.record(
        "SourceCaptured", id="source/echo-2031-03-06", new=True, kind="news", publisher="org/aberdulas-post",
        lang="en", captured_at="2031-03-06", body_access="restricted", sha256="1" * 64, chars=100,
        published={"edtf": "2031-03-06", "basis": "stated"},
    )  # fmt: skip
    aberdulas.record(
        "DevelopmentRecorded", {"source": "source/echo-2031-03-06", "start": 1, "end": 9},
        id="development/plan-published", what="The plan for the libraries was published", kind="published",
        happened={"edtf": "2031-03-29", "basis": "stated"},
    )  # fmt: skip
    echo = {"source": "source/echo-2031-03-06", "start": 1, "end": 9}
    aberdulas.record(
        "EntityRecorded", id="measure/borrowers", new=True, kind="measure", name="Borrowers", unit="people"
    )  # fmt: skip
    for name, day, value in (("a", "2020-03-31", 900), ("b", "2020-04-02", 870)):
        aberdulas.record(
            "FigureRecorded", echo, id=f"figure/borrowers-{name}", new=True, measure="measure/borrowers",
            value=value, unit="people", as_of={"edtf": day, "basis": "stated"}, kind="actual",
        )  # fmt: skip
    for name, answers in (("report", None), ("reply", "doc/report"), ("plan", "doc/reply")):
        given = {"responds_to": answers} if answers else {}
        aberdulas.record(
            "DocumentRecorded", echo, id=f"doc/{name}", new=True, title=name.title(), kind=name,
            author="org/aberdulas-council", published={"edtf": "2020-05", "basis": "stated"}, **given,
        )  # fmt: skip
    aberdulas.record(
        "CommitmentRecorded", echo, id="commitment/open-the-tower", new=True, obliged="org/aberdulas-council",
        what="Open the tower", kind="promised", readings=[{"label": "spring", "on": {"edtf": "2020-05", "basis": "stated"}}],
    )  # fmt: skip
    return aberdulas.tables()._conn


def test_there_are_twelve_questions_two_of_them_in_two_parts_and_eight_more() -> None:
    assert (len(RESEARCH), len(WIDER)) == (14, 8)
    assert set(ASKED) == set(BY_NAME)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_question_names_the_parameters_of_its_sql_in_their_order(question: Question) -> None:
    without_texts = re.sub(r"'[^']*'", "", question.sql)
    assert question.params == tuple(dict.fromkeys(re.findall(r":(\w+)", without_texts)))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_question_runs_without_parameters_and_has_an_answer_with_them(
    tables: sqlite3.Connection, question: Question
) -> None:
    tables.execute(f"EXPLAIN {question.sql}", dict.fromkeys(question.params))
    ask(tables, question)
    assert ask(tables, question, **ASKED[question.name])


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_question_says_what_an_empty_parameter_means(question: Question) -> None:
    assert question.title.endswith("?")
    assert question.description.endswith(".")
    if question.params:
        assert "Left empty" in question.description
    for default in re.findall(r"nullif\(trim\(:\w+\), ''\),\s+'([^']+)'\)", question.sql):
        assert default in question.description


def test_who_held_a_post_is_certain_between_start_and_the_last_attestation(
    tables: sqlite3.Connection,
) -> None:
    def sure(day: str) -> list[tuple[str, str]]:
        answer = ask(tables, BY_NAME["who-held-a-post"], day=day, post="post/librarian")
        return [(row["name"], row["how_sure"]) for row in answer]

    assert sure("2029-12-31") == [("Nia Prys", "no")]
    assert sure("2030-06-01") == [("Nia Prys", "possible")]
    assert sure("2031-03-04") == [("Nia Prys", "certain")]
    assert sure("2031-03-05") == [("Nia Prys", "possible")]


def test_a_deed_can_be_in_time_on_one_reading_and_late_on_another(
    tables: sqlite3.Connection,
) -> None:
    answer = ask(tables, BY_NAME["verdicts-that-depend-on-the-reading"])
    assert [(row["reading"], row["due"], row["on_this_reading"]) for row in answer] == [
        ("20 working days", "2031-04-01", "met"),
        ("20 days", "2031-03-24", "late by 4 days"),
    ]


def test_what_a_source_says_is_known_from_the_day_it_appeared(tables: sqlite3.Connection) -> None:
    def known(day: str) -> set[str]:
        return {
            row["record_id"] for row in ask(tables, BY_NAME["what-the-public-could-know"], day=day)
        }

    assert known("2031-03-04") == set()
    assert "tenure/prys-librarian" in known("2031-03-05")


def test_a_correction_is_told_to_whoever_read_the_archive_before_it(
    tables: sqlite3.Connection,
) -> None:
    question = BY_NAME["what-the-archive-no-longer-says"]
    [row] = ask(tables, question, moment=BEFORE)
    assert (row["label"], row["before"], row["after"], row["reason"]) == (
        "Nia Prys", "Nia Pryse", "Nia Prys", "source-error",
    )  # fmt: skip
    assert ask(tables, question, moment="2026-01-02T00:00:00Z") == []
    assert ask(tables, question) == [row]
    [old] = ask(tables, BY_NAME["a-record-as-it-was-known"], record=row["record_id"], moment=BEFORE)
    assert '"name":"Nia Pryse"' in old["data"]


def test_what_was_said_comes_with_the_office_of_that_day(tables: sqlite3.Connection) -> None:
    [said] = ask(tables, BY_NAME["what-somebody-said"], speaker="person/nia-prys")
    assert (said["said"], said["speaking_as"]) == ("2031-03-04", "Librarian")


def test_two_sources_that_disagree_are_both_named(tables: sqlite3.Connection) -> None:
    [conflict] = ask(tables, BY_NAME["where-sources-disagree"])
    assert {conflict["value_a"], conflict["value_b"]} == {"2031-03-28", "2031-03-29"}
    assert conflict["said_by"] == conflict["but_said_by"] == "Aberdulas Post"


def test_a_body_is_found_under_its_welsh_name(tables: sqlite3.Connection) -> None:
    answer = ask(tables, BY_NAME["a-body-under-all-its-names"], name="cyngor aberdulas")
    assert {"meeting/council-2031-03-04", "commitment/library-plan", "post/librarian"} <= {
        row["record_id"] for row in answer
    }
    assert {row["names"] for row in answer} == {"Aberdulas Council"}


def test_figures_come_with_their_days_and_those_that_do_not_agree_in_pairs(
    tables: sqlite3.Connection,
) -> None:
    line = ask(tables, BY_NAME["figures-over-time"], measure="measure/borrowers")
    assert [(row["day"], row["value"]) for row in line] == [
        ("2020-03-31", 900),
        ("2020-04-02", 870),
    ]
    [pair] = ask(tables, BY_NAME["figures-that-compete"], days="2")
    assert (pair["value"], pair["other_value"], pair["said_by"]) == (900, 870, "Aberdulas Post")
    assert ask(tables, BY_NAME["figures-that-compete"], days="1") == []


def test_figures_for_two_periods_do_not_compete(aberdulas: Any) -> None:
    record = aberdulas.record
    paper = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}
    record("EntityRecorded", id="measure/cost", new=True, kind="measure", name="Cost", unit="GBP")
    years = ("2029-04-01/2030-03-31", "2030-04-01/2031-03-31", None)
    for number, year in enumerate(years):
        period = {"period": {"edtf": year, "basis": "stated"}} if year else {}
        record(
            "FigureRecorded", paper, id=f"figure/cost-{number}", new=True, measure="measure/cost", value=number,
            unit="GBP", as_of={"edtf": "2031-01-31", "basis": "stated"}, kind="budget", **period,
        )  # fmt: skip
    found = ask(aberdulas.tables()._conn, BY_NAME["figures-that-compete"])
    assert [(row["value"], row["other_value"]) for row in found] == [(0, 2), (1, 2)]


def test_figures_for_two_places_do_not_compete_and_are_two_lines_of_the_chart(
    tables: sqlite3.Connection, aberdulas: Any
) -> None:
    for place in ("mill", "quay"):
        aberdulas.record(
            "EntityRecorded", id=f"place/{place}", new=True, kind="place", name=place.title()
        )
        aberdulas.record(
            "FigureRecorded", id=f"figure/{place}", new=True, measure="measure/borrowers", value=len(place) + ord(place[0]),
            unit="people", as_of={"edtf": "2024-03-31", "basis": "stated"}, kind="actual", area=f"place/{place}",
        )  # fmt: skip
    aberdulas.tables()

    assert len(ask(tables, BY_NAME["figures-that-compete"], days="30")) == 1
    line = ask(tables, BY_NAME["figures-over-time"], measure="measure/borrowers")
    assert {row["series"] for row in line} == {"actual", "actual, Mill", "actual, Quay"}


def test_a_holder_without_a_known_start_stands_where_they_are_first_known(
    tables: sqlite3.Connection, aberdulas: Any
) -> None:
    aberdulas.record(
        "EntityRecorded", id="person/gwen-rees", new=True, kind="person", name="Gwen Rees", public_capacity="Librarian"
    )  # fmt: skip
    aberdulas.record(
        "TenureRecorded", {"source": "source/echo-2031-03-06", "start": 1, "end": 9}, id="tenure/rees-librarian", new=True, person="person/gwen-rees", post="post/librarian",
        title_as_stated="Librarian", end={"edtf": "2031-04-03", "basis": "stated"},
    )  # fmt: skip
    aberdulas.tables()

    answer = ask(tables, BY_NAME["gaps-in-a-post"], post="post/librarian")

    assert [(row["name"], row["next_from"], row["days_unknown"]) for row in answer] == [
        ("Nia Prys", "2031-04-03", 30),
        ("Gwen Rees", None, None),
    ]


def test_a_month_without_a_source_is_a_zero_not_a_hole(tables: sqlite3.Connection) -> None:
    answer = ask(tables, BY_NAME["coverage-by-month"])
    values = {row["day"]: row["value"] for row in answer}
    assert values["2031-03-01"] == 2
    assert list(values) == sorted(values)
    tables.execute(
        "UPDATE sources SET published_latest = '2031-06-30' WHERE id = 'source/echo-2031-03-06'"
    )
    values = {row["day"]: row["value"] for row in ask(tables, BY_NAME["coverage-by-month"])}
    tables.rollback()
    assert [values[f"2031-0{month}-01"] for month in (3, 4, 5, 6)] == [1, 0, 0, 1]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_question_can_be_asked_where_our_functions_are_not_known(question: Question) -> None:
    own = {name for name, _, _ in FUNCTIONS}
    assert not own & set(re.findall(r"(\w+)\(", question.sql))


def test_what_was_promised_and_not_heard_of_is_not_called_broken(
    tables: sqlite3.Connection,
) -> None:
    [silent] = ask(tables, BY_NAME["promised-and-not-heard-of"])
    assert (silent["what"], silent["due_latest"]) == ("Open the tower", "2020-05-31")
    assert silent["days_since"] > 2000
    counts = {row["label"]: row["value"] for row in ask(tables, BY_NAME["deadlines-by-status"])}
    assert counts["unknown"] == 1


def test_documents_stand_under_what_they_answer(tables: sqlite3.Connection) -> None:
    chain = ask(tables, BY_NAME["documents-and-answers"])
    assert [(row["step"], row["title"]) for row in chain] == [
        (0, "Report"),
        (1, "Reply"),
        (2, "Plan"),
    ]
    assert chain[2]["relation"] == "answers Reply"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("tŷ mawr", True), ("TY MAWR", True), ("ty maw", True), ("mawr ty", False),
        ('"', False), ("children's (AND", False), ("*", False), ("ty* OR x", False),
    ],
)  # fmt: skip
def test_any_text_can_be_searched_for(tables: sqlite3.Connection, words: str, found: bool) -> None:
    assert bool(ask(tables, BY_NAME["find-words"], words=words)) == found


@pytest.fixture(scope="module")
def powys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """The bundled collection."""
    home = Home(tmp_path_factory.mktemp("powys") / "home")
    home.create(*bundle.load())
    with home.log() as log:
        store = home.tables(log)
    yield store._conn
    store.close()


def test_who_was_director_of_social_services_on_a_day_of_2019(powys: sqlite3.Connection) -> None:
    answer = ask(powys, BY_NAME["who-held-a-post"])
    assert answer[0]["day"] == "2019-06-01"
    assert [row["name"] for row in answer if row["how_sure"] == "certain"] == ["Ali Bulman"]
    assert {row["name"] for row in answer if row["how_sure"] == "no"} == {"Phil Evans"}
    assert len(answer) == 2


def test_between_two_directors_both_are_possible_and_neither_is_certain(
    powys: sqlite3.Connection,
) -> None:
    answer = ask(powys, BY_NAME["who-held-a-post"], day="2018-04-15")
    assert {(row["name"], row["how_sure"]) for row in answer} == {
        ("Ali Bulman", "possible"),
        ("Phil Evans", "possible"),
    }


def test_whether_the_improvement_plan_was_in_time_depends_on_the_days_counted(
    powys: sqlite3.Connection,
) -> None:
    answer = ask(powys, BY_NAME["verdicts-that-depend-on-the-reading"])
    plan = [row for row in answer if row["commitment_id"] == PLAN]
    assert {row["done"] for row in plan} == {"2017-11-13"}
    assert [(row["due"], row["on_this_reading"]) for row in plan] == [
        ("2017-11-17~", "met"),
        ("2017-11-16", "met"),
        ("2017-11-14", "met"),
        ("2017-11-08", "late by 5 days"),
        ("2017-11-06", "late by 7 days"),
    ]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_every_question_has_an_answer_in_the_collection_without_parameters(
    powys: sqlite3.Connection, question: Question
) -> None:
    assert ask(powys, question)
