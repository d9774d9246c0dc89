"""Reading what people type, and Slack's markup as words."""

from __future__ import annotations

import pytest

from bot.errors import BadRequest
from bot.incidents.rules.incident import Status, parse_status
from bot.incidents.rules.typed_command import Typed, parse_command
from bot.severity.rules import Severity, leading_severity, parse_severity
from bot.text.markup import harmless, plain_text, without_emoji

COMMANDS = {
    "": Typed("menu", None, ""),
    "   ": Typed("menu", None, ""),
    "status": Typed("status", None, ""),
    "STATUS": Typed("status", None, ""),
    "/status": Typed("status", None, ""),
    "  note   rolled back  ": Typed("note", None, "rolled back"),
    "note\u00a0rolled back": Typed("note", None, "rolled back"),
    "note first line\nsecond line": Typed("note", None, "first line\nsecond line"),
    "note INC-2026-0001 rolled back": Typed("note", "INC-2026-0001", "rolled back"),
    "note inc-2026-0001   rolled back": Typed("note", "INC-2026-0001", "rolled back"),
    "note INC-2026-0001\nrolled back": Typed("note", "INC-2026-0001", "rolled back"),
    "ack SEC-2026-0003": Typed("ack", "SEC-2026-0003", ""),
    "note INC-2026 rolled back": Typed("note", None, "INC-2026 rolled back"),
    "note rolled back INC-2026-0001": Typed("note", None, "rolled back INC-2026-0001"),
}


@pytest.mark.parametrize(("text", "typed"), COMMANDS.items())
def test_a_command_is_taken_apart(text: str, typed: Typed) -> None:
    assert parse_command(text) == typed


SEVERITIES = {
    Severity.P0: ["P0", "p0", "0", "sev0", "SEV-0", "critical", "Priority 0", "severity 0"],
    Severity.P1: ["P1", " p1 ", "p 1", "p-1", "sev_1", "sev 1", "HIGH", "prio1"],
    Severity.P2: ["P2", "Sev-2", "medium", "2"],
    Severity.P3: ["P3", "low", "severity-3"],
}


@pytest.mark.parametrize(("severity", "text"), [(level, text) for level, texts in SEVERITIES.items() for text in texts])
def test_a_severity_is_read_however_it_is_written(severity: Severity, text: str) -> None:
    assert parse_severity(text) is severity


@pytest.mark.parametrize("text", ["", "P4", "P", "P11", "urgent", "1.5", "P1 now", "P٣", "-"])
def test_what_is_no_severity_is_told_the_four(text: str) -> None:
    with pytest.raises(BadRequest, match=r"P0 critical, P1 high, P2 medium or P3 low"):
        parse_severity(text)


LEADING = {
    "P1 checkout down": (Severity.P1, "checkout down"),
    "p1: checkout down": (Severity.P1, "checkout down"),
    "sev-0 - all regions": (Severity.P0, "all regions"),
    "SEV2, slow": (Severity.P2, "slow"),
    "P3": (Severity.P3, ""),
    "P10 printers": (None, "P10 printers"),
    "p1checkout": (None, "p1checkout"),
    "checkout down P1": (None, "checkout down P1"),
    "  padded ": (None, "padded"),
    "": (None, ""),
}


@pytest.mark.parametrize(("text", "read"), LEADING.items())
def test_a_severity_said_first_is_split_off(text: str, read: tuple[Severity | None, str]) -> None:
    assert leading_severity(text) == read


STATUSES = {
    "mitigated": Status.MITIGATED,
    "Mitigate": Status.MITIGATED,
    "mit": Status.MITIGATED,
    "investigating": Status.INVESTIGATING,
    "inv": Status.INVESTIGATING,
    "identified": Status.IDENTIFIED,
    "found": Status.IDENTIFIED,
    "fixed": Status.RESOLVED,
    "resolved ": Status.RESOLVED,
    "done": Status.RESOLVED,
    "close": Status.CLOSED,
    "closed": Status.CLOSED,
}


@pytest.mark.parametrize(("text", "status"), STATUSES.items())
def test_a_status_is_read_tolerantly(text: str, status: Status) -> None:
    assert parse_status(text) is status


@pytest.mark.parametrize("text", ["", "i", "in", "mi", "open", "mitigated now", "resolving"])
def test_what_is_no_status_is_told_the_words(text: str) -> None:
    with pytest.raises(BadRequest, match=r"investigating, identified, mitigated, as in `/incident status mitigated`"):
        parse_status(text)


MARKUP = {
    "plain words": "plain words",
    "<@U0VP> look": "@somebody look",
    "<@U0VP|vp> look": "@vp look",
    "in <#C0GENERAL|general>": "in #general",
    "<!here> and <!channel>": "@here and @channel",
    "<!subteam^S0ONCALL|@oncall>": "@oncall",
    "<!subteam^S0ONCALL>": "@group",
    "see <#C0SECRET>": "see a private channel",
    "<https://example.com/a?b=1&amp;c=2|the page>": "https://example.com/a?b=1&c=2",
    "<mailto:ops@example.com|ops@example.com>": "ops@example.com",
    "5 &lt; 6 &amp;&amp; 7 &gt; 6": "5 < 6 && 7 > 6",
    "&amp;lt;": "&lt;",
    "  padded\n": "padded",
}


@pytest.mark.parametrize(("markup", "words"), MARKUP.items())
def test_markup_becomes_words(markup: str, words: str) -> None:
    assert plain_text(markup) == words


LOUD = {
    "<!channel> help": "@channel help",
    "<!here|here> help": "@here help",
    "<!everyone>": "@everyone",
    "<!subteam^S0ONCALL|@oncall> wake": "@subteam wake",
    "<@U0VP> stays": "<@U0VP> stays",
    "&lt;!channel&gt; stays as it was typed": "&lt;!channel&gt; stays as it was typed",
    "<!date^1700000000^{date}|then> stays": "<!date^1700000000^{date}|then> stays",
}


@pytest.mark.parametrize(("markup", "quiet"), LOUD.items())
def test_words_that_would_ping_a_crowd_are_disarmed(markup: str, quiet: str) -> None:
    assert harmless(markup) == quiet


@pytest.mark.parametrize(
    ("markup", "typed"),
    [
        ("<http://api.example.com|api.example.com> is down", "api.example.com is down"),
        ("<http://shop.example.com/|shop.example.com> answers 502", "shop.example.com answers 502"),
        ("<mailto:a@example.com|a@example.com> bounced", "a@example.com bounced"),
        ("<https://example.com/a|the status page> is red", "https://example.com/a is red"),
    ],
)
def test_what_slack_made_a_link_of_comes_back_as_it_was_typed(markup: str, typed: str) -> None:
    assert plain_text(markup) == typed


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (":fire: checkout is down :rotating_light:", "checkout is down"),
        ("prod is :fire::fire:", "prod is"),
        (":+1::skin-tone-3: fixed", "fixed"),
        ("at 10:30:45 it failed", "at 10:30:45 it failed"),
        ("arn:aws:sqs:eu-west-1:123:queue", "arn:aws:sqs:eu-west-1:123:queue"),
        ("host:port:host", "host:port:host"),
    ],
)
def test_emoji_codes_are_no_words(text: str, left: str) -> None:
    assert without_emoji(text) == left
