"""The page that tells how to check the archive from outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feeds.public.trust import witnesses
from feeds.settings import Settings
from feeds.sql.heads import Head
from feeds.words import WORDS
from tests.conftest import Aberdulas
from tests.feeds.conftest import Reader
from tests.feeds.showroom import furnish
from tests.feeds.test_pages import page

Open = Callable[[Settings], FlaskClient]


def test_it_shows_the_checkpoint_the_key_and_two_commands(reader: Reader, open_site: Open) -> None:
    vkey = reader.archive.sign()
    client = open_site(reader.settings)
    text, made = page(client, "/en/trust")
    note = client.get("/log/checkpoint").text
    assert f"<pre>{note.replace('+', '&#43;')}" in text or f"<pre>{note}" in text
    assert f"<pre>{vkey}</pre>" in text
    commands = re.findall(r"<pre>(archive verify [^<]*)</pre>", text)
    assert commands == [
        "archive verify https://archive.example \\\n  --save powys.checkpoint",
        "archive verify https://archive.example \\\n  --checkpoint powys.checkpoint \\\n  --save powys.checkpoint",
    ]
    assert {"/log/checkpoint", "/log/vkey", "/en/fixity", "/en/removals", "/en/corrections"} <= set(made.links)  # fmt: skip
    assert f"/log/proof/{reader.archive.log.size - 1}" in made.links
    assert "No witness from outside signs" in text


def test_a_new_signature_is_shown_though_nothing_was_recorded(
    reader: Reader, open_site: Open
) -> None:
    reader.archive.tables()
    client = open_site(reader.settings)
    assert "The log is not signed yet." in client.get("/en/trust").text
    reader.archive.sign()
    assert "aberdulas.example/log" in client.get("/en/trust").text


def test_witnesses_are_named_with_their_day(empty: Aberdulas, open_site: Open) -> None:
    client = open_site(furnish(empty).settings)
    assert "<li>witness.example/w1, on 27 February 2031</li>" in client.get("/en/trust").text
    assert "<li>witness.example/w1, ar 27 Chwefror 2031</li>" in client.get("/cy/ymddiried").text


@pytest.mark.parametrize(
    "line",
    [
        "", "—", "— a", "— a b", "— a !!!!", "- a " + "A" * 104, "— a " + "A" * 88, "— a " + "/" * 101 + "w==", "— \u0663 \u0663",
    ],
)  # fmt: skip
def test_what_is_no_cosignature_is_no_witness(line: str) -> None:
    assert witnesses(Head(1, f"a\n1\nb\n\n{line}\n", "k"), WORDS["en"]) == []


@given(st.text(), st.text())
def test_no_note_breaks_the_page(text: str, signatures: str) -> None:
    found: list[Any] = witnesses(Head(1, f"{text}\n\n— {signatures}\n", "k"), WORDS["cy"])
    assert isinstance(found, list)
