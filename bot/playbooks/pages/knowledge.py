"""The knowledge to browse and to search: entries with their history, who used them, and editing with a preview."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import BadRequest, InvalidKnowledge, TocsinError
from bot.memory import queries as knowledge
from bot.memory.entries.documents import from_document
from bot.memory.entries.entries import KINDS, Entry
from bot.memory.importing.importer import render_entry
from bot.memory.tables import KnowledgeVersion
from bot.playbooks.flows import editing
from bot.playbooks.messages import saving as messages
from bot.playbooks.queries import ledger
from bot.playbooks.rules.upkeep import difference
from bot.slack.queries import names_of
from bot.text.masking import mask
from bot.web.auth import Form, WebContext, form_route, page_route
from bot.web.rendering import user_page
from bot.web.responses import form_lost, go_to, notice, page
from bot.web.sessions import CurrentUser

_LISTED = 200
_USED = 50  # runs of one entry
_LONGEST = 200_000  # characters of an edited entry
_ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class _Held:
    """An entry as it counts now, with its versions in the database, the newest first."""

    entry: Entry
    versions: tuple[KnowledgeVersion, ...]
    own: bool  # of a closed incident of ours: it follows from the record

    @property
    def archived(self) -> bool:
        return self.entry.archived_at is not None


def knowledge_routes(web: WebContext) -> list[Route]:
    """The routes of these pages."""
    return [
        page_route(web, "/knowledge", _browse),
        page_route(web, "/knowledge/{ref}", _show),
        page_route(web, "/knowledge/{ref}/edit", _edit),
        form_route(web, "/knowledge/{ref}/edit", _save),
        form_route(web, "/knowledge/{ref}/archive", _archive),
    ]


def _browse(web: WebContext, request: Request, user: CurrentUser) -> Response:
    """All entries of a kind, or those that match the words, the best first."""
    query, kind = request.query_params.get("q", "").strip()[:500], request.query_params.get("kind", "")
    memory = web.context.memory.current()
    if kind == _ARCHIVED:
        found = _archived(web)
    elif query:
        matches = memory.index.search(query, limit=50, kind=kind if kind in KINDS else None)
        found = [memory.entries[match.ref] for match in matches if match.ref in memory.entries]
    else:
        found = sorted(memory.entries.values(), key=lambda entry: (entry.kind, entry.ref))
        found = [entry for entry in found if kind not in KINDS or entry.kind == kind]
    shown: dict[str, Any] = {"query": query, "kind": kind, "kinds": (*KINDS, _ARCHIVED), "total": len(found)}
    return page(user_page("knowledge.html", request, user, "/knowledge", entries=found[:_LISTED], **shown))


def _archived(web: WebContext) -> list[Entry]:
    with web.context.database.transaction() as session:
        documents = [row.document or {} for row in knowledge.list_at(session)]
    return [entry for document in documents if (entry := _read(document)) and entry.archived_at is not None]


def _read(document: dict[str, Any]) -> Entry | None:
    try:
        return from_document(document)
    except InvalidKnowledge:  # `tocsin knowledge check` names it
        return None


def _find(web: WebContext, ref: str) -> _Held | None:
    """The entry that is found by everybody, or else one in the archive."""
    memory = web.context.memory.current()
    with web.context.database.transaction() as session:
        versions = tuple(reversed(knowledge.list_versions(session, ref)))
    entry = memory.entries.get(ref)
    if entry is None and versions and versions[0].document is not None:
        entry = _read(versions[0].document)
    return _Held(entry, versions, ref in memory.own) if entry is not None else None


def _unknown(ref: str) -> Response:
    return notice(404, "No such entry", f"There is no entry {ref[:80]}. /knowledge lists those there are.")


def _show(web: WebContext, request: Request, user: CurrentUser) -> Response:
    ref, wanted = request.path_params["ref"], request.query_params.get("version", "")
    held = _find(web, ref)
    if held is None:
        return _unknown(ref)
    shown = _version(held, wanted)
    if shown is None:
        return notice(404, "No such version", f"{ref} has no version {wanted[:20]}.")
    with web.context.database.transaction() as session:
        used = [(run, row) for run, row in ledger.list_incidents(session, ref, user.user_id, _USED)]
        history = _history(session, held.versions)
        may = _may_edit(session, web, held, user)
        runs = [{"ref": row.ref, "title": row.title, "at": run.started_at, "ended": run.ended_it} for run, row in used]
    context: dict[str, Any] = {"entry": shown, "runs": runs, "history": history, "may_edit": may, "wanted": wanted}
    context |= {"archived": held.archived, "own": held.own, "saved": "saved" in request.query_params}
    return page(user_page("knowledge_entry.html", request, user, "/knowledge", **context))


def _version(held: _Held, wanted: str) -> Entry | None:
    if not wanted:
        return held.entry
    document = next((row.document for row in held.versions if str(row.version) == wanted), None)
    return _read(document) if document else None


def _history(session: Session, versions: Iterable[KnowledgeVersion]) -> list[dict[str, Any]]:
    rows = list(versions)
    names = names_of(session, [row.added_by for row in rows])
    return [
        {
            "number": row.version,
            "at": row.added_at,
            "by": names.get(row.added_by, row.added_by),
            "what": "taken out" if row.document is None else "archived" if row.document.get("archived_at") else "",
            "has_text": row.document is not None,
        }
        for row in rows
    ]


def _may_edit(session: Session, web: WebContext, held: _Held, user: CurrentUser) -> bool:
    return not held.own and editing.may_edit(session, web.context, held.entry, user.user_id, web.context.now())


def _admitted(web: WebContext, ref: str, user: CurrentUser) -> _Held | Response:
    """The entry, for somebody who may edit it; or the page that says why not."""
    held = _find(web, ref)
    if held is None:
        return _unknown(ref)
    with web.context.database.transaction() as session:
        if _may_edit(session, web, held, user):
            return held
    return notice(403, "Not yours to edit", messages.follows_record(ref) if held.own else messages.not_yours(ref))


def _edit(web: WebContext, request: Request, user: CurrentUser) -> Response:
    held = _admitted(web, request.path_params["ref"], user)
    if isinstance(held, Response):
        return held
    return _form(request, user, held, render_entry(held.entry), editing.version_of(held.entry))


def _form(
    request: Request, user: CurrentUser, held: _Held, text: str, version: str, status: int = 200, **more: Any
) -> Response:
    context = {"refused": "", "changes": "", "preview": None} | more
    content = user_page("knowledge_edit.html", request, user, "/knowledge", entry=held.entry, text=text,
                        version=version, failed=context.pop("refused"), **context)  # fmt: skip
    return page(content, status)


def _save(web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
    """Preview, or save."""
    ref, text, version = request.path_params["ref"], mask(form.get("text", "")), form.get("version", "")
    held = _admitted(web, ref, user)
    if isinstance(held, Response):
        return form_lost(held.status_code, "Not saved", messages.not_yours(ref), text)
    try:
        if len(text) > _LONGEST:
            raise BadRequest(messages.too_long(len(text), _LONGEST))
        entry = editing.read_whole(ref, text)
        if form.get("do") == "preview":
            changes = difference(render_entry(held.entry), render_entry(entry))
            return _form(request, user, held, text, version, preview=entry, changes=changes)
        with web.context.database.transaction() as session:
            editing.save(session, entry, version, user.user_id, web.context.now())
    except TocsinError as refused:
        return _form(request, user, held, text, version, 409, refused=str(refused).replace("`", ""))
    return go_to(f"/knowledge/{ref}?saved")


def _archive(web: WebContext, request: Request, user: CurrentUser, form: Form) -> Response:
    """Into the archive, or back out of it."""
    held = _admitted(web, request.path_params["ref"], user)
    if isinstance(held, Response):
        return held
    with web.context.database.transaction() as session:
        if held.archived:
            editing.bring_back(session, held.entry, user.user_id, web.context.now())
        else:
            editing.archive(session, held.entry, user.user_id, web.context.now())
    return go_to(f"/knowledge/{held.entry.ref}")
