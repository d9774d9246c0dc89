"""Which alarms are looked up for the checklist, and the sentence that says how they stand."""

from __future__ import annotations

from bot.aws.alarm_states import Alarm, AlarmState, Reading
from bot.incidents.flows.record import record
from bot.incidents.rules.timeline import Kind
from bot.stakeholders import messages
from bot.stakeholders.flows import alarm_checks
from bot.stakeholders.policy import AlarmPolicy
from bot.store.engine import Database
from tests.support.rows import NOON, add_incident, minutes

POLICY = AlarmPolicy(
    point="metrics",
    always=("edge-health",),
    services={"checkout": ("checkout-5xx", "checkout-latency-*"), "search": ("search-lag",)},
)
SINCE = f"since <!date^{int(NOON.timestamp())}^{{date_short_pretty}} {{time}}|2026-11-20 12:00 UTC>"


def wanted(*names: str, expected: tuple[str, ...] = ()) -> alarm_checks.Wanted:
    return alarm_checks.Wanted(names, (), frozenset(expected))


def alarm(name: str, state: AlarmState = AlarmState.OK) -> Alarm:
    return Alarm(name, state, NOON)


def said(asked: alarm_checks.Wanted, *found: Alarm) -> str:
    return messages.alarm_states(asked.expected, Reading(found))


def test_alarms_come_from_the_policy_from_services_that_are_spoken_of_and_from_the_text(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(
            session, title="Checkout answers 502", cause="the pool of orders-db was full", ref="INC-1999-7001"
        )
        record(session, row, Kind.NOTED, "`Orders: 5xx` &amp; queue-depth rose", NOON, author="U1", source_key="look:1")
        found = alarm_checks.wanted_alarms(session, row, POLICY)
    assert found.names == ("edge-health", "checkout-5xx", "Orders: 5xx", "orders-db", "queue-depth")
    assert found.prefixes == ("checkout-latency-",)
    assert found.expected == {"edge-health", "checkout-5xx"}


def test_a_service_is_a_word_and_not_a_part_of_one(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session, title="the research wiki is slow")
        assert alarm_checks.wanted_alarms(session, row, POLICY).names == ("edge-health",)


def test_the_sentence_says_how_many_are_fine_and_names_the_others() -> None:
    fine = [alarm("a"), alarm("b")]
    assert said(wanted("a", "b"), *fine) == "All 2 CloudWatch alarms are OK."
    assert said(wanted("a"), *fine[:1]) == "The CloudWatch alarm is OK."
    red, silent = alarm("checkout-5xx", AlarmState.ALARM), alarm("lag <1>", AlarmState.NO_DATA)
    assert said(wanted("a"), *fine, red) == (f"2 of 3 CloudWatch alarms are OK; checkout-5xx is in ALARM {SINCE}.")
    assert said(wanted("a"), silent, red) == (
        f"0 of 2 CloudWatch alarms are OK; checkout-5xx is in ALARM {SINCE}; lag &lt;1&gt; has no data {SINCE}."
    )


def test_an_alarm_of_the_policy_that_does_not_exist_is_said_and_a_word_of_the_incident_that_is_none_is_not() -> None:
    assert said(wanted("typo-5xx", "build-212", expected=("typo-5xx",)), alarm("a")) == (
        "The CloudWatch alarm is OK; typo-5xx does not exist."
    )
    assert said(wanted("typo-5xx", expected=("typo-5xx",))) == (
        "No CloudWatch alarm was found; typo-5xx does not exist."
    )
    assert said(wanted("build-212")).startswith("No CloudWatch alarms are configured")


def test_many_red_alarms_are_counted_after_the_first_five() -> None:
    sentence = said(wanted(), *(alarm(f"a-{number}", AlarmState.ALARM) for number in range(9)))
    assert sentence.startswith("0 of 9 CloudWatch alarms are OK; a-0 is in ALARM") and sentence.endswith(
        "; and 4 more."
    )


def test_where_there_are_more_alarms_than_were_read_it_never_says_all() -> None:
    fine = tuple(alarm(f"a-{number}") for number in range(1000))
    more = "; more alarms were not checked."
    assert (
        messages.alarm_states(wanted().expected, Reading(fine, complete=False))
        == f"At least 1000 CloudWatch alarms are OK{more}"
    )
    red = alarm("checkout-5xx", AlarmState.ALARM)
    assert messages.alarm_states(wanted().expected, Reading((*fine, red), complete=False)) == (
        f"1000 of at least 1001 CloudWatch alarms are OK; checkout-5xx is in ALARM {SINCE}{more}"
    )


def test_the_last_look_of_this_resolution_is_shown_and_each_is_kept_once(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session, status="resolved", resolved_at=NOON, episode=2)
        alarm_checks.record_lookup(session, row, 1, "an earlier time", NOON, "first")
        assert alarm_checks.find_lookup(session, row.incident_id, 2) is None
        alarm_checks.record_lookup(session, row, 2, "first", NOON + minutes(1), "first")
        alarm_checks.record_lookup(session, row, 2, "second", NOON + minutes(2), "a press")
        alarm_checks.record_lookup(session, row, 2, "the press again", NOON + minutes(3), "a press")
        assert alarm_checks.find_lookup(session, row.incident_id, 2) == alarm_checks.AlarmLookup(
            "second", NOON + minutes(2)
        )


def test_what_failed_says_why_and_what_to_do() -> None:
    said = messages.alarms_unread("CloudWatch: AccessDenied <not> you")
    assert (
        said == "CloudWatch couldn't be reached (CloudWatch: AccessDenied &lt;not&gt; you). Check the metrics yourself."
    )
