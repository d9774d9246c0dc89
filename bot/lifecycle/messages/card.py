"""Facts to Block Kit, pure: the card, its mirror, the answer to a report, announcements, pings, the review.

Severity comes first, lines are short, and everything that a person wrote is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.incidents.messages import headline, line_of_note
from bot.incidents.rules.incident import Incident, Status
from bot.incidents.rules.responders import ResponderRole
from bot.incidents.rules.timeline import Line
from bot.memory.messages import Suggestion, similar_line, vote_menu
from bot.severity.messages import severity_options
from bot.severity.rules import Level, Severity
from bot.slack.blocks import Block, actions, button, context, option, section, select
from bot.slack.client import Message
from bot.slack.refusals import Refusal
from bot.slack.text import as_typed, fit, person, plain, rich, said, shorten, strong
from bot.text.durations import between, span
from bot.text.markup import escape, instant


@dataclass(frozen=True, slots=True)
class State:
    """What the card shows of an incident beside its facts: user ids by role, and the latest notes, oldest first.

    `paged_at` is when the matrix has the on-call engineer paged, while that is still to come and nobody asked for it.
    """

    roles: Mapping[str, str]
    notes: Sequence[Line]
    paged_at: datetime | None = None
    fields: str = ""  # the line of type and custom fields
    call: str = ""  # the address at which people speak with each other
    next_update: datetime | None = None  # by when stakeholders were promised the next one
    overdue: bool = False  # that time has passed
    evidence: str = ""  # what the last diagnoses found


_NOTHING = State({}, ())
DRILL = ":dart: *DRILL*: an exercise, nothing is broken. Pages are real and say DRILL. It counts in no figure."
NEVER_ACKNOWLEDGED = "never: it was over before anybody acknowledged"


def topic(incident: Incident) -> str:
    """What the channel's header says; Slack allows 250 characters, and posts a notice each time it changes.

    So it has no severity and no status: the pinned card has.
    """
    return fit(f"{incident.drill_prefix}{incident.ref} · {plain(incident.title)}", 250)


def card(
    incident: Incident,
    levels: Mapping[Severity, Level],
    similar: Sequence[Suggestion] = (),
    recurrence: str = "",
    playbook: str = "",
    state: State = _NOTHING,
) -> Message:
    """The incident's one card, edited in place. Buttons are those that the present status allows.

    `playbook` is the ref of the one to start; without it the button lists what fits.

    What people wrote stands on it as they typed it: commands and paths are copied from here.
    """
    blocks: list[Block] = [
        *([context(DRILL)] if incident.drill else []),
        _title(incident),
        _fields(incident, levels[incident.severity], state),
        *([context(state.fields)] if state.fields else []),
        *_course(incident),
    ]
    if state.notes and not incident.closed_at:
        blocks.append(section("\n".join(["*Latest notes*", *(line_of_note(note) for note in state.notes)])))
    if state.evidence and not incident.closed_at:
        blocks.append(section(state.evidence))
    if recurrence:
        blocks.append(context(recurrence))
    blocks += [section(similar_line(one.item), vote_menu(one.vote_key)) for one in similar[:1]]
    if state.next_update and incident.status.is_open:
        blocks.append(context(next_update(state.next_update, state.overdue)))
    if state.call and incident.status.is_open:
        blocks.append(context(f":telephone_receiver: <{escape(state.call)}|Join the call>"))
    blocks += card_actions(incident, levels, playbook, state.paged_at)
    said_of_it = f"{incident.severity} {incident.ref} {plain(incident.title)}: {incident.stands}"
    return Message(f"{incident.drill_prefix}{said_of_it}", tuple(blocks))


def _title(incident: Incident) -> Block:
    return rich(
        [
            strong(f"{incident.drill_prefix}{incident.severity}"),
            said(f" · {incident.ref} · "),
            *as_typed(shorten(incident.title, 200)),
        ]
    )


def _fields(incident: Incident, level: Level, state: State) -> Block:
    fields = [
        f"*Status*\n{incident.stands}{incident.again if incident.status.is_open else ''}",
        f"*Severity*\n{incident.severity} {plain(level.title)}: {plain(level.meaning)}",
        f"*Commander*\n{person(incident.commander)}",
        f"*Declared*\n{instant(incident.declared_at)} by {person(incident.declared_by)}",
        f"*Acknowledged*\n{_acknowledged(incident, level, state.paged_at)}",
        *(
            f"*{role.value.capitalize()}*\n{person(state.roles[role.value])}"
            for role in ResponderRole
            if role is not ResponderRole.COMMANDER and role.value in state.roles
        ),
        *([] if incident.impact else ["*Impact*\nnot recorded yet"]),
    ]
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": fit(field, 2000)} for field in fields]}


def next_update(at: datetime, overdue: bool) -> str:
    """The card's line on what stakeholders were promised."""
    if overdue:
        return f":warning: *Stakeholder update overdue*: it was due {instant(at)}. Send it: `/incident update …`"
    return f":mega: Next stakeholder update due {instant(at)}"


def _acknowledged(incident: Incident, level: Level, paged_at: datetime | None) -> str:
    if incident.acknowledged_at is None and incident.resolved_at is not None:
        return NEVER_ACKNOWLEDGED
    if incident.acknowledged_at is None and paged_at is not None:
        return f"not yet; on-call is paged {instant(paged_at)}. Can't it wait? Press Page on-call now"
    if incident.acknowledged_at is None:
        return f"not yet; acknowledge within {span(level.respond_within)}"
    if incident.reopened:
        return f"{person(incident.acknowledged_by)}, after reopening"
    after = between(incident.declared_at, incident.acknowledged_at)
    return f"{person(incident.acknowledged_by)}, after {after}"


def _course(incident: Incident) -> list[Block]:
    """What is known of it so far: impact, when it was resolved, cause and resolution."""
    blocks: list[Block] = []
    if incident.impact:
        blocks.append(rich([strong("Impact: "), *as_typed(shorten(incident.impact, 300))]))
    if incident.resolved_at:
        took = between(incident.declared_at, incident.resolved_at)
        blocks.append(section(f"Resolved {instant(incident.resolved_at)}, after {took}{incident.again}."))
    known = [("Cause", incident.cause), ("Resolution", incident.resolution)]
    lines = [[strong(f"{name}: "), *as_typed(shorten(text, 600))] for name, text in known if text]
    return [*blocks, rich(*lines)] if lines else blocks


def card_actions(
    incident: Incident,
    levels: Mapping[Severity, Level],
    playbook: str,
    paged_at: datetime | None = None,
    reader: str | None = None,
) -> list[Block]:
    """The buttons that the present status allows, to `reader` where one person alone reads it."""
    value = str(incident.incident_id)
    if incident.status is Status.CLOSED:
        return [context("Closed. `/incident reopen` reopens it.")]
    if incident.status is Status.RESOLVED:
        buttons = [button("Close and draft review", "incident_close", value, "primary")]
        return [actions("card_actions", *buttons), context("Not fixed after all? `/incident reopen`.")]
    take = "Take over command" if incident.commander else "Take command"
    statuses = [option(status.value, f"{status}:{value}") for status in Status if status.is_open]
    elements = [
        *([] if incident.acknowledged_at else [button("Acknowledge", "incident_acknowledge", value, "primary")]),
        *([button("Page on-call now", "page_now", value)] if paged_at and not incident.acknowledged_at else []),
        button("Resolve", "incident_resolve", value),
        *([button(take, "incident_command", value)] if reader is None or reader != incident.commander else []),
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
        lines.append(f"Resolved after {between(incident.declared_at, incident.resolved_at)}{incident.again}.")
    text = f"{incident.drill_prefix}{incident.severity} {incident.ref} {plain(incident.title)}: {incident.stands}"
    return Message(text, (section("\n".join(lines)),))


def recurring(often: str, refs: Sequence[str]) -> str:
    """`often`: how many times, as in "3rd time since March"; `refs` the earlier ones, the oldest first."""
    return f"*{often}*: {', '.join(refs[-5:])} looked the same."
