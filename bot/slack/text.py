"""Text for Slack: escaping what people wrote, and the tokens of Slack's markup. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from bot.domain.comms import escape

# Marks that turn the direction of everything after them: in a title they would turn the rest of our line too.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def unturned(text: str) -> str:
    """Without the marks that turn the direction of what follows; words of any script stay as they are."""
    return _TURNING.sub("", text)


def plain(text: str) -> str:
    """A title safe inside bold text on one line: also no markup characters that would break the line's own."""
    return escape(" ".join(unturned(text).split())).replace("*", "\u2217").replace("`", "'").replace("~", "\u223c")


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def fit(text: str, limit: int) -> str:
    """Already escaped text cut to `limit` characters without leaving half an entity or half a mention."""
    text = unturned(text)
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    if cut.rfind("<") > cut.rfind(">"):
        cut = cut[: cut.rfind("<")]
    start = cut.rfind("&", max(0, len(cut) - 5))
    return (cut[:start] if start >= 0 and ";" not in cut[start:] else cut) + "…"


def person(user_id: str | None) -> str:
    return f"<@{user_id}>" if user_id else "nobody yet"


def instant(at: datetime) -> str:
    """An instant in each reader's own time zone, with UTC as the fall-back text."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def span(length: timedelta) -> str:
    """`3 h 20 min`: a length of time as people say it."""
    minutes = max(0, round(length.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"
