"""/incident publish and its form: nothing reaches the status page but by Publish, below a preview of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, FormRefused
from bot.incidents.commands import Answer, CommandContext, Subcommand, incident_of
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.interactions import ID, Opening, Press, Submission, incident_at, number_at, of_no_incident
from bot.incidents.menu import ELSEWHERE, OF_INCIDENT, Group, Shown
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import is_drill, is_private
from bot.incidents.tables import IncidentRow
from bot.slack.blocks import Block
from bot.status_page import flows, queries
from bot.status_page.flows import Wanted
from bot.status_page.messages import slack as messages
from bot.status_page.policy import components, private
from bot.status_page.rules.public_text import Private, private_words, without_private_words
from bot.status_page.rules.published import HURTING, OVER, Component, Condition, State
from bot.text.instants import parse_instant
from bot.text.wording import tidied

_MODES = {"correct": "correct", "maintenance": "maintenance"}
_WITHDRAW = frozenset({"withdraw", "unpublish", "remove"})


def _publish(session: Session, command: CommandContext) -> Answer:
    """What is answered in words: the list, and taking something off the page."""
    word = command.rest.strip().lower()
    if word == "list":
        return _listed(session, command)
    if word in _WITHDRAW:
        row = incident_of(session, command, for_change=True)
        if flows.withdraw(session, row, command.user_id, command.now):
            return messages.taken_off(row.ref)
        return messages.nothing_published(row.ref)
    raise BadRequest(messages.FORM_NOT_OPENED)


def _listed(session: Session, command: CommandContext) -> Answer:
    context, now = command.context, command.now
    _refuse_off(context)
    shown = queries.list_open_posts(session, now)
    where = context.status_address
    return messages.listed(shown, queries.list_maintenance(session, now), where)


def _publish_form(command: CommandContext) -> dict[str, Any] | None:
    """`/incident publish`, `publish correct`, `publish maintenance`: the form; None for what is answered in words."""
    word = command.rest.strip().lower()
    if word == "list" or word in _WITHDRAW:
        return None
    mode = _MODES.get(word, "publish")
    with command.context.database.transaction() as session:
        row = None if mode == "maintenance" else incident_of(session, command)
        _refuse_off(command.context)
        text = command.rest.strip() if word not in _MODES else ""
        return _opened(session, command.context, row, mode, {"text": text} if text else {})


def _refuse_off(context: AppContext) -> None:
    if context.status_address is None:
        raise BadRequest(messages.OFF)


def _opened(
    session: Session, context: AppContext, row: IncidentRow | None, mode: str, fields: Mapping[str, str]
) -> dict[str, Any]:
    """The form as it opens, with what it begins with. Raises BadRequest for a security incident and a false alarm."""
    listed = components(context.policy.diagnostics)
    if row is None:
        return messages.status_form({"mode": mode, "incident": None}, listed, fields)
    flows.refuse_hidden(row)
    if mode == "publish":
        flows.refuse_false_alarm(session, row)
    begins = _begins_with(session, context, row, mode, listed) | dict(fields)
    opened = {"mode": mode, "incident": row.incident_id, "last": _last(session, row)}
    return messages.status_form(opened, listed, begins)


def _begins_with(
    session: Session, context: AppContext, row: IncidentRow, mode: str, listed: Sequence[Component]
) -> dict[str, str]:
    """The last published words; before the first ones what stakeholders were last told, less what is private in it."""
    inside = private(context.policy.diagnostics, context.policy.contacts, flows.names_inside(session, row))
    post = (
        queries.find_last(session, row.incident_id)
        if mode == "correct"
        else queries.find_open(session, row.incident_id)
    )
    told = without_private_words(flows.last_told(session, row), inside)
    if post is None:
        if mode == "correct":
            raise BadRequest(messages.nothing_published(row.ref))
        title = "" if private_words(row.title, inside) else row.title
        return {"title": title, "state": _state_of(row), "text": told}
    last = queries.last_update(session, post.post_id)
    begins = {"title": post.title, "state": last.state, "text": last.text if mode == "correct" else told}
    return begins | {
        messages.component_field(one): last.components[one.key] for one in listed if one.key in last.components
    }


def _state_of(row: IncidentRow) -> str:
    """The nearest of the page's states."""
    return {"identified": "identified", "mitigated": "monitoring", "resolved": "resolved", "closed": "resolved"}.get(
        row.status, "investigating"
    )


def _last(session: Session, row: IncidentRow) -> int:
    """Names what was published last: a form that was opened before it shows its preview again."""
    post = queries.find_last(session, row.incident_id)
    return queries.last_update(session, post.post_id).update_id if post else 0


def _form_to_resolve(
    session: Session, context: AppContext, action: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any]:
    """ "Publish resolved", after resolving: the form, set to resolved and all components to operational."""
    _refuse_off(context)
    fine = {
        messages.component_field(one): Condition.OPERATIONAL.value for one in components(context.policy.diagnostics)
    }
    row = incidents.get(session, number_at(action["value"], 0))
    if queries.find_open(session, row.incident_id) is None:
        raise BadRequest(messages.no_longer_open(row.ref))
    return _opened(session, context, row, "publish", fine | {"state": State.RESOLVED.value})


def submitted(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | None:
    """Preview shows what would be public, Publish puts exactly that on the page.

    Where something was changed after the preview, or somebody published meanwhile, the preview is shown again.
    """
    _refuse_off(context)
    opened = json.loads(view["private_metadata"])
    row = incidents.get_for_change(session, int(opened["incident"])) if opened["incident"] else None
    listed = components(context.policy.diagnostics)
    last = _last(session, row) if row is not None else 0
    shown = _digest(values, last)
    seen = opened.get("shown") == shown
    # Times are read as of the preview: "in 2 h" must not move until Publish.
    at = datetime.fromisoformat(opened["read_at"]) if seen else now
    inside = private(context.policy.diagnostics, context.policy.contacts, flows.names_inside(session, row))
    wanted = _read(values, listed, inside)
    if row is None:
        wanted = _with_times(wanted, values, at, time_zone_of(session, context, user_id), context.policy.calendar.opens)
    if not seen:
        changed = "shown" in opened and opened.get("last") != last
        opened |= {"shown": shown, "last": last, "changed": changed, "read_at": now.isoformat()}
        return messages.status_form(opened, listed, values, _preview(context, wanted, listed))
    key = f"view:{view.get('root_view_id') or view['id']}"
    if row is None:
        flows.schedule(session, wanted, user_id, now, key)
    elif opened["mode"] == "correct":
        flows.correct(session, row, wanted, user_id, now)
    else:
        flows.publish(session, row, wanted, user_id, now, key)
    return None


def _digest(values: Mapping[str, str], last: int) -> str:
    return hashlib.sha256(json.dumps([sorted(values.items()), last]).encode()).hexdigest()[:32]


def _read(values: Mapping[str, str], listed: Sequence[Component], inside: Private) -> Wanted:
    """What was typed. Raises BadRequest, naming each word that is not for the public.

    Raises FormRefused where something is wrong and yet every component is said to work.
    """
    title, text = tidied(values.get("title", "")), tidied(values.get("text", ""))
    if not title or not text:
        raise BadRequest(messages.BEFORE_FIRST)
    found = private_words(f"{title}\n{text}", inside)
    if found:
        raise BadRequest(messages.names_something(found))
    said = {one.key: Condition(values.get(messages.component_field(one)) or Condition.OPERATIONAL) for one in listed}
    wanted = Wanted(title, State(values.get("state") or State.SCHEDULED), text, said)
    if wanted.state in HURTING and listed and set(said.values()) == {Condition.OPERATIONAL}:
        raise FormRefused({messages.component_field(listed[0]): messages.NOTHING_AFFECTED})
    return wanted


def _with_times(wanted: Wanted, values: Mapping[str, str], at: datetime, zone: ZoneInfo, starts: time) -> Wanted:
    """A maintenance with its times, read as of `at`. Raises BadRequest."""
    begins_at = parse_instant(values.get("begins", ""), at, zone, starts)
    ends_at = parse_instant(values.get("ends", ""), at, zone, starts, after=begins_at)
    if not begins_at < ends_at or ends_at <= at:
        raise BadRequest(messages.ODD_TIMES)
    return replace(wanted, begins_at=begins_at, ends_at=ends_at)


def _preview(context: AppContext, wanted: Wanted, listed: Sequence[Component]) -> list[Block]:
    affected = [
        (one.name, wanted.components[one.key])
        for one in listed
        if wanted.components[one.key] is not Condition.OPERATIONAL and wanted.state not in OVER
    ]
    when = messages.between(wanted.begins_at, wanted.ends_at) if wanted.begins_at and wanted.ends_at else ""
    return messages.preview(wanted.title, wanted.state, wanted.text, affected, when, context.status_address)


def complete(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """A maintenance is done earlier than scheduled."""
    return messages.is_over(flows.end_maintenance(session, int(value), user_id, now))


def withdraw(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """A maintenance is taken off the page."""
    return messages.is_gone(flows.withdraw_maintenance(session, int(value), user_id, now))


def _is_on(context: AppContext, row: IncidentRow | None, user_id: str) -> bool:
    return context.status_address is not None


def _may_be_published(context: AppContext, row: IncidentRow | None, user_id: str) -> bool:
    return _is_on(context, row, user_id) and row is not None and not (is_private(row.ref) or is_drill(row.ref))


SUBCOMMANDS = (
    Subcommand(
        "publish",
        "publish",
        "Put an update on the public status page; you preview it first. Also `publish correct`, `publish withdraw`, "
        "`publish maintenance` and `publish list`.",
        answer=_publish,
        form=_publish_form,
        opens=lambda rest: rest != "list" and rest not in _WITHDRAW,
        aliases=("statuspage",),
        act=Act.PUBLISH,
        reads=frozenset({"list"}),
        menu={
            "update": Shown(label="Publish a status", group=Group.MORE, where=OF_INCIDENT, available=_may_be_published),
            "maintenance": Shown(
                label="Announce maintenance",
                group=Group.MORE,
                where=ELSEWHERE,
                rest="maintenance",
                available=_is_on,
            ),
        },
    ),
)
OPENINGS = {messages.OPEN_FORM: Opening(_form_to_resolve, Act.PUBLISH, incident_at(0))}
PRESSES = {
    "status_complete": Press(complete, Act.PUBLISH, of_no_incident, ID),
    "status_withdraw": Press(withdraw, Act.PUBLISH, of_no_incident, ID),
}


def _of_status(session: Session, values: dict[str, str], view: dict[str, Any]) -> IncidentRow | None:
    """A scheduled maintenance is of no incident."""
    incident_id = json.loads(view["private_metadata"])["incident"]
    return incidents.get(session, number_at(str(incident_id), 0)) if incident_id is not None else None


SUBMISSIONS = {messages.FORM: Submission(submitted, "text", Act.PUBLISH, _of_status)}
