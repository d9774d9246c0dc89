"""Reports of two to four words that say no more than that a thing of ours is destroyed: "database on fire"."""

from __future__ import annotations

import re

from bot.severity.judge.reading import Reading

_SHORTEST, _LONGEST = 2, 4  # words
_OURS = frozenset(("whole", "money", "major", "infrastructure"))
_SMALL = frozenset(("cosmetic", "minor", "internal"))  # a name that may be one of these proves nothing
# States that nobody brings about by work; what is "deleted" or "wiped" may be meant to be, unless it is production.
_STATE = (
    r"on fire|in flames|in ruins|up in smoke|burning|ablaze|toast|fried|hosed|nuked|melted|melting|cooked|smoked|fubar"
    r"|kaput|borked|bricked|trashed|imploded|exploded|torched|flatlined|obliterated|vapori[sz]ed|destroyed|dead|gone"
)
_WORKED = r"deleted|erased|wiped|dropped|purged|overwritten"
_BEFORE = r"help|omg|our|the|whole|entire|main|all|prod|production|live|customers?"
_BETWEEN = r"(?:(?:is|are|has|have|just|been|got|went|all|totally|completely|now) ){0,2}"
_SPELLED = re.compile(r"\w+")


def destruction_in(reading: Reading) -> str | None:
    """The words of destruction where they and a thing of ours are all that is said, as they never are in talk."""
    facts = reading.facts
    words = [word for word in reading.words if word[:1].isalnum()]
    if not _SHORTEST <= len(words) <= _LONGEST or "?" in reading.words:
        return None
    if facts.get("kind") or facts.get("fine") or "elsewhere" in facts.get("where", ()):
        return None
    named, live = facts.get("what", set()), "production" in facts.get("where", ())
    if named & _SMALL or not (named & _OURS or live) or "meeting" in facts.get("degree", ()):
        return None
    spoken = [each.text.lower() for signal, each in reading.evidence if signal.startswith(("what.", "where.prod"))]
    things = "|".join(" ".join(_SPELLED.findall(thing)) for thing in spoken)
    state = f"{_STATE}|{_WORKED}" if live else _STATE
    found = re.fullmatch(rf"(?:(?:{_BEFORE}|{things}) )*(?:{things}) {_BETWEEN}({state})", " ".join(words))
    return found[1] if found else None
