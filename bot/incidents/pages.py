"""What every page about an incident begins with: whether there is one that this person may see."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.responses import Response

from bot.context import AppContext
from bot.errors import NotAllowed
from bot.incidents import authority, visibility
from bot.incidents.flows.access import note_access
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.web.responses import notice


def visible(session: Session, ref: str, user_id: str, what: str, now: datetime) -> IncidentRow | None:
    """The incident, where there is one that this person may see; never whether others exist.

    `what` they do with it, such as `opened the review`, is kept for a security incident.
    """
    row = incidents.find_by_ref(session, ref)
    if row is not None and visibility.may_see(session, row, user_id):
        note_access(session, row, user_id, what, now)
        return row
    note_access(session, row, user_id, f"{what}: refused", now)
    return None


def admitted(
    session: Session, context: AppContext, act: Act, ref: str, user_id: str, now: datetime
) -> IncidentRow | None:
    """The incident, for somebody who may do that to it; None where they may not even see it. Raises NotAllowed."""
    row = visible(session, ref, user_id, f"sent a form of the pages ({act.value})", now)
    if row is not None:
        authority.check(session, context, act, user_id, now, row)
    return row


def unknown(ref: str) -> Response:
    return notice(404, "Incident not found", f"{ref[:40]} doesn't exist, or you don't have access to it.")


def why_not(context: AppContext, user_id: str) -> str:
    """Why this person may not read the pages, as authority.yaml has it; empty where they may."""
    with context.database.transaction() as session:
        try:
            authority.check(session, context, Act.READ, user_id, context.now())
        except NotAllowed as refused:
            return str(refused)
    return ""
