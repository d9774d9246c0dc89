"""All figures of a period, each beside that of the period before. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.figures.queries import counts, people, promises, times, verdicts
from bot.figures.queries.people import PersonLoad
from bot.figures.queries.scope import Scope
from bot.figures.rules import definitions as d
from bot.figures.rules.agreement import agree
from bot.figures.rules.figure import NONE, Definition, Figure, Spread
from bot.figures.rules.periods import Period
from bot.figures.rules.report import Bucket, Report
from bot.memory.flows.recall import SHOWN
from bot.severity.rules import Severity

MOST = 10  # kinds, services, people and reporters that a report names


def scope_of(period: Period, policy: Policy, severity: str | None = None, service: str | None = None) -> Scope:
    """What is counted for a period, in the time zone of the policy's calendar."""
    return Scope(period.since, period.until, policy.calendar.zone.key, severity, service)


def report(
    session: Session, period: Period, policy: Policy, severity: str | None = None, service: str | None = None
) -> Report:
    """All figures of the period, those of the period before beside them."""
    scope = scope_of(period, policy, severity, service)
    figures = list(_figures(session, scope, policy))
    if period.earlier is not None:
        before = {figure.name: figure for figure in _figures(session, scope.between(*period.earlier), policy)}
        figures = [figure.with_before(before.get(figure.name)) for figure in figures]
    return Report(period, scope.zone, severity, service, tuple(figures))


def _figures(session: Session, scope: Scope, policy: Policy) -> Iterator[Figure]:
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
    if scope.severity is None and scope.service is None:
        yield from _reports(session, scope)
    yield from _pages(session, scope, policy)
    yield _share(d.ACTIONS, *promises.actions_on_time(session, scope))
    yield _share(d.REVIEWS, *promises.reviews_on_time(session, scope))


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
    noted = times.noted_spreads(session, scope)
    for definition in (d.DETECT, d.DECLARE):
        yield _length(definition, "", noted.get(definition.name, NONE))
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
    sources = promises.answers_dismissed(session, scope)
    for source in ("answers", "questions"):
        yield _share(d.FALSE_ANSWERS, *sources.get(source, (0, 0)), of=source)
    for one in promises.reporters(session, scope, MOST):
        yield _share(d.FALSE_BY_REPORTER, one.decided, one.dismissed, of=one.user_id)
    agreed = agree(verdicts.count_verdicts(session, scope.since, scope.until))
    yield _share(d.AGREED, agreed.decided, agreed.same)
    months = promises.suggestions_by_month(session, scope.since, scope.until, SHOWN)
    yield _share(d.HELPED, sum(judged for _, judged, _ in months), sum(helped for *_, helped in months))


def _pages(session: Session, scope: Scope, policy: Policy) -> Iterator[Figure]:
    late_after = policy.escalation.late_after.total_seconds()
    found = people.loads(session, scope, late_after, policy.calendar.weekdays)
    total = sum(one.pages for one in found)
    yield Figure(d.PAGES, count=total)
    yield _share(d.LATE_PAGES, total, sum(one.late for one in found))
    yield Figure(d.NIGHTS, count=sum(one.nights for one in found))
    yield Figure(d.WEEKENDS, count=sum(one.weekends for one in found))
    for one in found[:MOST]:
        yield from _load(one)


def _load(one: PersonLoad) -> Iterator[Figure]:
    yield Figure(d.PAGES, one.user_id, count=one.pages)
    yield Figure(d.NIGHTS, one.user_id, count=one.nights)
    yield Figure(d.WEEKENDS, one.user_id, count=one.weekends)


def by_bucket(session: Session, found: Report, policy: Policy, by: str) -> list[Bucket]:
    """The incidents of a report by month, quarter, severity, kind or service; months with nothing are there too."""
    scope = scope_of(found.period, policy, found.severity, found.service)
    held = times.buckets(session, scope, by)
    if by not in ("month", "quarter") or not held:
        return held
    known: Mapping[str, Bucket] = {bucket.name: bucket for bucket in held}
    names = found.period.bucket_names(by, held[0].name, policy.calendar.zone)
    return [known.get(name, Bucket(name, 0, NONE, NONE)) for name in names]


def by_hour(session: Session, found: Report, policy: Policy) -> dict[tuple[int, int], int]:
    """Pages by (weekday, hour), as `queries.people.hours` has them."""
    return people.hours(session, scope_of(found.period, policy, found.severity, found.service))
