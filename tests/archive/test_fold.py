"""The events of a record fold into the record as it stands: every rule of the model, then any damage."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.fold import fold, merged_slugs
from archive.folding import labels
from archive.folding.record import SourceFacts
from archive.table import Context, Face
from archive.tables import TABLES, finding
from tests.archive.stories import LETTER, MINUTES, NEWS, SOURCES, Story, at, by, on, seqs, values

DOC = "doc/library-plan"


def plan(story: Story, *evidence: dict[str, Any], **fields: Any) -> int:
    """Record something of the library plan; the first time with what it needs."""
    if not any(event.payload.get("id") == DOC for event in story.events):
        fields = {
            "new": True,
            "title": "Library plan",
            "kind": "plan",
            "author": "org/council",
        } | fields
    return story("DocumentRecorded", *(evidence or [by(NEWS)]), id=DOC, **fields)


def entity(story: Story, slug: str, name: str, **fields: Any) -> int:
    kind = {"org": "organisation"}.get(slug.partition("/")[0], slug.partition("/")[0])
    return story("EntityRecorded", id=slug, new=True, kind=kind, name=name, **fields)


# Several events on one record


def test_later_events_add_only_what_their_own_source_states():
    story = Story()
    plan(story, published=on("2031-03"))
    plan(story, by(MINUTES), pages=40)
    record = story.fold(DOC)
    assert record.fields == {
        "title": "Library plan",
        "kind": "plan",
        "author": "org/council",
        "published": on("2031-03"),
        "pages": 40,
    }
    assert record.origins["title"] == 0
    assert record.origins["pages"] == 1
    assert record.state == "current"
    assert record.supporting == [NEWS, MINUTES]


def test_events_fold_to_the_same_record_in_any_order():
    story = Story()
    plan(story)
    plan(story, by(MINUTES), pages=40)
    story.amend(1, "/pages", 40, 41)
    assert fold(DOC, story.events[::-1], SOURCES.get) == story.fold(DOC)


@pytest.mark.parametrize(
    ("first", "second", "shown", "conflict"),
    [
        ((NEWS, "2031-03-04"), (NEWS, "2031-03"), "2031-03-04", None),
        ((NEWS, "2031-03"), (NEWS, "2031-03-04"), "2031-03-04", None),
        ((MINUTES, "2031-03-04"), (NEWS, "2031-03-05"), "2031-03-04", "2031-03-05"),
        ((NEWS, "2031-03-04"), (MINUTES, "2031-03-05"), "2031-03-05", "2031-03-04"),
        ((NEWS, "2031-03-04"), (NEWS, "2031-03-05"), "2031-03-05", "2031-03-04"),
        ((LETTER, "2031-03-04"), (MINUTES, "2031-03-05"), "2031-03-05", "2031-03-04"),
        ((NEWS, "2031-03/2031-05"), (NEWS, "2031-04/2031-06"), "2031-04/2031-06", "2031-03/2031-05"),
    ],
)  # fmt: skip
def test_a_date_said_twice_is_chosen_by_rule_and_what_does_not_fit_is_a_conflict(
    first, second, shown, conflict
):
    story = Story()
    for source, edtf in (first, second):
        plan(story, by(source), published=on(edtf))
    record = story.fold(DOC)
    assert record.fields["published"]["edtf"] == shown
    found = [(c.field, c.value_a["edtf"], c.value_b["edtf"], c.state) for c in record.conflicts]
    assert found == ([("published", shown, conflict, "open")] if conflict else [])


def test_a_source_supports_the_fields_it_is_named_for_and_ranks_only_there():
    story = Story()
    plan(story, by(NEWS), by(MINUTES, "/published"), published=on("2031-03"))
    plan(story, by(NEWS), published=on("2031-04"), author="org/post")
    record = story.fold(DOC)
    assert record.fields["published"]["edtf"] == "2031-03"  # by the minutes
    assert record.fields["author"] == "org/post"  # nobody official says otherwise
    assert [(c.field, c.source_a, c.source_b) for c in record.conflicts] == [
        ("author", NEWS, NEWS),
        ("published", MINUTES, NEWS),
    ]


def test_a_source_that_contradicts_supports_nothing():
    story = Story()
    plan(story, by(MINUTES, stance="contradicts"), by(NEWS))
    assert story.fold(DOC).supporting == [NEWS]


def test_wordings_differ_without_a_conflict():
    story = Story()
    plan(story, title="Library plan", topics=["topic/a"])
    plan(story, title="The plan for the libraries", kind="plan")
    record = story.fold(DOC)
    assert record.fields["title"] == "Library plan"
    assert record.conflicts == ()


# Fields to which every event adds


def test_collected_fields_unite_over_the_events_each_element_once():
    story = Story()
    plan(story, topics=["topic/b", "topic/a"], about=["org/council"])
    plan(story, topics=["topic/a", "topic/c"])
    record = story.fold(DOC)
    assert record.fields["topics"] == ["topic/b", "topic/a", "topic/c"]
    assert record.fields["about"] == ["org/council"]
    assert record.conflicts == ()


def test_external_ids_unite_by_name_and_the_latest_value_stays():
    story = Story()
    entity(story, "org/council", "Council", external_ids={"gss": "W1", "wikidata": "Q1"})
    story("EntityRecorded", id="org/council", external_ids={"wikidata": "Q2"})
    assert story.fold("org/council").fields["external_ids"] == {"gss": "W1", "wikidata": "Q2"}


def test_attestations_are_collected_and_never_contradict():
    story = Story()
    tenure = {
        "person": "person/nia-prys",
        "post": "post/librarian",
        "title_as_stated": "Librarian",
    }
    for day in ("2031-03-04", "2033-01-01"):
        story("TenureRecorded", by(NEWS), id="tenure/a", new=True, attested=on(day), **tenure)
    record = story.fold("tenure/a")
    assert record.fields["attested"] == [on("2031-03-04"), on("2033-01-01")]
    assert record.conflicts == ()


def test_each_source_gives_its_own_reading_of_a_deadline():
    story = Story()
    rule = {"n": 20, "unit": "working-day", "calendar": "wales", "from": "2031-03-04"}
    base = {"id": "commitment/plan", "obliged": "org/council", "what": "Plan", "kind": "promised"}
    first = {"label": "20 working days", "rule": rule}
    second = {"label": "by the end of May", "on": on("2031-05-31")}
    third = {"label": "in spring", "on": on("2031-21")}
    story("CommitmentRecorded", by(NEWS), new=True, readings=[first], **base)
    story(
        "CommitmentRecorded", by(MINUTES, "/readings/0"), by(LETTER, "/readings/1/on"),
        id="commitment/plan", readings=[second, third],
    )  # fmt: skip
    record = story.fold("commitment/plan")
    assert [(i.value["label"], i.event, i.source) for i in record.readings] == [
        ("20 working days", 0, NEWS),
        ("by the end of May", 1, MINUTES),
        ("in spring", 1, LETTER),
    ]
    assert len(record.fields["readings"]) == 3


# Corrections


def test_an_amendment_changes_what_the_event_says_from_then_on():
    story = Story()
    plan(story, pages=40)
    story.amend(0, "/pages", 40, 41)
    story.amend(0, "/pages", 41, 42)
    record = story.fold(DOC)
    assert record.fields["pages"] == 42
    assert [c.kind for c in record.corrections] == ["amended", "amended"]


@pytest.mark.parametrize(
    ("chain", "pages"), [([], 41), ([1], 40), ([1, 2], 41), ([1, 2, 3], 40), ([1, 2, 3, 4], 41)]
)
def test_a_retracted_amendment_counts_no_more_and_restored_it_counts_again(chain, pages):
    story = Story()
    plan(story, pages=40)
    story.amend(0, "/pages", 40, 41)
    for target in chain:
        story.retract(target)
    assert story.fold(DOC).fields["pages"] == pages


@pytest.mark.parametrize(
    ("chain", "state"),
    [
        ([], "current"),
        ([0], "retracted"),
        ([0, 1], "current"),
        ([0, 1, 2], "retracted"),
        ([0, 1, 2, 3], "current"),
    ],
)
def test_a_record_stands_while_one_of_its_events_is_in_force(chain, state):
    story = Story()
    plan(story)
    for target in chain:
        story.retract(target)
    record = story.fold(DOC)
    assert record.state == state
    assert bool(record.fields) is (state == "current")


def test_a_record_with_a_second_event_in_force_is_not_retracted():
    story = Story()
    plan(story, pages=40)
    plan(story, by(MINUTES), pages=41)
    story.retract(0)
    record = story.fold(DOC)
    assert (record.state, record.fields) == ("current", {"pages": 41})
    assert record.conflicts == ()


def test_a_retraction_never_cascades():
    story = Story()
    story(
        "CommitmentRecorded", by(NEWS), id="commitment/plan", new=True, obliged="org/council",
        what="Plan", kind="promised",
    )  # fmt: skip
    story(
        "OutcomeRecorded", by(NEWS), id="outcome/plan", new=True, commitment="commitment/plan", result="done",
    )  # fmt: skip
    story.retract(0)
    assert story.fold("commitment/plan").state == "retracted"
    assert story.fold("outcome/plan").state == "current"


# Disputes


@pytest.mark.parametrize(
    ("states", "shown", "standing", "conflict"),
    [
        ([], 41, "chosen", "open"),
        (["open"], 41, "disputed", "open"),
        (["open", "upheld"], 40, "contradicted", "settled"),
        (["upheld"], 40, "contradicted", "settled"),
        (["open", "rejected"], 41, "chosen", "settled"),
        (["upheld", "rejected"], 41, "chosen", "settled"),
    ],
)
def test_the_last_word_of_a_dispute_decides(states, shown, standing, conflict):
    story = Story()
    plan(story, pages=40)
    plan(story, by(LETTER), pages=41)
    for state in states:
        story.dispute(1, "/pages", state)
    record = story.fold(DOC)
    assert record.fields["pages"] == shown
    assert dict(values(record, "pages"))[41] == standing
    assert [c.state for c in record.conflicts] == [conflict]


def test_a_single_claim_rightly_contested_leaves_its_field_empty():
    story = Story()
    plan(story, pages=40)
    story.dispute(0, "/pages", "upheld")
    record = story.fold(DOC)
    assert "pages" not in record.fields
    assert record.conflicts == ()
    assert values(record, "pages") == [(40, "contradicted")]


def test_a_retracted_dispute_counts_no_more():
    story = Story()
    plan(story, pages=40)
    dispute = story.dispute(0, "/pages", "upheld")
    story.retract(dispute)
    assert story.fold(DOC).fields["pages"] == 40


def test_a_dispute_on_a_part_of_a_field_contests_the_field():
    story = Story()
    plan(story, published=on("2031-03", text="in March"))
    story.dispute(0, "/published/text", "upheld")
    assert "published" not in story.fold(DOC).fields


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/topics/0", ["topic/b"]),
        ("/topics/1", ["topic/a"]),
        ("/topics", None),
        ("/title", ["topic/a", "topic/b"]),
    ],
)
def test_an_element_of_a_collected_field_is_contested_alone_or_with_the_whole(path, left):
    story = Story()
    plan(story, topics=["topic/a", "topic/b"])
    story.dispute(0, path, "upheld")
    assert story.fold(DOC).fields.get("topics") == (left or [])


@pytest.mark.parametrize("path", ["/readings/0", "/readings/0/rule", "/readings/0/rule/n"])
def test_a_reading_of_which_any_part_is_rightly_contested_is_left_out(path):
    story = Story()
    base = {"obliged": "org/council", "what": "Plan", "kind": "promised"}
    readings = [
        {"label": "20 days", "rule": {"n": 20, "unit": "day", "from": "2031-03-04"}},
        {"label": "in May", "on": on("2031-05")},
    ]
    story("CommitmentRecorded", by(NEWS), id="commitment/a", new=True, readings=readings, **base)
    story.dispute(0, path, "upheld")
    record = story.fold("commitment/a")
    assert [item.value["label"] for item in record.readings] == ["in May"]
    assert [reading["label"] for reading in record.fields["readings"]] == ["in May"]


@pytest.mark.parametrize("path", ["/attested", "/attested/edtf"])
def test_an_attestation_rightly_contested_proves_no_day(path):
    story = Story()
    story(
        "TenureRecorded", by(NEWS), id="tenure/a", new=True, person="person/a", post="post/b",
        title_as_stated="Librarian", attested=on("2031-03-04"),
    )  # fmt: skip
    story.dispute(0, path, "upheld")
    assert story.fold("tenure/a").fields["attested"] == []


def test_an_external_id_rightly_contested_is_left_out():
    story = Story()
    entity(story, "org/a", "A", external_ids={"a/b": "1", "wikidata": "Q1"})
    story.dispute(0, "/external_ids/a~1b", "upheld")
    assert story.fold("org/a").fields["external_ids"] == {"wikidata": "Q1"}


# Merges


def two_persons() -> Story:
    """Return one person under two slugs, each with a name of its own, and some words on both."""
    story = Story()
    entity(story, "person/nia-prys", "Nia Prys", public_capacity="Librarian")
    entity(story, "person/n-pryse", "N. Pryse", public_capacity="Librarian", topics=["topic/a"])
    story("NameRecorded", record="person/n-pryse", name="Ms Pryse", kind="known-as", lang="en")
    return story


def test_a_merged_slug_leads_to_the_kept_record_for_ever():
    story = two_persons()
    story.merge("person/nia-prys", "person/n-pryse")
    merged = story.fold("person/n-pryse")
    assert (merged.state, merged.merged_into) == ("merged", "person/nia-prys")
    kept = story.fold("person/nia-prys")
    assert (kept.state, kept.merged_into) == ("current", None)
    assert kept.fields["topics"] == ["topic/a"]
    assert merged_slugs("person/nia-prys", story.events) == ["person/n-pryse"]


def test_the_kept_record_keeps_its_name_and_is_known_by_the_others():
    story = two_persons()
    story.merge("person/nia-prys", "person/n-pryse")
    kept = story.fold("person/nia-prys")
    assert kept.fields["name"] == "Nia Prys"
    assert [item.value["name"] for item in kept.names] == ["Ms Pryse", "N. Pryse"]
    assert kept.conflicts == ()


@pytest.mark.parametrize(("chain", "state"), [([3], "current"), ([3, 4], "merged")])
def test_a_wrong_merge_is_retracted_and_can_be_restored(chain, state):
    story = two_persons()
    before = story.fold("person/nia-prys").fields
    story.merge("person/nia-prys", "person/n-pryse")
    for target in chain:
        story.retract(target)
    assert story.fold("person/n-pryse").state == state
    assert (story.fold("person/nia-prys").fields == before) is (state == "current")


def test_merges_lead_on_over_several_steps():
    story = two_persons()
    entity(story, "person/nia", "Nia", public_capacity="Librarian")
    story.merge("person/nia-prys", "person/n-pryse")
    story.merge("person/nia", "person/nia-prys")
    record = story.fold("person/nia")
    assert {item.value["name"] for item in record.names} == {"Ms Pryse", "N. Pryse", "Nia Prys"}
    assert story.fold("person/n-pryse").merged_into == "person/nia-prys"


# Names, translations, outcomes


def test_names_in_both_languages_stay_with_their_source():
    story = Story()
    entity(story, "org/council", "Council")
    story("NameRecorded", by(MINUTES), record="org/council", name="Cyngor", kind="official", lang="cy")  # fmt: skip
    wrong = story("NameRecorded", record="org/council", name="Cuoncil", kind="typo", lang="en")
    record = story.fold("org/council")
    assert [(i.value["name"], i.source) for i in record.names] == [
        ("Cyngor", MINUTES),
        ("Cuoncil", None),
    ]
    story.retract(wrong)
    assert seqs(story.fold("org/council").names) == [1]


def test_translations_are_part_of_the_record_and_can_be_amended():
    story = Story()
    plan(story)
    story(
        "TranslationAdded", record=DOC, path="/title", lang="cy", text="Cynllun", method="human"
    )  # fmt: skip
    story.amend(1, "/text", "Cynllun", "Cynllun llyfrgelloedd")
    record = story.fold(DOC)
    assert [item.value["text"] for item in record.translations] == ["Cynllun llyfrgelloedd"]
    assert record.state == "current"


def outcome(story: Story, slug: str, *evidence: dict[str, Any], **fields: Any) -> int:
    evidence = evidence or (by(NEWS),)
    return story("OutcomeRecorded", *evidence, id=slug, commitment="commitment/plan", **fields)


def test_the_newest_outcome_is_that_of_its_commitment():
    story = Story()
    story(
        "CommitmentRecorded", by(NEWS), id="commitment/plan", new=True, obliged="org/council", what="Plan", kind="promised",
    )  # fmt: skip
    assert story.fold("commitment/plan").outcome is None
    outcome(story, "outcome/a", new=True, result="not-done")
    newest = outcome(story, "outcome/b", new=True, result="done", happened=on("2031-04"))
    outcome(story, "outcome/b", by(MINUTES), happened=on("2031-04-02"))
    found = story.fold("commitment/plan").outcome
    assert found is not None
    assert (found["id"], found["result"], found["happened"]) == (
        "outcome/b",
        "done",
        on("2031-04-02"),
    )
    story.retract(newest)
    story.retract(newest + 1)
    found = story.fold("commitment/plan").outcome
    assert found is not None
    assert found["id"] == "outcome/a"


def test_a_second_event_on_an_older_outcome_makes_it_the_newest():
    story = Story()
    story(
        "CommitmentRecorded", by(NEWS), id="commitment/plan", new=True, obliged="org/council", what="Plan", kind="promised",
    )  # fmt: skip
    outcome(story, "outcome/a", new=True, result="not-done")
    outcome(story, "outcome/b", new=True, result="done")
    outcome(story, "outcome/a", by(MINUTES), result="not-done")
    found = story.fold("commitment/plan").outcome
    assert found is not None
    assert found["id"] == "outcome/a"


# What each clock says


def test_the_public_clock_is_the_earliest_day_by_which_a_source_had_certainly_said_it():
    story = Story()
    plan(story, by(LETTER))
    assert story.fold(DOC).public_from is None  # the letter has no date
    plan(story, by(MINUTES))
    assert story.fold(DOC).public_from == "2031-03-20"
    plan(story, by(NEWS))
    assert story.fold(DOC).public_from == "2031-03-05"


def test_a_source_is_public_when_it_says_that_it_was_published():
    story = Story()
    story(
        "SourceCaptured", id=NEWS, new=True, kind="news", publisher="org/post", lang="en",
        captured_at="2031-03-06", body_access="restricted", published=on("2031-03-05"),
    )  # fmt: skip
    record = story.fold(NEWS, sources={})
    assert record.public_from == "2031-03-05"


def test_the_evidence_of_a_correction_is_kept_but_supports_nothing():
    story = Story()
    plan(story, by(NEWS))
    story("RecordAmended", by(MINUTES), target=0, changes=[{"path": "/pages", "to": 4}], reason="better-evidence", note="Counted")  # fmt: skip
    record = story.fold(DOC)
    assert [(p.event, p.evidence["source"]) for p in record.proofs] == [(0, NEWS), (1, MINUTES)]
    assert record.first_event == 0
    assert (record.known_from, record.changed_at) == (at(0), at(1))


# Erasure: whatever is left of events, they fold


def full_story() -> Story:
    """Return a history with every type of event and every kind of record."""
    story = two_persons()
    entity(story, "org/council", "Council", founded=on("1996"), external_ids={"gss": "W1"})
    entity(story, "post/librarian", "Librarian", organisation="org/council")
    story("NameRecorded", by(NEWS), record="org/council", name="Cyngor", kind="official", lang="cy", from_=on("1996"))  # fmt: skip
    story(
        "SourceCaptured", id=NEWS, new=True, kind="news", publisher="org/council", lang="en",
        captured_at="2031-03-06", body_access="restricted", published=on("2031-03-05"), title="Library",
    )  # fmt: skip
    story(
        "TenureRecorded", by(NEWS, "/start"), id="tenure/a", new=True, person="person/nia-prys",
        post="post/librarian", title_as_stated="Librarian", start=on("2030"), attested=on("2031-03"), topics=["topic/a"],
    )  # fmt: skip
    story(
        "MeetingRecorded", by(NEWS), id="meeting/a", new=True, organisation="org/council", held_on=on("2031-03-04"), status="held",
    )  # fmt: skip
    story(
        "StatementRecorded", by(NEWS), id="statement/a", new=True, speaker="person/nia-prys", speaker_basis="named",
        mode="direct", gist="Soon", meeting="meeting/a", about=["org/council"],
    )  # fmt: skip
    story(
        "DevelopmentRecorded", by(NEWS), id="development/a", new=True, what="Opened", kind="other", happened=on("2031"),
        participants=[{"entity": "org/council", "role": "host"}], amount={"value": 1.5, "unit": "GBP"},
    )  # fmt: skip
    story(
        "CommitmentRecorded", by(NEWS), id="commitment/plan", new=True, obliged="org/council", what="Plan", kind="promised",
        readings=[{"label": "in May", "on": on("2031-05")}], after=DOC,
    )  # fmt: skip
    plan(story, published=on("2031-04"), period=on("2030/2031"))
    outcome(story, "outcome/plan", new=True, result="done", happened=on("2031-05-02"))
    story(
        "FigureRecorded", by(NEWS), id="figure/a", new=True, measure="measure/loans", value=4.5, unit="loans",
        as_of=on("2031"), kind="actual", subject="org/council",
    )  # fmt: skip
    last = len(story.events) - 1
    story.amend(last, "/value", 4.5, 5)
    story.dispute(last, "/value", "open")
    story.retract(last + 1)
    story.merge("person/nia-prys", "person/n-pryse")
    story("TranslationAdded", record=DOC, path="/title", lang="cy", text="Cynllun", method="human")
    story.add("TextRedacted", {"target": 0, "act": "withheld", "scope": "quote", "basis": "legal"})
    story.retract(len(story.events) - 3)
    story.retract(len(story.events) - 1)
    return story


FULL = full_story()
SLUGS = sorted({str(e.payload[k]) for e in FULL.events for k in ("id", "record") if k in e.payload})


def test_the_full_story_has_every_type_of_event():
    from events.vocabulary import TYPES

    assert {event.type for event in FULL.events} == set(TYPES)


@st.composite
def erased(draw: st.DrawFn) -> Story:
    """Return the full story with any fields, and any evidence, erased from any of its events."""
    story = Story()
    for event in FULL.events:
        gone = draw(st.sets(st.sampled_from(["evidence", *event.payload]), max_size=6))
        payload = {name: value for name, value in event.payload.items() if name not in gone}
        story.add(event.type, payload, () if "evidence" in gone else event.evidence)
    return story


def _all_rows(story: Story) -> None:
    faces: dict[str, Face] = {}
    context = Context(faces.get)
    records = [story.fold(slug) for slug in SLUGS]
    for record in [*records, *records]:
        faces[record.id] = labels.face(record, context)
    for record in records:
        for table in TABLES:
            assert all(isinstance(row, dict) for row in table.rows(record, context))
        finding.search_row(record, context)


def test_the_full_story_folds_into_rows_of_every_table():
    _all_rows(FULL)


@settings(deadline=None, max_examples=150)
@given(erased())
def test_whatever_was_erased_the_rest_folds_into_records_and_rows(story):
    _all_rows(story)


@pytest.mark.torture
@pytest.mark.timeout(3600)
@settings(deadline=None, max_examples=3000)
@given(erased())
def test_whatever_was_erased_the_rest_folds_into_records_and_rows_at_length(story):
    _all_rows(story)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_an_event_of_which_everything_was_erased_is_about_nothing_and_harms_nothing(data):
    gone = data.draw(st.integers(0, len(FULL.events) - 1))
    story = Story()
    for event in FULL.events:
        payload = {} if event.seq == gone else event.payload
        story.add(event.type, payload, () if event.seq == gone else event.evidence)
    for slug in SLUGS:
        assert gone not in seqs(story.fold(slug).claims)


def test_a_source_without_facts_supports_but_does_not_rank():
    story = Story()
    plan(story, by("source/unknown"), published=on("2031-03"))
    record = story.fold(DOC)
    assert record.supporting == ["source/unknown"]
    assert record.public_from is None
    assert SourceFacts("other", None).official is False
