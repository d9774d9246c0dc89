"""The way of a review: its stage, what people wrote and said of it; and the action items."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def _incident(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f(f"fk_{table}_incident_id"))


def upgrade() -> None:
    _stages()
    _writings()
    op.create_table(
        "action_items",
        sa.Column("action_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=True),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=True),
        sa.Column("remind_at", INSTANT, nullable=True),
        _incident("action_items"),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_action_items")),
        sa.UniqueConstraint("request_key", name=op.f("uq_action_items_request_key")),
        sa.UniqueConstraint("incident_id", "number", name=op.f("uq_action_items_incident_id_number")),
    )
    still_to_come = sa.text("remind_at is not null")
    op.create_index("ix_action_items_remind_at", "action_items", ["remind_at"], postgresql_where=still_to_come)
    op.create_index("ix_action_items_state_due_on", "action_items", ["state", "due_on"])


def _stages() -> None:
    op.create_table(
        "review_stages",
        sa.Column("incident_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("reminded", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("remind_at", INSTANT, nullable=True),
        sa.Column("canvas_id", sa.Text(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=True),
        _incident("review_stages"),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_review_stages")),
    )
    still_to_come, unfinished = sa.text("remind_at is not null"), sa.text("stage <> 'approved'")
    op.create_index("ix_review_stages_remind_at", "review_stages", ["remind_at"], postgresql_where=still_to_come)
    op.create_index("ix_review_stages_due_at", "review_stages", ["due_at"], postgresql_where=unfinished)
    op.create_table(
        "review_steps",
        sa.Column("step_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("document", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        _incident("review_steps"),
        sa.PrimaryKeyConstraint("step_id", name=op.f("pk_review_steps")),
    )
    op.create_index("ix_review_steps_incident_id", "review_steps", ["incident_id"])


def _writings() -> None:
    op.create_table(
        "review_edits",
        sa.Column("edit_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("base", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _incident("review_edits"),
        sa.PrimaryKeyConstraint("edit_id", name=op.f("pk_review_edits")),
        sa.UniqueConstraint(
            "incident_id", "section", "version", name=op.f("uq_review_edits_incident_id_section_version")
        ),
    )
    op.create_table(
        "review_comments",
        sa.Column("comment_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("section", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _incident("review_comments"),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_review_comments")),
        sa.UniqueConstraint("request_key", name=op.f("uq_review_comments_request_key")),
    )
    op.create_index("ix_review_comments_incident_id", "review_comments", ["incident_id"])


def downgrade() -> None:
    for table in ("action_items", "review_comments", "review_edits", "review_steps", "review_stages"):
        op.drop_table(table)
