"""Which words acknowledge a page, as people type them at night. Pure."""

from __future__ import annotations

import re

from bot.incidents.rules.incident import REF

_ACKNOWLEDGES = re.compile(
    r"(?:ack(?:ed|nowledge|nowledged)?|on it|on my way|got it|mine|taking it|looking(?: into it| at it)?|:eyes:|👀"
    r"|i(?:[’']?m| am) (?:on it|on my way|looking(?: into it| at it)?|taking it)|i(?:[’']?ve| have)? got (?:it|this))",
    re.IGNORECASE,
)
_AROUND = " \t\n.!,:;-…"


def acknowledges(text: str) -> bool:
    """Whether a message is nothing but an acknowledgement: `ack`, `on it!`, `I'm looking`, `ack INC-2026-0001`.

    A sentence that goes on ("on it goes the blame") is talk.
    """
    said = " ".join(REF.sub(" ", text).split())
    return _ACKNOWLEDGES.fullmatch(said.strip(_AROUND)) is not None or said.strip() == ":eyes:"


def ref_in(text: str) -> str | None:
    """The reference of the incident that it names, None where it names none."""
    found = REF.search(text)
    return found[0].upper() if found else None
