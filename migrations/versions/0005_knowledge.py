"""Knowledge beside the folder's, with earlier versions kept; what people said of suggestions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "knowledge_versions",
        sa.Column("version_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=True),
        sa.Column("document", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name=op.f("fk_knowledge_versions_incident_id")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_knowledge_versions")),
        sa.UniqueConstraint("ref", "version", name=op.f("uq_knowledge_versions_ref_version")),
    )
    op.create_index("ix_knowledge_versions_change", "knowledge_versions", ["change"], unique=False)
    op.create_table(
        "knowledge_state",
        sa.Column("only", sa.Boolean(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("fitted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_knowledge_state")),
    )
    op.create_table(
        "suggestion_votes",
        sa.Column("shown_key", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column("voted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shown_key", "ref", "user_id", name=op.f("pk_suggestion_votes")),
    )
    op.create_index("ix_suggestion_votes_voted_at", "suggestion_votes", ["voted_at"], unique=False)


def downgrade() -> None:
    op.drop_table("suggestion_votes")
    op.drop_table("knowledge_state")
    op.drop_table("knowledge_versions")
