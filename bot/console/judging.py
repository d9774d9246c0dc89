"""Judging a message and searching the past, for people and for scripts."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.console.terminal import answer_lines, load_settings, progress, say, text_of

if TYPE_CHECKING:  # only types need these; importing them takes time
    from bot.memory.entries.entries import Entry
    from bot.memory.index.index import Index, Match
    from bot.settings import Settings
    from bot.severity.policy import SeverityPolicy
    from bot.severity.rules import Judgement

_SHOWN = 30  # fits

judge = typer.Typer(no_args_is_help=True, help="What the severity judge learnt from your own decisions.")
app = typer.Typer()

_OUTCOMES = {
    "answer": "In Slack: answered with this severity.",
    "ask": 'In Slack: asked "Is this an incident?".',
    "silence": "In Slack: nothing is said.",
}


_FITTING = "Fitting the severity judge, which takes half a minute, or a minute. It is kept in {} for the next time."


@app.command()
def classify(
    text: Annotated[list[str] | None, typer.Argument(help="The message to judge.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Read {"id","text"} lines from stdin; one answer per line.')
    ] = False,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Judge the recorded reports again and show what would change.")
    ] = False,
    policy: Annotated[
        Path | None, typer.Option(exists=True, help="An edited severity.yaml, or its folder, for --backtest.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object (with --backtest).")] = False,
) -> None:
    """Judge the severity of a message and say why."""
    settings = load_settings()
    if (policy or as_json) and not backtest:
        raise typer.BadParameter("only works with --backtest", param_hint="--policy" if policy else "--json")
    if backtest:
        from bot.figures.messages import backtest_lines
        from bot.wiring.backtest import run_backtest

        tested = run_backtest(settings, policy)
        print(json.dumps(tested.document(), ensure_ascii=False) if as_json else "\n".join(backtest_lines(tested)))
        return
    from bot.memory.meaning.encoder import encoder_in
    from bot.severity.judge.judge import is_fitted, judge_of

    encoder = encoder_in(settings.embeddings_folder)
    if not is_fitted(settings.knowledge_folder, settings.data_folder / "cache", encoder):
        say(_FITTING.format(settings.data_folder / "cache"))
    judge, matrix = judge_of(settings.knowledge_folder, settings.data_folder / "cache", encoder)

    if jsonl:
        raise typer.Exit(answer_lines(lambda asked: _as_json(asked, judge.judge(text_of(asked, "text")), matrix)))
    if not text:
        raise typer.BadParameter("give a message to judge, or use --jsonl")
    judged = judge.judge(" ".join(text))
    print(f"{judged.severity.value if judged.severity else 'none'} ({judged.confidence:.0%}): {judged.row}")
    if judged.evidence:
        print("  because of " + ", ".join(f"“{item.text}”" for item in judged.evidence))
    print(f"  {_OUTCOMES[matrix.outcome(judged)]}")


def _as_json(asked: dict[str, Any], judged: Judgement, matrix: SeverityPolicy) -> dict[str, Any]:
    return {
        "id": asked["id"],
        "severity": judged.severity.value if judged.severity else "none",
        "confidence": round(judged.confidence, 4),
        "evidence": [{"text": item.text, "signal": item.signal} for item in judged.evidence],
        "runner_up": judged.runner_up.value if judged.runner_up else "none",
        "outcome": matrix.outcome(judged).value,
    }


@app.command()
def similar(
    query: Annotated[list[str] | None, typer.Argument(help="What to search for.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Read {"id","query"} lines from stdin; one answer per line.')
    ] = False,
    top: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of matches.")] = 5,
    kind: Annotated[str | None, typer.Option(help="Only incident, playbook or guide.")] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help='Search this file: {"ref","title","text"} lines.'),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Include matches below the threshold.")] = False,
) -> None:
    """Find similar past incidents, playbooks and guides, with the words that matched."""
    settings = load_settings()
    if kind not in (None, "incident", "playbook", "guide"):
        raise typer.BadParameter("must be incident, playbook or guide", param_hint="--kind")
    index, entries = _fit_corpus(settings, corpus) if corpus else _fit_knowledge(settings)

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        found = index.search(text_of(asked, "query"), limit=top, kind=kind, below_threshold=everything)
        matches = [_match_record(match) for match in found]
        return {"id": asked["id"], "matches": matches}

    if jsonl:
        raise typer.Exit(answer_lines(answer))
    if not query:
        raise typer.BadParameter("give something to search for, or use --jsonl")
    found = index.search(" ".join(query), limit=top, kind=kind, below_threshold=everything)
    print_matches(found, entries)


def _match_record(match: Match) -> dict[str, Any]:
    record: dict[str, Any] = {"ref": match.ref, "score": round(match.score, 4), "terms": [t.text for t in match.terms]}
    if match.meaning:
        record |= {"meaning": match.meaning, "by_meaning_alone": match.by_meaning_alone}
    return record


def _fit_knowledge(settings: Settings) -> tuple[Index, Mapping[str, Entry]]:
    """The index over the knowledge folder, and its entries by ref."""
    from bot.memory.entries.entries import read_entries
    from bot.memory.index.documents import passages_of
    from bot.memory.index.index import index_of
    from bot.memory.meaning.vectors import meanings_of

    # Written out here: what builds the bot imports the database, and this is to start at once.
    entries = [entry for entry in read_entries(settings.knowledge_folder) if entry.archived_at is None]
    cache = settings.data_folder / "cache"
    meanings = meanings_of(settings.embeddings_folder, cache)
    if meanings is not None:
        meanings.learn(passages_of(entries))
    return index_of(settings.knowledge_folder, cache, entries, meanings=meanings), {one.ref: one for one in entries}


def _fit_corpus(settings: Settings, corpus: Path) -> tuple[Index, Mapping[str, Entry]]:
    """The index over a file's documents, with a progress bar on a terminal."""
    from bot.memory.index.documents import passages_of, read_corpus
    from bot.memory.index.index import index_of
    from bot.memory.meaning.vectors import meanings_of

    documents = read_corpus(corpus)
    meanings = meanings_of(settings.embeddings_folder, settings.data_folder / "cache")
    if meanings is not None:
        missing = meanings.missing(passages_of(documents))
        with progress("Reading for meaning", len(missing)) as forward:
            meanings.learn(missing, forward)
    with progress("Fitting", len(documents)) as forward:
        cache = settings.data_folder / "cache"
        return index_of(settings.knowledge_folder, cache, documents, lambda _read: forward(1_000), meanings), {}


def print_matches(found: Sequence[Match], entries: Mapping[str, Entry]) -> None:
    """Print the matches with their words, or that there are none."""
    for match in found:
        title = entries[match.ref].title if match.ref in entries else ""
        words = ", ".join(term.text for term in match.terms)
        why = (
            "similar in meaning" + (f"; words in common: {words}" if words else "") if match.by_meaning_alone else words
        )
        print(f"{match.ref}  {match.score:.2f}  {title}\n  {why}")
    if not found:
        print("No match.")


@judge.command("show")
def judge_show(as_json: Annotated[bool, typer.Option("--json", help="One JSON object per fit.")] = False) -> None:
    """Show the latest nights: what was learnt, how it did on later decisions, whether it is in force."""
    settings = load_settings()
    from bot.figures.flows.metrics import fit_figures
    from bot.figures.messages import fit_line
    from bot.severity import queries as fits
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        found = fits.list_latest(session, _SHOWN)
        records = [fit_figures(fit) for fit in found]
        lines = [fit_line(fit) for fit in found] or [fit_line(None)]
    for line in map(json.dumps, records) if as_json else lines:
        print(line)


@judge.command("learn")
def judge_learn() -> None:
    """Learn now, as each night, and use it where it is better, also after it was undone."""
    settings = load_settings()
    from bot.figures.jobs import learn_from
    from bot.figures.messages import fit_line
    from bot.wiring.building import build_judge, build_policy, open_database

    judge, policy = build_judge(settings), build_policy(settings)
    with open_database(settings) as database:
        fit = learn_from(database, judge, policy, datetime.now(UTC), by_hand=True)
        print(fit_line(fit))


@judge.command("undo")
def judge_undo() -> None:
    """Judge as shipped again, on every replica at once, until `tocsin judge learn`. What was learnt is forgotten."""
    settings = load_settings()
    from bot.severity import queries as fits
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        undone = fits.take_out(session, fits.UNDONE, getpass.getuser(), datetime.now(UTC))
    print(f"{'Undone' if undone else 'Nothing was in force'}: messages are judged as shipped.")
