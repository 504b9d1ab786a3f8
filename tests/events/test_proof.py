"""Proofs that people take away: others' formats, our own bundle, and every change to either."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from events import disclosure, merkle
from events.audit import ALARMS, FINE, Finding
from events.checkpoint import Checkpoint, b64, cosign, sign, signed, unb64, verifier_key
from events.codec import build
from events.errors import CodecError
from events.log import SqliteLog
from events.proof import Bundle, NotYetSigned, Proof, verify_bundle
from tests.events.examples import EXAMPLES, salts

ORIGIN = "aberdulas.example/log"
LOG, WITNESS, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
LOG_KEY = verifier_key(ORIGIN, LOG)
OTHER_LOG = verifier_key(ORIGIN, OTHER)
W1 = verifier_key("witness.example/w1", WITNESS, witness=True)
W2 = verifier_key("witness.example/w2", OTHER, witness=True)
HEADER = "c2sp.org/tlog-proof@v1"
H1, H2, HA = (hashlib.sha256(text).digest() for text in (b"hash1", b"hash2", b"a"))


#: A bundle as it was written on the first day, of the second of three topics. It must verify for ever.
GOLDEN = (
    '{"format":"powys-archive/proof@v1","event":1,"envelope":"{\\"_sd\\":[\\"0YVO6iUNjUYTVlGQnC6'
    'WVcLbErIe4MCPXC0IgGW07is\\",\\"NEGPAWrlfhjw5yfnI2s-okwtU9NKl0G0OOdIPeOAXME\\",\\"imOFHAa15Xa'
    'x46_hq0Tqr659pGjQCkLHixtHd_Qxd4U\\",\\"v5xqPmFy1Ov74xqb0WP5aZ1BSexUiK1ZuXCBStTqzvY\\"],\\"at'
    '\\":\\"2031-03-06T08:30:00Z\\",\\"by\\":\\"archivist\\",\\"type\\":\\"EntityRecorded\\",\\"v\\":1}","'
    'disclosures":["WyJBQUFBQUFBQUFBQUFBQUFBQUFBQUJBIiwibmV3Iix0cnVlXQ","WyJBQUFBQUFBQUFBQUFB'
    'QUFBQUFBQUJRIiwiaWQiLCJ0b3BpYy9idXNlcyJd","WyJBQUFBQUFBQUFBQUFBQUFBQUFBQUJnIiwia2luZCIsI'
    'nRvcGljIl0","WyJBQUFBQUFBQUFBQUFBQUFBQUFBQUJ3IiwibmFtZSIsIkJ1c2VzIl0"],"proof":"c2sp.org'
    '/tlog-proof@v1\\nindex 1\\nID8XK/2qMDduXGXUM/5ll50ZdzN9ADL2N7+4UpD+BI4=\\nWZyh9mk1AxkS2A9Fm'
    'c89Ectqax9G3HFlV/gWSkkOnSU=\\n\\naberdulas.example/log\\n3\\nUDkSF33WHZLmJ/tjEwD2ruu+IfFOFyU'
    'kyACUS8UfPJ0=\\n\\n\\u2014 aberdulas.example/log ywDeczaR5IuapwRFKA/19UUNjG8F1/eHEN8rOdzDpp'
    'kNTdn2qVnw9zCRG+Favduw3tJVWxh7oa5IvdTgo4obLsrTSwo=\\n\\u2014 witness.example/w1 3xwKNQAAAA'
    'BxP7MALhWutgNjSFSE6LOwPLsHAKqEsYe5EwZ3AqEaXyWief1C8oUH6nmmjMsabrrtsKZDpeBoMgFuXotTQfT65J'
    'HCCw==\\n","log":"aberdulas.example/log+cb00de73+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0'
    'D29c","witnesses":["witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uP'
    'ybOU"]}\n'
)  # fmt: skip


def codes(findings: list[Finding]) -> list[str]:
    assert {each.code for each in findings} <= FINE | set(ALARMS)
    return [each.code for each in findings]


def sound(findings: list[Finding]) -> bool:
    return bool(findings) and not any(each.alarm for each in findings)


# --- The C2SP format


@pytest.mark.parametrize(
    ("proof", "text"),
    [  # the first three are the tests of transparency-dev/formats, the fourth what it was seen to write
        (
            Proof(5, (H1, H2), "test checkpoint\n"),
            f"{HEADER}\nindex 5\n{b64(H1)}\n{b64(H2)}\n\ntest checkpoint\n",
        ),
        (
            Proof(10, (H1,), "checkpoint data\n", b"extra information"),
            f"{HEADER}\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n{b64(H1)}\n\ncheckpoint data\n",
        ),
        (Proof(0, (), "checkpoint\n"), f"{HEADER}\nindex 0\n\ncheckpoint\n"),
        (
            Proof(7, (HA,), "origin\n1\nAAAA\n\n— origin abc=\n", b""),
            f"{HEADER}\nextra \nindex 7\n{b64(HA)}\n\norigin\n1\nAAAA\n\n— origin abc=\n",
        ),
    ],
)
def test_proofs_are_written_and_read_as_others_do(proof: Proof, text: str) -> None:
    assert proof.text() == text
    assert Proof.parse(text) == proof


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{HEADER}\n",
        "wrong-header\nindex 0\n\ncheckpoint\n",
        "index 0\n\ncheckpoint\n",
        f"{HEADER}\nextra !!notbase64!!\nindex 0\n\ncheckpoint\n",
        f"{HEADER}\nextra YR==\nindex 0\n\ncheckpoint\n",
        f"{HEADER}\nextra\nindex 0\n\ncheckpoint\n",
        f"{HEADER}\nextra YQ==\nextra YQ==\nindex 0\n\ncheckpoint\n",
        f"{HEADER}\nextra YQ==\n\ncheckpoint\n",
        f"{HEADER}\n\n\ncheckpoint\n",
        f"{HEADER}\nindex notanumber\n\ncheckpoint\n",
        f"{HEADER}\nindex -5\n\ncheckpoint\n",
        f"{HEADER}\nindex +1\n\ncheckpoint\n",
        f"{HEADER}\nindex  1\n\ncheckpoint\n",
        f"{HEADER}\nindex 007\n\ncheckpoint\n",
        f"{HEADER}\nindex 18446744073709551616\n\ncheckpoint\n",
        f"{HEADER}\nindex {'9' * 5000}\n\ncheckpoint\n",
        f"{HEADER}\nindex 0\n!!notbase64!!\n\ncheckpoint\n",
        f"{HEADER}\nindex 0\n{b64(bytes(64))}\n\ncheckpoint\n",
        f"{HEADER}\nindex 0\nypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLt=\n\ncheckpoint\n",
        f"{HEADER}\nindex 0\nypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/u\rSLs=\n\ncheckpoint\n",
        f"{HEADER}\r\nindex 0\r\n\r\ncheckpoint\r\n",
        f"{HEADER}\nindex 0\n" + f"{b64(H1)}\n" * 64 + "\ncheckpoint\n",
        f"{HEADER}\nindex 1\n",
        f"{HEADER}\nindex 1",
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(CodecError):
        Proof.parse(text)


@given(st.text() | st.text(f"\n {HEADER}index 0123456789+/=", max_size=200))
def test_any_text_is_a_proof_or_refused(text: str) -> None:
    try:
        proof = Proof.parse(text)
    except CodecError:
        return
    assert proof.text() == text


def test_a_published_inclusion_proof_holds() -> None:
    """An entry in a public log of 76,959, from the tests of Project Oak; the head is signed by us."""
    path = """
        fGRlLyuz+L9Jb8+uTSut/2aVc4z7fKFW+clvsb6xjEM= F6LautOHD5eppkWC0xn/lz00X5g2yLlZAkl2jCI/wdE=
        qH7OJxFNup+TDvJuohd2HphKVngfMeMzUK8QChEDcas= +Y3g758yXtPCRh/eqhLTA3bdcx+cCV1Uah0JdgB0YEs=
        vq8cJSjj8dPVmFBRUqDLlaMqW6aAYR2GKugVhgudXLs= J0z3X5qTb9WFC1gABhVFx0bW1rVZRL+DAoBL2e2h4G4=
        NmSbYg25xNFzTRerIsF3HbEMyTIDqW87AQd9ekzopE8= L8BZipjURnkctkjJtGJs+YyTXMssvNKA7+a8nV2JT/s=
        pva4RFzCejMkVMVmYc93As2lbk7WAyrw58TvrzEOjNc=
    """.split()
    root = unb64("QYfrD7XAd4qUHbRBs4dDyDZwpZN4M/cccXr2G56pxkY=")
    note = signed(Checkpoint(ORIGIN, 76959, root).text(), ORIGIN, LOG)
    proof = Proof.parse("\n".join([HEADER, "index 76958", *path, "", note]))

    assert codes(proof.check(b"hello tesseroak\n", LOG_KEY)) == ["signed", "included"]
    assert codes(proof.check(b"hello tesseroak", LOG_KEY)) == ["signed", "not-included"]


# --- Proofs of a log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteLog]:
    """A log with one event of every type, the same in every run."""
    folder: Path = tmp_path_factory.mktemp("log")
    with SqliteLog.create(
        folder / "log.db", clock=lambda: "2031-03-06T08:30:00Z", salt=salts()
    ) as made:
        made.append(list(EXAMPLES.values()))
        yield made


def note(log: SqliteLog, size: int | None = None, *lines: str) -> str:
    size = log.size if size is None else size
    text = Checkpoint(ORIGIN, size, log.root(size)).text()
    return signed(text, ORIGIN, LOG) + "".join(lines)


def cosigned(log: SqliteLog) -> str:
    text = Checkpoint(ORIGIN, log.size, log.root()).text()
    return note(log, None, cosign(text, W1.name, WITNESS, 1_900_000_000))


def envelope(log: SqliteLog, seq: int) -> bytes:
    return next(log.entries(seq, seq + 1))[1]


def test_every_event_is_proved_under_every_head_that_has_it(log: SqliteLog) -> None:
    for size in range(1, log.size + 1):
        for seq in range(size):
            proof = Proof.parse(Proof.make(seq, note(log, size), log.node).text())
            assert codes(proof.check(envelope(log, seq), LOG_KEY)) == ["signed", "included"]
            other = envelope(log, (seq + 1) % log.size)
            assert codes(proof.check(other, LOG_KEY)) == ["signed", "not-included"]


@pytest.mark.parametrize("seq", [5, 6, 100, -1])
def test_what_is_not_signed_yet_cannot_be_proved(log: SqliteLog, seq: int) -> None:
    with pytest.raises(NotYetSigned, match="the signed head has 5 entries"):
        Proof.make(seq, note(log, 5), log.node)


def test_a_path_of_another_event_or_another_tree_proves_nothing(log: SqliteLog) -> None:
    proof = Proof.make(3, note(log), log.node)
    for wrong in (
        proof._replace(seq=4),
        proof._replace(seq=2**62),
        proof._replace(path=proof.path[:-1]),
        proof._replace(path=(*proof.path, H1)),
        proof._replace(path=proof.path[::-1]),
        proof._replace(path=()),
        proof._replace(note=note(log, 16)),
    ):
        assert codes(wrong.check(envelope(log, 3), LOG_KEY)) == ["signed", "not-included"]


def test_the_key_and_the_origin_must_be_the_logs(log: SqliteLog) -> None:
    proof = Proof.make(3, note(log), log.node)
    entry = envelope(log, 3)

    assert codes(proof.check(entry, OTHER_LOG)) == ["not-signed"]
    assert codes(proof.check(entry, LOG_KEY, origin="aberdulas.example/other")) == ["not-signed"]
    assert codes(proof.check(entry, LOG_KEY, origin=ORIGIN)) == ["signed", "included"]
    # A witness speaks for nobody but itself, even under the log's name.
    head = Checkpoint(ORIGIN, log.size, log.root()).text()
    alone = proof._replace(note=f"{head}\n{cosign(head, W1.name, WITNESS, 9)}")
    assert codes(alone.check(entry, LOG_KEY, [W1])) == ["not-signed"]
    other = signed(head.replace(ORIGIN, "aberdulas.example/other"), ORIGIN, LOG)
    assert codes(proof._replace(note=other).check(entry, LOG_KEY)) == ["not-signed"]


def test_a_quorum_of_witnesses_can_be_demanded(log: SqliteLog) -> None:
    proof = Proof.make(3, cosigned(log), log.node)
    entry = envelope(log, 3)
    fine = ["signed", "cosigned", "not-cosigned", "included"]

    assert codes(proof.check(entry, LOG_KEY, [W1, W2])) == fine
    assert codes(proof.check(entry, LOG_KEY, [W1, W2], quorum=1)) == fine
    found = proof.check(entry, LOG_KEY, [W1, W2], quorum=2)
    assert codes(found) == [*fine[:3], "too-few-witnesses", "included"]
    assert "cosigned it at 2030-03-17T17:46:40Z" in str(found[1])
    assert codes(proof.check(entry, LOG_KEY, [W1, W1], quorum=2))[3] == "too-few-witnesses"


def test_no_bit_of_a_proof_can_be_changed(log: SqliteLog) -> None:
    data = Proof.make(3, note(log), log.node).text().encode()
    entry = envelope(log, 3)
    assert sound(Proof.parse(data.decode()).check(entry, LOG_KEY))
    for at, bit in itertools.product(range(len(data)), range(8)):
        changed = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        try:
            found = Proof.parse(changed.decode()).check(entry, LOG_KEY)
        except (UnicodeDecodeError, CodecError):
            continue
        assert not sound(found), changed


# --- Bundles


def bundle(log: SqliteLog, seq: int = 3, *, witnesses: bool = False) -> Bundle:
    ((_, data, disclosures),) = log.entries(seq, seq + 1)
    proof = Proof.make(seq, cosigned(log) if witnesses else note(log), log.node)
    return Bundle(data, tuple(disclosures), proof, LOG_KEY, (W1,) if witnesses else ())


def test_a_bundle_proves_its_event_offline(log: SqliteLog) -> None:
    for seq in range(log.size):
        made = bundle(log, seq)
        assert Bundle.parse(made.text()) == made
        held = ["holds"] * len(made.disclosures)

        assert codes(verify_bundle(made.text(), [LOG_KEY])) == ["signed", "included", *held]
        assert codes(verify_bundle(made.text().encode())) == [
            "self-vouched", "signed", "included", *held,
        ]  # fmt: skip


def test_a_bundle_of_the_first_day_verifies_and_is_still_written_so(tmp_path: Path) -> None:
    found = verify_bundle(GOLDEN, [LOG_KEY, W1], quorum=1)
    assert codes(found) == ["signed", "cosigned", "included", "holds", "holds", "holds", "holds"]

    with SqliteLog.create(
        tmp_path / "log.db", clock=lambda: "2031-03-06T08:30:00Z", salt=salts()
    ) as log:
        for name in ("libraries", "buses", "parks"):
            fields = {"id": f"topic/{name}", "new": True, "kind": "topic", "name": name.title()}
            log.append([build("EntityRecorded", fields)])
        assert bundle(log, 1, witnesses=True).text() == GOLDEN


def test_a_bundle_that_vouches_for_itself_says_so(log: SqliteLog) -> None:
    found = verify_bundle(bundle(log).text())

    assert sound(found)
    assert f"is {LOG_KEY} the key that the log publishes?" in str(found[0])
    forged = bundle(log)._replace(log=OTHER_LOG)
    head = Checkpoint(ORIGIN, 1, merkle.leaf_hash(forged.envelope)).text()
    forged = forged._replace(proof=Proof(0, (), signed(head, ORIGIN, OTHER)))
    assert sound(verify_bundle(forged.text()))  # which is why it says so
    assert codes(verify_bundle(forged.text(), [LOG_KEY])) == ["not-signed"]
    assert codes(verify_bundle(bundle(log).text(), [])) == ["not-signed"]


def test_witnesses_a_bundle_names_must_have_cosigned(log: SqliteLog) -> None:
    made = bundle(log, witnesses=True)
    named = made._replace(witnesses=(W1, W2))

    assert codes(verify_bundle(made.text()))[:3] == ["self-vouched", "signed", "cosigned"]
    assert "too-few-witnesses" in codes(verify_bundle(named.text()))
    assert sound(verify_bundle(named.text(), [LOG_KEY, W1, W2]))
    assert sound(verify_bundle(named.text(), [LOG_KEY, W1, W2], quorum=1))
    assert not sound(verify_bundle(named.text(), [LOG_KEY, W1, W2], quorum=2))
    assert not sound(verify_bundle(made.text(), [LOG_KEY, W2], quorum=1))
    assert not sound(verify_bundle(bundle(log).text(), [LOG_KEY, W1], quorum=1))


def test_a_field_may_be_left_out_of_a_bundle_and_none_put_in(log: SqliteLog) -> None:
    made = bundle(log)
    less = made._replace(disclosures=made.disclosures[1:])
    none = made._replace(disclosures=())
    more = made._replace(
        disclosures=(*made.disclosures, disclosure.disclose(bytes(16), "x\x1b[31m", 1))
    )
    twice = made._replace(disclosures=(*made.disclosures, made.disclosures[0]))
    swapped = made._replace(disclosures=bundle(log, 4).disclosures)

    found = verify_bundle(less.text(), [LOG_KEY])
    assert sound(found)
    total = len(made.disclosures)
    assert str(found[-1]) == f"not-shown: E3: 1 of {total} disclosures are not in this bundle"
    assert codes(verify_bundle(none.text(), [LOG_KEY])) == ["signed", "included", "not-shown"]
    found = verify_bundle(more.text(), [LOG_KEY])
    assert codes(found)[-1] == "altered"
    assert "\x1b" not in str(found[-1])
    assert codes(verify_bundle(twice.text(), [LOG_KEY]))[-1] == "altered"
    assert set(codes(verify_bundle(swapped.text(), [LOG_KEY]))) == {
        "signed", "included", "altered", "not-shown",
    }  # fmt: skip


def test_the_envelope_of_another_event_is_not_proved(log: SqliteLog) -> None:
    swapped = bundle(log)._replace(envelope=envelope(log, 4), disclosures=())

    assert codes(verify_bundle(swapped.text(), [LOG_KEY])) == [
        "signed",
        "not-included",
        "not-shown",
    ]


def test_no_byte_of_a_bundle_can_be_changed(log: SqliteLog) -> None:
    data = bundle(log, witnesses=True).text().encode()
    assert sound(verify_bundle(data)), data
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
        assert not sound(verify_bundle(changed)), changed[max(0, at - 20) : at + 20]
        assert at == len(data) - 1 or not sound(verify_bundle(data[:at]))  # the newline may go


def test_no_case_of_a_letter_in_a_bundle_can_be_changed(log: SqliteLog) -> None:
    """The bit that base64 and hexadecimal readers forgive most easily."""
    data = bundle(log, witnesses=True).text().encode()
    for at, byte in enumerate(data):
        if chr(byte).isalpha():
            changed = data[:at] + bytes([byte ^ 0x20]) + data[at + 1 :]
            assert not sound(verify_bundle(changed)), changed[max(0, at - 20) : at + 20]


def written(**changes: Any) -> str:
    fields = json.loads(GOLDEN)
    return json.dumps({name: each for name, each in (fields | changes).items() if each is not ...})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 10_000,
        GOLDEN * 2,
        "x" * 5_000_000,
        written(format="powys-archive/proof@v2"),
        written(format=...),
        written(more=1),
        written(event=2),
        written(event=True),
        written(event="1"),
        written(event=1.0),
        written(event=-1),
        written(envelope="{}"),
        written(envelope=""),
        written(envelope="Tŷ"),
        written(envelope=None),
        written(disclosures=None),
        written(disclosures=[1]),
        written(disclosures=["Tŷ"]),
        written(disclosures=["WzEsMl0"]),
        written(disclosures=["\0"]),
        written(proof=""),
        written(proof=None),
        written(log=""),
        written(log=str(W1)),
        written(log=str(LOG_KEY)[:-4]),
        written(witnesses=[str(LOG_KEY)]),
        written(witnesses=[1]),
        written(witnesses=None),
        '{"format":1,"format":2}',
    ],
)
def test_what_is_no_bundle_is_said_to_be_none(text: str) -> None:
    for trusted in (None, [LOG_KEY, W1]):
        found = verify_bundle(text, trusted)
        assert codes(found) == ["malformed"]
        assert len(str(found[0])) < 1000


def test_order_and_white_space_of_a_bundle_do_not_matter() -> None:
    fields = dict(reversed(json.loads(GOLDEN).items()))

    assert sound(verify_bundle(json.dumps(fields, indent=2), [LOG_KEY, W1], quorum=1))


@given(st.text() | st.binary() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_anything_is_a_bundle_or_malformed(text: str | bytes) -> None:
    assert codes(verify_bundle(text)) == ["malformed"]


def test_a_signature_by_a_stranger_beside_the_logs_is_passed_over(log: SqliteLog) -> None:
    text = Checkpoint(ORIGIN, log.size, log.root()).text()
    proof = Proof.make(3, note(log, None, sign(text, "stranger.example", OTHER)), log.node)

    assert codes(proof.check(envelope(log, 3), LOG_KEY)) == ["signed", "included"]
