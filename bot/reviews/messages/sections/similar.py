"""Similar past incidents, whether one of them was the same trouble, and the one that a drill replayed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bot.memory.rules.recurrence import recurrence
from bot.reviews.rules.document import Course, Line, Nature, PastIncident, Replay, ReviewFacts, Section
from bot.reviews.rules.past.repeats import is_related, repeats, said_same
from bot.reviews.rules.record import Record, origin
from bot.text.durations import span
from bot.text.wording import Wording, counted, tidied

_STAGES = ("acknowledged", "identified", "mitigated", "resolved")
_MOST_STEPS = 20  # of what was done then; the rest is in its own review


def similar(facts: ReviewFacts, record: Record, wording: Wording) -> tuple[Section, ...]:
    """Past incidents that look alike; a repetition only where the causes are the same or a person says so.

    No section where there is none, and for a false alarm, which is compared with nothing.
    """
    if facts.false_alarm:
        return ()
    lines = [
        Line(_past(past, wording), label=tidied(past.ref)[:60])
        for past in facts.similar
        if is_related(facts.incident.cause or "", past) or said_same(record.entries, past.ref)
    ]
    again = repeats(facts)
    if again:
        often = recurrence([past.happened_on for past in again if past.happened_on], facts.incident.declared_at.date())
        refs = ", ".join(tidied(past.ref)[:60] for past in again)
        lines.append(Line(f"{often} by the recorded causes, which say the same: {refs}.", Nature.DERIVED))
    for past in facts.similar:
        entry = said_same(record.entries, past.ref)
        if entry is not None and past not in again:
            text = f"{wording.person(entry.author)} called {tidied(past.ref)[:60]} the same problem."
            lines.append(Line(text, entries=(origin(entry),)))
    note = "Matched by words. Check whether it is the same problem."
    return (Section("similar", "Similar past incidents", tuple(lines), note),) if lines else ()


def _past(past: PastIncident, wording: Wording) -> str:
    day = f" ({past.happened_on:%Y-%m-%d})" if past.happened_on else ""
    parts = [_sentence(wording.plain(past.title, 200).rstrip(".") + day)]
    if cause := wording.plain(past.cause, 300):
        parts.append(_sentence(f"Cause: {cause}"))
    if fix := wording.plain(past.fix, 300):
        parts.append(_sentence(f"Fix: {fix}"))
    return " ".join(parts)


def _sentence(text: str) -> str:
    """With a full stop, unless it ends in one or was cut short."""
    return text if text.endswith((".", "…", "!", "?")) else f"{text}."


def compared(facts: ReviewFacts, wording: Wording) -> tuple[Section, ...]:
    """What a drill that replays a past incident is read for: how both went, and what was done then."""
    replay = facts.replay
    if replay is None:
        return ()
    lines = [*_courses(replay), *_answers(replay, wording), *_steps(replay, wording)]
    pace = "at the speed of then" if replay.speed == 1 else f"at {replay.speed:g} times the speed of then"
    played = f"{replay.played} of {counted(replay.planned, 'inject')} {'was' if replay.played == 1 else 'were'} played"
    note = f"{played}, {pace}. Times are from the declaration; those of the drill are as its clock ran."
    return (Section("replay", f"Compared with {replay.ref}", tuple(lines), note),)


def _courses(replay: Replay) -> Iterator[Line]:
    for stage in _STAGES:
        then, now = getattr(replay.then, stage), getattr(replay.now, stage)
        if then is not None or now is not None:
            yield Line(
                f"{_took(then, replay.then)} then, {_took(now, replay.now)} in the drill.",
                Nature.DERIVED,
                label=stage.capitalize(),
            )
    severity = f"{replay.then.severity} then, {replay.now.severity} in the drill, as it ended."
    yield Line(severity, Nature.DERIVED, label="Severity")


def _took(after: timedelta | None, course: Course) -> str:
    if after is not None:
        return f"in {span(after)}"
    return "closed as a false alarm" if course.false_alarm else "not recorded"


def _answers(replay: Replay, wording: Wording) -> Iterator[Line]:
    for label, said in (("Cause then", replay.cause), ("Fix then", replay.resolution)):
        if text := wording.plain(said, 500, lines=True):
            yield Line(text, Nature.DERIVED, label=label)


def _steps(replay: Replay, wording: Wording) -> Iterator[Line]:
    for step in replay.steps[:_MOST_STEPS]:
        text = wording.plain(f"{step.by[:1].upper()}{step.by[1:]}: {step.text}" if step.by else step.text, 300)
        yield Line(text, Nature.DERIVED, label=f"Then, after {span(step.after)}")
    if more := replay.steps[_MOST_STEPS:]:
        yield Line(f"{counted(len(more), 'more step')} in the review of {replay.ref}.", Nature.DERIVED)
