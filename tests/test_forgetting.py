"""What is erased is gone from everywhere, what is withheld from all that is public, and every proof still holds."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest
from click.testing import CliRunner, Result
from lxml import etree

from archive import forgetting
from archive.admitting.admission import Draft, admit
from archive.admitting.view import LogView
from archive.cli import main
from archive.forgetting import CannotForget, NothingLeft, Second, Why
from archive.home import Home
from archive.projector import rebuild
from archive.serving.follower import Follower
from archive.serving.programs import metadata_path
from archive.store import Store
from archive.tables import TABLES
from archive.trust import second
from archive.trust.second import NotConfirmed
from events import disclosure, merkle
from events.envelope import Envelope
from events.errors import LogError
from events.log import SqliteLog
from feeds import dates
from feeds.app import create_app
from feeds.settings import Settings
from feeds.words import WORDS
from tests.archive.histories import differences, faults
from tests.archive.test_serve import Served, get, until
from tests.conftest import Aberdulas

SECRET = "Zxqvwkplm"
PAPER = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}
TEXT = f"Aberdulas Post, 6 March 2031. {SECRET} told the council that the branch opens.\n"
QUOTE = {"start": 30, "end": 30 + len(SECRET), "quote": SECRET}
PHRASE = b"a second person's phrase"


def traces(data: bytes) -> list[bytes]:
    """Return how often the secret is in bytes: plain, in any case, as half an FTS term, or in base64."""
    found = [data] if SECRET.lower().encode()[3:] in data.lower() else []
    for word in (SECRET, SECRET.lower()):
        for shift in range(3):
            raw = base64.b64encode(b"x" * shift + word.encode()).rstrip(b"=")
            if raw[2 if shift else 0 : -2] and raw[4:-4] in data:
                found.append(data)
    return found


def on(edtf: str) -> dict[str, str]:
    return {"edtf": edtf, "basis": "stated", "text": SECRET}


class Keeper:
    """The archive of Aberdulas as an archivist and a second person have it."""

    def __init__(self, archive: Aberdulas, folder: Path) -> None:
        self.archive = archive
        self.home = Home(archive.folder)
        self.key = folder / "second.pem"
        self.phrase = folder / "phrase"
        self.phrase.write_bytes(PHRASE)
        second.create(self.home, "mair", self.key, PHRASE)

    @property
    def second(self) -> Second:
        return Second(self.key, PHRASE)

    def act(self, kind: forgetting.Kind, what: str, path: str | None = None) -> list[int]:
        with self.home.log() as log:
            parts = forgetting.plan(log, kind, what, path).parts
            confirmed = None if kind == "withheld" else self.second
            why = Why("data-protection", "A decision of 2031")
            return forgetting.act(self.home, log, kind, parts, why, confirmed=confirmed).seqs

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["--home", str(self.home.path), *arguments])

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with self.home.log() as log:
            store = self.home.tables(log)
            try:
                return store.rows(sql, *values)
            finally:
                store.close()

    def number(self, slug: str) -> int:
        return int(
            self.rows("SELECT first_event FROM records WHERE id = ?", slug)[0]["first_event"]
        )


@pytest.fixture
def keeper(aberdulas: Aberdulas, tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    aberdulas.tables()
    return Keeper(aberdulas, tmp_path_factory.mktemp("elsewhere"))


def client(keeper: Keeper) -> Any:
    settings = Settings(
        archive_db=keeper.home.tables_path,
        base_url="https://archive.example",
        datasette_url="https://data.example",
    )
    return create_app(settings).test_client()


# The residue


def tell_secrets(archive: Aberdulas) -> tuple[list[int], str]:
    """Record the secret in every text field of every type; return the events and a slug that names it."""
    slug = f"person/{SECRET.lower()}"
    record = archive.record
    record("EntityRecorded", id=slug, new=True, kind="person", name=SECRET, public_capacity=SECRET,
           disambiguation=SECRET, external_ids={SECRET: SECRET}, note=SECRET)  # fmt: skip
    record("NameRecorded", record=slug, name=f"Old {SECRET}", kind="former", lang="en")
    record("TenureRecorded", PAPER, id="tenure/council", new=True, person=slug, title_as_stated="Member",
           organisation="org/aberdulas-council", attested={"edtf": "2031", "basis": "stated"})  # fmt: skip
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    seqs = [
        record("SourceCaptured", id="source/secret", new=True, kind="news", publisher="org/aberdulas-post", lang="en",
               captured_at="2031-03-06", body_access="restricted", sha256=digest, chars=len(TEXT), title=SECRET,
               url=f"https://post.example/{SECRET}", published=on("2031-03-06"), note=SECRET),
        record("EntityRecorded", id="measure/loans", new=True, kind="measure", name=SECRET, unit=SECRET, counts=SECRET),
        record("TenureRecorded", PAPER, id="tenure/other", new=True, person="person/nia-prys", title_as_stated=SECRET,
               organisation="org/aberdulas-council", remit=SECRET, party=SECRET, start=on("2031")),
        record("MeetingRecorded", PAPER, id="meeting/secret", new=True, organisation="org/aberdulas-council",
               held_on=on("2031-03-05"), status="held", kind=SECRET, external_ids={"minutes": SECRET}),
        record("DocumentRecorded", {"source": "source/secret", **QUOTE}, id="doc/secret", new=True, title=SECRET,
               kind=SECRET, author="org/aberdulas-council", url=f"https://post.example/{SECRET}", note=SECRET),
        record("StatementRecorded", {"source": "source/secret", **QUOTE}, id="statement/secret", new=True, note=SECRET,
               speaker="person/nia-prys", speaker_basis="named", mode="direct", gist=SECRET, said_on=on("2031-03-05")),
        record("DevelopmentRecorded", PAPER, id="development/secret", new=True, what=SECRET, kind="other",
               happened=on("2031-03-05"), amount={"value": 1, "unit": SECRET},
               participants=[{"entity": "person/nia-prys", "role": SECRET}]),
        record("CommitmentRecorded", PAPER, id="commitment/secret", new=True, obliged="org/aberdulas-council",
               what=SECRET, kind="promised", condition=SECRET, readings=[{"label": SECRET, "on": on("2031-05")}]),
        record("OutcomeRecorded", PAPER, id="outcome/secret", new=True, commitment="commitment/secret", result="done",
               happened=on("2031-04"), finding=SECRET),
        record("FigureRecorded", PAPER, id="figure/secret", new=True, measure="measure/loans", value=5, unit=SECRET,
               as_of=on("2031"), kind="actual", note=SECRET),
    ]  # fmt: skip
    archive.log.attach("source/secret", TEXT)
    number = archive.rows("SELECT first_event FROM records WHERE id = 'person/nia-prys'")[0][0]
    change = {"path": "/name", "from": "Nia Pryse", "to": SECRET}
    seqs += [
        record("RecordAmended", target=number, changes=[change], reason="source-error", note=SECRET),
        record("RecordDisputed", target=number, path="/name", state="open", note=SECRET),
        record("RecordRetracted", target=seqs[-1], reason="archive-error", note=SECRET),
        record("TranslationAdded", record="topic/libraries", path="/name", lang="cy", text=SECRET, method="human", translator=SECRET),
        record("EntityRecorded", id="topic/books", new=True, kind="topic", name="Books"),
        record("EntitiesMerged", keep="topic/libraries", merge=["topic/books"], reason="duplicate", note=SECRET),
    ]  # fmt: skip
    return seqs, slug


def addresses(served: Served, home: Home) -> Iterator[tuple[int, str]]:
    """Yield every address of both servers that could tell something."""
    with contextlib.closing(sqlite3.connect(home.tables_path)) as db:
        slugs = [slug for (slug,) in db.execute("SELECT id FROM records")]
        (events,) = db.execute("SELECT count(*) FROM events").fetchone()
    site = ["/en/", "/en/removals", "/log/checkpoint", f"/en/records/person/{SECRET.lower()}"]
    site += [
        f"/en/feeds/{n}.{f}"
        for n in ("all", "developments", "corrections")
        for f in ("atom", "rss")
    ]
    site += [f"/en/records/{slug}" for slug in slugs]
    site += [f"/log/facts/{number}" for number in range(events)]
    site += [f"/log/tile/entries/000.p/{events}"]
    database = json.loads(metadata_path().read_text())["databases"]["archive"]
    shown = (*database["tables"], *database["queries"])
    data = [
        f"/archive/{name}.{ending}"
        for name in shown
        for ending in ("json?_shape=array&_size=max", "csv")
    ]
    data += [
        f"/archive/{name}.json?_shape=array&_search={SECRET}" for name in ("records", "search")
    ]
    data += [f"/archive/events/{number}.json" for number in range(events)]
    yield from ((served.port, path) for path in site)
    yield from ((served.data_port, path) for path in data)


def told(served: Served, home: Home) -> list[str]:
    """Return the addresses whose answers have the secret."""
    return [path for port, path in addresses(served, home) if traces(get(port, path)[1])]


def left(home: Home) -> list[str]:
    """Return the files of a home, and fresh copies of its databases, that hold the secret."""
    found = [
        path.name for path in home.path.rglob("*") if path.is_file() and traces(path.read_bytes())
    ]
    for path in (home.log_path, home.tables_path):
        with (
            contextlib.closing(sqlite3.connect(path)) as one,
            contextlib.closing(sqlite3.connect(":memory:")) as copy,
        ):
            one.backup(copy)
            found += [f"copy of {path.name}"] * bool(traces(copy.serialize()))
    return found


def test_an_erased_word_is_nowhere_and_every_proof_still_holds(keeper: Keeper) -> None:
    seqs, slug = tell_secrets(keeper.archive)
    keeper.archive.tables()
    log, home = keeper.archive.log, keeper.home
    size, root = log.size, log.root()
    proofs = [merkle.inclusion(seq, size, log.node) for seq in range(size)]
    served = Served(home.path)
    try:
        served.said("The archive is at")
        assert SECRET.encode() in get(served.port, "/en/")[1]
        assert len(told(served, home)) > 40
        assert {"log.db", "archive.db"} <= set(left(home))
        for seq in seqs:
            with contextlib.suppress(NothingLeft):  # gone with what it corrects
                keeper.act("erased", f"E{seq}")
        arguments = (
            "--reason",
            "court-order",
            "--second",
            str(keeper.key),
            "--passphrase-file",
            str(keeper.phrase),
        )
        done = keeper.run("erase", slug, *arguments, "--yes")
        assert done.exit_code == 0, done.output
        until(lambda: served.sql("select events from log_position") == log.size)

        assert told(served, home) == []
    finally:
        served.end()
    assert left(home) == []
    assert not traces(keeper.run("log", "--json").output.encode())
    for seq in range(log.size):
        shown = keeper.run("show", f"E{seq}")
        assert shown.exit_code == 0
        assert not traces(shown.output.encode())
    assert keeper.run("check").exit_code in (0, 1)

    assert log.root(size) == root
    for seq, envelope, items in log.entries(0, size):
        assert {disclosure.digest(item) for item in items} <= set(Envelope.decode(envelope).sd)
        assert merkle.verify_inclusion(merkle.leaf_hash(envelope), seq, size, proofs[seq], root)
    with contextlib.closing(Store(home.tables_path)) as store:
        assert faults(store) == []


# Withheld and released


def test_what_is_withheld_is_in_no_public_answer_and_comes_back_whole(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    before = keeper.rows("SELECT * FROM statements ORDER BY id")
    keeper.act("withheld", f"E{seq}", "/gist")

    assert b"will open again" not in keeper.home.tables_path.read_bytes()
    assert keeper.rows("SELECT missing FROM events WHERE seq = ?", seq) == [{"missing": 1}]
    (shown,) = [
        line for line in keeper.run("show", f"E{seq}").output.splitlines() if "withheld" in line
    ]
    assert shown == f"  1 field withheld by E{keeper.archive.log.size - 1} (data-protection)"
    assert "will open again" not in client(keeper).get("/en/records/statement/prys-1").text

    keeper.act("released", f"E{seq}", "/gist")
    assert keeper.rows("SELECT * FROM statements ORDER BY id") == before
    assert "withheld" not in keeper.run("show", f"E{seq}").output
    assert keeper.rows("SELECT act, target_event, reason FROM removals") == [
        {"act": "withheld", "target_event": seq, "reason": "data-protection"},
        {"act": "released", "target_event": seq, "reason": "data-protection"},
    ]


def test_a_withheld_field_reads_exactly_as_an_erased_one(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    keeper.act("withheld", f"E{seq}", "/gist")
    withheld = keeper.archive.log.get([seq])
    tables = keeper.rows("SELECT * FROM statements") + keeper.rows(
        "SELECT * FROM versions ORDER BY record_id"
    )
    keeper.act("erased", f"E{seq}", "/gist")

    assert keeper.archive.log.get([seq]) == withheld
    assert tables == keeper.rows("SELECT * FROM statements") + keeper.rows(
        "SELECT * FROM versions ORDER BY record_id"
    )


def test_what_is_erased_is_not_released(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    keeper.act("erased", f"E{seq}", "/gist")

    with pytest.raises(CannotForget, match="E9 has no /gist"):
        keeper.act("released", f"E{seq}", "/gist")


@pytest.mark.parametrize(
    "slug",
    ["person/nia-prys", "commitment/library-plan", "topic/libraries", "org/aberdulas-council"],
)
def test_a_record_that_is_forgotten_is_in_no_table(keeper: Keeper, slug: str) -> None:
    keeper.act("withheld", slug)

    for table in TABLES:
        said = json.dumps(keeper.rows(f"SELECT * FROM {table.name}"))
        assert slug not in said, table.name
    rebuild(keeper.archive.log, keeper.home.path / "rebuilt.db")
    with contextlib.closing(Store(keeper.home.path / "rebuilt.db")) as made, contextlib.closing(Store(keeper.home.tables_path)) as kept:  # fmt: skip
        assert list(differences(made, kept)) == []
        assert faults(kept) == []


def test_a_record_that_others_name_stays_without_a_word_of_it(keeper: Keeper) -> None:
    keeper.act("withheld", f"E{keeper.number('person/nia-prys')}")

    (row,) = keeper.rows(
        "SELECT state, label, first_event, day FROM records WHERE id = 'person/nia-prys'"
    )
    assert row == {
        "state": "retracted",
        "label": "person (withheld)",
        "first_event": None,
        "day": None,
    }
    assert b"Nia Pryse" not in keeper.home.tables_path.read_bytes()
    assert client(keeper).get("/en/records/person/nia-prys").status_code == 200


def test_corrections_that_repeat_a_field_go_with_it(keeper: Keeper) -> None:
    archive, seq = keeper.archive, keeper.number("person/nia-prys")
    change = {"path": "/name", "from": "Nia Pryse", "to": "Nia Prys"}
    amendment = archive.record(
        "RecordAmended", target=seq, changes=[change], reason="source-error", note="Misprint"
    )
    other = {"path": "/public_capacity", "from": "Librarian of Aberdulas", "to": "Librarian"}
    kept = archive.record(
        "RecordAmended", target=seq, changes=[other], reason="source-error", note="Shorter"
    )

    with keeper.home.log() as log:
        parts = forgetting.plan(log, "withheld", f"E{seq}", "/name").parts
    assert [(part.event, part.scope) for part in parts] == [(seq, "path"), (amendment, "event")]
    assert kept not in [part.event for part in parts]


# Two people


def test_releasing_and_erasing_need_a_second_key_that_the_archive_knows(
    keeper: Keeper, tmp_path: Path
) -> None:
    seq, size = keeper.number("statement/prys-1"), keeper.archive.log.size
    stranger = Home(tmp_path / "other")
    stranger.path.mkdir()
    second.create(stranger, "eve", tmp_path / "eve.pem", b"x")
    with keeper.home.log() as log:
        parts = forgetting.plan(log, "erased", f"E{seq}").parts
        for confirmed in (
            None,
            Second(tmp_path / "eve.pem", b"x"),
            Second(keeper.key, b"wrong"),
            Second(keeper.phrase, None),
        ):
            with pytest.raises(NotConfirmed):
                forgetting.act(keeper.home, log, "erased", parts, Why("legal"), confirmed=confirmed)
    assert keeper.archive.log.size == size
    assert keeper.archive.log.get([seq])[0].missing == 0


def test_a_second_key_is_not_given_twice_nor_over_a_file(keeper: Keeper, tmp_path: Path) -> None:
    with pytest.raises(NotConfirmed, match="has a second key"):
        second.create(keeper.home, "mair", tmp_path / "again.pem", b"x")
    with pytest.raises(NotConfirmed, match="exists already"):
        second.create(keeper.home, "eira", keeper.key, b"x")
    with pytest.raises(NotConfirmed, match="cannot be a name"):
        second.create(keeper.home, "two words", tmp_path / "again.pem", b"x")
    assert keeper.key.stat().st_mode & 0o077 == 0
    assert list(second.registered(keeper.home)) == ["mair"]


def test_the_act_says_who_confirmed_it_by_role_alone(keeper: Keeper) -> None:
    (seq,) = keeper.act("erased", f"E{keeper.number('statement/prys-1')}", "/gist")
    ((_, envelope, _),) = keeper.archive.log.entries(seq, seq + 1)

    outer = Envelope.decode(envelope)
    assert (outer.act, outer.by, outer.confirmed_by, outer.reason) == (
        "erased",
        "archivist",
        "redactor",
        "data-protection",
    )
    assert len(outer.digests) == 1


# What is refused


@pytest.mark.parametrize(
    ("what", "path", "problem"),
    [
        ("E999", None, "there is no E999"), ("E5", "/nothing", "E5 has no /nothing"), ("E5", "name", "E5 has no name"),
        ("person/nobody", None, "nothing of person/nobody"), ("person/nia-prys", "/name", "a field is of an event"),
        ("source/aberdulas-post-2031-03-05", "body", "never published"),
    ],
)  # fmt: skip
def test_what_cannot_be_withheld_is_a_sentence(
    keeper: Keeper, what: str, path: str | None, problem: str
) -> None:
    with pytest.raises(CannotForget, match=problem):
        keeper.act("withheld", what, path)


def test_an_act_is_neither_retracted_nor_removed_itself(keeper: Keeper) -> None:
    (seq,) = keeper.act("withheld", f"E{keeper.number('statement/prys-1')}", "/gist")
    with keeper.home.log() as log, contextlib.closing(keeper.home.tables(log)) as store:
        draft = Draft(
            "RecordRetracted",
            {"target": f"E{seq}", "reason": "legal", "note": "No"},
            [],
            lambda _: "here",
        )
        (problem,) = admit([draft], LogView(log, store)).problems
    assert "archive release" in problem.message
    with pytest.raises(CannotForget, match="itself an act"):
        keeper.act("withheld", f"E{seq}")
    keeper.act("withheld", f"E{seq}", "/authority")
    assert "authority" not in keeper.archive.log.get([seq])[0].payload


# Destroying, and doing it again


def test_an_older_copy_of_the_log_is_erased_again_when_it_is_opened(
    keeper: Keeper, tmp_path: Path
) -> None:
    seqs, _ = tell_secrets(keeper.archive)
    before = tmp_path / "before.db"
    with contextlib.closing(SqliteLog(keeper.home.log_path)) as log:
        part = forgetting.plan(log, "erased", f"E{seqs[0]}").parts[0]
        event = forgetting._event("erased", part, Why("legal"))
        log.append([event])  # recorded, and then the power failed
        size = log.size
    shutil.copyfile(keeper.home.log_path, before)
    with keeper.home.log() as log:
        assert log.size == size
        assert log.text("source/secret") is None
        assert log.replay() == []
    gone = keeper.home.log_path.read_bytes()
    keeper.home.log_path.write_bytes(before.read_bytes())
    with contextlib.closing(SqliteLog(keeper.home.log_path)) as raw:
        assert raw.text("source/secret") == TEXT
        assert raw.replay() == [seqs[0]]
        assert raw.text("source/secret") is None
        ((_, _, items),) = raw.entries(seqs[0], seqs[0] + 1)
        assert items == []
        assert not raw._contents([seqs[0]])
    assert len(keeper.home.log_path.read_bytes()) == len(gone)


def test_a_running_follower_destroys_what_a_killed_archivist_only_recorded(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    trouble: list[str] = []
    follower = Follower(keeper.home, trouble.append)
    follower.start()
    try:
        with contextlib.closing(SqliteLog(keeper.home.log_path)) as log:
            part = forgetting.plan(log, "erased", f"E{seq}").parts[0]
            log.append([forgetting._event("erased", part, Why("legal"))])
            until(lambda: next(log.entries(seq, seq + 1))[2] == [])
            until(lambda: b"will open again" not in keeper.home.tables_path.read_bytes())
    finally:
        follower.stop()
    assert not [line for line in trouble if "cannot follow" in line]


def test_replaying_never_touches_what_no_act_names(keeper: Keeper) -> None:
    log = keeper.archive.log
    keeper.act("withheld", "person/nia-prys")
    before = list(log.entries())

    assert log.replay() == []
    assert list(log.entries()) == before


def test_the_text_of_a_source_is_erased_alone_and_never_kept_again(keeper: Keeper) -> None:
    seqs, _ = tell_secrets(keeper.archive)
    keeper.act("erased", "source/secret", "body")

    assert keeper.archive.log.text("source/secret") is None
    assert keeper.archive.log.get([seqs[0]])[0].missing == 0
    with pytest.raises(LogError, match="was erased by E"):
        keeper.archive.log.attach("source/secret", TEXT)
    with pytest.raises(CannotForget, match="was erased by E"):
        keeper.act("erased", "source/secret", "body")


def test_the_same_batch_is_not_known_again_by_the_hash_of_what_was_erased(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    keeper.act("erased", f"E{seq}", "/gist")

    assert keeper.archive.log._contents([seq]) == []


def test_an_erasure_cut_short_is_completed_by_the_same_command(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    with contextlib.closing(SqliteLog(keeper.home.log_path)) as log:
        part = forgetting.plan(log, "erased", f"E{seq}").parts[0]
        log.append([forgetting._event("erased", part, Why("legal"))])  # and then the power failed
    arguments = ("--second", str(keeper.key), "--passphrase-file", str(keeper.phrase), "--yes")
    again = keeper.run("erase", f"E{seq}", "--reason", "legal", *arguments)

    assert (again.exit_code, again.stdout) == (
        0, f"it is done already: nothing of E{seq} is left to erase: see E{seq + 4}\n",
    )  # fmt: skip
    for path in (keeper.home.log_path, keeper.home.tables_path):
        assert b"will open again" not in path.read_bytes()
    ((_, _, items),) = keeper.archive.log.entries(seq, seq + 1)
    assert items == []


# What people see


def test_the_page_of_removals_lists_numbers_and_reasons(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    (act,) = keeper.act("erased", f"E{seq}")
    site = client(keeper)
    page = site.get("/en/removals").text

    assert f"E{seq} erased, in whole or in part" in page
    assert "Data protection law demands it." in page
    assert "prys-1" not in page
    assert "/en/removals" in site.get("/en/").text
    assert site.get(f"/en/events/E{act}").location.endswith(f"/en/removals#E{act}")
    lost = site.get("/en/records/statement/prys-1")  # whose it was is not told: as what never was
    assert lost.status_code == 404
    assert lost.text == site.get("/en/records/statement/never").text
    assert all(f'<a href="{link}">' in lost.text for link in ("/en/removals", "/cy/dilewyd"))


@pytest.mark.parametrize(("act", "code"), [("withheld", 451), ("erased", 410)])
def test_the_number_of_what_was_taken_away_says_when_and_why(
    keeper: Keeper, act: forgetting.Kind, code: int
) -> None:
    seq = keeper.number("statement/prys-1")
    (number,) = keeper.act(act, f"E{seq}")
    ((day,),) = (row.values() for row in keeper.rows("SELECT removed_on FROM removals"))
    for language in WORDS:
        answer = client(keeper).get(f"/{language}/{WORDS[language].paths['events']}/E{seq}")
        assert answer.status_code == code
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Language"].startswith(language)
        assert "prys-1" not in answer.text
        for words in WORDS.values():
            assert f"<h1>{words.errors[code].title}</h1>" in answer.text
            assert f"{dates.text(day, words.dates)}: " in answer.text
            assert words.reasons["data-protection"] in answer.text
            assert f'href="/{words.language}/{words.paths["removals"]}#E{number}"' in answer.text


def test_feeds_say_that_an_entry_is_gone_and_nothing_else_of_it(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    old = client(keeper).get("/en/feeds/all.atom").data
    assert b"will open again" in old
    (act,) = keeper.act("erased", f"E{seq}")
    data = client(keeper).get("/en/feeds/all.atom").data

    assert b"will open again" not in data
    found = {one.id.rpartition(":")[2]: one for one in feedparser.parse(data).entries}
    assert found[f"E{seq}"].title == "Withdrawn"
    assert (
        found[f"E{seq}"].updated
        > next(e for e in feedparser.parse(old).entries if e.id == found[f"E{seq}"].id).updated
    )
    assert found[f"E{act}"].title == f"E{seq} erased, in whole or in part"
    assert "Data protection law demands it." in found[f"E{act}"].content[0].value
    (stone,) = etree.fromstring(data).iter("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert stone.get("ref") == found[f"E{seq}"].id
    assert stone.get("when") == found[f"E{seq}"].updated
    assert b"will open again" not in client(keeper).get("/en/feeds/all.rss").data


def test_a_withheld_entry_has_no_tombstone_and_comes_back(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    keeper.act("withheld", f"E{seq}")
    data = client(keeper).get("/en/feeds/all.atom").data
    assert b"deleted-entry" not in data
    assert b"will open again" not in data
    keeper.act("released", f"E{seq}")

    assert b"will open again" in client(keeper).get("/en/feeds/all.atom").data


def test_an_entry_that_lost_some_words_is_updated_where_it_is_kept(keeper: Keeper) -> None:
    seq = keeper.number("statement/prys-1")
    (act,) = keeper.act("withheld", f"E{seq}", "/gist")

    (row,) = keeper.rows(
        "SELECT updated_event, state, record_id FROM feed_entries WHERE event = ?", seq
    )
    assert row == {"updated_event": act, "state": "current", "record_id": "statement/prys-1"}


# The commands


def test_the_commands_show_the_list_and_ask(keeper: Keeper) -> None:
    size = keeper.archive.log.size
    asked = keeper.run("withhold", "person/nia-prys", "--reason", "child-privacy")
    assert asked.exit_code == 1
    assert "Is that right?" in asked.output
    assert keeper.archive.log.size == size

    done = keeper.run("withhold", "person/nia-prys", "--reason", "child-privacy", "--yes")
    assert done.exit_code == 0, done.output
    assert "TenureRecorded  all of it" not in done.output
    assert "TenureRecorded  /person" in done.output
    again = keeper.run("withhold", "person/nia-prys", "--reason", "child-privacy", "--yes")
    assert again.exit_code == 1
    assert "error: nothing of person/nia-prys is to be withheld" in again.output


def test_names_that_stand_in_other_words_are_pointed_out(keeper: Keeper) -> None:
    seq = keeper.archive.record(
        "EntityRecorded", id="topic/nia", new=True, kind="topic", name="Nia Pryse’s plan"
    )

    assert f"E{seq} /name" in keeper.run("withhold", "person/nia-prys", "--reason", "legal").output


def test_a_second_key_is_made_by_a_command(keeper: Keeper, tmp_path: Path) -> None:
    arguments = ("--passphrase-file", str(keeper.phrase))
    made = keeper.run("second-key", "eira", str(tmp_path / "eira.pem"), *arguments)
    assert made.exit_code == 0, made.output
    seq = keeper.number("statement/prys-1")
    done = keeper.run("erase", f"E{seq}", "/gist", "--reason", "legal", "--second", str(tmp_path / "eira.pem"), *arguments, "--yes")  # fmt: skip
    assert done.exit_code == 0, done.output


def test_a_whole_record_that_goes_is_announced_once(keeper: Keeper) -> None:
    keeper.archive.record("NameRecorded", record="person/nia-prys", name="Nia P.", kind="former", lang="en")  # fmt: skip
    keeper.archive.record("DocumentRecorded", PAPER, id="doc/report", new=True, kind="report", title="Of Nia", author="person/nia-prys")  # fmt: skip
    old = feedparser.parse(client(keeper).get("/en/feeds/all.atom").data)
    acts = keeper.act("erased", "person/nia-prys")
    assert len(acts) > 3

    rows = keeper.rows("SELECT DISTINCT notice, removed_on, act, reason FROM removals")
    assert [row["notice"] for row in rows] == acts[:1]
    notices = keeper.rows("SELECT event, updated_event, title FROM feed_entries WHERE kind = 'correction/erased'")  # fmt: skip
    count = len({row["target_event"] for row in keeper.rows("SELECT target_event FROM removals")})
    assert notices == [
        {"event": acts[0], "updated_event": acts[-1], "title": f"{count} events erased (data-protection)"}
    ]  # fmt: skip
    site = client(keeper)
    page = site.get("/en/removals").text
    assert page.count("<li id=") == 1
    assert "E7, E9, E13–E14 erased, in whole or in part" in page
    data = site.get("/en/feeds/all.atom").data
    found = {one.id.rpartition(":")[2]: one for one in feedparser.parse(data).entries}
    assert "E7, E9, E13–E14 erased" in found[f"E{acts[0]}"].title
    assert not {f"E{act}" for act in acts[1:]} & found.keys()
    assert {one.id for one in old.entries} <= {one.id for one in feedparser.parse(data).entries}
    # Acts on a field of another record are in the history of that.
    places = [site.get(f"/en/events/E{act}").location for act in acts]
    assert places[0].endswith(f"/en/removals#E{acts[0]}")
    assert {place.rpartition("#")[2] for place in places[1:] if "removals" in place} <= {
        f"E{acts[0]}"
    }
    assert f'id="E{acts[0]}"' in page


def test_what_is_left_of_an_entry_tells_of_itself_alone(keeper: Keeper) -> None:
    seqs = [keeper.number(slug) for slug in ("statement/prys-1", "development/plan-published")]
    with keeper.home.log() as log:
        parts = [part for seq in seqs for part in forgetting.plan(log, "erased", f"E{seq}").parts]
        acts = forgetting.act(keeper.home, log, "erased", parts, Why("legal"), confirmed=keeper.second).seqs  # fmt: skip
    data = client(keeper).get("/en/feeds/all.atom").data
    stones = etree.fromstring(data).iter("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert len(list(stones)) == 2
    found = {one.id.rpartition(":")[2]: one for one in feedparser.parse(data).entries}
    for seq, act in zip(seqs, acts, strict=True):
        said = found[f"E{seq}"].content[0].value
        assert f"E{seq} erased, in whole or in part (E{act})." in said
        assert f"#E{acts[0]}" in said
    assert found[f"E{acts[0]}"].title == f"E{seqs[0]}, E{seqs[1]} erased, in whole or in part"


def test_acts_of_other_times_kinds_and_reasons_are_announced_apart(keeper: Keeper) -> None:
    log = keeper.archive.log
    seqs = [keeper.number(slug) for slug in ("statement/prys-1", "development/plan-published")]
    parts = [forgetting.plan(log, "erased", f"E{seq}").parts[0] for seq in seqs]

    def append(*acts: tuple[forgetting.Kind, forgetting.Part, str]) -> None:
        log.append([forgetting._event(kind, part, Why(reason)) for kind, part, reason in acts])

    one, other = parts
    append(("withheld", one, "legal"))
    append(("withheld", other, "legal"))  # a minute later
    append(("released", one, "legal"), ("released", other, "legal"))
    append(("withheld", one, "legal"), ("erased", other, "legal"), ("erased", one, "mistake"))
    rows = keeper.rows("SELECT event, notice FROM removals ORDER BY event")
    first = rows[0]["event"]
    assert [row["notice"] - first for row in rows] == [0, 1, 2, 2, 4, 5, 6]
    rebuild(log, keeper.home.path / "rebuilt.db")
    with contextlib.closing(Store(keeper.home.path / "rebuilt.db")) as made, contextlib.closing(Store(keeper.home.tables_path)) as kept:  # fmt: skip
        assert list(differences(made, kept)) == []
