"""Messages that are taken for no report, and yet smell of trouble: whether they are one is asked, never passed over."""

from __future__ import annotations

from bot.severity.judge.reading import Reading
from bot.severity.policy import Row

NAME = "suspicion"
_BREAK_IN = frozenset(("sign", "attack", "running"))
_ASKING = frozenset(("question", "asking"))  # a question may be how somebody says it
_ASKING_TERSELY = _ASKING | {"request"}
_LONGEST, _TERSE, _TERSEST = 30, 8, 4  # words; who writes more has room to say what is wrong
_FAINT = 0.05  # so unlikely trouble, by the models, is passed over; of the tersest they know too little


def suspicion_of(reading: Reading, trouble: float) -> Row | None:
    """The explanation of what is to be asked about; None where nothing smells of trouble.

    `trouble` is how likely the models find it trouble, not talk. What is said to be a drill, an article, over, or
    otherwise no report of something live is none.
    """
    facts = reading.facts
    words = sum(any(letter.isalnum() for letter in word) for word in reading.words)
    if facts.get("kind", set()) - (_ASKING if words > _TERSE else _ASKING_TERSELY) or words > _LONGEST:
        return None
    if words > _TERSEST and trouble < _FAINT:
        return None
    security, how = facts.get("security", set()) & _BREAK_IN, facts.get("how", set())
    if security or "exposed" in how:
        when = {"security": frozenset(security), "how": frozenset(how & {"exposed"})}
        return _row("It may be a break-in or a leak, and does not say so for sure", when)
    if "elsewhere" in facts.get("where", ()):
        return None
    down, loud = how & {"down"}, facts.get("degree", set()) & {"loud"}
    if words <= _TERSE and not facts.get("fine") and not facts.get("kind") and (down or (loud and facts.get("what"))):
        when = {"how": frozenset(down), "degree": frozenset(loud), "what": frozenset(facts.get("what", ()))}
        return _row("It may be an outage, told in few words", when)
    return None


def _row(says: str, when: dict[str, frozenset[str]]) -> Row:
    return Row(NAME, says, None, {column: values for column, values in when.items() if values}, {}, False)
