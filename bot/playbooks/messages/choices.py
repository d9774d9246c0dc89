"""Which playbooks fit an incident, with their own record; and sentences about choosing one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.playbooks.messages.markdown import from_markdown
from bot.playbooks.rules.records import TrackRecord
from bot.slack.blocks import Block, button, context, section
from bot.slack.client import Message
from bot.slack.text import code, plain, shorten
from bot.text.wording import counted


@dataclass(frozen=True, slots=True)
class Fitting:
    """A playbook or guide that fits an incident. `words` are those of the incident that matched."""

    ref: str
    kind: str
    title: str
    steps: int
    claim: str
    words: tuple[str, ...]
    record: TrackRecord
    diagnosed: bool = False  # a diagnosis of this incident pointed to it


@dataclass(frozen=True, slots=True)
class Running:
    """A run that is under way: `place` is `step 2 of 5`."""

    ref: str
    place: str


def record_line(record: TrackRecord) -> str:
    """ "Used 12 times, resolved an incident 9 times, median 18 min"."""
    if not record.used:
        return "Not used here yet"
    ended = f"resolved an incident {_times(record.ended_it)}" if record.ended_it else "never resolved an incident"
    median = f", median {record.median_minutes:.0f} min" if record.median_minutes is not None else ""
    return f"Used {_times(record.used)}, {ended}{median}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def listing(
    ref: str, incident_id: int, found: Sequence[Fitting], running: Sequence[Running], names: Sequence[str] = ()
) -> Message:
    """The private answer to /incident playbook: what is under way, then what fits, the best first.

    `names` are those of all playbooks and guides, for where none fits.
    """
    blocks: list[Block] = []
    if running:
        lines = [f"• *{run.ref}* is at {run.place}" for run in running]
        blocks.append(section("\n".join(["*Under way*", *lines])))
    if found:
        blocks.append(context(f"What fits {ref}, best first"))
    blocks += [section(_fitting(one), _start(one, incident_id)) for one in found]
    if not found:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        there = f" There are {', '.join(code(name) for name in names[:_NAMED])}{more}." if names else ""
        blocks.append(section(NOTHING_FITS + there))
    blocks.append(context(HOW_TO))
    return Message(f"Playbooks for {ref}: {', '.join(one.ref for one in found) or 'none fits'}", tuple(blocks))


def _fitting(one: Fitting) -> str:
    kind = "Guide, " if one.kind == "guide" else ""
    noun = "possible cause" if one.kind == "guide" else "step"
    lines = [
        f"*{one.ref}* {from_markdown(shorten(one.title, 200))}",
        f"{kind}{counted(one.steps, noun)} · {record_line(one.record)}",
    ]
    if one.claim:
        lines.append(f"_Its source says: {plain(shorten(one.claim, 150))}_".replace("`", "'"))
    if one.diagnosed:
        lines.append("What AWS showed points to it")
    if one.words:
        lines.append(f"Matching words: {plain(', '.join(one.words))}")
    return "\n".join(lines)


def _start(one: Fitting, incident_id: int) -> Block:
    return start_button(incident_id, one.ref)


HOW_TO = (
    "`/incident playbook NAME` starts one by name, `/incident playbook stop` ends it, "
    "`/incident playbook save` makes one of what was done here."
)
NOTHING_FITS = (
    "No playbook fits the words of this incident. Add detail with `/incident impact …`, or diagnose what it runs on: "
    "what AWS shows may point to one."
)
_NAMED = 30  # playbooks and guides


def started(ref: str, incident_ref: str) -> str:
    return f"{ref} is under way in {incident_ref}. Its steps are in the channel."


def running_already(ref: str, place: str) -> str:
    return f"{ref} is already under way here: {place}. Use its message in the channel."


def nothing_to_do(ref: str, kind: str) -> str:
    what = "steps" if kind == "playbook" else "list of causes"
    return f"{ref} has no {what}, so there is nothing to work through. `tocsin knowledge show {ref}` prints it."


def unknown(typed: str, near: Sequence[str]) -> str:
    """`near`: refs that are spelled like it."""
    hint = f"Did you mean {' or '.join(code(f'/incident playbook {ref}') for ref in near)}?" if near else ""
    hint = hint or "Type `/incident playbook` for what fits."
    return f"There is no playbook or guide {code(shorten(typed, 60))}. {hint}"


def several(typed: str, refs: Sequence[str]) -> str:
    return (
        f"{code(shorten(typed, 60))} could be {', '.join(refs[:8])}. Type one: {code(f'/incident playbook {refs[0]}')}."
    )


def gone(ref: str) -> str:
    """The button of an entry that was taken out since."""
    return f"{plain(ref)} was archived, so it can't be started any more. Type `/incident playbook` for what fits."


def stopped(ref: str, incident_ref: str) -> str:
    return f"{ref} is stopped in {incident_ref}. `/incident playbook {ref}` starts it again from its first step."


def which_to_stop(incident_ref: str, running: Sequence[str]) -> str:
    if not running:
        return f"No playbook is under way in {incident_ref}. `/incident playbook` lists what fits."
    return f"Name the one to stop: {' or '.join(code(f'/incident playbook stop {ref}') for ref in running)}."


def start_button(incident_id: int, ref: str, words: str = "Start") -> Block:
    """Starts a run of that playbook in that incident, from whatever message it stands in, an alarm's for example."""
    return button(words, "playbook_start", f"{incident_id}:{ref}")
