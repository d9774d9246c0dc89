"""Wake workers when a lock is free: procrastinate tells them of new jobs, but not of jobs that waited for a lock."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
NEEDS = "0002"  # the triggers only tell workers of jobs


def upgrade() -> None:
    op.execute(
        """
        create function wake_workers_for_lock() returns trigger language plpgsql as $$
        declare
            waiting procrastinate_jobs;
        begin
            select * into waiting from procrastinate_jobs
                where lock = old.lock and status = 'todo' order by priority desc, id limit 1;
            if found then
                perform pg_notify(
                    'procrastinate_queue_v1#' || waiting.queue_name,
                    json_build_object('type', 'job_inserted', 'job_id', waiting.id)::text
                );
            end if;
            return null;
        end $$
        """
    )
    op.execute(
        """
        create trigger wake_after_delete after delete on procrastinate_jobs
        for each row when (old.lock is not null and old.status = 'doing') execute function wake_workers_for_lock()
        """
    )
    op.execute(
        """
        create trigger wake_after_end after update of status on procrastinate_jobs
        for each row when (old.lock is not null and old.status = 'doing' and new.status <> 'doing')
        execute function wake_workers_for_lock()
        """
    )
    # Both this look-up and the queue's own ask for a lock's waiting jobs.
    op.execute("create index waiting_jobs_by_lock on procrastinate_jobs (lock) where status = 'todo'")


def downgrade() -> None:
    op.execute("drop index waiting_jobs_by_lock")
    op.execute("drop trigger wake_after_end on procrastinate_jobs")
    op.execute("drop trigger wake_after_delete on procrastinate_jobs")
    op.execute("drop function wake_workers_for_lock()")
