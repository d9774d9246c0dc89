"""All figures of a period, each beside that of the period before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.figures.queries import commitments, counts, people, times, verdicts
from bot.figures.queries.people import Load, PersonLoad
from bot.figures.queries.scope import Scope
from bot.figures.rules import definitions as d
from bot.figures.rules.agreement import agree
from bot.figures.rules.figure import NONE, Definition, Figure, Spread
from bot.figures.rules.periods import Period
from bot.figures.rules.report import Bucket, Report
from bot.memory.flows.recall import SHOWN
from bot.severity.rules import Severity

MOST = 10  # kinds, services, people and reporters that a report names


def scope_of(
    period: Period, policy: Policy, severity: str | None = None, service: str | None = None, kind: str | None = None
) -> Scope:
    """What is counted for a period, in the time zone of the policy's calendar. `kind`: a type's name, "" for none."""
    return Scope(period.since, period.until, policy.calendar.zone.key, severity, service, kind)


def type_named(policy: Policy, typed: str | None) -> str | None:
    """The type that was typed, "" for none; None where nothing was. Raises BadRequest with those there are."""
    return policy.fields.read_type(typed) if typed else None


def report(
    session: Session,
    period: Period,
    policy: Policy,
    severity: str | None = None,
    service: str | None = None,
    kind: str | None = None,
    public: bool = False,
) -> Report:
    """All figures of the period, those of the period before beside them. `kind`: a type's name, "" for none.

    `public` leaves out security incidents.
    """
    scope = replace(scope_of(period, policy, severity, service, kind), public=public)
    load = _load(session, scope, policy)
    figures = list(_figures(session, scope, policy, load))
    if period.earlier is not None:
        earlier = scope.between(*period.earlier)
        before = {one.name: one for one in _figures(session, earlier, policy, _load(session, earlier, policy))}
        figures = [figure.with_before(before.get(figure.name)) for figure in figures]
    called = None if kind is None else policy.fields.title_of(kind) or "no type"
    return Report(period, scope.zone, severity, service, tuple(figures), load.hours, kind, called)


def _load(session: Session, scope: Scope, policy: Policy) -> Load:
    late_after = policy.escalation.late_after.total_seconds()
    return people.load(session, scope, late_after, policy.calendar.weekdays)


def _figures(session: Session, scope: Scope, policy: Policy, load: Load) -> Iterator[Figure]:
    counted = counts.count_incidents(session, scope)
    yield Figure(d.DECLARED, count=counted.counted)
    yield Figure(d.SECURITY, count=counted.security)
    yield Figure(d.OPEN, count=counted.open)
    yield Figure(d.MERGED, count=counted.merged)
    yield from _times(session, scope, policy)
    yield from _between(session, scope)
    yield _share(d.REOPENED, counted.counted, counted.reopened)
    yield _share(d.RECURRED, counted.counted, counted.recurred)
    yield _share(d.PLAYBOOK, counted.playbook_asked, counted.playbook_helped)
    yield _share(d.FALSE_ALARMS, counted.declared, counted.false_alarms)
    if scope.severity is None and scope.service is None and scope.type is None:
        yield from _reports(session, scope)
    yield from _pages(load.people)
    yield _share(d.ACTIONS, *commitments.actions_on_time(session, scope))
    yield _share(d.REVIEWS, *commitments.reviews_on_time(session, scope))


def _share(definition: Definition, count: int, part: int, of: str = "") -> Figure:
    return Figure(definition, of, count=count, part=part)


def _length(definition: Definition, of: str, found: Spread, target: float | None = None) -> Figure:
    return Figure(
        definition,
        of,
        count=found.count,
        median=found.median,
        p90=found.p90,
        mean=found.mean,
        values=found.values,
        target=target,
        met=found.met if target is not None else None,
    )


def _times(session: Session, scope: Scope, policy: Policy) -> Iterator[Figure]:
    """The times in the order in which an incident goes through them, by severity where that matters."""
    targets = {severity.value: within.total_seconds() for severity, within in policy.review.resolve_within.items()}
    found = times.spreads(session, scope, targets)
    for definition in (d.DETECT, d.DECLARE):
        yield _length(definition, "", found.get((definition.name, None), NONE))
    yield _length(d.ACKNOWLEDGE, "", found.get((d.ACKNOWLEDGE.name, None), NONE))
    yield from _responses(session, scope, policy)
    yield _length(d.MITIGATE, "", found.get((d.MITIGATE.name, None), NONE))
    yield _length(d.RESOLVE, "", found.get((d.RESOLVE.name, None), NONE))
    for severity in _severities(scope):
        spread = found.get((d.RESOLVE.name, severity), NONE)
        yield _length(d.RESOLVE, severity, spread, targets.get(severity))


def _severities(scope: Scope) -> Sequence[str]:
    return [severity.value for severity in Severity if scope.severity in (None, severity.value)]


def _responses(session: Session, scope: Scope, policy: Policy) -> Iterator[Figure]:
    found = counts.count_responses(session, scope)
    yield _share(d.RESPONSES, *found.get(None, (0, 0)))
    for severity in _severities(scope):
        yield _share(d.RESPONSES, *found.get(severity, (0, 0)), of=severity)


def _between(session: Session, scope: Scope) -> Iterator[Figure]:
    found = times.between(session, scope, MOST)
    yield _length(d.BETWEEN, "", found.get(("all", ""), NONE))
    for (what, name), spread in found.items():
        if what != "all":
            yield _length(d.BETWEEN, f"{what} {name}", spread)


def _reports(session: Session, scope: Scope) -> Iterator[Figure]:
    """What became of the answers to reports, who wrote those dismissed, and how far people agree with the judge."""
    sources = commitments.answers_dismissed(session, scope)
    for source in ("answers", "questions"):
        yield _share(d.FALSE_ANSWERS, *sources.get(source, (0, 0)), of=source)
    for one in commitments.reporters(session, scope, MOST):
        yield _share(d.FALSE_BY_REPORTER, one.decided, one.dismissed, of=one.user_id)
    for alarm in commitments.alarms(session, scope, MOST):
        yield _share(d.FALSE_BY_ALARM, alarm.decided, alarm.dismissed, of=alarm.name)
    agreed = agree(verdicts.count_verdicts(session, scope.since, scope.until))
    yield _share(d.AGREED, agreed.decided, agreed.same)
    months = commitments.suggestions_by_month(session, scope.since, scope.until, SHOWN)
    yield _share(d.HELPED, sum(judged for _, judged, _ in months), sum(helped for *_, helped in months))


def _pages(found: Sequence[PersonLoad]) -> Iterator[Figure]:
    total = sum(one.pages for one in found)
    yield Figure(d.PAGES, count=total)
    yield _share(d.LATE_PAGES, total, sum(one.late for one in found))
    yield Figure(d.NIGHTS, count=sum(one.nights for one in found))
    yield Figure(d.WEEKENDS, count=sum(one.weekends for one in found))
    for one in found[:MOST]:
        yield from _person(one)


def _person(one: PersonLoad) -> Iterator[Figure]:
    yield Figure(d.PAGES, one.user_id, count=one.pages)
    yield Figure(d.NIGHTS, one.user_id, count=one.nights)
    yield Figure(d.WEEKENDS, one.user_id, count=one.weekends)


def by_bucket(session: Session, found: Report, policy: Policy, by: str) -> list[Bucket]:
    """The incidents of a report by month, quarter, severity, kind, type or service; empty months are there too."""
    scope = scope_of(found.period, policy, found.severity, found.service, found.type)
    held = times.buckets(session, scope, by)
    if by == "type":
        return [replace(bucket, name=policy.fields.title_of(bucket.name)) for bucket in held]
    if by not in ("month", "quarter") or not held:
        return held
    known: Mapping[str, Bucket] = {bucket.name: bucket for bucket in held}
    names = found.period.bucket_names(by, held[0].name, policy.calendar.zone)
    return [known.get(name, Bucket(name, 0, NONE, NONE)) for name in names]
