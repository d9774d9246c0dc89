"""The schemas by which editors complete and check policy files: up to date, true of what is shipped, and strict."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from bot.__main__ import app
from bot.errors import InvalidPolicy
from bot.policy.loading import load
from bot.wiring.policy import FILES, SCHEMAS, load_policy, write_schemas
from tests.fixtures.policy import SHIPPED, PolicyFolder

VOCABULARY = SHIPPED.parent / "vocabulary.yaml"


class EditorsLoader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: `on` and `09:00` are texts, `true` and `0.4` are not."""


EditorsLoader.yaml_implicit_resolvers = {}
for kind, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    tag = f"tag:yaml.org,2002:{kind}"
    EditorsLoader.add_implicit_resolver(tag, re.compile(f"^(?:{pattern})$"), list(first))


def complaints(file: Path, name: str) -> list[str]:
    """What an editor underlines in a file, by the schema that is shipped for `name`."""
    schema = json.loads((SHIPPED / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    content: Any = yaml.load(file.read_text(encoding="utf-8"), EditorsLoader)  # a SafeLoader
    return [error.message for error in Draft202012Validator(schema).iter_errors(content)]


def test_every_policy_file_has_a_model_and_names_its_schema() -> None:
    assert {file.stem for file in SHIPPED.glob("*.yaml")} == FILES.keys()
    for name in FILES:
        first, *_ = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        assert first == f"# yaml-language-server: $schema=schema/{name}.schema.json"
    assert VOCABULARY.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=policy/schema/vocabulary.schema.json\n"
    )


def test_the_shipped_schemas_are_those_of_the_models(tmp_path: Path) -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in write_schemas(tmp_path / "new" / "schema")}
    shipped = {path.name: path.read_text(encoding="utf-8") for path in (SHIPPED / "schema").iterdir()}
    assert written == shipped, "run `python -m bot policy schema`"


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_policy_is_right_by_its_schema(name: str) -> None:
    assert complaints(SHIPPED / f"{name}.yaml", name) == []


def test_the_vocabulary_has_a_schema_too(tmp_path: Path) -> None:
    assert complaints(VOCABULARY, "vocabulary") == []
    spoiled = tmp_path / "vocabulary.yaml"
    spoiled.write_text(VOCABULARY.read_text(encoding="utf-8").replace("\nconcepts:", "\nconcept:"), encoding="utf-8")
    assert complaints(spoiled, "vocabulary") != []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("calendar", "holidays:\n  country:\n  subdivision:\n  also: []\n  not: []\n", "holidays:\n"),
        ("calendar", "[Monday, Tuesday, Wednesday, Thursday, Friday]", "Sun"),
        ("calendar", "closes: 17:00", "closes: 24:00"),
        ("contacts", "slack: U0VP,", "phone: +4915112345678,"),
        ("contacts", "primary: [responder]", "primary: responder"),
        (
            "contacts",
            "  first_hand_over: 2026-01-05T09:00\n  every: 1 week\n  primary: [responder]\n"
            "  secondary: [second responder]\n",
            "  shifts:\n    - {from: 2026-11-16T09:00, until: 2026-11-23T09:00, primary: responder}\n",
        ),
        ("escalation", "repeat_every: {P0: 5 min, P1: 15 min}", "repeat_every: {P0: 5 min, P1: }"),
        ("notices", "services: {}", "services:"),
        ("retention", "keep_messages: forever", "keep_messages: 400 days"),
        ("authority", "approve reviews: [engineering manager, VP engineering]", "approve reviews: VP engineering"),
        ("services", "services: {}", "services:"),
        ("services", "services: {}", "services: {a: {resources: lambda x}}"),
        ("severity", "shadow: false", "shadow: true"),
    ],
)
def test_an_editor_accepts_what_the_bot_reads(policy_folder: PolicyFolder, name: str, old: str, new: str) -> None:
    file = policy_folder.edit(f"{name}.yaml", old, new)
    load_policy(policy_folder.path)
    assert complaints(file, name) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("calendar", "time_zone: UTC", "time_zon: UTC"),
        ("calendar", "opens: 09:00", "opens: 9"),
        ("contacts", "slack: U0VP", "slack: '@vp'"),
        ("contacts", "  team lead: [team lead]", "  team leed: [team lead]"),
        ("contacts", "  every: 1 week", "  evry: 1 week"),
        ("escalation", "P0: 30 min,", "P0: at onec,"),
        ("escalation", "P0: 30 min,", ""),
        ("escalation", "P0: 5 min,", "P9: 5 min,"),
        ("notices", "within: 1 h", "within: soon"),
        ("retention", "keep_messages: forever", "keep_messages: a while"),
        ("authority", "approve reviews: [engineering manager", "approve reviews: [engineering manger"),
        ("security", "playbook: PB-security", "playbook:"),
        ("services", "budget: 20", "budget: 1"),
        ("services", "accounts: {}", "accounts: {prod: {region: Frankfurt}}"),
        ("severity", "reply_threshold: 0.40", "reply_threshold: 4"),
        ("severity", "when: {cost: [large]}", "when: {cost: [huge]}"),
        ("severity", "when: {cost: [large]}", "when: {price: [large]}"),
    ],
)
def test_an_editor_underlines_what_the_bot_refuses(policy_folder: PolicyFolder, name: str, old: str, new: str) -> None:
    file = policy_folder.edit(f"{name}.yaml", old, new)
    with pytest.raises(InvalidPolicy):
        load(file, FILES[name])
    assert complaints(file, name) != []


def test_the_command_writes_them_where_it_is_asked_to(tmp_path: Path) -> None:
    answered = CliRunner().invoke(app, ["policy", "schema", str(tmp_path / "schema")])
    assert answered.exit_code == 0
    assert len(answered.output.splitlines()) == len(SCHEMAS)
    assert (tmp_path / "schema" / "severity.schema.json").is_file()
