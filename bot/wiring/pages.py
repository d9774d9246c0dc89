"""All pages of the web application, and where the public one stands."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.alarms.pages import alarm_routes
from bot.alarms.transports.sns import sns_routes
from bot.aws.sns_signatures import Certificates, fetch_certificate
from bot.context import AppContext, Policy
from bot.errors import InvalidSettings
from bot.figures.pages import figures_routes
from bot.lifecycle.pages.incidents import incident_routes
from bot.playbooks.pages.knowledge import knowledge_routes
from bot.playbooks.pages.ledger import playbook_routes
from bot.reviews.pages.documents import document_routes
from bot.reviews.pages.lists import list_routes
from bot.reviews.pages.review import review_routes
from bot.reviews.pages.versions import version_routes
from bot.settings import Settings, read_tokens
from bot.status_page.pages import status_routes
from bot.trackers.pages import tracker_routes
from bot.web.auth import WebContext, auth_routes
from bot.web.responses import notice


def build_pages(web: WebContext | None) -> list[Route]:
    """The pages, all for people who sign in with a personal link; None where there is no key to sign links with."""
    if web is None:
        return [Route("/reviews/{ref}", _off)]
    return [
        *auth_routes(web),
        Route("/favicon.ico", _no_icon),
        *incident_routes(web),
        *list_routes(web),
        *review_routes(web),
        *version_routes(web),
        *document_routes(web),
        *playbook_routes(web),
        *knowledge_routes(web),
        *figures_routes(web),
    ]


async def _no_icon(request: Request) -> Response:
    """Browsers ask for it with each page that may show pictures; there is none."""
    return Response(status_code=204)


async def _off(request: Request) -> Response:
    return notice(503, "Review pages are off", "Set TOCSIN_SECRET_KEY to turn them on.")


def build_public_pages(context: AppContext) -> list[Route]:
    """The status page, and where issue trackers say what changed there: each where it is turned on."""
    return [*status_routes(context, time.monotonic), *tracker_routes(context)]


def status_address(settings: Settings, policy: Policy) -> str | None:
    """Where everybody reads the status page; None where it is off."""
    return (policy.status_page.address or f"{settings.public_url}/status") if settings.status_page else None


def build_status_files(settings: Settings) -> Callable[[str, bytes, str], None] | None:
    """How to publish a file of the status page in S3; None where no bucket is named. Raises InvalidSettings."""
    if not settings.status_page or not settings.status_bucket:
        return None
    if settings.aws_region is None:
        raise InvalidSettings("AWS_REGION is not set: TOCSIN_STATUS_BUCKET needs it.")
    from bot.aws.archive import publisher
    from bot.aws.operations import STATUS_PAGE
    from bot.aws.session import clients

    return publisher(clients(settings.aws_region, STATUS_PAGE), settings.status_bucket, settings.status_prefix)


def build_alarm_ways(context: AppContext) -> list[Route]:
    """The ways in for alarms, with the tokens that alarms.yaml names. Raises InvalidSettings for a token too short."""
    if context.policy.alarms.topics and importlib.util.find_spec("cryptography") is None:
        raise InvalidSettings("alarms.yaml names topics, but cryptography is missing: pip install 'tocsin[aws]'.")
    by_sns = sns_routes(context, Certificates(fetch_certificate))
    return [*alarm_routes(context, read_tokens(context.policy.alarms.token_variables)), *by_sns]
