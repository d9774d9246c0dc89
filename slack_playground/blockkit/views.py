"""Modals and App Homes: which are open, in which stack, with which hash."""

import secrets

from slack_playground.workspace.records import App, Json, Team

DEEPEST = 3


class ViewShelf:
    """Views by id. A person's stack runs from the root view to the one on top."""

    def __init__(self, team: Team, app: App) -> None:
        self._team, self._app = team, app
        self.by_id: dict[str, Json] = {}
        self.owners: dict[str, str] = {}
        self.external: dict[str, str] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, Json] = {}

    def open_views(self, user_id: str) -> list[Json]:
        """The person's open modals, root first."""
        return [self.by_id[view_id] for view_id in self.stacks.get(user_id, ())]

    def place(self, user_id: str, view: Json, view_id: str) -> Json:
        """Put a new view on top of the person's stack."""
        stack = self.stacks.setdefault(user_id, [])
        shape = self._complete(view, view_id)
        shape["root_view_id"] = stack[0] if stack else view_id
        shape["previous_view_id"] = stack[-1] if stack else None
        stack.append(view_id)
        self._keep(user_id, shape)
        return shape

    def replace(self, view_id: str, view: Json) -> Json:
        """Give an open view new content and a new hash; what was typed is lost with blocks that vanish."""
        old = self.by_id[view_id]
        shape = self._complete(view, view_id)
        shape["root_view_id"] = old["root_view_id"]
        shape["previous_view_id"] = old["previous_view_id"]
        self.external.pop(old.get("external_id", ""), None)
        self._keep(self.owners[view_id], shape)
        return shape

    def publish(self, user_id: str, view: Json, view_id: str) -> Json:
        """The person's App Home."""
        old = self.homes.get(user_id)
        shape = self._complete(view, old["id"] if old else view_id)
        shape["root_view_id"] = shape["id"]
        self.homes[user_id] = shape
        self._keep(user_id, shape)
        return shape

    def remove(self, view_id: str) -> Json | None:
        """Take one view off its stack; None if it is not open."""
        view = self.by_id.pop(view_id, None)
        if view is None:
            return None
        self.external.pop(view.get("external_id", ""), None)
        user_id = self.owners.pop(view_id)
        stack = self.stacks.get(user_id, [])
        if view_id in stack:
            stack.remove(view_id)
        return view

    def clear(self, user_id: str) -> list[Json]:
        """Close all of the person's modals; the closed ones, top first."""
        return [view for view_id in reversed(self.stacks.pop(user_id, [])) if (view := self.remove(view_id))]

    def find(self, view_id: str, external_id: str) -> Json | None:
        """An open view by either of its ids."""
        return self.by_id.get(view_id or self.external.get(external_id, ""))

    def _complete(self, view: Json, view_id: str) -> Json:
        whose = {"team_id": self._team.id, "app_id": self._app.id, "bot_id": self._app.bot_id}
        return {**complete(view, view_id), **whose, "app_installed_team_id": self._team.id}

    def _keep(self, user_id: str, shape: Json) -> None:
        self.by_id[shape["id"]] = shape
        self.owners[shape["id"]] = user_id
        if shape["external_id"]:
            self.external[shape["external_id"]] = shape["id"]


def complete(view: Json, view_id: str) -> Json:
    """A view as Slack returns it: with ids for blocks and actions that have none, and a fresh hash."""
    return {
        "id": view_id,
        "type": view["type"],
        "blocks": number_blocks(view.get("blocks", [])),
        "private_metadata": view.get("private_metadata", ""),
        "callback_id": view.get("callback_id", ""),
        "state": {"values": {}},
        "hash": f"{secrets.randbelow(10**9)}.{secrets.token_hex(4)}",
        "title": view.get("title", {"type": "plain_text", "text": "View Title"}),
        "clear_on_close": bool(view.get("clear_on_close", False)),
        "notify_on_close": bool(view.get("notify_on_close", False)),
        "close": view.get("close"),
        "submit": view.get("submit"),
        "submit_disabled": False,
        "previous_view_id": None,
        "root_view_id": None,
        "external_id": view.get("external_id", ""),
    }


def number_blocks(blocks: list[Json]) -> list[Json]:
    """The blocks with a block_id each, and an action_id for each element that can be acted on."""
    numbered = []
    for block in blocks:
        named = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}
        if "elements" in named and named["type"] == "actions":
            named["elements"] = [_with_action_id(element) for element in named["elements"]]
        for place in ("element", "accessory"):
            if isinstance(named.get(place), dict) and named[place].get("type") != "image":
                named[place] = _with_action_id(named[place])
        numbered.append(named)
    return numbered


def _with_action_id(element: Json) -> Json:
    return element if element.get("action_id") else {**element, "action_id": secrets.token_urlsafe(4)}
