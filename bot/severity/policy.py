"""knowledge/policy/severity.yaml: levels, the rows of the matrix, and the company's own names for what can break."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.policy.reading import Node, did_you_mean, read
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
    ask_threshold: float  # messages that tell of trouble with this probability are asked about, not passed over
    shadow: bool  # judge and record, answer nothing

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


def load_severity(path: Path) -> SeverityPolicy:
    """The policy in `path`. Raises InvalidPolicy with file, line and reason."""
    top = read(path).fields("levels", "reply_threshold", "ask_threshold", "shadow", "things", "rows")
    things = _things(top["things"])
    return SeverityPolicy(
        levels=_levels(top["levels"]),
        rows=_rows(top["rows"]),
        things=things,
        reply_threshold=_share(top["reply_threshold"]),
        ask_threshold=_share(top["ask_threshold"]),
        shadow=top["shadow"].choice(("true", "false")) == "true",
    )


def _levels(node: Node) -> Mapping[Severity, Level]:
    found = node.fields(*(severity.value for severity in Severity))
    levels: dict[Severity, Level] = {}
    longest = timedelta()
    for severity in Severity:
        fields = found[severity.value].fields("title", "meaning", "respond_within")
        within = fields["respond_within"].duration()
        if within < longest:
            raise fields["respond_within"].refuse(
                f"{severity.value} must not be answered sooner than a worse severity."
            )
        longest = within
        levels[severity] = Level(severity, fields["title"].text(), fields["meaning"].text(), within)
    return levels


def _share(node: Node) -> float:
    try:
        value = float(node.text())
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise node.refuse(f'{node.name}: "{node.text()}" is not a number from 0 to 1.')
    return value


def _things(node: Node) -> Mapping[str, tuple[str, ...]]:
    found = node.fields(*THINGS)
    things: dict[str, tuple[str, ...]] = {}
    for value in THINGS:
        names = tuple(item.text().lower() for item in found[value].items())
        if not names:
            raise found[value].refuse(f"{found[value].name}: expected at least one name.")
        for item, name in zip(found[value].items(), names, strict=True):
            if not any(letter.isalnum() for letter in name) or len(name.replace("*", "")) < 2 or name.startswith("*"):
                raise item.refuse(f'{item.name}: "{name}" is too short to be found in a message.')
            if "*" in name and len(name.split("*")[0].split()[-1]) < 3:
                raise item.refuse(f'{item.name}: "{name}" needs three letters before its star.')
        things[value] = names
    return things


def _rows(node: Node) -> tuple[Row, ...]:
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for item in node.items():
        if rows and not rows[-1].when and not rows[-1].unless:
            raise item.refuse(f'rows: this row is never reached, because "{rows[-1].name}" above it has no conditions.')
        row = _row(item)
        if row.name in seen:
            raise item.refuse(f'rows: "{row.name}" is already the id of the row in line {seen[row.name]}.')
        seen[row.name] = item.line
        rows.append(row)
    if not rows or rows[-1].when or rows[-1].unless:
        raise node.refuse("rows: the last row must hold for everything. End with `when: {}`.")
    return tuple(rows)


def _row(node: Node) -> Row:
    fields = node.fields("id", "verdict", "says", "when", optional=("unless", "overrule"))
    verdict = fields["verdict"].choice((*(severity.value for severity in Severity), _NONE))
    return Row(
        name=fields["id"].text(),
        says=fields["says"].text(),
        verdict=None if verdict == _NONE else Severity(verdict),
        when=_conditions(fields["when"]),
        unless=_conditions(fields["unless"]) if "unless" in fields else {},
        overrules="overrule" in fields and fields["overrule"].choice(("true", "false")) == "true",
    )


def _conditions(node: Node) -> Mapping[str, frozenset[str]]:
    conditions: dict[str, frozenset[str]] = {}
    for column, values in node.mapping().items():
        known = THINGS if column == "what" else COLUMNS.get(column)
        if known is None:
            raise values.refuse(f'{node.name}: unknown column "{column}".{did_you_mean(column, ("what", *COLUMNS))}')
        if not values.items():
            raise values.refuse(f"{values.name}: expected at least one value.")
        conditions[column] = frozenset(value.choice(known) for value in values.items())
    return conditions
