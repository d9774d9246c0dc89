"""What is to be done about an alarm, and what a delivery means for one that is known. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from fnmatch import fnmatchcase

from bot.alarms.rules.alarm import Alarm, State
from bot.severity.rules import Severity

NO_DATA_FIRES, NO_DATA_IGNORED = "alarm", "ignore"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` until `ends`, which may be on the next day: wall-clock times of the calendar's zone."""

    begins: time
    ends: time

    def end_after(self, at: datetime, zone: tzinfo) -> datetime | None:
        """When the quiet hours that hold at this instant (aware UTC) end; None outside them."""
        local = at.astimezone(zone)
        clock = local.timetz().replace(tzinfo=None)
        over_night = self.begins > self.ends
        inside = clock >= self.begins or clock < self.ends if over_night else self.begins <= clock < self.ends
        if not inside:
            return None
        day = local.date() + timedelta(days=1) if over_night and clock >= self.begins else local.date()
        return datetime.combine(day, self.ends, zone).astimezone(at.tzinfo)


@dataclass(frozen=True, slots=True)
class Treatment:
    """What policy says of an alarm. `severity` None: judged by its words. `no_data`: ignore, note or alarm."""

    severity: Severity | None = None
    declares: bool = False  # it declares an incident by itself, and so pages
    ignored: bool = False
    service: str = ""
    owner: str = ""
    quiet: QuietHours | None = None
    no_data: str = "note"


def fits(patterns: Sequence[str], value: str) -> bool:
    """Whether one of the patterns, with * and ?, is the whole value, whatever the case; true where there are none."""
    return not patterns or any(fnmatchcase(value.lower(), pattern.lower()) for pattern in patterns)


class Happened(enum.Enum):
    """What a delivery means for an alarm."""

    NEW = "new"  # it fires, and has no thread that this belongs to
    AGAIN = "again"  # it fires in the thread that it has
    RECOVERED = "recovered"
    NOTED = "noted"  # only its row changes


@dataclass(frozen=True, slots=True)
class Known:
    """How an alarm stood before: its last state change, and its last thread, where it has one."""

    changed_at: datetime
    threaded: bool = False
    last_at: datetime | None = None
    recovered: bool = False
    worked_on: bool = False  # the incident of that thread is open
    settled: bool = False  # there was one, and it is over


def happened(
    alarm: Alarm, at: datetime, now: datetime, known: Known | None, treatment: Treatment, same_within: timedelta
) -> Happened:
    """What it means that this alarm says `now`, of the instant `at`, how it stands. Deliveries come in any order."""
    late = known is not None and at < known.changed_at
    if alarm.state is State.OK or (alarm.state is State.NO_DATA and treatment.no_data != NO_DATA_FIRES):
        ends = alarm.state is State.OK and known is not None and known.threaded and not known.recovered
        return Happened.RECOVERED if ends and not late else Happened.NOTED
    if known is None or not known.threaded or known.last_at is None:
        return Happened.NEW
    if late and known.recovered:
        return Happened.NOTED  # it is about the trouble that is over
    if known.worked_on:
        return Happened.AGAIN
    quiet = now - known.last_at > same_within  # by our own clock: some senders repeat one instant
    if alarm.state is State.EVENT:  # which has no end: it goes on until it was quiet for long
        return Happened.NEW if quiet else Happened.AGAIN
    # What is an incident by policy, or was one that is over, is another one when it fires again.
    back = quiet or known.settled or treatment.declares
    return Happened.NEW if known.recovered and back else Happened.AGAIN
