"""Lists: reviews, unfinished and approved, and action items."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import BadRequest, TocsinError
from bot.incidents.pages import admitted, unknown
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.reviews.flows import action_items
from bot.reviews.queries import action_items as actions
from bot.reviews.queries import reviews as assessments
from bot.reviews.rules.stages import Stage
from bot.reviews.tables import ActionRow
from bot.text.wording import called
from bot.web.auth import Form, WebContext, form_route, page_route
from bot.web.rendering import user_page
from bot.web.responses import go_to, notice, page
from bot.web.sessions import CurrentUser

_LISTED = 200
NOT_CLOSED = "incident not closed yet"


def list_routes(web: WebContext) -> list[Route]:
    """The routes of these pages."""
    return [
        page_route(web, "/reviews", _reviews),
        page_route(web, "/actions", _actions),
        form_route(web, "/actions/{ref}/{number:int}", _move_action),
    ]


def _reviews(web: WebContext, request: Request, user: CurrentUser) -> Response:
    now = web.context.now()
    with web.context.database.transaction() as session:
        due = assessments.list_unfinished(session, user.user_id)
        approved = assessments.list_approved(session, user.user_id)
    rows = [
        {
            "row": row,
            "stage": Stage(stage.stage).label if row.closed_at else NOT_CLOSED,
            "path": f"/{'reviews' if row.closed_at else 'incidents'}/{row.ref}",
            "due_at": stage.due_at,
            "late": stage.due_at <= now,
        }
        for stage, row in due
    ]
    done = [{"row": row, "changed_at": stage.changed_at} for stage, row in approved]
    return page(user_page("reviews.html", request, user, "/reviews", due=rows, approved=done))


def shown_items(items: list[tuple[ActionRow, IncidentRow]], names: dict[str, str], today: date) -> list[dict[str, Any]]:
    """Action items as the templates show them."""
    return [
        {
            "ref": row.ref,
            "number": item.number,
            "text": item.text,
            "priority": item.priority,
            "owner": called(names, item.owner) if item.owner else None,
            "due_on": item.due_on,
            "late": item.state == actions.OPEN and item.due_on is not None and item.due_on < today,
            "state": item.state,
            "source_ref": item.source_ref,
            "issue": item.issue_key,
            "issue_url": item.issue_url,
        }
        for item, row in items
    ]


def _actions(web: WebContext, request: Request, user: CurrentUser) -> Response:
    with web.context.database.transaction() as session:
        found = list(actions.list_open(session, user.user_id, _LISTED))
        names = action_items.names_of_owners(session, [item for item, _ in found])
    today = web.context.now().astimezone(web.context.policy.calendar.zone).date()
    items = shown_items(found, names, today)
    return page(user_page("actions.html", request, user, "/actions", items=items, more=len(found) >= _LISTED))


def _move_action(web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
    ref, number, wanted = request.path_params["ref"], request.path_params["number"], form.get("do", "")
    now, calendar = web.context.now(), web.context.policy.calendar
    try:
        with web.context.database.transaction() as session:
            found = admitted(session, web.context, Act.CHANGE, ref, user.user_id, now)
            if found is None:
                return unknown(ref)
            row = incidents.get_for_change(session, found.incident_id)
            match wanted:
                case "done":
                    action_items.finish(session, row, number, user.user_id, now)
                case "accept":
                    action_items.accept(session, row, number, user.user_id, calendar, now)
                case "drop":
                    action_items.drop(session, row, number, user.user_id, now)
                case _:
                    raise BadRequest("Choose Done, Accept or Drop.")
    except TocsinError as refused:
        return notice(409, "That didn't work", str(refused))
    back = f"/reviews/{row.ref}" if form.get("back", "").startswith("/reviews/") else "/actions"
    return go_to(f"{back}?done={wanted}" + ("#action_items" if back != "/actions" else ""))
