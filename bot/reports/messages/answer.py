"""The answer to a report, or the question whether it is one, before and after somebody decided. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.diagnostics.messages import choice
from bot.diagnostics.rules.request import DiagnosisRequest
from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.memory.messages import Suggestion, similar_line, vote_menu
from bot.reports.messages.reasons import reasons
from bot.severity.messages import severity_options
from bot.severity.rules import Judgement, Level, Severity
from bot.slack.blocks import Block, actions, button, confirmation, context, option, section, select
from bot.slack.client import Message
from bot.slack.text import plain, shorten
from bot.text.durations import span
from bot.text.markup import instant

DIAGNOSE = "report_diagnose"
_OFFERED = 10  # open incidents to choose from, the worst first; a message has room for no more


@dataclass(frozen=True, slots=True)
class Running:
    """Open incidents that everybody may see, and the ref of the one that the report may be about."""

    incidents: tuple[Incident, ...] = ()
    likely_ref: str | None = None

    @property
    def likely(self) -> Incident | None:
        return next((one for one in self.incidents if one.ref == self.likely_ref), None)

    @property
    def others(self) -> list[Incident]:
        return [one for one in self.incidents if one.ref != self.likely_ref][:_OFFERED]


DECLARED_IN_PRIVATE = "Sounds like a security incident: declaring it makes a private channel. Write no details here."


def answer(
    report_id: int,
    text: str,
    judgement: Judgement,
    levels: Mapping[Severity, Level],
    similar: Sequence[Suggestion] = (),
    running: Running | None = None,
    resources: Sequence[DiagnosisRequest] = (),
    private: bool = False,
    recovered_at: datetime | None = None,
) -> Message:
    """The reply to a report: severity, why, the response time, what it looks like, and what can be pressed.

    `text` is the report as it was written. Joining an open incident is offered before declaring another. `resources`
    are those of AWS of which it speaks; `private` is whether it would be declared as a security incident. Of what is OK
    again, since `recovered_at`, the first question is no longer whether to declare it.
    """
    assert judgement.severity is not None
    level, running = levels[judgement.severity], running or Running()
    title, meaning = plain(level.title), plain(level.meaning)
    verdict = f"Looks like *{level.severity} {title}* ({meaning}). Respond within {span(level.respond_within)}."
    brief = f"Looks like {level.severity} {title}: {meaning}"
    if recovered_at is not None:
        verdict = f"{_over(recovered_at)} It looked like *{level.severity} {title}* ({meaning})."
        brief = f"OK again; it looked like {level.severity} {title}"
    blocks = [section("\n".join([verdict, *reasons(text, judgement)]))]
    if private:
        blocks.append(context(DECLARED_IN_PRIVATE))
    # What is pressed comes before what is read: on a phone the rest is below the fold.
    if running.likely:
        blocks.append(section(f"Possible match, still open: {headline(running.likely)}"))
    buttons = _answer_actions(report_id, level, levels, running)
    blocks.append(buttons if recovered_at is None else _actions_once_over(report_id, levels, running))
    blocks += choice(DIAGNOSE, str(report_id), resources)
    blocks += [section(similar_line(one.item), vote_menu(one.vote_key)) for one in _incidents(similar)]
    for one in similar:
        if one.item.kind == "playbook":
            line = f"Playbook: *{one.item.ref}* {plain(shorten(one.item.title, 200))}"
            blocks.append(section(line, vote_menu(one.vote_key)))
    return Message(brief, tuple(blocks))


def question(
    report_id: int,
    levels: Mapping[Severity, Level],
    running: Running | None = None,
    recovered_at: datetime | None = None,
) -> Message:
    """One line for what may be trouble: is this an incident? To declare, to join an open one, or no."""
    running = running or Running()
    likely = f" It may be part of {headline(running.likely)}" if running.likely else ""
    if recovered_at is not None:
        text = f"{_over(recovered_at)} Was this an incident?"
        return Message(text, (section(text + likely), _actions_once_over(report_id, levels, running)))
    text = "Is this an incident?"
    buttons = actions(
        "report_actions",
        *_joining(report_id, running),
        _confirmed(select("Declare…", "report_declare_as", severity_options(levels, f":{report_id}")), running),
        button("No", "report_dismiss", str(report_id)),
    )
    return Message(text, (section(text + likely), buttons))


def _incidents(similar: Sequence[Suggestion]) -> list[Suggestion]:
    return [one for one in similar if one.item.kind == "incident"][:3]


def _answer_actions(report_id: int, level: Level, levels: Mapping[Severity, Level], running: Running) -> Block:
    value = str(report_id)
    style = None if running.likely else "danger" if level.severity.rank < 2 else "primary"
    joining = _joining(report_id, running)
    elements = [
        *joining[:1] * bool(running.likely),
        button(f"Declare {level.severity}", "report_declare", value, style, _confirmation(running)),
        _confirmed(select("Other severity", "report_declare_as", severity_options(levels, f":{value}")), running),
        *joining[bool(running.likely) :],
        button("Not an incident", "report_dismiss", value),
    ]
    return actions("report_actions", *elements)


def _over(recovered_at: datetime) -> str:
    return f":white_check_mark: OK again since {instant(recovered_at)}."


def _actions_once_over(report_id: int, levels: Mapping[Severity, Level], running: Running) -> Block:
    """The same without a button that declares: what is over by itself is mostly none, and is declared from a menu."""
    menu = select("Declare anyway…", "report_declare_as", severity_options(levels, f":{report_id}"))
    dismiss = button("Not an incident", "report_dismiss", str(report_id))
    return actions("report_actions", dismiss, *_joining(report_id, running), _confirmed(menu, running))


def _confirmation(running: Running) -> str | None:
    """What is asked before another incident is declared, where an open one looks alike."""
    likely = running.likely
    return f"{likely.ref} is still open and looks like the same. Declare another incident?" if likely else None


def _confirmed(menu: Block, running: Running) -> Block:
    asked = _confirmation(running)
    return menu | {"confirm": confirmation(asked)} if asked else menu


def _joining(report_id: int, running: Running) -> list[Block]:
    """A button for the likely open incident first, then a menu of the others."""
    found = []
    if running.likely:
        ref = running.likely.ref
        found.append(button(f"Part of {ref}", "report_part_of", f"{report_id}:{ref}", "primary"))
    if running.others:
        options = [option(f"{one.ref} {one.title}", f"{report_id}:{one.ref}") for one in running.others]
        found.append(select("Part of…", "report_part_of_other", options))
    return found


def answered(
    text: str,
    judgement: Judgement,
    level: Level | None,
    outcome: str,
    similar: Sequence[Suggestion] = (),
    incident_id: int | None = None,
) -> Message:
    """The same reply once somebody decided: no buttons, the outcome, and suggestions to vote on.

    `level` is what Tocsin had said; None where it had asked. With `incident_id`, which it was declared as, the playbook
    that fits can be started from here.
    """
    judged = []
    if level is not None:
        judged = [context("\n".join([f"Judged *{level.severity} {plain(level.title)}*.", *reasons(text, judgement)]))]
    asked = [
        section(f"Similar: *{one.item.ref}* {plain(shorten(one.item.title, 200))}", vote_menu(one.vote_key))
        for one in _incidents(similar)
    ]
    return Message(outcome, (section(outcome), *judged, *asked, *_playbook(similar, incident_id)))


def _playbook(similar: Sequence[Suggestion], incident_id: int | None) -> list[Block]:
    """The playbook that fits, with the button that starts it in the incident's channel."""
    found = next((one.item for one in similar if one.item.kind == "playbook"), None)
    if found is None or incident_id is None:
        return []
    start = button("Start", "playbook_start", f"{incident_id}:{found.ref}")
    return [section(f"Playbook: *{found.ref}* {plain(shorten(found.title, 200))}", start)]


def alert_again(times: int, last_at: datetime, recovered_at: datetime | None) -> str:
    """Below the answer to an alert: how often it came, and that it recovered; empty while it came once."""
    often = f"This alert came {times} times, the last {instant(last_at)}." if times > 1 else ""
    over = f"It recovered {instant(recovered_at)}." if recovered_at else ""
    return " ".join(part for part in (often, over) if part)


def alert_recovered(text: str) -> str:
    """For the timeline of the incident that an alert became."""
    return f"The alert recovered: {shorten(' '.join(text.split()), 200)}"


JUDGED_AGAIN = "Judged again after an edit."


def answered_late(late: timedelta) -> str:
    return f"{span(late)} late: Tocsin was offline when this was posted."
