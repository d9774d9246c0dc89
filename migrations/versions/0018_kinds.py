"""Entries of some kinds of an incident, and how many there are, without reading the others."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NAME = "ix_timeline_entries_incident_id_kind_at"


def upgrade() -> None:
    # Built beside the running bot: a table of millions of entries must stay open for writing. Outside of a transaction,
    # so it may have been left invalid by an upgrade that was broken off.
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {_NAME}")
        op.create_index(_NAME, "timeline_entries", ["incident_id", "kind", "at"], postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index(_NAME)
