"""The commands that write, each on an archive of Aberdulas made for it, to be run while the disk fails."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from archive.cli import main
from archive.home import Home
from archive.store import Store
from archive.trust import second, signing
from tests.archive.histories import contents
from tests.conftest import Aberdulas
from tests.events.auditing import dump
from tests.events.examples import topic

ORIGIN = "aberdulas.example/log"
PHRASE = b"a second person's phrase"
ARTICLE = "Aberdulas Post, 9 June 2031. The council will open a second library in June 2031. 📚\n"
BATCH = f"""
source: source/aberdulas-post-2031-06-09
events:
  - type: SourceCaptured
    id: source/aberdulas-post-2031-06-09
    new: true
    kind: news
    publisher: org/aberdulas-post
    lang: en
    captured_at: 2031-06-10
    body_access: restricted
    sha256: {hashlib.sha256(ARTICLE.encode()).hexdigest()}
    chars: {len(ARTICLE)}
    title: A second library for Aberdulas
    url: https://post.example/second-library
    published: {{edtf: 2031-06-09, basis: stated}}
"""
FACT = """
  - type: DevelopmentRecorded
    id: development/second-library
    new: true
    what: The council is to open a second library in Tŷ Mawr
    kind: set-up
    happened: {edtf: 2031-06, text: in June 2031, basis: stated}
    participants: [{entity: org/aberdulas-council, role: founder}]
    evidence:
      - {words: in June 2031, supports: [/happened]}
"""
WHY = "--reason archive-error --note Misread".split()
LAW = "--reason data-protection --yes".split()
CONFIRMED = "--second {W}/second.pem --passphrase-file {W}/phrase".split()


class Scenario(NamedTuple):
    """A command on a prepared state. ``home`` is the archive to look at afterwards, ``keeps`` is false where
    the command is to make it; ``done`` stands in its refusal when it is repeated though it had been done.
    """

    name: str
    words: tuple[str, ...]
    prepare: Callable[[Path], None]
    home: str = "home"
    keeps: bool = True
    done: str = ""


def make_home(folder: Path) -> Home:
    """Make the signed archive of Aberdulas, with the text of its source and a second key."""
    folder.mkdir(parents=True)
    archive = Aberdulas(folder).settle()
    home = Home(folder)
    signing.begin(home, ORIGIN)
    signing.sign(home, archive.log, archive.tables())
    archive.close()
    return home


def _plain(place: Path) -> None:
    make_home(place / "home")


def _article(place: Path) -> None:
    _plain(place)
    (place / "article.txt").write_text(ARTICLE, encoding="utf-8")
    (place / "batch.yaml").write_text(BATCH + FACT, encoding="utf-8")


def _captured(place: Path) -> None:
    """Record the article without its text."""
    _article(place)
    (place / "batch.yaml").write_text(BATCH, encoding="utf-8")
    command("--home", str(place / "home"), "append", str(place / "batch.yaml"))


def _second(place: Path) -> None:
    _plain(place)
    second.create(Home(place / "home"), "mair", place / "second.pem", PHRASE)
    (place / "phrase").write_bytes(PHRASE)


def _withheld(place: Path) -> None:
    _second(place)
    command("--home", str(place / "home"), "withhold", "E9", *LAW)


def _texted(place: Path) -> None:
    """Keep the text of a source, to be erased."""
    _second(place)
    (place / "article.txt").write_text(ARTICLE, encoding="utf-8")
    (place / "batch.yaml").write_text(BATCH + FACT, encoding="utf-8")
    words = "append", str(place / "batch.yaml"), "--text", str(place / "article.txt")
    command("--home", str(place / "home"), *words)


def _ahead(place: Path) -> None:
    """Let the log be ahead of the tables and of the head, as after a crash."""
    with make_home(place / "home").log() as log:
        log.append([topic(f"t{number}") for number in range(5)])


def _backed_up(place: Path) -> None:
    _plain(place)
    command("--home", str(place / "home"), "backup", str(place / "backups"))


def _exported(place: Path) -> None:
    _plain(place)
    command("--home", str(place / "home"), "export", str(place / "log.jsonl"))


def _bagged(place: Path) -> None:
    _plain(place)
    command("--home", str(place / "home"), "export", "--bag", str(place / "bag"))


def _empty(place: Path) -> None:
    place.mkdir(parents=True)


def _headless(place: Path) -> None:
    """Lose the head, of which the newest published checkpoint is at hand."""
    _plain(place)
    (place / "home" / "head").rename(place / "checkpoint")


SCENARIOS = {
    one.name: one
    for one in (
        Scenario("append", ("append", "{W}/batch.yaml", "--text", "{W}/article.txt"), _article),
        Scenario("attach", ("attach", "source/aberdulas-post-2031-06-09", "{W}/article.txt"), _captured),
        Scenario("amend", ("amend", "E11", "/what", "The plan came late", *WHY), _plain, done="are the same"),
        Scenario("retract", ("retract", "E11", *WHY), _plain, done="was retracted by"),
        Scenario("withhold", ("withhold", "E9", "/gist", *LAW), _second, done="is to be withheld"),
        Scenario("release", ("release", "E9", *LAW, *CONFIRMED), _withheld, done="is withheld"),
        Scenario("erase", ("erase", "E9", "/gist", *LAW, *CONFIRMED), _second, done="left to erase"),
        Scenario("erase a text", ("erase", "source/aberdulas-post-2031-06-09", *LAW, *CONFIRMED), _texted,
                 done="left to erase"),
        Scenario("second-key", ("second-key", "eira", "{W}/eira.pem", "--passphrase-file", "{W}/phrase"), _second,
                 done="has a second key"),
        Scenario("build", ("build",), _ahead),
        Scenario("build --rebuild", ("build", "--rebuild"), _ahead),
        Scenario("sign", ("sign",), _ahead),
        Scenario("sign --adopt", ("sign", "--adopt", "{W}/checkpoint"), _headless, done="exists already"),
        Scenario("fixity", ("fixity",), _plain),
        Scenario("backup", ("backup", "{W}/backups"), _plain),
        Scenario("restore", ("restore", "{W}/backups", "--to", "{W}/new"), _backed_up, home="new", keeps=False,
                 done="is not empty"),
        Scenario("export", ("export", "{W}/log.jsonl"), _plain, done="exists already"),
        Scenario("export --bag", ("export", "--bag", "{W}/bag"), _plain, done="is not empty"),
        Scenario("import", ("--home", "{W}/new", "import", "{W}/log.jsonl"), _exported, home="new", keeps=False,
                 done="holds an archive already"),
        Scenario("import a bag", ("--home", "{W}/new", "import", "{W}/bag"), _bagged, home="new", keeps=False,
                 done="holds an archive already"),
        Scenario("init", ("--home", "{W}/new", "init", "--empty"), _empty, home="new", keeps=False,
                 done="holds an archive already"),
    )
}  # fmt: skip


def command(*words: str) -> int:
    """Run the command line in this process and return its exit code."""
    try:
        main(list(words), prog_name="archive")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def words(scenario: Scenario, place: Path) -> list[str]:
    """Return the command's words at a place."""
    said = [word.replace("{W}", str(place)) for word in scenario.words]
    return said if "--home" in said else ["--home", str(place / "home"), *said]


def snapshot(place: Path) -> dict[str, Any]:
    """Return everything that people or programs can tell of what a place holds; made to be compared.

    Databases row for row, other files byte for byte. What a command leaves unfinished beside the target is
    listed under "litter".
    """
    found: dict[str, Any] = {"litter": []}
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if not path.is_file():
            continue
        if any(part.startswith(".") for part in path.relative_to(place).parts):
            found["litter"].append(name)
        elif name.endswith("-journal"):
            assert path.stat().st_size == 0, f"{name} is hot after everything was done"
        elif path.suffix == ".lock" or path.name.endswith("-lock"):
            pass
        elif path.name == "archive.db":
            with contextlib.closing(Store(path)) as store:
                found[name] = contents(store)
        elif path.suffix == ".db":
            found[name] = [list(map(repr, rows)) for rows in dump(path)]
        elif path.suffix == ".pem":
            found[name] = ""  # encrypted with a salt of its own
        else:
            found[name] = path.read_bytes().hex()
    return found


def digest(state: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of a snapshot without its litter."""
    kept = {name: value for name, value in state.items() if name != "litter"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
