"""Handing over command: offered to somebody, and changed only when they accept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.escalation.flows import pages
from bot.incidents.flows.record import record, refuse_when_over
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import HandoverRow, IncidentRow
from bot.lifecycle.flows.consequences import after_change
from bot.lifecycle.messages import command as messages
from bot.lifecycle.queries import handovers
from bot.lifecycle.rules.outcomes import CommandTaken, HandoverAcceptedBefore, HandoverOffered, HandoverOfferedBefore
from bot.store.outbox import enqueue


def offer(
    session: Session, row: IncidentRow, to_user: str, by: str, request_key: str, now: datetime
) -> HandoverOffered | HandoverOfferedBefore:
    """Offer command to somebody; an earlier offer that waits is withdrawn. The row must be locked."""
    refuse_when_over(row)
    if handovers.find_handover_by_request(session, request_key) is not None:
        return HandoverOfferedBefore(to_user)
    if row.commander not in (None, by):
        raise BadRequest(messages.only_commander_offers(row.ref, row.commander or ""))
    if row.commander == to_user:
        raise BadRequest(messages.commands_already(row.ref, to_user))
    if by == to_user:
        raise BadRequest(messages.PRESS_TAKE_COMMAND)
    standing = handovers.find_offered(session, row.incident_id)
    if standing is not None and standing.to_user == to_user:
        return HandoverOfferedBefore(to_user, standing.asked_by, row.commander)
    withdraw(session, row, now)
    handover = handovers.add_handover(
        session,
        request_key=request_key,
        incident_id=row.incident_id,
        from_user=row.commander,
        to_user=to_user,
        asked_by=by,
        asked_at=now,
    )
    text = messages.offered_entry(by, to_user)
    record(session, row, Kind.HANDOVER_OFFERED, text, now, author=by, source_key=f"handover:{handover.handover_id}")
    _show(session, handover)
    return HandoverOffered(row.ref, to_user, row.commander)


def accept(
    session: Session, handover_id: int, by: str, policy: Policy, now: datetime
) -> CommandTaken | HandoverAcceptedBefore:
    """Command changes hands. Raises BadRequest for somebody else's press, or when the offer no longer stands."""
    incident_id = handovers.get_handover(session, handover_id).incident_id
    row = incidents.get_for_change(session, incident_id)
    handover = handovers.get_handover(session, handover_id, for_change=True)
    if handover.state == handovers.WITHDRAWN:
        standing = handovers.find_offered(session, incident_id)
        mine = standing is not None and standing.to_user == by
        raise BadRequest(messages.withdrawn(later=mine))
    if by != handover.to_user:
        raise BadRequest(messages.offered_to_another(handover.to_user))
    if handover.state == handovers.ACCEPTED:
        return HandoverAcceptedBefore(row.ref)
    refuse_when_over(row)
    handover.state, handover.decided_at = handovers.ACCEPTED, now
    session.flush()  # accepted, before it could count as an offer that waits
    before = row.commander
    give_command(session, row, by, now)
    text = messages.accepted_entry(by, before)
    record(session, row, Kind.ROLE_TAKEN, text, now, author=by)  # the offer in the channel says so in its place
    _show(session, handover)
    pages.acknowledge_pings(session, row, by, now)
    after_change(session, row, Kind.ROLE_TAKEN, by, policy, now)
    return CommandTaken(row.ref)


def give_command(session: Session, row: IncidentRow, user_id: str, now: datetime) -> bool:
    """The one way in which command changes hands; an offer that waits is withdrawn.

    False when that person commands already. The row must be locked.
    """
    if row.commander != user_id:
        withdraw(session, row, now)
    return incidents.give_role(session, row.incident_id, incidents.COMMANDER, user_id, now)


def withdraw(session: Session, row: IncidentRow, now: datetime) -> None:
    """The offer that waits falls away, as command changed hands otherwise or somebody else is asked."""
    earlier = handovers.find_offered(session, row.incident_id)
    if earlier is not None:
        earlier.state, earlier.decided_at = handovers.WITHDRAWN, now
        session.flush()  # before the next offer: only one may stand
        _show(session, earlier)


def notify_replaced(session: Session, row: IncidentRow, role: str, before: str | None, after: str, by: str) -> None:
    """A message to whoever had the role until somebody else got it; none to whoever gave it away."""
    if before is not None and before not in (after, by):
        text = messages.replaced(row.ref, role, after, by)
        enqueue(session, "slack.reply_privately", incident_id=row.incident_id, user_id=before, text=text)


def _show(session: Session, handover: HandoverRow) -> None:
    enqueue(
        session,
        "slack.handover",
        lock=f"handover-{handover.handover_id}",
        once=f"handover-{handover.handover_id}",
        handover_id=handover.handover_id,
    )
