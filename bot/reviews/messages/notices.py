"""Reviews and action items as direct messages: drafted, due, sent for review, overdue. Facts in, blocks out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.slack.blocks import context, section
from bot.slack.client import Message
from bot.slack.text import plain, shorten
from bot.text.durations import span
from bot.text.markup import escape, instant
from bot.text.wording import ordinal


def _link(link: str | None, words: str) -> list[dict[str, object]]:
    return [section(f"<{link}|{words}>")] if link else []


def due(incident: Incident, stage: str, due_at: datetime, now: datetime, link: str | None) -> Message:
    """The reminder of a review: when it is due or since when overdue, and its status."""
    late = now >= due_at
    when = f"was due {instant(due_at)}, {span(now - due_at)} ago" if late else f"is {_due_in(due_at, now)}"
    lines = f"{headline(incident)}\nThe review {when}. Status: *{stage}*."
    steps = "Read and edit it, request changes, or approve it. Approving stops these reminders."
    text = f"Review of {incident.ref} {'is overdue' if late else 'due soon'}"
    return Message(text, (section(lines), *_link(link, "Open the review"), context(steps)))


def not_drafted(incident: Incident, due_at: datetime, now: datetime, link: str | None) -> Message:
    """The reminder of a review that cannot begin: the incident is resolved, and nobody has closed it."""
    late = now >= due_at
    when = f"was due {instant(due_at)}" if late else f"is {_due_in(due_at, now)}"
    lines = f"{headline(incident)}\nThe review {when}, but the incident isn't closed yet."
    steps = f"Close it: `/incident close {incident.ref}`. The draft follows within seconds."
    text = f"{incident.ref} isn't closed yet, and its review is {'overdue' if late else 'due soon'}"
    return Message(text, (section(lines), *_link(link, "Open the incident"), context(steps)))


def _due_in(due_at: datetime, now: datetime) -> str:
    return f"due {instant(due_at)}, in {span(due_at - now)}"


def handed_in(incident: Incident, by: str, due_at: datetime, link: str | None) -> Message:
    """For those who approve: somebody sent the review to them."""
    text = f"<@{by}> sent you the review of *{incident.ref}*. It is due {instant(due_at)}."
    blocks = (section(f"{headline(incident)}\n{text}"), *_link(link, "Read, edit, approve"))
    return Message(f"Waiting on you: the review of {incident.ref}", blocks)


def changes_asked(incident: Incident, by: str, note: str, due_at: datetime, link: str | None) -> Message:
    """For whoever sent the review for approval: what is to be changed, and where."""
    text = f"<@{by}> requested changes to your review of *{incident.ref}*, due {instant(due_at)}:"
    blocks = (section(f"{headline(incident)}\n{text}\n>{plain(shorten(note, 1000))}"), *_link(link, "Edit the review"))
    return Message(f"Changes requested: the review of {incident.ref}", blocks)


YOU_OWN_IT = "You are the owner."
NO_OWNER = "It has no owner. Please assign one."


def owner_left(user_id: str) -> str:
    """Why the manager hears of an overdue action item."""
    return f"Its owner, <@{user_id}>, has left the workspace. Please assign somebody else."


def owner_unknown(name: str) -> str:
    """Why the manager hears of an overdue action item."""
    return f"Its owner, “{name}”, isn't a Slack user. Please assign somebody who is."


def overdue_action(incident: Incident, number: int, text: str, due_on: date, why_you: str, link: str | None) -> Message:
    """The one reminder of an action item, once its day is over."""
    what = f"*Action item {number}* of {incident.ref} was due {due_on:%Y-%m-%d}: {escape(shorten(text, 1000))}"
    stops = f"Done? Type `/incident action done {number}` in the incident's channel, or mark it done on the page."
    blocks = (section(f"{what}\n{why_you}"), *_link(link, "Open action items"), context(stops))
    return Message(f"Overdue: {plain(shorten(text, 150))} ({incident.ref})", blocks)


REVIEW_WAITS = "A review is waiting for you"


def item_overdue(number: int) -> str:
    """For `waiting_elsewhere`."""
    return f"Action item {number} is overdue"


def waiting_elsewhere(incident: Incident, what: str) -> Message:
    """For somebody outside a security incident: `what` is waiting, and who can invite them."""
    lead = f"<@{incident.commander or incident.declared_by}>"
    access = f"Only its responders can see it. Ask {lead} to invite you to its channel, then type `/incident review`."
    text = f"{what}: {incident.ref}"
    return Message(text, (section(f"{what}: *{incident.ref}*, a {incident.shown_title}."), context(access)))


def with_own_links(message: Message) -> Message:
    """For a channel: the link in it opens only for people who have signed in with one of their own."""
    return Message(message.text, (*message.blocks, context("Type `/incident review` for your own link to the page.")))


def review_ready(incident: Incident, link: str | None, lines: Sequence[str], due_at: datetime | None) -> Message:
    """The draft of the review, announced with its main facts; `due_at` None where none is required."""
    until = f"Due {instant(due_at)}." if due_at else "No review is required."
    title = f"Review draft of *{incident.ref}* is ready. {until}"
    body = "\n".join(f"• {_with_days(escape(shorten(line, 250)))}" for line in lines[:12])
    blocks = [section(title), section(body or "Nothing was recorded.")]
    if link:
        blocks.append(section(f"<{link}|Read the draft>"))
    return Message(f"Review draft of {incident.ref} is ready", tuple(blocks))


_DAY = re.compile(r"(?<=due: )(\d{4})-(\d\d)-(\d\d)\b")


def _with_days(line: str) -> str:
    """Days in markup, so that they look as the instants of the same message do; noon is that day nearly everywhere."""

    def day(found: re.Match[str]) -> str:
        try:
            noon = datetime(int(found[1]), int(found[2]), int(found[3]), 12, tzinfo=UTC)
        except ValueError:  # somebody typed what looks like a day
            return found[0]
        return f"<!date^{int(noon.timestamp())}^{{date_short}}|{found[0]}>"

    return _DAY.sub(day, line)


def picture_title(ref: str, episode: int) -> str:
    """The title of the picture in the channel, another for each closing."""
    return f"{ref}: timeline" + (f" ({ordinal(episode)} closing)" if episode > 1 else "")


def file_title(ref: str, stage: str, step: int) -> str:
    """The title of the review's file in the channel, another for each step that it takes."""
    return f"{ref} review, {stage} ({step})"


def file_comment(ref: str, stage: str) -> str:
    """What is said beside the file."""
    return f"Review of {ref}: {stage}."
