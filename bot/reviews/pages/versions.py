"""Earlier versions of a section, each with what changed from the one before."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.incidents.pages import unknown, visible
from bot.reviews.flows import editing
from bot.reviews.queries import reviews
from bot.reviews.rules.merging import EDITABLE, in_field, lines_of
from bot.slack import queries as slack_queries
from bot.text.wording import called
from bot.web.auth import WebContext, page_route
from bot.web.rendering import render
from bot.web.responses import notice, page
from bot.web.sessions import CurrentUser

KEPT, ADDED, REMOVED = "kept", "added", "removed"


@dataclass(frozen=True, slots=True)
class Version:
    """A section as somebody saved it once. `by` is a name."""

    number: int
    by: str
    at: datetime
    text: str
    drafted: str  # what Tocsin had written there when they began


def version_routes(web: WebContext) -> list[Route]:
    """The route of this page."""
    return [page_route(web, "/reviews/{ref}/sections/{section}", _versions)]


def list_versions(session: Session, incident_id: int) -> dict[str, list[Version]]:
    """The versions of each section that somebody edited, the oldest first."""
    edits = reviews.list_edits(session, incident_id)
    names = slack_queries.names_of(session, {edit.author for edit in edits})
    versions: dict[str, list[Version]] = defaultdict(list)
    for edit in edits:
        by = called(names, edit.author)
        versions[edit.section].append(Version(edit.version, by, edit.at, edit.text, in_field(*edit.base)))
    return versions


def compared(before: str, after: str) -> list[tuple[str, str]]:
    """The lines of both texts in order, each with whether it was kept, added or removed."""
    old, new = lines_of(before), lines_of(after)
    found: list[tuple[str, str]] = []
    for what, first, last, begin, end in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if what == "equal":
            found += [(KEPT, line) for line in old[first:last]]
        else:
            found += [(REMOVED, line) for line in old[first:last]]
            found += [(ADDED, line) for line in new[begin:end]]
    return found


def _versions(web: WebContext, request: Request, user: CurrentUser) -> Response:
    """Every version of a section: who saved it, when, and what they changed; at the end what Tocsin had drafted."""
    ref, section = request.path_params["ref"], request.path_params["section"]
    with web.context.database.transaction() as session:
        row = visible(session, ref, user.user_id, "opened earlier versions of the review", web.context.now())
        if row is None:
            return unknown(ref)
        review = editing.assemble(session, row)
        versions = list_versions(session, row.incident_id)[section]
    if review is None or section not in EDITABLE:
        return notice(404, "No such section", f"The review of {ref} has no section of that name that can be edited.")
    context = {"ref": row.ref, "section": review.section(section), "versions": _with_changes(versions)[::-1]}
    return page(render("versions.html", user=user, here="", said="", refused="", **context))


def _with_changes(versions: Sequence[Version]) -> list[tuple[Version, list[tuple[str, str]]]]:
    """Each version with its lines against the version before, the first against what Tocsin had drafted."""
    before = [versions[0].drafted if versions else "", *(one.text for one in versions)]
    return [(one, compared(earlier, one.text)) for earlier, one in zip(before, versions, strict=False)]
