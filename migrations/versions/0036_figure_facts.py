"""One narrow row per incident for the figures, and triggers that note which incidents changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None
NEEDS = "0035"  # the triggers only note what was written, whoever writes it

# What of an incident figures depend on; of its timeline it is these kinds.
_COLUMNS = (
    "ref, severity, status, episode, declared_at, acknowledged_at, mitigated_at, resolved_at, false_alarm, "
    'playbook_helped, report_ts, "similar", merged_into'
)
_KINDS = "('noted', 'entry_corrected', 'acknowledged', 'response_breached')"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "figure_facts",
        sa.Column("incident_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("severity", sa.Text(collation="C"), nullable=False),
        sa.Column("security", sa.Boolean(), nullable=False),
        sa.Column("merged", sa.Boolean(), nullable=False),
        sa.Column("false_alarm", sa.Boolean(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("episode", sa.BigInteger(), nullable=False),
        sa.Column("recurred", sa.Boolean(), nullable=False),
        sa.Column("playbook_helped", sa.Boolean(), nullable=True),
        sa.Column("kind", sa.Text(collation="C"), nullable=True),
        sa.Column("services", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("service_keys", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        *(
            sa.Column(f"time_to_{what}", sa.Float(), nullable=True)
            for what in ("detect", "declare", "acknowledge", "mitigate", "resolve")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.incident_id"],
            name=op.f("fk_figure_facts_incident_id_incidents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_figure_facts")),
    )
    op.create_index(op.f("ix_figure_facts_declared_at"), "figure_facts", ["declared_at"])
    op.create_table(
        "figure_changes",
        sa.Column("change_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_figure_changes")),
    )
    op.execute(
        """
        create function note_figure_change() returns trigger language plpgsql as $$
        begin
            insert into figure_changes (incident_id) values (new.incident_id);
            return null;
        end $$
        """
    )
    op.execute(
        f"create trigger note_figure_change after insert or update of {_COLUMNS} on incidents "
        "for each row execute function note_figure_change()"
    )
    op.execute(
        "create trigger note_figure_change after insert or update of text, at on timeline_entries "
        f"for each row when (new.kind in {_KINDS}) execute function note_figure_change()"
    )
    op.execute("insert into figure_changes (incident_id) select incident_id from incidents order by incident_id")


def downgrade() -> None:
    op.execute("drop trigger note_figure_change on timeline_entries")
    op.execute("drop trigger note_figure_change on incidents")
    op.execute("drop function note_figure_change()")
    op.drop_table("figure_changes")
    op.drop_table("figure_facts")
