"""Slack's ways in: each opens one transaction, calls one flow and acknowledges. This is the whole map of their ids."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from slack_bolt import App, BoltResponse

from bot.context import AppContext
from bot.diagnostics import listeners as diagnosing
from bot.drills import listeners as drills
from bot.drills.messages import REPLAY, WHICH
from bot.escalation import listeners as oncall
from bot.fields.rules import TYPE, block_of
from bot.figures import listeners as figures
from bot.incidents import interactions
from bot.incidents import listeners as menu
from bot.incidents.commands import Registry, run_command
from bot.incidents.interactions import Opening, Press, Submission, merged
from bot.incidents.menu import CHOOSE, SENT
from bot.incidents.rules.authority import Act
from bot.lifecycle.listeners import (
    access,
    buttons,
    channel,
    commands,
    declaring,
    fields,
    forms,
    handover,
    reminders,
    shortcuts,
    timeline,
)
from bot.lifecycle.messages import forms as modals
from bot.lifecycle.messages.menu.shown import OPEN_MENU
from bot.playbooks.listeners import buttons as playbook_buttons
from bot.playbooks.listeners import commands as playbook_commands
from bot.playbooks.listeners import submissions as playbook_forms
from bot.playbooks.listeners import upkeep
from bot.playbooks.messages.forms import FILL
from bot.playbooks.messages.saving import SAVE
from bot.playbooks.messages.upkeep import EDIT, NOTES, REVIEW
from bot.reports.listeners import answers, corrections, declare_form, events, similar, workflow
from bot.reviews import listeners as reviewing
from bot.slack.client import Slack
from bot.slack.payloads import is_slacks, is_well_formed
from bot.slack.replies.late import PATIENCE, Patience
from bot.slack.replies.unfinished import UnfinishedNotes
from bot.stakeholders import listeners as telling
from bot.stakeholders.messages import NOTICE_FIELDS
from bot.status_page import listeners as status_page
from bot.text.markup import storable
from bot.text.masking import mask
from bot.trackers import listeners as trackers

log = structlog.get_logger(__name__)

REGISTRY = Registry(
    (
        *declaring.SUBCOMMANDS,
        *commands.SUBCOMMANDS,
        *timeline.SUBCOMMANDS,
        *reminders.SUBCOMMANDS,
        *access.SUBCOMMANDS,
        *fields.SUBCOMMANDS,
        *channel.SUBCOMMANDS,
        *telling.SUBCOMMANDS,
        *status_page.SUBCOMMANDS,
        *playbook_commands.SUBCOMMANDS,
        *similar.SUBCOMMANDS,
        *diagnosing.SUBCOMMANDS,
        *oncall.SUBCOMMANDS,
        *handover.SUBCOMMANDS,
        *drills.SUBCOMMANDS,
        *shortcuts.SUBCOMMANDS,
        *reviewing.SUBCOMMANDS,
        *figures.SUBCOMMANDS,
    )
)
PRESSES: Mapping[str, Press] = merged(
    part.PRESSES
    for part in (
        oncall,
        access,
        buttons,
        commands,
        fields,
        handover,
        timeline,
        answers,
        corrections,
        similar,
        reviewing,
        playbook_buttons,
        diagnosing,
        telling,
        status_page,
        trackers,
    )
)
SUBMISSIONS: Mapping[str, Submission] = merged(
    part.SUBMISSIONS for part in (forms, fields, timeline, corrections, playbook_forms, telling, status_page, reviewing)
)
# Of a payload's parts, what people and other apps wrote: words, fields, files' names, attachments, links.
_SAID = (
    *("text", "value", "name", "title"),
    *("pretext", "fallback", "footer", "author_name", "alt_text", "description", "url", "title_link", "from_url"),
)
OPENINGS: Mapping[str, Opening] = merged(
    part.OPENINGS for part in (buttons, fields, telling, status_page, reviewing, playbook_buttons, drills)
)
# Buttons by which forms open.
OPENERS = frozenset({*OPENINGS, "home_declare", "drill_form", corrections.IN_WORDS_BUTTON, *upkeep.FORM_BUTTONS})
QUESTIONS: dict[str, declaring.Answer] = {
    "declare_anyway": declaring.declare_anyway,
    "declare_join": declaring.declare_join,
    "declare_cancel": declaring.declare_cancel,
}
EVENTS: dict[str, Callable[..., None]] = {
    "message": events.message,
    "reaction_added": events.reaction,
    "reaction_removed": events.reaction,
    "channel_archive": events.channel_archived,
    "channel_unarchive": events.channel_archived,
    "group_archive": events.channel_archived,
    "group_unarchive": events.channel_archived,
    "channel_left": events.put_out,
    "group_left": events.put_out,
    "member_joined_channel": events.member_joined,
    "member_left_channel": events.member_left,
    "channel_shared": events.channel_shared,
    "channel_rename": events.channel_renamed,
    "group_rename": events.channel_renamed,
    "app_home_opened": events.home_opened,
    "function_executed": workflow.step_ran,
}


def register(app: App, context: AppContext, slack: Slack, patience: float = PATIENCE) -> None:
    """Connect every id to its listener; after `patience` seconds what Slack sent is acknowledged in any case."""
    app.middleware(_believable)
    app.middleware(Patience(slack, opens_form, patience, UnfinishedNotes(context.database)).middleware)
    app.middleware(_storable)
    _register_forms(app, context, slack)
    _register_notices(app, context, slack)
    _register_playbooks(app, context, slack)
    for action_id, press in PRESSES.items():
        app.action(action_id)(_press(context, interactions.pressed(press)))
    for action_id, opening in OPENINGS.items():
        app.action(action_id)(_opener(context, slack, interactions.opened(opening)))
    for action_id, answer in QUESTIONS.items():
        app.action(action_id)(_press(context, declaring.answered(answer)))
    for action_id in ("list_next", "list_back"):
        app.action(action_id)(_press(context, channel.turn_page))
    app.view(modals.DECLARE)(_view(context, interactions.thought_over(declare_form.declared, "title", Act.DECLARE)))
    for callback_id, submission in SUBMISSIONS.items():
        app.view(callback_id)(_view(context, interactions.submitted(submission)))
    for name, listener in EVENTS.items():
        app.event(name, middleware=[_event(context, listener)])(_taken_in)


def _register_forms(app: App, context: AppContext, slack: Slack) -> None:
    """The command, the shortcuts and the buttons that open the form to declare."""

    def incident(ack: Any, command: Any) -> None:
        run_command(REGISTRY, context, slack, ack, command)

    def ask_in_words(ack: Any, body: Any, action: Any) -> None:
        corrections.ask_in_words(context, slack, ack, body, action)

    def declare_global(ack: Any, body: Any) -> None:
        shortcuts.declare_global(context, slack, ack, body)

    def declare_message(ack: Any, respond: Any, body: Any) -> None:
        shortcuts.declare_message(context, slack, ack, respond, body)

    def timeline_message(ack: Any, respond: Any, body: Any) -> None:
        shortcuts.timeline_message(context, slack, ack, respond, body)

    def start_drill(ack: Any, respond: Any, body: Any) -> None:
        shortcuts.start_drill(context, slack, ack, respond, body)

    def replay_instead(ack: Any, body: Any) -> None:
        drills.replay_instead(context, slack, ack, body)

    app.command("/incident")(incident)
    app.action(modals.REPLAY_INSTEAD)(replay_instead)
    app.view(REPLAY)(_view(context, interactions.thought_over(drills.replayed, WHICH, Act.DRILL)))
    app.action(corrections.IN_WORDS_BUTTON)(ask_in_words)
    app.action("home_declare")(declare_global)
    _register_menu(app, context, slack)
    app.action("drill_form")(start_drill)
    app.shortcut("declare_global")(declare_global)
    app.shortcut("declare_message")(declare_message)
    app.shortcut("timeline_message")(timeline_message)


def _register_menu(app: App, context: AppContext, slack: Slack) -> None:
    """What is chosen in the menu of /incident alone, and its forms."""

    def choose(ack: Any, respond: Any, body: Any, action: Any) -> None:
        menu.choose(REGISTRY, context, slack, ack, respond, body, action)

    def sent(ack: Any, body: Any, view: Any) -> None:
        menu.sent(REGISTRY, context, slack, ack, body, view)

    def open_menu(ack: Any, respond: Any, body: Any, action: Any) -> None:
        shortcuts.open_menu(REGISTRY, context, ack, respond, body, action)

    app.action(CHOOSE)(choose)
    app.view(SENT)(sent)
    app.action(OPEN_MENU)(open_menu)


def _register_notices(app: App, context: AppContext, slack: Slack) -> None:
    """What is typed into the forms of a notice and of a declaration."""
    redraws = telling.Redraws()

    def redraw_notice(ack: Any, body: Any, action: Any) -> None:
        telling.redraw(context, slack, redraws, ack, body, action)

    for name in NOTICE_FIELDS:
        app.action(name)(redraw_notice)

    def redraw_declare(ack: Any, body: Any, action: Any) -> None:
        telling.redraw(context, slack, redraws, ack, body, action, declaring.redraw_declare)

    app.action("title")(redraw_declare)

    def redraw_ending(ack: Any, body: Any, action: Any) -> None:
        telling.redraw(context, slack, redraws, ack, body, action, forms.redraw_ending)

    app.action(block_of(TYPE))(redraw_ending)


def _register_playbooks(app: App, context: AppContext, slack: Slack) -> None:
    """Starting a run, the forms of its steps, and what keeps playbooks right."""
    app.action("playbook_start")(_press(context, playbook_buttons.start))
    app.view(SAVE)(
        _view(context, interactions.thought_over(playbook_forms.saved, "steps_1", Act.CHANGE, interactions.of_form))
    )
    app.view(FILL)(_view(context, playbook_forms.filled_in))

    def open_upkeep_form(ack: Any, respond: Any, body: Any, action: Any) -> None:
        upkeep.open_form(context, slack, ack, respond, body, action)

    for action_id in upkeep.ANSWERS:
        app.action(action_id)(_press(context, upkeep.press))
    for action_id in upkeep.FORM_BUTTONS:
        app.action(action_id)(open_upkeep_form)
    app.view(REVIEW)(_view(context, interactions.thought_over(upkeep.reviewed, NOTES, Act.CHANGE)))
    app.view(EDIT)(_view(context, interactions.thought_over(upkeep.edited, "title", Act.CHANGE)))


def opens_form(body: Mapping[str, Any]) -> bool:
    """Whether a form is what a payload asks for, so that nobody may wait longer than its trigger is good for."""
    if "command" in body:
        return REGISTRY.opens_form(body.get("text") or "")
    if body.get("type") in ("shortcut", "message_action"):
        return True
    actions = body.get("actions") or []
    if any(action.get("action_id") == CHOOSE for action in actions):
        return menu.opens_form(REGISTRY, body)
    return any(action.get("action_id") in OPENERS for action in actions)


def _believable(body: Any, context: Any, client: Any, next: Callable[[], None]) -> BoltResponse | None:
    """Before all else: what no Slack sends goes no further, and nothing is answered to another machine than Slack."""
    address = body.get("response_url")
    if not is_well_formed(body):
        log.warning("what came is of no shape of Slack's; it was left alone", kind=str(body.get("type"))[:40])
        return BoltResponse(status=200)
    if address and not is_slacks(address, client.base_url):
        log.warning("a response_url leads to another machine than Slack; nothing is sent there")
        body["response_url"] = context["response_url"] = None
        context.pop("respond", None)  # Bolt has made one
    for action in body.get("actions") or []:
        action["value"] = action.get("value") or ""  # what was chosen has none
    next()
    return None


def _storable(body: Any, next: Callable[[], None]) -> None:
    """Before any listener: take out characters that PostgreSQL cannot hold, and mask the secrets in what was said."""
    _clean(body)
    next()


def _clean(part: Any) -> Any:
    """The same object, its texts without NUL and lone surrogates, and those that people wrote without their secrets."""
    if isinstance(part, str):
        return storable(part)
    if isinstance(part, dict):
        part.update({key: _clean(value) for key, value in part.items()})
        part.update({key: mask(part[key]) for key in _SAID if isinstance(part.get(key), str)})
    elif isinstance(part, list):
        part[:] = [_clean(value) for value in part]
    return part


def _press(context: AppContext, run: Callable[..., None]) -> Callable[..., None]:
    def listener(ack: Any, respond: Any, body: Any, action: Any) -> None:
        run(context, ack, respond, body, action)

    return listener


def _opener(context: AppContext, slack: Slack, run: Callable[..., None]) -> Callable[..., None]:
    def listener(ack: Any, respond: Any, body: Any, action: Any) -> None:
        run(context, slack, ack, respond, body, action)

    return listener


def _view(context: AppContext, run: Callable[..., None]) -> Callable[..., None]:
    def listener(ack: Any, body: Any, view: Any) -> None:
        run(context, ack, body, view)

    return listener


def _event(context: AppContext, run: Callable[..., None]) -> Callable[..., None]:
    """Before the acknowledgement, which Bolt gives events first: what cannot be stored now, Slack sends again."""

    def middleware(body: Any, event: Any, next: Callable[[], None]) -> None:
        if body.get("is_ext_shared_channel") is True and isinstance(channel_id := event.get("channel"), str):
            context.learn_shared(channel_id)
        run(context, body, event)
        next()

    return middleware


def _taken_in() -> None:
    """What is left of an event once its middleware has stored it: the acknowledgement, which Bolt gives by itself."""
