"""Links that acknowledge one page: signed, for one person's page alone, and over after a while. Pure.

That each works once is kept with the page.
"""

from __future__ import annotations

from datetime import timedelta

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

LIFETIME = timedelta(hours=12)
PATH = "/pagers/answer"
_SALT = "tocsin-page-answer"


class LinkExpired(Exception):
    """It was ours, too long ago."""


class LinkForged(Exception):
    """It was never ours, or was altered."""


def sign_answer_link(base_url: str, secret: str, key: str) -> str:
    """The address that acknowledges the page of that key."""
    return f"{base_url.rstrip('/')}{PATH}?t={URLSafeTimedSerializer(secret, salt=_SALT).dumps(key)}"


def read_answer_token(secret: str, token: str, lifetime: timedelta = LIFETIME) -> str:
    """The page's key. Raises LinkExpired and LinkForged."""
    try:
        key = URLSafeTimedSerializer(secret, salt=_SALT).loads(token, max_age=int(lifetime.total_seconds()))
    except SignatureExpired:
        raise LinkExpired from None
    except BadSignature:
        raise LinkForged from None
    return str(key)
