"""/incident review and action, the clipboard reaction, and the buttons of action items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.escalation.flows import people
from bot.incidents import visibility
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.incidents.flows.record import record
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.reviews.flows import action_items, editing
from bot.reviews.messages import action_items as said
from bot.reviews.queries import action_items as actions
from bot.reviews.queries import reviews
from bot.reviews.rules.action_requests import parse_action
from bot.reviews.rules.renderings import stage_words
from bot.reviews.rules.stages import Stage
from bot.slack import queries as messages
from bot.slack.client import Message
from bot.slack.incoming import CLIPBOARD
from bot.slack.reporting import log_only, reporting_errors
from bot.slack.text import instant
from bot.text.markup import USER_ID

_NUMBERED = {
    "done": action_items.finish,
    "finish": action_items.finish,
    "drop": action_items.drop,
    "decline": action_items.drop,
    "remove": action_items.drop,
}
_AGREED = ("accept", "agree")


def _review(session: Session, command: CommandContext) -> str:
    """Where the review stands, with a link of the reader's own."""
    row = incident_of(session, command)
    _let_in(session, command, row)
    name = messages.names_of(session, [command.user_id]).get(command.user_id, command.user_name)
    review, stage = editing.assemble(session, row), reviews.find_stage(session, row.incident_id)
    path = f"/reviews/{row.ref}" if review is not None else f"/incidents/{row.ref}"
    link = command.context.personal_link(path, command.user_id, name)
    if review is None or stage is None:
        steps = f"`/incident close {row.ref}`" if row.resolved_at else "`/incident resolve`, then `close`"
        first = f"The review of {row.ref} is drafted when the incident is closed: {steps}."
        first += f" Due {instant(stage.due_at)}." if row.resolved_at and stage and editing.is_asked_for(row) else ""
        return f"{first}\n<{link}|Its page so far>" if link else first
    last = f" {stage_words(review.steps[-1])}." if review.steps and review.stage is not Stage.DRAFT else ""
    waited_for = review.stage is not Stage.APPROVED and editing.is_asked_for(row)
    due = f" Due {instant(stage.due_at)}." if waited_for else ""
    open_items = len(actions.list_of_incident(session, row.incident_id, (actions.OPEN,)))
    lines = [f"The review of {row.ref} stands at *{review.stage}*.{last}{due} Open action items: {open_items}."]
    if link:
        lines.append(f"<{link}|Open the review> (your own link, for three days and one browser)")
    else:
        lines.append(f"Pages are off; `tocsin review {row.ref}` prints it.")
    return "\n".join(lines)


def _let_in(session: Session, command: CommandContext, row: IncidentRow) -> None:
    """Remember somebody who asks in a security incident's channel: being in it they are of its people, so that the
    link which they get opens.
    """
    if not visibility.may_see(session, row, command.user_id):
        key = f"link:{row.incident_id}:{command.user_id}"
        record(session, row, Kind.LINK_TAKEN, "", command.now, author=command.user_id, source_key=key)


def _action(session: Session, command: CommandContext) -> str | Message:
    word, _, rest = command.rest.strip().partition(" ")
    calendar = command.context.policy.calendar
    row = incident_of(session, command, for_change=True)
    if word.lower() in ("", "list"):
        return _list(session, row)
    if word.lower() in (*_NUMBERED, *_AGREED) and rest.strip().lstrip("#").split(" ")[0].isdigit():
        number = int(rest.strip().lstrip("#").split(" ")[0][:9])
        if word.lower() in _NUMBERED:
            return said.changed(_NUMBERED[word.lower()](session, row, number, command.user_id, command.now))
        return said.changed(action_items.accept(session, row, number, command.user_id, calendar, command.now))
    _refuse_unnumbered(word.lower(), rest)
    wanted = parse_action(command.rest, command.now, calendar)
    key = f"command:{command.trigger_id}"
    item, _ = action_items.add(session, row, wanted, command.user_id, calendar, command.now, key)
    unknown = _unknown_owner(session, command, wanted.owner)
    return said.kept(row.ref, editing.as_item(item), unknown)


def _refuse_unnumbered(word: str, rest: str) -> None:
    """Raises BadRequest for `done banana`; "drop the old index" is an item as good as any."""
    if word not in (*_NUMBERED, *_AGREED) or (word != "done" and len(rest.split()) > 1):
        return
    raise BadRequest(said.number_missing(word))


def _unknown_owner(session: Session, command: CommandContext, owner: str | None) -> str:
    """What to say of an owner's name that is no one person's; empty for all others.

    The name is kept: it may be a team, and what was typed is not lost.
    """
    if owner is None or USER_ID.fullmatch(owner):
        return ""
    try:
        people.find_person(session, owner, command.context.policy.contacts, command.now)
    except BadRequest as unknown:
        return str(unknown)
    return ""


def _list(session: Session, row: IncidentRow) -> str | Message:
    items = actions.list_of_incident(session, row.incident_id)
    if not items:
        return said.none_yet(row.ref)
    return said.listed(row.ref, row.incident_id, [editing.as_item(item) for item in items])


def finish(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """`incident id:number`."""
    row, number = _pressed(session, value)
    return said.changed(action_items.finish(session, row, number, user_id, now))


def accept(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """`incident id:number`."""
    row, number = _pressed(session, value)
    change = action_items.accept(session, row, number, user_id, context.policy.calendar, now)
    return said.changed(change)


def decline(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """`incident id:number`."""
    row, number = _pressed(session, value)
    return said.changed(action_items.drop(session, row, number, user_id, now))


def _pressed(session: Session, value: str) -> tuple[IncidentRow, int]:
    incident_id, number = value.split(":")
    return incidents.get_for_change(session, int(incident_id)), int(number)


def clipboard(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """The clipboard on a message of an incident's channel makes it an action item; taking it away changes nothing."""
    item = event.get("item") or {}
    if event.get("type") != "reaction_added" or event.get("reaction") != CLIPBOARD or item.get("type") != "message":
        return
    with reporting_errors(log_only, again=True, event=body["event_id"], channel=item.get("channel")):
        now = context.now()
        with context.database.transaction() as session:
            if messages.take_event(session, body["event_id"], now):
                action_items.take_message(session, item["channel"], item["ts"], event["user"])


SUBCOMMANDS = (
    Subcommand(
        "review",
        "review",
        "Where the review stands, and your own link to read, edit and approve it.",
        answer=_review,
        aliases=("pir", "postmortem"),
    ),
    Subcommand(
        "action",
        "action high alarm on the pool @owner by Friday",
        "Keep what is to be done; `action list`, `action done 3`. A :clipboard: on a message makes one, too.",
        answer=_action,
        aliases=("actions", "todo"),
    ),
)
PRESSES = {"action_done": finish, "action_accept": accept, "action_decline": decline}
