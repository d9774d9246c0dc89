"""What Tocsin answers to direct messages. Pure."""

from __future__ import annotations

from collections.abc import Sequence

NOT_UNDERSTOOD = (
    "Here, Tocsin understands `ack` or `on it`, which acknowledge a page. "
    "For everything else, type `/incident help`; reports go in the incident channel."
)
NOTHING_WAITS = "No page is waiting for your answer."


def which(refs: Sequence[str]) -> str:
    """Several incidents may be meant."""
    return f"Several pages are waiting for your answer: {', '.join(refs)}. Type for example `ack {refs[0]}`."


def not_paged(ref: str) -> str:
    return f"No page about {ref} is waiting for your answer."
