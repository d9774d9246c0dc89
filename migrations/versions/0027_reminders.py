"""What people want to be reminded of."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "reminders",
        sa.Column("reminder_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_reminders_incident_id")),
        sa.PrimaryKeyConstraint("reminder_id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("request_key", name=op.f("uq_reminders_request_key")),
    )
    op.create_index(
        "ix_reminders_due_at_waiting", "reminders", ["due_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_reminders_incident_id", "reminders", ["incident_id"])


def downgrade() -> None:
    op.drop_table("reminders")
