"""The bundled collection: as authored, as recorded, and what it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive import batches, looking
from archive.admitting.admission import admit
from archive.admitting.view import LogView
from archive.home import Home
from archive.keeping import bundle
from archive.store import Store
from events import codec, merkle
from events.log import SqliteLog
from feeds.public.story import STORY

ROOT = Path(__file__).parent.parent
BATCHES = sorted((ROOT / "events" / "powys" / "batches").rglob("*.yaml"))
SHARED = ROOT.parent / "shared"
SEEDS = {
    "003_73d32ea2886d55c9.txt": "source/county-times-2017-11",
    "000_3b2d5d76324c1fd6.txt": "source/shropshire-star-2020-09-17",
}
needs_seeds = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the articles' texts are not part of the repository"
)


class Collection:
    """The collection in a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home")
        self.home.create(*bundle.load())
        self.log: SqliteLog = self.home.log()
        self.store: Store = self.home.tables(self.log)

    def close(self) -> None:
        self.store.close()
        self.log.close()

    def attach_seeds(self) -> None:
        for name, source in SEEDS.items():
            self.log.attach(source, (SHARED / "seeds" / name).read_bytes().decode())


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    made = Collection(tmp_path_factory.mktemp("collection"))
    yield made
    made.close()


def test_an_install_gets_the_canonical_log_byte_for_byte(collection: Collection) -> None:
    entries, root = bundle.load()

    stored = [(envelope, disclosures) for _, envelope, disclosures in collection.log.entries()]
    assert stored == entries
    assert collection.log.root() == root


def test_the_root_is_recomputed_from_the_envelopes_alone() -> None:
    entries, root = bundle.load()
    leaves = [merkle.leaf_hash(envelope) for envelope, _ in entries]
    nodes: dict[tuple[int, int], bytes] = {}
    for row in merkle.grow(0, lambda level, idx: nodes[level, idx], leaves):
        nodes[row.level, row.idx] = row.hash

    assert merkle.root(len(leaves), lambda level, idx: nodes[level, idx]) == root


def test_appending_every_batch_again_records_nothing(collection: Collection) -> None:
    view = LogView(collection.log, collection.store)
    for path in BATCHES:
        batch = batches.read(path)
        outcome = admit(batch.drafts, view)

        assert batch.problems == []
        assert [str(problem) for problem in outcome.problems] == []
        assert outcome.events == [], path.name


def test_the_log_holds_nothing_but_what_the_batches_say(collection: Collection) -> None:
    view = LogView(collection.log, collection.store)
    said = [seq for path in BATCHES for _, seq in admit(batches.read(path).drafts, view).recorded]

    assert sorted(said) == list(range(collection.log.size))


def test_no_quotation_is_longer_than_six_words(collection: Collection) -> None:
    quotes = [
        row["quote"]
        for row in collection.store.rows("SELECT quote FROM evidence WHERE quote IS NOT NULL")
    ]

    assert len(quotes) > 40
    assert max(len(quote.split()) for quote in quotes) <= 6


@needs_seeds
def test_no_run_of_eight_words_of_an_article_stands_in_the_repository() -> None:
    def words(text: str) -> list[str]:
        return re.findall(r"[\w’']+", text.lower())

    runs = set()
    for name in SEEDS:
        found = words((SHARED / "seeds" / name).read_text(encoding="utf-8"))
        runs |= {tuple(found[i : i + 8]) for i in range(len(found) - 7)}
    files = [*BATCHES, *ROOT.glob("docs/**/*.md"), ROOT / "README.md", *ROOT.glob("tests/**/*.py")]
    for path in files:
        found = words(path.read_text(encoding="utf-8"))
        hits = [found[i : i + 8] for i in range(len(found) - 7) if tuple(found[i : i + 8]) in runs]
        assert hits == [], path.name


@needs_seeds
def test_every_fact_of_the_two_articles_is_in_the_record(collection: Collection) -> None:
    spans: dict[tuple[str, int, int], set[str]] = {}
    for event in collection.log.read():
        named = set(
            map(str, re.findall(r"[a-z]+/[a-z0-9-]+", json.dumps([event.payload, event.evidence])))
        )
        for proof in event.evidence:
            if "start" in proof:
                key = (proof["source"], proof["start"], proof["end"])
                spans.setdefault(key, set()).update(named)
    rename = {
        "source/003": "source/county-times-2017-11",
        "source/000": "source/shropshire-star-2020-09-17",
    }
    lines = (SHARED / "corpus" / "seed_facts.jsonl").read_text(encoding="utf-8").splitlines()
    facts = [json.loads(line) for line in lines]

    assert len(facts) == 104
    for fact in facts:
        key = (SEEDS[fact["seed"]], fact["start"], fact["end"])
        if fact["kind"] == "noise":
            assert key not in spans
        else:
            assert key in spans, fact["fact"]
            assert {rename.get(slug, slug) for slug in fact["entities"]} <= spans[key], fact["fact"]


@needs_seeds
def test_with_the_texts_attached_every_span_verifies(tmp_path: Path) -> None:
    made = Collection(tmp_path)
    made.attach_seeds()

    results = list(looking.check(made.log, made.store))

    assert results.count(True) >= 150
    assert results.count(False) == 0
    assert [str(r) for r in results if not isinstance(r, bool) and r.level == "fault"] == []
    made.close()


def test_without_the_texts_the_check_has_no_faults_either(collection: Collection) -> None:
    results = list(looking.check(collection.log, collection.store))
    findings = [result for result in results if not isinstance(result, bool)]

    assert results.count(False) + results.count(True) >= 150
    assert [f"{f.where}: {f.message}" for f in findings if f.level == "fault"] == []


def test_real_corrections_are_shown(collection: Collection) -> None:
    rows = collection.store.rows(
        "SELECT record_id, kind, field, before, after, reason FROM corrections"
    )
    found = [tuple(row.values()) for row in rows]

    assert (
        "person/michael-gray",
        "amended",
        "/name",
        "Michae Gray",
        "Michael Gray",
        "source-error",
    ) in found
    assert (
        "tenure/rebecca-evans-minister-2017",
        "disputed",
        "/attested",
        None,
        "upheld",
        "source-error",
    ) in found
    assert (
        "commitment/comprehensive-plan-within-90-days",
        "disputed",
        "/obliged",
        None,
        "open",
        "interpretation",
    ) in found


def test_the_misprint_is_found_by_search_and_never_shown_as_the_name(
    collection: Collection,
) -> None:
    search = "SELECT record_id FROM search WHERE search MATCH ?"

    assert {"record_id": "person/michael-gray"} in collection.store.rows(search, "Michae")
    assert collection.store.rows("SELECT name FROM people WHERE id = 'person/michael-gray'") == [
        {"name": "Michael Gray"}
    ]


def test_what_a_source_does_not_state_stays_empty(collection: Collection) -> None:
    rows = collection.store.rows(
        "SELECT party, area_id FROM tenures WHERE person_id = 'person/rosemarie-harris'"
    )

    assert rows
    assert all(row == {"party": None, "area_id": None} for row in rows)


def test_how_it_began_rests_on_records_that_stand(collection: Collection) -> None:
    slugs = {slug for told in STORY.values() for slug in told}
    rows = collection.store.rows("SELECT id FROM records WHERE state = 'current'")
    assert slugs
    assert slugs <= {row["id"] for row in rows}


def test_every_person_is_recorded_in_a_public_capacity(collection: Collection) -> None:
    rows: list[dict[str, Any]] = collection.store.rows("SELECT id, public_capacity FROM people")

    assert len(rows) >= 10
    assert [row["id"] for row in rows if not row["public_capacity"]] == []


def test_the_stored_events_still_satisfy_the_vocabulary(collection: Collection) -> None:
    for event in collection.log.read():
        rebuilt = codec.build(event.type, event.payload, list(event.evidence))

        assert rebuilt.type == event.type
