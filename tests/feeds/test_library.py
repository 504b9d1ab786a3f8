import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from feeds.library import Library, Unavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a b?c#d.db"
    _fill(path, 1)
    return path


def _fill(path: Path, number: int) -> None:
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE IF NOT EXISTS t(n)")
    conn.execute("DELETE FROM t")
    conn.execute("INSERT INTO t VALUES (?)", (number,))
    conn.commit()
    conn.close()


def _number(library: Library) -> int:
    with library.open() as conn:
        return int(conn.execute("SELECT n FROM t").fetchone()[0])


def test_a_connection_is_used_again(path: Path) -> None:
    library = Library(path)
    with library.open() as first:
        pass
    with library.open() as second:
        assert second is first
    library.close()


def test_nothing_can_be_written(path: Path) -> None:
    with pytest.raises(Unavailable, match="readonly"), Library(path).open() as conn:
        conn.execute("INSERT INTO t VALUES (2)")


def test_a_request_reads_one_state(path: Path) -> None:
    library = Library(path)
    writer = sqlite3.connect(path, timeout=0.1)
    with library.open() as conn:
        assert conn.execute("SELECT n FROM t").fetchone() == (1,)
        writer.execute("UPDATE t SET n = 2")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            writer.commit()
        assert conn.execute("SELECT n FROM t").fetchone() == (1,)
    writer.commit()
    writer.close()
    assert _number(library) == 2
    library.close()


def test_a_file_put_in_the_place_of_another_is_noticed(path: Path) -> None:
    library = Library(path)
    assert _number(library) == 1
    other = path.with_name("other.db")
    _fill(other, 2)
    other.replace(path)
    assert _number(library) == 2
    library.close()


def test_a_missing_file_is_unavailable_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(Unavailable), Library(path).open():
        pass
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_without_our_tables_is_unavailable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(Unavailable), Library(path).open() as conn:
        conn.execute("SELECT n FROM t")


def test_a_locked_file_is_unavailable_until_it_is_free(path: Path) -> None:
    library = Library(path, busy_seconds=0.05)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match="locked"):
        _number(library)
    writer.execute("COMMIT")
    writer.close()
    assert _number(library) == 1
    library.close()


@pytest.mark.parametrize("error", [KeyError, FileNotFoundError, KeyboardInterrupt])
def test_another_error_passes_and_costs_no_connection(
    path: Path, error: type[BaseException]
) -> None:
    library = Library(path)
    with pytest.raises(error), library.open() as first:
        raise error
    with library.open() as second:
        assert second is first
    library.close()


def test_a_connection_that_failed_is_not_used_again(path: Path) -> None:
    library = Library(path)
    with pytest.raises(Unavailable), library.open() as first:
        first.execute("SELECT nothing FROM t")
    with library.open() as second:
        assert second is not first
    library.close()


def test_many_threads_share_the_connections(path: Path) -> None:
    library = Library(path)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: _number(library), range(400))) == {1}
    assert len(library._free) <= 8
    library.close()
    assert not library._free
