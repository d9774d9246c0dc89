"""Telling a workflow how its step "Declare incident" went: Slack holds the workflow up until it hears."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.context import AppContext
from bot.incidents.queries import incidents
from bot.lifecycle.messages import answers
from bot.slack.client import Refused, Slack
from bot.slack.poster import Poster

log = structlog.get_logger(__name__)

# The run ended meanwhile: somebody stopped the workflow, or an earlier try of ours was heard.
_OVER = frozenset({"execution_not_in_running_state", "function_execution_not_found"})


def end_step(context: AppContext, slack: Slack, poster: Poster, *, run_id: str, incident_id: int) -> None:
    """The step succeeded. Of an incident that is not for everybody the workflow learns nothing but that."""
    with context.database.transaction() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    outputs = {} if incident.private else answers.step_outputs(incident)
    _tell(slack, "functions.completeSuccess", function_execution_id=run_id, outputs=outputs)


def fail_step(context: AppContext, slack: Slack, poster: Poster, *, run_id: str, error: str) -> None:
    """The step failed; Slack shows the sentence in the workflow's activity and to whoever keeps it."""
    _tell(slack, "functions.completeError", function_execution_id=run_id, error=error)


def _tell(slack: Slack, method: str, **arguments: object) -> None:
    try:
        slack.call(method, **arguments)
    except Refused as refused:
        if refused.error not in _OVER:
            raise
        log.info("the workflow had ended", error=refused.error)


TASKS: dict[str, Callable[..., None]] = {"slack.end_step": end_step, "slack.fail_step": fail_step}
