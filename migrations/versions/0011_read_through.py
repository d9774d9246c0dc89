"""Through when an incident's channel was read back whole: the next look begins there."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("incidents", sa.Column("read_through_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("incidents", "read_through_at")
