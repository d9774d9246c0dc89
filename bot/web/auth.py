"""Signing in to the pages with a personal link, signing out, and the checks before every page and form."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.context import AppContext
from bot.slack import queries as slack_queries
from bot.store.outbox import enqueue
from bot.text.markup import storable
from bot.text.wording import instant
from bot.web import queries as links
from bot.web.page_threads import as_page, in_page_thread
from bot.web.rendering import render
from bot.web.responses import NEW_LINK, Notice, form_lost, go_to, notice, page
from bot.web.sessions import (
    BROWSER_LIFETIME,
    PERSONAL_LINK_LIFETIME,
    SESSION_LIFETIME,
    CurrentUser,
    LinkExpired,
    LinkForged,
    LoginToken,
    browser_of,
    close_session,
    cookie_of,
    csrf_token,
    is_own_form,
    name_browser,
    open_session,
    read_personal_link,
)

LARGEST_FORM = 300_000  # bytes
_MOST_FIELDS = 50
_LARGEST_NUMBER = 2**63 - 1  # that the database gives to anything
_OWN_PATH = re.compile(r"/(?![/\\])[!-~]*")

Form = Mapping[str, str]
PageHandler = Callable[["WebContext", Request, CurrentUser], Response]
FormHandler = Callable[["WebContext", Request, CurrentUser, Form], Response]


@dataclass(frozen=True, slots=True)
class WebContext:
    """What every page needs.

    `secure`: the pages are reached over https, so the cookies are too. `is_here` says whether somebody is still in the
    workspace, and may take as long as Slack does; `why_not` why somebody there may not read, empty where they may.
    """

    context: AppContext
    key: str
    secure: bool
    link_lifetime: timedelta = PERSONAL_LINK_LIFETIME
    print_pdf: Callable[..., bytes] | None = None
    is_here: Callable[[str], bool] = lambda user_id: True
    why_not: Callable[[str], str] = lambda user_id: ""


def auth_routes(web: WebContext) -> list[Route]:
    """/enter with a personal link, /leave, /leave/everywhere, and the redirect from / to the incidents."""

    def confirm(request: Request) -> Response:
        return _confirm(web, request)

    async def enter(request: Request) -> Response:
        form = await _form(request)
        return await in_page_thread(request, _sign_in, web, request, form) if isinstance(form, Mapping) else form

    def leave(_web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
        with web.context.database.transaction() as session:
            links.end_session(session, user.session)
        response = notice(200, "Signed out", NEW_LINK)
        close_session(response)
        return response

    def leave_everywhere(_web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
        with web.context.database.transaction() as session:
            links.end_all_sessions(session, user.user_id)
        sentence = "Every session of yours has ended, and the personal links you were sent no longer work."
        response = notice(200, "Signed out everywhere", sentence, NEW_LINK)
        close_session(response)
        return response

    async def start(request: Request) -> Response:
        return go_to("/incidents")

    entering = [Route("/enter", as_page(confirm)), Route("/enter", enter, methods=["POST"])]
    leaving = [form_route(web, "/leave", leave), form_route(web, "/leave/everywhere", leave_everywhere)]
    return [*entering, *leaving, Route("/", start)]


def _confirm(web: WebContext, request: Request) -> Response:
    """Ask before signing in. Opening the link changes nothing, so that a link scanner does not use it up."""
    link = _link(web, request.query_params.get("t", ""))
    if isinstance(link, Response):
        return link
    user = current_user(web, request)
    if user is not None and user.user_id == link.user_id:
        return go_to(_own_path(link.path))
    browser = browser_of(request) or secrets.token_urlsafe(16)
    content = render(
        "login.html",
        name=_name(web, link),
        other=user.name if user else "",
        link=request.query_params["t"],
        token=csrf_token(web.key, browser, link),
    )
    response = page(content)
    name_browser(response, browser, secure=web.secure)
    return response


def _sign_in(web: WebContext, request: Request, form: Form) -> Response:
    """Open a session for the link's person, in the first browser that uses the link and in no other."""
    link, now = _link(web, form.get("t", "")), web.context.now()
    if isinstance(link, Response):
        return link
    browser = browser_of(request)
    if not hmac.compare_digest(csrf_token(web.key, browser, link).encode(), form.get("token", "").encode()):
        return notice(403, "This form isn't from your session", "Open the link from Slack again and continue there.")
    if not web.is_here(link.user_id):
        return _left_workspace(web, link.user_id)
    name, hashed = _name(web, link), hashlib.sha256(browser.encode()).hexdigest()
    with web.context.database.transaction() as session:
        links.forget_links(session, now - BROWSER_LIFETIME)
        used = links.claim_link(session, link.mark, hashed, now)
        if used.browser != hashed:
            return _used(used.used_at)
        if not slack_queries.names_of(session, [link.user_id]):  # the link has Slack's handle, which is no name
            enqueue(session, "slack.learn_names", names_of=[link.user_id])
        response = go_to(_own_path(link.path))
        links.forget_sessions(session, now - SESSION_LIFETIME)
        opened = open_session(response, web.key, link.user_id, name, secure=web.secure)
        links.add_session(session, opened, link.user_id, now)
    return response


def _link(web: WebContext, token: str) -> LoginToken | Response:
    """What the link says, or the page that says why it doesn't work."""
    try:
        link = read_personal_link(web.key, token, web.link_lifetime)
    except LinkExpired:
        return notice(410, "This link has expired", f"Personal links work for {web.link_lifetime.days} days.", NEW_LINK)
    except LinkForged:
        return notice(403, "This link doesn't work", "It is incomplete or was altered.", NEW_LINK)
    with web.context.database.transaction() as session:
        ended = links.signed_out_at(session, link.user_id)
    if ended is not None and link.signed_at <= ended.timestamp():
        sentence = "Its owner has signed out everywhere since it was sent."
        return notice(410, "This link no longer works", sentence, NEW_LINK)
    return link


def _name(web: WebContext, link: LoginToken) -> str:
    with web.context.database.transaction() as session:
        return slack_queries.names_of(session, [link.user_id]).get(link.user_id, link.name)


def _own_path(path: str) -> str:
    return path if _OWN_PATH.fullmatch(path) else "/incidents"


def _used(used_at: datetime) -> Response:
    """The second browser with a link may be its person's other device, or somebody whom it was passed on to."""
    sentence = f"It was used in another browser at {instant(used_at)}. Each link works in one browser only."
    return notice(410, "This link was already used", sentence, NEW_LINK)


def _left_workspace(web: WebContext, user_id: str) -> Response:
    """Whoever left, or was deactivated, has no session any more, and needs a new link should they come back."""
    with web.context.database.transaction() as session:
        links.end_all_sessions(session, user_id)
    response = notice(403, "You don't have access", "According to Slack, you are no longer in this workspace.")
    close_session(response)
    return response


def current_user(web: WebContext, request: Request) -> CurrentUser | None:
    """Whose session this request comes from; None where there is none, or it has ended."""
    user = cookie_of(request, web.key)
    if user is None:
        return None
    with web.context.database.transaction() as session:
        goes_on = links.goes_on(session, user.session, user.user_id, web.context.now() - SESSION_LIFETIME)
        known = slack_queries.names_of(session, [user.user_id])  # the link may have had Slack's handle
    return replace(user, name=known.get(user.user_id, user.name)) if goes_on else None


def signed_in(web: WebContext, request: Request) -> CurrentUser | Response | None:
    """Who sent this request, or the page for somebody who may not read; None without a session."""
    user = current_user(web, request)
    if user is None:
        return None
    web.context.look_up(user.user_id)  # what they may do is asked in the page's transaction
    if not web.is_here(user.user_id):
        return _left_workspace(web, user.user_id)
    refused = web.why_not(user.user_id)
    return notice(403, "You don't have access", refused) if refused else user


def page_route(web: WebContext, path: str, handler: PageHandler) -> Route:
    """A page for people who are signed in."""

    def endpoint(request: Request) -> Response:
        user = signed_in(web, request)
        if user is None:
            return _not_signed_in()
        if isinstance(user, Response):
            return user
        return _with_menu(_no_such_number(request) or handler(web, request, user), user, request)

    return Route(path, as_page(endpoint))


def _no_such_number(request: Request) -> Response | None:
    """What is answered to an address with a number that the database cannot hold; None where there is none."""
    numbers = (value for value in request.path_params.values() if isinstance(value, int))
    if all(number <= _LARGEST_NUMBER for number in numbers):
        return None
    return notice(404, "Page not found", "Check the address, or open the link from Slack again.")


def _with_menu(answer: Response, user: CurrentUser, request: Request) -> Response:
    """What says that there is nothing to see, with the menu; who signs out gets none."""
    if isinstance(answer, Notice) and answer.status_code >= 400:
        return answer.with_menu(user, request.url.path)
    return answer


def _not_signed_in() -> Response:
    """Says how to sign in, and nothing about what is there."""
    sentence = "A link that was posted in a channel opens only once you have signed in with your own personal link."
    return notice(401, "Please sign in", sentence, NEW_LINK)


def form_route(web: WebContext, path: str, handler: FormHandler) -> Route:
    """A form, from a session that was given it. Where it is refused, what the person wrote is shown for copying."""

    async def endpoint(request: Request) -> Response:
        form = await _form(request)
        return (
            await in_page_thread(request, _submit, web, request, form, handler) if isinstance(form, Mapping) else form
        )

    return Route(path, endpoint, methods=["POST"])


def _submit(web: WebContext, request: Request, form: Form, handler: FormHandler) -> Response:
    written = form.get("text") or form.get("note") or ""
    user = signed_in(web, request)
    if user is None:
        return form_lost(401, "Your session has ended", f"Nothing was saved. {NEW_LINK}", written)
    if isinstance(user, Response):
        return user
    if not is_own_form(user, form.get("token", "")):
        sentence = "Nothing was saved. Open the page again and submit the form from there."
        return form_lost(403, "This form isn't from your session", sentence, written)
    return _with_menu(_no_such_number(request) or handler(web, request, user, form), user, request)


async def _form(request: Request) -> Form | Response:
    """The fields of a form, or the page that says why they can't be read."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_FORM:
                return notice(413, "That is too long", "Go back, shorten your text, and submit it again.")
    except ClientDisconnect:
        return notice(400, "The form didn't arrive completely", "Go back and submit it again.")
    return await in_page_thread(request, _read, body)


def _read(body: bytes) -> dict[str, str] | Response:
    """Fields of a form as browsers send it: the last of each name, without what the database cannot hold."""
    try:
        fields = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS
        )
    except ValueError:  # no form of ours has as many
        return notice(400, "This is no form of Tocsin's", "Open the page again and submit the form from there.")
    return {name: storable(value).replace("\r\n", "\n") for name, value in fields}
