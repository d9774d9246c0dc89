"""Who sees a security incident where: every surface, asked as an outsider, as somebody who left, and as a member.

The outcome is the table of docs/security.md.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from slack_bolt import BoltRequest

from bot.context import AppContext
from bot.figures.queries import behind
from bot.figures.queries.scope import Scope
from bot.incidents import visibility
from bot.incidents.flows import members, record, refusals
from bot.incidents.jobs.direct import notify, reply_privately
from bot.incidents.jobs.members import read_members
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.backfill import plan_backfill
from bot.lifecycle.jobs.home import home
from bot.reviews.flows import drafting
from bot.reviews.jobs.reviews import for_outsiders
from bot.reviews.pages.documents import EXPORTS
from bot.settings import REPOSITORY
from bot.slack.client import Slack
from bot.slack.poster import Poster
from tests.fixtures.door import OF_NO_INCIDENT, Doors, furnish, knocks
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control
from tests.fixtures.web import Site
from tests.support.queue import queued
from tests.support.rows import add_ping

OUTSIDER, FORMER, MEMBER = "U0VP", "U0MANAGER", "U0TEAMLEAD"
WHO = {"outsider": OUTSIDER, "former member": FORMER, "member": MEMBER}
UNSEEN, UNKNOWN = "There is no such incident", "There is no incident"
_numbers = itertools.count(1)


@dataclass
class Secret:
    """A security incident, with somebody who is in its channel and somebody who was."""

    doors: Doors
    context: AppContext
    slack: Slack
    poster: Poster
    control: Control
    site: Site
    row: IncidentRow

    def moves(self, user_id: str, event: str, stamp: str | None = None) -> None:
        """Slack says that somebody joined the channel or left it."""
        number = next(_numbers)
        said = {"type": event, "user": user_id, "channel": self.row.channel_id, "channel_type": "G", "team": "T0TOCSIN"}
        said["event_ts"] = stamp or f"{1795176000 + number}.000100"
        body = {"type": "event_callback", "event_id": f"EvMoves{self.row.incident_id}-{number}", "event": said}
        assert self.doors.app.dispatch(BoltRequest(body=body, mode="socket_mode")).status == 200

    def sees(self, user_id: str) -> bool:
        with self.context.database.transaction() as session:
            return visibility.may_see(session, incidents.get(session, self.row.incident_id), user_id)


@pytest.fixture
def secret(
    doors: Doors,
    known: AppContext,
    slack: Slack,
    poster: Poster,
    control: Control,
    site: Site,
    declared_incident: Declared,
) -> Secret:
    """The former member did what people do: came, wrote, held a role, was paged; then left."""
    row = declared_incident(security=True)
    with known.database.transaction() as session:
        session.query(IncidentRow).filter(IncidentRow.incident_id != row.incident_id).update({"status": "closed"})
        row = incidents.get(session, row.incident_id)
        row.channel_id = f"C0SECRET{row.incident_id}"
        add_ping(session, row, state="sent", user_ids=[FORMER], sent_at=known.now() - timedelta(hours=1))
    doors.ids, doors.row = furnish(known, row), row
    found = Secret(doors, known, slack, poster, control, site, row)
    for user_id in (FORMER, MEMBER):
        found.moves(user_id, "member_joined_channel")
    with known.database.transaction() as session:
        record.message_posted(
            session, row.channel_id or "", f"{next(_numbers)}.7", FORMER, "the key was used", known.now()
        )
        incidents.give_role(session, row.incident_id, "scribe", FORMER, known.now())
        incidents.give_role(session, row.incident_id, "scribe", MEMBER, known.now())
    assert found.sees(FORMER)
    found.moves(FORMER, "member_left_channel")
    return found


def _commands(secret: Secret, user_id: str) -> set[bool]:
    asked = [
        secret.doors.command(f"{word} {secret.row.ref}", user_id) for word in ("catchup", "timeline", "escalation")
    ]
    listed = secret.row.ref in secret.doors.command("list", user_id)
    return {UNKNOWN not in heard for heard in asked} | {listed}


def _knocked(secret: Secret, user_id: str, of: Callable[[str], bool]) -> set[bool]:
    heard = [
        said for name, said in knocks(secret.doors, user_id, reports=False) if of(name) and not name.startswith("/")
    ]
    assert heard
    return {UNSEEN not in said for said in heard if UNSEEN in said or user_id != MEMBER} or {True}


def _buttons(secret: Secret, user_id: str) -> set[bool]:
    return _knocked(secret, user_id, lambda name: name not in OF_NO_INCIDENT and not name.endswith("_view"))


def _forms(secret: Secret, user_id: str) -> set[bool]:
    return _knocked(secret, user_id, lambda name: name not in OF_NO_INCIDENT and name.endswith("_view"))


def _shortcut(secret: Secret, user_id: str) -> set[bool]:
    """The list of incidents that the shortcut's form offers to add a message to."""
    message = {"message": {"ts": "5.5", "text": "the pool is full", "user": "U0RESPONDER"}}
    shortcut = {"type": "message_action", "callback_id": "timeline_message"} | message
    return {secret.row.ref in secret.doors.knock(shortcut, user_id, "C0GENERAL")}


def _pages(secret: Secret, user_id: str) -> set[bool]:
    browser, ref = secret.site.enter(user_id), secret.row.ref
    return {ref in browser.get("/incidents").text, browser.get(f"/incidents/{ref}").status_code == 200}


def _exports(secret: Secret, user_id: str) -> set[bool]:
    """The review in every format, and the picture of its timeline."""
    with secret.context.database.transaction() as session:
        row = incidents.get_for_change(session, secret.row.incident_id)
        drafting.draft_review(session, row, secret.context.policy, secret.context.now())
    browser, review = secret.site.enter(user_id), f"/reviews/{secret.row.ref}"
    paths = [f"document.{form}" for form in (*EXPORTS, "pdf")] + ["timeline.svg"]
    return {browser.get(f"{review}/{path}").status_code == 200 for path in paths}


def _home(secret: Secret, user_id: str) -> set[bool]:
    home(secret.context, secret.slack, secret.poster, user_id=user_id)
    return {secret.row.ref in json.dumps(secret.control.journal("views.publish")[-1])}


def _messages(secret: Secret, user_id: str) -> set[bool]:
    """Direct messages of the record, and reminders and mail of its review."""
    with secret.context.database.transaction() as session:
        row = incidents.get(session, secret.row.incident_id)
        entry_id = timeline.append(
            session, row.incident_id, Kind.NOTED, "the key was used", at=secret.context.now(), now=secret.context.now()
        )
        outside = for_outsiders(session, row, [user_id], "A review")
    assert entry_id is not None
    before = len(secret.control.journal("chat.postMessage"))
    notify(secret.context, secret.slack, secret.poster, entry_id=entry_id, user_id=user_id)
    reply_privately(
        secret.context, secret.slack, secret.poster, incident_id=secret.row.incident_id, user_id=user_id, text="a key"
    )
    return {len(secret.control.journal("chat.postMessage")) > before, not outside}


def _search(secret: Secret, user_id: str) -> set[bool]:
    with secret.context.database.transaction() as session:
        rows, _ = visibility.list_page(session, user_id, limit=10_000)
        return {secret.row.ref in {row.ref for row in rows}}


def _figures(secret: Secret, user_id: str) -> set[bool]:
    now = secret.context.now()
    with secret.context.database.transaction() as session:
        scope = Scope(now - timedelta(hours=2), now + timedelta(hours=2), "UTC")
        found = behind.list_behind(session, scope, "incidents", "", 300.0, user_id, 10_000)
        assert len(found.rows) + found.hidden >= 1
        return {secret.row.ref in {row.ref for row, _ in found.rows}}


SURFACES: dict[str, Callable[[Secret, str], set[bool]]] = {
    "commands": _commands,
    "shortcuts": _shortcut,
    "pages": _pages,
    "exports and pictures of reviews": _exports,
    "App Home": _home,
    "direct messages, reminders and mail": _messages,
    "lists and search": _search,
    "incidents behind a figure": _figures,
    "buttons": _buttons,  # the last two end and merge it
    "forms": _forms,
}


@pytest.mark.parametrize("who", WHO)
def test_each_surface_shows_a_security_incident_to_members_alone(secret: Secret, who: str) -> None:
    shown = {name: look(secret, WHO[who]) for name, look in SURFACES.items()}
    assert shown == {name: {who == "member"} for name in SURFACES}


def test_the_table_of_the_documentation_lists_these_surfaces() -> None:
    lines = (REPOSITORY / "docs" / "security.md").read_text().splitlines()
    begin = lines.index("| surface | " + " | ".join(WHO) + " |") + 2
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[begin : begin + len(SURFACES)]]
    assert rows == [[name, "–", "–", "yes"] for name in SURFACES]


def test_an_open_session_loses_it_at_once(secret: Secret) -> None:
    browser, path = secret.site.enter(MEMBER), f"/incidents/{secret.row.ref}"
    with secret.context.database.transaction() as session:
        incidents.give_role(session, secret.row.incident_id, "scribe", "U0RESPONDER", secret.context.now())
    assert browser.get(path).status_code == 200
    secret.moves(MEMBER, "member_left_channel")
    assert browser.get(path).status_code == 404
    with secret.context.database.transaction() as session:
        assert queued(session, "slack.home", user_id=MEMBER), "App Home went on showing it"


def test_a_join_that_comes_after_a_later_leaving_opens_nothing(secret: Secret) -> None:
    secret.moves("U0VISITOR", "member_left_channel", "1995176002.000100")
    secret.moves("U0VISITOR", "member_joined_channel", "1995176001.000100")
    assert not secret.sees("U0VISITOR")


def test_whoever_left_sees_it_again_when_a_later_page_reaches_them(secret: Secret) -> None:
    with secret.context.database.transaction() as session:
        add_ping(
            session, secret.row, state="sent", user_ids=[FORMER], sent_at=secret.context.now() + timedelta(hours=1)
        )
    assert secret.sees(FORMER)


def test_who_holds_a_role_sees_it_from_outside_and_no_longer_when_it_passes_on(secret: Secret) -> None:
    for holder, sees in (("U0VISITOR", True), (MEMBER, False)):
        with secret.context.database.transaction() as session:
            incidents.give_role(session, secret.row.incident_id, "scribe", holder, secret.context.now())
        assert secret.sees("U0VISITOR") is sees


def test_what_events_did_not_say_is_read_from_slack(secret: Secret) -> None:
    channel_id, _ = secret.slack.open_channel(f"sec-read-{secret.row.incident_id}", "U0TOCSIN", private=True)
    secret.slack.invite(channel_id, ["U0SUPPORT"])
    with secret.context.database.transaction() as session:
        incidents.get(session, secret.row.incident_id).channel_id = channel_id
        incidents.give_role(session, secret.row.incident_id, "scribe", "U0RESPONDER", secret.context.now())
        plan_backfill(session, secret.context.now(), secret.context.now(), long=True)
        assert queued(session, "slack.read_members", incident_id=secret.row.incident_id)
    job = {"context": secret.context, "slack": secret.slack, "poster": secret.poster}
    read_members(**job, incident_id=secret.row.incident_id)  # type: ignore[arg-type]  # by name
    assert secret.sees("U0SUPPORT") and not secret.sees(MEMBER)


def test_where_tocsin_was_put_out_nobody_is_taken_to_be_in_the_channel(secret: Secret) -> None:
    with secret.context.database.transaction() as session:
        refusals.put_out(session, secret.row.channel_id or "", secret.context.now())
        assert queued(session, "slack.read_members", incident_id=secret.row.incident_id)
        incidents.give_role(session, secret.row.incident_id, "scribe", "U0RESPONDER", secret.context.now())
    read_members(
        secret.context, secret.slack, secret.poster, incident_id=secret.row.incident_id
    )  # the channel is none that this Slack shows
    assert not secret.sees(MEMBER)


def test_the_channel_of_an_ordinary_incident_is_not_kept(secret: Secret, declared_incident: Declared) -> None:
    row = declared_incident()
    with secret.context.database.transaction() as session:
        incidents.get(session, row.incident_id).channel_id = "C0ORDINARY"
        members.came_or_left(session, "C0ORDINARY", "U0PASSERBY", True, "1.1", secret.context.now())
        assert not queued(session, "slack.home", user_id="U0PASSERBY")
