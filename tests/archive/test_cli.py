"""The command `archive`: what it prints, how it leaves, and what it changes."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from archive import recording
from archive.admitting.admission import admit
from archive.cli import main
from archive.home import Home
from archive.keeping import bundle
from archive.showing import counted
from events.codec import build
from events.errors import OutcomeUnknown
from events.log import SqliteLog

REPOSITORY = Path(__file__).parents[2]
TEXT = "DULAS ECHO, 5 March 2031. Nia Prys said on Tuesday that the branch in Tŷ Mawr opens again last month.\n"
SHA = hashlib.sha256(TEXT.encode()).hexdigest()

BATCH = f"""\
source: source/echo
events:
  - {{type: EntityRecorded, id: org/echo, new: true, kind: organisation, name: Dulas Echo}}
  - {{type: EntityRecorded, id: org/council, new: true, kind: organisation, name: Aberdulas Council}}
  - type: SourceCaptured
    id: source/echo
    new: true
    kind: news
    publisher: org/echo
    lang: en
    captured_at: 2031-03-06
    body_access: restricted
    sha256: {SHA}
    chars: {len(TEXT)}
    published: {{edtf: 2031-03-05, basis: stated}}
  - {{type: EntityRecorded, id: person/nia-prys, new: true, kind: person, name: Nia Pryse, public_capacity: Librarian}}
  - type: DocumentRecorded
    id: doc/plan
    new: true
    title: Library plan
    kind: plan
    author: org/council
    pages: 40
    published: {{edtf: 2031-03, basis: stated}}
    evidence: [{{words: Tŷ Mawr}}]
"""
COUNT = 5
WHY = ("--reason", "archive-error", "--note", "Misread")


class Desk:
    """An archive in a folder, and the command to work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "home")

    def __call__(self, *arguments: str | Path, code: int = 0) -> str:
        """Run a command that must leave with ``code``, and return what it prints."""
        result = self.run(*arguments)
        assert result.exit_code == code, result.output
        return result.output

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(
            main, ["--home", str(self.home.path), *map(str, arguments)], catch_exceptions=False
        )

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode())
        return path

    def append(self, events: str, *options: str | Path, code: int = 0) -> str:
        return self("append", self.file("batch.yaml", "events:\n" + events), *options, code=code)

    @property
    def state(self) -> tuple[str, str]:
        """The digests of both files: what a refused command leaves as it was."""
        paths = (self.home.log_path, self.home.tables_path)
        one, two = (hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
        return one, two

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(self.home.tables_path)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()


@pytest.fixture
def bare(tmp_path: Path) -> Desk:
    """No archive yet."""
    return Desk(tmp_path)


@pytest.fixture
def desk(bare: Desk) -> Desk:
    """An archive with one article."""
    bare("init", "--empty")
    bare("append", bare.file("first.yaml", BATCH), "--text", bare.file("echo.txt", TEXT))
    return bare


def commands(group: click.Group = main, path: str = "") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        found.append((f"{path}{name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{path}{name} ")
    return found


# Help


@pytest.mark.parametrize(("path", "command"), commands(), ids=[path for path, _ in commands()])
def test_every_command_and_each_of_its_options_is_explained(path, command):
    assert command.help
    assert command.get_short_help_str(200).endswith((".", "…", "...", ")"))
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.opts}"
    shown = CliRunner().invoke(main, [*path.split(), "--help"])
    assert shown.exit_code == 0
    for parameter in command.params:
        assert max(parameter.opts, key=len).strip("-").upper() in shown.output.upper()


def test_the_command_without_anything_explains_itself():
    result = CliRunner().invoke(main, [])
    assert "Keep and publish an archive" in result.output
    order = [name for name, _ in commands()]
    assert [result.output.index(f"\n  {name} ") for name in order] == sorted(
        result.output.index(f"\n  {name} ") for name in order
    )


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert version("powys-archive") in CliRunner().invoke(main, ["--version"]).output


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["show"],
        ["append", "no-such-file.yaml"],
        ["append", str(Path(__file__).parent)],
        ["append", __file__, "--text", "no-such-file.txt"],
        ["amend", "E1", "/name"],
        ["amend", "E1", "/name", "A", *WHY, "--remove"],
        ["amend", "E1", "/name", *WHY],
        ["amend", "E1", "/name", "A", "--note", "A"],
        ["amend", "E1", "/name", "A", "--reason", "because", "--note", "A"],
        ["amend", "E1", "/name", "A", *WHY, "--words", "A"],
        ["amend", "E1", "/name", "A", *WHY, "--span", "1", "2"],
        ["amend", "E1", "/name", "A", *WHY, "--source", "source/echo", "--span", "1", "b"],
        ["retract", "E1"],
        ["retract", "E1", "--reason", "legal"],
        ["attach", "source/echo"],
        ["log", "--after", "yesterday"],
        ["init", "--full"],
        ["--home", __file__, "log"],
    ],
)
def test_wrong_usage_leaves_with_two_and_changes_nothing(desk, arguments):
    before = desk.state
    result = desk.run(*arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output
    assert desk.state == before


def test_where_no_archive_is_every_command_says_how_to_make_one(bare: Desk):
    file = bare.file("a.yaml", BATCH)
    for arguments in (
        ["log"],
        ["check"],
        ["show", "E1"],
        ["build"],
        ["append", file],
        ["amend", "E1", "/name", "A", *WHY],
        ["retract", "E1", *WHY],
        ["attach", "source/echo", file],
    ):
        said = bare(*arguments, code=1)
        assert said.startswith("error: there is no archive in ")
        assert "run `archive init` first" in said
    assert not bare.home.path.exists()


# init and build


def test_init_makes_an_empty_archive_once(bare: Desk):
    assert "an archive with 0 events" in bare("init", "--empty")
    assert {path.name for path in bare.home.path.iterdir()} >= {"log.db", "archive.db"}
    before = bare.state
    for options in (["--empty"], []):
        said = bare("init", *options, code=1)
        assert "holds an archive already; nothing was changed" in said
    assert bare.state == before


def test_the_log_is_readable_by_its_owner_alone(bare: Desk):
    bare("init", "--empty")
    assert bare.home.log_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not bundle.path().exists(), reason="there is no bundled collection yet")
def test_init_copies_the_bundled_collection_byte_for_byte(bare: Desk):
    entries, root = bundle.load()
    assert f"an archive with {len(entries)} events" in bare("init")
    with bare.home.log() as log:
        assert log.root() == root
        assert [(envelope, body) for _, envelope, body in log.entries()] == entries
    assert bare.rows("SELECT events FROM log_position") == [(len(entries),)]


def test_the_home_is_named_by_an_option_or_by_the_environment_or_is_data(
    tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARCHIVE_HOME", raising=False)
    init = ["init", "--empty"]
    assert CliRunner().invoke(main, init).exit_code == 0
    assert CliRunner().invoke(main, init, env={"ARCHIVE_HOME": "else"}).exit_code == 0
    assert CliRunner().invoke(main, ["--home", "third", *init]).exit_code == 0
    for name in ("data", "else", "third"):
        assert (tmp_path / name / "log.db").exists()


def test_build_says_what_it_folded(desk: Desk):
    assert desk("build") == "0 events folded into 0 records\n"
    first = desk("build", "--rebuild")
    assert first == f"{COUNT} events folded into 5 records\n"
    made = desk.rows("SELECT * FROM records")
    desk.home.tables_path.unlink()
    assert desk("build") == first
    assert desk.rows("SELECT * FROM records") == made


def test_lost_or_damaged_tables_are_made_again_by_whatever_command_comes_next(desk: Desk):
    made = desk.rows("SELECT * FROM records ORDER BY id")
    for damage in (None, b"", b"no database at all", b"\0" * 5000):
        desk.home.tables_path.unlink()
        if damage is not None:
            desk.home.tables_path.write_bytes(damage)
        assert "Library plan" in desk("show", "doc/plan")
        assert desk.rows("SELECT * FROM records ORDER BY id") == made


def test_tables_with_damaged_pages_are_a_sentence_and_a_rebuild_mends_them(desk: Desk):
    ((page, size),) = desk.rows(
        "SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = 'records'"
    )
    with desk.home.tables_path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    assert "`archive build --rebuild` makes it anew" in desk("show", "doc/plan", code=1)
    desk("build", "--rebuild")
    assert "Library plan" in desk("show", "doc/plan")


def test_a_log_that_is_none_is_a_sentence(desk: Desk):
    desk.home.log_path.write_bytes(b"no database at all, but long enough to be looked at" * 40)
    assert "cannot be opened as a log" in desk("log", code=1)
    desk.home.log_path.write_bytes(desk.home.tables_path.read_bytes())
    assert "is not a log of this archive" in desk("log", code=1)


# append


def test_append_prints_each_event_and_records_it(bare: Desk):
    bare("init", "--empty")
    said = bare("append", bare.file("a.yaml", BATCH), "--text", bare.file("echo.txt", TEXT))
    assert said.splitlines()[0] == "E0  EntityRecorded  org/echo (new)  Dulas Echo"
    assert said.splitlines()[-1] == f"{COUNT} events recorded"
    assert bare.rows("SELECT count(*) FROM events") == [(COUNT,)]
    with bare.home.log() as log:
        assert log.text("source/echo") == TEXT


def test_a_dry_run_shows_what_would_be_recorded_and_records_nothing(desk: Desk):
    before = desk.state
    name = "- {type: NameRecorded, record: org/council, name: Cyngor, kind: official, lang: cy}"
    assert desk.append(name, "--dry-run") == (
        "would be  NameRecorded  org/council  Cyngor\n1 event would be recorded\n"
    )
    desk("amend", "E3", "/name", "Nia Prys", *WHY, "--dry-run")
    desk("retract", "E3", *WHY, "--dry-run")
    assert desk.state == before


def test_append_again_records_nothing(desk: Desk):
    before = desk.state
    assert desk("append", desk.folder / "first.yaml") == (
        f"{COUNT} events recorded before (E0, E1, E2, E3, E4)\n0 events recorded\n"
    )
    assert desk.state == before


def folder_of_batches(desk: Desk) -> Path:
    """Two files of one name, the second of which builds on the first, and what is no batch file."""
    name = "- {type: NameRecorded, record: org/echo, name: Echo, kind: known-as, lang: en}\n"
    back = '- {type: RecordRetracted, target: "@-1", reason: archive-error, note: Misread}\n'
    for year, events in (
        ("2031", f"{name}"),
        ("2032", f"{name}{name.replace('Echo,', 'E,')}{back}"),
    ):
        (desk.folder / "batches" / year).mkdir(parents=True)
        desk.file(f"batches/{year}/01-echo.yaml", f"events:\n{events}")
    desk.file("batches/read.me", "no batch file")
    return desk.folder / "batches"


def test_append_takes_folders_in_the_order_of_their_paths_and_tells_a_line_a_file(bare: Desk):
    bare("init", "--empty")
    folder, first = folder_of_batches(bare), bare.file("first.yaml", BATCH)
    given = ("append", first, folder, first, "--text", bare.file("echo.txt", TEXT))
    empty = bare.state
    assert bare(*given, "--dry-run") == (
        f"{first}: 5 events would be recorded\n"
        f"{folder}/2031/01-echo.yaml: 1 event would be recorded\n"
        f"{folder}/2032/01-echo.yaml: 2 events would be recorded, 1 recorded before\n"
        "3 files: 8 events would be recorded\n"
    )
    assert bare.state == empty
    assert bare(*given) == (
        f"{first}: 5 events recorded (E0 to E4)\n"
        f"{folder}/2031/01-echo.yaml: 1 event recorded (E5)\n"
        f"{folder}/2032/01-echo.yaml: 2 events recorded (E6 to E7), 1 recorded before\n"
        "3 files: 8 events recorded\n"
    )
    assert "RecordRetracted  E6  Misread" in bare("log").splitlines()[-1]
    assert bare("append", folder).endswith("2 files: 0 events recorded\n")


def test_a_number_in_a_file_is_that_of_its_own_events(desk: Desk):
    folder = folder_of_batches(desk)
    wrong = '- {type: RecordRetracted, target: "@2", reason: archive-error, note: Misread}\n'
    with (folder / "2031" / "01-echo.yaml").open("a") as file:
        file.write(wrong)
    before = desk.state
    assert desk("append", folder, code=1) == (
        f"{folder}/2031/01-echo.yaml:3: /target: @2 is not an earlier event of this file: it has 2 events, and"
        " this is @2\n1 problem: nothing was recorded\n"
    )
    assert desk.state == before


def test_files_with_problems_are_told_together_and_nothing_is_recorded(desk: Desk):
    folder, before = folder_of_batches(desk), desk.state
    for year in ("2031", "2032"):
        (folder / year / "01-echo.yaml").write_text("events: {\n")
    said = desk("append", folder, code=1).splitlines()
    assert [line.partition(": ")[0] for line in said] == [
        f"{folder}/2031/01-echo.yaml:2", f"{folder}/2032/01-echo.yaml:2", "2 problems",
    ]  # fmt: skip
    assert desk.state == before


def test_a_folder_without_batch_files_is_wrong_usage(desk: Desk):
    (desk.folder / "none").mkdir()
    assert "there is no file *.yaml in" in desk("append", desk.folder / "none", code=2)


def test_append_refuses_all_when_anything_is_wrong(desk: Desk):
    before = desk.state
    good = "- {type: NameRecorded, record: org/council, name: A, kind: former, lang: en}\n"
    bad = "- {type: NameRecorded, record: org/cuoncil, name: A, kind: former, lang: en}\n"
    assert desk.append(good + bad + bad, code=1) == (
        "batch.yaml:3: /record: org/cuoncil is unknown: record it first\n"
        "batch.yaml:4: /record: org/cuoncil is unknown: record it first\n"
        "2 problems: nothing was recorded\n"
    )
    assert desk.append("- no: type\n", code=1) == (
        "batch.yaml:2: the event has no `type`\n1 problem: nothing was recorded\n"
    )
    assert desk.state == before


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff", "is not UTF-8: invalid start byte at byte 0"),
        (b"a\0b", "holds a NUL character"),
        (TEXT.replace("\n", "\r\n").encode(), "is of no source here"),
    ],
)
def test_a_text_that_cannot_be_the_one_is_refused(desk, data, message):
    before = desk.state
    text = desk.folder / "text.txt"
    text.write_bytes(data)
    assert message in desk("append", desk.folder / "first.yaml", "--text", text, code=1)
    assert desk.state == before


# amend, retract


def test_amend_changes_text_numbers_and_dates_and_removes(desk: Desk):
    desk("amend", "E4", "/title", "The plan for the libraries", *WHY)
    desk("amend", "E4", "/pages", "41", *WHY)
    desk("amend", "E4", "/published", '{"edtf": "2031-03-04", "basis": "stated"}', *WHY)
    desk("amend", "E4", "/published/text", "4 March", *WHY)
    assert desk.rows("SELECT title, pages, published FROM documents") == [
        ("The plan for the libraries", 41, "2031-03-04")
    ]
    said = desk("amend", "E4", "/pages", "--remove", *WHY)
    assert said == "E9  RecordAmended  E4  /pages 41 -> nothing\n1 event recorded\n"
    assert desk.rows("SELECT pages FROM documents") == [(None,)]


def test_amend_with_better_evidence_says_where_it_stands(desk: Desk):
    desk("amend", "E4", "/pages", "41", *WHY, "--source", "source/echo", "--words", "opens again")
    desk("amend", "E4", "/pages", "42", *WHY, "--source", "source/echo", "--span", "0", "10")
    found = desk.rows("SELECT event, char_start, quote FROM evidence WHERE event > 4 ORDER BY event")  # fmt: skip
    assert found == [(5, 78, "opens again"), (6, 0, "DULAS ECHO")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["E4", "/pages", "many"], "/pages"),
        (["E4", "/title", "Library plan"], "`from` and `to` are the same"),
        (["E4", "/colour", "red"], "unknown field `colour`"),
        (["E4", "/colour", "--remove"], "`from` and `to` are the same"),
        (["E4", "/title", "--remove"], "`title` is missing"),
        (["E4", "title", "A"], "/path: Expected `str` matching"),
        (["E4", "/id", "doc/other"], "/id cannot be amended"),
        (["E4", "/author", "org/nobody"], "org/nobody is unknown"),
        (["E4", "/published", '{"edtf": "soon", "basis": "stated"}'], "'soon' is not a date"),
        (["E4", "/title", "a\x07b"], "U+0007"),
        (["E4", "/title", "y\u0302"], "not in Unicode normal form C"),
        (["E99", "/title", "A"], "there is no E99"),
        (["E99999999999999999999999", "/title", "A"], "is no event"),
        (["doc/plan", "/title", "A"], "is no event"),
        (["E4", "/pages", "41", "--source", "source/nowhere"], "source/nowhere was not captured"),
        (["E4", "/pages", "41", "--source", "source/echo"], "needs a span or words"),
        (["E4", "/pages", "41", "--source", "source/echo", "--words", "Nowhere"], "do not occur"),
    ],
)
def test_what_cannot_be_amended_is_refused(desk, arguments, message):
    before = desk.state
    assert message in desk("amend", *arguments, *WHY, code=1)
    assert desk.state == before


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('{"edtf": NaN}', "NaN is not JSON"),
        ('{"edtf": 1', "not JSON"),
        ("[" * 100_000, "nested deeper than 16 levels"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ('["\\ud800"]', "half of a surrogate pair"),
    ],
)
def test_a_value_that_begins_like_json_must_be_json(desk, value, message):
    before = desk.state
    assert message in desk("amend", "E4", "/published", value, *WHY, code=2)
    assert desk.state == before


def test_retract_takes_out_of_force_and_retracting_that_restores(desk: Desk):
    state = "SELECT state FROM records WHERE id = 'doc/plan'"
    assert desk("retract", "E4", *WHY) == "E5  RecordRetracted  E4  Misread\n1 event recorded\n"
    assert desk.rows(state) == [("retracted",)]
    assert "E4 was retracted by E5" in desk("retract", "E4", *WHY, code=1)
    desk("retract", "E5", *WHY)
    assert desk.rows(state) == [("current",)]
    # The same command as before is meant anew.
    desk("retract", "E4", *WHY)
    assert desk.rows(state) == [("retracted",)]


def test_retract_may_name_what_takes_its_place(desk: Desk):
    desk("retract", "E4", *WHY, "--replaced-by", "org/council")
    assert desk.rows("SELECT after FROM corrections") == [("org/council",)]
    assert "doc/b is unknown" in desk("retract", "E3", *WHY, "--replaced-by", "doc/b", code=1)


# attach


def test_attach_keeps_the_text_that_was_captured_and_no_other(bare: Desk):
    bare("init", "--empty")
    bare("append", bare.file("a.yaml", BATCH.replace("words: Tŷ Mawr", "span: [70, 77]")))
    assert "1 not verifiable without their texts" in bare("check")
    wrong = bare.file("wrong.txt", TEXT + "\n")
    assert "is not the text of source/echo: its SHA-256 is" in bare("attach", "source/echo", wrong, code=1)  # fmt: skip
    for slug in ("source/nowhere", "org/echo", "nonsense", "source/\ud800", "x" * 4000):
        assert "was not captured" in bare("attach", slug, wrong, code=1)
    text = bare.file("echo.txt", TEXT)
    said = bare("attach", "source/echo", text)
    assert said == f"source/echo: text of {len(TEXT)} characters attached\n"
    bare("attach", "source/echo", text)
    assert "1 span verified, 0 not verifiable" in bare("check")


def test_attach_needs_a_digest_to_compare_with(desk: Desk):
    desk.append(
        "- {type: SourceCaptured, id: source/b, new: true, kind: news, publisher: org/echo, lang: en,"
        " captured_at: 2031-03-06, body_access: restricted}"
    )
    text = desk.file("b.txt", "B")
    assert "was captured without a digest" in desk("attach", "source/b", text, code=1)


# show, log


def test_show_tells_a_record_in_full(desk: Desk):
    desk("amend", "E4", "/pages", "41", *WHY)
    said = desk("show", "doc/plan").splitlines()
    assert said[0] == "doc/plan  Library plan"
    assert said[1] == "  current; 1 source; public from 2031-03-05"
    assert any(line.split() == ["pages", "41"] for line in said)
    assert "  E4 source/echo [70, 77] “Tŷ Mawr”" in said
    assert [line.split()[0] for line in said[said.index("history") + 1 :]] == ["E4", "E5"]


def test_show_tells_every_note_and_dispute_in_full_and_how_what_is_proved_stands(desk: Desk):
    notes = [f"Note {number}: {'long ' * 30}end." for number in (1, 2)]
    proof = "evidence: [{source: source/echo, span: [0, 8], supports: [/pages]}]"
    why = f"Whether forty-two is right {'nobody knows and ' * 10}nobody says."
    desk.append(
        f"- {{type: DocumentRecorded, id: doc/plan, pages: 41, note: '{notes[0]}', {proof}}}\n"
        f"- {{type: DocumentRecorded, id: doc/plan, pages: 42, note: '{notes[1]}', {proof}}}\n"
        f"- {{type: RecordDisputed, target: '@-1', path: /pages, state: open, note: '{why}',"
        " evidence: [{source: source/echo, span: [0, 8], stance: contradicts}]}\n"
    )
    desk("amend", "E5", "/pages", "43", *WHY, "--source", "source/echo", "--span", "0", "8")
    said = desk("show", "doc/plan").splitlines()
    assert said[said.index("notes") : said.index("history")] == [
        "notes",
        f"  E5 source/echo: {notes[0]}",
        f"  E6 source/echo: {notes[1]}",
        "disputes",
        f"  E7 /pages of E6 disputed, open: {why}",
        "evidence",
        "  E4 source/echo [70, 77] “Tŷ Mawr”",
        "  E5 source/echo [0, 8] “DULAS EC” for /pages (amended)",
        "  E6 source/echo [0, 8] “DULAS EC” for /pages (disputed)",
        "  E7 source/echo [0, 8] contradicts “DULAS EC”: /pages of E6 disputed, open",
        "  E8 source/echo [0, 8] “DULAS EC”: /pages of E5 amended",
    ]


def test_show_tells_an_event_pointer_by_pointer_as_amend_takes_them(desk: Desk):
    desk("amend", "E4", "/pages", "41", *WHY)
    said = desk("show", "E4")
    for pointer, value in {"/pages": "41", "/published/edtf": "2031-03", "/evidence/0/start": "70"}.items():  # fmt: skip
        assert [pointer, value] in [line.split() for line in said.splitlines()]
    assert "recorded by" not in said
    assert "in force" in said
    desk("retract", "E4", *WHY)
    assert "out of force, retracted by E6" in desk("show", "E4")


@pytest.mark.parametrize(
    "name",
    [
        "doc/nothing",
        "E99",
        "E" + "9" * 5000,
        "E99999999999999999999",
        "e4",
        "4",
        "",
        "E",
        "E-1",
        "E٣",
        "../log.db",
        "doc/\ud800",
        "doc/plan' OR 1=1 --",
        "x/" * 5000,
    ],
)
def test_what_is_not_there_is_not_shown(desk, name):
    said = desk("show", name, code=1)
    assert said.startswith("error: ")
    assert len(said) < 400


def test_every_record_and_every_event_of_the_bundled_collection_can_be_shown(bare: Desk):
    if not bundle.path().exists():
        pytest.skip("there is no bundled collection yet")
    bare("init")
    with bare.home.log() as log:
        store = bare.home.tables(log)
        from archive import looking

        slugs = [row["id"] for row in store.rows("SELECT id FROM records")]
        for name in [*slugs, *(f"E{seq}" for seq in range(0, log.size, 7))]:
            assert next(looking.show(log, store, name)).startswith(name)
        store.close()


def test_log_lists_events_in_order(desk: Desk):
    lines = desk("log").splitlines()
    assert [line.split()[0] for line in lines] == ["E0", "E1", "E2", "E3", "E4"]
    assert lines[3].split(maxsplit=2)[2] == "EntityRecorded  person/nia-prys (new)  Nia Pryse"
    assert desk("log", "--after", "3") == lines[4] + "\n"
    assert desk("log", "--after", "99999999999999999999999") == ""


def test_log_gives_json_a_line_each(desk: Desk):
    found = [json.loads(line) for line in desk("log", "--json").splitlines()]
    assert [event["seq"] for event in found] == list(range(COUNT))
    assert found[4]["payload"]["title"] == "Library plan"
    assert found[4]["evidence"][0]["quote"] == "Tŷ Mawr"
    assert set(found[0]) >= {"seq", "type", "recorded_at", "recorded_by", "leaf_hash", "payload"}


def test_a_pipe_that_is_closed_early_is_no_error(desk: Desk):
    command = [sys.executable, "-m", "archive.cli", "--home", str(desk.home.path), "log", "--json"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        said = child.stderr.read()
    assert (child.returncode, said) == (0, b"")


# check


def test_check_finds_nothing_in_an_archive_that_is_right(desk: Desk):
    assert desk("check") == (
        "1 span verified, 0 not verifiable without their texts\n0 faults, 0 notes\n"
    )


MEETING = (
    "- {{type: MeetingRecorded, id: meeting/{}, new: true, organisation: org/council, status: held,"
    " held_on: {{{}}}, evidence: [{{source: source/echo, span: [{}]}}]}}\n"
)


def test_check_finds_every_kind_of_fault_and_leaves_with_one(desk: Desk):
    anchor = "basis: resolved, anchor: 'source/echo#published'"
    desk.append(
        MEETING.format("a", f"edtf: 2031-03-05, text: on Tuesday, {anchor}", "0, 8")
        + MEETING.format("b", "edtf: 2031-02, text: last month, basis: stated", "0, 8")
        + MEETING.format("c", f"edtf: 2031-01, text: last month, {anchor}", "0, 8")
        + "- {type: CommitmentRecorded, id: commitment/a, new: true, obliged: org/council, what: A, kind: promised,"
        " evidence: [{source: source/echo, span: [0, 8]}]}\n"
        "- {type: OutcomeRecorded, id: outcome/a, new: true, commitment: commitment/a, result: done,"
        " evidence: [{source: source/echo, span: [0, 8]}]}\n"
        "- {type: DocumentRecorded, id: doc/plan, pages: 41, evidence: [{source: source/echo, span: [0, 8]}]}\n"
        "- {type: RecordDisputed, target: '@6', path: /pages, state: open, note: Forty or more}\n"
        "- {type: RecordRetracted, target: '@4', reason: archive-error, note: Misread}\n"
    )
    with SqliteLog(desk.home.log_path) as log:
        log._db.execute("UPDATE texts SET body = replace(body, 'DULAS ECHO', 'DULAS POST')")
    said = desk("check", code=1).splitlines()
    found = sorted({tuple(line.split()[:2]) for line in said[:-2]})
    assert found == [
        ("fault", "orphan"),
        ("fault", "relative-date"),
        ("fault", "span"),
        ("fault", "weekday"),
        ("note", "boilerplate"),
        ("note", "conflict"),
        ("note", "dispute"),
    ]
    assert "refers to commitment/a, which was retracted" in "\n".join(said)
    faults = sum(line.startswith("fault") for line in said[:-2])
    notes = sum(line.startswith("note") for line in said[:-2])
    assert said[-1] == f"{counted(faults, 'fault')}, {counted(notes, 'note')}"


def test_conflicts_and_disputes_alone_are_no_fault(desk: Desk):
    desk.append("- {type: DocumentRecorded, id: doc/plan, pages: 41, evidence: [{source: source/echo, span: [0, 8]}]}\n")  # fmt: skip
    assert "note  conflict  doc/plan pages: '41' (source/echo) against '40' (source/echo)" in desk("check")  # fmt: skip


def test_check_counts_the_disputes_that_are_settled_and_lists_them_when_asked(desk: Desk):
    dispute = "- {{type: RecordDisputed, target: E4, path: {}, state: {}, note: {}}}\n"
    desk.append(dispute.format("/pages", "open", "Why") + dispute.format("/title", "open", "Who"))
    assert "settled" not in desk("check")
    assert desk("check", "--settled") == "0 settled disputes\n"
    desk.append(dispute.format("/pages", "rejected", "It says so"))
    said = desk("check").splitlines()
    assert said[-1] == "1 dispute is settled: archive check --settled lists them"
    assert said[-2] == "0 faults, 1 note"
    desk.append(dispute.format("/title", "upheld", "Misprint"))
    assert desk("check").endswith("2 disputes are settled: archive check --settled lists them\n")
    assert desk("check", "--settled") == (
        "note  dispute  doc/plan /pages of E4: rejected by E7: It says so\n"
        "note  dispute  doc/plan /title of E4: upheld by E8: Misprint\n"
        "2 settled disputes\n"
    )


# Others at work


def intrude(desk: Desk, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let somebody else record an event right after each of the first judgements."""
    left = iter(range(times))

    def judged(*arguments: Any, **options: Any) -> Any:
        admission = admit(*arguments, **options)
        if (number := next(left, None)) is not None:
            name = {"record": "org/echo", "name": f"N{number}", "kind": "former", "lang": "en"}
            with SqliteLog(desk.home.log_path) as log:
                log.append([build("NameRecorded", name)])
        return admission

    monkeypatch.setattr(recording, "admit", judged)


def test_what_came_in_meanwhile_is_looked_at_before_anything_is_recorded(desk, monkeypatch):
    intrude(desk, monkeypatch, times=12)
    assert desk("retract", "E4", *WHY).startswith("E17  RecordRetracted  E4")
    assert desk.rows("SELECT count(*) FROM names WHERE kind = 'former'") == [(12,)]


def test_what_was_right_may_be_wrong_by_then(desk, monkeypatch):
    intrude(desk, monkeypatch, times=1)
    said = desk.append("- {type: NameRecorded, record: org/echo, name: N0, kind: former, lang: en}")
    assert said == "1 event recorded before (E5)\n0 events recorded\n"


def test_who_is_never_first_gives_up_with_a_sentence(desk, monkeypatch):
    intrude(desk, monkeypatch, times=10_000)
    monkeypatch.setattr(recording, "PATIENCE", 0.2)
    said = desk("retract", "E4", *WHY, code=1)
    assert "in between came E" in said
    assert "look again and repeat" in said
    assert desk.rows("SELECT count(*) FROM events WHERE type = 'RecordRetracted'") == [(0,)]


# How it leaves


def test_when_it_is_unknown_whether_it_was_stored_it_leaves_with_three(desk, monkeypatch):
    def failing(*_arguments: Any, **_options: Any) -> Any:
        raise OutcomeUnknown("the disk failed; repeat the same command, it stores them once")

    monkeypatch.setattr(SqliteLog, "append", failing)
    said = desk("retract", "E4", *WHY, code=3)
    assert said.startswith("unknown: the disk failed; repeat the same command")


def test_a_log_that_another_holds_is_a_sentence_and_nothing_is_changed(desk, monkeypatch):
    monkeypatch.setattr("events.log.BUSY_SECONDS", 0.2)
    monkeypatch.setattr("archive.store.BUSY_SECONDS", 0.2)
    other = sqlite3.connect(desk.home.log_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    before = desk.state
    said = desk("retract", "E4", *WHY, code=1)
    assert "nothing was stored" in said
    other.close()
    assert desk.state == before


def test_a_real_process_speaks_utf8_and_keeps_errors_apart(desk: Desk):
    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "archive.cli", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "ARCHIVE_HOME": str(desk.home.path)},
            capture_output=True,
            check=False,
        )

    shown = run("show", "doc/plan")
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert "Tŷ Mawr" in shown.stdout.decode("utf-8")
    refused = run("show", "doc/\udcff")
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert refused.stderr.startswith(b"error: there is no record")
    assert run("show").returncode == 2
    amended = run("amend", "E4", "/title", "\udcff", "--reason", "legal", "--note", "A")
    assert amended.returncode == 1
    assert b"Traceback" not in amended.stderr


def test_two_processes_at_once_both_record_and_lose_nothing(desk: Desk):
    children = []
    for number in range(4):
        name = f"- {{type: NameRecorded, record: org/council, name: N{number}, kind: former, lang: en}}\n"  # fmt: skip
        path = desk.file(f"{number}.yaml", "events:\n" + name)
        command = [sys.executable, "-m", "archive.cli", "--home", str(desk.home.path), "append", str(path)]  # fmt: skip
        children.append(subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL))
    assert [child.wait() for child in children] == [0, 0, 0, 0]
    names = desk.rows("SELECT name FROM names WHERE kind = 'former' ORDER BY name")
    assert names == [("N0",), ("N1",), ("N2",), ("N3",)]
