"""Sessions: a personal link from Slack opens one; every form carries the session's own token.

A link says who signs in and which page opens; it is signed, expires, has no other use, and belongs to the browser that
used it first. The session is a row of the database and a signed cookie that no script can read and no other site can
send with a form: it ends when the row goes.
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
    """Somebody who is signed in. `token` is what every form of this session must carry; `session` is its row's key."""

    user_id: str
    name: str
    token: str
    session: str


@dataclass(frozen=True, slots=True)
class LoginToken:
    """What a personal link says: who signs in and which page opens.

    `mark` is a hash of what was signed, `signed_at` when, in seconds since 1970 by the clock of the machine.
    """

    user_id: str
    name: str
    path: str
    mark: str
    signed_at: float


class LinkExpired(Exception):
    """The link was valid once."""


class LinkForged(Exception):
    """The link was never valid, or was altered."""


def sign_personal_link(
    base_url: str, key: str, path: str, user_id: str, name: str, signed_at: float | None = None
) -> str:
    """An address that signs this person in and opens `path`, stamped with the time of signing; no two are alike.

    `signed_at`: that time in seconds since 1970; the signature's own knows whole seconds only.
    """
    nonce = f"{signed_at:.3f} {secrets.token_urlsafe(6)}" if signed_at is not None else secrets.token_urlsafe(6)
    token = URLSafeTimedSerializer(key, salt=_LINK).dumps([user_id, name[:80], path, nonce])
    return f"{base_url.rstrip('/')}/enter?{urlencode({'t': token})}"


def read_personal_link(key: str, token: str, lifetime: timedelta = PERSONAL_LINK_LIFETIME) -> LoginToken:
    """What the link says. Raises LinkExpired and LinkForged."""
    try:
        signer = URLSafeTimedSerializer(key, salt=_LINK)
        (user_id, name, path, nonce), signed_at = signer.loads(
            token, max_age=int(lifetime.total_seconds()), return_timestamp=True
        )
    except SignatureExpired:
        raise LinkExpired from None
    except (BadSignature, ValueError, TypeError):
        raise LinkForged from None
    mark = hashlib.sha256(token.rpartition(".")[0].encode()).hexdigest()
    precise = re.fullmatch(r"(\d{1,12}\.\d{3}) .*", str(nonce))  # else the whole seconds of the signature
    seconds = float(precise[1]) if precise else signed_at.timestamp()
    return LoginToken(str(user_id), str(name), str(path), mark, seconds)


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


def open_session(response: Response, key: str, user_id: str, name: str, *, secure: bool) -> str:
    """Give the browser the cookie of a new session, and answer with the key of the row that it needs.

    SameSite=Lax: links from Slack keep the session, other sites' forms do not.
    """
    nonce = secrets.token_urlsafe(16)
    cookie = URLSafeTimedSerializer(key, salt=_SESSION).dumps([user_id, name, nonce])
    seconds = int(SESSION_LIFETIME.total_seconds())
    response.set_cookie(COOKIE, cookie, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")
    return _session_key(nonce)


def _session_key(nonce: str) -> str:
    """A hash: who reads the database cannot make the cookie of anybody's session."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def close_session(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


def cookie_of(request: Request, key: str | None) -> CurrentUser | None:
    """Whose cookie this is; None without a valid one. Whether its session goes on, the database says."""
    cookie = request.cookies.get(COOKIE, "")
    if key is None or not cookie:
        return None
    try:
        serializer = URLSafeTimedSerializer(key, salt=_SESSION)
        user_id, name, nonce = serializer.loads(cookie, max_age=int(SESSION_LIFETIME.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        return None
    token = hmac.new(key.encode(), f"tocsin-form:{nonce}".encode(), "sha256").hexdigest()
    return CurrentUser(str(user_id), str(name), token, _session_key(str(nonce)))


def is_own_form(user: CurrentUser, token: str) -> bool:
    """True for a form that this session was given."""
    return hmac.compare_digest(user.token.encode(), token.encode())
