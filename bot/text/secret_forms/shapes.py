"""Whether something looks like a secret rather than a word, a name, a reference, a count or an address. Pure."""

from __future__ import annotations

import re
from enum import IntEnum


class Shape(IntEnum):
    """How much something looks like a secret by itself, without what stands around it."""

    ORDINARY = 0  # a word, a name, a path, a number with its unit, a hash
    MIXED = 1  # letters and digits, as names of machines have them, too
    TYPED = 2  # as people make passwords: letters of both cases and a digit, or a mark within
    RANDOM = 3  # as generators make them: digits between letters of both cases, or odd marks


_SUFFIXES = (
    "py js ts go rb java php sql gz zip log txt md ya?ml json xml html? csv pdf png jpe?g bak conf cfg sh exe dll jar "
    "war pem key crt p12 jks kdbx tar tgz so hprof xlsx? docx? tf cs cpp h c kt rs tsx jsx tmp iso"
)
# What has letters, digits and marks and is no secret, as a whole.
_ORDINARY = re.compile(
    "|".join(
        (
            # Addresses, paths, names of machines and of files.
            r"[a-z][a-z0-9+.-]*://.*|[\w.+-]+@[\w.-]+$|~?\.{0,2}[/\\].*|[A-Za-z]:\\.*",
            r"[a-z][\w-]*(?:\.[a-z][\w-]*)+(?::\d+)?(?:/\S*)?$",
            rf"[\w./-]+\.(?:{'|'.join(_SUFFIXES.split())})$",
            r"[a-zA-Z]{1,20}[-_]?\d{1,3}$|\d{1,4}-[a-z-]+$|[a-z]{2}(?:-[a-z]+)+-\d[a-z]?$|[a-z][a-z-]*\d+/[A-Z][\w-]*$",
            r"-{1,2}[A-Za-z][\w.-]*$",  # an option
            # Counts with their units, versions, days and times.
            r"v?\d+(?:[.:,/-]\d+)*[A-Za-z%]{0,5}(?:/\w+)?$|v?\d+\.\d[\w.+-]*$|[\dx.,:/+_-]+[A-Za-z]{0,3}$",
            r"[-+]?\d[\d.,]*e[-+]?\d+$",
            r"\w{1,12}=[\d.]+\w{0,3}$|\d+(?:st|nd|rd|th)$|[a-z]\d?[a-z]?\.\d*x?[a-z]+$|[A-Za-z]{2,}-\d\.\d[\w.-]*$",
            r"\d{4}-\d\d-\d\dT.*|\d{1,2}[./-]?(?:[A-Z][a-z]{2})[./-]?\d{2,4}.*|[a-z]+(?:-\d{1,4}){2,}$",
            # Tickets, constants, headers, ids of Slack, hashes and what everybody may read.
            r"[A-Z]{2,12}-?\d{1,10}(?:-\d+)?$|[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)+$|[a-zA-Z]{1,3}\d{1,6}[a-zA-Z]?$|X-[A-Z].*",
            r"[UWCGDTBFES]0[A-Z0-9]{6,12}$|(?:0x)?[0-9a-f]{6,}$|(?:0x)?[0-9A-F]{6,}$|(?:[0-9a-fA-F]{2}[:-]){3,}.*",
            r"(?:sha\d{1,3}|md5|SHA\d{1,3})[:=-].*|AAAA[BCE]3Nz.*|MI[GI].*|R0lGOD.*|arn:.*|id-.*|urn:.*|pk_(?:live|test)_.*",
            # Placeholders, code, mentions, emoji, and a product that is called so.
            r"[\[{<(].*|[$%]\w+%?$|\$[({].*|%[({].*|[A-Za-z_][\w.:>-]*[(\[].*|\*+$|&\w{2,8};.*|1[Pp]assword",
            r"@[\w./-]+$|#[a-z0-9_-]+$|:[a-z0-9_+-]+:$|[Uu]\+[0-9A-F]{4,6}$|(?:[A-Za-z_]+\.)+[A-Za-z_]+\d?$",
            r"[a-zA-Z]+\d{0,2}(?:[/,+][a-zA-Z]+\d{0,2})+$|[\w.-]+/[\w.-]+[#!]\d+$",
        )
    )
)
# The same by what stands in it: patterns, placeholders, hosts, ids, classes of programs.
_ORDINARY_WITHIN = re.compile(
    r"A-Z|a-z|0-9|\\|[$%]\{|\{\{|[)\]]\.?\w*$|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-"
    r"|\.(?:com|org|net|io|dev|internal|local|example)\b"
    r"|(?:Exception|Error|Handler|Manager|Provider|Service|Function|Factory|Client|Controller|Config|Filter)(?:V?\d+)?$"
)
_NAMES_A_SECRET = re.compile(r"secret|token|passw|key|cred", re.IGNORECASE)  # default-token-x7k2p
_CAPITALISED = re.compile(r"[A-Z][a-zà-ÿ]{2,}(?:[-_.][A-Z][a-zà-ÿ]{2,}){2,}[!?]?$")
_PIECE = re.compile(r"[A-ZÀ-Þ]*[a-zß-ÿ]+|[A-ZÀ-Þ]+|\d+")
_MARKS = re.compile(r"[^\W_][!#$%&*+?~^@]+[^\W_]|[^\W_][!#$%^*?~]+$|^[!#%^*?~]+[^\W_]")
_ID = re.compile(r"[a-z]{2,4}_[A-Za-z0-9]+$")  # ch_3Nk2…
_DIGIT = re.compile(r"\d")
_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")
_OPAQUE = re.compile(r"(?:[0-9a-f]{20,128}|[0-9A-F]{16,128}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$")
_SHORTEST, _LONGEST = 6, 300


def is_opaque(value: str) -> bool:
    """Whether it is a key or an id, of which only what stands beside it can tell which."""
    return bool(_OPAQUE.match(value))


def shape(value: str) -> Shape:
    """How much `value`, without blanks, looks like a secret."""
    if not _SHORTEST <= len(value) <= _LONGEST:
        return Shape.ORDINARY
    looks = _by_characters(_ESCAPED.sub("", value) if "%" in value else value)
    ordinary = looks > Shape.ORDINARY and (_ORDINARY.match(value) or _ORDINARY_WITHIN.search(value))
    return Shape.ORDINARY if ordinary else looks


def _by_characters(value: str) -> Shape:
    digit = bool(_DIGIT.search(value))
    lower, upper = value.upper() != value, value.lower() != value
    if not lower and not upper:
        return Shape.ORDINARY
    mark = bool(_MARKS.search(value if digit else value.rstrip("!?")))
    if not digit:
        odd = mark and lower and upper and len(value) >= 8
        return Shape.MIXED if odd or _CAPITALISED.match(value) else Shape.ORDINARY
    if mark:
        return Shape.RANDOM if lower and len(value) > _SHORTEST and value.count("/") < 2 else Shape.MIXED
    if lower and upper:
        return _of_both_cases(value)
    return Shape.ORDINARY if _NAMES_A_SECRET.search(value) or ":" in value or "/" in value else Shape.MIXED


def _of_both_cases(value: str) -> Shape:
    """Words with a number are made by people, and so are names of programs; broken words are made by nobody."""
    pieces = _PIECE.findall(value)
    words = [piece for piece in pieces if not piece.isdigit()]
    broken = sum(map(len, words)) < 3.5 * len(words)
    if not broken and _NAMES_A_SECRET.search(value):  # CredentialsProviderChainV2
        return Shape.ORDINARY
    if _ID.match(value) or (len(words) >= 4 and value.isalnum() and not broken):  # DiskWillFillIn4Hours
        return Shape.MIXED
    if broken and len(value) >= 8:
        return Shape.RANDOM if value.count("/") < 3 else Shape.MIXED
    return Shape.TYPED
