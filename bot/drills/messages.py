"""What is said of a replay: refused, begun, and each inject as the drill's channel reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.drills.rules import MOST_READ, Origin, Replays
from bot.incidents.rules.incident import Incident
from bot.lifecycle.messages.forms import DRILL_WORDS
from bot.slack.blocks import context, option, section, select
from bot.slack.forms import field, form, text_field
from bot.slack.text import fit
from bot.text.durations import span
from bot.text.markup import escape
from bot.text.wording import counted

REPLAY = "drill_replay_view"
WHICH, OLDER, SPEED = "which", "older", "speed"  # its fields
NONE_IS_OVER = (
    "No incident is over yet, so there is nothing to replay. "
    "Start a drill of your own: `/incident drill P1 checkout returns 502`."
)
_LONGEST = 900  # characters of markup; a phone's screen and a half
_CAME_AS = {
    Origin.REPORT: "the report",
    Origin.FURTHER_REPORT: "a further report",
    Origin.ALARM: "an alarm",
    Origin.DIAGNOSIS: "what a diagnosis shows",
    Origin.IMPACT: "the impact, as known by now",
    Origin.SEVERITY: "new evidence",
}


def inject(number: str, origin: Origin, by: str, after: timedelta, words: str) -> str:
    """`words` mention nobody. Quoted, so that nobody takes them for what happens now."""
    came = _CAME_AS.get(origin, f"a message from {by}")
    when = f"{span(after)} in" if after else "at the start"
    quoted = "\n".join(f"> {line}" for line in fit(words.strip(), _LONGEST).splitlines())
    return f"DRILL · Inject {number}, {when}: {came}\n{quoted}"


def begun(ref: str, severity: str, replays: Replays, speed: float, where: str) -> str:
    """To whoever started it; `where` is the drill's channel."""
    pace = "" if speed == 1 else f" at {speed:g} times the speed"
    return f"*DRILL* · *{severity}* · {ref} replays {replays.ref}{pace}. {_to_come(replays)}\nChannel: {where}"


def _to_come(replays: Replays) -> str:
    then = "What was done then is in the drill's review."
    unread = f" Only the first {MOST_READ:,} entries of that timeline were read." if replays.unread else ""
    if not replays.injects:
        return f"Nothing on that timeline came from outside the responders, so nothing is put in.{unread} {then}"
    last = f", the last in {span(replays.last_after)}" if replays.last_after else ", at once"
    more = f" {counted(replays.left_out, 'later one')} left out." if replays.left_out else ""
    stop = "Resolving or closing the drill stops it."
    return f"{counted(replays.injects, 'inject')} to come{last}.{more}{unread} {then} {stop}"


def replay_form(past: Sequence[Incident]) -> dict[str, Any]:
    """Which of these to replay, the newest first, or an older one by its reference; and how fast."""
    choices = [option(f"{one.severity} · {one.ref} · {one.title}", one.ref) for one in past]
    return form(
        REPLAY,
        "Replay an incident",
        "Start the drill",
        "",
        [
            context(f"{DRILL_WORDS['about']} The old incident's outcome is not shown."),
            field(WHICH, "Which incident?", select("Choose an incident", WHICH, choices), optional=True),
            text_field(OLDER, "Or an older one, by reference", limit=40, optional=True, placeholder="INC-2026-0007"),
            text_field(SPEED, "Speed (4 is four times as fast as it was)", limit=10, initial="1"),
        ],
    )


def instead_of_form(text: str) -> dict[str, Any]:
    """A sentence in place of the form."""
    words = (("title", "Replay an incident"), ("close", "OK"))
    titles = {name: {"type": "plain_text", "text": said} for name, said in words}
    return {"type": "modal", "callback_id": "drill_told", "blocks": [section(text)], **titles}


def unknown(ref: str, in_knowledge: bool) -> str:
    """`in_knowledge`: it is an entry of the knowledge base."""
    if in_knowledge:
        return (
            f"{escape(ref)} is known from the knowledge base only: it has no timeline to replay. "
            "Start a drill with its symptom: `/incident drill P1 …`."
        )
    return f"There is no incident {escape(ref)}. `/incident list closed` shows those that are over."


def security(ref: str) -> str:
    return (
        f"{ref} is a security incident, which is never replayed: whoever is paged for the drill would read what only "
        "its own people may. Start a drill with words of your own: `/incident drill security …`."
    )


def a_drill(ref: str) -> str:
    return f"{ref} was a drill itself. Name a real incident, or the one that it replayed."


def still_open(ref: str, status: str) -> str:
    return f"{ref} is {status}: only what is over is replayed. Resolve it first."


def merged(ref: str, target: str) -> str:
    """`target` is empty where it may not be named."""
    return f"{ref} was merged into {target}: replay that one." if target else f"{ref} was a duplicate of another one."


def removed(ref: str) -> str:
    return f"What was said in {ref} was removed by the retention policy: nothing of it is left to replay."
