"""In shadow mode the bot judges and records, and answers nothing; commands work as ever."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import REPOSITORY
from bot.store.engine import Database
from tests.journeys.story import entries, report_row, said_by_bot, settle
from tests.support.stage import INCIDENTS, Stage, staged


@pytest.fixture(scope="module")
def stage(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose policy says `shadow: true`."""
    folder = Path(tmp_path_factory.mktemp("stage"))
    knowledge = folder / "knowledge"
    shutil.copytree(REPOSITORY / "knowledge", knowledge)
    policy = knowledge / "policy" / "severity.yaml"
    text = policy.read_text(encoding="utf-8")
    assert text.count("\nshadow: false") == 1
    policy.write_text(text.replace("\nshadow: false", "\nshadow: true"), encoding="utf-8")
    changes = {"data_folder": data_folder, "knowledge_folder": knowledge}
    with staged(database, folder, lambda settings: settings.model_copy(update=changes)) as built:
        yield built


def test_a_report_is_judged_and_recorded_and_nothing_is_said(stage: Stage) -> None:
    ts = stage.responder.say(INCIDENTS, "checkout is down for everyone, every payment fails with 502")
    ref, channel = stage.declare("P1 checkout fails in EU")  # the bot is awake
    stage.responder.say(channel["id"], "now all regions, nobody can pay")
    stage.responder.wait_for(
        lambda: any("now all regions" in entry.text for entry in entries(stage, ref)) or None, what="the message"
    )
    settle(stage.database)
    kept = report_row(stage, ts)
    assert (kept.severity, kept.answered) == ("P0", False)
    assert kept.row_name and kept.evidence
    assert stage.responder.replies(INCIDENTS, ts)[1:] == []
    assert not any("Raise to" in said for said in said_by_bot(stage.responder, channel["id"]))
