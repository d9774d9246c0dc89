"""What an app manifest lets the app do: its commands, shortcuts, events and scopes."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command as the manifest names it."""

    command: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut; `type` is "global" or "message"."""

    name: str
    type: str
    callback_id: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step that the app offers to Workflow Builder. Parameters are as the manifest has them, by name."""

    callback_id: str
    title: str
    description: str
    inputs: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class AppManifest:
    """The part of a manifest that the playground enforces. `events` or `scopes` of None means: all of them."""

    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...]
    events: frozenset[str] | None
    scopes: frozenset[str] | None
    home_tab: bool
    messages_tab: bool
    name: str = "App"
    bot_name: str = "app"
    steps: tuple[Step, ...] = ()
    org_ready: bool = True  # Slack lists no step of an app that is not

    def subscribed(self, event: str) -> bool:
        """Whether the app asked to be sent this event."""
        return self.events is None or event in self.events


def permissive_manifest(name: str = "App", *commands: str) -> AppManifest:
    """An app that may do everything, for when no manifest is given. A command begins with a slash."""
    typed = tuple(Command(command, "", "", should_escape=True) for command in commands)
    everything = AppManifest(typed, (), events=None, scopes=None, home_tab=True, messages_tab=True)
    return replace(everything, name=name, bot_name=_handle(name))


def read_manifest(path: Path) -> AppManifest:
    """The manifest in a YAML file. Raises KeyError or yaml.YAMLError where the file is not a manifest."""
    manifest: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    features = manifest.get("features", {})
    settings = manifest.get("settings", {})
    home = features.get("app_home", {})
    name = str(manifest["display_information"]["name"])
    return AppManifest(
        commands=tuple(_command(entry) for entry in features.get("slash_commands", ())),
        shortcuts=tuple(Shortcut(s["name"], s["type"], s["callback_id"]) for s in features.get("shortcuts", ())),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
        scopes=frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        home_tab=bool(home.get("home_tab_enabled", False)),
        messages_tab=bool(home.get("messages_tab_enabled", True)),
        name=name,
        steps=tuple(_step(callback_id, entry) for callback_id, entry in manifest.get("functions", {}).items()),
        org_ready=bool(settings.get("org_deploy_enabled", False)),
        bot_name=features.get("bot_user", {}).get("display_name") or _handle(name),
    )


def _step(callback_id: str, entry: dict[str, Any]) -> Step:
    inputs, outputs = entry.get("input_parameters", {}), entry.get("output_parameters", {})
    return Step(callback_id, entry["title"], entry.get("description", ""), inputs, outputs)


def _handle(name: str) -> str:
    """The bot user's name, where the manifest gives none."""
    return re.sub(r"\W+", "-", name.lower()).strip("-")


def _command(entry: dict[str, Any]) -> Command:
    return Command(
        entry["command"],
        entry.get("description", ""),
        entry.get("usage_hint", ""),
        bool(entry.get("should_escape", False)),
    )
