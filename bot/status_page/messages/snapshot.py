"""All that the page shows at one instant, from which each of its forms is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.status_page.policy import StatusPagePolicy, id_of
from bot.status_page.rules.published import Component, Condition, Post, conditions, overall
from bot.text.masking import mask
from bot.text.wording import tidied


@dataclass(frozen=True)
class Snapshot:
    """`address` is where people read the page, without a slash at its end; posts come the newest first."""

    policy: StatusPagePolicy
    address: str
    now: datetime
    components: Sequence[Component]
    posts: Sequence[Post]

    @cached_property
    def page_id(self) -> str:
        return id_of(f"page:{self.policy.title}")

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        return conditions(self.components, self.posts, self.now)

    @cached_property
    def overall(self) -> tuple[str, str]:
        """Statuspage's indicator and description."""
        return overall(self.conditions, self.posts, self.now)

    @property
    def changed_at(self) -> datetime | None:
        return max((post.changed_at for post in self.posts), default=None)

    @property
    def incidents(self) -> list[Post]:
        return [post for post in self.posts if not post.is_maintenance]

    @property
    def open_incidents(self) -> list[Post]:
        return [post for post in self.incidents if post.is_open(self.now)]

    @property
    def maintenance(self) -> list[Post]:
        """Scheduled or under way, the next first."""
        found = [post for post in self.posts if post.is_maintenance and post.is_open(self.now)]
        return sorted(found, key=lambda post: post.began_at)

    def component(self, key: str) -> Component | None:
        return next((one for one in self.components if one.key == key), None)


def public(text: str) -> str:
    """A person's words as they leave the house: on one line, secrets masked once more."""
    return mask(tidied(text))
