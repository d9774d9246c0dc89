"""A person may be erased: words, authors and keys of the timeline may change for that, and nothing else of it."""

from alembic import op

revision = "0030"
down_revision = "0029"
NEEDS = "0013"  # the new trigger allows more than the one before
branch_labels = None
depends_on = None

_BODY = """
create or replace function refuse_change_but_removal() returns trigger language plpgsql as $$
begin
    if current_setting('tocsin.retention', true) = 'on'
        and old.kind in ('message_posted', 'message_edited')
        and new.text like 'Message, removed after %% by policy.'
        and to_jsonb(new) - 'text' = to_jsonb(old) - 'text'
        and exists (
            select 1 from incidents where incidents.incident_id = old.incident_id and incidents.status = 'closed'
        )
    then
        return new;
    end if;
    %s
    raise exception 'timeline_entries is append-only: record a correction as a further entry';
end $$
"""
_ERASURE = """
    if current_setting('tocsin.erasure', true) = 'on'
        and to_jsonb(new) - array['text', 'author', 'data', 'source_key']
            = to_jsonb(old) - array['text', 'author', 'data', 'source_key']
    then
        return new;
    end if;
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(_BODY % _ERASURE)


def downgrade() -> None:
    op.execute(_BODY % "")
