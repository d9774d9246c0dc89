"""All pages of the web application."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.figures.pages import figures_routes
from bot.lifecycle.pages import incident_routes
from bot.playbooks.pages.knowledge import knowledge_routes
from bot.playbooks.pages.ledger import playbook_routes
from bot.reviews.pages.lists import list_routes
from bot.reviews.pages.review import review_routes
from bot.web.auth import WebContext, auth_routes
from bot.web.responses import notice


def build_pages(web: WebContext | None) -> list[Route]:
    """The pages, all for people who sign in with a personal link; None where there is no key to sign links with."""
    if web is None:
        return [Route("/reviews/{ref}", _off)]
    return [
        *auth_routes(web),
        *incident_routes(web),
        *list_routes(web),
        *review_routes(web),
        *playbook_routes(web),
        *knowledge_routes(web),
        *figures_routes(web),
    ]


async def _off(request: Request) -> Response:
    return notice(503, "Review pages are off", "Set TOCSIN_SECRET_KEY to turn them on.")
