"""What owners are asked, when it is time; and their answers. Two replicas ask once: every question has a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from bot.context import AppContext, Policy
from bot.errors import BadRequest, NotAllowed
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import for_everybody
from bot.memory.entries.entries import Entry
from bot.memory.importing.importer import render_entry
from bot.playbooks.flows import editing
from bot.playbooks.messages import saving as saving_messages
from bot.playbooks.messages import upkeep as messages
from bot.playbooks.queries import runs, upkeep
from bot.playbooks.rules.upkeep import (
    RequestKind,
    Verdict,
    difference,
    is_due,
    new_commands,
    next_ask,
    with_lesson,
    without_steps,
)
from bot.playbooks.rules.written_steps import steps_in
from bot.playbooks.tables import UpkeepRequest
from bot.store.outbox import enqueue
from bot.text.markup import plain_text

_AT_ONCE = 20
_LESSONS_OF = timedelta(days=30)  # of an incident that was closed before that, nobody remembers
_SAID = (Kind.NOTED, Kind.MESSAGE_POSTED)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an incident taught: the entry with it, and the lines that differ."""

    entry: Entry
    difference: str


def plan_reviews(session: Session, policy: Policy, entries: Iterable[Entry], now: datetime) -> int:
    """Have the playbooks that are due for review asked about, those first that waited longest; how many are new."""
    room = _room(session, policy, now)
    answered = upkeep.last_answers(session, RequestKind.REVIEW)
    waiting = upkeep.list_open(session, RequestKind.REVIEW)
    today, every = now.date(), policy.upkeep.review_every
    due: list[tuple[date, str]] = []
    for entry in entries:
        last = max(filter(None, (entry.reviewed_at, _day(answered.get(entry.ref)))), default=None)
        if entry.kind == "playbook" and entry.ref not in waiting and is_due(last, every, today):
            due.append((last or date.min, entry.ref))
    asked = 0
    for last, ref in sorted(due):
        if asked < room:
            asked += upkeep.add(session, f"review:{ref}:{last}", RequestKind.REVIEW, ref, now)
    return asked


def _day(at: datetime | None) -> date | None:
    return at.date() if at else None


def _room(session: Session, policy: Policy, now: datetime) -> int:
    """How many questions more may be asked today."""
    zone = policy.calendar.zone
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    return max(0, policy.upkeep.most_a_day - upkeep.count_since(session, midnight))


def plan_lessons(
    session: Session, policy: Policy, known: Mapping[str, Entry], best: Mapping[int, str], now: datetime
) -> None:
    """After major incidents: ask whether what ended them goes into the playbook. `best`: incident → the playbook that
    matches it, for those in which none was run.
    """
    for row in upkeep.list_closed(session, list(policy.upkeep.lessons_of), now - _LESSONS_OF, _AT_ONCE):
        ref = _playbook_of(session, row) or best.get(row.incident_id)
        entry = known.get(ref) if ref else None
        if entry is None or not for_everybody(row):
            continue
        lesson = lesson_of(session, row, entry)
        if lesson is not None and _room(session, policy, now):
            data = {"incident": row.ref, "title": row.title, "difference": lesson.difference}
            key = f"lesson:{row.ref}:{row.episode}:{entry.ref}"
            upkeep.add(session, key, RequestKind.LESSON, entry.ref, now, data, row.incident_id)


def candidates(session: Session, policy: Policy, now: datetime) -> Sequence[IncidentRow]:
    """The incidents that `plan_lessons` will look at."""
    return upkeep.list_closed(session, list(policy.upkeep.lessons_of), now - _LESSONS_OF, _AT_ONCE)


def _playbook_of(session: Session, row: IncidentRow) -> str | None:
    """The playbook that ended the incident, or else the one that was run last."""
    ran = [run for run in runs.list_of_incident(session, row.incident_id) if run.kind == "playbook"]
    ended = [run for run in ran if run.ended_it]
    return (ended or ran)[-1].ref if ran else None


def lesson_of(session: Session, row: IncidentRow, entry: Entry) -> Lesson | None:
    """What the incident taught that the playbook does not say; None where it names the incident already, was enough as
    it stands, or nothing was recorded.
    """
    before = render_entry(entry)
    said = steps_in(
        plain_text(line.text) for line in timeline.list_entries(session, row.incident_id) if line.kind in _SAID
    )
    fresh = new_commands(said, before)
    ended = any(run.ended_it and run.ref == entry.ref for run in runs.list_of_incident(session, row.incident_id))
    if row.ref in before or not entry.section("Steps") or not (fresh or (row.resolution and not ended)):
        return None
    steps = with_lesson(entry.section("Steps"), fresh, row.ref, row.resolution or "")
    related = "\n".join([*entry.section("Related").splitlines(), f"- {row.ref}"])
    sections = dict(entry.sections) | {"Related": related}
    try:
        after = editing.with_parts(replace(entry, sections=tuple(sections.items())), "", "", steps)
    except BadRequest:  # steps by other rules than ours: nobody but a person can add to those
        return None
    return Lesson(after, difference(before, render_entry(after)))


def send_due(session: Session, policy: Policy, now: datetime) -> int:
    """Have what is due asked, and noted when it is asked again; how many."""
    due = upkeep.claim_due(session, now, _AT_ONCE)
    for row in due:
        row.asks += 1
        row.ask_at = next_ask(row.asks, now, policy.upkeep.ask_again_after)
        enqueue(session, "slack.upkeep_ask", request_id=row.request_id, asks=row.asks)
    return len(due)


def plan_commands(session: Session, broken: Mapping[str, list[dict[str, str]]], now: datetime) -> None:
    """Have owners told of commands that can no longer be right. The same ones again are no news."""
    waiting = upkeep.list_open(session, RequestKind.COMMANDS)
    for ref, problems in broken.items():
        if ref not in waiting:
            key = f"commands:{ref}:{now:%Y-%m}"
            upkeep.add(session, key, RequestKind.COMMANDS, ref, now, {"problems": problems})


def propose_archive(session: Session, ref: str, now: datetime) -> bool:
    """Propose it once a year."""
    return upkeep.add(session, f"archive:{ref}:{now.year}", RequestKind.ARCHIVE, ref, now)


# -- answers -----------------------------------------------------------------------------------------------------------


def open_request(
    session: Session, context: AppContext, request_id: int, user_id: str, now: datetime, entry: Entry | None
) -> UpkeepRequest:
    """The question, locked, for somebody who may answer it. Raises BadRequest where it was answered, or its entry is
    gone, NotAllowed for others.
    """
    row = upkeep.get_for_change(session, request_id)
    if row.answered_at is not None:
        raise BadRequest(messages.answered_before(row.ref, row.answered_by, row.answer or ""))
    if entry is None:
        raise BadRequest(messages.gone(row.ref))
    if row.asked != user_id and not editing.may_edit(session, context, entry, user_id, now):
        raise NotAllowed(saving_messages.not_yours(row.ref))
    return row


def answer(session: Session, row: UpkeepRequest, words: str, user_id: str, now: datetime) -> None:
    """Note the answer, and have the messages that ask say so."""
    row.answered_at, row.answered_by, row.answer, row.ask_at = now, user_id, words, None
    enqueue(session, "slack.upkeep_redraw", request_id=row.request_id)


def snooze(session: Session, row: UpkeepRequest, policy: Policy, now: datetime) -> datetime:
    """Ask again later; when (aware UTC). It counts as not asked."""
    row.asks = max(0, row.asks - 1)
    row.ask_at = policy.calendar.open_moment(now + policy.upkeep.snooze)
    enqueue(session, "slack.upkeep_redraw", request_id=row.request_id)
    return row.ask_at


def delegate(session: Session, row: UpkeepRequest, to: str, now: datetime) -> None:
    """Ask somebody else from now on."""
    row.asked, row.asks = to, row.asks + 1
    enqueue(session, "slack.upkeep_ask", request_id=row.request_id, asks=row.asks)


def reviewed(
    session: Session,
    row: UpkeepRequest,
    verdicts: Mapping[int, Verdict],
    notes: str,
    user_id: str,
    now: datetime,
) -> None:
    """Note what somebody said of each step. What has to change is asked for by the message that is redrawn."""
    wrong = {str(number): verdict.value for number, verdict in verdicts.items() if verdict is not Verdict.RIGHT}
    row.data = row.data | {"verdicts": wrong, "notes": notes}
    answer(session, row, messages.verdict_line(len(verdicts), wrong), user_id, now)


def draft_of(session: Session, row: UpkeepRequest, entry: Entry) -> Entry:
    """The entry as somebody begins to edit it: with what the incident taught, without the steps to be taken out."""
    if row.kind == RequestKind.LESSON and row.incident_id is not None:
        lesson = lesson_of(session, incidents.get(session, row.incident_id), entry)
        return lesson.entry if lesson else entry
    dropped = {int(number) for number, verdict in row.data.get("verdicts", {}).items() if verdict == Verdict.DROP}
    kept = without_steps(entry.section("Steps"), dropped)
    sections = dict(entry.sections) | ({"Steps": kept} if kept.strip() else {})
    return replace(entry, sections=tuple(sections.items()))


def edited(session: Session, row: UpkeepRequest, user_id: str, now: datetime) -> None:
    """What had to change was changed: nothing is left to do about the question."""
    row.data = {name: value for name, value in row.data.items() if name not in ("verdicts", "notes")}
    answer(session, row, messages.EDITED, user_id, now)


def is_command_check_due(session: Session, policy: Policy, now: datetime) -> bool:
    """Whether the commands are to be checked now: once in each span of the policy, on whichever replica."""
    every = policy.upkeep.check_commands_every
    if every is None:
        return False
    number = int(now.timestamp() // every.total_seconds())
    return runs.note_once(session, f"commands:{every.total_seconds():.0f}:{number}", now)


def accept(
    session: Session, row: UpkeepRequest, incident: IncidentRow, entry: Entry, user_id: str, now: datetime
) -> None:
    """Put what the incident taught into the playbook. Raises BadRequest where the playbook says it by now."""
    lesson = lesson_of(session, incident, entry)
    if lesson is None:
        raise BadRequest(messages.nothing_new(entry.ref, incident.ref))
    editing.save(session, lesson.entry, editing.version_of(entry), user_id, now)
    answer(session, row, messages.ACCEPTED, user_id, now)
