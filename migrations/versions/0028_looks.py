"""What AWS showed last of a playbook's step, until somebody puts it on the timeline."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("playbook_steps", sa.Column("seen", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("playbook_steps", "seen")
