"""Who is pinged about an incident and when: a pure function of the policy, the incident's history and the time.

The rules, from the escalation matrix (role × severity):

- Everything counts from the start of the *episode*: the declaration, or the latest reopening, which plans anew.
- A role's page is due at the first moment at which the column then in force says that it is due. So raising the
  severity pages at once whoever is already overdue under the new column; lowering cancels what had not fallen due;
  and what fell due while its column was in force stays due. One page per role and episode, whatever the severity does
  afterwards.
- A worse severity never pages a role later than a milder one would have: where the milder column is sooner (a day
  that begins minutes away against a span of hours), its rule decides.
- `weekly review` and `monthly review` list the incident in the role's next digest after its column came into force:
  once per role and episode, and not at all for a role that was paged. A digest is not a page; raising the severity
  later still pages.
- The on-call engineer has the response time of the severity to acknowledge, counted from the moment their page is due
  (the declaration for `at once`). Nobody acknowledging in time is a breach; it pages the secondary on-call by the on-
  call engineer's own rule: at once, or at the next opening for `normal hours`.
- Until somebody acknowledges, the on-call engineer is paged again at the policy's interval, for the severities that
  have one. A repeat counts once the page before it went out: after time away one page is due, and the next comes an
  interval after it was sent. A raised severity counts its interval from the raise at the earliest.
- Pages that nobody answers climb, where the policy says so: the secondary on-call is paged after so many of them, and
  again with each repeat; the next rung is paged early, and one more with each repeat, as far as the matrix gives it a
  span. Only pages that were sent count, or that were given up because they reached no one; the text says which.
  What woke somebody early stays due when somebody answers later.
- Acknowledging, by whomever, stops the response clock, the repeats and a secondary page that is not yet due. It does
  not stop the higher rungs: they are told because the incident is still open. Mitigating counts as acknowledging,
  since somebody is at work.
- Whoever reopens an incident and commands it has acknowledged at that instant: then the on-call engineer is not paged.
- Resolving, closing, merging into another incident and calling it a false alarm stop everything at that instant,
  including what fell due and was not yet sent. What is due at the very instant of the end is not sent.
- Events of the same instant give the same plan in any order: the worst of several severities counts.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from bot.escalation.rules.matrix import LADDER, EscalationPolicy, Role, When
from bot.escalation.rules.repeats import Attempt, Repeat, RepeatChain, Stretch, numbered
from bot.severity.rules import Severity
from bot.text.durations import span


class Happening(enum.StrEnum):
    """What, of all that happens to an incident, bears on escalation."""

    DECLARED = "declared"
    SEVERITY_CHANGED = "severity_changed"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"
    FALSE_ALARM = "false_alarm"
    REOPENED = "reopened"


ENDINGS = frozenset({Happening.RESOLVED, Happening.CLOSED, Happening.MERGED, Happening.FALSE_ALARM})
_ANSWERS = frozenset({Happening.ACKNOWLEDGED, Happening.MITIGATED})


@dataclass(frozen=True, slots=True)
class Event:
    """One happening at its instant (aware). `severity` is the new one, for DECLARED and SEVERITY_CHANGED only."""

    at: datetime
    what: Happening
    severity: Severity | None = None


class PingKind(enum.StrEnum):
    PAGE = "page"  # the rung of the matrix
    SECONDARY = "secondary"  # after a breach
    REPEAT = "repeat"  # the on-call engineer again
    DIGEST = "digest"  # a line in the role's next review
    MANUAL = "manual"  # asked for by a person; never planned


@dataclass(frozen=True, slots=True)
class Ping:
    """One ping to a role. `key` is unique within the incident and never changes: `episode/kind/role[/number]`."""

    key: str
    role: Role
    kind: PingKind
    rule: str  # the cell that made it due, in words
    severity: Severity  # in force when it falls due
    due_at: datetime  # aware UTC


@dataclass(frozen=True, slots=True)
class Breach:
    """Nobody acknowledged inside the response time. `key` is unique within the incident: `episode/breach`."""

    key: str
    at: datetime  # aware UTC; to come where later than now
    severity: Severity  # in force at that instant
    respond_within: timedelta


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is due and to come in the latest episode, by time and then by rung.

    `respond_by` is when the on-call engineer must have acknowledged, under the severity in force (in the past where a
    raise made it so); None once somebody has or the incident has ended. `breach` is the breach that happened or, if
    nobody acknowledges, will. After the end there are no pings; a breach that had happened remains.
    """

    episode: int  # 1 from the declaration, one more with each reopening
    severity: Severity
    pings: tuple[Ping, ...]
    respond_by: datetime | None
    breach: Breach | None

    def due(self, now: datetime) -> tuple[Ping, ...]:
        """The pings that have fallen due by `now`, sent or not."""
        return tuple(ping for ping in self.pings if ping.due_at <= now)

    def wake_at(self, now: datetime) -> datetime | None:
        """The next instant after `now` at which something on the plan happens; None where nothing is to come."""
        instants = [ping.due_at for ping in self.pings] + ([self.breach.at] if self.breach else [])
        return min((at for at in instants if at > now), default=None)


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One rung of a preview: what the matrix says and when that would be."""

    role: Role
    rule: str
    due_at: datetime


def preview(policy: EscalationPolicy, severity: Severity, at: datetime) -> list[PreviewLine]:
    """Who would be pinged about an incident declared at `at` that nobody resolves: the four roles, in order.

    Raises ValueError for a naive instant.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    start = at.astimezone(UTC)
    lines = []
    for role in LADDER:
        rule, due_at = policy.rung(role, severity, start)
        lines.append(PreviewLine(role, rule.text, due_at))
    return lines


def plan(
    policy: EscalationPolicy, history: Iterable[Event], now: datetime, attempts: Mapping[str, Attempt] | None = None
) -> Plan:
    """What is due and to come for an incident with this history, as the module's rules say.

    `history` holds one DECLARED event and any others in any order. An event stamped before the declaration (clocks
    differ) counts as at the declaration, and one stamped after `now` counts as happened: a clock that was set back must
    not wake people about an incident that is over. `now` (aware) decides only which repeat is the latest. Raises
    ValueError for a history without declaration or with naive instants.

    `attempts` are the pages that were sent or given up, by key; None plans as if each went out as it fell due.
    """
    episode = _latest_episode(history)
    breach = _breach(policy, episode)
    if episode.ended_at is not None:
        return Plan(episode.number, episode.severity, (), None, breach)
    known = episode.number > 1 and episode.answered_at == episode.started_at
    pings = [] if known else _rung_pings(policy, episode, Role.ON_CALL, None)
    page = next((ping for ping in pings if ping.kind is PingKind.PAGE), None)
    repeats = _repeats(policy, episode, page.due_at, now, attempts) if page is not None else []
    for height, role in enumerate(LADDER[1:]):
        pings += _rung_pings(policy, episode, role, _early(policy, episode, repeats, role, height))
    pings += _secondary_pings(policy, episode, breach, repeats)
    pings += _repeat_pings(policy, episode, pings, repeats, now)
    pings.sort(key=lambda ping: (ping.due_at, list(Role).index(ping.role), ping.key))
    respond_by = None
    if episode.answered_at is None:
        respond_by = policy.response_due(episode.severity, episode.started_at)
    return Plan(episode.number, episode.severity, tuple(pings), respond_by, breach)


@dataclass(frozen=True, slots=True)
class _Episode:
    number: int
    severity: Severity
    started_at: datetime
    stretches: tuple[Stretch, ...]
    answered_at: datetime | None
    ended_at: datetime | None

    def first_due(self, due_under: Callable[[Severity], datetime | None]) -> tuple[datetime, Severity] | None:
        """The first moment at which the severity then in force says due, with that severity; None for never."""
        for stretch in self.stretches:
            due_at = due_under(stretch.severity)
            if due_at is None:
                continue
            due_at = max(due_at, stretch.since)
            if stretch.until is None or due_at < stretch.until:
                return due_at, stretch.severity
        return None


@dataclass(slots=True)
class _Walk:
    """The state of an incident while its history is walked through."""

    severity: Severity
    started_at: datetime
    number: int = 1
    answered_at: datetime | None = None
    ended_at: datetime | None = None

    def change_standing(self, endings: int, reopenings: int, at: datetime) -> bool:
        """End and reopen as often as this instant says, beginning with what is possible. True if reopened."""
        reopened = False
        while (endings and self.ended_at is None) or (reopenings and self.ended_at is not None):
            if self.ended_at is None:
                endings -= 1
                self.ended_at = at
            else:
                reopenings -= 1
                reopened = True
                self.number += 1
                self.started_at, self.answered_at, self.ended_at = at, None, None
        return reopened


def _latest_episode(history: Iterable[Event]) -> _Episode:
    events = list(history)
    if any(event.at.tzinfo is None for event in events):
        raise ValueError("an instant needs a time zone")
    declared = [(e.at, e.severity.rank, e.severity) for e in events if e.what is Happening.DECLARED and e.severity]
    if not declared:
        raise ValueError("a history begins with a declaration and its severity")
    start, _, severity = min(declared)
    start = start.astimezone(UTC)
    walk = _Walk(severity, start)
    changes = [(start, severity)]

    def instant(event: Event) -> datetime:
        return max(event.at.astimezone(UTC), start)

    for at, group in groupby(sorted(events, key=instant), key=instant):
        together = list(group)
        changed = [e.severity for e in together if e.what is Happening.SEVERITY_CHANGED and e.severity is not None]
        if changed:
            walk.severity = min(changed, key=lambda severity: severity.rank)
            changes.append((at, walk.severity))
        endings = sum(e.what in ENDINGS for e in together)
        reopenings = sum(e.what is Happening.REOPENED for e in together)
        if walk.change_standing(endings, reopenings, at):
            changes = [(at, walk.severity)]
        if walk.answered_at is None and walk.ended_at is None and any(e.what in _ANSWERS for e in together):
            walk.answered_at = at
    stretches = _stretches(changes, walk.ended_at)
    return _Episode(walk.number, walk.severity, walk.started_at, stretches, walk.answered_at, walk.ended_at)


def _stretches(changes: list[tuple[datetime, Severity]], ended_at: datetime | None) -> tuple[Stretch, ...]:
    """The times of constant severity between the changes, up to the end."""
    stretches: list[Stretch] = []
    for since, severity in changes:
        if ended_at is not None and since >= ended_at:
            break
        if stretches and stretches[-1].severity is severity:
            continue
        if stretches:
            stretches[-1] = replace(stretches[-1], until=since)
        stretches.append(Stretch(severity, since, ended_at))
    return tuple(stretches)


def _rung_pings(policy: EscalationPolicy, episode: _Episode, role: Role, early: Repeat | None) -> list[Ping]:
    """The page of one role, `early` where pages below it are not answered, and its line in a digest."""
    pings = []
    key = f"{episode.number}/page/{role}"
    page = episode.first_due(lambda severity: policy.page_due(role, severity, episode.started_at))
    if early is not None and (page is None or early.due_at < page[0]):
        page = early.due_at, early.severity
        pings.append(Ping(key, role, PingKind.PAGE, early.unanswered, early.severity, early.due_at))
    elif page is not None:
        due_at, severity = page
        rule, _ = policy.rung(role, severity, episode.started_at)
        pings.append(Ping(key, role, PingKind.PAGE, rule.text, severity, due_at))
    digest = _digest_ping(policy, episode, role)
    if digest is not None and (page is None or digest.due_at < page[0]):
        pings.append(digest)
    return pings


def _digest_ping(policy: EscalationPolicy, episode: _Episode, role: Role) -> Ping | None:
    for stretch in episode.stretches:
        rule = policy.matrix[role][stretch.severity]
        if not rule.is_digest:
            continue
        due_at = rule.due_at(policy.calendar, stretch.since)
        if stretch.until is None or due_at < stretch.until:
            key = f"{episode.number}/digest/{role}"
            return Ping(key, role, PingKind.DIGEST, rule.text, stretch.severity, due_at)
    return None


def _breach(policy: EscalationPolicy, episode: _Episode) -> Breach | None:
    due = episode.first_due(lambda severity: policy.response_due(severity, episode.started_at))
    if due is None or (episode.answered_at is not None and episode.answered_at <= due[0]):
        return None
    at, severity = due
    return Breach(f"{episode.number}/breach", at, severity, policy.respond_within[severity])


def _secondary_pings(
    policy: EscalationPolicy, episode: _Episode, breach: Breach | None, repeats: Sequence[Repeat]
) -> list[Ping]:
    """The secondary's page, unless somebody acknowledges between the breach, or the pages, and its falling due."""

    def due_under(severity: Severity) -> datetime | None:
        page = policy.page_due(Role.ON_CALL, severity, breach.at) if breach is not None else None
        return None if page is None or breach is None else max(page, breach.at)

    due, text = episode.first_due(due_under), ""
    if due is not None and breach is not None and (episode.answered_at is None or episode.answered_at > due[0]):
        text = f"no acknowledgement within {span(breach.respond_within)}"
    early = next((one for one in repeats if policy.climb and one.number == policy.climb.secondary), None)
    if early is not None and (due is None or not text or early.due_at < due[0]):
        due, text = (early.due_at, early.severity), early.unanswered
    if due is None or not text:
        return []
    key = f"{episode.number}/secondary/{Role.SECONDARY}"
    return [Ping(key, Role.SECONDARY, PingKind.SECONDARY, text, due[1], due[0])]


def _early(
    policy: EscalationPolicy, episode: _Episode, repeats: Sequence[Repeat], role: Role, height: int
) -> Repeat | None:
    """The repeat that pages this rung, too; `height` counts from the rung above the on-call engineer."""
    if policy.climb is None:
        return None
    wanted = policy.climb.next_rung + height
    found = next((one for one in repeats if one.number == wanted), None)
    if found is None or policy.matrix[role][found.severity].when not in (When.AFTER, When.AT_ONCE):
        return None
    return found


def _repeats(
    policy: EscalationPolicy,
    episode: _Episode,
    paged_at: datetime,
    now: datetime,
    attempts: Mapping[str, Attempt] | None,
) -> list[Repeat]:
    """The repeats before somebody answered: those that page others, the latest that is due and the next to come."""
    first, again = (f"{episode.number}/{kind}/{Role.ON_CALL}" for kind in (PingKind.PAGE, PingKind.REPEAT))
    tried = None if attempts is None else numbered(attempts, first, again)
    chain = RepeatChain(paged_at, policy.climb, now.astimezone(UTC), tried)
    found: list[Repeat] = []
    for stretch in episode.stretches:
        every = policy.repeat_every.get(stretch.severity)
        if stretch.until is not None and stretch.until <= paged_at:
            continue
        if every is None:
            chain.pending = None
            continue
        found += [
            Repeat(number, due_at, stretch.severity, chain.lost_before(number))
            for number, due_at in chain.run(stretch, every)
        ]
    return [one for one in found if episode.answered_at is None or one.due_at < episode.answered_at]


def _repeat_pings(
    policy: EscalationPolicy, episode: _Episode, pings: Sequence[Ping], repeats: Sequence[Repeat], now: datetime
) -> list[Ping]:
    """The latest repeat that is due and the next to come, while nobody has acknowledged; the secondary's as well."""
    if episode.answered_at is not None:
        return []
    found = []
    secondary = next((ping for ping in pings if ping.kind is PingKind.SECONDARY), None) if policy.climb else None
    for role, since in ((Role.ON_CALL, None), (Role.SECONDARY, secondary.due_at if secondary else None)):
        if role is Role.SECONDARY and since is None:
            continue
        later = [one for one in repeats if since is None or one.due_at > since]
        chosen = [one for one in later if one.due_at <= now][-1:] + [one for one in later if one.due_at > now][:1]
        found += [_repeat_ping(episode, role, one) for one in chosen]
    return found


def _repeat_ping(episode: _Episode, role: Role, repeat: Repeat) -> Ping:
    # How often is no part of it: repeats grow rarer. Each page says when the next one comes.
    key = f"{episode.number}/{PingKind.REPEAT}/{role}/{repeat.number}"
    return Ping(key, role, PingKind.REPEAT, "repeated until acknowledged", repeat.severity, repeat.due_at)
