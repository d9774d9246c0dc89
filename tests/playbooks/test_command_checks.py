"""Commands of entries, checked without being run: by bashlex, AWS's own models, sqlglot and the words of programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.memory.entries.entries import Entry, parse_entry, read_entries
from bot.playbooks.checks.commands import CommandChecker
from bot.playbooks.checks.finding import Effect
from bot.settings import REPOSITORY, Settings
from bot.wiring.knowledge import check, import_documents
from tests.support.rows import NOON


@pytest.fixture(scope="module")
def checker() -> CommandChecker:
    return CommandChecker()


def problems(checker: CommandChecker, text: str, language: str = "bash") -> list[str]:
    return [finding.problem.text for finding in checker.read(language, text)[1]]


# -- AWS ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "aws lambda get-function --function-name orders --region eu-central-1 --query Configuration.State",
        "aws --profile prod --no-cli-pager sts get-caller-identity",
        "aws s3api get-object --bucket b --key k out.json",
        "aws ec2 run-instances --image-id ami-1 --count 2 --instance-type t3.micro",
        "aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 443 --cidr 0.0.0.0/0",
        "aws route53 get-traffic-policy --id x --traffic-policy-version 3",
        "aws autoscaling set-desired-capacity --auto-scaling-group-name {asg} --desired-capacity {capacity}",
        "aws dynamodb query --table-name t --cli-input-json file://q.json",
        "aws ecs wait services-stable --cluster c --services s",
        "aws elbv2 deregister-targets --target-group-arn arn --targets Id=i-1,Port=80 Id=i-2",
        "aws rds modify-db-instance --db-instance-identifier d --no-publicly-accessible --apply-immediately",
        "aws logs tail /aws/lambda/orders --follow",
        'aws ec2 describe-instances --filters "Name=tag:Name,Values=a,b" --query "Reservations[?State==`x`]"',
    ],
)
def test_what_aws_takes_is_taken(checker: CommandChecker, command: str) -> None:
    assert problems(checker, command) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("aws lamda get-function --function-name x", "AWS has no service lamda; did you mean lambda?"),
        ("aws lambda get-funktion --function-name x", "did you mean get-function?"),
        ("aws lambda get-function --function x", "no option --function; did you mean --function-name?"),
        ("aws lambda get-function", "`aws lambda get-function` needs --function-name."),
        (
            "aws wafv2 update-ip-set --scope CLOUDFRONT --id x --addresses 192.0.2.1/32",
            "needs --name and --lock-token.",
        ),
        ("aws autoscaling set-desired-capacity --auto-scaling-group-name a --desired-capacity four", "takes a number"),
        ("aws rds delete-db-cluster --db-cluster-identifier c --skip-final-snapshot true", "takes no value"),
        ("aws ec2 stop-instances i-1 --instance-ids i-2", "takes no word i-1"),
        ("aws elbv2 deregister-targets --target-group-arn a --targets Idd=i-1", "no key Idd; did you mean Id?"),
        ("aws lambda invoke --function-name f --payload {} --log-type Tial out.json", "did you mean Tail?"),
        ("aws iam put-role-policy --role-name r --policy-name p --policy-document", "needs a value"),
        ("aws s3 synk . s3://b", "did you mean sync?"),
        ("aws s3api put-bucket-tagging --bucket b --tagging '{\"TagSet\": [}'", "JSON of --tagging cannot be read"),
        ("for f in $(aws lambda list-function); do echo $f; done", "did you mean list-functions?"),
        ("aws lambda invoke --function-name f --payload '{\"a\": 1}' out.json", "--cli-binary-format"),
    ],
)
def test_what_aws_does_not_know_is_named_with_the_nearest(checker: CommandChecker, command: str, said: str) -> None:
    assert said in " ".join(problems(checker, command))


# -- the shell, SQL and other programs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("bash", "echo 'unclosed", "A shell cannot read this"),
        ("bash", "ls && && pwd", "A shell cannot read this"),
        ("sql", "SELEC count(*) FROM t WHERE", "not SQL that can be read"),
        ("bash", "psql -c 'select from where'", "not SQL that can be read"),
        ("bash", "kubectl gett pods -n shop", "did you mean get?"),
        ("bash", "kubectl rollout restrt deploy/x", "did you mean restart?"),
        ("bash", "redis-cli -h cache -p 6379 flushal", "did you mean flushall?"),
        ("bash", "curl -X PSOT https://example.com", "did you mean POST?"),
        ("bash", "curl -s -H 'A: b'", "needs an address"),
        ("json", '{"a": }', "The JSON cannot be read"),
        ("bash", "[[ -f x ]] && arr=(1 2)", "This was not checked"),
    ],
)
def test_what_cannot_be_read_is_named(checker: CommandChecker, language: str, text: str, said: str) -> None:
    assert said in " ".join(problems(checker, text, language))


@pytest.mark.parametrize(
    ("language", "text", "effect"),
    [
        ("bash", "aws logs start-query --log-group-name g --start-time 1 --end-time 2 --query-string q", Effect.READS),
        ("bash", "aws s3 cp s3://logs/x . --recursive", Effect.READS),
        ("bash", "aws s3 cp x s3://logs/", Effect.CHANGES),
        ("bash", "kubectl -n shop get pods | grep Crash", Effect.READS),
        ("bash", "sudo kubectl delete pod x", Effect.CHANGES),
        ("bash", "kubectl apply -f x.yaml --dry-run=server", Effect.READS),
        ("bash", "redis-cli config set maxmemory 1gb", Effect.CHANGES),
        ("bash", "curl -sS https://example.com -d a=b", Effect.CHANGES),
        ("bash", "curl -I http://$ip:{port}{path}", Effect.READS),
        ("bash", "if true; then aws ec2 reboot-instances --instance-ids i-1; fi", Effect.CHANGES),
        ("bash", "cat <<'EOF'\nrm -rf /\nEOF", Effect.READS),
        ("bash", "./fix-it.sh", Effect.UNKNOWN),
        ("bash", "psql -h db -c 'select count(*) from pg_stat_activity'", Effect.READS),
        ("bash", "psql -h db", Effect.UNKNOWN),
        ("sql", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity", Effect.CHANGES),
        ("sql", "EXPLAIN ANALYZE SELECT 1; SHOW all;\n\\d orders", Effect.READS),
        ("sql", "WITH old AS (DELETE FROM t RETURNING 1) SELECT count(*) FROM old", Effect.CHANGES),
        ("sql", "VACUUM FULL orders", Effect.CHANGES),
    ],
)
def test_what_a_command_does_is_known(checker: CommandChecker, language: str, text: str, effect: Effect) -> None:
    assert checker.read(language, text)[0] is effect


# -- entries -----------------------------------------------------------------------------------------------------------


def playbook(changes: str, command: str, purpose: str = "See it.") -> Entry:
    text = (
        "---\nref: PB-x\nkind: playbook\ntitle: X\n---\n## Symptoms\nx\n\n## Steps\n### 1. Do it (0–5 min)\n"
        f"- Purpose: {purpose}\n- Changes production: {changes}\n```bash\n{command}\n```\n"
    )
    return parse_entry(text, Path("PB-x.md"))


def test_the_mark_of_a_step_is_compared_with_its_commands(checker: CommandChecker) -> None:
    command = "aws sts get-caller-identity\naws lambda delete-function --function-name f"
    assert checker.check(playbook("yes", command)) == []
    [found] = checker.check(playbook("no", command))
    assert (found.command, found.certain) == ("aws lambda delete-function --function-name f", True)
    assert found.text == "The step says that it changes nothing, but this command can."
    [harmless] = checker.check(playbook("yes", "aws sts get-caller-identity"))
    assert "only read" in harmless.text and not harmless.certain


def test_a_placeholder_has_to_be_explained(checker: CommandChecker) -> None:
    command = "aws lambda get-function --function-name {function}"
    assert checker.check(playbook("no", command, "`{function}` is the function.")) == []
    [found] = checker.check(playbook("no", command))
    assert found.text == "The placeholder {function} is not explained: name it in the step's purpose."
    assert checker.check(playbook("no", command.replace("{function}", "<function-name>"))) == []


def test_commands_of_guides_and_those_in_sentences_are_checked(checker: CommandChecker) -> None:
    text = (
        "1. Run `aws lambda get-acount-settings`, or `aws lambda list-functions`.\n\n   ```\n   aws lamda x y\n   ```"
    )
    guide = Entry(ref="GUIDE-x", kind="guide", title="X", sections=(("Symptoms", "x"), ("Diagnosis", text)))
    assert [(one.place, one.command) for one in checker.check(guide)] == [
        ("Diagnosis", "aws lambda get-acount-settings"),
        ("Diagnosis", "aws lamda x y"),
    ]
    foreign = replace(guide, kind="playbook", sections=(("Resolution", "1. Look\n```\naws lambda get-function\n```"),))
    assert [one.place for one in checker.check(foreign)] == ["Resolution, step 1"]


def test_every_command_of_the_knowledge_as_it_is_shipped_is_right(checker: CommandChecker) -> None:
    assert [(entry.ref, one) for entry in read_entries(REPOSITORY / "knowledge") for one in checker.check(entry)] == []


def test_check_says_file_and_line_and_an_import_is_kept_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    path = tmp_path / "playbooks" / "PB-alb.md"
    shipped = (REPOSITORY / "knowledge" / "playbooks" / "PB-alb.md").read_text(encoding="utf-8")
    path.write_text(shipped.replace("describe-target-health --target-group-arn", "describe-target-helth --arn", 1))
    settings = Settings(knowledge_folder=tmp_path, data_folder=tmp_path / "data")
    wrong, line = next(iter(check(settings)))
    number = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "target-helth" in text)
    assert wrong and line.startswith(f"{path}:{number}: step 1: `aws elbv2` has no command describe-target-helth; did")
    imported = import_documents(
        settings, [path], "somebody", NOON, dry_run=True, progress=lambda _path: None, say=lambda _text: None
    )
    assert not imported.failed and [entry.ref for report in imported.files for entry in report.entries] == ["PB-alb"]
    assert "describe-target-helth" in "\n".join(imported.lines())
