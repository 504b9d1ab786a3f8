"""A head is stamped by an authority outside, kept with its checkpoint, and checked by whoever trusts the authority."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.cli import main
from archive.home import Home
from archive.trust import signing, stamping
from archive.trust.stamping import CannotStamp, Stamp
from tests.archive.tsa import Authority
from tests.conftest import Aberdulas

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the local authority needs the openssl command"
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    made = Authority(tmp_path_factory.mktemp("tsa") / "authority")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def willing(authority: Authority) -> None:
    authority.answer, authority.asked = None, 0


@pytest.fixture
def home(aberdulas: Aberdulas) -> Home:
    aberdulas.tables()
    home = Home(aberdulas.folder)
    signing.begin(home, "aberdulas.example/log")
    return home


def run(home: Home, *words: object, code: int = 0) -> str:
    done: Result = CliRunner().invoke(main, ["--home", str(home.path), *map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


def kept(home: Home) -> list[str]:
    return sorted(path.name for path in (home.path / "timestamps").glob("*"))


def test_a_stamped_head_is_kept_and_holds(home: Home, authority: Authority) -> None:
    said = run(home, "sign", "--timestamp", authority.url)

    (time,) = re.findall(r"stamped: (\S+)Z\n", said)
    assert abs(datetime.fromisoformat(time).replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=5)  # fmt: skip
    with home.log() as log:
        name = f"13-{log.root().hex()[:8]}"
    assert kept(home) == [f"{name}.checkpoint", f"{name}.tsr"]
    said = run(home, "verify", "--authority", authority.root)
    assert re.search(
        r"ok +stamped: log.db: the head of 13 events was there on [0-9-]+ at [0-9:]+ UTC", said
    )
    assert said.endswith("no alarm\n")


def test_openssl_finds_the_stamp_good_as_the_readme_of_a_bag_says(
    home: Home, authority: Authority
) -> None:
    run(home, "sign", "--timestamp", authority.url)
    folder = home.path / "timestamps"
    (note,) = folder.glob("*.checkpoint")
    text = folder / "text"
    text.write_text("".join(note.read_text().splitlines(keepends=True)[:3]))

    authority.openssl(
        "-verify", "-in", str(note.with_suffix(".tsr")), "-data", str(text), "-CAfile", "root.pem"
    )


def test_nobody_is_asked_unless_it_is_said(home: Home, authority: Authority) -> None:
    run(home, "sign")
    assert (authority.asked, kept(home)) == (0, [])


def test_a_head_is_stamped_once_and_the_next_one_again(
    home: Home, aberdulas: Aberdulas, authority: Authority
) -> None:
    first = run(home, "sign", "--timestamp", authority.url)
    assert (
        run(home, "sign", "--timestamp", authority.url).splitlines()[-1] == first.splitlines()[-1]
    )
    assert authority.asked == 1
    aberdulas.record("EntityRecorded", id="topic/x", new=True, kind="topic", name="X")
    run(home, "sign", "--timestamp", authority.url)

    assert authority.asked == 2
    assert len(kept(home)) == 4
    assert "the head of 14 events was there" in run(home, "verify", "--authority", authority.root)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, b""), "answered with the HTTP status 500"),
        ((302, b""), "answered with the HTTP status 302"),
        ((200, b""), "this is no answer of a timestamp authority"),
        ((200, b"<html>"), "this is no answer of a timestamp authority"),
        ((200, bytes(300_000)), "answered with more than 200000 bytes"),
        ((200, bytes.fromhex("30053003020102")), "the authority refused: status 2"),
    ],
)
def test_without_a_stamp_the_log_is_signed_all_the_same_and_that_is_said(
    home: Home, authority: Authority, answer: tuple[int, bytes], words: str
) -> None:
    authority.answer = answer

    said = run(home, "sign", "--timestamp", authority.url)

    assert "warning: signed, but not stamped: " in said
    assert words in said
    assert "aberdulas.example/log\n13\n" in said
    assert kept(home) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://127.0.0.1:1/", "cannot be reached"), ("file:///etc/hosts", "is no address of an authority")],
)  # fmt: skip
def test_an_authority_that_is_not_there_is_told(home: Home, url: str, words: str) -> None:
    assert words in run(home, "sign", "--timestamp", url)


def test_a_stamp_of_something_else_is_not_kept(home: Home, authority: Authority) -> None:
    other = stamping.TimestampRequestBuilder().data(b"something else").build()
    authority.answer = authority.reply(other.as_bytes())

    said = run(home, "sign", "--timestamp", authority.url)

    assert "has stamped something else than this head" in said
    assert kept(home) == []


def stamped(home: Home, authority: Authority) -> Path:
    run(home, "sign", "--timestamp", authority.url)
    (token,) = (home.path / "timestamps").glob("*.tsr")
    return token


def test_a_stamp_that_is_demanded_and_missing_is_an_alarm(home: Home, authority: Authority) -> None:
    run(home, "sign")
    said = run(home, "verify", "--authority", authority.root, code=1)
    assert (
        "ALARM  not-stamped: log.db: there is no timestamp: name its file with --timestamp" in said
    )


def test_a_stamp_by_somebody_else_is_an_alarm(
    home: Home, authority: Authority, tmp_path: Path
) -> None:
    stamped(home, authority)
    other = Authority(tmp_path / "other")
    other.close()

    assert "not-stamped: log.db: the timestamp does not hold" in run(
        home, "verify", "--authority", other.root, code=1
    )


def test_a_stamp_of_another_checkpoint_is_an_alarm(home: Home, authority: Authority) -> None:
    token = stamped(home, authority)
    note = token.with_suffix(".checkpoint")
    note.write_text(note.read_text().replace("\n13\n", "\n12\n"))

    assert "not-stamped: log.db: the timestamp does not hold: Mismatch between messages" in run(
        home, "verify", "--authority", authority.root, code=1
    )


@pytest.mark.parametrize("at", [10, 200, -30])
def test_a_flipped_bit_in_a_stamp_is_an_alarm(home: Home, authority: Authority, at: int) -> None:
    token = stamped(home, authority)
    data = bytearray(token.read_bytes())
    data[at] ^= 1
    token.write_bytes(data)

    assert "not-stamped" in run(home, "verify", "--authority", authority.root, code=1)


def test_a_log_that_does_not_extend_what_was_stamped_is_an_alarm(
    home: Home, authority: Authority, tmp_path: Path
) -> None:
    token = stamped(home, authority)
    other = Aberdulas(tmp_path / "other") if (tmp_path / "other").mkdir() is None else None
    assert other is not None
    for number in range(14):
        other.record("EntityRecorded", id=f"topic/t{number}", new=True, kind="topic", name="T")
    other.tables()
    shutil.copytree(home.path / "keys", other.folder / "keys")
    shutil.copyfile(home.path / "keys" / "signing.pem", tmp_path / "key")
    (other.folder / "keys" / "signing.pem").unlink()
    signing.begin(Home(other.folder), "aberdulas.example/log")
    run(Home(other.folder), "sign")
    other.close()

    said = run(
        Home(other.folder), "verify", "--authority", authority.root, "--timestamp", token, code=1
    )
    assert "what was stamped: " in said


def test_a_bag_takes_its_stamps_along_and_verifies_them(
    home: Home, authority: Authority, tmp_path: Path
) -> None:
    token = stamped(home, authority)
    run(home, "export", tmp_path / "bag", "--bag")

    assert (
        tmp_path / "bag" / "data" / "timestamps" / token.name
    ).read_bytes() == token.read_bytes()
    said = run(Home(tmp_path / "none"), "verify", tmp_path / "bag", "--authority", authority.root)
    assert "stamped: the head of 13 events was there" in said


def test_what_is_no_certificate_and_no_stamp_is_a_sentence(home: Home, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("Ddim yn dystysgrif")
    said = run(home, "verify", "--authority", tmp_path / "x.pem", code=1)
    assert "cannot be read as certificates in PEM" in said
    assert "is checked with the certificates" in run(home, "verify", "--timestamp", tmp_path / "x.pem", code=2)  # fmt: skip
    with pytest.raises(CannotStamp, match="no answer of a timestamp authority"):
        stamping.check(Stamp("a\n1\nAAAA\n\n", b"x"), [])
