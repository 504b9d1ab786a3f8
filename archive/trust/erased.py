"""What was erased is known again when somebody records it anew, though nobody can read here what it was.

Of each event that an erasure takes, a code is kept over its content, and over the slug of the record that goes
with it: HMAC-SHA-256 (RFC 2104) under a secret of this home. Without the secret nobody can even try out guesses.
Both files are private, in no backup, no export and no table; where they are lost, nothing is known again.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from archive.keeping.folders import sync_folder
from archive.rebuilding.scratch import scratch
from events import codec
from events.codec import strict_json
from events.envelope import NewEvent
from events.errors import CodecError, InvalidEvent, LogError
from events.head import KEYS
from events.log import SqliteLog

#: In the home: the codes, a line each; in its folder of keys: the secret, 32 random bytes in hexadecimal.
ERASED, SECRET = "erased.jsonl", "erased.key"

Kind = Literal["content", "record"]


class Erased:
    """The codes of one home, as they stood when this was made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._codes: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError):
            for line in (folder / ERASED).read_bytes().splitlines():
                with contextlib.suppress(
                    CodecError
                ):  # torn by a crash: before the act was recorded
                    row = strict_json(line, max_bytes=1000)
                    if isinstance(row, dict) and type(row.get("event")) is int:
                        self._codes[str(row.get("code"))] = row["event"]

    def content(self, event: NewEvent) -> int | None:
        """Return the number of the event with this content that was to be erased; None for no such event."""
        return self._find("content", codec.content_key(event))

    def record(self, slug: str) -> int | None:
        """Return the number of the event that recorded this slug and was to be erased; None for none."""
        return self._find("record", slug)

    def _find(self, kind: Kind, text: str) -> int | None:
        return self._codes.get(_code(_secret(self._folder), kind, text)) if self._codes else None


def remember(folder: Path, log: SqliteLog, seqs: Iterable[int]) -> None:
    """Keep the codes of events that are about to be erased, durably; raise LogError when the disk refuses."""
    try:
        secret = _secret(folder)
        lines = [
            json.dumps({"event": seq, "code": _code(secret, kind, text)}, separators=(",", ":"))
            for seq in seqs
            for kind, text in _marks(log, seq)
        ]
        with os.fdopen(
            os.open(folder / ERASED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a"
        ) as file:
            file.write("".join(f"\n{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(folder)
    except OSError as error:
        raise LogError(
            f"nothing was erased: {folder / ERASED} cannot be written: {error}"
        ) from error


def _marks(log: SqliteLog, seq: int) -> Iterator[tuple[Kind, str]]:
    """Yield what an event is known by: all that it says, while it is whole; the slug it has, while it has one."""
    ((_, envelope, items),) = log.entries(seq, seq + 1)
    event = codec.unseal(seq, envelope, items)
    if isinstance(slug := event.payload.get("id"), str):
        yield "record", slug
    if not event.missing:
        with contextlib.suppress(
            InvalidEvent
        ):  # of an older vocabulary: it cannot be recorded anew
            yield (
                "content",
                codec.content_key(codec.build(event.type, event.payload, event.evidence)),
            )


def _code(secret: bytes, kind: Kind, text: str) -> str:
    return hmac.digest(secret, f"{kind}:{text}".encode(), "sha256").hex()


def _secret(folder: Path) -> bytes:
    """Return the secret of a home, made on first use."""
    path = folder / KEYS / SECRET
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # Whole or not at all: codes under half a secret, or none, could be guessed.
        with scratch(path.parent, ".erased-") as space:
            draft = space / SECRET
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was faster
                path.hardlink_to(draft)
        sync_folder(path.parent)
    data = path.read_bytes()
    if not re.fullmatch(rb"[0-9a-f]{64}", data):
        raise LogError(
            f"{path} is not the secret that was written: bring it back from a copy of the keys"
        )
    return bytes.fromhex(data.decode())
