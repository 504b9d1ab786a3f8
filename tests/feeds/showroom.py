"""An archive in which every kind of page has something to show, and the addresses of these pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask, render_template

from archive.tables.fixity import rows
from events import disclosure
from events.checkpoint import cosign
from events.codec import build
from feeds.app import create_app
from feeds.links import Links
from feeds.settings import Settings
from feeds.view import context
from feeds.words import WORDS
from tests.conftest import Aberdulas
from tests.feeds.conftest import PAPER, Reader, on

SECOND = {"source": "source/aberdulas-echo-2031-04-03", "start": 0, "end": 12}
LONG = "The inspectors’ report on the libraries of Aberdulas, on their opening hours, and on what is to become of them"
CHECKED = {
    "checked": "archive", "events": 13, "root": "ab" * 32, "passed": "log head tables", "failed": "texts",
    "at": "2031-04-02T04:00:00Z",
}  # fmt: skip

#: Every template at least once, and each of the forms it takes.
PAGES: dict[str, Callable[[Links], str]] = {
    "home": lambda links: links.home,
    "timeline": lambda links: links.page("timeline"),
    "timeline, nothing found": lambda links: links.page(
        "timeline", kind="meeting", topic="topic/safeguarding"
    ),
    "calendar": lambda links: links.page("calendar"),
    "promises": lambda links: links.page("commitments"),
    "promises of a status": lambda links: links.page(
        "commitments", by="org/aberdulas-council", status="unknown"
    ),
    "corrections": lambda links: links.page("corrections"),
    "topics": lambda links: links.page("topics"),
    "topic": lambda links: links.about("topic/safeguarding"),
    "bodies": lambda links: links.page("bodies"),
    "body": lambda links: links.about("org/aberdulas-council"),
    "people": lambda links: links.page("people"),
    "person": lambda links: links.about("person/nia-prys"),
    "numbers": lambda links: links.page("numbers"),
    "search": lambda links: links.page("search"),
    "search, found": lambda links: links.page("search", q="roof"),
    "search, nothing found": lambda links: links.page("search", q="zzz"),
    "record, promise": lambda links: links.record("commitment/library-plan"),
    "record, statement": lambda links: links.record("statement/prys-1"),
    "record, corrected": lambda links: links.record("development/plan-published"),
    "record, withdrawn": lambda links: links.record("development/mistake"),
    "record, source": lambda links: links.record("source/aberdulas-post-2031-03-05"),
    "about": lambda links: links.page("about"),
    "accessibility": lambda links: links.page("accessibility"),
    "privacy": lambda links: links.page("privacy"),
    "data": lambda links: links.page("data"),
    "subscribe": lambda links: links.page("subscribe"),
    "trust": lambda links: links.page("trust"),
    "removals": lambda links: links.removals(),
    "checks": lambda links: links.fixity,
    "not found": lambda links: f"{links.home}nothing",
    "files cannot search": lambda links: f"{links.home}not-here",
}


def open_doors(settings: Settings) -> Flask:
    """Return the site, with a way to the page that only a server of files shows."""
    app = create_app(settings)

    def not_here(language: str) -> str:
        first = sorted(WORDS.values(), key=lambda words: words.language != language)
        site = app.extensions["site"]
        return render_template("not_here.html", **context(site, first[0]), languages=first)

    app.add_url_rule("/<language>/not-here", "not_here", not_here)
    return app


def furnish(archive: Aberdulas) -> Reader:
    """Fill an archive, sign it, and return what a citizen sees of it."""
    reader = Reader(archive.settle())
    record = archive.record
    record(
        "EntityRecorded",
        id="org/aberdulas-echo",
        new=True,
        kind="organisation",
        name="Aberdulas Echo",
    )
    record(
        "SourceCaptured", id="source/aberdulas-echo-2031-04-03", new=True, kind="news", publisher="org/aberdulas-echo",
        lang="cy", captured_at="2031-04-04", body_access="restricted", sha256="1" * 64, chars=700,
        title="Llyfrgelloedd y sir", published=on("2031-04-03"), url="https://echo.example/llyfrgelloedd",
    )  # fmt: skip
    record("EntityRecorded", id="topic/safeguarding", new=True, kind="topic", name="Safeguarding")
    record(
        "NameRecorded", record="topic/libraries", name="Llyfrgelloedd", kind="official", lang="cy"
    )
    record(
        "EntityRecorded", id="place/north", new=True, kind="place", name="The north of Aberdulas"
    )
    _happened(archive)
    _numbers(archive)
    _promises(archive)
    _corrections(archive, reader)
    _withheld(archive)
    _signed(archive)
    archive.tables().set_fixity(rows([CHECKED]))
    return reader


def _happened(archive: Aberdulas) -> None:
    for number in range(60):  # more than a page of the timeline
        archive.record(
            "DevelopmentRecorded", SECOND, id=f"development/step-{number}", new=True, kind="other",
            what=LONG if number == 59 else f"Branch no. {number} was looked at",
            happened=on(f"2031-{number % 3 + 1:02}-{number % 28 + 1:02}"),
            **{"topics": ["topic/safeguarding", "topic/libraries"]} if number > 56 else {},
        )  # fmt: skip


def _numbers(archive: Aberdulas) -> None:
    archive.record(
        "EntityRecorded", id="measure/loans", new=True, kind="measure", name="Loans", unit="GBP", counts="what was lent",
    )  # fmt: skip
    for day, value, kind in (("2030-12-31", 400, "actual"), ("2031-12-31", 8_000_000, "forecast")):
        archive.record(
            "FigureRecorded", PAPER, id=f"figure/loans-{day}", new=True, measure="measure/loans", value=value, unit="GBP",
            as_of=on(day), kind=kind, area="place/north",
        )  # fmt: skip


def _promises(archive: Aberdulas) -> None:
    for name, day, result in (
        ("met", "2031-04-01", "done"), ("missed", "2021-04-01", "not-done"), ("ahead", "2999-01-01", ""),
        ("unknown", "2021-04-01", ""), ("undatable", "", ""), ("replaced", "2021-05-01", "superseded"),
    ):  # fmt: skip
        archive.record(
            "CommitmentRecorded", PAPER, id=f"commitment/{name}", new=True, obliged="org/aberdulas-council", kind="promised",
            what=f"Mend the roof of the library ({name})", condition="if money is found", topics=["topic/safeguarding"],
            readings=[{"label": "as it was said", "on": on(day)}] if day else [],
        )  # fmt: skip
        if result:
            archive.record(
                "OutcomeRecorded", SECOND, id=f"outcome/{name}", new=True, commitment=f"commitment/{name}", result=result,
                happened=on("2021-04-02" if result != "done" else "2031-03-01"), finding="It was looked into.",
            )  # fmt: skip
    archive.record(
        "MeetingRecorded", PAPER, id="meeting/council-2999-02-01", new=True, organisation="org/aberdulas-council",
        held_on=on("2999-02-01"), status="scheduled",
    )  # fmt: skip


def _corrections(archive: Aberdulas, reader: Reader) -> None:
    plan = "development/plan-published"
    reader.amend(plan, "/happened", on("2031-03-28"), on("2031-03-29"))
    archive.record(
        "DevelopmentRecorded", SECOND, id=plan, what="The plan came out", kind="published", happened=on("2031-04-02"),
    )  # fmt: skip
    archive.record(
        "RecordDisputed", {**SECOND, "stance": "contradicts"}, target=reader.number(plan), path="/happened", state="open",
        note="They say it was later.",
    )  # fmt: skip
    archive.record(
        "DevelopmentRecorded", PAPER, id="development/mistake", new=True, what="It was all wrong", kind="other",
        happened=on("2031-01-05"),
    )  # fmt: skip
    reader.retract(reader.number("development/mistake"))


def _withheld(archive: Aberdulas) -> None:
    target = archive.record(
        "EntityRecorded",
        id="topic/hidden",
        new=True,
        kind="topic",
        name="Hidden",
        note="Not for all",
    )
    ((_, _, found),) = archive.log.entries(target, target + 1)
    named = {disclosure.read(text).name: text for text in found}
    payload: dict[str, Any] = {
        "target": target, "act": "withheld", "scope": "path", "path": "/note", "basis": "child-privacy",
        "digests": [disclosure.digest(named["note"])],
    }  # fmt: skip
    archive.log.append([build("TextRedacted", payload)], by="redactor")


def _signed(archive: Aberdulas) -> None:
    """Sign the log, and let a witness cosign."""
    archive.sign()
    ((size, note, vkey),) = archive.rows("SELECT size, note, vkey FROM checkpoints")
    text = note.partition("\n\n")[0] + "\n"
    witness = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
    line = cosign(text, "witness.example/w1", witness, 1_930_000_000)
    archive.tables().set_checkpoint(size, f"{note}{line}", vkey)
