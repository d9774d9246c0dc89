"""Messages about reviews and action items: reminders, requests to review, the canvas or file; and the archive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.aws.archive import SECURITY
from bot.context import AppContext
from bot.escalation.flows.holders import holders
from bot.escalation.rules.matrix import Role
from bot.incidents import visibility
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.jobs.names import look_up_names
from bot.incidents.messages import marked
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Incident, Status, is_private, year_of
from bot.incidents.tables import IncidentRow
from bot.reviews.flows import action_items
from bot.reviews.flows.drafting import ids_to_name
from bot.reviews.flows.editing import assemble, is_asked_for
from bot.reviews.messages import notices as blocks
from bot.reviews.messages.renderings import to_markdown
from bot.reviews.queries import action_items as actions
from bot.reviews.queries import reviews
from bot.reviews.rules.document import Review
from bot.reviews.rules.stages import Stage
from bot.reviews.tables import to_json
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Refused, Slack
from bot.slack.documents import NO_CANVAS, find_file, share_file, write_canvas
from bot.slack.poster import Poster
from bot.text.markup import USER_ID, labelled
from bot.text.wording import mentioned

log = structlog.get_logger(__name__)

_SKEW = timedelta(minutes=2)
_LEFT = frozenset({"user_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot"})
_FALL_BACK = (Role.ENGINEERING_MANAGER, Role.VP, Role.TEAM_LEAD)


def who_manages(session: Session, context: AppContext) -> list[str]:
    """The Slack ids of who hears of reviews: the engineering manager, else the next role that somebody holds."""
    by_role = (holders(session, context.policy.contacts, [role], context.now()) for role in _FALL_BACK)
    return next(filter(None, by_role), [])


def send_each(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    key: str,
    user_ids: Sequence[str],
    path: str,
    message: Callable[[str | None], Message],
    outsiders: Mapping[str, Message],
) -> list[str]:
    """Direct messages under keys that begin with `key`, each with a link of the reader's own to `path`.

    A path to what is about an incident ends in its reference.

    `outsiders` are those who may not see the incident, with their message, as `for_outsiders` has it.
    Answers with those whom it did not reach because they have left.
    """
    gone = []
    for user_id in dict.fromkeys(user_ids):
        if not slack.is_here(user_id):
            gone.append(user_id)
            continue
        said = outsiders.get(user_id) or message(context.personal_link(path, user_id, slack.profile_of(user_id)[0]))
        said = marked(said, path.rpartition("/")[2])
        try:
            poster.try_to_post(f"{key}:{user_id}", slack.open_direct(user_id), said)
        except Refused as refused:
            # One who left must not keep the others from hearing of it.
            if refused.error not in _LEFT:
                raise
            gone.append(user_id)
    return gone


def for_outsiders(session: Session, row: IncidentRow, user_ids: Sequence[str], what: str) -> dict[str, Message]:
    """Those of `user_ids` who may not see the incident, each with a message that only says `what` is waiting."""
    message = blocks.waiting_elsewhere(incidents.facts(row), what)
    return {user_id: message for user_id in dict.fromkeys(user_ids) if not visibility.may_see(session, row, user_id)}


def review_path(ref: str) -> str:
    """Where the review of an incident is read on the pages."""
    return f"/reviews/{ref}"


@dataclass(frozen=True, slots=True)
class _Standing:
    """What was true of a review when a job read it."""

    incident: Incident
    episode: int
    stage: Stage
    asked_for: bool
    due_at: datetime
    managers: list[str]
    outsiders: dict[str, Message]


def _read(context: AppContext, incident_id: int) -> _Standing | None:
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        stage = reviews.find_stage(session, incident_id)
        if stage is None:
            return None
        facts, managers = incidents.facts(row), who_manages(session, context)
        outsiders = for_outsiders(session, row, managers, blocks.REVIEW_WAITS)
        asked_for = is_asked_for(row)
        return _Standing(facts, row.episode, Stage(stage.stage), asked_for, stage.due_at, managers, outsiders)


def review_reminder(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, reminder: str) -> None:
    """Remind the engineering manager of a review that is due, or that waits for the closing.

    Nobody is reminded of one that is approved, nor of an incident that is open again or needs no review.
    """
    now = context.now()
    read = _read(context, incident_id)
    if read is None or read.stage is Stage.APPROVED or read.incident.status.is_open or not read.asked_for:
        return
    incident, closed = read.incident, read.incident.status is Status.CLOSED

    def message(link: str | None) -> Message:
        if not closed:
            return blocks.not_drafted(incident, read.due_at, now, link)
        return blocks.due(incident, read.stage.label, read.due_at, now, link)

    key = f"review-reminder:{incident_id}:{read.episode}:{reminder}"
    path = review_path(incident.ref) if closed else f"/incidents/{incident.ref}"
    send_each(context, slack, poster, key, read.managers, path, message, read.outsiders)


def review_handed_in(
    context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, step: int, by: str
) -> None:
    """Tell the engineering manager that a review was sent to them; not whoever sent it."""
    read = _read(context, incident_id)
    if read is None:
        return
    send_each(
        context,
        slack,
        poster,
        f"review-handed-in:{incident_id}:{step}",
        [user_id for user_id in read.managers if user_id != by],
        review_path(read.incident.ref),
        lambda link: blocks.handed_in(read.incident, by, read.due_at, link),
        read.outsiders,
    )


def review_changes(
    context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, step: int, author: str
) -> None:
    """Tell whose review it is what is to be changed, with the page on which they do it."""
    read = _read(context, incident_id)
    if read is None:
        return
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        asked = reviews.list_steps(session, incident_id)[step - 1]
        outsiders = for_outsiders(session, row, [author], blocks.REVIEW_WAITS)
        by, note = asked.by or "", asked.note or ""
    send_each(
        context,
        slack,
        poster,
        f"review-changes:{incident_id}:{step}",
        [author],
        review_path(read.incident.ref),
        lambda link: blocks.changes_asked(read.incident, by, note, read.due_at, link),
        outsiders,
    )


def action_reminder(context: AppContext, slack: Slack, poster: Poster, *, action_id: int) -> None:
    """Tell the owner, once, that an item is overdue; where nobody owns it or its owner has left, the manager."""
    with context.database.transaction() as session:
        item = actions.get(session, action_id)
        row = incidents.get(session, item.incident_id)
        incident, managers = incidents.facts(row), who_manages(session, context)
        people = [item.owner or "", *managers]
        outsiders = for_outsiders(session, row, people, blocks.item_overdue(item.number))
    if item.state != actions.OPEN or item.due_on is None:
        return
    due_on = item.due_on

    def reminder(why: str) -> Callable[[str | None], Message]:
        return lambda link: blocks.overdue_action(incident, item.number, item.text, due_on, why, link)

    key, path = f"action-reminder:{action_id}", "/actions"
    owner = item.owner or ""
    if USER_ID.fullmatch(owner):
        if not send_each(context, slack, poster, key, [owner], path, reminder(blocks.YOU_OWN_IT), outsiders):
            return
        why = blocks.owner_left(owner)
    else:
        why = blocks.owner_unknown(owner) if owner else blocks.NO_OWNER
    send_each(context, slack, poster, key, managers, path, reminder(why), outsiders)


def action_from_message(
    context: AppContext, slack: Slack, poster: Poster, *, channel_id: str, ts: str, user_id: str
) -> None:
    """Make a message an action item: as it is recorded, or as Slack has it where we were not there to record it."""
    with context.database.transaction() as session:
        text = action_items.recorded_text(session, channel_id, ts)
    if text is None:
        found = slack.pages(
            "conversations.history", "messages", channel=channel_id, oldest=ts, latest=ts, inclusive=True
        )
        text = next((str(message.get("text") or "") for message in found if message.get("ts") == ts), "")
    look_up_names(context, slack, mentioned([text or ""]))
    with context.database.transaction() as session:
        text = labelled(text or "", slack_queries.names_in(session, text))
        zone, calendar = time_zone_of(session, context, user_id), context.policy.calendar
        action_items.add_from_message(session, channel_id, ts, text, user_id, calendar, zone, context.now())


def learn_names(context: AppContext, slack: Slack, incident_id: int) -> None:
    """Look up whom the review names: people, channels and user groups. Who is gone keeps the name we know."""
    with context.database.reading() as session:
        asked = ids_to_name(session, incidents.get(session, incident_id))
    look_up_names(context, slack, asked)


def review_canvas(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Update the channel's canvas with the review; share a file at each step where the plan has no canvas for us."""
    learn_names(context, slack, incident_id)
    with context.database.reading() as session:
        row = incidents.get(session, incident_id)
        stage, review = reviews.find_stage(session, incident_id), assemble(session, row)
        channel_id = None if row.channel_archived or row.channel_trouble else row.channel_id
        canvas_id, shown = (stage.canvas_id, stage.shown) if stage else (None, None)
    if stage is None or review is None or channel_id is None:
        return
    markdown = to_markdown(review)
    name = hashlib.sha256(markdown.encode()).hexdigest()[:16]
    if shown == name:
        return
    key = f"review-canvas:{incident_id}"
    with context.database.transaction() as session:
        tried = slack_queries.begin_message(session, key, channel_id, context.now()) is not None
    try:
        canvas_id = write_canvas(slack, channel_id, canvas_id, markdown, tried and shown is None)
    except Refused as refused:
        if refused.error not in NO_CANVAS:
            raise
        log.info("no canvas for the review; sharing a file", incident_id=incident_id, error=refused.error)
        name = _share(context, slack, channel_id, incident_id, review, markdown, shown)
    with context.database.transaction() as session:
        kept = reviews.get_stage_for_change(session, incident_id)
        kept.canvas_id, kept.shown = canvas_id, name


def _share(
    context: AppContext,
    slack: Slack,
    channel_id: str,
    incident_id: int,
    review: Review,
    markdown: str,
    shown: str | None,
) -> str:
    """Share the review as a file, once for each step that it takes; which one the channel has now."""
    name = f"file:{len(review.steps)}"
    if shown == name:
        return name
    title = blocks.file_title(review.ref, review.stage.label, len(review.steps))
    with context.database.transaction() as session:
        earlier = slack_queries.begin_message(session, f"review-{name}:{incident_id}", channel_id, context.now())
        since = (earlier.attempted_at - _SKEW).timestamp() if earlier else None
    if since is None or not find_file(slack, channel_id, title, since):
        comment = blocks.file_comment(review.ref, review.stage.label)
        share_file(slack, channel_id, f"{review.ref}-review.md", title, markdown.encode(), comment)
    return name


def archive(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Put the approved review and the timeline into the archive, where one is configured."""
    if context.archive is None:
        return
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        review = assemble(session, row)
        ref, timeline_lines = row.ref, _timeline_lines(session, row)
    if review is None or review.stage is not Stage.APPROVED:
        return
    if is_private(ref) and not context.policy.security.archive:
        log.info("the review of a security incident is not archived, by policy", incident_id=incident_id)
        return
    under = f"{SECURITY if is_private(ref) else ''}{year_of(ref)}/{ref}"
    document = json.dumps(to_json(review), ensure_ascii=False, indent=2)
    for name, content, kind in (
        ("review.md", to_markdown(review), "text/markdown; charset=utf-8"),
        ("review.json", document, "application/json"),
        ("timeline.jsonl", timeline_lines, "application/x-ndjson"),
    ):
        context.archive(f"{under}/{name}", content.encode("utf-8", "replace"), kind)


def _timeline_lines(session: Session, row: IncidentRow) -> str:
    entries = timeline.list_entries(session, row.incident_id)
    lines = (
        {"at": e.at.isoformat(), "kind": e.kind.value, "author": e.author, "text": e.text, "key": e.key}
        for e in entries
    )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
