"""A run's one message, kept current, and what fits an incident, for one person. Each may run twice without harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.context import AppContext
from bot.diagnostics.queries import find_evidence
from bot.incidents.jobs.direct import show_privately
from bot.incidents.jobs.posting import post_in_incident
from bot.incidents.queries import incidents
from bot.incidents.queries.incidents import described
from bot.incidents.rules.incident import is_private
from bot.incidents.tables import IncidentRow
from bot.playbooks.flows import watch
from bot.playbooks.flows.facts import facts_of
from bot.playbooks.flows.fitting import KINDS, fitting, matching, named_by
from bot.playbooks.flows.owners import look_for_unused
from bot.playbooks.jobs.looks import looks_of
from bot.playbooks.messages import choices
from bot.playbooks.messages.entries import place
from bot.playbooks.messages.run import run_message
from bot.playbooks.queries import ledger, runs
from bot.playbooks.rules.steps import RunState, from_document
from bot.playbooks.tables import PlaybookRun
from bot.slack.client import Message, Slack
from bot.slack.poster import Poster

_AT_ONCE = 100  # runs that are looked at in one transaction


def draw_run(context: AppContext, slack: Slack, poster: Poster, *, run_id: int) -> None:
    """Post the run's message, or bring it up to date."""
    with context.database.transaction() as session:
        run = runs.get(session, run_id)
        row = incidents.get(session, run.incident_id)
        facts = facts_of(session, run, row)
        incident_id = run.incident_id
    if facts.state is RunState.RUNNING:
        facts = replace(facts, can_look=bool(looks_of(context, facts, facts.current)))
    post_in_incident(context, poster, incident_id, f"playbook-run:{run_id}", run_message(facts, context.now()))


def look(context: AppContext, now: datetime) -> None:
    """Look at the runs that are due at `now`: their minute, steps over their window; once a day at what nobody uses."""
    while True:
        with context.database.transaction() as session:
            look_for_unused(session, now)
            if watch.sweep(session, now, _AT_ONCE) < _AT_ONCE:
                return


def whisper_list(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, user_id: str) -> None:
    """What fits an incident, for whoever asked by the card's button."""
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
    show_privately(context, slack, incident_id, user_id, listing(context, row))


def listing(context: AppContext, row: IncidentRow) -> Message:
    """What is under way in an incident and what fits it. Opens transactions of its own, one after the other."""
    memory = context.memory.current()
    with context.database.transaction() as session:
        under_way = [run for run in runs.list_of_incident(session, row.incident_id) if run.state == RunState.RUNNING]
        shown = [choices.Running(run.ref, _place(run)) for run in under_way]
    found = matching(memory, described(row), without={run.ref for run in under_way})
    with context.database.transaction() as session:
        pointed = named_by(find_evidence(session, row.incident_id), memory)
        first = [context.policy.security.playbook] if is_private(row.ref) else []
        first = [ref for ref in (*first, *pointed) if ref not in {run.ref for run in under_way}]
        records = ledger.records(session, [*(match.ref for match in found), *first])
    fits = fitting(memory, found, records, first, pointed)
    names = sorted(entry.ref for entry in memory.entries.values() if entry.kind in KINDS)
    return choices.listing(row.ref, row.incident_id, fits, shown, names)


def _place(run: PlaybookRun) -> str:
    return place(from_document(run.document), run.current).removeprefix(f"{run.ref} ")
