"""Types of incidents, and the values of custom fields."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None
NEEDS = "0038"  # the trigger notes one column more, and nobody misses the one before

# As 0036 has them, and the type.
_COLUMNS = (
    "ref, severity, status, episode, declared_at, acknowledged_at, mitigated_at, resolved_at, false_alarm, "
    'playbook_helped, report_ts, "similar", merged_into'
)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("incidents", sa.Column("type", sa.Text(), nullable=True))
    op.add_column("figure_facts", sa.Column("type", sa.Text(collation="C"), nullable=True))
    op.create_table(
        "incident_fields",
        sa.Column("incident_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.incident_id"], name=op.f("fk_incident_fields_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("incident_id", "name", name=op.f("pk_incident_fields")),
    )
    _note_changes_of(f"{_COLUMNS}, type")


def downgrade() -> None:
    _note_changes_of(_COLUMNS)
    op.drop_table("incident_fields")
    op.drop_column("figure_facts", "type")
    op.drop_column("incidents", "type")


def _note_changes_of(columns: str) -> None:
    op.execute("drop trigger note_figure_change on incidents")
    op.execute(
        f"create trigger note_figure_change after insert or update of {columns} on incidents "
        "for each row execute function note_figure_change()"
    )
