"""Messages that read like a key moment: the cause found, something undone, service back.

Offered to people, never assumed.
"""

from __future__ import annotations

import re

_SAID = re.compile(
    r"\b(?:found (?:it|the (?:cause|problem|issue|bug|culprit))|root cause (?:is|was)|(?:the )?culprit (?:is|was)"
    r"|(?:rolled|rolling) (?:it |this )?back|revert(?:ed|ing)|roll(?:ed)?back (?:is )?(?:done|complete)"
    r"|failed over|fail(?:ing)? over (?:is )?(?:done|complete)"
    r"|(?:fix|hotfix|patch) (?:is )?(?:deployed|live|out|shipped)"
    r"|deployed (?:the|a) (?:fix|hotfix|patch)|fixed (?:it|now)|(?:is|are) fixed"
    r"|recovered|(?:is|are|all) back (?:to normal|up|online)|back to normal|(?:is|are) healthy again"
    r"|(?:errors|alarms|alerts) (?:have )?(?:stopped|cleared)|mitigated|workaround (?:is )?in place)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|no|never|isn't|aren't|hasn't|haven't|didn't|if|when|once|until|should|can we|could|shall|will|let's"
    r"|maybe)\b[^.!\n]{0,40}$",
    re.IGNORECASE,
)
_LOOKED_AT = 400  # characters: who found it says so at once
MOST_AN_HOUR = 3


def reads_like_key(text: str) -> bool:
    """True where the first words say that something decisive happened, not that it might or did not."""
    start = text[:_LOOKED_AT]
    match = _SAID.search(start)
    if match is None or _DENIED.search(start[: match.start()]):
        return False
    return "?" not in start[match.end() :].split("\n", 1)[0]
