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
from bot.web.page_threads import in_turn
from bot.web.responses import NEW_LINK, headers, notice

LINK_LIVES = timedelta(days=7)


_PURPOSE = "tocsin-review-link"  # a token signed for anything else opens no review


def sign_review_link(base_url: str, key: str, ref: str) -> str:
    """The address of a review's page with a token for `ref` alone, stamped with the time of signing."""
    token = URLSafeTimedSerializer(key, salt=_PURPOSE).dumps(ref)
    return f"{base_url.rstrip('/')}/reviews/{quote(ref, safe='')}?{urlencode({'t': token})}"


def shared_review_route(
    find_review: Callable[[str], Review | None],
    signer_key: str | None,
    link_lives: timedelta = LINK_LIVES,
    show_to_visitor: Callable[[Request], Response | None] = lambda request: None,
) -> Route:
    """The page of a review: for a visitor as they may see and change it, for the holder of the shared link to read.

    `find_review` answers a reference. `signer_key` None switches the page off. `show_to_visitor` shows a review to
    somebody who has come in with a link of their own; None for everybody else, who need the link that is shared in the
    incident's channel.
    """

    def review(request: Request) -> Response:
        ref = request.path_params["ref"]
        if signer_key is None:
            return notice(
                503, "Review pages are off", "This Tocsin has no key to sign links with: set TOCSIN_SECRET_KEY."
            )
        own = show_to_visitor(request)
        if own is not None:
            return own
        refusal = _refusal(signer_key, ref, request.query_params.get("t", ""), link_lives)
        if refusal is not None:
            return refusal
        if is_private(ref):
            sentence = f"The review of {ref} is shown to that incident's people alone, each with a link of their own."
            return notice(403, "This link does not open a review", sentence, NEW_LINK)
        found = find_review(ref)
        if found is None:
            return notice(
                404, "No review yet", f"There is no review of {ref} yet: it is drafted when the incident closes."
            )
        return HTMLResponse(render_review_html(found), headers=headers())

    return Route("/reviews/{ref}", in_turn(review))


def _refusal(key: str, ref: str, token: str, link_lives: timedelta) -> Response | None:
    """The page that says why this token does not open this review; None if it does. Existence is not told."""
    try:
        signed = URLSafeTimedSerializer(key, salt=_PURPOSE).loads(token, max_age=int(link_lives.total_seconds()))
    except SignatureExpired:
        lifetime = f"Links to reviews work for {link_lives.days} days."
        elsewhere = f"On the machine that runs Tocsin, `tocsin review {ref}` prints the same review."
        return notice(410, "This link has expired", lifetime, NEW_LINK, elsewhere)
    except BadSignature:
        return notice(403, "This link does not open a review", "It is incomplete or was changed on its way.", NEW_LINK)
    if signed != ref:
        return notice(403, "This link does not open a review", "It was made for another incident.", NEW_LINK)
    return None
