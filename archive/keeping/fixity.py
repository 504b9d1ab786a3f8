"""Is everything still what it was? Every hash computed anew, and what was found as dated, public data.

Results are kept in ``fixity.jsonl``, a line a run (docs/decisions/0007-fixity.md). Hashes: RFC 6962, RFC 9901.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from archive.keeping.folders import sync_folder
from archive.projector import rebuild
from archive.rebuilding.comparing import check_search, contents
from events.audit import Entry, audit
from events.checkpoint import Checkpoint, take_apart
from events.codec import strict_json
from events.errors import CodecError, EventsError, LogDamaged, LogError
from events.head import HEAD, KEY, KEYS, Head
from events.log import BUSY_SECONDS, SQLITE_ERRORS, SqliteLog, utc_now
from events.merkle import grow, leaf_hash

if TYPE_CHECKING:  # a home may publish the results that are kept in it
    from archive.home import Home

RESULTS = "fixity.jsonl"
#: Entries hashed at a time: bounds the memory of a check.
PAGE = 1000
#: What is kept of a result, in this order.
FIELDS = ["at", "checked", "events", "root", "passed", "failed"]
#: Findings of an audit after which a file is no copy of the log; other alarms are told of.
DAMAGE = {"altered", "never-logged", "unreadable", "gap", "root-differs"}
MEND = "restore from a backup, and keep this file to look into it"
REMAKE = "run `archive build --rebuild`"


class Checked(NamedTuple):
    """What a log was found to be. ``missing`` events are acknowledged by a head and not there; ``alarms``
    are what an outsider would ask about, e.g. a disclosure that is gone though no act says so.
    """

    size: int
    root: str
    missing: int
    alarms: tuple[str, ...]


class Result(NamedTuple):
    """What was checked, when, how large it was; ``checks`` has a sentence for each that failed, else ""."""

    at: str
    of: Literal["archive", "backup", "restore"]
    size: int
    root: str
    checks: dict[str, str]

    @property
    def faults(self) -> list[str]:
        """The sentences for the person who has to mend it. They may name files: not for publication."""
        return [fault for fault in self.checks.values() if fault]

    def row(self) -> dict[str, Any]:
        """Return what is published: numbers, and the names of checks."""
        passed = [name for name, fault in self.checks.items() if not fault]
        failed = [name for name, fault in self.checks.items() if fault]
        values = (self.at, self.of, self.size, self.root, " ".join(passed), " ".join(failed))
        return dict(zip(FIELDS, values, strict=True))


def check(
    read: Callable[[], Iterable[Entry]],
    claimed: Checkpoint,
    head: Checkpoint | None = None,
    *,
    public: bool = False,
) -> Checked:
    """Hash entries anew and compare them with the root they claim, and with a signed head.

    ``read`` gives the entries from the first on, and is called twice; memory does not grow with them.
    Raises LogDamaged when one is not what was recorded, or they do not extend the head.
    """
    alarms = []
    within = [head] if head and head.size <= claimed.size else []
    for finding in audit(read, [claimed, *within], public=public):
        if finding.code in DAMAGE:
            raise LogDamaged(f"{finding.message}; {MEND}")
        if finding.alarm:
            alarms.append(finding.message)
    missing = head.size - claimed.size if head and not within else 0
    return Checked(claimed.size, claimed.root.hex(), missing, tuple(alarms))


def check_log(path: Path, head: Checkpoint | None = None) -> Checked:
    """Check a log's file whole: SQLite's own checks, then every envelope, disclosure and node.

    Raises LogDamaged for the first that is not what it was, LogError for what is no log.
    """
    with SqliteLog(path) as log:
        count = "SELECT coalesce(max(seq) + 1, 0), (SELECT count(*) FROM nodes) FROM entries"
        ((size, nodes),) = _look(path, count)
        if nodes != 2 * size - size.bit_count():
            raise LogDamaged(f"{path} has {nodes} nodes, not those of {size} events; {MEND}")
        claimed = Checkpoint("this log", size, log.root(size))
        found = check(lambda: log.entries(0, size), claimed, head)
        _check_nodes(log, size)
    return found


def _check_nodes(log: SqliteLog, size: int) -> None:
    """Compute every stored subtree anew; each batch builds on nodes that the one before it has checked."""
    for first in range(0, size, PAGE):
        entries = log.entries(first, min(first + PAGE, size))
        leaves = [leaf_hash(envelope) for _, envelope, _ in entries]
        for level, idx, value in grow(first, log.node, leaves):
            if log.node(level, idx) != value:
                raise LogDamaged(
                    f"node {level}/{idx} of {log.path} does not fit its events; {MEND}"
                )


def read_head(path: Path) -> Checkpoint:
    """Return the checkpoint of a head or checkpoint file, its form checked; raise CodecError."""
    try:
        return Checkpoint.parse(take_apart(path.read_text(encoding="utf-8"))[0])
    except (OSError, UnicodeDecodeError, CodecError) as error:
        raise CodecError(f"{path} cannot be read as a checkpoint: {error}") from None


def head_of(home: Home) -> Checkpoint | None:
    """Return the checkpoint in a home's head file, None where there is none; raise CodecError."""
    return read_head(home.path / HEAD) if (home.path / HEAD).exists() else None


def run(home: Home, *, clock: Callable[[], str] = utc_now) -> Result:
    """Check all of a home: log, head, disclosures, texts, tables. Changes nothing.

    Raises LogError where there is no log to begin with; what is wrong with it stands in the result.
    """
    with SqliteLog(home.log_path) as log:
        size, root = log.size, log.root().hex()
    checks: dict[str, str] = {}
    for name, look in CHECKS.items():
        try:
            look(home)
            checks[name] = ""
        except EventsError as error:
            checks[name] = str(error)
    return Result(clock(), "archive", size, root, checks)


def _log(home: Home) -> None:
    found = check_log(home.log_path)
    while found.alarms:
        with SqliteLog(home.log_path) as log:
            if log.size == found.size:
                break
        found = check_log(home.log_path)  # what is gone may have been erased by an act since
    if found.alarms:
        first = found.alarms[0]
        raise LogDamaged(f"{len(found.alarms)} alarms, the first of them: {first}; {MEND}")


def _head(home: Home) -> None:
    head = head_of(home)
    if head is None:
        return
    if (home.path / KEYS / KEY).exists():
        Head(home.path).last()  # is it as it was signed?
    with SqliteLog(home.log_path) as log:
        if log.size < head.size:
            lost = head.size - log.size
            raise LogDamaged(f"{lost} events that were acknowledged are missing; {MEND}")
        if log.root(head.size) != head.root:
            raise LogDamaged("the log does not extend its head; compare it with what was published")


def _texts(home: Home) -> None:
    """Compare each text kept with the digest its source was captured with."""
    captured = "SELECT id, sha256 FROM sources WHERE sha256 IS NOT NULL"
    sources = _look(home.tables_path, captured, REMAKE)
    with SqliteLog(home.log_path) as log:
        for source, sha256 in sources:
            text = log.text(source)
            if text is not None and hashlib.sha256(text.encode()).hexdigest() != sha256:
                raise LogDamaged(f"the text of {source} is not the one that was captured; {MEND}")


def _tables(home: Home) -> None:
    position = _look(home.tables_path, "SELECT events, root FROM log_position", REMAKE)
    with SqliteLog(home.log_path) as log:
        for events, root in position:
            if events > log.size or log.root(events).hex() != root:
                raise LogDamaged(f"the tables were not made from this log; {REMAKE}")
        _check_rows(home.tables_path, log)


def _check_rows(path: Path, log: SqliteLog) -> None:
    """Compare tables with those that the log gives: SQLite itself does not notice another word in a row.

    Passed over where the tables are not as far as the log, or others write to them meanwhile.
    """
    try:
        check_search(path)
        before = contents(path)
        with tempfile.TemporaryDirectory() as folder:
            fresh = Path(folder) / path.name
            rebuild(log, fresh)
            made = contents(fresh)
    except SQLITE_ERRORS as error:
        raise LogDamaged(f"{path} cannot be compared with its log ({error}); {REMAKE}") from error
    if before.position == made.position and before.digest != made.digest:
        raise LogDamaged(f"{path} does not say what the log says; {REMAKE}")


CHECKS: dict[str, Callable[[Home], None]] = {
    "log": _log,
    "head": _head,
    "texts": _texts,
    "tables": _tables,
}


def _look(path: Path, sql: str, mend: str = MEND) -> list[tuple[Any, ...]]:
    """Let SQLite check a file whole, and answer a question; raise LogDamaged when it finds fault."""
    try:
        # Not ro: what a killed writer left half done is rolled back first, and is no damage.
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as db:
            ((word,),) = db.execute("PRAGMA integrity_check(1)").fetchall()
            if word != "ok":
                raise LogDamaged(f"SQLite finds {path} damaged ({word}); {mend}")
            if loose := db.execute("PRAGMA foreign_key_check").fetchone():
                raise LogDamaged(f"a row of {loose[0]} in {path} refers to nothing; {mend}")
            return db.execute(sql).fetchall()
    except SQLITE_ERRORS as error:
        raise LogDamaged(f"{path} cannot be read ({error}); {mend}") from error


def as_line(row: dict[str, Any]) -> str:
    """Return a row as it is kept and published: JSON and a line break."""
    return json.dumps(row, separators=(",", ":")) + "\n"


def record(home: Home, result: Result) -> None:
    """Append a result to ``fixity.jsonl``, durably; raise LogError when the disk refuses."""
    path = home.results_path
    try:
        with path.open("a+b") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - 1, 0))
            torn = file.read() not in (b"", b"\n")  # by a crash: begin on a line of its own
            file.write(b"\n" * torn + as_line(result.row()).encode())
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)  # for the first result
    except OSError as error:
        raise LogError(f"the result could not be kept in {path}: {error.strerror}") from error


def history(home: Home) -> Iterator[dict[str, Any]]:
    """Yield the results kept in a home, oldest first; a line torn by a crash is passed over."""
    with contextlib.suppress(FileNotFoundError), home.results_path.open("rb") as file:
        for line in file:
            with contextlib.suppress(CodecError):
                row = strict_json(line, max_bytes=10_000)
                if isinstance(row, dict) and _is_result(row):
                    yield row


def _is_result(row: dict[str, Any]) -> bool:
    """Tell whether a line has the form of a result: one that has not must not stop the tables."""
    kinds = [int if name == "events" else str for name in FIELDS]
    if [*row] != FIELDS or [*map(type, row.values())] != kinds or row["events"] < 0:
        return False
    try:
        return datetime.strptime(row["at"], "%Y-%m-%dT%H:%M:%S%z").utcoffset() == timedelta()
    except ValueError:
        return False
