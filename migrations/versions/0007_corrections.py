"""Which row judged a report and why people decided otherwise; suggestions of another severity."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("reports", sa.Column("row_name", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("reports", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("reports", sa.Column("reason_text", sa.Text(), nullable=True))
    op.create_index("ix_reports_judged_at", "reports", ["judged_at"], unique=False)
    op.create_table(
        "severity_suggestions",
        sa.Column("suggestion_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("message_ts", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("suggested", sa.Text(), nullable=False),
        sa.Column("row_name", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name=op.f("fk_severity_suggestions_incident_id")
        ),
        sa.PrimaryKeyConstraint("suggestion_id", name=op.f("pk_severity_suggestions")),
        sa.UniqueConstraint("incident_id", "message_ts", name=op.f("uq_severity_suggestions_incident_id_message_ts")),
    )
    op.create_index(
        "uq_severity_suggestions_open",
        "severity_suggestions",
        ["incident_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_table("severity_suggestions")
    op.drop_index("ix_reports_judged_at", "reports")
    for column in ("reason_text", "reason", "row_name"):
        op.drop_column("reports", column)
