"""After the second step that did not help: the next-best playbook, and the role to escalate to."""

from __future__ import annotations

from bot.context import AppContext
from bot.escalation.flows.plan import find_next_rung
from bot.incidents.flows.record import is_worked_on
from bot.incidents.queries import incidents
from bot.incidents.queries.incidents import described
from bot.playbooks.flows.fitting import fitting, matching
from bot.playbooks.messages.offers import offer
from bot.playbooks.queries import ledger, runs
from bot.slack.client import Slack
from bot.slack.poster import Poster


def offer_next(context: AppContext, slack: Slack, poster: Poster, *, run_id: int) -> None:
    """Say it once in the incident's channel; nothing where the incident is over by now."""
    memory = context.memory.current()
    with context.database.transaction() as session:
        run = runs.get(session, run_id)
        row = incidents.get(session, run.incident_id)
        tried = {run.ref for run in runs.list_of_incident(session, row.incident_id)}
        role = find_next_rung(session, row)
        ref, channel_id = run.ref, row.channel_id if is_worked_on(row) and not row.channel_archived else None
    if channel_id is None:
        return
    found = matching(memory, described(row), without=tried)
    with context.database.transaction() as session:
        best = fitting(memory, found, ledger.records(session, [match.ref for match in found]))
    message = offer(ref, run_id, row.incident_id, next(iter(best), None), role.value if role else "")
    poster.try_to_post(f"playbook-offer:{run_id}", channel_id, message)
