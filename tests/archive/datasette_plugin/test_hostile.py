"""What anonymous SQL can do to `archive serve`, with real processes: nothing to the site, little to a cheap page."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from archive.serving.programs import DATASETTE_MEGABYTES
from tests.conftest import Aberdulas
from tests.serving import Running, get, running

ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
#: Each of them wants gigabytes, all of the time it can have, or what it may not see.
HOSTILE = (
    ENDLESS,
    "select randomblob(900000000)",
    "select printf('%.*c', 900000000, 'x')",
    "select hex(zeroblob(100000000))",
    "select replace(hex(zeroblob(60000)), '0', 'xxxxxxxxxx')",
    "select group_concat(a.value) from assertions a, assertions b, assertions c, assertions d",
    "select count(*) from assertions a, assertions b, assertions c, assertions d",
    "select * from assertions a, assertions b, assertions c order by a.value || b.value limit 10",
    "with recursive c(x) as (select 1 union all select x + 1 from c where x < 400) select zeroblob(99999) from c",
    "select a.data, b.data from versions a, versions b limit 500",
    "select load_extension('x')",
    "attach 'other.db' as other",
)
#: Answers there are to hostile SQL; anything else is a crash.
ANSWERS = {200, 400, 429}
SITE = ("/en/", "/en/feeds/all.atom")


class Seen(NamedTuple):
    """How an attack went: statuses of the hostile queries, and seconds of the others' answers."""

    statuses: Counter[int]
    cheap: list[float]
    site: list[float]
    after: float


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    archive = Aberdulas(tmp_path_factory.mktemp("hostile")).settle()
    archive.tables()
    archive.close()
    with running(archive.folder) as servers:
        yield servers


def ask(servers: Running, sql: str) -> int:
    query = urllib.parse.urlencode({"sql": sql, "_shape": "array"})
    return get(f"{servers.data_url}/archive.json?{query}")[0]


def timed(address: str) -> float:
    start = time.monotonic()
    status, _ = get(address)
    assert status == 200, address
    return time.monotonic() - start


def visit(servers: Running, number: int) -> tuple[float, float]:
    """Open a page of a table that is in no cache, and one of the public site."""
    cheap = timed(f"{servers.data_url}/archive/people?_size={1 + number % 99}&_nocount={number}")
    return cheap, timed(f"{servers.site_url}{SITE[number % len(SITE)]}?{number}")


def attack(servers: Running, attackers: int, seconds: float) -> Seen:
    """Let so many clients ask hostile queries, one after the other, and visit pages meanwhile."""
    stop = time.monotonic() + seconds
    statuses: Counter[int] = Counter()
    number = itertools.count()

    def hostile(first: int) -> None:
        while time.monotonic() < stop:
            turn = next(number)
            statuses[ask(servers, f"{HOSTILE[(first + turn) % len(HOSTILE)]} -- {turn}")] += 1

    threads = [threading.Thread(target=hostile, args=(first,)) for first in range(attackers)]
    for thread in threads:
        thread.start()
    visits = []
    while time.monotonic() < stop:
        visits.append(visit(servers, len(visits)))
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    after = timed(f"{servers.data_url}/archive/people?_nocount=after")
    cheap, site = zip(*visits, strict=True)
    return Seen(statuses, sorted(cheap), sorted(site), after)


def most_memory(pid: int | None) -> int:
    """Return the most megabytes that a process had resident."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) >> 10


def share(values: list[float], part: float) -> float:
    return values[min(int(len(values) * part), len(values) - 1)]


def test_every_hostile_query_is_refused_or_ends_and_tells_no_path(servers: Running) -> None:
    pid = servers.datasette.pid

    assert {sql: ask(servers, sql) for sql in HOSTILE if ask(servers, sql) not in ANSWERS} == {}
    query = urllib.parse.urlencode({"sql": "select * from pragma_database_list", "_shape": "array"})
    status, body = get(f"{servers.data_url}/archive.json?{query}")
    assert (status, json.loads(body)[0]["file"]) == (200, None)
    assert servers.datasette.exit_code is None
    assert servers.datasette.pid == pid


def test_ten_attackers_hold_up_neither_a_cheap_page_nor_the_site(servers: Running) -> None:
    pid = servers.datasette.pid

    seen = attack(servers, 10, 3)

    assert set(seen.statuses) <= ANSWERS
    assert (seen.statuses[400], seen.statuses[429]) > (0, 0)
    # Far above what an idle machine shows (50 ms): where SQL were let through, each would take the full second.
    assert share(seen.cheap, 0.5) < 1.5
    assert share(seen.site, 0.5) < 1.0
    assert seen.after < 3
    assert servers.datasette.exit_code is None
    if sys.platform == "linux":
        assert most_memory(pid) < DATASETTE_MEGABYTES


@pytest.mark.torture
@pytest.mark.timeout(300)
def test_a_long_attack_by_ten_and_by_thirty_stays_in_the_cage(servers: Running) -> None:
    pid = servers.datasette.pid
    calm = sorted(visit(servers, 10_000 + number) for number in range(100))
    cheap, site = (sorted(values) for values in zip(*calm, strict=True))
    print(f"calm: cheap p95 {share(cheap, 0.95):.3f} s, site p99 {share(site, 0.99):.3f} s")  # noqa: T201
    for attackers, seconds in ((10, 30), (30, 30)):
        seen = attack(servers, attackers, seconds)
        print(  # noqa: T201
            f"{attackers} attackers, {seconds} s: {dict(seen.statuses)}; cheap p50 {share(seen.cheap, 0.5):.3f},"
            f" p95 {share(seen.cheap, 0.95):.3f} s; site p99 {share(seen.site, 0.99):.3f} s;"
            f" after {seen.after:.3f} s; at most {most_memory(pid)} MB"
        )
        assert set(seen.statuses) <= ANSWERS
        assert seen.after < 3
        assert share(seen.site, 0.99) < 1 + 10 * share(site, 0.99)
        assert servers.datasette.exit_code is None
        assert servers.datasette.pid == pid
        assert most_memory(pid) < DATASETTE_MEGABYTES


@pytest.mark.torture
def test_datasette_killed_is_back_in_three_seconds(servers: Running) -> None:
    child = servers.datasette
    for _ in range(5):
        child.kill()
        start = time.monotonic()
        child.start()
        child.ready = False
        while not child.ready:
            child.tend()
            time.sleep(0.02)
        took = time.monotonic() - start
        print(f"back after {took:.2f} s")  # noqa: T201  # noqa: T201
        assert took < 3
