"""The ledger for the shell, for spreadsheets and for pages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.playbooks.messages.choices import record_line
from bot.playbooks.rules.records import LedgerLine, StepRecord

COLUMNS = (
    "ref", "kind", "title", "owner", "step", "step_title", "used", "ended_it", "done", "did_not_help", "skipped",
    "median_minutes", "timed", "in_window", "claim", "unused", "archived",
)  # fmt: skip


def share(part: int, whole: int) -> str:
    """ "75% (9 of 12)"; of fewer than three, no percentage."""
    return f"{part / whole:.0%} ({part} of {whole})" if whole >= 3 else f"{part} of {whole}"


def lines(ledger: Sequence[LedgerLine], steps: bool) -> list[str]:
    """The ledger as people read it in a terminal; with `steps` each step below its playbook."""
    if not ledger:
        return ["There are no playbooks yet. `tocsin knowledge import PATH…` reads yours."]
    found = []
    for line in ledger:
        found.append(f"{line.ref:24}  {line.title}")
        found.append(f"    {summary(line)}")
        if line.claim:
            found.append(f"    The source says: {line.claim}")
        if steps:
            found += [f"    {step.number}. {step.title}: {step_summary(step)}" for step in line.steps]
    return found


def summary(line: LedgerLine) -> str:
    """Our own figure, and what is to be said of the entry."""
    parts = [record_line(line.record)]
    if line.record.used:
        parts.append(f"ended {share(line.record.ended_it, line.record.used)}")
    if line.unused:
        parts.append("not used for a year: archive it?")
    if not line.kept:
        parts.append("archived")
    return "; ".join(parts)


def step_summary(step: StepRecord) -> str:
    """ "done 9, did not help 2, skipped 1, resolved 7; median 4 min; in its window 10 of 12"."""
    text = f"done {step.done}, did not help {step.not_helped}, skipped {step.skipped}, resolved {step.ended_it}"
    if step.median_minutes is not None:
        text += f"; median {step.median_minutes:.0f} min"
    if step.timed:
        text += f"; in its window {share(step.in_window, step.timed)}"
    return text


def document(line: LedgerLine) -> dict[str, Any]:
    """One line for machines."""
    record = line.record
    return {
        "ref": line.ref,
        "kind": line.kind,
        "title": line.title,
        "owner": line.owner or None,
        "claim": line.claim or None,
        "used": record.used,
        "ended_it": record.ended_it,
        "median_minutes": _rounded(record.median_minutes),
        "last_used": record.last_used.isoformat() if record.last_used else None,
        "unused": line.unused,
        "archived": not line.kept,
        "steps": [_step(step) for step in line.steps],
    }


def _step(step: StepRecord) -> dict[str, Any]:
    return {
        "number": step.number,
        "title": step.title,
        "decided": step.decided,
        "done": step.done,
        "did_not_help": step.not_helped,
        "skipped": step.skipped,
        "ended_it": step.ended_it,
        "median_minutes": _rounded(step.median_minutes),
        "timed": step.timed,
        "in_window": step.in_window,
    }


def rows(line: LedgerLine) -> list[dict[str, Any]]:
    """Rows of a spreadsheet under COLUMNS: one for the playbook, whose step is empty, and one for each step."""
    known = document(line)
    whole = {name: known[name] for name in COLUMNS if name in known}
    found = [whole]
    for step in known["steps"]:
        figures = {name: step[name] for name in COLUMNS if name in step}
        found.append(
            {"ref": line.ref, "kind": line.kind, "title": line.title, "step": step["number"]}
            | {"step_title": step["title"], "used": step["decided"]}
            | {name: value for name, value in figures.items() if name != "title"}
        )
    return found


def _rounded(minutes: float | None) -> float | None:
    return None if minutes is None else round(float(minutes), 1)
