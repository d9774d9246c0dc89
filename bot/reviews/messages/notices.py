"""Reviews and action items as messages: what is due, what was handed in, what is overdue. Facts in, blocks out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.slack.blocks import context, section
from bot.slack.client import Message
from bot.slack.text import instant, plain, shorten, span
from bot.text.markup import escape


def _link(link: str | None, words: str) -> list[dict[str, object]]:
    return [section(f"<{link}|{words}>")] if link else []


def due(incident: Incident, stage: str, due_at: datetime, now: datetime, link: str | None) -> Message:
    """The reminder of a review: when it is due or since when overdue, and where it stands."""
    late = now >= due_at
    when = (
        f"was due {instant(due_at)}, {span(now - due_at)} ago"
        if late
        else f"is due {instant(due_at)}, in {span(due_at - now)}"
    )
    text = f"The review of {incident.ref} {'is overdue' if late else 'is due soon'}"
    lines = f"{headline(incident)}\nIts review {when}. It stands at: *{stage}*."
    expected = "Expected: read it, edit it or ask for changes, and approve it. Approving ends these reminders."
    return Message(text, (section(lines), *_link(link, "Open the review"), context(expected)))


def not_drafted(incident: Incident, due_at: datetime, now: datetime, link: str | None) -> Message:
    """The reminder of a review that cannot begin: the incident is resolved, and nobody has closed it."""
    late = now >= due_at
    when = f"was due {instant(due_at)}" if late else f"is due {instant(due_at)}, in {span(due_at - now)}"
    lines = f"{headline(incident)}\nIts review {when}, but it is not closed yet."
    expected = f"Expected: `/incident close {incident.ref}`. The draft is there within seconds of it."
    text = f"{incident.ref} is not closed yet, its review {'is overdue' if late else 'is due soon'}"
    return Message(text, (section(lines), *_link(link, "Open the incident"), context(expected)))


def handed_in(incident: Incident, by: str, due_at: datetime, link: str | None) -> Message:
    """Told to those who approve: somebody thinks that it is ready."""
    text = f"<@{by}> sends you the review of *{incident.ref}*. It is due {instant(due_at)}."
    blocks = (section(f"{headline(incident)}\n{text}"), *_link(link, "Read, edit, approve"))
    return Message(f"The review of {incident.ref} waits for you", blocks)


def overdue_action(incident: Incident, number: int, text: str, due_on: date, why_you: str, link: str | None) -> Message:
    """Told once, when its day is over."""
    said = f"*Action item {number}* of {incident.ref} was due {due_on:%Y-%m-%d}: {escape(shorten(text, 1000))}"
    stops = f"`/incident action done {number}` in its channel, or on the page, once it is."
    blocks = (section(f"{said}\n{why_you}"), *_link(link, "Open action items"), context(stops))
    return Message(f"Overdue: {plain(shorten(text, 150))} ({incident.ref})", blocks)


def waiting_elsewhere(incident: Incident, what: str) -> Message:
    """What somebody hears who has no part in a security incident: that `what` waits, and who can let them in."""
    said = f"{what} of *{incident.ref}*, a {incident.shown_title}."
    lead = f"<@{incident.commander or incident.declared_by}>"
    way_in = f"It is shown to its own people alone. Ask {lead} to bring you into its channel: `/incident review` there."
    return Message(f"{what} of {incident.ref}", (section(said), context(way_in)))


def with_own_links(message: Message) -> Message:
    """For the room of a security incident, whose review no shared link opens."""
    return Message(message.text, (*message.blocks, context("`/incident review` gives you your own link.")))


def review_ready(incident: Incident, link: str | None, lines: Sequence[str], due_at: datetime | None) -> Message:
    """The draft of the review, announced with its main facts; `due_at` None where nobody waits for it."""
    until = f"Due {instant(due_at)}." if due_at else "Nobody waits for it, as it was a false alarm."
    title = f"Review draft of *{incident.ref}* is ready. {until}"
    body = "\n".join(f"• {escape(shorten(line, 250))}" for line in lines[:12])
    blocks = [section(title), section(body or "Nothing was recorded.")]
    if link:
        blocks.append(section(f"<{link}|Read the draft>"))
    return Message(f"Review draft of {incident.ref} is ready", tuple(blocks))
