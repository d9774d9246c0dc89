"""What a shell prints of an alarm that is replayed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.alarms.rules.alarm import Alarm, State
from bot.severity.rules import Judgement, Outcome

NOTHING = "There is no alarm in it: it is empty."


def too_large(most: int) -> str:
    """`most` in bytes."""
    return f"This is larger than {most // 1024} kB, which no sender of alarms delivers. Give one delivery at a time."


_STATES = {State.FIRING: "ALARM", State.OK: "OK", State.NO_DATA: "NO DATA", State.EVENT: "EVENT"}
_OUTCOMES = {
    Outcome.ANSWER: "Sure enough to answer with this severity.",
    Outcome.ASK: 'Not sure enough to say so: people would be asked "Is this an incident?".',
    Outcome.SILENCE: "Said by a person, this would get no answer.",
}
_OVER = "Recovered: nothing is judged."


@dataclass(frozen=True, slots=True)
class Judged:
    """An alarm, what the judge says of its words and how sure that is, and (ref, title) of what it resembles."""

    alarm: Alarm
    judgement: Judgement
    outcome: Outcome
    similar: Sequence[tuple[str, str]] = ()


def lines_of(judged: Judged) -> list[str]:
    """For a terminal: what it is, where, what was measured, and what Tocsin makes of it."""
    alarm = judged.alarm
    lines = [f"{_STATES[alarm.state]}  {alarm.name}  ({alarm.source})"]
    lines += [f"  {part}" for part in (_where(alarm), alarm.summary, alarm.metric, alarm.reason, alarm.link) if part]
    if alarm.state is State.OK:
        return [*lines, f"  {_OVER}"]
    lines += [f"  {_verdict(judged.judgement)}", f"  {_OUTCOMES[judged.outcome]}"]
    if alarm.security:
        lines.append("  About security: declare it as a security incident, which stays private.")
    return lines + [f"  Similar: {ref} {title}" for ref, title in judged.similar]


def record_of(judged: Judged) -> dict[str, Any]:
    """For scripts: one JSON object."""
    alarm, verdict = judged.alarm, judged.judgement
    over = alarm.state is State.OK
    return {
        "source": alarm.source,
        "name": alarm.name,
        "state": alarm.state.value,
        "summary": alarm.summary,
        "metric": alarm.metric,
        "reason": alarm.reason,
        "resources": dict(alarm.resources),
        "account": alarm.account,
        "region": alarm.region,
        "at": alarm.at,
        "link": alarm.link,
        "security": alarm.security,
        "severity": verdict.severity.value if verdict.severity and not over else "none",
        "confidence": 0.0 if over else round(verdict.confidence, 4),
        "outcome": Outcome.SILENCE.value if over else judged.outcome.value,
        "evidence": [] if over else [{"text": one.text, "signal": one.signal} for one in verdict.evidence],
        "similar": [] if over else [ref for ref, _ in judged.similar],
    }


def _where(alarm: Alarm) -> str:
    account = f"account {alarm.account}" if alarm.account else ""
    named = [f"{kind} {name}" for kind, name in alarm.resources]
    return ", ".join(part for part in (*named, account, alarm.region, alarm.at) if part)


def _verdict(judgement: Judgement) -> str:
    severity = judgement.severity.value if judgement.severity else "No incident by its words"
    why = ", ".join(f"“{one.text}”" for one in judgement.evidence)
    because = f", because of {why}" if why else ""
    return f"{severity} ({judgement.confidence:.0%}): {judgement.row}{because}"
