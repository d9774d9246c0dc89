"""The answer to a report, before and after somebody decided. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.memory.messages import Suggestion, similar_line, vote_menu
from bot.severity.messages import severity_options
from bot.severity.rules import Judgement, Level, Severity
from bot.slack.blocks import Block, actions, button, context, section, select
from bot.slack.client import Message
from bot.slack.text import plain, shorten, span


def answer(
    report_id: int,
    judgement: Judgement,
    level: Level,
    similar: Sequence[Suggestion],
    levels: Mapping[Severity, Level],
    alike: Incident | None = None,
) -> Message:
    """The reply to a report: severity, why, the response time, what it looks like, and what can be pressed.

    `alike` is an open incident that the report may be about: joining it is offered before declaring another.
    """
    words = ", ".join(f"“{plain(shorten(item.text, 80))}”" for item in judgement.evidence[:4])
    why = f"Because of {words}: {plain(judgement.row)}" if words else plain(judgement.row)
    verdict = f"Looks like *{level.severity} {level.title}* ({level.meaning})."
    blocks = [section(f"{verdict} Respond within {span(level.respond_within)}.\n{why}")]
    # What is pressed comes before what is read: on a phone the rest is below the fold.
    if alike:
        blocks.append(section(f"Possible match, still open: {headline(alike)}"))
    blocks.append(_answer_actions(report_id, level, levels, alike.ref if alike else None))
    blocks += [section(similar_line(one.item), vote_menu(one.vote_key)) for one in _incidents(similar)]
    for one in similar:
        if one.item.kind == "playbook":
            line = f"Playbook: *{one.item.ref}* {plain(shorten(one.item.title, 200))}"
            blocks.append(section(line, vote_menu(one.vote_key)))
    return Message(f"Looks like {level.severity} {level.title}: {level.meaning}", tuple(blocks))


def _incidents(similar: Sequence[Suggestion]) -> list[Suggestion]:
    return [one for one in similar if one.item.kind == "incident"][:3]


def _answer_actions(report_id: int, level: Level, levels: Mapping[Severity, Level], open_ref: str | None) -> Block:
    value = str(report_id)
    style = None if open_ref else "danger" if level.severity.rank < 2 else "primary"
    elements = [
        *([button(f"Part of {open_ref}", "report_part_of", f"{value}:{open_ref}", "primary")] if open_ref else []),
        button(f"Declare {level.severity}", "report_declare", value, style),
        select("Other severity", "report_declare_as", severity_options(levels, f":{value}")),
        button("Not an incident", "report_dismiss", value),
    ]
    return actions("report_actions", *elements)


def answered(judgement: Judgement, level: Level, outcome: str, similar: Sequence[Suggestion] = ()) -> Message:
    """The same reply once somebody decided: no buttons, the outcome, and suggestions to vote on."""
    words = ", ".join(f"“{plain(shorten(item.text, 80))}”" for item in judgement.evidence[:4])
    line = f"Judged *{level.severity} {level.title}*" + (f" because of {words}" if words else "") + "."
    asked = [
        section(f"Similar: *{one.item.ref}* {plain(shorten(one.item.title, 200))}", vote_menu(one.vote_key))
        for one in _incidents(similar)
    ]
    return Message(outcome, (section(outcome), context(line), *asked))
