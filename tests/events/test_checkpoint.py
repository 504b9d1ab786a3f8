"""Signed notes and checkpoints against published ones, made by others' programs and keys."""

from __future__ import annotations

import base64
import contextlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from events import merkle
from events.checkpoint import (
    Checkpoint,
    VerifierKey,
    b64,
    cosign,
    number,
    open_note,
    sha256,
    sign,
    signed,
    take_apart,
    unb64,
    valid_name,
    verifier_key,
)
from events.errors import CodecError

#: golang.org/x/mod/sumdb/note: the example of the package and of its tests.
PETER = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
PETER_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = VerifierKey.parse("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop")
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)  # fmt: skip
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)  # fmt: skip

#: C2SP signed-note: its test vector.
FOO = VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
FOO_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

#: The Go checksum database: the tree whose size and root are the example of C2SP tlog-checkpoint.
SUMDB = VerifierKey.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
SUMDB_NOTE = (
    "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— sum.golang.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)

#: A checkpoint of a Certificate Transparency log, cosigned by a public witness.
NAVIGLI = VerifierKey.parse(
    "witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G"
)
COSIGNED = (
    "coachandhorses2026h1.staging.certificate.transparency.goog\n185550722\nYXAM0VmnrfvLaBCOOYSJhCaE5F10oGBOo+hkbDa1kng=\n\n"
    "— coachandhorses2026h1.staging.certificate.transparency.goog"
    " MpXgsHy8ZwxXnO+WjtVrPxAzL49Rs1gWTkNVNeEa//5peAzaocRCB3qt3EaibjzY5GILLtGgBP7dBhgcSHy+JQh0OAc=\n"
    "— witness.navigli.sunlight.geomys.org"
    " o+AP4gAAAABqb7DzNrGFRJnQ9vrJ8xpnwZytnr/ZYczDIsvwvouiSjwOjn7a72ccxBk+lKnZ7dKqkYKER1s/KxLTaVwQD7lJZTC/CQ==\n"
)

ORIGIN = "aberdulas.example/log"
LOG, WITNESS, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
LOG_KEY = verifier_key(ORIGIN, LOG)
WITNESS_KEY = verifier_key("witness.example/w1", WITNESS, witness=True)
HEAD = Checkpoint(ORIGIN, 7, merkle.leaf_hash(b"7"))
NOTE = signed(HEAD.text(), ORIGIN, LOG)


# --- Published notes


@pytest.mark.parametrize(
    ("note", "keys", "signers"),
    [
        (f"{TEXT}\n{PETER_LINE}", [PETER], {PETER: None}),
        (f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}", [PETER], {PETER: None}),
        (f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}", [PETER, ENOCH], {PETER: None, ENOCH: None}),
        (f"{TEXT}\n{PETER_LINE}{PETER_LINE}", [ENOCH, PETER], {PETER: None}),
        (FOO_NOTE, [FOO], {FOO: None}),
        (SUMDB_NOTE, [SUMDB], {SUMDB: None}),
        (COSIGNED, [NAVIGLI, SUMDB], {NAVIGLI: 1785704691}),
    ],
)
def test_notes_that_others_signed_open_with_their_keys(
    note: str, keys: list[VerifierKey], signers: dict[VerifierKey, int | None]
) -> None:
    assert open_note(note, keys) == (note.rpartition("\n\n")[0] + "\n", signers)


def test_a_note_is_signed_as_the_go_package_signs_it() -> None:
    kind, *seed = unb64(PETER_SECRET)
    secret = Ed25519PrivateKey.from_private_bytes(bytes(seed))

    assert kind == 1
    assert verifier_key("PeterNeumann", secret) == PETER
    assert signed(TEXT, "PeterNeumann", secret) == f"{TEXT}\n{PETER_LINE}"


def test_a_tree_is_written_as_the_go_package_writes_it() -> None:
    text = "go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n"
    head = Checkpoint("go.sum database tree", 123456789012, merkle.leaf_hash(b"hello world"))

    assert head.text() == text
    assert Checkpoint.parse(text) == head


def test_published_checkpoints_read_as_origin_size_and_root() -> None:
    for note, origin, size in (
        (SUMDB_NOTE, "go.sum database tree", 20852163),
        (COSIGNED, "coachandhorses2026h1.staging.certificate.transparency.goog", 185550722),
    ):
        head = Checkpoint.parse(take_apart(note)[0])
        assert (head.origin, head.size) == (origin, size)
        assert take_apart(note)[0] == head.text()


@pytest.mark.parametrize("key", [PETER, ENOCH, FOO, SUMDB, NAVIGLI, LOG_KEY, WITNESS_KEY])
def test_verifier_keys_are_written_as_they_were_read(key: VerifierKey) -> None:
    assert VerifierKey.parse(str(key)) == key


def test_no_part_and_no_mangling_of_a_verifier_key_is_one() -> None:
    whole = str(PETER)
    parts = {whole[a:b] for a in range(len(whole)) for b in range(a + 1, len(whole) + 1)} - {whole}
    changed = {whole[:at] + chr(ord(whole[at]) + 1) + whole[at + 1 :] for at in range(len(whole))}
    for text in parts | changed:
        with pytest.raises(CodecError):
            VerifierKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "++",
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # unknown algorithm
        str(PETER).replace("c74f20a3", "C74F20A3"),
        str(verifier_key("Peter Neumann", LOG)),
        str(verifier_key("Peter\N{NO-BREAK SPACE}Neumann", LOG)),
        str(verifier_key("Peter\x1b[31mNeumann", LOG)),
        str(verifier_key("Peter\x9b31mNeumann", LOG)),
        str(verifier_key("Peter\N{RIGHT-TO-LEFT OVERRIDE}Neumann", LOG)),
        str(PETER).replace("Peter", "\ud800"),
        str(PETER).replace("+ARpc", "+ARpd"),
        f"{PETER}\n",
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(CodecError):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"{TEXT}{PETER_LINE}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\r\n{PETER_LINE}",
        f"\ud800{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n— Bad Name {PETER_LINE.split()[2]}\n",
        f"{TEXT}\n— Bad+Name {PETER_LINE.split()[2]}\n{PETER_LINE}",
        f"{TEXT}\n—  {PETER_LINE.split()[2]}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE.replace('—', '-')}",
        f"{TEXT}\n{PETER_LINE.replace('x08go', 'x08gp')}",  # another key's id: a stranger
        f"{TEXT}\n{PETER_LINE[:60]}ABCD{PETER_LINE[60:]}",
        f"{TEXT}\n{PETER_LINE[:-2]}\n",
        f"{TEXT}\n{PETER_LINE.replace('=', ' =')}",
        f"{TEXT}\n{PETER_LINE}— PeterNeumann x08gow==\n",  # its key's id, and no signature
        f"{TEXT}\n{PETER_LINE}— PeterNeumann x08gowA=\n",
        f"{TEXT}\n{PETER_LINE}— Stranger AAAAAA==\n",
        f"{TEXT}\n— \ud800 AAAAAAA=\n{PETER_LINE}",
        f"{TEXT}\n{ENOCH_LINE}",
        f"{TEXT}\n{ENOCH_LINE.replace('EnochRoot', 'PeterNeumann')}",
        f"{TEXT}x\n\n{PETER_LINE}",
        f"{TEXT}\n" + PETER_LINE * 10_000,  # larger than any note
    ],
)
def test_what_is_no_note_of_a_trusted_key_is_refused(note: str) -> None:
    with pytest.raises(CodecError):
        open_note(note, [PETER])


def test_without_trusted_keys_nothing_opens() -> None:
    with pytest.raises(CodecError, match="no key that is trusted"):
        open_note(SUMDB_NOTE, [])


# --- Any change


def flipped(data: bytes) -> list[bytes]:
    """Return data with each bit of it flipped, one at a time."""
    return [
        data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        for at in range(len(data))
        for bit in range(8)
    ]


@pytest.mark.parametrize(("note", "key"), [(SUMDB_NOTE, SUMDB), (NOTE, LOG_KEY)])
def test_no_bit_of_a_signed_checkpoint_can_be_changed(note: str, key: VerifierKey) -> None:
    for data in flipped(note.encode()):
        try:
            text = data.decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises(CodecError):
            open_note(text, [key])


def test_no_bit_of_a_cosignature_can_be_changed() -> None:
    text, _, lines = COSIGNED.rpartition("\n\n")
    mine = lines.split("\n")[1] + "\n"
    whole = f"{text}\n\n{mine}".encode()
    assert open_note(whole.decode(), [NAVIGLI]).signers == {NAVIGLI: 1785704691}
    for data in flipped(whole):
        try:
            note = data.decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises(CodecError):
            open_note(note, [NAVIGLI])


@given(st.text() | st.text("— \n+=aberdulas.example/log", max_size=200))
@example("\n\n— a AAAA\n")
@example("\ud800\n\n— a AAAAAAA=\n")
def test_any_text_is_refused_in_words(text: str) -> None:
    for read in (
        lambda: open_note(text, [LOG_KEY]),
        lambda: Checkpoint.parse(text),
        lambda: VerifierKey.parse(text),
        lambda: number(text),
        lambda: sha256(text),
    ):
        with contextlib.suppress(CodecError):
            read()


@given(
    st.text(min_size=1, max_size=30).filter(valid_name),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
)
def test_every_checkpoint_reads_back(name: str, size: int, root: bytes, seed: bytes) -> None:
    secret = Ed25519PrivateKey.from_private_bytes(seed)
    head = Checkpoint(name, size, root)
    opened = open_note(signed(head.text(), name, secret), [verifier_key(name, secret)])

    assert Checkpoint.parse(opened.text) == head


# --- Checkpoints


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        HEAD.text()[:-1],
        HEAD.text() + "\n",
        HEAD.text() + "extension\n\n",
        HEAD.text() + "extension",
        HEAD.text().replace("\n7\n", "\n07\n"),
        HEAD.text().replace("\n7\n", "\n+7\n"),
        HEAD.text().replace("\n7\n", "\n-7\n"),
        HEAD.text().replace("\n7\n", "\n7 \n"),
        HEAD.text().replace("\n7\n", "\n0x7\n"),
        HEAD.text().replace("\n7\n", "\n\N{ARABIC-INDIC DIGIT SEVEN}\n"),
        HEAD.text().replace("\n7\n", "\n\n"),
        HEAD.text().replace("\n7\n", f"\n{2**63}\n"),
        HEAD.text().replace("\n7\n", f"\n{'9' * 5000}\n"),
        HEAD.text().replace(ORIGIN, ""),
        HEAD.text().replace("=", ""),
        HEAD.text().replace("=", "=="),
        f"{ORIGIN}\n7\n{b64(bytes(31))}\n",
        f"{ORIGIN}\n7\n{b64(bytes(64))}\n",
        f"{ORIGIN}\n7\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(CodecError):
        Checkpoint.parse(text)


def test_extension_lines_are_passed_over_but_stay_under_the_signature() -> None:
    note = signed(HEAD.text() + "weather: rain\n", ORIGIN, LOG)

    assert Checkpoint.parse(open_note(note, [LOG_KEY]).text) == HEAD
    with pytest.raises(CodecError):
        open_note(note.replace("rain", "snow"), [LOG_KEY])


@pytest.mark.parametrize("size", [0, 1, 2**63 - 1])
def test_sizes_go_from_nothing_to_what_63_bits_hold(size: int) -> None:
    assert Checkpoint.parse(HEAD._replace(size=size).text()).size == size


# --- Cosignatures


def test_a_witness_and_a_log_sign_side_by_side_and_a_stranger_is_passed_over() -> None:
    text = HEAD.text()
    note = (
        NOTE
        + cosign(text, "witness.example/w1", WITNESS, 1679315147)
        + sign(text, "stranger.example", OTHER)
    )

    assert open_note(note, [LOG_KEY, WITNESS_KEY]).signers == {
        LOG_KEY: None,
        WITNESS_KEY: 1679315147,
    }
    assert take_apart(note)[0] == text
    assert [name for name, _ in take_apart(note)[1]] == [
        ORIGIN,
        "witness.example/w1",
        "stranger.example",
    ]


def test_one_name_can_stand_for_two_keys_and_neither_speaks_for_the_other() -> None:
    twin = verifier_key(ORIGIN, WITNESS, witness=True)
    note = f"{HEAD.text()}\n{cosign(HEAD.text(), ORIGIN, WITNESS, 9)}"

    assert open_note(note, [LOG_KEY, twin]).signers == {twin: 9}
    with pytest.raises(CodecError):
        open_note(note, [LOG_KEY])


def test_a_cosignature_is_no_signature_and_the_other_way_round() -> None:
    text = HEAD.text()
    as_log = verifier_key("w.example", WITNESS)
    as_witness = verifier_key("w.example", WITNESS, witness=True)
    plain = unb64(sign(text, "w.example", WITNESS).split()[2])[4:]
    timed = unb64(cosign(text, "w.example", WITNESS, 9).split()[2])[4:]
    for key, body in ((as_log, timed), (as_log, timed[8:]), (as_witness, plain)):
        with pytest.raises(CodecError):
            open_note(f"{text}\n— w.example {b64(key.id + body)}\n", [key])


@pytest.mark.parametrize("time", [2**63, 2**64 - 1])
def test_a_time_after_the_end_of_time_is_refused(time: int) -> None:
    key = verifier_key("w.example", WITNESS, witness=True)
    message = f"cosignature/v1\ntime {time}\n{HEAD.text()}".encode()
    raw = key.id + struct.pack(">Q", time) + WITNESS.sign(message)
    with pytest.raises(CodecError, match="time"):
        open_note(f"{HEAD.text()}\n— w.example {b64(raw)}\n", [key])


@given(st.binary())
def test_base64_has_one_spelling(raw: bytes) -> None:
    assert unb64(b64(raw)) == raw
    assert b64(raw) == base64.b64encode(raw).decode()


@pytest.mark.parametrize("text", ["A", "AB==", "AAB=", "AA=", "AA==\n", " AA==", "-_==", "Tŷ==", "\0"])  # fmt: skip
def test_other_spellings_of_base64_are_refused(text: str) -> None:
    with pytest.raises(CodecError):
        unb64(text)
