"""Who may do what: the shipped policy as a table, what Slack says of people, rights that nobody gives themselves."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import InvalidPolicy
from bot.escalation.flows.holders import roster_facts
from bot.escalation.flows.roster import WantedOverride, make_override
from bot.escalation.rules.matrix import Role
from bot.incidents.policy import load_authority
from bot.incidents.rules.authority import (
    ROSTER_ROLES,
    Act,
    Actor,
    RosterFacts,
    Standing,
    allows,
    lets_every_member,
    refusal,
    standing_of,
)
from bot.settings import REPOSITORY
from tests.fixtures.policy import PolicyFolder
from tests.support.rows import NOON

DOCS = REPOSITORY / "docs" / "security.md"
GUESTS = [Standing.GUEST, Standing.STRANGER, Standing.BOT, Standing.DEACTIVATED]


def columns(policy: Policy) -> dict[str, Actor]:
    """The kinds of people of the table: who holds a role holds it by the shipped contacts.yaml."""
    return {
        "member": Actor("U0SUPPORT", Standing.MEMBER),
        "on-call": Actor("U0RESPONDER", Standing.MEMBER),
        "team lead": Actor("U0TEAMLEAD", Standing.MEMBER),
        "manager": Actor("U0MANAGER", Standing.MEMBER),
        "VP": Actor("U0VP", Standing.MEMBER),
        "guest": Actor("U0GUEST", Standing.GUEST),
        "other workspace": Actor("U0PARTNER", Standing.STRANGER),
        "bot": Actor("U0MONITOR", Standing.BOT),
        "deactivated": Actor("U0GONE", Standing.DEACTIVATED),
        "Slack silent": Actor("U0SUPPORT", Standing.UNKNOWN),
    }


def table(session: Session, policy: Policy) -> str:
    roster = roster_facts(session, policy, NOON)
    people = columns(policy)
    lines = [f"| act | {' | '.join(people)} |", f"|---|{'---|' * len(people)}"]
    for act, rule in policy.authority.rules.items():
        cells = ["yes" if allows(act, rule, actor, roster) else "–" for actor in people.values()]
        lines.append(f"| {act} | {' | '.join(cells)} |")
    return "\n".join(lines)


def test_the_security_page_holds_the_table_of_the_shipped_policy(session: Session, policy: Policy) -> None:
    made = table(session, policy)
    written = re.search(r"^\| act \|.*?(?=\n\n)", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert written is not None and written[0] == made, f"put this into docs/security.md:\n{made}"


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("act", Act)
def test_whoever_is_let_in_by_standing_alone_is_so_whatever_their_roles(act: Act, standing: Standing) -> None:
    rosters = [RosterFacts(), RosterFacts(listed={"U0SUPPORT": "support"}, holders={"team lead": ("U0SUPPORT",)})]
    for rule in (("members",), ("guests",), ("team lead",), ("members", "team lead"), ("commander", "U0SUPPORT")):
        every = [allows(act, rule, Actor("U0SUPPORT", standing), roster) for roster in rosters]
        alone = lets_every_member(act, rule, standing)
        assert not alone or all(every)
        assert alone or "members" not in rule or not every[0], "the roster is asked though it need not be"


def test_the_roles_that_the_policy_may_name_are_those_of_contacts_yaml() -> None:
    assert set(ROSTER_ROLES) == {role.value for role in Role}


def test_an_override_that_somebody_made_for_themselves_gives_no_right(session: Session, policy: Policy) -> None:
    until = NOON + timedelta(hours=8)
    cases = {
        ("U0SECONDARY", "U0SECONDARY", Role.ENGINEERING_MANAGER): False,  # for themselves
        ("U0SUPPORT", "U0SECONDARY", Role.VP): False,  # by somebody below
        ("U0TEAMLEAD", "U0VP", Role.TEAM_LEAD): True,  # by somebody above
    }
    for number, ((user_id, by, role), _) in enumerate(cases.items()):
        wanted = WantedOverride(f"right:{number}", role, user_id, NOON, until, by)
        make_override(session, wanted, policy.contacts, NOON)
    held = roster_facts(session, policy, NOON + timedelta(hours=1)).holders
    assert {case: case[0] in held[case[2].value] for case in cases} == cases
    assert held["engineering manager"] == ("U0MANAGER",), "the manager keeps the right"
    session.rollback()


def test_a_stand_in_whom_the_manager_named_approves_for_that_time_only(session: Session, policy: Policy) -> None:
    until = NOON + timedelta(hours=8)
    wanted = WantedOverride("stand-in", Role.ENGINEERING_MANAGER, "U0TEAMLEAD", NOON, until, "U0MANAGER")
    make_override(session, wanted, policy.contacts, NOON)
    rule, lead = policy.authority.rules[Act.APPROVE], Actor("U0TEAMLEAD", Standing.MEMBER)

    def approves(at: datetime) -> bool:
        return allows(Act.APPROVE, rule, lead, roster_facts(session, policy, at))

    assert [approves(at) for at in (NOON, until - timedelta(seconds=1), until)] == [True, True, False]
    session.rollback()


@pytest.mark.parametrize(
    ("user", "standing"),
    [
        ({}, Standing.MEMBER),
        ({"team_id": "T0HOME"}, Standing.MEMBER),
        ({"is_restricted": True}, Standing.GUEST),
        ({"is_restricted": True, "is_ultra_restricted": True}, Standing.GUEST),
        ({"is_stranger": True}, Standing.STRANGER),
        ({"team_id": "T0OTHER"}, Standing.STRANGER),
        ({"team_id": "T0OTHER", "enterprise_user": {"enterprise_id": "E0OTHER"}}, Standing.STRANGER),
        ({"team_id": "T0OTHER", "enterprise_user": {"enterprise_id": "E0OURS"}}, Standing.MEMBER),
        ({"team_id": "E0OURS"}, Standing.MEMBER),
        ({"is_bot": True}, Standing.BOT),
        ({"deleted": True, "is_restricted": True}, Standing.DEACTIVATED),
    ],
)
def test_what_slack_says_of_somebody(user: dict[str, Any], standing: Standing) -> None:
    assert standing_of(user, "T0HOME", "E0OURS") is standing


def test_a_guest_who_is_on_the_roster_is_no_outsider() -> None:
    roster = RosterFacts({"U0CONTRACTOR": "contractor"}, {"on-call engineer": ("U0CONTRACTOR",)})
    guest = Actor("U0CONTRACTOR", Standing.GUEST)
    assert allows(Act.CHANGE, ("members",), guest, roster) and allows(Act.OVERRIDE, ("roster",), guest, roster)
    assert not allows(Act.CHANGE, ("members",), Actor("U0CONTRACTOR", Standing.DEACTIVATED), roster)


@pytest.mark.parametrize("rule", [("U0NAMED",), ("S0GROUP",), ("scribe",), ("declarer",), ("guests",)])
def test_ids_groups_and_parts_in_the_incident_are_rules_too(rule: tuple[str, ...]) -> None:
    roster = RosterFacts(groups={"S0GROUP": ("U0NAMED",)})
    named = Actor(
        "U0NAMED", Standing.GUEST if rule == ("guests",) else Standing.MEMBER, frozenset({"scribe", "declarer"})
    )
    assert allows(Act.CHANGE, rule, named, roster)
    assert not allows(Act.CHANGE, rule, Actor("U0OTHER", Standing.STRANGER, named.parts), roster)


@pytest.mark.parametrize("standing", GUESTS)
@pytest.mark.parametrize("act", list(Act))
def test_a_refusal_says_who_may_and_whom_to_ask(act: Act, standing: Standing) -> None:
    said = refusal(act, ("members",), standing, "team lead")
    assert re.fullmatch(r"[A-Z][^.]*\. Ask team lead\.", said.replace("contacts.yaml", "contacts")), said


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("merge: [members]", "merge: []", "nobody may"),
        ("merge: [members]", "merge: [member]", 'Did you mean "members"?'),
        ("merge: [members]", "merge: [team laed]", 'Did you mean "team lead"?'),
        ("merge: [members]", "", '"merge" is missing'),
        ("merge: [members]", "merges: [members]", 'Did you mean "merge"?'),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(
    policy_folder: PolicyFolder, old: str, new: str, reason: str
) -> None:
    path = policy_folder.edit("authority.yaml", old, new)
    with pytest.raises(InvalidPolicy, match=re.escape(reason)):
        load_authority(path)
