"""Severity of a message: two models of worked examples weigh it, the written matrix explains, a few rows overrule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from bot.errors import InvalidPolicy
from bot.severity.judge.destruction import destruction_in
from bot.severity.judge.models.correction import Correction
from bot.severity.judge.models.examples import LABELS, Example, read_examples
from bot.severity.judge.models.kept import Models, key_of, restore, save
from bot.severity.judge.models.linear import Features, fit, unit
from bot.severity.judge.models.meaning import SentenceEncoder, vectors_of
from bot.severity.judge.models.text import Weighed, fit_text
from bot.severity.judge.models.weighing import LEAST, NONE, as_outage, cheapest, told_apart, trouble_of
from bot.severity.judge.reading import Reading
from bot.severity.judge.signals import Signals
from bot.severity.judge.suspicion import NAME, suspicion_of
from bot.severity.policy import Row, SeverityPolicy, load_severity
from bot.severity.rules import Evidence, Judgement, NotFitted, Severity
from bot.text.markup import without_emoji
from bot.text.masking import MASK

# Inverse regularisation and weights, chosen on examples of writers left out (`python -m bench judge` prints them).
_STRENGTH = 0.3
_TEXT_SHARE = 0.7  # of the average of the two models
_MATRIX_SHARE = 0.55  # of the matrix, where the facts alone are asked
# How much the short examples without a writer count: people seldom report so tersely, but they chat so.
_SHORT_REPORT, _SHORT_TALK = 0.2, 0.4
_GRAMS = 4.0  # length of the vector of words and of that of letters, beside facts of 1 each
_LONGEST_WORD = 24  # letters; longer ones are identifiers or noise
_FEWEST = 6  # words of which a break-in can be told from ordinary trouble
_READ = 6_000  # characters: the models read some 1,500 of what is left without emoji codes, so that time is bounded
_HALF = 0.5  # share of a row's conditions that makes it an explanation
_EVIDENCE = 6  # spans shown: more is not read at 3 AM
# The files that a fitted model depends on.
_CODE = ("*.py", "models/*.py", "vocabulary/*.py")


# How likely it is taken for trouble what smells of it but reads like talk: likely enough to be asked about.
_SUSPECTED = (0.0, 0.2, 0.2, 0.1, 0.5)


class Judge:
    """Judges messages. Built by `load_judge`; holds no state that a judgement changes, so any thread may use it."""

    def __init__(
        self,
        policy: SeverityPolicy,
        signals: Signals,
        models: Models | None,
        correction: Correction | None = None,
        encoder: SentenceEncoder | None = None,
    ) -> None:
        self._policy = policy
        self._signals = signals
        self._models = models
        self._correction = correction
        self._encoder = encoder  # the one that the models were fitted with, if any

    @property
    def parts(self) -> tuple[SeverityPolicy, Signals, Models | None, Correction | None, SentenceEncoder | None]:
        """What it is made of."""
        return self._policy, self._signals, self._models, self._correction, self._encoder

    @property
    def is_fitted(self) -> bool:
        """False while the models are being fitted: until then the written matrix judges alone."""
        return True

    def require_fitted(self) -> None:
        """Raises NotFitted, for what can wait until the models are there."""
        if not self.is_fitted:
            raise NotFitted("The severity judge is being fitted.")

    def as_shipped(self) -> Judge:
        """Without what was learnt here."""
        return Judge(self._policy, self._signals, self._models, None, self._encoder)

    def corrected(self, correction: Correction) -> Judge:
        """The same judge with what was learnt from a company's own decisions."""
        return Judge(self._policy, self._signals, self._models, correction, self._encoder)

    def read(self, text: str) -> Reading:
        """What the message says, without a verdict."""
        return self._signals.read(text)

    def judge(self, text: str) -> Judgement:
        """The judgement of one message, whatever it contains. The same text gives the same judgement."""
        said, text = text, without_emoji(text[:_READ])
        reading = self._signals.read(text)
        row = first_row(self._policy, reading.facts)
        if self._models is None or row.overrules:
            label, second, shares, alarm, break_in = _label(row), None, _certain(row), 0.0, 0.0
        else:
            shipped, alarm, break_in = self._shares(text, reading)
            shares = shipped
            if self._correction is not None and not _is_security(reading):
                shares = self._correction.correct(text, shipped)
            if shares[NONE] <= shipped[NONE] + LEAST and destruction_in(reading):
                shipped, shares = as_outage(shipped), as_outage(shares)
            best, after = cheapest(shares)
            label, second = LABELS[best], LABELS[after]
            row = _explaining(self._policy, reading.facts, row, label)
            if best != cheapest(shipped)[0]:
                row = _learnt(label)
            suspicion = suspicion_of(reading, trouble_of(shares, alarm)) if label == "none" else None
            if suspicion is not None:
                shares, alarm, row, second = [*_SUSPECTED], 0.0, suspicion, None
        return Judgement(
            severity=None if label == "none" else Severity(label),
            confidence=round(min(1.0, shares[LABELS.index(label)]), 4),
            evidence=tuple(each for each in self._evidence(text, row, reading, label) if each.text in said),
            runner_up=None if second in (None, "none") else Severity(str(second)),
            row=row.says,
            row_name=row.name,
            trouble=round(trouble_of(shares, alarm), 4),
            break_in=round(break_in, 4),
        )

    def shares(self, text: str) -> list[float] | None:
        """The shipped models' probabilities, from which a correction is learnt; None where it would change nothing."""
        text = without_emoji(text[:_READ])
        reading = self._signals.read(text)
        if self._models is None or first_row(self._policy, reading.facts).overrules or _is_security(reading):
            return None
        return self._shares(text, reading)[0]

    def _shares(self, text: str, reading: Reading) -> tuple[list[float], float, float]:
        """The probability of each label, both models averaged; the margin by which it is P0 or P1, not talk; and how
        likely it is a break-in.
        """
        assert self._models is not None
        facts = self._models.facts.probabilities(features_of(reading, self._policy))
        vector = self._encoder.query(text) if self._encoder is not None else None
        said = self._models.text.weigh(text, vector)
        shares = told_apart(facts * (1 - _TEXT_SHARE) + said.shares * _TEXT_SHARE, said.weight)
        return shares, said.alarm, self._break_in(text, said)

    def _break_in(self, text: str, said: Weighed) -> float:
        """How likely it is a break-in; 0 of so few words that one decides ("admin page shows 500"). A mask is none."""
        assert self._models is not None
        told = text.replace(MASK, " ")
        if len(told.split()) < _FEWEST:
            return 0.0
        return said.break_in if told == text else self._models.text.weigh(told).break_in

    def by_facts(self, text: str) -> Judgement:
        """What the facts alone say, the written matrix a little more than the model of facts.

        For texts that nobody wrote as one, such as a title with a later message: how they are worded says nothing.
        """
        reading = self._signals.read(text)
        row = first_row(self._policy, reading.facts)
        shares = _certain(row)
        if self._models is not None:
            weighed = self._models.facts.probabilities(features_of(reading, self._policy))
            shares = [
                certain * _MATRIX_SHARE + float(share) * (1 - _MATRIX_SHARE)
                for certain, share in zip(shares, weighed, strict=True)
            ]
        best = max(range(len(shares)), key=shares.__getitem__)
        row = _explaining(self._policy, reading.facts, row, LABELS[best])
        severity = None if best == NONE else Severity(LABELS[best])
        evidence = self._evidence(text, row, reading, LABELS[best])
        return Judgement(severity, round(shares[best], 4), evidence, None, row.says, row.name, trouble_of(shares))

    def _evidence(self, text: str, row: Row, reading: Reading, label: str) -> tuple[Evidence, ...]:
        """The words that decided: those behind the row's conditions, then those that weigh most for the label."""
        chosen = [evidence for signal, evidence in reading.evidence if signal in _conditions(row) and evidence.text]
        if self._models is not None and not row.overrules and row.name != NAME:
            chosen += [Evidence(words, "words") for words in self._models.text.reasons(text, LABELS.index(label))]
        kept: list[Evidence] = []
        for evidence in chosen:
            if not any(evidence.text.lower() in other.text.lower() for other in kept):
                kept.append(evidence)
        return tuple(kept[:_EVIDENCE])


def _is_security(reading: Reading) -> bool:
    """What sounds like a break-in is judged as shipped: no habit of a company makes little of it."""
    return "security" in reading.facts or "exposed" in reading.facts.get("how", ())


def _learnt(label: str) -> Row:
    """The explanation where people's decisions made the difference."""
    if label == "none":
        return Row("learnt", "People here said that messages like this are no incidents", None, {}, {}, False)
    return Row("learnt", f"People here called messages like this {label}", Severity(label), {}, {}, False)


def load_judge(
    policy: SeverityPolicy,
    training_folder: Path | None,
    cache_folder: Path | None,
    encoder: SentenceEncoder | None = None,
) -> Judge:
    """A judge for this policy. Without training folder the matrix judges alone, without encoder words and facts.

    The fitted model is kept in `cache_folder` under a name made of examples, policy, code and encoder; where that is
    missing or damaged it is fitted again. Raises InvalidPolicy where an example cannot be read.
    """
    signals = Signals(policy.things)
    if training_folder is None:
        return Judge(policy, signals, None)
    kept = _kept(policy, training_folder, cache_folder, encoder) if cache_folder else None
    models = restore(kept) if kept else None
    if models is not None:
        return Judge(policy, signals, models, None, encoder)
    examples = check_examples(training_folder)
    models = _fitted(policy, signals, examples, encoder, cache_folder)
    if kept:
        save(models, kept)
    return Judge(policy, signals, models, None, encoder)


def check_examples(training_folder: Path) -> list[Example]:
    """The examples of a folder. Raises InvalidPolicy where nothing can be learnt from them."""
    try:
        examples = read_examples(training_folder)
    except (ValueError, OSError) as error:
        raise InvalidPolicy(f"training examples: {error}") from None
    if len({example.label for example in examples}) < 2:
        raise InvalidPolicy(f"{training_folder}: expected *.jsonl files with examples of at least two severities.")
    return examples


def judge_of(
    knowledge: Path, cache_folder: Path | None, encoder: SentenceEncoder | None = None
) -> tuple[Judge, SeverityPolicy]:
    """The judge of a knowledge folder and the policy by which it judges.

    Raises InvalidPolicy with file, line and reason.
    """
    policy = load_severity(knowledge / "policy" / "severity.yaml")
    return load_judge(policy, knowledge / "training", cache_folder, encoder), policy


def is_fitted(knowledge: Path, cache_folder: Path, encoder: SentenceEncoder | None = None) -> bool:
    """True where `judge_of` would read the fitted model back, not fit it, which takes seconds and memory."""
    policy = load_severity(knowledge / "policy" / "severity.yaml")
    return _kept(policy, knowledge / "training", cache_folder, encoder).exists()


def _kept(policy: SeverityPolicy, training_folder: Path, cache_folder: Path, encoder: SentenceEncoder | None) -> Path:
    return cache_folder / f"judge-{_key(policy, training_folder, encoder)}.npz"


def fit_judge(
    policy: SeverityPolicy,
    examples: Sequence[Example],
    encoder: SentenceEncoder | None = None,
    signals: Signals | None = None,
) -> Judge:
    """A judge that learned from these alone; nothing is kept. For measuring on examples held out.

    `signals` of the same policy may be given to be used by several judges.
    """
    signals = signals or Signals(policy.things)
    return Judge(policy, signals, _fitted(policy, signals, examples, encoder, None), None, encoder)


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
        features.update((name, value * _GRAMS) for name, value in unit(grams).items())
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


def _fitted(
    policy: SeverityPolicy,
    signals: Signals,
    examples: Sequence[Example],
    encoder: SentenceEncoder | None,
    cache_folder: Path | None,
) -> Models:
    labels, break_ins = [example.label for example in examples], [example.break_in for example in examples]
    weights = [_weight(example) for example in examples]
    seen = [features_of(signals.read(example.text), policy) for example in examples]
    texts = [example.text for example in examples]
    vectors = vectors_of(encoder, texts, cache_folder) if encoder is not None else None
    return Models(fit(seen, labels, _STRENGTH, weights), fit_text(texts, labels, break_ins, weights, vectors))


def _weight(example: Example) -> float:
    if example.writer:
        return 1.0
    return _SHORT_TALK if example.label == "none" else _SHORT_REPORT


def _key(policy: SeverityPolicy, folder: Path, encoder: SentenceEncoder | None) -> str:
    here = Path(__file__).parent
    code = [path.read_bytes() for pattern in _CODE for path in sorted(here.glob(pattern))]
    data = [path.read_bytes() for path in sorted(folder.glob("*.jsonl"))]
    shown = repr([(row.name, row.verdict, _sorted(row.when), _sorted(row.unless)) for row in policy.rows]) + repr(
        sorted(policy.things.items())
    )
    return key_of([*code, *data, shown.encode(), encoder.fingerprint.encode() if encoder else b""])


def _sorted(conditions: Mapping[str, frozenset[str]]) -> list[tuple[str, list[str]]]:
    return [(column, sorted(values)) for column, values in sorted(conditions.items())]


def _certain(row: Row) -> list[float]:
    """The shares where a row stands alone."""
    share = 0.9 if row.overrules else 0.6
    rest = (1 - share) / (len(LABELS) - 1)
    return [share if label == _label(row) else rest for label in LABELS]


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


def _conditions(row: Row) -> set[str]:
    """The signals on which the row rests."""
    return {f"{column}.{value}" for column, values in row.when.items() for value in values}
