"""What every page about an incident begins with: whether there is one that this person may see."""

from __future__ import annotations

from sqlalchemy.orm import Session
from starlette.responses import Response

from bot.incidents import visibility
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.web.responses import notice


def visible(session: Session, ref: str, user_id: str) -> IncidentRow | None:
    """The incident, where there is one that this person may see; never whether others exist."""
    row = incidents.find_by_ref(session, ref)
    return row if row is not None and visibility.may_see(session, row, user_id) else None


def unknown(ref: str) -> Response:
    return notice(404, "Incident not found", f"{ref[:40]} doesn't exist, or you don't have access to it.")
