"""Notices, their form, and the checklist after resolving. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.aws.alarm_states import Alarm, AlarmState, Reading
from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident, Status
from bot.incidents.rules.timeline import Kind
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.client import Message
from bot.slack.forms import form, text_field
from bot.slack.text import bold, person, plain, shorten
from bot.stakeholders.rules import NEXT, News, Notice
from bot.text.markup import CHANNEL_ID, escape, instant
from bot.text.wording import counted

NOTICE = "notice_view"


PREVIEW = "preview"


NEXT_FIELD = "next_update"


# The fields of a notice's form: their labels, and the kinds of notice that have them.
NOTICE_FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "news": ("What is new?", ("update",)),
    "impact": ("Impact", ("update", "resolved")),
    "cause": ("Root cause", ("resolved",)),
    "resolution": ("Resolution", ("resolved",)),
    "next_steps": ("Next steps", ("update", "resolved")),
    NEXT_FIELD: ("Next update", ("update",)),
}


_CHANGED = "The incident changed since you opened this form. Check the notice below, and press Send again."


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked up for a point of the checklist: in Slack's markup, when, and whether one can look again."""

    point: str
    text: str
    at: datetime | None
    again: bool


def checklist(
    incident: Incident,
    episode: int,
    items: Mapping[str, str],
    done: Mapping[str, tuple[str, datetime]],
    by: datetime,
    found: Found | None = None,
    resolved: str = "",
    told: bool = False,
) -> Message:
    """That it is `resolved`, by whom and how, and what is to be true now: one point a line, each with its tick.

    `done` is who ticked it, by name (empty where it is not known), and when. `told`: the notice of the end was sent.
    Once the incident is closed there is nothing more to press.
    """
    over = incident.status is Status.CLOSED
    left = len(items) - len(done.keys() & items.keys())
    due = f"{left} left unchecked" if over else f"{left} to check by {instant(by)}"
    title = f"*After resolving {incident.ref}*: " + (due if left else "all checked")
    words, style = ("Send another RESOLVED notice", None) if told else ("Write the RESOLVED notice", "primary")
    blocks: list[Block] = [section(f"{resolved}\n{title}" if resolved else title)]
    for name, text in items.items():
        value = f"{incident.incident_id}:{episode}:{name}"
        if name in done:
            who, at = done[name]
            line = f":white_check_mark: {plain(text)}\n_{f'{plain(who)}, ' if who else ''}{instant(at)}_"
            blocks.append(section(line, None if over else button("Undo", "check_untick", value)))
        else:
            tick = None if over else button("Done", "check_tick", value)
            blocks.append(section(f":white_large_square: {plain(text)}", tick))
        if found is not None and found.point == name:
            shown = replace(found, again=False) if over else found
            blocks.append(_found(shown, f"{incident.incident_id}:{episode}"))
    if not over:
        tell = button(words, "notice_form", f"resolved:{incident.incident_id}", style)
        blocks.append(actions("checklist_actions", tell))
        blocks.append(context("`/incident close` asks for cause and resolution and drafts the review."))
    summary = f"After resolving {incident.ref}: {left} {'left unchecked' if over else 'to check'}"
    return Message(f"{resolved} {summary}" if resolved else summary, tuple(blocks))


def _found(found: Found, value: str) -> Block:
    seen = f"\n_Checked {instant(found.at)}_" if found.at else ""
    again = button("Check again", "alarms_look", value) if found.again else None
    return section(f"{found.text}{seen}", again)


def notice(sent: Notice, by: str, at: datetime) -> Message:
    """A notice in the stakeholder channel."""
    lines = "\n".join(f"{bold(name + ':')} {plain(shorten(words, 900))}" for name, words in sent.lines)
    if sent.next_at is not None:
        lines += f"\n{promised(sent.next_at)}"
    return Message(
        plain(sent.subject),
        (section(bold(sent.subject)), section(lines), context(f"{person(by)} {instant(at)}")),
    )


def promised(at: datetime) -> str:
    """The line of a notice that promises the next one, in each reader's own time."""
    return f"{bold(NEXT + ':')} by {instant(at)}"


def reached(channel_id: str, mails: int) -> str:
    """Completes "Stakeholders were notified …"."""
    return f"in <#{channel_id}>" + (f"; {counted(mails, 'mail')} on the way" if mails else "")


def news(latest: News) -> Message:
    """In the incident's channel: what stakeholders were told last, and that they wait for more."""
    lines = [f":hourglass: {latest.waits}"] if latest.waits else []
    if latest.at is not None:  # said, as the message may have been posted earlier, as a reminder
        what = " that it is resolved" if latest.over else f", update {latest.times}" if latest.times > 1 else ""
        lines.append(f"Stakeholders were notified {latest.where}{what}: {instant(latest.at)}.")
    if latest.next_at is not None and not latest.waits:
        lines.append(f"Next update promised by {instant(latest.next_at)}.")
    text = "\n".join(lines)
    return Message(text, (section(text),))


def notice_form(
    incident: Incident,
    opened: Mapping[str, Any],
    preview: Notice,
    words: Mapping[str, str],
    where: str,
    mails: int,
    unread: str = "",
) -> dict[str, Any]:
    """The notice as it would go out now, its words to be changed, and where it goes; nothing is sent before Send.

    `opened` comes back with the form: "kind" names its fields, "changed" says that Send was pressed on facts of before.
    `words` are what the fields hold at first, whatever the preview says by now. `unread` says why the time of the next
    update was not understood.
    """
    kind = opened["kind"]
    shown = "\n".join(f"{bold(name + ':')} {plain(shorten(text, 300))}" for name, text in preview.lines)
    if preview.next_at is not None:
        shown += f"\n{promised(preview.next_at)}"
    elif unread:
        shown += f"\n:warning: {bold(NEXT + ':')} {unread}"
    fields = [
        text_field(
            name,
            label,
            multiline=name != NEXT_FIELD,
            optional=name != "news",
            initial=words.get(name),
            watched=True,
            placeholder="30 min, 15:30 or none" if name == NEXT_FIELD else "",
        )
        for name, (label, kinds) in NOTICE_FIELDS.items()
        if kind in kinds
    ]
    goes = f"Goes to {where}" + (f" and {counted(mails, 'mail address', 'mail addresses')}." if mails else ".")
    private = " This is a security incident: its title is left out; check every word." if incident.private else ""
    head = section(f"{bold(preview.subject)}\n{shown}") | {"block_id": PREVIEW}
    changed = section(f":warning: {bold('Nothing was sent yet.')} {_CHANGED}") | {"block_id": "changed"}
    first = [changed] if opened.get("changed") else []
    blocks = [*first, head, context(goes + private) | {"block_id": "goes"}, *fields]
    return form(NOTICE, "Notify stakeholders", "Send", json.dumps(dict(opened)), blocks)


# Notices and forms that are no longer right

ENDED = {
    Kind.RESOLVED: "resolved",
    Kind.CLOSED: "closed",
    Kind.FALSE_ALARM: "closed as a false alarm",
    Kind.MERGED: "merged into another",
}
FORM_NOT_OPENED = "Type `/incident update …` again: its form did not open."
OPEN_FITTING = "`/incident update` opens the notice that fits."
NOT_SENT = "Nothing was sent."
NO_CHANNEL = "no channel, as contacts.yaml names none"  # completes "Goes to …"


def no_longer_so(ref: str, status: str, then: str) -> str:
    return f"{ref} is {status}. {then}"


def changed_since(ref: str, change: Kind, at: datetime, name: str, then: str) -> str:
    """A form's errors are plain text, in which a mention would stand as an id: `name` is a name, or empty."""
    by = f" by @{name}" if name else ""
    return f"{ref} was {ENDED.get(change, 'reopened')} at {at.astimezone(UTC):%H:%M} UTC{by}. {then}"


# What the timeline says


def notice_written(by: str) -> str:
    return f"{person(by)} wrote an update for stakeholders."


def post_notice(channel: str) -> str:
    """Completes "Tocsin couldn't …"."""
    return f"post the stakeholder update in {channel}"


SEND_AGAIN = "Stakeholders were not notified. Fix this, then send it again: `/incident update …`"


def not_mailed(address: str, reason: str) -> str:
    return f"Tocsin couldn't mail the stakeholder update to {escape(address)}: {escape(reason)}"


def channel_shown(name: str) -> str:
    """A channel of contacts.yaml, by name or id, in Slack's markup."""
    return f"<#{name}>" if CHANNEL_ID.fullmatch(name) else f"#{name.lstrip('#')}"


def notified(where: str, lines: Sequence[tuple[str, str]]) -> str:
    return f"Notified stakeholders {where}: {escape('; '.join(f'{name}: {words}' for name, words in lines))}"


_TYPE_IT = " `/incident update …`"


def update_due(since: str, notified_before: bool) -> str:
    """`since` is how long stakeholders have had no news."""
    last = "last one" if notified_before else "none since it was declared"
    return f"Stakeholder update overdue: {last} {since} ago.{_TYPE_IT}"


def promise_due(at: datetime) -> str:
    return f"The next stakeholder update was promised by {instant(at)}: `/incident update …`"


def remind_of_promise(incident: Incident, at: datetime) -> Message:
    """To whoever promised an update, once it is due: with the button to its form."""
    return _ask_to_write(incident, f"Stakeholders of {incident.ref} were promised an update by {instant(at)}.")


def _ask_to_write(incident: Incident, text: str) -> Message:
    write = button("Write the update", "notice_form", f"update:{incident.incident_id}", "primary")
    return Message(text, (section(f":hourglass: {headline(incident)}\n{text}"), actions("promise_actions", write)))


def overdue(incident: Incident, text: str) -> Message:
    """To whoever writes to stakeholders: `text`, which `update_due` made, with the button to the form."""
    return _ask_to_write(incident, text)


def no_longer_overdue(incident: Incident, text: str, sent_at: datetime | None) -> Message:
    """The same, once an update was sent; `sent_at` None: the incident is over."""
    done, before = _no_update_due(incident, sent_at), text.removesuffix(_TYPE_IT)
    return Message(f"{done} {before}", (section(f"{headline(incident)}\n~{before}~ {done}"),))


def promise_kept(incident: Incident, at: datetime, sent_at: datetime | None) -> Message:
    """The same, once a newer update was sent; `sent_at` None: the incident is over."""
    done = _no_update_due(incident, sent_at)
    text = f"Stakeholders of {incident.ref} were promised an update by {instant(at)}. {done}"
    return Message(text, (section(f"{headline(incident)}\n{text}"),))


def _no_update_due(incident: Incident, sent_at: datetime | None) -> str:
    return f"An update was sent {instant(sent_at)}." if sent_at else f"{incident.ref} is over. No update is due."


def checked(by: str, item: str, done: bool) -> str:
    return f"Checked by {person(by)}: {escape(item)}" if done else f"Unchecked by {person(by)}: {escape(item)}"


_WITH_NOTICE = ", with the notice that it is over."


def checked_by_notice(by: str) -> str:
    return f"Checked by {person(by)}{_WITH_NOTICE}"


def is_checked_by_notice(text: str) -> bool:
    """Whether an entry only repeats that the notice of the end was sent."""
    return text.endswith(_WITH_NOTICE)


NOT_ON_CHECKLIST = "This is no longer on the checklist."
EARLIER_CHECKLIST = "This checklist is from an earlier resolution; the incident was reopened since."


# CloudWatch alarms, for the checklist

CHECKING = "Checking alarms. The checklist updates in a moment."
NOT_CHECKED_YET = "Checking CloudWatch alarms …"
NO_CLOUDWATCH = "CloudWatch is no longer configured here: AWS_REGION is not set."

NO_ALARMS_TO_CHECK = "No CloudWatch alarms are configured in notices.yaml or mentioned in this incident."
_ALARMS_NAMED = 5  # the rest is counted
_LONGEST_REASON = 300  # characters


def alarm_states(expected: frozenset[str], read: Reading) -> str:
    """`2 of 3 CloudWatch alarms are OK; checkout-5xx is in ALARM since …`, in Slack's markup.

    `expected` are names of the policy: where one does not exist, that is said.
    """
    found = read.alarms
    missing = sorted(expected - {alarm.name for alarm in found})
    wrong = sorted((alarm for alarm in found if alarm.state != AlarmState.OK), key=lambda alarm: alarm.state)
    named = [_alarm_state(alarm) for alarm in wrong] + [f"{escape(name)} does not exist" for name in missing]
    if len(named) > _ALARMS_NAMED:
        named = [*named[:_ALARMS_NAMED], f"and {len(named) - _ALARMS_NAMED} more"]
    if not found and not missing:
        return NO_ALARMS_TO_CHECK
    head = _states(len(found) - len(wrong), len(found), read.complete)
    unread = [] if read.complete else ["more alarms were not checked"]
    return "; ".join([head, *named, *unread]) + "."


def _states(fine: int, total: int, complete: bool) -> str:
    if total == 0:
        return "No CloudWatch alarm was found"
    if not complete:
        return f"{'At least' if fine == total else f'{fine} of at least'} {total} CloudWatch alarms are OK"
    if fine == total:
        return "The CloudWatch alarm is OK" if total == 1 else f"All {total} CloudWatch alarms are OK"
    return f"{fine} of {counted(total, 'CloudWatch alarm is', 'CloudWatch alarms are')} OK"


def _alarm_state(alarm: Alarm) -> str:
    state = "is in ALARM" if alarm.state is AlarmState.ALARM else "has no data"
    return f"{escape(alarm.name)} {state} since {instant(alarm.since)}"


def alarms_unread(reason: str) -> str:
    """CloudWatch could not be asked, and why; looking by hand is then the way."""
    return f"CloudWatch couldn't be reached ({escape(reason[:_LONGEST_REASON])}). Check the metrics yourself."
