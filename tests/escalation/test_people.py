"""Whom a typed name means: mentions, names of contacts.yaml and Slack, roles; nobody and several are told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.escalation.flows.people import find_person, leading_rung, split_mention
from bot.escalation.flows.roster import WantedOverride, make_override
from bot.escalation.queries import user_groups
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Contacts, Person
from bot.slack import queries as messages
from tests.support.rows import NOON


@pytest.fixture
def contacts(policy: Policy) -> Contacts:
    """The shipped contacts, with a user group as team lead and somebody who is reached by mail only."""
    shipped = policy.contacts
    leads, mail = Person("leads", user_group="S0LEADS"), Person("auditor", email="auditor@example.com")
    empty = Person("empty", user_group="S0EMPTY")
    people = {**shipped.people, "leads": leads, "auditor": mail, "empty": empty}
    return replace(shipped, people=people, roles={**shipped.roles, Role.TEAM_LEAD: (leads,)})


@pytest.fixture(autouse=True)
def known(session: Session) -> None:
    """People whom Slack has named to us."""
    for user_id, name in (
        ("U0ANNA", "Site-Engineer"),
        ("U0BEA", "twin"),
        ("U0CLEO", "Twin"),
        ("U0VP", "vp-engineering"),
    ):
        messages.record_name(session, user_id, name, NOON)
    user_groups.record_members(session, "S0LEADS", ["U0TEAMLEAD", "U0MANAGER"], NOON)
    user_groups.record_members(session, "S0SOLO", ["U0VP"], NOON)


@pytest.mark.parametrize(
    ("typed", "user_id"),
    [
        ("second responder", "U0SECONDARY"),
        ("@second-responder", "U0SECONDARY"),
        ("  Second   Responder ", "U0SECONDARY"),
        ("site engineer", "U0ANNA"),
        ("@site-engineer", "U0ANNA"),
        ("site_engineer", "U0ANNA"),
        ("vp-engineering", "U0VP"),
        ("@secondary", "U0SECONDARY"),
        ("secondary on-call", "U0SECONDARY"),
        ("on-call", "U0RESPONDER"),
        ("EM", "U0MANAGER"),
        ("eng-manager", "U0MANAGER"),
        ("@eng-manager", "U0MANAGER"),
        ("VP", "U0VP"),
        ("team lead", "U0TEAMLEAD"),
    ],
)
def test_a_name_a_handle_and_a_role_mean_their_person(
    session: Session, contacts: Contacts, typed: str, user_id: str
) -> None:
    assert find_person(session, typed, contacts, NOON) == user_id


def test_a_role_means_who_holds_it_at_that_instant(session: Session, contacts: Contacts) -> None:
    begins, until = NOON + timedelta(days=7), NOON + timedelta(days=8)
    wanted = WantedOverride("people:1", Role.SECONDARY, "U0ANNA", begins, until, "U0VP")
    make_override(session, wanted, contacts, NOON)
    assert find_person(session, "secondary", contacts, begins) == "U0ANNA"
    assert find_person(session, "secondary", contacts, until) == "U0SECONDARY"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("twin", "“twin” matches several people: <@U0BEA>, <@U0CLEO>. Mention the one you mean: `@name`."),
        ("leads", "“leads” matches several people: <@U0TEAMLEAD>, <@U0MANAGER>. Mention the one you mean: `@name`."),
        ("lead", "“lead” matches several people: <@U0TEAMLEAD>, <@U0MANAGER>. Mention the one you mean: `@name`."),
        ("auditor", "“auditor” isn't linked to anyone in Slack. Mention the person: `@name`."),
        ("empty", "“empty” isn't linked to anyone in Slack. Mention the person: `@name`."),
        ("santa", "I don't know anyone called “santa”. Mention them: `@name`."),
        (
            "second respnder",
            "I don't know anyone called “second respnder”. Did you mean “second responder”? Mention them: `@name`.",
        ),
        ("<!channel>", "I don't know anyone called “&lt;!channel&gt;”. Mention them: `@name`."),
    ],
)
def test_nobody_and_several_are_told_apart_with_who_they_are(
    session: Session, contacts: Contacts, typed: str, sentence: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        find_person(session, typed, contacts, NOON)
    assert str(refused.value) == sentence


def test_a_mention_is_taken_out_of_the_words_and_only_one_is_allowed(session: Session) -> None:
    user_id, words = split_mention(session, "<@U0VP|vp-engineering> until 18:00")
    assert (user_id, words.strip()) == ("U0VP", "until 18:00")
    assert split_mention(session, "secondary until 18:00") == (None, "secondary until 18:00")
    with pytest.raises(BadRequest, match="Name one person only"):
        split_mention(session, "<@U0VP> <@U0ANNA>")
    assert split_mention(session, "<@U0VP> <@U0VP|vp>")[0] == "U0VP"


def test_a_group_is_no_person_and_its_members_are_listed(session: Session) -> None:
    with pytest.raises(BadRequest) as refused:
        split_mention(session, "<!subteam^S0LEADS|@leads> until 18:00")
    assert str(refused.value) == "@leads is a user group; name one person: <@U0TEAMLEAD>, <@U0MANAGER>."


@pytest.mark.parametrize(
    ("markup", "role", "reason"),
    [
        ("VP the board asks", Role.VP, "the board asks"),
        ("@secondary nobody answers", Role.SECONDARY, "nobody answers"),
        ("@team-lead", Role.TEAM_LEAD, ""),
        ("<@U0VP|vp-engineering> the board asks", Role.VP, "the board asks"),
        ("<@U0MANAGER> help", Role.TEAM_LEAD, "help"),  # a member of the group that holds it, the lower of two rungs
        ("<!subteam^S0LEADS|@leads> help", Role.TEAM_LEAD, "help"),
        ("@second-responder nobody answers", Role.SECONDARY, "nobody answers"),
        ("@second responder nobody answers", Role.SECONDARY, "nobody answers"),
        ("second responder", Role.SECONDARY, ""),
        ("second responder says it is worse", None, "second responder says it is worse"),
        ("the shop is still down", None, "the shop is still down"),
        ("", None, ""),
    ],
)
def test_a_rung_is_named_by_its_role_or_by_somebody_who_holds_it(
    session: Session, contacts: Contacts, markup: str, role: Role | None, reason: str
) -> None:
    assert leading_rung(session, markup, contacts, NOON) == (role, reason)


@pytest.mark.parametrize(
    ("markup", "sentence"),
    [
        (
            "<@U0ANNA|site-engineer> help",
            "<@U0ANNA> has no role that is paged. The roles are: on-call engineer, team lead,",
        ),
        ("<!subteam^S0SOLO|@solo> help", "@solo has no role that is paged. The roles are: on-call engineer,"),
        ("@site-engineer help", "<@U0ANNA> has no role that is paged."),
        ("@twin help", "“twin” matches several people: <@U0BEA>, <@U0CLEO>."),
        ("@santa help", "I don't know anyone called “santa”. The roles are: on-call engineer, team lead,"),
    ],
)
def test_a_rung_that_nobody_holds_is_refused_with_those_there_are(
    session: Session, contacts: Contacts, markup: str, sentence: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        leading_rung(session, markup, contacts, NOON)
    assert str(refused.value).startswith(sentence)
