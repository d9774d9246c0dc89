"""The lists in Slack that action items go to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "slack_lists",
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("list_id", sa.Text(), nullable=True),
        sa.Column("columns", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("shared_with", sa.Text(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("trouble_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tracker"),
    )


def downgrade() -> None:
    op.drop_table("slack_lists")
