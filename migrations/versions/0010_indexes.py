"""Indexes for look-ups by a message, by a report, and of everybody who ever held a role."""

from alembic import op
from sqlalchemy import text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_slack_messages_ts", "slack_messages", ["ts"])
    op.create_index("ix_incident_roles_incident_id", "incident_roles", ["incident_id"])
    op.create_index(
        "ix_incidents_report",
        "incidents",
        ["report_channel_id", "report_ts"],
        postgresql_where=text("report_ts is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_incidents_report")
    op.drop_index("ix_incident_roles_incident_id")
    op.drop_index("ix_slack_messages_ts")
