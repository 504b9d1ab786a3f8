"""Which headers go with which files, told in few rules. Pure.

The answers themselves say it. Files of one folder and one type mostly have the same headers, so there is a rule for
them, and a line for each that differs. A file that comes later is told of by the rule of its folder.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from feeds.publishing.rendering import Headers

#: Stands for the file's own path in a value.
PATH = "\0"
_AGE = re.compile(r"max-age=(\d+)")
#: What servers tell from the name of a file, and of a redirect.
_OWN = frozenset({"Content-Type", "Location"})
#: How much of a path names its folder.
_DEEP = 2


class Rules(NamedTuple):
    """The values of one header: by path, by pattern of paths, and of all others; "" where it is not sent."""

    name: str
    exact: dict[str, str]
    patterns: dict[str, str]
    rest: str

    @property
    def constant(self) -> bool:
        """Whether it is always the same."""
        return not self.exact and not self.patterns

    @property
    def variable(self) -> str:
        """Its name where names have no hyphens."""
        return self.name.lower().replace("-", "_")

    def lines(self, said: Callable[[str], str]) -> dict[str, str]:
        """Return the values as a server's settings say them: by path, and by pattern behind a ~, in this order."""
        found = {**self.exact, **{f"~{pattern}": value for pattern, value in self.patterns.items()}}
        return {key: said(value) for key, value in found.items()}

    def value(self, path: str) -> str:
        """Return what a server is to send with a file; a path before any pattern, the first pattern that fits."""
        if path in self.exact:
            return self.exact[path]
        for pattern, said in self.patterns.items():
            if _compiled(pattern).search(path):
                return said
        return self.rest


def rules(answers: Iterable[tuple[str, Headers]]) -> list[Rules]:
    """Return the rules of paths and headers, by the names of headers."""
    said = [(path, dict(headers)) for path, headers in answers]
    names = sorted({name for _, headers in said for name in headers} - _OWN)
    return [
        _rules(name, {path: _bare(headers.get(name, ""), path) for path, headers in said})
        for name in names
    ]


def _bare(value: str, path: str) -> str:
    return value.replace(f"{path}>", f"{PATH}>") if path != "/" else value


def _rules(name: str, values: dict[str, str]) -> Rules:
    if len(set(values.values())) == 1:
        return Rules(name, {}, {}, next(iter(values.values())))
    groups: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for path, value in values.items():
        groups[_pattern(path)][path] = value
    rest = Counter(values.values()).most_common(1)[0][0]
    patterns: dict[str, str] = {}
    for pattern, members in sorted(groups.items()):
        usual = _usual(name, members.values())
        if usual != rest:
            patterns[pattern] = usual
    made = Rules(name, {}, patterns, rest)
    return made._replace(
        exact={path: value for path, value in sorted(values.items()) if made.value(path) != value}
    )


def _usual(name: str, values: Iterable[str]) -> str:
    """Return the value of most; of how long something may be kept the shortest: nobody is to keep too long what is new."""
    if name == "Cache-Control":
        return min(values, key=_age)
    return Counter(values).most_common(1)[0][0]


def _age(value: str) -> tuple[int, str]:
    found = _AGE.search(value)
    return int(found[1]) if found else 0, value


_compiled = functools.cache(re.compile)


@functools.lru_cache(100_000)
def _pattern(path: str) -> str:
    """Return the pattern of a file's folder, as far as it is a name of ours, and of the end of its name."""
    *folders, name = path.split("/")[1:]
    asked = folders[:1] != [] and folders[0].startswith("@")
    known = folders[1 : 1 + _DEEP] if asked else folders[:_DEEP]
    begin = "".join(f"/{re.escape(folder)}" for folder in known)
    between = "/.*" if len(folders) - asked >= _DEEP else "/[^/]*"
    _, dot, end = name.rpartition(".")
    ends = rf"\.{re.escape(end)}" if dot and not end.isdigit() else ""
    query = "/@[^/]*" if asked else ""
    return f"^{query}{begin}{between}{ends}$"
