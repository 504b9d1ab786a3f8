"""What a child process of `archive serve` does before it becomes its program. Run by path, imports nothing of ours.

    python -P cage.py MEGABYTES MODULE ARGUMENT...

Standard input is a pipe into which the parent never writes. When it closes, the parent is gone, killed
perhaps, and the child ends with all processes it started: it must have been made the leader of a group.
"""

from __future__ import annotations

import logging
import os
import resource
import runpy
import signal
import sys
import threading

#: Datasette draws every error with rich where it finds it, all variables included: 0.3 s of its only event
#: loop for a mere 404 (0.003 s without), so that any crawler could stop it.
HIDDEN = {"datasette": ("rich",)}


def cap_memory(megabytes: int) -> None:
    """Let the process have so much address space and no more; 0 sets no limit."""
    if megabytes and sys.platform == "linux":  # macOS refuses a limit of this kind
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def end_with_parent() -> None:
    """Wait for the end of standard input, then kill this process and those it started."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main(megabytes: str, module: str, *arguments: str) -> None:
    """Become the program: `python -m module arguments`."""
    cap_memory(int(megabytes))
    threading.Thread(target=end_with_parent, name="parent", daemon=True).start()
    logging.disable(logging.INFO)  # no line for each request, only what went wrong
    for name in HIDDEN.get(module, ()):
        sys.modules[name] = None  # type: ignore[assignment]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
