"""A diagnosis as people read it: in Slack, on the timeline, in a terminal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.diagnostics.rules.evidence import Evidence, Found
from bot.diagnostics.rules.figures import number
from bot.diagnostics.rules.finding import Diagnosis, Finding, NotRead, Weight
from bot.diagnostics.rules.picture import Picture, to_draw
from bot.diagnostics.rules.request import DiagnosisRequest
from bot.slack.blocks import Block, actions, button, context, option, section, select
from bot.slack.client import Message
from bot.slack.forms import Values, text_field
from bot.slack.text import bold, code, fit, plain, shorten
from bot.text.markup import escape, instant
from bot.text.wording import counted

# A message of Slack holds 13,200 characters. What is left out of it is on the timeline.
_ROOM = 7500  # characters for all findings
_LONGEST = 1500  # characters of one finding
_LONGEST_LIST = 1500  # characters of what was not checked, and of what was fine
_LONGEST_NAME = 150
_LONGEST_VALUE = 150  # of an option; Slack refuses the whole message for a longer one
_LONGEST_TITLE = 90
_ON_CARD = 3  # findings; more hide what else the card says
_LONGEST_SEEN = 160
_MARKS = {
    Weight.PROBLEM: ":red_circle:",
    Weight.RISK: ":large_orange_circle:",
    Weight.CHANGE: ":large_blue_circle:",
    Weight.NOTICE: ":white_circle:",
}
_NAMES = {Weight.PROBLEM: "PROBLEM", Weight.RISK: "RISK", Weight.CHANGE: "CHANGE", Weight.NOTICE: "NOTICE"}
NOT_CONFIGURED = (
    "AWS isn't configured here. Set AWS_REGION and give Tocsin read-only credentials; "
    "`tocsin aws policy` prints the permissions."
)


OFFERED = "diagnose_resource"
NO_LONGER_OFFERED = "knowledge/policy/services.yaml no longer names that resource. Type `/incident diagnose` again."


def offer(where: str, found: Sequence[DiagnosisRequest]) -> Message:
    """Buttons for what the incident speaks of, for the person who asked; `where` names it."""
    text = "What should be checked?"
    return Message(text, (section(text), *offered(OFFERED, where, found)))


def offered(action_id: str, where: str, found: Sequence[DiagnosisRequest]) -> list[Block]:
    """A line with a button for each resource, whose value is `where`, the service and the name."""
    # A block each: within one, Slack takes an action id once.
    return [
        section(
            bold(shorten(f"{one.service} {one.name}", _LONGEST_NAME)),
            button(f"Diagnose {one.name}", action_id, f"{where}:{one.service}:{one.name}"),
        )
        for one in found
    ]


def choice(action_id: str, where: str, found: Sequence[DiagnosisRequest]) -> list[Block]:
    """The same in one row, beneath an answer: a button for a single resource, else a menu."""
    valued = [(one, f"{where}:{one.service}:{one.name}") for one in found]
    fitting = [(one, value) for one, value in valued if len(value) <= _LONGEST_VALUE]
    if not fitting:
        return []
    if len(fitting) == 1:
        one, value = fitting[0]
        return [actions("diagnose_actions", button(f"Diagnose {one.service} {one.name}", action_id, value))]
    options = [option(f"{one.service} {one.name}", value) for one, value in fitting]
    return [actions("diagnose_actions", select("Diagnose…", action_id, options))]


def begun(resources: Sequence[str], place: str = "incident's channel") -> str:
    """For the person who asked, while the checks run."""
    return f"Checking {plain(', '.join(resources))}. Results appear in the {place} as they arrive."


def beginning(resource: str) -> Message:
    """Posted before the first answer of AWS."""
    text = f"Checking {plain(resource)} …"
    return Message(text, (section(text),))


def could_not(resource: str, reason: str) -> Message:
    """Nothing could be looked at, and why."""
    text = f"{bold(resource)} could not be checked. {plain(reason)}"
    return Message(text, (section(text),))


def _untitled(_ref: str) -> str:
    return ""


def diagnosed(found: Diagnosis, title_of: Callable[[str], str] = _untitled) -> Message:
    """The one message of a diagnosis, edited as results arrive. `title_of` a ref is empty where it is unknown."""
    head = f"{bold(shorten(found.resource, _LONGEST_NAME))} in {plain(found.where)}, {found.window}"
    shown = _that_fit([_finding(one, title_of) for one in found.findings])
    blocks: list[Block] = [section(f"{head}\n{_summary(found)}"), *(section(text) for text in shown)]
    if len(found.findings) > len(shown):
        blocks.append(context(f"{counted(len(found.findings) - len(shown), 'more finding')} on the timeline."))
    if found.unread:
        lines = "\n".join(f":warning: Not checked: {plain(_unread(one))}" for one in found.unread)
        blocks.append(context(fit(lines, _LONGEST_LIST)))
    blocks.append(context(fit(_foot(found), _LONGEST_LIST)))
    return Message(shorten(f"{found.resource}: {_summary(found)}", _LONGEST), tuple(blocks))


def _that_fit(texts: Sequence[str]) -> list[str]:
    """The first of them, as many as there is room for."""
    shown: list[str] = []
    room = _ROOM
    for text in texts:
        room -= len(text)
        if room < 0:
            break
        shown.append(text)
    return shown


def _summary(found: Diagnosis) -> str:
    counts = [
        counted(number, name)
        for weight, name in ((Weight.PROBLEM, "problem"), (Weight.RISK, "risk"), (Weight.CHANGE, "change"))
        if (number := sum(one.weight is weight for one in found.findings))
    ]
    if not found.is_over:
        return f"{', '.join(counts) or 'Nothing'} so far; still checking {', '.join(found.waiting)} …"
    if counts:
        return f"{', '.join(counts)}."
    if found.unread and not found.has_read:
        return "Nothing could be checked."
    return "Nothing wrong found in what could be checked." if found.unread else "Nothing wrong found."


def _finding(one: Finding, title_of: Callable[[str], str]) -> str:
    lines = [f"{_MARKS[one.weight]} *{plain(one.seen).replace('*', '∗')}*"]
    if one.compared:
        lines.append(f"_{plain(one.compared)}_")
    lines.append(plain(one.why))
    if one.refs or one.likely:
        lines.append(plain(_links(one, title_of)))
    if one.command:
        lines.append(code(one.command))
    return fit("\n".join(lines), _LONGEST)


def _links(one: Finding, title_of: Callable[[str], str] = _untitled) -> str:
    """`See GUIDE-concurrency. Possibly as in NFI-2023-0016.`: what it is, and what it resembles; the first by title."""
    known = f"See {_named(one.refs, title_of)}." if one.refs else ""
    resembles = f"Possibly as in {_named(one.likely, title_of)}." if one.likely else ""
    return f"{known} {resembles}".strip()


def _named(refs: Sequence[str], title_of: Callable[[str], str]) -> str:
    first, *others = refs
    title = title_of(first)
    return ", ".join([f"{first} ({shorten(title, _LONGEST_TITLE)})" if title else first, *others])


_CENT = 0.01  # dollars


def _unread(one: NotRead) -> str:
    return f"{one.look}: {one.why}"


def _dollars(cost: float) -> str:
    return f"${cost:.2f}" if cost >= _CENT else "less than $0.01"


def _foot(found: Diagnosis) -> str:
    cost = f", estimated at {_dollars(found.cost)}" if found.cost else ""
    cost += f" (Logs Insights scanned {number(found.scanned, 'B')})" if found.scanned else ""
    clean = f"Nothing wrong in {', '.join(found.clean)}. " if found.clean else ""
    return f"{plain(clean)} Read-only, {counted(found.calls, 'AWS call')}{cost}.".strip()


def picture(found: Diagnosis, declared_at: datetime | None) -> Picture:
    """What was measured over the last three hours, with the declaration and the changes that were seen."""
    panels = to_draw(found.measured)
    begin = min((one.points[0][0] for one in panels), default=found.window.begin)
    changes = tuple(one.at for one in found.findings if one.weight is Weight.CHANGE and one.at is not None)
    return Picture(f"{found.resource}, {found.where}", begin, found.window.end, panels, declared_at, changes)


def entry(one: Finding, resource: str) -> str:
    """A finding as an entry of the timeline, in Slack's markup."""
    compared = f" ({plain(one.compared)})" if one.compared else ""
    return f"AWS, {plain(resource)}: {plain(one.seen)}{compared}. {plain(_links(one))}".rstrip()


def entry_of_nothing(found: Diagnosis) -> str:
    """The entry of a diagnosis that found nothing: that is evidence too."""
    return f"AWS, {plain(found.resource)}: {_summary(found)} ({found.window.short})"


def on_card(known: Evidence, page: str | None = None) -> str:
    """What holds now, for the incident's card and the form that resolves it: few lines, the heaviest first.

    `page` is the address of the incident's page, which has everything; None where pages are off.
    """
    partly = "; not everything could be checked" if known.unread else ""
    head = f"*What AWS shows*, diagnosed {instant(known.at)}{partly}"
    lines = [_line_of_card(one, known) for one in known.found[:_ON_CARD]]
    if not lines:
        lines = [_nothing_on_card(known)]
    elif (more := len(known.found) - len(lines)) > 0:
        where = f"<{escape(page)}|the incident's page>" if page else "the timeline: `/incident timeline`"
        lines.append(f"{counted(more, 'more finding')} on {where}")
    return "\n".join([head, *lines])


def _line_of_card(one: Found, known: Evidence) -> str:
    """Facts say what they are; what only resembles something says so."""
    finding = one.finding
    seen = plain(shorten(finding.seen, _LONGEST_SEEN)).rstrip(".")
    known_as = [f"See {plain(finding.refs[0])}."] if finding.refs else []
    resembles = [f"Possibly as in {plain(finding.likely[0])}."] if finding.likely and not finding.refs else []
    earlier = [f"_(diagnosed {instant(one.at)})_"] if one.at != known.at else []
    resource = bold(shorten(one.resource, _LONGEST_SEEN))
    return " ".join([_MARKS[finding.weight], f"{resource}: {seen}.", *known_as, *resembles, *earlier])


def _nothing_on_card(known: Evidence) -> str:
    first, *others = known.diagnosed
    more = f" and {counted(len(others), 'other resource')}" if others else ""
    return f"Nothing wrong found with {bold(shorten(first, _LONGEST_SEEN))}{more}."


def as_text(found: Diagnosis) -> str:
    """The whole diagnosis for a terminal."""
    lines = [f"{found.resource} in {found.where}, {found.window}", _summary(found)]
    for one in found.findings:
        lines += ["", f"{_NAMES[one.weight]}  {one.seen}"]
        lines += [f"    {text}" for text in (one.compared, one.why) if text]
        lines += [f"    {_links(one)}"] if one.refs or one.likely else []
        lines += [f"    $ {one.command}"] if one.command else []
    lines += _rest(found.unread)
    return "\n".join([*lines, "", _foot(found)])


def _rest(unread: Sequence[NotRead]) -> list[str]:
    return ["", *(f"NOT CHECKED  {_unread(one)}" for one in unread)] if unread else []


RESOURCE, AT = "resource", "at"


def form_fields(zone: str) -> list[Block]:
    """The form of a diagnosis: what one would type after `/incident diagnose`."""
    return [
        text_field(RESOURCE, "Resource", placeholder="lambda orders-api, or an ARN", limit=400),
        text_field(AT, f"As of when? Leave empty for now ({zone})", optional=True, limit=60, placeholder="14:05"),
    ]


def typed_in_form(values: Values) -> str:
    return escape(values[RESOURCE] + (f" --at {values[AT]}" if values[AT] else ""))
