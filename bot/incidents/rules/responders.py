"""The parts that people take in an incident: what they are called, and what is expected of whoever takes one. Pure."""

from __future__ import annotations

import enum
import re

from bot.errors import BadRequest
from bot.text.markup import MENTION


class Part(enum.StrEnum):
    COMMANDER = "commander"
    COMMUNICATIONS = "communications"
    SCRIBE = "scribe"


EXPECTED: dict[Part, str] = {
    Part.COMMANDER: (
        "Decides and delegates: keep the status right, give work to people by name, escalate early,"
        " and do not debug yourself."
    ),
    Part.COMMUNICATIONS: (
        "Tells those outside: `/incident update` for stakeholders at the pace of the severity,"
        " and answers customer support."
    ),
    Part.SCRIBE: (
        "Keeps the record: `/incident note` for decisions and findings, :pushpin: on key messages,"
        " `/incident impact` and `cause`."
    ),
}
_WORDS = {
    "commander": Part.COMMANDER, "command": Part.COMMANDER, "ic": Part.COMMANDER, "lead": Part.COMMANDER,
    "incident commander": Part.COMMANDER, "communications": Part.COMMUNICATIONS, "communication": Part.COMMUNICATIONS,
    "comms": Part.COMMUNICATIONS, "comm": Part.COMMUNICATIONS, "scribe": Part.SCRIBE, "notes": Part.SCRIBE,
    "note taker": Part.SCRIBE, "writer": Part.SCRIBE,
}  # fmt: skip


def parse_part(text: str) -> tuple[Part, str]:
    """`comms @someone`, `@someone scribe`, `scribe to team lead` → the part and whom, as typed ("" for oneself).

    Raises BadRequest with the words to choose from.
    """
    typed = " ".join(text.split())
    for word in sorted(_WORDS, key=len, reverse=True):
        match = re.search(rf"(?:^|\s)(?:as\s+|is\s+|to\s+)?{word}(?=$|[\s:,])[:,]?", typed, re.IGNORECASE)
        if match:
            rest = f"{typed[: match.start()]} {typed[match.end() :]}".strip()
            return _WORDS[word], re.sub(r"^(?:to|is|for|=)\s+|\s+(?:as|is)$", "", rest, flags=re.IGNORECASE).strip()
    names = ", ".join(part.value for part in Part)
    raise BadRequest(f"Say which role: {names}, as in `/incident role scribe @someone`.")


def mentioned_person(text: str) -> str | None:
    """The id of the one person whom the text mentions; None where it mentions nobody. Raises BadRequest for several."""
    found = list(dict.fromkeys(MENTION.findall(text)))
    if len(found) > 1:
        raise BadRequest("Name one person; a role is held by one at a time.")
    return found[0] if found else None
