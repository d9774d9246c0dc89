"""The review to take along: Markdown, PDF, and the forms in which Confluence, Google Docs and Notion take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.diagnostics.charts import draw as draw_metrics
from bot.diagnostics.queries import list_pictures
from bot.extras import Extra
from bot.incidents.pages import unknown, visible
from bot.incidents.queries import incidents
from bot.reviews.flows import editing
from bot.reviews.flows.drafting import chart
from bot.reviews.messages.exports.confluence import to_confluence
from bot.reviews.messages.exports.gdocs import to_gdocs
from bot.reviews.messages.exports.notion import to_notion
from bot.reviews.messages.exports.picture import draw
from bot.reviews.messages.renderings import to_markdown, without_commands
from bot.reviews.pages.pdf import drawn
from bot.reviews.rules.document import Review
from bot.web.auth import WebContext, page_route
from bot.web.responses import headers, notice
from bot.web.sessions import CurrentUser

PICTURES = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True, slots=True)
class Export:
    """One form of the document: what it is called, what makes it, how the file ends and what browsers make of it."""

    title: str
    make: Callable[[Review], str]
    ending: str
    media_type: str
    saved: bool  # downloaded, as no browser shows it the way its system does


EXPORTS = {
    "md": Export("Markdown", to_markdown, "md", "text/markdown; charset=utf-8", False),
    # Plain text, for the source editor: a page's body has no root and so is no XML document of its own.
    "confluence": Export("Confluence", to_confluence, "confluence.xml", "text/plain; charset=utf-8", False),
    "gdocs": Export("Google Docs", to_gdocs, "html", "text/html; charset=utf-8", True),
    "notion": Export("Notion", to_notion, "notion.md", "text/markdown; charset=utf-8", True),
}


def document_routes(web: WebContext) -> list[Route]:
    """The routes of these documents."""
    return [
        page_route(web, "/reviews/{ref}/timeline.{form}", _picture),
        page_route(web, "/reviews/{ref}/metrics-{entry:int}.png", _metrics),
        page_route(web, "/reviews/{ref}/document.pdf", _pdf),
        page_route(web, "/reviews/{ref}/document.{form}", _export),
    ]


def _document(web: WebContext, request: Request, user: CurrentUser, kind: str) -> Review | None:
    with web.context.database.transaction() as session:
        row = visible(
            session, request.path_params["ref"], user.user_id, f"exported the review ({kind})", web.context.now()
        )
        return editing.assemble(session, row) if row is not None else None


def _export(web: WebContext, request: Request, user: CurrentUser) -> Response:
    export = EXPORTS.get(request.path_params["form"])
    if export is None:
        return notice(404, "No such format", f"Formats are {', '.join([*EXPORTS, 'pdf'])}.")
    review = _document(web, request, user, export.title)
    if review is None:
        return unknown(request.path_params["ref"])
    content = export.make(without_commands(review)).encode("utf-8", "replace")
    return _file(content, export.media_type, f"{review.ref}-review.{export.ending}", export.saved)


def _pdf(web: WebContext, request: Request, user: CurrentUser) -> Response:
    review = _document(web, request, user, "PDF")
    if review is None:
        return unknown(request.path_params["ref"])
    if web.print_pdf is None:
        return notice(501, "PDF is not available", f"Install it with: {Extra.PDF.command}. Or print the page to a PDF.")
    pictures = _drawn(web, request.path_params["ref"])
    return _file(web.print_pdf(review, pictures), "application/pdf", f"{review.ref}-review.pdf")


def _drawn(web: WebContext, ref: str) -> tuple[tuple[bytes, str], ...]:
    """Of the incident as it was asked for: one that was made private has another reference than its draft says."""
    with web.context.database.transaction() as session:
        row = incidents.get_by_ref(session, ref)
        timeline = chart(session, row, web.context.policy, web.context.now())
        measured = list_pictures(session, row).values()
    return drawn(timeline, measured)


def _metrics(web: WebContext, request: Request, user: CurrentUser) -> Response:
    ref = request.path_params["ref"]
    with web.context.database.transaction() as session:
        row = visible(session, ref, user.user_id, "looked at a picture of metrics", web.context.now())
        if row is None:
            return unknown(ref)
        picture = list_pictures(session, row).get(request.path_params["entry"])
    if picture is None or not Extra.CHARTS.is_installed:
        return notice(404, "No such picture", "There is one of the last diagnosis of each resource.")
    return _file(draw_metrics(picture), PICTURES["png"], f"{row.ref}-metrics.png")


def _picture(web: WebContext, request: Request, user: CurrentUser) -> Response:
    ref, form = request.path_params["ref"], request.path_params["form"]
    if form not in PICTURES or not Extra.CHARTS.is_installed:
        return notice(404, "No such picture", "Pictures are svg or png, where the extra “charts” is installed.")
    with web.context.database.transaction() as session:
        row = visible(session, ref, user.user_id, "looked at the picture of the timeline", web.context.now())
        if row is None:
            return unknown(ref)
        timeline = chart(session, row, web.context.policy, web.context.now())
    return _file(draw(timeline, form), PICTURES[form], f"{row.ref}-timeline.{form}")


def _file(content: bytes, media_type: str, name: str, saved: bool = False) -> Response:
    disposition = {"Content-Disposition": f'{"attachment" if saved else "inline"}; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers() | disposition)
