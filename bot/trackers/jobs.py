"""Asking trackers: create an issue once, and keep it and its action item in step. No transaction is open meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import structlog

from bot.context import AppContext
from bot.incidents.queries import incidents
from bot.pagers.requests import Account, HttpAnswer, HttpRequest, NotConfigured, Outcome, Result
from bot.pagers.sender import Unreachable
from bot.reviews.queries import action_items
from bot.slack.client import Refused, Slack, TryAgain
from bot.slack.poster import Poster
from bot.trackers import flows, messages
from bot.trackers.adapters import slack_lists
from bot.trackers.adapters.common import Failed, Issue, Operation, Target, drive
from bot.trackers.flows import Draft
from bot.trackers.rules.following import Step

log = structlog.get_logger(__name__)
Made = TypeVar("Made")
_SOONEST = 60.0  # seconds until the next try: Jira's search finds a new issue only after a while


def create_issue(context: AppContext, slack: Slack, poster: Poster, *, action_id: int) -> None:
    """Create an item's issue, or find the one that an earlier try made before its answer was lost."""
    drafted = _draft(context, action_id)
    if drafted is None or drafted.number is not None:
        return
    if drafted.target.kind == "slack":
        drafted = _with_list(context, slack, drafted)
        if drafted is None:
            return
    issue = _ask(context, slack, drafted, partial(_create, drafted))
    if issue is not None:
        with context.database.transaction() as session:
            flows.created(session, drafted, issue, context.now())


def _create(drafted: Draft, account: Account) -> Operation[Issue]:
    return drafted.adapter.create(drafted.target, account, drafted.text, drafted.since)


def _with_list(context: AppContext, slack: Slack, drafted: Draft) -> Draft | None:
    """The draft with its list, made and shared where it was not; None where Slack refuses that."""
    wanted = context.policy.trackers.targets[drafted.target.name]
    list_id = drafted.target.list_id
    if not list_id:
        made = _ask(context, slack, drafted, lambda account: slack_lists.make(wanted))
        if made is None:
            return None
        list_id, columns = made
        with context.database.transaction() as session:
            flows.list_made(session, wanted, list_id, columns)
    if not drafted.target.list_id or not drafted.target.channel:
        if not _ask(context, slack, drafted, lambda account: slack_lists.share(wanted, list_id)):
            return None
        with context.database.transaction() as session:
            flows.list_shared(session, wanted)
    return _draft(context, drafted.action_id)


def sync(context: AppContext, slack: Slack, poster: Poster, *, action_id: int) -> None:
    """Read the issue; whichever of the two changed since they last agreed is followed by the other."""
    drafted = _draft(context, action_id)
    if drafted is None or drafted.number is None:
        return
    number, target, adapter = drafted.number, drafted.target, drafted.adapter
    issue = _ask(context, slack, drafted, lambda account: adapter.read(target, account, number))
    if issue is None:
        return
    with context.database.transaction() as session:
        step = flows.compare(session, drafted, issue.closed, context.now())
        state = action_items.get(session, action_id).state
    if step is not Step.PUSH:
        return
    closed, dropped = state != action_items.OPEN, state == action_items.DROPPED
    done = _ask(context, slack, drafted, lambda account: _moved(adapter.move(target, account, number, closed, dropped)))
    if done:
        with context.database.transaction() as session:
            flows.pushed(session, action_id, closed)


def approved(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, by: str) -> None:
    """A review was approved: its open items become issues, where the policy says so."""
    if not context.policy.trackers.automatic:
        return
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        asked = flows.ask_for_all(session, row, by, context.policy, context.now())
    log.info("issues were asked for", incident_id=incident_id, issues=asked)


def _moved(operation: Operation[None]) -> Operation[bool]:
    """The operation, answering that it went through."""
    yield from operation
    return True


def _draft(context: AppContext, action_id: int) -> Draft | None:
    if context.trackers is None:
        return None
    with context.database.transaction() as session:
        return flows.draft(session, context, action_id)


def _ask(context: AppContext, slack: Slack, drafted: Draft, make: Callable[[Account], Operation[Made]]) -> Made | None:
    """What came of an operation; None where it was refused for good. Raises TryAgain where it may succeed later."""
    assert context.trackers is not None
    title = drafted.adapter.TITLE
    try:
        if drafted.target.kind == "slack":
            return drive(make(Account("")), partial(_by_slack, context, slack, drafted.target), drafted.target, title)
        account = context.trackers.account(drafted.target.token, "", drafted.target.url)
        return drive(make(account), context.trackers.send, drafted.target, title)
    except NotConfigured as missing:
        result = Result(Outcome.REFUSED, str(missing), f"Set {drafted.target.token}; docs/trackers.md says to what.")
    except Unreachable as away:
        result = Result(Outcome.AGAIN, f"{title}: {away}")
    except Failed as refused:
        result = refused.result
    log.warning("issue tracker", tracker=drafted.target.name, outcome=result.outcome, says=result.says)
    with context.database.transaction() as session:
        again = flows.failed(session, drafted, result, context.now())
    if again:
        raise TryAgain(drafted.target.name, result.says, max(result.after or 0.0, _SOONEST))
    return None


def _by_slack(context: AppContext, slack: Slack, target: Target, asked: HttpRequest) -> HttpAnswer:
    """Call the method that stands in place of an address. Raises TryAgain, and Failed where Slack refuses."""
    try:
        answer = slack.call(asked.url, **json.loads(asked.body))
    except Refused as refused:
        if refused.may_pass:
            raise TryAgain(refused.method, refused.error, _SOONEST) from refused
        with context.database.transaction() as session:
            flows.list_refused(session, target, refused.method, refused.error, context.now())
        raise Failed(messages.by_slack(refused.refusal), 200) from refused
    return HttpAnswer(200, json.dumps(answer).encode())


TASKS: dict[str, Callable[..., None]] = {
    "trackers.create": create_issue,
    "trackers.sync": sync,
    "trackers.approved": approved,
}
