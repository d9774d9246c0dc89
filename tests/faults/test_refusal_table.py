"""docs/slack-refusals.md says what people see of each refusal, as it was just seen: every line of it is played here.

`python -m pytest tests/faults/test_refusal_table.py --write-refusals` writes the file anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from slack_bolt import Ack

from bot.context import AppContext
from bot.errors import InvalidSettings, TocsinError
from bot.escalation.jobs import user_groups as user_groups_job
from bot.escalation.queries import pings, user_groups
from bot.incidents import visibility
from bot.incidents.flows import members, record
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, privacy
from bot.lifecycle.flows.change import Closing
from bot.pagers.outlet import Pagers
from bot.pagers.sender import build_sender
from bot.reviews.flows import action_items
from bot.reviews.queries import reviews
from bot.reviews.rules.action_requests import ActionRequest
from bot.reviews.tables import ReviewStageRow
from bot.settings import REPOSITORY
from bot.slack import queries as slack_queries
from bot.slack.client import Slack
from bot.slack.documents import Bookmark, canvas_of, keep_bookmarks, share_file, write_canvas
from bot.slack.poster import Poster
from bot.slack.queries import names_in
from bot.slack.refusals import OF_THE_TOKEN, PASSING
from bot.slack.tables import NameRow, SlackMessage
from bot.stakeholders import listeners as notices
from bot.stakeholders.flows import notify
from bot.text.markup import plain_text
from bot.trackers import flows as trackers_flows
from bot.trackers.adapters.common import Target
from bot.trackers.policy import TrackersPolicy
from bot.trackers.tables import ListRow
from bot.wiring.service import introduce
from slack_playground.app import Playground
from slack_playground.delivery.refusals import DOCUMENTED, is_documented
from slack_playground.person import Person
from tests.faults.refused import Play, World, plain, seen
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control
from tests.lifecycle.test_refused_channel import direct, work
from tests.repository.test_manifest import called
from tests.stakeholders.test_notice_job import NOTICE
from tests.support.queue import queued

TABLE = REPOSITORY / "docs" / "slack-refusals.md"
NOTHING = "Nothing: nothing was lost."
WAITS = "Nothing yet: it is tried again when Slack says, and nothing is lost."
SILENT = "Nothing in Slack, as Slack takes nothing from Tocsin: `tocsin doctor` and the log say so. It is tried again."
# One of each stands for the others, which are treated alike: see `OF_THE_TOKEN` and `PASSING`.
ALIKE = {"invalid_auth": OF_THE_TOKEN, "ratelimited": PASSING}
HEAD = """# What people see when Slack refuses

Written by `python -m pytest tests/faults/test_refusal_table.py --write-refusals`, which plays each line against the
local Slack; the same test fails where a line is no longer so. The sentences are on the incident's timeline and where
the incident is worked on (its channel, or its thread in the announcement channel); whoever asked and the commander get
them as direct messages, once for each reason. `tocsin doctor` lists the refusals of the last day.
"""
EVERYWHERE = """
Of every method, the line of `invalid_auth` stands for the refusals of token and account ({token}), and that of
`ratelimited` for those that pass ({passing}).
"""


def failing_a_step(world: World, refuse: Callable[[], None]) -> str:
    """A step of Workflow Builder that could not declare: whoever keeps the workflow sees it as running."""
    refuse()
    world.job("slack.fail_step", run_id="Fx0", error="The title says nothing.")
    return ""


def playing(task: str, **more: object) -> Play:
    """A job of an incident that has its channel."""

    def play(world: World, refuse: Callable[[], None]) -> str:
        row = world.rooms.setdefault(task, world.fresh()) if task not in world.rooms else world.rooms[task]
        before = len(world.said(row))
        refuse()
        world.job(task, incident_id=row.incident_id, **more)
        return seen(world, row, before)

    return play


def linking(world: World, refuse: Callable[[], None]) -> str:
    """The links of a channel's head, in one that has none yet."""
    row = world.rooms.get("links") or world.rooms.setdefault("links", world.fresh())
    before = len(world.said(row))
    linked = replace(world, context=replace(world.context, page_link=lambda path: f"https://tocsin.example.com{path}"))
    refuse()
    linked.job("slack.furnish_room", incident_id=row.incident_id)
    world.playground.workspace.channels[str(row.channel_id)].bookmarks.clear()
    return seen(world, row, before)


def whispering(world: World, refuse: Callable[[], None]) -> str:
    row = world.rooms.get("reply_privately") or world.rooms.setdefault("reply_privately", world.fresh())
    before, text = len(world.said(row)), f"kept {world.context.now()}"
    refuse()
    world.job("slack.reply_privately", incident_id=row.incident_id, user_id="U0RESPONDER", text=text)
    world.control.clear_faults()
    if text in direct(world.slack, world.playground, "U0RESPONDER"):
        return "They get it as a direct message."
    return seen(world, row, before)


def telling(world: World, refuse: Callable[[], None]) -> str:
    """Who gets no direct message finds it on the timeline; where it is about us, it is tried again."""
    row = world.rooms.get("tell") or world.rooms.setdefault("tell", world.fresh())
    with world.context.database.transaction() as session:
        entry_id = timeline.list_rows(session, row.incident_id, (Kind.DECLARED,))[0].entry_id
    world.slack._direct.clear()
    refuse()
    if world.job("slack.tell", entry_id=entry_id, user_id="U0VP"):
        return "They read it on the timeline and where the incident is worked on."
    return ""


def creating(world: World, refuse: Callable[[], None]) -> str:
    world.empty()
    row = world.declare()
    refuse()
    world.job("slack.open_room", incident_id=row.incident_id)
    return seen(world, row)


def renaming(world: World, refuse: Callable[[], None]) -> str:
    row = world.fresh()
    with world.context.database.transaction() as session:
        incidents.get(session, row.incident_id).title = "the pool of connections is full"
    before = len(world.said(row))
    refuse()
    world.job("slack.rename_channel", incident_id=row.incident_id)
    return seen(world, row, before)


def speaking(task: str) -> Play:
    """What is said in the channel, and what follows where it cannot be."""

    def play(world: World, refuse: Callable[[], None]) -> str:
        row = world.fresh()
        with world.context.database.transaction() as session:
            record.record(session, world.read(row), Kind.NOTED, "pool is full", world.context.now(), announce=True)
            entry_id = queued(session, "slack.say")[-1].arguments["entry_id"]
        world.empty()
        refuse()
        world.job(task, **({"entry_id": entry_id} if task == "slack.say" else {"incident_id": row.incident_id}))
        world.job("slack.check_channel", incident_id=row.incident_id)
        found = seen(world, row)
        (mirror,) = [said for said in world.person.messages("C0INCIDENTS") if row.ref in said["text"]]
        thread = [said["text"] for said in world.person.replies("C0INCIDENTS", mirror["ts"])][1:]
        if thread and not found:
            return "What was to be said stands in the incident's thread in the announcement channel."
        return found

    return play


def paging(world: World, refuse: Callable[[], None]) -> str:
    world.empty()
    row = world.declare()
    refuse()
    with world.context.database.transaction() as session:
        (ping, *_) = pings.list_of_incident(session, row.incident_id)
        ping.state, ping_id = pings.SENDING, ping.ping_id
    world.slack._seen.clear()
    world.job("slack.page", ping_id=ping_id)
    return re.sub(r"(Slack refused @someone \(\w+\)\.)( \1)+", r"\1", seen(world, row).replace(" (at once)", ""))


def appointing(world: World, refuse: Callable[[], None]) -> str:
    row = world.rooms.get("role") or world.rooms.setdefault("role", world.fresh())
    refuse()
    answer = world.command(row, "role scribe <@U0VP>")
    return f"In the answer: {plain(answer, row)}" if "can't" in answer else "Nothing: they get the part."


def opening(world: World, refuse: Callable[[], None]) -> str:
    row = world.rooms.get("role") or world.rooms.setdefault("role", world.fresh())
    refuse()
    return f"In the answer: {plain(world.command(row, 'declare'), row)}"


def notifying(world: World, refuse: Callable[[], None]) -> str:
    row = world.rooms.get("notice") or world.rooms.setdefault("notice", world.fresh())
    before = len(world.said(row))
    with world.context.database.transaction() as session:
        found, key = incidents.get_for_change(session, row.incident_id), f"view:{world.context.now()}"
        notify.notify_stakeholders(session, found, NOTICE, "U0MANAGER", world.context.now(), key)
        entry_id = queued(session, "slack.notice")[-1].arguments["entry_id"]
    refuse()
    world.job("slack.notice", entry_id=entry_id)
    return seen(world, row, before)


def rejoining(world: World, refuse: Callable[[], None]) -> str:
    row = world.fresh()
    world.person.remove_member(row.channel_id or "", "U0TOCSIN")
    with world.context.database.transaction() as session:
        incidents.get(session, row.incident_id).channel_trouble = "not_in_channel"
    refuse()
    world.job("slack.check_channel", incident_id=row.incident_id)
    return seen(world, row)


def reading_threads(world: World, refuse: Callable[[], None]) -> str:
    row = world.rooms.get("threads") or world.rooms.setdefault("threads", world.fresh())
    before, room = len(world.said(row)), row.channel_id or ""
    world.person.reply(room, world.person.say(room, "the pool is full"), "said in a thread")
    refuse()
    world.job("slack.read_back", incident_id=row.incident_id)
    return seen(world, row, before)


def reviewing(canvas: bool, files: bool) -> Play:
    """The draft of a review in the channel; with `canvas`, one stands there already; with `files`, there is none."""

    def play(world: World, refuse: Callable[[], None]) -> str:
        row = world.rooms.get("review") or world.rooms.setdefault("review", _closed(world))
        _forget_review(world, row)
        if canvas:
            world.job("slack.review_canvas", incident_id=row.incident_id)
            with world.context.database.transaction() as session:
                reviews.get_stage_for_change(session, row.incident_id).shown = "an earlier draft"
        if files:
            world.control.refuse("conversations.canvases.create", "team_tier_cannot_create_channel_canvases")
        before, shared = len(world.said(row)), _files(world, row)
        refuse()
        world.job("slack.review_canvas", incident_id=row.incident_id)
        if _files(world, row) > shared:
            return "The review is shared as a file in the channel."
        return seen(world, row, before)

    return play


def listing(made: bool) -> Play:
    """An action item goes to a list in Slack; with `made`, one that is there, whose item somebody then does here."""

    def play(world: World, refuse: Callable[[], None]) -> str:
        trackers = TrackersPolicy(
            {"list": Target("list", "slack", "Items", "", "", channel="C0INCIDENTS")}, default="list"
        )
        policy = replace(world.context.policy, trackers=trackers)
        own = replace(
            world, context=replace(world.context, policy=policy, trackers=Pagers(lambda name: None, build_sender()))
        )
        row = world.rooms.get("list") or world.rooms.setdefault("list", world.fresh())
        now, before = world.context.now(), len(world.said(row))
        with world.context.database.transaction() as session:
            session.query(ListRow).delete()
            found = incidents.get_for_change(session, row.incident_id)
            request = ActionRequest("Alarm on the pool", "high", None, None)
            item, _ = action_items.add(session, found, request, "U0RESPONDER", policy.calendar, now, f"item:{now}")
            action_id, number = item.action_id, item.number
            trackers_flows.ask(session, found, number, "U0RESPONDER", policy, now)
        if made:
            own.job("trackers.create", action_id=action_id)
            with world.context.database.transaction() as session:
                action_items.finish(session, incidents.get_for_change(session, row.incident_id), number, "U0VP", now)
        refuse()
        own.job("trackers.sync" if made else "trackers.create", action_id=action_id)
        said = seen(world, row, before)
        return re.sub(r"<https?://[^|]*\|item of Items>", "its item", re.sub(r"action item \d+", "action item 1", said))

    return play


def _closed(world: World) -> IncidentRow:
    """An incident whose review is drafted."""
    row = world.fresh()
    with world.context.database.transaction() as session:
        found, policy = incidents.get_for_change(session, row.incident_id), world.context.policy
        change.resolve(session, found, "U0RESPONDER", policy, world.context.now(), "pool doubled")
        closing = Closing("pool too small", "pool doubled")
        change.close(session, found, "U0RESPONDER", closing, policy, world.context.now())
    world.job("slack.review", incident_id=row.incident_id, episode=row.episode)
    return row


def _forget_review(world: World, row: IncidentRow) -> None:
    """As if it had never been shown."""
    with world.context.database.transaction() as session:
        stage = reviews.get_stage_for_change(session, row.incident_id)
        stage.canvas_id = stage.shown = None
        session.query(SlackMessage).filter(SlackMessage.key.like(f"review-%:{row.incident_id}")).delete()
    workspace = world.playground.workspace
    world.playground.on_loop(lambda: workspace.canvases.clear())
    world.playground.on_loop(lambda: setattr(workspace.channels[row.channel_id or ""], "canvas_id", ""))


def _files(world: World, row: IncidentRow) -> int:
    return sum(bool(said.get("files")) for said in world.person.messages(row.channel_id or ""))


def showing_home(world: World, refuse: Callable[[], None]) -> str:
    refuse()
    done = world.job("slack.home", user_id="U0RESPONDER")
    return "App Home stays as it was, until it is opened again." if done else ""


def naming(slack_id: str, markup: str) -> Play:
    """What stands where an id could not be named."""

    def play(world: World, refuse: Callable[[], None]) -> str:
        with world.context.database.transaction() as session:
            session.query(NameRow).delete()
        refuse()
        if not world.job("slack.learn_names", names_of=[slack_id]):
            return ""
        with world.context.database.transaction() as session:
            kept = slack_queries.looked_up_since(session, [slack_id], datetime(2000, 1, 1, tzinfo=UTC))
            again = "" if kept else " until Slack is asked again, by the next text that mentions it"
            return f"It reads as “{plain_text(markup, names_in(session, markup))}” in reviews and on pages{again}."

    return play


def reading_members(world: World, refuse: Callable[[], None]) -> str:
    """Who is in a security incident's channel: where that is not known, few see it."""
    row = world.rooms.get("members") or world.rooms.setdefault("members", world.fresh())
    with world.context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        found.ref = f"SEC-2026-{row.incident_id:04d}"
        members.found(session, found, {"U0VP"}, world.context.now())
    refuse()
    done = world.job("slack.read_members", incident_id=row.incident_id)
    with world.context.database.transaction() as session:
        sees = visibility.may_see(session, incidents.get(session, row.incident_id), "U0VP")
    return "" if sees or not done else "Elsewhere, only the commander and those with a role see the incident."


def reading_groups(world: World, refuse: Callable[[], None]) -> str:
    """Who is in a user group that policy names."""
    policy, now = world.context.policy, world.context.now()
    read = (*policy.authority.read, "S0ONCALL")
    grouped = replace(policy, authority=policy.authority.model_copy(update={"read": read}))
    with world.context.database.transaction() as session:
        user_groups.record_members(session, "S0ONCALL", ["U0VP"], now)
    refuse()
    try:
        user_groups_job.groups(replace(world.context, policy=grouped), world.slack, world.poster)
    except TocsinError:
        return ""  # tried again by the worker
    with world.context.database.transaction() as session:
        kept = user_groups.members_of(session, ["S0ONCALL"]).get("S0ONCALL")
    if kept == ["U0VP"]:
        return "Nothing: who was in the group when Slack last said so still holds. `tocsin doctor` names the group."
    return "Nobody is taken to be in the group. `tocsin doctor` names it." if not kept else ""


def withdrawing(world: World, refuse: Callable[[], None]) -> str:
    """What Slack keeps of an incident that was made private is said in its new channel."""
    row = world.fresh()
    _make_private(world, row)
    refuse()
    return _withdrawn(world, row)


def withdrawing_documents(world: World, refuse: Callable[[], None]) -> str:
    """The same with a file, a canvas and a link in its channel."""
    row = world.fresh()
    channel_id = row.channel_id or ""
    share_file(world.slack, channel_id, "review.md", "Review", b"x", "")
    keep_bookmarks(world.slack, channel_id, [Bookmark("Page", "https://tocsin.example.com/", ":link:")])
    canvas_id = canvas_of(world.slack, channel_id) or write_canvas(world.slack, channel_id, None, "# Review", False)
    with world.context.database.transaction() as session:
        now = world.context.now()
        when = {"changed_at": now, "resolved_at": now, "due_at": now}
        session.merge(ReviewStageRow(incident_id=row.incident_id, stage="draft", canvas_id=canvas_id, **when))
    _make_private(world, row)
    refuse()
    return _withdrawn(world, row)


def _make_private(world: World, row: IncidentRow) -> None:
    with world.context.database.transaction() as session:
        kept = incidents.get_for_change(session, row.incident_id)
        privacy.make_private(session, kept, "U0RESPONDER", world.context.policy, world.context.now())


def _withdrawn(world: World, row: IncidentRow) -> str:
    with suppress(TocsinError):  # tried again by the worker
        work(world.context, world.slack, world.poster)
    with world.context.database.transaction() as session:
        said = [entry.text for entry in timeline.list_rows(session, row.incident_id, (Kind.KIND_CHANGED,))]
    return next((plain(text, row) for text in said if text.startswith("Withdrawn")), "")


def typing(world: World, refuse: Callable[[], None]) -> str:
    """A character in the form of a notice, whose preview is to be drawn again."""
    row = world.rooms.get("notice") or world.rooms.setdefault("notice", world.fresh())
    view = notices._form(world.context, row, "update", {"news": "we look"}, world.context.now())
    typed = {**view, "id": "V1", "state": {"values": {"news": {"news": {"value": "we look on"}}}}}
    ack = Ack()  # type: ignore[no-untyped-call]  # the library leaves it bare
    refuse()
    body = {"user": {"id": "U0RESPONDER"}, "view": typed}
    notices.redraw(world.context, world.slack, notices.Redraws(), ack, body, {"action_ts": "1"})
    assert ack.response is not None, "what is typed is always taken"
    return "The preview stays as it was until the next character; what is typed stays, and is checked when it is sent."


def starting(world: World, refuse: Callable[[], None]) -> str:
    refuse()
    try:
        introduce(world.context, world.slack)
    except InvalidSettings as refused:
        return f"Tocsin doesn't start, and says: {refused}"
    except TocsinError:
        return ""  # tried again in the background
    return ""


@dataclass(frozen=True)
class Method:
    """A method of the Web API: when the bot calls it, how that is played, and refusals beside the documented ones."""

    when: str
    play: Play
    more: str = ""
    name: str = ""  # where the key is not the method


METHODS: dict[str, Method] = {
    "conversations.create": Method("An incident is declared.", creating),
    "conversations.invite": Method("Somebody is brought in.", playing("slack.bring", user_ids=["U0VP"])),
    "conversations.rename": Method("The incident is renamed.", renaming),
    "conversations.setTopic": Method("The channel is set up.", playing("slack.furnish_room")),
    "pins.add": Method("The channel is set up.", playing("slack.furnish_room")),
    "bookmarks.list": Method("The channel is set up.", linking),
    "bookmarks.add": Method("The channel is set up.", linking),
    "conversations.info": Method("Tocsin was removed from the channel.", rejoining, "channel_not_found"),
    "conversations.join": Method("Tocsin was removed from the channel.", rejoining),
    "chat.postMessage": Method("A line is posted in the incident's channel.", speaking("slack.say")),
    "chat.postMessage (notice)": Method("An update for stakeholders is sent.", notifying, name="chat.postMessage"),
    "chat.postMessage (page)": Method("Somebody is paged.", paging, name="chat.postMessage"),
    "chat.update": Method("The card is brought up to date.", speaking("slack.card")),
    "chat.postEphemeral": Method("Something is said to one person.", whispering),
    "conversations.open": Method("Somebody is told by direct message.", telling),
    "users.info": Method("Somebody gets a role.", appointing, "user_not_found user_not_visible"),
    "users.conversations": Method("An update for stakeholders is sent.", notifying),
    "conversations.history": Method("The channel is read back.", playing("slack.read_back"), "channel_not_found"),
    "conversations.info (name)": Method(
        "A text mentions a channel.",
        naming("C0GENERAL", "<#C0GENERAL>"),
        "channel_not_found",
        name="conversations.info",
    ),
    "usergroups.list": Method("A text mentions a user group.", naming("S0ONCALL", "<!subteam^S0ONCALL>")),
    "conversations.replies": Method(
        "The threads of the channel are read back.", reading_threads, "channel_not_found thread_not_found"
    ),
    "conversations.canvases.create": Method("The draft of the review is shown.", reviewing(canvas=False, files=False)),
    "canvases.edit": Method("The review was edited.", reviewing(canvas=True, files=False)),
    "files.getUploadURLExternal": Method(
        "The review is shared as a file.", reviewing(canvas=False, files=True), "file_upload_size_restricted"
    ),
    "files.completeUploadExternal": Method(
        "The review is shared as a file.", reviewing(canvas=False, files=True), "posting_to_channel_denied is_archived"
    ),
    "conversations.members": Method("Who is in a security incident's channel is read.", reading_members),
    "usergroups.users.list": Method("Who is in a user group is read.", reading_groups, "no_such_subteam"),
    "chat.delete": Method("An incident is made private.", withdrawing),
    "files.delete": Method("An incident is made private.", withdrawing_documents),
    "canvases.delete": Method("An incident is made private.", withdrawing_documents),
    "bookmarks.remove": Method("An incident is made private.", withdrawing_documents),
    "functions.completeSuccess": Method("A workflow declared an incident.", playing("slack.end_step", run_id="Fx0")),
    "functions.completeError": Method("A workflow cannot declare one.", failing_a_step),
    "slackLists.create": Method("The first action item goes to a list.", listing(made=False)),
    "slackLists.access.set": Method("The list was made.", listing(made=False)),
    "slackLists.items.list": Method("An action item goes to a list.", listing(made=False)),
    "slackLists.items.create": Method("An action item goes to a list.", listing(made=False)),
    "slackLists.items.info": Method("An action item of a list was done.", listing(made=True)),
    "slackLists.items.update": Method("An action item of a list was done.", listing(made=True)),
    "auth.test": Method("Tocsin starts.", starting),
    "views.update": Method("Something is typed into the form of a notice.", typing, "not_found hash_conflict"),
    "views.publish": Method("App Home is opened.", showing_home, "not_enabled"),
    "views.open": Method("A command opens a form.", opening, "expired_trigger_id view_too_large"),
}


def lines(world: World) -> Iterator[str]:
    """The table, method by method; every line is played."""
    for key, method in METHODS.items():
        name = method.name or key
        yield f"\n## {key}\n\n{method.when}\n\n| refusal | what people see |\n|---|---|"
        errors = [*DOCUMENTED.get(name, "").split(), *method.more.split(), "missing_scope", *ALIKE]
        for error in dict.fromkeys(errors):
            if is_documented(name, error):
                shown = play(world, name, method, error)
                yield f"| `{error}` | {shown} |"


def play(world: World, name: str, method: Method, error: str) -> str:
    where = {"channel": "C0UPDATES"} if method.play is notifying and name.startswith("chat") else {}
    found = method.play(world, lambda: world.control.refuse(name, error, **where))
    world.control.clear_faults()
    if found:
        return found.replace("|", "\\|").replace("\n", " ")
    if error == "missing_scope":
        return "Nothing yet: it is tried again, and `tocsin doctor` names the permission."
    return SILENT if error in OF_THE_TOKEN else WAITS if error in PASSING else NOTHING


def test_the_table_of_refusals_says_what_people_see(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    playground: Playground,
    control: Control,
    responder: Person,
    request: pytest.FixtureRequest,
) -> None:
    control.strictness(tiers=False)
    world = World(context, slack, poster, declared_incident, playground, control, responder)
    names = {"token": OF_THE_TOKEN, "passing": PASSING}
    alike = EVERYWHERE.format(**{key: ", ".join(f"`{one}`" for one in sorted(held)) for key, held in names.items()})
    table = HEAD + alike + "\n".join(lines(world)) + "\n"
    if request.config.getoption("--write-refusals"):
        TABLE.write_text(table, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == table


def test_the_table_has_every_method_that_the_bot_calls() -> None:
    # Without a socket nobody can be answered: readiness and `tocsin doctor` say so.
    assert called() - {"apps.connections.open"} == {method.name or key for key, method in METHODS.items()}
