"""What a message says: facts per column of the matrix, each with the words it came from. Tone is not a fact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.severity import Evidence
from bot.triage.lexicon import Hit, Lexicon, mend
from bot.triage.tokens import LENGTH_JUDGED, Token
from bot.triage.tokens import read as read_tokens
from bot.triage.words import ENGLISH, FOREIGN, PHRASES, PLAIN

_BREAKS = re.compile(r"[.!?;,\n(){}\[\]—–|…]|->|→|\s-\s")
_CLAUSE_WORDS = {"but", "however", "although", "though", "while", "whereas", "only", "except", "otherwise", "yet"}
_NEGATIONS = {"not", "no", "isnt", "never", "without", "dont", "wont", "hasnt", "neither", "nor", "nothing", "none"}
_TROUBLE = ("how.down", "how.partly", "how.slow", "how.delayed", "how.wrong", "how.exposed", "how.lost")
_DENIABLE = (*_TROUBLE, "fine.works", "kind.maintenance")
_DENIED = {"fine.works": "how.down", "kind.maintenance": "degree.unplanned"}
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


@dataclass(slots=True)
class Reading:
    """One message understood. `facts` maps a column of the matrix to its values; `features` is what the model sees."""

    facts: dict[str, set[str]] = field(default_factory=dict)
    evidence: list[tuple[str, Evidence]] = field(default_factory=list)  # (column.value, words)
    features: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def note(self, signal: str, text: str) -> None:
        column, _, value = signal.partition(".")
        self.facts.setdefault(column, set()).add(value)
        self.features.add(signal)
        self.evidence.append((signal, Evidence(text.strip(), signal)))


class Signals:
    """Extraction with a company's own names for what can break."""

    def __init__(self, things: Mapping[str, tuple[str, ...]]) -> None:
        phrases: dict[str, list[str]] = {f"what.{value}": list(listed) for value, listed in things.items()}
        for signal, text in PHRASES.items():
            phrases.setdefault(signal, []).extend(part.strip() for part in text.split(",") if part.strip())
        self._lexicon = Lexicon(phrases, [*PLAIN.split(), *ENGLISH.split()])

    def read(self, message: str) -> Reading:
        """Facts of the first `LENGTH_JUDGED` characters. Never raises; the same message gives the same reading."""
        tokens = read_tokens(message)
        reading = Reading(words=mend(tokens, self._lexicon))
        if not any(token.kind in {"word", "number", "percent", "ratio"} for token in tokens):
            reading.note("kind.empty", message[:LENGTH_JUDGED].strip()[:40])
            return reading
        clauses = _clauses(tokens, reading.words)
        hits = _longest([*self._lexicon.find(reading.words), *_undone(reading.words)])
        _note_language(reading, tokens, message)
        _note_phrases(reading, message, tokens, clauses, hits)
        _note_numbers(reading, message, tokens, clauses)
        _note_shape(reading, message, tokens)
        _note_quoted(reading, tokens, hits)
        _note_zero(reading, message, tokens)
        _note_announcement(reading, message[:LENGTH_JUDGED])
        _note_strong_kinds(reading, message[:LENGTH_JUDGED])
        _conclude(reading, message)
        return reading


def _clauses(tokens: list[Token], words: list[str]) -> list[int]:
    """For each token the number of its clause."""
    number, numbers = 0, []
    for token, word in zip(tokens, words, strict=True):
        if (token.kind == "stop" and _BREAKS.search(token.text)) or word in _CLAUSE_WORDS:
            number += 1
        numbers.append(number)
    return numbers


_NOT_DONE = frozenset(("isnt", "not", "hasnt", "never"))
_HARMLESS = re.compile(
    r"(?:un)?(?:affect|impact|need|requir|involv|plann|expect|includ|support|concern|interest|notic"
    r"|touch|us|reach|relat|go|mean|expos|suppos|encourag|allow|bother|complain)(?:ed|ing)|going"
    r"|being|red|need|feed|speed|anything|nothing"
)


def _undone(words: list[str]) -> list[Hit]:
    """`isn't recorded`, `not being calculated`: whatever ought to be done and is not."""
    hits = []
    for place, word in enumerate(words[:-1]):
        follows = words[place + 1]
        if (
            word in _NOT_DONE
            and len(follows) > 4
            and follows.endswith(("ed", "ing", "shed"))
            and not _HARMLESS.fullmatch(follows)
        ):
            hits.append(Hit("how.down", place, place + 2))
    return hits


def _longest(hits: list[Hit]) -> list[Hit]:
    """Of hits of one signal that overlap, the longest: `not working` hides `working`. Across polarity the longer wins too."""
    kept: list[Hit] = []
    taken: dict[str, list[Hit]] = {}
    for hit in sorted(hits, key=lambda hit: (hit.first - hit.after, hit.first)):
        group = "polar" if hit.signal.startswith(("how.", "fine.")) else hit.signal
        rivals = taken.setdefault(group, [])
        covered = any(
            r.first <= hit.first
            and hit.after <= r.after
            and (r.after - r.first > hit.after - hit.first or r.signal == hit.signal)
            for r in rivals
        )
        if not covered:
            rivals.append(hit)
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.first)


def _negated(hit: Hit, words: list[str], clauses: list[int]) -> bool:
    """True when one of the two words before the phrase, in its own clause, denies it."""
    return any(
        clauses[place] == clauses[hit.first] and words[place] in _NEGATIONS
        for place in range(max(0, hit.first - 2), hit.first)
    )


def _note_phrases(reading: Reading, message: str, tokens: list[Token], clauses: list[int], hits: list[Hit]) -> None:
    fine, trouble = set(), set()
    denied: set[int] = set()
    for index, hit in enumerate(hits):
        if hit.signal in _DENIABLE:
            if _negated(hit, reading.words, clauses):
                denied.add(index)
            elif hit.signal == "kind.maintenance":
                continue
            elif hit.signal == "fine.works":
                fine.add(clauses[hit.first])
            else:
                trouble.add(clauses[hit.first])
    for index, hit in enumerate(hits):
        text = message[tokens[hit.first].start : tokens[hit.after - 1].end]
        clause = clauses[hit.first]
        good = clause in fine and clause not in trouble
        if index in denied:
            reading.note(_DENIED.get(hit.signal, "fine.denied"), text)
        elif hit.signal.startswith(("what.", "reach.")) and good:
            reading.note(f"fine.{hit.signal.replace('.', '-')}", text)
        else:
            reading.note(hit.signal, text)
    for clause in trouble:
        inside = {hit.signal for index, hit in enumerate(hits) if clauses[hit.first] == clause and index not in denied}
        _cross(reading, inside)
    first_trouble = min(trouble, default=None)
    if first_trouble is not None:
        reading.features.add("order.trouble-first" if first_trouble <= min(fine, default=99) else "order.fine-first")


def _cross(reading: Reading, inside: set[str]) -> None:
    """Pairs inside one clause: what with how, how with whom."""
    how = sorted(signal for signal in inside if signal in _TROUBLE)
    for signal in sorted(inside):
        if signal.startswith(("what.", "reach.", "where.")):
            reading.features.update(f"{one}&{signal}" for one in how)


def _note_language(reading: Reading, tokens: list[Token], message: str) -> None:
    words = [token.text for token in tokens if token.kind == "word"]
    other = sum(1 for word in words if not word.isascii())
    foreign = sum(word in _FOREIGN for word in words)
    english = sum(word in _ENGLISH for word in words)
    if len(words) >= 2 and (other > len(words) / 2 or (foreign >= 2 and foreign > english)):
        reading.note("kind.foreign", message[:LENGTH_JUDGED].strip()[:60])


_FOREIGN, _ENGLISH = frozenset(FOREIGN.split()), frozenset(ENGLISH.split())


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


def _note_numbers(reading: Reading, message: str, tokens: list[Token], clauses: list[int]) -> None:
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


def _note_shape(reading: Reading, message: str, tokens: list[Token]) -> None:
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


def _note_quoted(reading: Reading, tokens: list[Token], hits: list[Hit]) -> None:
    """Trouble that stands only between quotation marks is being talked about rather than reported."""
    inside, quoted = False, []
    for token in tokens:
        if token.kind == "other" and token.text in _QUOTES:
            inside = not inside
        quoted.append(inside)
    places = [quoted[hit.first] for hit in hits if hit.signal in _TROUBLE]
    if places and all(places):
        reading.features.add("shape.trouble-quoted")


_QUOTES = frozenset("\"'“”„«»‘`")
_BACK_TO_OK = re.compile(
    r'"?NewStateValue"?\s*[:=]\s*"?OK\b|"status"\s*:\s*"(?:resolved|ok)"|^\W*(?:OK|RESOLVED|RECOVERED'
    r"|RECOVERY|UP)\b\W"
)
_ZERO = re.compile(
    r"(?:[=:]|==|\bvalue|\bis|\bat|\bto|\bshows?|\breports?)\s*\[?(?P<zero>(?:0"
    r"|zero)(?:\.0+)?)\b(?![.,:\d%]*\d)|\b(?P<of>0 (?:of|/|out of) ?\d+)",
    re.IGNORECASE,
)


def _note_zero(reading: Reading, message: str, tokens: list[Token]) -> None:
    """A figure that fell to nothing."""
    back = _BACK_TO_OK.search(message[:LENGTH_JUDGED])
    if back:
        reading.note("alarm.ok", back.group().strip())
    match = _ZERO.search(message[:LENGTH_JUDGED])
    if match:
        reading.note("alarm.zero", match.group(match.lastgroup or 0))


_ANNOUNCING = re.compile(
    r"\bwe(?: are|'re|’re)(?: currently| aware| actively| still| continuing"
    r"| now)*(?: to)? (?:investigat\w+|experiencing|seeing|monitoring)"
    r"|\binvestigating reports of|\bcontinuing to investigate|\b(?:is|are)(?: now"
    r"| currently)? experiencing degraded|\bwill provide an update|^\[retroactive\]",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"([A-Z][\w ]{2,30}?) (?:is|are)(?: now| currently)? experiencing")
_TITLED = re.compile(r"^(?:incident|disruption|issues?|outage|problems?) with ([^.\n]{3,160})", re.IGNORECASE)
_PERIOD = re.compile(
    r"\bbetween\b[^\n]{3,60}\b(?:utc|and)\b|\bbeginning at\b[^\n]{3,60}\bUTC\b|^\[retroactive\]"
    r"|\bfrom \d{1,2}:\d\d[^\n]{0,20} (?:to|until) \d{1,2}:\d\d",
    re.IGNORECASE,
)


_UPDATE = re.compile(
    r"^\W*(?:status |quick |\d+\w* )?update\b|\binc-\d|\bdraft\b|\bwording\b|\bproposed text", re.IGNORECASE
)
_OVER = re.compile(r"\b(?:fixed|mitigated|resolved|restored|reverted|experienced|had|was|were)\b", re.IGNORECASE)
_OUTAGE = re.compile(
    r"\b(?:complete|total|full|an|experiencing an) outage of (?:all|our|\w+ products)"
    r"|all services are|unavailable for all",
    re.IGNORECASE,
)
_AVAILABILITY = re.compile(
    r"degraded availability|major outage|significant(?:ly)? (?:fail|error|impact|degrad)\w*"
    r"|\bnot available\b|high (?:percentage|rate) of",
    re.IGNORECASE,
)
_PART_ONLY = re.compile(
    r"\bother [\w ]{2,30} (?:are|is|remain) (?:available|not|un|work)\w*"
    r"|\bfor the [\w .\-]{3,40} models?\b|partial(?:ly)? (?:un)?availab\w+",
    re.IGNORECASE,
)
_SEVERAL = 3  # services named in one announcement that make it more than a trouble of one


def _note_announcement(reading: Reading, text: str) -> None:
    """The formal language of status pages."""
    match, titled, period = _ANNOUNCING.search(text), _TITLED.search(text), _PERIOD.search(text)
    if (match is None and not (titled and period)) or _UPDATE.search(text):
        return
    if period and _OVER.search(text) and "ontinuing to" not in text and "still" not in text:
        reading.note("announced.past", period.group())
    elif match is not None and (titled or len(text) > 80 or "degraded" in text or "outage" in text):
        reading.note(*_announced(text, match.group(), titled))


def _announced(text: str, words: str, titled: re.Match[str] | None) -> tuple[str, str]:
    """How much is announced, and the words that say so."""
    services = {found.group(1).split()[-1] for found in _SUBJECT.finditer(text)}
    if titled:
        services |= {part.split()[-1] for part in re.split(r",| and |&", titled.group(1)) if part.strip()}
    outage, availability = _OUTAGE.search(text), _AVAILABILITY.search(text)
    if outage:
        return "announced.outage", outage.group()
    if availability and not _PART_ONLY.search(text):
        return "announced.availability", availability.group()
    if len(services) >= _SEVERAL:
        return "announced.several", titled.group() if titled else words
    return "announced.performance", words


_RUNNING = re.compile(
    r"^\W*(?:\w+ ){0,2}update\b[^.\n]{0,24}\b(?:inc|sec)-?\d+|^\W*(?:status |incident |quick "
    r"|\d\w* )?update\b\s*(?:\d+\b|[\]:—–-])|\bnext (?:update|comms|news)\b"
    r"|\b(?:ic|shift|incident) (?:handover|change)\b|\b(?:handing|taking) over (?:as|to|from)\b"
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


def _note_strong_kinds(reading: Reading, text: str) -> None:
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


_TOO_MUCH = 22  # facts; a text that says everything says nothing by its pairs of facts


def _conclude(reading: Reading, message: str) -> None:
    """Facts that follow from several signals together."""
    facts = reading.facts
    how = facts.get("how", set())
    if "word" in facts.get("danger", set()) or facts.get("fill"):
        _note_danger(reading)
    security = facts.get("security", set())
    if "running" in security and ("sign" in security or how & {"exposed", "lost"}):
        reading.note("security.attack", _words_of(reading, "security.running"))
    if reading.facts.get("backup") == {"word"} and how & {"down", "partly", "delayed", "lost"}:
        reading.note("backup.failing", _words_of(reading, "backup.word"))
    if "all-of" in facts.get("alarm", set()) or (
        re.search(r"healthy.?host|HealthyHostCount", message[:LENGTH_JUDGED], re.IGNORECASE) and "[0.0" in message
    ):
        reading.note("alarm.all-dead", _words_of(reading, "alarm.all-of") or "HealthyHostCount"[: len(message)])
    if "zero" in facts.get("alarm", set()) and re.search(
        r"healthy|backends|targets|in.?service|up\b|probe_success|availability", message[:LENGTH_JUDGED], re.IGNORECASE
    ):
        reading.note("alarm.all-dead", _words_of(reading, "alarm.zero"))
    if "where" in facts and not facts["where"] & {"production"} and "elsewhere" in facts["where"]:
        reading.features.add("where.only-elsewhere")
    if not how:
        reading.features.add("how.none")
        if "shape.ends-asking" in reading.features:
            reading.note("kind.question", "?")
    columns = {
        f"{column}.{value}"
        for column in ("what", "how", "reach", "where", "share", "danger")
        for value in facts.get(column, ())
    }
    for kind in sorted(facts.get("kind", ())):
        reading.features.add(f"kind.{kind}&{'trouble' if how - {'partly'} else 'calm'}")
    if len(columns) > _TOO_MUCH:
        return
    for one in sorted(columns):
        reading.features.update(
            f"{one}+{other}" for other in columns if one < other and one.split(".")[0] != other.split(".")[0]
        )


def _note_danger(reading: Reading) -> None:
    danger = reading.facts.get("danger", set())
    if "later" in danger and "now" not in danger:
        return
    if "now" in danger and "word" in danger:
        reading.note("danger.soon", _words_of(reading, "danger.word") or _words_of(reading, "danger.now"))
    elif (
        "fill" in reading.facts
        and "high" in reading.facts["fill"]
        and reading.features & {"span.minutes", "span.hours"}
    ):
        reading.note("danger.soon", _words_of(reading, "fill.high"))


def _words_of(reading: Reading, signal: str) -> str:
    return next((evidence.text for name, evidence in reading.evidence if name == signal), "")
