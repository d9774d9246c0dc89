"""Catching up: what is still open, as facts; and as the sentences that say what to type."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.incidents.rules.responders import ResponderRole
from bot.lifecycle.flows import change, commander, responders
from bot.lifecycle.flows.catchup import catch_up
from bot.lifecycle.messages.channel import Missing, brief
from bot.severity.rules import Severity
from tests.fixtures.flow import Declare
from tests.support.rows import NOON, minutes


def test_of_an_incident_nobody_took_up_everything_is_open(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(Severity.P0)
    missing = catch_up(session, row, policy).missing
    assert (missing.acknowledgement, missing.commander, missing.update) == (True, True, True)
    assert missing.facts == ("impact", "cause")
    assert missing.next_page is not None and missing.next_page[1] >= NOON


def test_what_was_done_is_open_no_longer_and_an_offer_is(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(Severity.P0)
    change.acknowledge(session, row, "U0RESPONDER", policy, NOON + minutes(1))
    responders.assign(session, row, ResponderRole.COMMANDER, "U0RESPONDER", "U0RESPONDER", policy, NOON + minutes(1))
    commander.offer(session, row, "U0TEAMLEAD", "U0RESPONDER", "offer:1", NOON + minutes(2))
    row.impact = "a third of checkouts fail"
    facts = catch_up(session, row, policy)
    assert not facts.missing.acknowledgement and not facts.missing.commander
    assert (facts.missing.offered_to, facts.missing.facts) == ("U0TEAMLEAD", ("cause",))
    said = str(brief(facts, NOON + minutes(3)).blocks)
    assert "Command is offered to <@U0TEAMLEAD>, who has not accepted." in said
    assert "No cause is recorded: `/incident cause …`." in said and "No impact" not in said


def test_of_one_that_is_resolved_its_checklist_alone_is_open(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(Severity.P0)
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(5))
    facts = catch_up(session, row, policy)
    left = len(policy.notices.checklist)
    assert facts.missing == Missing(unchecked=left) and left > 1
    assert f"{left} checklist items not done." in str(brief(facts, NOON + minutes(6)).blocks)
