"""A run's one message, kept current; offers after failed steps; words to the owners of playbooks."""

from __future__ import annotations

from collections.abc import Callable

from bot.playbooks.jobs import looks, offers, owners, runs, upkeep
from bot.playbooks.jobs.runs import look

__all__ = ["TASKS", "look"]

TASKS: dict[str, Callable[..., None]] = {
    "slack.playbook_run": runs.draw_run,
    "aws.look": looks.look,
    "slack.playbook_list": runs.whisper_list,
    "slack.playbook_offer": offers.offer_next,
    "slack.playbook_failed": owners.step_failed,
    "slack.playbook_find_unused": owners.find_unused,
    "slack.upkeep_ask": upkeep.ask,
    "slack.upkeep_redraw": upkeep.redraw,
}
