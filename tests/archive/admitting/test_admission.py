"""What may be recorded: every refusal with its place, and nothing recorded twice."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Mapping
from typing import Any

import pytest

from archive import batches
from archive.admitting.admission import Admission, Draft, admit
from archive.admitting.view import LogView
from archive.projector import catch_up
from tests.conftest import Aberdulas

TEXT = "DULAS ECHO. The branch in Tŷ Mawr opens again in May, said Nia Prys. In May!"
SHA = hashlib.sha256(TEXT.encode()).hexdigest()


def judge(
    archive: Aberdulas, events: str, texts: Mapping[str, str] | None = None, **options: bool
) -> Admission:
    """Judge the events of a batch file; the first stands on line 2."""
    text = "events:\n" + textwrap.dedent(events).strip() + "\n"
    read = batches.parse(text.encode(), "a.yaml")
    assert read.problems == []
    return admit(read.drafts, LogView(archive.log, archive.tables(), texts), **options)


def problems(archive: Aberdulas, events: str, texts: Mapping[str, str] | None = None) -> list[str]:
    return [str(problem) for problem in judge(archive, events, texts).problems]


def record(
    archive: Aberdulas, events: str, texts: Mapping[str, str] | None = None, **options: bool
) -> Admission:
    """Record the events of a batch file, as the commands do."""
    judged = judge(archive, events, texts, **options)
    assert judged.problems == []
    if judged.events:
        archive.log.append(judged.events, expected=archive.store.position().events)
    catch_up(archive.log, archive.store)
    return judged


NAME = "type: NameRecorded, record: org/aberdulas-council, name: A, kind: former, lang: en"
PAPER = "source: source/aberdulas-post-2031-03-05"
WHY = "reason: archive-error, note: Misread"
SPEECH = "speaker: person/nia-prys, speaker_basis: named, mode: direct, gist: A"


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        # types and fields
        ("type: EntityRecorde, id: org/a", "a.yaml:2: /type: unknown event type 'EntityRecorde'"),
        ("type: TextRedacted, target: E1", "/type: removals are acts of their own"),
        (NAME + ", colour: red", "a.yaml:2: Object contains unknown field `colour`"),
        ("type: NameRecorded, name: A, kind: former, lang: en", "missing required field `record`"),
        (NAME.replace("former", "formal"), "a.yaml:2: /kind: Invalid enum value 'formal'"),
        (NAME.replace("lang: en", "lang: no"), "a.yaml:2: /lang: Invalid enum value 'no'"),
        (NAME.replace("name: A", "name: [A]"), "/name: Expected `str`, got `array`"),
        (NAME.replace("name: A", "name: "), "/name: Expected `str`, got `null`"),
        (NAME.replace("name: A", 'name: " A"'), "/name: Expected `str` matching regex"),
        (NAME.replace("name: A", f"name: {'A' * 301}"), "/name: Expected `str` of length <= 300"),
        (NAME.replace("name: A", 'name: "A\\aB"'), "/name: has the character U+0007"),
        (NAME + ", from: {edtf: 2031-13, basis: stated}", "/from: '2031-13'"),
        (NAME + ", from: {edtf: 2031, basis: resolved}", "a resolved date needs its anchor"),
        (NAME + ", from: {edtf: 2032, basis: stated}, until: {edtf: 2031, basis: stated}", "before `from`"),
        # slugs
        ("type: EntityRecorded, id: person/aberdulas-council, new: true, name: A, kind: person", "public_capacity"),
        ("type: EntityRecorded, id: org/aberdulas-council, new: true, kind: organisation, name: A", "/id: org/aberdulas-council exists already: leave out `new`"),
        ("type: EntityRecorded, id: org/aberdulas-cuoncil, name: A", "/id: org/aberdulas-cuoncil is unknown: a typing error, or `new: true`"),
        ("type: EntityRecorded, id: Org/A, new: true, name: A", "/id: Expected `str` matching regex"),
        (NAME.replace("council", "cuoncil"), "/record: org/aberdulas-cuoncil is unknown: record it first"),
        ("type: EntityRecorded, id: org/a, new: true, name: A, kind: organisation, part_of: org/b", "/part_of: org/b is unknown"),
        ("type: EntityRecorded, id: org/a, new: true, name: A, kind: organisation, topics: [topic/libraries, topic/b]", "/topics/1: topic/b is unknown"),
        (NAME + ", from: {edtf: 2031, basis: resolved, anchor: 'source/b#published'}", "/from/anchor: source/b is unknown"),
        # what a new record needs
        ("type: EntityRecorded, id: org/a, new: true, kind: organisation", "/name: `name` is missing, and a new record needs it"),
        ("type: EntityRecorded, id: org/a, new: true, kind: person, name: A", "a person cannot have the slug org/a"),
        ("type: EntityRecorded, id: post/a, new: true, kind: post, name: A", "a post needs its organisation"),
        (f"type: OutcomeRecorded, id: outcome/a, new: true, result: done, evidence: [{{{PAPER}, span: [1, 2]}}]", "missing required field `commitment`"),
        # evidence
        (f"type: StatementRecorded, id: statement/a, new: true, {SPEECH}", "/evidence: needs evidence"),
        (NAME + ", evidence: [words]", "/evidence/0: an evidence item is a mapping"),
        (NAME + ", evidence: [{words: A}]", "/evidence/0/source: the source was not captured"),
        (NAME + ", evidence: [{source: source/b, words: A}]", "/evidence/0/source: source/b was not captured"),
        (NAME + ", evidence: [{source: [a], words: A}]", "/evidence/0/source: the source was not captured"),
        (NAME + ', evidence: [{source: "\\ud800", words: A}]', "/evidence/0/source: has the character U+D800"),
        (NAME + f", evidence: [{{{PAPER}, words: A}}]", "/evidence/0/words: the text is not attached"),
        (NAME + f", evidence: [{{{PAPER}}}]", "/evidence/0: needs a span or words"),
        (NAME + f", evidence: [{{{PAPER}, span: [1, 901]}}]", "/evidence/0/span: span [1, 901] is outside the text of 900"),
        (NAME + f", evidence: [{{{PAPER}, span: [1, 2], supports: [/nam]}}]", "/evidence/0/supports: supports /nam, which this event does not have"),
        (NAME + f", evidence: [{{{PAPER}, span: [1, 2], stance: denies}}]", "/evidence/0/stance: Invalid enum value"),
        (NAME + f", evidence: [{{{PAPER}, span: [1, 2], quote: A}}]", "/evidence/0: unknown key 'quote'"),
        # noise
        (f"type: SourceCaptured, id: source/b, new: true, noise: [[5, 3]], chars: 9, sha256: '{SHA}'", "noise span [5, 3] is not inside the text"),
        (f"type: SourceCaptured, id: source/b, new: true, noise: [[5, 10]], chars: 9, sha256: '{SHA}'", "noise span [5, 10] is not inside the text"),
        ("type: SourceCaptured, id: source/b, new: true, noise: [[0, 1]]", "noise span [0, 1] is not inside the text"),
        ("type: SourceCaptured, id: source/b, new: true, chars: 9", "sha256 and chars belong together"),
        ("type: SourceCaptured, id: source/b, new: true, chars: {}, sha256: '{}'".format("9" * 5000, SHA), "/chars: "),
        # targets
        (f"type: RecordRetracted, target: E99, {WHY}", "/target: there is no E99"),
        (f"type: RecordRetracted, target: 47, {WHY}", "/target: '47' is not E47, @3, @-1 or person/name[1]"),
        (f"type: RecordRetracted, target: E, {WHY}", "/target: 'E' is not E47"),
        (f"type: RecordRetracted, target: E-1, {WHY}", "/target: 'E-1' is not E47"),
        (f"type: RecordRetracted, target: E٣, {WHY}", "/target: 'E٣' is not E47"),
        (f"type: RecordRetracted, target: E{'9' * 400}, {WHY}", "/target: 'E999"),
        (f"type: RecordRetracted, target: E9999999999999999, {WHY}", "/target: "),
        (f"type: RecordRetracted, target: '@1', {WHY}", "/target: @1 is not an earlier event of this file: it has 1 event, and this is @1"),
        (f"type: RecordRetracted, target: '@-1', {WHY}", "/target: @-1 is not an earlier event"),
        (f"type: RecordRetracted, target: '@-0', {WHY}", "/target: @-0 is not an earlier event"),
        (f"type: RecordRetracted, target: '@--1', {WHY}", "/target: '@--1' is not E47"),
        (f"type: RecordRetracted, target: '@0', {WHY}", "/target: @0 is not an earlier event"),
        (f"type: RecordRetracted, target: '@9', {WHY}", "/target: @9 is not an earlier event"),
        (f"type: RecordRetracted, target: '@x', {WHY}", "/target: '@x' is not E47"),
        (f"type: RecordRetracted, target: person/nia-prys, {WHY}", "'person/nia-prys' is not E47"),
        (f"type: RecordRetracted, target: 'person/nia-prys[2]', {WHY}", "person/nia-prys has 1 events, not 2"),
        (f"type: RecordRetracted, target: 'person/nia-prys[0]', {WHY}", "person/nia-prys has 1 events, not 0"),
        (f"type: RecordRetracted, target: 'person/nobody[1]', {WHY}", "person/nobody has 0 events, not 1"),
        (f"type: RecordRetracted, target: 'person/nia-prys[1', {WHY}", "is not E47"),
        (f"type: RecordRetracted, target: [E1], {WHY}", "/target: Expected `int`, got `array`"),
        (f"type: RecordRetracted, {WHY}", "missing required field `target`"),
        ("type: RecordRetracted, target: E1, reason: because, note: A", "/reason: Invalid enum value 'because'"),
        ("type: RecordRetracted, target: E1, reason: legal", "missing required field `note`"),
        (f"type: RecordRetracted, target: E1, {WHY}, replaced_by: org/b", "/replaced_by: org/b is unknown"),
        # amendments
        (f"type: RecordAmended, target: E5, {WHY}, changes: []", "/changes: Expected `array` of length >= 1"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: name, to: A}}]", "/changes/0/path: Expected `str` matching"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: /name, from: Nia Prys, to: A}}]", "`from` is 'Nia Prys', but 'Nia Pryse' stands there"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: /disambiguation, from: A, to: B}}]", "`from` is 'A', but nothing stands there"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: /name, from: A, to: A}}]", "/name: `from` and `to` are the same"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: /id, from: person/nia-prys, to: person/nia}}]", "/id cannot be amended"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: /new, from: true}}]", "/new cannot be amended"),
        (f"type: RecordAmended, target: E4, {WHY}, changes: [{{path: /record, to: org/a}}]", "/record cannot be amended"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: /kind, from: person, to: post}}]", "the corrected event would be wrong: a post cannot have the slug"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: /public_capacity, from: Librarian of Aberdulas}}]", "a person needs public_capacity"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: /colour, to: red}}]", "unknown field `colour`"),
        (f"type: RecordAmended, target: E5, {WHY}, changes: [{{path: /name/0, to: red}}]", "/name/0 would not change"),
        (f"type: RecordAmended, target: E6, {WHY}, changes: [{{path: /organisation, from: org/aberdulas-council, to: org/b}}]", "/changes/0/to: org/b is unknown"),
        (f"type: RecordAmended, target: E7, {WHY}, changes: [{{path: /start/edtf, from: 2030, to: 2032}}]", "before `start`"),
        (f"type: RecordAmended, target: E7, {WHY}, changes: [{{path: /topics/0, from: topic/libraries, to: topic/b}}]", "topic/b is unknown"),
        (f"type: RecordAmended, target: E7, {WHY}, changes: [{{path: /evidence/0/end, from: '30', to: '901'}}]", "/evidence/0 is outside the text"),
        (f"type: RecordAmended, target: E7, {WHY}, changes: [{{path: /evidence/0, from: {{source: source/aberdulas-post-2031-03-05, start: '10', end: '30'}}}}]", "needs evidence"),
        (f"type: RecordAmended, target: E12, {WHY}, changes: [{{path: /commitment, from: commitment/library-plan, to: commitment/b}}]", "/commitment cannot be amended"),
        # disputes
        ("type: RecordDisputed, target: E5, path: /age, state: open, note: A", "/path: E5 has no /age"),
        ("type: RecordDisputed, target: E5, path: name, state: open, note: A", "/path: Expected `str` matching"),
        ("type: RecordDisputed, target: E5, path: /name, state: won, note: A", "/state: Invalid enum value"),
        # merges
        (f"type: EntitiesMerged, keep: org/aberdulas-post, merge: [org/aberdulas-post], {WHY}", "must all be different"),
        (f"type: EntitiesMerged, keep: org/aberdulas-post, merge: [org/aberdulas-council, org/aberdulas-council], {WHY}", "must all be different"),
        (f"type: EntitiesMerged, keep: org/aberdulas-post, merge: [person/nia-prys], {WHY}", "only records of one kind"),
        (f"type: EntitiesMerged, keep: org/aberdulas-post, merge: [], {WHY}", "/merge: Expected `array` of length >= 1"),
        (f"type: EntitiesMerged, keep: org/aberdulas-post, merge: [org/b], {WHY}", "/merge/0: org/b is unknown"),
        (f"type: EntitiesMerged, keep: tenure/a, merge: [tenure/b], {WHY}", "/keep: Expected `str` matching"),
        ("type: TranslationAdded, record: doc/b, path: /title, lang: cy, text: A, method: human", "/record: doc/b is unknown"),
        ("type: TranslationAdded, record: org/aberdulas-post, path: /name, lang: cy, text: A, method: machine", "/method: Invalid enum value"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_event_is_told_with_its_place(aberdulas, event, problem):
    found = problems(aberdulas, f"- {{{event}}}")
    assert len(found) == 1
    assert found[0].startswith("a.yaml:2: ")
    assert problem in found[0]


def test_all_problems_are_told_each_with_its_line(aberdulas):
    found = problems(
        aberdulas,
        f"""
        - type: NameRecorded
          record: org/nobody
          name: A
          kind: former
          lang: en
        - type: EntityRecorded
          id: org/new
          new: true
          kind: organisation
        - {{{NAME}}}
        - type: EntityRecorded
          id: org/new
          name: B
        - type: RecordRetracted
          target: "@2"
          {WHY.replace(", ", chr(10) + "          ")}
        """,
    )
    assert found == [
        "a.yaml:3: /record: org/nobody is unknown: record it first",
        "a.yaml:7: /name: `name` is missing, and a new record needs it",
        "a.yaml:16: /target: @2 is an event that was refused",
    ]


def test_a_refused_event_does_not_make_its_slug_unknown_in_the_events_after_it(aberdulas):
    found = problems(
        aberdulas,
        """
        - {type: EntityRecorded, id: org/new, new: true, kind: organisation}
        - {type: NameRecorded, record: org/new, name: A, kind: former, lang: en}
        """,
    )
    assert len(found) == 1


def test_when_anything_is_wrong_the_rest_is_judged_but_only_what_is_right_is_kept(aberdulas):
    judged = judge(aberdulas, f"- {{{NAME}}}\n- {{type: No}}\n- {{{NAME.replace('A,', 'B,')}}}")
    assert [event.payload.name for event in judged.events] == ["A", "B"]
    assert len(judged.problems) == 1


# Text, numbers and dates as they are written


def test_text_stands_for_numbers_and_truth_values_where_the_field_is_one(aberdulas):
    (post,) = judge(
        aberdulas,
        "- {type: EntityRecorded, id: post/b, new: 'true', kind: post, name: '7', seats: '3',"
        " organisation: org/aberdulas-council, statutory: 'false'}",
    ).events
    said = post.payload
    assert (said.new, said.name, said.seats, said.statutory) == (True, "7", 3, False)


def test_text_that_is_not_in_normal_form_is_refused_where_no_batch_has_composed_it(aberdulas):
    payload = {"record": "org/aberdulas-council", "name": "y\u0302", "kind": "former", "lang": "cy"}
    draft = Draft("NameRecorded", payload, [], lambda pointer: f"here{pointer}")
    judged = admit([draft], LogView(aberdulas.log, aberdulas.tables()))
    assert [str(p) for p in judged.problems] == [
        "here/name: /name: is not in Unicode normal form C (NFC)"
    ]


# Evidence in a text that is handed in with the batch


CAPTURE = f"""
- type: SourceCaptured
  id: source/echo
  new: true
  kind: news
  publisher: org/aberdulas-post
  lang: en
  captured_at: 2031-05-02
  body_access: restricted
  sha256: {SHA}
  chars: {len(TEXT)}
  noise: [[0, 12]]
"""


def test_evidence_may_point_into_a_text_captured_in_the_same_batch(aberdulas):
    judged = judge(
        aberdulas,
        CAPTURE + f"- {{{NAME}, evidence: [{{source: source/echo, words: Tŷ Mawr}}]}}",
        {SHA: TEXT},
    )
    assert judged.problems == []
    (proof,) = judged.events[1].evidence
    assert (proof.start, proof.end, proof.quote) == (26, 33, "Tŷ Mawr")


def test_also_the_captures_own_evidence_may(aberdulas):
    own = "  published: {edtf: 2031-05, basis: inferred}\n  evidence: [{source: source/echo, words: again in May}]\n"
    judged = judge(aberdulas, CAPTURE + own, {SHA: TEXT})
    assert judged.problems == []


def test_a_text_of_another_length_than_was_written_is_refused(aberdulas):
    found = problems(aberdulas, CAPTURE.replace(f"chars: {len(TEXT)}", "chars: 70"), {SHA: TEXT})
    assert found == [f"a.yaml:11: /chars: the text has {len(TEXT)} characters, not 70"]


def test_words_found_twice_or_never_are_refused_with_the_place_of_the_item(aberdulas):
    found = problems(
        aberdulas,
        CAPTURE + f"- {{{NAME},\n   evidence: [{{source: source/echo, words: Tŷ Mawr}},\n"
        "    {source: source/echo, words: n May}]}\n"
        f"- {{{NAME}, evidence: [{{source: source/echo, words: in June}}]}}",
        {SHA: TEXT},
    )
    assert found == [
        "a.yaml:15: /evidence/1/words: these words occur at 47 and at 70: give the span",
        "a.yaml:16: /evidence/0/words: these words do not occur in the text",
    ]


def test_an_amended_span_must_hold_the_words_it_quotes(aberdulas):
    record(
        aberdulas,
        CAPTURE + f"- {{{NAME}, evidence: [{{source: source/echo, words: Tŷ Mawr}}]}}",
        {SHA: TEXT},
    )
    was = aberdulas.log.get([14])[0].evidence[0]
    before = f"{{source: source/echo, start: 26, end: 33, quote: Tŷ Mawr, digest: {was['digest']}}}"
    sha = hashlib.sha256(b"Nia Prys").hexdigest()
    after = f"{{source: source/echo, start: 59, end: 67, quote: Nia Prys, digest: {sha}}}"
    assert problems(aberdulas, amend("E14", "/evidence/0", before, after), {SHA: TEXT}) == []
    for wrong in (after.replace("Prys", "Prus"), after.replace(sha, SHA)):
        assert problems(aberdulas, amend("E14", "/evidence/0", before, wrong), {SHA: TEXT}) == [
            "a.yaml:2: /changes: /evidence/0 is not what source/echo says there: amend quote and digest, too"
        ]
    record(aberdulas, amend("E14", "/evidence/0", before, after), {SHA: TEXT})
    assert record(aberdulas, amend("E14", "/evidence/0", before, after)).events == []
    assert aberdulas.rows("SELECT quote FROM evidence WHERE event = 14") == [("Nia Prys",)]


# Targets


@pytest.mark.parametrize("target", ["E5", "person/nia-prys[1]", "@1"])
def test_a_target_is_a_number_a_place_in_the_batch_or_the_nth_event_of_a_slug(aberdulas, target):
    person = aberdulas.log.get([5])[0].payload
    again = (
        "{type: EntityRecorded, id: person/nia-prys, new: true, kind: person, name: Nia Pryse,"
        f" public_capacity: {person['public_capacity']}}}"
    )
    judged = judge(aberdulas, f"- {again}\n- {{type: RecordRetracted, target: '{target}', {WHY}}}")
    assert judged.problems == []
    assert [event.payload.target for event in judged.events] == [5]


def test_numbers_in_a_batch_go_on_from_the_log_and_skip_what_was_recorded(aberdulas):
    judged = judge(
        aberdulas,
        f"""
        - {{{NAME}}}
        - {{{NAME.replace("name: A", "name: B")}}}
        - {{type: RecordRetracted, target: '@2', {WHY}}}
        - {{type: RecordRetracted, target: '@3', {WHY}, replaced_by: org/aberdulas-post}}
        """,
    )
    assert judged.problems == []
    assert [getattr(event.payload, "target", None) for event in judged.events] == [
        None,
        None,
        14,
        15,
    ]


def test_the_nth_event_of_a_slug_counts_those_of_the_batch_too(aberdulas):
    judged = judge(
        aberdulas,
        f"""
        - {{type: EntityRecorded, id: person/nia-prys, disambiguation: The librarian}}
        - {{type: RecordRetracted, target: 'person/nia-prys[2]', {WHY}}}
        """,
    )
    assert judged.events[1].payload.target == 13


# Amendments


def amend(
    target: str, path: str, before: str | None, after: str | None, note: str = "Misread"
) -> str:
    change = f"path: {path}" + (f", from: {before}" if before else "")
    change += f", to: {after}" if after else ""
    return f"- {{type: RecordAmended, target: '{target}', reason: archive-error, note: {note}, changes: [{{{change}}}]}}\n"


def test_an_amendment_gives_text_the_type_of_its_field(aberdulas):
    record(
        aberdulas,
        "- {type: DocumentRecorded, id: doc/a, new: true, title: A, kind: plan, author: org/aberdulas-council,"
        f" pages: 40, evidence: [{{{PAPER}, span: [1, 2]}}]}}",
    )
    (event,) = record(aberdulas, amend("doc/a[1]", "/pages", "'40'", "'41'")).events
    assert event.payload.changes[0].from_ == 40
    assert event.payload.changes[0].to == 41
    assert aberdulas.rows("SELECT pages FROM documents") == [(41,)]


def test_amendments_build_on_each_other_also_within_a_batch(aberdulas):
    judged = judge(
        aberdulas,
        amend("E5", "/name", "Nia Pryse", "Nia Prys") + amend("E5", "/name", "Nia Prys", "N. Prys"),
    )
    assert judged.problems == []
    stale = problems(
        aberdulas,
        amend("E5", "/name", "Nia Pryse", "Nia Prys")
        + amend("E5", "/name", "Nia Pryse", "N. Prys"),
    )
    assert "but 'Nia Prys' stands there" in stale[0]


def test_elements_of_lists_are_amended_in_events_of_the_same_batch(aberdulas):
    record(
        aberdulas,
        """
        - {type: EntityRecorded, id: topic/a, new: true, kind: topic, name: A}
        - {type: EntityRecorded, id: topic/b, new: true, kind: topic, name: B}
        - {type: EntityRecorded, id: org/a, new: true, kind: organisation, name: A, topics: [topic/a, topic/b]}
        - type: RecordAmended
          target: "@3"
          reason: archive-error
          note: Misread
          changes:
            - {path: /topics/0, from: topic/a, to: topic/libraries}
            - {path: /topics/1, from: topic/b, to: topic/a}
        """,
    )
    topics = aberdulas.rows("SELECT topic_id FROM record_topics WHERE record_id = 'org/a'")
    assert topics == [("topic/a",), ("topic/libraries",)]


def test_what_is_out_of_force_or_a_correction_is_not_amended_nor_disputed(aberdulas):
    record(aberdulas, f"- {{type: RecordRetracted, target: E4, {WHY}}}")
    assert problems(aberdulas, amend("E4", "/name", "Cyngor Aberdulas", "Cyngor")) == [
        "a.yaml:2: /target: E4 was retracted by E13"
    ]
    assert problems(aberdulas, amend("E13", "/note", "Misread", "Misprint")) == [
        "a.yaml:2: /target: E13 is a correction: retract it instead"
    ]
    assert problems(aberdulas, "- {type: RecordDisputed, target: E13, path: /note, state: open, note: A}") == [
        "a.yaml:2: /target: E13 is a correction: only records are disputed"
    ]  # fmt: skip
    again = f"- {{type: RecordRetracted, target: E4, {WHY.replace('Misread', 'Again')}}}"
    assert problems(aberdulas, again) == ["a.yaml:2: /target: E4 was retracted by E13"]


def test_a_dispute_looks_at_the_event_as_it_was_amended(aberdulas):
    record(aberdulas, amend("E5", "/disambiguation", None, "The librarian"))
    dispute = (
        "- {type: RecordDisputed, target: E5, path: /disambiguation, state: open, note: Is she}"
    )
    assert problems(aberdulas, dispute) == []


# Merges


PERSON = "type: EntityRecorded, new: true, kind: person, public_capacity: Clerk"
MERGE = "- {{type: EntitiesMerged, keep: person/{}, merge: [{}], reason: duplicate, note: {}}}"


def persons(archive: Aberdulas) -> None:
    record(
        archive, "\n".join(f"- {{{PERSON}, id: person/{name}, name: {name.upper()}}}" for name in "abcd")
    )  # fmt: skip


def merge(archive: Aberdulas, keep: str, *others: str, note: str = "The same") -> int:
    slugs = ", ".join(f"person/{name}" for name in others)
    record(archive, MERGE.format(keep, slugs, note))
    return archive.log.size - 1


def test_a_merged_slug_is_neither_merged_again_nor_kept(aberdulas):
    persons(aberdulas)
    seq = merge(aberdulas, "a", "b")
    for keep, other in (("c", "person/b"), ("b", "person/c")):
        assert problems(aberdulas, MERGE.format(keep, other, "Also")) == [
            f"a.yaml:2: /merge: person/b was merged already by E{seq}"
        ]
    assert problems(aberdulas, MERGE.format("c", "person/a", "Also")) == []


def retract(archive: Aberdulas, seq: int, note: str = "Wrong") -> int:
    record(archive, f"- {{type: RecordRetracted, target: E{seq}, reason: archive-error, note: {note}}}")  # fmt: skip
    return archive.log.size - 1


def test_a_merge_is_not_restored_against_another_merge_of_the_same_slug(aberdulas):
    persons(aberdulas)
    first = merge(aberdulas, "a", "b")
    undoing = retract(aberdulas, first)
    second = merge(aberdulas, "c", "b")
    restore = f"- {{type: RecordRetracted, target: E{undoing}, {WHY}}}"
    assert problems(aberdulas, restore) == [
        f"a.yaml:2: /target: E{first} cannot be restored: person/b was merged by E{second} since"
    ]
    retract(aberdulas, second)
    assert problems(aberdulas, restore) == []


@pytest.mark.parametrize("way", ["b", "cb", "dcb"])
def test_merges_never_lead_in_a_circle(aberdulas, way):
    """Once a leads to b and that was undone, b may lead to a, also over others: then not back."""
    persons(aberdulas)
    first = merge(aberdulas, way[0], "a")
    undoing = retract(aberdulas, first)
    for keep, other in zip((*way[1:], "a"), way, strict=True):
        merge(aberdulas, keep, other)
    assert problems(aberdulas, f"- {{type: RecordRetracted, target: E{undoing}, {WHY}}}") == [
        f"a.yaml:2: /target: E{first} cannot be restored: person/{way[0]} leads to person/a by now"
    ]


def test_a_wrong_merge_is_retracted_and_restored_at_will(aberdulas):
    persons(aberdulas)
    seq = merge(aberdulas, "a", "b", "c")
    for _ in range(3):
        seq = retract(aberdulas, seq)
    merged = aberdulas.rows("SELECT id FROM records WHERE merged_into_id = 'person/a'")
    assert merged == []
    retract(aberdulas, seq)
    merged = aberdulas.rows("SELECT id FROM records WHERE merged_into_id = 'person/a'")
    assert merged == [("person/b",), ("person/c",)]


# Nothing is recorded twice


WHOLE = f"""
- {{type: EntityRecorded, id: org/a, new: true, kind: organisation, name: A}}
- {{type: NameRecorded, record: org/a, name: Ay, kind: known-as, lang: en}}
- {{type: RecordAmended, target: "@1", {WHY}, changes: [{{path: /name, from: A, to: B}}]}}
- {{type: RecordAmended, target: "@1", {WHY}, changes: [{{path: /name, from: B, to: C}}]}}
- {{type: RecordRetracted, target: "@2", {WHY}}}
- {{type: RecordRetracted, target: "@5", {WHY}}}
- {{type: RecordDisputed, target: "org/a[1]", path: /name, state: open, note: Is it}}
- {{type: RecordDisputed, target: "org/a[1]", path: /name, state: rejected, note: It is.}}
- {{type: EntityRecorded, id: org/b, new: true, kind: organisation, name: B}}
- {{type: EntitiesMerged, keep: org/a, merge: [org/b], {WHY}}}
- {{type: RecordRetracted, target: "@10", {WHY}}}
- {{type: RecordRetracted, target: "@4", {WHY}}}
- {{type: TranslationAdded, record: org/a, path: /name, lang: cy, text: Â, method: human}}
- {{type: RecordRetracted, target: "@13", {WHY}}}
- {{type: EntityRecorded, id: topic/t, new: true, kind: topic, name: T}}
- {{type: RecordAmended, target: "@15", {WHY}, changes: [{{path: /name, from: T, to: U}}]}}
- {{type: RecordRetracted, target: "@15", {WHY}}}
"""


def test_a_file_appended_again_records_nothing_whatever_it_corrects(aberdulas):
    first = record(aberdulas, WHOLE)
    assert len(first.events) == 17
    for _ in range(2):
        again = record(aberdulas, WHOLE)
        assert again.events == []
        assert [seq for _, seq in again.recorded] == list(range(13, 30))


TYPED = f"""
- type: CommitmentRecorded
  id: commitment/c
  new: true
  obliged: org/aberdulas-council
  what: A
  kind: promised
  readings: [{{label: a, rule: {{n: 20, unit: day, from: 2031}}}}]
  evidence: [{{source: source/aberdulas-post-2031-03-05, span: [1, 2]}}]
- type: RecordAmended
  target: "@1"
  {WHY.replace(", ", chr(10) + "  ")}
  changes:
    - path: /readings/0
      from: {{label: a, rule: {{n: 20, unit: day, from: 2031}}}}
      to: {{label: a, rule: {{n: 30, unit: day, from: 2031, count: after-day}}}}
    - {{path: /evidence/0/end, from: 2, to: 3}}
- type: RecordAmended
  target: "post/librarian[1]"
  {WHY.replace(", ", chr(10) + "  ")}
  changes: [{{path: /statutory, to: true}}, {{path: /seats, to: 2}}]
- type: RecordAmended
  target: "post/librarian[1]"
  {WHY.replace(", ", chr(10) + "  ")}
  changes: [{{path: /statutory, from: true}}, {{path: /seats, from: 2, to: 3}}]
"""


def test_amendments_of_numbers_and_truth_values_are_known_again_too(aberdulas):
    assert len(record(aberdulas, TYPED).events) == 4
    assert record(aberdulas, TYPED).events == []
    assert aberdulas.rows("SELECT n FROM readings WHERE commitment_id = 'commitment/c'") == [(30,)]
    assert aberdulas.rows("SELECT seats, statutory FROM posts") == [(3, 0)]


def test_a_file_that_grew_records_only_what_is_new(aberdulas):
    record(aberdulas, WHOLE)
    grown = record(
        aberdulas, WHOLE + "- {type: RecordRetracted, target: '@1', reason: legal, note: A}"
    )
    assert [event.payload.target for event in grown.events] == [13]


def test_what_was_retracted_since_is_not_recorded_again_by_its_file(aberdulas):
    record(aberdulas, f"- {{{NAME}}}")
    record(aberdulas, f"- {{type: RecordRetracted, target: E13, {WHY}}}")
    again = judge(aberdulas, f"- {{{NAME}}}")
    assert (again.events, [seq for _, seq in again.recorded]) == ([], [13])


def test_what_somebody_asks_for_anew_is_recorded_anew(aberdulas):
    retracting = f"- {{type: RecordRetracted, target: E4, {WHY}}}"
    record(aberdulas, retracting)
    record(aberdulas, f"- {{type: RecordRetracted, target: E13, {WHY}}}", anew=True)
    assert judge(aberdulas, retracting).events == []
    record(aberdulas, retracting, anew=True)
    assert aberdulas.rows("SELECT in_force FROM events WHERE seq IN (4, 13, 15) ORDER BY seq") == [
        (0,),
        (0,),
        (1,),
    ]


def test_the_same_event_twice_in_a_file_is_recorded_once(aberdulas):
    judged = judge(aberdulas, f"- {{{NAME}}}\n- {{{NAME}}}\n- {{{NAME.replace('former', 'typo')}}}")
    assert len(judged.events) == 2
    assert [seq for _, seq in judged.recorded] == [13]


def test_the_same_file_is_known_again_whether_or_not_its_text_is_at_hand(aberdulas):
    spans = CAPTURE + f"- {{{NAME}, evidence: [{{source: source/echo, span: [26, 33]}}]}}"
    record(aberdulas, spans, {SHA: TEXT})
    assert record(aberdulas, spans).events == []


def test_nothing_is_known_of_another_archive(empty: Aberdulas):
    payload: dict[str, Any] = {"id": "org/a", "new": True, "kind": "organisation", "name": "A"}
    judged = admit([Draft("EntityRecorded", payload, [], str)], LogView(empty.log, empty.tables()))
    assert len(judged.events) == 1
