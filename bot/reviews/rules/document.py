"""What goes into a review (`ReviewFacts`) and what comes out (`Review`): shapes only, no rules."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.escalation.rules.matrix import LATE_AFTER
from bot.incidents.rules.incident import Incident, Status
from bot.incidents.rules.timeline import Entry
from bot.reviews.rules.stages import Stage, Step
from bot.severity.rules import Severity


@dataclass(frozen=True, slots=True)
class PingFact:
    """One rung of the escalation as it went. Instants are aware UTC."""

    role: str  # "team lead"
    persons: tuple[str, ...]  # Slack user or user-group ids; empty where nobody holds the role
    due_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    rule: str  # the cell of the matrix: "2 hours", "next day"
    reason_not_sent: str | None  # "resolved before it was due"


@dataclass(frozen=True, slots=True)
class SeverityChange:
    """The severity went from `before` to `after`; `by` is a Slack user id or None for Tocsin."""

    at: datetime
    before: Severity
    after: Severity
    by: str | None


@dataclass(frozen=True, slots=True)
class PastIncident:
    """An incident of the past that this one looks like; empty text where its record is silent."""

    ref: str
    title: str
    cause: str
    fix: str
    happened_on: date | None
    same: bool = False  # one of our own that looked like the same trouble, not only alike


@dataclass(frozen=True, slots=True)
class ActionItem:
    """Something to be done afterwards. `owner` is a Slack user id or a plain name."""

    text: str
    priority: str  # "high", "medium", "low"
    owner: str | None
    due_on: date | None
    proposed: bool = False  # True: taken from the prevention of a similar incident, nobody has agreed to it yet
    done: bool = False
    number: int | None = None  # what people call it by: `/incident action done 3`
    source: str | None = None  # the past incident that a proposal is taken from
    issue: str | None = None  # what its issue in a tracker is called
    issue_url: str | None = None


@dataclass(frozen=True, slots=True)
class PlaybookFact:
    """A playbook or guide that was worked through: how many of its steps became what, and the step that ended it."""

    ref: str
    title: str
    steps: int
    done: int
    not_helped: int
    skipped: int
    ended_by: str = ""  # `step 4, Put the permissions back`; empty where none did, or nobody said so


@dataclass(frozen=True, slots=True)
class Report:
    """The message that the incident was declared from."""

    at: datetime
    by: str | None  # a Slack user id
    alarm: bool  # posted by a machine
    permalink: str | None


@dataclass(frozen=True, slots=True)
class Course:
    """How an incident went: spans from the declaration, None for what nobody recorded."""

    severity: str
    acknowledged: timedelta | None
    identified: timedelta | None
    mitigated: timedelta | None
    resolved: timedelta | None
    false_alarm: bool


@dataclass(frozen=True, slots=True)
class StepThen:
    """What a responder of a past incident did; `by` is what they were in it, where `text`, markup that names nobody,
    does not say so.
    """

    after: timedelta
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Replay:
    """The past incident that a drill replayed, and how both went."""

    ref: str
    speed: float
    planned: int  # injects
    played: int
    then: Course
    now: Course
    steps: tuple[StepThen, ...]
    cause: str
    resolution: str


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """All that the record knows of one incident. `entries` with corrections of messages applied; instants aware UTC."""

    incident: Incident
    entries: tuple[Entry, ...]
    pings: tuple[PingFact, ...]
    severity_changes: tuple[SeverityChange, ...]
    respond_within: timedelta  # the matrix's response time for the incident's severity
    resolve_within: timedelta | None  # the policy's target for resolving this severity, if it names one
    similar: tuple[PastIncident, ...]
    names: Mapping[str, str]  # Slack user id → the name to show
    services: tuple[str, ...] = ()
    type_title: str = ""  # what the incident's type is called
    custom: tuple[tuple[str, str], ...] = ()  # custom fields: title and value
    detected_at: datetime | None = None  # as somebody noted it
    contributing: tuple[str, ...] = ()  # contributing factors that somebody recorded
    whys: tuple[str, ...] = ()  # why it happened, why that was so, and so on
    actions: tuple[ActionItem, ...] = ()
    false_alarm: bool | None = None  # None: nobody said
    playbook_helped: bool | None = None
    playbooks: tuple[PlaybookFact, ...] = ()  # in the order in which they were begun
    report: Report | None = None  # None: declared by command or form
    replay: Replay | None = None  # of a drill that replays a past incident
    response_times: Mapping[Severity, timedelta] = field(default_factory=dict)  # of the matrix, by severity
    late_after: timedelta = LATE_AFTER  # a ping sent within this of being due is on time
    silence_after: timedelta = field(default=timedelta(minutes=15))  # people who say nothing for longer leave a gap


class Nature(enum.StrEnum):
    """What a line rests on."""

    RECORDED = "recorded"  # an entry or a stamp says so
    DERIVED = "derived"  # worked out from figures and their targets
    ASKED = "asked"  # nobody recorded it; the line asks
    WRITTEN = "written"  # somebody wrote it in the review; `by` says who


@dataclass(frozen=True, slots=True)
class Origin:
    """The timeline entry behind a line, and where it can be read in Slack."""

    entry_id: int
    permalink: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the review, in plain text that no renderer may trust."""

    text: str
    nature: Nature = Nature.RECORDED
    label: str | None = None  # "Duration", "Cause"
    by: str | None = None  # the name of who did or said it
    at: datetime | None = None  # set on lines of the timeline
    clock: str | None = None  # `at` as it is printed: "14:30", with the date on days after the first
    command: str | None = None  # what to type so that an asked-for fact is recorded
    met: bool | None = None  # a figure against its target
    key: bool = False  # marked as key by somebody
    fresh: bool = False  # recorded after somebody had edited the section
    entries: tuple[Origin, ...] = ()  # of the timeline, that it is taken from


@dataclass(frozen=True, slots=True)
class Section:
    """`name` is stable (anchors, JSON); `note` says how the lines were chosen or come about."""

    name: str
    title: str
    lines: tuple[Line, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """The drafted document. `sections` in the template's order, then figures, escalations, similar incidents, gaps."""

    ref: str
    title: str
    severity: Severity
    status: Status
    began_at: datetime
    resolved_at: datetime | None
    drafted_at: datetime
    stage: Stage = Stage.DRAFT
    steps: tuple[Step, ...] = ()  # how it came to that stage, the oldest first
    sections: tuple[Section, ...] = ()

    def section(self, name: str) -> Section:
        """The section of that name. KeyError if there is none."""
        for section in self.sections:
            if section.name == name:
                return section
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """The few facts that fit a Slack message; plain text, to be escaped by whoever renders it."""

    ref: str
    title: str
    severity: Severity
    facts: tuple[tuple[str, str], ...]  # label and value, in reading order: duration, impact, cause, figures
    asked: tuple[Line, ...]  # what nobody recorded, with the command that records it
