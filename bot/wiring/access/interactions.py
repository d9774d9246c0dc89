"""The map of buttons and forms: what each does, what somebody must be let do for it, and which incident it is about."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.orm import Session

from bot.diagnostics import listeners as diagnosing
from bot.errors import BadRequest
from bot.escalation import listeners as oncall
from bot.escalation.queries import pings
from bot.escalation.rules.matrix import Role
from bot.incidents.interactions import ID, OUT_OF_DATE, Press, Submission, incident_at, number_at, of_no_incident
from bot.incidents.messages import ENTRY
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status
from bot.incidents.tables import IncidentRow
from bot.lifecycle.listeners import access, buttons, forms, handover, timeline
from bot.lifecycle.messages import forms as modals
from bot.lifecycle.queries import handovers, severity_suggestions
from bot.playbooks.listeners import buttons as playbook_buttons
from bot.playbooks.listeners import submissions as playbook_forms
from bot.playbooks.listeners.buttons import of_run
from bot.playbooks.messages.forms import NOTE
from bot.reports.listeners import answers, corrections, similar
from bot.reports.messages.corrections import WHY
from bot.reports.rules import IN_WORDS
from bot.reviews import listeners as reviewing
from bot.severity.rules import Severity
from bot.stakeholders import listeners as telling
from bot.stakeholders.messages import NOTICE


def _of_ping(session: Session, value: str) -> IncidentRow:
    return incidents.get(session, pings.get(session, number_at(value, 0)).incident_id)


def _of_handover(session: Session, value: str) -> IncidentRow:
    return incidents.get(session, handovers.get_handover(session, number_at(value, 0)).incident_id)


def _of_suggestion(session: Session, value: str) -> IncidentRow | None:
    held = severity_suggestions.find(session, number_at(value, 0))
    return incidents.get(session, held.incident_id) if held is not None else None


def _by_ref(session: Session, value: str) -> IncidentRow:
    """`report id:ref`."""
    return incidents.get_by_ref(session, value.partition(":")[2])


def _of_assigned(session: Session, value: str) -> IncidentRow:
    """`playbook:run:step:who`."""
    return of_run(session, value.partition(":")[2])


def _of_report_first(session: Session, value: str) -> None:
    """`report:service:name`."""
    number_at(value, 0)


def _of_offer(session: Session, value: str) -> IncidentRow:
    """`incident:run:role`, where the run is one of that incident."""
    row = of_run(session, value.partition(":")[2])
    if row.incident_id != number_at(value, 0):
        raise BadRequest(OUT_OF_DATE)
    return row


def _of_report(session: Session, value: str) -> None:
    """A report belongs to the announcement channel, which everybody reads; the number must be one."""
    number_at(value, -1)


_PAIR = f"{ID}:{ID}"
_SEVERITY = f"({'|'.join(Severity)}):{ID}"
_STATUS = f"({'|'.join(Status)}):{ID}"
_PART_OF = rf"{ID}:(INC|SEC)-\d{{4}}-\d{{1,6}}"
_TICK = rf"{ID}:{ID}:[\w-]{{1,80}}"
_RESOURCE = rf"{ID}:\w{{1,40}}:.{{1,1900}}"
_OFFER = f"{_PAIR}:({'|'.join(Role)})"
_ASSIGN = rf"playbook:{ID}:{ID}:[UW][A-Z0-9]{{2,30}}"

PRESSES: dict[str, Press] = {
    "incident_acknowledge": Press(buttons.acknowledge, Act.CHANGE, incident_at(-1), f"({ID}:)?{ID}"),
    "page_acknowledge": Press(buttons.acknowledge, Act.CHANGE, incident_at(-1), f"({ID}:)?{ID}"),
    "page_take_over": Press(handover.take_over, Act.CHANGE, incident_at(1), _PAIR),
    "page_why": Press(oncall.why_me, Act.READ, _of_ping, f"{ID}(:{ID})?"),
    "handover_accept": Press(handover.accept_handover, Act.CHANGE, _of_handover, ID),
    **{name: Press(run, Act.CHANGE, incident_at(0), ID) for name, run in access.PRESSES.items()},
    "merge_private": Press(access.merge_private, Act.MERGE, incident_at(0), _PAIR),
    "incident_command": Press(buttons.take_command, Act.CHANGE, incident_at(0), ID),
    "incident_status": Press(buttons.set_status, Act.CHANGE, incident_at(1), _STATUS),
    "incident_severity": Press(buttons.set_severity, Act.CHANGE, incident_at(1), _SEVERITY),
    "report_declare": Press(answers.declare_report, Act.DECLARE, _of_report, ID),
    "report_declare_as": Press(answers.declare_report_as, Act.DECLARE, _of_report, _SEVERITY),
    "report_dismiss": Press(answers.dismiss_report, Act.FALSE_ALARM, _of_report, ID),
    "report_diagnose": Press(answers.diagnose_report, Act.CHANGE, _of_report_first, _RESOURCE),
    "report_declare_after_all": Press(answers.declare_after_all, Act.DECLARE, _of_report, ID),
    "report_part_of": Press(answers.join_report, Act.CHANGE, _by_ref, _PART_OF),
    "report_part_of_other": Press(answers.join_report, Act.CHANGE, _by_ref, _PART_OF),
    "suggestion_vote": Press(similar.cast_vote, Act.CHANGE, of_no_incident, r"(yes|no):\d{1,3}:[^:]+:.+"),
    **{name: Press(run, Act.CHANGE, _of_report, rf"\w{{1,40}}:{ID}") for name, run in corrections.REASONS.items()},
    "severity_take": Press(corrections.take_severity, Act.CHANGE, _of_suggestion, ID),
    "severity_keep": Press(corrections.keep_severity, Act.CHANGE, _of_suggestion, ID),
    **{name: Press(run, Act.CHANGE, incident_at(0), _PAIR) for name, run in reviewing.PRESSES.items()},
    "playbook_done": Press(playbook_buttons.PRESSES["playbook_done"], Act.CHANGE, of_run, _PAIR),
    "playbook_not_helped": Press(playbook_buttons.PRESSES["playbook_not_helped"], Act.CHANGE, of_run, _PAIR),
    "playbook_skip": Press(playbook_buttons.PRESSES["playbook_skip"], Act.CHANGE, of_run, _PAIR),
    "playbook_assign": Press(playbook_buttons.assign, Act.CHANGE, _of_assigned, _ASSIGN),
    "playbook_look": Press(playbook_buttons.look, Act.CHANGE, of_run, _PAIR),
    "playbook_keep": Press(playbook_buttons.keep, Act.CHANGE, of_run, _PAIR),
    "playbook_list": Press(playbook_buttons.show_list, Act.READ, incident_at(0), ID),
    "playbook_page": Press(playbook_buttons.page, Act.CHANGE, _of_offer, _OFFER),
    **{name: Press(run, Act.CHANGE, incident_at(0), _RESOURCE) for name, run in diagnosing.PRESSES.items()},
    "check_tick": Press(telling.tick, Act.CHANGE, incident_at(0), _TICK),
    "check_untick": Press(telling.untick, Act.CHANGE, incident_at(0), _TICK),
    "alarms_look": Press(telling.look_up_again, Act.READ, incident_at(0), _PAIR),
    "key_mark": Press(timeline.mark_key, Act.CHANGE, incident_at(0), rf"{ID}:\d{{1,12}}\.\d{{1,9}}"),
}


def of_form(session: Session, values: dict[str, str], view: dict[str, Any]) -> IncidentRow:
    """The incident's id is all that the form carries."""
    return incidents.get(session, number_at(str(view.get("private_metadata")), 0))


def _of_notice(session: Session, values: dict[str, str], view: dict[str, Any]) -> IncidentRow:
    return incidents.get(session, number_at(str(json.loads(view["private_metadata"])["incident"]), 0))


def _of_entry(session: Session, values: dict[str, str], view: dict[str, Any]) -> IncidentRow:
    """The one that was chosen, or the one whose channel it was."""
    chosen = values.get("incident") or json.loads(view["private_metadata"])["incident"]
    return incidents.get(session, number_at(str(chosen), 0))


def _of_noted(session: Session, values: dict[str, str], view: dict[str, Any]) -> IncidentRow:
    """`run:step`."""
    return of_run(session, str(view.get("private_metadata")))


def _of_reason(session: Session, values: dict[str, str], view: dict[str, Any]) -> None:
    """A report's id, which must be a number."""
    number_at(str(view.get("private_metadata")), 0)


SUBMISSIONS: dict[str, Submission] = {
    modals.RESOLVE: Submission(forms.resolved, "resolution", Act.CHANGE, of_form),
    modals.CLOSE: Submission(forms.closed, "cause", Act.CHANGE, of_form),
    WHY: Submission(corrections.explained, IN_WORDS, Act.CHANGE, _of_reason),
    NOTICE: Submission(telling.notice_sent, "next_steps", Act.CHANGE, _of_notice),
    NOTE: Submission(playbook_forms.noted, "line", Act.CHANGE, _of_noted),
    ENTRY: Submission(timeline.entry_saved, "when", Act.CHANGE, _of_entry),
}
