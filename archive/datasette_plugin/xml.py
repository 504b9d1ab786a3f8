"""What XML has no place for (XML 1.0, section 2.2): one such character, and the whole document is refused. Pure."""

from __future__ import annotations

import re

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Return text with U+FFFD in the place of every character that XML forbids."""
    return _ILLEGAL.sub("\ufffd", text)
