"""A small history with everything in it that makes figures hard, played by the flows themselves.

Times are UTC; the policy's zone is Berlin, where clocks go back in the night of 25 October 2026.

=====  ========  ============  ============  =============  ============================================================
name   severity  declared      acknowledged  resolved       what is hard
=====  ========  ============  ============  =============  ============================================================
old    P1        09-29 10:00   +10 min       +50 min        in September
a      P1        10-05 10:00   +4 min        +20 min        services and times by notes, one of them corrected
b      P2 → P1   10-08 10:00   +6 min        +40 min        raised after 8 minutes; declared from a message of 09:57
c      P1        10-12 10:00   +5 min        +30, +90 min   reopened after 60 minutes, acknowledged again after 63
e      P1        10-12 10:03                                merged into c
d      P1        10-14 10:00                                a false alarm after 5 minutes
f      P0        10-24 23:50   never         +80 min        security; in the night in which 02:00 comes twice; breached
g      P3        10-31 22:30   +30 min       +45 min        23:30 in Berlin: still October
h      P1        10-31 23:30                                00:30 in Berlin: November; open
i      P2        12-10 10:00   +8 min        +100 min       in December
=====  ========  ============  ============  =============  ============================================================
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.flows.plan import sweep
from bot.incidents.flows import backdating
from bot.incidents.queries import timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, end
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.flows.declare import Declaration, declare
from bot.memory import queries as knowledge
from bot.memory.rules.similar import SimilarItem
from bot.reports.tables import ReportRow
from bot.reviews.flows import action_items
from bot.reviews.queries import action_items as items
from bot.reviews.queries import reviews
from bot.severity.rules import Severity
from tests.support.rows import add_ping, minutes

BERLIN = ZoneInfo("Europe/Berlin")
ONE, TWO = "U0ONE", "U0TWO"
P0, P1, P2, P3 = Severity
LAMBDA = SimilarItem("PB-lambda", "playbook")


def at(day: str, clock: str) -> datetime:
    """An instant of 2026, UTC: `at("10-05", "10:00")`."""
    return datetime.fromisoformat(f"2026-{day}T{clock}:00").replace(tzinfo=UTC)


def in_berlin(policy: Policy) -> Policy:
    """The shipped policy with Berlin's clocks."""
    calendar = replace(policy.calendar, zone=BERLIN)
    return replace(policy, calendar=calendar, escalation=replace(policy.escalation, calendar=calendar))


@dataclass
class History:
    """The incidents by their names in the table above."""

    session: Session
    policy: Policy
    rows: dict[str, IncidentRow] = field(default_factory=dict)

    def declare(self, name: str, severity: Severity, when: datetime, **more: object) -> IncidentRow:
        wanted = Declaration(f"history:{name}", f"incident {name} of the history", severity, ONE)
        row, _ = declare(self.session, replace(wanted, **more), self.policy, when)  # type: ignore[arg-type]  # by name
        self.rows[name] = row
        return row

    def acknowledge(self, name: str, after: float) -> None:
        row = self.rows[name]
        change.acknowledge(self.session, row, ONE, self.policy, row.declared_at + minutes(after))

    def resolve(self, name: str, after: float) -> None:
        row = self.rows[name]
        change.resolve(self.session, row, ONE, self.policy, row.declared_at + minutes(after))

    def close(self, name: str, after: float, playbook_helped: bool | None) -> None:
        row, said = self.rows[name], Closing(cause="the pool", playbook_helped=playbook_helped)
        change.close(self.session, row, ONE, said, self.policy, row.declared_at + minutes(after))

    def note(self, name: str, text: str, after: float) -> None:
        row = self.rows[name]
        when = row.declared_at + minutes(after)
        backdating.note(self.session, row, text, ONE, None, when, f"history:{name}:{text}")


def play(session: Session, policy: Policy) -> History:
    """All of it, in the order in which it happened."""
    history = History(session, policy)
    _september_and_early_october(history)
    _reopened_merged_and_false(history)
    _around_the_change_of_clocks(history)
    _pages(history)
    _promises(history)
    _reports_and_votes(session)
    session.flush()
    return history


def _september_and_early_october(history: History) -> None:
    history.declare("old", P1, at("09-29", "10:00"))
    history.acknowledge("old", 10)
    history.resolve("old", 50)
    a = history.declare("a", P1, at("10-05", "10:00"), similar=(LAMBDA,))
    history.acknowledge("a", 4)
    for text in ("services: Checkout, search", "began at 09:10", "detected at 2026-10-05 09:52", "detected at 25:77"):
        history.note("a", text, 6)
    began = next(e for e in timeline.list_entries(history.session, a.incident_id) if e.text == "began at 09:10")
    backdating.correct(
        history.session, a, began.entry_id, ONE, a.declared_at + minutes(9), "history:fix", text="began at 09:40"
    )
    history.resolve("a", 20)
    history.close("a", 25, playbook_helped=True)
    said = at("10-08", "09:57").timestamp()
    same = SimilarItem("INC-2026-0001", "incident", same=True)
    b = history.declare("b", P2, at("10-08", "10:00"), similar=(same,), report_channel_id="C1", report_ts=f"{said:.6f}")
    history.acknowledge("b", 6)
    change.set_severity(history.session, b, P1, ONE, history.policy, b.declared_at + minutes(8))
    history.note("b", "services affected: CHECKOUT", 10)
    history.resolve("b", 40)
    history.close("b", 45, playbook_helped=False)


def _reopened_merged_and_false(history: History) -> None:
    session, policy = history.session, history.policy
    c = history.declare("c", P1, at("10-12", "10:00"), similar=(LAMBDA,))
    e = history.declare("e", P1, at("10-12", "10:03"), similar=(LAMBDA,))
    history.acknowledge("c", 5)
    end.merge(session, e.incident_id, c.incident_id, ONE, policy, at("10-12", "10:07"))
    change.set_status(session, c, Status.MITIGATED, ONE, policy, at("10-12", "10:20"))
    history.resolve("c", 30)
    change.reopen(session, c, TWO, policy, at("10-12", "11:00"))
    history.acknowledge("c", 63)
    change.set_status(session, c, Status.MITIGATED, ONE, policy, at("10-12", "11:20"))
    history.resolve("c", 90)
    d = history.declare("d", P1, at("10-14", "10:00"))
    end.false_alarm(session, d, ONE, policy, at("10-14", "10:05"))


def _around_the_change_of_clocks(history: History) -> None:
    history.declare("f", P0, at("10-24", "23:50"), security=True)
    sweep(history.session, history.policy.escalation, at("10-25", "00:06"))
    history.resolve("f", 80)
    history.declare("g", P3, at("10-31", "22:30"))
    history.acknowledge("g", 30)
    history.resolve("g", 45)
    history.declare("h", P1, at("10-31", "23:30"))
    history.declare("i", P2, at("12-10", "10:00"))
    history.note("i", "services: search", 1)
    history.acknowledge("i", 8)
    history.resolve("i", 100)


def _pages(history: History) -> None:
    sent = [
        ("a", [ONE], at("10-05", "10:00")),
        ("b", [TWO], at("10-09", "21:30")),  # Friday 23:30 in Berlin
        ("b", [TWO], at("10-10", "01:00")),  # the same night, Saturday 03:00
        ("f", [ONE, TWO], at("10-25", "00:30")),  # Sunday 02:30 for the first time
        ("f", [ONE], at("10-25", "01:30")),  # and for the second
    ]
    for name, people, when in sent:
        add_ping(history.session, history.rows[name], state="sent", user_ids=people, due_at=when, sent_at=when)
    late = {"due_at": at("10-12", "10:00"), "sent_at": at("10-12", "10:20")}
    add_ping(history.session, history.rows["c"], state="sent", user_ids=[TWO], **late)
    digest = {"kind": "digest", "due_at": at("10-12", "09:00"), "sent_at": at("10-12", "09:00")}
    add_ping(history.session, history.rows["c"], state="sent", user_ids=["U0THREE"], **digest)


def _promises(history: History) -> None:
    session, a = history.session, history.rows["a"]

    def due(number: int, day: int | None, state: str = "open") -> None:
        on = date(2026, 10, day) if day else None
        values = {"text": f"item {number}", "priority": "high", "due_on": on, "state": state, "made_at": a.declared_at}
        items.add(session, a.incident_id, request_key=f"history:item:{number}", **values)

    for number, (day, state) in enumerate(((20, "open"), (20, "open"), (25, "open"), (25, "dropped"), (None, "open"))):
        due(number, day, state)
    action_items.finish(session, a, 1, ONE, at("10-20", "21:30"))  # 23:30 in Berlin: on time
    action_items.finish(session, a, 2, ONE, at("10-20", "22:30"))  # 00:30 in Berlin: a day late
    for name, after in (("a", timedelta(hours=24)), ("b", timedelta(hours=72))):
        row = history.rows[name]
        reviews.add_step(session, row.incident_id, "approved", at=row.declared_at + after, by=ONE)
        reviews.add_step(session, row.incident_id, "approved", at=row.declared_at + timedelta(days=9), by=ONE)


def _reports_and_votes(session: Session) -> None:
    cases = (
        ("P2", True, False, "declared", "P2", None, ONE),
        ("P2", True, False, "not_incident", None, "chatter", TWO),
        ("P2", True, False, "not_incident", None, "known", TWO),
        (None, True, True, "not_incident", None, None, TWO),
        ("P2", True, False, None, None, None, TWO),
    )
    for number, (severity, answered, asked, decision, chosen, reason, by) in enumerate(cases):
        session.add(
            ReportRow(
                channel_id="C0HISTORY",
                ts=f"{number}",
                user_id=by,
                text="search is slow",
                judged_at=at("10-07", f"10:0{number}"),
                severity=severity,
                confidence=0.5,
                row="slow",
                row_name="slow",
                evidence=[],
                similar=(),
                answered=answered,
                asked=asked,
                decision=decision,
                chosen_severity=chosen,
                reason=reason,
            )
        )
    for ref, who, helped in (("R-1", ONE, True), ("R-1", TWO, True), ("R-2", ONE, True), ("R-2", TWO, False)):
        knowledge.vote(session, "history", ref, who, place=1, helped=helped, now=at("10-09", "09:00"))


def entries_of(session: Session, row: IncidentRow, kind: Kind) -> int:
    """How many entries of a kind there are."""
    return len(timeline.list_rows(session, row.incident_id, (kind,)))
