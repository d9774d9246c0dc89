"""A full P1 for the tests of the review: what happened between 14:30 and 15:20, as the store hands it over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.incidents.rules.incident import Incident, Status
from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.document import ActionItem, PastIncident, PingFact, ReviewFacts, SeverityChange
from bot.severity.rules import Severity
from bot.stakeholders.messages import promise_due

BEGAN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
RESPONDER, LEAD = "U0RESPONDER", "U0LEAD"


def minute(number: float) -> datetime:
    """That many minutes after the declaration."""
    return BEGAN + timedelta(minutes=number)


def entry(
    number: int, kind: Kind, at: datetime, author: str | None, text: str, *, key: bool = False, linked: bool = False
) -> Entry:
    """A timeline entry; `linked` gives it a permalink."""
    link = f"https://example.slack.com/archives/C1/p{number}" if linked else None
    return Entry(number, kind, at, author, text, key, link)


def full_incident(**changed: object) -> Incident:
    """INC-2026-0001, P1, resolved after 43 min and closed."""
    values: dict[str, object] = {
        "incident_id": 1,
        "ref": "INC-2026-0001",
        "title": "Checkout returns 502 for a third of users",
        "severity": Severity.P1,
        "status": Status.CLOSED,
        "declared_at": BEGAN,
        "declared_by": RESPONDER,
        "commander": RESPONDER,
        "channel_id": "C1",
        "channel_name": "inc-2026-0001-checkout-returns-502",
        "acknowledged_at": minute(4),
        "acknowledged_by": RESPONDER,
        "identified_at": minute(13),
        "mitigated_at": minute(15),
        "resolved_at": minute(43),
        "closed_at": minute(50),
        "impact": "15 % of requests failed",
        "cause": "Database connection pool exhausted",
        "resolution": "Memory raised, pool size doubled",
    }
    return Incident(**(values | changed))  # type: ignore[arg-type]


ENTRIES = (
    entry(1, Kind.DECLARED, BEGAN, RESPONDER, f"Declared as P2 by <@{RESPONDER}>: Checkout returns 502"),
    entry(2, Kind.PING_SENT, minute(0.05), None, f"Paged <@{RESPONDER}> as on-call engineer (at once)."),
    entry(3, Kind.ACKNOWLEDGED, minute(4), RESPONDER, f"Acknowledged by <@{RESPONDER}> after 4 min."),
    entry(4, Kind.MESSAGE_POSTED, minute(6), RESPONDER, "see <https://grafana.example.com/d/1|the board>", linked=True),
    entry(5, Kind.SEVERITY_RAISED, minute(8), LEAD, f"Severity raised from P2 to P1 by <@{LEAD}>."),
    entry(6, Kind.MESSAGE_POSTED, minute(12), RESPONDER, f"found it: *pool*, <@{LEAD}>", key=True, linked=True),
    entry(7, Kind.CAUSE_RECORDED, minute(12.5), RESPONDER, "Database connection pool exhausted"),
    entry(8, Kind.STATUS_CHANGED, minute(13), RESPONDER, f"Status investigating → identified by <@{RESPONDER}>."),
    entry(9, Kind.STATUS_CHANGED, minute(15), RESPONDER, f"Status identified → mitigated by <@{RESPONDER}>."),
    entry(10, Kind.IMPACT_RECORDED, minute(40), LEAD, "15 % of requests failed"),
    entry(11, Kind.RESOLUTION_RECORDED, minute(43), RESPONDER, "Memory raised, pool size doubled"),
    entry(12, Kind.RESOLVED, minute(43), RESPONDER, f"Resolved by <@{RESPONDER}> after 43 min."),
    entry(13, Kind.CLOSED, minute(50), LEAD, f"Closed by <@{LEAD}>."),
)
PINGS = (
    PingFact(
        "on-call engineer", (RESPONDER,), BEGAN, minute(0.05), minute(4), RESPONDER, "at once", reason_not_sent=None
    ),
    PingFact("team lead", (LEAD,), minute(120), None, None, None, "2 h", "resolved before it was due"),
)
PAST = PastIncident(
    "INC-2023-0445",
    "Database connection pool exhaustion ended by resetting the pools",
    "Connections were not released",
    "Pools reset",
    None,
)
ACTIONS = (
    ActionItem("Review memory allocations", "medium", None, date(2026, 12, 4)),
    ActionItem("Watch the connection pool", "high", LEAD, date(2026, 11, 27)),
    ActionItem("Alert on pool use", "high", None, None, proposed=True),
)


def full_facts(**changed: object) -> ReviewFacts:
    """Everything recorded; name a field to change it."""
    values: dict[str, object] = {
        "incident": full_incident(),
        "entries": ENTRIES,
        "pings": PINGS,
        "severity_changes": (SeverityChange(minute(8), Severity.P2, Severity.P1, LEAD),),
        "respond_within": timedelta(hours=1),
        "response_times": {Severity.P0: timedelta(minutes=15), Severity.P1: timedelta(hours=1)},
        "resolve_within": timedelta(minutes=30),
        "similar": (PAST,),
        "names": {RESPONDER: "Responder", LEAD: "Team lead"},
        "services": ("checkout", "payments"),
        "detected_at": minute(-2),
        "whys": ("A sale doubled the load",),
        "contributing": ("Pool size never matched to the load",),
        "actions": ACTIONS,
        "playbook_helped": True,
    }
    return ReviewFacts(**(values | changed))  # type: ignore[arg-type]


SECONDARY, SUPPORT, MANAGER, VP = "U0SECONDARY", "U0SUPPORT", "U0MANAGER", "U0VP"
_R, _S, _C = f"<@{RESPONDER}>", f"<@{SECONDARY}>", f"<@{SUPPORT}>"


def _sent(at: float, who: str, role: str, rule: str) -> tuple[float, Kind, str | None, str]:
    return at, Kind.PING_SENT, None, f"Paged <@{who}> as {role} ({rule})."


_MESSY = (
    (0, Kind.DECLARED, SUPPORT, f"Declared as P2 by {_C}: card payments hang for many customers"),
    (3, Kind.MESSAGE_POSTED, SUPPORT, "It is every second call now."),
    (8, Kind.SEVERITY_RAISED, SUPPORT, f"Severity raised from P2 to P1 by {_C}: all card payments fail"),
    _sent(8, RESPONDER, "on-call engineer", "at once"),
    *(_sent(at, RESPONDER, "on-call engineer", "repeated until acknowledged") for at in (23, 38, 53)),
    _sent(38.1, SECONDARY, "secondary on-call", "no answer to 2 pages"),
    _sent(53.1, SECONDARY, "secondary on-call", "repeated until acknowledged"),
    (60, Kind.RESPONSE_BREACHED, None, "No one acknowledged within 1 h, the response time of P1."),
    (60, Kind.UPDATE_ASKED, None, "Stakeholder update overdue: none since it was declared 1 h ago."),
    (75, Kind.ACKNOWLEDGED, RESPONDER, f"Acknowledged by {_R} after 1 h 15 min."),
    (77, Kind.MESSAGE_POSTED, RESPONDER, "Sorry, phone was on silent. Looking."),
    (79, Kind.IMPACT_RECORDED, RESPONDER, "card payments fail for about 40 % of customers"),
    (82, Kind.CAUSE_RECORDED, RESPONDER, "payment provider is down"),
    (83, Kind.STATUS_CHANGED, RESPONDER, f"Status investigating → identified by {_R}."),
    (95, Kind.MESSAGE_POSTED, SECONDARY, "payments-db has 500 of 500 connections"),
    (98, Kind.CAUSE_RECORDED, RESPONDER, "payments-api keeps a transaction open while it calls the provider"),
    (100, Kind.HANDOVER_OFFERED, RESPONDER, f"{_R} offers command to {_S}."),
    (100.2, Kind.ROLE_TAKEN, SECONDARY, f"{_S} accepts command from {_R}."),
    (104, Kind.ROLE_TAKEN, SECONDARY, f"{_C} is now communications, assigned by {_S}."),
    (108, Kind.NOTED, SECONDARY, "rollback fails: column missing"),
    (110, Kind.SEVERITY_RAISED, SECONDARY, f"Severity raised from P1 to P0 by {_S}: nobody can pay"),
    _sent(110.05, LEAD, "team lead", "30 min"),
    _sent(110.1, MANAGER, "engineering manager", "1 h"),
    (
        112,
        Kind.STAKEHOLDERS_TOLD,
        SUPPORT,
        "Notified stakeholders in <#C9|status>: Incident: INC-1; News: a fix is out",
    ),
    _sent(120, VP, "VP engineering", "2 h"),
    (130, Kind.SEVERITY_LOWERED, SECONDARY, f"Severity lowered from P0 to P1 by {_S}: half of the pods serve"),
    (140, Kind.STATUS_CHANGED, SECONDARY, f"Status identified → mitigated by {_S}."),
    (142, Kind.UPDATE_ASKED, None, promise_due(minute(142))),
    (152, Kind.NOTED, SECONDARY, "went well: the rollback was tried on one pod first"),
    (160, Kind.RESOLUTION_RECORDED, SECONDARY, "build 89 ends the transaction before the call"),
    (160, Kind.RESOLVED, SECONDARY, f"Resolved by {_S} after 2 h 40 min."),
    (170, Kind.CLOSED, SECONDARY, f"Closed by {_S}."),
)


def _rung(
    role: str, who: str, rules: dict[float, str], answered: float | None = None, due: float | None = None
) -> tuple[PingFact, ...]:
    at = minute(answered) if answered else None
    return tuple(
        PingFact(role, (who,), minute(due or sent), minute(sent), at, who if at else None, rule, None)
        for sent, rule in rules.items()
    )


def messy_facts(**changed: object) -> ReviewFacts:
    """A P2 that nobody acknowledged for 75 min, a P0 for twenty, with one update to stakeholders; 14:30 to 17:10."""
    again = "repeated until acknowledged"
    values: dict[str, object] = {
        "incident": full_incident(
            title="card payments hang for many customers",
            declared_by=SUPPORT,
            commander=SECONDARY,
            acknowledged_at=minute(75),
            identified_at=minute(83),
            mitigated_at=minute(140),
            resolved_at=minute(160),
            closed_at=minute(170),
            impact="card payments fail for about 40 % of customers",
            cause="payments-api keeps a transaction open while it calls the provider",
            resolution="build 89 ends the transaction before the call",
        ),
        "entries": tuple(
            entry(number, kind, minute(at), by, text) for number, (at, kind, by, text) in enumerate(_MESSY, 1)
        ),
        "pings": (
            *_rung("on-call engineer", RESPONDER, {8: "at once", 23: again, 38: again, 53: again}, 75),
            *_rung("secondary on-call", SECONDARY, {38.1: "no answer to 2 pages", 53.1: again}, 100.2),
            *_rung("team lead", LEAD, {110.05: "30 min"}, due=110),
            *_rung("engineering manager", MANAGER, {110.1: "1 h"}, due=110),
            *_rung("VP engineering", VP, {120: "2 h"}),
        ),
        "severity_changes": (
            SeverityChange(minute(8), Severity.P2, Severity.P1, SUPPORT),
            SeverityChange(minute(110), Severity.P1, Severity.P0, SECONDARY),
            SeverityChange(minute(130), Severity.P0, Severity.P1, SECONDARY),
        ),
        "names": {
            RESPONDER: "responder",
            LEAD: "team-lead",
            SECONDARY: "secondary",
            SUPPORT: "support-agent",
            MANAGER: "eng-manager",
            VP: "vp-engineering",
        },
        "similar": (),
        "services": (),
        "detected_at": None,
        "whys": (),
        "contributing": (),
        "actions": (ActionItem("alarm on idle transactions", "high", RESPONDER, date(2026, 12, 4)),),
        "playbook_helped": None,
    }
    return full_facts(**(values | changed))


HOSTILE = (
    "</style><script>alert(1)</script> <img src=x onerror=alert(1)> <!channel> <!subteam^S1> @here @everyone "
    "<@U0NOBODY> **bold** _low_ `tick` ~~gone~~ [press](javascript:alert(1)) ![pic](https://evil.example.com/x.png) "
    "| cell | {{ 7*7 }} "
    "\n# head\n\n> quoted\n```\nfence\n1. one\n- two\n---\n&lt;!everyone&gt; <!-- note --> "
    "\u202etxet\u2066 \u05e9\u05dc\u05d5\u05dd \x00\x1b[31m\ud800 " + "x" * 10_000
)


def hostile_facts() -> ReviewFacts:
    """Every field that a person or a foreign system fills holds hostile text; the reference is Tocsin's own."""
    said = {"title": HOSTILE, "impact": HOSTILE, "cause": HOSTILE, "resolution": HOSTILE}
    links = ("javascript:alert(1)", "https://x.example.com/a b)<>\"'\ud800", "https://[broken", None)
    entries = tuple(
        Entry(one.entry_id, one.kind, one.at, HOSTILE, HOSTILE, one.key, links[index % len(links)])
        for index, one in enumerate(ENTRIES)
    )
    return full_facts(
        incident=full_incident(**said, acknowledged_by=HOSTILE),
        entries=entries,
        pings=(
            PingFact(HOSTILE, (HOSTILE, LEAD), BEGAN, minute(9), minute(10), HOSTILE, HOSTILE, None),
            PingFact(HOSTILE, (), minute(20), None, None, None, HOSTILE, HOSTILE),
            PingFact(HOSTILE, (), minute(30), None, None, None, HOSTILE, None),
        ),
        severity_changes=(SeverityChange(minute(8), Severity.P2, Severity.P1, HOSTILE),),
        similar=(PastIncident(HOSTILE, HOSTILE, HOSTILE, HOSTILE, date(2026, 10, 3)),),
        names={HOSTILE: HOSTILE, LEAD: HOSTILE, "U0NOBODY": HOSTILE},
        services=(HOSTILE,),
        contributing=(HOSTILE,),
        actions=(ActionItem(HOSTILE, HOSTILE, HOSTILE, None), ActionItem(HOSTILE, HOSTILE, None, None, proposed=True)),
    )
