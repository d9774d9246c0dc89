"""The formal language of status pages, in which "performance" and "availability" have a fixed meaning."""

from __future__ import annotations

import re

from bot.severity.judge.reading import Reading

_ANNOUNCING = re.compile(
    r"\bwe(?: are|'re|’re)(?: currently| aware| actively| still| continuing"
    r"| now)*(?: to)? (?:investigat\w+|experiencing|seeing|monitoring)"
    r"|\binvestigating reports of|\bcontinuing to investigate|\b(?:is|are)(?: now"
    r"| currently)? experiencing degraded|\bwill provide an update|^\[retroactive\]",
    re.IGNORECASE,
)
_AWARE = re.compile(
    r"\bwe(?: are|'re|’re)(?: currently| now)? (?:aware|informed) of (?:an?|the) (?:complete|total|full) outage\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"([A-Z][\w ]{2,30}?) (?:is|are)(?: now| currently)? experiencing")
_TITLED = re.compile(r"^(?:incident|disruption|issues?|outage|problems?) with ([^.\n]{3,160})", re.IGNORECASE)
_PERIOD = re.compile(
    r"\bbetween\b[^\n]{3,60}\b(?:utc|and)\b|\bbeginning at\b[^\n]{3,60}\bUTC\b|^\[retroactive\]"
    r"|\bfrom \d{1,2}:\d\d[^\n]{0,20} (?:to|until) \d{1,2}:\d\d",
    re.IGNORECASE,
)


_UPDATE = re.compile(
    r"^\W*(?:status |quick |\d+\w* )?update\b|\binc-\d|\bdraft\b|\bwording\b|\bproposed text", re.IGNORECASE
)
_OVER = re.compile(r"\b(?:fixed|mitigated|resolved|restored|reverted|experienced|had|was|were)\b", re.IGNORECASE)
_OUTAGE = re.compile(
    r"\b(?:complete|total|full|an|experiencing an) outage of (?:all|our|\w+ products)"
    r"|\b(?:complete|total|full) (?:\w+ )?(?:outage\b|loss of (?:service|connect))|all services are|unavailable for all"
    r"|\b(?:unable to|cannot|can't|can’t) serve any\b|\bno (?:user|customer|client|one) can\b|\bnot one of our\b",
    re.IGNORECASE,
)
_AVAILABILITY = re.compile(
    r"degraded availability|major outage|significant(?:ly)? (?:fail|error|impact|degrad)\w*"
    r"|\bnot available\b|high (?:percentage|rate) of",
    re.IGNORECASE,
)
_PART_ONLY = re.compile(
    r"\bother [\w ]{2,30} (?:are|is|remain) (?:available|not|un|work)\w*"
    r"|\bfor the [\w .\-]{3,40} models?\b|partial(?:ly)? (?:un)?availab\w+",
    re.IGNORECASE,
)
_SEVERAL = 3  # services named in one announcement that make it more than a trouble of one


def note_announcement(reading: Reading, text: str) -> None:
    """The formal language of status pages."""
    match, titled, period = _ANNOUNCING.search(text), _TITLED.search(text), _PERIOD.search(text)
    aware = _AWARE.search(text)
    if (match is None and aware is None and not (titled and period)) or _UPDATE.search(text):
        return
    if period and _OVER.search(text) and "ontinuing to" not in text and "still" not in text:
        reading.note("announced.past", period.group())
    elif aware is not None:
        reading.note("announced.outage", aware.group())
    elif match is not None and (titled or len(text) > 80 or "degraded" in text or "outage" in text):
        reading.note(*_announced(text, match.group(), titled))


def _announced(text: str, words: str, titled: re.Match[str] | None) -> tuple[str, str]:
    """How much is announced, and the words that say so."""
    services = {found.group(1).split()[-1] for found in _SUBJECT.finditer(text)}
    if titled:
        services |= {part.split()[-1] for part in re.split(r",| and |&", titled.group(1)) if part.strip()}
    outage, availability = _OUTAGE.search(text), _AVAILABILITY.search(text)
    if outage:
        return "announced.outage", outage.group()
    if availability and not _PART_ONLY.search(text):
        return "announced.availability", availability.group()
    if len(services) >= _SEVERAL:
        return "announced.several", titled.group() if titled else words
    return "announced.performance", words
