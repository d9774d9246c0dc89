"""The page as Statuspage's public API has it (`/api/v2/…`), so that what reads that reads ours, and `/status.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.status_page.messages.snapshot import Snapshot, public
from bot.status_page.policy import id_of
from bot.status_page.rules.published import Component, Condition, Post, State, Update, by_day, impact

_MOST = 50  # incidents in a list, as Statuspage has it
_NOBODY_KNOWS = datetime(2020, 1, 1, tzinfo=UTC)  # since when a component is there, which no policy says
Json = dict[str, Any]


def documents(shot: Snapshot) -> dict[str, Json]:
    """Each answer by its path below the page, such as `api/v2/summary.json`."""
    page, status = {"page": _page(shot)}, {"status": _status(shot)}
    components = {"components": _components(shot)}
    incidents = [_post(shot, post) for post in shot.incidents[:_MOST]]
    unresolved = [_post(shot, post) for post in shot.open_incidents]
    maintenance = [_post(shot, post) for post in shot.maintenance]
    posts = [_post(shot, post) for post in shot.posts if post.is_maintenance][:_MOST]
    return {
        "api/v2/summary.json": page
        | components
        | {"incidents": unresolved, "scheduled_maintenances": maintenance}
        | status,
        "api/v2/status.json": page | status,
        "api/v2/components.json": page | components,
        "api/v2/incidents.json": page | {"incidents": incidents},
        "api/v2/incidents/unresolved.json": page | {"incidents": unresolved},
        "api/v2/scheduled-maintenances.json": page | {"scheduled_maintenances": posts},
        "status.json": page | status | components | {"incidents": incidents, "days": _days(shot)},
    }


def _page(shot: Snapshot) -> Json:
    return {
        "id": shot.page_id,
        "name": shot.policy.title,
        "url": shot.address,
        "time_zone": "Etc/UTC",
        "updated_at": _at(shot.changed_at or _NOBODY_KNOWS),
    }


def _status(shot: Snapshot) -> Json:
    indicator, description = shot.overall
    return {"indicator": indicator, "description": description}


def _components(shot: Snapshot) -> list[Json]:
    """Groups are components, too, each before those that it holds."""
    found: list[Json] = []
    for one in shot.components:
        if one.group and not any(each["group"] and each["name"] == one.group for each in found):
            found.append(_group(shot, one.group, len(found) + 1))
        found.append(_component(shot, one, shot.conditions[one.key], len(found) + 1))
    return found


def _component(shot: Snapshot, one: Component, condition: Condition, position: int) -> Json:
    said = [post.changed_at for post in shot.posts if any(one.key in each.components for each in post.updates)]
    return {
        "id": one.component_id,
        "name": one.name,
        "status": condition.value,
        "created_at": _at(_NOBODY_KNOWS),
        "updated_at": _at(max(said, default=_NOBODY_KNOWS)),
        "position": position,
        "description": one.about,
        "showcase": True,
        "start_date": None,
        "group_id": _group_id(one.group) if one.group else None,
        "page_id": shot.page_id,
        "group": False,
        "only_show_if_degraded": False,
    }


def _group(shot: Snapshot, name: str, position: int) -> Json:
    inside = [one for one in shot.components if one.group == name]
    worst = max((shot.conditions[one.key] for one in inside), key=lambda one: one.rank)
    head = Component("", _group_id(name), name)
    return _component(shot, head, worst, position) | {
        "showcase": False,
        "group": True,
        "components": [one.component_id for one in inside],
    }


def _group_id(name: str) -> str:
    return id_of(f"group:{name}")


def _post(shot: Snapshot, post: Post) -> Json:
    found: Json = {
        "id": post.post_id,
        "name": public(post.title),
        "status": post.state(shot.now).value,
        "created_at": _at(post.published_at),
        "updated_at": _at(post.changed_at),
        "monitoring_at": _first(post, State.MONITORING),
        "resolved_at": _at(post.ended_at) if post.ended_at else None,
        "impact": impact(post),
        "shortlink": f"{shot.address}#{post.post_id}",
        "started_at": _at(post.began_at),
        "page_id": shot.page_id,
        "incident_updates": [_update(shot, post, number) for number in reversed(range(len(post.updates)))],
        "components": [
            _component(shot, one, shot.conditions[one.key], place)
            for place, one in enumerate(shot.components, 1)
            if any(update.components.get(one.key, Condition.OPERATIONAL).rank for update in post.updates)
        ],
        "reminder_intervals": None,
    }
    if post.ends_at is not None:
        found |= {"scheduled_for": _at(post.began_at), "scheduled_until": _at(post.ends_at)}
    return found


def _update(shot: Snapshot, post: Post, number: int) -> Json:
    update = post.updates[number]
    before: Mapping[str, Condition] = post.updates[number - 1].components if number else {}
    return {
        "id": update.update_id,
        "status": update.state.value,
        "body": public(update.text),
        "incident_id": post.post_id,
        "created_at": _at(update.at),
        "updated_at": _at(update.changed_at),
        "display_at": _at(update.at),
        "affected_components": _affected(shot.components, update, before),
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _affected(components: Sequence[Component], update: Update, before: Mapping[str, Condition]) -> list[Json]:
    fine = Condition.OPERATIONAL
    pairs = [(one, before.get(one.key, fine), update.components.get(one.key, fine)) for one in components]
    return [
        {"code": one.component_id, "name": one.name, "old_status": old.value, "new_status": new.value}
        for one, old, new in pairs
        if old is not fine or new is not fine
    ]


def _days(shot: Snapshot) -> list[Json]:
    """Of each component its days on which something was wrong."""
    return [
        {"component": one.component_id, "date": day.isoformat(), "status": condition.value}
        for one in shot.components
        for day, condition in by_day(one.key, shot.posts, shot.now)
        if condition is not Condition.OPERATIONAL
    ]


def _first(post: Post, state: State) -> str | None:
    return next((_at(update.at) for update in post.updates if update.state is state), None)


def _at(at: datetime) -> str:
    """As Statuspage writes instants: with milliseconds, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
