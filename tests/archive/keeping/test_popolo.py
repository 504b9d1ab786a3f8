from __future__ import annotations

from typing import Any

import pytest

from archive.keeping.popolo import plain_date, popolo


def graph(aberdulas: Any) -> dict[str, dict[str, Any]]:
    """Return the graph with its items by their ids."""
    store = aberdulas.tables()
    made = popolo(
        lambda name: store.rows(f"SELECT * FROM {name} ORDER BY rowid"), lambda slug: f"https://a.example/{slug}"
    )  # fmt: skip
    return {part: {item["id"]: item for item in items} for part, items in made.items()}


def test_people_bodies_posts_and_who_holds_them(aberdulas: Any) -> None:
    found = graph(aberdulas)

    assert found["persons"]["person/nia-prys"]["summary"] == "Librarian of Aberdulas"
    council = found["organizations"]["org/aberdulas-council"]
    assert council["other_names"] == [{"name": "Cyngor Aberdulas", "note": "official, cy"}]
    assert found["posts"]["post/librarian"]["organization_id"] == "org/aberdulas-council"
    held = found["memberships"]["tenure/prys-librarian"]
    assert (held["person_id"], held["post_id"]) == ("person/nia-prys", "post/librarian")
    assert (held["role"], held["start_date"]) == ("Librarian", "2030")
    assert held["note"] == "attested: 2031-03-04 to 2031-03-04"
    assert held["sources"] == [
        {"url": "https://post.example/library-plan", "note": "Library plan due in spring"}
    ]
    assert held["links"] == [{"url": "https://a.example/tenure/prys-librarian"}]


def test_what_is_not_known_is_left_out(aberdulas: Any) -> None:
    found = graph(aberdulas)

    for part in found.values():
        for item in part.values():
            assert None not in item.values()
            assert [] not in item.values()
    assert "end_date" not in found["memberships"]["tenure/prys-librarian"]


def test_what_was_merged_or_retracted_is_not_in_it(aberdulas: Any) -> None:
    aberdulas.record(
        "EntityRecorded", id="person/nia-pryse", new=True, kind="person", name="Nia Pryse", public_capacity="Librarian"
    )  # fmt: skip
    aberdulas.record(
        "EntitiesMerged", keep="person/nia-prys", merge=["person/nia-pryse"], reason="duplicate", note="One."
    )  # fmt: skip

    assert list(graph(aberdulas)["persons"]) == ["person/nia-prys"]


@pytest.mark.parametrize(
    ("edtf", "date"),
    [
        ("2031", "2031"), ("2031-03", "2031-03"), ("2031-03-04", "2031-03-04"), (None, None),
        ("2031-03~", None), ("2031-03-04?", None), ("2031/2032", None), ("[..2031]", None), ("../2031", None),
    ],
)  # fmt: skip
def test_a_date_that_popolo_cannot_say_is_left_to_the_note(
    edtf: str | None, date: str | None
) -> None:
    assert plain_date(edtf) == date
