"""What the judge learnt from people's decisions, night by night."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "judge_fits",
        sa.Column("fit_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("model", sa.LargeBinary(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("fit_id", name=op.f("pk_judge_fits")),
    )
    op.create_index(
        "uq_judge_fits_in_force",
        "judge_fits",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'in_force'"),
    )


def downgrade() -> None:
    op.drop_table("judge_fits")
