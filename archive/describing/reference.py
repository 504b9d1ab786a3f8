"""The reference pages in docs/, made from the code so that they cannot drift: events, tables, commands, questions.

``python -m archive.describing.reference`` writes them; a test compares them with what is checked in.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from archive.cli import main
from archive.describing.answers import questions_page
from archive.tables import TABLES, VIEWS, finding
from events import values
from events.vocabulary import CORRECTING, RECORDING, REQUIRED, Payload, Recording


def events_page() -> str:
    """Return docs/events.md: every event type with its fields."""
    parts = [
        "# Event types\n",
        (
            "Made from `events/vocabulary.py` by `make docs`. An event is an act of recording: a source says"
            " something. Fields marked * must stand in a record's first event; later events on the same slug"
            " add only what their own source states.\n"
        ),
        "## Eleven ways to record\n",
        *(_type(name, cls) for name, cls in RECORDING.items()),
        "## Six ways to correct\n",
        *(_type(name, cls) for name, cls in CORRECTING.items()),
        "## Values\n",
        *(
            _type(cls.__name__, cls)
            for cls in (
                values.When,
                values.Evidence,
                values.Reading,
                values.Rule,
                values.Participant,
                values.Amount,
                values.Change,
            )
        ),
    ]
    return "\n".join(parts)


def _type(name: str, cls: type[msgspec.Struct]) -> str:
    rows = ["| field | holds |", "| --- | --- |"]
    for field in msgspec.structs.fields(cls):
        needed = field.required or field.encode_name in REQUIRED.get(name, ())
        if issubclass(cls, Recording) and field.name in ("new", "note"):
            continue
        rows.append(f"| `{field.encode_name}`{' *' if needed else ''} | {_holds(field.type)} |")
    return f"### {name}\n\n{inspect.cleandoc(cls.__doc__ or '')}\n\n" + "\n".join(rows) + "\n"


def _holds(kind: Any) -> str:
    """Return what a field may hold, in words."""
    match msgspec.inspect.type_info(kind):
        case msgspec.inspect.Metadata(type=inner):
            return _described(inner)
        case info:
            return _described(info)


def _described(info: msgspec.inspect.Type) -> str:
    match info:
        case msgspec.inspect.UnionType(types=types):
            return " or ".join(
                _described(item) for item in types if not isinstance(item, msgspec.inspect.NoneType)
            )
        case msgspec.inspect.LiteralType(values=options):
            return ", ".join(f"`{option}`" for option in options)
        case msgspec.inspect.StructType(cls=cls):
            return f"[{cls.__name__}](#{cls.__name__.lower()})"
        case msgspec.inspect.VarTupleType(item_type=item):
            return f"list of {_described(item)}"
        case msgspec.inspect.TupleType(item_types=items):
            return f"[{', '.join(map(_described, items))}]"
        case msgspec.inspect.DictType():
            return "names and values, as text"
        case msgspec.inspect.StrType(pattern=pattern, max_length=length):
            return _text(pattern, length)
        case msgspec.inspect.IntType() | msgspec.inspect.FloatType():
            return "number"
        case msgspec.inspect.BoolType():
            return "true or false"
        case _:
            return "any JSON value"


def _text(pattern: str | None, length: int | None) -> str:
    if pattern and (kinds := re.match(r"\^\(\?:([a-z|]+)\)/", pattern)):
        names = kinds[1].split("|")
        if "#" in pattern:
            return "a field of a record, e.g. `source/name#published`"
        return (
            "slug of any record" if len(names) > 6 else " or ".join(f"`{name}/…`" for name in names)
        )
    if pattern and pattern.startswith("^(?:/"):
        return "JSON pointer"
    if pattern and "0-9a-f" in pattern:
        return "SHA-256 in hexadecimal"
    return f"text, at most {length} characters" if length else "text"


def tables_page() -> str:
    """Return docs/tables.md: every published table and view, column by column."""
    parts = [
        "# Published tables\n",
        (
            "Made from `archive/tables/` by `make docs`. Every date has three columns: the EDTF text, the first"
            " and the last possible day. Every `…_id` refers to `records`.\n"
        ),
    ]
    parts.extend(_table(table.name, table.about, table.columns) for table in TABLES)
    parts.append(_table("search", finding.SEARCH_ABOUT, finding.SEARCH_COLUMNS))
    parts.extend(_table(view.name, view.about, view.columns) for view in VIEWS)
    return "\n".join(parts)


def _table(name: str, about: str, columns: Iterable[Any]) -> str:
    rows = [f"| `{column.name}` | {column.meaning} |" for column in columns]
    return f"## {name}\n\n{about}\n\n| column | means |\n| --- | --- |\n" + "\n".join(rows) + "\n"


def commands_page() -> str:
    """Return docs/commands.md: the help of every command."""
    return "\n".join(
        [
            "# Commands\n",
            "Made from the help texts of `archive` by `make docs`.\n",
            *(f"## {name}\n\n```text\n{text}\n```\n" for name, text in _helps(main)),
        ]
    )


def _helps(group: click.Group) -> Iterator[tuple[str, str]]:
    top = click.Context(
        group, info_name="archive", terminal_width=100, **dict(group.context_settings)
    )
    yield "archive", group.get_help(top)
    for name in group.list_commands(top):
        command = group.get_command(top, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=top, terminal_width=100)
        yield f"archive {name}", command.get_help(inner)


PAGES = {
    "events.md": events_page,
    "tables.md": tables_page,
    "commands.md": commands_page,
    "questions.md": questions_page,
}


def documented(types: dict[str, type[Payload]], page: str) -> list[str]:
    """Return the names of event types that a page does not describe."""
    return [name for name in types if f"### {name}\n" not in page]


def write(folder: Path) -> None:
    """Write the reference pages into a folder."""
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs"))
