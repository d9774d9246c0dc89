"""Indexes of reviews by when they fell due and by when they came to their stage: lists and figures of an old company."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index("ix_review_stages_all_due_at", "review_stages", ["due_at"])
    op.create_index("ix_review_stages_stage_changed_at", "review_stages", ["stage", "changed_at"])


def downgrade() -> None:
    op.drop_index("ix_review_stages_stage_changed_at", "review_stages")
    op.drop_index("ix_review_stages_all_due_at", "review_stages")
