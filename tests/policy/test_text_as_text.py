"""What a policy file says is shown as it is written: it formats nothing in Slack, and pings nobody."""

from __future__ import annotations

from dataclasses import replace

from bot.context import Policy
from bot.incidents.queries import incidents
from bot.lifecycle.messages import answers, card
from bot.reports.messages import answer, corrections
from bot.severity.rules import Judgement, Severity
from bot.slack.client import Message
from bot.stakeholders import messages as notices
from tests.fixtures.flow import Declare
from tests.support.rows import NOON

WRITTEN = "<!channel> <@U0VP> *down* _all_ & `x`"
SHOWN = "&lt;!channel&gt; &lt;@U0VP&gt;"


def marked_up(part: object) -> str:
    """All that Slack would read as markup: plain text is none."""
    if isinstance(part, Message):
        return f"{part.text}\n{marked_up(list(part.blocks))}"
    if isinstance(part, dict):
        return "" if part.get("type") == "plain_text" else "\n".join(marked_up(one) for one in part.values())
    if isinstance(part, list | tuple):
        return "\n".join(marked_up(one) for one in part)
    return str(part)


def test_levels_and_points_of_the_checklist_ping_nobody(policy: Policy, declared: Declare) -> None:
    row = declared(Severity.P1)
    levels = {
        severity: replace(level, title=WRITTEN, meaning=WRITTEN) for severity, level in policy.severity.levels.items()
    }
    judged = Judgement(Severity.P1, 0.9, (), None, WRITTEN)
    said = [
        Message(answers.severity(row, levels)),
        card.card(incidents.facts(row), levels),
        answer.answer(1, "down", judged, levels),
        corrections.severity_suggestion(1, levels[Severity.P2], levels[Severity.P1], WRITTEN, ("down",), None),
        notices.checklist(incidents.facts(row), 1, {"one": WRITTEN}, {}, NOON),
    ]
    for text in map(marked_up, said):
        assert "<!channel>" not in text and "<@U0VP>" not in text and "*down*" not in text
        assert SHOWN in text
