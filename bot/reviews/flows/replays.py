"""A drill that replays a past incident, beside that incident: who was what in it, and how both went."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.queries import pings
from bot.incidents.queries import incidents, replays, timeline
from bot.incidents.rules.incident import Status, is_drill, is_private
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow
from bot.reviews.rules.document import Course, Replay, StepThen
from bot.reviews.rules.past.retelling import RESPONDER, Cast
from bot.slack import queries as slack_queries

_TURNS = (Kind.ACKNOWLEDGED, Kind.STATUS_CHANGED, Kind.RESOLVED, Kind.FALSE_ALARM)
_TAKEN = frozenset({Kind.ACKNOWLEDGED, Kind.STATUS_CHANGED, Kind.PLAYBOOK_STEP, Kind.NOTED, Kind.RESOLVED})

REPORTED = ("join:", "report:", "words:")  # what the source keys of notes begin with that are somebody's report
_SAID = (Kind.NOTED, Kind.MESSAGE_POSTED)  # of these the text does not say who


def cast_of(session: Session, source: IncidentRow, policy: Policy) -> Cast:
    """Who was what in a past incident."""
    roles = dict.fromkeys(timeline.list_actors(session, source.incident_id, _TAKEN, REPORTED), RESPONDER)
    roles |= dict.fromkeys(incidents.list_role_holders(session, source.incident_id), RESPONDER)
    for ping in pings.list_of_incident(session, source.incident_id):
        roles |= {user_id: f"the {ping.role}" for user_id in ping.user_ids if ping.sent_at is not None}
    roles |= {source.commander: "the commander"} if source.commander else {}
    people = {*roles, *timeline.list_authors(session, source.incident_id), source.declared_by}
    listed = {one.slack: one.name for one in policy.contacts.people.values() if one.slack in people}
    names = {user_id: name for user_id, name in listed.items() if user_id}
    hidden = {source.ref, source.former_ref, source.channel_name} - {None}
    return Cast(roles, names | slack_queries.names_of(session, people), [words for words in hidden if words])


def compare(session: Session, drill: IncidentRow, policy: Policy) -> Replay | None:
    """None for what replays nothing, and where the past incident was made private since."""
    replay = replays.find(session, drill.incident_id) if is_drill(drill.ref) else None
    if replay is None:
        return None
    source = incidents.get(session, replay.source_id)
    if is_private(source.ref):
        return None
    played = len(timeline.list_rows(session, drill.incident_id, (Kind.INJECTED,)))
    cast = cast_of(session, source, policy)
    return Replay(
        ref=source.ref,
        speed=replay.speed,
        planned=replay.injects,
        played=played,
        then=_course(session, source),
        now=_course(session, drill),
        steps=tuple(_steps(session, source, cast)),
        cause=cast.retell(source.cause or ""),
        resolution=cast.retell(source.resolution or ""),
    )


def _course(session: Session, row: IncidentRow) -> Course:
    """When it first was acknowledged, and so on: the row itself says so of the time since it was last reopened."""
    first: dict[str, timedelta] = {}
    for entry in timeline.list_rows(session, row.incident_id, _TURNS):
        name = str(entry.data.get("after") or entry.kind)
        first.setdefault(name, entry.at - row.declared_at)
    return Course(
        severity=row.severity,
        acknowledged=first.get(Kind.ACKNOWLEDGED),
        identified=first.get(Status.IDENTIFIED),
        mitigated=first.get(Status.MITIGATED),
        resolved=first.get(Kind.RESOLVED),
        false_alarm=bool(row.false_alarm),
    )


def _steps(session: Session, source: IncidentRow, cast: Cast) -> list[StepThen]:
    """What the responders did, as far as it was recorded or marked as key."""
    entries = timeline.list_entries(session, source.incident_id)
    chosen = [one for one in entries if one.author and (one.kind in _TAKEN or _is_key_act(one))]
    return [
        StepThen(
            max(timedelta(), one.at - source.declared_at),
            cast.role(one.author) if one.kind in _SAID else "",
            cast.retell(one.text),
        )
        for one in chosen
        if one.author in cast.roles
    ]


def _is_key_act(entry: Entry) -> bool:
    return entry.key and entry.kind is Kind.MESSAGE_POSTED
