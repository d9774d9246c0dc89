"""`tocsin classify --backtest`: what an edited matrix would change, before it is used."""

from __future__ import annotations

from pathlib import Path

from bot.errors import BadRequest
from bot.figures.flows.backtest import backtest, cases_of
from bot.figures.queries import verdicts as figures_queries
from bot.figures.rules.backtest import Backtest
from bot.memory.entries.entries import read_entries
from bot.memory.meaning.encoder import encoder_in
from bot.settings import Settings
from bot.severity.judge.judge import Judge, load_judge
from bot.severity.policy import load_severity
from bot.wiring.building import build_judge, open_database
from bot.wiring.knowledge import has_database

_NAME = "severity.yaml"


def run_backtest(settings: Settings, edited: Path | None) -> Backtest:
    """With `edited` (a file, or a folder that holds severity.yaml) the matrix in force is compared with that one;
    without, what was recorded with the matrix in force. Nothing is written, not even the fitted model.
    """
    entries = read_entries(settings.knowledge_folder)
    found = []
    if has_database(settings):
        with open_database(settings) as database, database.transaction() as session:
            found = figures_queries.list_reports(session)
    cases = cases_of(found, entries)
    if edited is None:
        return backtest(cases, None, build_judge(settings))
    return backtest(cases, build_judge(settings), _edited_judge(settings, edited))


def _edited_judge(settings: Settings, edited: Path) -> Judge:
    """Raises InvalidPolicy with file, line and reason, and BadRequest where there is no such file."""
    path = edited
    if edited.is_dir():
        path = next((place / _NAME for place in (edited, edited / "policy") if (place / _NAME).is_file()), edited)
    if not path.is_file():
        raise BadRequest(f"{edited} is not a severity.yaml and contains none.")
    encoder = encoder_in(settings.embeddings_folder)
    cache = settings.data_folder / "cache" if encoder is not None else None  # where the examples' vectors are
    return load_judge(load_severity(path), settings.knowledge_folder / "training", cache, encoder)
