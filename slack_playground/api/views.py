"""views.*: modals and App Homes, opened with trigger ids."""

import time

from slack_playground.api.calls import ApiError, Call, Method
from slack_playground.blockkit.blocks import check_view
from slack_playground.blockkit.views import DEEPEST
from slack_playground.workspace.records import Json, Trigger
from slack_playground.workspace.workspace import Workspace


def open_view(call: Call) -> Json:
    """views.open: a new stack for the person who triggered it."""
    view = check_view(call.structure("view"), "modal")
    _check_external(call, view)
    trigger = _trigger(call)
    return {"view": show(call.workspace, trigger.user, view)}


def push(call: Call) -> Json:
    """views.push: on top of the modal in which something was pressed."""
    view = check_view(call.structure("view"), "modal")
    _check_external(call, view)
    trigger = _trigger(call)
    shelf = call.workspace.views
    if trigger.view_id not in shelf.stacks.get(trigger.user, ()):
        raise ApiError("invalid_trigger_id")
    if len(shelf.stacks[trigger.user]) >= DEEPEST:
        raise ApiError("push_limit_reached")
    return {"view": put_on_top(call.workspace, trigger.user, view)}


def update(call: Call) -> Json:
    """views.update: by view id or external id; with `hash`, only if nobody else was faster."""
    old = call.workspace.views.find(call.text("view_id"), call.text("external_id"))
    if old is None:
        raise ApiError("not_found")
    view = check_view(call.structure("view"), old["type"])
    if call.text("hash") and call.text("hash") != old["hash"]:
        raise ApiError("hash_conflict")
    _check_external(call, view, old["id"])
    return {"view": change(call.workspace, old["id"], view)}


def publish(call: Call) -> Json:
    """views.publish: a person's App Home."""
    if not call.workspace.manifest.home_tab:
        raise ApiError("not_enabled")
    view = check_view(call.structure("view"), "home")
    user = call.user("user_id")
    old = call.workspace.views.homes.get(user.id)
    if call.text("hash") and old is not None and call.text("hash") != old["hash"]:
        raise ApiError("hash_conflict")
    _check_external(call, view, old["id"] if old else "")
    shape = call.workspace.views.publish(user.id, view, call.workspace.new_id("V"))
    call.workspace.feed.publish({"type": "home", "view": shape}, (user.id,))
    return {"view": shape}


def show(workspace: Workspace, user_id: str, view: Json) -> Json:
    """Open a modal, closing whatever was open."""
    for closed in workspace.views.clear(user_id):
        workspace.feed.publish({"type": "view_closed", "view": closed}, (user_id,))
    return put_on_top(workspace, user_id, view)


def put_on_top(workspace: Workspace, user_id: str, view: Json) -> Json:
    """Open a modal above the others."""
    shape = workspace.views.place(user_id, view, workspace.new_id("V"))
    workspace.feed.publish({"type": "view_opened", "view": shape}, (user_id,))
    return shape


def change(workspace: Workspace, view_id: str, view: Json) -> Json:
    """Give a view that is open new content."""
    owner = workspace.views.owners[view_id]
    shape = workspace.views.replace(view_id, view)
    if shape["type"] == "home":
        workspace.views.homes[owner] = shape
    kind = "home" if shape["type"] == "home" else "view_updated"
    workspace.feed.publish({"type": kind, "view": shape}, (owner,))
    return shape


def _trigger(call: Call) -> Trigger:
    """The call's trigger id, used up by this."""
    trigger = call.workspace.triggers.get(call.needed("trigger_id"))
    if trigger is None:
        raise ApiError("invalid_trigger_id")
    if trigger.used:
        raise ApiError("exchanged_trigger_id")
    if time.monotonic() > trigger.expires_at:
        raise ApiError("expired_trigger_id")
    trigger.used = True
    return trigger


def _check_external(call: Call, view: Json, own_id: str = "") -> None:
    taken = call.workspace.views.external.get(view.get("external_id") or "")
    if taken is not None and taken != own_id:
        raise ApiError("duplicate_external_id")


METHODS = {
    "views.open": Method(open_view),
    "views.push": Method(push),
    "views.update": Method(update),
    "views.publish": Method(publish),
}
