"""Save as playbook: commands found in what people wrote, steps edited in a form, an entry that is found at once."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.incidents.flows.record import note
from bot.memory.entries.entries import Entry
from bot.playbooks.flows import saving
from bot.playbooks.messages.saving import TEMPLATE, save_form, steps_of
from bot.playbooks.rules.written_steps import (
    commands_in,
    only_reads,
    renumbered,
    slug,
    steps_in,
    to_markdown,
)
from slack_playground.blockkit.blocks import check_view
from tests.fixtures.flow import Declare
from tests.support.rows import NOON, minutes

BY = "U0RESPONDER"


@pytest.mark.parametrize(
    ("text", "commands", "words"),
    [
        (
            "restarted with `kubectl rollout restart deploy/api`",
            ["kubectl rollout restart deploy/api"],
            "restarted with",
        ),
        ("look:\n```\naws s3 ls\naws s3 rb s3://x\n```\ngone", ["aws s3 ls\naws s3 rb s3://x"], "look: gone"),
        ("```sql\nSELECT 1;\n```", ["SELECT 1;"], ""),
        ("$ systemctl restart nginx", ["systemctl restart nginx"], ""),
        ("kubectl -n shop get pods", ["kubectl -n shop get pods"], ""),
        ("the flag `checkout_v2` is off", [], "the flag checkout_v2 is off"),
        ("make sure that the top of the page loads", [], "make sure that the top of the page loads"),
        ("kill it with fire", [], "kill it with fire"),
        ("delete the row - then restart", [], "delete the row - then restart"),
        ("DELETE FROM locks WHERE id = 1;", ["DELETE FROM locks WHERE id = 1;"], ""),
        ("", [], ""),
    ],
)
def test_commands_are_told_from_words(text: str, commands: list[str], words: str) -> None:
    assert commands_in(text) == (tuple(commands), words)


@pytest.mark.parametrize(
    "command",
    [
        "aws lambda get-function --function-name x",
        "aws --region eu-west-1 logs filter-log-events --log-group-name x",
        "kubectl -n shop get pods",
        "aws s3 ls s3://x/",
        "kubectl get pods | grep api",
        "SELECT pid FROM pg_stat_activity",
        "curl -s https://api.example.com/health",
        "git log --oneline | head",
        "redis-cli -h cache.example.com info",
        "cat response.json",
    ],
)
def test_what_only_reads_is_known(command: str) -> None:
    assert only_reads(command)


@pytest.mark.parametrize(
    "command",
    [
        "aws lambda update-alias --name LIVE",
        "aws s3 rm s3://x/ --recursive",
        "kubectl delete pod api-1",
        "kubectl get pods; kubectl delete pod api-1",
        "kubectl get pods && rm -rf /tmp/x",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
        "SELECT 1; DELETE FROM orders",
        "EXPLAIN ANALYZE UPDATE orders SET paid = true",
        "curl -X POST https://api.example.com/restart",
        "curl -d x=1 https://api.example.com",
        "cat x > /etc/hosts",
        "echo $(rm x)",
        "echo `rm x`",
        "sudo reboot",
        "./fix.sh now",
        "redis-cli flushall",
        "aws",
    ],
)
def test_what_may_change_something_is_said_to_change_production(command: str) -> None:
    assert not only_reads(command)


def test_each_text_with_commands_is_a_step_and_the_same_commands_are_one() -> None:
    texts = [
        "pods look fine",
        "count: `kubectl get pods`",
        "again `kubectl get pods`",
        "rolled back `helm rollback api 3`",
    ]
    steps = steps_in(texts)
    assert [(step.title, step.commands, step.changes_production) for step in steps] == [
        ("count", ("kubectl get pods",), False),
        ("rolled back", ("helm rollback api 3",), True),
    ]
    assert steps_in(["`kubectl get pods`"])[0].title == "Run kubectl get pods"


def test_headings_are_numbered_anew_and_comments_in_commands_are_none() -> None:
    typed = "### 4. First\n```bash\n### a comment\n```\n### Second (5–10 min)\n### 9) Third"
    assert renumbered(typed) == "### 1. First\n```bash\n### a comment\n```\n### 2. Second (5–10 min)\n### 3. Third"


@pytest.mark.parametrize(
    ("title", "name"), [("Checkout returns 502!", "checkout-returns-502"), ("数据库", "playbook"), ("a" * 99, "a" * 40)]
)
def test_a_ref_is_made_of_the_title(title: str, name: str) -> None:
    assert slug(title) == name


def test_what_was_noted_becomes_an_entry_that_can_be_worked_through(session: Session, declared: Declare) -> None:
    row = declared(title="orders-db: no <connections> left")
    row.impact = "# checkout fails\n## for all"
    for number, text in enumerate(
        ["count them: `kubectl get pods`", "just words", "restart `kubectl rollout restart deploy/api`"]
    ):
        note(session, row, text, BY, NOON + minutes(number), f"n{number}:{row.incident_id}")
    symptoms, steps = saving.draft(session, row)
    entry = saving.entry_of(row, "orders-db: no <connections> left", symptoms, steps, "responder", NOON, "PB-orders")
    assert [(step.title, step.changes_production) for step in entry.steps] == [("count them", False), ("restart", True)]
    assert (entry.title, entry.source, entry.owner) == ("orders-db: no <connections> left", row.ref, "responder")
    assert "## for all" in entry.section("Symptoms")
    saving.save(session, entry, BY, NOON)
    saving.save(session, entry, BY, NOON)
    from bot.memory.queries import list_versions

    assert len(list_versions(session, "PB-orders")) == 1, "the form sent twice keeps one version"


def test_without_commands_the_form_shows_how_a_step_is_written(session: Session, declared: Declare) -> None:
    row = declared()
    _, steps = saving.draft(session, row)
    assert steps == TEMPLATE
    assert len(saving.entry_of(row, "T", "s", steps, "me", NOON, "PB-t").steps) == 1


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ("", "Steps"),
        ("just text", "Line 1 of the steps: ## Steps holds no step"),
        ("### One\n- Purpose: x", "Line 1 of the steps: the step needs a line `- Changes production: yes` or `no`"),
        (
            "### One\n- Purpose: x\n- Changes production: no\n### Two\n- Changes production: no",
            "Line 4 of the steps: the step needs",
        ),
    ],
)
def test_steps_that_cannot_be_read_are_refused_with_their_line(
    session: Session, declared: Declare, steps: str, sentence: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        saving.entry_of(declared(), "T", "s", steps, "me", NOON, "PB-t")
    assert sentence in str(refused.value)


def test_a_hostile_title_stays_a_title(session: Session, declared: Declare) -> None:
    title = "x: [y]\nkind: incident\n--- \"'"
    entry = saving.entry_of(declared(), title, "---\n## Steps\nx", TEMPLATE, "a: b", NOON, "PB-t")
    assert (entry.kind, entry.title, entry.owner) == ("playbook", "x: [y] kind: incident --- \"'", "a: b")


def test_an_incident_that_was_saved_before_keeps_its_ref_and_others_get_one_that_is_free() -> None:
    known = {
        "PB-down": Entry("PB-down", "playbook", "Down", source="INC-2026-0001"),
        "PB-down-2": Entry("PB-down-2", "playbook", "Down"),
    }
    assert saving.ref_for("Something else", "INC-2026-0001", known) == "PB-down"
    assert saving.ref_for("Down", "INC-2026-0009", known) == "PB-down-3"
    assert saving.ref_for("Up", "INC-2026-0009", known) == "PB-up"


def test_sixty_steps_of_long_commands_come_back_from_the_form_as_they_were() -> None:
    steps = to_markdown(steps_in(f"step {n} `kubectl get pods --field-selector a={'x' * 600}{n}`" for n in range(60)))
    view = save_form(1, "T", "s", steps)
    check_view(view, "modal")
    values = {
        block["block_id"]: block["element"]["initial_value"]
        for block in view["blocks"]
        if block["type"] == "input" and block["block_id"].startswith("steps_")
    }
    assert steps_of(values).startswith(steps[:9_000]) and len(values) == 10
    assert "more characters did not fit" in str(view["blocks"][-1])
    short = to_markdown(steps_in(f"step {n} `kubectl get pods {n}`" for n in range(60)))
    fields = [block for block in save_form(1, "T", "s", short)["blocks"] if block["type"] == "input"][2:]
    assert "\n".join(field["element"]["initial_value"] for field in fields) == short
