"""Types and custom fields as people meet them: commands, forms, the card, what is required."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.fields.queries import values_of
from bot.incidents.tables import IncidentRow
from bot.settings import REPOSITORY, Settings
from bot.store.engine import Database
from slack_playground.person import content_of
from tests.journeys.story import ask, card_of, card_says, press_and_hear, report, row, settle
from tests.support.stage import INCIDENTS, Stage, press, staged

FIELDS = """
types:
  outage: {title: Outage}
  data: {title: Data, meaning: "Lost, wrong or late.", severity_at_least: P1}
  security: {title: Security, private: true}
  vendor: {title: Third party}
fields:
  region: {title: Region, holds: select, options: [EU west, EU east, US], ask: [declare, resolve], required: true}
  customers: {title: Customers hit, holds: number, min: 0, ask: resolve, required: true}
  ticket: {title: Ticket, holds: text}
  acme: {title: Name of the vendor, holds: text, ask: resolve, required: true, types: vendor}
"""


@pytest.fixture(scope="module")
def stage(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The bot with two required fields."""
    folder, knowledge = tmp_path_factory.mktemp("stage"), tmp_path_factory.mktemp("knowledge")
    for path in (REPOSITORY / "knowledge").iterdir():
        if path.name != "policy":
            (knowledge / path.name).symlink_to(path)
    (knowledge / "policy").mkdir()
    for path in (REPOSITORY / "knowledge" / "policy").glob("*.yaml"):
        text = FIELDS if path.name == "fields.yaml" else path.read_text(encoding="utf-8")
        (knowledge / "policy" / path.name).write_text(text, encoding="utf-8")

    def prepare(settings: Settings) -> Settings:
        return settings.model_copy(update={"data_folder": data_folder, "knowledge_folder": knowledge})

    with staged(database, Path(folder), prepare) as built:
        yield built


def held(stage: Stage, ref: str) -> dict[str, str]:
    with stage.database.transaction() as session:
        return {name: one.value for name, one in values_of(session, row(stage, ref).incident_id).items()}


def state(**fields: object) -> dict[str, Any]:
    """What a form holds: a text for an input, ("select", value) for a menu."""
    filled: dict[str, Any] = {}
    for name, value in fields.items():
        filled[name] = {name: value[1] if isinstance(value, tuple) else value}
    return filled


def blocks_of(view: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


def test_a_type_and_fields_are_set_by_command_and_stand_on_the_card(stage: Stage) -> None:
    who = stage.responder
    ref, channel = stage.declare("P3 the tills of one shop freeze")
    room = channel["id"]
    assert "no type yet" in ask(who, room, "/incident type")
    said = ask(who, room, "/incident type date")
    assert said == "The type is one of: outage, data, security, vendor. Did you mean data?"
    assert f"{ref}: Type is now Data." in ask(who, room, "/incident type Data")
    assert row(stage, ref).severity == "P1", "as the type demands"
    assert ask(who, room, "/incident field region mars") == "Region is one of: EU west, EU east, US."
    assert ask(who, room, "/incident field region: eu west") == f"{ref}: Region is now EU west."
    assert ask(who, room, "/incident field Customers hit 1,200") == f"{ref}: Customers hit is now 1200."
    assert ask(who, room, "/incident field customers lots") == "Customers hit is a number, 0 or more."
    assert "One of: EU west, EU east, US." in ask(who, room, "/incident field region")
    said = ask(who, room, "/incident field tikcet T-1")
    assert said == "The fields are: region, customers, ticket, acme. Did you mean ticket?"
    card_says(who, channel, "*Data* · Region: EU west · Customers hit: 1200")


def test_a_type_is_chosen_from_the_menu(stage: Stage) -> None:
    who = stage.responder
    ref, channel = stage.declare("P2 the tills of two shops freeze")
    who.command(channel["id"], "/incident type")
    message = who.wait_for_ephemeral(channel["id"], "no type yet")
    assert "Type is now Security" in press_and_hear(who, channel["id"], message, "incident_type", "security")
    assert row(stage, ref).type == "security"


def test_the_form_of_all_fields_says_what_is_wrong_under_each_and_keeps_the_rest(stage: Stage) -> None:
    who = stage.responder
    ref, channel = stage.declare("P3 the tills of three shops freeze")
    who.command(channel["id"], "/incident")
    menu = who.wait_for_ephemeral(channel["id"], "What you can do")
    press(who, channel["id"], menu, "incident_fields")
    view = who.wait_for_view("fields_view")
    assert blocks_of(view) == ["field_type", "field_region", "field_customers", "field_ticket", "field_acme"]
    filled = state(field_type="outage", field_region="US", field_customers="-4", field_ticket="T-9")
    assert who.submit(view, filled) == {"field_customers": "Customers hit is a number, 0 or more."}
    assert held(stage, ref) == {}
    assert who.submit(view, filled | state(field_customers="4")) == {}
    assert held(stage, ref) == {"region": "US", "customers": "4", "ticket": "T-9"}
    who.wait_for_ephemeral(channel["id"], "saved Type, Region, Customers hit, Ticket.")
    card_says(who, channel, "*Outage* · Region: US · Customers hit: 4 · Ticket: T-9")


def test_a_command_resolves_at_once_and_asks_for_what_is_required(stage: Stage) -> None:
    who = stage.responder
    ref, channel = stage.declare("P3 the tills of four shops freeze")
    who.command(channel["id"], "/incident resolve restarted them")
    message = who.wait_for_ephemeral(channel["id"], "Required and still empty: Region, Customers hit.")
    assert (row(stage, ref).status, row(stage, ref).resolution) == ("resolved", "restarted them")
    press(who, channel["id"], message, "incident_fields")
    view = who.wait_for_view("fields_view")
    assert who.submit(view, state(field_region="US")) == {}, "part of it may be filled in"
    who.command(channel["id"], "/incident close a bad update")
    closing = who.wait_for_view("close_view")
    assert blocks_of(closing)[-2:] == ["field_type", "field_customers"], "what is there is not asked again"
    resolution = next(block for block in closing["blocks"] if block.get("block_id") == "resolution")
    assert resolution["element"]["initial_value"] == "a bad update", "nothing typed is lost"
    facts = state(cause="an update", resolution="a bad update", impact="", alarm="real")
    refused = who.submit(closing, facts)
    assert list(refused) == ["field_customers"]
    assert who.submit(closing, facts | state(field_customers="12", field_type="data")) == {}
    assert (row(stage, ref).status, row(stage, ref).type) == ("closed", "data")
    assert held(stage, ref) == {"region": "US", "customers": "12"}


def test_the_form_that_resolves_asks_for_what_is_required(stage: Stage) -> None:
    who = stage.responder
    ref, channel = stage.declare("P3 the tills of five shops freeze")
    press(who, channel["id"], card_of(who, channel), "incident_resolve")
    view = who.wait_for_view("resolve_view")
    assert blocks_of(view)[-3:] == ["field_type", "field_region", "field_customers"]
    facts = state(resolution="restarted", cause="")
    assert list(who.submit(view, facts)) == ["field_region", "field_customers"]
    assert who.submit(view, facts | state(field_region="EU east", field_customers="3")) == {}
    assert row(stage, ref).status == "resolved"
    assert held(stage, ref) == {"region": "EU east", "customers": "3"}


def test_a_type_chosen_in_the_form_that_closes_brings_its_own_fields(stage: Stage) -> None:
    who = stage.responder
    ref, channel = stage.declare("P3 the tills of seven shops freeze")
    ask(who, channel["id"], f"/incident field {ref} region US")
    ask(who, channel["id"], f"/incident field {ref} customers 4")
    ask(who, channel["id"], "/incident resolve restarted them")
    who.command(channel["id"], "/incident close")
    view = who.wait_for_view("close_view")
    assert "field_acme" not in blocks_of(view)
    facts = state(cause="an update", resolution="restarted them", impact="", alarm=("select", "real"))
    chosen = facts | {"field_type": {"field_type": "vendor"}}
    who.press(view, "field_type", value="vendor", block_id="field_type", values=chosen)
    view = who.wait_for(
        lambda: next((each for each in who.views() if "field_acme" in blocks_of(each)), None), what="the vendor's field"
    )
    assert list(who.submit(view, chosen | state(field_acme=""))) == ["field_acme"]
    assert row(stage, ref).status == "resolved"
    assert who.submit(view, chosen | state(field_acme="Acme")) == {}
    assert row(stage, ref).status == "closed"
    assert held(stage, ref)["acme"] == "Acme"


def test_a_type_whose_fields_were_not_shown_yet_is_asked_for_them_with_what_was_typed(stage: Stage) -> None:
    who = stage.responder
    ref, channel = stage.declare("P3 the tills of eight shops freeze")
    press(who, channel["id"], card_of(who, channel), "incident_resolve")
    view = who.wait_for_view("resolve_view")
    said = state(resolution="failed over", cause="", field_region="US", field_customers="3", field_type="vendor")
    who.submit(view, said)
    again = who.wait_for(
        lambda: next((each for each in who.views() if "field_acme" in blocks_of(each)), None), what="the vendor's field"
    )
    assert row(stage, ref).status == "investigating", "nothing is half done"
    fixed = next(block for block in again["blocks"] if block.get("block_id") == "resolution")
    assert fixed["element"]["initial_value"] == "failed over"
    assert who.submit(again, said | state(field_acme="Acme")) == {}
    assert (row(stage, ref).status, row(stage, ref).type, held(stage, ref)["acme"]) == ("resolved", "vendor", "Acme")


def test_what_somebody_filled_in_while_another_resolved_is_kept(stage: Stage) -> None:
    who = stage.responder
    ref, channel = stage.declare("P3 the tills of six shops freeze")
    press(who, channel["id"], card_of(who, channel), "incident_resolve")
    view = who.wait_for_view("resolve_view")
    ask(stage.team_lead, INCIDENTS, f"/incident resolve {ref} restarted them")
    assert who.submit(view, state(resolution="", cause="", field_region="US", field_customers="8")) == {}
    who.wait_for_ephemeral(channel["id"], "saved Region, Customers hit.")
    assert held(stage, ref) == {"region": "US", "customers": "8"}


def test_the_declare_form_asks_and_its_card_has_the_answers(stage: Stage) -> None:
    who = stage.responder
    who.command(INCIDENTS, "/incident declare")
    view = who.wait_for_view("declare_view")
    assert blocks_of(view)[-2:] == ["field_type", "field_region"]
    said = state(title="parrots sit on every antenna", severity="judge", impact="", kind="judge")
    assert list(who.submit(view, said)) == ["field_region"]
    said |= state(severity="P3", field_type="data", field_region="EU west")
    assert who.submit(view, said) == {}
    settle(stage.database)
    name = next(each["name"] for each in who.channels() if "parrots" in each["name"])
    ref = "-".join(name.split("-")[:3])
    assert "*Data* · Region: EU west" in content_of(card_of(who, stage.room(who, ref)))
    assert row(stage, ref).severity == "P1", "the type demands more than was chosen"


def test_a_command_declares_at_once_with_a_type_and_asks_for_what_is_required(stage: Stage) -> None:
    who = stage.responder
    who.command(INCIDENTS, "/incident declare! P3 type:data the swans freeze")
    said = who.wait_for_ephemeral(INCIDENTS, "Required and still empty: Region.")
    ref = next(word for word in content_of(said).split() if word.startswith("INC-"))
    assert (row(stage, ref).title, row(stage, ref).type, row(stage, ref).severity) == ("the swans freeze", "data", "P1")
    press(who, INCIDENTS, said, "incident_fields")
    view = who.wait_for_view("fields_view")
    assert who.submit(view, state(field_region="US")) == {}
    assert held(stage, ref) == {"region": "US"}
    channel = stage.room(who, ref)
    assert "*Data* · Region: US" in ask(who, channel["id"], "/incident catchup")


def test_a_list_is_narrowed_and_its_pages_stay_so(stage: Stage) -> None:
    who = stage.responder
    for number in range(11):
        _, channel = stage.declare(f"P3 the tills of mall {number} freeze")
        ask(who, channel["id"], "/incident field ticket mall 42")
        ask(who, channel["id"], "/incident type outage")
    assert "narrowed by type:…, region:…" in ask(who, INCIDENTS, "/incident list colour:red")
    assert "No open incident has" in ask(who, INCIDENTS, "/incident list ticket:nothing")
    who.command(INCIDENTS, '/incident list ticket:"mall 42" type:outage')
    shown = who.wait_for_ephemeral(INCIDENTS, "mall 0")
    assert "Page 1 of 2, 11 in all." in content_of(shown)
    assert "Outage · the tills of mall 0 freeze" in content_of(shown)
    press(who, INCIDENTS, shown, "list_next")
    after = who.wait_for(
        lambda: next(
            (each for each in who.ephemerals(INCIDENTS) if "Page 2 of 2, 11 in all." in content_of(each)), None
        ),
        what="the second page",
    )
    assert content_of(after).count("the tills of mall") >= 1


def test_a_private_type_makes_a_private_incident(stage: Stage) -> None:
    who = stage.responder
    who.command(INCIDENTS, "/incident declare")
    view = who.wait_for_view("declare_view")
    said = state(title="owls sit on every antenna", severity="judge", impact="", kind="judge")
    assert who.submit(view, said | state(field_type="security", field_region="US")) == {}
    channel = who.wait_for_channel("sec-")
    settle(stage.database)
    ref = "-".join(channel["name"].split("-")[:3]).upper()
    assert (row(stage, ref).title, row(stage, ref).type) == ("owls sit on every antenna", "security")


@pytest.mark.parametrize(("who_may", "starts"), [("security", "sec-"), ("ordinary", "inc-")])
def test_a_private_type_for_everybody_is_asked_about_before_there_is_a_channel(
    stage: Stage, who_may: str, starts: str
) -> None:
    who = stage.responder
    who.command(INCIDENTS, "/incident declare")
    view = who.wait_for_view("declare_view")
    title = f"herons sit on antenna {who_may}"
    said = state(title=title, severity="P3", impact="", kind="ordinary", field_type="security", field_region="US")
    who.submit(view, said)
    asked = who.wait_for(
        lambda: next((each for each in who.views() if "who" in blocks_of(each)), None), what="the question"
    )
    assert "Security incidents are private, and you chose *Everybody*" in content_of(asked)
    kept = {block["block_id"]: block["element"] for block in asked["blocks"] if block["type"] == "input"}
    assert kept["title"]["initial_value"] == title and kept["who"]["initial_option"]["value"] == "security"
    assert not any("herons" in each["name"] and who_may in each["name"] for each in who.channels())
    assert who.submit(asked, said | state(who=who_may)) == {}
    settle(stage.database)
    with stage.database.transaction() as session:
        found = session.scalar(select(IncidentRow).where(IncidentRow.title == title))
        assert found is not None and found.ref.lower().startswith(starts) and found.type == "security"


def test_declare_anyway_asks_for_what_is_required(stage: Stage) -> None:
    who = stage.responder
    stage.declare("P2 the tills of nine shops freeze after the update")
    who.command(INCIDENTS, "/incident declare P2 the tills of nine shops freeze after the update")
    question = who.wait_for_ephemeral(INCIDENTS, "Possible match")
    press(who, INCIDENTS, question, "declare_anyway")
    said = who.wait_for_ephemeral(INCIDENTS, "Required and still empty: Region.")
    press(who, INCIDENTS, said, "incident_fields")
    assert who.submit(who.wait_for_view("fields_view"), state(field_region="US")) == {}


def test_a_report_that_is_declared_names_what_is_required(stage: Stage) -> None:
    ts, answer = report(stage, "the parrots on the roof are down for everyone, every payment fails with 502")
    said = press_and_hear(stage.responder, INCIDENTS, answer, "report_declare", thread_ts=ts)
    ref = next(word for word in said.split() if word.startswith("INC-"))
    assert f"Required and still empty: Region. Fill in: `/incident field {ref}`" in said
    stage.responder.command(INCIDENTS, f"/incident field {ref}")
    assert "field_region" in blocks_of(stage.responder.wait_for_view("fields_view"))
