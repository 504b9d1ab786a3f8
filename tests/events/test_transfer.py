"""A log as lines of text: the same bytes come back, and nothing else gets in."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events import codec, disclosure, transfer
from events import log as log_module
from events import vocabulary as vocabulary_module
from events.codec import build, seal
from events.errors import CodecError, EventsError, LogDamaged, LogError, UnknownVersion
from events.log import SqliteLog
from events.merkle import leaf_hash, node_hash
from tests.events.examples import ENTITIES, EVIDENCE, EXAMPLES, salts
from tests.events.examples import example as example_of

AT = "2031-03-06T08:30:00Z"


def written(log: SqliteLog) -> list[str]:
    entries = [(envelope, disclosures) for _, envelope, disclosures in log.entries()]
    return list(transfer.lines(entries, log.root()))


@functools.cache
def good() -> tuple[str, ...]:
    """Return the lines of a log of three events, one of them with a part erased."""
    with tempfile.TemporaryDirectory() as folder, new_log(Path(folder)) as log:
        log.append([build("EntityRecorded", ENTITIES["topic"]), example_of("OutcomeRecorded")])
        log.append([example_of("RecordRetracted")], by="contributor")
        (_, _, body) = next(log.entries(1))
        log._db.execute("UPDATE disclosures SET body = ? WHERE seq = 1", (json.dumps(body[1:]),))
        return tuple(written(log))


def new_log(folder: Path) -> SqliteLog:
    return SqliteLog.create(folder / "log.db", clock=lambda: AT, salt=salts())


def refuse(lines: Iterable[str], folder: Path) -> EventsError:
    """Return why a log given as lines is refused, having seen that nothing of it was stored."""
    with SqliteLog.create(folder / "refused.db") as log:
        before = (folder / "refused.db").read_bytes()
        with pytest.raises(EventsError) as refused:
            restore(log, lines)
        assert log.size == 0
        assert log.same_content(example_of("RecordRetracted")) == []
        assert (folder / "refused.db").read_bytes() == before
        assert log.append([example_of("RecordRetracted")]) == [0]
    (folder / "refused.db").unlink()
    return refused.value


def restore(log: SqliteLog, lines: Iterable[str]) -> int:
    entries = transfer.Entries(lines)
    return log.restore_entries(entries, root=entries.root)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with new_log(tmp_path) as made:
        yield made


# --- There and back


def test_a_restored_log_has_the_same_bytes_and_the_same_root(
    log: SqliteLog, tmp_path: Path
) -> None:
    log.append(list(EXAMPLES.values()))
    log.append([EXAMPLES["OutcomeRecorded"]] * 2, by="contributor", key="k")
    lines = written(log)

    with SqliteLog.create(tmp_path / "other.db") as other:
        assert restore(other, lines) == 19
        assert list(other.entries()) == list(log.entries())
        assert list(other.read()) == list(log.read())
        assert [other.root(size) for size in range(20)] == [log.root(size) for size in range(20)]
        assert written(other) == lines
        for event in EXAMPLES.values():
            assert other.same_content(event) == log.same_content(event)


def test_a_restored_log_goes_on_like_any_other(log: SqliteLog, tmp_path: Path) -> None:
    log.append([EXAMPLES["OutcomeRecorded"]])

    with SqliteLog.create(tmp_path / "other.db", clock=lambda: "2001-01-01T00:00:00Z") as other:
        restore(other, written(log))
        assert other.append([EXAMPLES["FigureRecorded"]], expected=1) == [1]
        assert [event.recorded_at for event in other.read()] == [AT, AT]
        assert other.root() != log.root()


def test_a_log_can_be_kept_as_a_file_of_ascii_lines(log: SqliteLog, tmp_path: Path) -> None:
    log.append(list(EXAMPLES.values()))
    file = tmp_path / "log.jsonl"
    file.write_text("".join(written(log)), encoding="ascii")

    with file.open(encoding="ascii") as lines:
        entries, root = transfer.parse(lines)

    assert entries == [(envelope, body) for _, envelope, body in log.entries()]
    assert root == log.root()
    *rest, last = map(json.loads, file.read_text("ascii").splitlines())
    assert last == {"size": 17, "root": disclosure.b64url(log.root())}
    assert all(set(line) == {"envelope", "disclosures"} for line in rest)


def test_an_empty_log_is_one_line(log: SqliteLog, tmp_path: Path) -> None:
    lines = written(log)

    assert lines == ['{"root":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU","size":0}\n']
    with SqliteLog.create(tmp_path / "other.db") as other:
        assert restore(other, lines) == 0
        assert other.root() == log.root()


def test_what_was_erased_stays_erased_and_the_root_stays_right(tmp_path: Path) -> None:
    with SqliteLog.create(tmp_path / "other.db") as other:
        assert restore(other, good()) == 3
        assert [event.missing for event in other.read()] == [0, 1, 0]
        assert other.same_content(example_of("RecordRetracted")) == [2]
        assert other.same_content(example_of("OutcomeRecorded")) == []
        assert other.same_content(example_of("OutcomeRecorded", new=...)) == [], "nor what is left"
        assert written(other) == list(good())


parts = st.lists(
    st.tuples(st.sampled_from(list(EXAMPLES)), st.sampled_from(["archivist", "redactor"]), st.integers(0, 99)),
    max_size=9,
)  # fmt: skip


@given(parts)
def test_any_entries_come_back_from_their_lines(made: list[tuple[str, str, int]]) -> None:
    salt = salts()
    entries = []
    for name, by, erased in made:
        envelope, disclosures = seal(EXAMPLES[name], at=AT, by=by, salt=salt)
        entries.append((envelope, disclosures[erased % (len(disclosures) + 1) :]))

    lines = list(transfer.lines(entries, b"\x01" * 32))

    assert transfer.parse(lines) == (entries, b"\x01" * 32)
    assert transfer.parse(line.rstrip("\n") for line in lines) == (entries, b"\x01" * 32)
    assert all(line.isascii() and line.count("\n") == 1 for line in lines)


def test_entries_are_read_one_at_a_time_and_the_root_is_known_after_the_last() -> None:
    given = iter(good())
    entries = transfer.Entries(given)

    read = []
    for number, entry in enumerate(entries):
        read.append(entry)
        if number < 2:
            assert len(good()) - number - 1 == given.__length_hint__()  # type: ignore[attr-defined]
            with pytest.raises(CodecError, match="not known before the last line"):
                entries.root()

    assert (read, entries.root()) == transfer.parse(good())
    assert list(entries) == []


@pytest.mark.parametrize("size", [1, 4, 5, 6, 10, 17])
def test_a_log_is_restored_page_by_page_whatever_its_size(
    log: SqliteLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(log_module, "PAGE", 5)
    log.append(list(EXAMPLES.values())[:size])

    with SqliteLog.create(tmp_path / "other.db") as other:
        assert restore(other, written(log)) == size
        assert list(other.entries()) == list(log.entries())
        assert [other.root(n) for n in range(size)] == [log.root(n) for n in range(size)]
        for event in EXAMPLES.values():
            assert other.same_content(event) == log.same_content(event)


def test_a_line_that_is_bad_pages_later_leaves_nothing_behind(
    log: SqliteLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "PAGE", 5)
    log.append(list(EXAMPLES.values()))
    lines = written(log)

    assert str(refuse([*lines[:16], "{}"], tmp_path)).startswith("line 17: neither")
    assert "cut short" in str(refuse(lines[:16], tmp_path))


# --- Anything else is refused

ROOT_LINE = '{"root":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU","size":0}'


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "the last line, with the root, is missing: the file was cut short"),
        ([""], "line 1: not JSON"),
        (["{}"], "line 1: neither an entry nor the root"),
        (["[]"], "line 1: neither"),
        (["7"], "line 1: neither"),
        (["null"], "line 1: neither"),
        (['["size","root"]'], "line 1: neither"),
        (['["envelope","disclosures"]'], "line 1: neither"),
        (['{"envelope":"{}"}'], "line 1: neither"),
        (['{"envelope":"{}","disclosures":[],"note":"x"}'], "line 1: neither"),
        (['{"envelope":7,"disclosures":[]}'], "line 1: neither"),
        (['{"envelope":["{}"],"disclosures":[]}'], "line 1: neither"),
        (['{"envelope":"{}","disclosures":""}'], "line 1: neither"),
        (['{"envelope":"{}","disclosures":{}}'], "line 1: neither"),
        (['{"envelope":"{}","disclosures":null}'], "line 1: neither"),
        (['{"envelope":"{}","disclosures":[7]}'], "line 1: disclosures must be strings"),
        (['{"envelope":"{}","disclosures":["a",null]}'], "line 1: disclosures must be strings"),
        (['{"envelope":"ŷ","disclosures":[]}'], "line 1: 'ascii' codec"),
        (['{"envelope":"{}","envelope":"{}","disclosures":[]}'], "line 1: JSON key 'envelope' stands twice"),
        (['{"envelope":"' + "a" * 1_000_000 + '","disclosures":[]}'], "line 1: JSON has 1000032 bytes"),
        ([ROOT_LINE, ROOT_LINE], "line 2: nothing may follow the root"),
        ([ROOT_LINE, "\n"], "line 2: nothing may follow the root"),
        ([ROOT_LINE.replace("0}", "1}")], "line 1: after 0 entries it says 1"),
        ([ROOT_LINE.replace("0}", "-1}")], "line 1: after 0 entries it says -1"),
        ([ROOT_LINE.replace("0}", "false}")], "line 1: after 0 entries it says False"),
        ([ROOT_LINE.replace("0}", "0.0}")], "line 1: neither"),
        ([ROOT_LINE.replace("0}", '"0"}')], "line 1: neither"),
        ([ROOT_LINE.replace("SuFU", "SuFV")], "line 1: base64url is not canonical"),
        ([ROOT_LINE.replace("SuFU", "SuFU=")], "line 1: "),
        ([ROOT_LINE.replace("SuFU", "SuF!")], "line 1: "),
        ([ROOT_LINE.replace("SuFU", "SuF\\u0142")], "line 1: "),
        (['{"root":7,"size":0}'], "line 1: neither"),
        (['{"root":null,"size":0}'], "line 1: neither"),
    ],
    ids=range(33),
)  # fmt: skip
def test_lines_that_are_no_log_are_refused_with_the_number_of_the_line(
    lines: list[str], words: str
) -> None:
    with pytest.raises(CodecError) as refused:
        transfer.parse(lines)

    assert str(refused.value).startswith(words)


@pytest.mark.parametrize("root", ["", "AAAA", "A" * 43])
def test_a_root_that_is_another_or_none_is_refused(tmp_path: Path, root: str) -> None:
    lines = [*good()[:-1], json.dumps({"size": 3, "root": root})]

    assert isinstance(refuse(lines, tmp_path), LogDamaged)


@pytest.mark.parametrize("cut", range(1, 400, 7))
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    text = "".join(good())

    assert refuse(text[:-cut].splitlines() if cut > 1 else text[:-2].splitlines(), tmp_path)


def lines_out_of_place() -> list[tuple[str, list[str]]]:
    zero, one, two, end = good()

    def counted(*lines: str) -> list[str]:
        return [*lines, json.dumps({**json.loads(end), "size": len(lines)})]

    return [
        ("the first missing", [one, two, end]),
        ("the first missing and counted", counted(one, two)),
        ("one in the middle missing", counted(zero, two)),
        ("the last missing", counted(zero, one)),
        ("one twice", [zero, zero, one, two, end]),
        ("one twice and counted", counted(zero, one, one, two)),
        ("the last twice and counted", counted(zero, one, two, two)),
        ("two in another order", [one, zero, two, end]),
        ("all in another order", [two, one, zero, end]),
        ("one instead of another", [zero, one, one, end]),
        ("the root first", [end, zero, one, two]),
        ("the root twice", [zero, one, two, end, end]),
        ("the root in the middle, too", [zero, *counted(zero)[1:], one, two, end]),
        ("no root", [zero, one, two]),
        ("only a root", [end]),
        ("an empty line", [zero, "\n", one, two, end]),
        ("two lines in one", [zero.rstrip() + one, two, end]),
        ("a foreign line", counted(zero, one, two, stranger())),
    ]  # fmt: skip


def stranger() -> str:
    entry = seal(EXAMPLES["FigureRecorded"], at=AT, by="archivist", salt=salts())
    return next(transfer.lines([entry], b""))


@pytest.mark.parametrize("how", [name for name, _ in lines_out_of_place()])
def test_lines_missing_doubled_or_out_of_order_are_refused(tmp_path: Path, how: str) -> None:
    assert refuse(dict(lines_out_of_place())[how], tmp_path)


@given(st.data())
@example(None)
def test_another_character_anywhere_is_refused_or_means_the_same(
    data: st.DataObject | None,
) -> None:
    lines = list(good())
    if data is None:  # every character of the last line
        places = [(3, place, chr(ord(lines[3][place]) ^ 1)) for place in range(len(lines[3]) - 1)]
    else:
        number = data.draw(st.integers(0, 3))
        place = data.draw(st.integers(0, len(lines[number]) - 1))
        characters = st.characters(exclude_categories=()) | st.sampled_from('AZaz09-_"\\{}[]:,. \n')
        places = [(number, place, data.draw(characters))]

    with tempfile.TemporaryDirectory() as folder:
        for number, place, character in places:
            changed = lines[number][:place] + character + lines[number][place + 1 :]
            other = [*lines[:number], changed, *lines[number + 1 :]]
            try:
                meaning = transfer.parse(other)
            except CodecError:
                continue
            if meaning != transfer.parse(lines):
                assert refuse(other, Path(folder))


@given(st.lists(st.text() | st.sampled_from(good())))
def test_any_lines_are_a_log_or_refused(lines: Sequence[str]) -> None:
    try:
        entries, root = transfer.parse(lines)
    except CodecError:
        return
    assert len(entries) + 1 == len(lines)
    assert isinstance(root, bytes)


def entry_of(name: str) -> tuple[bytes, list[str]]:
    return seal(EXAMPLES[name], at=AT, by="archivist", salt=salts())


def test_disclosures_that_are_not_in_the_envelope_are_refused(tmp_path: Path) -> None:
    envelope, disclosures = entry_of("OutcomeRecorded")
    root = leaf_hash(envelope)
    foreign = disclosure.disclose(b"\xff" * 16, "note", "never recorded")

    for wrong in ([*disclosures, foreign], [foreign], [*disclosures, disclosures[0]], [""]):
        error = refuse(transfer.lines([(envelope, wrong)], root), tmp_path)
        assert isinstance(error, LogDamaged)
        assert "E0: " in str(error)


def test_an_envelope_that_says_what_none_may_say_is_refused(tmp_path: Path) -> None:
    envelope, disclosures = entry_of("OutcomeRecorded")
    for wrong in (
        envelope.replace(b'"archivist"', b'"Nia Prys"'),
        envelope.replace(b'"v":1', b'"note":"Nia","v":1'),
        envelope.replace(b'"v":1', b'"v": 1'),
        envelope[:-1],
        b"",
    ):
        error = refuse(transfer.lines([(wrong, disclosures)], leaf_hash(wrong)), tmp_path)
        assert isinstance(error, LogDamaged)
        assert "not an envelope" in str(error)


def test_a_log_of_a_newer_program_is_refused_with_advice(tmp_path: Path) -> None:
    envelope, disclosures = entry_of("OutcomeRecorded")
    newer = envelope.replace(b'"v":1', b'"v":1000')

    error = refuse(transfer.lines([(newer, disclosures)], leaf_hash(newer)), tmp_path)

    assert isinstance(error, UnknownVersion)
    assert "upgrade it" in str(error)


def test_a_log_is_restored_even_where_a_rule_has_become_stricter_since(
    log: SqliteLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = build("MeetingRecorded", {"id": "meeting/a", "kind": "ordinary"}, EVIDENCE[:1])
    with monkeypatch.context() as earlier:
        earlier.setattr(codec, "EVIDENCED", frozenset[str]())
        unproved = build("MeetingRecorded", {"id": "meeting/a", "kind": "ordinary"})
    log.append([unproved, bare])
    assert "MeetingRecorded" in vocabulary_module.EVIDENCED

    with SqliteLog.create(tmp_path / "other.db") as other:
        assert restore(other, written(log)) == 2
        assert list(other.read()) == list(log.read())
        assert (other.same_content(unproved), other.same_content(bare)) == ([], [1])


def test_only_an_empty_log_can_be_filled(log: SqliteLog) -> None:
    log.append([EXAMPLES["OutcomeRecorded"]])
    before = list(log.entries())

    with pytest.raises(LogError, match="only an empty log can be filled from another"):
        restore(log, good())

    assert list(log.entries()) == before
    assert log.append([EXAMPLES["FigureRecorded"]]) == [1]


def test_a_log_is_filled_once_however_often_that_is_tried(tmp_path: Path) -> None:
    with SqliteLog.create(tmp_path / "other.db") as other:
        restore(other, good())
        with pytest.raises(LogError, match="only an empty log"):
            restore(other, good())
        assert written(other) == list(good())


def test_the_root_in_the_last_line_is_the_one_over_the_envelopes() -> None:
    hashes = [leaf_hash(json.loads(line)["envelope"].encode()) for line in good()[:-1]]

    head = node_hash(node_hash(hashes[0], hashes[1]), hashes[2])

    assert json.loads(good()[-1]) == {"size": 3, "root": disclosure.b64url(head)}
