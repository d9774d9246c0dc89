"""What is said of a replay: refused, begun, and each inject as the drill's channel reads it."""

from __future__ import annotations

from datetime import timedelta

from bot.drills.rules import Origin, Replays
from bot.slack.text import fit
from bot.text.durations import span
from bot.text.markup import escape
from bot.text.wording import counted

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
    if not replays.injects:
        return f"Nothing on that timeline came from outside the responders, so nothing is put in. {then}"
    last = f", the last in {span(replays.last_after)}" if replays.last_after else ", at once"
    more = f" {counted(replays.left_out, 'later one')} left out." if replays.left_out else ""
    return f"{counted(replays.injects, 'inject')} to come{last}.{more} {then} Resolving or closing the drill stops it."


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
