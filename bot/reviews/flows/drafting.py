"""Drafting the post-incident review: gather the recorded facts, draft from them, keep the draft as a version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.queries import pings
from bot.escalation.tables import PingRow
from bot.fields.queries import in_order, values_of
from bot.incidents.queries import incidents, timeline
from bot.incidents.queries.incidents import described
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow
from bot.memory.flows.live import Memory
from bot.memory.flows.recall import recall
from bot.memory.rules.similar import SimilarItem
from bot.playbooks.queries import runs
from bot.playbooks.rules.steps import Outcome
from bot.playbooks.rules.steps import from_document as playbook_text
from bot.reviews.flows.editing import as_item, begin, note_drafting, show
from bot.reviews.flows.replays import compare
from bot.reviews.messages.drafting import draft
from bot.reviews.queries import action_items, drafts, reports
from bot.reviews.queries import reviews as assessments
from bot.reviews.rules.chart import Chart, chart_of
from bot.reviews.rules.document import PastIncident, PingFact, PlaybookFact, Review, ReviewFacts, SeverityChange
from bot.reviews.rules.notes import read_notes
from bot.reviews.rules.stages import Stage
from bot.reviews.tables import ReviewRow
from bot.severity.rules import Severity
from bot.slack import queries as slack_queries
from bot.store.outbox import enqueue
from bot.text.markup import USER_ID
from bot.text.wording import Wording, mentioned


def gather(session: Session, row: IncidentRow, policy: Policy) -> ReviewFacts:
    """Everything that was recorded of an incident, as the review needs it."""
    workspace = slack_queries.find_workspace(session)
    url = workspace.url if workspace else None
    entries = timeline.list_entries(
        session, row.incident_id, lambda ts, channel: slack_queries.permalink(url, channel or row.channel_id, ts)
    )
    entries = _linked(entries, _card_link(session, row, url))
    noted = read_notes(entries, row.declared_at)
    sent = pings.list_of_incident(session, row.incident_id)
    items = action_items.list_of_incident(session, row.incident_id)
    people = {entry.author for entry in entries if entry.author} | {user for ping in sent for user in ping.user_ids}
    people |= {user for user in (row.commander, row.declared_by, row.acknowledged_by) if user}
    people |= {item.owner for item in items if item.owner}
    report = reports.find(session, row, url)
    people |= {report.by} if report and report.by else set()
    return ReviewFacts(
        incident=incidents.facts(row),
        entries=entries,
        pings=tuple(_ping(one) for one in sent),
        severity_changes=_severity_changes(session, row),
        respond_within=policy.severity.levels[Severity(row.severity)].respond_within,
        response_times={severity: level.respond_within for severity, level in policy.severity.levels.items()},
        resolve_within=policy.review.resolve_within.get(Severity(row.severity)),
        silence_after=policy.review.silence_after,
        late_after=policy.escalation.late_after,
        similar=tuple(_past(item) for item in row.similar if item.is_incident),
        services=noted.services,
        type_title=policy.fields.title_of(row.type),
        custom=tuple(in_order(values_of(session, row.incident_id), policy.fields)),
        contributing=noted.contributing,
        whys=noted.whys,
        detected_at=noted.detected_at,
        actions=tuple(as_item(item) for item in items),
        report=report,
        names=_names(session, policy, people | mentioned(_words(row, (entry.text for entry in entries)))),
        false_alarm=row.false_alarm,
        playbook_helped=row.playbook_helped,
        playbooks=_playbooks(session, row),
        replay=compare(session, row, policy),
    )


def _ping(ping: PingRow) -> PingFact:
    return PingFact(
        role=ping.role,
        persons=tuple(ping.user_ids),
        due_at=ping.due_at,
        sent_at=ping.sent_at,
        acknowledged_at=ping.acknowledged_at,
        acknowledged_by=ping.acknowledged_by,
        rule=ping.rule,
        reason_not_sent=ping.reason,
    )


def chart(session: Session, row: IncidentRow, policy: Policy, now: datetime) -> Chart:
    """What the picture of the incident's timeline shows."""
    facts = gather(session, row, policy)
    wording = Wording(facts.names, row.declared_at.astimezone(UTC).date())
    called = {entry.author: wording.person(entry.author) for entry in facts.entries if entry.author}
    return chart_of(facts, called, f"{row.ref}: {wording.plain(row.title)}", now)


def _names(session: Session, policy: Policy, ids: Iterable[str]) -> dict[str, str]:
    """Display names; those of contacts.yaml for whom Slack has not named yet."""
    listed = {person.slack: person.name for person in policy.contacts.people.values() if person.slack}
    wanted = set(ids)
    return {one: listed[one] for one in wanted & listed.keys()} | slack_queries.names_of(session, wanted)


def _playbooks(session: Session, row: IncidentRow) -> tuple[PlaybookFact, ...]:
    """What was worked through, in all openings of the incident."""
    found = []
    for run in runs.list_of_incident(session, row.incident_id):
        text, steps = playbook_text(run.document), runs.list_steps(session, run.run_id)
        became = Counter(step.outcome for step in steps)
        done, failed, skipped = (became[outcome.value] for outcome in Outcome)
        noun = "cause" if text.is_guide else "step"
        ended = f"{noun} {run.ended_step}, {text.step(run.ended_step).title}" if run.ended_it and run.ended_step else ""
        found.append(PlaybookFact(run.ref, text.title, len(steps), done, failed, skipped, ended))
    return tuple(found)


def _severity_changes(session: Session, row: IncidentRow) -> tuple[SeverityChange, ...]:
    changes = timeline.list_rows(session, row.incident_id, (Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED))
    return tuple(
        SeverityChange(entry.at, Severity(entry.data["before"]), Severity(entry.data["severity"]), entry.author)
        for entry in changes
    )


def _card_link(session: Session, row: IncidentRow, url: str | None) -> str | None:
    """Where the incident's card is, which says what was declared."""
    card = slack_queries.find_message(session, f"card:{row.incident_id}")
    return slack_queries.permalink(url, row.channel_id, card.ts) if card is not None and card.ts else None


def _linked(entries: tuple[Entry, ...], card: str | None) -> tuple[Entry, ...]:
    """Entries without a message of their own get the link of the one that shows them: the card, "Resolved by …"."""
    resolved = {entry.at: entry.permalink for entry in entries if entry.kind is Kind.RESOLVED}
    link_of = {Kind.DECLARED: lambda entry: card, Kind.RESOLUTION_RECORDED: lambda entry: resolved.get(entry.at)}
    link_of[Kind.CAUSE_RECORDED] = link_of[Kind.RESOLUTION_RECORDED]
    return tuple(
        replace(entry, permalink=link_of[entry.kind](entry))
        if entry.permalink is None and entry.kind in link_of
        else entry
        for entry in entries
    )


def recall_again(row: IncidentRow, memory: Memory) -> None:
    """Search the past again by all that is recorded by now: impact and cause say more than the title did."""
    found = recall(memory, described(row), without=row.ref)
    if any(item.is_incident for item in found):
        row.similar = found


def _past(item: SimilarItem) -> PastIncident:
    return PastIncident(item.ref, item.title, item.cause, item.fix, item.happened_on, item.same)


def draft_review(session: Session, row: IncidentRow, policy: Policy, now: datetime) -> tuple[Review, ReviewRow]:
    """Draft from what is recorded now and keep it as the next version. Earlier versions stay."""
    at = _after_closing(row, now)
    review = draft(gather(session, row, policy), at)
    return review, _keep(session, row, review, policy, at)


def _after_closing(row: IncidentRow, now: datetime) -> datetime:
    """`now`, but not before the closing: the clock of who drafts may be behind that of who closed."""
    return max(now, row.closed_at or now)


def _keep(session: Session, row: IncidentRow, review: Review, policy: Policy, now: datetime) -> ReviewRow:
    stage = begin(session, row, policy.review, now)
    note_drafting(session, stage, now)
    show(session, row)
    return drafts.add(
        session,
        row.incident_id,
        drafted_at=now,
        due_at=stage.due_at,
        document=review,
    )


def draft_once(session: Session, row: IncidentRow, policy: Policy, now: datetime) -> tuple[Review, ReviewRow]:
    """The draft made since the incident was closed, or a new one: a repeated job adds no version."""
    last = drafts.find_last(session, row.incident_id)
    if last is not None and row.closed_at is not None and last.drafted_at >= row.closed_at:
        return last.document, last
    return draft_review(session, row, policy, now)


def redraft_later(session: Session, row: IncidentRow) -> bool:
    """What is recorded after the closing belongs in the review too: one further draft for all that comes together.

    False where the review is approved, and so stays as it is.
    """
    stage = assessments.find_stage(session, row.incident_id) if row.closed_at is not None else None
    if stage is None:
        return True
    if stage.stage == Stage.APPROVED:
        return False
    once = f"review-{row.incident_id}"  # and the lock of the first draft, which comes before
    enqueue(session, "slack.redraft", once=once, lock=once, incident_id=row.incident_id)
    return True


def redraft(session: Session, row: IncidentRow, policy: Policy, now: datetime) -> ReviewRow | None:
    """Draft again a review that there is and that nobody has approved.

    The new version; None where nothing new was recorded.
    """
    last = drafts.find_last(session, row.incident_id)
    stage = assessments.find_stage(session, row.incident_id)
    if row.closed_at is None or last is None or stage is None or stage.stage == Stage.APPROVED:
        return None
    at = _after_closing(row, now)
    review = draft(gather(session, row, policy), at)
    if replace(review, drafted_at=last.drafted_at) == last.document:
        return None
    return _keep(session, row, review, policy, at)


def ids_to_name(session: Session, row: IncidentRow) -> frozenset[str]:
    """The ids of all whom the review names: people, channels and user groups."""
    authors, words = timeline.list_words(session, row.incident_id)
    people = authors | mentioned(_words(row, words))
    people |= {user for user in (row.commander, row.declared_by, row.acknowledged_by) if user}
    people |= reports.authors(session, row)
    paged_or_owners = action_items.list_paged_and_owners(session, row.incident_id)
    return frozenset(people | {each for each in paged_or_owners if USER_ID.fullmatch(each)})


def _words(row: IncidentRow, texts: Iterable[str]) -> list[str]:
    """All words of a record, those of its entries included, in which somebody may be mentioned."""
    return [*texts, *filter(None, (row.title, row.impact, row.cause, row.resolution))]
