"""A comment on a review can be resolved, and opened again."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("review_comments", sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("review_comments", sa.Column("resolved_by", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("review_comments", "resolved_by")
    op.drop_column("review_comments", "resolved_at")
