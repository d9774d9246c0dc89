"""All pages of the web application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.routing import Route

from bot.lifecycle.pages import incident_routes
from bot.reviews.pages.lists import list_routes
from bot.reviews.pages.review import assessing, review_for_visitor
from bot.reviews.pages.shared import LINK_LIVES, shared_review_route
from bot.reviews.rules.document import Review
from bot.web.auth import House, entrance


def build_pages(
    find_review: Callable[[str], Review | None],
    house: House | None,
    key: str | None,
    link_lives: timedelta = LINK_LIVES,
) -> list[Route]:
    """The shared page of a review, and with `house` the pages for those who come in with a link of their own."""
    shared = shared_review_route(
        find_review, key, link_lives, lambda request: review_for_visitor(house, request) if house else None
    )
    if house is None:
        return [shared]
    return [shared, *entrance(house), *incident_routes(house), *list_routes(house), *assessing(house)]
