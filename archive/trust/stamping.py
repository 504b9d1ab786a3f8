"""When was it there, at the latest? RFC 3161 timestamps of the signed head, by an authority outside.

A witness says that it saw one history; a timestamp, that this head was there by then. Each is kept beside the
very checkpoint it is of, in the folder ``timestamps`` of the home, and asked for only when a person says so.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from rfc3161_client import (
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from archive.home import Home
from archive.keeping.backup import synced, told
from archive.keeping.folders import make_folder, sync_folder
from events.checkpoint import Checkpoint, take_apart
from events.errors import CodecError, EventsError
from events.witness import opener

#: In the home: the stamps, ``<size>-<root>.tsr`` each (DER, RFC 3161 s2.4.2), with their checkpoints.
STAMPS, TOKEN, NOTE = "timestamps", ".tsr", ".checkpoint"
#: Seconds to wait for an authority, and the most that is read of its answer: certificates may be in it.
TIMEOUT, MAX_ANSWER = 20.0, 200_000
_NAME = re.compile(r"([0-9]+)-[0-9a-f]{8}")


class CannotStamp(EventsError):
    """There is no timestamp, or it is not what it claims to be; the head is signed all the same."""


class Stamp(NamedTuple):
    """A timestamp: the note of the checkpoint it is of, and the authority's response (DER)."""

    note: str
    token: bytes


def stamp(home: Home, note: str, url: str, *, timeout: float = TIMEOUT) -> datetime:
    """Have an authority stamp a signed head, and keep it; return its time (UTC).

    A head that has a stamp already is not stamped again: the earlier one says more. Raises CannotStamp where
    the authority cannot be reached, refuses, or answers something else; CannotKeep where the disk does.
    """
    head = Checkpoint.parse(take_apart(note)[0])
    place = home.path / STAMPS / f"{head.size}-{head.root.hex()[:8]}{TOKEN}"
    if place.exists():
        return _time(_decoded(place.read_bytes()))
    text = _stamped(note)
    request = TimestampRequestBuilder().data(text).build()
    token = _post(url, request.as_bytes(), timeout)
    answer = _decoded(token)
    imprint = answer.tst_info.message_imprint.message
    if imprint != hashlib.sha512(text).digest() or answer.tst_info.nonce != request.nonce:
        raise CannotStamp(f"{url} has stamped something else than this head")
    with told(f"the timestamp could not be kept in {place.parent}"):
        make_folder(place.parent)
        # The stamp comes last: where one is, its checkpoint is.
        for path, data in ((place.with_suffix(NOTE), note.encode()), (place, token)):
            draft = path.with_name(f"{path.name}.new")
            draft.write_bytes(data)
            synced(draft)
            draft.replace(path)
            sync_folder(place.parent)
    return _time(answer)


def newest(folder: Path) -> Path | None:
    """Return the stamp of the largest head in a folder; None where there is none."""
    found = [
        (int(match[1]), path)
        for path in folder.glob(f"*{TOKEN}")
        if (match := _NAME.fullmatch(path.stem))
    ]
    return max(found)[1] if found else None


def read(path: Path, note: str = "") -> Stamp:
    """Read a stamp with the checkpoint beside it; else it is taken to be of ``note``. Raises CannotStamp."""
    beside = path.with_suffix(NOTE)
    try:
        return Stamp(
            beside.read_text(encoding="utf-8") if beside.exists() else note, path.read_bytes()
        )
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStamp(f"{path} cannot be read: {error}") from None


def authority(path: Path) -> list[x509.Certificate]:
    """Read the certificates (PEM) of an authority that the reader trusts; raise CannotStamp."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CannotStamp(f"{path} cannot be read as certificates in PEM: {error}") from None


def check(stamped: Stamp, trusted: list[x509.Certificate]) -> datetime:
    """Return when an authority under one of these certificates saw the checkpoint of a stamp (UTC).

    The certificates need only have been valid then. Raises CannotStamp when it did not.
    """
    answer = _decoded(stamped.token)
    roots = [one for one in trusted if one.issuer == one.subject] or trusted
    between = [one for one in trusted if one not in roots]
    verifier = VerifierBuilder(roots=roots, intermediates=between).build()
    try:
        verifier.verify_message(answer, _stamped(stamped.note))
    except (VerificationError, ValueError) as error:
        raise CannotStamp(f"the timestamp does not hold: {error}") from None
    return _time(answer)


def _stamped(note: str) -> bytes:
    """Return what of a note is stamped: its text without signatures, as it is what witnesses cosign."""
    try:
        return take_apart(note)[0].encode()
    except CodecError as error:
        raise CannotStamp(f"there is no checkpoint that could have been stamped: {error}") from None


def _time(answer: TimeStampResponse) -> datetime:
    time = answer.tst_info.gen_time
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _decoded(token: bytes) -> TimeStampResponse:
    """Take a response apart, which may be anything; raise CannotStamp where it has no token in it."""
    try:
        answer = decode_timestamp_response(token)
        if answer.status != PKIStatus.GRANTED:
            said = "; ".join(answer.status_string) or f"status {answer.status}"
            raise CannotStamp(f"the authority refused: {said[:200]}")
        _ = answer.tst_info.gen_time
    except ValueError as error:
        raise CannotStamp(f"this is no answer of a timestamp authority: {error}") from None
    return answer


def _post(url: str, body: bytes, timeout: float) -> bytes:
    """Send a request as RFC 3161 s3.4 says, and return the answer's body."""
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise CannotStamp(f"{url} is no address of an authority: give it as https://tsa.example")
    headers = {"Content-Type": "application/timestamp-query", "User-Agent": "powys-archive"}
    message = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
    try:
        with opener().open(message, timeout=timeout) as response:
            answer: bytes = response.read(MAX_ANSWER + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise CannotStamp(f"{url} answered with the HTTP status {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CannotStamp(f"{url} cannot be reached: {error}") from None
    if len(answer) > MAX_ANSWER:
        raise CannotStamp(f"{url} answered with more than {MAX_ANSWER} bytes")
    return answer
