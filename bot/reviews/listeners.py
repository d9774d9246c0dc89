"""/incident review and action, the clipboard reaction, and the buttons of action items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.escalation.flows import people
from bot.incidents import authority, visibility
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.incidents.flows import members
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.interactions import PAIR, Opening, Press, Submission, incident_at, number_at, of_form
from bot.incidents.menu import OF_INCIDENT, Form, Group, Shown, at_field
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status, is_private
from bot.incidents.tables import IncidentRow
from bot.reviews.flows import action_items, editing
from bot.reviews.flows import answers as answering
from bot.reviews.messages import action_items as messages
from bot.reviews.messages import questions as question_messages
from bot.reviews.messages import review as review_messages
from bot.reviews.messages.renderings import stage_words
from bot.reviews.queries import action_items as actions
from bot.reviews.queries import reviews
from bot.reviews.rules.action_requests import check_due, parse_action
from bot.reviews.rules.questions import QUESTIONS, open_of
from bot.reviews.rules.stages import Stage
from bot.slack import queries as slack_queries
from bot.slack.client import Message
from bot.slack.forms import Values
from bot.slack.incoming import CLIPBOARD
from bot.slack.replies.reporting import log_only, reporting_errors
from bot.text.instants import parse_instant
from bot.text.markup import USER_ID

_NUMBERED = {
    "done": action_items.finish,
    "finish": action_items.finish,
    "drop": action_items.drop,
    "decline": action_items.drop,
    "remove": action_items.drop,
    "reopen": action_items.reopen,
}
_AGREED = ("accept", "agree")


def _review(session: Session, command: CommandContext) -> str:
    """The review's status, with a personal link."""
    row = incident_of(session, command)
    _grant_access(session, command, row)
    name = slack_queries.names_of(session, [command.user_id]).get(command.user_id, command.user_name)
    review, stage = editing.assemble(session, row), reviews.find_stage(session, row.incident_id)
    path = f"/reviews/{row.ref}" if review is not None else f"/incidents/{row.ref}"
    link = command.context.personal_link(path, command.user_id, name)
    due_at = stage.due_at if stage and editing.is_asked_for(row) else None
    if review is None and row.status == Status.CLOSED and (row.false_alarm or row.merged_into):
        why = "closed as a false alarm" if row.false_alarm else "merged into another incident"
        return review_messages.not_wanted(row.ref, why, link)
    if review is None or stage is None:
        return review_messages.not_drafted(row.ref, link, due_at if row.resolved_at else None, bool(row.resolved_at))
    last = stage_words(review.steps[-1]) if review.steps and review.stage is not Stage.DRAFT else ""
    due_at = due_at if review.stage is not Stage.APPROVED else None
    open_items = len(actions.list_of_incident(session, row.incident_id, (actions.OPEN,)))
    return review_messages.status(row.ref, review.stage.label, last, due_at, open_items, link)


def _grant_access(session: Session, command: CommandContext, row: IncidentRow) -> None:
    """Whoever types a command in a security incident's channel is in it, whether or not we heard of them joining."""
    if not visibility.may_see(session, row, command.user_id):
        at = f"{command.now.timestamp():.6f}"
        members.came_or_left(session, command.channel_id, command.user_id, True, at, command.now)


def _action(session: Session, command: CommandContext) -> str | Message:
    word, _, rest = command.rest.strip().partition(" ")
    calendar = command.context.policy.calendar
    row = incident_of(session, command, for_change=True)
    if word.lower() in ("", "list"):
        return _list(session, row, _exports(command.context, row))
    if word.lower() in (*_NUMBERED, *_AGREED) and rest.strip().lstrip("#").split(" ")[0].isdigit():
        number = int(rest.strip().lstrip("#").split(" ")[0][:9])
        if word.lower() in _NUMBERED:
            return messages.changed(_NUMBERED[word.lower()](session, row, number, command.user_id, command.now))
        return messages.changed(action_items.accept(session, row, number, command.user_id, calendar, command.now))
    _refuse_unnumbered(word.lower(), rest)
    zone = time_zone_of(session, command.context, command.user_id)
    wanted = parse_action(command.rest, command.now, zone, calendar.opens)
    key = f"command:{command.trigger_id}"
    item, _ = action_items.add(session, row, wanted, command.user_id, calendar, command.now, key)
    unknown = _unknown_owner(session, command, wanted.owner)
    return messages.kept(row.ref, editing.as_item(item), unknown)


def _refuse_unnumbered(word: str, rest: str) -> None:
    """Raises BadRequest for `done banana`; "drop the old index" is an item as good as any."""
    if word not in (*_NUMBERED, *_AGREED) or (word != "done" and len(rest.split()) > 1):
        return
    raise BadRequest(messages.number_missing(word))


def _unknown_owner(session: Session, command: CommandContext, owner: str | None) -> str:
    """Why an owner's name is nobody's; empty for all others. The name is kept anyway: it may be a team."""
    if owner is None or USER_ID.fullmatch(owner):
        return ""
    try:
        people.find_person(session, owner, command.context.policy.contacts, command.now)
    except BadRequest as unknown:
        return str(unknown)
    return ""


def _exports(context: AppContext, row: IncidentRow) -> bool:
    """Whether items of this incident may become issues in a tracker."""
    policy = context.policy.trackers
    return bool(policy.security) if is_private(row.ref) else bool(policy.default or policy.teams)


def _list(session: Session, row: IncidentRow, exports: bool) -> str | Message:
    items = actions.list_of_incident(session, row.incident_id)
    if not items:
        return messages.none_yet(row.ref)
    return messages.listed(row.ref, row.incident_id, [editing.as_item(item) for item in items], exports)


def finish(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """`incident id:number`."""
    row, number = _pressed(session, value)
    return messages.changed(action_items.finish(session, row, number, user_id, now))


def accept(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """`incident id:number`."""
    row, number = _pressed(session, value)
    change = action_items.accept(session, row, number, user_id, context.policy.calendar, now)
    return messages.changed(change)


def decline(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """`incident id:number`."""
    row, number = _pressed(session, value)
    return messages.changed(action_items.drop(session, row, number, user_id, now))


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
        context.look_up(event["user"])
        with context.database.transaction() as session:
            if slack_queries.take_event(session, body["event_id"], now):
                row = incidents.find_by_channel(session, item["channel"])
                authority.admit(session, context, Act.CHANGE, event["user"], now, row, item["channel"])
                action_items.take_message(session, item["channel"], item["ts"], event["user"])


def _answer_form(
    session: Session, context: AppContext, action: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | str:
    """The form with the questions that the review still asks. Raises BadRequest where it may not change."""
    row = incidents.get(session, number_at(action["value"], 0))
    if locked := editing.why_locked(session, row):
        raise BadRequest(locked)
    review = editing.assemble(session, row)
    asked = open_of(review) if review is not None and review.stage is not Stage.APPROVED else ()
    return question_messages.answer_form(incidents.facts(row), asked) if asked else question_messages.ALL_ANSWERED


def answered(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    """What was filled in becomes lines of the review, as this person's words."""
    row = incidents.get_for_change(session, number_at(str(view["private_metadata"]), 0))
    known = {question.name for question in QUESTIONS}
    answers = {name: words for name, words in values.items() if name in known and words.strip()}
    answering.answer(session, row, answers, user_id, str(view.get("id") or ""), now)


def _check_item(session: Session, context: AppContext, user_id: str, now: datetime, values: Values) -> None:
    if not values[messages.DUE]:
        return
    zone = time_zone_of(session, context, user_id)
    with at_field(messages.DUE):
        at = parse_instant(values[messages.DUE], now, zone, context.policy.calendar.opens)
        check_due(at.astimezone(zone).date(), now.astimezone(zone).date())


SUBCOMMANDS = (
    Subcommand(
        "review",
        "review",
        "The review's status, and your personal link to read, edit and approve it.",
        answer=_review,
        aliases=("pir", "postmortem"),
        act=Act.READ,
        menu={"link": Shown(label="Review and exports", group=Group.FOLLOW_UP, where=OF_INCIDENT)},
    ),
    Subcommand(
        "action",
        "action high alarm on the pool @owner by Friday",
        "Add an action item. Also `action list`, `action done 3`, `action reopen 3`, or react to a message with "
        ":clipboard:.",
        answer=_action,
        aliases=("actions", "todo"),
        reads=frozenset({"", "list"}),
        menu={
            "new": Form(
                label="New action item",
                group=Group.FOLLOW_UP,
                where=OF_INCIDENT,
                fields=lambda *_: messages.form_fields(),
                words=messages.typed_in_form,
                submit="Add",
                person=messages.OWNER,
                check=_check_item,
            ),
            "list": Shown(label="Action items", group=Group.FOLLOW_UP, where=OF_INCIDENT, rest="list"),
        },
    ),
)
OPENINGS = {question_messages.OPEN_FORM: Opening(_answer_form, Act.EDIT_REVIEWS, incident_at(0))}
PRESSES = {
    "action_done": Press(finish, Act.CHANGE, incident_at(0), PAIR),
    "action_accept": Press(accept, Act.CHANGE, incident_at(0), PAIR),
    "action_decline": Press(decline, Act.CHANGE, incident_at(0), PAIR),
}
SUBMISSIONS = {question_messages.ANSWERS: Submission(answered, question_messages.ALWAYS, Act.EDIT_REVIEWS, of_form)}
