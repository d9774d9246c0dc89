"""A small workspace to begin with, for any app: people named by role, three channels, the app in two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import yaml

from slack_playground.workspace.clock import DemoClock
from slack_playground.workspace.manifest import AppManifest, permissive_manifest
from slack_playground.workspace.records import User, UserGroup
from slack_playground.workspace.workspace import Timing, Workspace

PEOPLE: tuple[Mapping[str, object], ...] = (
    {"name": "developer", "real_name": "Developer", "title": "Writes the app"},
    {"name": "colleague", "real_name": "Colleague", "title": "Uses the app"},
    {"name": "manager", "real_name": "Manager", "title": "Reads what comes of it"},
)
COLORS = ("#2f6f4f", "#35538c", "#7d3c6e", "#7a5c1e", "#8a3b2d", "#2d6d7d")
CHANNELS = (("general", "Everybody is here", False), ("random", "", True), ("app-testing", "Try the app here", True))
_GIVEN = {field.name for field in fields(User)} - {"team"}


class PeopleFileError(ValueError):
    """A file of people that cannot be used; the message says which entry, and why."""


def starter_workspace(
    manifest: AppManifest | None = None,
    people: Sequence[Mapping[str, object]] = PEOPLE,
    *,
    clock: DemoClock | None = None,
    timing: Timing | None = None,
    free_plan: bool = False,
) -> Workspace:
    """A workspace with these people (fields of `User`; a name is enough). Raises PeopleFileError."""
    shown = manifest or permissive_manifest()
    workspace = Workspace(clock or DemoClock(), shown, timing=timing or Timing(), free_plan=free_plan)
    for index, entry in enumerate(people):
        workspace.add_user(_user(entry, index))
    everybody = list(workspace.users)
    workspace.add_app()
    for name, purpose, with_app in CHANNELS:
        channel = workspace.add_channel(name, "channel", creator=everybody[0], channel_id=_id("C0", name))
        channel.is_general = name == "general"
        channel.purpose["value"] = purpose
        channel.members.update(dict.fromkeys([*everybody, workspace.app.user_id] if with_app else everybody))
    group = UserGroup("S0TEAM", "team", "Team", "Everybody who is not a bot", everybody)
    workspace.groups[group.id] = group
    return workspace


def read_people(path: Path) -> list[dict[str, object]]:
    """People from a YAML file: a list of names or of mappings with `name` and other fields of `User`.

    Raises PeopleFileError, also where the file cannot be read.
    """
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PeopleFileError(f"{path} cannot be read: {error}") from error
    if not isinstance(listed, list) or not listed:
        raise PeopleFileError(f"{path} must hold a list of people, each with a name.")
    entries: list[dict[str, object]] = [{"name": entry} if isinstance(entry, str) else entry for entry in listed]
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise PeopleFileError(f"{path}: entry {number} has no name.")
        if unknown := sorted(set(entry) - _GIVEN):
            known = ", ".join(sorted(_GIVEN))
            raise PeopleFileError(f"{path}: entry {number} has {', '.join(unknown)}, but a person has {known}.")
    return entries


def _user(entry: Mapping[str, object], index: int) -> User:
    name = str(entry["name"])
    values = {
        "id": _id("U0", name),
        "real_name": name.replace("-", " ").title(),
        "title": "",
        "email": f"{name}@example.com",
        "color": COLORS[index % len(COLORS)],
        **entry,
    }
    return User(**values)  # type: ignore[arg-type]  # read_people has checked the names; YAML gives the types


def _id(prefix: str, name: str) -> str:
    return prefix + "".join(letter for letter in name.upper() if letter.isascii() and letter.isalnum())
