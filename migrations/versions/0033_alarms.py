"""Alarms that monitoring sends: each by its identity, its deliveries, its threads, and storms of many at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _instants(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_texts("identity", "source", "name", "account", "region", "state"),
        sa.Column("security", sa.Boolean(), nullable=False),
        *_texts("summary", "reason", "metric"),
        sa.Column("resources", postgresql.JSONB(), nullable=False),
        *_texts("link", "service"),
        *_instants("first_at", "last_at", "changed_at"),
        sa.Column("firings", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("identity", name=op.f("uq_alarms_identity")),
    )
    op.create_table(
        "alarm_deliveries",
        *_texts("delivery"),
        *_instants("taken_at"),
        sa.PrimaryKeyConstraint("delivery", name=op.f("pk_alarm_deliveries")),
    )
    op.create_index("ix_alarm_deliveries_taken_at", "alarm_deliveries", ["taken_at"])
    op.create_table(
        "alarm_storms",
        sa.Column("storm_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_instants("began_at", "last_at"),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.report_id"], name=op.f("fk_alarm_storms_report_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("storm_id", name=op.f("pk_alarm_storms")),
        sa.UniqueConstraint("report_id", name=op.f("uq_alarm_storms_report_id")),
    )
    _threads()


def _threads() -> None:
    op.create_table(
        "alarm_threads",
        sa.Column("thread_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("alarm_id", sa.BigInteger(), nullable=False),
        *_instants("began_at", "last_at"),
        sa.Column("firings", sa.BigInteger(), nullable=False),
        *_instants("recovered_at", "held_until", nullable=True),
        sa.Column("storm_id", sa.BigInteger(), nullable=True),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("declared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["alarm_id"], ["alarms.alarm_id"], name=op.f("fk_alarm_threads_alarm_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["storm_id"], ["alarm_storms.storm_id"], name=op.f("fk_alarm_threads_storm_id")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.report_id"], name=op.f("fk_alarm_threads_report_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_alarm_threads_incident_id")),
        sa.PrimaryKeyConstraint("thread_id", name=op.f("pk_alarm_threads")),
        sa.UniqueConstraint("report_id", name=op.f("uq_alarm_threads_report_id")),
    )
    op.create_index("ix_alarm_threads_alarm_id_thread_id", "alarm_threads", ["alarm_id", "thread_id"])
    op.create_index("ix_alarm_threads_began_at", "alarm_threads", ["began_at"])
    for name in ("storm_id", "incident_id", "held_until"):
        there = sa.text(f"{name} is not null")
        op.create_index(f"ix_alarm_threads_{name}", "alarm_threads", [name], postgresql_where=there)


def downgrade() -> None:
    for table in ("alarm_threads", "alarm_storms", "alarm_deliveries", "alarms"):
        op.drop_table(table)
