"""Who was paged, role by role: how often, from when until when, and who answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.document import Line, Origin, PingFact, ReviewFacts, Section
from bot.reviews.rules.openings import Opening, openings
from bot.reviews.rules.record import Record
from bot.reviews.rules.severities import page_on_raise
from bot.text.durations import span
from bot.text.wording import Wording

_NOT_DUE = "it was acknowledged or over before their pages were due"
_AFTER = re.compile(r"^\d+ (?:min|h)\b")  # a rule that is a span alone says not from when
_NEEDLESS = re.compile(r" before it was (?:due|sent)$|^replaced by ")  # why a page was not sent that nobody missed


def escalations(facts: ReviewFacts, record: Record, wording: Wording) -> Section:
    """A line for each role that was paged or should have been, in order of time; then those that were not needed."""
    opened = openings(facts, record)
    by_role: dict[str, list[PingFact]] = {}
    for ping in sorted(facts.pings, key=lambda ping: ping.due_at):
        by_role.setdefault(ping.role, []).append(ping)
    lines = [
        Line(text, label=_capitalised(wording.plain(role, 80)), entries=_entries(pings, record))
        for role, pings in by_role.items()
        if (text := _went(pings, opened, facts, record, wording))
    ]
    paged = {ping.role for ping in facts.pings if ping.sent_at}
    lines += _nobody_paged(facts, opened) or _not_sent(facts, paged, wording)
    note = None if lines else "No escalation was planned for this incident."
    return Section("escalations", "Escalations", tuple(lines), note)


def _capitalised(role: str) -> str:
    return role[:1].upper() + role[1:]


def _entries(pings: Sequence[PingFact], record: Record) -> tuple[Origin, ...]:
    """The entry of the first page."""
    first = next((ping.sent_at for ping in pings if ping.sent_at), None)
    return record.at(first, Kind.PING_SENT)[:1] if first else ()


def _went(
    pings: Sequence[PingFact], opened: Sequence[Opening], facts: ReviewFacts, record: Record, wording: Wording
) -> str:
    """One role in words, opening by opening; empty where nothing was sent to it and a reason is known."""
    parts = []
    for opening in opened:
        after = next((one.since for one in opened if one.number == opening.number + 1), None)
        sent = [
            ping for ping in pings if ping.sent_at and opening.since <= ping.sent_at and _before(ping.sent_at, after)
        ]
        if sent:
            again = f"after the reopening at {wording.clock(opening.since)} " if opening.number else ""
            parts.append(again + _paged(sent, after, facts, record, wording))
    lost = [ping for ping in pings if not ping.sent_at and not ping.reason_not_sent]
    parts += [
        f"due {wording.clock(ping.due_at)} ({wording.plain(ping.rule, 80)}), not sent, no reason recorded"
        for ping in lost
    ]
    return "; ".join(parts)


def _before(at: datetime, end: datetime | None) -> bool:
    return end is None or at < end


def _paged(
    sent: Sequence[PingFact], after: datetime | None, facts: ReviewFacts, record: Record, wording: Wording
) -> str:
    """`paged 14 times, 22:50 to 23:55 (at once; repeated until acknowledged): Rae; acknowledged 23:56`."""
    times = [ping.sent_at for ping in sent if ping.sent_at]
    people = tuple(dict.fromkeys(person for ping in sent for person in ping.persons))
    to = wording.people(people) if people else "nobody, as no one is assigned to this role"
    rules = "; ".join(dict.fromkeys(_why(ping, facts, wording) for ping in sent))
    often = f"paged {wording.clock(times[0])}"
    if len(times) > 1:
        often = f"paged {len(times)} times, {wording.clock(min(times))} to {wording.clock(max(times))}"
    late = max(ping.sent_at - ping.due_at for ping in sent if ping.sent_at)
    behind = f", {'up to ' if len(times) > 1 else ''}{span(late)} late" if late > facts.late_after else ""
    return f"{often}{behind} ({rules}): {to}; {_answer(sent, people, after, record, wording)}"


def _why(ping: PingFact, facts: ReviewFacts, wording: Wording) -> str:
    """The rule by which it was sent; the raise that made it due, where its time had passed by then."""
    if raised := page_on_raise(facts, ping):
        return f"when it became {raised}"
    return _AFTER.sub(r"due after \g<0>", wording.plain(ping.rule, 80))


def _answer(
    sent: Sequence[PingFact], people: tuple[str, ...], after: datetime | None, record: Record, wording: Wording
) -> str:
    """Who answered. An answer after the incident was reopened is none to the pages of before."""
    answered = [
        (ping.acknowledged_at, ping.acknowledged_by)
        for ping in sent
        if ping.acknowledged_at and _before(ping.acknowledged_at, after)
    ]
    if answered:
        at, by = min(answered, key=lambda one: one[0])
        if in_command := _took_command(at, by, record):
            return _without_answer(sent, people, in_command, record, wording)
        who = f" by {wording.person(by)}" if by and (by,) != people else ""
        return f"acknowledged {wording.clock(at)}{who}"
    first = min(ping.sent_at for ping in sent if ping.sent_at)
    active = record.first_by(people, first)
    if active is not None and _before(active.at, after):
        return f"{wording.person(active.author)} took part from {wording.clock(active.at)}"
    return "no answer"


def _took_command(at: datetime, by: str | None, record: Record) -> Entry | None:
    """The entry of who took command, which stops their pages as an acknowledgement would; None where they said so."""
    if by is None or any(entry.at == at for entry in record.of_kind(Kind.ACKNOWLEDGED)):
        return None
    return next((entry for entry in record.of_kind(Kind.ROLE_TAKEN) if (entry.at, entry.author) == (at, by)), None)


def _without_answer(
    sent: Sequence[PingFact], people: tuple[str, ...], in_command: Entry, record: Record, wording: Wording
) -> str:
    """`did not acknowledge; took part from 12:25, in command from 12:30`."""
    first = min(ping.sent_at for ping in sent if ping.sent_at)
    who = f"{wording.person(in_command.author)} " if (in_command.author,) != people else ""
    active = record.first_by((in_command.author or "",), first)
    since = f"took part from {wording.clock(active.at)}, " if active is not None and active.at < in_command.at else ""
    return f"{who}did not acknowledge; {since}in command from {wording.clock(in_command.at)}"


def _nobody_paged(facts: ReviewFacts, opened: Sequence[Opening]) -> list[Line]:
    """One line where pages were planned and nobody needed any; empty where one was sent or something went wrong."""
    if not facts.pings or not all(ping.sent_at is None and _is_needless(ping) for ping in facts.pings):
        return []
    first = min(ping.due_at for ping in facts.pings)
    at = opened[0].acknowledged_at
    stopped = "acknowledged" if at and at <= first else "over" if opened[0].until else ""
    return [Line(f"Nobody was paged: it was {stopped} before the first page was due.")] if stopped else []


def _is_needless(ping: PingFact) -> bool:
    return bool(ping.reason_not_sent and _NEEDLESS.search(ping.reason_not_sent))


def _not_sent(facts: ReviewFacts, paged: set[str], wording: Wording) -> list[Line]:
    """Rungs that were never climbed, by the reason. Of roles that were paged, only what went wrong.

    When pages would have been due that nobody needed, nobody asks.
    """
    by_reason: dict[str, dict[str, str]] = {}
    for ping in sorted(facts.pings, key=lambda ping: ping.due_at):
        reason = ping.reason_not_sent
        if ping.sent_at or not reason:
            continue
        if _NEEDLESS.search(reason):
            if ping.role not in paged:
                by_reason.setdefault(_NOT_DUE, {}).setdefault(ping.role, wording.plain(ping.role, 80))
            continue
        rung = f"{wording.plain(ping.role, 80)} (due {wording.clock(ping.due_at)}, {wording.plain(ping.rule, 80)})"
        by_reason.setdefault(wording.plain(reason, 200), {}).setdefault(ping.role, rung)
    return [Line(f"{', '.join(rungs.values())}: {reason}", label="Not paged") for reason, rungs in by_reason.items()]
