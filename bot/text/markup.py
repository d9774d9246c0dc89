"""What people type and what Slack wraps it in: reading words tolerantly, and markup back to plain text. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import BadRequest
from bot.incidents.rules.incident import Status
from bot.severity.rules import Severity

_REF = re.compile(r"^(INC|SEC)-\d{4}-\d{1,6}$", re.IGNORECASE)
_SEVERITY = re.compile(r"^(?:p|sev|severity|prio|priority)?[\s\-_]*([0-3])$", re.IGNORECASE)
_TITLES = {"critical": Severity.P0, "high": Severity.P1, "medium": Severity.P2, "low": Severity.P3}
_STATUS_WORDS = {
    "investigate": Status.INVESTIGATING,
    "identify": Status.IDENTIFIED,
    "found": Status.IDENTIFIED,
    "mitigate": Status.MITIGATED,
    "fixed": Status.RESOLVED,
    "resolve": Status.RESOLVED,
    "done": Status.RESOLVED,
    "close": Status.CLOSED,
}
_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")  # of a person, whose id it captures
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_EMOJI = re.compile(r":[a-z0-9_+'-]+:")
_LOUD = re.compile(r"<!(channel|here|everyone|subteam\^[A-Z0-9]+)(?:\|[^<>]*)?>")


@dataclass(frozen=True, slots=True)
class Typed:
    """A slash command taken apart: `/incident note INC-2026-0001 rolled back` → note, INC-2026-0001, rolled back."""

    word: str
    ref: str | None
    rest: str


def parse_command(text: str) -> Typed:
    """The subcommand in lower case (`help` when there is none), the incident it names, and the rest as typed.

    The incident may also come first: `INC-2026-0001 status`, and alone it asks where that one stands.
    """
    parts = text.strip().split(None, 1)
    if parts and _REF.match(parts[0]):
        word, _, rest = (parts[1] if len(parts) > 1 else "status").strip().partition(" ")
        return Typed(word.lower(), parts[0].upper(), rest.strip())
    if not parts:
        return Typed("help", None, "")
    word, rest = parts[0].lower().lstrip("/"), parts[1].strip() if len(parts) > 1 else ""
    first, after = (*rest.split(None, 1), "", "")[:2]
    if _REF.match(first):
        return Typed(word, first.upper(), after.strip())
    return Typed(word, None, rest)


def parse_severity(text: str) -> Severity:
    """`P1`, `p 1`, `sev1`, `critical` … Raises BadRequest with the four words to choose from."""
    wanted = text.strip().lower()
    if wanted in _TITLES:
        return _TITLES[wanted]
    match = _SEVERITY.match(wanted)
    if match:
        return Severity(f"P{match.group(1)}")
    raise BadRequest("Say which severity: P0 critical, P1 high, P2 medium or P3 low, as in `/incident severity P1`.")


def leading_severity(text: str) -> tuple[Severity | None, str]:
    """`P1 checkout down` → (P1, "checkout down"); (None, text) where no severity is said first."""
    match = re.match(r"^(?:p|sev)[\s\-]?([0-3])\b[\s:,-]*", text.strip(), re.IGNORECASE)
    if not match:
        return None, text.strip()
    return Severity(f"P{match.group(1)}"), text.strip()[match.end() :]


def leading_security(text: str) -> tuple[bool, str]:
    """`security somebody uses our key` → (True, "somebody uses our key"); (False, text) where it is not said first."""
    match = re.match(r"^(?:security(?:\s+incident)?|sec)\b[\s:,-]*(?=\S)", text.strip(), re.IGNORECASE)
    return (True, text.strip()[match.end() :]) if match else (False, text.strip())


def parse_status(text: str) -> Status:
    """`mitigated`, `mitig`, `fixed` … Raises BadRequest with the words to choose from."""
    wanted = text.strip().lower()
    if wanted in _STATUS_WORDS:
        return _STATUS_WORDS[wanted]
    near = [status for status in Status if len(wanted) >= 3 and status.startswith(wanted)]
    if len(near) == 1:
        return near[0]
    names = ", ".join(status.value for status in Status if status.is_open)
    raise BadRequest(
        f"Say which status: {names}, as in `/incident status mitigated`. Then `/incident resolve`, `/incident close`."
    )


def plain_text(markup: str) -> str:
    """Slack's markup as plain words: mentions by their label, links by their address, entities as characters."""

    def word(match: re.Match[str]) -> str:
        sign, target, label = match.groups()
        if sign == "!":
            return label or "@" + target.split("^")[0]
        if sign:
            return sign + (label or target)
        return target.removeprefix("mailto:")

    text = _TOKEN.sub(word, markup)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def escape(text: str) -> str:
    """Plain words as Slack's markup: `<!channel>` or `<@U…>` in them pings nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quiet(markup: str, names: Mapping[str, str] | None = None) -> str:
    """A person's words, repeated by us: mentions become names, so that nobody is pinged by text; links stay links."""
    known = names or {}

    def word(match: re.Match[str]) -> str:
        sign, target, label = match.groups()
        if sign == "@":
            return "@" + (label or escape(known.get(target, target)))
        return "@" + (label or target.split("^")[0]).lstrip("@") if sign == "!" else match.group(0)

    return _TOKEN.sub(word, markup)


def storable(text: str) -> str:
    """Without the characters that PostgreSQL's text cannot hold: NUL and lone surrogates."""
    return text if text.isprintable() else _UNSTORABLE.sub("", text)


def says_something(text: str) -> bool:
    """False for what has no letter and no digit, emoji aside: it would make no title."""
    return any(character.isalnum() for character in _EMOJI.sub("", text))


def harmless(markup: str) -> str:
    """Slack's markup without the words that would ping a whole channel or group."""
    return _LOUD.sub(lambda match: "@" + match.group(1).split("^")[0], markup)
