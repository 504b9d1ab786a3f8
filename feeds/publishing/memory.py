"""What the last publication knew, held against the tables of today; and what the next one will know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from feeds.publishing.asking import Asked, Question
from feeds.publishing.manifest import Manifest, Page
from feeds.publishing.rendering import Answer, Headers

_T = TypeVar("_T")


class Memory:
    """The manifest of the last publication, and the one that is being made, as ``manifest``."""

    def __init__(self, old: Manifest, asked: Asked, code: bytes, position: list[Any]) -> None:
        self._old = old if old.code == code else Manifest()
        self._moved = old.position != position
        self._asked = asked
        self._same: dict[int, bool] = {}
        #: Places of the old lists in the new ones, so that nothing is put together twice.
        self._question_now: dict[int, int] = {}
        self._address_now: dict[int, int] = {}
        self.manifest = Manifest(code=code, position=position)
        self._addresses: dict[str, int] = {}
        self._statements: dict[str, int] = {}
        self._questions: dict[Question, int] = {}
        self._headers: dict[Headers, int] = {}

    def same(self, address: str) -> Page | None:
        """Return the last answer at an address; None where it may be another one now.

        The questions are looked at in the order in which they were asked. As long as the answers are the same, so
        is the next question, and in the end the page.
        """
        page = self._old.pages.get(address)
        if page is None or not page.asked or (page.placed and self._moved):
            return None
        return page if all(map(self._answered_alike, page.asked)) else None

    def _answered_alike(self, number: int) -> bool:
        found = self._same.get(number)
        if found is None:
            digest = self._old.questions[number][-1]
            found = self._same[number] = self._asked.digest(self._question(number)) == digest
        return found

    def _question(self, number: int) -> Question:
        statement, given, named, _ = self._old.questions[number]
        values = tuple((name, value) for name, value in given) if named else tuple(given)
        return Question(self._old.statements[statement], values, named)

    def take_over(self, address: str, page: Page) -> Page:
        """Remember an answer as it was; return it with its numbers of today."""
        headers = self._old.headers[page.headers]
        questions, links = self._question_now, self._address_now
        for number in page.asked:
            if number not in questions:
                digest = self._old.questions[number][-1]
                questions[number] = self._noted(self._question(number), digest)
        for number in page.links:
            if number not in links:
                link = self._old.addresses[number]
                links[number] = self._number(self._addresses, self.manifest.addresses, link)
        found = self.manifest.pages[address] = Page(
            page.status,
            self._number(self._headers, self.manifest.headers, headers),
            page.file,
            [links[number] for number in page.links],
            page.forms,
            [questions[number] for number in page.asked],
            page.placed,
        )
        return found

    def add(
        self,
        address: str,
        answer: Answer,
        file: str,
        questions: Iterable[Question],
        *,
        links: Iterable[str],
        forms: list[str],
        placed: bool,
    ) -> Page:
        """Remember an answer that was made, and of what."""
        page = Page(
            answer.status,
            self._number(self._headers, self.manifest.headers, answer.headers),
            file,
            self._known(dict.fromkeys(links)),
            forms,
            [self._noted(one, self._asked.digest(one)) for one in questions],
            placed,
        )
        self.manifest.pages[address] = page
        return page

    def _known(self, links: Iterable[str]) -> list[int]:
        return [self._number(self._addresses, self.manifest.addresses, one) for one in links]

    def _noted(self, question: Question, digest: bytes) -> int:
        number = self._questions.get(question)
        if number is None:
            number = self._questions[question] = len(self.manifest.questions)
            statement = self._number(self._statements, self.manifest.statements, question.sql)
            self.manifest.questions.append((statement, [*question.given], question.named, digest))
        return number

    @staticmethod
    def _number(numbers: dict[_T, int], listed: list[_T], one: _T) -> int:
        """Return the place of something in a list, to which it is added the first time."""
        number = numbers.get(one)
        if number is None:
            number = numbers[one] = len(listed)
            listed.append(one)
        return number
