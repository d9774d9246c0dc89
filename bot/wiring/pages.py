"""All pages of the web application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.routing import Route

from bot.figures.pages import figures_routes
from bot.lifecycle.pages import incident_routes
from bot.playbooks.pages import playbook_routes
from bot.reviews.pages.lists import list_routes
from bot.reviews.pages.review import review_for_user, review_routes
from bot.reviews.pages.shared import LINK_LIFETIME, shared_review_route
from bot.reviews.rules.document import Review
from bot.web.auth import WebContext, auth_routes


def build_pages(
    find_review: Callable[[str], Review | None],
    web: WebContext | None,
    key: str | None,
    link_lifetime: timedelta = LINK_LIFETIME,
) -> list[Route]:
    """The shared page of a review, and with `web` the pages for people who sign in with a personal link."""
    shared = shared_review_route(
        find_review, key, link_lifetime, lambda request: review_for_user(web, request) if web else None
    )
    if web is None:
        return [shared]
    return [
        shared,
        *auth_routes(web),
        *incident_routes(web),
        *list_routes(web),
        *review_routes(web),
        *playbook_routes(web),
        *figures_routes(web),
    ]
