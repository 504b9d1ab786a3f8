"""Child processes that are kept alive: started, asked whether they answer, started again when they end."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive.serving import cage

#: A child that ends is started again after FIRST_PAUSE, then after twice as long each time; LONGEST_PAUSE
#: at the most. One that ran for STABLE seconds begins anew.
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
STABLE = 60.0

#: A child that gives no answer within PATIENCE seconds, MISSES times in a row, asked every CHECK seconds, is
#: hung, and killed. One that has yet to give its first is asked all the time, and not waited for.
CHECK = 10.0
MISSES = 3
PATIENCE = 5.0
IMPATIENCE = 1.0

#: How long children may take to end by themselves.
FAREWELL = 3.0

#: Where all output of the children goes.
STDERR = 2

Echo = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run: a Python module in a folder, in a cage of so many megabytes (0: no cage).

    It works when a GET of ``path`` from ``host`` and ``port`` succeeds.
    """

    name: str
    module: str
    arguments: Sequence[str]
    folder: Path
    host: str
    port: int
    path: str
    megabytes: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)

    def answers(self, timeout: float) -> bool:
        """Ask whether it works."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request("GET", self.path, headers={"Connection": "close"})
            return connection.getresponse().status < http.HTTPStatus.BAD_REQUEST
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Child:
    """A program that is kept running by calling `tend` several times a second, from one thread."""

    def __init__(self, program: Program, echo: Echo) -> None:
        self.program = program
        self.ready = False
        self._echo = echo
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._due = 0.0
        self._pause = FIRST_PAUSE
        self._next_check = 0.0
        self._misses = 0
        self._worked = False

    @property
    def exit_code(self) -> int | None:
        """How the program ended, before it is started again; None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def pid(self) -> int | None:
        """The process's id, which is its group's, too; None while it does not run."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the program as the leader of a process group of its own."""
        program = self.program
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                cage.__file__,
                str(program.megabytes),
                program.module,
                *program.arguments,
            ],
            cwd=program.folder,
            env={**os.environ, **program.environment},
            stdin=subprocess.PIPE,
            stdout=STDERR,
            start_new_session=True,
        )
        self.ready = False
        self._misses = 0
        self._started = self._next_check = time.monotonic()

    def tend(self) -> None:
        """Start the program again if it ended, after a pause; kill it if it is hung."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._due:
                self.start()
        elif (code := self._process.poll()) is not None:
            self._plan_restart(now, _ending(code))
        elif now >= self._next_check:
            self._check()

    def restart(self, reason: str) -> None:
        """End the program and start it again at once."""
        self._echo(f"{self.program.name}: {reason}; it is started anew.")
        self.kill()
        self.start()

    def terminate(self) -> None:
        """Ask the program to end."""
        if self._process is not None:
            self._process.terminate()

    def kill(self, after: float = 0.0) -> None:
        """Kill the program if it has not ended after so many seconds, and whatever it left behind."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(after)
        self._kill_group()

    def _kill_group(self) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def _plan_restart(self, now: float, ending: str) -> None:
        if now - self._started >= STABLE:
            self._pause = FIRST_PAUSE
        self._kill_group()
        self._echo(f"{self.program.name} {ending}; it is started again in {self._pause:g} s.")
        self._due = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _check(self) -> None:
        if self.program.answers(PATIENCE if self.ready else IMPATIENCE):
            if self._worked and not self.ready:
                took = time.monotonic() - self._started
                self._echo(f"{self.program.name} answers again, {took:.1f} s after its start.")
            self.ready = self._worked = True
            self._misses = 0
        elif self.ready:
            self._misses += 1
            if self._misses >= MISSES:
                self.restart(f"no answer {MISSES} times in a row")
                return
        self._next_check = time.monotonic() + (CHECK if self.ready else 0.0)


def _ending(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended by itself (exit code {code})"


def stop(children: Sequence[Child]) -> None:
    """End all children: politely, and after a while for good."""
    deadline = time.monotonic() + FAREWELL
    for child in children:
        child.terminate()
    for child in children:
        child.kill(after=max(0.0, deadline - time.monotonic()))
