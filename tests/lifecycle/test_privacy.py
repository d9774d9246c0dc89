"""What sounds like a break-in is asked about before a public word; an open incident is made private."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import event, insert

from bot.context import AppContext
from bot.errors import TransitionRefused
from bot.escalation.queries import notices, pings
from bot.incidents import visibility
from bot.incidents.flows.record import record
from bot.incidents.jobs.posting import post_entry
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.lifecycle.flows import change, end, privacy
from bot.lifecycle.jobs import channel, responders
from bot.lifecycle.jobs import privacy as jobs
from bot.lifecycle.messages import access as texts
from bot.lifecycle.queries import traces
from bot.reports import queries as reports
from bot.reports.jobs import answers
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.app import Playground
from slack_playground.workspace.records import Channel
from tests.fixtures.door import Doors
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control
from tests.support.queue import queued
from tests.support.rows import NOON

WORDS = "we got hacked i think"
UNFORESEEN = "somebody I don't know downloads our customer table from a laptop in Romania with Jonas's login"
REPORTS = "C0INCIDENTS"
_numbers = itertools.count(1)


def typist() -> str:
    """Somebody who declared nothing yet: who declares many is asked first."""
    return f"U0TYPIST{next(_numbers)}"


def by_command(doors: Doors, words: str, user_id: str = "") -> str:
    return doors.command(f"declare! {words}", user_id or typist())


def by_form(doors: Doors, words: str) -> str:
    fields = {"title": words, "severity": "judge", "impact": "", "kind": "judge"}
    return doors.submit("declare_view", "C0GENERAL", typist(), **fields)


def by_form_of_message(doors: Doors, words: str) -> str:
    fields = {"title": words, "severity": "judge", "impact": "", "kind": "judge"}
    message = f'{{"channel": "C0GENERAL", "ts": "17.{next(_numbers)}"}}'
    return doors.submit("declare_view", message, typist(), **fields)


def by_answer(doors: Doors, words: str, ts: str = "") -> str:
    with doors.context.database.transaction() as session:
        report = reports.add_report(
            session, channel_id=REPORTS, ts=ts or f"{next(_numbers)}.2", user_id="U0RESPONDER", text=words,
            severity="P2", confidence=0.9, row="", row_name="", evidence=[], similar=(), answered=True, asked=False,
            judged_at=doors.context.now(),
        )  # fmt: skip
        assert report is not None
        report_id = report.report_id
    return doors.press("report_declare", str(report_id), typist())


WAYS = {"command": by_command, "form": by_form, "message shortcut": by_form_of_message, "report answer": by_answer}


def last(context: AppContext) -> IncidentRow:
    with context.database.transaction() as session:
        return incidents.list_recent(session, 1)[0]


@pytest.mark.parametrize("words", [WORDS, UNFORESEEN])
@pytest.mark.parametrize("way", WAYS)
def test_a_declaration_that_sounds_like_a_break_in_is_private_and_paged_until_it_is_answered(
    doors: Doors, known: AppContext, way: str, words: str
) -> None:
    assert known.policy.security.smells(words) is (words is WORDS), "else the judge finds it"
    WAYS[way](doors, f"{words} {next(_numbers)}")
    row = last(known)
    assert row.ref.startswith("SEC-") and row.kind_asked_at is not None
    with known.database.transaction() as session:
        assert pings.list_of_incident(session, row.incident_id)
        assert queued(session, "slack.ask_kind", incident_id=row.incident_id)
        assert not row.channel_name.endswith("think"), "a name of a channel is shown to whoever tries it"


@pytest.mark.parametrize("way", WAYS)
def test_what_does_not_sound_like_one_is_declared_for_everybody_at_once(
    doors: Doors, known: AppContext, way: str
) -> None:
    WAYS[way](doors, f"checkout {next(_numbers)} returns 502 for everybody")
    row = last(known)
    assert row.ref.startswith("INC-") and row.kind_asked_at is None


def asked(doors: Doors, context: AppContext, slack: Slack, poster: Poster, control: Control) -> tuple[IncidentRow, str]:
    """An incident about which is asked, and the question as it was posted."""
    by_command(doors, f"{WORDS} {next(_numbers)}", "U0SUPPORT")
    row = last(context)
    jobs.ask_kind(context, slack, poster, incident_id=row.incident_id)
    return row, str(control.journal("chat.postMessage")[-1])


def test_who_declared_it_is_asked_in_a_direct_message_and_keeps_it_private(
    doors: Doors, known: AppContext, slack: Slack, poster: Poster, control: Control
) -> None:
    row, question = asked(doors, known, slack, poster, control)
    assert "Security incident?" in question and "kind_private" in question and "kind_ordinary" in question
    assert "stays private" in doors.press("kind_private", str(row.incident_id), "U0SUPPORT")
    with known.database.transaction() as session:
        assert incidents.get(session, row.incident_id).ref == row.ref
        assert queued(session, "slack.open_room", incident_id=row.incident_id)
    assert "already answered" in doors.press("kind_ordinary", str(row.incident_id), "U0SUPPORT")


def test_an_ordinary_one_is_opened_to_everybody_and_nobody_else_may_say_so(
    doors: Doors, known: AppContext, slack: Slack, poster: Poster, control: Control
) -> None:
    row, _ = asked(doors, known, slack, poster, control)
    assert "no such incident" in doors.press("kind_ordinary", str(row.incident_id), "U0VISITOR")
    assert "everybody may see it" in doors.press("kind_ordinary", str(row.incident_id), "U0SUPPORT")
    with known.database.transaction() as session:
        now = incidents.get(session, row.incident_id)
        assert now.ref.startswith("INC-") and now.former_ref == row.ref
        assert visibility.may_see(session, now, None)
        assert queued(session, "slack.open_room", incident_id=row.incident_id)


@dataclass
class Open:
    """An incident that was worked on in public for a while."""

    context: AppContext
    slack: Slack
    poster: Poster
    playground: Playground
    row: IncidentRow

    def again(self) -> IncidentRow:
        with self.context.database.transaction() as session:
            return incidents.get(session, self.row.incident_id)

    def channel(self, channel_id: str | None) -> Channel:
        return self.playground.workspace.channels[channel_id or ""]

    def run(self) -> None:
        """The jobs that follow, as the worker runs them."""
        jobs_of = {"context": self.context, "slack": self.slack, "poster": self.poster}
        runs: dict[str, Callable[..., None]] = {
            "slack.open_room": channel.open_channel,
            "slack.mirror": channel.mirror,
            "slack.furnish_room": channel.set_up_channel,
            "slack.bring": responders.bring,
            "slack.leave_channel": jobs.leave_channel,
            "slack.ask_kind": jobs.ask_kind,
            "slack.say": post_entry,
            "slack.card": channel.card,
        }
        with self.context.database.transaction() as session:
            said = timeline.list_rows(session, self.row.incident_id, (Kind.MERGED,))
            lines = [job for entry in said for job in queued(session, "slack.say", entry_id=entry.entry_id)]
            waiting = queued(session, incident_id=self.row.incident_id) + lines
        for job in sorted(waiting, key=lambda job: (list(runs).index(job.task) if job.task in runs else 0, job.job_id)):
            if job.task in runs:
                runs[job.task](**jobs_of, **job.arguments)


@pytest.fixture
def opened(
    context: AppContext, slack: Slack, poster: Poster, playground: Playground, declared_incident: Declared
) -> Open:
    row = declared_incident()
    found = Open(context, slack, poster, playground, row)
    channel.open_channel(context, slack, poster, incident_id=row.incident_id)
    channel.set_up_channel(context, slack, poster, incident_id=row.incident_id)
    channel.mirror(context, slack, poster, incident_id=row.incident_id)
    with context.database.transaction() as session:
        kept = incidents.get_for_change(session, row.incident_id)
        change.acknowledge(session, kept, "U0RESPONDER", context.policy, context.now())
        ts, said = f"{next(_numbers)}.9", "somebody uses our key"
        timeline.append(
            session, row.incident_id, Kind.MESSAGE_POSTED, said, at=context.now(), now=context.now(), author="U0VP",
            message_ts=ts, source_key=f"message:{kept.channel_id}:{ts}",
        )  # fmt: skip
    return found


def make_private(opened: Open) -> tuple[str, str]:
    """What was said to who made it so, and the channel that was left."""
    left = opened.again().channel_id
    with opened.context.database.transaction() as session:
        row = incidents.get_for_change(session, opened.row.incident_id)
        said = privacy.make_private(session, row, "U0SUPPORT", opened.context.policy, opened.context.now())
    return said, left or ""


def test_an_open_incident_is_made_private_and_what_was_said_of_it_is_withdrawn(opened: Open, control: Control) -> None:
    title, said_there = opened.row.title, opened.again().channel_id
    _, left = make_private(opened)
    opened.run()
    row = opened.again()
    assert left == said_there and row.channel_id != left and row.ref.startswith("SEC-")
    assert opened.channel(row.channel_id).is_private
    assert {"U0RESPONDER", "U0SUPPORT"} <= set(opened.channel(row.channel_id).members)
    assert "U0VP" not in opened.channel(row.channel_id).members, "who only spoke is asked in by people"
    old = opened.channel(left)
    assert title not in str(old.topic) and "checkout" not in old.name
    texts = [str(message) for message in old.messages.values()]
    assert [text for text in texts if title in text] == []
    mirrors = [str(message) for message in opened.channel("C0INCIDENTS").messages.values()]
    assert [text for text in mirrors if title in text or opened.row.ref in text] == []
    with opened.context.database.transaction() as session:
        entries = [entry.text for entry in timeline.list_entries(session, row.incident_id)]
    assert any("Can't be withdrawn:\n• 1 message that people wrote" in text for text in entries)


def test_of_a_long_incident_no_statement_has_a_parameter_for_each_entry(opened: Open) -> None:
    """PostgreSQL takes 65,535 of them; an incident may have more entries."""
    entry = {"incident_id": opened.row.incident_id, "kind": "noted", "at": NOON, "recorded_at": NOON, "text": "x"}
    most = 0

    def note(_connection: object, _cursor: object, _statement: str, parameters: object, *_more: object) -> None:
        nonlocal most
        most = max(most, len(parameters) if isinstance(parameters, dict) else 0)

    with opened.context.database.transaction() as session:
        session.execute(insert(TimelineEntry), [entry] * 300)
    event.listen(opened.context.database.engine, "before_cursor_execute", note)
    try:
        make_private(opened)
    finally:
        event.remove(opened.context.database.engine, "before_cursor_execute", note)
    assert 0 < most < 200


def test_outsiders_lose_it_and_its_former_reference_finds_it_for_its_people(opened: Open) -> None:
    make_private(opened)
    with opened.context.database.transaction() as session:
        row = incidents.find_by_ref(session, opened.row.ref)
        assert row is not None and row.incident_id == opened.row.incident_id
        assert visibility.may_see(session, row, "U0RESPONDER")
        assert not visibility.may_see(session, row, "U0VP") and not visibility.may_see(session, row, None)


def test_it_is_made_private_once_and_withdrawing_may_be_repeated(opened: Open) -> None:
    make_private(opened)
    opened.run()
    opened.run()
    with opened.context.database.transaction() as session:
        row = incidents.get_for_change(session, opened.row.incident_id)
        entries = [entry.text for entry in timeline.list_entries(session, row.incident_id)]
        assert sum("Can't be withdrawn" in text for text in entries) == 1
        with pytest.raises(TransitionRefused, match="already private"):
            privacy.make_private(session, row, "U0SUPPORT", opened.context.policy, opened.context.now())


def test_what_slack_keeps_is_named(opened: Open, control: Control) -> None:
    control.refuse("chat.delete", "cant_delete_message")
    control.refuse("conversations.rename", "not_authorized")
    make_private(opened)
    opened.run()
    with opened.context.database.transaction() as session:
        entries = [entry.text for entry in timeline.list_entries(session, opened.row.incident_id)]
    told = next(text for text in entries if "Can't be withdrawn" in text)
    assert "the channel's name" in told and "that Slack didn't let it delete" in told


def test_what_was_merged_into_it_no_longer_names_it(opened: Open, declared_incident: Declared) -> None:
    other = declared_incident()
    duplicate = replace(opened, row=other)
    duplicate.run()
    context, former = opened.context, (opened.row.ref, opened.again().channel_id or "")
    with context.database.transaction() as session:
        paged = pings.list_of_incident(session, other.incident_id)[0]
        paged.state, paged_id = pings.SENT, paged.ping_id
        end.merge(session, other.incident_id, opened.row.incident_id, "U0RESPONDER", context.policy, context.now())
    duplicate.run()

    def said() -> str:
        channels = (duplicate.channel(duplicate.again().channel_id), opened.channel("C0INCIDENTS"))
        messages = [str(message) for each in channels for message in each.messages.values()]
        return "\n".join(text for text in messages if "erged into" in text or "goes on elsewhere" in text)

    assert said().count(f"erged into {former[0]}") >= 3 and former[1] in said(), "mirror, card and last line"
    with context.database.transaction() as session:
        redrawn = len(queued(session, "slack.page_over", ping_id=paged_id))
    make_private(opened)
    opened.run()
    duplicate.run()
    with context.database.transaction() as session:
        assert len(queued(session, "slack.page_over", ping_id=paged_id)) == redrawn + 1
    assert not any(word in said() for word in (*former, opened.again().ref)) and "merged into another" in said()
    with context.database.transaction() as session:
        (entry,) = [one for one in timeline.list_entries(session, other.incident_id) if one.kind is Kind.MERGED]
        assert entry.text == "Closed by <@U0RESPONDER>: it goes on elsewhere."
        assert incidents.facts(incidents.get(session, other.incident_id)).stands == "closed, merged into another"
        entries = [one.text for one in timeline.list_entries(session, opened.row.incident_id)]
    stays = next(text for text in entries if "Can't be withdrawn" in text)
    assert f"what was merged into it: {other.ref}\n" in stays
    assert f"notice in <#{former[1]}> that it was renamed" in stays


@pytest.mark.parametrize("from_the_start", [True, False], ids=["declared in private", "made private"])
def test_the_answer_to_its_report_says_nothing_of_it(
    doors: Doors, context: AppContext, slack: Slack, poster: Poster, control: Control, from_the_start: bool
) -> None:
    words = f"{WORDS} {next(_numbers)}" if from_the_start else f"checkout {next(_numbers)} returns 502 for everybody"
    by_answer(doors, words, control.message(REPORTS, words))
    row = last(context)
    if from_the_start:
        doors.press("kind_private", str(row.incident_id), row.declared_by)
    else:
        answer_reports(context, slack, poster, row)
        assert row.ref in str(control.journal("chat.postMessage")[-1])
        with context.database.transaction() as session:
            kept = incidents.get_for_change(session, row.incident_id)
            privacy.make_private(session, kept, "U0SUPPORT", context.policy, context.now())
    answer_reports(context, slack, poster, row)
    shown = control.journal("chat.postMessage" if from_the_start else "chat.update")[-1]
    assert "Handled." in str(shown)
    assert not [word for word in ("SEC-", "INC-", "Judged", "Similar", "button", row.declared_by) if word in str(shown)]


def answer_reports(context: AppContext, slack: Slack, poster: Poster, row: IncidentRow) -> None:
    """The answers to its reports as they are shown after the last change."""
    answers.link_answer(context, slack, poster, incident_id=row.incident_id)
    with context.database.transaction() as session:
        found = [report.report_id for report in reports.list_of_incident(session, row)]
        assert found and queued(session, "slack.answer", report_id=found[0])
    for report_id in found:
        answers.answer(context, slack, poster, report_id=report_id)


def test_of_what_was_declared_from_a_report_the_report_stays() -> None:
    assert texts.outside([REPORTS], None, []) == [f"the report in <#{REPORTS}> (ask whoever wrote it, or an admin)"]
    assert texts.outside([], None, []) == []


def test_a_command_asks_before_it_makes_an_incident_private(doors: Doors, known: AppContext) -> None:
    by_command(doors, f"checkout {next(_numbers)} returns 502")
    row = last(known)
    asked = doors.command(f"private {row.ref}", "U0SUPPORT")
    assert "can't be undone" in asked and "make_private" in asked
    assert last(known).ref == row.ref, "nothing was done yet"
    assert f"{row.ref} is SEC-" in doors.press("make_private", str(row.incident_id), "U0SUPPORT")
    assert last(known).ref.startswith("SEC-")


def test_only_what_was_written_and_mailed_is_said_to_stay(doors: Doors, known: AppContext) -> None:
    by_form(doors, f"checkout {next(_numbers)} returns 502 for everybody")  # opened in a channel, of no report
    row = last(known)
    with known.database.transaction() as session:
        for state in (notices.PLANNED, notices.SENT, notices.FAILED):
            entry_id = record(session, row, Kind.NOTICE_WRITTEN, "told", known.now(), source_key=f"{row.ref}:{state}")
            kept = notices.add_notice(
                session, f"notice:{entry_id}:mail:a@example.com", notices.MAIL, "a@example.com", "s", "b", known.now()
            )
            notices.get(session, kept or 0).state = state
        session.flush()
        copies = traces.copies_of(session, row.incident_id)
        assert (copies.mails, copies.page_mails) == (1, 0), "planned and failed ones reached nobody"
        assert traces.reported_in(session, row) == []
    ts = f"{next(_numbers)}.5"
    by_answer(doors, f"checkout {next(_numbers)} returns 502 for everybody", ts)
    with known.database.transaction() as session:
        assert traces.reported_in(session, last(known)) == [REPORTS]


def test_merging_into_a_security_incident_asks_first_and_names_it_nowhere_outside(
    doors: Doors, known: AppContext, declared_incident: Declared
) -> None:
    secret, public = declared_incident(security=True), declared_incident()
    with known.database.transaction() as session:
        incidents.get(session, public.incident_id).declared_by = "U0DECLARER"
    asked = doors.command(f"merge {public.ref} into {secret.ref}", "U0RESPONDER")
    assert "U0DECLARER" in asked and "merge_private" in asked
    pair = f"{public.incident_id}:{secret.incident_id}"
    assert "no such incident" in doors.press("merge_private", pair, "U0VISITOR")
    with known.database.transaction() as session:
        assert incidents.get(session, public.incident_id).merged_into is None
    doors.press("merge_private", pair, "U0RESPONDER")
    with known.database.transaction() as session:
        assert incidents.get(session, public.incident_id).merged_into == secret.incident_id
        entries = [
            f"{entry.text} {entry.data}" for entry in timeline.list_rows(session, public.incident_id, (Kind.MERGED,))
        ]
    assert entries and secret.ref not in str(entries)
