"""Bad input: a clear sentence to that person only, or silence where nobody asked; nothing twice, nothing lost."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.reports.tables import ReportRow
from slack_playground.person import NotDone, content_of
from slack_playground.workspace.records import User
from tests.journeys.story import (
    Message,
    ask,
    card_of,
    entries,
    failed_jobs,
    kinds,
    press_and_hear,
    report,
    row,
    rows,
    said_by_bot,
    settle,
)
from tests.journeys.wire import command_twice, dispatcher_of, press_stale
from tests.support.stage import BOT, INCIDENTS, Stage

HOSTILE = (
    "<!channel> <!here> <@U0VP> <!subteam^S0ONCALL> &lt;!everyone&gt; @channel @vp-engineering",
    "*bold* _it_ ~no~ `code` ```block``` <https://evil.example|click> & < >",
    "\u202egnorw si gnihtemos\u202c مرحبا بالعالم",
    "before\x00after \x00",
    "🔥🔥 checkout 🔥🔥",
    "'; drop table incidents; -- %s %(x)s {0} ${HOME}",
)


def count(stage: Stage, table: type) -> int:
    with stage.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def everything(stage: Stage) -> tuple[int, ...]:
    """How much there is of everything that could be written twice, in the tables and in Slack."""
    settle(stage.database)
    shown = len(said_by_bot(stage.responder, INCIDENTS))
    return (*(count(stage, table) for table in (IncidentRow, TimelineEntry, ReportRow)), shown)


def test_an_unknown_word_gets_the_nearest_one(stage: Stage) -> None:
    before = everything(stage)
    assert "Did you mean `/incident severity P1 all of it`?" in ask(
        stage.responder, INCIDENTS, "/incident serverity P1 all of it"
    )
    assert "`/incident help` lists them all" in ask(stage.responder, INCIDENTS, "/incident <!channel>*xyzzy*")
    assert everything(stage) == before


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("note", "Say what to note"),
        ("severity huge", "Say which severity"),
        ("status nearly done", "Say which status"),
        ("close", "Resolve it first"),
        ("reopen", "is already open"),
    ],
)
def test_a_command_that_lacks_its_words_says_what_to_type(stage: Stage, command: str, sentence: str) -> None:
    if not rows(stage):
        stage.declare("P3 a socket is loose")
    channel = row(stage, rows(stage)[0].ref).channel_id
    before = everything(stage)
    told = ask(stage.responder, str(channel), f"/incident {command}")
    assert sentence in told
    assert "/incident" in told or "already" in told
    assert everything(stage) == before


@pytest.mark.parametrize(
    "word", ["severity P1", "note x", "ack", "timeline", "resolve", "close x", "reopen", "cause x"]
)
def test_unknown_incidents_and_other_channels_are_told_which_are_open(stage: Stage, word: str) -> None:
    if not rows(stage):
        stage.declare("P3 a socket is loose")
    before = everything(stage)
    assert "This isn't an incident channel." in ask(stage.responder, INCIDENTS, f"/incident {word}")
    name, _, rest = word.partition(" ")
    told = ask(stage.responder, INCIDENTS, f"/incident {name} INC-1999-0001 {rest}".strip())
    assert "There is no incident INC-1999-0001." in told
    assert name == "reopen" or rows(stage)[0].ref in told
    assert everything(stage) == before


def test_reopening_nothing_in_particular_is_told_what_was_over_of_late(stage: Stage) -> None:
    ref, channel = stage.declare("P3 a socket was loose")
    ask(stage.responder, channel["id"], "/incident resolve")
    told = ask(stage.responder, INCIDENTS, "/incident reopen it is loose again")
    assert told.startswith("This isn't an incident channel. Recently closed: ")
    assert f"`/incident reopen {ref} it is loose again`" in told


def test_words_that_mean_nothing_to_a_command_that_shows_are_refused_with_what_it_takes(stage: Stage) -> None:
    ref, channel = stage.declare("P3 a lamp is out")
    for typed, meant in (
        (f"timeline {ref} <!channel> of yesterday", "/incident note"),
        ("timeline of yesterday", "/incident note"),
        ("escalation VP", "/incident escalate VP"),
        ("list of lamps", "`type:data`"),
    ):
        said = ask(stage.responder, channel["id"], f"/incident {typed}")
        assert meant in said and "<!channel>" not in said and ref not in said.replace("`", "")


def test_a_page_of_the_list_that_is_not_there_is_not_taken_for_the_last(stage: Stage) -> None:
    stage.declare("P3 a lamp is out")
    assert ", not 99; this is the last." in ask(stage.responder, INCIDENTS, "/incident list 99")
    assert "this is the last" not in ask(stage.responder, INCIDENTS, "/incident list 1")


def test_a_lone_word_that_is_no_role_escalates_to_nobody(stage: Stage) -> None:
    _, channel = stage.declare("P3 a fuse is blown")
    before = everything(stage)
    told = ask(stage.responder, channel["id"], "/incident escalate team-leed")
    assert told.startswith("“team-leed” is no role. There are: on-call engineer,")
    assert "Did you mean team lead?" in told
    for typed in ("pope", "POPE now", "the-cto please!", "managr payments are down", "teem lead nobody answers"):
        assert "is no role" in ask(stage.responder, channel["id"], f"/incident escalate {typed}")
    assert everything(stage) == before
    assert "Paging the" in ask(stage.responder, channel["id"], '/incident escalate "down"')


def test_a_detection_time_that_cannot_be_read_is_refused_with_an_example(stage: Stage) -> None:
    _, channel = stage.declare("P3 a lamp is dim")
    before = everything(stage)
    told = ask(stage.responder, channel["id"], "/incident note detected at 99:99")
    assert "“99:99” isn't a time I understand." in told and "`at 14:20`" in told
    assert everything(stage) == before


def test_an_incident_may_be_named_first(stage: Stage) -> None:
    ref, _ = stage.declare("P3 a door squeaks")
    for typed in (f"{ref} status", ref.lower(), f"status {ref}"):
        assert f"*P3* · {ref} · a door squeaks" in ask(stage.responder, INCIDENTS, f"/incident {typed}")


def test_help_on_an_unknown_word_says_so(stage: Stage) -> None:
    told = ask(stage.responder, INCIDENTS, "/incident help severty")
    assert told.startswith("`severty` is unknown. Did you mean `/incident help severity`?")


def test_ten_thousand_characters_are_kept_or_refused_but_never_half_lost(stage: Stage) -> None:
    responder = stage.responder
    long = "checkout fails " * 666
    assert "declared" in ask(responder, INCIDENTS, f"/incident declare P3 {long}")
    assert long.strip() in entries(stage, rows(stage)[-1].ref)[0].text
    ref, channel = stage.declare("P3 " + "long title " * 100)
    assert len(row(stage, ref).title) == 250
    assert "long title " * 99 in entries(stage, ref)[0].text, "the timeline has the whole sentence"
    ask(responder, channel["id"], f"/incident note {long}")
    ask(responder, channel["id"], f"/incident impact {long}")
    ask(responder, channel["id"], f"/incident resolve {long}")
    ts = responder.say(channel["id"], long)
    responder.wait_for(
        lambda: ask(responder, INCIDENTS, f"/incident timeline {ref}") and ts in str(kinds_ts(stage, ref))
    )
    settle(stage.database)
    assert failed_jobs(stage.database) == []
    assert [entry.text for entry in entries(stage, ref) if entry.kind == "noted"] == [long.strip()]
    assert row(stage, ref).impact == long.strip()
    assert "reopen" in ask(responder, channel["id"], "/incident ack")


def kinds_ts(stage: Stage, ref: str) -> list[str]:
    with stage.database.transaction() as session:
        statement = select(TimelineEntry.message_ts).join(IncidentRow).where(IncidentRow.ref == ref)
        return [str(ts) for ts in session.scalars(statement)]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_shown_as_written_and_ping_nobody(stage: Stage, words: str) -> None:
    responder = stage.responder
    before = failed_jobs(stage.database)
    responder.command(INCIDENTS, "/incident declare")
    form = responder.wait_for_view("declare_view")
    filled: Message = {"title": {"title": f"trouble {words}"}, "severity": {"severity": "P2"}}
    assert responder.submit(form, filled | {"impact": {"impact": words}}) == {}
    ref = rows(stage)[-1].ref
    channel = stage.room(responder, ref)
    for command in ("severity P1", "note", "impact", "cause"):
        ask(responder, channel["id"], f"/incident {command} {words}")
    ts = responder.say(channel["id"], words)
    responder.edit(channel["id"], ts, f"edited {words}")
    responder.reply(channel["id"], ts, words)
    ask(responder, channel["id"], f"/incident resolve {words}")
    ask(responder, channel["id"], f"/incident reopen {words}")
    ask(responder, channel["id"], "/incident resolve")
    ask(responder, channel["id"], f"/incident close {words}")
    responder.wait_for_message(channel["id"], "Review draft of")
    assert "Timeline of" in ask(responder, channel["id"], "/incident timeline")
    assert ref in ask(responder, INCIDENTS, f"/incident status {ref}")
    settle(stage.database)
    assert failed_jobs(stage.database) == before
    _pings_nobody(stage, channel["id"])
    kept = row(stage, ref)
    assert kept.title == " ".join(f"trouble {words}".replace("\x00", "").split())


def _pings_nobody(stage: Stage, channel_id: str) -> None:
    place = stage.playground.workspace.channels
    for channel in (place[channel_id], place["C0INCIDENTS"]):
        for message in channel.messages.values():
            if message.get("bot_id"):
                assert "\u202e" not in content_of(message)
                # Rich text knows mentions as elements of their own: a text in it mentions nobody, whatever it says.
                rich = [block for block in message.get("blocks", []) if block["type"] == "rich_text"]
                assert {
                    piece["type"] for block in rich for line in block["elements"] for piece in line["elements"]
                } <= {
                    "text",
                    "link",
                }
                shown = content_of(
                    message | {"blocks": [each for each in message.get("blocks", []) if each not in rich]}
                )
                for loud in ("<!channel", "<!here", "<!everyone", "<!subteam", "<@U0VP", ".example|click>"):
                    assert loud not in shown, shown


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_reports_are_judged_and_can_be_declared(stage: Stage, words: str) -> None:
    ts, answer = report(stage, f"{words} the shop is down, all customers see an error page and nobody can pay")
    before = len(rows(stage))
    heard = press_and_hear(stage.responder, INCIDENTS, answer, "report_declare", thread_ts=ts)
    assert "declared" in heard
    assert len(rows(stage)) == before + 1
    channel = stage.room(stage.responder, rows(stage)[-1].ref)
    settle(stage.database)
    _pings_nobody(stage, channel["id"])


@pytest.mark.parametrize("words", [":fire: :fire:", "🔥🔥🔥", "!!!", "\u202e", "***"])
def test_a_title_that_says_nothing_is_asked_for_again(stage: Stage, words: str) -> None:
    before = everything(stage)
    told = ask(stage.responder, INCIDENTS, f"/incident declare {words}")
    assert "in a few words what is wrong" in told
    assert everything(stage) == before


def test_bots_edits_and_messages_without_text_are_met_with_silence(stage: Stage) -> None:
    responder = stage.responder
    before = everything(stage)
    trouble = "production is down for all customers"
    dispatcher = dispatcher_of(stage.playground)
    said = responder.say(INCIDENTS, "good morning")
    responder.edit(INCIDENTS, said, "good morning to all")
    event: Message = {"type": "message", "channel": "C0INCIDENTS", "ts": "1.000001", "event_ts": "1.000001"}
    hostile: list[Message] = [
        {**event, "user": "U0RESPONDER"},
        {**event, "user": "U0RESPONDER", "text": None, "files": []},
        {**event, "text": trouble, "bot_id": "B0OTHER", "subtype": "bot_message"},
        {**event, "text": trouble, "user": BOT, "bot_id": "B0TOCSIN"},
        {**event, "text": trouble, "subtype": "channel_topic", "user": "U0RESPONDER"},
        {**event, "subtype": "message_changed"},
    ]
    for odd in hostile:
        stage.playground.on_loop(lambda odd=odd: dispatcher.event(odd))  # type: ignore[misc]
    ts, _ = report(stage, "all customers are locked out, nobody can log in to the shop")
    after = everything(stage)
    assert after[0] == before[0]
    assert after[2] <= before[2] + 3, "the greeting, the report and the alert were judged, nothing else"
    assert responder.replies(INCIDENTS, said)[1:] == []
    assert responder.replies(INCIDENTS, ts)[1:] != []


def test_events_that_come_again_do_nothing_twice(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 a lamp flickers")
    report(stage, "all customers see an error page, the shop is down")
    ts = responder.say(channel["id"], "looking")
    responder.react(channel["id"], ts, "pushpin")
    responder.edit(channel["id"], ts, "looking into it")
    gone = responder.say(channel["id"], "oops")
    responder.delete(channel["id"], gone)
    responder.wait_for(
        lambda: ask(responder, INCIDENTS, f"/incident timeline {ref}") and raw(stage, ref, "message_deleted")
    )
    before = everything(stage)
    dispatcher = dispatcher_of(stage.playground)
    for event_id in list(dispatcher.recent):
        stage.playground.on_loop(lambda event_id=event_id: dispatcher.redeliver(event_id))  # type: ignore[misc]
    report(stage, "nobody can pay, checkout is down for all customers")
    after = everything(stage)
    assert after == (*before[:2], before[2] + 1, before[3])


def raw(stage: Stage, ref: str, kind: str) -> int:
    with stage.database.transaction() as session:
        statement = select(func.count()).select_from(TimelineEntry).join(IncidentRow)
        return session.scalar(statement.where(IncidentRow.ref == ref, TimelineEntry.kind == kind)) or 0


def test_a_command_that_comes_twice_acts_once(stage: Stage) -> None:
    ref, channel = stage.declare("P3 a door squeaks")
    responder = stage.responder
    before = len(rows(stage))
    command_twice(stage, responder, INCIDENTS, "/incident declare P3 a window squeaks")
    settle(stage.database)
    assert len(rows(stage)) == before + 1
    for command, kind in (
        ("note oiled it", "noted"),
        ("impact noise", "impact_recorded"),
        ("severity P2", "severity_raised"),
        ("status identified", "status_changed"),
        ("ack", "acknowledged"),
        ("resolve oiled it", "resolved"),
        ("close oiled it", "closed"),
    ):
        command_twice(stage, responder, channel["id"], f"/incident {command}")
        settle(stage.database)
        assert kinds(stage, ref).count(kind) == 1, command
    command_twice(stage, responder, channel["id"], "/incident reopen squeaks")
    question = responder.wait_for_ephemeral(channel["id"], "Nothing has been changed yet.")
    press_and_hear(responder, channel["id"], question, "reopen_closed")
    assert kinds(stage, ref).count("reopened") == 1
    lines = said_by_bot(responder, channel["id"])
    assert sum("Status investigating → identified" in line for line in lines) == 1


def test_somebody_whom_slack_does_not_know_can_declare_all_the_same(stage: Stage) -> None:
    workspace = stage.playground.workspace
    stranger = "U0STRANGER"
    stage.playground.on_loop(
        lambda: workspace.add_user(User(stranger, "stranger", "Stranger", "", "stranger@example.com", "#000000"))
    )
    workspace.channels["C0INCIDENTS"].members[stranger] = None
    person = stage.person(stranger)
    person.command(INCIDENTS, "/incident declare P3 the guest network is slow")
    del workspace.users[stranger]
    settle(stage.database)
    ref = rows(stage)[-1].ref
    assert (row(stage, ref).declared_by, row(stage, ref).title) == (stranger, "the guest network is slow")
    assert failed_jobs(stage.database) == []
    ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")
    ask(stage.responder, INCIDENTS, f"/incident close {ref} gone")
    settle(stage.database)
    assert failed_jobs(stage.database) == []
    del workspace.channels["C0INCIDENTS"].members[stranger]


def test_an_incident_whose_channel_was_archived_goes_on_elsewhere(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the archive is full")
    responder.act("archive_channel", channel=channel["id"])
    with pytest.raises(NotDone):
        responder.command(channel["id"], "/incident status")
    assert "P1" in ask(responder, INCIDENTS, f"/incident severity {ref} P1")
    assert "Noted" in ask(responder, INCIDENTS, f"/incident note {ref} moved to a bridge call")
    assert "resolved" in ask(responder, INCIDENTS, f"/incident resolve {ref} emptied it")
    assert "closed" in ask(responder, INCIDENTS, f"/incident close {ref} emptied it")
    settle(stage.database)
    assert failed_jobs(stage.database) == []
    assert row(stage, ref).status == "closed"
    mirror = [said for said in said_by_bot(responder, INCIDENTS) if ref in said]
    assert any("closed" in said for said in mirror)


def test_a_card_of_another_life_is_told_so(stage: Stage) -> None:
    """A button whose incident this database has never heard of, as after a restore."""
    responder = stage.responder
    ref, channel = stage.declare("P3 the clock is slow")
    card = card_of(responder, channel)
    for block in card["blocks"]:
        for found in block.get("elements", []):
            if found.get("value") == str(row(stage, ref).incident_id):
                found["value"] = "99999999"
    told = press_stale(stage, responder, card, "incident_acknowledge")
    assert "no incident" in told


@pytest.mark.parametrize("typed", ["P9 foo", "p4: foo", "SEV-7 foo", "P9"])
def test_a_severity_that_there_is_not_is_no_part_of_a_title(stage: Stage, typed: str) -> None:
    told = ask(stage.responder, INCIDENTS, f"/incident declare {typed}")
    assert "isn't a severity. Use P0–P3" in told
