"""What people decided on a report, in sentences. Pure."""

from __future__ import annotations

from bot.reports.rules import Decision

GONE = "Tocsin no longer has this report. Use `/incident declare …` instead."
NOT_AN_INCIDENT = "Marked as not an incident."
HANDLED = "Handled."


def sentence(decision: Decision) -> str:
    """What became of a report: "Declared as P1 by @x: INC-2026-0001 in #channel."."""
    by = f"by <@{decision.by}>" if decision.by else ""
    if decision.kind == "not_incident":
        return f"Marked as not an incident {by}".rstrip() + "."
    if decision.asked:
        return f"Declared {by}".rstrip() + ". The on-call engineer is being paged."
    if decision.private:
        return HANDLED  # everybody reads it: neither that there is a security incident nor who declared it
    where = (decision.ref or "an incident") + (f" in <#{decision.channel_id}>" if decision.channel_id else "")
    if decision.kind == "part_of":
        return f"Added to {where} {by}".rstrip() + "."
    overruled = f" <@{decision.dismissed_by}> had marked it as not an incident." if decision.dismissed_by else ""
    return f"Declared as {decision.severity} {by}: {where}.{overruled}"


def already(decision: Decision) -> str:
    """For somebody who presses a button after somebody else did."""
    return f"Already decided. {sentence(decision)}"


def declared_already(ref: str) -> str:
    """For somebody who declares from a message that is an incident."""
    return f"This message was already declared as {ref}."


def opened_since(ref: str) -> str:
    """For somebody who declares a report while an incident that looks alike was declared after its answer."""
    return (
        f"Nothing was declared yet: {ref} was declared since and looks like the same. Press *Part of {ref}* to add this"
        " to it, or declare once more if it is another incident."
    )


def declared(severity: str, ref: str, where: str) -> str:
    """For somebody who declared a report."""
    return f"*{severity}* · {ref} declared.\nChannel: {where}"


def joined(ref: str) -> str:
    """For somebody who added a report to an open incident."""
    return f"Added to {ref}."


def added_to_timeline(by: str, text: str) -> str:
    """For the timeline; `text` is safe to show."""
    return f"Report added by <@{by}>: {text}"


def over(ref: str, status: str) -> str:
    """For somebody who adds a report to an incident that is over."""
    return f"{ref} is already {status}. Press Declare for a new incident, or reopen it: `/incident reopen {ref}`."


def reason_given(reason: str) -> str:
    """Somebody explained the correction before."""
    return f"A reason was already given: {reason}"


NOTHING_TO_EXPLAIN = "Nothing to explain: the decision matches the judgement."
REASON_UNFIT = "That reason doesn't fit the decision."
REASON_EMPTY = "Say why in a few words, or cancel."
