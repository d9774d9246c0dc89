"""Who is on the pages: a personal link from Slack opens a session; every form carries the session's own token.

A link says who may come in and where to; it is signed, expires, and is good for nothing else. The session is a signed
cookie that scripts cannot read and other sites cannot send along with a form.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

PERSONAL_LINK_LIVES = timedelta(days=3)
SESSION_LIVES = timedelta(hours=12)
COOKIE = "tocsin_session"
_LINK, _SESSION = "tocsin-personal-link", "tocsin-session"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody on the pages. `token` is what every form of this session has to carry."""

    user_id: str
    name: str
    token: str


class LinkExpired(Exception):
    """The link was good once."""


class LinkForged(Exception):
    """The link was never good, or was changed on its way."""


def sign_personal_link(base_url: str, key: str, path: str, user_id: str, name: str) -> str:
    """An address that lets this person in and leads to `path`, stamped with the time of signing."""
    token = URLSafeTimedSerializer(key, salt=_LINK).dumps([user_id, name[:80], path])
    return f"{base_url.rstrip('/')}/enter?{urlencode({'t': token})}"


def read_personal_link(key: str, token: str, lives: timedelta = PERSONAL_LINK_LIVES) -> tuple[str, str, str]:
    """(user id, name, path). Raises LinkExpired and LinkForged."""
    try:
        user_id, name, path = URLSafeTimedSerializer(key, salt=_LINK).loads(token, max_age=int(lives.total_seconds()))
    except SignatureExpired:
        raise LinkExpired from None
    except (BadSignature, ValueError, TypeError):
        raise LinkForged from None
    return str(user_id), str(name), str(path)


def open_session(response: Response, key: str, user_id: str, name: str, *, secure: bool) -> None:
    """Have the browser be this person until the session ends.

    Lax: links from Slack keep it, other sites' forms do not.
    """
    cookie = URLSafeTimedSerializer(key, salt=_SESSION).dumps([user_id, name, secrets.token_urlsafe(16)])
    seconds = int(SESSION_LIVES.total_seconds())
    response.set_cookie(COOKIE, cookie, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def close_session(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


def visitor_of(request: Request, key: str | None) -> Visitor | None:
    """Who this is; None without a session that is whole and not over."""
    cookie = request.cookies.get(COOKIE, "")
    if key is None or not cookie:
        return None
    try:
        serializer = URLSafeTimedSerializer(key, salt=_SESSION)
        user_id, name, nonce = serializer.loads(cookie, max_age=int(SESSION_LIVES.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        return None
    token = hmac.new(key.encode(), f"tocsin-form:{nonce}".encode(), "sha256").hexdigest()
    return Visitor(str(user_id), str(name), token)


def is_own_form(visitor: Visitor, token: str) -> bool:
    """True for a form that this session was given."""
    return hmac.compare_digest(visitor.token.encode(), token.encode())
