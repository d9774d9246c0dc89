"""Who saw and did what on a security incident, for its commander. Facts in, text out."""

from __future__ import annotations

from collections.abc import Sequence

from bot.incidents.rules.authority import is_id
from bot.incidents.tables import AccessRow
from bot.slack.text import person, shorten
from bot.text.markup import escape, instant

NOT_PRIVATE = "Everybody may read this incident, so nobody keeps who did. It is kept for security incidents."


def listed(ref: str, rows: Sequence[AccessRow], total: int) -> str:
    """The latest lines, the newest first."""
    if not rows:
        return f"Nobody has opened {ref} yet."
    lines = [f"• {instant(row.at)} {_who(row.who)} {escape(shorten(row.what, 80))}" for row in rows]
    more = f"\n`tocsin incident access {ref}` on Tocsin's host shows all." if total > len(rows) else ""
    return f"Who saw and did what on {ref}, the latest {len(rows)} of {total}:\n" + "\n".join(lines) + more


def for_commander(commander: str | None) -> str:
    """Why somebody else is not shown it."""
    return f"Only the commander of a security incident sees who read it. Ask {person(commander)}."


def _who(who: str) -> str:
    return person(who) if is_id(who) else escape(who)
