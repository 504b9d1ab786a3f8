from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from archive import bundle
from archive.home import Home
from archive.questions import QUESTIONS, Question

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
    return aberdulas.tables()._conn


def test_there_are_the_twelve_questions_two_of_them_in_two_parts() -> None:
    assert len(QUESTIONS) == 14
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

    assert sure("2029-12-31") == []
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
    [row] = ask(powys, BY_NAME["who-held-a-post"])
    assert (row["day"], row["name"], row["how_sure"]) == ("2019-06-01", "Ali Bulman", "certain")


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
    assert [(row["due"], row["done"], row["on_this_reading"]) for row in plan] == [
        ("2017-11-14", "2017-11-13", "met"),
        ("2017-11-06", "2017-11-13", "late by 7 days"),
    ]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_every_question_has_an_answer_in_the_collection_without_parameters(
    powys: sqlite3.Connection, question: Question
) -> None:
    assert ask(powys, question)
