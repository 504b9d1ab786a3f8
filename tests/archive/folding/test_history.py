"""Every claim ever made, every correction, and every version: what the archive said, and until when."""

from __future__ import annotations

from typing import Any

import pytest

from archive.folding.record import Correction
from tests.archive.stories import LETTER, MINUTES, NEWS, Story, at, by, on

DOC = "doc/library-plan"


def plan(story: Story, *evidence: dict[str, Any], **fields: Any) -> int:
    if not story.events:
        fields |= {"new": True, "title": "Plan", "kind": "plan", "author": "org/council"}
    return story("DocumentRecorded", *(evidence or [by(NEWS)]), id=DOC, **fields)


def claims(story: Story, field: str, slug: str = DOC) -> list[tuple[Any, ...]]:
    """Return each claim on a field: value, standing, and the minutes from and to which it counted."""
    return [
        (c.value, c.standing, minute(c.known_from), minute(c.known_to))
        for c in story.fold(slug).claims
        if c.field == field
    ]


def minute(instant: str | None) -> int | None:
    return None if instant is None else int(instant[14:16])


# Claims


def test_a_claim_counts_from_when_it_was_recorded():
    story = Story()
    plan(story, pages=40)
    plan(story, pages=40)
    plan(story, pages=41)
    assert claims(story, "pages") == [
        (40, "outranked", 0, None),
        (40, "outranked", 1, None),
        (41, "chosen", 2, None),
    ]


def test_equal_claims_agree_with_the_one_chosen():
    story = Story()
    plan(story, published=on("2031-03"))
    plan(story, published=on("2031-03-04"))
    assert [c[1] for c in claims(story, "published")] == ["agrees", "chosen"]


def test_another_wording_agrees():
    story = Story()
    plan(story)
    plan(story, title="The plan")
    assert [c[1] for c in claims(story, "title")] == ["chosen", "agrees"]


def test_all_claims_on_a_collected_field_are_chosen():
    story = Story()
    plan(story, topics=["topic/a"])
    plan(story, topics=["topic/b"])
    assert [c[:2] for c in claims(story, "topics")] == [
        (["topic/a"], "chosen"),
        (["topic/b"], "chosen"),
    ]


def test_an_amended_claim_counted_until_the_amendment():
    story = Story()
    plan(story, pages=40)
    story.amend(0, "/pages", 40, 41)
    story.amend(0, "/pages", 41, 42)
    assert claims(story, "pages") == [
        (40, "amended", 0, 1),
        (41, "amended", 1, 2),
        (42, "chosen", 2, None),
    ]


def test_a_retracted_amendment_counted_until_it_was_retracted_and_the_claim_before_it_stands():
    story = Story()
    plan(story, pages=40)
    story.amend(0, "/pages", 40, 41)
    story.retract(1)
    assert claims(story, "pages") == [(40, "chosen", 0, None), (41, "retracted", 1, 2)]
    story.retract(2)
    assert claims(story, "pages") == [(40, "amended", 0, 1), (41, "chosen", 1, None)]


def test_a_retracted_event_takes_all_its_claims_along_also_amended_ones():
    story = Story()
    plan(story, pages=40)
    plan(story, by(MINUTES), pages=50)
    story.amend(1, "/pages", 50, 51)
    story.retract(1)
    assert claims(story, "pages") == [
        (40, "chosen", 0, None),
        (50, "retracted", 1, 3),
        (51, "retracted", 2, 3),
    ]


def test_a_field_that_was_removed_counted_until_then():
    story = Story()
    plan(story, pages=40)
    story.amend(0, "/pages", 40, None)
    assert claims(story, "pages") == [(40, "amended", 0, 1)]
    assert "pages" not in story.fold(DOC).fields


def test_several_changes_to_one_field_in_one_amendment_make_one_claim():
    story = Story()
    plan(story, published=on("2031-03"))
    changes = [
        {"path": "/published/edtf", "from": "2031-03", "to": "2031-04"},
        {"path": "/published/basis", "from": "stated", "to": "inferred"},
    ]
    story("RecordAmended", target=0, changes=changes, reason="archive-error", note="Misread")
    assert claims(story, "published") == [
        (on("2031-03"), "amended", 0, 1),
        (on("2031-04", "inferred"), "chosen", 1, None),
    ]


@pytest.mark.parametrize(
    ("state", "standing"),
    [("open", "disputed"), ("upheld", "contradicted"), ("rejected", "chosen")],
)
def test_a_contested_claim_says_how_the_contest_stands(state, standing):
    story = Story()
    plan(story, pages=40)
    story.dispute(0, "/pages", state)
    assert claims(story, "pages") == [(40, standing, 0, None)]


def test_a_claim_was_public_when_the_earliest_of_its_own_sources_was():
    story = Story()
    plan(story, by(LETTER, "/title"), by(MINUTES, "/pages"), by(NEWS, "/pages"), pages=40)
    found = {c.field: (c.sources, c.public_from) for c in story.fold(DOC).claims}
    assert found["pages"] == ((MINUTES, NEWS), "2031-03-05")
    assert found["title"] == ((LETTER,), None)


def test_an_amendment_with_evidence_of_its_own_rests_on_that():
    story = Story()
    plan(story, by(NEWS), pages=40)
    changes = [{"path": "/pages", "from": 40, "to": 41}]
    story("RecordAmended", by(MINUTES), target=0, changes=changes, reason="better-evidence", note="Counted")  # fmt: skip
    assert [c.sources for c in story.fold(DOC).claims if c.field == "pages"] == [
        (NEWS,),
        (MINUTES,),
    ]


def test_names_and_translations_are_no_claims():
    story = Story()
    plan(story)
    story("NameRecorded", record=DOC, name="The plan", kind="known-as", lang="en")
    story("TranslationAdded", record=DOC, path="/title", lang="cy", text="Cynllun", method="human")
    assert {c.field for c in story.fold(DOC).claims} == {"title", "kind", "author"}


# Corrections


def kinds(story: Story, slug: str = DOC) -> list[tuple[str, int | None, bool]]:
    return [(c.kind, c.target, c.in_force) for c in story.fold(slug).corrections]


def test_each_change_of_an_amendment_is_a_correction_with_reason_and_note():
    story = Story()
    plan(story, pages=40)
    changes = [
        {"path": "/pages", "from": 40, "to": 41},
        {"path": "/title", "from": "Plan", "to": "The plan"},
    ]
    story("RecordAmended", target=0, changes=changes, reason="source-error", note="Misprint")
    assert story.fold(DOC).corrections == (
        Correction(
            1, "amended", 0, "/pages", 40, 41, "source-error", "Misprint", at(1), True, DOC
        ),
        Correction(
            1, "amended", 0, "/title", "Plan", "The plan", "source-error", "Misprint", at(1), True, DOC,
        ),
    )  # fmt: skip


def test_every_second_retraction_of_a_chain_restores():
    story = Story()
    plan(story)
    for target in range(4):
        story.retract(target)
    assert kinds(story) == [
        ("retracted", 0, False),
        ("restored", 1, True),
        ("retracted", 2, False),
        ("restored", 3, True),
    ]


def test_retracting_an_amendment_is_no_restoration():
    story = Story()
    plan(story, pages=40)
    story.amend(0, "/pages", 40, 41)
    story.retract(1, replaced_by="doc/other")
    assert kinds(story) == [("amended", 0, False), ("retracted", 1, True)]
    assert story.fold(DOC).corrections[1].after == "doc/other"


def test_a_dispute_is_a_correction_that_says_its_state():
    story = Story()
    plan(story, pages=40)
    story.dispute(0, "/pages", "open")
    made = story.fold(DOC).corrections[0]
    assert (made.kind, made.field, made.after, made.reason) == ("disputed", "/pages", "open", None)


def test_a_merge_is_a_correction_of_the_record_that_is_kept():
    story = Story()
    for slug in ("person/a", "person/b"):
        story(
            "EntityRecorded", id=slug, new=True, kind="person", name=slug, public_capacity="Chair"
        )
    story.merge("person/a", "person/b")
    story.amend(1, "/name", "person/b", "Bee")
    assert kinds(story, "person/a") == [("merged", None, True), ("amended", 1, True)]
    assert kinds(story, "person/b") == [("amended", 1, True)]
    assert story.fold("person/a").corrections[0].before == ["person/b"]
    # Told under both slugs, but made under one: only there is it announced.
    assert [c.record for c in story.fold("person/a").corrections] == ["person/a", "person/b"]


def test_the_correction_of_an_outcome_is_not_one_of_its_commitment():
    story = Story()
    story(
        "CommitmentRecorded", by(NEWS), id="commitment/a", new=True, obliged="org/a", what="Plan", kind="promised",
    )  # fmt: skip
    story("OutcomeRecorded", by(NEWS), id="outcome/a", new=True, commitment="commitment/a", result="done")  # fmt: skip
    story.amend(1, "/result", "done", "not-done")
    assert kinds(story, "outcome/a") == [("amended", 1, True)]
    assert kinds(story, "commitment/a") == []


# Versions


def versions(story: Story, slug: str = DOC) -> list[tuple[int, int, int | None]]:
    """Return the event of each version, and the minutes between which it was the latest."""
    found = []
    for number, version in enumerate(story.fold(slug).versions, 1):
        assert version.version == number
        found.append((version.event, minute(version.known_from), minute(version.known_to)))
    return found


def test_a_version_is_made_only_by_an_event_that_changes_what_the_record_says():
    story = Story()
    plan(story, pages=40)
    plan(story, by(MINUTES), pages=40)  # says the same
    story.dispute(0, "/pages", "open")
    plan(story, by(MINUTES), published=on("2031-03"))
    story.amend(0, "/note", None, "Only a remark")
    story.retract(3)
    assert versions(story) == [(0, 0, 3), (3, 3, 4), (4, 4, 5), (5, 5, None)]
    data = [version.data for version in story.fold(DOC).versions]
    assert data[0] == {"state": "current", "title": "Plan", "kind": "plan", "author": "org/council", "pages": 40}  # fmt: skip
    assert data[1] == data[0] | {"published": on("2031-03")}
    assert data[3] == data[0] | {"note": ["Only a remark"]}


def test_versions_follow_each_other_without_a_gap():
    story = Story()
    plan(story, pages=40)
    for pages in range(41, 45):
        story.amend(0, "/pages", pages - 1, pages)
    found = story.fold(DOC).versions
    assert [v.known_to for v in found[:-1]] == [v.known_from for v in found[1:]]
    assert found[-1].known_to is None
    record = story.fold(DOC)
    assert (record.known_from, record.changed_at) == (at(0), at(4))


def test_retraction_restoration_name_and_outcome_are_versions():
    story = Story()
    story(
        "CommitmentRecorded", by(NEWS), id="commitment/a", new=True, obliged="org/a", what="Plan", kind="promised",
    )  # fmt: skip
    story("NameRecorded", record="commitment/a", name="The promise", kind="known-as", lang="en")
    story("OutcomeRecorded", by(NEWS), id="outcome/a", new=True, commitment="commitment/a", result="done")  # fmt: skip
    story.retract(0)
    story.retract(3)
    found = story.fold("commitment/a").versions
    assert [v.event for v in found] == [0, 1, 2, 3, 4]
    assert [v.data["state"] for v in found] == ["current"] * 3 + ["retracted", "current"]
    assert found[1].data["names"] == [{"name": "The promise", "kind": "known-as", "lang": "en"}]
    assert found[2].data["outcome"] == {"commitment": "commitment/a", "result": "done", "id": "outcome/a"}  # fmt: skip


def test_what_was_recorded_under_a_slug_merged_later_is_no_part_of_versions_before_the_merge():
    story = Story()
    person = {"new": True, "kind": "person", "public_capacity": "Chair"}
    story("EntityRecorded", id="person/b", name="Bee", topics=["topic/b"], **person)
    story("EntityRecorded", id="person/a", name="Ay", topics=["topic/a"], **person)
    story("NameRecorded", record="person/b", name="B.", kind="known-as", lang="en")
    story.merge("person/a", "person/b")
    record = story.fold("person/a")
    assert versions(story, "person/a") == [(1, 1, 3), (3, 3, None)]
    assert record.versions[0].data["topics"] == ["topic/a"]
    assert "names" not in record.versions[0].data
    assert record.versions[1].data["topics"] == ["topic/b", "topic/a"]
    assert [name["name"] for name in record.versions[1].data["names"]] == ["B.", "Bee"]
    assert (record.first_event, record.known_from) == (1, at(1))
    assert versions(story, "person/b")[-1] == (3, 3, None)
