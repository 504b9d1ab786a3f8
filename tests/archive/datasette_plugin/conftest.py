"""A real Datasette on the tables of Aberdulas, asked in this process, with the plugin as it is installed."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from datasette.app import Datasette

from archive.datasette_plugin import functions, guard
from archive.describing import metadata

SITE = "https://aberdulas.example"


class Served:
    """Datasette with one event loop for all requests, as in a server."""

    def __init__(self, path: str) -> None:
        self._loop = asyncio.new_event_loop()
        self.datasette = Datasette([path], metadata=metadata.metadata(), cors=True)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self._loop.run_until_complete(self.datasette.client.get(path, headers=headers))

    def several(self, *paths: str) -> list[httpx.Response]:
        async def together() -> list[httpx.Response]:
            return await asyncio.gather(*(self.datasette.client.get(path) for path in paths))

        return self._loop.run_until_complete(together())

    def close(self) -> None:
        for database in self.datasette.databases.values():
            database.close()
        self.datasette.executor.shutdown()
        self._loop.close()


@pytest.fixture
def datasette(aberdulas: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("ARCHIVE_URL", f"{SITE}/")
    aberdulas.tables()
    served = Served(str(aberdulas.path))
    yield served
    served.close()


@pytest.fixture
def guarded(aberdulas: Any) -> Iterator[sqlite3.Connection]:
    """A connection as the plugin prepares it."""
    aberdulas.tables()
    uri = f"{aberdulas.path.as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as conn:
        functions.add_functions(conn)
        guard.restrict(conn)
        yield conn
