"""Overrides and imported shifts of the roster, hand-overs of command, mails beside pings, and pings by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _instant(name: str, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, nullable: bool = False) -> sa.Column[sa.Text]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _key(name: str) -> sa.Column[sa.BigInteger]:
    return sa.Column(name, sa.BigInteger(), sa.Identity(always=True), nullable=False)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("pings", _text("asked_by", nullable=True))
    op.add_column("pings", _text("note", nullable=True))
    op.create_index("ix_pings_digests", "pings", ["role", "due_at"], postgresql_where=sa.text("kind = 'digest'"))
    op.create_table(
        "roster_overrides",
        _key("override_id"),
        _text("request_key"),
        _text("role"),
        _text("user_id"),
        _instant("from_at"),
        _instant("until_at"),
        _text("made_by"),
        _instant("made_at"),
        _instant("removed_at", nullable=True),
        _text("removed_by", nullable=True),
        sa.PrimaryKeyConstraint("override_id", name=op.f("pk_roster_overrides")),
        sa.UniqueConstraint("request_key", name=op.f("uq_roster_overrides_request_key")),
    )
    op.create_index(
        "ix_roster_overrides_until_at", "roster_overrides", ["until_at"], postgresql_where=sa.text("removed_at is null")
    )
    op.create_table(
        "roster_shifts",
        _key("shift_id"),
        _text("role"),
        _text("person"),
        _instant("from_at"),
        _instant("until_at"),
        _text("source"),
        _instant("imported_at"),
        sa.PrimaryKeyConstraint("shift_id", name=op.f("pk_roster_shifts")),
        sa.UniqueConstraint("role", "from_at", name=op.f("uq_roster_shifts_role_from_at")),
    )
    op.create_index("ix_roster_shifts_until_at", "roster_shifts", ["until_at"])
    op.create_table(
        "handovers",
        _key("handover_id"),
        _text("request_key"),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        _text("from_user", nullable=True),
        _text("to_user"),
        _text("asked_by"),
        _instant("asked_at"),
        _text("state"),
        _instant("decided_at", nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_handovers_incident_id")),
        sa.PrimaryKeyConstraint("handover_id", name=op.f("pk_handovers")),
        sa.UniqueConstraint("request_key", name=op.f("uq_handovers_request_key")),
    )
    op.create_index(
        "uq_handovers_offered",
        "handovers",
        ["incident_id"],
        unique=True,
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.create_table(
        "notices",
        _key("notice_id"),
        _text("key"),
        _text("way"),
        _text("address"),
        _text("subject"),
        _text("body"),
        _text("state"),
        _instant("made_at"),
        _instant("sent_at", nullable=True),
        _text("reason", nullable=True),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )


def downgrade() -> None:
    for table in ("notices", "handovers", "roster_shifts", "roster_overrides"):
        op.drop_table(table)
    op.drop_index("ix_pings_digests", "pings")
    op.drop_column("pings", "note")
    op.drop_column("pings", "asked_by")
