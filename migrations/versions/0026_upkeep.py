"""What owners of playbooks are asked, and what they answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "upkeep_requests",
        sa.Column("request_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asks", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("asked", sa.Text(), nullable=True),
        sa.Column("told", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name=op.f("fk_upkeep_requests_incident_id")
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_upkeep_requests")),
        sa.UniqueConstraint("key", name=op.f("uq_upkeep_requests_key")),
    )
    op.create_index("ix_upkeep_requests_ref", "upkeep_requests", ["ref"], unique=False)
    op.create_index(
        "ix_upkeep_requests_ask_at",
        "upkeep_requests",
        ["ask_at"],
        unique=False,
        postgresql_where=sa.text("ask_at is not null"),
    )


def downgrade() -> None:
    op.drop_table("upkeep_requests")
