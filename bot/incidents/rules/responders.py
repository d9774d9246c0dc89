"""The roles of an incident: what they are called, and what is expected of whoever takes one. Pure."""

from __future__ import annotations

import enum
import re

from bot.errors import BadRequest
from bot.text.markup import MENTION


class ResponderRole(enum.StrEnum):
    COMMANDER = "commander"
    COMMUNICATIONS = "communications"
    SCRIBE = "scribe"


EXPECTED: dict[ResponderRole, str] = {
    ResponderRole.COMMANDER: (
        "Decide and delegate: keep the status right, give work to people by name, escalate early,"
        " and don't debug it yourself."
    ),
    ResponderRole.COMMUNICATIONS: (
        "Update stakeholders with `/incident update` as often as the severity requires, and answer customer support."
    ),
    ResponderRole.SCRIBE: (
        "Keep the record: `/incident note` for decisions and findings, :pushpin: on key messages,"
        " `/incident impact` and `cause`."
    ),
}
_NAMES = {
    ResponderRole.COMMANDER: ("commander", "command", "ic", "lead", "incident commander"),
    ResponderRole.COMMUNICATIONS: ("communications", "communication", "comms", "comm"),
    ResponderRole.SCRIBE: ("scribe", "notes", "note taker", "writer"),
}
_WORDS = {name: role for role, names in _NAMES.items() for name in names}


def parse_responder_role(text: str) -> tuple[ResponderRole, str]:
    """`comms @someone`, `@someone scribe`, `scribe to team lead` → the part and whom, as typed ("" for oneself).

    Raises BadRequest with the words to choose from.
    """
    typed = " ".join(text.split())
    for word in sorted(_WORDS, key=len, reverse=True):
        match = re.search(rf"(?:^|\s)(?:as\s+|is\s+|to\s+)?{word}(?=$|[\s:,])[:,]?", typed, re.IGNORECASE)
        if match:
            rest = f"{typed[: match.start()]} {typed[match.end() :]}".strip()
            return _WORDS[word], re.sub(r"^(?:to|is|for|=)\s+|\s+(?:as|is)$", "", rest, flags=re.IGNORECASE).strip()
    names = ", ".join(part.value for part in ResponderRole)
    raise BadRequest(f"Say which role: {names}, as in `/incident role scribe @someone`.")


def mentioned_person(text: str) -> str | None:
    """The id of the one person whom the text mentions; None where it mentions nobody. Raises BadRequest for several."""
    found = list(dict.fromkeys(MENTION.findall(text)))
    if len(found) > 1:
        raise BadRequest("Name one person; only one person can hold a role.")
    return found[0] if found else None
