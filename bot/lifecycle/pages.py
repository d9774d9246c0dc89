"""Pages to read: open incidents, one incident with its timeline, reviews, action items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import BadRequest, TocsinError
from bot.incidents import visibility
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Entry
from bot.reviews.flows import action_items
from bot.reviews.queries import action_items as actions
from bot.reviews.queries import drafts
from bot.reviews.queries import reviews as assessments
from bot.reviews.rules.story import line_of
from bot.slack import queries as messages
from bot.store.tables import ActionRow, IncidentRow
from bot.text.wording import LONGEST_SAYING, Wording, instant, mentioned, span
from bot.web.auth import Form, House, showing, taking
from bot.web.rendering import render
from bot.web.responses import go_to, notice, page
from bot.web.sessions import Visitor

ENTRIES_A_PAGE = 100
_LISTED = 200
_WHOLE = 1_000_000  # characters: more than any entry has
NOT_CLOSED = "not closed yet, so not drafted"
_DONE = {"done": "Done.", "accept": "It counts now.", "drop": "Dropped."}


def browsing(house: House) -> list[Route]:
    """The routes of these pages."""
    return [
        showing(house, "/incidents", _incidents),
        showing(house, "/incidents/{ref}", _incident),
        showing(house, "/reviews", _reviews),
        showing(house, "/actions", _actions),
        taking(house, "/actions/{ref}/{number:int}", _move_action),
    ]


def visible(session: Session, ref: str, user_id: str) -> IncidentRow | None:
    """The incident, where there is one that this person may see; whether others exist is not told."""
    row = incidents.find_by_ref(session, ref)
    return row if row is not None and visibility.may_see(session, row, user_id) else None


def unknown(ref: str) -> Response:
    return notice(404, "There is no such incident", f"Nothing here is called {ref[:40]}.")


@dataclass(frozen=True, slots=True)
class _Row:
    """An incident in a list."""

    ref: str
    title: str
    severity: str
    status: str
    declared_at: datetime
    commander: str | None = None
    open_for: str = ""


def _incidents(house: House, request: Request, visitor: Visitor) -> Response:
    now = house.desk.now()
    with house.desk.database.transaction() as session:
        still, _ = visibility.list_page(session, visitor.user_id, limit=_LISTED)
        over, _ = visibility.list_page(session, visitor.user_id, limit=10, closed=True)
        recent = [(row, incidents.facts(row).stands) for row in over]
        names = messages.names_of(session, {row.commander for row in still if row.commander})
    listed = [
        _Row(
            row.ref,
            row.title,
            row.severity,
            row.status,
            row.declared_at,
            names.get(row.commander or "", row.commander),
            span(now - row.declared_at),
        )
        for row in still
    ]
    return page(_shown("incidents.html", request, visitor, "/incidents", rows=listed, recent=recent))


def _shown(template: str, request: Request, visitor: Visitor, here: str, **context: Any) -> str:
    said = _DONE.get(request.query_params.get("done", ""), "")
    return render(template, visitor=visitor, here=here, said=said, refused="", **context)


def _incident(house: House, request: Request, visitor: Visitor) -> Response:
    ref = request.path_params["ref"]
    with house.desk.database.transaction() as session:
        row = visible(session, ref, visitor.user_id)
        if row is None:
            return unknown(ref)
        workspace = messages.find_workspace(session)
        url = workspace.url if workspace else None
        asked = request.query_params.get("page", "1")
        number = max(1, int(asked) if asked.isdecimal() and len(asked) < 7 else 1)
        first = (number - 1) * ENTRIES_A_PAGE

        def link(ts: str) -> str | None:
            return messages.permalink(url, row.channel_id, ts)

        shown, total = timeline.list_page(session, row.incident_id, first, ENTRIES_A_PAGE, link)
        pages = max(1, -(-total // ENTRIES_A_PAGE))
        number = min(number, pages)
        people = {entry.author for entry in shown if entry.author} | mentioned(entry.text for entry in shown)
        people |= {user for user in (row.commander, row.declared_by, row.acknowledged_by) if user}
        wording = Wording(messages.names_of(session, people), row.declared_at.astimezone(UTC).date())
        has_review = drafts.find_last(session, row.incident_id) is not None
    lines = [line_of(entry, wording) for entry in shown]
    context = {
        "row": row,
        "facts": _facts(row, wording, house.desk.now()),
        "lines": lines,
        "whole": _whole(shown, wording),
        "dated": any(" " in (line.clock or "") for line in lines),
        "total": total,
        "page": number,
        "pages": pages,
        "has_review": has_review,
    }
    return page(_shown("incident.html", request, visitor, "", **context))


def _whole(entries: Sequence[Entry], wording: Wording) -> dict[int, str]:
    """All that the long entries say, by entry: their lines hold the beginning, as the room does."""
    texts = {entry.entry_id: wording.plain(entry.text, _WHOLE) for entry in entries if len(entry.text) > LONGEST_SAYING}
    return {entry_id: text for entry_id, text in texts.items() if len(text) > LONGEST_SAYING}


def _facts(row: IncidentRow, wording: Wording, now: datetime) -> list[tuple[str, str]]:
    until = row.resolved_at or now
    acknowledged = (
        f"{instant(row.acknowledged_at)} by {wording.person(row.acknowledged_by)}" if row.acknowledged_at else ""
    )
    facts = [
        ("Declared", f"{instant(row.declared_at)} by {wording.person(row.declared_by)}"),
        (
            "Resolved" if row.resolved_at else "Open for",
            span(until - row.declared_at) + (" later" if row.resolved_at else ""),
        ),
        ("Commander", wording.person(row.commander) if row.commander else "nobody yet"),
        ("Acknowledged", acknowledged or "not yet"),
        ("Impact", wording.plain(row.impact or "") or "not recorded"),
        ("Cause", wording.plain(row.cause or "") or "not recorded"),
        ("Resolution", wording.plain(row.resolution or "") or ("not recorded" if row.resolved_at else "")),
    ]
    return [(label, text) for label, text in facts if text]


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
    return page(_shown("reviews.html", request, visitor, "/reviews", due=rows, approved=done))


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
    return page(_shown("actions.html", request, visitor, "/actions", items=items, more=len(found) >= _LISTED))


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
