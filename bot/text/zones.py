"""Time zones as people type them after a time: `UTC+8`, `-03:00`, `CET`, `Europe/Berlin`, `New York time`.

What several places mean by one abbreviation is refused with the names to choose from, and so is an abbreviation that
is not in force on that day: both would be an hour or more off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.errors import BadRequest

_FURTHEST = timedelta(hours=14)
EXAMPLES = "`UTC+2`, `CET`, `Europe/Berlin` or `Berlin time`"

# Abbreviation: hours from UTC, and where people use it, to see whether it is in force on a day.
_ABBREVIATIONS: dict[str, tuple[float, str]] = {
    "utc": (0, ""), "gmt": (0, ""), "z": (0, ""), "wet": (0, "Europe/Lisbon"), "west": (1, "Europe/Lisbon"),
    "bst": (1, "Europe/London"), "cet": (1, "Europe/Berlin"), "cest": (2, "Europe/Berlin"),
    "mez": (1, "Europe/Berlin"), "mesz": (2, "Europe/Berlin"), "eet": (2, "Europe/Athens"),
    "eest": (3, "Europe/Athens"), "msk": (3, ""), "trt": (3, ""), "sast": (2, ""), "pkt": (5, ""), "sgt": (8, ""),
    "hkt": (8, ""), "awst": (8, ""), "jst": (9, ""), "kst": (9, ""), "wib": (7, ""), "brt": (-3, ""), "hst": (-10, ""),
    "est": (-5, "America/New_York"), "edt": (-4, "America/New_York"), "cdt": (-5, "America/Chicago"),
    "mst": (-7, ""), "mdt": (-6, "America/Denver"), "pst": (-8, "America/Los_Angeles"),
    "pdt": (-7, "America/Los_Angeles"), "akst": (-9, "America/Anchorage"), "akdt": (-8, "America/Anchorage"),
    "acst": (9.5, ""), "acdt": (10.5, "Australia/Adelaide"), "aest": (10, ""), "aedt": (11, "Australia/Sydney"),
    "nzst": (12, "Pacific/Auckland"), "nzdt": (13, "Pacific/Auckland"),
}  # fmt: skip
_AMBIGUOUS = {
    "ist": ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
    "cst": ("America/Chicago", "Asia/Shanghai"),
    "ast": ("America/Halifax", "Asia/Riyadh"),
    "gst": ("Asia/Dubai", "Atlantic/South_Georgia"),
    "sst": ("Asia/Singapore", "Pacific/Pago_Pago"),
    "amt": ("America/Manaus", "Asia/Yerevan"),
}
_BY_SEASON = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles",
    "eastern time": "America/New_York", "central time": "America/Chicago", "mountain time": "America/Denver",
    "pacific time": "America/Los_Angeles",
}  # fmt: skip
# Big cities that name no IANA zone. Those that do are read from the database.
_CITIES = {
    "Africa/Johannesburg": "cape town, durban, pretoria",
    "America/Chicago": "austin, dallas, houston, minneapolis, new orleans, san antonio",
    "America/Edmonton": "calgary",
    "America/Los_Angeles": "las vegas, sacramento, san diego, san francisco, seattle",
    "America/New_York": "atlanta, boston, miami, philadelphia, pittsburgh, washington",
    "America/Sao_Paulo": "brasilia, rio de janeiro, são paulo",
    "America/Toronto": "montreal, ottawa, quebec",
    "Asia/Dubai": "abu dhabi",
    "Asia/Kolkata": "bangalore, bengaluru, bombay, chennai, delhi, hyderabad, mumbai, new delhi, pune",
    "Asia/Shanghai": "beijing, guangzhou, hangzhou, shenzhen",
    "Asia/Tokyo": "kyoto, osaka, yokohama",
    "Asia/Ho_Chi_Minh": "hanoi",
    "Australia/Sydney": "canberra",
    "Europe/Amsterdam": "eindhoven, rotterdam, the hague, utrecht",
    "Europe/Berlin": "cologne, düsseldorf, frankfurt, hamburg, köln, leipzig, munich, münchen, stuttgart",
    "Europe/Istanbul": "ankara",
    "Europe/Kyiv": "lviv",
    "Europe/London": "bristol, edinburgh, glasgow, leeds, liverpool, manchester",
    "Europe/Madrid": "barcelona, valencia",
    "Europe/Moscow": "saint petersburg, st petersburg",
    "Europe/Lisbon": "porto",
    "Europe/Paris": "lyon, marseille, toulouse",
    "Europe/Rome": "milan, naples, turin",
    "Europe/Stockholm": "gothenburg",
    "Europe/Warsaw": "krakow, kraków, wroclaw, wrocław",
    "Europe/Zurich": "basel, geneva, zürich",
    "Pacific/Auckland": "wellington",
}
_REGIONS = ("africa", "america", "antarctica", "asia", "atlantic", "australia", "europe", "indian", "pacific")
_WORDS_TOO = frozenset(
    {"easter", "wake", "midway", "resolute", "nome", "south", "north", "west", "reunion", "act", "yap"}
)

_OFFSET = re.compile(
    r"(?P<base>utc|gmt)?\s?(?P<sign>[+\u2212-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\w|[:.]\d)", re.IGNORECASE
)
_IANA = re.compile(rf"(?:{'|'.join(_REGIONS)})/[A-Za-z_/+-]*[A-Za-z]\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{1,4}\b(?![-/_.]\w)")
_SEASONAL = re.compile(r"(?:ET|CT|MT|PT)\b|(?i:(?:eastern|central|mountain|pacific) time)\b")
_BEFORE = re.compile(r"[ \t]*\(?(?:in\s+)?", re.IGNORECASE)
_AFTER = re.compile(r"(?:\s+time\b)?\)?", re.IGNORECASE)
# English words as well: a zone only in capitals.
_CAPITALS_ONLY = frozenset({"west", "met", "z", "amt"})


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone as typed: how far from UTC, and for an abbreviation the place whose clocks decide whether it holds."""

    typed: str
    clock: tzinfo
    place: ZoneInfo | None = None

    def check(self, at: datetime) -> None:
        """Raises BadRequest where that place has another time at the instant `at` than the abbreviation says."""
        if self.place is None or at.astimezone(self.place).utcoffset() == self.clock.utcoffset(None):
            return
        there = at.astimezone(self.place)
        raise BadRequest(
            f"“{self.typed}” isn't in force on {there:%Y-%m-%d}: clocks there show {there:%Z} then."
            f" Write `{there:%Z}` or `{self.place.key}`."
        )


def leading_zone(text: str, at: int, whole: bool) -> tuple[Zone | None, int]:
    """The zone that stands in `text` at index `at`, and the index after it; (None, `at`) where no zone stands there.

    `whole`: nothing but a zone may follow. Else words may, and a city before words is refused: it could be one of them.
    Raises BadRequest for what could be several zones, or none.
    """
    before = _BEFORE.match(text, at)
    start = before.end() if before else at
    adjacent = start == at
    found = _numeric(text, start, whole or adjacent) or _named(text, start, whole)
    if found is None:
        return None, at
    zone, end = found
    after = _AFTER.match(text, end)
    return zone, after.end() if after else end


def _numeric(text: str, start: int, is_surely_zone: bool) -> tuple[Zone, int] | None:
    found = _OFFSET.match(text, start)
    if found is None:
        return None
    typed = found[0]
    if not found["base"] and not is_surely_zone and not found["minutes"]:
        raise BadRequest(f"“{typed}” could be a time zone or a number. Write `UTC{typed}` for the zone.")
    length = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    if length > _FURTHEST or int(found["minutes"] or 0) not in (0, 15, 30, 45):
        raise BadRequest(f"“{typed}” isn't a time zone. Name the zone as {EXAMPLES}, and give one time, not two.")
    return Zone(typed, timezone(length if found["sign"] == "+" else -length, typed.strip())), found.end()


def _named(text: str, start: int, whole: bool) -> tuple[Zone, int] | None:
    seasonal = _SEASONAL.match(text, start)
    if seasonal:
        place = _BY_SEASON.get(seasonal[0]) or _BY_SEASON[seasonal[0].lower()]
        return Zone(seasonal[0], ZoneInfo(place)), seasonal.end()
    name = _IANA.match(text, start)
    if name:
        key = _iana().get(name[0].lower())
        if key is None:
            raise BadRequest(f"“{name[0]}” isn't a time zone I know. Name it as {EXAMPLES}.")
        return Zone(name[0], ZoneInfo(key)), name.end()
    return _abbreviated(text, start, whole) or _city(text, start, whole)


def _abbreviated(text: str, start: int, whole: bool) -> tuple[Zone, int] | None:
    found = _WORD.match(text, start)
    word = found[0].lower() if found else ""
    if found is None or (word in _CAPITALS_ONLY and not whole and not found[0].isupper()):
        return None
    if word in _AMBIGUOUS:
        choice = " or ".join(f"`{key}`" for key in _AMBIGUOUS[word])
        raise BadRequest(f"“{found[0]}” is used in several time zones. Write {choice}.")
    if word not in _ABBREVIATIONS:
        return None
    hours, place = _ABBREVIATIONS[word]
    clock = timezone(timedelta(hours=hours), found[0].upper()) if hours else UTC
    return Zone(found[0], clock, ZoneInfo(place) if place else None), found.end()


def _city(text: str, start: int, whole: bool) -> tuple[Zone, int] | None:
    found = _city_names().match(text, start)
    if found is None:
        return None
    name = " ".join(found[0].split())
    key = _city_zones()[name.lower()]
    follows = text[found.end() :]
    if not re.match(r"\s+time\b|\s*(?:\)|[:,;]|$)", follows, re.IGNORECASE):
        if whole:
            return None
        raise BadRequest(
            f"“{name}” could be a time zone or a word of the note. Write `{key}` for the zone, or a colon after the"
            " time."
        )
    return Zone(name, ZoneInfo(key)), found.end()


def spelled(at: datetime, zone: ZoneInfo) -> str:
    """An instant by the clocks of `zone`, and in UTC where that differs: `2026-11-20 14:20 CET (13:20 UTC)`."""
    there, utc = at.astimezone(zone), at.astimezone(UTC)
    if not there.utcoffset():
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    offset = f"{there:%z}"
    name = f"{there:%Z}" if f"{there:%Z}".isalpha() else f"UTC{offset[:3]}:{offset[3:5]}".removesuffix(":00")
    day = "" if there.date() == utc.date() else f"{utc:%Y-%m-%d} "
    return f"{there:%Y-%m-%d %H:%M} {name} ({day}{utc:%H:%M} UTC)"


@cache
def _iana() -> dict[str, str]:
    return {key.lower(): key for key in available_timezones() if "/" in key}


@cache
def _city_zones() -> dict[str, str]:
    """City, in lower case → the IANA name of its zone."""
    cities = {}
    for key in _iana().values():
        region, _, city = key.rpartition("/")
        name = city.replace("_", " ").lower()
        if region.lower() in _REGIONS and region != "Antarctica" and len(name) > 3 and name not in _WORDS_TOO:
            cities[name] = key
    return cities | {name: key for key, names in _CITIES.items() for name in names.split(", ")}


@cache
def _city_names() -> re.Pattern[str]:
    longest_first = sorted(_city_zones(), key=len, reverse=True)
    names = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in longest_first)
    return re.compile(rf"(?:{names})\b(?!['’/.-]\w)", re.IGNORECASE)
