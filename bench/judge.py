"""`python -m bench judge`: quality of the judge on examples held out of its training, and what a judgement costs.

`--sets FOLDER` names a folder with severity_dev.jsonl and public/statuspage_dev.jsonl, which are not in the repository.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bench.figures import figure, percentile, rising
from bot.incidents.policy import load_security
from bot.memory.meaning.encoder import Encoder, encoder_in
from bot.settings import Settings
from bot.severity.judge.judge import Judge, fit_judge, load_judge
from bot.severity.judge.models.examples import LABELS, Example, read_example_file, read_examples
from bot.severity.judge.models.meaning import SentenceEncoder
from bot.severity.judge.reading import Reading
from bot.severity.judge.signals import Signals
from bot.severity.policy import SeverityPolicy, load_severity
from bot.severity.rules import Judgement

ROOT = Path(__file__).parents[1]
TRAINING = ROOT / "knowledge" / "training"
HELD_OUT = ROOT / "tests" / "severity" / "data"
FRESH = HELD_OUT / "fresh.jsonl"  # labelled by the matrix before the judge had seen them
APART = (9, 16, 21, 22, 23)  # writers never learnt from, nor used to choose a threshold, feature or weight
BREAK_INS = HELD_OUT / "writer-23.jsonl"
SEVERE = 2  # P0 and P1 stand first in LABELS

Pair = tuple[int, int]  # places in LABELS: true, given
Judged = tuple[Example, Pair, float]  # and how likely it was taken for trouble


class Bounds(NamedTuple):
    """What is wanted, in percent: the first two at least, the others at most. None where nothing is."""

    accuracy: float | None = None
    kappa: float | None = None
    too_mild: float | None = None
    silence: float | None = None
    talk: float | None = None
    maintenance: float | None = None


NO_BOUNDS = Bounds()
WANTED = Bounds(accuracy=85, kappa=90, too_mild=2, silence=1, talk=4, maintenance=8)


class RememberingSignals(Signals):
    """Signals that read each text once: every example is learnt from anew for each writer left out."""

    def __init__(self, things: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(things)
        self._read: dict[str, Reading] = {}

    def read(self, text: str) -> Reading:
        if text not in self._read:
            self._read[text] = super().read(text)
        return self._read[text]


class Remembering:
    """An encoder that reads each text once: every example is learnt from anew for each writer left out."""

    def __init__(self, encoder: Encoder) -> None:
        self.fingerprint = encoder.fingerprint
        self.query = cache(encoder.query)


def measure(sets: Path | None = None) -> None:
    """Print all figures; with meaning, too, where TOCSIN_EMBEDDINGS names an encoder. `sets` as above."""
    found = encoder_in(Settings().embeddings_folder)
    encoder = Remembering(found) if found is not None else None
    policy = load_severity(ROOT / "knowledge" / "policy" / "severity.yaml")
    signals = RememberingSignals(policy.things)
    examples = read_examples(TRAINING)
    print(f"{len(examples)} examples: {dict(sorted(Counter(example.label for example in examples).items()))}")
    judged = left_out(policy, examples, encoder, signals)
    quality([pair for _, pair, _ in judged], "writers left out", WANTED)
    for name, low, high in (("up to 12 words", 0, 12), ("13 to 39", 13, 39), ("40 and more", 40, 10_000)):
        quality([pair for one, pair, _ in judged if low <= len(one.text.split()) <= high], name, table=False)
    outcomes(judged, policy, "writers left out", WANTED)
    by_writer(judged)
    judge = fit_judge(policy, examples, encoder, signals)
    never_met(judge, policy)
    break_ins(judge)
    if sets is not None:
        graded(judge, sets)
    cost(policy, examples)


def never_met(judge: Judge, policy: SeverityPolicy) -> None:
    """The messages in the repository that nothing is learnt from."""
    fresh = judgements(judge, read_example_file(FRESH))
    print(f"{len(fresh)} messages that it never learnt from:")
    quality([pair for _, pair, _ in fresh], "fresh")
    for writer in APART:
        unmet = judgements(judge, read_example_file(HELD_OUT / f"writer-{writer}.jsonl"))
        print(f"{len(unmet)} messages of writer {writer}, never learnt from nor tuned on:")
        quality([pair for _, pair, _ in unmet], f"writer {writer}, kept apart")
        outcomes(unmet, policy, f"writer {writer}, kept apart")


def break_ins(judge: Judge) -> None:
    """How much of what a writer never learnt from tells of is taken for a break-in, by words and model together."""
    security = load_security(ROOT / "knowledge" / "policy" / "security.yaml")
    judged = [(one, judge.judge(one.text)) for one in read_example_file(BREAK_INS)]
    for name, wanted in (("break-ins", True), ("other P0/P1", False)):
        of = [(one.text, said) for one, said in judged if bool(one.break_in) is wanted and one.label in LABELS[:SEVERE]]
        private = [security.tells_of_break_in(text, said) for text, said in of]
        asked = [security.sounds_like_break_in(text, said.row_name, said.break_in) for text, said in of]
        print(f"{name} of writer 23, kept apart: {len(of)}")
        (rising if wanted else figure)(f"{name} declared in private when reported", _percent(private), "%")
        (rising if wanted else figure)(f"{name} asked about when declared", _percent(asked), "%")


def graded(judge: Judge, sets: Path) -> None:
    """Sets that others made. Of a status page's none, minor, major and critical the first is P3, or no report."""
    messages = read_example_file(sets / "severity_dev.jsonl")
    quality([pair for _, pair, _ in judgements(judge, messages)], "severity_dev", Bounds(accuracy=88), table=False)
    lines = (sets / "public" / "statuspage_dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    mildest = LABELS.index("P3")
    given = [LABELS.index(judge.judge(row["text"]).severity or "none") for row in rows]
    pairs = [(row["ordinal"], max(0, mildest - place)) for row, place in zip(rows, given, strict=True)]
    rising("quadratic kappa, statuspage_dev", 100 * kappa(pairs), "%", 45)


def left_out(
    policy: SeverityPolicy, examples: list[Example], encoder: SentenceEncoder | None, signals: Signals
) -> list[Judged]:
    """Every example of a numbered writer, judged by a judge that has seen nothing of that writer's."""
    judged: list[Judged] = []
    for writer in sorted({example.writer for example in examples} - {0}):
        judge = fit_judge(policy, [example for example in examples if example.writer != writer], encoder, signals)
        judged += judgements(judge, [example for example in examples if example.writer == writer])
    return judged


def judgements(judge: Judge, examples: list[Example]) -> list[Judged]:
    """Each of the examples with what the judge makes of it."""
    given = [(example, judge.judge(example.text)) for example in examples]
    return [(example, _places(example, judgement), judgement.trouble) for example, judgement in given]


def _places(example: Example, judgement: Judgement) -> Pair:
    return LABELS.index(example.label), LABELS.index(judgement.severity or "none")


def by_writer(judged: list[Judged]) -> None:
    """How many of each writer's messages are judged right."""
    for writer in sorted({example.writer for example, _, _ in judged}):
        pairs = [pair for example, pair, _ in judged if example.writer == writer]
        rising(f"accuracy, writer {writer} left out", _percent([t == g for t, g in pairs]), "%")


def outcomes(judged: list[Judged], policy: SeverityPolicy, name: str, wanted: Bounds = NO_BOUNDS) -> None:
    """Who meets silence, and who is answered or asked without need, at the policy's threshold for asking."""
    none = len(LABELS) - 1
    heard = [(example, true, given != none or sure >= policy.ask_threshold) for example, (true, given), sure in judged]
    silent = [not said for _, true, said in heard if true < SEVERE]
    talk = [(example, said) for example, true, said in heard if true == none]
    notices = [said for example, said in talk if example.format == "maintenance"]
    figure(f"P0/P1 that meet silence, {name}", _percent(silent), "%", wanted.silence)
    figure(f"chatter, drills, updates answered or asked, {name}", _percent([s for _, s in talk]), "%", wanted.talk)
    if notices:
        figure(f"maintenance notices answered or asked, {name}", _percent(notices), "%", wanted.maintenance)


def _percent(held: list[bool]) -> float:
    return 100 * sum(held) / len(held)


def quality(pairs: list[Pair], name: str, wanted: Bounds = NO_BOUNDS, table: bool = True) -> None:
    """Agreement over pairs of (true, given), and the confusion table."""
    severe = [given - true >= SEVERE for true, given in pairs if true < SEVERE] or [False]
    none = len(LABELS) - 1
    hits = sum(true == given == none for true, given in pairs)
    claimed = sum(true == none for true, _ in pairs) + sum(given == none for _, given in pairs)
    rising(f"accuracy, {name}", _percent([true == given for true, given in pairs]), "%", wanted.accuracy)
    rising(f"within one level, {name}", _percent([abs(true - given) <= 1 for true, given in pairs]), "%")
    rising(f"quadratic kappa, {name}", 100 * kappa(pairs), "%", wanted.kappa)
    rising(f"F1 of none, {name}", 100 * 2 * hits / max(1, claimed), "%")
    figure(f"P0/P1 called two levels too mild, {name}", _percent(severe), "%", wanted.too_mild)
    if not table:
        return
    print("true \\ given " + "".join(f"{label:>6}" for label in LABELS))
    for place, label in enumerate(LABELS):
        row = Counter(given for true, given in pairs if true == place)
        print(f"{label:>12} " + "".join(f"{row[given]:6}" for given in range(len(LABELS))))


def kappa(pairs: list[tuple[int, int]]) -> float:
    """Agreement beyond chance, mistakes weighed by the square of their distance."""
    true, given = Counter(t for t, _ in pairs), Counter(g for _, g in pairs)
    seen = sum((t - g) ** 2 for t, g in pairs)
    chance = sum((t - g) ** 2 * true[t] * given[g] for t in true for g in given) / len(pairs)
    return 1 - seen / chance


def cost(policy: SeverityPolicy, examples: list[Example]) -> None:
    """Time to fit, to load and to judge; short and longest messages."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        load_judge(policy, TRAINING, Path(folder))
        figure("fitting", time.perf_counter() - began, "s")
        began = time.perf_counter()
        judge = load_judge(policy, TRAINING, Path(folder))
        figure("loading what was fitted", 1000 * (time.perf_counter() - began), "ms", 1000)
        [file] = Path(folder).glob("*.npz")
        figure("size of what was fitted", file.stat().st_size / 1024, "kB")
    short = timed(judge, [example.text[:200] for example in examples])
    figure("one judgement of 200 characters at most, median", 1000 * percentile(short, 0.5), "ms of processor time")
    figure("one judgement of 200 characters at most, p99", 1000 * percentile(short, 0.99), "ms of processor time", 10)
    joined = " ".join(example.text for example in examples)
    longest = timed(judge, [joined[start : start + 40_000] for start in range(0, 60_000, 500)])
    figure("one judgement of 40,000 characters, p99", 1000 * percentile(longest, 0.99), "ms of processor time", 20)


def timed(judge: Judge, texts: list[str]) -> list[float]:
    """Seconds of processor time for each of the texts: what else runs on the machine does not count."""
    times = []
    for text in texts:
        began = time.process_time()
        judge.judge(text)
        times.append(time.process_time() - began)
    return times


if __name__ == "__main__":
    measure()
