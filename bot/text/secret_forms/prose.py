"""Secrets in a sentence, a table or any syntax, by the words around them: a telling one, what joins it, and the value.

Two lists of words (`words`), those that name a secret and those that speak of access, and one test of what looks like
a secret (`shapes`). What looks less like one needs a nearer and plainer word beside it; nothing is masked without.
Words are looked up one by one and each look around is bounded, so that the work grows with the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import IntEnum

from bot.text.secret_forms.shapes import Shape, is_opaque, shape
from bot.text.secret_forms.words import ACCESS, TELLING

# An identifier of any syntax that names a secret by one of its parts.
_PART = re.compile(
    r"pass(?:word|wd|wort|phrase|code)?$|pwd$|secret|token|api_?key|private_?key|auth_?key|access_?key|credential"
    r"|(?:^|[_.-])(?:pass|pw|psk|pin|salt)$|[_.-]key$",
    re.IGNORECASE,
)
_BETWEEN_PARTS = re.compile("[_.-]")
_WORD = re.compile(r"[^\W_]+(?:[_.-][^\W_]+)*")
# What stands right before a value that was just named.
_JOINED = re.compile(
    r"(?:(?<![\w-])(?:is|was|are|be|now|its|it's|ist|lautet|jetzt|nun|neu|es|est|c'est|é|è|är|er|ficou|son|sind|literally|to|as|with"
    r"|read|reads|says|worked|takes?|type|typing|try|tried|used?|then|than|colon|steckt|mit|auf|avec|con|com|via|i\.e\.|eg"
    r"|(?-i:AUTH)|basic|bearer|apikey|(?:password|secret|key)\s\d{1,2}|pass|pw|passwd|password|pwd|wachtwoord|contraseña|senha|mdp|passe|kennwort|passwort|unattended|p|um|een|by|pin|secret|psk|passphrase|passcode|creds?"
    r"|put|one|enter|asks|says|said)\s{1,3}|[:=>→/|;,()]\s{0,8}|\n\s{0,4}|\t\s{0,4}|-\s)[\"'`*“„«‘(<\[]{0,3}$",
    re.IGNORECASE,
)
# What stands right before something that is known to be none.
_REFERENCE = re.compile(
    r"(?<![\w-])(?:serial|tracking|ticket|order|build|commit|sha\d*|md5|digest|fingerprint|thumbprint|ids?|uuid|trace"
    r"|request|version|release|queued as|revision|rev|image|etag|iban|mac|port|invoice|number|nummer|no|nr|sid"
    r"|container|pod|node|hash|host|server|agent|user|username|usuario|usuário|benutzer|identifiant|gebruiker|role|mail|branch|tag|model|device|class|error|exception|function"
    r"|instance|cluster|bucket|table|topic|queue|database|schema|service|job|task|step|stage|channel|firmware|driver|chart"
    r"|package|plugin|library|module|hostname|anmeldename|u|login|ssid|network)(?:\s(?:is|was|name|named))?[\s:=#]{1,3}[\"'`(]{0,2}$",
    re.IGNORECASE,
)
_NAME_BEHIND = re.compile(r"[\"']\s{0,3}[:=]")  # it is the name of what follows
_VALUE = re.compile(r"[^\s\"'`<>|()\[\]{}“”„«»\x00]{6,300}")
_SEPARATED = re.compile(r"[^;,]+")
_NAMED = re.compile(r"[A-Za-z_][\w.-]{0,60}(?:=(?=[^=\s])|:(?=[^=/\s]))")
_BEFORE, _AFTER = 110, 60  # characters within which a word counts
_GROUPS = re.compile(r"(?<![^\s\"'`:=(])\w{4}(?: \w{4}){2,7}(?!\w)")  # hT7r pWq2 9dLz
# Masks, and what everybody may read: no word of it tells, and nothing of it is a secret.
_SILENT = re.compile(
    r"\[secret masked\]|-----BEGIN (?:[A-Z ]{0,20}PUBLIC KEY|CERTIFICATE)-----[A-Za-z0-9+/=\s]{0,8000}"
    r"|<[#@!][^<>\n]{1,200}>|\bssh-[a-z0-9-]{2,20} AAAA\S{0,1000}|\barn:[\w:/+.@-]{0,300}"
    r"|\b(?:cache|idempotency|sort|partition|primary|foreign|object|public|row|hash|range|dedup|lock|s3)[ _-]?key\b"
)


def secret_spans(text: str) -> list[tuple[int, int]]:
    """Where such secrets begin and end, from left to right."""
    plain = _SILENT.sub(lambda mask: "\x00" * len(mask[0]), text)
    candidates = list(_candidates(plain))
    candidates += (
        (*group.span(), looks) for group in _GROUPS.finditer(plain) if (looks := shape(group[0].replace(" ", "")))
    )
    if not candidates:
        return []
    words = _TellingWords(plain)
    return _apart((start, end) for start, end, looks in sorted(candidates) if words.is_secret(start, end, looks))


def _apart(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without those that begin within one before them."""
    kept: list[tuple[int, int]] = []
    for start, end in found:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _candidates(text: str) -> Iterator[tuple[int, int, Shape]]:
    for found in _VALUE.finditer(text):
        whole = found[0].rstrip(".,:;")
        if whole.isalpha():
            continue
        if ";" in whole or ("," in whole and shape(whole) < Shape.RANDOM):
            pieces = [(piece.start(), piece[0]) for piece in _SEPARATED.finditer(whole)]
        else:
            pieces = [(0, whole)]
        for offset, piece in pieces:
            stripped = piece.lstrip("*_~:,.")
            start = found.start() + offset + len(piece) - len(stripped)
            value = stripped.rstrip("*.,:;?")
            if named := _NAMED.match(value):
                start, value = start + named.end(), value[named.end() :]
            looks = Shape.MIXED if is_opaque(value) else shape(value)
            if looks > Shape.ORDINARY:
                yield start, start + len(value), looks


class _Kind(IntEnum):
    NONE = 0
    ACCESS = 1
    TELLING = 2
    NAME = 3  # a telling one behind which a value may follow without a sign


def _kind(word: str) -> _Kind:
    if word in TELLING:
        return _Kind.TELLING
    if _PART.search(word):
        return _Kind.NAME
    return _Kind.NONE if ACCESS.isdisjoint(_BETWEEN_PARTS.split(word)) else _Kind.ACCESS


class _TellingWords:
    """The words of a text that tell of secrets, with what is asked of them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._telling: list[int] = []
        self._access: list[int] = []
        self._ends: set[int] = set()
        known: dict[str, _Kind] = {}
        for word in _WORD.finditer(text):
            said = word[0].lower()
            if (kind := known.get(said)) is None:
                kind = known[said] = _kind(said)
            if kind >= _Kind.TELLING:
                self._telling.append(word.start())
                if kind == _Kind.NAME:
                    self._ends.add(word.end())
            elif kind == _Kind.ACCESS:
                self._access.append(word.start())

    def is_secret(self, start: int, end: int, looks: Shape) -> bool:
        """Whether what stands there and looks so is a secret by what is told around it."""
        if self._near(self._telling, start, end):
            enough = Shape.TYPED
        elif self._near(self._access, start, end):
            enough = Shape.RANDOM
        else:
            return False
        if looks == Shape.MIXED and not self._named_within(start, 70):
            return False
        before = self._text[max(0, start - 40) : start]
        if is_opaque(self._text[start:end]):
            near = 70 if self._is_joined(start, before) else 40
            enough = Shape.TYPED if self._named_within(start, near) else Shape.RANDOM
        if looks + 1 < enough or (looks < Shape.RANDOM and not self._is_joined(start, before)):
            return False
        return not _NAME_BEHIND.match(self._text, end) and not _REFERENCE.search(before)

    def _is_joined(self, start: int, before: str) -> bool:
        return start == 0 or not self._ends.isdisjoint(range(start - 3, start)) or bool(_JOINED.search(before))

    def _named_within(self, start: int, characters: int) -> bool:
        at = bisect_left(self._telling, start)
        return bool(at) and start - self._telling[at - 1] <= characters

    @staticmethod
    def _near(words: list[int], start: int, end: int) -> bool:
        """Whether one of them stands near, but not within."""
        at = bisect_left(words, start)
        if at and start - words[at - 1] <= _BEFORE:
            return True
        after = bisect_left(words, end)
        return after < len(words) and words[after] - end <= _AFTER
