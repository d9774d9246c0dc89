"""Severity of a message: the written matrix explains, a model of worked examples weighs, stronger rows overrule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from bot.errors import InvalidPolicy
from bot.severity.judge import model as models
from bot.severity.judge.model import Features, Model
from bot.severity.judge.reading import Reading
from bot.severity.judge.signals import Signals
from bot.severity.policy import Row, SeverityPolicy
from bot.severity.rules import Evidence, Judgement, Severity

_STRENGTH = 0.3  # inverse regularisation, by cross-validation; at this strength the probabilities are calibrated
_TEXT_WEIGHT = 4.0  # length of the vector of words and of that of letters, beside signals of 1 each
_LONGEST_WORD = 24  # letters; longer ones are identifiers or noise
_HALF = 0.5  # share of a row's conditions that makes it an explanation
_EVIDENCE = 6  # spans shown: more is not read at 3 AM
_WEIGHT = (1.5, 1.3, 1.0, 1.0, 1.0)  # of a mistake about a message of this label
_SURE, _SURE_OF_TALK, _DOUBT = 0.5, 0.6, 0.35  # a judgement below, with `none` above the last, is a guess
_ANCHORS = (
    "alarm",
    "announced",
    "share",
    "part",
    "count",
    "security",
    "cost",
    "danger",
    "backup",
    "where",
    "reach",
    "fill",
)
# Of a message without a word of trouble only these keep it from being taken for talk: a region or production do not.
_ANCHORS_OF_TALK = ("alarm", "announced", "share", "part", "security", "cost", "danger", "backup", "fill")
_NONE = models.LABELS.index("none")
# The files that a fitted model depends on.
_CODE = (
    "amounts",
    "announcements",
    "inference",
    "message_forms",
    "judge",
    "lexicon",
    "model",
    "reading",
    "signals",
    "tokens",
    "phrases",
)


def _cost(truth: int, said: int) -> float:
    """What it costs to say one level where another is true.

    More the further off; more where an outage is made little of, or chatter is answered; and more where the truth is
    severe, because an hour lost on P0 weighs heavier than a P3 looked at too soon. Chosen by cross-validation.
    """
    steps = said - truth
    mild = 2.0 * (truth <= 1 and steps >= 2)
    answered = 0.5 * (truth == _NONE and steps != 0)
    return _WEIGHT[truth] * ((steps != 0) + 0.1 * steps * steps + mild + answered)


_COSTS = tuple(tuple(_cost(truth, said) for truth in range(len(models.LABELS))) for said in range(len(models.LABELS)))


def _is_guess(share: float, none: float, reading: Reading) -> bool:
    """Unsure, sounds like talk, and names nobody affected, no production, no alarm, no figure: silence is better."""
    facts = reading.facts
    talk = bool(facts.get("degree", set()) & {"talk", "code", "meeting"}) or not facts.get("how")
    certain = _SURE_OF_TALK if talk else _SURE
    anchors = _ANCHORS if facts.get("how") else _ANCHORS_OF_TALK
    return share < certain and none > _DOUBT and not any(facts.get(column) for column in anchors)


class Judge:
    """Judges messages. Built by `load_judge`; holds no state that a judgement changes, so any thread may use it."""

    def __init__(self, policy: SeverityPolicy, signals: Signals, model: Model | None) -> None:
        self._policy = policy
        self._signals = signals
        self._model = model

    def read(self, text: str) -> Reading:
        """What the message says, without a verdict."""
        return self._signals.read(text)

    def judge(self, text: str) -> Judgement:
        """The judgement of one message, whatever it contains. The same text gives the same judgement."""
        reading = self._signals.read(text)
        row = first_row(self._policy, reading.facts)
        if self._model is None or row.overrules:
            return _judgement(row, reading, _certain(row), None)
        shares = self._model.probabilities(features_of(reading, self._policy)).tolist()
        costs = [sum(share * cost for share, cost in zip(shares, column, strict=True)) for column in _COSTS]
        best, second = sorted(range(len(costs)), key=costs.__getitem__)[:2]
        if best != _NONE and _is_guess(shares[best], shares[_NONE], reading):
            best, second = _NONE, best
        label = models.LABELS[best]
        row = _explaining(self._policy, reading.facts, row, label)
        return _judgement(row, reading, shares[best], models.LABELS[second], label)


def load_judge(policy: SeverityPolicy, training_folder: Path | None, cache_folder: Path | None) -> Judge:
    """A judge for this policy. Without training folder the matrix judges alone.

    The fitted model is kept in `cache_folder` under a name made of examples, policy and code; where that is missing or
    damaged it is fitted anew. Raises InvalidPolicy where an example cannot be read.
    """
    signals = Signals(policy.things)
    if training_folder is None:
        return Judge(policy, signals, None)
    kept = _kept(policy, training_folder, cache_folder) if cache_folder else None
    model = models.restore(kept) if kept else None
    if model is not None:
        return Judge(policy, signals, model)
    try:
        examples = models.read_examples(training_folder)
    except (ValueError, OSError) as error:
        raise InvalidPolicy(f"training examples: {error}") from None
    if len({label for _, label in examples}) < 2:
        raise InvalidPolicy(f"{training_folder}: expected *.jsonl files with examples of at least two severities.")
    model = _fitted(policy, signals, examples)
    if kept:
        models.save(model, kept)
    return Judge(policy, signals, model)


def is_fitted(policy: SeverityPolicy, training_folder: Path, cache_folder: Path) -> bool:
    """True where `load_judge` would read the fitted model back, not fit it, which takes seconds and memory."""
    return _kept(policy, training_folder, cache_folder).exists()


def _kept(policy: SeverityPolicy, training_folder: Path, cache_folder: Path) -> Path:
    return cache_folder / f"judge-{_key(policy, training_folder)}.npz"


def fit_judge(policy: SeverityPolicy, examples: Sequence[tuple[str, str]]) -> Judge:
    """A judge that learned from these (text, label) alone; nothing is kept. For measuring on examples held out."""
    signals = Signals(policy.things)
    return Judge(policy, signals, _fitted(policy, signals, examples))


def first_row(policy: SeverityPolicy, facts: Mapping[str, set[str]]) -> Row:
    """The first row of the matrix under which these facts fall; the last row holds for everything."""
    return next(row for row in policy.rows if row.holds(facts))


def features_of(reading: Reading, policy: SeverityPolicy) -> Features:
    """What the model sees of a message: signals, the matrix's row, words and parts of words."""
    row = first_row(policy, reading.facts)
    features: Features = dict.fromkeys(reading.features, 1.0)
    features[f"row.{row.name}"] = 1.0
    features[f"verdict.{row.verdict}"] = 1.0
    for grams in (_word_grams(reading.words), _letter_grams(reading.words)):
        features.update((name, value * _TEXT_WEIGHT) for name, value in models.unit(grams).items())
    return features


def _word_grams(words: list[str]) -> Features:
    plain = ["#" if word[0].isdigit() else word for word in words if word and (word[0].isalnum() or word[0] in "?$")]
    pairs = pairwise(plain)
    return dict.fromkeys([*(f"w:{word}" for word in plain), *(f"w:{one} {two}" for one, two in pairs)], 1.0)


def _letter_grams(words: list[str]) -> Features:
    """Runs of 3 to 5 letters, ends of words marked by a blank, so that a word's other forms are known too."""
    grams: Features = {}
    for word in set(words):
        marked = f" {word[:_LONGEST_WORD]} "
        for size in (3, 4, 5):
            for start in range(len(marked) - size + 1):
                grams["c:" + marked[start : start + size]] = 1.0
    return grams


def _fitted(policy: SeverityPolicy, signals: Signals, examples: Sequence[tuple[str, str]]) -> Model:
    seen = [features_of(signals.read(text), policy) for text, _ in examples]
    return models.fit(seen, [label for _, label in examples], _STRENGTH)


def _key(policy: SeverityPolicy, folder: Path) -> str:
    here = Path(__file__).parent
    code = [(here / f"{name}.py").read_bytes() for name in _CODE]
    data = [path.read_bytes() for path in sorted(folder.glob("*.jsonl"))]
    shown = repr([(row.name, row.verdict, _sorted(row.when), _sorted(row.unless)) for row in policy.rows]) + repr(
        sorted(policy.things.items())
    )
    return models.key_of([*code, *data, shown.encode()])


def _sorted(conditions: Mapping[str, frozenset[str]]) -> list[tuple[str, list[str]]]:
    return [(column, sorted(values)) for column, values in sorted(conditions.items())]


def _certain(row: Row) -> float:
    """A row that stands alone is certain, but for a language that the judge does not read."""
    if any("foreign" in values for values in row.when.values()):
        return 0.2
    return 0.9 if row.overrules else 0.5


def _label(row: Row) -> str:
    return row.verdict.value if row.verdict else "none"


def _explaining(policy: SeverityPolicy, facts: Mapping[str, set[str]], row: Row, label: str) -> Row:
    """The row of this verdict that explains best: one that holds, else the one with most of its conditions met.

    Where no row of the verdict has even half of its conditions met, the level's own meaning is the explanation.
    """
    if _label(row) == label:
        return row
    rivals = [rival for rival in policy.rows if _label(rival) == label and not rival.overrules]
    best = max(rivals, key=lambda rival: (rival.holds(facts), _met(rival, facts)), default=None)
    if best is not None and (best.holds(facts) or _met(best, facts) >= _HALF):
        return best
    verdict = None if label == "none" else Severity(label)
    says = "It reads like messages that need no answer"
    if verdict is not None:
        says = f"It reads like reports of {label}: {policy.levels[verdict].meaning}"
    return Row("examples", says, verdict, {}, {}, False)


def _met(row: Row, facts: Mapping[str, set[str]]) -> float:
    """Share of the row's conditions that the facts meet; less where a fact speaks against the row."""
    if not row.when:
        return 0.0
    met = sum(bool(facts.get(column, set()) & values) for column, values in row.when.items()) / len(row.when)
    against = any(facts.get(column, set()) & values for column, values in row.unless.items())
    return met - 0.3 * against


def _judgement(
    row: Row, reading: Reading, confidence: float, second: str | None, label: str | None = None
) -> Judgement:
    verdict = label or _label(row)
    severity = None if verdict == "none" else Severity(verdict)
    runner_up = None if second in (None, "none") else Severity(str(second))
    return Judgement(severity, round(min(1.0, confidence), 4), _evidence(row, reading), runner_up, row.says, row.name)


def _evidence(row: Row, reading: Reading) -> tuple[Evidence, ...]:
    """The words behind the row's conditions first, then those of other facts; each phrase once."""
    wanted = {f"{column}.{value}" for column, values in row.when.items() for value in values}
    ordered = sorted(enumerate(reading.evidence), key=lambda entry: (entry[1][0] not in wanted, entry[0]))
    chosen: list[Evidence] = []
    for _, (signal, evidence) in ordered:
        if (
            not evidence.text
            or signal.startswith(("degree.", "danger.disk"))
            or any(evidence.text in other.text for other in chosen)
        ):
            continue
        chosen.append(evidence)
        if len(chosen) == _EVIDENCE:
            break
    return tuple(chosen)
