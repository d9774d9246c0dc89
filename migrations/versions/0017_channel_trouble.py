"""Channels that Slack refuses to make or to let us into: Slack's reason, since when, and when it is tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("incidents", sa.Column("channel_trouble", sa.Text(), nullable=True))
    op.add_column("incidents", sa.Column("channel_trouble_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("incidents", sa.Column("channel_retry_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_incidents_channel_retry_at",
        "incidents",
        ["channel_retry_at"],
        unique=False,
        postgresql_where=sa.text("channel_retry_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_incidents_channel_retry_at", table_name="incidents")
    op.drop_column("incidents", "channel_retry_at")
    op.drop_column("incidents", "channel_trouble_since")
    op.drop_column("incidents", "channel_trouble")
