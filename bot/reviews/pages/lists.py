"""Pages to read: reviews that wait and that were approved, and action items."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import BadRequest, TocsinError
from bot.incidents.pages import unknown, visible
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.reviews.flows import action_items
from bot.reviews.queries import action_items as actions
from bot.reviews.queries import reviews as assessments
from bot.reviews.tables import ActionRow
from bot.web.auth import Form, House, showing, taking
from bot.web.rendering import visitor_page
from bot.web.responses import go_to, notice, page
from bot.web.sessions import Visitor

_LISTED = 200
NOT_CLOSED = "not closed yet, so not drafted"


def list_routes(house: House) -> list[Route]:
    """The routes of these pages."""
    return [
        showing(house, "/reviews", _reviews),
        showing(house, "/actions", _actions),
        taking(house, "/actions/{ref}/{number:int}", _move_action),
    ]


def _reviews(house: House, request: Request, visitor: Visitor) -> Response:
    now = house.desk.now()
    with house.desk.database.transaction() as session:
        due = assessments.list_unfinished(session, visitor.user_id)
        approved = assessments.list_approved(session, visitor.user_id)
    rows = [
        {
            "row": row,
            "stage": stage.stage if row.closed_at else NOT_CLOSED,
            "path": f"/{'reviews' if row.closed_at else 'incidents'}/{row.ref}",
            "due_at": stage.due_at,
            "late": stage.due_at <= now,
        }
        for stage, row in due
    ]
    done = [{"row": row, "changed_at": stage.changed_at} for stage, row in approved]
    return page(visitor_page("reviews.html", request, visitor, "/reviews", due=rows, approved=done))


def shown_items(items: list[tuple[ActionRow, IncidentRow]], names: dict[str, str], today: date) -> list[dict[str, Any]]:
    """Action items as the templates show them."""
    return [
        {
            "ref": row.ref,
            "number": item.number,
            "text": item.text,
            "priority": item.priority,
            "owner": names.get(item.owner or "", item.owner),
            "due_on": item.due_on,
            "late": item.state == actions.OPEN and item.due_on is not None and item.due_on < today,
            "state": item.state,
            "source_ref": item.source_ref,
        }
        for item, row in items
    ]


def _actions(house: House, request: Request, visitor: Visitor) -> Response:
    with house.desk.database.transaction() as session:
        found = list(actions.list_open(session, visitor.user_id, _LISTED))
        names = action_items.names_of_owners(session, [item for item, _ in found])
    today = house.desk.now().astimezone(house.desk.policy.calendar.zone).date()
    items = shown_items(found, names, today)
    return page(visitor_page("actions.html", request, visitor, "/actions", items=items, more=len(found) >= _LISTED))


def _move_action(house: House, request: Request, visitor: Visitor, form: Form) -> Response:
    ref, number, wanted = request.path_params["ref"], request.path_params["number"], form.get("do", "")
    now, calendar = house.desk.now(), house.desk.policy.calendar
    try:
        with house.desk.database.transaction() as session:
            found = visible(session, ref, visitor.user_id)
            if found is None:
                return unknown(ref)
            row = incidents.get_for_change(session, found.incident_id)
            match wanted:
                case "done":
                    action_items.finish(session, row, number, visitor.user_id, now)
                case "accept":
                    action_items.accept(session, row, number, visitor.user_id, calendar, now)
                case "drop":
                    action_items.drop(session, row, number, visitor.user_id, now)
                case _:
                    raise BadRequest("Press Done, Accept or Drop.")
    except TocsinError as refused:
        return notice(409, "That did not work", str(refused))
    back = f"/reviews/{row.ref}" if form.get("back", "").startswith("/reviews/") else "/actions"
    return go_to(f"{back}?done={wanted}" + ("#action_items" if back != "/actions" else ""))
