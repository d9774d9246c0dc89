"""A suggested severity in the incident's channel; once it was decided, the same message says by whom."""

from __future__ import annotations

from bot.context import AppContext
from bot.incidents.jobs.posting import in_thread, post_in_incident
from bot.lifecycle.flows.severity_suggestions import outcome
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.queries import severity_suggestions as suggestions_store
from bot.reports.messages import corrections
from bot.severity.rules import Severity
from bot.slack.client import Slack
from bot.slack.poster import Poster


def suggest_severity(context: AppContext, slack: Slack, poster: Poster, *, suggestion_id: int) -> None:
    """Post it, or edit it into what became of it. Overtaken before it was said, it stays unsaid."""
    key = f"severity-suggestion:{suggestion_id}"
    with context.database.transaction() as session:
        held = suggestions_store.find(session, suggestion_id)
    if held is None:
        return
    before, suggested = Severity(held.before), Severity(held.suggested)
    if held.state != suggestions_store.OPEN:
        for said in (key, in_thread(key)):
            poster.edit(said, corrections.suggestion_over(before, suggested, sentence(outcome(held))))
        return
    levels, words = context.policy.severity.levels, [item["text"] for item in held.evidence]
    message = corrections.severity_suggestion(
        suggestion_id, levels[before], levels[suggested], held.row, words, held.user_id
    )
    post_in_incident(context, poster, held.incident_id, key, message)
