"""Addresses that may stand in a page or a document. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlsplit


def web_address(address: str | None) -> str | None:
    """The address if it is plain http(s), with all that Markdown or HTML could trip over percent-encoded; else None."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    if not address or parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return quote(address, safe=":/?#@!$&'*+,;=%-._~[]", errors="replace")
