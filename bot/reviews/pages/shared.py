"""A review behind the signed, expiring link that is shared in the incident's channel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote, urlencode

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.incidents.rules.incident import is_private
from bot.reviews.pages.rendering import render_review_html
from bot.reviews.rules.document import Review
from bot.web.page_threads import as_page
from bot.web.responses import NEW_LINK, headers, notice

LINK_LIFETIME = timedelta(days=7)


_PURPOSE = "tocsin-review-link"  # a token signed for anything else opens no review


def sign_review_link(base_url: str, key: str, ref: str) -> str:
    """The address of a review's page with a token for `ref` alone, stamped with the time of signing."""
    token = URLSafeTimedSerializer(key, salt=_PURPOSE).dumps(ref)
    return f"{base_url.rstrip('/')}/reviews/{quote(ref, safe='')}?{urlencode({'t': token})}"


def shared_review_route(
    find_review: Callable[[str], Review | None],
    signer_key: str | None,
    link_lifetime: timedelta = LINK_LIFETIME,
    show_to_user: Callable[[Request], Response | None] = lambda request: None,
) -> Route:
    """The page of a review: with its forms for people who are signed in, read-only with the shared link.

    `find_review` answers a reference. `signer_key` None switches the page off. `show_to_user` answers somebody who is
    signed in, and None to everybody else, who need the link shared in the incident's channel.
    """

    def review(request: Request) -> Response:
        ref = request.path_params["ref"]
        if signer_key is None:
            return notice(503, "Review pages are off", "Set TOCSIN_SECRET_KEY to turn them on.")
        own = show_to_user(request)
        if own is not None:
            return own
        refusal = _refusal(signer_key, ref, request.query_params.get("t", ""), link_lifetime)
        if refusal is not None:
            return refusal
        if is_private(ref):
            sentence = f"Only the responders of {ref} can see its review, each with a personal link."
            return notice(403, "This link doesn't open a review", sentence, NEW_LINK)
        found = find_review(ref)
        if found is None:
            return notice(404, "No review yet", "It is drafted when the incident is closed.")
        return HTMLResponse(render_review_html(found), headers=headers())

    return Route("/reviews/{ref}", as_page(review))


def _refusal(key: str, ref: str, token: str, link_lifetime: timedelta) -> Response | None:
    """The page that says why this token doesn't open this review; None if it does. Never whether the review exists."""
    try:
        signed = URLSafeTimedSerializer(key, salt=_PURPOSE).loads(token, max_age=int(link_lifetime.total_seconds()))
    except SignatureExpired:
        lifetime = f"Review links work for {link_lifetime.days} days."
        elsewhere = f"Or run `tocsin review {ref}` on Tocsin's host."
        return notice(410, "This link has expired", lifetime, NEW_LINK, elsewhere)
    except BadSignature:
        return notice(403, "This link doesn't open a review", "It is incomplete or was altered.", NEW_LINK)
    if signed != ref:
        return notice(403, "This link doesn't open a review", "It is for another incident.", NEW_LINK)
    return None
