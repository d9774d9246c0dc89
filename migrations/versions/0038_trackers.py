"""Issues of action items in trackers."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("action_items", sa.Column("issue_key", sa.Text(), nullable=True))
    op.add_column("action_items", sa.Column("issue_url", sa.Text(), nullable=True))
    op.create_table(
        "tracker_issues",
        sa.Column(
            "action_id", sa.BigInteger(), sa.ForeignKey("action_items.action_id"), primary_key=True, autoincrement=False
        ),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("agreed", sa.Text()),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed", sa.Text()),
        sa.Column("read_at", sa.DateTime(timezone=True)),
    )
    made = sa.text("number is not null")
    op.create_index("ix_tracker_issues_number", "tracker_issues", ["tracker", "number"], postgresql_where=made)
    op.create_index("ix_tracker_issues_read_at", "tracker_issues", ["read_at"], postgresql_where=made)


def downgrade() -> None:
    op.drop_table("tracker_issues")
    op.drop_column("action_items", "issue_url")
    op.drop_column("action_items", "issue_key")
