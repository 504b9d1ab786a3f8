"""Witnesses: others who cosign the log's checkpoint, so that "immutable" need not be taken on our word.

C2SP tlog-witness 1.0.0 over HTTP, Ed25519 cosignatures of C2SP tlog-cosignature. A witness that does not
answer never stops the log; it is named in the answer instead. One that contradicts the log is an alarm.
"""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from events.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    VerifierKey,
    b64,
    number,
    open_note,
    take_apart,
)
from events.errors import CodecError, EventsError

#: Seconds for one request, from looking up the name to the last byte of the answer.
TIMEOUT = 5.0
#: A cosignature line has about 150 bytes; more than this is not an answer but an attack.
MAX_ANSWER = 64_000
#: Seconds by which a witness's clock may be ahead of ours.
SKEW = 300
#: tlog-witness allows no more lines of proof; a tree of 2^63 entries needs no more.
MAX_PROOF = 63

#: Gives the consistency proof from an older size to the size of the checkpoint in question.
Prove = Callable[[int], Sequence[bytes]]
#: What a request came to: status and body, or why there is none.
Reply = tuple[int, bytes] | str

Outcome = Literal[
    "cosigned",  # the only one that brings a cosignature
    "ahead",  # it has cosigned more entries than we have: an alarm
    "forked",  # it says that we do not extend what it has cosigned: an alarm
    "stranger",  # it does not know this log, or not this key
    "refused",  # it found fault with the request
    "garbled",  # it answered what the protocol does not allow
    "unreachable",  # no answer in time
]
#: What to do when a witness contradicts the log.
STOP = ": sign nothing more, keep all files, and compare them with what was published"
#: What the statuses of tlog-witness mean that need no look at the body.
STATUSES: dict[int, tuple[Outcome, str]] = {
    400: ("refused", "could not read the request (400)"),
    403: ("stranger", "does not take this log's key: send its operator the verifier key"),
    404: ("stranger", "does not know this log: ask its operator to add it, and check the URL"),
    422: ("forked", "says that this head does not extend what it has cosigned" + STOP),
}


class WitnessesInvalid(EventsError):
    """The file of witnesses cannot be used; the message names the line."""


class Witness(NamedTuple):
    """One witness: where checkpoints are submitted, and the key its cosignatures are checked with."""

    url: str
    key: VerifierKey

    @property
    def name(self) -> str:
        """The witness's name, which is its key's."""
        return self.key.name

    @staticmethod
    def parse(text: str) -> Witness:
        """Read ``URL verifier-key`` or raise CodecError."""
        parts = text.split()
        if len(parts) != 2:
            raise CodecError("a URL and a verifier key are expected, with a space between")
        url, key = parts[0].rstrip("/"), VerifierKey.parse(parts[1])
        if key.kind != COSIGNATURE:
            raise CodecError(f"the key of {key.name} is a log's key, not a witness's (type 4)")
        try:
            split = urllib.parse.urlsplit(url)
            host, _ = split.hostname, split.port  # reading the port checks it
        except ValueError as error:
            raise CodecError(f"{url} is no URL: {error}") from None
        if split.scheme not in {"http", "https"} or not host or "@" in split.netloc:
            raise CodecError(f"{url} is not the http or https address of a witness")
        if split.query or split.fragment or not url.isascii():
            raise CodecError(f"{url} has more than a host and a path")
        return Witness(url, key)


class Witnesses(NamedTuple):
    """The witnesses that are asked, and how many of them a checkpoint should have (0: none is needed)."""

    members: tuple[Witness, ...] = ()
    quorum: int = 0

    def lacking(self, cosigned_by: Iterable[str]) -> int:
        """Return how many cosignatures the quorum still lacks."""
        found = {member.name for member in self.members}.intersection(cosigned_by)
        return max(0, self.quorum - len(found))

    @staticmethod
    def parse(text: str) -> Witnesses:
        """Read a file of witnesses: ``URL verifier-key`` a line, ``quorum N``, comments after ``#``.

        Raises WitnessesInvalid naming the line.
        """
        members: dict[str, Witness] = {}
        quorum: int | None = None
        for place, line in enumerate(text.splitlines(), 1):
            words = line.split("#")[0].split()
            try:
                match words:
                    case []:
                        continue
                    case ["quorum", count] if quorum is None:
                        quorum = number(count)
                    case ["quorum", *_]:
                        raise CodecError("one quorum, one number")
                    case _:
                        witness = Witness.parse(" ".join(words))
                        if witness.name in members:
                            raise CodecError(f"{witness.name} is there twice")
                        members[witness.name] = witness
            except CodecError as error:
                raise WitnessesInvalid(f"line {place} of the witnesses: {error}") from None
        if (quorum or 0) > len(members):
            raise WitnessesInvalid(
                f"the quorum is {quorum}, but only {len(members)} witnesses are named"
            )
        return Witnesses(tuple(members.values()), quorum or 0)

    @staticmethod
    def load(path: Path) -> Witnesses:
        """Read the file of witnesses; where there is none, nobody is asked."""
        try:
            return Witnesses.parse(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Witnesses()
        except (OSError, UnicodeDecodeError) as error:
            raise WitnessesInvalid(f"{path} cannot be read: {error}") from None


class Answer(NamedTuple):
    """What came of asking a witness: an outcome, its sentence, and the cosignature line if there is one."""

    witness: str
    outcome: Outcome
    message: str
    line: str = ""

    @property
    def alarm(self) -> bool:
        """Whether the witness contradicts the log: people must be told, not only the log file."""
        return self.outcome in {"ahead", "forked"}

    def __str__(self) -> str:
        return f"{'ALARM: ' if self.alarm else ''}{self.witness} {self.message}"


def ask(
    witnesses: Sequence[Witness],
    note: str,
    prove: Prove,
    *,
    known: Mapping[VerifierKey, int] | None = None,
    timeout: float = TIMEOUT,
    clock: Callable[[], float] = time.time,
) -> list[Answer]:
    """Ask witnesses, all at once, to cosign a signed checkpoint; return an answer of each, in order.

    ``known`` is the size each is believed to have cosigned last (0 by default); one that knows another
    size is asked once more from there. ``prove`` is only called in the calling thread. Submitting the
    same checkpoint again is allowed, and serves as a sign of life. Raises CodecError only for a note
    that is none.
    """
    text, _ = take_apart(note)
    Checkpoint.parse(text)
    olds = {at: (known or {}).get(witness.key, 0) for at, witness in enumerate(witnesses)}
    answers: dict[int, Answer] = {}
    for _ in range(2):
        bodies = {at: request(old, prove(old) if old else (), note) for at, old in olds.items()}
        for at, reply in _round(witnesses, bodies, timeout).items():
            found = _judge(witnesses[at], text, olds.pop(at), reply, clock())
            if isinstance(found, Answer):
                answers[at] = found
            else:
                olds[at] = found
    for at in olds:
        message = "changed its mind about the size it knows: repeat"
        answers[at] = Answer(witnesses[at].name, "refused", message)
    return [answers[at] for at in range(len(witnesses))]


def request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of ``add-checkpoint``: old size, consistency proof, blank line, checkpoint."""
    if len(proof) > MAX_PROOF:
        raise ValueError(f"{len(proof)} lines of proof are more than a witness takes")
    return "".join([f"old {old}\n", *(f"{b64(step)}\n" for step in proof), "\n", note]).encode()


def _round(
    witnesses: Sequence[Witness], bodies: Mapping[int, bytes], timeout: float
) -> dict[int, Reply]:
    """Post to some of the witnesses at once; return the replies when all are in, or time is up."""
    replies: dict[int, Reply] = dict.fromkeys(bodies, f"gave no answer within {timeout:g} s")

    def post(at: int) -> None:
        replies[at] = _post(witnesses[at].url, bodies[at], timeout)

    # A socket's time limit starts anew with every byte, so a witness could keep us for days; we wait
    # for the threads only so long, and as daemons they keep no program from ending.
    threads = [threading.Thread(target=post, args=(at,), daemon=True) for at in bodies]
    end = time.monotonic() + timeout
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(replies)


def opener() -> urllib.request.OpenerDirector:
    """Return an opener for http and https alone: no redirects, no files, no credentials."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _post(url: str, body: bytes, timeout: float) -> Reply:
    headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "powys-archive"}
    message = urllib.request.Request(  # noqa: S310 (Witness.parse lets only http and https pass)
        f"{url}/add-checkpoint", data=body, headers=headers, method="POST"
    )
    try:
        try:
            with opener().open(message, timeout=timeout) as response:
                return response.status, response.read(MAX_ANSWER + 1)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(MAX_ANSWER + 1)
    except urllib.error.URLError as error:
        return f"cannot be reached: {error.reason}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"cannot be reached: {str(error) or type(error).__name__}"


def _judge(witness: Witness, text: str, old: int, reply: Reply, now: float) -> Answer | int:
    """Return what a reply says, or the size to ask again from."""
    if isinstance(reply, str):
        return Answer(witness.name, "unreachable", reply)
    status, body = reply
    if len(body) > MAX_ANSWER:
        return Answer(witness.name, "garbled", f"answered with more than {MAX_ANSWER} bytes")
    if status == 200:
        return _cosigned(witness, text, body, now)
    if status == 409:
        return _conflict(witness, Checkpoint.parse(text).size, old, body)
    unknown: tuple[Outcome, str] = ("garbled", f"answered with the HTTP status {status}")
    return Answer(witness.name, *STATUSES.get(status, unknown))


def _cosigned(witness: Witness, text: str, body: bytes, now: float) -> Answer:
    """Check a cosignature; lines of other keys are passed over, as tlog-witness demands."""
    key = witness.key
    try:
        note = f"{text}\n{body.decode()}"
        found = open_note(note, [key])
    except (CodecError, UnicodeDecodeError) as error:
        return Answer(key.name, "garbled", f"did not answer with its cosignature: {error}")
    # With a blank line in its answer, a witness could make us check its signature over another text.
    if found.text != text:
        return Answer(key.name, "garbled", "cosigned another text than this checkpoint")
    ahead = (found.signers[key] or 0) - now
    if ahead > SKEW:
        message = f"cosigned {ahead:.0f} s in the future: one of the two clocks is wrong"
        return Answer(key.name, "garbled", message)
    mine = [raw for name, raw in take_apart(note)[1] if (name, raw[:4]) == (key.name, key.id)]
    return Answer(key.name, "cosigned", "cosigned", f"— {key.name} {b64(mine[-1])}\n")


def _conflict(witness: Witness, size: int, old: int, body: bytes) -> Answer | int:
    """Read the size a witness knows; one that this head cannot grow from is an alarm."""
    try:
        known = number(body.decode().removesuffix("\n"))
    except (CodecError, UnicodeDecodeError):
        return Answer(witness.name, "garbled", "did not say which size it has cosigned (409)")
    if known > size:
        message = (
            f"has cosigned {known} entries of this log, but this head has {size}; another head was"
            f" signed elsewhere, or this one was restored from a backup{STOP}"
        )
        return Answer(witness.name, "ahead", message)
    if known == size == old:  # it knows our size, and we said so: only the roots can differ
        message = (
            f"has cosigned another tree of {size} entries under this log's name, so two heads that"
            f" disagree were signed{STOP}"
        )
        return Answer(witness.name, "forked", message)
    return known
