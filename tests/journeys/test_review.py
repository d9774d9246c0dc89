"""From the end of an incident to its review: in the channel, by direct message, as a page behind a signed link."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.incidents.tables import IncidentRow
from bot.reviews.flows.editing import move
from bot.reviews.rules.stages import Stage as Standing
from bot.reviews.tables import ActionRow, ReviewRow, ReviewStageRow
from bot.store.engine import Database
from bot.store.outbox import enqueue
from bot.wiring.service import Parts, Service
from slack_playground.person import content_of
from slack_playground.workspace.records import Canvas
from tests.journeys.story import ask, failed_jobs, reopen_closed, settle
from tests.support.stage import BOT, INCIDENTS, Stage, press, running, staged


@pytest.fixture(scope="module")
def stage(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose links lead to pages that are really served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    changes = {"data_folder": data_folder, "web_port": port}
    folder = Path(tmp_path_factory.mktemp("stage"))
    with staged(database, folder, lambda settings: settings.model_copy(update=changes)) as built:
        pages = Service(built.settings, built.context, Parts(listen=False, work=False, serve=True))
        with running(pages):
            yield built


def link_in(text: str) -> str:
    found = re.search(r"<(http://127\.0\.0\.1:\d+/[^|>]+)\|", text)
    assert found, text
    return found.group(1)


def opened(link: str) -> str:
    """The page that a personal link leads to, for who continues at the door."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(link, timeout=60) as answer:
        fields = dict(re.findall(r'name="(t|token)" value="([^"]*)"', answer.read().decode()))
    form = urllib.parse.urlencode(fields).encode()
    with opener.open(urllib.parse.urljoin(link, "/enter"), form, timeout=60) as answer:
        return str(answer.read().decode())


def closed(stage: Stage, title: str) -> tuple[str, dict[str, Any]]:
    """An incident that ended, with its review drafted and shown."""
    ref, channel = stage.declare(title)
    ask(stage.responder, INCIDENTS, f"/incident resolve {ref} restarted it")
    ask(stage.responder, INCIDENTS, f"/incident close {ref} restarted it")
    stage.responder.wait_for_message(channel["id"], "Review draft of")
    settle(stage.database)
    return ref, channel


def drafts(stage: Stage, ref: str) -> int:
    with stage.database.transaction() as session:
        statement = select(func.count()).select_from(ReviewRow).join(IncidentRow).where(IncidentRow.ref == ref)
        return session.scalar(statement) or 0


def test_closing_drafts_the_review_for_channel_commander_manager_and_browser(stage: Stage) -> None:
    responder, lead, manager = stage.responder, stage.team_lead, stage.manager
    ref, channel = stage.declare("P1 orders are not confirmed")
    ask(lead, INCIDENTS, f"/incident ack {ref}")
    responder.say(channel["id"], "the queue <script>alert(1)</script> stands still")
    ask(responder, channel["id"], "/incident impact 40 orders wait")
    ask(responder, channel["id"], "/incident resolve restarted the consumer")
    ask(responder, channel["id"], "/incident cause the consumer lost its lease")
    ask(responder, channel["id"], "/incident close restarted the consumer")
    ready = responder.wait_for_message(channel["id"], "Review draft of")
    settle(stage.database)
    assert failed_jobs(stage.database) == []
    assert drafts(stage, ref) == 1
    for reader in (lead, manager):
        sent = reader.wait_for_message(reader.dm_with(BOT), f"Review draft of *{ref}*")
        assert "/enter?" in link_in(content_of(sent)), "a link of their own"
        page = opened(link_in(content_of(sent)))
        assert "Next step" in page
    told = [said for said in responder.messages(responder.dm_with(BOT)) if "Review draft" in content_of(said)]
    assert told == [], "who neither commands nor manages is not sent it"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(link_in(content_of(ready)), timeout=60)
    assert refused.value.code == 401, "the link that was posted opens nothing by itself"
    for part in (ref, "orders are not confirmed", "40 orders wait", "the consumer lost its lease", "team-lead"):
        assert part in page
    assert "<script>alert(1)</script>" not in page


def test_closing_again_after_reopening_drafts_a_further_version(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 the coffee machine is offline")
    for number in (1, 2):
        ask(responder, INCIDENTS, f"/incident resolve {ref}")
        ask(responder, INCIDENTS, f"/incident close {ref} plugged it in")
        settle(stage.database)
        assert drafts(stage, ref) == number
        said = [said for said in responder.messages(channel["id"]) if "Review draft of" in content_of(said)]
        assert len(said) == number
        reopen_closed(responder, INCIDENTS, f"/incident reopen {ref} it is off again")


def test_the_review_is_the_canvas_of_the_channel_and_follows_what_people_write(stage: Stage) -> None:
    ref, channel = closed(stage, "P2 the search is slow")
    canvas_id = stage.playground.workspace.channels[channel["id"]].canvas_id
    assert f"Post-incident review: {ref}" in stage.responder.canvas(canvas_id)["markdown"]
    ask(stage.responder, channel["id"], "/incident action high alarm on slow queries @team-lead by Friday")
    settle(stage.database)
    assert "alarm on slow queries (owner: team-lead, due: " in stage.responder.canvas(canvas_id)["markdown"]
    assert failed_jobs(stage.database) == []


def test_late_notes_are_in_the_canvas_until_the_review_is_approved(stage: Stage) -> None:
    ref, channel = closed(stage, "P3 the fan is loud")
    canvas_id = stage.playground.workspace.channels[channel["id"]].canvas_id
    for factor in ("dust in the filter", "no cleaning plan"):
        ask(stage.responder, channel["id"], f"/incident note contributing: {factor}")
    settle(stage.database)
    canvas = stage.responder.canvas(canvas_id)["markdown"]
    assert "dust in the filter" in canvas and "no cleaning plan" in canvas
    with stage.database.transaction() as session:
        row = session.scalars(select(IncidentRow).where(IncidentRow.ref == ref).with_for_update()).one()
        move(session, row, Standing.APPROVED, "U0MANAGER", stage.context.policy, stage.context.now())
    settle(stage.database)
    signed = drafts(stage, ref)
    said = ask(stage.responder, channel["id"], "/incident cause the bearing was dry")
    assert f"The review of {ref} is approved and doesn't change" in said
    settle(stage.database)
    assert drafts(stage, ref) == signed
    assert "the bearing was dry" not in stage.responder.canvas(canvas_id)["markdown"]
    assert failed_jobs(stage.database) == []


def test_a_canvas_that_somebody_made_is_left_alone_and_a_file_takes_its_place(stage: Stage) -> None:
    ref, channel = stage.declare("P3 the footer is grey")
    stage.playground.workspace.free_plan = True
    try:
        theirs = Canvas(id="FTHEIRS", title="t", markdown="ours", channel=channel["id"], creator="U0VP", updated=0)
        stage.playground.workspace.canvases["FTHEIRS"] = theirs
        stage.playground.workspace.channels[channel["id"]].canvas_id = "FTHEIRS"
        ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")
        ask(stage.responder, INCIDENTS, f"/incident close {ref} painted it")
        draft = stage.responder.wait_for_message(channel["id"], "Review draft of")
        settle(stage.database)
        ask(stage.responder, channel["id"], "/incident action paint it again")
        settle(stage.database)
    finally:
        stage.playground.workspace.free_plan = False
    assert failed_jobs(stage.database) == []
    assert stage.responder.canvas("FTHEIRS")["markdown"] == "ours"
    below = stage.responder.replies(channel["id"], draft["ts"])[1:]
    files = [file for said in (*stage.responder.messages(channel["id"]), *below) for file in said.get("files") or []]
    assert sorted(file["name"] for file in files) == [f"{ref}-review.md", f"{ref}-timeline.png"]


def test_each_gets_a_link_of_their_own_and_it_says_where_the_review_stands(stage: Stage) -> None:
    ref, _ = closed(stage, "P3 the clock is wrong")
    said = ask(stage.manager, INCIDENTS, f"/incident review {ref}")
    assert f"Review of {ref}: *draft*" in said
    page = opened(link_in(said))
    assert "eng-manager" in page and "Approve</button>" in page
    open_ref, _ = stage.declare("P3 the bell is silent")
    early = ask(stage.manager, INCIDENTS, f"/incident review {open_ref}")
    assert "is drafted when the incident is closed" in early


def test_a_clipboard_makes_a_message_an_action_item_and_a_button_ends_it(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 the door squeaks")
    ts = responder.say(channel["id"], "low: oil the door @team-lead by Monday")
    responder.react(channel["id"], ts, "clipboard")
    responder.wait_for_message(channel["id"], "Action item 1")
    responder.unreact(channel["id"], ts, "clipboard")
    responder.react(channel["id"], ts, "clipboard")
    settle(stage.database)
    listed = ask(responder, channel["id"], "/incident action list")
    assert "1 open, 0 proposed, 0 done" in listed
    press(responder, channel["id"], responder.ephemerals(channel["id"])[-1], "action_done")
    responder.wait_for_message(channel["id"], "Action item 1 marked done")
    refused = ask(responder, channel["id"], "/incident action done 7")
    assert f"{ref} has no action item 7" in refused


def test_an_overdue_item_of_one_who_left_goes_to_the_engineering_manager_once(stage: Stage) -> None:
    _, channel = stage.declare("P3 the lamp flickers")
    ask(stage.responder, channel["id"], "/incident action change the bulb <@U0GONE> by tomorrow")
    with stage.database.transaction() as session:
        item = session.scalars(select(ActionRow).order_by(ActionRow.action_id.desc())).first()
        assert item is not None
        item.owner, item.remind_at = "U0GONE", stage.context.now()
    told = stage.manager.wait_for_message(stage.manager.dm_with(BOT), "change the bulb")
    settle(stage.database)
    assert "has left the workspace" in content_of(told)
    all_told = [
        said for said in stage.manager.messages(stage.manager.dm_with(BOT)) if "change the bulb" in content_of(said)
    ]
    assert len(all_told) == 1


def test_the_engineering_manager_is_reminded_of_a_review_that_is_due(stage: Stage) -> None:
    ref, _ = closed(stage, "P3 the plant is dry")
    with stage.database.transaction() as session:
        incident_id = session.scalars(select(IncidentRow.incident_id).where(IncidentRow.ref == ref)).one()
        kept = session.get_one(ReviewStageRow, incident_id)
        kept.resolved_at, kept.due_at = kept.resolved_at - timedelta(hours=50), kept.due_at - timedelta(hours=50)
        kept.remind_at = stage.context.now()
    told = stage.manager.wait_for_message(stage.manager.dm_with(BOT), "The review was due")
    assert ref in content_of(told) and "/enter?" in link_in(content_of(told))


def test_an_owner_whom_nobody_knows_is_not_taken_in_silence(stage: Stage) -> None:
    ref, channel = stage.declare("P3 the door of the shed squeaks")
    said = ask(stage.responder, channel["id"], "/incident action high oil it @nobody by Friday")
    assert f"Action item 1 of {ref}: oil it" in said, "nothing is lost"
    assert "I don't know anyone called “nobody”." in said and "nobody is reminded" in said
    assert "nobody" not in ask(stage.responder, channel["id"], "/incident action oil it twice @team-lead")


@pytest.mark.parametrize("typed", ["done banana", "done oil the door", "drop banana", "accept", "agree banana", "done"])
def test_a_word_about_an_item_without_its_number_makes_no_item(stage: Stage, typed: str) -> None:
    _, channel = stage.declare("P3 the door of the shed creaks")
    said = ask(stage.responder, channel["id"], f"/incident action {typed}")
    assert said.startswith(f"Which one? Type for example `/incident action {typed.split()[0]} 3`")
    assert "Action item 1 of" in ask(stage.responder, channel["id"], "/incident action drop the old hinge")


def test_who_led_an_incident_answers_in_a_form_what_its_review_asks(stage: Stage) -> None:
    ref, channel = closed(stage, "P1 the exports are empty")
    with stage.database.transaction() as session:
        found = session.scalars(select(IncidentRow).where(IncidentRow.ref == ref)).one()
        enqueue(session, "slack.review_questions", lock="questions", incident_id=found.incident_id)
    settle(stage.database)
    asked = stage.responder.wait_for_message(stage.responder.dm_with(BOT), f"for the review of {ref}")
    stage.responder.press(asked, "review_answer")
    view = stage.responder.wait_for_view("review_answers")
    (refused,) = stage.responder.submit(view, {"whys": {"whys": "1\n2\n3\n4\n5\n6"}}).values()
    assert "room for 5 whys" in refused
    filled = {
        "cause": {"cause": "a <script> of ours"},
        "whys": {"whys": "nobody read it"},
        "improve": {"improve": "read"},
    }
    assert stage.responder.submit(view, filled) == {}
    settle(stage.database)
    canvas = stage.responder.canvas(stage.playground.workspace.channels[channel["id"]].canvas_id)["markdown"]
    assert "**Primary cause**: a &lt;script&gt; of ours" in canvas and "**Why 1**: nobody read it" in canvas
    assert failed_jobs(stage.database) == []
