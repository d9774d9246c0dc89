"""Facts to Block Kit, pure: the card, its mirror, the answer to a report, announcements, pings, the review.

Severity comes first, lines are short, and everything that a person wrote is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.incidents.rules.incident import Incident, Status
from bot.severity.rules import Judgement, Level, Severity
from bot.slack.client import Message
from bot.slack.text import as_typed, fit, instant, person, plain, rich, said, shorten, span, strong, unturned
from bot.text.markup import escape

Block = dict[str, Any]

_LONGEST_ANNOUNCEMENT = 1200  # characters of markup: about a screen of a phone
_GIST = 160  # characters of a past incident's cause or fix: the entry has the rest


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A past incident, playbook or guide that looks alike, as it is shown to people."""

    ref: str
    kind: str
    title: str
    words: tuple[str, ...]
    cause: str
    fix: str
    took: str
    terms: tuple[tuple[str, float, str], ...] = ()  # words, their share of the likeness, the field they matched in
    ballot: str = ""  # what a vote on it is cast with; empty where nobody is asked


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": fit(text, 3000)}}
    return block | {"accessory": accessory} if accessory else block


def context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": fit(text, 2000)}]}


def button(text: str, action_id: str, value: str, style: str | None = None, confirm: str | None = None) -> Block:
    block: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": shorten(text, 75)},
        "action_id": action_id,
        "value": value,
    }
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = {
            "title": {"type": "plain_text", "text": "Are you sure?"},
            "text": {"type": "plain_text", "text": confirm},
            "confirm": {"type": "plain_text", "text": "Yes"},
            "deny": {"type": "plain_text", "text": "No"},
        }
    return block


def option(text: str, value: str) -> Block:
    return {"text": {"type": "plain_text", "text": shorten(text, 75)}, "value": value}


def select(placeholder: str, action_id: str, options: Sequence[Block], chosen: str | None = None) -> Block:
    block: Block = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": {"type": "plain_text", "text": placeholder},
        "options": list(options),
    }
    initial = next((item for item in options if item["value"] == chosen), None)
    return block | {"initial_option": initial} if initial else block


def actions(block_id: str, *elements: Block) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def overflow(action_id: str, options: Sequence[Block]) -> Block:
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def vote_menu(ballot: str) -> Block | None:
    """The small menu beside a suggestion: one dot menu takes less of a phone's screen than two buttons."""
    if not ballot:
        return None
    return overflow("suggestion_vote", [option("Helped", f"yes:{ballot}"), option("Not this", f"no:{ballot}")])


def severity_options(levels: Mapping[Severity, Level], suffix: str = "") -> list[Block]:
    """One option a level; `suffix` joins the value so that the press says what it was pressed on."""
    return [option(f"{level} {levels[level].title}: {levels[level].meaning}", f"{level}{suffix}") for level in Severity]


def headline(incident: Incident) -> str:
    return f"*{incident.severity}* · {incident.ref} · {plain(shorten(incident.title, 200))}"


def topic(incident: Incident) -> str:
    """What a room's head says of it; Slack allows 250 characters."""
    return fit(f"{incident.severity} · {incident.ref} · {plain(incident.title)}", 250)


def card(
    incident: Incident, levels: Mapping[Severity, Level], similar: Sequence[Suggestion] = (), recurrence: str = ""
) -> Message:
    """The incident's one card, edited in place. Buttons are those that the present status allows.

    What people wrote stands on it as they typed it: commands and paths are copied from here.
    """
    level = levels[incident.severity]
    fields = [
        f"*Status*\n{incident.stands}",
        f"*Severity*\n{incident.severity} {level.title}: {level.meaning}",
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
    blocks += [section(_similar_line(item), vote_menu(item.ballot)) for item in similar[:1]]
    blocks += _card_actions(incident, levels)
    return Message(f"{incident.severity} {incident.ref} {plain(incident.title)}: {incident.stands}", tuple(blocks))


def _acknowledged(incident: Incident, level: Level) -> str:
    if incident.acknowledged_at is None:
        return f"not yet; answer within {span(level.respond_within)}"
    if incident.reopened:
        return f"{person(incident.acknowledged_by)}, after reopening"
    after = span(incident.acknowledged_at - incident.declared_at)
    return f"{person(incident.acknowledged_by)}, after {after}"


def _outcome(incident: Incident) -> list[Block]:
    known = [("Cause", incident.cause), ("Resolution", incident.resolution)]
    lines = [[strong(f"{name}: "), *as_typed(shorten(text, 600))] for name, text in known if text]
    return [rich(*lines)] if lines else []


def _card_actions(incident: Incident, levels: Mapping[Severity, Level]) -> list[Block]:
    value = str(incident.incident_id)
    if incident.status is Status.CLOSED:
        return [context("Closed. `/incident reopen` takes it up again.")]
    if incident.status is Status.RESOLVED:
        buttons = [button("Close and draft review", "incident_close", value, "primary")]
        return [actions("card_actions", *buttons), context("Not over after all? `/incident reopen`.")]
    statuses = [option(status.value, f"{status}:{value}") for status in Status if status.is_open]
    elements = [
        *([] if incident.acknowledged_at else [button("Acknowledge", "incident_acknowledge", value, "primary")]),
        button("Resolve", "incident_resolve", value),
        button("Take command", "incident_command", value),
        select("Status", "incident_status", statuses, f"{incident.status}:{value}"),
        select("Severity", "incident_severity", severity_options(levels, f":{value}"), f"{incident.severity}:{value}"),
    ]
    return [actions("card_actions", *elements)]


def mirror(incident: Incident) -> Message:
    """The card's short copy in the announcement channel."""
    where = f"<#{incident.channel_id}>" if incident.channel_id else "its channel is being made"
    # The channel's name is long: on a phone it gets a line of its own.
    lines = [headline(incident), f"{incident.stands} · commander {person(incident.commander)}", where]
    if incident.resolved_at and not (incident.false_alarm or incident.merged_into):
        lines.append(f"Resolved after {span(incident.resolved_at - incident.declared_at)}{incident.again}.")
    return Message(
        f"{incident.severity} {incident.ref} {plain(incident.title)}: {incident.stands}", (section("\n".join(lines)),)
    )


def answer(
    report_id: int,
    judgement: Judgement,
    level: Level,
    similar: Sequence[Suggestion],
    playbook: Suggestion | None,
    levels: Mapping[Severity, Level],
    alike: Incident | None = None,
) -> Message:
    """The reply to a report: severity, why, the response time, what it looks like, and what can be pressed.

    `alike` is an open incident that the report may be about: joining it is offered before declaring another.
    """
    words = ", ".join(f"“{plain(shorten(item.text, 80))}”" for item in judgement.evidence[:4])
    why = f"Because of {words}: {plain(judgement.row)}" if words else plain(judgement.row)
    verdict = f"Looks like *{level.severity} {level.title}* ({level.meaning})."
    blocks = [section(f"{verdict} Respond within {span(level.respond_within)}.\n{why}")]
    # What is pressed comes before what is read: on a phone the rest is below the fold.
    if alike:
        blocks.append(section(f"Open now and alike: {headline(alike)}"))
    blocks.append(_answer_actions(report_id, level, levels, alike.ref if alike else None))
    blocks += [section(_similar_line(item), vote_menu(item.ballot)) for item in similar[:3]]
    if playbook:
        line = f"Playbook: *{playbook.ref}* {plain(shorten(playbook.title, 200))}"
        blocks.append(section(line, vote_menu(playbook.ballot)))
    return Message(f"Looks like {level.severity} {level.title}: {level.meaning}", tuple(blocks))


def _answer_actions(report_id: int, level: Level, levels: Mapping[Severity, Level], open_ref: str | None) -> Block:
    value = str(report_id)
    style = None if open_ref else "danger" if level.severity.rank < 2 else "primary"
    elements = [
        *([button(f"Part of {open_ref}", "report_part_of", f"{value}:{open_ref}", "primary")] if open_ref else []),
        button(f"Declare {level.severity}", "report_declare", value, style),
        select("Other severity", "report_declare_as", severity_options(levels, f":{value}")),
        button("Not an incident", "report_dismiss", value),
    ]
    return actions("report_actions", *elements)


def answered(judgement: Judgement, level: Level, outcome: str, similar: Sequence[Suggestion] = ()) -> Message:
    """The same reply once somebody decided: the buttons are gone, the outcome is said, suggestions can be voted on."""
    words = ", ".join(f"“{plain(shorten(item.text, 80))}”" for item in judgement.evidence[:4])
    line = f"Judged *{level.severity} {level.title}*" + (f" because of {words}" if words else "") + "."
    asked = [
        section(f"Like *{item.ref}* {plain(shorten(item.title, 200))}", vote_menu(item.ballot)) for item in similar[:3]
    ]
    return Message(outcome, (section(outcome), context(line), *asked))


def _similar_line(item: Suggestion) -> str:
    """At most 2,500 characters, so that three of them and all the rest stay within what a message may hold."""
    title, words = plain(shorten(item.title, 200)), plain(shorten(", ".join(item.words), 200))
    if item.kind == "guide":
        return fit(f"Guide *{item.ref}* {title}\n_Shared words: {words}_", 2500)
    lines = [f"Like *{item.ref}* {title}" + (f" (took {item.took})" if item.took else "")]
    if item.cause:
        lines.append(f"*Cause:* {plain(shorten(item.cause, _GIST))}")
    if item.fix:
        lines.append(f"*Fix:* {plain(shorten(item.fix, _GIST))}")
    lines.append(f"_Shared words: {words}_")
    return fit("\n".join(lines), 2500)


def announcement(text: str, at: datetime, now: datetime) -> Message:
    """One line in the incident's channel about what happened; says when it is told late, and where the rest of it is.

    `text` is markup. What is pasted as an impact or a note may be longer than a screen: the room gets its beginning.
    """
    late = now - at
    told = unturned(text)
    if len(told) > _LONGEST_ANNOUNCEMENT:
        told = f"{fit(told, _LONGEST_ANNOUNCEMENT)} _(The rest is on the timeline.)_"
    if late > timedelta(minutes=5):
        told = f"{told} _(told {span(late)} later)_"
    return Message(told, (section(told),))


def review_ready(incident: Incident, link: str | None, lines: Sequence[str], due_at: datetime | None) -> Message:
    """The draft of the review, announced with its main facts; `due_at` None where nobody waits for it."""
    until = f"Due {instant(due_at)}." if due_at else "Nobody waits for it, as it was a false alarm."
    title = f"Review draft of *{incident.ref}* is ready. {until}"
    body = "\n".join(f"• {escape(shorten(line, 250))}" for line in lines[:12])
    blocks = [section(title), section(body or "Nothing was recorded.")]
    if link:
        blocks.append(section(f"<{link}|Read the draft>"))
    return Message(f"Review draft of {incident.ref} is ready", tuple(blocks))
