"""Who is in the channel of a security incident now: what says who may see it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "incident_members",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_ts", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name=op.f("fk_incident_members_incident_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", "user_id", name=op.f("pk_incident_members")),
    )
    op.add_column("incidents", sa.Column("members_read_at", sa.DateTime(timezone=True), nullable=True))
    # Whoever had a part in a security incident so far is taken to be in its channel until Slack is asked at the start.
    op.execute(
        """
        insert into incident_members (incident_id, user_id, present, as_of)
        select distinct e.incident_id, e.author, true, now()
        from timeline_entries e join incidents i using (incident_id)
        where i.ref like 'SEC-%' and e.author is not null
        """
    )


def downgrade() -> None:
    op.drop_column("incidents", "members_read_at")
    op.drop_table("incident_members")
