"""Content types that more than one part of the site sends (RFC 9110, section 8.3)."""

from __future__ import annotations

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
#: Of feeds, too: an XML type that browsers show by its style sheet; as application/atom+xml they would download it.
XML = "application/xml; charset=utf-8"
#: Bytes that mean nothing to a browser.
BYTES = "application/octet-stream"
