"""An archive of any size about an invented county, Aberdulas: the same events for the same count and seed.

Its events are mixed as in a real collection. Articles and papers bring entities, names, tenures, meetings,
documents, statements, developments, commitments, outcomes and figures, each with evidence; later sources
speak of the same records again; some of it is amended, retracted, disputed, merged and translated.

``python benchmarks/generator.py LOG --events 100000`` writes a log.
"""
# ruff: noqa: INP001, S311 (a benchmark; its randomness keeps no secret)

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import msgspec

from events.envelope import NewEvent
from events.log import SqliteLog
from events.values import Amount, Change, Evidence, Participant, Reading, Rule, When
from events.vocabulary import (
    CommitmentRecorded,
    DevelopmentRecorded,
    DocumentRecorded,
    EntitiesMerged,
    EntityRecorded,
    FigureRecorded,
    MeetingRecorded,
    NameRecorded,
    OutcomeRecorded,
    Payload,
    RecordAmended,
    RecordDisputed,
    Recording,
    RecordRetracted,
    SourceCaptured,
    StatementRecorded,
    TenureRecorded,
    TranslationAdded,
)

BATCH: Final = 1000
#: How many records of a kind, and how many events, later events may refer to, add to or correct.
REMEMBERED: Final = 5000

FIRST_NAMES = "Nia Ifor Mair Gwenllian Hywel Eleri Dafydd Ceri Tomos Lowri Idris Megan Owain Non Emlyn".split()
LAST_NAMES = (
    "Prys Cadwgn Tudor Amheurig Gethin Hafal Brychan Llwydaf Morwen Tegid Ynyr Carnedd".split()
)
PLACES = "Mawr Isaf Dulas Hir Gwyn Felin Newydd Uchaf".split()
BODIES = "Council Cabinet Board Service Committee Partnership Trust Inspectorate".split()
POSTS = "Director Head Leader Chair Secretary Officer Inspector".split()
TOPICS = "Libraries Buses Schools Care Budget Housing Inspection Staffing Roads Language".split()
MEASURES = "Loans Branches Pupils Vacancies Overspend Journeys Placements Complaints".split()
PAPERS = "minutes report plan letter inspection-report written-statement press-release".split()
SYLLABLES = "ab ar bren cad cel dol dul fan gar gwy hen ian llan mor nant on pen rhy sil tan vor wen".split()
COMMON = (
    "the of to and in a for that on it was is be with as by at from this will have not are more than been which"
    " they council report plan services staff budget meeting improvement board members county year review"
).split()


def events(count: int, seed: int = 1) -> Iterator[NewEvent]:
    """Yield ``count`` valid events in the order in which they would be recorded."""
    return itertools.islice(_County(Random(seed)).history(), count)


def write(path: Path, count: int, seed: int = 1) -> SqliteLog:
    """Make a log of ``count`` events at ``path`` and return it open; every time the same to the byte."""
    ticks, salts = itertools.count(), Random(seed)
    start = datetime(2031, 1, 1, tzinfo=UTC)
    edges: dict[str, Any] = {
        "clock": lambda: f"{start + timedelta(minutes=next(ticks)):%Y-%m-%dT%H:%M:%SZ}",
        "salt": lambda: salts.randbytes(16),
    }
    log = SqliteLog.create(path, **edges)
    made = events(count, seed)
    while batch := list(itertools.islice(made, BATCH)):
        log.append(batch)
    return log


State = Literal["open", "upheld", "rejected"]
STATES: tuple[State, ...] = ("open", "upheld", "rejected")


class _County:
    """What has been recorded so far, as far as later events need it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.size = 0
        self.day = date(1901, 1, 8)
        made = ("".join(random.choices(SYLLABLES, k=random.choice((2, 3)))) for _ in range(6000))
        self.words = [*COMMON, *made]
        # Zipf's law: the n-th word is n times rarer than the first.
        self.weights = list(itertools.accumulate(1 / n for n in range(1, len(self.words) + 1)))
        self.known: dict[str, list[str]] = {}
        self.open: list[tuple[int, Payload]] = []
        self.merged: set[str] = set()
        self.source = ""

    def history(self) -> Iterator[NewEvent]:
        """Yield events without end."""
        for event in itertools.chain(self._beginnings(), self._articles()):
            yield event
            self._remember(event)
            self.size += 1

    def _beginnings(self) -> Iterator[NewEvent]:
        """Yield what the first article can speak of."""
        for name in TOPICS:
            yield self._entity("topic", "topic", name)
        for name in PLACES:
            yield self._entity("place", "place", f"Llan {name}")
        for name in MEASURES:
            yield self._entity("measure", "measure", name, unit="number", counts=self._words(6))
        for make in (self._body, self._captured, self._post, self._person, self._tenure):
            yield make()
        for make in (self._meeting, self._document, self._commitment):
            yield make()

    def _articles(self) -> Iterator[NewEvent]:
        """Yield a source and what it says, one after the other, and what the desk corrects meanwhile."""
        mixture: dict[Callable[[], NewEvent | None], float] = {
            self._statement: 30,
            self._development: 13,
            self._figure: 10,
            self._again: 9,
            self._commitment: 8,
            self._document: 6,
            self._tenure: 5,
            self._meeting: 4,
            self._outcome: 4,
            self._name: 3,
            self._person: 2.5,
            self._amendment: 2,
            self._translation: 1,
            self._retraction: 0.6,
            self._body: 0.6,
            self._post: 0.6,
            self._dispute: 0.5,
            self._merge: 0.1,
        }
        makers, weights = list(mixture), list(itertools.accumulate(mixture.values()))
        while True:
            self.day += timedelta(days=self.random.choice((0, 0, 1)))
            yield self._captured()
            for make in self.random.choices(
                makers, cum_weights=weights, k=self.random.randint(6, 24)
            ):
                if event := make():
                    yield event

    # --- What is recorded

    def _captured(self) -> NewEvent:
        kind = self.random.choice(("news", "news", *PAPERS))
        self.source = f"source/{kind}-{self.day}-{self.size}"
        payload = SourceCaptured(
            new=True,
            id=self.source,
            kind=kind,  # type: ignore[arg-type]
            publisher=self._any("org"),
            lang="en",
            captured_at="2031-01-01",
            body_access="restricted",
            sha256=self._digest(),
            chars=9000,
            title=self._words(7),
            url=f"https://post.example/{self.size}",
            published=self._when(),
        )
        return NewEvent(payload)

    def _entity(self, prefix: str, kind: Any, name: str, **more: Any) -> NewEvent:
        slug = f"{prefix}/{'-'.join(name.lower().split())}-{self.size}"
        return NewEvent(EntityRecorded(new=True, id=slug, kind=kind, name=name, **more))

    def _person(self) -> NewEvent:
        name = f"{self.random.choice(FIRST_NAMES)} {self.random.choice(LAST_NAMES)}"
        return self._entity("person", "person", name, public_capacity="Councillor")

    def _body(self) -> NewEvent:
        name = f"{self._words(1).title()} {self.random.choice(BODIES)}"
        return self._entity("org", "organisation", name, founded=self._when())

    def _post(self) -> NewEvent:
        name = f"{self.random.choice(POSTS)} of {self._words(2)}"
        return self._entity("post", "post", name, organisation=self._any("org"))

    def _name(self) -> NewEvent:
        record = self._any(self.random.choice(("person", "org", "post")))
        kind, lang = self.random.choice(
            (("official", "cy"), ("known-as", "en"), ("former", "en"), ("typo", "en"))
        )
        payload = NameRecorded(record=record, name=self._words(2).title(), kind=kind, lang=lang)  # type: ignore[arg-type]
        return NewEvent(payload, self._evidence("/name"))

    def _tenure(self) -> NewEvent:
        start = self._when() if self.random.random() < 0.3 else None
        payload = TenureRecorded(
            new=True,
            id=self._slug("tenure"),
            person=self._any("person"),
            post=self._any("post"),
            title_as_stated=self._words(3).title(),
            start=start,
            attested=self._when(start),
            topics=(self._any("topic"),),
        )
        return NewEvent(payload, self._evidence("/attested"))

    def _meeting(self) -> NewEvent:
        payload = MeetingRecorded(
            new=True,
            id=self._slug("meeting"),
            organisation=self._any("org"),
            held_on=self._when(),
            status=self.random.choice(("held", "held", "scheduled")),
            kind=f"{self._words(1)} meeting",
            topics=(self._any("topic"),),
        )
        return NewEvent(payload, self._evidence("/held_on"))

    def _document(self) -> NewEvent:
        payload = DocumentRecorded(
            new=True,
            id=self._slug("doc"),
            title=self._words(6),
            kind=self.random.choice(PAPERS),
            author=self._any("org"),
            published=self._when(),
            pages=self.random.randint(1, 90),
            about=(self._any("org"),),
            topics=(self._any("topic"),),
        )
        return NewEvent(payload, self._evidence("/author", "/pages"))

    def _statement(self) -> NewEvent:
        payload = StatementRecorded(
            new=True,
            id=self._slug("statement"),
            speaker=self._any("person"),
            speaker_basis=self.random.choice(("named", "named", "pronoun", "elided")),
            mode=self.random.choice(("direct", "indirect", "partial")),
            gist=self._words(14),
            meeting=self._any("meeting") if self.random.random() < 0.6 else None,
            said_on=self._when() if self.random.random() < 0.4 else None,
            about=(self._any("org"),),
            topics=(self._any("topic"),),
        )
        return NewEvent(payload, self._evidence(""))

    def _development(self) -> NewEvent:
        funded = self.random.random() < 0.1
        payload = DevelopmentRecorded(
            new=True,
            id=self._slug("development"),
            what=self._words(12),
            kind=self.random.choice(("published", "submitted", "decision", "appointed", "other")),
            happened=self._when(),
            participants=(
                Participant(entity=self._any("org"), role="host"),
                Participant(entity=self._any("person"), role="speaker"),
            ),
            amount=Amount(value=self.random.randint(1, 10**7), unit="GBP") if funded else None,
            topics=(self._any("topic"),),
        )
        return NewEvent(payload, self._evidence("/what", "/happened"))

    def _commitment(self) -> NewEvent:
        rule = Rule(n=20, unit="working-day", from_=f"{self._near()}", calendar="wales")
        stated = Reading(label="by the date stated", on=self._when())
        payload = CommitmentRecorded(
            new=True,
            id=self._slug("commitment"),
            obliged=self._any("org"),
            what=self._words(10),
            kind=self.random.choice(("promised", "required", "expected", "statutory")),
            readings=(stated, Reading(label="within 20 working days", rule=rule))[: self.random.randint(1, 2)],
            made_in=self._any("meeting"),
            topics=(self._any("topic"),),
        )  # fmt: skip
        return NewEvent(payload, self._evidence("/obliged", "/readings/0"))

    def _outcome(self) -> NewEvent:
        payload = OutcomeRecorded(
            new=True,
            id=self._slug("outcome"),
            commitment=self._any("commitment"),
            result=self.random.choice(("done", "partly-done", "not-done")),
            happened=self._when(),
            finding=self._words(8),
            found_by=self._any("org"),
        )
        return NewEvent(payload, self._evidence("/result"))

    def _figure(self) -> NewEvent:
        payload = FigureRecorded(
            new=True,
            id=self._slug("figure"),
            measure=self._any("measure"),
            value=self.random.choice((self.random.randint(0, 9000), self.random.randint(0, 999) / 10)),
            unit="number",
            as_of=self._when(),
            kind=self.random.choice(("actual", "actual", "target", "budget")),
            subject=self._any("org"),
            area=self._any("place"),
        )  # fmt: skip
        return NewEvent(payload, self._evidence("/value"))

    def _again(self) -> NewEvent:
        """Let another source speak of what is known: mostly it agrees, sometimes it does not."""
        _, said = self.random.choice(self.open)
        if isinstance(said, DevelopmentRecorded):
            happened = said.happened if self.random.random() < 0.7 else self._when()
            payload: Payload = DevelopmentRecorded(id=said.id, kind=said.kind, happened=happened)
            return NewEvent(payload, self._evidence("/happened"))
        if isinstance(said, FigureRecorded):
            return NewEvent(FigureRecorded(id=said.id, value=said.value), self._evidence("/value"))
        if isinstance(said, TenureRecorded):
            return NewEvent(
                TenureRecorded(id=said.id, attested=self._when(said.start)), self._evidence("")
            )
        return NewEvent(DocumentRecorded(id=self._any("doc"), pages=7), self._evidence("/pages"))

    def _translation(self) -> NewEvent:
        payload = TranslationAdded(
            record=self._any("doc"), path="/title", lang="cy", text=self._words(6), method="human"
        )
        return NewEvent(payload)

    # --- What is corrected

    def _amendment(self) -> NewEvent | None:
        place = self.random.randrange(len(self.open))
        seq, said = self.open[place]
        name = {
            StatementRecorded: "gist", DevelopmentRecorded: "what", DocumentRecorded: "title", EntityRecorded: "name",
        }.get(type(said))  # fmt: skip
        if name is None or getattr(said, name) is None:
            return None
        value = self._words(len(getattr(said, name).split()))
        if value == getattr(said, name):
            return None
        change = Change(path=f"/{name}", from_=getattr(said, name), to=value)
        self.open[place] = (seq, msgspec.structs.replace(said, **{name: value}))
        return NewEvent(
            RecordAmended(target=seq, changes=(change,), **self._why()), self._evidence("")
        )

    def _retraction(self) -> NewEvent:
        place = self.random.randrange(len(self.open))
        self.open[place], (seq, _) = self.open[-1], self.open[place]
        self.open.pop()
        return NewEvent(RecordRetracted(target=seq, **self._why()))

    def _dispute(self) -> NewEvent | None:
        seq, said = self.random.choice(self.open)
        if not isinstance(said, DevelopmentRecorded):
            return None
        state: State = self.random.choice(STATES)
        payload = RecordDisputed(target=seq, path="/happened", state=state, **self._why())
        return NewEvent(payload, self._evidence(""))

    def _merge(self) -> NewEvent | None:
        kind = self.random.choice(("person", "org"))
        keep, merge = self._any(kind), self._any(kind)
        if keep == merge or {keep, merge} & self.merged:
            return None
        self.merged |= {keep, merge}
        return NewEvent(EntitiesMerged(keep=keep, merge=(merge,), **self._why()))

    def _why(self) -> dict[str, Any]:
        reason = self.random.choice(("archive-error", "source-error", "better-evidence"))
        return {"reason": reason, "note": self._words(8)}

    # --- What it is made of

    def _remember(self, event: NewEvent) -> None:
        payload = event.payload
        if isinstance(payload, Recording) and payload.new:
            slug = str(getattr(payload, "id"))  # noqa: B009 (not every type has one)
            self._keep(self.known.setdefault(slug.partition("/")[0], []), slug)
            if not isinstance(payload, SourceCaptured | OutcomeRecorded):
                self._keep(self.open, (self.size, payload))

    def _keep(self, found: list[Any], item: Any) -> None:
        if len(found) < REMEMBERED:
            found.append(item)
        else:
            found[self.random.randrange(REMEMBERED)] = item

    def _any(self, kind: str) -> str:
        return self.random.choice(self.known[kind])

    def _slug(self, kind: str) -> str:
        return f"{kind}/{self.day}-{self._words(1)}-{self.size}"

    def _words(self, count: int) -> str:
        return " ".join(self.random.choices(self.words, cum_weights=self.weights, k=count))

    def _digest(self) -> str:
        return f"{self.random.getrandbits(256):064x}"

    def _near(self) -> date:
        return self.day + timedelta(days=self.random.randint(-40, 200))

    def _when(self, after: When | None = None) -> When:
        """Return a day about this one, a month, or a day not exactly known."""
        first = self._near()
        if after and after.bounds.latest:
            first = max(first, date.fromisoformat(after.bounds.latest))
        form = self.random.random()
        if form < 0.6:
            return When(edtf=f"{first}", basis="stated")
        if form < 0.8 or not self.source:
            return When(edtf=f"{first:%Y-%m}", basis="stated", text=self._words(3))
        return When(
            edtf=f"[{first}..{first + timedelta(days=6)}]",
            basis="resolved",
            anchor=f"{self.source}#published",
        )

    def _evidence(self, *supports: str) -> tuple[Evidence, ...]:
        """Return one span of the source for each field given; an empty name stands for the whole event."""
        found = []
        for pointer in supports:
            start, words = self.random.randrange(8000), self._words(self.random.randint(3, 6))
            short = self.random.random() < 0.4
            found.append(
                Evidence(
                    source=self.source,
                    start=start,
                    end=start + (len(words) if short else self.random.randint(40, 200)),
                    quote=words if short else None,
                    digest=self._digest(),
                    supports=(pointer,) if pointer else (),
                )
            )
        return tuple(found)


def main() -> None:
    """Write a log."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("log", type=Path)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    write(chosen.log, chosen.events, chosen.seed).close()


if __name__ == "__main__":
    main()
