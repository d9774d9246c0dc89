"""The incidents behind a number, for whoever may see them; the others are only counted."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Double, column, func, join, select, text
from sqlalchemy.orm import Session

from bot.figures.queries.commitments import ACTIONS_DUE
from bot.figures.queries.scope import HEAD, Scope, of_incidents, prepare
from bot.figures.queries.times import MEASURES
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import visible_to

_TIMED = "select incident_id, {figure} as value from counted where {figure} is not null"
_COUNTED = "select incident_id, null::float8 as value from counted"
_SENT = """select incident_id, count(*)::float8 as value from pings
  where state = 'sent' and kind <> 'digest' and sent_at >= :since and sent_at < :until
    and (cast(:of as text) = '' or cast(:of as text) = any(user_ids)) {only} group by incident_id"""
_REVIEWS = """select i.incident_id, null::float8 as value from review_stages s join figure_facts i using (incident_id)
  where s.due_at >= :since and s.due_at < :until and not (i.merged or i.false_alarm or i.open)
    {only} and not exists (
      select from review_steps r where r.incident_id = i.incident_id and r.stage = 'approved' and r.at <= s.due_at)"""
# By figure: what of it one looks for. Of shares it is what went wrong, or what the figure is named for.
_SELECTS = {
    **{measure: _TIMED.replace("{figure}", measure) for measure in MEASURES},
    "incidents": _COUNTED,
    "security_incidents": _COUNTED + " where security",
    "open": _COUNTED + " where open",
    "merged": "select incident_id, null::float8 as value from scope where merged",
    "false_alarms": "select incident_id, null::float8 as value from scope where not merged and false_alarm",
    "reopened": "select incident_id, (episode - 1)::float8 as value from counted where episode > 1",
    "recurred": _COUNTED + " where recurred",
    "playbook_helped": _COUNTED + " where playbook_helped",
    "acknowledged_in_time": "select incident_id, missed::float8 as value from counted where missed > 0",
    "time_between": f"""{_COUNTED} where cast(:of as text) = '' or 'kind ' || kind = :of
      or lower(:of) in (select 'service ' || key from unnest(service_keys) key)""",
    "pages": _SENT,
    "nights_disturbed": _SENT,
    "weekends_disturbed": _SENT,
    "late_pages": _SENT.replace("{only}", "and sent_at - due_at > make_interval(secs => :late_after) {only}"),
    "reviews_on_time": _REVIEWS,
    "actions_on_time": f"""select incident_id, count(*)::float8 as value {ACTIONS_DUE} {{only}}
      and not (state = 'done' and done_on <= due_on) group by incident_id""",
}
FIGURES = frozenset(_SELECTS)  # those that have incidents behind them
MISSED = frozenset({"acknowledged_in_time", "reviews_on_time", "actions_on_time"})  # those that list what was missed


@dataclass(frozen=True, slots=True)
class Behind:
    """`rows` with the value of each, the largest first; `more` of them are not listed, `hidden` may not be seen."""

    rows: list[tuple[IncidentRow, float | None]]
    more: int
    hidden: int


def list_behind(
    session: Session, scope: Scope, figure: str, of: str, late_after: float, viewer: str, limit: int
) -> Behind:
    """The incidents behind one of FIGURES. `of` is `kind …`, `service …` or a person, as the figure's is, or empty."""
    prepare(session)
    chosen = _SELECTS[figure].replace("{only}", of_incidents(scope, "incident_id"))
    values = {"of": of, "late_after": late_after}
    statement = text(HEAD + chosen)
    named = {name: value for name, value in (scope.values | values).items() if name in statement._bindparams}
    found = (
        statement.bindparams(**named)
        .columns(column("incident_id", BigInteger), column("value", Double))
        .subquery("found")
    )
    joined = join(IncidentRow, found, IncidentRow.incident_id == found.c.incident_id)
    may_see = visible_to(viewer)
    counts = select(func.count(), func.count().filter(may_see)).select_from(joined)
    total, seen = session.execute(counts).one()
    rows = (
        select(IncidentRow, found.c.value)
        .select_from(joined)
        .where(may_see)
        .order_by(found.c.value.desc().nulls_last(), IncidentRow.declared_at.desc())
        .limit(limit)
    )
    listed = [(row, value) for row, value in session.execute(rows)]
    return Behind(listed, seen - len(listed), total - seen)
