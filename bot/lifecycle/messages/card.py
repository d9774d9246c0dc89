"""Facts to Block Kit, pure: the card, its mirror, the answer to a report, announcements, pings, the review.

Severity comes first, lines are short, and everything that a person wrote is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident, Status
from bot.memory.messages import Suggestion, similar_line, vote_menu
from bot.severity.messages import severity_options
from bot.severity.rules import Level, Severity
from bot.slack.blocks import Block, actions, button, context, option, section, select
from bot.slack.client import Message
from bot.slack.refusals import Refusal
from bot.slack.text import as_typed, fit, person, plain, rich, said, shorten, strong
from bot.text.durations import span
from bot.text.markup import instant


def topic(incident: Incident) -> str:
    """What the header of the card says of it; Slack allows 250 characters."""
    return fit(f"{incident.severity} · {incident.ref} · {plain(incident.title)}", 250)


def card(
    incident: Incident,
    levels: Mapping[Severity, Level],
    similar: Sequence[Suggestion] = (),
    recurrence: str = "",
    playbook: str = "",
) -> Message:
    """The incident's one card, edited in place. Buttons are those that the present status allows.

    `playbook` is the ref of the one to start; without it the button lists what fits.

    What people wrote stands on it as they typed it: commands and paths are copied from here.
    """
    level = levels[incident.severity]
    fields = [
        f"*Status*\n{incident.stands}",
        f"*Severity*\n{incident.severity} {plain(level.title)}: {plain(level.meaning)}",
        f"*Commander*\n{person(incident.commander)}",
        f"*Declared*\n{instant(incident.declared_at)} by {person(incident.declared_by)}",
        f"*Acknowledged*\n{_acknowledged(incident, level)}",
        *([] if incident.impact else ["*Impact*\nnot recorded yet"]),
    ]
    blocks: list[Block] = [
        rich([strong(incident.severity), said(f" · {incident.ref} · "), *as_typed(shorten(incident.title, 200))]),
        {"type": "section", "fields": [{"type": "mrkdwn", "text": fit(field, 2000)} for field in fields]},
    ]
    if incident.impact:
        blocks.append(rich([strong("Impact: "), *as_typed(shorten(incident.impact, 300))]))
    if incident.resolved_at:
        took = span(incident.resolved_at - incident.declared_at)
        blocks.append(section(f"Resolved {instant(incident.resolved_at)}, after {took}{incident.again}."))
        blocks += _outcome(incident)
    if recurrence:
        blocks.append(context(recurrence))
    blocks += [section(similar_line(one.item), vote_menu(one.vote_key)) for one in similar[:1]]
    blocks += card_actions(incident, levels, playbook)
    return Message(f"{incident.severity} {incident.ref} {plain(incident.title)}: {incident.stands}", tuple(blocks))


def _acknowledged(incident: Incident, level: Level) -> str:
    if incident.acknowledged_at is None:
        return f"not yet; acknowledge within {span(level.respond_within)}"
    if incident.reopened:
        return f"{person(incident.acknowledged_by)}, after reopening"
    after = span(incident.acknowledged_at - incident.declared_at)
    return f"{person(incident.acknowledged_by)}, after {after}"


def _outcome(incident: Incident) -> list[Block]:
    known = [("Cause", incident.cause), ("Resolution", incident.resolution)]
    lines = [[strong(f"{name}: "), *as_typed(shorten(text, 600))] for name, text in known if text]
    return [rich(*lines)] if lines else []


def card_actions(incident: Incident, levels: Mapping[Severity, Level], playbook: str) -> list[Block]:
    """The buttons that the present status allows."""
    value = str(incident.incident_id)
    if incident.status is Status.CLOSED:
        return [context("Closed. `/incident reopen` reopens it.")]
    if incident.status is Status.RESOLVED:
        buttons = [button("Close and draft review", "incident_close", value, "primary")]
        return [actions("card_actions", *buttons), context("Not fixed after all? `/incident reopen`.")]
    statuses = [option(status.value, f"{status}:{value}") for status in Status if status.is_open]
    elements = [
        *([] if incident.acknowledged_at else [button("Acknowledge", "incident_acknowledge", value, "primary")]),
        button("Resolve", "incident_resolve", value),
        button("Take command", "incident_command", value),
        button(f"Start {playbook}", "playbook_start", f"{value}:{playbook}")
        if playbook
        else button("Playbooks", "playbook_list", value),
        select("Status", "incident_status", statuses, f"{incident.status}:{value}"),
        select("Severity", "incident_severity", severity_options(levels, f":{value}"), f"{incident.severity}:{value}"),
    ]
    return [actions("card_actions", *elements)]


def mirror(incident: Incident) -> Message:
    """The card's short copy in the announcement channel."""
    where = f"<#{incident.channel_id}>" if incident.channel_id else "its channel is opening"
    if incident.channel_trouble:
        place = where if incident.channel_id else "No channel yet"
        where = f"{place}: {Refusal('conversations.create', incident.channel_trouble).reason}. See this thread."
    # The channel's name is long: on a phone it gets a line of its own.
    lines = [headline(incident), f"{incident.stands} · commander {person(incident.commander)}", where]
    if incident.resolved_at and not (incident.false_alarm or incident.merged_into):
        lines.append(f"Resolved after {span(incident.resolved_at - incident.declared_at)}{incident.again}.")
    return Message(
        f"{incident.severity} {incident.ref} {plain(incident.title)}: {incident.stands}", (section("\n".join(lines)),)
    )


def recurring(often: str, refs: Sequence[str]) -> str:
    """`often`: how many times, as in "3rd time since March"; `refs` the earlier ones, the oldest first."""
    return f"*{often}*: {', '.join(refs[-5:])} looked the same."
