"""The doctor against the playground and a real PostgreSQL: all well, and one fault at a time."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot.aws.accounts import Aws
from bot.aws.operations import DIAGNOSTICS
from bot.demo.seed import seed_workspace
from bot.escalation.tables import OverrideRow, ShiftRow
from bot.settings import REPOSITORY, Settings
from bot.store.engine import Database, driver_url
from bot.store.outbox import enqueue
from bot.wiring.doctor.doctor import CHECKS, _policy, all_ok, examine
from bot.wiring.doctor.findings import Finding, Known, State
from slack_playground.app import Playground
from slack_playground.workspace.manifest import read_manifest
from tests.diagnostics.account import ACCOUNT, REGION, client, played, refuse
from tests.fixtures.slack import MANIFEST, QUICK, Control
from tests.support.commands import Run, run_command
from tests.support.queue import empty_queue

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Configure = Callable[..., Settings]


@pytest.fixture(scope="module")
def slack() -> Iterator[Playground]:
    """A playground that allows what the shipped manifest asks for; tests that break it use one of their own."""
    with Playground(seed_workspace(timing=QUICK, manifest=read_manifest(MANIFEST))) as running:
        yield running


@pytest.fixture
def configure(slack: Playground, database: Database, data_folder: Path) -> Configure:
    """Settings with which all is well, and what the test changes in them by variable."""

    def settings(**changes: str) -> Settings:
        environment = {
            "DATABASE_URL": database.url,
            "SLACK_BASE_URL": slack.api_url,
            "SLACK_BOT_TOKEN": "xoxb-playground",
            "SLACK_APP_TOKEN": "xapp-playground",
            "TOCSIN_DATA": str(data_folder),
        }
        return Settings.model_validate(environment | changes)

    return settings


@pytest.fixture
def knowledge(tmp_path: Path) -> Path:
    """A copy of the knowledge folder that a test may break."""
    return Path(shutil.copytree(REPOSITORY / "knowledge", tmp_path / "knowledge"))


def examined(settings: Settings) -> list[Finding]:
    return list(examine(NOW, lambda: settings))


def broken(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.state is State.FAILED]


def the_one_broken(findings: list[Finding], check: str) -> Finding:
    """The only thing to mend, which must be `check` and must say how."""
    found = broken(findings)
    assert [finding.check for finding in found] == [check], "\n".join(map(str, found))
    assert found[0].fix
    return found[0]


def state_of(findings: list[Finding], check: str) -> State:
    return next(finding.state for finding in findings if finding.check == check)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def edit(file: Path, before: str, after: str) -> None:
    said = file.read_text(encoding="utf-8")
    assert before in said
    file.write_text(said.replace(before, after), encoding="utf-8")


def test_a_complete_installation_has_nothing_to_mend(configure: Configure) -> None:
    findings = examined(configure())
    assert [finding for finding in findings if finding.state is not State.OK] == []
    assert {finding.check for finding in findings} == set(CHECKS) | {"migrations", "jobs", "retention"}
    assert all_ok(findings)


def test_missing_tokens_are_named_with_where_to_find_them(configure: Configure) -> None:
    findings = examined(configure(SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="xoxb-in-the-wrong-place"))
    found = broken(findings)
    assert [finding.check for finding in found] == ["settings", "settings"]
    assert "SLACK_BOT_TOKEN does not start with xoxb-" in found[0].says
    assert "SLACK_APP_TOKEN does not start with xapp-" in found[1].says
    assert all("your app's page" in finding.fix for finding in found)
    assert {state_of(findings, check) for check in ("slack", "scopes", "socket mode", "people")} == {State.UNKNOWN}


def test_a_wrong_bot_token_is_told_apart_from_the_app_token(configure: Configure) -> None:
    findings = examined(configure(SLACK_BOT_TOKEN="xoxb-of-another-app"))
    assert "invalid_auth" in the_one_broken(findings, "slack").says
    assert state_of(findings, "socket mode") is State.OK
    assert state_of(findings, "people") is State.UNKNOWN


def test_a_wrong_app_token_is_named(configure: Configure) -> None:
    finding = the_one_broken(examined(configure(SLACK_APP_TOKEN="xapp-of-another-app")), "socket mode")
    assert "connections:write" in finding.fix


def test_an_app_that_slack_reaches_over_http_needs_no_app_token(configure: Configure) -> None:
    without_token = {"slack_app_token": None}
    findings = examined(configure(SLACK_SIGNING_SECRET="a-secret").model_copy(update=without_token))
    assert all_ok(findings) and state_of(findings, "socket mode") is State.OK


def test_scopes_that_were_not_granted_are_named(configure: Configure) -> None:
    manifest = read_manifest(MANIFEST)
    assert manifest.scopes is not None
    fewer = replace(manifest, scopes=manifest.scopes - {"pins:write", "usergroups:read"} | {"files:write"})
    with Playground(seed_workspace(timing=QUICK, manifest=fewer)) as playground:
        findings = examined(configure(SLACK_BASE_URL=playground.api_url))
    finding = the_one_broken(findings, "scopes")
    assert finding.says == "not granted: pins:write, usergroups:read"
    assert "reinstall" in finding.fix


def test_a_scope_that_a_check_itself_needs_is_no_traceback(configure: Configure) -> None:
    manifest = read_manifest(MANIFEST)
    assert manifest.scopes is not None
    fewer = replace(manifest, scopes=manifest.scopes - {"users:read", "channels:read"})
    with Playground(seed_workspace(timing=QUICK, manifest=fewer)) as playground:
        found = broken(examined(configure(SLACK_BASE_URL=playground.api_url)))
    assert [finding.check for finding in found] == ["scopes", "channel", "people"]
    assert all("missing_scope" in finding.says and "scopes" in finding.fix for finding in found[1:])


def test_more_scopes_than_needed_are_mentioned_and_no_fault(configure: Configure) -> None:
    manifest = read_manifest(MANIFEST)
    assert manifest.scopes is not None
    more = replace(manifest, scopes=manifest.scopes | {"reminders:write"})
    with Playground(seed_workspace(timing=QUICK, manifest=more)) as playground:
        findings = examined(configure(SLACK_BASE_URL=playground.api_url))
    assert all_ok(findings)
    assert any("granted but not needed: reminders:write" in finding.says for finding in findings)


def test_slack_in_trouble_is_one_fault_and_the_rest_is_not_waited_for(configure: Configure) -> None:
    with Playground(seed_workspace(timing=QUICK, manifest=read_manifest(MANIFEST))) as playground:
        Control(playground.url).outage(on=True)
        findings = examined(configure(SLACK_BASE_URL=playground.api_url))
    assert "does not answer" in the_one_broken(findings, "slack").says
    assert {state_of(findings, check) for check in ("scopes", "socket mode", "channel", "people")} == {State.UNKNOWN}


def test_an_address_where_nothing_listens_is_one_fault(configure: Configure) -> None:
    findings = examined(configure(SLACK_BASE_URL=f"http://127.0.0.1:{free_port()}/api/"))
    assert "SLACK_BASE_URL" in the_one_broken(findings, "slack").fix


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 502}, {"kind": "ratelimited"}, {"kind": "drop"}])
def test_slack_failing_halfway_is_a_line_too(configure: Configure, fault: dict[str, Any]) -> None:
    with Playground(seed_workspace(timing=QUICK, manifest=read_manifest(MANIFEST))) as playground:
        Control(playground.url).fault("users.conversations", **fault)
        findings = examined(configure(SLACK_BASE_URL=playground.api_url))
    the_one_broken(findings, "channel")
    assert state_of(findings, "slack") is State.OK
    assert state_of(findings, "people") is State.UNKNOWN


def test_an_answer_that_is_not_slacks_is_no_traceback(configure: Configure, slack: Playground) -> None:
    the_one_broken(examined(configure(SLACK_BASE_URL=f"{slack.url}/static/")), "slack")


def test_a_database_that_is_down_is_named_without_its_password(configure: Configure) -> None:
    url = f"postgresql://tocsin:very-secret@127.0.0.1:{free_port()}/tocsin"
    findings = examined(configure(DATABASE_URL=url))
    assert "DATABASE_URL" in the_one_broken(findings, "database").fix
    assert state_of(findings, "migrations") is State.UNKNOWN
    assert "very-secret" not in "\n".join(map(str, findings))


@pytest.mark.parametrize(
    "url", ["postgresql://", "postgresql://tocsin:very-secret@[nowhere/x", "postgresql://h:port/x"]
)
def test_a_database_address_that_makes_no_sense_is_no_traceback(configure: Configure, url: str) -> None:
    findings = examined(configure(DATABASE_URL=url))
    assert "database" in [finding.check for finding in broken(findings)]
    assert "very-secret" not in "\n".join(map(str, findings))


def test_jobs_that_were_given_up_are_counted_and_the_command_is_named(configure: Configure, database: Database) -> None:
    with database.transaction() as session:
        for _ in range(2):
            enqueue(session, "slack.card", incident_id=1)
        session.execute(text("update procrastinate_jobs set status = 'failed'"))
    try:
        finding = the_one_broken(examined(configure()), "jobs")
    finally:
        with database.transaction() as session:
            empty_queue(session)
    assert finding.says == "2 failed in the last 30 days (slack.card 2)"
    assert "`tocsin jobs list`" in finding.fix


def test_how_long_messages_are_kept_is_said(configure: Configure) -> None:
    (finding,) = [each for each in examined(configure()) if each.check == "retention"]
    assert finding.says == "Messages of incident channels are kept forever"


def test_a_database_that_is_behind_is_told_to_be_upgraded(configure: Configure, postgres: str) -> None:
    with create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT").connect() as admin:
        admin.execute(text("create database not_migrated"))
    findings = examined(configure(DATABASE_URL=postgres.replace("/postgres?", "/not_migrated?")))
    assert the_one_broken(findings, "migrations").fix == "Run `tocsin db upgrade`."
    assert state_of(findings, "database") is State.OK


def without_url(settings: Settings) -> Settings:
    return settings.model_copy(update={"database_url": None})


def test_without_database_url_the_embedded_one_is_examined(configure: Configure, fitted: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        (Path(folder) / "cache").symlink_to(fitted)
        findings = examined(without_url(configure(TOCSIN_DATA=folder)))
    assert all_ok(findings)
    assert any("embedded" in finding.says for finding in findings)


def test_a_data_folder_that_cannot_be_made_is_no_traceback(
    configure: Configure, little_knowledge: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    places = {"TOCSIN_DATA": str(tmp_path / "file"), "TOCSIN_KNOWLEDGE": str(little_knowledge)}
    found = broken(examined(without_url(configure(**places))))
    assert found[0].check == "database" and "writable" in found[0].fix


def test_a_policy_file_that_is_no_yaml_is_named_by_file_and_line(configure: Configure, knowledge: Path) -> None:
    (knowledge / "policy" / "contacts.yaml").write_text("people:\n  responder: {slack: U0\n")
    findings = examined(configure(TOCSIN_KNOWLEDGE=str(knowledge)))
    assert "contacts.yaml" in the_one_broken(findings, "policy").says
    assert {state_of(findings, check) for check in ("escalation", "channel", "people")} == {State.UNKNOWN}


def test_a_row_of_the_matrix_that_never_decides_is_named(configure: Configure, knowledge: Path) -> None:
    for examples in list((knowledge / "training").glob("*.jsonl"))[1:]:
        examples.unlink()  # the judge is fitted anew, and a few will do
    wide = "  - {id: any-cost, verdict: P3, says: Anything that costs, when: {cost: [large, small]}}\n"
    edit(knowledge / "policy" / "severity.yaml", "  - {id: cost,", wide + "  - {id: cost,")
    findings = [
        finding for finding in examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))) if finding.check == "matrix"
    ]
    assert [finding.state for finding in findings] == [State.FAILED, State.FAILED]
    assert '"cost" can never match, because "any-cost" above it' in findings[0].says
    assert findings[0].fix


def test_a_policy_file_that_is_missing_is_named(configure: Configure, knowledge: Path) -> None:
    (knowledge / "policy" / "escalation.yaml").unlink()
    assert "escalation.yaml" in the_one_broken(examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))), "policy").says


def test_a_role_that_nobody_holds_is_a_hole(configure: Configure, knowledge: Path) -> None:
    edit(knowledge / "policy" / "contacts.yaml", "  VP engineering: [VP engineering]\n", "")
    finding = the_one_broken(examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))), "escalation")
    assert "nobody holds the role" in finding.says and "contacts.yaml" in finding.fix


Arrange = Callable[..., None]


@pytest.fixture
def arrange(database: Database) -> Iterator[Arrange]:
    """Put overrides and imported shifts into the database; both are gone after the test."""

    def add(*rows: OverrideRow | ShiftRow) -> None:
        with database.transaction() as session:
            session.add_all(rows)

    yield add
    with database.transaction() as session:
        session.query(OverrideRow).delete()
        session.query(ShiftRow).delete()


def override(user_id: str, begins: float, ends: float, role: str = "on-call engineer") -> OverrideRow:
    """Made in Slack, between so many hours from now."""
    span = {"from_at": NOW + timedelta(hours=begins), "until_at": NOW + timedelta(hours=ends)}
    made = {"made_by": "U0TEAMLEAD", "made_at": NOW - timedelta(days=1)}
    return OverrideRow(request_key=f"{user_id}:{begins}", role=role, user_id=user_id, **span, **made)


def shift(person: str, begins: float, ends: float, role: str = "on-call engineer") -> ShiftRow:
    """Of an imported schedule, between so many hours from now."""
    span = {"from_at": NOW + timedelta(hours=begins), "until_at": NOW + timedelta(hours=ends)}
    return ShiftRow(role=role, person=person, source="on-call.ics", imported_at=NOW, **span)


def test_overrides_and_imports_in_order_are_nothing_to_mend(configure: Configure, arrange: Arrange) -> None:
    arrange(override("U0SUPPORT", -2, 0.1), shift("team lead", -8, 8), shift("responder", 8, 24))
    findings = examined(configure())
    assert [finding for finding in findings if finding.state is not State.OK] == []


def test_an_override_by_somebody_who_left_is_named_with_its_command(
    configure: Configure, arrange: Arrange, slack: Playground
) -> None:
    arrange(override("U0SUPPORT", 1, 9, "team lead"), override("U0NEVER", 20, 21), override("U0GONE", -9, -1))
    slack.workspace.users["U0SUPPORT"].deleted = True
    try:
        found = broken(examined(configure()))
    finally:
        slack.workspace.users["U0SUPPORT"].deleted = False
    assert [(finding.check, finding.says, finding.fix) for finding in found] == [
        (
            "people",
            "the override of the team lead until 2026-11-20 21:00 UTC: U0SUPPORT is deactivated",
            "Remove it: `/incident oncall remove as team lead`.",
        ),
        (
            "people",
            "the override of the on-call engineer until 2026-11-21 09:00 UTC: U0NEVER is not in the workspace",
            "Remove it: `/incident oncall remove as on-call engineer`.",
        ),
    ]


def test_overrides_that_overlap_are_a_hole(configure: Configure, arrange: Arrange) -> None:
    arrange(override("U0SUPPORT", 1, 9), override("U0VP", 8, 10))
    finding = the_one_broken(examined(configure()), "escalation")
    assert "U0SUPPORT and VP engineering overlap from 2026-11-20 20:00 UTC" in finding.says


def test_a_role_that_only_an_import_fills_is_held_until_it_ends(
    configure: Configure, arrange: Arrange, knowledge: Path
) -> None:
    edit(knowledge / "policy" / "contacts.yaml", "  VP engineering: [VP engineering]\n", "")
    arrange(shift("VP engineering", -8, 72, "VP engineering"))
    finding = the_one_broken(examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))), "escalation")
    assert finding.says.startswith("from 2026-11-23 12:00 UTC nobody holds the role VP engineering;")


def test_a_gap_that_contacts_fill_is_told_and_nothing_to_mend(configure: Configure, arrange: Arrange) -> None:
    arrange(shift("team lead", -8, 8), shift("responder", 12, 24))
    findings = examined(configure())
    assert all_ok(findings)
    says = [finding.says for finding in findings if finding.check == "escalation"]
    assert says[0] == (
        "the imported schedule of the on-call engineer has a gap from 2026-11-20 20:00 to 2026-11-21 00:00 UTC; "
        "contacts.yaml applies then"
    )


def test_an_import_that_names_somebody_taken_out_of_contacts_is_a_hole(configure: Configure, arrange: Arrange) -> None:
    arrange(shift("former lead", 4, 8), shift("former lead", 20, 24), shift("responder", 8, 20))
    finding = the_one_broken(examined(configure()), "escalation")
    assert "names former lead, who is not in contacts.yaml; from 2026-11-20 16:00 UTC" in finding.says


def test_without_database_the_roster_is_that_of_contacts_alone(configure: Configure) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    findings = examined(configure(DATABASE_URL=url))
    (said,) = [finding for finding in findings if finding.check == "escalation"]
    assert said.says.endswith("(from contacts.yaml only: the database is not responding)")


def test_every_broken_entry_is_named_not_only_the_first(configure: Configure, knowledge: Path) -> None:
    edit(knowledge / "incidents" / "NFI-2024-0001.md", "## Symptoms", "## Signs")
    edit(knowledge / "playbooks" / "PB-s3.md", "kind: playbook", "kind: recipe")
    found = [f for f in examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))) if f.check == "knowledge"]
    assert [finding.state for finding in found] == [State.FAILED, State.FAILED]
    assert "NFI-2024-0001.md" in found[0].says and "PB-s3.md" in found[1].says


def test_an_empty_knowledge_folder_is_a_fault_and_no_traceback(configure: Configure, tmp_path: Path) -> None:
    found = broken(examined(configure(TOCSIN_KNOWLEDGE=str(tmp_path))))
    assert {"policy", "knowledge"} <= {finding.check for finding in found}
    assert any("TOCSIN_KNOWLEDGE" in finding.fix for finding in found)


def test_training_examples_that_cannot_be_read_break_the_judge_only(configure: Configure, knowledge: Path) -> None:
    (knowledge / "training" / "minor.jsonl").write_text("{no json\n")
    the_one_broken(examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))), "judge")


def test_what_nobody_foresaw_becomes_a_line(configure: Configure, knowledge: Path) -> None:
    (knowledge / "vocabulary.yaml").write_bytes(b"\xff\xfe\x00")
    assert "index" in [finding.check for finding in broken(examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))))]


@pytest.mark.parametrize("channel", ["war-room", "C0NOWHERE", "C0GENERAL"])
def test_a_channel_without_the_bot_is_a_fault(configure: Configure, knowledge: Path, channel: str) -> None:
    edit(knowledge / "policy" / "contacts.yaml", "announcement: incident-response", f"announcement: {channel}")
    finding = the_one_broken(examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))), "channel")
    assert channel in finding.says and "/invite @tocsin" in finding.fix


def test_a_channel_that_is_shared_with_another_company_is_named(configure: Configure, slack: Playground) -> None:
    channel = slack.workspace.channels["C0INCIDENTS"]
    channel.is_ext_shared = True
    try:
        finding = the_one_broken(examined(configure()), "channel")
    finally:
        channel.is_ext_shared = False
    assert "#incident-response is shared with another company" in finding.says


def test_a_channel_given_by_its_id_is_found(configure: Configure, knowledge: Path) -> None:
    edit(knowledge / "policy" / "contacts.yaml", "announcement: incident-response", "announcement: C0INCIDENTS")
    assert all_ok(examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))))


def test_people_and_groups_unknown_to_the_workspace_are_named(configure: Configure, knowledge: Path) -> None:
    contacts = knowledge / "policy" / "contacts.yaml"
    edit(contacts, "slack: U0VP,", "slack: U0GONE,")
    edit(contacts, "slack: U0MANAGER,", "user_group: S0NOBODY,")
    found = broken(examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))))
    assert [finding.check for finding in found] == ["people", "people"]
    assert "S0NOBODY" in found[0].says and "U0GONE" in found[1].says


def test_a_user_group_with_members_is_as_good_as_a_person(configure: Configure, knowledge: Path) -> None:
    edit(knowledge / "policy" / "contacts.yaml", "slack: U0VP,", "user_group: S0ONCALL,")
    assert all_ok(examined(configure(TOCSIN_KNOWLEDGE=str(knowledge))))


def doctor(*arguments: str, **environment: str) -> Run:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return run_command(("doctor", *arguments), kept | environment)


def test_the_command_prints_json_and_ends_with_status_0(
    slack: Playground, database: Database, data_folder: Path
) -> None:
    ended = doctor(
        "--json",
        DATABASE_URL=database.url,
        SLACK_BASE_URL=slack.api_url,
        SLACK_BOT_TOKEN="xoxb-playground",
        SLACK_APP_TOKEN="xapp-playground",
        TOCSIN_DATA=str(data_folder),
    )
    report = json.loads(ended.stdout)
    assert (ended.returncode, report["ok"], ended.stderr) == (0, True, "")
    assert {line["status"] for line in report["checks"]} == {"ok"}
    assert list(report["checks"][0]) == ["check", "status", "says", "fix"]


def test_the_command_shows_every_wrong_setting_and_ends_with_status_1() -> None:
    ended = doctor(TOCSIN_WEB_PORT="many", SLACK_BASE_URL="slack.com", TOCSIN_SECRET_KEY="tiny-secret")
    assert ended.returncode == 1
    for name in ("TOCSIN_WEB_PORT", "SLACK_BASE_URL", "TOCSIN_SECRET_KEY"):
        assert f"✗ settings: {name} is invalid" in ended.stdout
    assert "tiny-secret" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_terminal_that_knows_no_check_mark_still_gets_the_report() -> None:
    ended = doctor(TOCSIN_WEB_PORT="many", PYTHONIOENCODING="ascii")
    assert ended.returncode == 1
    assert "settings: TOCSIN_WEB_PORT is invalid" in ended.stdout and ended.stderr == ""


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An account that moto plays, in which there is nothing."""
    with played():
        aws = Aws(REGION)
        monkeypatch.setattr("bot.wiring.doctor.aws.build_aws", lambda _settings, _policy: aws)
        yield aws


def of_aws(settings: Settings) -> list[Finding]:
    return [finding for finding in examined(settings) if finding.check == "aws"]


def test_missing_permissions_of_aws_are_named(configure: Configure, account: Aws) -> None:
    for service, names in DIAGNOSTICS.operations.items():
        for name in names:
            code = "AccessDeniedException" if name in ("ListAliases", "LookupEvents") else "ResourceNotFoundException"
            refuse(account.client(service), name, code)
    (finding,) = of_aws(configure(AWS_REGION=REGION))
    assert finding.state is State.FAILED
    assert finding.says == f"not allowed in {ACCOUNT}: cloudtrail:LookupEvents, lambda:ListAliases"
    assert "tocsin aws policy" in finding.fix


def test_credentials_of_aws_that_are_refused_are_one_fault(configure: Configure, account: Aws) -> None:
    refuse(account.client("sts"), "GetCallerIdentity", "ExpiredTokenException")
    (finding,) = of_aws(configure(AWS_REGION=REGION))
    assert finding.state is State.FAILED
    assert "The AWS credentials have expired" in finding.says


def test_what_the_settings_switch_on_is_tried(configure: Configure, account: Aws) -> None:
    for service, names in DIAGNOSTICS.operations.items():
        for name in names:
            refuse(account.client(service), name, "ResourceNotFoundException")
    url = client("sqs").create_queue(QueueName="alarms")["QueueUrl"]
    client("sqs").send_message(QueueUrl=url, MessageBody="x")
    client("s3").create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("ses").verify_email_identity(EmailAddress="tocsin@example.com")
    settings = {
        "AWS_REGION": REGION,
        "TOCSIN_ARCHIVE_BUCKET": "archive",
        "TOCSIN_MAIL_FROM": "tocsin@example.com",
        "TOCSIN_ALARM_QUEUES": url,
    }
    _, archive, mail, queue = of_aws(configure(**settings))
    assert {one.state for one in (archive, mail, queue)} == {State.OK}, (archive, mail, queue)
    assert queue.says == "alarms are taken from the queue alarms; 1 message waiting; it has no dead-letter queue"
    assert client("sqs").receive_message(QueueUrl=url)["Messages"], "doctor left it visible"
    settings |= {
        "TOCSIN_ARCHIVE_BUCKET": "no-such-bucket",
        "TOCSIN_MAIL_FROM": "nobody@example.com",
        "TOCSIN_ALARM_QUEUES": f"{url}-gone",
    }
    for finding, says in zip(
        of_aws(configure(**settings))[1:], ("NoSuchBucket", "not verified", "does not exist"), strict=True
    ):
        assert finding.state is State.FAILED and says in finding.says and finding.fix


def test_without_a_region_aws_is_not_asked(configure: Configure) -> None:
    assert [finding.state for finding in of_aws(configure())] == [State.OK]


def test_a_policy_beside_the_data_that_is_not_read_is_named(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "knowledge" / "policy").mkdir(parents=True)
    settings = configure(TOCSIN_DATA=str(tmp_path))
    found = broken(list(_policy(Known(settings, NOW))))
    assert [one.fix for one in found] == [f"Set TOCSIN_KNOWLEDGE={tmp_path}/knowledge to use it, or move it away."]
    assert str(settings.knowledge_folder) in found[0].says
