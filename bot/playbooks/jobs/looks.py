"""Look: a step's read-only commands, asked of AWS through the Incident Helper's guarded client, shown in the thread."""

from __future__ import annotations

from bot.aws.operations import DIAGNOSTICS
from bot.aws.reading import Unread
from bot.context import AppContext
from bot.diagnostics.checks.look import look as ask
from bot.diagnostics.rules.look_commands import LookCommand, read_looks
from bot.errors import BadRequest, InvalidSettings
from bot.incidents.jobs.posting import post_in_incident
from bot.incidents.queries import incidents
from bot.playbooks.flows import looks as flow
from bot.playbooks.flows.facts import facts_of
from bot.playbooks.messages import looks as messages
from bot.playbooks.messages.looks import Seen
from bot.playbooks.messages.run import RunFacts, filled
from bot.playbooks.queries import runs
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Slack
from bot.slack.poster import Poster


def looks_of(context: AppContext, run: RunFacts, number: int) -> list[LookCommand]:
    """The commands of a step that Tocsin can ask: those that only read, with every placeholder filled."""
    if context.aws is None:
        return []
    texts = zip(run.text.step(number).commands, filled(run, run.text.step(number)), strict=True)
    scripts = [text for (language, _), text in texts if language.lower() in ("bash", "sh", "shell", "console")]
    return [one for script in scripts for one in read_looks(script, DIAGNOSTICS.operations, context.now())]


def look(
    context: AppContext, slack: Slack, poster: Poster, *, run_id: int, number: int, user_id: str, key: str
) -> None:
    """Ask, and say what came in the thread of the run's message. Running twice edits the same message."""
    with context.database.transaction() as session:
        run = runs.get(session, run_id)
        facts = facts_of(session, run, incidents.get(session, run.incident_id))
        incident_id, ref = run.incident_id, run.ref
        shown = slack_queries.find_message(session, f"playbook-run:{run_id}")
        thread = (shown.channel_id, shown.ts) if shown and shown.ts else None
    commands = looks_of(context, facts, number)
    seen = [_seen(context, one) for one in commands[: messages.MOST]]
    if seen:
        message = messages.looked(ref, number, run_id, user_id, seen, len(commands) - len(seen))
    else:
        message = Message(messages.NOTHING if context.aws else messages.NOT_CONFIGURED)
    with context.database.transaction() as session:
        flow.remember(session, run_id, number, seen)
    if thread is None:
        post_in_incident(context, poster, incident_id, f"playbook-look:{key}", message)
    else:
        poster.try_to_post(f"playbook-look:{key}", thread[0], message, thread[1])


def _seen(context: AppContext, command: LookCommand) -> Seen:
    assert context.aws is not None
    try:
        return Seen(command.text, ask(context.aws, command, context.policy.diagnostics.budget))
    except (Unread, BadRequest, InvalidSettings) as error:
        return Seen(command.text, unread=str(error))
