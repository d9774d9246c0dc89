"""/incident: what a subcommand is, the registry of all of them, and running the one that was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slack_bolt import Ack
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, TransitionRefused, UnknownIncident
from bot.incidents import authority, messages, visibility
from bot.incidents.flows.access import note_access
from bot.incidents.menu import Form, InMenu, Listed, NotOffered, Offer, at_field, where
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act, people_of
from bot.incidents.rules.incident import is_private
from bot.incidents.rules.typed_command import parse_command
from bot.incidents.tables import IncidentRow
from bot.slack.blocks import section
from bot.slack.client import Message, Slack
from bot.slack.queries import names_in
from bot.slack.replies.reporting import reporting_errors
from bot.slack.text import code, shorten, unturned
from bot.text.markup import escape, labelled, plain_text
from bot.text.nearest import nearest
from bot.text.wording import mentioned

BY_FORM = "view:"  # begins the trigger of a command that a form was sent as


@dataclass(frozen=True, slots=True)
class CommandContext:
    """A slash command as the subcommands need it. `rest` is what was typed after the word, in Slack's markup."""

    context: AppContext
    now: datetime
    word: str
    ref: str | None
    rest: str
    user_id: str
    user_name: str  # the name by which Slack calls them
    channel_id: str
    trigger_id: str
    registry: Registry | None = None  # for what lists the others

    @property
    def by_form(self) -> bool:
        """Whether a form of the menu was sent in its place: whoever filled it in was asked."""
        return self.trigger_id.startswith(BY_FORM)


@dataclass(frozen=True, slots=True)
class Appointed:
    """Who is to get a part, and the channel that they have to be let into."""

    user_id: str
    channel_id: str | None = None


_WORTH_KEEPING = 25  # characters after the subcommand's word that are repeated where it was refused
_LONGEST_KEPT = 2_900

Answer = str | Message  # for the person who asked, alone; empty where the channel says it
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
    answer: Callable[[Session, CommandContext], Answer] | None = None
    answer_apart: Callable[[CommandContext], Answer] | None = None
    aliases: tuple[str, ...] = ()
    form: Callable[[CommandContext], View | None] | None = None  # opened in place of an answer; None: answer after all
    opens: Callable[[str], bool] = lambda rest: not rest  # with a `form`: whether these words ask for it
    appoints: Callable[[Session, CommandContext], Appointed | None] | None = None  # Slack is asked about them first
    anywhere: bool = False  # speaks of no one incident
    act: Act = Act.CHANGE  # what somebody must be let do, by authority.yaml
    reads: frozenset[str] = frozenset()  # what, typed after the word in lower case, only shows something
    menu: InMenu = field(kw_only=True)  # what /incident alone offers of it

    def act_of(self, rest: str) -> Act:
        """What is asked for with these words after the subcommand's own."""
        return Act.READ if rest.strip().lower() in self.reads else self.act

    def run(self, command: CommandContext) -> Answer:
        """The answer, with what it changed committed."""
        if self.answer_apart is not None:
            return self.answer_apart(command)
        assert self.answer is not None
        with command.context.database.transaction() as session:
            return self.answer(session, command)


ALONE = frozenset({""})  # for `reads`: the bare word shows what there is


class Registry:
    """All subcommands, in the order in which help lists them; `help` itself is the last."""

    def __init__(self, subcommands: Iterable[Subcommand]) -> None:
        """Raises ValueError where two entries claim the same word or alias."""
        listing = Subcommand(
            "help",
            "help severity",
            "This list, or more about one word.",
            answer_apart=lambda command: self.help(command.rest),
            aliases=("?",),
            anywhere=True,
            act=Act.READ,
            menu=NotOffered("the last line of the menu names it"),
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

    def find(self, word: str, rest: str = "") -> Subcommand:
        """Raises BadRequest with the nearest word, and the `rest` as it was typed, for one that there is not."""
        if word not in self._by_word:
            near = nearest(word, self.entries)
            typed = shorten(f"/incident {near} {plain_text(rest)}".strip(), 300)
            hint = f"Did you mean {code(typed)}?" if near else "`/incident help` lists them all."
            raise BadRequest(f"{code(shorten(word, 40))} isn't a command. {hint}")
        return self._by_word[word]

    def offer(self, key: str) -> tuple[Subcommand, Offer]:
        """What a button of the menu carries. Raises KeyError for what it does not offer."""
        word, _, name = key.partition(".")
        return self.entries[word], offers_of(self.entries[word])[name]

    def offers(
        self, session: Session, context: AppContext, row: IncidentRow | None, user_id: str, now: datetime
    ) -> list[Listed]:
        """What the menu offers this person of `row`; without one, where no incident is meant."""
        return [
            Listed(f"{entry.word}.{name}", offer.label, offer.group)
            for entry, name, offer in self._available(context, row, user_id)
            if authority.may(session, context, _act(entry, offer), user_id, now, row)
        ]

    def withheld(
        self, session: Session, context: AppContext, row: IncidentRow, user_id: str, now: datetime
    ) -> dict[str, list[str]]:
        """What others could do with `row`, and this person could not: labels, by who may."""
        found: dict[str, list[str]] = {}
        for entry, _, offer in self._available(context, row, user_id):
            act = _act(entry, offer)
            if not authority.may(session, context, act, user_id, now, row):
                found.setdefault(people_of(context.policy.authority.rules[act]), []).append(offer.label)
        return found

    def _available(
        self, context: AppContext, row: IncidentRow | None, user_id: str
    ) -> Iterator[tuple[Subcommand, str, Offer]]:
        """What can be done with `row` by whoever may."""
        place = where(incidents.facts(row) if row is not None else None)
        for entry in self.entries.values():
            for name, offer in offers_of(entry).items():
                if place in offer.where and offer.available(context, row, user_id):
                    yield entry, name, offer

    def opens_form(self, text: str) -> bool:
        """Whether what was typed after /incident asks for a form, as far as the words alone say."""
        typed = parse_command(text)
        entry = self._by_word.get(typed.word)
        return entry is not None and entry.form is not None and entry.opens(plain_text(typed.rest).strip().lower())

    def help(self, rest: str) -> str:
        """The list of subcommands, or more about one of them."""
        wanted = rest.strip().lower()
        if wanted in self.entries:
            return self._help_of(self.entries[wanted])
        unknown = []
        if wanted:
            near = nearest(wanted, self.entries)
            hint = f" Did you mean `/incident help {near}`?" if near else ""
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


def offers_of(entry: Subcommand) -> Mapping[str, Offer]:
    """What the menu offers of it, by names that buttons carry."""
    return entry.menu if isinstance(entry.menu, Mapping) else {}


def _act(entry: Subcommand, offer: Offer) -> Act:
    return entry.act if isinstance(offer, Form) else entry.act_of(offer.rest)


def run_command(registry: Registry, context: AppContext, slack: Slack, ack: Ack, payload: dict[str, Any]) -> None:
    """The whole of /incident: open the form of what was typed, or commit and then acknowledge with the answer."""
    typed_text = payload.get("text") or ""
    with reporting_errors(lambda text: ack(text=unturned(text)), user=payload["user_id"], command=typed_text[:200]):
        typed = parse_command(typed_text)
        command = CommandContext(
            context=context,
            now=context.now(),
            word=typed.word,
            ref=typed.ref,
            rest=_by_display_names(context, typed.rest),
            user_id=payload["user_id"],
            user_name=payload.get("user_name") or payload["user_id"],
            channel_id=payload["channel_id"],
            trigger_id=payload["trigger_id"],
            registry=registry,
        )
        subcommand = registry.find(command.word, " ".join(filter(None, (command.ref, command.rest))))
        warning, ref = _admit(subcommand, command)
        # A trigger is good for three seconds, so nothing slow comes before its form.
        view = subcommand.form(command) if subcommand.form else None
        if view is not None:
            slack.open_view(command.trigger_id, view)
            ack()
            return
        try:
            answer = carry_out(slack, subcommand, command, ref)
        except TransitionRefused as refused:
            raise TransitionRefused(with_typed(str(refused), typed_text)) from refused
        answer = warned(answer, warning)
        if isinstance(answer, Message):
            ack(text=unturned(answer.text), blocks=list(answer.blocks))
        else:
            words = unturned(answer)
            ack(text=words) if words else ack()


def carry_out(slack: Slack, subcommand: Subcommand, command: CommandContext, ref: str, person: str = "") -> Answer:
    """Run it, with what it changed committed. `ref` is the incident that it is about, `person` the field of a form.

    Raises what it refuses with; whether they may is asked before.
    """
    with at_field(person) if person else nullcontext():
        _check_appointed(slack, subcommand, command)
    answer = subcommand.run(command)
    return messages.marked(answer, ref) if isinstance(answer, Message) else messages.marked_text(answer, ref)


def warned(answer: Answer, warning: str) -> Answer:
    """The answer and, where there is one, the warning of the channel below it."""
    if not warning:
        return answer
    if isinstance(answer, Message):
        return Message(answer.text, (*answer.blocks, section(warning)))
    return "\n".join(filter(None, (answer, warning)))


def with_typed(refusal: str, typed: str) -> str:
    """A refusal and what was typed, which Slack shows no more: a sentence must not have to be typed again."""
    words, rest = plain_text(typed).strip(), plain_text(parse_command(typed).rest).strip()
    if len(rest) < _WORTH_KEEPING or rest in plain_text(refusal):
        return refusal
    return f"{refusal}\nYou typed: {code(shorten(f'/incident {words}', _LONGEST_KEPT))}"


def _by_display_names(context: AppContext, markup: str) -> str:
    """What was typed, with the names that people chose where Slack labels mentions with handles."""
    if not mentioned([markup]):
        return markup
    with context.database.reading() as session:
        return labelled(markup, names_in(session, markup))


def _check_appointed(slack: Slack, subcommand: Subcommand, command: CommandContext) -> None:
    """Raises BadRequest for a bot, somebody deactivated, and somebody whom Slack does not let into the channel."""
    if subcommand.appoints is None:
        return
    with command.context.database.reading() as session:
        appointed = subcommand.appoints(session, command)
    if appointed is None or appointed.user_id == command.user_id:
        return
    refusal = slack.unfit(appointed.user_id, appointed.channel_id)
    if refusal is not None:
        raise BadRequest(messages.cannot_be_appointed(appointed.user_id, refusal))


def warning_of(session: Session, command: CommandContext, here: IncidentRow | None, meant: IncidentRow | None) -> str:
    """For whoever types a command in a channel, or for an incident, that Slack keeps us out of; else empty."""
    row = here or meant
    if row is None or not is_insider(session, command, row):
        return ""
    return messages.kept_out(incidents.facts(row), row.channel_archived, here is not None)


def _admit(subcommand: Subcommand, command: CommandContext) -> tuple[str, str]:
    """What whoever typed it should know besides the answer, and the reference of the incident that it is about.

    Raises NotAllowed.

    Whether they may see the incident that is meant, the subcommand asks.
    """
    context = command.context
    context.look_up(command.user_id)
    with context.database.reading() as session:
        here, named = incidents.find_here_and_named(session, command.channel_id, command.ref)
        row = named if command.ref else here
        authority.check(session, context, subcommand.act_of(command.rest), command.user_id, command.now, row)
        warning = warning_of(session, command, here, row)
    if row is None or subcommand.anywhere:
        return warning, ""
    if is_private(row.ref):
        _note_access(subcommand, command, row)
    return warning, row.ref


def _note_access(subcommand: Subcommand, command: CommandContext, row: IncidentRow) -> None:
    with command.context.database.transaction() as session:
        refused = "" if is_insider(session, command, row) else ": refused"
        note_access(session, row, command.user_id, f"typed /incident {subcommand.word}{refused}", command.now)


def _meant(session: Session, command: CommandContext, for_change: bool) -> IncidentRow | None:
    if command.ref:
        return incidents.find_by_ref(session, command.ref, for_change=for_change)
    return incidents.find_by_channel(session, command.channel_id, for_change=for_change)


def refuse_words(command: CommandContext, instead: str) -> None:
    """Raise BadRequest for words after a subcommand that takes a reference alone; `instead`: what may be meant."""
    if typed := " ".join(command.rest.split()):
        name = code(f"/incident {command.word}")
        raise BadRequest(f"{name} takes no words after it, so “{escape(typed[:60])}” means nothing here. {instead}")


def incident_of(session: Session, command: CommandContext, for_change: bool = False) -> IncidentRow:
    """The incident that was named, or whose channel this is. Raises UnknownIncident with the ones that are open."""
    row = _meant(session, command, for_change)
    if row is None or not is_insider(session, command, row):
        closed = command.word == "reopen"
        rows = visibility.list_rows(session, command.user_id, limit=5, closed=closed)
        raise UnknownIncident(messages.no_incident(command.word, command.ref, rows, plain_text(command.rest), closed))
    return row


def unless_said(command: CommandContext, row: IncidentRow, answer: Answer) -> Answer:
    """Nothing where the channel in which it was typed reads a line about it: that line is the answer."""
    here = command.channel_id == row.channel_id and not row.channel_archived and not row.channel_trouble
    return "" if here else answer


def is_insider(session: Session, command: CommandContext, row: IncidentRow) -> bool:
    """False for a security incident of which the person who asks has no part; to them it does not exist."""
    return command.channel_id == row.channel_id or visibility.may_see(session, row, command.user_id)
