"""Sessions: a personal link from Slack opens one; every form carries the session's own token.

A link says who signs in and which page opens; it is signed, expires, has no other use, and belongs to the browser that
used it first. The session is a signed cookie that no script can read and no other site can send with a form.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

PERSONAL_LINK_LIFETIME = timedelta(days=3)
SESSION_LIFETIME = timedelta(hours=12)
BROWSER_LIFETIME = timedelta(days=30)  # longer than any link that is bound to it
COOKIE, BROWSER = "tocsin_session", "tocsin_browser"
_BROWSER = re.compile(r"[A-Za-z0-9_-]{22}")
_LINK, _SESSION = "tocsin-personal-link", "tocsin-session"


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """Somebody who is signed in. `token` is what every form of this session must carry."""

    user_id: str
    name: str
    token: str


@dataclass(frozen=True, slots=True)
class LoginToken:
    """What a personal link says: who signs in and which page opens. `mark` is a hash of what was signed."""

    user_id: str
    name: str
    path: str
    mark: str


class LinkExpired(Exception):
    """The link was valid once."""


class LinkForged(Exception):
    """The link was never valid, or was altered."""


def sign_personal_link(base_url: str, key: str, path: str, user_id: str, name: str) -> str:
    """An address that signs this person in and opens `path`, stamped with the time of signing; no two are alike."""
    token = URLSafeTimedSerializer(key, salt=_LINK).dumps([user_id, name[:80], path, secrets.token_urlsafe(6)])
    return f"{base_url.rstrip('/')}/enter?{urlencode({'t': token})}"


def read_personal_link(key: str, token: str, lifetime: timedelta = PERSONAL_LINK_LIFETIME) -> LoginToken:
    """What the link says. Raises LinkExpired and LinkForged."""
    try:
        signer = URLSafeTimedSerializer(key, salt=_LINK)
        user_id, name, path, _ = signer.loads(token, max_age=int(lifetime.total_seconds()))
    except SignatureExpired:
        raise LinkExpired from None
    except (BadSignature, ValueError, TypeError):
        raise LinkForged from None
    mark = hashlib.sha256(token.rpartition(".")[0].encode()).hexdigest()
    return LoginToken(str(user_id), str(name), str(path), mark)


def browser_of(request: Request) -> str:
    """The id of this browser; empty before it has one."""
    cookie = request.cookies.get(BROWSER, "")
    return cookie if _BROWSER.fullmatch(cookie) else ""


def name_browser(response: Response, browser: str, *, secure: bool) -> None:
    """Have the browser keep its id, by which a link recognizes it."""
    seconds = int(BROWSER_LIFETIME.total_seconds())
    response.set_cookie(BROWSER, browser, max_age=seconds, path="/enter", secure=secure, httponly=True, samesite="lax")


def csrf_token(key: str, browser: str, link: LoginToken) -> str:
    """What the sign-in form carries: made for this browser and this link, so that no other site can send it."""
    return hmac.new(key.encode(), f"tocsin-sign-in:{browser}:{link.mark}".encode(), "sha256").hexdigest()


def open_session(response: Response, key: str, user_id: str, name: str, *, secure: bool) -> None:
    """Sign the browser in until the session ends.

    SameSite=Lax: links from Slack keep the session, other sites' forms do not.
    """
    cookie = URLSafeTimedSerializer(key, salt=_SESSION).dumps([user_id, name, secrets.token_urlsafe(16)])
    seconds = int(SESSION_LIFETIME.total_seconds())
    response.set_cookie(COOKIE, cookie, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def close_session(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


def user_of(request: Request, key: str | None) -> CurrentUser | None:
    """Who is signed in; None without a valid session."""
    cookie = request.cookies.get(COOKIE, "")
    if key is None or not cookie:
        return None
    try:
        serializer = URLSafeTimedSerializer(key, salt=_SESSION)
        user_id, name, nonce = serializer.loads(cookie, max_age=int(SESSION_LIFETIME.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        return None
    token = hmac.new(key.encode(), f"tocsin-form:{nonce}".encode(), "sha256").hexdigest()
    return CurrentUser(str(user_id), str(name), token)


def is_own_form(user: CurrentUser, token: str) -> bool:
    """True for a form that this session was given."""
    return hmac.compare_digest(user.token.encode(), token.encode())
