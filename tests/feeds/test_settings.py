from pathlib import Path

import pytest

from feeds.settings import Settings


def test_the_environment_gives_file_and_addresses() -> None:
    settings = Settings.from_environment(
        {
            "ARCHIVE_DB": "/a/b.db",
            "ARCHIVE_URL": "https://a.example/",
            "DATASETTE_URL": "https://d.example",
        }
    )
    assert settings.archive_db == Path("/a/b.db")
    assert settings.base_url == "https://a.example"
    assert settings.datasette_url == "https://d.example"


def test_without_an_environment_the_site_is_on_this_machine() -> None:
    settings = Settings.from_environment({"ARCHIVE_URL": ""})
    assert settings == Settings(archive_db=Path("data/archive.db"))
    assert settings.base_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    "url",
    ["a.example", "javascript:alert(1)", "https://a.example/", "https://a.example/b", "https://"],
)
def test_an_address_is_scheme_and_host(url: str) -> None:
    with pytest.raises(ValueError, match="scheme and host"):
        Settings(archive_db=Path("a"), base_url=url)


@pytest.mark.parametrize(
    "authority", ["", "a.example", "a.example,26", "a b,2026", "a.example,2026:x"]
)
def test_an_authority_is_a_host_and_a_day(authority: str) -> None:
    with pytest.raises(ValueError, match="host name and a date"):
        Settings(archive_db=Path("a"), authority=authority)


def test_an_id_is_a_tag_uri() -> None:
    assert Settings(archive_db=Path("a")).tag("E65") == "tag:archive.powys.example,2026:E65"
