"""What a person reads back from a command: short, plain, severity first. Facts in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.incidents.messages import headline, marked_text
from bot.incidents.rules.incident import Incident, reopened_words
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages.access import ASKED_BELOW
from bot.lifecycle.rules.outcomes import Workplace
from bot.severity.rules import Judgement, Level, Severity
from bot.slack.blocks import actions, button, context, section
from bot.slack.client import Message
from bot.slack.refusals import Refusal
from bot.slack.text import person, plain, shorten
from bot.text.durations import between, span
from bot.text.markup import escape, instant

NOT_UNDERSTOOD = (
    "Here, Tocsin understands `ack` or `on it`, which acknowledge a page. "
    "For everything else, type `/incident help`; reports go in the incident channel."
)
NO_TITLE = "The step's “Title” says nothing. Fill in what is broken, in a line."
NOBODY_DECLARES = "Nobody is named who declares it. Fill in the step's “Declared by”."
NOTHING_WAITS = "No page is waiting for your answer."


def declared(row: IncidentRow, given: bool, judged: Judgement, where: str) -> str:
    """What was declared, and why at this severity."""
    if given:
        said = f"*{row.severity}* · {row.ref} declared, with the severity you gave.\nChannel: {where}"
        return marked_text(said, row.ref)
    if judged.severity is None:
        why = "a first guess, because the text doesn't say how bad it is; change it with `/incident severity P1`"
    else:
        why = plain(judged.row).rstrip(".")
    return marked_text(f"*{row.severity}* · {row.ref} declared: {why}.\nChannel: {where}", row.ref)


def step_outputs(incident: Incident) -> dict[str, str]:
    """What a workflow is handed. There is no channel while Slack refuses to make one."""
    channel = {"channel": incident.channel_id} if incident.channel_id else {}
    return {"incident": incident.ref, "severity": incident.severity.value, **channel}


def not_a_severity(typed: str) -> str:
    return (
        f"{typed} isn't a severity. Use P0–P3, as in "
        "`/incident declare P1 checkout is down`. Without one, Tocsin judges from the text."
    )


def joined(ref: str, channel_id: str | None) -> str:
    """What was to be declared is a note of an open incident."""
    where = f" Its channel: <#{channel_id}>" if channel_id else ""
    return f"Added to {ref} as a note.{where}"


NOT_DECLARED = "Nothing was declared."


def where(place: Workplace) -> str:
    """Its channel; nobody is promised one while Slack refuses to create channels."""
    if place.channel_id:
        return f"<#{place.channel_id}>"
    if place.asked:
        return f"private for now. {ASKED_BELOW}"
    if place.refused is None:
        return f"#{place.channel_name}. Tocsin creates it now and invites you."
    reason = Refusal("conversations.create", place.refused).reason
    thread = f" Work on it in its thread in <#{place.announced_in}>." if place.announced_in else ""
    return f"none yet, as {reason}.{thread} Tocsin tries again every minute."


def status(row: IncidentRow, now: datetime) -> str:
    until = row.resolved_at or now
    lines = [f"*{row.severity}* · {row.ref} · {plain(shorten(row.title, 200))}"]
    took = f"{'took' if row.resolved_at else 'open for'} {between(row.declared_at, until)}"
    lines.append(f"{row.status}, {took}{reopened_words(row.episode - 1)}")
    lines.append(f"Commander: {person(row.commander)}. {_acknowledged(row)}")
    if row.channel_id:
        lines.append(f"Channel: <#{row.channel_id}>")
    return "\n".join(lines)


def title(row: IncidentRow) -> str:
    return f"{row.ref} is called “{escape(row.title)}”. Give it another title with `/incident rename …`."


def fact(ref: str, name: str, known: str | None, example: str) -> str:
    """`name` is impact or cause; `example` what to type where it is not known yet."""
    recorded = escape(known) if known else f"not recorded. Type `/incident {name} {example}`."
    return f"{name.capitalize()} of {ref}: {recorded}"


def fact_recorded(ref: str, name: str) -> str:
    return f"{name.capitalize()} of {ref} recorded."


def fact_said(name: str, by: str, said: str) -> str:
    """What the channel reads of it."""
    return f"{name.capitalize()} recorded by {person(by)}: {escape(said)}"


CLOSE_AGAIN = "Type `/incident close`: its form did not open."


def _acknowledged(row: IncidentRow) -> str:
    if row.acknowledged_at:
        return f"Acknowledged: by {person(row.acknowledged_by)} {instant(row.acknowledged_at)}."
    return "It was over before anybody acknowledged." if row.resolved_at else "Acknowledged: not yet."


def severity(row: IncidentRow, levels: Mapping[Severity, Level]) -> str:
    lines = [f"{row.ref} is *{row.severity}*. Change it with `/incident severity P1`:"]
    lines += [
        f"{level.severity} {plain(level.title)}: {plain(level.meaning)}, respond within {span(level.respond_within)}"
        for level in levels.values()
    ]
    return "\n".join(lines)


# To a direct message


def which(refs: Sequence[str]) -> str:
    """Several incidents may be meant."""
    return f"Several pages are waiting for your answer: {', '.join(refs)}. Type for example `ack {refs[0]}`."


def not_paged(ref: str) -> str:
    return f"No page about {ref} is waiting for your answer."


def reopen_question(incident: Incident, approved: bool, pages: bool, why: str = "") -> Message:
    """Asked before a closed incident is reopened: what that does. `why` was typed.

    `pages`: on-call is paged, as whoever asks does not command it.
    """
    closed = f" It was closed {instant(incident.closed_at)}." if incident.closed_at else ""
    review = " Its review is approved; that version stays, and closing again drafts a further one." if approved else ""
    paged = "On-call is paged again, as for a new incident." if pages else "You command it, so it is yours again."
    text = f"*Reopen {incident.ref}?* {headline(incident)}\n{paged}{closed}{review}"
    pressed = button("Reopen", "reopen_closed", f"{incident.incident_id}:{why}", "danger")
    return Message(text, (section(text), actions("reopen", pressed), context("Nothing has been changed yet.")))
