"""Where the site is, what it reads, and what it is called. The environment is read here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

_URL = re.compile(r"https?://[^/?#\s]+")
_HUB = re.compile(r"(?=[!-~]+\Z)https?://[^/?#<>\"]+(?:/[^#<>\"]*)?")
_CONTACT = re.compile(r"(?:mailto:|https://)[^\s<>]+")
_AUTHORITY = re.compile(r"[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The site's settings. URLs are scheme and host, with no slash at the end; no other host is ever told.

    ``authority`` names who gives out the ids of feeds and entries (RFC 4151: a host name, and a day on
    which it was ours). It must never change: a changed id comes back to every subscriber as new.
    ``contact`` is where readers reach us, as a mailto: or https: address; empty where that is not settled.
    ``hub`` is the WebSub hub that is told of what is new, and to which feeds send who wants to be told at
    once; empty where there is none.
    """

    archive_db: Path
    base_url: str = "http://127.0.0.1:8000"
    datasette_url: str = "http://127.0.0.1:8001"
    title: str = "Powys children’s services archive"
    author: str = "The Powys archive contributors"
    title_cy: str = "Archif gwasanaethau plant Powys"
    author_cy: str = "Cyfranwyr archif Powys"
    authority: str = "archive.powys.example,2026"
    contact: str = ""
    hub: str = ""

    def __post_init__(self) -> None:
        for url in (self.base_url, self.datasette_url):
            if not _URL.fullmatch(url):
                raise ValueError(f"{url!r}: give scheme and host, as in https://archive.example")
        if self.contact and not _CONTACT.fullmatch(self.contact):
            raise ValueError(
                f"{self.contact!r}: give a mailto: or https: address, as in mailto:us@archive.example"
            )
        if self.hub and not _HUB.fullmatch(self.hub):
            raise ValueError(
                f"{self.hub!r}: give the whole address of the hub, as in https://hub.example/"
            )
        if not _AUTHORITY.fullmatch(self.authority):
            raise ValueError(
                f"{self.authority!r}: give a host name and a date, as in a.example,2026"
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings that ARCHIVE_DB, ARCHIVE_URL, DATASETTE_URL, ARCHIVE_CONTACT and ARCHIVE_HUB give.

        Raises ValueError for what is no address.
        """
        names = {"base_url": "ARCHIVE_URL", "datasette_url": "DATASETTE_URL"}
        urls = {
            field: environment[name].rstrip("/")
            for field, name in names.items()
            if environment.get(name)
        }
        return cls(
            archive_db=Path(environment.get("ARCHIVE_DB") or "data/archive.db"),
            contact=environment.get("ARCHIVE_CONTACT", ""),
            hub=environment.get("ARCHIVE_HUB", ""),
            **urls,
        )

    def said_in(self, language: str) -> Self:
        """Return the settings with title and author as they are called in a language."""
        if language != "cy":
            return self
        return replace(self, title=self.title_cy, author=self.author_cy)

    def tag(self, name: str) -> str:
        """Return the tag: URI (RFC 4151) of an entry or a feed."""
        return f"tag:{self.authority}:{name}"
