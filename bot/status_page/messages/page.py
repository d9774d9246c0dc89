"""The page as HTML, and all its forms as files by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from importlib import resources
from itertools import groupby
from typing import Any

from markupsafe import Markup

from bot.status_page.messages.api import documents
from bot.status_page.messages.feed import rss
from bot.status_page.messages.slack import CONDITIONS, STATES
from bot.status_page.messages.snapshot import Snapshot, public
from bot.status_page.rules.published import DAYS, Component, Condition, Post, by_day, impact
from bot.web.rendering import render

HTML, JSON, RSS = "text/html; charset=utf-8", "application/json", "application/rss+xml; charset=utf-8"
_HEADLINES = {"none": "All systems operational"}


@dataclass(frozen=True, slots=True)
class File:
    """One file of the page."""

    content: bytes
    media_type: str


def style() -> str:
    """The page's own style sheet, which stands in it."""
    return resources.files("bot.web").joinpath("static/status.css").read_text(encoding="utf-8")


def files(shot: Snapshot) -> dict[str, File]:
    """The page as it stands alone, on a web server or in a bucket, by name: index.html first."""
    found = {"index.html": File(html(shot, "history.rss", "status.json").encode(), HTML)}
    for name, document in documents(shot).items():
        found[name] = File(json.dumps(document, ensure_ascii=False).encode(), JSON)
    found["history.rss"] = File(rss(shot, f"{shot.address}/history.rss"), RSS)
    return found


def html(shot: Snapshot, feed: str, document: str) -> str:
    """The page; `feed` and `document` are where it finds the two, from where it stands."""
    return render(
        "status.html",
        style=Markup(style()),  # our own file, nothing that people wrote
        policy=shot.policy,
        indicator=shot.overall[0],
        headline=_HEADLINES.get(shot.overall[0], shot.overall[1]),
        groups=_groups(shot),
        open_posts=[_post(shot, post) for post in shot.open_incidents],
        maintenance=[_post(shot, post) for post in shot.maintenance],
        history=list(_history(shot)),
        now=shot.now,
        feed=feed,
        document=document,
        days=DAYS,
    )


def _groups(shot: Snapshot) -> list[dict[str, Any]]:
    return [
        {"name": name, "components": [_component(shot, one) for one in inside]}
        for name, inside in groupby(shot.components, key=lambda one: one.group)
    ]


def _component(shot: Snapshot, one: Component) -> dict[str, Any]:
    condition, days = shot.conditions[one.key], by_day(one.key, shot.posts, shot.now)
    wrong = sum(each.rank > Condition.MAINTENANCE.rank for _, each in days)
    return {
        "name": one.name,
        "about": one.about,
        "condition": condition.value,
        "said": CONDITIONS[condition],
        "days": [{"value": each.value, "said": f"{day:%d %b}: {CONDITIONS[each]}"} for day, each in days],
        "trouble": f"Problems on {wrong} of {DAYS} days" if wrong else f"No problems in {DAYS} days",
    }


def _post(shot: Snapshot, post: Post) -> dict[str, Any]:
    names = [
        one.name
        for one in shot.components
        if any(update.components.get(one.key, Condition.OPERATIONAL).rank for update in post.updates)
    ]
    return {
        "id": post.post_id,
        "title": public(post.title),
        "open": post.is_open(shot.now),
        "state": STATES[post.state(shot.now)],
        "impact": impact(post),
        "affected": ", ".join(names),
        "began_at": post.began_at,
        "ends_at": post.ends_at,
        "updates": [
            {"state": STATES[one.state], "text": public(one.text), "at": one.at, "corrected": one.changed_at > one.at}
            for one in reversed(post.updates)
        ],
    }


def _history(shot: Snapshot) -> Iterator[dict[str, Any]]:
    """Day by day, the latest first; days in a row on which nothing began are one entry. What is open is listed, too."""
    today = shot.now.astimezone(UTC).date()
    shown = [post for post in shot.posts if not post.is_maintenance or not post.is_open(shot.now)]
    days = [(today - timedelta(days=number)) for number in range(DAYS)]
    on = {day: [post for post in shown if post.began_at.astimezone(UTC).date() == day] for day in days}
    for quiet, run in groupby(days, key=lambda day: not on[day]):
        if quiet:
            yield {"days": _span(list(run)), "posts": []}
        else:
            yield from ({"days": _day(day), "posts": [_post(shot, post) for post in on[day]]} for day in run)


def _span(days: Sequence[date]) -> str:
    """`3 to 20 November 2026`; one day alone is itself."""
    last, first = days[0], days[-1]
    if first == last:
        return _day(last)
    begin = f"{first.day}" if (first.year, first.month) == (last.year, last.month) else f"{first.day} {first:%B}"
    begin = begin if first.year == last.year else f"{begin} {first.year}"
    return f"{begin} to {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
