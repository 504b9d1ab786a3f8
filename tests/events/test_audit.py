"""The audit: every state a disclosure can be in, every alarm an outsider can raise, and no false one."""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from events import disclosure, merkle
from events.audit import ALARMS, FINE, Entry, Finding, audit, opened
from events.checkpoint import Checkpoint, cosign, signed, verifier_key
from events.codec import build, seal
from events.envelope import Envelope
from events.log import SqliteLog
from events.values import Basis, Role

ROOT = Path(__file__).parents[2]
ORIGIN = "aberdulas.example/log"
LOG, WITNESS = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
LOG_KEY = verifier_key(ORIGIN, LOG)
W1 = verifier_key("witness.example/w1", WITNESS, witness=True)
AT = "2031-03-06T08:30:00Z"
SALTS = itertools.count()


Kind = Literal["withheld", "released", "erased"]


def salt() -> bytes:
    return next(SALTS).to_bytes(16, "big")


def topic(name: str) -> Entry:
    """Return an entry of four disclosures, the first of a log."""
    fields = {"id": f"topic/{name}", "new": True, "kind": "topic", "name": name.title()}
    return (0, *seal(build("EntityRecorded", fields), at=AT, by="archivist", salt=salt))


def act(
    kind: Kind,
    of: int | None,
    digests: Iterable[str],
    reason: Basis = "child-privacy",
    **more: Role,
) -> Entry:
    """Return the entry of an act on disclosures of an event."""
    scope = disclosure.disclose(salt(), "scope", "path")
    more = more or ({} if kind == "withheld" else {"confirmed_by": "archivist"})
    envelope = Envelope(
        v=1, type="TextRedacted", at=AT, by="redactor", sd=(disclosure.digest(scope),), of=of,
        reason=reason, act=kind, digests=tuple(digests), **more,
    )  # fmt: skip
    return 0, envelope.encode(), [scope]


def numbered(*entries: Entry) -> list[Entry]:
    return [(seq, envelope, each) for seq, (_, envelope, each) in enumerate(entries)]


def digests(entry: Entry, *places: int) -> list[str]:
    """Return the digests of some of an entry's disclosures."""
    return [disclosure.digest((entry[2] or [])[place]) for place in places]


def without(entry: Entry, *places: int) -> Entry:
    """Return an entry that lost some of its disclosures."""
    seq, envelope, disclosures = entry
    return seq, envelope, [each for n, each in enumerate(disclosures or []) if n not in places]


def having(entry: Entry, *more: str) -> Entry:
    seq, envelope, disclosures = entry
    return seq, envelope, [*(disclosures or []), *more]


def found(
    entries: Sequence[Entry], heads: Sequence[Checkpoint] = (), *, public: bool = False
) -> list[Finding]:
    got = list(audit(lambda: iter(entries), heads, public=public))
    assert {each.code for each in got} <= FINE | set(ALARMS)
    assert all(
        each.alarm == (each.code in ALARMS) == str(each).startswith("ALARM ") for each in got
    )
    assert not any("\n" in str(each) for each in got)
    return got


def codes(findings: Iterable[Finding]) -> list[tuple[str, int | None]]:
    return [(each.code, each.seq) for each in findings]


def head(entries: Sequence[Entry], size: int | None = None) -> Checkpoint:
    """Return the checkpoint of the first entries, computed from stored nodes."""
    part = entries[:size]
    nodes: dict[tuple[int, int], bytes] = {}
    for row in merkle.grow(0, lambda *at: nodes[at], (merkle.leaf_hash(e[1]) for e in part)):
        nodes[row.level, row.idx] = row.hash
    return Checkpoint(ORIGIN, len(part), merkle.root(len(part), lambda *at: nodes[at]))


A, B, C = topic("libraries"), topic("buses"), topic("parks")


# --- What is as it should be


def test_a_whole_log_holds() -> None:
    got = found(numbered(A, B, C))

    assert codes(got) == [("holds", 0), ("holds", 1), ("holds", 2)]
    assert str(got[0]) == "holds: E0: holds: 4 of 4 disclosures"


def test_an_empty_log_holds() -> None:
    assert found([]) == []
    assert codes(found([], [head([])])) == [("root", None)]


@pytest.mark.parametrize(
    ("acts", "there", "public", "code", "by"),
    [
        # kinds of the acts in order; is the disclosure there; as published; its state, by which act
        ([], True, True, "holds", None),
        ([], False, False, "missing", None),
        (["withheld"], False, True, "withheld", 1),
        (["withheld"], False, False, "withheld", 1),
        (["withheld"], True, False, "withheld", 1),
        (["withheld"], True, True, "published-though-withheld", 1),
        (["withheld", "released"], True, True, "released", 2),
        (["withheld", "released"], False, True, "missing", None),
        (["withheld", "released", "withheld"], False, True, "withheld", 3),
        (["withheld", "erased"], False, True, "erased", 2),
        (["erased"], False, False, "erased", 1),
        (["erased"], True, False, "published-though-erased", 1),
        (["erased"], True, True, "published-though-erased", 1),
        (["erased", "released"], False, True, "erased", 1),
        (["erased", "released"], True, True, "published-though-erased", 1),
        (["erased", "withheld"], True, False, "published-though-erased", 1),
        (["released"], True, True, "released", 1),
    ],
)
def test_states_of_a_disclosure(
    acts: list[Kind], there: bool, public: bool, code: str, by: int | None
) -> None:
    log = numbered(A if there else without(A, 2), *(act(kind, 0, digests(A, 2)) for kind in acts))
    first = [each for each in found(log, public=public) if each.seq == 0]

    if code == "holds":
        assert codes(first) == [("holds", 0)]
        return
    assert set(codes(first)) == {("holds", 0), (code, 0)}
    (found_state,) = [each for each in first if each.code == code]
    assert ": 1 of 4 disclosures" in found_state.message
    assert (f"by E{by} (child-privacy)" in found_state.message) == (by is not None)
    assert [each.message for each in first if each.code == "holds"] == ["E0: holds: 3 of 4 disclosures"]  # fmt: skip


def test_each_act_speaks_for_its_own_disclosures() -> None:
    log = numbered(
        without(A, 0, 1, 3),
        B,
        act("withheld", 0, digests(A, 0), "court-order"),
        act("erased", 0, digests(A, 1, 3), "defamation"),
    )

    assert {str(each) for each in found(log) if each.seq == 0} == {
        "holds: E0: holds: 1 of 4 disclosures",
        "withheld: E0: withheld by E2 (court-order): 1 of 4 disclosures",
        "erased: E0: erased by E3 (defamation): 2 of 4 disclosures",
    }


def test_an_act_on_an_act_counts_as_on_any_event() -> None:
    first = act("withheld", 0, digests(A, 0))
    log = numbered(A, without(first, 0), act("erased", 1, digests(first, 0)))

    assert ("erased", 1) in codes(found(log))
    assert not any(each.alarm for each in found(log))


def test_disclosures_nobody_looked_at_are_no_alarm() -> None:
    log = numbered((0, A[1], None), B)

    assert codes(found(log, [head(log)])) == [("unseen", 0), ("holds", 1), ("root", None)]


# --- Alarms about disclosures


def test_a_disclosure_that_is_gone_without_an_act_is_an_alarm() -> None:
    got = found(numbered(A, without(B, 0, 3), C))

    assert ("missing", 1) in codes(got)
    assert "ALARM missing: E1: a disclosure is gone, and no act says so: 2 of 4 disclosures" in map(str, got)  # fmt: skip
    assert [each.seq for each in got if each.alarm] == [1]


def test_all_gone_is_an_alarm_too() -> None:
    assert codes(found(numbered(without(A, 0, 1, 2, 3)))) == [("missing", 0)]


def test_a_disclosure_that_was_changed_does_not_match() -> None:
    original = disclosure.read((A[2] or [])[3])
    changed = disclosure.disclose(bytes(16), original.name, "Something else")
    got = found(numbered(having(without(A, 3), changed)))

    assert codes(got) == [("holds", 0), ("altered", 0)]


@given(st.data())
def test_any_change_of_a_disclosure_is_noticed(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 3))
    text = (A[2] or [])[place]
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda char: char != text[at]))
    got = found(numbered(having(without(A, place), text[:at] + other + text[at + 1 :])))

    assert codes(got) == [("holds", 0), ("altered", 0)]


def test_a_disclosure_that_no_envelope_announced_was_never_logged() -> None:
    stranger = disclosure.disclose(bytes(16), "note", "slipped in")

    assert codes(found(numbered(having(A, stranger), B))) == [
        ("holds", 0), ("never-logged", 0), ("holds", 1),
    ]  # fmt: skip
    # Also where something of the event's own is rightly gone, ...
    log = numbered(having(without(A, 1), stranger), act("erased", 0, digests(A, 1)))
    assert {code for code, seq in codes(found(log)) if seq == 0} == {"holds", "erased", "never-logged"}  # fmt: skip
    # ... where it belongs to another event, and where it is there twice.
    for more in ((B[2] or [])[0], (A[2] or [])[0], "Tŷ", "\ud800", ""):
        assert ("never-logged", 0) in codes(found(numbered(having(A, more), B)))


def test_an_act_excuses_only_the_disclosures_and_the_event_it_names() -> None:
    log = numbered(A, without(B, 0), act("erased", 0, digests(B, 0)))
    assert {("missing", 1), ("baseless", 2)} <= set(codes(found(log)))

    log = numbered(without(A, 0), act("erased", 0, digests(A, 1)))
    assert {code for code, seq in codes(found(log)) if seq == 0} == {
        "missing", "holds", "published-though-erased",
    }  # fmt: skip


@pytest.mark.parametrize("of", [None, 1, 2, 3, 10_000])
def test_an_act_on_what_was_not_there_yet_is_baseless(of: int | None) -> None:
    log = numbered(A, act("erased", of, digests(A, 0)), without(C, 0))
    got = found(log)

    assert ("baseless", 1) in codes(got)
    assert ("missing", 2) in codes(got)


def test_what_needs_two_people_is_not_done_by_one() -> None:
    for kind, seqs in (("withheld", []), ("released", [1]), ("erased", [1])):
        entry = act(kind, 0, [])
        single = (0, entry[1].replace(b'"confirmed_by":"archivist",', b""), entry[2])
        assert [e.seq for e in found(numbered(A, single)) if e.code == "unconfirmed"] == seqs
        assert not any(each.alarm for each in found(numbered(A, entry)))


def test_an_act_on_an_event_that_was_cut_off_is_baseless() -> None:
    log = numbered(A, B, C, act("withheld", 1, digests(B, 0)))
    got = found([log[0], log[2], log[3]])

    assert [each.code for each in got if each.alarm] == ["gap", "baseless"]
    assert "E3, an act, is on E1, which is not here" in str(got[-1])


def test_an_act_without_digests_changes_nothing() -> None:
    assert codes(found(numbered(A, act("erased", 0, [])))) == [("holds", 0), ("holds", 1)]


# --- Alarms about the log


def bad_envelopes() -> list[bytes]:
    good = A[1]
    return [
        b"",
        b"{}",
        good + b" ",
        good.replace(b'"at"', b' "at"'),
        good.replace(b"EntityRecorded", b"PersonExposed"),
        good.replace(b"archivist", b"Nia Prys"),
        good.replace(b'"v":1', b'"v":1,"note":"Nia Prys"'),
        good.replace(b'"v":1', b'"act":"erased","v":1,"x":1'),
        b"\xff" + good,
        good.replace(b"archivist", "ŵ".encode()),
    ]


@pytest.mark.parametrize("envelope", bad_envelopes())
def test_an_envelope_outside_of_the_closed_schema_is_an_alarm(envelope: bytes) -> None:
    log = numbered(A, (0, envelope, []), C)
    got = found(log, [head(log)])

    assert codes(got) == [("holds", 0), ("unreadable", 1), ("holds", 2), ("root", None)]


@pytest.mark.parametrize(
    ("order", "gaps"),
    [([0, 2], [2]), ([1, 2], [1]), ([0, 0, 1], [0]), ([1, 0, 2], [1, 0, 2]), ([0, 1, 5], [5])],
)
def test_entries_out_of_order_are_an_alarm(order: list[int], gaps: list[int]) -> None:
    log = numbered(*[A, B, C] * 2)
    picked = [log[at] for at in order]
    got = found(picked, [head(log, 3), head(log, 0)])

    assert [each.seq for each in got if each.code == "gap"] == gaps
    assert [each.code for each in got][-2:] in (["root-differs", "root"], ["too-short", "root"])


def test_what_was_right_before_a_gap_stays_right() -> None:
    log = numbered(A, B, C)
    got = found([log[0], log[1], log[1], log[2]], [head(log, 2), head(log, 3)])

    assert [each.code for each in got if each.code != "holds"] == ["gap", "root", "root-differs"]


@pytest.mark.parametrize("size", [*range(20), 63, 64, 65])
def test_a_log_has_the_root_of_every_head_it_ever_had(size: int) -> None:
    log = numbered(*itertools.islice(itertools.cycle([A, B, C]), size))
    heads = [head(log, n) for n in range(size + 1)]

    assert codes(found(log, heads))[size:] == [("root", None)] * (size + 1)


def test_a_head_of_a_changed_past_does_not_fit() -> None:
    log = numbered(A, B, C, A, B)
    old = head(log, 2)
    changed = numbered(A, C, C, A, B)
    got = found(changed, [head(changed), old, head(log, 1)])

    assert codes(got)[5:] == [("root", None), ("root-differs", None), ("root", None)]
    assert f"head of 2 entries of {ORIGIN}" in str(got[6])


def test_a_log_that_was_cut_is_too_short() -> None:
    log = numbered(A, B, C)
    got = found(log[:2], [head(log)])

    assert codes(got)[2:] == [("too-short", None)]
    assert "claims more than the 2 entries that are here" in str(got[2])


def test_entries_after_the_head_are_looked_at_too() -> None:
    """An erasure may be newer than the newest head, and what it removed is gone already."""
    log = numbered(without(A, 0), B, act("erased", 0, digests(A, 0)))

    assert not any(each.alarm for each in found(log, [head(log, 2)]))


@given(st.data())
def test_any_change_of_any_byte_of_an_entry_is_noticed(data: st.DataObject) -> None:
    log = numbered(A, B, act("withheld", 0, digests(A, 0)), C)
    seq = data.draw(st.integers(0, 3))
    envelope = bytearray(log[seq][1])
    envelope[data.draw(st.integers(0, len(envelope) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = [*log[:seq], (seq, bytes(envelope), log[seq][2]), *log[seq + 1 :]]

    assert codes(found(log, [head(log)]))[-1] == ("root", None)
    assert codes(found(changed, [head(log)]))[-1] == ("root-differs", None)


# --- The head's signatures

NOTE = signed(head(numbered(A, B)).text(), ORIGIN, LOG)


def test_a_signed_head_is_opened_with_the_logs_key() -> None:
    checkpoint, got = opened(NOTE, LOG_KEY)

    assert checkpoint == head(numbered(A, B))
    assert [str(each) for each in got] == [
        f"signed: a head of 2 entries is signed by {ORIGIN}",
    ]


def test_cosignatures_are_counted_and_named() -> None:
    note = NOTE + cosign(head(numbered(A, B)).text(), W1.name, WITNESS, 1_900_000_000)
    late = NOTE + cosign(head(numbered(A, B)).text(), W1.name, WITNESS, 2**63 - 1)

    assert [str(each) for each in opened(note, LOG_KEY, [W1], quorum=1)[1]][1:] == [
        "cosigned: witness.example/w1 cosigned it at 2030-03-17T17:46:40Z"
    ]
    assert "second 9223372036854775807" in str(opened(late, LOG_KEY, [W1])[1][1])
    checkpoint, got = opened(NOTE, LOG_KEY, [W1], quorum=1)
    assert checkpoint is not None
    assert [each.code for each in got] == ["signed", "not-cosigned", "too-few-witnesses"]


@pytest.mark.parametrize(
    "note",
    [
        "",
        "x",
        NOTE.replace("2", "3", 1),
        signed("text\n", ORIGIN, LOG),
        signed(head([]).text(), ORIGIN, WITNESS),
        signed(head([]).text().replace(ORIGIN, "aberdulas.example/other"), ORIGIN, LOG),
        f"{head([]).text()}\n{cosign(head([]).text(), W1.name, WITNESS, 9)}",
    ],
)
def test_a_head_the_log_did_not_sign_is_no_head(note: str) -> None:
    checkpoint, got = opened(note, LOG_KEY, [W1])

    assert checkpoint is None
    assert [each.code for each in got] == ["not-signed"]


# --- A real log, and a large one


def test_a_real_log_is_audited_as_it_is_stored(tmp_path: Path) -> None:
    with SqliteLog.create(tmp_path / "log.db") as log:
        for name in ("libraries", "buses", "parks"):
            fields = {"id": f"topic/{name}", "new": True, "kind": "topic", "name": name}
            log.append([build("EntityRecorded", fields)])
        heads = [Checkpoint(ORIGIN, size, log.root(size)) for size in range(4)]
        got = list(audit(log.entries, heads))

    assert codes(got) == [*(("holds", seq) for seq in range(3)), *[("root", None)] * 4]


def test_the_bundled_collection_holds() -> None:
    from events import transfer

    with (ROOT / "events" / "powys" / "log.jsonl").open(encoding="utf-8") as file:
        entries, root = transfer.parse(file)
    log = [(seq, envelope, each) for seq, (envelope, each) in enumerate(entries)]
    got = found(log, [Checkpoint("the bundled collection", len(log), root)])

    assert len(log) > 50
    assert {each.code for each in got} == {"holds", "root"}


def many(count: str) -> None:
    """Audit a log that is made while it is read; print its alarms and the memory it took."""
    envelope, disclosures = A[1], A[2]

    def read() -> Iterable[Entry]:
        return ((seq, envelope, disclosures) for seq in range(int(count)))

    alarms = sum(each.alarm for each in audit(read))
    print(alarms, peak_memory())  # noqa: T201 (how it talks)


def peak_memory() -> int:
    """Return the peak of this process's memory in bytes: on Linux without what its parent had."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def test_memory_does_not_grow_with_the_log() -> None:
    peaks = []
    for count in (100, 20_000):
        code = f"from tests.events.test_audit import many; many('{count}')"
        said = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        alarms, peak = said.stdout.split()
        assert alarms == "0"
        peaks.append(int(peak))

    assert peaks[1] < 300_000_000
    assert peaks[1] - peaks[0] < 8_000_000


def test_every_code_says_what_it_means() -> None:
    assert not FINE & set(ALARMS)
    assert all(ALARMS.values())
    assert Envelope.decode(A[1]).sd == tuple(sorted(digests(A, 0, 1, 2, 3)))
