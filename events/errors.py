"""One tree of errors for the log; each message says what is wrong, where, and what to do."""

from __future__ import annotations


class EventsError(Exception):
    """Anything the log refuses or cannot do. ``str(error)`` is a sentence for a person."""


class InvalidEvent(EventsError):
    """An event breaks a rule of the vocabulary.

    ``field`` is the RFC 6901 pointer of the offending part of the payload (``""`` for the whole).
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.problem = message
        self.field = field


class CodecError(EventsError):
    """Stored or received bytes are not what the format allows."""


class UnknownVersion(CodecError):
    """An event was written by a newer program than this one."""


class LogError(EventsError):
    """The log file cannot be used as it is."""


class LogDamaged(LogError):
    """Stored bytes contradict their own hashes: stop, restore from a backup, tell people."""


class StaleHead(EventsError):
    """Others appended since the caller looked; ``between`` names what came in."""

    def __init__(self, expected: int, size: int, between: list[str]) -> None:
        names = ", ".join(between[:5]) + (", …" if len(between) > 5 else "")
        super().__init__(
            f"the log has {size} events, you last saw {expected}; in between came {names or 'nothing'}"
            " - look again and repeat"
            if size > expected
            else f"the log has {size} events, but {expected} were expected: is this another log?"
        )
        self.expected = expected
        self.size = size
        self.between = between


class KeyReused(EventsError):
    """An idempotency key was used before for other content."""


class OutcomeUnknown(EventsError):
    """The disk failed during COMMIT: the events may or may not be stored.

    Repeat the same call with the same key; it stores them once, whatever happened.
    """
