"""The door of the pages: personal links in, sessions out, and what every page and every form has to pass."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.context import AppContext
from bot.slack import queries as messages
from bot.text.markup import storable
from bot.text.wording import instant
from bot.web import queries as links
from bot.web.page_threads import in_page_thread, in_turn
from bot.web.rendering import render
from bot.web.responses import NEW_LINK, go_to, lost, notice, page
from bot.web.sessions import (
    BROWSER_LIVES,
    PERSONAL_LINK_LIVES,
    CurrentUser,
    LinkExpired,
    LinkForged,
    LoginToken,
    browser_of,
    close_session,
    csrf_token,
    is_own_form,
    name_browser,
    open_session,
    read_personal_link,
    user_of,
)

LARGEST_FORM = 300_000  # bytes
_OWN_PATH = re.compile(r"/(?![/\\])[!-~]*")

Form = Mapping[str, str]
Show = Callable[["WebContext", Request, CurrentUser], Response]
Take = Callable[["WebContext", Request, CurrentUser, Form], Response]


@dataclass(frozen=True, slots=True)
class WebContext:
    """What the pages stand on.

    `secure`: they are reached over https, and so are the cookies. `is_here` says whether somebody is still in the
    workspace, and may take as long as Slack does.
    """

    context: AppContext
    key: str
    secure: bool
    link_lives: timedelta = PERSONAL_LINK_LIVES
    print_pdf: Callable[..., bytes] | None = None
    is_here: Callable[[str], bool] = lambda user_id: True


def auth_routes(web: WebContext) -> list[Route]:
    """/enter with a personal link, /leave, and the way from / to the incidents."""

    def door(request: Request) -> Response:
        return _door(web, request)

    async def enter(request: Request) -> Response:
        form = await _form(request)
        return await in_page_thread(request, _enter, web, request, form) if isinstance(form, Mapping) else form

    def leave(_house: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
        response = notice(200, "You have left", NEW_LINK)
        close_session(response)
        return response

    async def start(request: Request) -> Response:
        return go_to("/incidents")

    coming_in = [Route("/enter", in_turn(door)), Route("/enter", enter, methods=["POST"])]
    return [*coming_in, taking(web, "/leave", leave), Route("/", start)]


def _door(web: WebContext, request: Request) -> Response:
    """Ask whether to come in. Looking changes nothing: programs that look at links before people do use none up."""
    link = _link(web, request.query_params.get("t", ""))
    if isinstance(link, Response):
        return link
    user = user_of(request, web.key)
    if user is not None and user.user_id == link.user_id:
        return go_to(_own_path(link.path))
    browser = browser_of(request) or secrets.token_urlsafe(16)
    content = render(
        "door.html",
        name=_name(web, link),
        other=user.name if user else "",
        link=request.query_params["t"],
        token=csrf_token(web.key, browser, link),
    )
    response = page(content)
    name_browser(response, browser, secure=web.secure)
    return response


def _enter(web: WebContext, request: Request, form: Form) -> Response:
    """Open a session for the link's person, in the browser that comes first with the link and in no other."""
    link, now = _link(web, form.get("t", "")), web.context.now()
    if isinstance(link, Response):
        return link
    browser = browser_of(request)
    if not hmac.compare_digest(csrf_token(web.key, browser, link).encode(), form.get("token", "").encode()):
        return notice(403, "This form is not yours", "Open the link from Slack again and continue from there.")
    if not web.is_here(link.user_id):
        return _gone()
    name, hashed = _name(web, link), hashlib.sha256(browser.encode()).hexdigest()
    with web.context.database.transaction() as session:
        links.forget_links(session, now - BROWSER_LIVES)
        used = links.claim_link(session, link.mark, hashed, now)
        if used.browser != hashed:
            return _used(used.used_at)
        if not messages.names_of(session, [link.user_id]) and name != link.user_id:
            messages.record_name(session, link.user_id, name, now)
    response = go_to(_own_path(link.path))
    open_session(response, web.key, link.user_id, name, secure=web.secure)
    return response


def _link(web: WebContext, token: str) -> LoginToken | Response:
    """What the link says, or the page that says why it opens nothing."""
    try:
        return read_personal_link(web.key, token, web.link_lives)
    except LinkExpired:
        return notice(410, "This link has expired", f"Personal links work for {web.link_lives.days} days.", NEW_LINK)
    except LinkForged:
        return notice(403, "This link opens nothing", "It is incomplete or was changed on its way.", NEW_LINK)


def _name(web: WebContext, link: LoginToken) -> str:
    with web.context.database.transaction() as session:
        return messages.names_of(session, [link.user_id]).get(link.user_id, link.name)


def _own_path(path: str) -> str:
    return path if _OWN_PATH.fullmatch(path) else "/incidents"


def _used(used_at: datetime) -> Response:
    """Whoever comes second with a link may be its person on another device, or somebody it was passed on to."""
    sentence = f"It was used in another browser at {instant(used_at)}. A link opens the pages in one browser alone."
    return notice(410, "This link was used already", sentence, NEW_LINK)


def _gone() -> Response:
    response = notice(403, "You cannot come in", "Slack says that you are not in this workspace any more.")
    close_session(response)
    return response


def guest_of(web: WebContext, request: Request) -> CurrentUser | Response | None:
    """Who comes with this request, or the page that turns away somebody who left the workspace; None for nobody."""
    user = user_of(request, web.key)
    return _gone() if user is not None and not web.is_here(user.user_id) else user


def showing(web: WebContext, path: str, show: Show) -> Route:
    """A page for those who have come in."""

    def endpoint(request: Request) -> Response:
        guest = guest_of(web, request)
        if guest is None:
            return uninvited()
        return guest if isinstance(guest, Response) else show(web, request, guest)

    return Route(path, in_turn(endpoint))


def uninvited() -> Response:
    """Who has no session is told how to get one, and nothing else."""
    return notice(401, "Who are you?", "These pages open with a link of your own.", NEW_LINK)


def taking(web: WebContext, path: str, take: Take) -> Route:
    """A form, from somebody who has come in and was given that form. What they wrote is shown where it is not taken."""

    async def endpoint(request: Request) -> Response:
        form = await _form(request)
        return await in_page_thread(request, _take, web, request, form, take) if isinstance(form, Mapping) else form

    return Route(path, endpoint, methods=["POST"])


def _take(web: WebContext, request: Request, form: Form, take: Take) -> Response:
    written = form.get("text") or form.get("note") or ""
    guest = guest_of(web, request)
    if guest is None:
        return lost(401, "Your session is over", f"Nothing was saved. {NEW_LINK}", written)
    if isinstance(guest, Response):
        return guest
    if not is_own_form(guest, form.get("token", "")):
        said = "It was not given to you in this session. Nothing was saved. Open the page again and send it from there."
        return lost(403, "This form is not yours", said, written)
    return take(web, request, guest, form)


async def _form(request: Request) -> Form | Response:
    """The fields of a form, or the page that says why they were not taken."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_FORM:
                return notice(413, "That is too much", "What you wrote is too long for one form. Go back, shorten it.")
    except ClientDisconnect:
        return notice(400, "The form did not arrive", "Go back and send it again.")
    return await in_page_thread(request, _read, body)


def _read(body: bytes) -> dict[str, str]:
    """Fields of a form as browsers send it: the last of each name, without what the database cannot hold."""
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=50)
    return {name: storable(value).replace("\r\n", "\n") for name, value in fields}
