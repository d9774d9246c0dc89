"""Past incidents are replayed as drills: which, how fast, and what is still to be put in. Retention takes its words."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
NEEDS = "0030"  # the new trigger allows more than the one before
branch_labels = None
depends_on = None

_BODY = """
create or replace function refuse_change_but_removal() returns trigger language plpgsql as $$
begin
    if current_setting('tocsin.retention', true) = 'on'
        and old.kind in (%s)
        and new.text like 'Message, removed after %% by policy.'
        and to_jsonb(new) - 'text' = to_jsonb(old) - 'text'
        and exists (
            select 1 from incidents where incidents.incident_id = old.incident_id and incidents.status = 'closed'
        )
    then
        return new;
    end if;
    if current_setting('tocsin.erasure', true) = 'on'
        and to_jsonb(new) - array['text', 'author', 'data', 'source_key']
            = to_jsonb(old) - array['text', 'author', 'data', 'source_key']
    then
        return new;
    end if;
    raise exception 'timeline_entries is append-only: record a correction as a further entry';
end $$
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "replays",
        sa.Column("incident_id", sa.BigInteger(), sa.ForeignKey("incidents.incident_id"), nullable=False),
        sa.Column("source_id", sa.BigInteger(), sa.ForeignKey("incidents.incident_id"), nullable=False),
        sa.Column("speed", sa.Float(), nullable=False),
        sa.Column("injects", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id"),
    )
    op.create_index("ix_replays_source_id", "replays", ["source_id"])
    op.create_table(
        "injects",
        sa.Column("inject_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), sa.ForeignKey("incidents.incident_id"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), sa.ForeignKey("timeline_entries.entry_id"), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("after_seconds", sa.Float(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("inject_id"),
        sa.UniqueConstraint("incident_id", "number"),
    )
    op.create_index("ix_injects_due_at_waiting", "injects", ["due_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.execute(_BODY % "'message_posted', 'message_edited', 'injected'")


def downgrade() -> None:
    op.execute(_BODY % "'message_posted', 'message_edited'")
    op.drop_table("injects")
    op.drop_table("replays")
