"""What a refusal of Slack is played in, and what people then read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from slack_bolt import Ack

from bot.context import AppContext
from bot.errors import TocsinError
from bot.incidents.commands import run_command
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.slack.client import Refused, Slack
from bot.slack.poster import Poster
from bot.wiring.failure_reports import report_failure
from bot.wiring.listeners import REGISTRY
from bot.wiring.worker import TASKS
from slack_playground.app import Playground
from slack_playground.person import Person
from tests.fixtures.slack import Control
from tests.lifecycle.test_refused_channel import work
from tests.support.queue import empty_queue


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
            report_failure(self.context, task, arguments, refused)
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
