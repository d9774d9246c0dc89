"""Who is in the user groups that hold roles; drafts of reviews lose their second copy as Markdown, which nothing read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
NEEDS = "0012"  # code before this one writes `review_drafts.markdown`


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "user_groups",
        sa.Column("group_id", sa.Text, primary_key=True),
        sa.Column("members", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("looked_up_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.drop_column("review_drafts", "markdown")


def downgrade() -> None:
    op.add_column("review_drafts", sa.Column("markdown", sa.Text, nullable=False, server_default=""))
    op.alter_column("review_drafts", "markdown", server_default=None)
    op.drop_table("user_groups")
