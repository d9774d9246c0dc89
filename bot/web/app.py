"""The web application: health, readiness and reviews behind signed, expiring links."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.applications import Starlette

from bot.domain.review import Review

LINK_LIVES = timedelta(days=7)


def sign_review_link(base_url: str, key: str, ref: str) -> str:
    """The address of a review's page with a token for `ref` alone, stamped with the time of signing."""
    raise NotImplementedError


def create_web(
    *,
    find_review: Callable[[str], Review | None],
    ready: Callable[[], list[str]],
    signer_key: str | None,
    link_lives: timedelta = LINK_LIVES,
) -> Starlette:
    """The application. `find_review` answers a reference; `ready` lists reasons not to be ready (empty: ready).

    `signer_key` None switches the review pages off; health and readiness still answer.
    """
    raise NotImplementedError
