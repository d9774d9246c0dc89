"""The room: duplicates, when stakeholders were told, when history was read back, and which messages were offered as key."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
COLUMNS = ("told_at", "reminded_at", "read_back_at")


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("incidents", sa.Column("merged_into", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_incidents_merged_into"), "incidents", "incidents", ["merged_into"], ["incident_id"])
    op.create_index(
        "ix_incidents_merged_into",
        "incidents",
        ["merged_into"],
        unique=False,
        postgresql_where=sa.text("merged_into is not null"),
    )
    for name in COLUMNS:
        op.add_column("incidents", sa.Column(name, INSTANT, nullable=True))
    op.create_table(
        "key_offers",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("message_ts", sa.Text(), nullable=False),
        sa.Column("offered_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_key_offers_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "message_ts", name=op.f("pk_key_offers")),
    )


def downgrade() -> None:
    op.drop_table("key_offers")
    for name in COLUMNS:
        op.drop_column("incidents", name)
    op.drop_index("ix_incidents_merged_into", "incidents")
    op.drop_constraint(op.f("fk_incidents_merged_into"), "incidents", type_="foreignkey")
    op.drop_column("incidents", "merged_into")
