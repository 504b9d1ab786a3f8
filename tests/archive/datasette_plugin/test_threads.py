from __future__ import annotations

import threading
import weakref
from typing import Any

import pytest

from archive.datasette_plugin.threads import TidyExecutor
from tests.archive.datasette_plugin.conftest import Served


class Cursor:
    """Something that has to end in the thread that made it."""


def test_what_a_failed_call_held_ends_in_the_thread_that_made_it() -> None:
    ended: list[int] = []

    def inner(cursor: Any) -> None:
        raise ValueError("first")

    def fail() -> None:
        cursor = Cursor()
        weakref.finalize(cursor, lambda: ended.append(threading.get_ident()))
        try:
            inner(cursor)
        except ValueError:
            raise KeyError("second") from None

    with TidyExecutor(max_workers=1) as executor:
        worker = executor.submit(threading.get_ident).result()
        with pytest.raises(KeyError, match="second") as raised:
            executor.submit(fail).result()
        assert ended == [worker], "before the exception, which still is held, goes on"
    assert raised.value.__traceback__ is not None


def test_a_call_that_succeeds_gives_what_it_gives() -> None:
    with TidyExecutor(max_workers=1) as executor:
        assert executor.submit(divmod, 7, 2).result() == (3, 1)
        assert executor.submit(sorted, [1, 2], reverse=True).result() == [2, 1]


def test_datasette_asks_in_these_threads(datasette: Served) -> None:
    assert datasette.get("/archive/people.json").status_code == 200
    assert isinstance(datasette.datasette.executor, TidyExecutor)
    assert datasette.get("/archive.json?sql=select+nothing").status_code == 400
