"""From entries to what is worked through: everything that is shipped, and entries that are odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BadRequest
from bot.memory.entries.entries import Entry, read_entries
from bot.memory.entries.playbook import Step
from bot.memory.importing.importer import read_documents
from bot.playbooks.flows.texts import text_of
from bot.playbooks.messages.run import names_in, run_message
from bot.playbooks.rules.foreign_steps import read_steps
from bot.settings import REPOSITORY
from slack_playground.blockkit.blocks import check_message_blocks
from tests.playbooks.test_run_message import run
from tests.support.rows import NOON

SHIPPED = [entry for entry in read_entries(REPOSITORY / "knowledge") if entry.kind != "incident"]
SYMPTOMS = (("Symptoms", "x"),)


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.ref)
def test_every_step_of_every_shipped_playbook_and_guide_fits_into_a_message(entry: Entry) -> None:
    text = text_of(entry)
    for step in text.steps:
        check_message_blocks(list(run_message(run(text, step.number), NOON).blocks))


def test_the_placeholders_of_the_shipped_playbooks_are_those_that_their_prose_explains() -> None:
    for text in map(text_of, SHIPPED):
        prose = "\n".join(step.prose for step in text.steps)
        assert [name for step in text.steps for name in names_in(text, step) if f"{{{name}}}" not in prose] == [], (
            text.ref
        )


def test_a_guides_causes_come_in_their_order_with_all_their_lines() -> None:
    causes = "In this order:\n1. A cold start,\n   after idle time.\n2. Too little memory.\n- Or `both`."
    guide = Entry("GUIDE-x", "guide", "Slow", sections=(*SYMPTOMS, ("Causes", causes), ("Diagnosis", "- look at p99")))
    text = text_of(guide)
    assert [step.title for step in text.steps] == ["A cold start, after idle time.", "Too little memory.", "Or `both`."]
    assert text.steps[0].look_for == ("look at p99",)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            Entry("PB-x", "playbook", "Empty", sections=SYMPTOMS),
            "PB-x has no steps, so there is nothing to work through.",
        ),
        (Entry("GUIDE-x", "guide", "Prose", sections=(*SYMPTOMS, ("Causes", "only prose"))), "has no list of causes"),
    ],
)
def test_an_entry_with_nothing_to_work_through_says_so(entry: Entry, sentence: str) -> None:
    with pytest.raises(BadRequest) as refused:
        text_of(entry)
    assert sentence in str(refused.value)


def test_steps_that_were_numbered_otherwise_are_counted_from_one() -> None:
    steps = tuple(Step(number, f"Step {number}", None, "p", False, (), ()) for number in (3, 7))
    assert [step.number for step in text_of(Entry("PB-x", "playbook", "T", sections=SYMPTOMS, steps=steps)).steps] == [
        1,
        2,
    ]


def test_somebody_elses_runbook_is_worked_through_as_it_was_imported(tmp_path: Path) -> None:
    path = tmp_path / "queue.md"
    path.write_text(
        "# Runbook: the label queue is stuck\n\n## Symptoms\n\nLabels are not printed.\n\n## Steps\n\n"
        "### 1. Look at the queue\n\n```bash\nkubectl -n <namespace> get pods -l app={{ service }}\n```\n\n"
        "### 2. Restart it\n\n```bash\nkubectl -n <namespace> rollout restart deploy/{{ service }}\n```\n",
        encoding="utf-8",
    )
    [report] = read_documents([path])
    [entry] = report.entries
    text = text_of(entry)
    assert [step.title for step in text.steps] == ["Look at the queue", "Restart it"]
    assert [names_in(text, step) for step in text.steps] == [["namespace", "service"]] * 2
    assert [step.changes_production for step in text.steps] == [False, True]


@pytest.mark.parametrize(
    ("markdown", "titles"),
    [
        ("### Step 1: Look (0-5 min)\ntext\n### Step 2 - Act\n", ["Look", "Act"]),
        (
            "1. Look `kubectl get pods`\n2) Act\n   ```\n   kubectl delete pod x\n   ```\n",
            ["Look `kubectl get pods`", "Act"],
        ),
        ("#### Check\n```\n### not a step\n```\n", ["Check"]),
        ("1. One\n```\nnever closed", ["One"]),
        ("only prose, no steps", []),
        ("- a bullet\n- another", []),
        ("", []),
    ],
)
def test_other_peoples_steps_are_read(markdown: str, titles: list[str]) -> None:
    assert [step.title for step in read_steps(markdown)] == titles


def test_what_is_written_below_a_foreign_step_is_kept() -> None:
    markdown = (
        "1. **Fail over** (10–15 min)\n   Goal: promote the replica\n   - Verify: lag is 0\n   Call the vendor first.\n"
        "   ```bash\n   aws rds promote-read-replica --db-instance-identifier <db>\n     --more\n   ```\n"
    )
    [step] = read_steps(markdown)
    assert (step.title, step.window, step.purpose) == ("Fail over", (10, 15), "promote the replica")
    assert step.look_for == ("lag is 0",) and step.notes == "Call the vendor first."
    assert step.commands == (("bash", "aws rds promote-read-replica --db-instance-identifier <db>\n  --more"),)
    assert step.changes_production
