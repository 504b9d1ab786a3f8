"""Documentation is held to account: what it names exists, and what exists is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archive.cli import main
from archive.describing import reference
from archive.tables import TABLES
from events.vocabulary import TYPES

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("name", reference.PAGES)
def test_reference_pages_are_what_the_code_says(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == reference.PAGES[name](), (
        "run `make docs`"
    )


def test_every_event_type_is_described() -> None:
    assert reference.documented(TYPES, reference.events_page()) == []


def test_every_table_and_column_is_described() -> None:
    page = reference.tables_page()

    for table in TABLES:
        assert f"## {table.name}\n\n{table.about}" in page
        for column in table.columns:
            assert len(column.meaning) > 5, f"{table.name}.{column.name}"
            assert f"| `{column.name}` | {column.meaning} |" in page


def test_every_command_and_option_has_help() -> None:
    for name, command in main.commands.items():
        assert command.help, name
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert parameter.help, f"{name} {parameter.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_pages_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:console|sh|bash)\n(.*?)```", text, re.DOTALL)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    for line in "".join(blocks).splitlines():
        words = line.removeprefix("$ ").split()
        if words[:1] == ["make"]:
            assert words[1] in targets, line
        if words[:1] == ["archive"]:
            assert words[1] in main.commands, line
            known = {option for p in main.commands[words[1]].params for option in p.opts}
            assert {word for word in words if word.startswith("--")} <= known | {"--help"}, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_walkthrough_names_files_and_functions_that_exist() -> None:
    text = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")
    pairs = re.findall(
        r"`((?:events|archive|feeds)/[\w/.-]+)`(?: \(`([\w.]+)`(?:, `([\w.]+)`)?\))?", text
    )

    assert len(pairs) >= 20
    for file, *names in pairs:
        assert (ROOT / file).exists(), file
        source = (ROOT / file).read_text(encoding="utf-8")
        for name in filter(None, names):
            last = name.split(".")[-1]
            assert re.search(rf"(?:def|class|name=)\W*{last}\b", source), f"{file}: {name}"


def test_every_row_of_the_page_on_reliability_names_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]

    assert len(rows) >= 10
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        for file, name in named:
            source = (ROOT / file).read_text(encoding="utf-8")
            assert re.search(rf"^def {name}\(", source, re.MULTILINE), f"{file}: {name}"


def test_the_walkthrough_is_one_page() -> None:
    assert len((ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8").splitlines()) <= 60


def test_decisions_are_short_and_numbered_without_gaps() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))

    assert [page.name[:4] for page in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    assert all(len(page.read_text().splitlines()) <= 40 for page in pages)
