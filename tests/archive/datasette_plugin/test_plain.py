"""The tables in a plain Datasette, as anybody may run it at home: `datasette archive.db -m datasette_metadata.json`."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from archive.describing import metadata
from archive.describing.questions import QUESTIONS

ROOT = Path(__file__).parents[3]

ASK = """
import asyncio, json, sys
sys._called_from_test = True  # Datasette 0.65 then loads no plugin by its entry point
sys.modules.update(dict.fromkeys(("archive", "events", "feeds")))  # as if not installed
from datasette.app import Datasette

async def main():
    served = Datasette([sys.argv[1]], metadata=json.load(open(sys.argv[2])), settings={"suggest_facets": False})
    found = {}
    for path in json.load(sys.stdin):
        answer = await served.client.get(path)
        found[path] = [answer.status_code, answer.text]
    plugins = [plugin["name"] for plugin in served._plugins()]
    print(json.dumps({"answers": found, "plugins": plugins}))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a Datasette that loads no plugin answers: the pages of all tables, all questions, and their formats."""
    from tests.conftest import Aberdulas

    archive = Aberdulas(tmp_path_factory.mktemp("plain")).settle()
    archive.tables()
    archive.close()
    shown = metadata.metadata()["databases"]["archive"]["tables"]
    paths = ["/", "/archive", "/archive.db", "/archive/records?_search=plan"]
    paths += [f"/archive/{name}" for name, entry in shown.items() if not entry.get("hidden")]
    paths += [
        f"/archive/{question.name}{form}"
        for question in QUESTIONS
        for form in ("", ".json", ".csv")
    ]
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(archive.path), str(ROOT / "datasette_metadata.json")],
        input=json.dumps(paths),
        cwd=archive.folder,  # not the project's, from where our packages could be imported
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return dict(json.loads(done.stdout))


def test_no_plugin_is_loaded(answers: dict[str, Any]) -> None:
    assert answers["plugins"] == []


def test_every_table_and_question_is_there(answers: dict[str, Any]) -> None:
    ours = {"/archive.db": 403}  # Datasette gives no file that may be written meanwhile
    bad = {
        path: status
        for path, (status, _) in answers["answers"].items()
        if status != ours.get(path, 200)
    }
    assert bad == {}


def test_titles_facets_and_search_are_there_and_charts_are_not(answers: dict[str, Any]) -> None:
    pages = {path: text for path, (_, text) in answers["answers"].items()}

    assert "How do all the promises and duties stand?" in pages["/archive"]
    assert (
        'class="facet-info facet-archive-commitment_status-status"'
        in pages["/archive/commitment_status"]
    )
    assert "Who is to do it" in pages["/archive/commitments"]
    assert "commitment/library-plan" in pages["/archive/records?_search=plan"]
    assert "<img" not in pages["/archive"]
    assert "<img" not in pages["/archive/deadlines-by-status"]


def test_the_plugins_for_explorers_are_no_part_of_the_default_install() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {line.partition(">")[0] for line in project["optional-dependencies"]["explore"]}
    assert len(names) >= 3

    locked = (ROOT / "requirements.txt").read_text()
    assert not [name for name in names if f"\n{name}==" in locked]
    assert not [line for line in project["dependencies"] if line.partition(">")[0] in names]
    loaded = subprocess.run(
        [sys.executable, "-m", "datasette", "plugins"], capture_output=True, text=True, check=True
    )
    assert names.isdisjoint(plugin["name"] for plugin in json.loads(loaded.stdout))
