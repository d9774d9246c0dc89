"""Playbooks that are worked through: runs, their steps, and what owners were told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "playbook_runs",
        sa.Column("run_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("incident_id", sa.BigInteger, sa.ForeignKey("incidents.incident_id"), nullable=False),
        sa.Column("episode", sa.BigInteger, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("document", postgresql.JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", _AT, nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("ended_at", _AT),
        sa.Column("ended_by", sa.Text),
        sa.Column("current", sa.BigInteger, nullable=False),
        sa.Column("answers", postgresql.JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("due_at", _AT),
        sa.Column("ended_it", sa.Boolean),
        sa.Column("ended_step", sa.BigInteger),
    )
    running = sa.text("state = 'running'")
    op.create_index(
        "uq_playbook_runs_running", "playbook_runs", ["incident_id", "ref"], unique=True, postgresql_where=running
    )
    op.create_index("ix_playbook_runs_incident_id", "playbook_runs", ["incident_id"])
    op.create_index("ix_playbook_runs_ref_started_at", "playbook_runs", ["ref", "started_at"])
    due = sa.text("due_at is not null")
    op.create_index("ix_playbook_runs_due_at", "playbook_runs", ["due_at"], postgresql_where=due)
    op.create_table(
        "playbook_steps",
        sa.Column("run_id", sa.BigInteger, sa.ForeignKey("playbook_runs.run_id"), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("began_at", _AT),
        sa.Column("over_at", _AT),
        sa.Column("late_at", _AT),
        sa.Column("assignee", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("decided_at", _AT),
        sa.Column("decided_by", sa.Text),
        sa.Column("line", sa.Text),
    )
    op.create_table(
        "playbook_notices",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("said_at", _AT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("playbook_notices")
    op.drop_table("playbook_steps")
    op.drop_table("playbook_runs")
