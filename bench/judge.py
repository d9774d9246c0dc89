"""`python -m bench.judge`: quality of the judge on examples held out of its training, and what a judgement costs."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path

from bench.figures import figure, percentile
from bot.memory.meaning.encoder import Encoder, encoder_in
from bot.settings import Settings
from bot.severity.judge.judge import Judge, fit_judge, load_judge
from bot.severity.judge.models.examples import LABELS, Example, read_example_file, read_examples
from bot.severity.judge.models.meaning import SentenceEncoder
from bot.severity.policy import SeverityPolicy, load_severity
from bot.severity.rules import Judgement

ROOT = Path(__file__).parents[1]
TRAINING = ROOT / "knowledge" / "training"
HELD_OUT = ROOT / "tests" / "severity" / "data"
FRESH = HELD_OUT / "fresh.jsonl"  # labelled by the matrix before the judge had seen them
APART = (9, 16)  # writers never learnt from, nor used to choose a threshold, feature or weight
SEVERE = 2  # P0 and P1 stand first in LABELS

Pair = tuple[int, int]  # places in LABELS: true, given
Judged = tuple[Example, Pair, float]  # and how likely it was taken for trouble


class Remembering:
    """An encoder that reads each text once: every example is learnt from anew for each writer left out."""

    def __init__(self, encoder: Encoder) -> None:
        self.fingerprint = encoder.fingerprint
        self.query = cache(encoder.query)


def measure() -> None:
    """Print all figures; with meaning, too, where TOCSIN_EMBEDDINGS names an encoder."""
    found = encoder_in(Settings().embeddings_folder)
    encoder = Remembering(found) if found is not None else None
    policy = load_severity(ROOT / "knowledge" / "policy" / "severity.yaml")
    examples = read_examples(TRAINING)
    print(f"{len(examples)} examples: {dict(sorted(Counter(example.label for example in examples).items()))}")
    judged = left_out(policy, examples, encoder)
    quality([pair for _, pair, _ in judged], "writers left out")
    for name, low, high in (("up to 12 words", 0, 12), ("13 to 39", 13, 39), ("40 and more", 40, 10_000)):
        quality([pair for one, pair, _ in judged if low <= len(one.text.split()) <= high], name, table=False)
    outcomes(judged, policy, "writers left out")
    fresh = read_example_file(FRESH)
    judge = fit_judge(policy, examples, encoder)
    print(f"{len(fresh)} messages that it never learnt from:")
    quality([_places(example, judge.judge(example.text)) for example in fresh], "fresh")
    for writer in APART:
        unmet = judgements(judge, read_example_file(HELD_OUT / f"writer-{writer}.jsonl"))
        print(f"{len(unmet)} messages of writer {writer}, never learnt from nor tuned on:")
        quality([pair for _, pair, _ in unmet], f"writer {writer}, kept apart")
        outcomes(unmet, policy, f"writer {writer}, kept apart")
    cost(policy, examples)


def left_out(policy: SeverityPolicy, examples: list[Example], encoder: SentenceEncoder | None) -> list[Judged]:
    """Every example of a numbered writer, judged by a judge that has seen nothing of that writer's."""
    judged: list[Judged] = []
    for writer in sorted({example.writer for example in examples} - {0}):
        judge = fit_judge(policy, [example for example in examples if example.writer != writer], encoder)
        judged += judgements(judge, [example for example in examples if example.writer == writer])
    return judged


def judgements(judge: Judge, examples: list[Example]) -> list[Judged]:
    """Each of the examples with what the judge makes of it."""
    given = [(example, judge.judge(example.text)) for example in examples]
    return [(example, _places(example, judgement), judgement.trouble) for example, judgement in given]


def _places(example: Example, judgement: Judgement) -> Pair:
    return LABELS.index(example.label), LABELS.index(judgement.severity or "none")


def outcomes(judged: list[Judged], policy: SeverityPolicy, name: str) -> None:
    """Who meets silence, and who is answered or asked without need, at the policy's threshold for asking."""
    none = len(LABELS) - 1
    heard = [given != none or trouble >= policy.ask_threshold for _, (_, given), trouble in judged]
    severe = [not said for said, (_, (true, _), _) in zip(heard, judged, strict=True) if true < SEVERE]
    talk = [said for said, (_, (true, _), _) in zip(heard, judged, strict=True) if true == none]
    figure(f"P0/P1 that meet silence, {name}", 100 * sum(severe) / len(severe), "%")
    figure(f"chatter, drills, updates answered or asked, {name}", 100 * sum(talk) / len(talk), "%")


def quality(pairs: list[Pair], name: str, table: bool = True) -> None:
    """Agreement over pairs of (true, given), and the confusion table."""
    severe = [given - true >= SEVERE for true, given in pairs if true < SEVERE] or [False]
    none = len(LABELS) - 1
    hits = sum(true == given == none for true, given in pairs)
    claimed = sum(true == none for true, _ in pairs) + sum(given == none for _, given in pairs)
    figure(f"accuracy, {name}", 100 * sum(true == given for true, given in pairs) / len(pairs), "%")
    figure(f"within one level, {name}", 100 * sum(abs(t - g) <= 1 for t, g in pairs) / len(pairs), "%")
    figure(f"quadratic kappa, {name}", 100 * kappa(pairs), "%")
    figure(f"F1 of none, {name}", 100 * 2 * hits / max(1, claimed), "%")
    figure(f"P0/P1 called two levels too mild, {name}", 100 * sum(severe) / len(severe), "%")
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
    times = timed(judge, [example.text for example in examples])
    figure("one judgement, median", 1000 * percentile(times, 0.5), "ms")
    figure("one judgement, p99", 1000 * percentile(times, 0.99), "ms", 5)
    joined = " ".join(example.text for example in examples)
    longest = timed(judge, [joined[start : start + 40_000] for start in range(0, 60_000, 500)])
    figure("one judgement of 40,000 characters, p99", 1000 * percentile(longest, 0.99), "ms", 5)


def timed(judge: Judge, texts: list[str]) -> list[float]:
    """Seconds for each of the texts."""
    times = []
    for text in texts:
        began = time.perf_counter()
        judge.judge(text)
        times.append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    measure()
