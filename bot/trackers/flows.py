"""Action items and their issues: asked for once, created, and following each other."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import AppContext, Policy
from bot.errors import BadRequest
from bot.incidents.flows.record import record
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import is_private
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.pagers.requests import Outcome, Result
from bot.reviews.flows import action_items
from bot.reviews.queries import action_items as items
from bot.reviews.tables import ActionRow
from bot.slack import queries as slack_queries
from bot.store.outbox import enqueue
from bot.text.markup import USER_ID
from bot.trackers import messages, queries
from bot.trackers.adapters.common import Issue, IssueText, Target
from bot.trackers.adapters.registry import ADAPTERS, Adapter
from bot.trackers.rules.following import Step, route, step
from bot.trackers.tables import IssueRow

OPEN, CLOSED = "open", "closed"
_MOST_TRIES = 60  # of one request, a minute apart or as long as the tracker asks
_READ_EVERY = timedelta(minutes=9)  # less than the periodic task's ten
_READ_FOR = timedelta(days=30)  # after an item was last changed, its issue may be reopened
_READ_AT_ONCE = 60
_TRUSTED_FOR = timedelta(days=1)  # that a workspace has no lists


@dataclass(frozen=True, slots=True)
class Draft:
    """What a job needs to ask a tracker about one item."""

    action_id: int
    target: Target
    adapter: Adapter
    number: str | None
    text: IssueText
    since: datetime


def target_of(row: IncidentRow, item: ActionRow, policy: Policy) -> Target:
    """Where this item's issue goes. Raises BadRequest where that is nowhere."""
    trackers = policy.trackers
    if is_private(row.ref):
        if trackers.security is None:
            raise BadRequest(messages.OF_SECURITY)
        return trackers.targets[trackers.security]
    name = route(trackers.teams, trackers.default, _owners(row, item, policy))
    if name is None:
        raise BadRequest(messages.NO_TRACKER)
    return trackers.targets[name]


def _owners(row: IncidentRow, item: ActionRow, policy: Policy) -> Iterator[str]:
    """Who owns the item, and then whose the services are of which item and incident speak."""
    if item.owner:
        yield item.owner
        yield from (person.name for person in policy.contacts.people.values() if person.slack == item.owner)
    words = " ".join(filter(None, (item.text, row.title, row.impact)))
    for service in policy.diagnostics.services.values():
        named = (service.name, *(one.name for one in service.resources))
        if service.owner and any(re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", words, re.I) for one in named):
            yield service.owner


def ask(session: Session, row: IncidentRow, number: int, by: str, policy: Policy, now: datetime) -> str:
    """Have an issue created for an open item; what to say to whoever pressed. Raises BadRequest.

    The incident's row must be locked. Asked again, nothing is created twice; what failed before is tried anew.
    """
    item = items.find_for_change(session, row.incident_id, number)
    if item is None or item.state != items.OPEN:
        raise BadRequest(messages.NOT_OPEN)
    if item.issue_key is not None:
        return messages.already(item)
    target = target_of(row, item, policy)
    known = queries.find_for_change(session, item.action_id)
    if known is None:
        known = IssueRow(action_id=item.action_id, tracker=target.name, asked_by=by, asked_at=now, again_at=now)
        session.add(known)
    known.asked_by, known.again_at, known.failed, known.tries, known.tracker = by, now, None, 0, target.name
    session.flush()
    name = f"trackers.create-{item.action_id}"
    enqueue(session, "trackers.create", lock=name, once=name, action_id=item.action_id)
    return messages.creating(ADAPTERS[target.kind].TITLE, number)


def ask_for_all(session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime) -> int:
    """Its review was approved: have an issue for each open item that has none and may have one. How many."""
    asked = 0
    for item in items.list_of_incident(session, row.incident_id, (items.OPEN,)):
        if item.issue_key is not None:
            continue
        try:
            if _has_none(session, target_of(row, item, policy), now):
                continue  # as without trackers; whoever presses the button has it tried again
            ask(session, row, item.number, by, policy, now)
        except BadRequest:  # it goes nowhere, by policy
            continue
        asked += 1
    return asked


def _as_list(session: Session, target: Target) -> Target:
    """The target with what is known of its list in Slack."""
    known, workspace = queries.find_list(session, target.name), slack_queries.find_workspace(session)
    if known is None or known.list_id is None or workspace is None:
        return target
    url = f"{workspace.url.rstrip('/')}/lists/{workspace.team_id}"
    shared = target.channel if known.shared_with == target.channel else ""
    return replace(target, list_id=known.list_id, columns=known.columns, url=url, channel=shared)


def list_made(session: Session, target: Target, list_id: str, columns: Mapping[str, str]) -> None:
    """The list is there; nobody else sees it yet."""
    known = queries.list_for_change(session, target.name)
    known.list_id, known.columns, known.shared_with, known.trouble = list_id, dict(columns), None, None


def list_shared(session: Session, target: Target) -> None:
    """The people of its channel see it."""
    queries.list_for_change(session, target.name).shared_with = target.channel


def list_refused(session: Session, target: Target, method: str, error: str, now: datetime) -> None:
    """Slack makes none, or the one there was is gone; `tocsin doctor` says so."""
    known = queries.list_for_change(session, target.name)
    if error == "list_not_found":
        known.list_id = known.shared_with = None
    elif method in ("slackLists.create", "slackLists.access.set"):
        known.trouble, known.trouble_at = error, now


def _has_none(session: Session, target: Target, now: datetime) -> bool:
    """Whether Slack lately said that there are no lists for us."""
    known = queries.find_list(session, target.name) if target.kind == "slack" else None
    at = known.trouble_at if known is not None and known.trouble is not None else None
    return at is not None and now - at < _TRUSTED_FOR


def draft(session: Session, context: AppContext, action_id: int) -> Draft | None:
    """None where nothing was asked for, or the policy no longer names that tracker."""
    known, item = queries.find(session, action_id), items.get(session, action_id)
    target = context.policy.trackers.targets.get(known.tracker) if known else None
    if known is None or target is None:
        return None
    incident = incidents.facts(incidents.get(session, item.incident_id))
    owner = item.owner or ""
    owner = slack_queries.names_of(session, [owner]).get(owner, "" if USER_ID.fullmatch(owner) else owner)
    text = messages.issue_text(item, incident, owner, context.review_link(incident.ref))
    target = _as_list(session, target) if target.kind == "slack" else target
    return Draft(action_id, target, ADAPTERS[target.kind], known.number, text, known.asked_at)


def created(session: Session, drafted: Draft, issue: Issue, now: datetime) -> None:
    """The issue is there: it is linked, and the channel hears of it once."""
    item, row = _locked(session, drafted.action_id)
    known = queries.find_for_change(session, drafted.action_id)
    if known is None or known.number is not None:
        return
    known.number, known.agreed, known.failed, known.read_at = issue.number, OPEN, None, now
    key = drafted.adapter.shown(drafted.target, issue.number)
    action_items.link_issue(session, row, item.number, key, issue.url)
    text = messages.created(item.number, known.asked_by, key, issue.url)
    source = f"issue:{item.action_id}:{issue.number}"
    record(
        session, row, Kind.ISSUE_CREATED, text, now, author=known.asked_by, announce=True, source_key=source,
        data={"url": issue.url},
    )  # fmt: skip
    if item.state != items.OPEN:
        sync_later(session, item.action_id)  # it was done while its issue was made


def compare(session: Session, drafted: Draft, there_closed: bool, now: datetime) -> Step:
    """Item and issue, compared; where the item is to follow, it does. PUSH is for the caller; then `pushed`."""
    item, row = _locked(session, drafted.action_id)
    known = queries.find_for_change(session, drafted.action_id)
    if known is None or known.number is None:
        return Step.NOTHING
    next_step = step(is_closed(item), there_closed, known.agreed == CLOSED)
    if next_step is Step.PUSH:
        return next_step
    known.agreed, known.tries, known.failed = CLOSED if there_closed else OPEN, 0, None
    if next_step is Step.TAKE:
        title = drafted.adapter.TITLE
        text = messages.moved(title, item.number, item.issue_key, item.issue_url, there_closed, item.text)
        action_items.move_by_tracker(session, row, item.number, there_closed, text, now)
    return next_step


def pushed(session: Session, action_id: int, closed: bool) -> None:
    """The issue followed the item."""
    known = queries.find_for_change(session, action_id)
    if known is not None:
        known.agreed, known.tries, known.failed = CLOSED if closed else OPEN, 0, None


def is_closed(item: ActionRow) -> bool:
    return item.state in (items.DONE, items.DROPPED)


def failed(session: Session, drafted: Draft, result: Result, now: datetime) -> bool:
    """Whether it is tried again. Whoever asked and the item's owner are told, once for each request and reason."""
    item, row = _locked(session, drafted.action_id)
    known = queries.find_for_change(session, drafted.action_id)
    if known is None:
        return False
    known.tries += 1
    again = result.outcome is Outcome.AGAIN and known.tries < _MOST_TRIES
    if result.outcome is Outcome.AGAIN and not again:
        result = Result(Outcome.REFUSED, result.says, messages.GAVE_UP)
    known.failed = None if again else result.says
    if known.number is None:
        text = messages.not_created(item.number, result, again)
    else:
        text = messages.not_followed(item.number, item.issue_key, item.issue_url, result, again)
    _tell(session, row, item, known, text, "again" if again else f"{zlib.crc32(result.says.encode()):08x}", now)
    return again


def _tell(
    session: Session, row: IncidentRow, item: ActionRow, known: IssueRow, text: str, reason: str, now: datetime
) -> None:
    key = f"tracker:{item.action_id}:{known.again_at.isoformat()}:{reason}"
    entry_id = record(session, row, Kind.NOT_DONE, text, now, source_key=key)
    if entry_id is None:
        return
    owner = item.owner if item.owner and USER_ID.fullmatch(item.owner) else None
    for user_id in dict.fromkeys(filter(None, (known.asked_by, owner))):
        enqueue(session, "slack.tell", lock=f"tell-{entry_id}-{user_id}", entry_id=entry_id, user_id=user_id)


def heard(session: Session, tracker: str, number: str) -> bool:
    """A webhook says that an issue changed: have it read. False where no item has it."""
    known = queries.find_by_number(session, tracker, number)
    if known is None:
        return False
    sync_later(session, known.action_id)
    return True


def plan_reading(session: Session, now: datetime) -> int:
    """Have the issues read that no webhook told of lately; how many."""
    rows = queries.list_to_read(session, now - _READ_EVERY, now - _READ_FOR, _READ_AT_ONCE)
    for row in rows:
        row.read_at = now
        sync_later(session, row.action_id)
    return len(rows)


def sync_later(session: Session, action_id: int) -> None:
    """Have item and issue compared."""
    name = f"trackers.sync-{action_id}"
    enqueue(session, "trackers.sync", lock=name, once=name, action_id=action_id)


def _locked(session: Session, action_id: int) -> tuple[ActionRow, IncidentRow]:
    """The incident's row first, as everybody locks them in that order."""
    item = items.get(session, action_id)
    row = incidents.get_for_change(session, item.incident_id)
    session.refresh(item)
    return item, row
