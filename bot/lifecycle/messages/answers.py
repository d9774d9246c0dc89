"""What a person reads back from a command: short, plain, severity first. Facts in, text out."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.escalation.rules.plan import span_text
from bot.incidents.rules.incident import reopened_words
from bot.incidents.rules.timeline import Entry, folded
from bot.lifecycle.messages.channel import entry_line
from bot.severity.rules import Judgement, Level, Severity
from bot.slack.text import code, instant, person, plain, shorten
from bot.store.tables import IncidentRow
from bot.text.markup import escape

HELP: dict[str, tuple[str, str]] = {
    "declare": (
        "declare checkout returns 502",
        "Declare an incident. Alone it opens a form; `declare P1 …` sets the severity, `declare! …` asks nothing back.",
    ),
    "status": (
        "status mitigated",
        "Show where it stands, or set investigating, identified, mitigated; `status resolved` is `resolve`, "
        "`status closed` opens the form of `close`.",
    ),
    "severity": ("severity P1 all regions now", "Show or change the severity, with a reason if you like."),
    "impact": ("impact a third of checkouts fail", "Record who notices, and how."),
    "cause": ("cause connection pool exhausted", "Record the cause."),
    "note": ("note at 14:20 rolled back build 212", "Put a sentence on the timeline, for now or for when it was."),
    "update": ("update the fix is being rolled out", "Tell stakeholders. You see the notice before it goes."),
    "catchup": ("catchup", "Where it stands, for you only: impact, cause, key moments, what is open."),
    "role": ("role scribe @someone", "Who does what. Alone it says who holds which role, and what that asks of them."),
    "ack": ("ack", "Say that you are on it. Stops the pages to on-call."),
    "similar": ("similar pods crash loop", "What it looks like: past incidents, cause and fix. For you only."),
    "timeline": ("timeline", "The latest entries, for you only."),
    "list": ("list closed 2", "Open incidents, the worst first; or `mine`, or `closed`, by page."),
    "resolve": ("resolve raised the pool size", "It is over. Stops all pages."),
    "close": ("close", "File it and draft the review. Alone it opens a form."),
    "merge": ("merge INC-2026-0001", "This one is a duplicate of that one. Pings stop; its timeline goes there."),
    "false-alarm": (
        "false-alarm the probe was wrong",
        "It never was an incident. Stops all pings, asks for no review.",
    ),
    "reopen": ("reopen errors are back", "Take it up again. Escalation starts anew."),
    "review": ("review", "Where the review stands, and your own link to read, edit and approve it."),
    "action": (
        "action high alarm on the pool @owner by Friday",
        "Keep what is to be done; `action list`, `action done 3`. A :clipboard: on a message makes one, too.",
    ),
    "oncall": (
        "oncall override @someone until tomorrow 9:00 as team lead",
        "Who is on call, now and next; `override` changes it for a while, `oncall remove @someone` changes it back.",
    ),
    "escalate": ("escalate VP payments are down", "Ping a role now. Without a role: the next rung."),
    "escalation": ("escalation", "Who was pinged, who will be, and why."),
    "handover": ("handover @someone", "Offer command to somebody. It changes hands when they accept."),
    "help": ("help severity", "This list, or more about one word."),
}
_ANYWHERE = frozenset({"declare", "list", "oncall", "help"})  # these speak of no one incident
_SHOWN = 20  # entries of a timeline shown in Slack; the review has them all


def help_text(word: str) -> str:
    """The list of subcommands, or one of them."""
    wanted = word.strip().lower()
    if wanted in HELP:
        example, meaning = HELP[wanted]
        if wanted in _ANYWHERE:
            return f"`/incident {example}`\n{meaning}"
        elsewhere = f"In another channel, name the incident: `/incident {wanted} INC-2026-0001 …`"
        return f"`/incident {example}`\n{meaning}\n{elsewhere}"
    lines = [f"`/incident {example}` {meaning}" for example, meaning in HELP.values()]
    unknown = []
    if wanted:
        near = difflib.get_close_matches(wanted, HELP, n=1, cutoff=0.6)
        hint = f" Did you mean `/incident help {near[0]}`?" if near else ""
        unknown = [f"{code(shorten(wanted, 40))} is unknown.{hint}"]
    return "\n".join(
        [*unknown, "*What you can type*", *lines, "A :pushpin: reaction marks a message as key for the review."]
    )


def unknown_word(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    hint = f"Did you mean `/incident {near[0]}`?" if near else "`/incident help` lists what there is."
    return f"{code(shorten(word, 40))} is not something I know. {hint}"


def no_incident(word: str, ref: str | None, rows: Sequence[IncidentRow], rest: str = "", closed: bool = False) -> str:
    """Which ones there are, with what was typed in the example. `closed`: `rows` were closed of late."""
    what = f"There is no incident {escape(ref)}." if ref else "No incident lives in this channel."
    if not rows:
        return f"{what} None was closed yet." if closed else f"{what} None is open. `/incident declare …` starts one."
    names = ", ".join(row.ref for row in rows)
    typed = " ".join(["/incident", shorten(word, 20), rows[0].ref, *([shorten(rest, 80)] if rest else [])])
    return f"{what} {'Over of late' if closed else 'Open now'}: {names}. Name one, as in {code(typed)}"


def declared(row: IncidentRow, given: bool, judged: Judgement) -> str:
    """What was declared, and why at this severity."""
    where = f"<#{row.channel_id}>" if row.channel_id else f"#{row.channel_name}, you are invited to it in a moment"
    if given:
        return f"*{row.severity}* · {row.ref} declared, with the severity you gave.\nChannel: {where}"
    if judged.severity is None:
        why = "a first guess, as the words do not say how bad it is; change it with `/incident severity P1`"
    else:
        why = plain(judged.row).rstrip(".")
    return f"*{row.severity}* · {row.ref} declared: {why}.\nChannel: {where}"


def status(row: IncidentRow, now: datetime) -> str:
    until = row.resolved_at or now
    lines = [f"*{row.severity}* · {row.ref} · {plain(shorten(row.title, 200))}"]
    took = f"{'took' if row.resolved_at else 'open for'} {span_text(until - row.declared_at)}"
    lines.append(f"{row.status}, {took}{reopened_words(row.episode - 1)}")
    lines.append(f"Commander: {person(row.commander)}. Acknowledged: {_acknowledged(row)}.")
    if row.channel_id:
        lines.append(f"Channel: <#{row.channel_id}>")
    return "\n".join(lines)


def _acknowledged(row: IncidentRow) -> str:
    return f"by {person(row.acknowledged_by)} {instant(row.acknowledged_at)}" if row.acknowledged_at else "not yet"


def severity(row: IncidentRow, levels: Mapping[Severity, Level]) -> str:
    lines = [f"{row.ref} is *{row.severity}*. Change it with `/incident severity P1`:"]
    lines += [
        f"{level.severity} {level.title}: {level.meaning}, respond within {span_text(level.respond_within)}"
        for level in levels.values()
    ]
    return "\n".join(lines)


def timeline(row: IncidentRow, entries: Sequence[Entry]) -> str:
    """The latest entries, oldest first, with what was left out counted."""
    lines = [f"*Timeline of {row.ref}*"]
    told = folded(entries)
    if len(told) > _SHOWN:
        where = "are in the review" if row.closed_at else f"are told by `tocsin incident show {row.ref}`"
        lines.append(f"_{len(told) - _SHOWN} earlier entries {where}._")
    shown = told[-_SHOWN:]
    lines += [entry_line(entry) + (f" ({times} times so far)" if times > 1 else "") for entry, times in shown]
    return "\n".join(lines)
