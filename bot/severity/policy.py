"""knowledge/policy/severity.yaml: levels, the rows of the matrix, and the company's own names for what can break."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from bot.policy.loading import Keys, PolicyModel, Problem, load, refuse_at
from bot.policy.values import ANY_TEXT, Duration, Flag, Many, OneOrMany, Share, Text, Typed, must, one_of
from bot.severity.rules import Judgement, Level, Outcome, Severity

# What each column of the matrix may say. The words behind `what` are in the file itself, those behind the others in the
# judge.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "how": ("down", "partly", "slow", "delayed", "wrong", "exposed", "lost"),
    "reach": ("everyone", "most", "many", "region", "group", "some", "few", "one", "customer", "staff", "nobody"),
    "where": ("production", "elsewhere", "vendor"),
    "share": ("most", "many", "some", "few"),
    "danger": ("soon", "later"),
    "security": ("running", "attack", "sign", "personal", "contained", "low"),
    "cost": ("large", "small"),
    "backup": ("failing",),
    "alarm": ("firing", "ok", "zero", "all-dead"),
    "announced": ("performance", "availability", "several", "outage", "past"),
    "fine": ("works", "around", "denied"),
    "kind": (
        "empty", "drill", "denied-drill", "running", "update", "work", "recovered", "maintenance", "past",
        "learning", "draft", "request", "asking", "question", "commit", "social", "deploy",
    ),
}  # fmt: skip
THINGS = ("whole", "money", "major", "minor", "cosmetic", "internal", "infrastructure")
_NONE = "none"
ALL_BOTS = "all"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the matrix. `verdict` None means that the message is no incident report."""

    name: str
    says: str
    verdict: Severity | None
    when: Mapping[str, frozenset[str]]  # column → values of which one must be there
    unless: Mapping[str, frozenset[str]]  # column → values of which none may be there
    overrules: bool  # stands against what the model learned from examples

    def holds(self, facts: Mapping[str, set[str]]) -> bool:
        """Whether a message with these facts (column → values) falls under this row."""
        return all(facts.get(column, set()) & values for column, values in self.when.items()) and not any(
            facts.get(column, set()) & values for column, values in self.unless.items()
        )


@dataclass(frozen=True, slots=True)
class SeverityPolicy:
    """The written matrix. Rows in the order in which they are tried; the last one holds for everything."""

    levels: Mapping[Severity, Level]
    rows: tuple[Row, ...]
    things: Mapping[str, tuple[str, ...]]  # value of the column `what` → names, `word*` for any ending
    reply_threshold: float  # judgements below this confidence are asked about, not said
    ask_threshold: float  # messages that tell of serious trouble so likely are asked about, not passed over
    shadow: bool  # judge and record, answer nothing
    alerts: tuple[str, ...] = (ALL_BOTS,)  # the bots whose alerts are judged: names or ids, or all

    def hears_bot(self, names: Iterable[str]) -> bool:
        """Whether the alerts of a bot of these names and ids are judged."""
        wanted = {name.lower() for name in self.alerts}
        return ALL_BOTS in wanted or any(name.lower() in wanted for name in names if name)

    def outcome(self, judgement: Judgement) -> Outcome:
        """Whether a message that was judged so is answered, asked about or left alone; shadow mode aside."""
        if judgement.severity is not None:
            return Outcome.ANSWER if judgement.confidence >= self.reply_threshold else Outcome.ASK
        return Outcome.ASK if judgement.trouble >= self.ask_threshold else Outcome.SILENCE


def unreached(policy: SeverityPolicy) -> list[tuple[Row, Row]]:
    """Rows that never decide, each with the earlier row that holds whenever they would."""
    found = []
    for place, later in enumerate(policy.rows):
        earlier = next((row for row in policy.rows[:place] if _covers(row, later)), None)
        if earlier is not None:
            found.append((later, earlier))
    return found


def _covers(earlier: Row, later: Row) -> bool:
    wider = all(column in later.when and later.when[column] <= values for column, values in earlier.when.items())
    excluded = all(values <= later.unless.get(column, frozenset()) for column, values in earlier.unless.items())
    return wider and excluded


def shared_names(policy: SeverityPolicy) -> list[tuple[str, str, str]]:
    """Names that stand under two kinds of things: (name, kind, other kind). Both facts would be taken from one word."""
    places: dict[str, str] = {}
    found = []
    for kind, names in policy.things.items():
        for name in names:
            if name in places and places[name] != kind:
                found.append((name, places[name], kind))
            places.setdefault(name, kind)
    return found


def _thing(typed: str) -> str:
    name = typed.lower()
    if not any(letter.isalnum() for letter in name) or len(name.replace("*", "")) < 2 or name.startswith("*"):
        raise ValueError(f'"{name}" is too short to be found in a message.')
    if "*" in name and len(name.split("*")[0].split()[-1]) < 3:
        raise ValueError(f'"{name}" needs three letters before its star.')
    return name


_some = must(bool, "expected at least one value.")
Things = Annotated[Many[Annotated[str, Typed(_thing, ANY_TEXT)]], _some]
# Each column offers its own values. (Built from COLUMNS, so mypy sees what it comes to.)
if TYPE_CHECKING:
    _Conditions = dict[str, frozenset[str]]
else:
    _Conditions = TypedDict(
        "_Conditions",
        {
            column: Annotated[frozenset[Annotated[str, one_of(values)]], OneOrMany(), _some]
            for column, values in {"what": THINGS, **COLUMNS}.items()
        },
        total=False,
    )
Conditions = Annotated[_Conditions, Keys(optional=("what", *COLUMNS), read_empty=True)]

Cell = TypeVar("Cell")
EachSeverity = Annotated[dict[Severity, Cell], Keys(*Severity)]
SomeSeverities = Annotated[dict[Severity, Cell], Keys(optional=tuple(Severity))]


class LevelModel(PolicyModel):
    """One severity: what it means and how soon it is to be answered."""

    title: Text
    meaning: Text
    respond_within: Duration


class RowModel(PolicyModel):
    """One row of the matrix. `overrule` stands against what was learned from examples."""

    id: Text
    verdict: Annotated[str, one_of((*Severity, _NONE))]
    says: Text
    when: Conditions
    unless: Conditions = Field(default_factory=dict)
    overrule: Flag = False


def _worse_is_sooner(levels: dict[Severity, LevelModel]) -> dict[Severity, LevelModel]:
    spans = [(severity, level.respond_within) for severity, level in levels.items()]
    refuse_at(
        [
            ((severity, "respond_within"), f"{severity} must not be answered sooner than a worse severity.")
            for (_, worse), (severity, span) in pairwise(spans)
            if span < worse
        ]
    )
    return levels


def _in_order(rows: tuple[RowModel, ...]) -> tuple[RowModel, ...]:
    always = [not row.when and not row.unless for row in rows]
    ids = [row.id for row in rows]
    problems: list[Problem] = []
    for place, name in enumerate(ids):
        if place and always[place - 1]:
            above = f'"{ids[place - 1]}" above it has no conditions'
            problems.append(((place,), f"this row is never reached, because {above}."))
        if name in ids[:place]:
            problems.append(((place, "id"), f'"{name}" is already the id of row {ids.index(name) + 1}.'))
    refuse_at(problems)
    if not rows or not always[-1]:
        raise ValueError("the last row must hold for everything. End with `when: {}`.")
    return rows


def _severity(verdict: str) -> Severity | None:
    return None if verdict == _NONE else Severity(verdict)


class SeverityFile(PolicyModel):
    """The severity matrix: levels, names for what can break, and the rows that decide."""

    levels: Annotated[EachSeverity[LevelModel], AfterValidator(_worse_is_sooner)]
    reply_threshold: Share
    ask_threshold: Share
    shadow: Flag
    alerts: Many[Text] = (ALL_BOTS,)
    things: Annotated[dict[str, Things], Keys(*THINGS)]
    rows: Annotated[Many[RowModel], AfterValidator(_in_order)]


def load_severity(path: Path) -> SeverityPolicy:
    """The policy in `path`. Raises InvalidPolicy with file, line and reason of all that is wrong."""
    file = load(path, SeverityFile)
    rows = tuple(Row(row.id, row.says, _severity(row.verdict), row.when, row.unless, row.overrule) for row in file.rows)
    levels = {severity: Level(severity, **level.model_dump()) for severity, level in file.levels.items()}
    return SeverityPolicy(levels, rows, file.things, file.reply_threshold, file.ask_threshold, file.shadow, file.alerts)
