"""Facts that follow from several signals of one message together."""

from __future__ import annotations

import re

from bot.severity.judge.reading import Reading
from bot.severity.judge.tokens import LENGTH_JUDGED

_TOO_MUCH = 22  # facts; a text that says everything says nothing by its pairs of facts


def conclude(reading: Reading, message: str) -> None:
    """Facts that follow from several signals together."""
    facts = reading.facts
    how = facts.get("how", set())
    if "word" in facts.get("danger", set()) or facts.get("fill"):
        _note_danger(reading)
    security = facts.get("security", set())
    if "running" in security and ("sign" in security or how & {"exposed", "lost"}):
        reading.note("security.attack", _words_of(reading, "security.running"))
    if reading.facts.get("backup") == {"word"} and how & {"down", "partly", "delayed", "lost"}:
        reading.note("backup.failing", _words_of(reading, "backup.word"))
    if "all-of" in facts.get("alarm", set()) or (
        re.search(r"healthy.?host|HealthyHostCount", message[:LENGTH_JUDGED], re.IGNORECASE) and "[0.0" in message
    ):
        reading.note("alarm.all-dead", _words_of(reading, "alarm.all-of") or "HealthyHostCount"[: len(message)])
    if "zero" in facts.get("alarm", set()) and re.search(
        r"healthy|backends|targets|in.?service|up\b|probe_success|availability", message[:LENGTH_JUDGED], re.IGNORECASE
    ):
        reading.note("alarm.all-dead", _words_of(reading, "alarm.zero"))
    if "where" in facts and not facts["where"] & {"production"} and "elsewhere" in facts["where"]:
        reading.features.add("where.only-elsewhere")
    if not how:
        reading.features.add("how.none")
        if "shape.ends-asking" in reading.features:
            reading.note("kind.question", "?")
    columns = {
        f"{column}.{value}"
        for column in ("what", "how", "reach", "where", "share", "danger")
        for value in facts.get(column, ())
    }
    for kind in sorted(facts.get("kind", ())):
        reading.features.add(f"kind.{kind}&{'trouble' if how - {'partly'} else 'calm'}")
    if len(columns) > _TOO_MUCH:
        return
    for one in sorted(columns):
        reading.features.update(
            f"{one}+{other}" for other in columns if one < other and one.split(".")[0] != other.split(".")[0]
        )


def _note_danger(reading: Reading) -> None:
    danger = reading.facts.get("danger", set())
    if "later" in danger and "now" not in danger:
        return
    if "now" in danger and "word" in danger:
        reading.note("danger.soon", _words_of(reading, "danger.word") or _words_of(reading, "danger.now"))
    elif (
        "fill" in reading.facts
        and "high" in reading.facts["fill"]
        and reading.features & {"span.minutes", "span.hours"}
    ):
        reading.note("danger.soon", _words_of(reading, "fill.high"))


def _words_of(reading: Reading, signal: str) -> str:
    return next((evidence.text for name, evidence in reading.evidence if name == signal), "")
