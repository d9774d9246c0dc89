"""docs/slack-refusals.md says what people see of each refusal, as it was just seen: every line of it is played here.

`python -m pytest tests/faults/test_refusal_table.py --write-refusals` writes the file anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from slack_bolt import Ack

from bot.context import AppContext
from bot.errors import TocsinError
from bot.escalation.queries import pings
from bot.incidents.commands import run_command
from bot.incidents.flows import record
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.settings import REPOSITORY
from bot.slack.client import Refused, Slack
from bot.slack.poster import Poster
from bot.slack.refusals import OF_THE_TOKEN, PASSING
from bot.stakeholders.flows import notify
from bot.wiring.listeners import REGISTRY
from bot.wiring.promises import report_unkept
from bot.wiring.worker import TASKS
from slack_playground.app import Playground
from slack_playground.delivery.refusals import DOCUMENTED, is_documented
from slack_playground.person import Person
from tests.job_fixtures import Declared
from tests.lifecycle.test_refused_channel import direct, work
from tests.queue import empty_queue, queued
from tests.slack_fixtures import Control
from tests.stakeholders.test_notice_job import NOTICE

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


@dataclass
class World:
    """What a refusal is played in."""

    context: AppContext
    slack: Slack
    poster: Poster
    declare: Callable[[], IncidentRow]
    playground: Playground
    control: Control
    person: Person
    rooms: dict[str, IncidentRow] = field(default_factory=dict)

    def job(self, task: str, **arguments: object) -> bool:
        """Run one job as the worker does; False where it raised, and the worker tries again or gives up."""
        try:
            TASKS[task](self.context, self.slack, self.poster, **arguments)
        except Refused as refused:
            report_unkept(self.context, task, arguments, refused)
            return False
        except TocsinError:
            return False
        return True

    def fresh(self) -> IncidentRow:
        """An incident with its channel, and nothing left to do."""
        self.empty()
        row = self.declare()
        work(self.context, self.slack, self.poster)
        return self.read(row)

    def empty(self) -> None:
        with self.context.database.transaction() as session:
            empty_queue(session)

    def read(self, row: IncidentRow) -> IncidentRow:
        with self.context.database.transaction() as session:
            return incidents.get(session, row.incident_id)

    def said(self, row: IncidentRow) -> list[str]:
        with self.context.database.transaction() as session:
            kinds = (Kind.NOT_DONE, Kind.PING_FAILED)
            return [entry.text for entry in timeline.list_rows(session, row.incident_id, kinds)]

    def command(self, row: IncidentRow, text: str) -> str:
        """The answer to a command in the incident's channel."""
        ack = Ack()  # type: ignore[no-untyped-call]  # the library leaves it bare
        payload = {"user_id": "U0RESPONDER", "channel_id": row.channel_id, "trigger_id": f"1.{row.incident_id}.x"}
        run_command(REGISTRY, self.context, self.slack, ack, payload | {"text": text})
        return str((ack.response.body if ack.response else {}) or "")


Play = Callable[[World, Callable[[], None]], str]


def seen(world: World, row: IncidentRow, before: int = 0) -> str:
    return " ".join(plain(text, world.read(row)) for text in world.said(row)[before:])


def plain(text: str, row: IncidentRow) -> str:
    """Without what differs from one run to the next."""
    for exact, general in ((row.channel_name, "inc-…"), (row.ref, "INC-…"), (row.channel_id, "C…")):
        text = text.replace(exact, general) if exact else text
    text = re.sub(r"<#C0INCIDENTS>", "#incident-response", text)
    text = re.sub(r"<#C…>", "#inc-…", text)
    return re.sub(r"<@[UW]\w+>", "@someone", text)


def playing(task: str, **more: object) -> Play:
    """A job of an incident that has its channel."""

    def play(world: World, refuse: Callable[[], None]) -> str:
        row = world.rooms.setdefault(task, world.fresh()) if task not in world.rooms else world.rooms[task]
        before = len(world.said(row))
        refuse()
        world.job(task, incident_id=row.incident_id, **more)
        return seen(world, row, before)

    return play


def whispering(world: World, refuse: Callable[[], None]) -> str:
    row = world.rooms.get("whisper") or world.rooms.setdefault("whisper", world.fresh())
    before, text = len(world.said(row)), f"kept {world.context.now()}"
    refuse()
    world.job("slack.whisper", incident_id=row.incident_id, user_id="U0RESPONDER", text=text)
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
            record.note(session, world.read(row), "pool is full", "U0VP", world.context.now(), f"note:{row.ref}")
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
