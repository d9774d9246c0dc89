"""/incident: what a subcommand is, the registry of all of them, and running the one that was typed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_bolt import Ack
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.errors import BadRequest, UnknownIncident
from bot.incidents import messages, visibility
from bot.incidents.queries import incidents
from bot.incidents.rules.typed_command import parse_command
from bot.incidents.tables import IncidentRow
from bot.slack.client import Message, Slack
from bot.slack.reporting import told
from bot.slack.text import code, shorten, unturned
from bot.text.markup import plain_text


@dataclass(frozen=True, slots=True)
class Asked:
    """A slash command as the subcommands need it. `rest` is what was typed after the word, in Slack's markup."""

    desk: Desk
    now: datetime
    word: str
    ref: str | None
    rest: str
    user_id: str
    user_name: str  # the name by which Slack calls them
    channel_id: str
    trigger_id: str


Answer = str | Message  # for the person who asked, alone
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One word of /incident. Help, "did you mean" and the tests of the manifest are made from these entries.

    Exactly one of `answer`, which gets the one transaction of the command, and `answer_apart`, which opens its own
    (judging and remembering take a connection, and a command must not hold two).
    """

    word: str
    example: str  # as one would type it after `/incident `
    meaning: str
    answer: Callable[[Session, Asked], Answer] | None = None
    answer_apart: Callable[[Asked], Answer] | None = None
    aliases: tuple[str, ...] = ()
    form: Callable[[Asked], View | None] | None = None  # opened in place of an answer; None: answer after all
    anywhere: bool = False  # speaks of no one incident

    def run(self, asked: Asked) -> Answer:
        """The answer, with what it changed committed."""
        if self.answer_apart is not None:
            return self.answer_apart(asked)
        assert self.answer is not None
        with asked.desk.database.transaction() as session:
            return self.answer(session, asked)


class Registry:
    """All subcommands, in the order in which help lists them; `help` itself is the last."""

    def __init__(self, subcommands: Iterable[Subcommand]) -> None:
        """Raises ValueError where two entries claim the same word or alias."""
        listing = Subcommand(
            "help",
            "help severity",
            "This list, or more about one word.",
            answer_apart=lambda asked: self.help(asked.rest),
            aliases=("?",),
            anywhere=True,
        )
        self.entries = {entry.word: entry for entry in (*subcommands, listing)}
        self._by_word: dict[str, Subcommand] = {}
        for entry in (*subcommands, listing):
            for word in (entry.word, *entry.aliases):
                if word in self._by_word:
                    raise ValueError(f"two subcommands are called {word!r}")
                self._by_word[word] = entry

    @property
    def words(self) -> frozenset[str]:
        """Every word that may be typed, aliases included."""
        return frozenset(self._by_word)

    def find(self, word: str) -> Subcommand:
        """Raises BadRequest with the nearest word for one that there is not."""
        if word not in self._by_word:
            near = difflib.get_close_matches(word, self.entries, n=1, cutoff=0.6)
            hint = f"Did you mean `/incident {near[0]}`?" if near else "`/incident help` lists what there is."
            raise BadRequest(f"{code(shorten(word, 40))} is not something I know. {hint}")
        return self._by_word[word]

    def help(self, rest: str) -> str:
        """The list of subcommands, or more about one of them."""
        wanted = rest.strip().lower()
        if wanted in self.entries:
            return self._help_of(self.entries[wanted])
        unknown = []
        if wanted:
            near = difflib.get_close_matches(wanted, self.entries, n=1, cutoff=0.6)
            hint = f" Did you mean `/incident help {near[0]}`?" if near else ""
            unknown = [f"{code(shorten(wanted, 40))} is unknown.{hint}"]
        lines = [f"`/incident {entry.example}` {entry.meaning}" for entry in self.entries.values()]
        marks = "A :pushpin: reaction marks a message as key for the review."
        return "\n".join([*unknown, "*What you can type*", *lines, marks])

    @staticmethod
    def _help_of(entry: Subcommand) -> str:
        lines = [f"`/incident {entry.example}`", entry.meaning]
        if not entry.anywhere:
            lines.append(f"In another channel, name the incident: `/incident {entry.word} INC-2026-0001 …`")
        return "\n".join(lines)


def run_command(registry: Registry, desk: Desk, slack: Slack, ack: Ack, command: dict[str, Any]) -> None:
    """The whole of /incident: open the form of what was typed, or commit and then acknowledge with the answer."""
    with told(lambda text: ack(text=unturned(text)), user=command["user_id"], command=command.get("text", "")[:200]):
        typed = parse_command(command.get("text") or "")
        asked = Asked(
            desk=desk,
            now=desk.now(),
            word=typed.word,
            ref=typed.ref,
            rest=typed.rest,
            user_id=command["user_id"],
            user_name=command.get("user_name") or command["user_id"],
            channel_id=command["channel_id"],
            trigger_id=command["trigger_id"],
        )
        subcommand = registry.find(asked.word)
        # A trigger lives three seconds, so nothing slow comes before its form.
        view = subcommand.form(asked) if subcommand.form else None
        if view is not None:
            slack.open_view(asked.trigger_id, view)
            ack()
            return
        answer = subcommand.run(asked)
        if isinstance(answer, Message):
            ack(text=unturned(answer.text), blocks=list(answer.blocks))
        else:
            ack(text=unturned(answer))


def incident_of(session: Session, asked: Asked, for_change: bool = False) -> IncidentRow:
    """The incident that was named, or whose channel this is. Raises UnknownIncident with the ones that are open."""
    row = (
        incidents.find_by_ref(session, asked.ref) if asked.ref else incidents.find_by_channel(session, asked.channel_id)
    )
    if row is None or not is_insider(session, asked, row):
        closed = asked.word == "reopen"
        rows, _ = visibility.list_page(session, asked.user_id, limit=5, closed=closed)
        raise UnknownIncident(messages.no_incident(asked.word, asked.ref, rows, plain_text(asked.rest), closed))
    return incidents.get_for_change(session, row.incident_id) if for_change else row


def is_insider(session: Session, asked: Asked, row: IncidentRow) -> bool:
    """False for a security incident of which the person who asks has no part; to them it does not exist."""
    return asked.channel_id == row.channel_id or visibility.may_see(session, row, asked.user_id)
