"""Indexes for the figures: incidents by declaration, pages by the time they were sent, and the few entries that count."""

from alembic import op
from sqlalchemy import text

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_LABELLED = r"kind = 'noted' and text ~* '^\s*(services?|detected|began|started)\M'"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index("ix_incidents_declared_at", "incidents", ["declared_at"])
    op.create_index(
        "ix_pings_sent_at", "pings", ["sent_at"], postgresql_where=text("state = 'sent' and kind <> 'digest'")
    )
    for name, kind in (("breached", "response_breached"), ("corrected", "entry_corrected")):
        where = text(f"kind = '{kind}'")
        op.create_index(f"ix_timeline_entries_{name}", "timeline_entries", ["incident_id"], postgresql_where=where)
    op.create_index(
        "ix_timeline_entries_labelled", "timeline_entries", ["incident_id"], postgresql_where=text(_LABELLED)
    )


def downgrade() -> None:
    for name in ("labelled", "corrected", "breached"):
        op.drop_index(f"ix_timeline_entries_{name}")
    op.drop_index("ix_pings_sent_at")
    op.drop_index("ix_incidents_declared_at")
