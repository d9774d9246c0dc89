"""What is read out of a message, and from which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.severity.judge.signals import Signals
from bot.severity.judge.tokens import read as read_tokens
from bot.severity.policy import load_severity


@pytest.fixture(scope="module")
def signals() -> Signals:
    return Signals(load_severity(Path(__file__).parents[2] / "knowledge" / "policy" / "severity.yaml").things)


@pytest.mark.parametrize(
    ("text", "signal", "words"),
    [
        ("checkout dead", "how.down", "dead"),
        ("checkout dead", "what.money", "checkout"),
        ("the chekcout is slow", "what.money", "chekcout"),
        ("logins are unavialable", "how.down", "unavialable"),
        ("it isn’t working", "how.down", "isn’t working"),
        ("totals are not calculated", "how.down", "not calculated"),
        ("41% of calls fail", "share.many", "41%"),
        ("success rate fell to 22%", "share.most", "22%"),
        ("disk at 97% on the primary", "fill.high", "97%"),
        ("14 of 14 probes failed", "alarm.all-dead", "14 of 14"),
        ("spend is $18k/day", "cost.large", "$18k"),
        ("6,214 customers call", "count.thousands", "6,214"),
        ("only on staging", "where.elsewhere", "staging"),
        ("*HealthyHostCount* &gt; 5", "fine.what-infrastructure", "Host"),
        ("a colleague can't print", "reach.one", "a colleague"),
        ("nobody in Japan can pay", "reach.region", "Japan"),
        ("password was committed to a public repo", "how.exposed", "public repo"),
        ("this is a drill", "kind.drill", "drill"),
        ("[RECOVERED] queue age", "alarm.ok", "[RECOVERED]"),
        ('{"NewStateValue":"OK"}', "alarm.ok", '"NewStateValue":"OK'),
        ("probe_success == 0", "alarm.all-dead", "0"),
    ],
)
def test_a_signal_is_found_with_its_words(text: str, signal: str, words: str, signals: Signals) -> None:
    found = [evidence.text for name, evidence in signals.read(text).evidence if name == signal]
    assert any(words in evidence for evidence in found), signals.read(text).evidence


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("the site is not down", "how", "down"),
        ("nothing is broken", "how", "broken"),
        ("there is no maintenance today", "kind", "maintenance"),
        ("search works", "what", "major"),
        ("5 minutes", "share", "some"),
        ("no data loss", "how", "lost"),
    ],
)
def test_what_is_denied_or_fine_is_no_trouble(text: str, column: str, value: str, signals: Signals) -> None:
    assert value not in signals.read(text).facts.get(column, set())


@pytest.mark.parametrize(
    "text",
    [
        "We are investigating a full outage of all trams. Colleagues are on it, next update at noon.",
        "We're aware of a total outage of the ticket gates. Vendor paged and acknowledged, eta unknown.",
    ],
)
def test_what_is_being_done_about_an_outage_does_not_make_it_an_update(text: str, signals: Signals) -> None:
    facts = signals.read(text).facts
    assert "outage" in facts["announced"]
    assert not facts.get("kind", set()) & {"update", "running"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("orders fail since yesterday's release", "past"),
        ("if we restart it the queue is gone", "draft"),
        ("the ward's guide calls do not ring", "learning"),
        ("the night shift ended and no badge opens a door", "recovered"),
        ("94 of the expense claims are back to draft", "draft"),
        ("94 of the expense claims are back to draft", "recovered"),
    ],
)
def test_words_that_reports_use_as_often_as_talk_tell_no_kind(text: str, kind: str, signals: Signals) -> None:
    assert kind not in signals.read(text).facts.get("kind", set())


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("database on fire", "down"),
        ("prod is on fire", "down"),
        ("all claims are back to draft", "wrong"),
        ("Restart ends in STOP again", "down"),
        ("the press went into fault twice", "down"),
    ],
)
def test_states_that_machines_and_records_fall_into_are_trouble(text: str, how: str, signals: Signals) -> None:
    assert how in signals.read(text).facts["how"]


def test_a_clause_that_works_keeps_its_things_apart(signals: Signals) -> None:
    facts = signals.read("search is down, buying works").facts
    assert "major" in facts["what"]
    assert "money" not in facts["what"]
    assert "what-money" in facts["fine"]


def test_tone_is_not_a_fact(signals: Signals) -> None:
    calm, loud = signals.read("the logo is old"), signals.read("HELP!!! the logo is old!!!")
    assert {column: values for column, values in calm.facts.items() if column != "degree"} == {
        column: values for column, values in loud.facts.items() if column != "degree"
    }


def test_slack_markup_is_one_token_and_entities_are_read() -> None:
    tokens = [token.text for token in read_tokens("<!here> <@U0AB12> &gt; 5% :fire: <https://example.com|status>")]
    assert tokens == ["<!here>", "<@u0ab12>", ">", "5%", ":fire:", "<https://example.com|status>"]


def test_spans_point_into_the_message() -> None:
    text = "Login isn't OK: HealthyHostCount 0 of 3, $12k &amp; 41 %"
    for token in read_tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert text[token.start : token.end].strip()
