"""A slash command taken apart. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.incidents.rules.incident import REF


@dataclass(frozen=True, slots=True)
class Typed:
    """A slash command taken apart: `/incident note INC-2026-0001 rolled back` → note, INC-2026-0001, rolled back."""

    word: str
    ref: str | None
    rest: str


def parse_command(text: str) -> Typed:
    """The subcommand in lower case (`menu` when there is none), the incident it names, and the rest as typed.

    The incident may also come first: `INC-2026-0001 status`, and alone it asks where that one stands.
    """
    parts = text.strip().split(None, 1)
    if parts and REF.fullmatch(parts[0]):
        word, _, rest = (parts[1] if len(parts) > 1 else "status").strip().partition(" ")
        return Typed(word.lower(), parts[0].upper(), rest.strip())
    if not parts:
        return Typed("menu", None, "")
    word, rest = parts[0].lower().lstrip("/"), parts[1].strip() if len(parts) > 1 else ""
    first, after = (*rest.split(None, 1), "", "")[:2]
    if REF.fullmatch(first):
        return Typed(word, first.upper(), after.strip())
    return Typed(word, None, rest)
