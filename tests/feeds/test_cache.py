import gzip
import threading
from datetime import UTC, datetime

from feeds.cache import SMALL, Body, Cache, body


def a_body(content: bytes = b"a") -> Body:
    return body(content, "text/plain")


def test_a_body_is_ready_in_both_encodings_each_with_its_own_tag() -> None:
    content = b"a" * (SMALL + 1)
    made = body(content, "text/plain", datetime(2026, 1, 1, tzinfo=UTC))
    assert made.packed is not None
    assert gzip.decompress(made.packed) == made.content
    assert made.etag != made.packed_etag
    assert made == body(content, "text/plain", datetime(2026, 1, 1, tzinfo=UTC))


def test_what_fits_in_a_packet_is_not_compressed() -> None:
    made = body(b"a" * SMALL, "text/plain")
    assert made.packed is None
    assert made.etag == made.packed_etag


def test_other_bytes_have_another_tag() -> None:
    assert a_body(b"a").etag != a_body(b"b").etag


def test_a_body_is_made_once() -> None:
    cache = Cache()
    first = cache.get("a", a_body)
    assert cache.get("a", a_body) is first
    assert cache.made == 1


def test_the_body_used_longest_ago_goes() -> None:
    cache = Cache(size=2)
    for key in "abac":
        cache.get(key, a_body)
    assert cache.made == 3
    cache.get("a", a_body)
    assert cache.made == 3
    cache.get("b", a_body)
    assert cache.made == 4


def test_a_body_that_could_not_be_made_is_not_kept() -> None:
    cache = Cache()

    def fail() -> Body:
        raise KeyError

    for _ in range(2):
        try:
            cache.get("a", fail)
        except KeyError:
            pass
    assert cache.get("a", a_body) == a_body()


def test_many_threads_make_a_body_once() -> None:
    cache = Cache()
    threads = [threading.Thread(target=cache.get, args=("a", a_body)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.made == 1
