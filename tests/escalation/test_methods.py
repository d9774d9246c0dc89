"""The methods of contacts.yaml: read in order, refused with line and reason, and never a secret in an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import InvalidPolicy
from bot.escalation.policy.contacts import load_contacts
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.methods import Method, PageState, Standing, pause_before, standing_of
from tests.fixtures.policy import PolicyFolder

OLD = "email: platform-oncall@example.com}"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def read(folder: PolicyFolder, methods: str) -> tuple[Method, ...]:
    file = folder.edit("contacts.yaml", OLD, OLD.replace("}", f", methods: {methods}}}"))
    return load_contacts(file).people["responder"].methods


def test_methods_are_read_in_their_order(policy_folder: PolicyFolder) -> None:
    typed = (
        "[{by: PagerDuty, key: TOCSIN_PAGER_PD, url: 'https://events.eu.pagerduty.com/', user: PABC123},"
        " {by: ntfy, key: TOCSIN_PAGER_N, after: 5 min, for: on-call engineer}, {by: mail, after: 1 h}]"
    )
    assert read(policy_folder, typed) == (
        Method("pagerduty", key="TOCSIN_PAGER_PD", url="https://events.eu.pagerduty.com", user="PABC123"),
        Method("ntfy", 5 * MINUTE, (Role.ON_CALL,), "TOCSIN_PAGER_N"),
        Method("mail", 60 * MINUTE),
    )


def test_one_service_may_wait_differently_in_different_roles(policy_folder: PolicyFolder) -> None:
    one = "{by: ntfy, key: TOCSIN_PAGER_N, for: team lead}"
    typed = f"[{one}, {{by: ntfy, key: TOCSIN_PAGER_N, after: 1 min, for: on-call engineer}}]"
    assert [method.after for method in read(policy_folder, typed)] == [timedelta(), MINUTE]


@pytest.mark.parametrize(
    ("methods", "reason"),
    [
        ("[{by: pagerduty, key: R0123456789secret}]", "never the secret itself"),
        ("[{by: pagerduty, key: SLACK_BOT_TOKEN}]", "begins with TOCSIN_PAGER_"),
        ("[{by: pagerdty, key: TOCSIN_PAGER_A}]", 'Did you mean "pagerduty"?'),
        ("[{by: pagerduty}]", "needs `key`: the name of the variable that holds the integration key"),
        ("[{by: pushover, key: TOCSIN_PAGER_A}]", "needs `token`"),
        ("[{by: grafana, key: TOCSIN_PAGER_A, token: TOCSIN_PAGER_B}]", "has no `token`"),
        ("[{by: ntfy, key: TOCSIN_PAGER_A, url: 'https://ntfy.sh'}]", "has no `url`"),
        ("[{by: opsgenie, key: TOCSIN_PAGER_A, url: 'http://opsgenie.example.com'}]", "write an address"),
        ("[{by: opsgenie, key: TOCSIN_PAGER_A, url: 'https://a:secret@example.com'}]", "without anything secret"),
        ("[{by: text}]", "no address for it"),
        ("[{by: mail, key: TOCSIN_PAGER_A}]", "the person's own address"),
        ("[{by: mail, after: 13 h}]", "12 h at most"),
        ("[{by: ntfy, key: TOCSIN_PAGER_A}, {by: ntfy, key: TOCSIN_PAGER_A, for: team lead}]", "the same for one role"),
        ("[{by: ntfy, key: TOCSIN_PAGER_A, for: lead}]", 'Did you mean "team lead"?'),
    ],
)
def test_a_method_that_cannot_work_is_refused_with_its_line(
    policy_folder: PolicyFolder, methods: str, reason: str
) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        read(policy_folder, methods)
    said = str(refused.value)
    assert reason in said and ".yaml:" in said and "people.responder" in said
    assert "secret@" not in said and "R0123" not in said


OPEN = PageState(NOON, False, False, None, True, None)


@pytest.mark.parametrize(
    ("page", "waits", "stands"),
    [
        (OPEN, False, Standing.WANTED),
        (OPEN, True, Standing.WANTED),
        (PageState(NOON, False, False, None, False, None), False, Standing.OVER),
        (PageState(NOON, False, True, None, True, None), False, Standing.OVER),
        (PageState(NOON, False, False, NOON, True, NOON), False, Standing.ANSWERED),
        (PageState(NOON, False, False, None, True, NOON + MINUTE), False, Standing.ANSWERED),
        (PageState(NOON, False, False, None, True, NOON - MINUTE), False, Standing.WANTED),
        (PageState(NOON, False, False, None, True, NOON - MINUTE), True, Standing.ANSWERED),
        (PageState(NOON, True, False, None, True, NOON + MINUTE), True, Standing.WANTED),
        (PageState(NOON, True, False, NOON, True, NOON + MINUTE), True, Standing.ANSWERED),
    ],
)
def test_what_a_call_is_follows_from_its_page(page: PageState, waits: bool, stands: Standing) -> None:
    assert standing_of(page, waits) is stands


def test_pauses_grow_to_a_minute_and_are_as_long_as_asked() -> None:
    assert [pause_before(tries).total_seconds() for tries in (1, 2, 3, 6, 40)] == [2, 4, 8, 60, 60]
    assert pause_before(1, 45.0).total_seconds() == 45 and pause_before(1, 0.0).total_seconds() == 2
