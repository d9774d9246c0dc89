"""From the end of an incident to its review: in the channel, by direct message, as a page behind a signed link."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.playground.person import content_of
from bot.store.engine import Database
from bot.store.tables import IncidentRow, ReviewRow
from bot.wiring.service import Parts, Service
from tests.journeys.story import ask, failed_jobs, settle
from tests.stage import BOT, INCIDENTS, Stage, running, staged


@pytest.fixture(scope="module")
def stage(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose links lead to pages that are really served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    changes = {"data_folder": data_folder, "web_port": port}
    folder = Path(tmp_path_factory.mktemp("stage"))
    with staged(database, folder, lambda settings: settings.model_copy(update=changes)) as built:
        pages = Service(built.settings, built.desk, Parts(listen=False, work=False, serve=True))
        with running(pages):
            yield built


def link_in(text: str) -> str:
    found = re.search(r"<(http://127\.0\.0\.1:\d+/[^|>]+)\|", text)
    assert found, text
    return found.group(1)


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
        assert link_in(content_of(sent)) == link_in(content_of(ready))
    told = [said for said in responder.messages(responder.dm_with(BOT)) if "Review draft" in content_of(said)]
    assert told == [], "who neither commands nor manages is not sent it"
    with urllib.request.urlopen(link_in(content_of(ready)), timeout=10) as answer:
        page = answer.read().decode()
    for part in (ref, "orders are not confirmed", "40 orders wait", "the consumer lost its lease", "team-lead"):
        assert part in page
    assert "<script>alert(1)</script>" not in page


def test_a_link_that_was_tampered_with_shows_nothing(stage: Stage) -> None:
    responder = stage.responder
    refs = []
    for title in ("P3 one printer is out of paper", "P3 two printers are out of paper"):
        ref, channel = stage.declare(title)
        ask(responder, INCIDENTS, f"/incident resolve {ref}")
        ask(responder, INCIDENTS, f"/incident close {ref} filled them")
        refs.append((ref, link_in(content_of(responder.wait_for_message(channel["id"], "Review draft of")))))
    (first, _), (second, link) = refs
    forged = [link.replace(second, first), link[:-3] + "AAA", link.split("?")[0]]
    for address in forged:
        if address == link:
            continue
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address, timeout=10)
        assert refused.value.code in (403, 404)


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
        ask(responder, INCIDENTS, f"/incident reopen {ref} it is off again")
