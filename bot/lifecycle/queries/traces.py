"""Queries of what Tocsin said of an incident outside its channel, and of what no call withdraws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, cast, column, delete, func, or_, select, table
from sqlalchemy.orm import Session

from bot.escalation.queries.notices import SENT
from bot.escalation.tables import NoticeRow, PageCallRow
from bot.incidents.queries.places import MIRROR
from bot.incidents.rules.incident import ORDINARY, SECURITY
from bot.incidents.tables import HandoverRow, IncidentRow, TimelineEntry
from bot.playbooks.tables import UpkeepRequest
from bot.reviews.tables import ActionRow, ReviewStep
from bot.slack.tables import SlackMessage
from bot.status_page.tables import StatusPost

# Of the reports, which belong to a feature above, only where they were written.
_REPORTS = table("reports", column("incident_id"), column("channel_id", Text), column("ts", Text))
# What is edited into saying nothing rather than deleted, as others hang below it or it comes again.
_EDITED = ("report:", "alarm:", "alarm-storm:", MIRROR, "left:", "moved:")
_REMINDER = "update-due:"  # before the id of the notice that promised an update; to whoever sent it
# Direct messages about an incident, by what stands before its id in their keys.
_TO_PEOPLE = ("review-reminder", "review-handed-in", "review-changes", "review-questions", "review", "assigned")


@dataclass(frozen=True, slots=True)
class Said:
    """A message of Tocsin's: its key, where it stands, and to whom it was said, "" where the key doesn't name them."""

    key: str
    channel_id: str
    ts: str
    reader: str


@dataclass(frozen=True, slots=True)
class Copies:
    """What of an incident stands where Slack's calls do not reach: counts, and the names of issues."""

    issues: tuple[str, ...]
    published: int  # on the status page
    calls: int  # of services that ring phones
    mails: int  # of stakeholder updates, that were sent
    page_mails: int  # mails and text messages of pages, that were sent
    approved: bool  # a review of it was approved once, which is archived


def list_threads(session: Session, row: IncidentRow) -> list[tuple[str, str]]:
    """The threads outside its channel in which it was spoken of: channel and ts of their first messages."""
    mirror = select(SlackMessage.channel_id, SlackMessage.ts).where(SlackMessage.key == f"{MIRROR}{row.incident_id}")
    reported = select(_REPORTS.c.channel_id, _REPORTS.c.ts).where(_REPORTS.c.incident_id == row.incident_id)
    found = [(row.report_channel_id, row.report_ts), *session.execute(mirror), *session.execute(reported)]
    return list(dict.fromkeys((channel_id, ts) for channel_id, ts in found if channel_id and ts))


def reported_in(session: Session, row: IncidentRow) -> list[str]:
    """The channels in which people wrote the reports that it was declared from or that were added to it."""
    reports = select(_REPORTS.c.channel_id).where(_REPORTS.c.incident_id == row.incident_id)
    own = [row.report_channel_id] if row.report_ts else []  # without: where its form was opened
    return list(dict.fromkeys(one for one in [*own, *session.scalars(reports)] if one))


def stays_in_thread(session: Session, channel_id: str, ts: str) -> bool:
    """Whether our message there is edited rather than deleted."""
    keys = select(SlackMessage.key).where(SlackMessage.channel_id == channel_id, SlackMessage.ts == ts)
    return any(key.startswith(_EDITED) for key in session.scalars(keys))


def list_direct(session: Session, incident_id: int) -> list[Said]:
    """What was said of it to people in direct messages, pages apart, which are edited."""
    key, second = SlackMessage.key, func.split_part(SlackMessage.key, ":", 2)
    about: list[ColumnElement[bool]] = [key.startswith(f"{prefix}:{incident_id}:") for prefix in _TO_PEOPLE]
    about += [
        key.startswith(prefix) & second.in_(select(cast(one, Text)).where(of == incident_id))
        for prefix, one, of in (
            ("tell:", TimelineEntry.entry_id, TimelineEntry.incident_id),
            (_REMINDER, TimelineEntry.entry_id, TimelineEntry.incident_id),
            ("action-reminder:", ActionRow.action_id, ActionRow.incident_id),
            ("handover:", HandoverRow.handover_id, HandoverRow.incident_id),
            ("upkeep:", UpkeepRequest.request_id, UpkeepRequest.incident_id),
        )
    ]
    about.append(key.regexp_match(f"^playbook-failed:.*[:-]{incident_id}[:-]"))
    rows = session.execute(select(key, SlackMessage.channel_id, SlackMessage.ts).where(or_(*about)).order_by(key))
    said = [Said(key, channel_id, ts, _reader(key)) for key, channel_id, ts in rows if ts]
    return [one for one in said if one.reader or one.key.startswith(_REMINDER)]


def _reader(key: str) -> str:
    last = key.rpartition(":")[2]
    return last if last[:1] in ("U", "W") and last.isalnum() and last.isupper() else ""


def forget_at(session: Session, channel_id: str, ts: str) -> None:
    """A message that was deleted, by where it stood."""
    session.execute(delete(SlackMessage).where(SlackMessage.channel_id == channel_id, SlackMessage.ts == ts))


def list_digests(session: Session, incident_id: int) -> list[tuple[str, str]]:
    """The reviews by role that were sent and list it: role, and when each was due, as their jobs have it."""
    pings = table("pings", *(column(name) for name in ("incident_id", "kind", "state", "role", "due_at")))
    sent = select(pings.c.role, pings.c.due_at).where(
        pings.c.incident_id == incident_id, pings.c.kind == "digest", pings.c.state.in_(("sent", "sending"))
    )
    return sorted({(role, due_at.isoformat()) for role, due_at in session.execute(sent)})


def copies_of(session: Session, incident_id: int) -> Copies:
    """What of it stands outside Slack."""
    issues = select(ActionRow.issue_key).where(ActionRow.incident_id == incident_id, ActionRow.issue_key.is_not(None))
    posts = select(func.count()).where(StatusPost.incident_id == incident_id)
    calls = select(func.count()).where(PageCallRow.incident_id == incident_id, PageCallRow.sent_at.is_not(None))
    approved = select(ReviewStep.step_id).where(ReviewStep.incident_id == incident_id, ReviewStep.stage == "approved")
    return Copies(
        tuple(key for key in session.scalars(issues.order_by(ActionRow.action_id)) if key),
        session.scalar(posts) or 0,
        session.scalar(calls) or 0,
        *_mailed(session, incident_id),
        session.scalar(approved.limit(1)) is not None,
    )


def _mailed(session: Session, incident_id: int) -> tuple[int, int]:
    """How many mails of its stakeholder updates, and mails and text messages of its pages, were sent."""
    pings = table("pings", column("ping_id"), column("incident_id"))
    of, number = func.split_part(NoticeRow.key, ":", 1), func.split_part(NoticeRow.key, ":", 2)
    entries = select(cast(TimelineEntry.entry_id, Text)).where(TimelineEntry.incident_id == incident_id)
    pages = select(cast(pings.c.ping_id, Text)).where(pings.c.incident_id == incident_id)
    updates, paged = (of == "notice") & number.in_(entries), (of == "ping") & number.in_(pages)
    statement = select(func.count().filter(updates), func.count().filter(paged)).where(NoticeRow.state == SENT)
    told, called = session.execute(statement).one()
    return told, called


def list_half_withdrawn(session: Session, mark: str, limit: int) -> Sequence[tuple[int, str | None]]:
    """Incidents that were made private while less was withdrawn, oldest first, each with the channel that it left.

    `mark` ends the source of the entry that says what is withdrawn nowadays.
    """
    said = func.concat("withdrawn:", IncidentRow.incident_id, ":", IncidentRow.ref, mark)
    moved = func.concat("moved:", IncidentRow.incident_id, ":")
    left = select(func.max(SlackMessage.channel_id)).where(func.starts_with(SlackMessage.key, moved)).scalar_subquery()
    statement = (
        select(IncidentRow.incident_id, left)
        .where(IncidentRow.ref.startswith(f"{SECURITY}-"), IncidentRow.former_ref.startswith(f"{ORDINARY}-"))
        .where(~select(TimelineEntry.entry_id).where(TimelineEntry.source_key == said).exists())
        .order_by(IncidentRow.incident_id)
        .limit(limit)
    )
    return [(incident_id, channel_id) for incident_id, channel_id in session.execute(statement)]
