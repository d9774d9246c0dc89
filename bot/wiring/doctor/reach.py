"""Doctor's checks of who is paged: roster gaps, and people whom Slack cannot reach."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bot.escalation.flows.roster import roster_of
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Contacts, Person
from bot.escalation.rules.roster_gaps import find_gaps, schedule_gaps
from bot.slack.client import Refused, Slack
from bot.slack.refusals import Refusal
from bot.wiring.doctor.findings import Finding, Known, State

LOOK_BACK = timedelta(days=1)
_FILE = "knowledge/policy/contacts.yaml"


def escalation(known: Known) -> Iterator[Finding]:
    """Gaps in contacts.yaml together with overrides and imported schedules, where the database could be read."""
    if known.policy is None:
        yield Finding("escalation", State.UNKNOWN, "the policy is invalid")
        return
    contacts = known.policy.contacts
    roster = roster_of(contacts, known.overrides or (), known.shifts or ())
    broken = [(gap.reason, gap.fix) for gap in find_gaps(roster, known.now)] + list(_unknown_people(known, contacts))
    for reason, fix in broken:
        yield Finding("escalation", State.FAILED, reason, fix)
    for role in Role:
        for begins, ends in schedule_gaps(roster, role, known.now)[:1]:
            span = f"from {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC"
            says = f"the imported schedule of the {role} has a gap {span}; contacts.yaml applies then"
            yield Finding("escalation", State.OK, says)
    if not broken:
        unread = known.overrides is None
        aside = " (from contacts.yaml only: the database is not responding)" if unread else ""
        yield Finding("escalation", State.OK, f"every role is assigned to somebody who can be paged{aside}")


def _unknown_people(known: Known, contacts: Contacts) -> Iterator[tuple[str, str]]:
    """Shifts of an imported schedule whose person was taken out of contacts.yaml since."""
    first = {(row.role, row.person): row for row in reversed(known.shifts or ()) if row.person not in contacts.people}
    for (role, name), row in sorted(first.items()):
        reason = f"the imported schedule of the {role} names {name}, who is not in contacts.yaml"
        fix = f"Add {name} under `people` in {_FILE}, or export the schedule again and import it."
        yield f"{reason}; from {row.from_at:%Y-%m-%d %H:%M} UTC contacts.yaml applies", fix


def people(known: Known) -> Iterator[Finding]:
    """Everybody of contacts.yaml and of the overrides made in Slack, looked up in the workspace."""
    if known.slack is None or known.policy is None:
        yield Finding("people", State.UNKNOWN, known.why_no_slack or "the policy is invalid")
        return
    listed = [person for person in known.policy.contacts.people.values() if person.mention]
    broken = False
    for person in listed:
        reason = _why_unreachable(known.slack, person)
        if reason:
            broken = True
            fix = f"Correct the id of {person.name} in {_FILE}, or assign somebody else."
            yield Finding("people", State.FAILED, f"{person.name}: {reason}", fix)
    for row in known.overrides or ():
        reason = _why_unreachable(known.slack, Person(row.user_id, slack=row.user_id))
        if reason:
            broken = True
            says = f"the override of the {row.role} until {row.until_at:%Y-%m-%d %H:%M} UTC: {reason}"
            yield Finding("people", State.FAILED, says, f"Remove it: `/incident oncall remove as {row.role}`.")
    if not broken:
        yield Finding("people", State.OK, f"all {len(listed)} of contacts.yaml are in the workspace")


def _why_unreachable(slack: Slack, person: Person) -> str:
    """Why Slack can't reach this person or group; empty where it can."""
    try:
        if person.user_group:
            members = slack.members_of_group(person.user_group)
            return "" if members else f"the user group {person.user_group} has no members"
        user = slack.call("users.info", user=person.slack)["user"]
    except Refused as refused:
        if refused.error in ("user_not_found", "user_not_visible", "no_such_subteam", "subteam_not_found"):
            return f"{person.slack or person.user_group} is not in the workspace"
        raise
    if user.get("deleted"):
        return f"{person.slack} is deactivated"
    return f"{person.slack} is a bot" if user.get("is_bot") else ""


def refusals(known: Known) -> Iterator[Finding]:
    """What Slack refused in the last day to incidents that are not closed, once for each method and reason."""
    if known.refusals is None:
        yield Finding("refusals", State.UNKNOWN, "the database is not responding")
        return
    for (method, error), refs in known.refusals.items():
        refusal = Refusal(method, error)
        says = f"{method}: {refusal.reason}; in the last day for {', '.join(refs[:5])}{' …' if len(refs) > 5 else ''}"
        yield Finding("refusals", State.FAILED, says, refusal.advice)
    if not known.refusals:
        yield Finding("refusals", State.OK, "Slack refused nothing in the last day")
