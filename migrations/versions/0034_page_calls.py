"""Pages by methods beside Slack: what is to be done about each at the service, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "page_calls",
        sa.Column("call_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("ping_id", sa.BigInteger(), nullable=True),
        sa.Column("episode", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("todo", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_for", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outside", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("link_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_page_calls")),
        sa.UniqueConstraint("key", name=op.f("uq_page_calls_key")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name=op.f("fk_page_calls_incident_id_incidents")
        ),
        sa.ForeignKeyConstraint(["ping_id"], ["pings.ping_id"], name=op.f("fk_page_calls_ping_id_pings")),
    )
    op.create_index("ix_page_calls_due_at", "page_calls", ["due_at"], postgresql_where=sa.text("todo is not null"))
    op.create_index(
        "ix_page_calls_incident_id", "page_calls", ["incident_id"], postgresql_where=sa.text("incident_id is not null")
    )
    op.create_index("ix_page_calls_tests", "page_calls", ["made_at"], postgresql_where=sa.text("incident_id is null"))
    op.create_index("ix_pings_sending", "pings", ["claimed_at"], postgresql_where=sa.text("state = 'sending'"))


def downgrade() -> None:
    op.drop_index("ix_pings_sending", table_name="pings", postgresql_where=sa.text("state = 'sending'"))
    op.drop_table("page_calls")
