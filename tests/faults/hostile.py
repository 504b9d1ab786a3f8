"""Requests that no reader would send, and a client that sends any bytes whatever and understands the answer."""

from __future__ import annotations

import contextlib
import random
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flask import Flask

from feeds.words import WORDS

#: What stands in an address or a header, as bytes: each broke some site once.
PIECES = [
    b"", b"%", b"%0", b"%zz", b"%00", b"a%00b", b"%01%02%1f%7f", b"%0d%0aSet-Cookie:%20a=b", b"%0a", b"%09", b"%20%20",
    b"%ff%fe", b"%ed%a0%80", b"%ed%b0%80%ed%a0%80", b"%c0%ae%c0%ae%c0%af", b"%e0%80%af", b"%f4%90%80%80", b"%ef%bf%be",
    b"%2e%2e", b"%2e%2e%2f%2e%2e%2fetc%2fpasswd", b"..%5c..%5c", b"....//", b"%252e%252e%252f", b"..;", b"~root", b"C:%5c",
    b"0", b"-1", b"-0", b"1e309", b"NaN", b"999999999999", b"1000000000000", b"9" * 30, b"-" + b"9" * 30, b"0x10", b"1_000",
    b"%D9%A1%D9%A2", b"%E2%82%81", b"%EF%BC%91", b"%C2%B2", b"1.5", b"+1", b"%2B1", b"1,2", b"2031-02-30", b"9999-99",
    b"'", b"%27%20OR%201=1--", b"%22", b"%22%22%22", b"%60", b"x'%3B%20DROP%20TABLE%20records%3B--", b"%25%25", b"_", b"%5F%25",
    b"NEAR(", b"NEAR(a%20b,%20999999999)", b"a%20AND", b"NOT%20a", b"(((((((", b"*", b"a*", b"*a", b"%5Ea", b"title%3Aa", b"%7B",
    b"-a", b"a%20OR%20", b"%22a%22%20*%20%22", b"sy'n", b"a+b", b"%2A%2A", b"rowid", b"{title}%20:%20a",
    b"<script>alert(1)</script>", b"%3Cscript%3Ealert(1)%3C/script%3E", b"%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    b"javascript:alert(1)", b"{{7*7}}", b"%7B%7B7*7%7D%7D", b"${7*7}", b"{%25%20raw%20%25}", b"%3C%3Fxml%20?%3E", b"]]>",
    b"//evil.example", b"%2F%2Fevil.example", b"https://evil.example/", b"https:%2f%2fevil.example", b"\\\\evil.example", b"@evil",
    b"%E2%80%AE%E2%81%A6", b"%EF%BB%BF", b"%E2%80%8B%E2%80%8D", b"Z%CC%81" * 50, b"%F0%9F%8F%B4%F3%A0%81%A7", b"t%C5%B7%20mawr",
    b"t%79%CC%82", b"%D9%85%D9%83%D8%AA%D8%A8%D8%A9", b"%C4%B0", b"%C3%9F", b"%EF%AC%83", b"a" * 5000, b"%C5%B7" * 1500,
    b"a%20" * 1000, b"&" * 2000, b"=" * 500, b";" * 500, b"[]", b"a[]", b"a[b]", b"%5B", b"|", b"^", b"\xff", b"\xc5\xb7", b"\xed\xa0\x80",
]  # fmt: skip
HEADERS = """Host Accept Accept-Encoding Accept-Language Accept-Charset If-None-Match If-Match If-Modified-Since
    If-Unmodified-Since If-Range Range A-IM User-Agent Referer Cookie Authorization Origin X-Forwarded-For X-Forwarded-Host
    X-Forwarded-Proto X-Original-URL Forwarded Content-Type Content-Length Transfer-Encoding Expect Connection Upgrade TE
    Via Cache-Control Pragma Date Max-Forwards Sec-Fetch-Mode""".split()
VALUES = [
    b"bytes=0-", b"bytes=-1", b"bytes=9-1", b"bytes=0-0,-1," + b"0-1," * 500, b"bytes=" + b"9" * 40 + b"-", b"lines=1-2",
    b"gzip;q=-1", b"gzip;q=1e9", b"gzip;q=nan", b"gzip, " * 500, b"*;q=0, *;q=1", b"gzip\x00", b'"' * 300, b'W/"', b'W/"a", ' * 800,
    b"evil.example", b"evil.example:99999", b"[::1", b"a b", b"", b"127.0.0.1@evil.example", b"localhost:-1", b"xn--\xff",
    b"Thu, 01 Jan 1970 00:00:00 GMT", b"Thu, 99 Foo 0000 99:99:99 +9999", b"9" * 400, b"-1", b"1, 2", b"chunked", b"chunked, gzip",
    b"100-continue", b"200-maybe", b"close", b"upgrade, keep-alive", b"h2c", b"websocket", b"cy;q=2, en;q=-1, *;q=x", b"c" * 8000,
    b"feed;q=1e5, feed;q=0", b"feed, " * 300, b"multipart/form-data; boundary=", b"a=b; " * 500, b"<script>", b"\xff\xfe\x80", b"%0d%0a",
    b"A" * 60_000,
]  # fmt: skip
#: Parameters that the code does not name one by one, and some that it does not know.
PARAMETERS = (
    "topic kind body org person year month day order status source from to lang x _format".split()
)
METHODS = [
    b"GET"
] * 40 + b"HEAD HEAD OPTIONS POST PUT DELETE TRACE PATCH get G\xffT CONNECT PRI".split()


class Answer(NamedTuple):
    """What came back; status 0 where the other side hung up without a word."""

    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """A connection that is made anew when the other side hangs up."""

    def __init__(self, port: int, timeout: float = 20.0) -> None:
        self._address, self._timeout = ("127.0.0.1", port), timeout
        self._file: socket.SocketIO | None = None
        self._socket: socket.socket | None = None

    def send(self, request: bytes, *, head: bool = False) -> Answer:
        """Send bytes and return the answer. Raises TimeoutError where there is none in time."""
        fresh = self._socket is None
        try:
            return self._send(request, head=head)
        except (ConnectionError, EOFError):
            self.close()
            if fresh:
                return Answer(0, {}, b"")
        try:  # the last request may have made the other side hang up
            return self._send(request, head=head)
        except (ConnectionError, EOFError):
            self.close()
            return Answer(0, {}, b"")

    def _send(self, request: bytes, *, head: bool) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=self._timeout)
            self._file = self._socket.makefile("rb")
        try:
            self._socket.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it may have answered before it hung up
        assert self._file is not None
        first = self._file.readline()
        if not first:
            raise EOFError
        status = int(first.split()[1])
        headers: dict[str, str] = {}
        while (row := self._file.readline()) not in (b"\r\n", b""):
            name, _, value = row.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = b"" if head or status in (204, 304) or status < 200 else self._body(headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)

    def _body(self, headers: dict[str, str]) -> bytes:
        assert self._file is not None
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while size := int(self._file.readline(), 16):
                parts.append(self._file.read(size))
                self._file.readline()
            self._file.readline()
            return b"".join(parts)
        if "content-length" in headers:
            return self._file.read(int(headers["content-length"]))
        rest = self._file.read()
        self.close()
        return rest

    def close(self) -> None:
        for one in (self._file, self._socket):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.close()
        self._file = self._socket = None


def parameters() -> list[bytes]:
    """Return the names of all parameters that the site's code asks for."""
    code = "".join(
        one.read_text("utf-8") for one in Path(__file__).parents[2].glob("feeds/**/*.py")
    )
    names = set(re.findall(r"""args(?:\.get|\.getlist)?[(\[]\s*["'](\w+)["']""", code))
    return [name.encode() for name in sorted(names | set(PARAMETERS))]


def addresses(app: Flask) -> list[list[bytes]]:
    """Return the routes of a site as their fixed parts, between which something stands."""
    found = []
    for rule in app.url_map.iter_rules():
        for language in WORDS:
            path = re.sub(r"<any\([^)]*\):language>", language, rule.rule)
            path = re.sub(r"<any\(([^,)]*)[^)]*\):kind>", r"\1", path)
            parts = re.split(r"<[^>]+>", path)
            if parts not in found:
                found.append(parts)
    return [[part.encode() for part in parts] for parts in found]


def requests(app: Flask, chance: random.Random, known: list[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield hostile requests without end, and whether the answer has no body (HEAD).

    ``known`` are pieces of addresses that are there, so that hostile parameters reach what is behind them.
    """
    routes, names = addresses(app), parameters()
    endings = [b"all.atom", b"topic/libraries.json", b"all.rss", b"libraries"]

    def piece() -> bytes:
        if chance.random() < 0.35:
            return chance.choice([*known, *endings])
        if chance.random() < 0.15:
            return bytes(chance.randrange(33, 256) for _ in range(chance.randrange(1, 40)))
        return b"".join(chance.choices(PIECES, k=chance.choice((1, 1, 1, 2))))

    while True:
        route = chance.choice(routes)
        path = route[0] + b"".join(piece().replace(b" ", b"%20") + part for part in route[1:])
        if chance.random() < 0.1:
            path += chance.choice(
                [b"/", b"//", b"/..", b"/%2e", b".", b";a=b", b"#x", b"%2f", b"\\"]
            )
        if chance.random() < 0.6:
            pairs = [
                chance.choice(names)
                + chance.choice([b"=", b"=", b"=", b"", b"[]=", b"%00="])
                + piece()
                for _ in range(chance.choice((1, 1, 1, 2, 3, 30)))
            ]
            path += b"?" + b"&".join(pairs).replace(b" ", b"%20")
        method = chance.choice(METHODS)
        fields = {b"Host": b"127.0.0.1"}
        for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
            value = chance.choice(VALUES if chance.random() < 0.7 else PIECES)
            fields[chance.choice(HEADERS).encode()] = value
        if fields.get(b"Content-Length", b"0") != b"0" or b"Transfer-Encoding" in fields:
            fields[b"Connection"] = (
                b"close"  # what is announced and never comes would be waited for
            )
            fields.pop(b"Content-Length", None)
        head = b"".join(name + b": " + value + b"\r\n" for name, value in fields.items())
        yield method + b" " + (path or b"/") + b" HTTP/1.1\r\n" + head + b"\r\n", method == b"HEAD"
