"""The threads in which Datasette asks SQLite: whatever a failed query leaves behind ends where it began.

An exception carries its frames, and these the cursor. Without this it goes to the event loop, where the cursor
ends; SQLite first waits for whatever else runs on its connection by then, and every page waits with it: a second,
with queries that all fail at their time limit. Seen with Datasette 0.65.5; the stack is in
docs/decisions/0009-datasette-plugin.md.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class TidyExecutor(ThreadPoolExecutor):
    """A thread pool whose exceptions hold no local variables."""

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        return super().submit(lambda: _tidied(lambda: fn(*args, **kwargs)))


def _tidied(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except BaseException as error:
        seen: BaseException | None = error
        while seen is not None:
            traceback.clear_frames(seen.__traceback__)
            seen = seen.__cause__ or seen.__context__
        raise
