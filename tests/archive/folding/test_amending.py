"""Corrections of one event: what is in force, what an amended event says, what cannot be amended."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.folding.amending import AmendError, amended, apply, content, in_force, same
from tests.archive.stories import Story, by, on


def chain(*targets: int) -> Story:
    """Return a record E0 and retractions, each of the event with the number given."""
    story = Story()
    story("EntityRecorded", id="org/council", new=True, kind="organisation", name="Council")
    for target in targets:
        story.retract(target)
    return story


@pytest.mark.parametrize(
    ("targets", "undone"),
    [
        ([], {0: None}),
        ([0], {0: 1, 1: None}),
        ([0, 1], {0: None, 1: 2, 2: None}),
        ([0, 1, 2], {0: 1, 1: None, 2: 3, 3: None}),
        ([0, 1, 2, 3], {0: None, 1: 2, 2: None, 3: 4, 4: None}),
        ([0, 1, 0], {0: 3, 1: 2, 2: None, 3: None}),
    ],
)
def test_an_event_is_in_force_unless_a_retraction_in_force_targets_it(targets, undone):
    assert in_force(chain(*targets).events) == undone


@given(st.lists(st.integers(0, 12), max_size=12))
def test_what_is_in_force_does_not_depend_on_the_order_in_which_events_are_read(numbers):
    story = chain(*[min(number, index) for index, number in enumerate(numbers)])
    undone = in_force(story.events)
    assert in_force(story.events[::-1]) == undone
    for seq, by_seq in undone.items():
        assert by_seq is None or (by_seq > seq and undone[by_seq] is None)


def test_only_retractions_take_out_of_force():
    story = chain()
    story.amend(0, "/name", "Council", "The Council")
    story.dispute(0, "/name", "upheld")
    assert set(in_force(story.events).values()) == {None}


def test_a_retraction_whose_target_was_erased_takes_nothing_out_of_force():
    story = chain()
    story.add("RecordRetracted", {"reason": "legal"})
    assert in_force(story.events) == {0: None, 1: None}


DATA: dict[str, Any] = {
    "name": "Council",
    "start": on("2030"),
    "topics": ["topic/a", "topic/b"],
    "seats": 1,
    "interim": True,
    "external_ids": {"a/b": "1", "c~d": "2"},
}


@pytest.mark.parametrize(
    ("path", "before", "after", "field", "expected"),
    [
        ("/name", "Council", "Town Council", "name", "Town Council"),
        ("/name", "Council", None, "name", None),
        ("/party", None, "Independent", "party", "Independent"),
        ("/start/edtf", "2030", "2030-05", "start", on("2030-05")),
        ("/start/text", None, "in May", "start", on("2030", text="in May")),
        ("/topics/0", "topic/a", "topic/c", "topics", ["topic/c", "topic/b"]),
        ("/topics/1", "topic/b", None, "topics", ["topic/a"]),
        ("/topics/2", None, "topic/c", "topics", ["topic/a", "topic/b", "topic/c"]),
        ("/external_ids/a~1b", "1", "3", "external_ids", {"a/b": "3", "c~d": "2"}),
        ("/external_ids/c~0d", "2", None, "external_ids", {"a/b": "1"}),
    ],
)
def test_a_change_sets_adds_or_removes_the_value_at_its_pointer(
    path, before, after, field, expected
):
    changed = apply(DATA, [{"path": path, "from": before, "to": after}], strict=True)
    assert changed.get(field) == expected
    assert {k: v for k, v in changed.items() if k != field} == {
        k: v for k, v in DATA.items() if k != field
    }


@pytest.mark.parametrize(
    ("path", "stale", "shown"),
    [
        ("/name", "Council.", "'Council' stands"),
        ("/name", None, "'Council' stands"),
        ("/party", "Independent", "nothing stands"),
        ("/seats", True, "1 stands"),
        ("/interim", 1, "True stands"),
        ("/start", on("2031"), "'2030'"),
        ("/start/edtf/deeper", "x", "nothing stands"),
        ("/topics/7", "topic/a", "nothing stands"),
    ],
)
def test_a_change_from_another_value_than_stands_there_is_refused(path, stale, shown):
    with pytest.raises(AmendError, match=shown):
        apply(DATA, [{"path": path, "from": stale, "to": "new"}], strict=True)


def test_changes_never_touch_the_data_they_are_applied_to():
    data = {"start": on("2030"), "topics": ["topic/a"]}
    apply(data, [{"path": "/start/edtf", "from": "2030", "to": "2031"}], strict=True)
    apply(data, [{"path": "/topics/0", "from": "topic/a", "to": None}], strict=True)
    assert data == {"start": on("2030"), "topics": ["topic/a"]}


@pytest.mark.parametrize("path", ["/gone/edtf", "/topics/9", "/topics/x", "/name/x", "/a/b/c"])
def test_reading_back_passes_over_changes_whose_place_was_erased(path):
    assert apply(DATA, [{"path": path, "from": "a", "to": "b"}], strict=False) == DATA


def test_amendments_compose_in_the_order_of_their_numbers():
    story = Story()
    one = story("EntityRecorded", id="org/a", new=True, kind="organisation", name="One")
    first = story.amend(one, "/name", "One", "Two")
    second = story.amend(one, "/name", "Two", "Three")
    amendments = [story.events[second], story.events[first]]
    assert amended(story.events[one], amendments)["name"] == "Three"
    assert amended(story.events[one], amendments[1:])["name"] == "Two"


def test_evidence_is_part_of_the_content_and_can_be_amended():
    story = Story()
    one = story("MeetingRecorded", by("source/post"), id="meeting/a", held_on=on("2031"))
    story.amend(one, "/evidence/0/supports", None, ["/held_on"])
    said = amended(story.events[one], story.events[1:])
    assert said["evidence"] == [{"source": "source/post", "supports": ["/held_on"]}]
    assert content(story.events[one])["evidence"] == [{"source": "source/post"}]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ([1, {"a": True}], (1, {"a": True}), True),
        ([1, {"a": True}], [1, {"a": 1}], False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1], [1, 1], False),
        ("1", 1, False),
        (None, None, True),
    ],
)
def test_values_are_compared_as_json_where_true_is_not_one(one, other, equal):
    assert same(one, other) is same(other, one) is equal
