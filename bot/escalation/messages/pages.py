"""Pings as Slack shows them: the direct message, its copy in the incident's channel, and what becomes of both. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bot.escalation.rules.matrix import LADDER, EscalationPolicy, Role
from bot.escalation.rules.ping_facts import PingFacts, Silence
from bot.escalation.rules.plan import PingKind
from bot.incidents.messages import drill_mark, headline, marked_text
from bot.incidents.rules.incident import Incident
from bot.severity.rules import Severity
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import fit, person, plain, shorten
from bot.text.durations import span
from bot.text.markup import escape, instant
from bot.text.wording import counted, ordinal

_LISTED = 40  # incidents in one digest; Slack allows 50 blocks and about 13,000 characters
_DRILL = ":dart: An exercise, nothing is broken. Answer as if it were real."
_AT_ONCE = timedelta(minutes=1)  # due so soon after the declaration


def page(ping: PingFacts, now: datetime, instead: str = "", reader: str = "") -> Message:
    """The ping: what, since when, why you, what is expected, what stops this, who else than its reader was paged.

    `now` is when it is sent: it stays as it is for as long as nobody answers.
    """
    incident = ping.incident
    lines = [headline(incident), *(_again_lines if _repeated(ping, now) else _first_lines)(ping, now, instead, reader)]
    if again := _again(ping, now):
        lines.append(f"*Next page:* {again}")
    if silent := "; ".join(_hears_nothing(one) for one in ping.silent):
        lines.append(f"*No answer:* {silent}.")
    named = {user_id for one in ping.silent for user_id in one.user_ids}
    if others := _others(ping, reader, named):
        lines.append(f"*Also paged:* {others}")
    if ping.is_late(now):
        lines.append(f"_This was due {instant(ping.due_at)} and is {span(now - ping.due_at)} late._")
    nth = f" for the {ordinal(ping.times)} time" if ping.times > 1 else ""
    title = plain(shorten(incident.title, 150))
    text = f"{incident.severity} {incident.ref} {title}: you are paged as {ping.role}{nth}"
    if incident.drill:
        lines.insert(1, _DRILL)
    return Message(f"{incident.drill_prefix}{text}", (section("\n".join(lines)), _buttons(ping)))


def _first_lines(ping: PingFacts, now: datetime, instead: str, reader: str) -> list[str]:
    return [
        _stands(ping.incident),
        f"*Impact:* {_impact(ping.incident) or 'not recorded yet'}",
        f"*Why you:* {_why(ping)}" + (f" {instead}" if instead else ""),
        f"*Expected:* {_expected(ping, now)}",
        f"*Stops this:* {_stops(ping)}",
    ]


def _again_lines(ping: PingFacts, now: datetime, instead: str, reader: str) -> list[str]:
    """Short: it is said in the thread of the first one, where the mention makes it sound, too."""
    called = f"{person(reader)} " if reader else ""
    impact = _impact(ping.incident)
    return [
        f"{called}*{_repeated(ping, now)}.* You are the {ping.role}." + (f" {instead}" if instead else ""),
        _stands(ping.incident),
        *([f"*Impact:* {impact}"] if impact else []),
        f"*Expected:* {_expected(ping, now)}",
    ]


def _stands(incident: Incident) -> str:
    return f"Declared {instant(incident.declared_at)}, {incident.status}{incident.again}. Channel: {_channel(incident)}"


def _impact(incident: Incident) -> str:
    return plain(shorten(incident.impact, 300)) if incident.impact else ""


def mention(ping: PingFacts, said: str, outcome: str = "", sent_at: datetime | None = None) -> Message:
    """The same ping as one line in the incident's channel; once it is answered, with the outcome for the buttons.

    Of a repeat, with how many there were until this one went out at `sent_at`.
    """
    if sent_at is not None and (count := _repeated(ping, sent_at)):
        said = f"{said} {count}."
    said = marked_text(said, ping.incident.ref)
    if outcome:
        return Message(said, (section(said), context(outcome)))
    if sent_at is not None and (again := _again(ping, sent_at)):
        said = f"{said} Next page: {again}"
    return Message(said, (section(said), _buttons(ping)))


def outcome(incident: Incident) -> str:
    """What answered a page or made it needless; empty while it waits."""
    if incident.resolved_at and (incident.false_alarm or incident.merged_into):
        return f"{incident.stands.capitalize()} {instant(incident.resolved_at)}. No action needed."
    if incident.resolved_at:
        return f"Resolved {instant(incident.resolved_at)}. No action needed."
    if incident.acknowledged_at:
        return f"Acknowledged by {person(incident.acknowledged_by)} {instant(incident.acknowledged_at)}."
    return ""


def page_over(ping: PingFacts, outcome: str) -> Message:
    """The ping after it was answered or its reason fell away."""
    told = f"You were paged as {ping.role}. {_channel(ping.incident)}"
    return Message(outcome, (section(f"{headline(ping.incident)}\n{outcome}"), context(told)))


def _buttons(ping: PingFacts) -> Block:
    elements = [
        *([] if ping.incident.acknowledged_at else [button("Acknowledge", "page_acknowledge", ping.value, "primary")]),
        button("Take over", "page_take_over", ping.value),
        button("Why me", "page_why", ping.value),
    ]
    return actions("page_actions", *elements)


def _channel(incident: Incident) -> str:
    if incident.channel_id:
        return f"<#{incident.channel_id}>"
    if incident.channel_trouble:
        thread = "" if incident.private else "; see its thread in the announcement channel"
        return f"no channel yet{thread}"
    return f"#{incident.channel_name}, opening now"


def _repeated(ping: PingFacts, at: datetime) -> str:
    """Which page of its rung this is, and how long they have been unanswered; empty for the first."""
    if ping.times == 1 or ping.first_at is None:
        return ""
    return f"This is page {ping.times}; no one has answered for {span(at - ping.first_at)}"


def _again(ping: PingFacts, at: datetime) -> str:
    """When it comes again, for a page sent `at`; empty where it does not."""
    if ping.next_at is None or ping.next_at <= at or ping.incident.acknowledged_at:
        return ""
    return f"{instant(ping.next_at)}, unless someone acknowledges before."


def _hears_nothing(silence: Silence) -> str:
    """`@primary (2 pages since 02:10)`"""
    who = " and ".join(person(user_id) for user_id in silence.user_ids)
    return f"{who} ({counted(silence.pages, 'page')} since {instant(silence.since)})"


def _others(ping: PingFacts, reader: str, named: Collection[str] = ()) -> str:
    return ", ".join(person(user_id) for user_id in ping.others if user_id != reader and user_id not in named)


def _why(ping: PingFacts) -> str:
    match ping.kind:
        case PingKind.MANUAL:
            said = f": {escape(shorten(ping.note, 300))}" if ping.note else "."
            return f"{person(ping.asked_by)} paged the {ping.role}{said}"
        case PingKind.REPEAT:
            return f"you are the {ping.role} and no one has acknowledged yet."
        case PingKind.SECONDARY:
            return f"you are the {ping.role}: {ping.rule}."
        case _ if ping.rule.startswith("no answer") or ping.rule.endswith("reached no one"):
            return f"you are the {ping.role}, paged early: {ping.rule}."
        case _:
            return f"you are the {ping.role}; the escalation matrix says {ping.rule} for {ping.severity}."


def _expected(ping: PingFacts, now: datetime) -> str:
    if ping.incident.acknowledged_at:
        return f"{person(ping.incident.acknowledged_by)} is on it. Check whether they need help."
    if ping.role in (Role.ON_CALL, Role.SECONDARY):
        if ping.respond_by and ping.respond_by < now:
            return f"overdue since {instant(ping.respond_by)}: acknowledge, then investigate."
        by = f" by {instant(ping.respond_by)}" if ping.respond_by else ""
        return f"acknowledge{by}, then investigate."
    return "no one has acknowledged. Make sure somebody is on it, or take over."


def _stops(ping: PingFacts) -> str:
    if ping.role in (Role.ON_CALL, Role.SECONDARY):
        return "acknowledging stops the pages to on-call; resolving stops all of them."
    return "this page is sent once; resolving stops all that are still to come."


def why_me(ping: PingFacts, policy: EscalationPolicy, sent_at: datetime | None, holds: str, reader: str = "") -> str:
    """The private answer to "Why me": the matrix, when it was due, who else was paged.

    `holds` says how they got the role.
    """
    severity = Severity(ping.severity)
    cells = [
        f"*{role}: {policy.matrix[role][severity].text}*"
        if role == ping.role
        else f"{role}: {policy.matrix[role][severity].text}"
        for role in LADDER
    ]
    lines = [
        f"*Why you:* {_why(ping)}",
        holds,
        f"*The matrix for {severity}:* {' · '.join(cells)}.",
        f"*Due* {instant(ping.due_at)}, {_counted(ping)}." + _sent(ping, sent_at),
    ]
    if ping.note and ping.kind != PingKind.MANUAL:
        lines.append(ping.note)
    told = _others(ping, reader)
    lines.append(f"*Also paged:* {told}" if told else "No one else has been paged yet.")
    return fit("\n".join(lines), 3000)


def _counted(ping: PingFacts) -> str:
    after = ping.due_at - ping.incident.declared_at
    return f"{span(after)} after it was declared" if after > _AT_ONCE else "when it was declared"


def _sent(ping: PingFacts, sent_at: datetime | None) -> str:
    if sent_at is None or not ping.is_late(sent_at):
        return ""
    return f" Sent {span(sent_at - ping.due_at)} late."


def ladder(incident: Incident, done: Sequence[str], to_come: Sequence[str]) -> str:
    """Pings done and to come, each line made by `done_line` or `coming_line`."""
    lines = [f"*Escalation of {incident.ref}* ({incident.severity}, {incident.status})"]
    # What is still to come is what people ask for; what was sent may be long and is cut at its end.
    lines += ["*Still due, unless it's resolved:*", *to_come] if to_come else ["Nothing more is due."]
    lines += ["*So far:*", *done] if done else ["No one has been paged yet."]
    return fit("\n".join(lines), 3000)


def done_line(ping: PingFacts, state: str, at: datetime | None, user_ids: Sequence[str], reason: str | None) -> str:
    """One ping that was sent, failed or called off. `at` is when it was sent."""
    what = f"{ping.role} ({_short(ping)})"
    match state:
        case "sent" if at is not None:
            late = f", {span(at - ping.due_at)} late" if ping.is_late(at) else ""
            return f":white_check_mark: {instant(at)} {what}: {', '.join(map(person, user_ids))}{late}"
        case "failed":
            return f":x: {instant(ping.due_at)} {what}: not sent, {escape(reason or 'reason unknown')}"
        case "cancelled":
            planned = f"It was planned for: {_short(ping)}."
            return f":heavy_minus_sign: {instant(ping.due_at)} {ping.role}: not paged, {reason}. {planned}"
        case _:
            return f":hourglass: {instant(ping.due_at)} {what}: on its way"


def coming_line(ping: PingFacts, people: str) -> str:
    """One ping that is planned. `people` are those who would get it, as things stand."""
    verb = "goes in the digest for" if ping.kind == PingKind.DIGEST else "pages"
    return f":clock1: {instant(ping.due_at)} {verb} the {ping.role} ({_short(ping)}): {people}"


def _short(ping: PingFacts) -> str:
    return f"requested by {person(ping.asked_by)}" if ping.kind == PingKind.MANUAL else ping.rule


def digest(
    role: str,
    rules: Sequence[str],
    rows: Sequence[Incident],
    now: datetime,
    was_due: datetime | None = None,
    hidden: int = 0,
) -> Message:
    """All incidents that a role's review lists, in one message; `was_due` is given where it comes late.

    `hidden`: how many more are security incidents that the reader may not see.
    """
    name = " and ".join(rules)
    count = counted(len(rows), "incident is", "incidents are")
    late = f" _This was due {instant(was_due)}._" if was_due else ""
    title = f"*{name.capitalize()} for the {role}:* {count} open.{late}"
    lines = [_digest_line(incident, now) for incident in rows[:_LISTED]]
    if len(rows) > _LISTED:
        lines.append(f"… and {len(rows) - _LISTED} more: `/incident list`.")
    if hidden:
        lines.append(f"_{counted(hidden, 'security incident')} not listed: only the people of its channel see one._")
    blocks = [section(title), *(section("\n".join(lines[at : at + 10])) for at in range(0, len(lines), 10))]
    blocks.append(context("You get this because the escalation matrix lists them for your review; nothing pages you."))
    return Message(f"{name.capitalize()} for the {role}: {count} open", tuple(blocks))


def _digest_line(incident: Incident, now: datetime) -> str:
    stands = f"{incident.status}, open for {span(now - incident.declared_at)}"
    who = f"commander {person(incident.commander)}" if incident.commander else "no one in command"
    title = plain(shorten(incident.shown_title, 120))
    return (
        f"{drill_mark(incident)}*{incident.severity}* · {incident.ref} · {title}\n{stands}, {who}. {_channel(incident)}"
    )


def by_mail(ping: PingFacts, now: datetime, where: str) -> tuple[str, str]:
    """(subject, text) of the mail that goes beside a ping. `where` names the channel in words."""
    incident = ping.incident
    title = shorten(" ".join(incident.shown_title.split()), 150)
    subject = f"{incident.drill_prefix}{incident.severity} {incident.ref} {title}"
    exercise = "This is a DRILL: nothing is broken. Answer as if it were real.\n\n" if incident.drill else ""
    late = f"\nThis was due {ping.due_at:%Y-%m-%d %H:%M} UTC and is late." if ping.is_late(now) else ""
    again = (
        f"Next page: {ping.next_at:%Y-%m-%d %H:%M} UTC, unless someone acknowledges before.\n"
        if _again(ping, now)
        else ""
    )
    # A mail leaves Slack: of a security incident it says neither what was hit nor what somebody wrote about it.
    noted = ping.kind == PingKind.MANUAL and ping.note and not incident.private
    reason = f"{ping.rule}: {ping.note}" if noted else ping.rule
    impact = "" if incident.private else f"Impact: {incident.impact or 'not recorded yet'}\n"
    text = (
        f"{exercise}You are paged as {ping.role} ({reason}).\n\n"
        f"{incident.severity} {incident.ref}: {incident.shown_title}\n"
        f"Open for {span(now - incident.declared_at)}, {incident.status}.\n"
        f"{impact}{late}\n"
        f"Acknowledge in Slack: {where}, or type /incident ack {incident.ref}\n"
        f"{again}"
    )
    return subject, text


def by_text_message(ping: PingFacts, now: datetime) -> str:
    """The text message that goes beside a ping: one line, at most 140 characters of any alphabet's first plane."""
    incident = ping.incident
    start = f"{incident.drill_prefix}{incident.severity} {incident.ref}: you are paged as {ping.role}. "
    end = f" Next page {ping.next_at:%H:%M} UTC." if _again(ping, now) else ""
    return start + shorten(" ".join(incident.shown_title.split()), max(20, 140 - len(start) - len(end))) + end
