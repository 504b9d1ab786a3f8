"""The proofs of all events at once: every one of them is another one after each signed head.

What `feeds.log_pages` makes of a question for each node is made of one for all; the page of the first proof lends
its headers. That the bytes are the same is tested against the live site.
"""

from __future__ import annotations

import re

from feeds import tiles
from feeds.publishing.asking import Asked, Question
from feeds.sql import heads

_ADDRESS = re.compile(r"/log/proof/(0|[1-9][0-9]{0,11})")
_NODES = Question("SELECT level, idx, hash FROM log_nodes", ())


class Proofs:
    """The proofs that the tables of ``asked`` hold."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._nodes: dict[tuple[int, int], bytes] = {}

    def text(self, address: str) -> str | None:
        """Return the proof at an address; None where there is none, or the address is of something else.

        Only the newest head is noted as asked for: its root stands for every node below.
        """
        found = _ADDRESS.fullmatch(address)
        if found is None:
            return None
        with self._asked.open() as conn:
            head = heads.newest(conn)
        seq = int(found[1])
        if head is None or seq >= head.size:
            return None
        if not self._nodes:
            rows = self._asked.rows(_NODES)
            self._nodes = {(level, idx): bytes.fromhex(text) for level, idx, text in rows}
        try:
            path = tiles.inclusion(seq, head.size, self._node)
        except KeyError:  # the site says what it says where its tables are not whole
            return None
        return tiles.proof(seq, path, head.note)

    def _node(self, level: int, idx: int) -> bytes:
        return self._nodes[level, idx]
