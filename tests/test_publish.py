"""Published again, only what changed is made anew; and it is what would have been made of nothing."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.keeping import releases
from archive.keeping.releases import NotPublished, release
from feeds.app import create_app
from feeds.publishing import manifest
from feeds.publishing.asking import Asked
from feeds.publishing.crawl import CannotPublish
from feeds.publishing.files import Files
from feeds.publishing.rendering import Renderer
from feeds.settings import Settings
from tests.clocks import put_ahead
from tests.publishing import SECRET, URL, Town, files


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Path]]:
    """A town that is published already, for tests that do not change it."""
    folder = tmp_path_factory.mktemp("standing")
    town = Town(folder / "home", folder / "keys")
    town.developments(3)
    town.publish(folder / "www")
    yield town, folder / "www"
    town.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path / "home", tmp_path / "keys")
    yield town
    town.close()


#: What is recorded between two publications, and what it is called when it fails.
Step = tuple[str, Callable[[Town], object]]
STEPS: list[Step] = [
    ("nothing", lambda town: None),
    ("a fact that fills an archive", lambda town: town.developments(1, 49)),
    ("a topic", lambda town: town.archive.record("EntityRecorded", id="topic/roads", new=True, kind="topic", name="Roads")),
    ("a Welsh name", lambda town: town.archive.record("NameRecorded", record="topic/roads", name="Ffyrdd", kind="official", lang="cy")),
    ("a correction", lambda town: town.amend("development/d3", "/what", "Shelf 3 was moved", "Shelf 30 was moved")),
    ("a merger", lambda town: town.merge("topic/libraries", "topic/books")),
    ("a withdrawal", lambda town: town.retract("development/d4")),
    ("a head", Town.publish_head),
    ("a withholding", lambda town: town.act("withheld", f"E{town.number('development/d5')}")),
    ("a release", lambda town: town.act("released", f"E{town.number('development/d5')}")),
    ("an erasure", lambda town: town.act("erased", f"E{town.number('development/d6')}")),
]  # fmt: skip
BY_NAME = dict(STEPS)


def together(*names: str) -> Step:
    return " and ".join(names), lambda town: [BY_NAME[name](town) for name in names]


@pytest.mark.parametrize(
    ("steps", "developments"),
    [
        pytest.param(
            [
                together("a topic", "a correction", "a merger"),
                together("a withdrawal", "an erasure"),
            ],
            7,
            id="two",
        ),
        pytest.param(STEPS, 49, marks=[pytest.mark.torture, pytest.mark.timeout(900)], id="each"),
    ],
)
def test_an_increment_is_what_would_be_made_of_nothing(
    town: Town, tmp_path: Path, steps: list[Step], developments: int
) -> None:
    place = tmp_path / "www"
    town.developments(developments)
    town.publish(place)
    for number, (name, step) in enumerate(steps):
        step(town)
        said = town.publish(place)
        whole = tmp_path / f"whole-{number}"
        town.publish(whole)
        one, other = files(place), files(whole)
        assert sorted(one) == sorted(other), name
        assert [path for path in one if one[path] != other[path]] == [], name
        for conf in ("nginx-maps.conf", "nginx-server.conf", "Caddyfile"):
            made = (place / "current" / conf).read_text().replace(str(place), str(whole))
            assert made == (whole / "current" / conf).read_text(), name
        if name == "nothing":
            assert " 0 files written" in said
        shutil.rmtree(whole)


def test_what_did_not_change_is_shared_and_what_was_erased_is_in_no_file(
    town: Town, tmp_path: Path
) -> None:
    place = tmp_path / "www"
    town.archive.record(
        "EntityRecorded", id=f"person/{SECRET.lower()}", new=True, kind="person", name=SECRET, public_capacity=SECRET
    )  # fmt: skip
    town.publish(place)
    before = times(place)
    contents = files(place)
    town.archive.record("EntityRecorded", id="topic/roads", new=True, kind="topic", name="Roads")
    town.publish(place)
    after, now = times(place), files(place)
    same = [path for path in contents if now[path] == contents[path]]
    changed = [path for path in contents if now[path] != contents[path]]
    assert len(changed) > 20
    assert len(same) > 2 * len(changed)
    assert [path for path in same if after[path] != before[path]] == []
    assert [path for path in changed if after[path] <= before[path]] == []
    assert traces(place)
    town.act("erased", f"person/{SECRET.lower()}")
    town.publish(place)
    assert traces(place) == []
    assert [path.name for path in (place / "releases").iterdir()] == ["3"]


def times(place: Path) -> dict[str, int]:
    """The time of each file that is served, in seconds."""
    site = place / "current" / "site"
    return {path: int((site / path).stat().st_mtime) for path in files(place)}


@pytest.mark.parametrize("now", [900, 5000])
def test_bytes_that_change_though_the_log_does_not_get_a_later_time(
    tmp_path: Path, now: int
) -> None:
    with Files(tmp_path / "1", None, {}, now=now) as first:
        first.put("/en/about.html", b"one", b"1", 1000)
    with Files(tmp_path / "2", tmp_path / "1", first.kept, now=now) as second:
        second.put("/en/about.html", b"two", b"2", 1000)
    for name, content in (("about.html", b"two"), ("about.html.gz", b"2")):
        was, file = tmp_path / "1" / "en" / name, tmp_path / "2" / "en" / name
        assert file.read_bytes() == content
        assert was.stat().st_mtime == 1000
        assert file.stat().st_mtime == max(1001, now)
    assert (tmp_path / "1" / "en" / "about.html").read_bytes() == b"one"


def test_a_file_that_cannot_be_compressed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tables.csv").write_bytes(b"1")
    (tmp_path / "tables.csv.gz").mkdir()
    with (
        pytest.raises(IsADirectoryError, match=r"tables\.csv\.gz"),
        Files(tmp_path, None, {}, now=0) as kept,
    ):
        kept.adopt("/tables.csv", 1000)


def traces(place: Path) -> list[Path]:
    """The files that hold the secret, anywhere below a folder, compressed or not."""
    found = []
    for path in sorted(place.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            content += gzip.decompress(content) if path.suffix == ".gz" else b""
            if SECRET.lower().encode() in content.lower() or SECRET.lower() in str(path):
                found.append(path)
    return found


@pytest.mark.torture
def test_a_killed_publication_leaves_the_one_before(town: Town, tmp_path: Path) -> None:
    place = tmp_path / "www"
    town.publish(place)
    before = files(place)
    town.developments(3)
    town.archive.tables()
    command = [sys.executable, "-m", "archive.cli", "--home", str(town.home.path), "publish", str(place), "--url", URL]  # fmt: skip
    for wanted in (1, 400):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while process.poll() is None and _count(place / "releases" / "2") < wanted:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert (place / "current").readlink() == Path("releases/1")
        assert files(place) == before
    town.publish(place)
    assert (place / "current").readlink() == Path("releases/2")
    assert sorted(path.name for path in (place / "releases").iterdir()) == ["2"]
    assert files(place) != before


def _count(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


def test_an_error_of_the_site_publishes_nothing(
    standing: tuple[Town, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    town, place = standing
    before = files(place)

    def broken(*_: object, **__: object) -> None:
        raise CannotPublish("/en/about is answered with status 500")

    monkeypatch.setattr("feeds.publishing.crawl.Crawl.errors", broken)
    said = town.publish(place, exit_code=1)
    assert "nothing was published: /en/about is answered with status 500" in said
    assert files(place) == before
    assert [path.name for path in (place / "releases").iterdir()] == ["1"]


def test_a_folder_of_somebody_else_is_left_alone(
    standing: tuple[Town, Path], tmp_path: Path
) -> None:
    town, _ = standing
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"x")
    assert "holds something that was not published here" in town.publish(
        tmp_path / "photos", exit_code=1
    )
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["one.jpg"]


def test_two_do_not_publish_to_one_folder(tmp_path: Path) -> None:
    with (
        release(tmp_path / "www"),
        pytest.raises(NotPublished, match="by another process"),
        release(tmp_path / "www"),
    ):
        pass
    assert (tmp_path / "www" / releases.CURRENT).exists()


def test_what_cannot_be_an_address_is_said(standing: tuple[Town, Path]) -> None:
    town, place = standing
    said = town.publish(place, "--url", "archive.example", exit_code=1)
    assert "give scheme and host" in said
    said = town.publish(place, "--upstream", "127.0.0.1; evil", exit_code=1)
    assert "give scheme and host" in said
    assert [path.name for path in (place / "releases").iterdir()] == ["1"]


def samples(town: Town, pages: dict[str, manifest.Page]) -> list[str]:
    """An address of each rule of the site, and of each language, format and status."""
    app = create_app(Settings(archive_db=town.archive.path, base_url=URL))
    urls = app.url_map.bind("archive.example")
    found: dict[object, str] = {}
    for address, page in pages.items():
        if page.file and page.asked:
            rule = urls.match(address.partition("?")[0], return_rule=True)[0].rule
            end = page.file.rpartition(".")[2]
            found.setdefault((rule, address[:4], end, page.status, "?" in address), address)
    app.extensions["site"].library.close()
    return list(found.values())


def test_no_page_that_may_be_kept_goes_by_the_clock_of_python(
    standing: tuple[Town, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a page would be kept when the day is over, for only what the tables say is looked at."""
    town, place = standing
    current = place / "current"
    asked = samples(town, manifest.read(current).pages)
    assert len(asked) > 80
    settings = Settings(
        archive_db=current / "site" / "download" / "archive.db",
        base_url=URL,
        contact="mailto:archive@aberdulas.example",
    )
    # This one does, asks no table, and so is made each time.
    asked.append(dated := "/.well-known/security.txt")
    now = known_by(settings, asked)
    put_ahead(monkeypatch)
    later = known_by(settings, asked)
    assert [address for address in asked if now[address] != later[address]] == [dated]


def known_by(settings: Settings, addresses: list[str]) -> dict[str, bytes]:
    """What a site that starts now answers."""
    asked = Asked(settings.archive_db)
    try:
        renderer = Renderer(settings, asked)
        return {address: renderer.get(address).content for address in addresses}
    finally:
        asked.close()
