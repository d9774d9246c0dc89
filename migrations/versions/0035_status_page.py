"""What was published on the status page, and its updates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "status_posts",
        sa.Column("post_id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("public_id", sa.Text(), nullable=False, unique=True),
        sa.Column("incident_id", sa.BigInteger(), sa.ForeignKey("incidents.incident_id"), index=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_by", sa.Text()),
    )
    op.create_index(
        "ix_status_posts_shown", "status_posts", ["published_at"], postgresql_where=sa.text("withdrawn_at is null")
    )
    op.create_index(
        "uq_status_posts_open",
        "status_posts",
        ["incident_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at is null and over_at is null and ends_at is null"),
    )
    op.create_table(
        "status_updates",
        sa.Column("update_id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("request_key", sa.Text(), nullable=False, unique=True),
        sa.Column("post_id", sa.BigInteger(), sa.ForeignKey("status_posts.post_id"), nullable=False, index=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("components", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True)),
        sa.Column("corrected_by", sa.Text()),
    )


def downgrade() -> None:
    op.drop_table("status_updates")
    op.drop_table("status_posts")
