"""Failed jobs: what they are, and running them again."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bot.console.terminal import load_settings
from bot.errors import BadRequest
from bot.text.wording import counted

app = typer.Typer(no_args_is_help=True, help="Failed jobs: posts, pages and other calls that no longer retry.")


@app.command("list")
def jobs_list(as_json: Annotated[bool, typer.Option("--json", help="One JSON object per job.")] = False) -> None:
    """List failed jobs, the oldest first."""
    settings = load_settings()
    from bot.store.outbox import list_failed
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        found = list_failed(session)
    for job in found:
        at = job.at.isoformat(timespec="seconds") if job.at else None
        # Ids only: what people wrote is not for the terminal of whoever looks after the queue.
        ids = {name: value for name, value in json.loads(job.arguments).items() if name.endswith(("_id", "_ids"))}
        if as_json:
            print(json.dumps({"id": job.job_id, "task": job.task, "of": ids, "attempts": job.attempts, "at": at}))
        else:
            of = " ".join(f"{name}={value}" for name, value in ids.items())
            print(f"{job.job_id}  {job.task}  {of}  {job.attempts} attempts, the last {at or 'at an unknown time'}")
    if not found and not as_json:
        print("No failed jobs.")


@app.command("retry")
def jobs_retry(
    job_ids: Annotated[list[int] | None, typer.Argument(help="Ids from `tocsin jobs list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All failed jobs.")] = False,
) -> None:
    """Run failed jobs again. They start right away."""
    if bool(job_ids) == everything:
        raise BadRequest("Name the jobs by id, as in `tocsin jobs retry 12 15`, or type `tocsin jobs retry --all`.")
    settings = load_settings()
    from bot.store.outbox import list_failed, retry_failed
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        failed = {job.job_id for job in list_failed(session)}
        if unknown := sorted(set(job_ids or ()) - failed):
            listed = ", ".join(map(str, unknown))
            raise BadRequest(f"Not among the failed jobs: {listed}. `tocsin jobs list` shows them.")
        number = retry_failed(session, sorted(job_ids or failed))
    print(f"{counted(number, 'job runs', 'jobs run')} again.")
