"""Handing over command: offered to somebody, and changed only when they accept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.incidents.flows.record import lock_of, record, refresh_card, refuse_when_over
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import HandoverRow, IncidentRow
from bot.lifecycle.queries import handovers
from bot.lifecycle.queries import handovers as lifecycle_queries
from bot.store.outbox import enqueue


def offer(session: Session, row: IncidentRow, to_user: str, by: str, request_key: str, now: datetime) -> str:
    """Offer command to somebody; an earlier offer that waits is withdrawn. The row must be locked."""
    refuse_when_over(row)
    if lifecycle_queries.find_handover_by_request(session, request_key) is not None:
        return f"You have asked <@{to_user}> already."
    if row.commander not in (None, by):
        raise BadRequest(
            f"<@{row.commander}> commands {row.ref}, so only they can hand it over. "
            "To command it yourself, press Take command on the card."
        )
    if row.commander == to_user:
        raise BadRequest(f"<@{to_user}> commands {row.ref} already.")
    if by == to_user:
        raise BadRequest("To take command yourself, press Take command on the card.")
    stays = f"<@{row.commander}> commands" if row.commander else "nobody commands"
    standing = lifecycle_queries.find_offered(session, row.incident_id)
    if standing is not None and standing.to_user == to_user:
        return f"<@{to_user}> was asked already, by <@{standing.asked_by}>. Until they accept, {stays}."
    withdraw(session, row, now)
    handover = lifecycle_queries.add_handover(
        session,
        request_key=request_key,
        incident_id=row.incident_id,
        from_user=row.commander,
        to_user=to_user,
        asked_by=by,
        asked_at=now,
    )
    text = f"<@{by}> offers command to <@{to_user}>."
    record(session, row, Kind.HANDOVER_OFFERED, text, now, author=by, source_key=f"handover:{handover.handover_id}")
    _show(session, handover)
    return f"Asked <@{to_user}> to take command of {row.ref}. Until they accept, {stays}."


def accept(session: Session, handover_id: int, by: str, now: datetime) -> str:
    """Command changes hands. Raises BadRequest for somebody else's press, or when the offer no longer stands."""
    incident_id = lifecycle_queries.get_handover(session, handover_id).incident_id
    row = incidents.get_for_change(session, incident_id)
    handover = lifecycle_queries.get_handover(session, handover_id, for_change=True)
    if handover.state == handovers.WITHDRAWN:
        standing = lifecycle_queries.find_offered(session, incident_id)
        mine = standing is not None and standing.to_user == by
        raise BadRequest(
            f"This offer was withdrawn. {'Accept the later one' if mine else 'Take command is on the card'}."
        )
    if by != handover.to_user:
        raise BadRequest(f"This was offered to <@{handover.to_user}>; only they can accept.")
    if handover.state == handovers.ACCEPTED:
        return f"You accepted command of {row.ref} already."
    refuse_when_over(row)
    handover.state, handover.decided_at = handovers.ACCEPTED, now
    before, row.commander = row.commander, by
    incidents.give_role(session, row.incident_id, "commander", by, now)
    of = f" from <@{before}>" if before and before != by else ""
    text = f"<@{by}> accepts command{of}."
    record(session, row, Kind.ROLE_TAKEN, text, now, author=by, announce=True)
    _show(session, handover)
    refresh_card(session, row)
    return f"You command {row.ref} now."


def withdraw(session: Session, row: IncidentRow, now: datetime) -> None:
    """The offer that waits falls away, as command changed hands otherwise or somebody else is asked."""
    earlier = lifecycle_queries.find_offered(session, row.incident_id)
    if earlier is not None:
        earlier.state, earlier.decided_at = handovers.WITHDRAWN, now
        session.flush()  # before the next offer: only one may stand
        _show(session, earlier)


def tell_replaced(session: Session, row: IncidentRow, part: str, before: str | None, after: str, by: str) -> None:
    """A word to whoever held a part until somebody else got it; none to whoever gave it away."""
    if before is not None and before not in (after, by) and row.channel_id:
        text = f"<@{after}> is {part} of {row.ref} now, in your place" + (f", says <@{by}>." if by != after else ".")
        enqueue(session, "slack.whisper", channel_id=row.channel_id, user_id=before, text=text)


def _show(session: Session, handover: HandoverRow) -> None:
    enqueue(
        session,
        "slack.handover",
        lock=lock_of(handover.incident_id),
        once=f"handover-{handover.handover_id}",
        handover_id=handover.handover_id,
    )
