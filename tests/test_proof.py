"""What a stranger can find out: the log is served by a real process, attacked, and verified from outside.

Every attack is one that whoever has our machine could try. Each must be found by `archive verify`, and named.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from archive.home import Home
from events import disclosure, merkle, tiles
from events.checkpoint import Checkpoint, VerifierKey, open_note, signed, take_apart, verifier_key
from events.codec import build
from events.head import Head
from events.log import SqliteLog
from events.proof import Proof
from feeds import tiles as served_tiles
from tests.test_story import free_port, until

SITE = """
import logging, sys
from pathlib import Path
from feeds.app import create_app
from feeds.settings import Settings
logging.disable()
create_app(Settings(archive_db=Path(sys.argv[1]))).run(port=int(sys.argv[2]), threaded=True)
"""
ORIGIN = "aberdulas.example/log"
#: Events 3 and 4 lose a field, 5 all of them, 6 too, 7 gets one back.
PART_WITHHELD, PART_ERASED, ALL_WITHHELD, ALL_ERASED, RELEASED = 3, 4, 5, 6, 7
TOPICS = 300


class Outside:
    """A served log of invented topics, and what a stranger can do with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.archive("--home", str(self.home), "init", "--empty", "--origin", ORIGIN)
        self._fill()
        self.archive("--home", str(self.home), "sign")
        self.vkey = str(Head(self.home).verifier)
        self.note = Head(self.home).last().note
        shutil.copytree(self.home, folder / "kept")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SITE, str(self.home / "archive.db"), str(self.port)],
            cwd=Path(__file__).parents[1],
        )
        until(lambda: self.get("/log/vkey")[0] == 200, seconds=30)

    def _fill(self) -> None:
        with SqliteLog(self.home / "log.db") as log:
            events = [
                build("EntityRecorded", {"id": f"topic/t{n}", "new": True, "kind": "topic", "name": f"T {n}"})
                for n in range(TOPICS)
            ]  # fmt: skip
            log.append(events)
            self.before = {seq: disclosures for seq, _, disclosures in log.entries(0, 10)}
            for act, seq, fields in (
                ("withheld", PART_WITHHELD, 1),
                ("erased", PART_ERASED, 1),
                ("withheld", ALL_WITHHELD, 9),
                ("erased", ALL_ERASED, 9),
                ("withheld", RELEASED, 1),
                ("released", RELEASED, 1),
            ):
                self._act(log, act, seq, fields)
            log.replay()

    @staticmethod
    def _act(log: SqliteLog, act: str, seq: int, fields: int) -> None:
        ((_, _, disclosures),) = log.entries(seq, seq + 1)
        digests = [disclosure.digest(text) for text in disclosures[:fields]]
        second = {} if act == "withheld" else {"confirmed_by": "redactor"}
        payload = {"target": seq, "act": act, "scope": "event", "basis": "child-privacy"}
        log.append([build("TextRedacted", {**payload, "digests": digests, **second})])

    def archive(self, *words: str, exit_code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "archive.cli", *words],
            capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[1],
            env={name: value for name, value in os.environ.items() if name != "ARCHIVE_HOME"},
        )  # fmt: skip
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def verify(self, *words: str, target: str | None = None, alarm: bool = True) -> str:
        return self.archive("verify", target or self.url, *words, exit_code=int(alarm))

    def get(self, path: str) -> tuple[int, Message, bytes]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()
        except OSError as error:
            return 0, Message(), str(error).encode()

    @contextlib.contextmanager
    def tables(self) -> Iterator[sqlite3.Connection]:
        """Write to the published file as a thief would."""
        with contextlib.closing(sqlite3.connect(self.home / "archive.db")) as db, db:
            yield db

    def restore(self) -> None:
        """Bring the published file back, in place, and the other files."""
        for name in ("log.db", "head"):
            shutil.copyfile(self.folder / "kept" / name, self.home / name)
        with (
            contextlib.closing(sqlite3.connect(self.folder / "kept" / "archive.db")) as kept,
            contextlib.closing(sqlite3.connect(self.home / "archive.db")) as db,
        ):
            kept.backup(db)

    def key(self) -> Any:
        return load_pem_private_key((self.home / "keys" / "signing.pem").read_bytes(), None)

    def rewrite(self, key: Ed25519PrivateKey) -> None:
        """Change an old event, compute the tree anew, and sign it: all that the site serves fits together."""
        with self.tables() as db:
            rows = dict(db.execute("SELECT seq, envelope FROM log_entries ORDER BY seq"))
            rows[9] = rows[9].replace('"by":"archivist"', '"by":"contributor"')
            db.execute("UPDATE log_entries SET envelope = ? WHERE seq = 9", (rows[9],))
            leaves = [merkle.leaf_hash(text.encode()) for text in rows.values()]
            stored = {(n.level, n.idx): n.hash for n in merkle.grow(0, no_node, leaves)}
            db.executemany(
                "UPDATE log_nodes SET hash = ? WHERE level = ? AND idx = ?",
                [(value.hex(), *place) for place, value in stored.items()],
            )
            root = merkle.root(len(rows), lambda level, idx: stored[level, idx])
            text = Checkpoint(ORIGIN, len(rows), root).text()
            note, vkey = signed(text, ORIGIN, key), str(verifier_key(ORIGIN, key))
            db.execute("UPDATE checkpoints SET note = ?, vkey = ?", (note, vkey))


def no_node(level: int, idx: int) -> bytes:
    raise AssertionError((level, idx))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    outside = Outside(tmp_path_factory.mktemp("proof"))
    yield outside
    outside.process.send_signal(signal.SIGTERM)
    outside.process.wait(timeout=20)


@pytest.fixture
def outside(served: Outside) -> Iterator[Outside]:
    yield served
    served.restore()


def test_a_whole_log_raises_no_alarm_wherever_it_is(outside: Outside, tmp_path: Path) -> None:
    size = TOPICS + 6
    mine = tmp_path / "mine.checkpoint"
    said = outside.verify("--key", outside.vkey, "--save", str(mine), alarm=False)
    assert f"{size} events" in said
    assert "no alarm" in said
    assert "withheld: E5: withheld by E302 (child-privacy): 4 of 4 disclosures" in said
    assert "erased: E4: erased by E301 (child-privacy): 1 of 4 disclosures" in said
    assert "released: E7: released by E305 (child-privacy): 1 of 4 disclosures" in said
    assert "self-vouched" not in said
    assert mine.read_text(encoding="utf-8") == outside.note
    again = outside.verify("--checkpoint", str(mine), alarm=False)
    assert "the checkpoint you saved: the head of 306 entries" in again
    assert "is aberdulas.example/log+" in again  # not --key: it says that the key is the site's own
    for target in (outside.home, outside.home / "archive.db"):
        assert "no alarm" in outside.verify(
            "--checkpoint", str(mine), target=str(target), alarm=False
        )


def test_exports_are_verified_too(outside: Outside, tmp_path: Path) -> None:
    from archive.keeping.bags import export_bag
    from archive.keeping.export import export_lines

    home = Home(outside.home)
    with home.log() as log:
        export_lines(log, tmp_path / "log.jsonl", head=outside.home / "head")
    export_bag(home, tmp_path / "bag")
    for target in (tmp_path / "log.jsonl", tmp_path / "bag"):
        said = outside.verify("--key", outside.vkey, target=str(target), alarm=False)
        assert "306 events" in said
        assert "signed: a head of 306 entries" in said
    lines = (tmp_path / "log.jsonl").read_text(encoding="ascii").splitlines(keepends=True)
    del lines[9]
    (tmp_path / "log.jsonl").write_text("".join(lines), encoding="ascii")
    assert "after 305 entries it says 306" in outside.verify(target=str(tmp_path / "log.jsonl"))


def test_an_export_brings_a_key_that_proves_nothing_by_itself(
    outside: Outside, tmp_path: Path
) -> None:
    home = ("--home", str(outside.home))
    outside.archive(*home, "export", str(tmp_path / "log.jsonl"))
    outside.archive(*home, "export", "--bag", str(tmp_path / "bag"))
    other = str(verifier_key(ORIGIN, Ed25519PrivateKey.generate()))
    for target, vkey in (
        (tmp_path / "log.jsonl", tmp_path / "log.jsonl.vkey"),
        (tmp_path / "bag", tmp_path / "bag" / "data" / "vkey"),
    ):
        assert vkey.read_text(encoding="utf-8") == f"{outside.vkey}\n"
        said = outside.verify(target=str(target), alarm=False)
        assert "signed: a head of 306 entries" in said
        assert (
            f"proves nothing by itself: is {outside.vkey} the one you know from elsewhere" in said
        )
        assert "self-vouched" not in outside.verify("--key", outside.vkey, target=str(target), alarm=False)  # fmt: skip
        assert f"not with the key {other}" in outside.verify("--key", other, target=str(target))
    vkey = tmp_path / "log.jsonl.vkey"
    vkey.write_text(other, encoding="utf-8")  # a key of a forger's own does not fit the head
    assert f"not with the key {other}" in outside.verify(target=str(tmp_path / "log.jsonl"))
    vkey.unlink()
    assert "whose signature is not checked: give the log's --key" in outside.verify(
        target=str(tmp_path / "log.jsonl"), alarm=False
    )


def test_a_changed_byte_is_named(outside: Outside) -> None:
    with outside.tables() as db:
        db.execute("UPDATE log_entries SET envelope = replace(envelope, '\"v\":1', '\"v\":2') WHERE seq = 9")  # fmt: skip
    for target in (outside.url, str(outside.home / "archive.db"), str(outside.home)):
        said = outside.verify(target=target)
        assert "root-differs" in said
        assert "E9 is not the entry that was hashed into the tree" in said


def test_a_changed_byte_in_the_log_itself_is_named(outside: Outside) -> None:
    with contextlib.closing(sqlite3.connect(outside.home / "log.db")) as db, db:
        db.execute("DROP TRIGGER entries_fixed")
        db.execute("UPDATE entries SET envelope = CAST(replace(CAST(envelope AS TEXT), '\"v\":1', '\"v\":2') AS BLOB) WHERE seq = 9")  # fmt: skip
    said = outside.verify(target=str(outside.home))
    assert "log.db: E9 is not the entry that was hashed into the tree" in said


def test_a_removed_event_is_named(outside: Outside) -> None:
    with outside.tables() as db:
        db.execute("DELETE FROM log_entries WHERE seq = 9")
    assert "gap: tile/entries/000 is not served" in outside.verify()
    said = outside.verify(target=str(outside.home / "archive.db"))
    assert "gap: E9 should come here, and E10 does" in said


def test_an_event_removed_at_the_end_is_named(outside: Outside) -> None:
    with outside.tables() as db:
        db.execute("DELETE FROM log_entries WHERE seq = 305")
    assert "gap: tile/entries/001.p/50 is not served" in outside.verify()


def test_an_older_state_of_the_log_is_named(outside: Outside, tmp_path: Path) -> None:
    with SqliteLog(outside.home / "log.db") as log:
        text = Checkpoint(ORIGIN, 200, log.root(200)).text()
    (tmp_path / "saved").write_text(outside.note, encoding="utf-8")
    with outside.tables() as db:
        db.execute("UPDATE checkpoints SET note = ?", (signed(text, ORIGIN, outside.key()),))
    said = outside.verify("--checkpoint", str(tmp_path / "saved"))
    assert "too-short: the past was cut back since you saved your checkpoint" in said


def test_a_history_rewritten_and_signed_by_a_thief_is_named(
    outside: Outside, tmp_path: Path
) -> None:
    outside.rewrite(Ed25519PrivateKey.generate())
    said = outside.verify("--key", outside.vkey)
    assert f"not with the key {outside.vkey}" in said
    assert "not-signed" in said
    (tmp_path / "saved").write_text(outside.note, encoding="utf-8")
    said = outside.verify("--checkpoint", str(tmp_path / "saved"))
    assert "not-signed: the checkpoint you saved" in said
    assert "self-vouched" in outside.verify(alarm=False)  # whoever knows no key is told so


def test_a_history_rewritten_and_signed_with_the_same_key_is_named(
    outside: Outside, tmp_path: Path
) -> None:
    outside.rewrite(outside.key())
    assert "no alarm" in outside.verify("--key", outside.vkey, alarm=False)  # it fits together ...
    (tmp_path / "saved").write_text(outside.note, encoding="utf-8")
    said = outside.verify("--checkpoint", str(tmp_path / "saved"), "--save", str(tmp_path / "new"))
    assert "root-differs: the past was rewritten since you saved your checkpoint" in said
    assert not (tmp_path / "new").exists()  # ... and only a saved checkpoint tells


def test_a_silently_deleted_disclosure_is_named(outside: Outside) -> None:
    with outside.tables() as db:
        db.execute("UPDATE log_entries SET disclosures = json_remove(disclosures, '$[1]') WHERE seq = 9")  # fmt: skip
    said = outside.verify()
    assert "ALARM  missing: E9: a disclosure is gone, and no act says so: 1 of 4" in said


@pytest.mark.parametrize(
    ("seq", "alarm"),
    [(ALL_ERASED, "published-though-erased"), (PART_WITHHELD, "published-though-withheld")],
)
def test_what_is_published_against_an_act_is_named(outside: Outside, seq: int, alarm: str) -> None:
    with outside.tables() as db:
        body = json.dumps(outside.before[seq])
        db.execute("UPDATE log_entries SET disclosures = ? WHERE seq = ?", (body, seq))
    assert f"ALARM  {alarm}: E{seq}" in outside.verify()


def test_a_fact_put_under_an_event_is_named(outside: Outside) -> None:
    forged = disclosure.disclose(bytes(16), "name", "Another")
    with outside.tables() as db:
        db.execute("UPDATE log_entries SET disclosures = json_set(disclosures, '$[#]', ?) WHERE seq = 9", (forged,))  # fmt: skip
        db.execute("UPDATE log_entries SET disclosures = json_set(disclosures, '$[0]', ?) WHERE seq = 8", (forged,))  # fmt: skip
    said = outside.verify()
    assert "ALARM  never-logged: E9" in said
    assert "ALARM  altered: E8" in said


def test_a_proof_is_taken_away_and_checked_offline(outside: Outside, tmp_path: Path) -> None:
    bundle = tmp_path / "E9.json"
    outside.archive("--home", str(outside.home), "prove", "E9", "--out", str(bundle))
    said = outside.verify("--key", outside.vkey, target=str(bundle), alarm=False)
    assert "included: E9 is in the log of 306 entries" in said
    bundle.write_text(bundle.read_text(encoding="ascii").replace("archivist", "redactor"), encoding="ascii")  # fmt: skip
    assert "not-included" in outside.verify(target=str(bundle))
    said = outside.archive("--home", str(outside.home), "prove", "E306", exit_code=1)
    assert "E306 cannot be proved" in said


def test_what_is_not_there_is_said(outside: Outside, tmp_path: Path) -> None:
    assert "cannot be fetched" in outside.verify(target=f"http://127.0.0.1:{free_port()}")
    assert "there is no log at" in outside.verify(target=str(tmp_path))
    outside.archive("verify", outside.url, "--key", "abc", exit_code=2)


def test_checkpoint_key_and_tiles_are_served_as_the_standard_says(outside: Outside) -> None:
    status, headers, body = outside.get("/log/checkpoint")
    assert (status, body.decode()) == (200, outside.note)
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Cache-Control"] == "public, max-age=5"
    assert outside.get("/log/vkey")[2].decode().strip() == outside.vkey
    open_note(body.decode(), [VerifierKey.parse(outside.vkey)])
    with SqliteLog(outside.home / "log.db") as log:
        size = log.size
        for tile in [*tiles.of_size(size), tiles.Tile(0, 0, 7), tiles.Tile(tiles.ENTRIES, 0, 3)]:
            status, headers, body = outside.get(f"/log/{tile.path()}")
            assert status == 200
            assert body == tiles.serve(
                tile.path(),
                size,
                log.node,
                lambda a, b: [entry for _, entry, _ in log.entries(a, b)],
            )
            assert headers["Content-Type"] == "application/octet-stream"
            assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in (
        "0/002", "0/001", "0/001.p/51", "entries/001.p/51", "1/000", "1/000.p/2", "64/000", "0/x000/000",
        "0/0", "0/000.p/256", "0/000.p/0", "entries/x001/000", "00/000", "data/000", "0/000/",
    ):  # fmt: skip
        assert outside.get(f"/log/tile/{path}")[0] == 404, path


def test_proofs_are_served(outside: Outside) -> None:
    key = VerifierKey.parse(outside.vkey)
    with SqliteLog(outside.home / "log.db") as log:
        for seq in (0, 9, 255, 256, 305):
            status, headers, body = outside.get(f"/log/proof/{seq}")
            assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
            assert body.decode() == Proof.make(seq, outside.note, log.node).text()
            ((_, entry, _),) = log.entries(seq, seq + 1)
            found = Proof.parse(body.decode()).check(entry, key)
            assert [one.code for one in found] == ["signed", "included"]
    assert outside.get("/log/proof/306")[0] == 404


def test_facts_are_served_and_never_stored(outside: Outside) -> None:
    def facts(path: str) -> tuple[int, Any, bytes]:
        status, headers, body = outside.get(f"/log/facts/{path}")
        if status in (200, 410, 451):
            assert headers["Cache-Control"] == "no-store"
        return status, headers, body

    status, headers, body = facts("9")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert {disclosure.read(text).name for text in json.loads(body)} == {
        "id",
        "new",
        "kind",
        "name",
    }
    for seq in (PART_WITHHELD, PART_ERASED):
        assert len(json.loads(facts(str(seq))[2])) == 3
    assert len(json.loads(facts(str(RELEASED))[2])) == 4
    status, headers, body = facts(str(ALL_ERASED))
    assert (status, body) == (410, b"E6: erased by E303 (child-privacy)\n")
    assert "blocked-by" not in str(headers["Link"])
    status, headers, body = facts(str(ALL_WITHHELD))
    assert (status, body) == (451, b"E5: withheld by E302 (child-privacy)\n")
    assert 'rel="blocked-by"' in str(headers["Link"])
    assert [len(one) for one in json.loads(facts("3-7")[2])] == [3, 3, 0, 0, 4]
    for path in ("306", "300-306", "7-3", "0-256"):
        assert facts(path)[0] == 404, path


def test_pages_and_feeds_lead_to_the_checkpoint(outside: Outside) -> None:
    for path in ("/en/", "/en/records/topic/t9"):
        body = outside.get(path)[2].decode()
        assert body.count('href="/log/checkpoint"') == 2
    for name in ("all.atom", "all.rss", "corrections.atom"):
        body = outside.get(f"/en/feeds/{name}")[2].decode()
        assert 'rel="describedby"' in body
        assert "/log/checkpoint" in body


def test_a_log_without_a_head_takes_nothing_in(outside: Outside, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(outside.folder / "kept", home)
    (home / "head").unlink()
    words = ["retract", "E9", "--reason", "archive-error", "--note", "Wrong"]
    said = outside.archive("--home", str(home), *words, exit_code=1)
    assert "archive sign --adopt FILE" in said
    assert "perhaps the head was lost" in outside.archive("--home", str(home), "sign", "--new", exit_code=1)  # fmt: skip
    (tmp_path / "newest").write_text(outside.note, encoding="utf-8")
    outside.archive("--home", str(home), "sign", "--adopt", str(tmp_path / "newest"))
    assert "1 event recorded" in outside.archive("--home", str(home), *words)
    assert "307 events" in outside.verify("--key", outside.vkey, target=str(home), alarm=False)


def test_a_log_brought_back_from_a_backup_takes_nothing_in(
    outside: Outside, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(outside.folder / "kept", home)
    words = ["retract", "E9", "--reason", "archive-error", "--note", "Wrong"]
    outside.archive("--home", str(home), *words)
    shutil.copyfile(outside.folder / "kept" / "log.db", home / "log.db")
    said = outside.archive("--home", str(home), *words, exit_code=1)
    assert "but a head of 307 was signed" in said
    with SqliteLog(home / "log.db") as log:
        assert log.size == 306
    assert "too-short: log.db: the head of 307 entries" in outside.verify(
        "--key", outside.vkey, target=str(home)
    )


def test_the_sites_own_tiles_are_those_of_the_log() -> None:
    for path in ("0/000", "0/x001/234.p/7", "entries/x001/x002/003", "63/000", "64/000", "0/x000/001", "x/000", "0/1000"):  # fmt: skip
        mine = served_tiles.parse(path)
        try:
            theirs: tiles.Tile | None = tiles.Tile.parse(f"tile/{path}")
        except tiles.NoTile:
            theirs = None
        assert (mine is None) == (theirs is None), path
        if mine and theirs:
            assert (mine.start, mine.end) == (theirs.start, theirs.start + theirs.width)
            for size in (1, 255, 256, 1234 * 256 + 7, 10**9):
                assert mine.fits(size) == theirs.fits(size)
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(70)]
    stored = {(n.level, n.idx): n.hash for n in merkle.grow(0, no_node, leaves)}

    def node(level: int, idx: int) -> bytes:
        return stored[level, idx]

    for size in range(1, 71):
        for seq in range(size):
            assert served_tiles.inclusion(seq, size, node) == merkle.inclusion(seq, size, node)


def test_the_name_of_a_log_is_checked_before_it_is_made(tmp_path: Path, served: Outside) -> None:
    said = served.archive("--home", str(tmp_path / "new"), "init", "--origin", "https://x", exit_code=1)  # fmt: skip
    assert "is no origin" in said
    assert not (tmp_path / "new").exists()
    assert take_apart(served.note)[0].startswith(f"{ORIGIN}\n306\n")
