"""Incidents, timeline, pings, reports, messages and reviews; the timeline refuses changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incident_numbers",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "year", name=op.f("pk_incident_numbers")),
    )
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("episode", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("commander", sa.Text(), nullable=True),
        sa.Column("channel_name", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=True),
        sa.Column("channel_archived", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("identified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mitigated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("impact", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("false_alarm", sa.Boolean(), nullable=True),
        sa.Column("playbook_helped", sa.Boolean(), nullable=True),
        sa.Column("report_channel_id", sa.Text(), nullable=True),
        sa.Column("report_ts", sa.Text(), nullable=True),
        sa.Column(
            "similar", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_incidents_channel_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_incidents_ref")),
        sa.UniqueConstraint("request_key", name=op.f("uq_incidents_request_key")),
    )
    op.create_index("ix_incidents_status_declared_at", "incidents", ["status", "declared_at"], unique=False)
    op.create_index(
        "ix_incidents_wake_at", "incidents", ["wake_at"], unique=False, postgresql_where=sa.text("wake_at is not null")
    )
    op.create_table(
        "people",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("looked_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_people")),
    )
    op.create_table(
        "slack_events",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_slack_events")),
    )
    op.create_index(op.f("ix_slack_events_received_at"), "slack_events", ["received_at"], unique=False)
    op.create_table(
        "slack_messages",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_slack_messages")),
    )
    op.create_table(
        "workspace",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("bot_user_id", sa.Text(), nullable=False),
        sa.Column("announcement_channel_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_workspace")),
    )
    op.create_table(
        "incident_roles",
        sa.Column("role_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_incident_roles_incident_id")),
        sa.PrimaryKeyConstraint("role_id", name=op.f("pk_incident_roles")),
    )
    op.create_index(
        "uq_incident_roles_holder",
        "incident_roles",
        ["incident_id", "role"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "pings",
        sa.Column("ping_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("user_ids", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_pings_incident_id")),
        sa.PrimaryKeyConstraint("ping_id", name=op.f("pk_pings")),
        sa.UniqueConstraint("incident_id", "key", name=op.f("uq_pings_incident_id_key")),
    )
    op.create_index(
        "ix_pings_due_at_planned", "pings", ["due_at"], unique=False, postgresql_where=sa.text("state = 'planned'")
    )
    op.create_table(
        "reports",
        sa.Column("report_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("similar", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("chosen_severity", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_reports_incident_id")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reports")),
        sa.UniqueConstraint("channel_id", "ts", name=op.f("uq_reports_channel_id_ts")),
    )
    op.create_table(
        "review_drafts",
        sa.Column("review_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_review_drafts_incident_id")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_review_drafts")),
        sa.UniqueConstraint("incident_id", "version", name=op.f("uq_review_drafts_incident_id_version")),
    )
    op.create_table(
        "timeline_entries",
        sa.Column("entry_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("message_ts", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name=op.f("fk_timeline_entries_incident_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_timeline_entries")),
        sa.UniqueConstraint("source_key", name=op.f("uq_timeline_entries_source_key")),
    )
    op.create_index(
        "ix_timeline_entries_incident_id_at_entry_id",
        "timeline_entries",
        ["incident_id", "at", "entry_id"],
        unique=False,
    )
    op.create_index(
        "ix_timeline_entries_incident_id_message_ts", "timeline_entries", ["incident_id", "message_ts"], unique=False
    )
    # A record that could be rewritten would be worth nothing in a review.
    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception 'timeline_entries is append-only: record a correction as a further entry';
        end $$
        """
    )
    op.execute(
        """
        create trigger timeline_is_append_only before update or delete on timeline_entries
        for each statement execute function refuse_change()
        """
    )


def downgrade() -> None:
    raise RuntimeError("The first tables are not taken down: restore a backup instead.")
