"""The door of the pages: personal links in, sessions out, and what every page and every form has to pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.flows.desk import Desk
from bot.store import messages
from bot.web.answers import NEW_LINK, go_to, lost, notice
from bot.web.visits import (
    PERSONAL_LINK_LIVES,
    LinkExpired,
    LinkForged,
    Visitor,
    close_session,
    is_own_form,
    open_session,
    read_personal_link,
    visitor_of,
)

LARGEST_FORM = 300_000  # bytes
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_OWN_PATH = re.compile(r"/(?![/\\])[!-~]*")

Form = Mapping[str, str]
Show = Callable[["House", Request, Visitor], Response]
Take = Callable[["House", Request, Visitor, Form], Response]


@dataclass(frozen=True, slots=True)
class House:
    """What the pages stand on. `secure`: they are reached over https, and so is the cookie."""

    desk: Desk
    key: str
    secure: bool
    link_lives: timedelta = PERSONAL_LINK_LIVES
    print_pdf: Callable[..., bytes] | None = None


def entrance(house: House) -> list[Route]:
    """/enter with a personal link, /leave, and the way from / to the incidents."""

    def enter(request: Request) -> Response:
        try:
            token = request.query_params.get("t", "")
            user_id, name, path = read_personal_link(house.key, token, house.link_lives)
        except LinkExpired:
            days = house.link_lives.days
            return notice(410, "This link has expired", f"Personal links work for {days} days.", NEW_LINK)
        except LinkForged:
            return notice(403, "This link opens nothing", "It is incomplete or was changed on its way.", NEW_LINK)
        with house.desk.database.transaction() as session:
            known = messages.names_of(session, [user_id]).get(user_id)
            if known is None and name != user_id:
                messages.record_name(session, user_id, name, house.desk.now())
        response = go_to(path if _OWN_PATH.fullmatch(path) else "/incidents")
        open_session(response, house.key, user_id, known or name, secure=house.secure)
        return response

    def leave(_house: House, request: Request, visitor: Visitor, form: Form) -> Response:
        response = notice(200, "You have left", NEW_LINK)
        close_session(response)
        return response

    def start(request: Request) -> Response:
        return go_to("/incidents")

    return [Route("/enter", enter), taking(house, "/leave", leave), Route("/", start)]


def showing(house: House, path: str, show: Show) -> Route:
    """A page for those who have come in."""

    def endpoint(request: Request) -> Response:
        visitor = visitor_of(request, house.key)
        return show(house, request, visitor) if visitor else uninvited()

    return Route(path, endpoint)


def uninvited() -> Response:
    """Who has no session is told how to get one, and nothing else."""
    return notice(401, "Who are you?", "These pages open with a link of your own.", NEW_LINK)


def taking(house: House, path: str, take: Take) -> Route:
    """A form, from somebody who has come in and was given that form. What they wrote is shown where it is not taken."""

    async def endpoint(request: Request) -> Response:
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_FORM:
                    return notice(
                        413, "That is too much", "What you wrote is too long for one form. Go back, shorten it."
                    )
        except ClientDisconnect:
            return notice(400, "The form did not arrive", "Go back and send it again.")
        form = await run_in_threadpool(_read, body)
        written = form.get("text") or form.get("note") or ""
        visitor = visitor_of(request, house.key)
        if visitor is None:
            return lost(401, "Your session is over", f"Nothing was saved. {NEW_LINK}", written)
        if not is_own_form(visitor, form.get("token", "")):
            said = (
                "It was not given to you in this session. Nothing was saved."
                " Open the page again and send it from there."
            )
            return lost(403, "This form is not yours", said, written)
        return await run_in_threadpool(take, house, request, visitor, form)

    return Route(path, endpoint, methods=["POST"])


def _read(body: bytes) -> dict[str, str]:
    """Fields of a form as browsers send it: the last of each name, without what the database cannot hold."""
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=50)
    return {name: _UNSTORABLE.sub("", value).replace("\r\n", "\n") for name, value in fields}
