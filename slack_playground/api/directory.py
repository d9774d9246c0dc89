"""Who is there: auth.*, team.*, users.*, usergroups.*, bots.*."""

from slack_playground.api.calls import ApiError, Call, Method, page_of, position_of
from slack_playground.workspace.messages import bot_profile
from slack_playground.workspace.records import Json, UserGroup
from slack_playground.workspace.shapes import user_shape


def auth_test(call: Call) -> Json:
    """auth.test."""
    return {
        "url": f"{call.workspace.url}/",
        "team": call.workspace.team.name,
        "user": call.workspace.users[call.user_id].name,
        "team_id": call.workspace.team.id,
        "user_id": call.user_id,
        "bot_id": call.workspace.app.bot_id,
        "is_enterprise_install": False,
    }


def team_info(call: Call) -> Json:
    """team.info."""
    icon = {"image_default": True}
    return {
        "team": {
            "id": call.workspace.team.id,
            "name": call.workspace.team.name,
            "domain": call.workspace.team.domain,
            "email_domain": "",
            "icon": icon,
        }
    }


def bots_info(call: Call) -> Json:
    """bots.info: this app's bot only."""
    if call.text("bot", call.workspace.app.bot_id) != call.workspace.app.bot_id:
        raise ApiError("bot_not_found")
    return {"bot": {**bot_profile(call.workspace), "user_id": call.user_id}}


def users_info(call: Call) -> Json:
    """users.info."""
    return {"user": user_shape(call.user(), with_email=call.has("users:read.email"))}


def users_list(call: Call) -> Json:
    """users.list."""
    with_email = call.has("users:read.email")
    found = [user_shape(user, with_email=with_email) for user in call.workspace.users.values()]
    position = position_of(call) or "0"
    if not position.isdigit():
        raise ApiError("invalid_cursor")
    page, cursor = page_of(found, call.number("limit", 1000, 1000), int(position))
    return {
        "members": list(page),
        "cache_ts": call.workspace.now(),
        "response_metadata": {"next_cursor": cursor},
    }


def look_up_by_email(call: Call) -> Json:
    """users.lookupByEmail."""
    user_id = call.workspace.users_by_email.get(call.needed("email", "users_not_found").lower())
    if user_id is None:
        raise ApiError("users_not_found")
    return {"user": user_shape(call.workspace.users[user_id])}


def presence(call: Call) -> Json:
    """users.getPresence: everybody is here."""
    call.user()
    return {"presence": "active", "online": True}


def list_groups(call: Call) -> Json:
    """usergroups.list."""
    with_users = call.flag("include_users")
    return {"usergroups": [_group_shape(call, group, with_users) for group in call.workspace.groups.values()]}


def list_group_users(call: Call) -> Json:
    """usergroups.users.list."""
    group = call.workspace.groups.get(call.needed("usergroup", "no_such_subteam"))
    if group is None:
        raise ApiError("no_such_subteam")
    return {"users": list(group.users)}


def _group_shape(call: Call, group: UserGroup, with_users: bool) -> Json:
    shape: Json = {
        "id": group.id,
        "team_id": call.workspace.team.id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": group.description,
        "date_delete": 0,
        "user_count": len(group.users),
    }
    return {**shape, "users": list(group.users)} if with_users else shape


METHODS = {
    "auth.test": Method(auth_test),
    "team.info": Method(team_info, ("team:read",)),
    "bots.info": Method(bots_info, ("users:read",)),
    "users.info": Method(users_info, ("users:read",)),
    "users.list": Method(users_list, ("users:read",)),
    "users.lookupByEmail": Method(look_up_by_email, ("users:read.email",)),
    "users.getPresence": Method(presence, ("users:read",)),
    "usergroups.list": Method(list_groups, ("usergroups:read",)),
    "usergroups.users.list": Method(list_group_users, ("usergroups:read",)),
}
