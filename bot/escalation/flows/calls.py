"""Calls: pages by methods outside Slack, as durable rows. Whatever crashes between, each is made once.

A page plans its people's calls; the sweep claims what falls due; a job makes the call and records what came of it. What
was opened at a service is acknowledged and resolved there, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.escalation.flows.plan import episode_of
from bot.escalation.messages import calls as messages
from bot.escalation.queries import calls, pings
from bot.escalation.rules.methods import (
    GIVEN_UP_AFTER,
    TEST_ENDS_AFTER,
    TEST_GIVEN_UP_AFTER,
    TOLD_AFTER,
    Method,
    PageState,
    Standing,
    pause_before,
    standing_of,
)
from bot.escalation.rules.ping_facts import PingFacts
from bot.escalation.rules.plan import PingKind
from bot.escalation.rules.roster import Person
from bot.escalation.tables import PageCallRow, PingRow
from bot.incidents.flows.record import record
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.pagers.requests import Outcome, Result
from bot.pagers.services import SERVICES
from bot.store.outbox import PAGERS, enqueue, enqueue_many


def lock_of_call(call_id: int) -> str:
    return f"call-{call_id}"


def plan_calls(session: Session, ping: PingFacts, episode: int, people: Iterable[Person], now: datetime) -> None:
    """Have the people of a page called outside Slack, by their methods in order: once a person, method and opening.

    A page by hand calls anew. A repeat goes only to services that don't go on by themselves, once they were called.
    """
    wanted = {
        _key(ping, episode, person, method): (person, place, method)
        for person in people
        for place, method in enumerate(person.methods)
        if ping.kind != PingKind.DIGEST and method.serves(ping.role)
    }
    if ping.kind == PingKind.REPEAT:
        wanted = _repeats(session, ping, episode, wanted)
    if not wanted:
        return
    values = [_values(ping, episode, key, *each, now) for key, each in wanted.items()]
    due = [row for row in calls.add(session, values) if row.due_at <= now]
    for row in due:
        row.claimed_at = now
    send_jobs(session, [row.call_id for row in due])


def _repeats(
    session: Session, ping: PingFacts, episode: int, wanted: dict[str, tuple[Person, int, Method]]
) -> dict[str, tuple[Person, int, Method]]:
    held = calls.list_by_keys(session, list(wanted))
    sent = [key for key, row in held.items() if row.state == calls.SENT]
    return {
        _digest(ping, episode, f"{key}:{ping.ping_id}"): wanted[key]
        for key in sent
        if (service := SERVICES.get(wanted[key][2].service)) is not None and service.repeats
    }


def _key(ping: PingFacts, episode: int, person: Person, method: Method) -> str:
    anew = f":{ping.ping_id}" if ping.kind == PingKind.MANUAL else ""
    return _digest(ping, episode, f"{person.name}:{method.name}{anew}")


def _digest(ping: PingFacts, episode: int, what: str) -> str:
    """Letters, digits and hyphens, 64 at most; with the declaration, so that two installations share no key."""
    incident = ping.incident
    source = f"{incident.incident_id}:{incident.declared_at.isoformat()}:{episode}:{what}"
    return f"{incident.ref}-{episode}-{hashlib.sha256(source.encode()).hexdigest()[:16]}"


def _values(
    ping: PingFacts, episode: int, key: str, person: Person, place: int, method: Method, now: datetime
) -> dict[str, Any]:
    repeat = ping.kind == PingKind.REPEAT
    due_at = now if repeat else now + method.after
    return {
        "key": key,
        "incident_id": ping.incident.incident_id,
        "ping_id": ping.ping_id,
        "episode": episode,
        "role": ping.role,
        "person": person.name,
        "user_id": person.slack,
        "method": method.name,
        "place": place,
        "waits": bool(method.after) or repeat,
        "todo": calls.PAGE,
        "due_at": due_at,
        "planned_for": due_at,
        "state": calls.PLANNED,
        "reason": None,
        "made_at": now,
    }


def send_jobs(session: Session, call_ids: Sequence[int]) -> None:
    """A job for each claimed call, in a queue of their own: a service that hangs holds up no message of Slack."""
    jobs = [(lock_of_call(call_id), {"call_id": call_id}) for call_id in call_ids]
    enqueue_many(session, "pager.call", jobs, queue=PAGERS, priority=5)


def report_test(session: Session, key: str) -> None:
    """Have whoever asked for the test of that call told how it stands."""
    test = key.rpartition("-")[0]
    enqueue(session, "slack.pages_tested", lock=f"test-{test}", once=f"test-{test}", test=test)


def wake(session: Session, now: datetime, limit: int = 100) -> int:
    """Claim the calls that fell due and enqueue their jobs; how many there were. Call again at `limit`."""
    claimed = calls.claim_due(session, now, limit)
    send_jobs(session, claimed)
    return len(claimed)


def page_state(row: IncidentRow, ping: PingRow) -> PageState:
    """The page as the rules see it. The incident's row must be locked, or just read."""
    stamps = [at for at in (row.acknowledged_at, row.mitigated_at) if at is not None]
    return PageState(
        due_at=ping.due_at,
        manual=ping.kind == PingKind.MANUAL,
        called_off=ping.state == pings.CANCELLED,
        answered_at=ping.acknowledged_at,
        is_open=Status(row.status).is_open and episode_of(ping) == row.episode,
        acknowledged_at=min(stamps, default=None),
    )


def standing(session: Session, call: PageCallRow) -> Standing:
    """What became of the page of a call; a test is wanted until it is taken back."""
    if call.incident_id is None or call.ping_id is None:
        return Standing.WANTED
    return standing_of(
        page_state(incidents.get(session, call.incident_id), pings.get(session, call.ping_id)), call.waits
    )


def settle(session: Session, row: IncidentRow, now: datetime) -> None:
    """Call off what is no longer wanted, and have what was opened outside acknowledged or resolved there.

    The incident's row must be locked. Harmless when repeated.
    """
    held = calls.list_of_incident(session, row.incident_id, for_change=True)
    if not held:
        return
    of = {ping.ping_id: ping for ping in pings.list_of_incident(session, row.incident_id)}
    due = [
        call.call_id
        for call in held
        if call.ping_id is not None
        and _settle_one(call, standing_of(page_state(row, of[call.ping_id]), call.waits), now)
    ]
    send_jobs(session, due)


def _settle_one(call: PageCallRow, stands: Standing, now: datetime) -> bool:
    """True where the call was claimed for a job to settle it. What is being sent is settled once it was."""
    if stands is Standing.WANTED:
        return False
    if call.state == calls.PLANNED and call.claimed_at is None:
        call_off(call, stands)
        return False
    wanted = _act_outside(call, stands)
    if wanted is None or call.todo == wanted or (call.todo is not None and call.claimed_at is not None):
        return False
    call.todo, call.due_at, call.claimed_at, call.tries = wanted, now, now, 0
    call.planned_for = now
    return True


def call_off(call: PageCallRow, stands: Standing) -> None:
    """A call that was not made and won't be."""
    call.state, call.todo, call.claimed_at, call.tries = calls.CANCELLED, None, None, 0
    call.reason = messages.ANSWERED if stands is Standing.ANSWERED else messages.OVER


def _act_outside(call: PageCallRow, stands: Standing) -> str | None:
    if stands is Standing.OVER and call.outside in (calls.OPEN, calls.ACKNOWLEDGED):
        return calls.RESOLVE
    return calls.ACKNOWLEDGE if stands is Standing.ANSWERED and call.outside == calls.OPEN else None


def record_result(session: Session, call_id: int, act: str, result: Result, now: datetime) -> None:
    """Keep what a service answered to `act`, tell people what they have to know, and plan what follows."""
    call = calls.get(session, call_id)
    # The incident first, as everybody locks them: who acknowledges meanwhile waits, and then finds what was sent.
    row = incidents.get_for_change(session, call.incident_id) if call.incident_id is not None else None
    call = calls.get_for_change(session, call_id)
    if call.todo != act:
        return  # recorded before
    if result.outcome is Outcome.DONE:
        _done(call, act, result, now)
    elif result.outcome is Outcome.AGAIN and now - call.planned_for < (GIVEN_UP_AFTER if row else TEST_GIVEN_UP_AFTER):
        _again(session, row, call, result, now)
    else:
        waited = messages.GAVE_UP if row else messages.TEST_GAVE_UP
        gave_up = f"{waited}; {result.says}" if result.outcome is Outcome.AGAIN else result.says
        _refused(session, row, call, act, gave_up, result.advice, now)
    if row is None:
        report_test(session, call.key)
        if act == calls.PAGE and call.outside == calls.OPEN:  # long enough to be heard
            call.todo, call.due_at, call.planned_for = calls.RESOLVE, now + TEST_ENDS_AFTER, now + TEST_ENDS_AFTER
    else:
        if act == calls.PAGE and call.state != calls.PLANNED:
            record_ways(session, row, call, f"{call.state}:{call.key}", now)
        if _settle_one(call, standing(session, call), now):
            send_jobs(session, [call_id])


def _done(call: PageCallRow, act: str, result: Result, now: datetime) -> None:
    call.todo, call.claimed_at, call.tries, call.reason = None, None, 0, None
    if act == calls.PAGE:
        call.state, call.sent_at, call.receipt = calls.SENT, now, result.receipt or None
        known = call.method.split(":")[0] in SERVICES
        call.outside = call.outside or (calls.OPEN if known else None)  # who was quick has answered there already
    else:
        call.outside = calls.ACKNOWLEDGED if act == calls.ACKNOWLEDGE else calls.RESOLVED


def _again(session: Session, row: IncidentRow | None, call: PageCallRow, result: Result, now: datetime) -> None:
    call.tries += 1
    call.reason, call.claimed_at = result.says, None
    call.due_at = now + pause_before(call.tries, result.after)
    if call.tries == TOLD_AFTER and call.todo == calls.PAGE and row is not None:
        following = _hurry_next(session, call, now)
        who = messages.named(call.person, call.user_id)
        text = messages.trying(who, call.method, result.says, call.tries, following)
        _say(session, row, call, f"trying:{call.key}", text, now)


def _refused(
    session: Session, row: IncidentRow | None, call: PageCallRow, act: str, reason: str, advice: str, now: datetime
) -> None:
    call.todo, call.claimed_at, call.tries, call.reason = None, None, 0, reason
    if act == calls.PAGE:
        call.state = calls.FAILED
    if row is None:
        return
    who = messages.named(call.person, call.user_id)
    if act == calls.PAGE:
        text = messages.failed(who, call.method, reason, advice, _hurry_next(session, call, now))
    else:
        text = messages.unsettled(who, call.method, act, reason, advice)
    _say(session, row, call, f"{act}:{call.key}", text, now)


def _say(session: Session, row: IncidentRow, call: PageCallRow, key: str, text: str, now: datetime) -> None:
    data = {"ping_id": call.ping_id, "call_id": call.call_id}
    record(session, row, Kind.CALLED, text, now, source_key=f"call:{key}", data=data, announce=True)


def _hurry_next(session: Session, call: PageCallRow, now: datetime) -> str:
    """Have the person's next method of the same page go now; its name, empty where there is none to come."""
    if call.incident_id is None:
        return ""
    waiting = [
        other
        for other in calls.list_of_incident(session, call.incident_id, for_change=True)
        if (other.ping_id, other.person, other.state) == (call.ping_id, call.person, calls.PLANNED)
        and other.place > call.place
    ]
    if not waiting:
        return ""
    following = min(waiting, key=lambda other: other.place)
    if following.claimed_at is None and following.due_at > now:
        following.due_at, following.claimed_at = now, now
        send_jobs(session, [following.call_id])
    return following.method


def record_ways(session: Session, row: IncidentRow, call: PageCallRow, what: str, now: datetime) -> None:
    """One line on the timeline for the person, with all ways so far; the reader shows the latest only."""
    ways = [
        messages.way_of(each)
        for each in calls.list_of_incident(session, row.incident_id)
        if (each.episode, each.person) == (call.episode, call.person)
    ]
    text = messages.called(messages.named(call.person, call.user_id), ways)
    record(session, row, Kind.CALLED, text, now, source_key=f"called:{what}", data={"ping_id": call.ping_id})
