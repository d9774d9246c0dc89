"""Retention as policy: texts of old messages may go, one way only; everything else of the timeline stays as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
NEEDS = "0013"  # the new trigger allows more than the one before

# A row may change in one way: its words are replaced by the fact that they were removed. The incident must be closed,
# and whoever does it must have said so in this transaction, so that no other change gets through by accident.
_ONLY_REMOVAL = """
create function refuse_change_but_removal() returns trigger language plpgsql as $$
begin
    if current_setting('tocsin.retention', true) = 'on'
        and old.kind in ('message_posted', 'message_edited')
        and new.text like 'Message, removed after % by policy.'
        and to_jsonb(new) - 'text' = to_jsonb(old) - 'text'
        and exists (
            select 1 from incidents where incidents.incident_id = old.incident_id and incidents.status = 'closed'
        )
    then
        return new;
    end if;
    raise exception 'timeline_entries is append-only: record a correction as a further entry';
end $$
"""
_ON_UPDATE = """
create trigger timeline_loses_old_words_only before update on timeline_entries
for each row execute function refuse_change_but_removal()
"""
_ON_DELETE = """
create trigger timeline_is_append_only before delete or truncate on timeline_entries
for each statement execute function refuse_change()
"""
_ON_BOTH = """
create trigger timeline_is_append_only before update or delete on timeline_entries
for each statement execute function refuse_change()
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("incidents", sa.Column("words_removed_at", sa.DateTime(timezone=True)))
    op.execute(_ONLY_REMOVAL)
    op.execute("drop trigger timeline_is_append_only on timeline_entries")
    op.execute(_ON_UPDATE)
    op.execute(_ON_DELETE)


def downgrade() -> None:
    op.execute("drop trigger timeline_is_append_only on timeline_entries")
    op.execute("drop trigger timeline_loses_old_words_only on timeline_entries")
    op.execute(_ON_BOTH)
    op.execute("drop function refuse_change_but_removal()")
    op.drop_column("incidents", "words_removed_at")
