"""The site as files, sent by a real nginx and a real Caddy, answers as the live site does."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from archive.serving.children import Child, stop
from archive.serving.programs import site_program
from archive.trust.verifying import Verdict, verify
from feeds.app import create_app
from feeds.publishing import manifest
from feeds.settings import Settings
from tests.publishing import URL, Server, Town, caddy, nginx
from tests.serving import free_ports

#: What must be the same. The last two as sets.
SAME = (
    "content-type cache-control content-language content-security-policy x-content-type-options referrer-policy link"
).split()
LISTS = ("vary", "allow")
#: Where nothing is: some of them are of a known form.
NOTHING = (
    "/nothing /en/nothing /cy/dim/byd /en/topics/none /en/about.html /en/index /@page=2/en/timeline /-/404.html"
    " /robots.txt.gz /en/feeds/all /en/feeds/all.xml /log/facts/999999 /log/tile/0/999 /en//about /static/"
    " /en/feeds/all.atom.gz /en/records/topic /cy/pobl/neb /en/records/a/b.html /en/events/E1x /sitemap-99.xml"
    " /en/feeds/all/archive/9-9.rss /.well-known/security.txt"
).split()
PROGRAMS = {"nginx": nginx, "caddy": caddy}
#: One of them each time, the other with the long tests.
SERVERS = ["nginx", pytest.param("caddy", marks=pytest.mark.torture)]


def program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    return found or pytest.skip(f"{name} is not installed: .ci/install-debian-packages brings it")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Path]]:
    folder = tmp_path_factory.mktemp("town")
    town = Town(folder / "home", folder / "keys")
    town.developments(55)
    town.merge("topic/libraries", "topic/books")
    town.retract("development/d7")
    town.amend("development/d8", "/what", "Shelf 8 was moved", "Shelf 9 was moved")
    town.act("withheld", f"E{town.number('development/d9')}")
    town.act("erased", f"E{town.number('development/d10')}")
    town.publish(folder / "www")
    yield town, folder / "www"
    town.close()


@pytest.fixture(scope="module")
def live(town: tuple[Town, Path]) -> Iterator[Server]:
    home = town[0].home
    (port,) = free_ports(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHIVE_URL", URL)
        patch.setenv("DATASETTE_URL", "https://data.example")
        child = Child(site_program(home, "127.0.0.1", port, port + 1), print)
    server = Server(port)
    try:
        child.start()
        while not child.ready:
            child.tend()
        yield server
    finally:
        server.connection.close()
        stop([child])


@pytest.fixture(scope="module", params=SERVERS)
def static(
    request: Any, town: tuple[Town, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    scratch = tmp_path_factory.mktemp("server") / "scratch"
    with PROGRAMS[request.param](town[1], scratch, program(request.param)) as server:
        yield server


@pytest.fixture(scope="module")
def addresses(town: tuple[Town, Path]) -> list[str]:
    """All addresses that were published, and some that are none."""
    found = manifest.read(town[1] / "current").pages
    known = "/en/about?utm_source=x /static/style.css?v=old /en/numbers?status=nonsense".split()
    return [*found, *NOTHING, *known]


def differences(live: Server, static: Server, addresses: list[str], **headers: str) -> list[str]:
    """Say where two servers answer otherwise."""
    found = []
    for address in addresses:
        one, other = live.get(address, **headers), static.get(address, **headers)
        what = [name for name in SAME if one.headers.get(name) != other.headers.get(name)]
        what += [name for name in LISTS if one.listed(name) != other.listed(name)]
        if 300 <= one.status < 400:
            what = [name for name in what if name != "content-type"]
            if one.headers["location"] != other.headers.get("location"):
                what.append("location")
        else:
            if one.body != other.body:
                what.append("body")
            if one.headers.get("content-encoding") != other.headers.get("content-encoding"):
                what.append("content-encoding")
            if "last-modified" in one.headers and one.headers["last-modified"] != other.headers.get(
                "last-modified"
            ):
                what.append("last-modified")
        if one.status != other.status:
            what = [f"{one.status} != {other.status}"]
        found += [
            f"{address}: {name}: {one.headers.get(name)} != {other.headers.get(name)}"
            for name in what
        ]
    return found


def test_every_address_is_answered_as_by_the_live_site(
    live: Server, static: Server, addresses: list[str]
) -> None:
    assert len(addresses) > 500
    assert differences(live, static, addresses) == []


def test_every_address_is_compressed_as_by_the_live_site(
    live: Server, static: Server, addresses: list[str]
) -> None:
    assert differences(live, static, addresses, Accept_Encoding="gzip") == []
    assert differences(live, static, addresses[::25], Accept_Encoding="gzip;q=0, identity") == []


def test_who_has_an_answer_is_told_so(static: Server, addresses: list[str]) -> None:
    etags = set()
    for address in addresses:
        for encoding in ("identity", "gzip"):
            whole = static.get(address, Accept_Encoding=encoding)
            if whole.status != 200:
                continue
            etag = whole.headers["etag"]
            assert not etag.startswith("W/"), address
            etags.add((address, etag))
            again = static.get(address, Accept_Encoding=encoding, If_None_Match=etag)
            assert (again.status, again.body) == (304, b""), address
            assert again.headers["cache-control"] == whole.headers["cache-control"], address
            assert static.get(address, If_None_Match='"other"').status == 200, address
            since = whole.headers["last-modified"]
            assert static.get(address, If_Modified_Since=since).status == 304, address
    # nginx has an ETag for each encoding; Caddy tells them apart by Vary alone.
    assert len(etags) >= len({address for address, _ in etags})


def test_who_wants_what_is_older_or_otherwise_is_refused(live: Server, static: Server) -> None:
    for server in (live, static):
        since = server.get("/en/feeds/all.atom").headers["last-modified"]
        for headers, status in (
            ({"If_Unmodified_Since": since}, 200),
            ({"If_Unmodified_Since": "Thu, 01 Jan 2009 00:00:00 GMT"}, 412),
            ({"If_Match": '"other"'}, 412),
        ):
            assert server.get("/en/feeds/all.atom", **headers).status == status, headers
            server.connection.close()  # as nginx does after a 412, without saying so


def test_only_head_and_get_are_answered(live: Server, static: Server, addresses: list[str]) -> None:
    gone = [one for one in addresses if static.get(one).status in (410, 451)]
    assert gone
    for address in (
        *addresses[::7],
        *gone,
        *NOTHING,
        "/en/search?q=shelf",
        "/cy/addewidion?by=x&topic=y",
    ):
        whole, head = static.get(address), static.get(address, "HEAD")
        assert (head.status, head.body) == (whole.status, b""), address
        if whole.status in (200, 404):
            assert head.headers["content-length"] == whole.headers["content-length"], address
        one, other = live.get(address, "POST"), static.get(address, "POST")
        assert (one.status, one.body) == (other.status, other.body), address
        assert one.listed("allow") == other.listed("allow"), address
        # The live site says there what is allowed; of files a server does not know more than that this is not.
        assert static.get(address, "OPTIONS").status == one.status, address


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("cy", "cy"), ("cy-GB,cy;q=0.9,en;q=0.8", "cy"), ("en-GB,en;q=0.9,cy;q=0.8", "en"), ("", "en"),
        ("fr-FR,fr;q=0.9,cy;q=0.4", "cy"), ("cy;q=0,fr", "en"), ("de", "en"), ("CY", "cy"),
    ],
)  # fmt: skip
def test_the_start_leads_to_the_language_that_is_asked_for(
    live: Server, static: Server, asked: str, language: str
) -> None:
    for server in (live, static):
        answer = server.get("/", Accept_Language=asked)
        assert (answer.status, answer.headers["location"]) == (302, f"/{language}/")


def test_of_a_form_one_filled_field_is_a_file_and_a_search_says_where_to_ask(
    live: Server, static: Server
) -> None:
    for form in (
        "/en/timeline?kind=&topic=topic%2Flibraries&year=&order=",
        "/cy/addewidion?by=org%2Faberdulas-council&topic=",
        "/en/commitments?by=org%2Faberdulas-council&status=depends+on+reading",
    ):
        assert b"selected" in static.get(form).body
        assert live.get(form).body == static.get(form).body
    assert (
        static.get("/en/timeline?kind=&topic=&year=&order=").body == live.get("/en/timeline").body
    )
    for address, words in (
        ("/en/search?q=library", b"This copy of the site cannot search"),
        ("/cy/chwilio?q=llyfrgell", "Ni all y copi hwn o’r wefan chwilio".encode()),
        ("/en/timeline?year=2031&topic=topic%2Flibraries", b"cannot search"),
        ("/en/commitments?by=org%2Faberdulas-council&topic=topic%2Flibraries", b"cannot search"),
        ("/en/search?q=../../../../etc/passwd", b"cannot search"),
    ):
        answer = static.get(address)
        assert answer.status == 404
        assert words in answer.body
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("page", ["/en/timeline", "/cy/llinell-amser", "/cy/addewidion"])
def test_each_choice_of_a_form_alone_is_a_file(live: Server, static: Server, page: str) -> None:
    text = live.get(page).body.decode()
    fields = {
        name: re.findall(r'<option value="([^"]+)"', options)
        for name, options in re.findall(r'<select\b[^>]* name="([a-z]+)">(.*?)</select>', text)
    }
    assert {"order", "by"} & fields.keys()
    for name, values in fields.items():
        for value in values:
            whole = urlencode({one: value if one == name else "" for one in fields})
            for asked in (urlencode({name: value}), whole):
                answer = static.get(f"{page}?{asked}")
                assert answer.status == 200, asked
                assert answer.body == live.get(f"{page}?{asked}").body, asked


def test_a_stranger_can_check_the_log_on_it(static: Server) -> None:
    verdict = Verdict()
    findings = [*verify(f"http://127.0.0.1:{static.connection.port}", verdict)]
    assert verdict.events > 60
    assert [one for one in findings if one.alarm] == []


def test_the_data_are_there_to_take(static: Server) -> None:
    package = static.get("/download/datapackage.json")
    assert package.headers["content-type"] == "application/json"
    for resource in json.loads(package.body)["resources"]:
        answer = static.get(f"/download/{resource['path']}", Accept_Encoding="gzip")
        assert len(answer.content) == resource["bytes"]
    assert static.get("/manifest").status == 404


def test_every_kind_of_address_is_published(town: tuple[Town, Path]) -> None:
    """A rule of the site that no published address fits is one that was forgotten, or has no files."""
    app = create_app(Settings(archive_db=town[0].archive.path, base_url=URL))
    urls = app.url_map.bind("archive.example")
    pages = manifest.read(town[1] / "current").pages
    reached = {
        urls.match(address.partition("?")[0], return_rule=True)[0].rule
        for address, page in pages.items()
        if page.status < 400 or page.status in (410, 451)
    }
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert rules - reached == {"/.well-known/security.txt"}  # there is no contact in this town
    app.extensions["site"].library.close()


def test_no_address_is_in_the_settings_that_is_not_in_the_manifest(town: tuple[Town, Path]) -> None:
    raw = (town[1] / "current" / "manifest").read_bytes()
    assert msgspec.msgpack.decode(raw)
    names = {path.name for path in (town[1] / "current").iterdir()}
    assert names == {"Caddyfile", "manifest", "nginx-maps.conf", "nginx-server.conf", "site"}


@pytest.mark.parametrize("name", SERVERS)
def test_what_files_cannot_answer_goes_to_the_live_site(
    town: tuple[Town, Path], live: Server, tmp_path: Path, name: str
) -> None:
    upstream = f"http://127.0.0.1:{live.connection.port}"
    shutil.copytree(town[1], tmp_path / "www", symlinks=True)
    town[0].publish(tmp_path / "www", "--upstream", upstream)
    with PROGRAMS[name](tmp_path / "www", tmp_path / "scratch", program(name)) as static:
        for address in (
            "/en/search?q=shelf",
            "/cy/chwilio?q=shelf",
            "/en/feeds/search.atom?q=shelf",
            "/en/commitments?by=org%2Faberdulas-council&topic=topic%2Flibraries",
            "/en/timeline?year=2031&topic=topic%2Flibraries",
        ):
            one, other = live.get(address), static.get(address)
            assert (one.status, one.body) == (200, other.body), address
            for header in SAME:
                assert one.headers.get(header) == other.headers.get(header), address
        whole = live.get("/en/feeds/all.atom")
        state = '"60-00000000000000000000000000000000"'
        for server in (live, static):
            part = server.get("/en/feeds/all.atom", A_IM="feed", If_None_Match=state)
            assert part.status == 226
            assert len(part.body) < len(whole.body)
        assert differences(live, static, ["/", "/en/", "/en/feeds/all.rss", "/en/timeline"]) == []
