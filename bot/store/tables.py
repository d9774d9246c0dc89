"""The tables. Instants are aware UTC; people are Slack user ids.

The timeline is append-only: a trigger refuses changes and deletions.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Identity, Index, MetaData, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from bot.text.masking import mask

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Said(TypeDecorator[str]):
    """What a person wrote: whichever way it came in, its secrets are masked before it is stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return mask(value) if value else value


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = {
        datetime: DateTime(timezone=True),
        date: Date(),
        str: Text,
        int: BigInteger,
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
        list[str]: ARRAY(Text),
    }


class IncidentNumber(Base):
    """The last number given to a prefix (INC, SEC) in a year; its row lock makes references gapless."""

    __tablename__ = "incident_numbers"
    prefix: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class IncidentRow(Base):
    __tablename__ = "incidents"
    incident_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    request_key: Mapped[str] = mapped_column(unique=True)  # what asked for it: the same request declares once
    title: Mapped[str] = mapped_column(Said)
    severity: Mapped[str]
    status: Mapped[str]
    episode: Mapped[int] = mapped_column(server_default=sql("1"))  # one more at each reopening
    declared_at: Mapped[datetime]
    declared_by: Mapped[str]
    commander: Mapped[str | None]
    channel_name: Mapped[str]
    channel_id: Mapped[str | None] = mapped_column(unique=True)
    channel_archived: Mapped[bool] = mapped_column(server_default=sql("false"))
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    identified_at: Mapped[datetime | None]
    mitigated_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    impact: Mapped[str | None] = mapped_column(Said)
    cause: Mapped[str | None] = mapped_column(Said)
    resolution: Mapped[str | None] = mapped_column(Said)
    false_alarm: Mapped[bool | None]
    playbook_helped: Mapped[bool | None]
    report_channel_id: Mapped[str | None]
    report_ts: Mapped[str | None]
    similar: Mapped[list[dict[str, Any]]] = mapped_column(server_default=sql("'[]'::jsonb"))
    wake_at: Mapped[datetime | None]  # when something on the escalation plan happens next
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"))  # of which it was a duplicate
    told_at: Mapped[datetime | None]  # when stakeholders were last told
    reminded_at: Mapped[datetime | None]  # when somebody was last reminded to tell them
    read_back_at: Mapped[datetime | None]  # when its channel was last to be looked through for what was missed
    read_through_at: Mapped[datetime | None]  # until when that was done; None: never
    words_removed_at: Mapped[datetime | None]  # when what people wrote in it was last taken out by policy
    goes_on_in: Mapped[IncidentRow | None] = relationship(remote_side=[incident_id], viewonly=True)  # see merged_into
    __table_args__ = (
        Index("ix_incidents_status_declared_at", "status", "declared_at"),
        Index("ix_incidents_wake_at", "wake_at", postgresql_where=sql("wake_at is not null")),
        Index("ix_incidents_report", "report_channel_id", "report_ts", postgresql_where=sql("report_ts is not null")),
        Index("ix_incidents_merged_into", "merged_into", postgresql_where=sql("merged_into is not null")),
    )


class TimelineEntry(Base):
    """One recorded fact: `at` is when it happened, `recorded_at` when we learnt it. Corrections are further entries."""

    __tablename__ = "timeline_entries"
    entry_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    author: Mapped[str | None]
    text: Mapped[str] = mapped_column(Said)
    data: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))
    message_ts: Mapped[str | None]  # the Slack message that it speaks of
    source_key: Mapped[str | None] = mapped_column(unique=True)  # what caused it: the same cause is recorded once
    __table_args__ = (
        Index("ix_timeline_entries_incident_id_at_entry_id", "incident_id", "at", "entry_id"),
        Index("ix_timeline_entries_incident_id_message_ts", "incident_id", "message_ts"),
    )


class RoleRow(Base):
    """Who holds a role in an incident, from when until when."""

    __tablename__ = "incident_roles"
    role_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    role: Mapped[str]
    user_id: Mapped[str]
    taken_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_incident_roles_holder", "incident_id", "role", unique=True, postgresql_where=sql("ended_at is null")),
        Index("ix_incident_roles_incident_id", "incident_id"),
    )


class PingRow(Base):
    """One rung of the ladder for one incident: due, sent, acknowledged, how late, why not sent."""

    __tablename__ = "pings"
    ping_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    key: Mapped[str]
    role: Mapped[str]
    kind: Mapped[str]
    rule: Mapped[str]
    severity: Mapped[str]
    due_at: Mapped[datetime]
    state: Mapped[str]  # planned, sending, sent, cancelled, failed
    user_ids: Mapped[list[str]] = mapped_column(server_default=sql("'{}'"))
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    reason: Mapped[str | None]  # why it was cancelled or failed
    asked_by: Mapped[str | None]  # who escalated by hand
    note: Mapped[str | None] = mapped_column(Said)  # what they said, or who stood in for whom and why
    __table_args__ = (
        UniqueConstraint("incident_id", "key"),
        Index("ix_pings_due_at_planned", "due_at", postgresql_where=sql("state = 'planned'")),
        Index("ix_pings_digests", "role", "due_at", postgresql_where=sql("kind = 'digest'")),
    )


class ReportRow(Base):
    """A message of the announcement channel that was judged, with the verdict and what people then pressed."""

    __tablename__ = "reports"
    report_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[str]
    ts: Mapped[str]
    user_id: Mapped[str | None]
    text: Mapped[str] = mapped_column(Said)
    judged_at: Mapped[datetime]
    severity: Mapped[str | None]
    confidence: Mapped[float]
    row: Mapped[str]
    evidence: Mapped[list[dict[str, Any]]]
    similar: Mapped[list[dict[str, Any]]]
    answered: Mapped[bool]
    decision: Mapped[str | None]  # declared, not_incident, part_of
    chosen_severity: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"))
    row_name: Mapped[str] = mapped_column(server_default=sql("''"))  # the row's id in severity.yaml; "" in old reports
    reason: Mapped[str | None]  # why people decided otherwise: a word of domain.agreement
    reason_text: Mapped[str | None] = mapped_column(Said)  # the same in their own words
    # Decisions that were changed and wordings that were edited: what stood before, the oldest first.
    history: Mapped[list[dict[str, Any]]] = mapped_column(server_default=sql("'[]'"))
    __table_args__ = (UniqueConstraint("channel_id", "ts"), Index("ix_reports_judged_at", "judged_at"))


class SlackEvent(Base):
    """An event that was taken in: Slack sends some again, we act once."""

    __tablename__ = "slack_events"
    event_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)


class SlackMessage(Base):
    """A message that we posted or are about to: the key says which, a stored ts means update rather than post."""

    __tablename__ = "slack_messages"
    key: Mapped[str] = mapped_column(primary_key=True)
    channel_id: Mapped[str]
    ts: Mapped[str | None] = mapped_column(index=True)
    attempted_at: Mapped[datetime]


class ReviewRow(Base):
    """A drafted review, whole, as it was at that moment; drafting again adds a version. Only retention removes any."""

    __tablename__ = "review_drafts"
    review_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    version: Mapped[int]
    drafted_at: Mapped[datetime]
    due_at: Mapped[datetime]
    document: Mapped[dict[str, Any]]
    __table_args__ = (UniqueConstraint("incident_id", "version"),)


class PersonRow(Base):
    """What a Slack user id is called; looked up once and refreshed when it is old."""

    __tablename__ = "people"
    user_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    looked_up_at: Mapped[datetime]


class GroupRow(Base):
    """A Slack user group that holds a role, with those who were in it when Slack was last asked."""

    __tablename__ = "user_groups"
    group_id: Mapped[str] = mapped_column(primary_key=True)
    members: Mapped[list[str]]
    looked_up_at: Mapped[datetime]


class LinkRow(Base):
    """A personal link that was used: it goes on opening the pages in that browser, and in no other."""

    __tablename__ = "used_links"
    mark: Mapped[str] = mapped_column(primary_key=True)  # a hash of what was signed
    browser: Mapped[str]  # a hash of the browser's cookie
    used_at: Mapped[datetime] = mapped_column(index=True)


class WorkspaceRow(Base):
    """The one workspace that this database serves, as auth.test told it; links to messages start with its url."""

    __tablename__ = "workspace"
    team_id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    bot_user_id: Mapped[str]
    announcement_channel_id: Mapped[str | None]


class OverrideRow(Base):
    """Somebody who holds a role for a while instead of whoever would, as arranged in Slack."""

    __tablename__ = "roster_overrides"
    override_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)  # the command that asked for it: sent twice, it counts once
    role: Mapped[str]
    user_id: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]
    __table_args__ = (Index("ix_roster_overrides_until_at", "until_at", postgresql_where=sql("removed_at is null")),)


class ShiftRow(Base):
    """One shift of an imported schedule. `person` is a name of contacts.yaml; a new import replaces its role's."""

    __tablename__ = "roster_shifts"
    shift_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    role: Mapped[str]
    person: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    source: Mapped[str]
    imported_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("role", "from_at"), Index("ix_roster_shifts_until_at", "until_at"))


class HandoverRow(Base):
    """The command of an incident, offered to somebody. It changes hands when they accept, not before."""

    __tablename__ = "handovers"
    handover_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    from_user: Mapped[str | None]
    to_user: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str]  # offered, accepted, withdrawn
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_handovers_offered", "incident_id", unique=True, postgresql_where=sql("state = 'offered'")),
    )


class NoticeRow(Base):
    """A mail or text message beside a ping. The key says which; sent ones are not sent again."""

    __tablename__ = "notices"
    notice_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    way: Mapped[str]  # mail, text
    address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    state: Mapped[str]  # planned, sent, failed
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    reason: Mapped[str | None]  # why it failed


class KnowledgeVersion(Base):
    """An entry of knowledge as it was from one change to the next. Rows are added, never altered; the newest counts."""

    __tablename__ = "knowledge_versions"
    version_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str]
    version: Mapped[int]
    change: Mapped[int | None] = mapped_column(index=True)  # null only until its transaction has its number
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # null: taken out
    content_hash: Mapped[str]
    origin: Mapped[str]  # the file that it was read from, or "closed incident"
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"))  # of our own, closed
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    __table_args__ = (UniqueConstraint("ref", "version"),)


class KnowledgeState(Base):
    """One row: the number of the last change, and the change through which every replica's index is fitted."""

    __tablename__ = "knowledge_state"
    only: Mapped[bool] = mapped_column(primary_key=True, autoincrement=False)
    changes: Mapped[int]
    fitted: Mapped[int]


class SuggestionVote(Base):
    """What one person said of one suggestion; said anew, it replaces what was said before."""

    __tablename__ = "suggestion_votes"
    shown_key: Mapped[str] = mapped_column(primary_key=True)  # what it was shown for: report:12, command:…, similar:…
    ref: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]  # 1 is the first
    helped: Mapped[bool]
    voted_at: Mapped[datetime] = mapped_column(index=True)


class ReviewStageRow(Base):
    """Where the review of an incident stands, until when it is due, and what was said of it so far."""

    __tablename__ = "review_stages"
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), primary_key=True, autoincrement=False)
    stage: Mapped[str]  # draft, in review, changes asked, approved
    changed_at: Mapped[datetime]
    changed_by: Mapped[str | None]  # None: Tocsin drafted it
    resolved_at: Mapped[datetime]  # reminders count from here
    due_at: Mapped[datetime]
    reminded: Mapped[list[str]] = mapped_column(server_default=sql("'{}'"))  # the reminders that are done with
    remind_at: Mapped[datetime | None]  # when the next one falls due
    canvas_id: Mapped[str | None]
    shown: Mapped[str | None]  # names what the canvas or the last file says
    __table_args__ = (
        Index("ix_review_stages_remind_at", "remind_at", postgresql_where=sql("remind_at is not null")),
        Index("ix_review_stages_due_at", "due_at", postgresql_where=sql("stage <> 'approved'")),
    )


class ReviewStep(Base):
    """Who moved a review to which stage, and why. An approval keeps the document as it was approved."""

    __tablename__ = "review_steps"
    step_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    stage: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str | None]
    note: Mapped[str | None] = mapped_column(Said)
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class ReviewEdit(Base):
    """One section as somebody wrote it, and the drafted lines that they had before them. Only retention alters any."""

    __tablename__ = "review_edits"
    edit_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    section: Mapped[str]
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Said)
    base: Mapped[list[str]]
    author: Mapped[str]
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("incident_id", "section", "version"),)


class ReviewComment(Base):
    """What somebody said of a review, or of one section of it."""

    __tablename__ = "review_comments"
    comment_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)  # the form that it came with: sent twice, it counts once
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    section: Mapped[str | None]
    text: Mapped[str] = mapped_column(Said)
    author: Mapped[str]
    at: Mapped[datetime]


class ActionRow(Base):
    """Something to be done after an incident. `number` is what people call it by within the incident."""

    __tablename__ = "action_items"
    action_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)  # the command, message or proposal that it came from
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Said)
    priority: Mapped[str]  # high, medium, low
    owner: Mapped[str | None]  # a Slack user id, or a name
    due_on: Mapped[date | None]
    state: Mapped[str]  # proposed, open, done, dropped
    source_ref: Mapped[str | None]  # the past incident whose prevention proposes it
    made_by: Mapped[str | None]
    made_at: Mapped[datetime]
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]  # when its owner is told that it is overdue; once
    __table_args__ = (
        UniqueConstraint("incident_id", "number"),
        Index("ix_action_items_remind_at", "remind_at", postgresql_where=sql("remind_at is not null")),
        Index("ix_action_items_state_due_on", "state", "due_on"),
    )


class SeveritySuggestion(Base):
    """A new fact in an incident's channel that speaks for another severity: said once, decided by people."""

    __tablename__ = "severity_suggestions"
    suggestion_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    message_ts: Mapped[str]
    user_id: Mapped[str | None]
    text: Mapped[str] = mapped_column(Said)  # the message
    before: Mapped[str]  # the severity when it was suggested
    suggested: Mapped[str]
    row_name: Mapped[str]
    row: Mapped[str]
    evidence: Mapped[list[dict[str, Any]]]
    made_at: Mapped[datetime]
    state: Mapped[str]  # open, taken, kept, overtaken
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("incident_id", "message_ts"),
        Index("uq_severity_suggestions_open", "incident_id", unique=True, postgresql_where=sql("state = 'open'")),
    )


class KeyOffer(Base):
    """A message that reads like a key one; somebody was offered to mark it. Few an hour, so that nobody tires of it."""

    __tablename__ = "key_offers"
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), primary_key=True, autoincrement=False)
    message_ts: Mapped[str] = mapped_column(primary_key=True)
    offered_at: Mapped[datetime]
