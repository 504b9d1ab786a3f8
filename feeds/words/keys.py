"""The names of all that a language says, as types: where a language lacks one, or has one too many, the type
checker says which. A new string is named here first, and then said in `en` and `cy`.
"""

# ruff: noqa: UP013 - a class would have a line for each of these names, and some are no names in Python

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict, TypeVar, cast

from feeds.words.catalogue import FeedWords, PageWords, Section
from feeds.words.plurals import Forms

_T = TypeVar("_T")

Feeds = TypedDict("Feeds", {
    "all": FeedWords, "developments": FeedWords, "corrections": FeedWords, "commitments": FeedWords,
    "removals": FeedWords, "documents": FeedWords, "figures": FeedWords, "meetings": FeedWords,
    "calendar": FeedWords, "topic": FeedWords, "org": FeedWords, "person": FeedWords, "search": FeedWords,
    "feeds": FeedWords, "topics": FeedWords, "orgs": FeedWords, "people": FeedWords,
})  # fmt: skip

Kinds = TypedDict("Kinds", {
    "meeting": str, "doc": str, "statement": str, "development": str, "commitment": str, "outcome": str,
    "tenure": str, "figure": str, "person": str, "org": str, "post": str, "place": str, "topic": str,
    "measure": str, "source": str, "correction/amended": str, "correction/retracted": str,
    "correction/restored": str, "correction/disputed": str, "correction/merged": str, "correction/withheld": str,
    "correction/released": str, "correction/erased": str,
})  # fmt: skip

Terms = TypedDict("Terms", {
    "about": str, "after": str, "amount": str, "area": str, "as_of": str, "attested": str, "author": str,
    "calendar": str, "captured_at": str, "commitment": str, "condition": str, "counts": str, "decision": str,
    "disambiguation": str, "dissolved": str, "document": str, "end": str, "evidence": str, "external_ids": str,
    "finding": str, "found_by": str, "founded": str, "from": str, "gist": str, "happened": str, "held_on": str,
    "interim": str, "kind": str, "lang": str, "made_in": str, "measure": str, "meeting": str, "mode": str,
    "name": str, "names": str, "note": str, "obliged": str, "organisation": str, "outcome": str, "owed_to": str,
    "pages": str, "part_of": str, "participants": str, "party": str, "period": str, "person": str, "post": str,
    "public_capacity": str, "published": str, "publisher": str, "qualifier": str, "quote": str, "readings": str,
    "readings.from": str, "readings.n": str, "readings.on": str, "remit": str, "replaces": str, "responds_to": str,
    "result": str, "said_on": str, "sha256": str, "speaker": str, "speaker_basis": str, "start": str, "status": str,
    "statutory": str, "subject": str, "succeeds": str, "title": str, "title_as_stated": str, "topics": str,
    "unit": str, "until": str, "url": str, "value": str, "what": str,
})  # fmt: skip

Values = TypedDict("Values", {
    "0": str, "1": str, "True": str, "False": str, "abbreviation": str, "about": str, "actual": str,
    "appointed": str, "approved": str, "aspiration": str, "at-least": str, "at-most": str, "budget": str,
    "cancelled": str, "continued": str, "cy": str, "decision": str, "deferred": str, "departed": str, "direct": str,
    "done": str, "elided": str, "en": str, "epithet": str, "estimate": str, "expected": str, "forecast": str,
    "former": str, "forward": str, "funded": str, "held": str, "indirect": str, "inferred": str, "inspected": str,
    "inspection-report": str, "known-as": str, "legislation": str, "less-than": str, "letter": str, "minutes": str,
    "more-than": str, "named": str, "news": str, "not-done": str, "noted": str, "notice": str, "official": str,
    "ombudsman-decision": str, "open": str, "other": str, "partial": str, "partly-done": str, "plan": str,
    "postponed": str, "press-release": str, "promised": str, "pronoun": str, "published": str, "rejected": str,
    "report": str, "required": str, "scheduled": str, "set-up": str, "statutory": str, "submitted": str,
    "superseded": str, "target": str, "transcript": str, "typo": str, "unknown": str, "upheld": str,
    "web-page": str, "withdrawn": str, "wound-up": str, "written-statement": str,
})  # fmt: skip

Units = TypedDict("Units", {
    "GBP": str, "percent": str,
})  # fmt: skip

Reasons = TypedDict("Reasons", {
    "archive-error": str, "source-error": str, "better-evidence": str, "interpretation": str, "duplicate": str,
    "privacy": str, "legal": str, "child-privacy": str, "court-order": str, "data-protection": str,
    "defamation": str, "copyright": str, "mistake": str,
})  # fmt: skip

Titles = TypedDict("Titles", {
    "figure": str, "statutory": str, "required": str, "promised": str, "scheduled": str, "expected": str,
    "aspiration": str, "amended": str, "retracted": str, "partly": str, "restored": str, "merged": str, "open": str,
    "upheld": str, "rejected": str, "undoing": str, "undone": str, "withheld": str, "act withheld": str,
    "act released": str, "act erased": str,
})  # fmt: skip

Verdicts = TypedDict("Verdicts", {
    "due": str, "met": str, "late": str, "missed": str, "unknown": str, "depends on reading": str,
    "superseded": str, "undatable": str, "none": str, "reading met": str, "reading late": str,
    "reading unknown": str,
})  # fmt: skip

Events = TypedDict("Events", {
    "amended": str, "retracted": str, "partly": str, "restored": str, "undoing": str, "open": str, "upheld": str,
    "rejected": str, "merged": str, "first": str, "again": str, "NameRecorded": str, "RecordAmended": str,
    "RecordRetracted": str, "RecordDisputed": str, "EntitiesMerged": str, "TextRedacted": str,
    "TranslationAdded": str, "OutcomeRecorded": str, "undone": str,
})  # fmt: skip

Say = TypedDict("Say", {
    "no_corrections": str, "as_json": str, "calendars": str, "calendars_how": str, "meetings": str,
    "one_topic": str, "all_at_once": str, "all_at_once_how": str, "follow_this": str, "follow_search": str,
    "follow_search_how": str, "follow_found": str,
    "skip": str, "site": str, "about": str, "independent": str, "recorded_on": str, "gone": str, "nothing_yet": str,
    "follow": str, "follow_how": str, "as_atom": str, "as_rss": str, "data": str, "data_how": str, "data_link": str,
    "state_of_log": str, "state_of_empty_log": str, "root": str, "licence": str, "licence_name": str,
    "checkable": str, "checkpoint": str, "rights": str, "what_we_know": str, "evidence": str, "contradicts": str,
    "characters": str, "readings": str, "conflicts": str, "conflict_open": str, "conflict_settled": str,
    "history": str, "names_here": str, "record_row": str, "record_events": str, "withdrawn": str,
    "withdrawn_page": str, "withdrawn_entry": str, "undone_entry": str, "amended": str, "retracted": str,
    "partly": str, "undoing": str, "restored": str, "open": str, "upheld": str, "rejected": str, "merged": str,
    "elsewhere": str, "was": str, "now": str, "added": str, "removed": str, "not_repeated": str,
    "whole_record": str, "about_record": str, "source": str, "original": str, "result_on": str, "not_later": str,
    "number": str, "qualified": str, "colon": str, "role": str, "quote": str, "removals": str, "removals_how": str,
    "more_events": str, "no_removals": str, "fixity": str, "fixity_how": str, "fixity_of": str, "fixity_good": str,
    "fixity_fault": str, "fixity_all": str, "no_fixity": str, "home_1": str, "home_2": str, "home_3": str,
    "home_4": str, "home_5": str, "story_1": str, "story_2": str, "story_3": str, "became": str, "so_far": str, "next_deadlines": str, "no_next": str,
    "latest_deadlines": str, "latest_developments": str, "all_promises": str, "whole_timeline": str,
    "newest_here": str, "find": str, "show": str, "status": str, "all": str, "shown_of": str, "shown_range": str,
    "nothing_found": str, "made_in": str, "depends_on": str, "days_late": str, "line_kind": str, "topic": str,
    "year": str, "order": str, "newest_first": str, "oldest_first": str, "earlier_page": str, "later_page": str,
    "paging": str, "undated": str, "more_lines": str, "promises_here": str, "latest_lines": str, "offices": str,
    "whole_history": str, "gathered": str, "in_office_last": str, "nothing_here": str, "as_csv": str,
    "number_of": str, "number_day": str, "chart_how": str,
    "search_for": str, "found": str, "found_more": str, "search_hint": str, "helplines": str, "helplines_how": str,
    "emergency": str, "contact": str, "address_of": str, "other_pages": str, "retry": str, "back": str,
    "not_here": str, "not_here_how": str,
    "to_come": str, "been": str, "nothing_to_come": str, "calendar_address": str, "open_calendar": str,
    "promise_status": str, "this_view": str, "in_portions": str, "cite": str, "cite_how": str, "cite_as": str, "trust_how": str,
    "trust_install": str, "trust_first": str, "trust_later": str, "trust_now": str, "trust_key": str,
    "trust_key_how": str, "not_signed": str, "witnesses": str, "witnesses_how": str, "no_witnesses": str,
    "cosigned": str, "trust_raw": str, "trust_raw_how": str, "newest_proof": str, "verifier_key": str,
})  # fmt: skip

Checks = TypedDict("Checks", {
    "archive": str, "backup": str, "restore": str, "log": str, "head": str, "texts": str, "tables": str,
})  # fmt: skip

Counts = TypedDict("Counts", {
    "events": Forms, "children": Forms, "staff": Forms, "carers": Forms, "councils": Forms, "activities": Forms,
    "recommendations": Forms, "posts": Forms, "places": Forms, "homes": Forms, "rank in Wales": Forms,
    "sources": Forms, "records": Forms, "promises": Forms, "corrections": Forms,
})  # fmt: skip

Paths = TypedDict("Paths", {
    "records": str, "removals": str, "fixity": str, "events": str, "commitments": str, "corrections": str,
    "timeline": str, "topics": str, "bodies": str, "people": str, "numbers": str, "search": str, "subscribe": str,
    "about": str, "accessibility": str, "privacy": str, "data": str, "calendar": str, "trust": str,
})  # fmt: skip

Pages = TypedDict("Pages", {
    "commitments": PageWords, "timeline": PageWords, "corrections": PageWords, "topics": PageWords,
    "bodies": PageWords, "people": PageWords, "numbers": PageWords, "search": PageWords, "subscribe": PageWords,
    "about": PageWords, "accessibility": PageWords, "privacy": PageWords, "data": PageWords, "calendar": PageWords,
    "trust": PageWords,
})  # fmt: skip

Statuses = TypedDict("Statuses", {
    "due": str, "met": str, "late": str, "missed": str, "unknown": str, "depends on reading": str,
    "superseded": str, "undatable": str,
})  # fmt: skip

Lines = TypedDict("Lines", {
    "meeting": str, "document": str, "statement": str, "development": str, "due": str, "outcome": str,
    "figure": str, "took office": str, "left office": str, "set up": str, "wound up": str,
})  # fmt: skip

Prose = TypedDict("Prose", {
    "about": tuple[Section, ...], "accessibility": tuple[Section, ...], "privacy": tuple[Section, ...],
    "data": tuple[Section, ...], "subscribe": tuple[Section, ...], "trust": tuple[Section, ...],
})  # fmt: skip


def whole(words: Mapping[str, object]) -> Mapping[str, _T]:
    """Return what is whole by its type as what is asked by any name, such as one from the data."""
    return cast("Mapping[str, _T]", words)
