"""The forms messages come in, whatever their words: questions, alarms gone back, announcements, updates, work."""

from __future__ import annotations

import re

from bot.severity.judge.lexicon import Hit
from bot.severity.judge.reading import TROUBLE, Reading
from bot.severity.judge.tokens import LENGTH_JUDGED, Token

_QUOTES = frozenset("\"'“”„«»‘`")


# Calls, closures, paths of modules and comparisons: a line of a program, or talk about one.
_PROGRAM = re.compile(r"\w\.\w+\(|\w::\w|=>|\w\(\)|&&|\|\||</?[a-z]+>|[!=]==?[^=>]|\{\}|\w\[\w*\]|;\s*$", re.MULTILINE)


def note_shape(reading: Reading, message: str, tokens: list[Token]) -> None:
    """Where the question mark stands, how long it is, alarm and code shapes."""
    text = message[:LENGTH_JUDGED]
    stripped = text.rstrip(" \n)\"'`:🙏😅")
    add = reading.features.add
    if stripped.endswith("?"):
        add("shape.ends-asking")
    if "?" in text:
        add("shape.asks")
    words = [word for token, word in zip(tokens, reading.words, strict=True) if token.kind == "word"]
    if words and words[0] in _ASKING:
        reading.note(
            "kind.question", message[tokens[0].start : tokens[min(2, len(tokens) - 1)].end]
        ) if "?" in text else add("shape.asking-word")
    if re.match(r"\s*(?:<@[^>]+>|@?[\w\[\]\-]{2,20})\s?[:,] ?[a-z]", text) or re.match(r"\s*<@[^>]+>", text):
        add("shape.addressed")
    count = len(words)
    add(
        "length.tiny"
        if count < 4
        else "length.terse"
        if count < 8
        else "length.short"
        if count < 16
        else "length.middle"
        if count < 40
        else "length.long"
    )
    if text.lstrip().startswith(("{", "[{")):
        add("shape.json")
    if re.search(r"Traceback|\n\s+at |Exception\b|File \"", text):
        add("shape.stack")
    if not reading.features & {"shape.json", "shape.stack", "alarm.firing", "alarm.ok"}:
        program = _PROGRAM.search(text)
        if program:
            reading.note("degree.code", program.group())
    if text.count("!") > 1 or (
        len(text) > 12 and sum(c.isupper() for c in text) > 0.5 * sum(c.isalpha() for c in text)
    ):
        add("shape.loud")


_ASKING = frozenset(
    [
        "who",
        "what",
        "when",
        "where",
        "why",
        "how",
        "is",
        "are",
        "can",
        "could",
        "do",
        "does",
        "did",
        "has",
        "have",
        "should",
        "which",
        "any",
        "anyone",
        "anybody",
        "shall",
        "will",
        "would",
        "may",
        "was",
        "were",
    ]
)


def note_quoted(reading: Reading, tokens: list[Token], hits: list[Hit]) -> None:
    """Trouble that stands only between quotation marks is being talked about rather than reported."""
    inside, quoted = False, []
    for token in tokens:
        if token.kind == "other" and token.text in _QUOTES:
            inside = not inside
        quoted.append(inside)
    places = [quoted[hit.first] for hit in hits if hit.signal in TROUBLE]
    if places and all(places):
        reading.features.add("shape.trouble-quoted")


_BACK_TO_OK = re.compile(
    r'"?NewStateValue"?\s*[:=]\s*"?OK\b|"status"\s*:\s*"(?:resolved|ok)"|^\W*(?:OK|RESOLVED|RECOVERED'
    r"|RECOVERY|UP)\b\W"
)
_ZERO = re.compile(
    r"(?:[=:]|==|\bvalue|\bis|\bat|\bto|\bshows?|\breports?)\s*\[?(?P<zero>(?:0"
    r"|zero)(?:\.0+)?)\b(?![.,:\d%]*\d)|\b(?P<of>0 (?:of|/|out of) ?\d+)",
    re.IGNORECASE,
)


def note_zero(reading: Reading, message: str, tokens: list[Token]) -> None:
    """A figure that fell to nothing."""
    back = _BACK_TO_OK.search(message[:LENGTH_JUDGED])
    if back:
        reading.note("alarm.ok", back.group().strip())
    match = _ZERO.search(message[:LENGTH_JUDGED])
    if match:
        reading.note("alarm.zero", match.group(match.lastgroup or 0))


_RUNNING = re.compile(
    r"^\W*(?:\w+ ){0,2}update\b[^.\n]{0,24}\b(?:inc|sec)-?\d+|^\W*(?:status |incident |quick "
    r"|\d\w* )?update\b\s*(?:\d+\b|[\]:—–-])"
    r"|\b(?:(?:ic|shift|incident) handover|(?:ic|incident) change)\b|\b(?:handing|taking) over (?:as|to|from)\b"
    r"|^\W*(?:inc|sec)-\d+[^\w\n]{1,3}(?:update|still|mitigat|root cause|vendor)|\bsame incident\b",
    re.IGNORECASE,
)
_WORK_OVER = re.compile(
    r"\b(?:maintenance|upgrade|migration|patching|failover test|rehearsal|exercise|deploy(?:ment)?"
    r"|rollout)\b[^.\n]{0,20}\b(?:finished|done|completed?|over|went (?:well|fine|smoothly))\b",
    re.IGNORECASE,
)
_WORK_AHEAD = re.compile(
    r"\b(?:scheduled|planned|upcoming) (?:\w+ )?(?:maintenance|downtime|reboot|upgrade|retirement"
    r"|work)\b|\bno (?:customer )?action (?:is )?(?:required|needed)\b",
    re.IGNORECASE,
)


_ASKS = re.compile(
    r"^\W*(?:(?:hi|hello|hey|morning)\b[\w ,!]{0,20})?(?:i(?:'ve| have)(?: got)? (?:a|one"
    r"|two) (?:\w+ )?questions?|(?:quick |stupid |dumb )?question\b)",
    re.IGNORECASE,
)
_COMMIT = re.compile(
    r"^\W*(?:\w+ )?\*\s*(?:\(?bug \d+|r\d{3,})|^\W*(?:fix(?:es)?|feat|chore|docs|refactor"
    r"|revert)(?:\([\w\-]+\))?: |\b(?:closes|fixes) #\d+",
    re.IGNORECASE,
)


def note_strong_kinds(reading: Reading, text: str) -> None:
    """Forms that leave no doubt what the message is, however bad the words in it sound."""
    running = _RUNNING.search(text)
    if running:
        reading.note("kind.running", running.group())
    for kind, pattern in (("asking", _ASKS), ("commit", _COMMIT)):
        match = pattern.search(text)
        if match:
            reading.note(f"kind.{kind}", match.group().strip())
    how = reading.facts.get("how", set())
    over, ahead = _WORK_OVER.search(text), _WORK_AHEAD.search(text)
    if over and not how:
        reading.note("kind.work", over.group())
    elif ahead and not how & {"down", "exposed", "lost", "partly"}:
        reading.note("kind.work", ahead.group())
