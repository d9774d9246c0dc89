"""Setting types and fields: the rows, the timeline with old and new, and what follows."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.console.records import write_table
from bot.context import Policy
from bot.fields import messages
from bot.fields.flows import missing
from bot.fields.policy import load_fields
from bot.fields.queries import in_order, matching, values_by_incident, values_of
from bot.fields.rules import Ask, FieldsPolicy, Given, read_filters
from bot.fields.tables import FieldRow
from bot.incidents import visibility
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.flows.declare import Declaration, declare, kind_of
from bot.lifecycle.messages import forms
from bot.retention.flows.erase import erase
from bot.reviews.flows import drafting, editing
from bot.reviews.messages.renderings import to_markdown
from bot.severity.rules import Severity
from slack_playground.blockkit.blocks import check_view
from tests.fields.policies import POLICY
from tests.fixtures.policy import SHIPPED
from tests.slack.facts import LEVELS
from tests.support.queue import queued
from tests.support.rows import NOON, minutes

BY = "U0RESPONDER"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def policy(policy: Policy) -> Policy:
    """The shipped one with the fields of these tests."""
    return replace(policy, fields=POLICY)


def declared(
    session: Session, policy: Policy, given: Given | None = None, severity: Severity = Severity.P2
) -> IncidentRow:
    wanted = Declaration(f"fields:{next(_numbers)}", "tills freeze", severity, BY, given=given or Given())
    return declare(session, wanted, policy, NOON)[0]


def said(session: Session, row: IncidentRow) -> list[str]:
    return [
        entry.text for entry in timeline.list_rows(session, row.incident_id, (Kind.FIELD_CHANGED, Kind.FIELD_WRITTEN))
    ]


def test_what_was_said_on_declaring_is_kept_and_on_the_timeline(session: Session, policy: Policy) -> None:
    given = Given("third-party", {"region": "US", "vendor": "Acme & <!here>", "ticket": ""})
    row = declared(session, policy, given)
    assert row.type == "third-party"
    assert in_order(values_of(session, row.incident_id), POLICY) == [
        ("Region", "US"), ("Name of the vendor", "Acme & <!here>"),
    ]  # fmt: skip
    assert said(session, row) == [
        "<@U0RESPONDER> set Type to “Third party”, set Region to “US”.",
        "<@U0RESPONDER> set Name of the vendor to “Acme &amp; &lt;!here&gt;”.",
    ]


def test_who_says_nothing_costs_nothing(session: Session, policy: Policy) -> None:
    row = declared(session, policy)
    assert row.type is None and said(session, row) == []
    assert session.scalars(select(FieldRow).where(FieldRow.incident_id == row.incident_id)).all() == []


def test_a_change_says_old_and_new_once_and_draws_the_card(session: Session, policy: Policy) -> None:
    row = declared(session, policy, Given("outage", {"region": "US"}))
    given = Given("data", {"region": "EU west", "ticket": "T-77"})
    changes = change.set_fields(session, row, given, "U0TEAMLEAD", policy, NOON + minutes(5))
    assert said(session, row)[1:] == [
        "<@U0TEAMLEAD> set Type to “Data” (was “Outage”), set Region to “EU west” (was “US”).",
        "<@U0TEAMLEAD> set Ticket to “T-77”.",
    ]
    assert messages.answer(row.ref, changes) == (
        f"{row.ref}: Type is now Data, was Outage. Region is now EU west, was US. Ticket is now T-77."
    )
    assert len(queued(session, "slack.card", incident_id=row.incident_id)) == 1
    assert change.set_fields(session, row, given, "U0TEAMLEAD", policy, NOON + minutes(6)) == []
    assert len(said(session, row)) == 3
    change.set_fields(session, row, Given("", {"ticket": ""}), BY, policy, NOON + minutes(7))
    assert said(session, row)[3:] == [
        "<@U0RESPONDER> cleared Type (was “Data”).",
        "<@U0RESPONDER> cleared Ticket (was “T-77”).",
    ]
    assert list(values_of(session, row.incident_id)) == ["region"]


def test_a_type_raises_the_severity_on_declaring_and_later_and_not_once_it_is_over(
    session: Session, policy: Policy
) -> None:
    assert declared(session, policy, Given("data"), Severity.P3).severity == "P1"
    row = declared(session, policy, severity=Severity.P3)
    change.set_fields(session, row, Given("data"), BY, policy, NOON + minutes(1))
    assert row.severity == "P1"
    (entry,) = timeline.list_rows(session, row.incident_id, (Kind.SEVERITY_RAISED,))
    assert entry.text.endswith(": Data incidents are at least P1")
    over = declared(session, policy, severity=Severity.P3)
    change.resolve(session, over, BY, policy, NOON + minutes(1))
    change.set_fields(session, over, Given("data"), BY, policy, NOON + minutes(2))
    assert (over.type, over.severity) == ("data", "P3")


def test_a_private_type_declares_in_private_unless_somebody_chose(policy: Policy) -> None:
    private = kind_of(policy, "tills freeze", "", None, "break-in")
    assert (private.security, private.asks) == (True, False)
    assert not kind_of(policy, "tills freeze", "", False, "break-in").security
    assert not kind_of(policy, "tills freeze", "", None, "data").security


def test_secrets_are_masked_in_values_and_on_the_timeline(session: Session, policy: Policy) -> None:
    row = declared(session, policy)
    secret = "AKIAIOSFODNN7EXAMPLE"
    change.set_fields(session, row, Given(values={"ticket": f"key {secret}"}), BY, policy, NOON)
    session.expire_all()
    assert secret not in values_of(session, row.incident_id)["ticket"].value
    held = timeline.list_rows(session, row.incident_id, (Kind.FIELD_WRITTEN,))
    assert secret not in json.dumps([[entry.text, entry.data] for entry in held])


def test_what_the_policy_forgot_stays_readable_and_can_be_kept(session: Session, policy: Policy) -> None:
    row = declared(session, policy, Given("data", {"region": "US", "ticket": "T-1"}))
    poorer = FieldsPolicy({}, {"region": replace(POLICY.fields["region"], title="Area", options=("North", "South"))})
    known = values_of(session, row.incident_id)
    assert in_order(known, poorer) == [("Area", "US"), ("Ticket", "T-1")]
    assert messages.line(poorer.title_of(row.type), in_order(known, poorer)) == "*data* · Area: US · Ticket: T-1"
    form = messages.fields_form(incidents.facts(row), poorer, row.type, known)
    check_view(json.loads(json.dumps(form)), "modal")
    (area,) = [block["element"] for block in form["blocks"] if block.get("block_id") == "field_region"]
    assert area["initial_option"]["text"]["text"] == "US (no longer offered)"
    assert not poorer.read_form({"field_region": area["initial_option"]["value"]}, None, row.type, known)


def test_what_is_missing_is_read_only_where_something_is_required(session: Session, policy: Policy) -> None:
    row = declared(session, policy, Given(values={"customers": "5"}))
    assert [one.name for one in missing(session, row, POLICY, Ask.RESOLVE)] == ["region"]
    change.set_fields(session, row, Given(values={"region": "US"}), BY, policy, NOON)
    assert missing(session, row, POLICY, Ask.RESOLVE) == []


def test_slack_takes_the_forms_with_as_many_fields_as_a_policy_may_have(session: Session, policy: Policy) -> None:
    many = {
        f"f{number}": replace(one, name=f"f{number}", title="W" * 40, hint="h" * 150, ask=frozenset(Ask), required=True)
        for number in range(10)
        for one in [list(POLICY.fields.values())[number % 4]]
    }
    full = FieldsPolicy(
        POLICY.types,
        {f"{name}_{turn}": replace(one, name=f"{name}_{turn}") for turn in range(4) for name, one in many.items()},
    )
    assert len(full.fields) == 40
    row = declared(session, policy)
    incident = incidents.facts(row)
    ending = messages.asked_on_ending(full, None, {}, closing=False)
    for view in (
        forms.declare_form(LEVELS, "", asked=messages.asked_on_declaring(full)),
        forms.resolve_form(incident, asked=ending),
        forms.close_form(incident, True, asked=ending),
        messages.fields_form(incident, full, None, {}),
    ):
        check_view(json.loads(json.dumps(view)), "modal")


def test_words_go_with_whoever_wrote_them_and_choices_stay(session: Session, policy: Policy) -> None:
    who = "U0LEAVER"
    row = declared(session, policy)
    written = Given("data", {"region": "US", "ticket": "my cousin told me", "vendor": "Foo"})
    change.set_fields(session, row, written, who, policy, NOON + minutes(1))
    change.set_fields(session, row, Given(values={"vendor": "Acme"}), BY, policy, NOON + minutes(2))
    session.flush()
    erase(session, who, (), False, f"{next(_numbers):08x}", NOON + minutes(3))
    session.expire_all()
    values = {name: one.value for name, one in values_of(session, row.incident_id).items()}
    assert values == {"region": "US", "ticket": "Removed: its author was erased.", "vendor": "Acme"}
    assert incidents.get(session, row.incident_id).type == "data"
    held = timeline.list_rows(session, row.incident_id, tuple(Kind))
    everything = json.dumps([[entry.text, entry.data] for entry in held], ensure_ascii=False)
    assert "cousin" not in everything and "Foo" not in everything and who not in everything
    assert "set Name of the vendor to “Acme” (was Removed: its author was erased.)" in everything
    assert "set Region to “US”" in everything


def test_the_review_has_them_with_the_entry_that_set_each(session: Session, policy: Policy) -> None:
    row = declared(session, policy, Given("data", {"region": "EU west"}))
    change.set_fields(session, row, Given(values={"region": "US", "ticket": "*T* <1> & co"}), BY, policy, NOON)
    change.resolve(session, row, BY, policy, NOON + minutes(5))
    change.close(session, row, BY, Closing(cause="a bad update"), policy, NOON + minutes(6))
    review, _ = drafting.draft_once(session, row, policy, NOON + minutes(6))
    lines = {line.label: line for line in review.section("summary").lines}
    assert [lines[label].text for label in ("Type", "Region", "Ticket")] == ["Data", "US", "*T* <1> & co"]
    sources = {entry.entry_id: entry.text for entry in timeline.list_entries(session, row.incident_id)}
    assert "set Region to “US” (was “EU west”)" in sources[lines["Region"].entries[0].entry_id]
    assert "set Ticket to" in sources[lines["Ticket"].entries[0].entry_id]
    assert "Region" in to_markdown(review) and "&lt;1&gt;" in to_markdown(review)


def test_what_is_set_after_the_closing_comes_into_the_review(session: Session, policy: Policy) -> None:
    row = declared(session, policy)
    change.resolve(session, row, BY, policy, NOON + minutes(5))
    change.close(session, row, BY, Closing(), policy, NOON + minutes(6))
    drafting.draft_once(session, row, policy, NOON + minutes(6))
    change.set_fields(session, row, Given("data"), BY, policy, NOON + minutes(7))
    assert len(queued(session, "slack.redraft", incident_id=row.incident_id)) == 1
    drafting.redraft(session, row, policy, NOON + minutes(8))
    last = editing.assemble(session, row)
    assert last is not None and "Data" in [line.text for line in last.section("summary").lines]


def test_a_list_is_narrowed_by_type_and_fields_and_shows_nothing_that_was_hidden(
    session: Session, policy: Policy
) -> None:
    made = {
        "both": declared(session, policy, Given("data", {"region": "US", "ticket": "Queue 7%"})),
        "type": declared(session, policy, Given("data")),
        "field": declared(session, policy, Given("outage", {"region": "US"})),
    }
    wanted = Declaration(f"fields:{next(_numbers)}", "owls", Severity.P2, "U0OTHER", security=True, given=Given("data"))
    declare(session, wanted, policy, NOON)
    ids = {row.incident_id: name for name, row in made.items()}

    def found(typed: str) -> set[str]:
        filters, _ = read_filters(typed, POLICY)
        rows, total = visibility.list_page(session, BY, limit=1000, where=matching(filters))
        assert total == len(rows)
        assert not any(row.title == "owls" for row in rows)
        return {ids[row.incident_id] for row in rows if row.incident_id in ids}

    assert found("type:data") == {"both", "type"}
    assert found("region:us") == {"both", "field"}
    assert found("type:data region:us") == {"both"}
    assert found("ticket:7%") == {"both"} and found("ticket:7_") == set()
    assert found("region:none type:data") == {"type"}


def test_spreadsheets_have_a_column_for_each_field_and_no_formula(session: Session, policy: Policy) -> None:
    one = declared(session, policy, Given("data", {"ticket": "=HYPERLINK(1)", "region": "US"}))
    two = declared(session, policy)
    held = values_by_incident(session, [one.incident_id, two.incident_id])
    table = write_table([(incidents.as_document(row), held.get(row.incident_id, {})) for row in (one, two)])
    first, second = csv.DictReader(io.StringIO(table))
    assert (first["type"], first["field.region"], first["field.ticket"]) == ("data", "US", "'=HYPERLINK(1)")
    assert (second["type"], second["field.region"], second["ref"]) == ("", "", two.ref)


def spent(session: Session, act: Callable[[], object]) -> int:
    """Statements of this transaction while it acts."""
    statements = 0

    def note(*_: object) -> None:
        nonlocal statements
        statements += 1

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
        session.flush()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return statements


def test_declaring_and_resolving_by_command_cost_one_statement_more_at_most(session: Session, policy: Policy) -> None:
    def costs(fields: FieldsPolicy) -> tuple[int, int]:
        ruled = replace(policy, fields=fields)
        made: list[IncidentRow] = []
        declaring = spent(session, lambda: made.append(declared(session, ruled)))

        def resolve() -> None:
            change.resolve(session, made[0], BY, ruled, NOON + minutes(1), resolution="restarted")
            missing(session, made[0], fields, Ask.RESOLVE)

        return declaring, spent(session, resolve)

    costs(FieldsPolicy())  # what is looked up once only
    without, shipped, required = costs(FieldsPolicy()), costs(load_fields(SHIPPED / "fields.yaml")), costs(POLICY)
    assert shipped == without
    assert required == (without[0], without[1] + 1)
