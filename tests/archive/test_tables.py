"""What the published tables say, row by row, after real events in a real log."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from archive.store import OWNED
from archive.table import dated
from archive.tables import TABLES, VIEWS, finding
from archive.tables.tenures import implied_ends
from tests.archive.stories import on
from tests.conftest import Aberdulas

PAPER = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}
WHY = {"reason": "archive-error", "note": "Misread"}
TODAY = dt.datetime.now(dt.UTC).date()
LAST_YEAR, NEXT_YEAR = f"{TODAY.year - 1}-06-30", f"{TODAY.year + 1}-06-30"


def amend(archive: Aberdulas, target: int, path: str, before: Any, after: Any) -> int:
    changes = [{"path": path, "from": before, "to": after}]
    return archive.record("RecordAmended", target=target, changes=changes, **WHY)


# The schema


def test_every_column_of_every_table_is_declared_and_described(empty: Aberdulas):
    for table in TABLES:
        found = [row["name"] for row in empty.store.rows(f"PRAGMA table_info({table.name})")]
        assert found == [column.name for column in table.columns]
        assert table.about
        assert all(column.meaning for column in table.columns)
    for view in VIEWS:
        found = [
            row["name"]
            for row in empty.store.rows(f"SELECT * FROM pragma_table_info('{view.name}')")
        ]
        assert found == [column.name for column in view.columns]
        assert set(view.facets) | {view.sort_desc} <= set(found)
    found = empty.store.rows("SELECT * FROM pragma_table_info('search')")
    assert [row["name"] for row in found] == [column.name for column in finding.SEARCH_COLUMNS]


def test_no_column_needs_quoting_in_sql():
    reserved = set("on from to order group by select where values index table default".split())
    for table in TABLES:
        assert not reserved & {column.name for column in table.columns}


def test_every_reference_to_a_record_is_a_real_one(empty: Aberdulas):
    for table in TABLES:
        keys = {row["from"] for row in empty.store.rows(f"PRAGMA foreign_key_list({table.name})")}
        named = {column.name for column in table.columns if column.name.endswith("_id")}
        assert named - {"entry_id"} <= keys


def test_the_owner_of_a_tables_rows_is_one_of_its_columns_and_indexed(empty: Aberdulas):
    """Else each new fact would read the whole table to find the rows it replaces."""
    for table in OWNED:
        assert table.owner in {column.name for column in table.columns}
        sql = f"EXPLAIN QUERY PLAN SELECT * FROM {table.name} WHERE {table.owner} = 'a'"
        assert "SEARCH" in empty.store.rows(sql)[0]["detail"], table.name


@pytest.mark.parametrize(
    ("when", "columns"),
    [
        (None, (None, None, None)),
        (on("2031-03"), ("2031-03", "2031-03-01", "2031-03-31")),
        ("2031-03-04", ("2031-03-04", "2031-03-04", "2031-03-04")),
        (on("../2031-05"), ("../2031-05", None, "2031-05-31")),
        (on("2031/.."), ("2031/..", "2031-01-01", None)),
        (on("2031~"), ("2031~", "2031-01-01", "2031-12-31")),
    ],
)
def test_a_date_is_three_columns(when, columns):
    assert dated("x", when) == dict(zip(("x", "x_earliest", "x_latest"), columns, strict=True))


def test_the_settled_archive_in_its_main_tables(aberdulas: Aberdulas):
    one = {
        "people": ("person/nia-prys", "Nia Pryse", "Librarian of Aberdulas", None),
        "posts": ("post/librarian", "Librarian", "org/aberdulas-council", None, 1, 0),
        "topics": ("topic/libraries", "Libraries"),
        "record_topics": ("statement/prys-1", "topic/libraries"),
        "participants": ("development/plan-published", "org/aberdulas-council", "publisher"),
    }
    for table, row in one.items():
        assert row in aberdulas.rows(f"SELECT * FROM {table}")
    counts = {table.name: aberdulas.rows(f"SELECT count(*) FROM {table.name}") for table in TABLES}
    assert counts["records"] == [(12,)]
    assert counts["events"] == [(13,)]
    assert counts["sources"] == counts["meetings"] == counts["commitments"] == [(1,)]
    assert aberdulas.rows("SELECT events, length(root) FROM log_position") == [(13, 64)]


# Records


def test_a_record_counts_its_sources_and_tells_when_it_was_public(aberdulas: Aberdulas):
    row = "SELECT kind, subkind, label, state, day, source_count, public_from, first_event FROM records WHERE id = ?"
    assert aberdulas.rows(row, "development/plan-published") == [
        ("development", "published", "The plan for the libraries was published", "current", "2031-03-28", 1, "2031-03-05", 11)
    ]  # fmt: skip
    assert aberdulas.rows(row, "topic/libraries") == [
        ("topic", None, "Libraries", "current", None, 0, None, 0)
    ]


def test_a_welsh_label_comes_from_a_welsh_name_or_a_translation(aberdulas: Aberdulas):
    label = "SELECT label_cy FROM records WHERE id = ?"
    assert aberdulas.rows(label, "org/aberdulas-council") == [("Cyngor Aberdulas",)]
    assert aberdulas.rows(label, "development/plan-published") == [(None,)]
    translation = {"record": "development/plan-published", "lang": "cy", "method": "human"}
    aberdulas.record("TranslationAdded", path="/what", text="Cyhoeddwyd y cynllun", **translation)
    assert aberdulas.rows(label, "development/plan-published") == [("Cyhoeddwyd y cynllun",)]
    # A translation of a remark is no label.
    aberdulas.record("TranslationAdded", path="/note", text="Nodyn", **translation)
    assert aberdulas.rows(label, "development/plan-published") == [("Cyhoeddwyd y cynllun",)]


@pytest.mark.parametrize(("kind", "lang"), [("former", "cy"), ("typo", "cy"), ("official", "en")])
def test_a_former_or_misprinted_or_english_name_is_no_welsh_label(aberdulas, kind, lang):
    aberdulas.record("NameRecorded", record="post/librarian", name="Llyfrgellydd", kind=kind, lang=lang)  # fmt: skip
    assert aberdulas.rows("SELECT label_cy FROM records WHERE id = 'post/librarian'") == [(None,)]


@pytest.mark.parametrize("target", range(13))
def test_a_retracted_record_keeps_its_row_and_its_label_and_leaves_the_tables(aberdulas, target):
    seq, kind, slug = target, *aberdulas.rows("SELECT type, record_id FROM events WHERE seq = ?", target)[0]  # fmt: skip
    before = aberdulas.rows("SELECT label FROM records WHERE id = ?", slug)
    aberdulas.record("RecordRetracted", target=seq, **WHY)
    state = "current" if kind == "NameRecorded" else "retracted"
    assert aberdulas.rows("SELECT state FROM records WHERE id = ?", slug) == [(state,)]
    if kind not in ("NameRecorded", "TenureRecorded", "StatementRecorded"):
        assert aberdulas.rows("SELECT label FROM records WHERE id = ?", slug) == before
    if state == "retracted":
        for table in TABLES:
            if table.owner == "id" and table.name not in ("records", "log_position"):
                assert (slug,) not in aberdulas.rows(f"SELECT id FROM {table.name}")
        assert aberdulas.rows("SELECT * FROM search WHERE record_id = ?", slug) == []
        assert aberdulas.rows("SELECT * FROM timeline WHERE record_id = ?", slug) == []
    assert aberdulas.rows("SELECT in_force FROM events WHERE seq = ?", seq) == [(0,)]


def test_a_merged_record_leads_on_and_rows_name_the_kept_one(aberdulas: Aberdulas):
    aberdulas.record("EntityRecorded", id="person/n-prys", new=True, kind="person", name="N. Prys", public_capacity="Librarian")  # fmt: skip
    aberdulas.record("EntitiesMerged", keep="person/n-prys", merge=["person/nia-prys"], **WHY)
    assert aberdulas.rows("SELECT state, merged_into_id FROM records WHERE id = 'person/nia-prys'") == [("merged", "person/n-prys")]  # fmt: skip
    assert aberdulas.rows("SELECT person_id FROM tenures") == [("person/n-prys",)]
    assert aberdulas.rows("SELECT speaker_id FROM statements") == [("person/n-prys",)]
    assert aberdulas.rows("SELECT id FROM people") == [("person/n-prys",)]
    assert aberdulas.rows("SELECT label FROM records WHERE id = 'tenure/prys-librarian'") == [("N. Prys: Librarian",)]  # fmt: skip
    assert set(aberdulas.rows("SELECT name, kind FROM names WHERE record_id = 'person/n-prys'")) == {("N. Prys", "recorded"), ("Nia Pryse", "known-as")}  # fmt: skip


def test_long_labels_are_cut_at_a_word(aberdulas: Aberdulas):
    what = " ".join(["branch"] * 40)
    aberdulas.record("DevelopmentRecorded", PAPER, id="development/long", new=True, what=what, kind="other", happened=on("2031"))  # fmt: skip
    ((label,),) = aberdulas.rows("SELECT label FROM records WHERE id = 'development/long'")
    assert len(label) <= 120
    assert label.endswith("branch…")


# Names


def test_names_have_a_language_a_kind_and_days(aberdulas: Aberdulas):
    aberdulas.record(
        "NameRecorded", record="org/aberdulas-council", name="Aberdulas District", kind="former", lang="en", from_=on("1974"), until=on("1996-03"),
    )  # fmt: skip
    rows = aberdulas.rows(
        "SELECT name, kind, lang, from_earliest, to_latest FROM names WHERE record_id = 'org/aberdulas-council' ORDER BY event"
    )
    assert rows == [
        ("Aberdulas Council", "recorded", "en", None, None),
        ("Cyngor Aberdulas", "official", "cy", None, None),
        ("Aberdulas District", "former", "en", "1974-01-01", "1996-03-31"),
    ]


# Tenures


def held(name: str, **fields: Any) -> dict[str, Any]:
    """Return a row of the table of tenures."""
    row = dict.fromkeys(
        ("started_earliest", "started_latest", "ended", "attested_first", "attested_last")
    )
    started = fields.pop("started", None)
    if started:
        row |= {"started_earliest": started, "started_latest": fields.pop("by", started)}
    return {"id": f"tenure/{name}", "person_id": f"person/{name}", **row, **fields}


@pytest.mark.parametrize(
    ("tenures", "seats", "ends"),
    [
        # the next holder's certain start bounds the tenure before
        ([held("a", started="2030-01-01"), held("b", started="2031-01-01")], 1, {"tenure/a": "2031-01-01", "tenure/b": None}),
        ([held("a", attested_last="2030-01-01"), held("b", started="2031-01-01")], 1, {"tenure/a": "2031-01-01", "tenure/b": None}),
        ([held("a", started="2030-01-01"), held("b", started="2031-01-01", by="2031-12-31")], 1, {"tenure/a": "2031-12-31", "tenure/b": None}),
        # the earliest of several successors
        ([held("a", started="2030-01-01"), held("c", started="2033-01-01"), held("b", started="2031-01-01")], 1, {"tenure/a": "2031-01-01", "tenure/b": "2033-01-01", "tenure/c": None}),
        # several seats: nobody pushes anybody out
        ([held("a", started="2030-01-01"), held("b", started="2031-01-01")], 2, {"tenure/a": None, "tenure/b": None}),
        ([held("a", started="2030-01-01"), held("b", started="2031-01-01")], 0, {"tenure/a": None, "tenure/b": None}),
        # silence proves nothing, nor does an attestation of somebody else
        ([held("a", started="2030-01-01")], 1, {"tenure/a": None}),
        ([held("a", started="2030-01-01"), held("b", attested_last="2031-01-01")], 1, {"tenure/a": None, "tenure/b": None}),
        ([held("a"), held("b", started="2031-01-01")], 1, {"tenure/a": None, "tenure/b": None}),
        # an uncertain start of the other does not certainly come after
        ([held("a", started="2030-01-01", by="2030-12-31"), held("b", started="2030-06-01")], 1, {"tenure/a": None, "tenure/b": None}),
        ([held("a", started="2030-01-01"), {**held("b"), "started_latest": "2031-01-01"}], 1, {"tenure/a": None, "tenure/b": None}),
        # attested after the other began: they overlapped, so nothing follows
        ([held("a", started="2030-01-01", attested_last="2031-06-01"), held("b", started="2031-01-01")], 1, {"tenure/a": None, "tenure/b": None}),
        # a second tenure of the same person is no successor
        ([held("a", started="2030-01-01"), {**held("b", started="2031-01-01"), "person_id": "person/a"}], 1, {"tenure/a": None, "tenure/b": None}),
        # a stated end stays as it is
        ([held("a", started="2030-01-01", ended="2030-05"), held("b", started="2031-01-01")], 1, {"tenure/b": None}),
        ([], 1, {}),
    ],
)  # fmt: skip
def test_the_end_of_a_tenure_is_bounded_by_a_successor_and_by_nothing_else(tenures, seats, ends):
    found = implied_ends(tenures, seats)
    assert {slug: end for slug, (end, _) in found.items()} == ends
    for end, basis in found.values():
        assert basis == ("implied by successor" if end else None)


def test_an_implied_end_comes_and_goes_with_the_successor(aberdulas: Aberdulas):
    end = "SELECT ended, ended_latest, ended_basis FROM tenures WHERE id = 'tenure/prys-librarian'"
    assert aberdulas.rows(end) == [(None, None, None)]
    aberdulas.record("EntityRecorded", id="person/mair", new=True, kind="person", name="Mair", public_capacity="Librarian")  # fmt: skip
    successor = aberdulas.record(
        "TenureRecorded", PAPER, id="tenure/mair", new=True, person="person/mair", post="post/librarian", title_as_stated="Librarian", start=on("2032"),
    )  # fmt: skip
    assert aberdulas.rows(end) == [(None, "2032-12-31", "implied by successor")]
    seats = amend(aberdulas, 6, "/seats", None, 2)
    assert aberdulas.rows(end) == [(None, None, None)]
    aberdulas.record("RecordRetracted", target=seats, **WHY)
    assert aberdulas.rows(end) == [(None, "2032-12-31", "implied by successor")]
    aberdulas.record("RecordRetracted", target=successor, **WHY)
    assert aberdulas.rows(end) == [(None, None, None)]
    aberdulas.record("RecordRetracted", target=successor + 3, **WHY)
    amend(aberdulas, 7, "/end", None, on("2031-06"))
    assert aberdulas.rows(end) == [("2031-06", "2031-06-30", "stated")]


def test_an_implied_end_leaves_a_post_that_its_successor_leaves(aberdulas: Aberdulas):
    aberdulas.record("EntityRecorded", id="person/mair", new=True, kind="person", name="Mair", public_capacity="Clerk")  # fmt: skip
    aberdulas.record("EntityRecorded", id="post/clerk", new=True, kind="post", name="Clerk", organisation="org/aberdulas-council")  # fmt: skip
    tenure = aberdulas.record(
        "TenureRecorded", PAPER, id="tenure/mair", new=True, person="person/mair", post="post/librarian", title_as_stated="Clerk", start=on("2032"),
    )  # fmt: skip
    aberdulas.tables()
    amend(aberdulas, tenure, "/post", "post/librarian", "post/clerk")
    basis = "SELECT ended_basis FROM tenures WHERE id = 'tenure/prys-librarian'"
    assert aberdulas.rows(basis) == [(None,)]


@pytest.mark.parametrize(
    ("attested", "first", "last"),
    [
        (["2031-03-04"], "2031-03-04", "2031-03-04"),
        (["2031-03-04", "2032-01-01"], "2031-03-04", "2032-01-01"),
        (["2031-03"], None, None),  # some day of March: no day is certain
        (["2031-03", "2031-05"], "2031-03-31", "2031-05-01"),
    ],
)
def test_only_days_between_attestations_are_certain(aberdulas, attested, first, last):
    for number, edtf in enumerate(attested):
        new = {"new": True, "person": "person/nia-prys", "post": "post/librarian", "title_as_stated": "L"} if not number else {}  # fmt: skip
        aberdulas.record("TenureRecorded", PAPER, id="tenure/x", attested=on(edtf), **new)
    found = aberdulas.rows("SELECT attested_first, attested_last FROM tenures WHERE id = 'tenure/x'")  # fmt: skip
    assert found == [(first, last)]


# Commitments


def rule(n: int, unit: str, start: str, **more: str) -> dict[str, Any]:
    return {"label": f"{n} {unit}", "rule": {"n": n, "unit": unit, "from": start, **more}}


def by_day(edtf: str) -> dict[str, Any]:
    return {"label": edtf, "on": on(edtf)}


def promise(archive: Aberdulas, *readings: dict[str, Any], kind: str = "promised") -> None:
    archive.record(
        "CommitmentRecorded", PAPER, id="commitment/x", new=True, obliged="org/aberdulas-council", what="Do it", kind=kind, readings=list(readings),
    )  # fmt: skip


def outcome(archive: Aberdulas, result: str, happened: str | None = None) -> None:
    more = {"happened": on(happened)} if happened else {}
    archive.record("OutcomeRecorded", PAPER, id="outcome/x", new=True, commitment="commitment/x", result=result, **more)  # fmt: skip


@pytest.mark.parametrize(
    ("readings", "kind", "result", "status"),
    [
        ([NEXT_YEAR], "promised", None, "due"),
        ([NEXT_YEAR], "promised", ("not-done",), "due"),
        ([NEXT_YEAR], "promised", ("partly-done",), "due"),
        ([TODAY.isoformat()], "promised", None, "due"),
        ([LAST_YEAR], "promised", None, "unknown"),  # silence is not a breach
        ([LAST_YEAR], "promised", ("partly-done",), "unknown"),
        ([LAST_YEAR], "promised", ("not-done",), "missed"),
        ([LAST_YEAR], "promised", ("done", LAST_YEAR), "met"),
        ([LAST_YEAR], "promised", ("done", "2001"), "met"),
        ([LAST_YEAR], "promised", ("done", NEXT_YEAR), "late"),
        ([LAST_YEAR], "promised", ("done",), "unknown"),
        ([LAST_YEAR], "promised", ("done", f"{TODAY.year - 1}"), "unknown"),  # before or after?
        ([LAST_YEAR], "promised", ("superseded",), "superseded"),
        ([NEXT_YEAR], "promised", ("withdrawn",), "superseded"),
        ([LAST_YEAR, NEXT_YEAR], "promised", None, "depends on reading"),
        ([LAST_YEAR, "2002"], "promised", ("done", "2010"), "depends on reading"),
        ([LAST_YEAR, "2002"], "promised", ("done", "2001"), "met"),
        ([], "promised", None, "undatable"),
        ([], "promised", ("done", "2010"), "met"),
        (["2031/.."], "promised", None, "undatable"),
        ([LAST_YEAR], "aspiration", None, "undatable"),
        ([LAST_YEAR], "aspiration", ("not-done",), "undatable"),
    ],
)
def test_the_status_of_a_commitment_on_the_day_one_looks(aberdulas, readings, kind, result, status):
    promise(aberdulas, *map(by_day, readings), kind=kind)
    if result:
        outcome(aberdulas, *result)
    found = aberdulas.rows("SELECT status FROM commitment_status WHERE id = 'commitment/x'")
    assert found == [(status,)]


@pytest.mark.parametrize(
    ("reading", "due", "earliest", "latest"),
    [
        (by_day("2031-05"), "2031-05", "2031-05-01", "2031-05-31"),
        (by_day("../2031-05"), "../2031-05", None, "2031-05-31"),
        (rule(20, "day", "2031-03-04"), "2031-03-24", "2031-03-24", "2031-03-24"),
        (rule(20, "day", "2031-03-04", count="from-day"), "2031-03-23", "2031-03-23", "2031-03-23"),
        (rule(20, "working-day", "2031-03-04", calendar="wales"), "2031-04-01", "2031-04-01", "2031-04-01"),
        (rule(1, "month", "2031-01-31"), "2031-02-28", "2031-02-28", "2031-02-28"),
        (rule(2, "week", "2031-03"), "[2031-03-15..2031-04-14]", "2031-03-15", "2031-04-14"),
        (rule(2, "week", "../2031-03"), "[..2031-04-14]", None, "2031-04-14"),
        # years of which no calendar is known
        (rule(20, "working-day", "1999-03-04", calendar="wales"), None, None, None),
        (rule(20, "working-day", "2099-03-04", calendar="united-kingdom"), None, None, None),
        (rule(9999, "year", "2031"), None, None, None),
    ],
)  # fmt: skip
def test_a_reading_falls_due_on_a_day_or_between_days_or_nobody_can_tell(
    aberdulas, reading, due, earliest, latest
):
    promise(aberdulas, reading)
    found = aberdulas.rows("SELECT due, due_earliest, due_latest FROM readings WHERE commitment_id = 'commitment/x'")  # fmt: skip
    assert found == [(due, earliest, latest)]
    both = aberdulas.rows("SELECT due_earliest, due_latest FROM commitments WHERE id = 'commitment/x'")  # fmt: skip
    assert both == [(earliest, latest)]


@pytest.mark.parametrize(
    ("readings", "earliest", "latest"),
    [
        (["2031-03", "2031-05"], "2031-03-01", "2031-05-31"),
        # a reading open on one side leaves that side open, also when another one is closed
        (["2031-07/..", "../2031-05"], None, None),
        (["2031-07/..", "2031-05"], "2031-05-01", None),
        (["../2031-05", "2031-07"], None, "2031-07-31"),
    ],
)
def test_a_commitment_falls_due_between_its_first_and_its_last_reading(
    aberdulas, readings, earliest, latest
):
    promise(aberdulas, *map(by_day, readings))
    found = aberdulas.rows("SELECT due_earliest, due_latest FROM commitments WHERE id = 'commitment/x'")  # fmt: skip
    assert found == [(earliest, latest)]


def test_the_deadline_of_the_settled_archive_flips_with_its_reading(aberdulas: Aberdulas):
    assert aberdulas.rows("SELECT label, due, n, unit, calendar, counts_from, count_rule FROM readings") == [
        ("20 days", "2031-03-24", 20, "day", None, "2031-03-04", "after-day"),
        ("20 working days", "2031-04-01", 20, "working-day", "wales", "2031-03-04", "after-day"),
    ]  # fmt: skip
    assert aberdulas.rows("SELECT status, result, done FROM commitment_status") == [
        ("depends on reading", "done", "2031-03-28")
    ]


def test_the_outcome_stands_in_a_table_of_its_own_and_the_newest_beside_its_commitment(aberdulas):
    aberdulas.record("OutcomeRecorded", PAPER, id="outcome/second", new=True, commitment="commitment/library-plan", result="not-done")  # fmt: skip
    assert aberdulas.rows("SELECT id, commitment_id, result FROM outcomes ORDER BY id") == [
        ("outcome/library-plan", "commitment/library-plan", "done"),
        ("outcome/second", "commitment/library-plan", "not-done"),
    ]
    assert aberdulas.rows("SELECT outcome_id, result FROM commitments") == [
        ("outcome/second", "not-done")
    ]


# Meetings and statements


def test_a_statement_is_said_on_the_day_of_its_meeting_and_moves_with_it(aberdulas: Aberdulas):
    said = "SELECT said, said_earliest, said_latest FROM statements"
    line = "SELECT day FROM timeline WHERE record_id = 'statement/prys-1'"
    day = "SELECT day FROM records WHERE id = 'statement/prys-1'"
    assert aberdulas.rows(said) == [("2031-03-04",) * 3]
    moved = amend(aberdulas, 8, "/held_on/edtf", "2031-03-04", "2031-03-11")
    for sql in (line, day):
        assert aberdulas.rows(sql) == [("2031-03-11",)]
    assert aberdulas.rows(said) == [("2031-03-11",) * 3]
    own = amend(aberdulas, 9, "/said_on", None, on("2031-03-12"))
    assert aberdulas.rows(line) == [("2031-03-12",)]
    aberdulas.record("RecordRetracted", target=own, **WHY)
    aberdulas.record("RecordRetracted", target=moved, **WHY)
    assert aberdulas.rows(said) == [("2031-03-04",) * 3]


def test_a_statement_shows_a_short_quotation_that_supports_it(aberdulas: Aberdulas):
    assert aberdulas.rows("SELECT quote, lang FROM statements") == [("Books now", "en")]


# Topics and participants


def test_a_record_has_each_topic_once_also_after_topics_were_merged(aberdulas: Aberdulas):
    aberdulas.record("EntityRecorded", id="topic/books", new=True, kind="topic", name="Books")
    aberdulas.record("StatementRecorded", PAPER, id="statement/prys-1", topics=["topic/books"])
    topics = "SELECT topic_id FROM record_topics WHERE record_id = 'statement/prys-1' ORDER BY 1"
    assert aberdulas.rows(topics) == [("topic/books",), ("topic/libraries",)]
    merge = aberdulas.record("EntitiesMerged", keep="topic/libraries", merge=["topic/books"], **WHY)
    assert aberdulas.rows(topics) == [("topic/libraries",)]
    aberdulas.record("RecordRetracted", target=merge, **WHY)
    assert aberdulas.rows(topics) == [("topic/books",), ("topic/libraries",)]


def test_what_a_statement_is_about_stands_among_the_participants(aberdulas: Aberdulas):
    aberdulas.record("StatementRecorded", PAPER, id="statement/prys-1", about=["org/aberdulas-council", "person/nia-prys"])  # fmt: skip
    found = aberdulas.rows("SELECT entity_id, role FROM participants WHERE record_id = 'statement/prys-1' ORDER BY 1")  # fmt: skip
    assert found == [("org/aberdulas-council", "about"), ("person/nia-prys", "about")]


def test_figures_are_points_of_a_series(aberdulas: Aberdulas):
    aberdulas.record("EntityRecorded", id="measure/loans", new=True, kind="measure", name="Loans", unit="loans", counts="Books lent")  # fmt: skip
    for year, value in ((2030, 4210), (2031, 0.5)):
        aberdulas.record("FigureRecorded", PAPER, id=f"figure/loans-{year}", new=True, measure="measure/loans", value=value, unit="loans", as_of=on(str(year)), kind="actual")  # fmt: skip
    assert aberdulas.rows("SELECT measure_id, value, as_of, source_id FROM figures ORDER BY as_of") == [
        ("measure/loans", 4210.0, "2030", PAPER["source"]),
        ("measure/loans", 0.5, "2031", PAPER["source"]),
    ]  # fmt: skip
    assert aberdulas.rows("SELECT * FROM measures") == [
        ("measure/loans", "Loans", "loans", "Books lent")
    ]


def test_a_figure_tells_how_exact_its_number_is_and_which_time_it_is_for(aberdulas: Aberdulas):
    aberdulas.record("EntityRecorded", id="measure/cost", new=True, kind="measure", name="Cost")
    year = {"as_of": on("2031-03-05"), "period": on("2030-04-01/2031-03-31")}
    aberdulas.record("FigureRecorded", PAPER, id="figure/cost", new=True, measure="measure/cost", value=300, qualifier="more-than", unit="GBP", kind="actual", **year)  # fmt: skip
    columns = "value, qualifier, as_of, period, period_earliest, period_latest"
    assert aberdulas.rows(f"SELECT {columns} FROM figures") == [
        (300.0, "more-than", "2031-03-05", "2030-04-01/2031-03-31", "2030-04-01", "2031-03-31")
    ]
    assert aberdulas.rows("SELECT label FROM records WHERE id = 'figure/cost'") == [
        ("Cost: more than £300",)
    ]


def test_how_exact_a_number_is_belongs_to_the_number_that_it_was_said_of(aberdulas: Aberdulas):
    aberdulas.record("EntityRecorded", id="measure/cost", new=True, kind="measure", name="Cost")
    first = aberdulas.record("FigureRecorded", PAPER, id="figure/cost", new=True, measure="measure/cost", value=300, qualifier="more-than", unit="GBP", as_of=on("2031"), kind="actual")  # fmt: skip
    shown = "SELECT f.value, f.qualifier, r.label FROM figures f JOIN records r USING (id)"
    aberdulas.record("FigureRecorded", PAPER, id="figure/cost", value=400)
    assert aberdulas.rows(shown) == [(400.0, None, "Cost: £400")]
    again = aberdulas.record("FigureRecorded", PAPER, id="figure/cost", value=300, qualifier="about")  # fmt: skip
    assert aberdulas.rows(shown) == [(300.0, "about", "Cost: about £300")]
    aberdulas.record("RecordRetracted", target=again, **WHY)
    aberdulas.record("RecordAmended", target=first, **WHY, changes=[{"path": "/value", "from": 300, "to": 400}])  # fmt: skip
    assert aberdulas.rows(shown) == [(400.0, "more-than", "Cost: more than £400")]


# Feeds


def entry(archive: Aberdulas, number: int) -> tuple[Any, ...]:
    """Return an entry: its kind, state, title, and the events that made and last changed it."""
    (row,) = archive.rows(
        "SELECT kind, state, title, event, updated_event FROM feed_entries WHERE entry_id = ?",
        f"E{number}",
    )
    return row


def test_people_posts_sources_and_topics_are_not_announced(aberdulas: Aberdulas):
    kinds = {kind for (kind,) in aberdulas.rows("SELECT kind FROM feed_entries")}
    assert kinds == {
        "tenure",
        "meeting",
        "statement",
        "commitment",
        "development",
        "outcome",
    }


def test_an_entry_changes_in_place_and_its_correction_has_one_of_its_own(aberdulas: Aberdulas):
    title = "The plan for the libraries was published"
    assert entry(aberdulas, 11) == ("development", "current", title, 11, 11)
    made = amend(aberdulas, 11, "/what", title, "The plan appeared")
    assert entry(aberdulas, 11) == ("development", "current", "The plan appeared", 11, made)
    assert entry(aberdulas, made) == (
        "correction/amended",
        "current",
        "The plan appeared",
        made,
        made,
    )
    published = aberdulas.rows("SELECT published_at, updated_at FROM feed_entries WHERE entry_id = 'E11'")  # fmt: skip
    assert published == [("2026-01-01T00:11:00Z", "2026-01-01T00:13:00Z")]


def test_an_entry_does_not_move_when_nothing_it_says_changed(aberdulas: Aberdulas):
    aberdulas.record("DevelopmentRecorded", {**PAPER, "start": 1}, id="development/plan-published", kind="published")  # fmt: skip
    aberdulas.record("RecordDisputed", target=11, path="/what", state="open", note="Did it?")
    assert entry(aberdulas, 11)[-1] == 11
    assert entry(aberdulas, 14)[:2] == ("correction/disputed", "current")


def test_a_retracted_record_is_withdrawn_and_restored(aberdulas: Aberdulas):
    retraction = aberdulas.record("RecordRetracted", target=11, **WHY)
    assert entry(aberdulas, 11)[1::3] == ("withdrawn", retraction)
    assert entry(aberdulas, retraction)[:2] == ("correction/retracted", "current")
    restoration = aberdulas.record("RecordRetracted", target=retraction, **WHY)
    assert entry(aberdulas, 11)[1::3] == ("current", restoration)
    assert entry(aberdulas, restoration)[:2] == ("correction/restored", "current")


def test_a_withdrawn_correction_moves_each_time_it_is_undone_or_restored(aberdulas: Aberdulas):
    made = amend(aberdulas, 11, "/kind", "published", "other")
    states = [entry(aberdulas, made)[1::3]]
    for target in (made, made + 1, made + 2):
        aberdulas.record("RecordRetracted", target=target, **WHY)
        states.append(entry(aberdulas, made)[1::3])
    assert states == [
        ("current", made),
        ("withdrawn", made + 1),
        ("current", made + 2),
        ("withdrawn", made + 3),
    ]


def test_an_outcome_moves_the_entry_of_its_commitment(aberdulas: Aberdulas):
    assert entry(aberdulas, 10)[-1] == 12
    assert entry(aberdulas, 12)[0] == "outcome"


# Searching


def found(archive: Aberdulas, words: str) -> set[str]:
    return {slug for (slug,) in archive.rows("SELECT record_id FROM search WHERE search MATCH ?", words)}  # fmt: skip


@pytest.mark.parametrize("words", ["ty mawr", "Tŷ Mawr", "TY MAWR", "tŷ", "tý"])
def test_a_search_folds_accents_and_capitals(aberdulas, words):
    assert found(aberdulas, words) == {"statement/prys-1"}


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("cyngor", "org/aberdulas-council"),
        ('"Books now"', "statement/prys-1"),
        ("28 march", "outcome/library-plan"),
        ("working days", "commitment/library-plan"),
        ("label: libraries", "topic/libraries"),
        ("librarian", "tenure/prys-librarian"),
    ],
)
def test_a_search_looks_into_names_labels_quotations_readings_and_our_words(aberdulas, words, slug):
    assert slug in found(aberdulas, words)


def test_a_misprint_finds_what_is_meant_and_so_does_the_name_before(aberdulas: Aberdulas):
    for name, kind in (("Nia Pyrse", "typo"), ("Nia ap Rhys", "former")):
        aberdulas.record("NameRecorded", record="person/nia-prys", name=name, kind=kind, lang="en")
    assert found(aberdulas, "pyrse") == {"person/nia-prys"}
    assert found(aberdulas, "rhys") == {"person/nia-prys"}


def test_a_translation_a_note_and_a_finding_are_searched(aberdulas: Aberdulas):
    aberdulas.record("TranslationAdded", record="statement/prys-1", path="/gist", lang="cy", text="Bydd y gangen yn ailagor", method="human")  # fmt: skip
    amend(aberdulas, 11, "/note", None, "Nobody wrote so elsewhere")
    assert found(aberdulas, "gangen") == {"statement/prys-1"}
    assert found(aberdulas, "elsewhere") == {"development/plan-published"}
    assert found(aberdulas, '"published on 28"') >= {"commitment/library-plan"}


def test_a_search_follows_corrections(aberdulas: Aberdulas):
    amend(aberdulas, 9, "/gist", "The branch in Tŷ Mawr will open again.", "The branch will open.")
    assert found(aberdulas, "mawr") == set()
    retraction = aberdulas.record("RecordRetracted", target=9, **WHY)
    assert found(aberdulas, "branch") == set()
    aberdulas.record("RecordRetracted", target=retraction, **WHY)
    assert found(aberdulas, "branch") == {"statement/prys-1"}


# History and log


def test_assertions_corrections_and_versions_of_a_changed_record(aberdulas: Aberdulas):
    amend(aberdulas, 11, "/happened/edtf", "2031-03-28", "2031-03-29")
    slug = "development/plan-published"
    assert aberdulas.rows("SELECT value, standing, known_to IS NULL, source_id FROM assertions WHERE field = 'happened' AND record_id = ?", slug) == [
        ("2031-03-28", "amended", 0, PAPER["source"]),
        ("2031-03-29", "chosen", 1, PAPER["source"]),
    ]  # fmt: skip
    assert aberdulas.rows("SELECT kind, target_event, field, before, after, reason FROM corrections") == [
        ("amended", 11, "/happened/edtf", "2031-03-28", "2031-03-29", "archive-error")
    ]  # fmt: skip
    assert aberdulas.rows("SELECT version, event, json_extract(data, '$.happened.edtf') FROM versions WHERE record_id = ?", slug) == [
        (1, 11, "2031-03-28"),
        (2, 13, "2031-03-29"),
    ]  # fmt: skip


def test_sources_that_contradict_each_other_are_a_conflict_row(aberdulas: Aberdulas):
    aberdulas.record("DevelopmentRecorded", PAPER, id="development/plan-published", happened=on("2031-03-30"))  # fmt: skip
    conflict = "SELECT record_id, field, value_a, value_b, state FROM conflicts"
    assert aberdulas.rows(conflict) == [
        ("development/plan-published", "happened", "2031-03-30", "2031-03-28", "open")
    ]
    aberdulas.record("RecordDisputed", target=11, path="/happened", state="upheld", note="It was the 30th.")  # fmt: skip
    assert aberdulas.rows(conflict)[0][-1] == "settled"
    aberdulas.record("RecordRetracted", target=11, **WHY)
    assert aberdulas.rows(conflict) == []


def test_events_tell_what_they_are_about_and_what_they_name(aberdulas: Aberdulas):
    assert aberdulas.rows("SELECT record_id, role FROM event_records WHERE event = 12 ORDER BY 1") == [
        ("commitment/library-plan", "about"),
        ("outcome/library-plan", "about"),
        (PAPER["source"], "names"),
    ]  # fmt: skip
    assert aberdulas.rows("SELECT record_id, length(leaf_hash) FROM events WHERE seq = 12") == [
        ("outcome/library-plan", 64)
    ]


def test_evidence_has_its_span_and_its_stance(aberdulas: Aberdulas):
    assert aberdulas.rows("SELECT char_start, char_end, quote, supports, stance FROM evidence WHERE record_id = 'statement/prys-1'") == [
        (10, 19, "Books now", "/gist", "supports")
    ]  # fmt: skip


def test_a_source_is_about_what_it_supports(aberdulas: Aberdulas):
    sql = "SELECT source_id, topic_id, records FROM source_topics"
    assert aberdulas.rows(sql) == [("source/aberdulas-post-2031-03-05", "topic/libraries", 2)]
