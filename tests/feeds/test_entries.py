"""From the log to entries: what subscribers see when something is recorded, corrected, withdrawn."""

from contextlib import closing
from typing import Any

import pytest

from feeds import selecting
from feeds.entries import Entry
from feeds.kinds import KINDS, Kinds
from feeds.library import Library
from feeds.selecting import Selection
from tests.feeds.conftest import PAPER, Reader, on

PLAN = "development/plan-published"
STATEMENT = "statement/prys-1"


def rel(entry: Entry, name: str) -> list[str]:
    return [link.href for link in entry.links if link.rel == name]


def test_a_development_is_told_in_plain_words(still_reader: Reader) -> None:
    entry = still_reader.entry(still_reader.number(PLAN))
    assert entry.id == f"tag:archive.powys.example,2026:E{still_reader.number(PLAN)}"
    assert entry.title == "The plan for the libraries was published"
    assert "<li><b>When:</b> 28 March 2031</li>" in entry.content
    assert ">Aberdulas Council (publisher)</a>" in entry.content
    assert ">Library plan due in spring</a>, Aberdulas Post, 5 March 2031" in entry.content
    assert entry.categories[0].term == "development"
    assert not entry.withdrawn


def test_an_entry_leads_to_our_page_and_to_the_source(still_reader: Reader) -> None:
    entry = still_reader.entry(still_reader.number(PLAN))
    assert rel(entry, "alternate") == [
        "https://archive.example/en/records/development/plan-published"
    ]
    assert rel(entry, "via") == ["https://post.example/library-plan"]
    assert entry.url == rel(entry, "alternate")[0]


def test_a_statement_gives_the_few_words_that_are_quoted(still_reader: Reader) -> None:
    entry = still_reader.entry(still_reader.number(STATEMENT))
    assert "<p>The branch in Tŷ Mawr will open again.</p>" in entry.content
    assert "<li><b>In the words used:</b> “Books now”</li>" in entry.content
    assert "<li><b>Said on:</b> 4 March 2031</li>" in entry.content


def test_a_commitment_gives_the_day_on_each_reading_and_what_became_of_it(
    still_reader: Reader,
) -> None:
    entry = still_reader.entry(still_reader.number("commitment/library-plan"))
    assert entry.title.startswith("Promised: Publish a plan for the libraries")
    assert "<b>Due:</b> 20 days: 24 March 2031 (not kept: it was done later)" in entry.content
    assert "<b>Due:</b> 20 working days: 1 April 2031 (kept)" in entry.content
    assert "<b>Status:</b> Done, 28 March 2031." in entry.content


def test_no_outcome_means_unknown_and_never_missed(reader: Reader) -> None:
    number = reader.archive.record(
        "CommitmentRecorded", PAPER, id="commitment/roof", new=True, obliged="org/aberdulas-council", what="Mend the roof",
        kind="promised", readings=[{"label": "by 2001", "on": on("2001-01-01")}],
    )  # fmt: skip
    said = "No outcome is recorded: not known whether done. Not known is not missed."
    assert said in reader.entry(number).content


def test_an_aspiration_has_no_verdict(reader: Reader) -> None:
    number = reader.archive.record(
        "CommitmentRecorded", PAPER, id="commitment/best", new=True, obliged="org/aberdulas-council", what="Be the best",
        kind="aspiration", readings=[{"label": "one day", "on": on("2001-01-01")}],
    )  # fmt: skip
    entry = reader.entry(number)
    assert entry.title.startswith("Hoped for: Be the best")
    assert "Status" not in entry.content


def test_a_figure_says_for_which_day_it_stands(reader: Reader) -> None:
    reader.archive.record(
        "EntityRecorded", id="measure/cost", new=True, kind="measure", name="Cost", unit="GBP"
    )
    number = reader.archive.record(
        "FigureRecorded", PAPER, id="figure/cost", new=True, measure="measure/cost", value=4_000_000, unit="GBP",
        as_of=on("2031-01"), kind="budget",
    )  # fmt: skip
    entry = reader.entry(number)
    assert entry.title.endswith(", January 2031")
    assert "<b>Number:</b> £4,000,000" in entry.content


def test_a_correction_changes_the_entry_and_is_an_entry_of_its_own(reader: Reader) -> None:
    before = reader.entry(reader.number(PLAN))
    number = reader.amend(PLAN, "/happened", on("2031-03-28"), on("2031-03-29"))
    after, notice = reader.entry(reader.number(PLAN)), reader.entry(number)
    assert after.id == before.id
    assert after.published == before.published
    assert after.updated == notice.updated > before.updated
    assert "29 March 2031" in after.content
    assert notice.title == f"Correction: {before.title}"
    assert "was <del>28 March 2031</del>, now <ins>29 March 2031</ins>" in notice.content
    assert "The error was ours. We misread it." in notice.content
    assert rel(notice, "related") == [before.url]
    assert rel(notice, "alternate") == [f"{before.url}#E{number}"]
    assert notice.kind == "correction/amended"


def test_a_correction_names_the_source_that_proves_it(reader: Reader) -> None:
    number = reader.archive.record(
        "RecordAmended", PAPER, target=reader.number(PLAN), reason="source-error", note="So they say now.",
        changes=[{"path": "/happened", "from": on("2031-03-28"), "to": on("2031-03-29")}],
    )  # fmt: skip
    assert rel(reader.entry(number), "via") == ["https://post.example/library-plan"]


def test_a_withdrawn_entry_stays_as_a_stub_and_a_notice_says_so(reader: Reader) -> None:
    before = reader.entry(reader.number(PLAN))
    number = reader.retract(reader.number(PLAN), note="They took it <b>back</b>.")
    stub, notice = reader.entry(reader.number(PLAN)), reader.entry(number)
    assert stub.id == before.id
    assert stub.published == before.published
    assert stub.withdrawn
    assert stub.title == notice.title == f"Withdrawn: {before.title}"
    assert "This entry was withdrawn on 1 January 2026." in stub.content
    assert "They took it &lt;b&gt;back&lt;/b&gt;." in stub.content
    assert "28 March" not in stub.content
    assert rel(stub, "via") == []
    assert notice.categories[0].term == "correction/retracted"


def test_a_restored_entry_is_as_it_was(reader: Reader) -> None:
    before = reader.entry(reader.number(PLAN))
    first = reader.retract(reader.number(PLAN))
    second = reader.retract(first, reason="archive-error", note="It was right.")
    entry = reader.entry(reader.number(PLAN))
    assert (entry.id, entry.title, entry.content) == (before.id, before.title, before.content)
    assert reader.entry(second).title == f"Restored: {before.title}"
    undone = reader.entry(first)
    assert undone.withdrawn
    assert undone.title == f"Taken back: Withdrawn: {before.title}"
    assert "This was itself taken back on 1 January 2026." in undone.content


def test_a_dispute_is_announced(reader: Reader) -> None:
    number = reader.archive.record(
        "RecordDisputed", PAPER, target=reader.number(PLAN), path="/happened", state="open", note="A day later, they say.",
    )  # fmt: skip
    entry = reader.entry(number)
    assert entry.title == "Disputed: The plan for the libraries was published"
    assert "Contested: When. Until it is settled" in entry.content
    assert "A day later, they say." in entry.content


def test_the_newest_change_comes_first(reader: Reader) -> None:
    number = reader.amend(
        STATEMENT, "/gist", "The branch in Tŷ Mawr will open again.", "It will open."
    )
    ids = [entry.id.rpartition(":")[2] for entry in reader.feed().entries]
    assert ids[:2] == [f"E{number}", f"E{reader.number(STATEMENT)}"]
    updated = [entry.updated for entry in reader.feed().entries]
    assert updated == sorted(updated, reverse=True)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        (
            "all",
            {
                "meeting",
                "statement",
                "development",
                "commitment",
                "outcome",
                "tenure",
                "correction/amended",
            },
        ),
        ("developments", {"meeting", "development", "outcome", "tenure", "correction/amended"}),
        ("commitments", {"commitment", "outcome"}),
        ("corrections", {"correction/amended"}),
    ],
)
def test_each_feed_has_its_kinds(reader: Reader, name: str, kinds: set[str]) -> None:
    reader.amend(PLAN, "/happened", on("2031-03-28"), on("2031-03-29"))
    feed = reader.feed(name)
    assert {entry.kind for entry in feed.entries} == kinds
    assert feed.url == f"https://archive.example/en/feeds/{name}"
    assert feed.updated == max(entry.updated for entry in feed.entries)


@pytest.mark.parametrize(
    ("slug", "feeds"),
    [
        ("commitment/library-plan", {"commitments"}),
        ("outcome/library-plan", {"commitments", "developments"}),
        ("meeting/council-2031-03-04", {"developments"}),
        ("figure/loans", {"figures"}),
        ("statement/prys-1", set()),
    ],
)
def test_a_correction_is_news_in_the_feeds_of_what_it_corrects(
    reader: Reader, slug: str, feeds: set[str]
) -> None:
    reader.archive.record("EntityRecorded", id="measure/loans", new=True, kind="measure", name="Loans")  # fmt: skip
    reader.archive.record("FigureRecorded", PAPER, id="figure/loans", new=True, measure="measure/loans", value=400,
                          unit="books", as_of=on("2030-12-31"), kind="actual")  # fmt: skip
    number = reader.retract(reader.number(slug))
    told = {
        name
        for name in KINDS
        if any(one.id.endswith(f":E{number}") for one in reader.feed(name).entries)
    }
    assert told == {"all", "corrections", *feeds}


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        (Kinds(("correction/*",), ("commitment",)), {"correction/retracted"}),
        (Kinds(("commitment",), ("outcome",)), set()),
    ],
)
def test_kinds_of_entries_and_of_records_narrow_each_other(
    reader: Reader, kinds: Kinds, found: set[str]
) -> None:
    reader.retract(reader.number("commitment/library-plan"))
    reader.retract(reader.number("meeting/council-2031-03-04"))
    reader.archive.tables()
    with closing(Library(reader.settings.archive_db)) as library, library.open() as conn:
        choice = selecting.choice(conn, Selection("some", kinds))
        rows = selecting.newest(conn, choice, 10)
    assert {row.kind for row in rows} == found
    assert len(rows) == len(found)


def test_an_empty_feed_was_never_updated_whatever_else_happens(reader: Reader) -> None:
    feed = reader.feed("corrections")
    assert feed.entries == ()
    assert feed.updated.year == 1970
    reader.archive.record("EntityRecorded", id="topic/books", new=True, kind="topic", name="Books")
    assert reader.feed("corrections") == feed


def test_a_feed_of_an_empty_archive_is_as_old_as_can_be(empty: Any) -> None:
    feed = Reader(empty).feed()
    assert feed.entries == ()
    assert feed.updated.year == 1970


def test_an_entry_keeps_its_id_and_its_day_over_all_that_happens(reader: Reader) -> None:
    seen: dict[str, Any] = {}
    plan = reader.number(PLAN)
    first = reader.amend(PLAN, "/happened", on("2031-03-28"), on("2031-03-29"))
    steps = [
        lambda: reader.amend(PLAN, "/happened", on("2031-03-29"), on("2031-03-30")),
        lambda: reader.retract(first),
        lambda: reader.retract(plan),
        lambda: reader.retract(reader.archive.log.size - 1),
        lambda: reader.archive.record(
            "RecordDisputed", target=plan, path="/what", state="upheld", note="Not a plan."
        ),
    ]  # fmt: skip
    for step in [lambda: None, *steps]:
        step()
        now = {entry.id: (entry.published, entry.kind) for entry in reader.feed().entries}
        assert seen.items() <= now.items()
        seen = now


def test_all_addresses_are_whole(still_reader: Reader) -> None:
    for entry in still_reader.feed().entries:
        assert 'href="/' not in entry.content
        assert all(link.href.startswith("https://") for link in entry.links)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""])
def test_only_web_addresses_are_ever_links(reader: Reader, url: str) -> None:
    reader.archive.tables()
    conn = reader.archive.store._conn
    conn.execute("UPDATE sources SET url = ?", (url,))
    conn.execute("COMMIT") if conn.in_transaction else None
    entry = reader.entry(reader.number(PLAN))
    assert rel(entry, "via") == []
    assert url == "" or f'"{url}"' not in entry.content
