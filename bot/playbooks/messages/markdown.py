"""What an entry says in Markdown, as Slack's markup: code stays code, and nothing else formats or pings. Pure."""

from __future__ import annotations

from bot.slack.text import code, plain


def from_markdown(markdown: str) -> str:
    """One line of an entry's text; what stands between backticks is shown as code."""
    parts = markdown.split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner is an apostrophe
        parts[-2:] = ["'".join(parts[-2:])]
    shown = [code(part) if place % 2 and part.strip() else _words(part) for place, part in enumerate(parts)]
    return "".join(shown)


def _words(text: str) -> str:
    """Escaped, with the spaces that part it from the code around it."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() and text.strip() else ""
    return f"{before}{plain(text)}{after}"
