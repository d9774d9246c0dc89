"""What Slack sends, before any listener believes it: of the shape that Slack gives it, and answered to Slack. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit


def is_well_formed(body: Mapping[str, Any]) -> bool:
    """Whether what is pressed, chosen or filled in has the types that Slack gives it; events and commands are flat."""
    user, view, actions = body.get("user"), body.get("view"), body.get("actions")
    if user is not None and not (isinstance(user, dict) and isinstance(user.get("id"), str)):
        return False
    if actions is not None and not (isinstance(actions, list) and all(_is_action(action) for action in actions)):
        return False
    if not isinstance(body.get("response_url"), str | None):
        return False
    if body.get("type") == "view_submission" or view is not None:
        return _is_view(view)
    return True


def is_slacks(address: str, api: str) -> bool:
    """Whether a `response_url` leads to the Slack whose API is at `api`, and not to some other machine.

    Slack's own begin with https://hooks.slack.com/; a local Slack, or a gateway, answers under its own name.
    """
    try:
        wanted, known = urlsplit(address), urlsplit(api)
        hosts = {known.netloc, f"hooks.{known.netloc}", f"hooks.{known.netloc.removeprefix('www.')}"}
    except ValueError:
        return False
    return wanted.scheme == known.scheme and wanted.netloc in hosts


def _is_action(action: Any) -> bool:
    return isinstance(action, dict) and isinstance(action.get("action_id"), str) and _is_field(action)


def _is_view(view: Any) -> bool:
    if not isinstance(view, dict) or not isinstance(view.get("private_metadata", ""), str):
        return False
    blocks = view.get("blocks", [])
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return False
    values = (view.get("state") or {"values": {}}).get("values")
    if not isinstance(values, dict) or not all(isinstance(fields, dict) for fields in values.values()):
        return False
    return all(_is_field(field) for fields in values.values() for field in fields.values())


def _is_field(field: Any) -> bool:
    """What was typed is a text, what was chosen an option that carries one."""
    if not isinstance(field, dict):
        return False
    option = field.get("selected_option")
    texts = (field.get("value"), field.get("selected_user"), field.get("block_id"))
    return all(isinstance(text, str | None) for text in texts) and (
        option is None or (isinstance(option, dict) and isinstance(option.get("value"), str))
    )


class Profile(NamedTuple):
    """What Slack calls a person, in short and in full (empty where it does not say), and their time zone by IANA."""

    name: str
    time_zone: str | None
    full_name: str


def read_profile(user_id: str, user: Mapping[str, Any]) -> Profile:
    """Of a user as `users.info` gives them; a name that they did not choose stands for one that they did."""
    profile = user.get("profile") or {}
    full = profile.get("real_name") or user.get("real_name") or ""
    name = profile.get("display_name") or full or user.get("name") or user_id
    return Profile(str(name), user.get("tz") or None, str(full))
