"""Batch files: what an archivist writes by hand -> drafts of events, with file and line of every field.

A small, strict YAML: no anchors, tags or duplicate keys; every plain scalar is text, and the schema
decides what is a number. So `no` stays a word and `2017-10` a date.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from archive.admitting.admission import Draft, Problem

MAX_BYTES = 2_000_000
MAX_DEPTH = 16
MAX_EVENTS = 5_000


class Batch(NamedTuple):
    """The drafts of a batch file, and what is wrong with the file itself."""

    drafts: list[Draft]
    problems: list[Problem]


class _BadFileError(Exception):
    """The file cannot be read any further; carries line and message."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


#: What to do where PyYAML only says what it met, by the words in which it says so.
_ADVICE = (
    ("but got '?'", 'inside {…} and […] put a value that holds ? into quotes, e.g. {edtf: "2019-03?"}'),
    ("but got ':'", "inside {…} put a value that holds : and a space into quotes"),
    ("but got '<stream end>'", "a bracket is not closed; put a value that holds a space and # into quotes"),
    ("mapping values are not allowed", "put a value that holds : and a space into quotes"),
    ("character '\\t'", "indent with spaces, not with tabs"),
    ("cannot start any token", "put a value that begins with this character into quotes"),
)  # fmt: skip


def read(path: Path, name: str = "") -> Batch:
    """Read a batch file; never raises for what it holds, but reports every problem with its line.

    Problems call it by ``name``, else by the last part of its path.
    """
    name = name or path.name
    try:
        data = path.read_bytes()
    except OSError as error:
        return Batch([], [Problem(str(path), "", f"cannot be read: {error.strerror}")])
    return parse(data, name)


def parse(data: bytes, name: str) -> Batch:
    """Return the drafts in the bytes of a batch file called ``name``."""
    text = ""
    try:
        text = _decode(data)
        _guard(text)
        root = yaml.compose(text, Loader=yaml.BaseLoader)
        return _Reader(name).batch(root)
    except _BadFileError as error:
        return Batch([], [Problem(f"{name}:{error.line}", "", error.message)])
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark is not None else 0) + 1
        return Batch(
            [], [Problem(f"{name}:{line}", "", f"not YAML: {_advised(error.problem or '')}")]
        )
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"has the character U+{error.character:04X}, which YAML forbids"
        return Batch([], [Problem(f"{name}:{line}", "", problem)])


def _advised(problem: str) -> str:
    """Return what PyYAML says together with what to do about it."""
    advice = next((text for words, text in _ADVICE if words in problem), "")
    return f"{problem}: {advice}" if advice else problem


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _BadFileError(1, f"the file has {len(data)} bytes, at most {MAX_BYTES} are read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _BadFileError(line, f"not UTF-8: {error.reason}") from None
    return text.removeprefix("\ufeff")


def _guard(text: str) -> None:
    """Refuse what could make reading explode or lie: aliases, tags, depth, several documents."""
    depth = documents = 0
    for event in _events(text):
        line = (event.start_mark.line if event.start_mark is not None else 0) + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _BadFileError(
                line, "anchors and aliases (& and *) are not read: write it out, or quote it"
            )
        if getattr(event, "tag", None) not in (None, "!"):
            raise _BadFileError(line, "tags (!) are not read: quote text that begins with !")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _BadFileError(line, "one document (---) a file, please")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _BadFileError(line, f"nested deeper than {MAX_DEPTH} levels")


def _events(text: str) -> Iterator[Any]:
    loader = yaml.BaseLoader(text)
    try:
        while loader.check_event():
            yield loader.get_event()  # type: ignore[no-untyped-call]
    except (ValueError, OverflowError):  # PyYAML looks into escapes and directives without a net
        raise _BadFileError(loader.line + 1, "an escape or a number is out of range") from None
    finally:
        loader.dispose()


class _Reader:
    """Turns YAML nodes into drafts, collecting problems with their lines."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []

    def batch(self, root: Any) -> Batch:
        if not isinstance(root, yaml.MappingNode):
            raise _BadFileError(1, "a batch is a mapping with `events:`, and perhaps `source:`")
        parts = self._mapping(root, "")
        for key, (line, _) in parts.items():
            if key not in ("source", "events"):
                self._problem(line, "", f"unknown key {key!r}; a batch has `source` and `events`")
        _, source_node = parts.get("source", (1, None))
        source = source_node.value if isinstance(source_node, yaml.ScalarNode) else None
        if source_node is not None and source is None:
            self._problem(parts["source"][0], "", "`source` is the slug of one source")
        line, events = parts.get("events", (1, None))
        if not isinstance(events, yaml.SequenceNode):
            raise _BadFileError(line, "`events` must be a list")
        if len(events.value) > MAX_EVENTS:
            raise _BadFileError(line, f"more than {MAX_EVENTS} events: split the file")
        drafts = [draft for node in events.value if (draft := self._draft(node, source))]
        if not drafts and not self.problems:
            self._problem(line, "", "the batch has no events")
        return Batch(drafts, self.problems)

    def _draft(self, node: Any, source: str | None) -> Draft | None:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            self._problem(line, "", "an event is a mapping with `type:`")
            return None
        lines: dict[str, int] = {"": line}
        before = len(self.problems)
        data = self._plain(node, "", lines)
        type_name = data.pop("type", None)
        evidence = data.pop("evidence", None)
        evidence = [] if evidence is None else evidence
        if not isinstance(type_name, str):
            self._problem(line, "", "the event has no `type`")
        if not isinstance(evidence, list):
            self._problem(lines.get("/evidence", line), "/evidence", "evidence is a list")
        if len(self.problems) > before:
            return None
        items = [
            {"source": source, **item} if isinstance(item, dict) and source else item
            for item in evidence
        ]
        return Draft(str(type_name), data, items, self._placer(lines), self.name)

    def _plain(self, node: Any, path: str, lines: dict[str, int]) -> Any:
        """Return a node as plain data, noting the line of each pointer."""
        lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return {
                key: self._plain(value, f"{path}/{key}", lines)
                for key, (_, value) in self._mapping(node, path).items()
            }
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, f"{path}/{n}", lines) for n, item in enumerate(node.value)]
        if node.style is None and node.value in ("", "~", "null"):
            return None
        # What a source says is kept to the letter; our own words are stored in one normal form.
        return node.value if path.endswith("/words") else unicodedata.normalize("NFC", node.value)

    def _mapping(self, node: Any, path: str) -> dict[str, tuple[int, Any]]:
        found: dict[str, tuple[int, Any]] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._problem(line, path, "a key must be a word")
            elif key.value in found:
                self._problem(line, f"{path}/{key.value[:40]}", "stands twice")
            else:
                found[key.value] = (line, value)
        return found

    def _placer(self, lines: dict[str, int]) -> Callable[[str], str]:
        def place(pointer: str) -> str:
            while pointer and pointer not in lines:
                pointer = pointer.rpartition("/")[0]
            return f"{self.name}:{lines.get(pointer, lines[''])}"

        return place

    def _problem(self, line: int, path: str, message: str) -> None:
        self.problems.append(Problem(f"{self.name}:{line}", path, message))
