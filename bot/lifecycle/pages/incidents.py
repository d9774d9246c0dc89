"""Pages to read: open incidents, and one incident with its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.fields.queries import in_order, values_of
from bot.incidents import visibility
from bot.incidents.pages import unknown, visible
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import is_drill
from bot.incidents.rules.timeline import Entry
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages.card import NEVER_ACKNOWLEDGED
from bot.reviews.messages.sections.story import line_of
from bot.reviews.queries import drafts
from bot.slack import queries as slack_queries
from bot.text.durations import between, span
from bot.text.wording import LONGEST_SAYING, Wording, called, instant, mentioned
from bot.web.auth import WebContext, page_route
from bot.web.rendering import user_page
from bot.web.responses import page
from bot.web.sessions import CurrentUser

ENTRIES_A_PAGE = 100
_LISTED = 200
_WHOLE = 1_000_000  # characters: more than any entry has


def incident_routes(web: WebContext) -> list[Route]:
    """The routes of these pages."""
    return [page_route(web, "/incidents", _incidents), page_route(web, "/incidents/{ref}", _incident)]


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
    type: str = ""


def _incidents(web: WebContext, request: Request, user: CurrentUser) -> Response:
    now = web.context.now()
    with web.context.database.transaction() as session:
        still = visibility.list_rows(session, user.user_id, limit=_LISTED)
        type_of = web.context.policy.fields.title_of
        over = visibility.list_rows(session, user.user_id, limit=10, closed=True)
        recent = [(row, incidents.facts(row).stands) for row in over]
        names = slack_queries.names_of(session, {row.commander for row in still if row.commander})
    listed = [
        _Row(
            row.ref,
            row.title,
            row.severity,
            row.status,
            row.declared_at,
            called(names, row.commander) if row.commander else None,
            span(now - row.declared_at),
            type_of(row.type),
        )
        for row in still
    ]
    return page(user_page("incidents.html", request, user, "/incidents", rows=listed, recent=recent))


def _incident(web: WebContext, request: Request, user: CurrentUser) -> Response:
    ref = request.path_params["ref"]
    with web.context.database.transaction() as session:
        row = visible(session, ref, user.user_id, "opened the timeline", web.context.now())
        if row is None:
            return unknown(ref)
        workspace = slack_queries.find_workspace(session)
        url = workspace.url if workspace else None
        asked = request.query_params.get("page", "1")
        number = max(1, int(asked) if asked.isdecimal() and len(asked) < 7 else 1)
        first = (number - 1) * ENTRIES_A_PAGE

        def link(ts: str, channel_id: str | None) -> str | None:
            return slack_queries.permalink(url, channel_id or row.channel_id, ts)

        shown, total = timeline.list_page(session, row.incident_id, first, ENTRIES_A_PAGE, link)
        pages = max(1, -(-total // ENTRIES_A_PAGE))
        number = min(number, pages)
        people = {entry.author for entry in shown if entry.author} | mentioned(entry.text for entry in shown)
        people |= {user for user in (row.commander, row.declared_by, row.acknowledged_by) if user}
        people |= mentioned(filter(None, (row.impact, row.cause, row.resolution)))
        wording = Wording(slack_queries.names_of(session, people), row.declared_at.astimezone(UTC).date())
        policy = web.context.policy.fields
        held = in_order(values_of(session, row.incident_id), policy)
        custom = [("Type", policy.title_of(row.type)), *held] if row.type else held
        has_review = drafts.last_drafted_at(session, row.incident_id) is not None
    lines = [line_of(entry, wording) for entry in shown]
    context = {
        "row": row,
        "drill": is_drill(row.ref),
        "facts": [*_facts(row, wording, web.context.now()), *custom],
        "lines": lines,
        "whole": _whole(shown, wording),
        "dated": any(" " in (line.clock or "") for line in lines),
        "total": total,
        "page": number,
        "pages": pages,
        "has_review": has_review,
    }
    return page(user_page("incident.html", request, user, "", **context))


def _whole(entries: Sequence[Entry], wording: Wording) -> dict[int, str]:
    """All that the long entries say, by entry: their lines hold the beginning, as the channel does."""
    long = [entry for entry in entries if len(entry.text) > LONGEST_SAYING]
    texts = {entry.entry_id: wording.plain(entry.text, _WHOLE, lines=True) for entry in long}
    return {entry_id: text for entry_id, text in texts.items() if len(text) > LONGEST_SAYING}


def _facts(row: IncidentRow, wording: Wording, now: datetime) -> list[tuple[str, str]]:
    took = between(row.declared_at, row.resolved_at or now)
    acknowledged = (
        f"{instant(row.acknowledged_at)} by {wording.person(row.acknowledged_by)}" if row.acknowledged_at else ""
    )
    facts = [
        ("Declared", f"{instant(row.declared_at)} by {wording.person(row.declared_by)}"),
        ("Resolved", f"{instant(row.resolved_at)}, after {took}") if row.resolved_at else ("Open for", took),
        ("Commander", wording.person(row.commander) if row.commander else "none"),
        ("Acknowledged", acknowledged or (NEVER_ACKNOWLEDGED if row.resolved_at else "not yet")),
        ("Impact", wording.plain(row.impact or "", lines=True) or "not recorded"),
        ("Cause", wording.plain(row.cause or "", lines=True) or "not recorded"),
        ("Resolution", wording.plain(row.resolution or "", lines=True) or ("not recorded" if row.resolved_at else "")),
    ]
    return [(label, text) for label, text in facts if text]
