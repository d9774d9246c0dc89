"""Pages to read: how playbooks and their steps did, and the incidents behind the figures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.memory.entries.entries import Entry
from bot.playbooks.flows.ledger import read_ledger
from bot.playbooks.messages import ledger as messages
from bot.playbooks.queries import ledger, runs
from bot.playbooks.rules.records import LedgerLine
from bot.playbooks.rules.steps import Outcome, RunText, from_document
from bot.playbooks.tables import PlaybookRun
from bot.web.auth import WebContext, page_route
from bot.web.rendering import user_page
from bot.web.responses import notice, page
from bot.web.sessions import CurrentUser

_LISTED = 100  # runs of one playbook


def playbook_routes(web: WebContext) -> list[Route]:
    """The routes of these pages."""
    return [page_route(web, "/playbooks", _playbooks), page_route(web, "/playbooks/{ref}", _playbook)]


def _playbooks(web: WebContext, request: Request, user: CurrentUser) -> Response:
    lines = _read(web)
    shown = [{"line": line, "summary": messages.summary(line)} for line in lines]
    return page(user_page("playbooks.html", request, user, "/playbooks", lines=shown))


def _read(web: WebContext) -> list[LedgerLine]:
    entries = web.context.memory.current().entries.values()  # before the transaction: it takes one of its own
    with web.context.database.transaction() as session:
        return read_ledger(session, entries, web.context.now())


def _playbook(web: WebContext, request: Request, user: CurrentUser) -> Response:
    ref = request.path_params["ref"]
    line = next((line for line in _read(web) if line.ref == ref), None)
    if line is None:
        return notice(404, "No such playbook", f"There is no playbook {ref[:80]}. /playbooks lists those there are.")
    entry = web.context.memory.current().entries.get(ref)
    with web.context.database.transaction() as session:
        used = [_run(session, run, row.ref, row.title, run.started_at) for run, row in _runs(session, ref, user)]
    steps = [{"step": step, "summary": messages.step_summary(step)} for step in line.steps]
    context: dict[str, Any] = {"line": line, "summary": messages.summary(line), "steps": steps, "runs": used}
    return page(user_page("playbook.html", request, user, "/playbooks", text=_text(entry), **context))


def _runs(session: Session, ref: str, user: CurrentUser) -> Any:
    return ledger.list_incidents(session, ref, user.user_id, _LISTED)


def _text(entry: Entry | None) -> list[tuple[str, str]]:
    """The sections of the entry as they are written; empty where it was archived."""
    return list(entry.sections) if entry is not None else []


def _run(session: Session, run: PlaybookRun, ref: str, title: str, at: datetime) -> dict[str, Any]:
    text, steps = from_document(run.document), runs.list_steps(session, run.run_id)
    decided = [step for step in steps if step.outcome]
    done = sum(step.outcome == Outcome.DONE for step in decided)
    said = f"{done} of {len(steps)} steps done"
    if run.ended_it:
        said += f", resolved by {_named(text, run.ended_step)}"
    return {"ref": ref, "title": title, "at": at, "said": said}


def _named(text: RunText, number: int | None) -> str:
    return f"step {number}, {text.step(number).title}" if number else "this playbook"
