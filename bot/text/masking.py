"""Secrets in what people wrote, replaced before anything is stored or repeated. Pure.

Two steps, so that an ordinary message costs next to nothing: plain substrings first, then only the patterns behind
those that were found. Every pattern is bounded, so that 40,000 characters of any kind take milliseconds.
Why no library does this: docs/decisions/006-masking-secrets.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MASK = "[secret masked]"


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of secret: lower-case substrings without which it cannot occur, its pattern, and what is left of it."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    left: Callable[[re.Match[str]], str] = lambda _match: MASK


_KEY_BLOCK = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}KEY(?: BLOCK)?-----|\Z)"
)
# Each starts so distinctly that no ordinary word is taken for it.
_TOKENS: tuple[tuple[str, str], ...] = (
    ("xox", r"xox[a-z]-[A-Za-z0-9-]{8,250}"),
    ("xapp-", r"xapp-\d-[A-Za-z0-9-]{8,250}"),
    ("hooks.slack.com/services/", r"hooks\.slack\.com/services/[A-Za-z0-9_/]{10,120}"),
    ("gh", r"\bgh[pousr]_[A-Za-z0-9]{20,255}"),
    ("github_pat_", r"github_pat_[A-Za-z0-9_]{20,255}"),
    ("gl", r"\bgl(?:pat|dt|rt|ptt|oas|cbt|soat|sa)[-_][A-Za-z0-9_.-]{20,255}"),
    ("k_live_", r"\b[sr]k_live_[A-Za-z0-9]{16,255}"),
    ("whsec_", r"\bwhsec_[A-Za-z0-9+/=]{16,255}"),
    ("sk-", r"\bsk-[A-Za-z0-9_-]{20,255}"),
    ("npm_", r"\bnpm_[A-Za-z0-9]{30,255}"),
    ("pypi-age", r"\bpypi-AgE[A-Za-z0-9_-]{40,255}"),
    ("sg.", r"\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}"),
    ("aiza", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("hvs.", r"\bhvs\.[A-Za-z0-9_-]{20,255}"),
    ("eyj", r"\beyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{0,2000}"),
    ("iqojb3jpz2lu", r"IQoJb3JpZ2lu[A-Za-z0-9+/=%]{40,4000}"),
    ("fwogzxivyxdz", r"FwoGZXIvYXdz[A-Za-z0-9+/=%]{40,4000}"),
)
_AWS_ID = r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"
_AWS_HINTS = ("akia", "asia", "abia", "acca")
# The other half of a pair has no form of its own, so it is looked for only where an access key id stands in the text.
_AWS_SECRET = (
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[g-z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)

_PASSWORDS = ("password", "passwd", "passphrase", "passwort", "pwd")
_KEYS = ("secret", "token", "apikey", "api_key", "api-key", "api key", "access_key", "access-key", "accesskey",
         "accountkey", "private_key", "signing_key", "auth_key", "credential")  # fmt: skip
_ASSIGNED = re.compile(
    r"(?P<name>pass(?:word|wd|phrase|wort)|pwd|secret|token|api[ _-]?key|access[_-]?key|accountkey|private_key"
    r"|signing_key|auth_key|credentials?)(?P<between>[\"']?\s{0,3}(?:=>|:=|=|:|\bis\b)\s{0,3}[\"'`*]{0,2})"
    r"(?P<value>(?<=\")[^\"\n]{3,200}(?=\")|(?<=')[^'\n]{3,200}(?=')|[^\s\"'`<>|;&]{3,500})",
    re.IGNORECASE,
)
# What stands after "password:" without being one.
_ORDINARY = (
    "none null nil true false empty missing required invalid wrong incorrect expired changed reset rotated unknown "
    "unset redacted hidden masked removed revoked disabled enabled correct fine valid same different leaked exposed "
    "here there not the a an in on at to from no yes ok okay still now and or for too being gone working broken stored"
)
_WORDS = frozenset(_ORDINARY.split())
_PLACEHOLDER = re.compile(r"[\[{$%<(]|[*x•.…_-]+$|process\.env|os\.environ", re.IGNORECASE)


def _assigned(match: re.Match[str]) -> str:
    """`password=…` keeps its name; what is plainly no secret stays."""
    value = match["value"].rstrip(",.)]}!?:")
    if _is_secret(match["name"].lower(), match["between"], value):
        return match["name"] + match["between"] + MASK + match["value"][len(value) :]
    return match[0]


def _is_secret(name: str, between: str, value: str) -> bool:
    if len(value) < 3 or value.lower() in _WORDS or _PLACEHOLDER.match(value):
        return False
    mixed = any(character.isdigit() for character in value) and not value.isdigit()
    odd = any(not character.isalnum() for character in value.strip("-_./:"))
    quoted = between.endswith(("'", '"', "`"))
    if name.startswith(("pass", "pwd")):
        # "The password is wrong": as a sentence only what cannot be a word counts.
        return mixed or odd or value.isdigit() if between.strip() == "is" else True
    if "=" in between or quoted:
        return not value.isdigit() and len(value) >= 6
    return mixed and len(value) >= 8


def _bearer(match: re.Match[str]) -> str:
    value = match["value"]
    return match["start"] + MASK if any(character.isdigit() for character in value) else match[0]


_FORMS: tuple[_Form, ...] = (
    _Form(("private key",), re.compile(_KEY_BLOCK, re.DOTALL)),
    _Form(_AWS_HINTS, re.compile(_AWS_SECRET)),
    _Form(_AWS_HINTS, re.compile(_AWS_ID)),
    *(_Form((hint,), re.compile(pattern)) for hint, pattern in _TOKENS),
    _Form(
        ("://",),
        re.compile(r"(?P<start>://[^\s:/?#\[\]@<>|]{0,200}:)(?P<value>[^\s/?#@<>|]{1,300})(?=@)"),
        lambda match: match["start"] + MASK,
    ),
    _Form(
        ("bearer", "authorization"),
        re.compile(
            r"(?P<start>(?:\bbearer\s{1,3}|authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:basic|token)\s{1,3}))"
            r"(?P<value>[A-Za-z0-9._~+/=-]{12,4000})",
            re.IGNORECASE,
        ),
        _bearer,
    ),
    _Form((*_PASSWORDS, *_KEYS), _ASSIGNED, _assigned),
)


def mask(text: str) -> str:
    """`text` with its secrets replaced by `[secret masked]`.

    The same text where there is none; harmless when repeated.
    """
    lowered = text.lower()
    for form in _FORMS:
        if any(hint in lowered for hint in form.hints):
            text = form.pattern.sub(form.left, text)
    return text
