"""Whether a message in an incident's channel speaks for another severity than the incident has. Pure and cautious.

Three things must come together: the message names a fact that the incident's title and impact do not, the judge gives
title, impact and message together another severity, and nothing in it sounds like a question, a guess or talk.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.severity.judge.judge import Judge
from bot.severity.judge.reading import Reading
from bot.severity.rules import Evidence, Judgement, Severity

_LONGEST_SUBJECT = 600  # characters of title and impact, so that the message itself is always read
_LONGEST_MESSAGE = 500
# Read before anything else is done with a message: most of what is said in a channel has none of these words.
_HINTS = re.compile(
    r"\b(?:all|any|every\w*|nobody|noone|none|whole|entire|global\w*|worldwide|both|more|most|half|third|quarter|major\w*|too|also"
    r"|as well|worse|spread\w*|now|down|dead|offline|outage|lost|loss|losing|deleted|delet\w+|corrupt\w*|leak\w*"
    r"|exposed|public|stolen|attack\w*|ransom\w*|encrypt\w+|intruder\w*|only|just|single|one|limited|staging|internal|workaround|isolated"
    r"|turns out|no customers?|no users?|fails?|failing|broken)\b|\d ?(?:%|percent)",
    re.IGNORECASE,
)
_NARROWS = re.compile(
    r"\b(?:only|just|merely|turns out|actually|limited to|isolated|no customers?|no users?|nobody|not all|isn'?t)\b",
    re.IGNORECASE,
)
_SURER = 0.1  # how much surer of the same severity a message must make it
_GUESS = re.compile(
    r"\?|\b\w+ down,? \w+ to go\b|"
    r"\b(?:if|maybe|might|may|could|perhaps|possibly|probably|think|guess|suspect|wonder\w*|worr\w+|afraid|hope\w*|imagine|would"
    r"|should|unless|until|before|risk|lest|no (?:sign|evidence|data|one lost)|nobody lost|not (?:all|every\w*))\b",
    re.IGNORECASE,
)
_BETTER = re.compile(
    r"\b(?:fall\w*|fell|recover\w*|improv\w*|better|back|again|left|remaining|going down|fixed|mitigated|resolved"
    r"|restored)\b",
    re.IGNORECASE,
)
# "Restarted all pods", "I deleted the dead workers": what responders did is not what happened to customers.
_DEED = re.compile(
    r"^\W*(?:(?:i|we|i've|we've|i'm|we're|have|just|now|ok|also)\s+)*(?:(?:kill|restart|reboot|scal|drain|disabl|deploy|redeploy|switch"
    r"|clean|cordon|evict|mov|bump|patch|remov|delet|purg|revert|check|look|call|ask|pag|test|start|try)(?:ed|ing)"
    r"|rolled|rolling|told|tried|fail(?:ed|ing) over|restart|reboot|check|look)\b",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^\W*(?:status |quick |new )?(?:update|fyi|edit)\b\W*", re.IGNORECASE)
_TALK = frozenset(("question", "request", "asking", "drill", "draft", "past", "learning", "commit", "empty", "work"))
_WIDE = {
    "reach": {"everyone", "most", "many", "region", "group"},
    "share": {"most", "many"},
    "how": {"down", "lost", "exposed"},
    "what": {"whole", "money", "major"},
    "security": {"running", "attack", "sign", "personal"},
    "alarm": {"all-dead"},
    "where": {"production"},
    "danger": {"soon"},
}
_NARROW = {
    "reach": {"one", "customer", "few", "some", "staff", "nobody"},
    "share": {"few", "some"},
    "where": {"elsewhere"},
}
_REACH = ("reach.", "share.", "part.", "count.")
_MILD = ("how.slow", "how.delayed", "how.partly", "how.wrong")


def may_matter(text: str) -> bool:
    """A cheap look, microseconds long: False for what need not be judged."""
    return _HINTS.search(text, 0, _LONGEST_MESSAGE) is not None


def reconsider(judge: Judge, subject: str, message: str, current: Severity, mitigated: bool) -> Judgement | None:
    """The judgement that speaks for raising or lowering `current`; None where nothing does.

    `subject` is the incident's title and impact. What sounds like recovery lowers only where it is `mitigated`, which
    people said, and never raises.
    """
    said = _PREFIX.sub("", message[:_LONGEST_MESSAGE])
    heard = judge.read(said)
    if _GUESS.search(said) or _DEED.match(said) or heard.facts.get("kind", set()) & _TALK:
        return None
    recovering = "recovered" in heard.facts.get("kind", set()) or _BETTER.search(said) is not None
    known = judge.read(subject[:_LONGEST_SUBJECT])
    new = _new(heard, known, _WIDE)
    if new and not recovering:
        judged = judge.by_facts(_together(subject, known, heard, said, wider=True))
        if _raises(judge, judged, subject, current):
            return replace(judged, evidence=new)
    narrow = _new(heard, known, _NARROW)
    if narrow and _NARROWS.search(said) and (mitigated or not recovering):
        judged = judge.by_facts(_together(subject, known, heard, said, wider=False))
        if judged.severity and current.worse_than(judged.severity):
            return replace(judged, evidence=narrow)
    return None


def _raises(judge: Judge, judged: Judgement, subject: str, current: Severity) -> bool:
    """Worse than it is held to be, and worse for what the message says: what was known before was weighed by people."""
    if judged.severity is None or not judged.severity.worse_than(current):
        return False
    before = judge.by_facts(subject[:_LONGEST_SUBJECT])
    if before.severity is None:
        return True
    surer = judged.severity is before.severity and judged.confidence > before.confidence + _SURER
    return surer or judged.severity.worse_than(before.severity)


def _new(heard: Reading, known: Reading, columns: dict[str, set[str]]) -> tuple[Evidence, ...]:
    """The words of the message behind facts of these columns that title and impact do not have."""
    found: dict[str, Evidence] = {}
    for signal, evidence in heard.evidence:
        column, _, value = signal.partition(".")
        if value in columns.get(column, ()) and value not in known.facts.get(column, set()) and evidence.text:
            found.setdefault(evidence.text, evidence)
    return tuple(found.values())


def _together(subject: str, known: Reading, heard: Reading, said: str, *, wider: bool) -> str:
    """Title, impact and message as one text. Where the message says for whom, or how, the title's older word gives way;
    but a milder `how` gives way to a worse one only where the message is about less than before.
    """
    subject = subject[:_LONGEST_SUBJECT]
    older: tuple[str, ...] = _REACH if heard.facts.keys() & {"reach", "share", "part", "count"} else ()
    how = heard.facts.get("how", set())
    if how & _WIDE["how"]:
        older += _MILD
    elif how and not wider:
        older += ("how.",)
    for signal, evidence in heard.evidence:  # what is left after it recovered is judged, not that it did
        if signal == "kind.recovered" and evidence.text:
            said = said.replace(evidence.text, " ")
    for signal, evidence in known.evidence:
        if older and signal.startswith(older) and evidence.text:
            subject = subject.replace(evidence.text, " ")
    return f"{said}. {subject}"
