"""By when stakeholders were promised the next update."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("incidents", sa.Column("next_update_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_incidents_next_update_at",
        "incidents",
        ["next_update_at"],
        postgresql_where=sa.text("next_update_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_incidents_next_update_at", table_name="incidents")
    op.drop_column("incidents", "next_update_at")
