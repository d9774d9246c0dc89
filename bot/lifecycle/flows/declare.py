"""Declaring an incident: the facts, the timeline's first entry, the channel and the first pages, in one transaction.

Or adding what was about to be declared to an incident that is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.escalation.flows.plan import page_at_once
from bot.fields.flows import set_given
from bot.fields.rules import Given
from bot.incidents.flows.record import note, record
from bot.incidents.queries import incidents, places, timeline
from bot.incidents.rules.incident import Status, channel_name, is_drill, is_private, prefix_of
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.consequences import after_change
from bot.lifecycle.flows.privacy import ask_kind
from bot.lifecycle.messages import changes as messages
from bot.lifecycle.rules.outcomes import Declared, NoteAdded, Workplace
from bot.memory.rules.similar import SimilarItem
from bot.severity.rules import Severity
from bot.slack.queries import find_workspace
from bot.text.markup import escape, says_something, without_emoji
from bot.text.wording import first_sentence

LONGEST_TITLE = 250
MOST_DRILLS = 3  # open at a time
SENT_AGAIN_WITHIN = timedelta(minutes=2)  # no declaration is under way for longer


@dataclass(frozen=True, slots=True)
class Secrecy:
    """`security`: shown to nobody outside its own channel. `asks`: whoever declares it is asked whether it is so.

    `urgent`: it sounds like a break-in, whatever was chosen.
    """

    security: bool
    asks: bool
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """What somebody asked for. `request_key` names the request: sent twice, it declares once."""

    request_key: str
    title: str
    severity: Severity
    by: str
    impact: str | None = None
    similar: tuple[SimilarItem, ...] = ()
    report_channel_id: str | None = None
    report_ts: str | None = None
    security: bool = False  # shown to nobody outside its own channel
    asks: bool = False  # whether it is one is asked, as it only sounds like it
    urgent: bool = False  # it sounds like a break-in: on-call is paged at once, whatever its severity
    given: Given = field(default_factory=Given)  # its type, and what was said of custom fields
    drill: bool = False  # an exercise: marked everywhere, counted nowhere
    hasty: bool = False  # by somebody who may be typing fast or running a script: asked first where they declare many
    # The latest incident that they had declared when they typed it, 0 for none: a later one in the same words was under
    # way, at whichever replica, and this is the same once more. None: it cannot come twice.
    after: int | None = None


class DeclaringMany(BadRequest):
    """Somebody declared so many within so short a time that they are asked first. `refs`: of those, the latest last."""

    def __init__(self, refs: Sequence[str], within: timedelta) -> None:
        super().__init__(messages.declaring_many(refs, within))
        self.refs = refs


def declare(session: Session, wanted: Declaration, policy: Policy, now: datetime) -> tuple[IncidentRow, bool]:
    """The incident and whether it is new. Raises BadRequest for a title that says nothing, DeclaringMany."""
    check_title(wanted.title)
    heading, rest = split_heading(wanted.title)
    title = " ".join(without_emoji(heading).split())
    # Of what one person declares at once, each sees those before it.
    incidents.lock_request(session, wanted.request_key, f"declared by {wanted.by}")
    earlier = incidents.find_by_request(session, wanted.request_key)
    if earlier is not None:
        return earlier, False
    if wanted.drill:
        _check_drills(session)
    severity = policy.fields.at_least(wanted.given.type_name, wanted.severity)
    if wanted.hasty:
        recent = _list_recent(session, wanted.by, policy, now)
        again = next((row for row in recent if _says_the_same(row, wanted, severity, title, now)), None)
        if again is not None and _rest_of(session, again) == escape(rest):
            return again, False
        _check_burst(recent, policy, now)
    row = _add(session, wanted, title, severity, now)
    _record(session, row, wanted, title, rest, now)
    if wanted.given:
        set_given(session, row, wanted.given, policy.fields, wanted.by, now, known={})
    if wanted.asks:
        ask_kind(session, row, now)
    after_change(session, row, Kind.DECLARED, wanted.by, policy, now)
    if wanted.urgent and policy.security.page_at_once:
        page_at_once(session, row, messages.SOUNDS_LIKE_A_BREAK_IN, wanted.by, now)
    return row, True


def _add(session: Session, wanted: Declaration, title: str, severity: Severity, now: datetime) -> IncidentRow:
    ref = incidents.next_ref(session, prefix_of(wanted.security, wanted.drill), now.year)
    return incidents.add_incident(
        session,
        ref=ref,
        request_key=wanted.request_key,
        title=title[:LONGEST_TITLE],
        severity=severity.value,
        status=Status.INVESTIGATING.value,
        declared_at=now,
        declared_by=wanted.by,
        channel_name=channel_name(ref, title),
        impact=wanted.impact or None,
        similar=wanted.similar,
        report_channel_id=wanted.report_channel_id,
        report_ts=wanted.report_ts,
        episode=1,
    )


def _list_recent(session: Session, by: str, policy: Policy, now: datetime) -> Sequence[IncidentRow]:
    within = max(policy.escalation.ask_after.within, SENT_AGAIN_WITHIN)
    return incidents.list_declared_since(session, by, now - within)


def _says_the_same(row: IncidentRow, wanted: Declaration, severity: Severity, title: str, now: datetime) -> bool:
    """Whether `row` is what was typed, declared since it was typed: Slack or the person sent it twice."""
    if wanted.after is None or row.incident_id <= wanted.after or row.declared_at <= now - SENT_AGAIN_WITHIN:
        return False
    return (row.title, row.severity, row.type) == (title, severity.value, wanted.given.type_name)


def _rest_of(session: Session, row: IncidentRow) -> str:
    """What was pasted under the title when it was declared."""
    entry = timeline.find_by_source(session, _words(row.request_key))
    return entry.text if entry is not None else ""


def _words(request_key: str) -> str:
    return f"words:{request_key}"


def _check_burst(recent: Sequence[IncidentRow], policy: Policy, now: datetime) -> None:
    """Raises DeclaringMany: each declaration pages, and who types fast or runs a script wakes people once a line."""
    burst = policy.escalation.ask_after
    refs = [row.ref for row in recent if row.declared_at > now - burst.within]
    if len(refs) >= burst.declarations:
        raise DeclaringMany(refs, burst.within)


def _check_drills(session: Session) -> None:
    """Raises BadRequest: each drill pages people who have real incidents to wake for."""
    incidents.lock_request(session, "drills")
    if len(refs := incidents.list_open_drills(session)) >= MOST_DRILLS:
        raise BadRequest(messages.too_many_drills(refs))


def kind_of(
    policy: Policy,
    words: str,
    row_name: str,
    said: bool | None = None,
    type_name: str | None = None,
    *,
    probability: float = 0.0,
) -> Secrecy:
    """Whether it is a security incident, and whether that is asked.

    `said` and `type_name` are what somebody chose, `row_name` the row of the matrix by which the words were judged,
    `probability` how likely the judge finds them a break-in.
    """
    smells = policy.security.sounds_like_break_in(words, row_name, probability)
    if said is not None or policy.fields.is_private(type_name):
        return Secrecy(said is not False, asks=False, urgent=smells)
    return Secrecy(smells, asks=smells and bool(policy.security.ask), urgent=smells)


def split_heading(words: str) -> tuple[str, str]:
    """The line that makes the title, and what comes after it, as a pasted alert has many: for the timeline.

    Of a long line of several sentences it is the first one; that is whole, however long: the entry of the declaration
    keeps what the title has no room for.
    """
    lines = words.strip().splitlines()
    first = next((number for number, line in enumerate(lines) if says_something(line)), 0)
    heading, further = first_sentence("".join(lines[first : first + 1]).strip())
    return heading, "\n".join([further, *lines[first + 1 :]]).strip()


def check_title(title: str, refusal: str = messages.SAY_WHAT_IS_WRONG) -> None:
    """Raises BadRequest for a title that says nothing."""
    if not says_something(title):
        raise BadRequest(refusal)


def join(session: Session, ref: str, words: str, by: str, now: datetime, request_key: str) -> IncidentRow:
    """What was about to be declared goes on an open incident's timeline as a note: plain words, added once.

    Raises TransitionRefused where that incident is over by now.
    """
    row = incidents.get_for_change(session, incidents.get_by_ref(session, ref).incident_id)
    if not Status(row.status).is_open:
        raise TransitionRefused(messages.over_by_now(row.ref, row.status))
    note(session, row, escape(words), by, now, _joined(request_key))
    return row


def where_to_work(session: Session, row: IncidentRow) -> Workplace:
    """Where a new incident is worked on; where Slack refuses the channels of others just now, none is promised."""
    workspace = find_workspace(session)
    announced_in = workspace.announcement_channel_id if workspace and not is_private(row.ref) else None
    refused = row.channel_trouble or places.find_refused_creation(session)
    return Workplace(row.channel_id, row.channel_name, refused, announced_in, row.kind_asked_at is not None)


def outcome_of(session: Session, request_key: str) -> Declared | NoteAdded | None:
    """What became of a request that asked first, None while it is undecided.

    It is locked: of two presses at once, the second sees what the first did.
    """
    incidents.lock_request(session, request_key)
    declared = incidents.find_by_request(session, request_key)
    if declared is not None:
        return Declared(declared.ref)
    joined = timeline.find_by_source(session, _joined(request_key))
    return NoteAdded(incidents.get(session, joined.incident_id).ref) if joined is not None else None


def _joined(request_key: str) -> str:
    return f"join:{request_key}"


def _record(session: Session, row: IncidentRow, wanted: Declaration, title: str, rest: str, now: datetime) -> None:
    text = messages.declared_entry(row.severity, wanted.by, title, is_drill(row.ref))
    data = {"severity": row.severity}
    record(
        session, row, Kind.DECLARED, text, now, author=wanted.by, data=data, source_key=f"declare:{wanted.request_key}"
    )
    if rest:
        note(session, row, escape(rest), wanted.by, now, _words(wanted.request_key))
    if wanted.impact:
        record(session, row, Kind.IMPACT_RECORDED, escape(wanted.impact), now, author=wanted.by)
