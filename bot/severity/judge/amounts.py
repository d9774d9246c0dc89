"""Percentages, parts of a whole, sums of money and counts in a message, and what they are of."""

from __future__ import annotations

import re

from bot.severity.judge.reading import Reading
from bot.severity.judge.tokens import Token

_COUNTED = re.compile(
    r"users?|customers?|clients?|people|ppl|players?|members?|patients?|merchants?|tenants?|shoppers?"
    r"|subscribers?|accounts?|orders?|records?|"
    r"tickets?|employees?|devices?|stores?|visitors?|students?|drivers?|passengers?|sessions?"
    r"|requests?|messages?|events?|rows?|files?|seats?|partners?|complaints?"
)
_FULL = {
    "disk",
    "volume",
    "storage",
    "filesystem",
    "partition",
    "tablespace",
    "inodes",
    "wal",
    "quota",
    "full",
    "space",
    "memory",
    "cpu",
    "heap",
    "usage",
    "capacity",
    "fs",
    "var",
    "ebs",
    "pvc",
}
_SPAN = {
    "second": 1,
    "seconds": 1,
    "sec": 1,
    "secs": 1,
    "s": 1,
    "ms": 0,
    "minute": 60,
    "minutes": 60,
    "min": 60,
    "mins": 60,
    "m": 60,
    "hour": 3600,
    "hours": 3600,
    "h": 3600,
    "hrs": 3600,
    "day": 86400,
    "days": 86400,
    "d": 86400,
    "week": 604800,
    "weeks": 604800,
    "month": 2592000,
    "months": 2592000,
}


def _value(text: str) -> float | None:
    """12.5, 6,214 → 6214, 18k → 18000; None when it is no number (a time, a version)."""
    match = re.search(r"\d[\d.,]*", text)
    if match is None or ":" in text or text.count(".") > 1:
        return None
    digits = match.group().strip(".,")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    try:
        value = float(digits.replace(",", "."))
    except ValueError:
        return None
    tail = text[match.end() :].strip().lower()
    return value * (1000 if tail.startswith("k") else 1_000_000 if tail.startswith("m") else 1)


def _around(words: list[str], clauses: list[int], place: int, before: int, after: int) -> list[str]:
    low, high = max(0, place - before), min(len(words), place + after + 1)
    return [words[other] for other in range(low, high) if other != place]


def note_numbers(reading: Reading, message: str, tokens: list[Token], clauses: list[int]) -> None:
    words = reading.words
    for place, token in enumerate(tokens):
        text = message[token.start : token.end]
        if token.kind == "percent":
            _note_percent(reading, text, _value(token.text), _around(words, clauses, place, 7, 6))
        elif token.kind == "ratio":
            _note_ratio(reading, text, token.text, _around(words, clauses, place, 5, 5))
        elif token.kind == "money":
            _note_money(reading, text, _value(token.text.lstrip("$€£ ")), _around(words, clauses, place, 8, 8))
        elif token.kind == "number":
            _note_count(reading, text, _value(token.text), words[place + 1 : place + 4])


def _bin(share: float) -> str:
    for low, name in ((90, "everyone"), (50, "most"), (25, "many"), (3, "some")):
        if share >= low:
            return name
    return "few"


def _note_percent(reading: Reading, text: str, value: float | None, near: list[str]) -> None:
    if value is None:
        return
    if _FULL & set(near):
        reading.note("fill.high" if value >= 94 else "fill.medium" if value >= 80 else "fill.low", text)
        return
    if {"success", "successful", "succeed", "availability", "delivery", "acceptance"} & set(near) and value < 99:
        value = 100 - value
    name = _bin(value)
    reading.note(f"share.{'most' if name == 'everyone' else name}", text)
    reading.features.add(f"percent.{name}")


def _note_ratio(reading: Reading, text: str, token: str, near: list[str]) -> None:
    numbers = [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", token)]
    if len(numbers) != 2 or numbers[1] <= 0 or numbers[0] > numbers[1]:
        return
    share = 100 * numbers[0] / numbers[1]
    reading.note(f"part.{_bin(share)}", text)
    if any(_COUNTED.fullmatch(word) for word in near[5:8]):
        reading.note(f"share.{'most' if share >= 90 else _bin(share)}", text)
    if share in (0, 100) and {"healthy", "probe", "probes", "locations", "failed", "hosts", "targets"} & set(near):
        reading.note("alarm.all-of", text)


def _note_money(reading: Reading, text: str, value: float | None, near: list[str]) -> None:
    if value is None:
        return
    size = "large" if value >= 1000 else "middle" if value >= 200 else "small"
    reading.features.add(f"money.{size}")
    if {"day", "hour", "month", "spend", "cost", "costs", "bill", "egress", "budget", "daily", "week", "extra"} & set(
        near
    ):
        reading.note("cost.large" if size != "small" else "cost.small", text)


def _note_count(reading: Reading, text: str, value: float | None, after: list[str]) -> None:
    if value is None or not after:
        return
    if after[0] in _SPAN:
        seconds = value * _SPAN[after[0]]
        reading.features.add(
            "span."
            + ("seconds" if seconds < 60 else "minutes" if seconds < 3600 else "hours" if seconds < 86400 else "days")
        )
        return
    counted = next((word for word in after if _COUNTED.fullmatch(word)), None)
    if counted:
        size = (
            "thousands"
            if value >= 1000
            else "hundreds"
            if value >= 100
            else "dozens"
            if value >= 12
            else "several"
            if value > 2
            else "two"
            if value == 2
            else "one"
        )
        reading.note(f"count.{size}", text)
