"""The page of a review: read, edit, comment, request changes, approve, download."""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.diagnostics.queries import list_pictures
from bot.diagnostics.rules.picture import Picture
from bot.errors import BadRequest, TocsinError
from bot.escalation.rules.roster import Contacts
from bot.extras import Extra
from bot.incidents.authority import may
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.pages import admitted, unknown, visible
from bot.incidents.queries import incidents
from bot.incidents.rules import authority as rules
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.reviews.flows import action_items
from bot.reviews.flows import editing as assess
from bot.reviews.messages.renderings import stage_words
from bot.reviews.pages.documents import EXPORTS
from bot.reviews.pages.lists import shown_items
from bot.reviews.pages.rendering import review_context
from bot.reviews.pages.versions import Version, list_versions
from bot.reviews.queries import action_items as actions
from bot.reviews.queries import reviews
from bot.reviews.rules.action_requests import ActionRequest, checked
from bot.reviews.rules.document import Nature, Review
from bot.reviews.rules.merging import EDITABLE, as_written, in_field, lines_of
from bot.reviews.rules.questions import ROOT_CAUSE, join_root_cause, split_root_cause
from bot.reviews.rules.stages import ALLOWED, Stage
from bot.reviews.tables import ActionRow
from bot.slack import queries as slack_queries
from bot.text.wording import instant
from bot.web.auth import Form, WebContext, form_route, page_route
from bot.web.rendering import render
from bot.web.responses import go_to, notice, page
from bot.web.sessions import CurrentUser

_SAID = {
    "saved": "Saved. The copy in Slack follows in a moment.",
    "unchanged": "No change: the section already reads like that.",
    "commented": "Comment added.",
    "resolve": "Comment resolved.",
    "reopen": "Comment reopened.",
    "in review": "Sent for review. The engineering manager is notified.",
    "changes asked": "Changes requested. The channel is notified.",
    "approved": "Approved and added to the knowledge base.",
    "added": "Action item added.",
    "done": "Action item done.",
    "accept": "Action item accepted.",
    "drop": "Action item dropped.",
}


def review_routes(web: WebContext) -> list[Route]:
    """The routes of these pages."""
    return [
        page_route(web, "/reviews/{ref}", review_page),
        form_route(web, "/reviews/{ref}/sections/{section}", _edit),
        form_route(web, "/reviews/{ref}/comments", _comment),
        form_route(web, "/reviews/{ref}/comments/{comment_id:int}", _settle_comment),
        form_route(web, "/reviews/{ref}/stage", _move),
        form_route(web, "/reviews/{ref}/actions", _add_action),
    ]


@dataclass(frozen=True, slots=True)
class Again:
    """A form that was refused: why, and what the person wrote where, so that nothing is lost."""

    refused: str = ""
    editing: str = ""  # the section whose text was written
    text: str = ""
    crossed: bool = False  # somebody else saved the section meanwhile
    asking: str | None = None
    open_points: str = ""  # why approving was held back
    commenting: dict[str, str] | None = None
    adding: dict[str, str] | None = None


_FRESH = Again()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the database holds of a review for its page."""

    review: Review
    due_at: datetime | None  # None where no review is required
    items: list[tuple[ActionRow, IncidentRow]]
    owners: dict[str, str]
    versions: dict[str, list[Version]]  # of the sections that somebody edited, the oldest first
    comments: list[assess.Comment]
    approver: bool
    taking_part: dict[str, str]
    metrics: dict[int, Picture]  # what AWS measured, by the entry of the timeline that keeps it
    locked: str  # why it can't be edited or approved now; empty where it can


def review_page(web: WebContext, request: Request, user: CurrentUser, again: Again = _FRESH) -> Response:
    """The review as this person may see and change it."""
    ref = request.path_params["ref"]
    with web.context.database.transaction() as session:
        row = visible(session, ref, user.user_id, "opened the review", web.context.now())
        if row is None:
            return unknown(ref)
        seen = _see(session, web, row, user)
    if seen is None:
        return notice(404, "No review yet", "It is drafted when the incident is closed.")
    context = (
        review_context(seen.review)
        | _standing_context(web, seen)
        | _editing_context(request, seen, again)
        | _parts_context(web, user, seen, again)
    )
    said = _SAID.get(request.query_params.get("done", ""), "") if request.method == "GET" else ""
    status = 409 if again.refused and not again.open_points else 200  # a question is no failure
    return page(render("review_edit.html", user=user, said=said, refused=again.refused, **context), status)


def _see(session: Session, web: WebContext, row: IncidentRow, user: CurrentUser) -> _Seen | None:
    """Everything the page shows, read at once; None before a draft."""
    listed = actions.list_of_incident(session, row.incident_id)
    review, stage = assess.assemble(session, row, listed), reviews.find_stage(session, row.incident_id)
    if review is None or stage is None:
        return None
    items = sorted(listed, key=_in_order)
    taking_part = {*incidents.list_role_holders(session, row.incident_id), row.declared_by}
    return _Seen(
        review,
        stage.due_at if assess.is_asked_for(row) else None,
        [(item, row) for item in items],
        action_items.names_of_owners(session, items),
        list_versions(session, row.incident_id),
        assess.comments_of(session, row.incident_id),
        may(session, web.context, Act.APPROVE, user.user_id, web.context.now(), row),
        slack_queries.names_of(session, taking_part),
        list_pictures(session, row),
        "" if stage.stage == Stage.APPROVED else assess.why_locked(session, row),
    )


def _standing_context(web: WebContext, seen: _Seen) -> dict[str, Any]:
    """The review's stage, its history, and what can be done next."""
    steps, history = seen.review.steps, _history(seen.review)
    # The page says "as of" the newest draft, so it shows the time of that one, not of the first.
    last = next((one for one in reversed(history) if one["stage"] is steps[-1].stage), None) if steps else None
    return {
        "pdf": web.print_pdf is not None,
        "picture": Extra.CHARTS.is_installed,
        "metrics": seen.metrics if Extra.CHARTS.is_installed else {},
        "due_at": seen.due_at,
        "late": seen.due_at is not None and seen.due_at <= web.context.now(),
        "last": last["words"] if last else "",
        "note": steps[-1].note if steps else "",
        "history": history,
        "locked": seen.locked,
        "moves": set() if seen.locked else {wanted.value for wanted in ALLOWED[seen.review.stage]},
        "exports": {name: export.title for name, export in EXPORTS.items()},
        "approver": seen.approver,
        "approvers": rules.people_of(web.context.policy.authority.rules[Act.APPROVE]),
    }


def _history(review: Review) -> list[dict[str, Any]]:
    """The steps of the review and its newest draft, in order of time. That one is no step: it changes no stage."""
    steps = [
        {"at": step.at, "stage": step.stage, "words": stage_words(step), "note": step.note} for step in review.steps
    ]
    drafted = [step.at for step in review.steps if step.stage is Stage.DRAFT]
    newest = review.drafted_at
    if drafted and newest > max(drafted) and instant(newest) != instant(max(drafted)):
        words = f"Drafted again by Tocsin, {instant(newest)}"
        steps.append({"at": newest, "stage": Stage.DRAFT, "words": words, "note": ""})
    return sorted(steps, key=lambda one: one["at"])


def _editing_context(request: Request, seen: _Seen, again: Again) -> dict[str, Any]:
    """The section that is open for editing, with the text of its field, and above it what somebody else saved."""
    editing = again.editing or request.query_params.get("edit", "")
    closed = seen.locked or seen.review.stage is Stage.APPROVED
    editing = editing if editing in EDITABLE and not closed else ""
    saved = _editable_text(seen.review, editing) if editing else ""
    text = again.text if again.editing else saved
    # Text whose field is gone is shown for copying.
    kept = "" if editing else again.text
    if again.asking and Stage.CHANGES_ASKED not in ALLOWED[seen.review.stage]:
        kept = again.asking
    last = seen.versions[editing][-1] if editing in seen.versions else None
    return {
        "kept": kept,
        "asking": again.asking,
        "open_points": again.open_points,
        "editing": editing,
        "editable": () if closed else EDITABLE,
        "version": last.number if last else 0,
        "versions": {section: len(versions) for section, versions in seen.versions.items()},
        "theirs": {"by": last.by, "at": last.at, "lines": _beside(saved, text)} if last and again.crossed else None,
        "text": text,
        "fields": split_root_cause(lines_of(text)) if editing == ROOT_CAUSE else None,
        "rows": min(24, max(6, len(text) // 70 + text.count("\n") + 3)),
    }


def _beside(theirs: str, mine: str) -> list[tuple[str, bool]]:
    """Each line that somebody else saved, and whether it is missing from what this person wrote."""
    written = set(lines_of(mine))
    return [(line, line not in written) for line in lines_of(theirs)]


def _parts_context(web: WebContext, user: CurrentUser, seen: _Seen, again: Again) -> dict[str, Any]:
    """Action items and comments, with their forms. Comments on no section of the review are on the whole of it."""
    today = web.context.now().astimezone(web.context.policy.calendar.zone).date()
    sections = {section.name for section in seen.review.sections}
    comments: dict[str, list[assess.Comment]] = defaultdict(list)
    for comment in seen.comments:
        comments[comment.section if comment.section in sections else ""].append(comment)
    commenting = again.commenting
    if commenting and commenting["section"] not in sections:
        commenting = commenting | {"section": ""}
    return {
        "items": shown_items(seen.items, seen.owners, today),
        "adding": again.adding,
        "people": _people(web.context.policy.contacts, seen.taking_part, user),
        "comments": comments,
        "commenting": commenting,
        "request_key": secrets.token_urlsafe(12),
    }


def _in_order(item: ActionRow) -> tuple[int, int, int]:
    """What is to be done first, by priority; then proposals; then what is done."""
    states, priorities = (actions.OPEN, actions.PROPOSED, actions.DONE), ("high", "medium", "low")
    return states.index(item.state), priorities.index(item.priority), item.number


def _people(contacts: Contacts, names: dict[str, str], user: CurrentUser) -> list[tuple[str, str]]:
    """Who can own an action item: the people of contacts.yaml, those who took part, and the reader."""
    known = {person.slack: person.name for person in contacts.people.values() if person.slack}
    return sorted((known | names | {user.user_id: user.name}).items(), key=lambda pair: pair[1].casefold())


def _editable_text(review: Review, section: str) -> str:
    """The text of the field: the section's lines without its questions."""
    lines = review.section(section).lines
    return in_field(*(as_written(line) for line in lines if line.nature is not Nature.ASKED))


def _edit(web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
    ref, section, text = request.path_params["ref"], request.path_params["section"], form.get("text", "")
    version = form.get("version", "0")
    if section == ROOT_CAUSE and "cause" in form:
        text = join_root_cause(form)
    try:
        assess.check_text(section, text)
        with web.context.database.transaction() as session:
            found = admitted(session, web.context, Act.EDIT_REVIEWS, ref, user.user_id, web.context.now())
            if found is None:
                return unknown(ref)
            row = incidents.get_for_change(session, found.incident_id)
            seen = int(version) if version.isdecimal() and len(version) < 9 else 0
            saved = assess.edit_section(session, row, section, text, seen, user.user_id, web.context.now())
    except TocsinError as refused:
        again = Again(
            str(refused),
            editing=section if section in EDITABLE else "",
            text=text,
            crossed=isinstance(refused, assess.EditedMeanwhile),
        )
        return review_page(web, request, user, again)
    return go_to(f"/reviews/{row.ref}?done={'saved' if saved else 'unchanged'}#content")


def _comment(web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
    ref, section, text = request.path_params["ref"], form.get("section", ""), form.get("text", "")
    key = f"comment:{user.user_id}:{form.get('request', '')[:80] or secrets.token_urlsafe(12)}"
    try:
        with web.context.database.transaction() as session:
            row = admitted(session, web.context, Act.EDIT_REVIEWS, ref, user.user_id, web.context.now())
            if row is None:
                return unknown(ref)
            assess.comment(session, row, section or None, text, user.user_id, key, web.context.now())
    except TocsinError as refused:
        commenting = {"section": section, "text": text}
        return review_page(web, request, user, Again(str(refused), commenting=commenting))
    return go_to(f"/reviews/{row.ref}?done=commented#{section or 'whole'}")


def _settle_comment(web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
    ref, wanted = request.path_params["ref"], form.get("do", "")
    try:
        if wanted not in ("resolve", "reopen"):
            raise BadRequest("Choose Resolve or Reopen.")
        with web.context.database.transaction() as session:
            row = admitted(session, web.context, Act.EDIT_REVIEWS, ref, user.user_id, web.context.now())
            if row is None:
                return unknown(ref)
            number, now = request.path_params["comment_id"], web.context.now()
            assess.settle_comment(session, row, number, wanted == "resolve", user.user_id, now)
    except TocsinError as refused:
        return review_page(web, request, user, Again(str(refused)))
    return go_to(f"/reviews/{row.ref}?done={wanted}#{form.get('section') or 'whole'}")


def _move(web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
    ref, note = request.path_params["ref"], form.get("note", "")
    try:
        wanted = next((stage for stage in Stage if stage.value == form.get("wanted")), None)
        if wanted is None or wanted is Stage.DRAFT:
            raise BadRequest("Choose: send for review, request changes, or approve.")
        with web.context.database.transaction() as session:
            act = Act.APPROVE if wanted is Stage.APPROVED else Act.EDIT_REVIEWS
            found = admitted(session, web.context, act, ref, user.user_id, web.context.now())
            if found is None:
                return unknown(ref)
            row = incidents.get_for_change(session, found.incident_id)
            if wanted is Stage.APPROVED and not form.get("anyway"):
                assess.check_open_points(session, row)
            assess.move(session, row, wanted, user.user_id, web.context.policy, web.context.now(), note)
    except assess.OpenPoints as held:
        return review_page(web, request, user, Again(str(held), open_points=str(held)))
    except TocsinError as refused:
        return review_page(web, request, user, Again(str(refused), asking=note or None))
    return go_to(f"/reviews/{row.ref}?done={wanted.value.replace(' ', '+')}#content")


def _add_action(web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
    ref, calendar, now = request.path_params["ref"], web.context.policy.calendar, web.context.now()
    key = f"form:{user.user_id}:{form.get('request', '')[:80] or secrets.token_urlsafe(12)}"
    try:
        with web.context.database.transaction() as session:
            found = admitted(session, web.context, Act.CHANGE, ref, user.user_id, web.context.now())
            if found is None:
                return unknown(ref)
            zone = time_zone_of(session, web.context, user.user_id)
            wanted = _requested(form, now.astimezone(zone).date())
            row = incidents.get_for_change(session, found.incident_id)
            action_items.add(session, row, wanted, user.user_id, calendar, now, key)
    except TocsinError as refused:
        return review_page(web, request, user, Again(str(refused), adding=dict(form)))
    return go_to(f"/reviews/{row.ref}?done=added#action_items")


def _requested(form: Form, today: date) -> ActionRequest:
    """The form of an action item. Raises BadRequest."""
    text, due = " ".join(form.get("text", "").split()), form.get("due", "")
    try:
        due_on = date.fromisoformat(due) if due else None
    except ValueError:
        raise BadRequest(f"“{due[:20]}” isn't a date. Use year-month-day, for example 2026-12-24.") from None
    return checked(text, form.get("priority", ""), form.get("owner", "")[:80] or None, due_on, today)
