"""What people are called in full, where the name that Slack shows first is another."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("people", sa.Column("full_name", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "full_name")
