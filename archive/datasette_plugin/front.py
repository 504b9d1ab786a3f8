"""The front page of the tables: what there is, sorted by what one wants to know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

#: Tables and views under their headings; what a newcomer needs first comes first, the proofs of the log last.
TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Everything", ("records", "timeline", "search", "topics", "record_topics")),
    ("Who", ("people", "posts", "tenures", "organisations", "places", "names")),
    ("Promises and duties", ("commitment_status", "commitments", "readings", "outcomes")),
    (
        "What was said and done",
        ("statements", "developments", "participants", "meetings", "documents"),
    ),
    ("Numbers", ("figures", "measures")),
    ("Where it is written", ("sources", "source_topics", "evidence")),
    (
        "Doubt and change",
        ("conflicts", "corrections", "removals", "assertions", "versions"),
    ),
    ("The log", ("events", "event_records", "feed_entries", "log_position")),
    (
        "Proof of the log, for programs",
        ("checkpoints", "log_entries", "log_nodes", "fixity_checks"),
    ),
)

QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Promises and duties",
        (
            "what-was-due",
            "deadlines-by-status",
            "promised-and-not-heard-of",
            "how-a-deadline-moved",
            "verdicts-that-depend-on-the-reading",
        ),
    ),
    (
        "People and bodies",
        (
            "who-held-a-post",
            "gaps-in-a-post",
            "what-somebody-said",
            "a-body-under-all-its-names",
        ),
    ),
    (
        "Events, documents and numbers",
        (
            "find-words",
            "timeline-with-proof",
            "documents-and-answers",
            "figures-over-time",
            "figures-that-compete",
        ),
    ),
    (
        "How far to trust it",
        (
            "where-sources-disagree",
            "what-rests-on-one-source",
            "what-we-inferred",
            "coverage-by-month",
        ),
    ),
    (
        "What was known when",
        (
            "what-the-public-could-know",
            "a-record-as-it-was-known",
            "what-the-archive-no-longer-says",
            "corrections-by-reason",
        ),
    ),
)

#: The heading of what is in no group: tables that somebody added to a copy of their own.
OTHER = "Others"


class Group(NamedTuple):
    """A heading, and the names below it."""

    heading: str
    names: tuple[str, ...]


def grouped(wanted: Iterable[tuple[str, tuple[str, ...]]], there: Iterable[str]) -> list[Group]:
    """Return the groups of what is there, and at the end whatever has no group."""
    left = dict.fromkeys(there)
    groups = []
    for heading, names in wanted:
        present = tuple(name for name in names if name in left)
        groups.append(Group(heading, present))
        for name in present:
            del left[name]
    return [group for group in (*groups, Group(OTHER, tuple(left))) if group.names]


def first_sentence(about: Mapping[str, str]) -> str:
    """Return the first sentence of a table's description."""
    return about.get("description", "").split(". ")[0].rstrip(".")
