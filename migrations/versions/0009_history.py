"""Reports keep what stood before a decision was changed or the message was edited."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    kept = sa.Column("history", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'"))
    op.add_column("reports", kept)


def downgrade() -> None:
    op.drop_column("reports", "history")
