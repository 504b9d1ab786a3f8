"""Every fact that was read from the wider press is in the record, and is found by source, topic, person and day."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.home import Home
from archive.keeping import bundle
from archive.store import Store
from events import edtf

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
#: These two were taken apart word by word, and are tested with the collection.
SEEDS = {"S001", "S002"}
#: Into which kinds of record a fact of a kind may go.
KINDS = {
    "statement": {"statement"},
    "commitment/deadline": {"commitment"},
    "figure": {"figure"},
    "appointment/tenure": {"tenure"},
    "development": {"development"},
    "document": {"doc"},
    "meeting": {"meeting", "development"},  # an inspectors' visit is one
    "organisation change": {"development", "org"},
}

DATED = ["published", "held_on", "happened", "as_of", "said_on", "attested", "start", "end", "founded", "dissolved"]  # fmt: skip

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the list of facts is not part of the repository"
)
Fact = dict[str, Any]


def _lines(name: str) -> list[Fact]:
    text = (CORPUS / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


FACTS = [fact for fact in _lines("facts.jsonl") if fact["source"] not in SEEDS] if CORPUS.is_dir() else []  # fmt: skip


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home = Home(tmp_path_factory.mktemp("corpus") / "home")
    home.create(*bundle.load())
    with home.log() as log, contextlib.closing(home.tables(log)) as store:
        yield store


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return {source["id"]: source["url"] for source in _lines("sources.jsonl")}


def _of_source(tables: Store, url: str) -> list[Fact]:
    """Return what was recorded from the source with this address, or of its day where we keep no address."""
    return tables.rows(
        """SELECT DISTINCT r.id, r.kind
           FROM evidence e JOIN sources s ON s.id = e.source_id JOIN records r ON r.id = e.record_id
           WHERE (s.url = ?1 OR s.url IS NULL AND ?1 LIKE '%/' || replace(s.published, '-', '/') || '/%')
             AND r.state = 'current'""",
        url,
    )


def _days(tables: Store, record: str) -> list[edtf.Bounds]:
    """Return every day or span that the record tells of: as it is shown, as claimed, and when it is due."""
    shown = tables.rows(
        """SELECT day_earliest AS low, day_latest AS high FROM records WHERE id = ?1 AND day IS NOT NULL
           UNION SELECT due_earliest, due_latest FROM readings WHERE commitment_id = ?1""",
        record,
    )
    claimed = tables.rows(
        "SELECT value FROM assertions WHERE record_id = ? AND field IN (SELECT value FROM json_each(?))",
        record,
        json.dumps(DATED),
    )
    return [
        *(edtf.Bounds(row["low"], row["high"]) for row in shown),
        *(edtf.bounds(row["value"]) for row in claimed),
    ]


def _overlap(tables: Store, fact: Fact, record: Fact) -> bool:
    """Whether the record's days and the fact's have one in common; a deadline without a date has none."""
    when = fact.get("commitment", {}).get("due") or fact["occurred"]
    low, high = edtf.bounds(when)
    days = _days(tables, record["id"])
    if not days:
        return bool(record["kind"] in ("commitment", "statement"))
    return any(
        (first or "") <= (high or "9999") and (low or "") <= (last or "9999")
        for first, last in days
    )


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: str(fact["id"]))
def test_a_fact_is_found_by_its_source_topic_person_and_day(
    tables: Store, sources: dict[str, str], fact: Fact
) -> None:
    from_source = _of_source(tables, sources[fact["source"]])
    fitting = [record for record in from_source if record["kind"] in KINDS[fact["kind"]]]
    assert fitting, f"{fact['title']}: no {fact['kind']} from {sources[fact['source']]}"

    topics = {f"topic/{name}" for name in fact["topics"]}
    on_topic = [
        record
        for record in fitting
        if topics
        & {
            row["topic_id"]
            for row in tables.rows("SELECT * FROM record_topics WHERE record_id = ?", record["id"])
        }
    ]
    assert on_topic, f"{fact['title']}: none of {sorted(topics)}"
    # A plan's day may be that of its submission, which is a development.
    dated = [record for record in from_source if _overlap(tables, fact, record)]
    assert dated, f"{fact['title']}: {fact['occurred']} is not the day of {on_topic}"

    for person in fact["people"]:
        linked = tables.rows(
            """SELECT DISTINCT about.record_id FROM names n
               JOIN event_records person ON person.record_id = n.record_id
               JOIN event_records about ON about.event = person.event AND about.role = 'about'
               WHERE n.name = ?""",
            person["name"],
        )
        ids = {row["record_id"] for row in linked}
        assert ids & {record["id"] for record in from_source}, f"{fact['title']}: {person['name']}"


def test_each_source_gave_at_least_as_many_records_of_a_kind_as_facts(
    tables: Store, sources: dict[str, str]
) -> None:
    short = []
    for source, url in sources.items():
        if source in SEEDS:
            continue
        found = Counter(record["kind"] for record in _of_source(tables, url))
        wanted = Counter(fact["kind"] for fact in FACTS if fact["source"] == source)
        for kind, count in wanted.items():
            if sum(found[name] for name in KINDS[kind]) < count:
                short.append(f"{source} {kind}: {count} facts, {dict(found)}")

    assert short == []


def test_every_contradiction_of_the_corpus_is_shown_as_one(
    tables: Store, sources: dict[str, str]
) -> None:
    """Either side of a conflict leads to a conflict, a dispute, readings that differ, or another version."""
    contested = {
        row["record_id"]
        for row in tables.rows(
            """SELECT record_id FROM conflicts
               UNION SELECT record_id FROM corrections WHERE kind IN ('disputed', 'amended')
               UNION SELECT record_id FROM names WHERE kind = 'typo'
               UNION SELECT commitment_id FROM readings GROUP BY 1 HAVING count(DISTINCT due_latest) > 1
               UNION SELECT id FROM sources WHERE replaces_id IS NOT NULL
               UNION SELECT replaces_id FROM sources WHERE replaces_id IS NOT NULL"""
        )
    }
    related = {
        row["record_id"]
        for row in tables.rows(
            """SELECT DISTINCT b.record_id FROM event_records a JOIN event_records b USING (event)
               WHERE a.record_id IN (SELECT value FROM json_each(?))""",
            json.dumps(sorted(contested)),
        )
    }
    silent = [
        f"{fact['id']} {fact['title']}: {[conflict['about'] for conflict in fact['conflicts']]}"
        for fact in FACTS
        if fact.get("conflicts")
        and not {r["id"] for r in _of_source(tables, sources[fact["source"]])}
        & (contested | related)
    ]

    assert silent == []
