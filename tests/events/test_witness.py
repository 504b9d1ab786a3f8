"""Asking witnesses: a real one that behaves, over HTTP, and servers that do not."""

from __future__ import annotations

import contextlib
import itertools
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from events import merkle
from events.checkpoint import (
    Checkpoint,
    VerifierKey,
    cosign,
    open_note,
    signed,
    unb64,
    verifier_key,
)
from events.witness import (
    MAX_ANSWER,
    Answer,
    Witness,
    Witnesses,
    WitnessesInvalid,
    ask,
    request,
)
from tests.events.witness_server import ReferenceWitness, serving

ORIGIN = "aberdulas.example/log"
LOG, WITNESS, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
LOG_KEY = verifier_key(ORIGIN, LOG)
WITNESS_KEY = verifier_key("witness.example/w1", WITNESS, witness=True)
OTHER_KEY = verifier_key("witness.example/w2", OTHER, witness=True)
NOW = 1_900_000_000
#: Long enough for a busy machine, where an answer is expected.
PATIENT = 30.0


class Tree:
    """The stored nodes of a tree of 40 leaves; another name gives another tree."""

    def __init__(self, name: str = "leaf", same: int = 0) -> None:
        leaves = [
            merkle.leaf_hash(f"{'leaf' if n < same else name} {n}".encode()) for n in range(40)
        ]
        rows = merkle.grow(0, lambda *at: self.nodes[at], leaves)
        self.nodes = {(row.level, row.idx): row.hash for row in rows}

    def node(self, level: int, idx: int) -> bytes:
        return self.nodes[level, idx]

    def note(self, size: int, key: Ed25519PrivateKey = LOG, origin: str = ORIGIN) -> str:
        return signed(Checkpoint(origin, size, merkle.root(size, self.node)).text(), origin, key)

    def prove(self, size: int) -> Callable[[int], list[bytes]]:
        return lambda old: merkle.consistency(old, size, self.node)


TREE, FORK = Tree(), Tree("another", same=10)


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy this machine has, it is not for its own servers."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def reference(tmp_path: Path) -> ReferenceWitness:
    return ReferenceWitness(
        tmp_path / "witness.db", "witness.example/w1", WITNESS, {ORIGIN: LOG_KEY}, lambda: NOW
    )


@pytest.fixture
def witness(reference: ReferenceWitness) -> Iterator[Witness]:
    with serving(reference) as made:
        yield made


def asked(
    witness: Witness, size: int, tree: Tree = TREE, *, old: int = 0, note: str | None = None
) -> Answer:
    """Ask one witness to cosign the tree at a size."""
    (answer,) = ask(
        [witness], note or tree.note(size), tree.prove(size), known={witness.key: old},
        timeout=PATIENT, clock=lambda: NOW,
    )  # fmt: skip
    return answer


# --- The protocol, with a witness that keeps to it


def test_growth_is_cosigned_step_by_step(witness: Witness, reference: ReferenceWitness) -> None:
    for old, new in itertools.pairwise([0, 1, 2, 3, 7, 8, 9, 31, 32, 40]):
        answer = asked(witness, new, old=old)

        assert (answer.outcome, answer.alarm) == ("cosigned", False)
        opened = open_note(TREE.note(new) + answer.line, [LOG_KEY, WITNESS_KEY])
        assert opened.signers == {LOG_KEY: None, WITNESS_KEY: NOW}
        assert reference.seen(ORIGIN) == (new, merkle.root(new, TREE.node))
    assert len(reference.requests) == 9  # each told its size at the first attempt


def test_the_same_checkpoint_again_is_a_sign_of_life(
    witness: Witness, reference: ReferenceWitness
) -> None:
    assert asked(witness, 0).outcome == asked(witness, 0).outcome == "cosigned"
    assert asked(witness, 7).outcome == asked(witness, 7, old=7).outcome == "cosigned"
    assert asked(witness, 7).outcome == "cosigned"  # though we had forgotten that it knows
    assert reference.seen(ORIGIN)[0] == 7


@pytest.mark.parametrize("believed", [0, 3, 9, 20])
def test_a_witness_that_knows_another_size_is_asked_once_more_from_there(
    witness: Witness, reference: ReferenceWitness, believed: int
) -> None:
    asked(witness, 7)
    answer = asked(witness, 20, old=believed)

    assert answer.outcome == "cosigned"
    assert [body.split(b"\n")[0] for body in reference.requests[1:]] == [
        f"old {believed}".encode(),
        b"old 7",
    ]


def test_a_witness_that_has_seen_more_raises_the_alarm(
    witness: Witness, reference: ReferenceWitness
) -> None:
    asked(witness, 20)
    answer = asked(witness, 7)

    assert (answer.outcome, answer.alarm, answer.line) == ("ahead", True, "")
    assert "cosigned 20 entries" in str(answer)
    assert "restored from a backup" in str(answer)
    assert str(answer).startswith("ALARM: witness.example/w1 ")
    assert reference.seen(ORIGIN)[0] == 20


@pytest.mark.parametrize("old", [0, 20])
def test_a_fork_raises_the_alarm_whatever_its_size(witness: Witness, old: int) -> None:
    asked(witness, 20)
    for size in (20, 21, 40):
        answer = asked(witness, size, FORK, old=old)
        assert (answer.outcome, answer.alarm, answer.line) == ("forked", True, "")
    assert asked(witness, 40, old=20).outcome == "cosigned"


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (TREE.note(5, origin="aberdulas.example/another"), "does not know this log"),
        (TREE.note(5, key=OTHER), "does not take this log's key"),
    ],
)
def test_a_stranger_is_told_whom_to_write_to(witness: Witness, note: str, words: str) -> None:
    answer = asked(witness, 5, note=note)

    assert (answer.outcome, answer.alarm) == ("stranger", False)
    assert words in str(answer)


def test_a_wrong_path_is_not_found(witness: Witness) -> None:
    wrong = witness._replace(url=witness.url.removesuffix("/w") + "/elsewhere")

    assert asked(wrong, 5).outcome == "stranger"


def test_requests_are_the_ones_that_are_published() -> None:
    """The request bodies in the tests of a public witness, its log signed by its key."""
    origin = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
    key = VerifierKey.parse(f"{origin}+5202289b+Af/cLU2Y5BJNP+r3iMDC+av9eWCD0fBJVDfzAux5zxAP")
    lines = {
        1: "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=",
        3: "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=",
        5: "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=",
    }
    proofs = {
        3: "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nKgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        5: "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=\n"
        "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    }
    roots = {
        1: "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        3: "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
        5: "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
    }
    leaves = [bytes([42, n]).ljust(32, b"\0") for n in range(5)]
    nodes: dict[tuple[int, int], bytes] = {}
    for row in merkle.grow(0, lambda *at: nodes[at], leaves):
        nodes[row.level, row.idx] = row.hash
    for size, line in lines.items():
        root = merkle.root(size, lambda *at: nodes[at])
        note = f"{Checkpoint(origin, size, root).text()}\n— {origin} {line}\n"
        proof = merkle.consistency(1, size, lambda *at: nodes[at])

        assert root == unb64(roots[size])
        assert open_note(note, [key]).signers == {key: None}
        assert request(1, proof, note) == f"old 1\n{proofs.get(size, '')}\n{note}".encode()


def test_no_proof_is_longer_than_a_witness_takes() -> None:
    assert request(1, [bytes(32)] * 63, "note").count(b"\n") == 65
    with pytest.raises(ValueError, match="more than a witness takes"):
        request(1, [bytes(32)] * 64, "note")


def test_racing_heads_never_roll_a_witness_back(
    witness: Witness, reference: ReferenceWitness
) -> None:
    """Whichever of many requests at once comes first, what the witness has seen only grows."""
    answers: dict[int, Answer] = {}

    def push(size: int) -> None:
        answers[size] = asked(witness, size)

    threads = [threading.Thread(target=push, args=(size,)) for size in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    cosigned = [size for size, answer in answers.items() if answer.line]
    for size in cosigned:
        assert open_note(TREE.note(size) + answers[size].line, [WITNESS_KEY])
    assert {answer.outcome for answer in answers.values()} <= {"cosigned", "ahead", "refused"}
    assert reference.seen(ORIGIN) == (max(cosigned), merkle.root(max(cosigned), TREE.node))


# --- Servers that do not keep to it

Talk = Callable[[socket.socket], None]


@contextlib.contextmanager
def talking(talk: Talk) -> Iterator[Witness]:
    """Serve whatever ``talk`` sends after a request has come in whole."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            while (line := self.rfile.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            with contextlib.suppress(OSError):
                talk(self.connection)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield Witness(f"http://127.0.0.1:{server.server_address[1]}", WITNESS_KEY)
        finally:
            server.shutdown()


def answer(status: str, body: str | bytes = b"", *headers: str) -> Talk:
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", "Connection: close", *headers]
    return lambda connection: connection.sendall("\r\n".join([*lines, "", ""]).encode() + raw)


TEXT = Checkpoint(ORIGIN, 7, merkle.root(7, TREE.node)).text()
GOOD = cosign(TEXT, "witness.example/w1", WITNESS, NOW)
STRANGER = cosign(TEXT, "witness.example/w2", OTHER, NOW)
ELSEWHERE = f"extension\n\n{cosign(TEXT + chr(10) + 'extension' + chr(10), 'witness.example/w1', WITNESS, NOW)}"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (GOOD, "cosigned"),
        (STRANGER + GOOD, "cosigned"),
        (GOOD + STRANGER, "cosigned"),
        (cosign(TEXT, "witness.example/w1", WITNESS, NOW + 300), "cosigned"),
        (cosign(TEXT, "witness.example/w1", WITNESS, 1), "cosigned"),
        (cosign(TEXT, "witness.example/w1", WITNESS, NOW + 301), "garbled"),
        (cosign(TEXT, "witness.example/w1", WITNESS, 2**63 - 1), "garbled"),
        (cosign(TEXT, "witness.example/w1", OTHER, NOW), "garbled"),
        (cosign(TEXT.replace("7", "8", 1), "witness.example/w1", WITNESS, NOW), "garbled"),
        (STRANGER, "garbled"),
        (GOOD[:-1], "garbled"),
        (GOOD + "\n", "garbled"),
        ("\n" + GOOD, "garbled"),
        (ELSEWHERE, "garbled"),
        (GOOD.replace("=", ""), "garbled"),
        (GOOD + "junk\n", "garbled"),
        (b"\xff" + GOOD.encode(), "garbled"),
        ("", "garbled"),
        ("<html>", "garbled"),
        (GOOD + STRANGER * 1000, "garbled"),  # more than an answer may have
        ("x" * (MAX_ANSWER + 1), "garbled"),
    ],
)
def test_only_a_cosignature_of_this_witness_on_this_checkpoint_counts(
    body: str | bytes, outcome: str
) -> None:
    with talking(answer("200 OK", body)) as witness:
        got = asked(witness, 7)

    assert got.outcome == outcome, got
    assert got.line in ({""} if outcome == "garbled" else {got.line})
    if got.line:
        assert open_note(f"{TEXT}\n{got.line}", [WITNESS_KEY]).text == TEXT
        assert STRANGER not in got.line


@pytest.mark.parametrize(
    ("talk", "outcome", "words"),
    [
        (answer("400 Bad Request"), "refused", "could not read"),
        (answer("409 Conflict", "7\n"), "forked", "another tree of 7 entries"),
        (answer("409 Conflict", "3\n"), "refused", "changed its mind"),
        (answer("409 Conflict", "8\n"), "ahead", "cosigned 8 entries"),
        (answer("409 Conflict", "007\n"), "garbled", "did not say which size"),
        (answer("409 Conflict", "9" * 5000), "garbled", "did not say which size"),
        (answer("409 Conflict", b"\xff"), "garbled", "did not say which size"),
        (answer("409 Conflict"), "garbled", "did not say which size"),
        (answer("301 Moved", "", "Location: http://127.0.0.1:9/"), "garbled", "301"),
        (answer("307 Moved", "", "Location: file:///etc/passwd"), "garbled", "307"),
        (answer("204 No Content"), "garbled", "204"),
        (answer("500 Oops", "x" * 100_000), "garbled", "more than"),
        (answer("503 Busy"), "garbled", "503"),
        (answer("abc OK"), "unreachable", "cannot be reached"),
        (lambda connection: connection.sendall(b"220 smtp ready\r\n"), "unreachable", "cannot"),
        (lambda connection: connection.close(), "unreachable", "cannot be reached"),
        (lambda connection: connection.sendall(b"X: y\r\n" * 20_000), "unreachable", "cannot"),
    ],
)  # fmt: skip
def test_whatever_else_a_server_says_is_put_into_words(
    talk: Talk, outcome: str, words: str
) -> None:
    with talking(talk) as witness:
        got = asked(witness, 7, old=3)

    assert (got.outcome, got.line) == (outcome, "")
    assert words in str(got)


def test_a_witness_that_says_it_knows_our_size_has_another_tree() -> None:
    with talking(answer("409 Conflict", "7\n")) as witness:
        got = asked(witness, 7, old=7)

    assert (got.outcome, got.alarm) == ("forked", True)
    assert "two heads that disagree" in str(got)


def dribble(connection: socket.socket) -> None:
    """Send a header that never ends, a byte at a time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def silence(connection: socket.socket) -> None:
    """Say nothing until the other side gives up."""
    connection.recv(1)


@pytest.mark.parametrize("talk", [dribble, silence])
def test_a_slow_witness_takes_no_more_than_its_time(talk: Talk) -> None:
    with talking(talk) as witness:
        start = time.monotonic()
        (got,) = ask([witness], TREE.note(7), TREE.prove(7), timeout=0.3)

        assert time.monotonic() - start < 5
    assert (got.outcome, got.line) == ("unreachable", "")


def test_a_witness_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    got = asked(Witness(f"http://127.0.0.1:{port}", WITNESS_KEY), 7)

    assert got.outcome == "unreachable"
    assert str(got).startswith("witness.example/w1 cannot be reached")


def test_witnesses_are_asked_at_once_and_answer_in_the_order_of_the_list(
    witness: Witness,
) -> None:
    with talking(silence) as first, talking(answer("404 No")) as third:
        slow = Witness(first.url, OTHER_KEY)
        start = time.monotonic()
        got = ask(
            [slow, witness, third, slow], TREE.note(7), TREE.prove(7), timeout=2, clock=lambda: NOW
        )

        assert time.monotonic() - start < 6
    assert [each.outcome for each in got] == ["unreachable", "cosigned", "stranger", "unreachable"]
    assert [each.witness for each in got] == [OTHER_KEY.name, *[WITNESS_KEY.name] * 2, OTHER_KEY.name]  # fmt: skip


def test_nobody_to_ask_is_no_answer() -> None:
    assert ask([], TREE.note(7), TREE.prove(7)) == []


# --- The file of witnesses

FILE = f"""
# Who watches this log.
quorum 1   # of two

https://witness.example/w1/  {WITNESS_KEY}
http://[::1]:8080/w2 {OTHER_KEY} # over a tunnel
"""


def test_a_file_names_witnesses_and_a_quorum() -> None:
    found = Witnesses.parse(FILE)

    assert found.quorum == 1
    assert [(each.url, each.name, each.key) for each in found.members] == [
        ("https://witness.example/w1", "witness.example/w1", WITNESS_KEY),
        ("http://[::1]:8080/w2", "witness.example/w2", OTHER_KEY),
    ]


def test_without_a_file_nobody_is_asked(tmp_path: Path) -> None:
    assert Witnesses.load(tmp_path / "witnesses") == Witnesses() == Witnesses((), 0)
    (tmp_path / "witnesses").write_text(FILE, encoding="utf-8")
    assert Witnesses.load(tmp_path / "witnesses") == Witnesses.parse(FILE)


@pytest.mark.parametrize(
    ("names", "lacking"),
    [
        ([], 2),
        (["witness.example/w1"], 1),
        (["witness.example/w1", "witness.example/w1", "stranger"], 1),
        (["witness.example/w1", "witness.example/w2"], 0),
    ],
)
def test_a_quorum_counts_each_witness_once(names: list[str], lacking: int) -> None:
    assert Witnesses.parse(FILE)._replace(quorum=2).lacking(names) == lacking


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("https://witness.example/w1", "a URL and a verifier key"),
        (f"https://witness.example/w1 {WITNESS_KEY} x", "a URL and a verifier key"),
        (f"ftp://witness.example/w1 {WITNESS_KEY}", "http or https"),
        (f"file:///etc/passwd {WITNESS_KEY}", "http or https"),
        (f"witness.example/w1 {WITNESS_KEY}", "http or https"),
        (f"https:///w1 {WITNESS_KEY}", "http or https"),
        (f"https://user:secret@witness.example/ {WITNESS_KEY}", "http or https"),
        (f"https://witness.example:port/ {WITNESS_KEY}", "is no URL"),
        (f"https://[::1/ {WITNESS_KEY}", "is no URL"),
        (f"https://witness.example/?q {WITNESS_KEY}", "more than a host and a path"),
        (f"https://wítness.example/ {WITNESS_KEY}", "more than a host and a path"),
        (f"https://witness.example/ {WITNESS_KEY}x", "base64"),
        (f"https://witness.example/ {LOG_KEY}", "not a witness's"),
        (f"https://a.example/ {WITNESS_KEY}\nhttps://b.example/ {WITNESS_KEY}", "twice"),
        ("quorum", "one number"),
        ("quorum one", "no number"),
        ("quorum 1 2", "one number"),
        ("quorum 0\nquorum 0", "one number"),
    ],
)
def test_a_bad_line_is_named(line: str, words: str) -> None:
    with pytest.raises(WitnessesInvalid, match=words) as caught:
        Witnesses.parse(f"# comment\n{line}\n")
    last = line.count("\n") + 2
    assert str(caught.value).startswith(f"line {last} of the witnesses: ")


def test_a_quorum_that_cannot_be_reached_is_refused() -> None:
    with pytest.raises(WitnessesInvalid, match="the quorum is 3, but only 2"):
        Witnesses.parse(FILE.replace("quorum 1", "quorum 3"))


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    for path in (tmp_path, tmp_path / "latin"):
        with pytest.raises(WitnessesInvalid, match="cannot be read"):
            Witnesses.load(path)


@given(st.text())
def test_any_file_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(WitnessesInvalid):
        Witnesses.parse(text)
