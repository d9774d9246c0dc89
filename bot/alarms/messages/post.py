"""The message that begins an alarm's thread, the list of a storm, and the end of an incident's alarms. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from bot.alarms.rules.alarm import State
from bot.alarms.rules.verdicts import Verdicts
from bot.alarms.tables import AlarmRow, AlarmThreadRow
from bot.slack.blocks import actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import bold, plain, shorten
from bot.text.links import web_address
from bot.text.markup import escape, instant

SECURITY = "A security alarm came in. The security on-call has it."
PRIVATE = "An alarm came in. It is worked on in private."
BY_POLICY = "A rule of alarms.yaml says so"
_LISTED = 10  # names of a storm, or of an owner's alarms
_LONGEST = 300  # characters of what an alarm says, in its message
_NO_CONSOLE = ("us-gov-", "cn-")  # partitions whose console has another address


@dataclass(frozen=True, slots=True)
class Shown:
    """An alarm as its thread begins. `severity` as judged or decided, "" where neither is sure.

    `private`: the incident that it is about is a security incident.
    """

    alarm: AlarmRow
    thread: AlarmThreadRow
    severity: str = ""
    verdicts: Verdicts = field(default_factory=Verdicts)
    private: bool = False


def post(shown: Shown) -> Message:
    """How the alarm stands, the worst first: severity and name, what it says, where, how often."""
    alarm, thread = shown.alarm, shown.thread
    if alarm.security:
        return Message(SECURITY, (section(SECURITY),))
    if shown.private:
        return Message(PRIVATE, (section(PRIVATE),))
    name, severity = shorten(alarm.name, 200), f"{shown.severity} · " if shown.severity else ""
    stands = _stands(alarm, thread)
    head = f"*{shown.severity}* · {bold(name)} {stands}" if severity else f"{bold(name)} {stands}"
    said = [plain(shorten(text, _LONGEST)) for text in (alarm.summary, _measured(alarm)) if text]
    blocks = [section("\n".join([head, *said])), context(_where(alarm))]
    often = [_often(thread)] * (thread.firings > 1) + [shown.verdicts.sentence] * bool(shown.verdicts.sentence)
    blocks += [context(" ".join(often))] if often else []
    return Message(f"{severity}{plain(name)} {stands}", tuple(blocks))


def _stands(alarm: AlarmRow, thread: AlarmThreadRow) -> str:
    if thread.recovered_at is not None:
        return f"is OK again since {instant(thread.recovered_at)}"
    if alarm.state == State.NO_DATA:
        return "has no data"
    return "was reported" if alarm.state == State.EVENT else "is firing"


def _measured(alarm: AlarmRow) -> str:
    """CloudWatch's sentence about the threshold says what the metric says, at greater length."""
    return alarm.metric or alarm.reason


def _where(alarm: AlarmRow) -> str:
    named = [f"{one['kind']} {one['name']}" for one in alarm.resources[:4]]
    account = [f"account {alarm.account}"] if alarm.account else []
    parts = [alarm.source, *named, *account, *([alarm.region] if alarm.region else [])]
    link = web_address(alarm.link) or _console(alarm)
    return " · ".join([plain(shorten(part, 120)) for part in parts] + ([f"<{link}|Open>"] if link else []))


def _console(alarm: AlarmRow) -> str | None:
    """Where CloudWatch's console shows it."""
    if alarm.source != "CloudWatch" or not alarm.region or alarm.region.startswith(_NO_CONSOLE):
        return None
    if not all(part.isalnum() for part in alarm.region.split("-")):
        return None
    host = f"https://{alarm.region}.console.aws.amazon.com/cloudwatch/home"
    return web_address(f"{host}?region={alarm.region}#alarmsV2:alarm/{quote(alarm.name, safe='')}")


def _often(thread: AlarmThreadRow) -> str:
    return f"Fired {thread.firings:,} times, the last {instant(thread.last_at)}."


def words(alarm: AlarmRow) -> str:
    """What its report says, in markup: the first line is the title of the incident that is declared of it."""
    # As `bot.diagnostics.rules.dimensions` reads it, so that what is named can be diagnosed.
    where = [f"{one['kind']} {one['name']}" for one in alarm.resources]
    where += [f"account {alarm.account}"] * bool(alarm.account) + [f"region {alarm.region}"] * bool(alarm.region)
    named = "; ".join(where)
    service = f"Service: {alarm.service}" if alarm.service else ""
    first = f"{alarm.name}: {alarm.summary}" if alarm.summary else alarm.name
    return escape("\n".join(part for part in (first, alarm.metric, alarm.reason, named, service) if part))


def storm(alarms: Sequence[tuple[AlarmRow, AlarmThreadRow]], began_at: datetime) -> Message:
    """One message for many alarms: how many, how many still fire, and their names, the most frequent first.

    Of alarms that are all worked on in private, none are given.
    """
    if not alarms:
        return Message(PRIVATE, (section(PRIVATE),))
    firing = sum(thread.recovered_at is None for _, thread in alarms)
    head = f"*Alarm storm:* {_alarms(len(alarms))} since {instant(began_at)}, {_firing(firing, len(alarms))}."
    names = Counter(shorten(alarm.name, 120) for alarm, _ in alarms).most_common()
    lines = [f"• {plain(name)}" + (f" ({count:,} alarms)" if count > 1 else "") for name, count in names[:_LISTED]]
    rest = len(names) - _LISTED
    lines += [f"… and {rest:,} more names. `tocsin alarms list` shows all."] if rest > 0 else []
    return Message(f"Alarm storm: {_alarms(len(alarms))}", (section(head), section("\n".join(lines))))


def storm_words(alarms: Sequence[tuple[AlarmRow, AlarmThreadRow]]) -> str:
    """What the report of a storm says, in markup."""
    names = Counter(shorten(alarm.name, 60) for alarm, _ in alarms).most_common(3)
    said = dict.fromkeys(alarm.summary for alarm, _ in alarms if alarm.summary)
    first = f"Alarm storm: {_alarms(len(alarms))}, such as {', '.join(name for name, _ in names)}"
    return escape("\n".join([first, *(shorten(one, _LONGEST) for one in list(said)[:5])]))


def ended(incident_id: int, alarms: Sequence[tuple[AlarmRow, AlarmThreadRow]], worked_on: bool) -> Message:
    """How the alarms of an incident stand; where all are over, that it can be resolved."""
    still = [alarm for alarm, thread in alarms if thread.recovered_at is None]
    if still:
        names = ", ".join(plain(shorten(alarm.name, 80)) for alarm in still[:5])
        more = f" and {len(still) - 5} more" if len(still) > 5 else ""
        text = f"Firing again or still: {names}{more} ({len(still)} of {_alarms(len(alarms))})."
        return Message(text, (section(text),))
    only = f"The alarm {bold(shorten(alarms[0][0].name, 120))} is"
    over = f"{only if len(alarms) == 1 else f'All {len(alarms)} alarms are'} OK again."
    if not worked_on:
        return Message(over, (section(over),))
    text = f"{over} If nothing else is wrong, resolve the incident; Tocsin never does so by itself."
    resolve = button("Resolve", "incident_resolve", str(incident_id), "primary")
    return Message(text, (section(text), actions("alarms_ended", resolve)))


def noisy(found: Sequence[tuple[AlarmRow, Verdicts]]) -> Message:
    """To the owner of alarms that mostly were no incident."""
    title = "These alarms of yours were mostly not incidents:"
    lines = [
        f"• {bold(shorten(alarm.name, 120))} ({plain(alarm.source)}): not an incident {verdicts.not_incident} of the"
        f" last {verdicts.decided} times"
        for alarm, verdicts in found[:_LISTED]
    ]
    lines += [f"… and {len(found) - _LISTED} more"] if len(found) > _LISTED else []
    ask = (
        "You own them, or stand in for their owner. Fix what raises them, change their thresholds, or give them a"
        " `severity`, `quiet` hours or `ignore` in alarms.yaml."
    )
    return Message(title, (section("\n".join([title, *lines])), context(ask)))


def _alarms(number: int) -> str:
    return f"{number:,} alarm{'s' if number != 1 else ''}"


def _firing(firing: int, of: int) -> str:
    if firing == of:
        return "all still firing"
    return f"{firing:,} still firing" if firing else "all OK again"
