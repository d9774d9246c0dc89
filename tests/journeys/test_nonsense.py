"""Every subcommand with nonsense, nothing, far too much, turned text and loud words; in the wrong place; and twice."""

from __future__ import annotations

import pytest

from bot.wiring.listeners import REGISTRY
from slack_playground.person import content_of
from tests.journeys.story import failed_jobs, kinds, settle
from tests.journeys.wire import command_twice
from tests.support.stage import INCIDENTS, Stage

OURS = ("Something went wrong", "cannot reach its database", "Slack did not answer", "Traceback", "None.")
LOUD = ("<!channel", "<!here", "<!subteam", "<@U0VP>")
NONSENSE = {
    "nothing": "",
    "nonsense": "xyzzy 99 ~~ ;; %s {0} `c` ```d``` &lt;f&gt; |g|",
    "too much": "checkout fails " * 666,
    "turned text": "\u202eمرحبا بالعالم\u202c \u200fשלום",
    "loud words": "<!channel> <!here> <@U0VP> <!subteam^S0ONCALL> @channel",
    "references": "INC-1999-0001 INC-1999-0002",
}
# What these do is said once, where everybody reads it.
SAID_IN_THE_ROOM = ("rename", "resolve", "status", "severity", "false-alarm")
ELSEWHERE = ("nothing", "loud words")


@pytest.fixture(scope="module")
def room(stage: Stage) -> str:
    """The room of an open incident."""
    return str(stage.declare("P3 the lamp of the yard is off")[1]["id"])


def said(stage: Stage, place: str, command: str) -> str:
    """The answer, or the title of the form that opened, or the line that says in the room what was done."""
    responder = stage.responder
    before, known = {each["ts"] for each in responder.ephemerals(place)}, shown(stage, place)
    responder.command(place, command)

    def look() -> str | None:
        for view in responder.views():
            responder.close_view(view)
            return f"form {view['title']['text']}: {content_of(view)}"
        answered = next((content_of(each) for each in responder.ephemerals(place) if each["ts"] not in before), None)
        if answered is not None or command.split()[1] not in SAID_IN_THE_ROOM:
            return answered
        return "\n".join(line for ts, line in shown(stage, place).items() if known.get(ts) != line) or None

    return str(responder.wait_for(look, what=f"an answer to {command[:60]!r}"))


def shown(stage: Stage, place: str) -> dict[str, str]:
    """What the bot says in a channel by ts, but its card and what Slack says of topics and names."""
    said = stage.responder.messages(place)
    lines = {each["ts"]: content_of(each) for each in said if each.get("bot_id") and not each.get("subtype")}
    return {ts: line for ts, line in lines.items() if "*Commander*" not in line}


@pytest.mark.parametrize("word", [word for word in REGISTRY.entries if word != "help"])
def test_every_word_answers_nonsense_with_a_sentence(stage: Stage, room: str, word: str) -> None:
    before = failed_jobs(stage.database)
    asked = [(room, kind) for kind in NONSENSE] + [(INCIDENTS, kind) for kind in ELSEWHERE]
    for place, kind in asked:
        answer = said(stage, place, f"/incident {word} {NONSENSE[kind]}".rstrip())
        wrong = [part for part in (*OURS, *_loud_for(word), "\u202e") if part in answer]
        assert wrong == [], f"{word} with {kind}: {answer}"
        assert answer.strip() and len(answer) < 6_000
    settle(stage.database)
    assert failed_jobs(stage.database) == before


def _loud_for(word: str) -> tuple[str, ...]:
    """Words that nobody's text may bring back as they are; who is on call and whom we ping is ours to mention."""
    return LOUD[:3] if word in ("oncall", "escalate", "escalation") else LOUD


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("role scribe", "role_taken"),
        ("action an alarm on the lamp", "action_added"),
        ('escalate VP "the yard is dark"', "ping_sent"),
        ("false-alarm it is day", "false_alarm"),
    ],
)
def test_what_comes_twice_happens_once(stage: Stage, typed: str, kind: str) -> None:
    ref, channel = stage.declare("P3 the lamp of the gate is off")
    settle(stage.database)
    before = kinds(stage, ref).count(kind)
    command_twice(stage, stage.responder, channel["id"], f"/incident {typed}")
    settle(stage.database)
    assert kinds(stage, ref).count(kind) == before + 1
