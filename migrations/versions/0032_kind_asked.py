"""Who may see an incident is asked of whoever declared it, and may change: it has another reference then."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("incidents", sa.Column("former_ref", sa.Text(), nullable=True))
    op.add_column("incidents", sa.Column("kind_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("incidents", sa.Column("withdrawn", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_unique_constraint(op.f("uq_incidents_former_ref"), "incidents", ["former_ref"])


def downgrade() -> None:
    op.drop_constraint(op.f("uq_incidents_former_ref"), "incidents", type_="unique")
    op.drop_column("incidents", "withdrawn")
    op.drop_column("incidents", "kind_asked_at")
    op.drop_column("incidents", "former_ref")
