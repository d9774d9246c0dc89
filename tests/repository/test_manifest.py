"""slack-manifest.yaml and the code, compared both ways: nothing used is not asked for, nothing asked for is unused."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import yaml

from bot.demo.seed import BOT_USER_ID, seed_workspace
from bot.settings import REPOSITORY
from bot.wiring import listeners
from bot.wiring.listeners import REGISTRY
from slack_playground.api.web_api import WebApi
from slack_playground.delivery.dispatch import Dispatcher
from slack_playground.delivery.faults import Faults
from slack_playground.delivery.sockets import SocketMode
from slack_playground.delivery.wire import Wire
from slack_playground.workspace.manifest import AppManifest, read_manifest
from slack_playground.workspace.records import Json
from tests.fixtures.slack import MANIFEST
from tests.support.source import syntax_of

SHIPPED = read_manifest(MANIFEST)
SCOPES = SHIPPED.scopes or frozenset()
# What Slack asks for before it sends an event; the playground sends whatever is subscribed.
SCOPE_OF_EVENT = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
    "channel_rename": "channels:read",
    "channel_shared": "channels:read",
    "channel_left": "channels:read",
    "group_left": "groups:read",
    "group_rename": "groups:read",
    "group_archive": "groups:read",
    "group_unarchive": "groups:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "app_home_opened": "",
    "function_executed": "",
}

# Asked for the canvas of an incident's channel and who is in it, never of a direct conversation.
ONLY_OF_CHANNELS = {"conversations.info", "conversations.members"}


# -- the code's side: what it calls and listens to ---------------------------------------------------------------------


class Written(NamedTuple):
    """What the bot's own code holds. Not its trees: they would slow down everything that runs after."""

    texts: set[str]  # all literals
    methods: set[str]  # those that stand first where the Web API is called
    keywords: set[str]


@cache
def written() -> Written:
    found = Written(set(), set(), set())
    for path in (REPOSITORY / "bot").rglob("*.py"):
        for node in ast.walk(syntax_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.texts.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                found.keywords.add(node.arg)
            elif method := named_in(node):
                found.methods.add(method)
    return found


def named_in(node: ast.AST) -> str | None:
    """The method where this is a call of the Web API with its name written out."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        first = node.args[0]
        calling = node.func.attr in ("call", "pages", "api_call")
        if calling and isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
    return None


@cache
def called() -> frozenset[str]:
    """All Web API methods that the code names, whether in the call or in a variable on the way to it."""
    return frozenset(written().texts & web_api(SHIPPED).methods.keys()) | frozenset(written().methods)


@cache
def kinds() -> tuple[str, ...]:
    """The kinds of conversation in which the code acts."""
    private = "is_private" in written().keywords
    direct = "conversations.open" in called()
    return ("channel", *(["group"] if private else []), *(["im"] if direct else []))


class Registrations:
    """Stands where Bolt's app would, and keeps what the listeners register for."""

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = {"command": set(), "shortcut": set(), "event": set()}

    def __getattr__(self, kind: str) -> Callable[[Any], Callable[[object], None]]:
        def register(name: Any, **more: object) -> Callable[[object], None]:
            self.found.setdefault(kind, set()).add(str(name))
            return lambda listener: None

        return register


@cache
def registered() -> dict[str, set[str]]:
    app = Registrations()
    nothing = cast("Any", SimpleNamespace(database=None))  # registering calls nothing
    listeners.register(cast("Any", app), nothing, nothing)
    return app.found


# -- the playground's side: which scope a method needs -----------------------------------------------------------------


def web_api(manifest: AppManifest) -> WebApi:
    workspace = seed_workspace(manifest=manifest)
    faults = Faults()
    return WebApi(workspace, faults, SocketMode(Dispatcher(workspace), faults), Wire())


def answer(method: str, kind: str, scopes: frozenset[str]) -> Json:
    """What Slack answers to the method, in a conversation of this kind, for an app with these scopes."""
    api = web_api(replace(SHIPPED, scopes=scopes))
    workspace = api.workspace
    if kind == "im":
        channel = workspace.direct_channel(BOT_USER_ID, "U0VP")
    else:
        channel = workspace.add_channel("of-the-bot", kind, creator=BOT_USER_ID)
        channel.members[BOT_USER_ID] = None
    arguments: Json = {
        "channel": channel.id,
        "user": "U0VP",
        "users": "U0VP",
        "usergroup": "S0ONCALL",
        "name": "probe",
        "text": "probe",
        "topic": "probe",
        "ts": "1.000000",
        "timestamp": "1.000000",
        "types": "private_channel" if kind == "group" else "public_channel",
        "is_private": kind == "group",
    }
    if method == "conversations.open":
        del arguments["channel"]  # it names people; with a channel it would only look that up
    secrets = workspace.secrets
    token = secrets.app_token if api.methods[method].token == "app" else secrets.bot_token
    return api.invoke(method, arguments, token)


@cache
def needed(method: str) -> frozenset[str]:
    """The scopes of the manifest without which Slack refuses the method."""
    return frozenset(
        scope
        for scope in SCOPES
        for kind in kinds()
        if answer(method, kind, SCOPES - {scope}).get("error") == "missing_scope"
    )


# -- the comparison ----------------------------------------------------------------------------------------------------


def test_the_code_was_read() -> None:
    assert {"chat.postMessage", "conversations.create", "conversations.history", "auth.test"} <= called()
    assert kinds()[0] == "channel"


def test_every_method_that_the_code_calls_is_one_of_slacks() -> None:
    assert written().methods <= web_api(SHIPPED).methods.keys()


def test_every_method_that_the_code_calls_is_allowed_by_the_manifest() -> None:
    refused = [
        f"{method} in a {kind}"
        for method in sorted(called())
        for kind in kinds()
        if not (kind == "im" and method in ONLY_OF_CHANNELS)
        and answer(method, kind, SCOPES).get("error") == "missing_scope"
    ]
    assert refused == []


def test_every_event_that_the_manifest_subscribes_to_is_covered_by_a_scope() -> None:
    assert {SCOPE_OF_EVENT[event] for event in SHIPPED.events or ()} <= {*SCOPES, ""}


def test_every_scope_of_the_manifest_is_needed() -> None:
    by_methods = frozenset().union(*(needed(method) for method in called()))
    by_events = {SCOPE_OF_EVENT[event] for event in SHIPPED.events or ()}
    by_commands = {"commands"} if registered()["command"] | registered()["shortcut"] else set()
    assert set(SCOPES) - by_methods - by_events - by_commands == set()


def test_commands_and_shortcuts_have_the_scope_that_they_need() -> None:
    assert "commands" in SCOPES or not registered()["command"] | registered()["shortcut"]


def test_every_scope_says_why_it_is_asked_for() -> None:
    lines = MANIFEST.read_text(encoding="utf-8").splitlines()
    for scope in SCOPES:
        line = next(line for line in lines if line.strip().removeprefix("- ").partition(" ")[0] == scope)
        assert line.partition("#")[2].strip(), f"{scope} has no reason"


def test_events_of_the_manifest_and_of_the_listeners_are_the_same() -> None:
    subscribed = {event.partition(".")[0] for event in SHIPPED.events or ()}
    assert subscribed == registered()["event"] == set(listeners.EVENTS)


def test_messages_are_heard_in_every_kind_of_channel_that_the_bot_makes() -> None:
    heard = {"channel": "message.channels", "group": "message.groups"}
    assert {heard[kind] for kind in kinds() if kind != "im"} <= (SHIPPED.events or frozenset())


def test_commands_of_the_manifest_and_of_the_listeners_are_the_same() -> None:
    assert {command.command for command in SHIPPED.commands} == registered()["command"]


def test_shortcuts_of_the_manifest_and_of_the_listeners_are_the_same() -> None:
    assert {shortcut.callback_id for shortcut in SHIPPED.shortcuts} == registered()["shortcut"]


def test_the_commands_hint_names_subcommands_that_exist() -> None:
    hint = next(command.usage_hint for command in SHIPPED.commands if command.command == "/incident")
    words = {word.strip() for word in hint.split("|")}
    assert words <= REGISTRY.words
    assert {"declare", "resolve", "close", "help"} <= words


def test_the_manifest_switches_on_what_the_bot_connects_by() -> None:
    settings = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["settings"]
    assert settings["socket_mode_enabled"] and settings["interactivity"]["is_enabled"]
    escaped = [command.should_escape for command in SHIPPED.commands]
    assert all(escaped), "people and channels must reach the bot as ids"
