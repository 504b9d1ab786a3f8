"""The processes of `archive serve`, in earnest: on free ports of the loopback, killed by their own ids."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive import projector
from archive.home import Home
from archive.serve import CannotServe, serve
from archive.serving import children
from archive.serving.children import Child, Program
from archive.serving.follower import Follower
from archive.serving.programs import metadata_path, site_program, url
from archive.store import PROJECTION_VERSION
from archive.trust import signing
from events.errors import LogError

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

SERVE = """
import sys
from pathlib import Path
from archive.home import Home
from archive.serve import serve
sys.exit(serve(Home(Path(sys.argv[1])), port=int(sys.argv[2]), data_port=int(sys.argv[3]),
               echo=lambda line: print(line, flush=True)))
"""


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def get(port: int, path: str, timeout: float = 10.0) -> tuple[int, bytes]:
    """Return status and body; status 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error).encode()
    finally:
        connection.close()


def until(holds: Callable[[], Any], seconds: float = 20.0) -> float:
    """Wait until something holds and return how long it took."""
    start = time.monotonic()
    while not holds():
        took = time.monotonic() - start
        assert took < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - start


def processes() -> dict[int, tuple[int, str]]:
    """Return parent and command line of each living process."""
    found = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            pid = int(folder.name)
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[pid] = (int(parent), (folder / "cmdline").read_text().replace("\0", " "))
    return found


def descendants(pid: int) -> dict[int, str]:
    living = processes()
    found = {pid}
    while new := {child for child, (parent, _) in living.items() if parent in found} - found:
        found |= new
    return {one: living[one][1] for one in found - {pid}}


class Served:
    """`serve` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.data_port = free_ports(2)
        with (folder / "stderr").open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(folder), str(self.port), str(self.data_port)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=Path(__file__).parents[2],
            )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip())

    def said(self, text: str, seconds: float = 20.0) -> str:
        """Wait for a line that holds the text."""
        deadline = time.monotonic() + seconds
        seen = []
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                seen.append(self._lines.get(timeout=0.1))
                if text in seen[-1]:
                    return seen[-1]
            if self.process.poll() is not None and self._lines.empty():
                break
        raise AssertionError([text, seen, (self.folder / "stderr").read_text()[-2000:]])

    def pid(self, module: str) -> int:
        """Return the id of the one child that runs a module."""
        living = processes()
        [pid] = [
            pid
            for pid, (parent, line) in living.items()
            if parent == self.process.pid and f" {module} " in line
        ]
        return pid

    def sql(self, sql: str, timeout: float = 10.0) -> Any:
        """Return what Datasette answers to a query: a value, or None."""
        query = urllib.parse.urlencode({"sql": sql, "_shape": "arrayfirst"})
        status, body = get(self.data_port, f"/archive.json?{query}", timeout)
        return json.loads(body)[0] if status == 200 else None

    def site_answers(self) -> bool:
        return 200 <= get(self.port, "/")[0] < 400

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(15)
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def served(aberdulas: Any) -> Iterator[Served]:
    made = Served(aberdulas.folder)
    try:
        made.said("The archive is at")
        yield made
    finally:
        made.end()


def title(number: int) -> dict[str, Any]:
    return {"id": f"topic/new-{number}", "new": True, "kind": "topic", "name": f"New {number}"}


@linux
def test_both_answer_and_sigterm_ends_all(served: Served) -> None:
    status, page = get(served.port, "/en/")
    assert status == 200
    assert b"Librar" in page
    assert served.sql("select label from records where id = 'person/nia-prys'") == "Nia Pryse"

    family = descendants(served.process.pid)
    assert len(family) >= 3  # Datasette, granian and its worker
    served.process.terminate()
    assert served.process.wait(10) == 0
    assert not family.keys() & processes().keys()


def test_every_table_every_row_page_and_every_question_can_be_opened(served: Served) -> None:
    # A facet on a column that is not there, or a foreign key that names no column, is a 500 in Datasette 0.65.
    database = json.loads(metadata_path().read_text())["databases"]["archive"]
    paths = [
        *(f"/archive/{name}" for name in ("", *database["tables"], *database["queries"])),
        *(f"/archive/{name}.csv?_stream=1" for name in database["tables"]),
        *(f"/archive/{name}.json?_shape=array" for name in (*database["tables"], *database["queries"])),
        "/", "/archive/records/person~2Fnia-prys", "/archive/records?_search=library", "/archive/search?_search=library",
        "/archive/commitments?_sort_desc=due_latest", "/archive/commitment_status?_sort=status",
    ]  # fmt: skip
    answers = {path: get(served.data_port, path.removesuffix("/") or "/")[0] for path in paths}
    assert {path: status for path, status in answers.items() if status != 200} == {}


@linux
def test_datasette_tells_no_folder_lets_other_sites_read_and_lets_nothing_be_written(
    served: Served,
) -> None:
    [database] = json.loads(get(served.data_port, "/-/databases.json")[1])
    assert (database["path"], database["is_mutable"]) == ("archive.db", True)
    connection = http.client.HTTPConnection("127.0.0.1", served.data_port, timeout=10)
    connection.request("GET", "/archive/records.json?_shape=array")
    response = connection.getresponse()
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cache-control"] == "public, max-age=0, must-revalidate"
    connection.close()
    for sql in ("delete from records", "attach 'log.db' as log", "select load_extension('x')"):
        assert served.sql(sql) is None
    assert served.sql("select count(*) from records") > 0


@linux
def test_what_another_process_appends_is_in_datasette_and_on_the_site_within_two_seconds(
    served: Served, aberdulas: Any
) -> None:
    worst = 0.0
    for number in range(5):
        aberdulas.record("EntityRecorded", **title(number))
        sql = f"select count(*) from topics where id = 'topic/new-{number}'"
        worst = max(worst, until(lambda sql=sql: served.sql(sql) == 1, 2.0))
    assert worst < 2.0
    assert get(served.port, "/en/records/topic/new-4")[0] == 200


@linux
def test_datasette_killed_is_back_within_three_seconds_and_the_site_goes_on(
    served: Served,
) -> None:
    os.kill(served.pid("datasette"), signal.SIGKILL)
    down_at = time.monotonic()
    assert served.site_answers()
    assert "SIGKILL" in served.said("Datasette was ended", 3)
    until(lambda: served.sql("select 1") == 1, 3.0)
    assert time.monotonic() - down_at < 3.0
    served.said("Datasette answers again", 3)


@linux
def test_the_site_killed_is_back_and_leaves_no_worker_behind(served: Served) -> None:
    master = served.pid("granian")
    [worker] = descendants(master)
    os.kill(master, signal.SIGKILL)
    assert served.sql("select 1") == 1
    served.said("The public site was ended by SIGKILL", 3)
    until(served.site_answers, 5.0)
    assert worker not in processes()


@linux
def test_a_query_for_gigabytes_ends_in_its_cage_and_the_rest_goes_on(served: Served) -> None:
    attacks = [
        "select printf('%.*c', 900000000, 'x')",
        "select randomblob(900000000)",
        "select hex(zeroblob(400000000))",
        "select printf('%.*c', 1000000, value) from json_each('[' || replace(hex(zeroblob(200)), '0', '1,') || '1]')",
    ]
    threads = [threading.Thread(target=served.sql, args=(attack, 30.0)) for attack in attacks]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert served.site_answers()
        status = Path(f"/proc/{served.pid('datasette')}/status").read_text()
        size = next(line.split()[1] for line in status.splitlines() if line.startswith("VmSize:"))
        assert int(size) <= 512 * 1024
        time.sleep(0.1)
    until(lambda: served.sql("select 1") == 1, 3.0)


@linux
def test_children_do_not_outlive_a_parent_that_was_killed(served: Served) -> None:
    family = descendants(served.process.pid)
    assert len(family) >= 3
    served.process.kill()
    served.process.wait(5)
    until(lambda: not family.keys() & processes().keys(), 5.0)


@linux
def test_tables_that_were_deleted_are_made_again_under_running_servers(
    served: Served, aberdulas: Any
) -> None:
    count = "select count(*) from records"
    before = served.sql(count)
    (served.folder / "archive.db").unlink()
    served.said("the tables are in a new file", 5)
    until(lambda: served.sql(count) == before, 5.0)
    aberdulas.record("EntityRecorded", **title(1))
    until(lambda: served.sql(count) == before + 1, 3.0)
    until(lambda: get(served.port, "/en/records/topic/new-1")[0] == 200, 3.0)


@linux
def test_no_reader_ever_sees_tables_of_two_moments(served: Served, aberdulas: Any) -> None:
    sql = (
        "select json_array((select count(*) from events), (select events from log_position),"
        " (select count(*) from topics), (select count(*) from records where kind = 'topic' and state = 'current'),"
        " (select count(*) from search where kind = 'topic'))"
    )
    seen: list[list[int] | None] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            answer = served.sql(sql)
            seen.append(json.loads(answer) if answer else None)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(25):
        added = aberdulas.record("EntityRecorded", **title(number))
        time.sleep(0.05)
        if number % 3 == 0:
            aberdulas.record("RecordRetracted", target=added, reason="duplicate", note="Not it.")
        if number == 12:
            projector.rebuild(aberdulas.log, served.folder / "archive.db")
        time.sleep(0.05)
    until(lambda: served.sql("select events from log_position") == aberdulas.log.size, 3.0)
    over.set()
    for reader in readers:
        reader.join()
    assert None not in seen
    assert [answer for answer in seen if answer and answer[0] != answer[1]] == []
    assert [answer for answer in seen if answer and len(set(answer[2:])) > 1] == []
    assert len(seen) > 100
    assert len({answer[0] for answer in seen if answer}) > 5


def test_a_port_that_is_taken_is_told_before_anything_starts(aberdulas: Any) -> None:
    home = Home(aberdulas.folder)
    other, port = free_ports(2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", other))
        taken.listen()
        with pytest.raises(CannotServe, match=f"port {other} of 127.0.0.1 .*in use"):
            serve(home, port=port, data_port=other)
    with pytest.raises(CannotServe, match="cannot both have port"):
        serve(home, port=port, data_port=port)
    with pytest.raises(CannotServe, match=r"nowhere\.invalid .*[Nn]ame"):
        serve(home, host="nowhere.invalid", port=port, data_port=other)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ARCHIVE_HUB", "hub.example", "address of the hub"),
        ("ARCHIVE_URL", "here", "scheme and host"),
    ],
)
def test_an_environment_that_the_site_would_refuse_is_told_before_anything_starts(
    aberdulas: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    port, data_port = free_ports(2)
    monkeypatch.setenv(name, value)
    with pytest.raises(CannotServe, match=f"{value}.*{said}"):
        serve(Home(aberdulas.folder), port=port, data_port=data_port)


def test_no_archive_is_told_before_anything_starts(tmp_path: Path) -> None:
    port, data_port = free_ports(2)
    with pytest.raises(LogError, match="archive init"):
        serve(Home(tmp_path), port=port, data_port=data_port)


def test_tables_that_cannot_be_written_are_told_before_anything_starts(aberdulas: Any) -> None:
    port, data_port = free_ports(2)
    aberdulas.path.unlink()
    aberdulas.path.mkdir()
    with pytest.raises(CannotServe, match=r"archive\.db cannot be written"):
        serve(Home(aberdulas.folder), port=port, data_port=data_port)


def test_a_server_that_cannot_start_ends_the_others_and_says_so(
    aberdulas: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("archive.serving.programs.SITE", "feeds.nowhere:create_app")
    port, data_port = free_ports(2)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(CannotServe, match="The public site ended at once"):
        serve(Home(aberdulas.folder), port=port, data_port=data_port)
    assert get(data_port, "/")[0] == 0
    assert signal.getsignal(signal.SIGTERM) is before
    assert "feeds.nowhere" in capfd.readouterr().err


def test_the_metadata_lies_beside_the_packages() -> None:
    assert metadata_path() == Path(__file__).parents[2] / "datasette_metadata.json"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("archive.example", "http://archive.example:80"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host: str, expected: str) -> None:
    assert url(host, 80) == expected


def test_behind_a_proxy_the_site_is_told_its_real_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = site_program(Home(tmp_path), "127.0.0.1", 8000, 8001).environment
    assert given["ARCHIVE_URL"] == "http://127.0.0.1:8000"
    assert given["DATASETTE_URL"] == "http://127.0.0.1:8001"
    monkeypatch.setenv("ARCHIVE_URL", "https://archive.example")
    monkeypatch.setenv("DATASETTE_URL", "https://data.archive.example")
    given = site_program(Home(tmp_path), "127.0.0.1", 8000, 8001).environment
    assert given["ARCHIVE_URL"] == "https://archive.example"
    assert given["DATASETTE_URL"] == "https://data.archive.example"


def program(folder: Path, module: str, *arguments: str, port: int = 1) -> Program:
    return Program(
        name="It", module=module, arguments=arguments, folder=folder, host="127.0.0.1", port=port, path="/"
    )  # fmt: skip


def test_the_pause_before_a_new_start_grows_and_a_stable_run_resets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE", 0.01)
    said: list[str] = []
    child = Child(program(tmp_path, "calendar"), said.append)
    until(lambda: child.tend() or len(said) == 4)
    assert [line.split(" in ")[1] for line in said] == ["0.01 s.", "0.02 s.", "0.04 s.", "0.08 s."]
    assert said[0].startswith("It ended by itself (exit code 0)")
    monkeypatch.setattr(children, "STABLE", 0.0)
    until(lambda: child.tend() or len(said) == 5)
    assert said[-1].endswith("in 0.01 s.")


@linux
def test_a_child_that_hangs_is_killed_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "CHECK", 0.05)
    monkeypatch.setattr(children, "PATIENCE", 0.2)
    [port] = free_ports(1)
    said: list[str] = []
    child = Child(
        program(tmp_path, "http.server", "--bind", "127.0.0.1", str(port), port=port), said.append
    )
    try:
        until(lambda: child.tend() or child.ready)
        hung = child.pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        until(lambda: child.tend() or child.pid != hung)
        until(lambda: child.tend() or child.ready)
        assert said[0] == "It: no answer 3 times in a row; it is started anew."
        assert said[1].startswith("It answers again")
        assert hung not in processes()
    finally:
        children.stop([child])
    assert child.pid is None


def test_a_child_that_does_not_want_to_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "FAREWELL", 0.2)
    (tmp_path / "stubborn.py").write_text(
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open('ready', 'w').close()\ntime.sleep(60)\n"
    )
    stubborn = replace(program(tmp_path, "stubborn"), environment={"PYTHONPATH": str(tmp_path)})
    child = Child(stubborn, print)
    child.start()
    until((tmp_path / "ready").exists)
    start = time.monotonic()
    children.stop([child])
    assert 0.2 <= time.monotonic() - start < 2.0


def test_an_error_of_the_projector_is_told_once_and_it_goes_on_when_it_is_mended(
    aberdulas: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.serving.follower.PAUSE", 0.05)
    aberdulas.tables()
    signing.begin(Home(aberdulas.folder))
    said: list[str] = []
    follower = Follower(Home(aberdulas.folder), said.append)
    aberdulas.path.rename(aberdulas.folder / "kept.db")
    aberdulas.path.mkdir()
    follower.start()
    try:
        until(lambda: said)
        time.sleep(0.3)
        [trouble] = said
        assert trouble.startswith("The tables cannot follow the log (OperationalError")
        aberdulas.path.rmdir()
        until(lambda: said[1:] == ["The tables follow the log again."])
    finally:
        follower.stop()
    assert not follower.is_alive()
    with Home(aberdulas.folder).log() as log:
        store = Home(aberdulas.folder).tables(log)
        assert store.position().events == aberdulas.log.size
        store.close()


@pytest.fixture
def followed(aberdulas: Any) -> Iterator[Any]:
    """Aberdulas, its tables following its log in a thread."""
    aberdulas.tables()
    follower = Follower(Home(aberdulas.folder), print)
    follower.start()
    yield aberdulas
    follower.stop()


def published(archive: Any, sql: str) -> Any:
    with contextlib.closing(sqlite3.connect(archive.path)) as conn:
        return conn.execute(sql).fetchone()[0]


def test_tables_of_another_version_are_made_again(followed: Any) -> None:
    with contextlib.closing(sqlite3.connect(followed.path)) as other:
        other.execute("DELETE FROM timeline")
        other.commit()
        other.execute("PRAGMA user_version = 999")
    until(lambda: published(followed, "PRAGMA user_version") == PROJECTION_VERSION, 5.0)
    assert published(followed, "SELECT count(*) FROM timeline") > 0


def test_a_log_that_was_put_back_from_a_backup_gives_its_own_tables(followed: Any) -> None:
    backup = followed.folder / "backup.db"
    shutil.copy(followed.folder / "log.db", backup)
    size = followed.log.size
    followed.record("EntityRecorded", **title(1))
    events = "SELECT events FROM log_position"
    until(lambda: published(followed, events) == size + 1, 5.0)
    backup.replace(followed.folder / "log.db")
    until(lambda: published(followed, events) == size, 5.0)


def test_the_follower_signs_what_others_appended_and_says_once_why_it_cannot(
    aberdulas: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.serving.follower.PAUSE", 0.05)
    home = Home(aberdulas.folder)
    said: list[str] = []
    follower = Follower(home, said.append)
    follower.start()
    try:
        until(lambda: said)
        time.sleep(0.3)
        assert len(said) == 1
        assert "archive sign --new" in said[0]
        signing.begin(home)
        size = aberdulas.log.size
        until(lambda: aberdulas.store.rows("SELECT size FROM checkpoints") == [{"size": size}])
        aberdulas.record("EntityRecorded", id="topic/x", new=True, kind="topic", name="X")
        until(lambda: aberdulas.store.rows("SELECT size FROM checkpoints") == [{"size": size + 1}])
    finally:
        follower.stop()
    assert len(said) == 1
