"""Provably read-only: what a purpose does not name never leaves the process."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import ClientError
from moto import mock_aws

from bot.aws import operations
from bot.aws.operations import ALARMS, ALLOWANCES, CREDENTIALS, DIAGNOSTICS, Allowance
from bot.aws.reading import Reader, Reason, Unread
from bot.aws.session import ASKED, NotAllowed, Role, clients

REGION = "eu-central-1"
# Reads by their names. Logs Insights starts and stops queries, which changes nothing but its own bill.
READS = re.compile(r"(Get|BatchGet|List|Describe|Lookup|Filter|Head|Simulate)[A-Z]|StartQuery$|StopQuery$")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


class Left(Exception):
    """A request was about to leave the process."""


def leave(request: AWSRequest, **_event: object) -> None:
    raise Left(request.url)


@pytest.fixture(scope="module")
def models() -> botocore.session.Session:
    return botocore.session.Session()


@pytest.mark.parametrize("allowed", ALLOWANCES, ids=lambda allowed: allowed.purpose)
def test_of_all_operations_of_all_clients_only_those_of_the_list_get_through(
    allowed: Allowance, models: botocore.session.Session
) -> None:
    client = clients(REGION, allowed)
    for service in (*allowed.operations, "sts"):
        made = client(service)
        made.meta.events.register_first("before-send", leave)
        names = models.get_service_model(service).operation_names
        assert set(names) >= allowed.operations.get(service, frozenset()), "the list names what AWS has"
        for name in names:
            if allowed.permits(service, name) or CREDENTIALS.permits(service, name):
                continue
            with pytest.raises(NotAllowed, match=f"{service}:{name} was not called"):
                made._make_api_call(name, {})


def test_a_service_that_no_purpose_names_has_no_client() -> None:
    with pytest.raises(NotAllowed, match="ses"):
        clients(REGION, DIAGNOSTICS)("ses")


def test_the_list_of_diagnosing_reads_only_and_never_the_content_of_anything() -> None:
    names = {(service, name) for service, names in DIAGNOSTICS.operations.items() for name in names}
    assert [name for name in names if not READS.match(name[1])] == []
    secret = {
        "GetObject",
        "GetItem",
        "GetSecretValue",
        "GetParameter",
        "GetFunction",
        "GetRecords",
        "GetQueryExecution",
    }
    assert not secret & {name for _, name in names}


def test_presigned_addresses_are_refused_too() -> None:
    with pytest.raises(NotAllowed, match="s3:GetObject"):
        clients(REGION, operations.ARCHIVE)("s3").generate_presigned_url(
            "get_object", Params={"Bucket": "b", "Key": "k"}
        )


def test_what_is_allowed_reaches_aws() -> None:
    with mock_aws():
        assert clients(REGION, ALARMS)("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_another_account_is_read_by_assuming_its_role() -> None:
    with mock_aws():
        role = Role("arn:aws:iam::210987654321:role/tocsin", "shop")
        client = clients(REGION, DIAGNOSTICS, ASKED, role)
        boto3.client("sqs", region_name=REGION).create_queue(QueueName="ours")
        with pytest.raises(Unread) as unread:
            Reader(client, REGION, 1.0, lambda: 0.0).read("sqs", "GetQueueUrl", QueueName="ours")
    assert unread.value.reason is Reason.MISSING, "the queue is in the account of the keys, not in that of the role"


def test_a_role_that_cannot_be_assumed_is_said_once_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked, as boto3 assumes the role before: no permission of that role is missing."""
    arn = "arn:aws:iam::210987654321:role/tocsin"
    words = f"User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole on resource: {arn}"

    def refuse(_self: object, **_arguments: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": words}}, "AssumeRole")

    monkeypatch.setattr("botocore.credentials.AssumeRoleCredentialFetcher._get_credentials", refuse)
    with mock_aws():
        reader = Reader(clients(REGION, DIAGNOSTICS, ASKED, Role(arn)), REGION, 10.0, lambda: 0.0)
        for service, operation in (("lambda", "ListFunctions"), ("s3", "ListBuckets")):
            with pytest.raises(Unread, match=rf"^Tocsin may not assume {arn} \(AccessDenied\)\. Name") as unread:
                reader.read(service, operation)
            assert (unread.value.reason, unread.value.action) == (Reason.CREDENTIALS, None)


def test_boto3_is_loaded_by_the_first_call_and_not_before() -> None:
    """A program of its own, as this one has loaded it long ago."""
    program = """
import sys
from bot.aws.archive import archiver
from bot.aws.alarms import alarm_reader
from bot.aws.mail import mailer
from bot.aws.operations import ALARMS, ARCHIVE, MAIL
from bot.aws.session import clients
archiver(clients("eu-central-1", ARCHIVE), "b", "")
alarm_reader(clients("eu-central-1", ALARMS))
mailer(clients("eu-central-1", MAIL), "tocsin@example.com")
assert not {"boto3", "botocore"} & set(sys.modules), "loaded too early"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture
def reader() -> Iterator[Reader]:
    with mock_aws():
        yield Reader(clients(REGION, DIAGNOSTICS, ASKED), REGION, 10.0, lambda: 0.0)


def test_equal_questions_are_asked_once(reader: Reader) -> None:
    for _ in range(3):
        assert reader.read_all("lambda", "ListFunctions", "Functions") == []
        with pytest.raises(Unread, match="GetFunctionConfiguration: ResourceNotFound"):
            reader.read("lambda", "GetFunctionConfiguration", FunctionName="nothing")
    assert reader.asked == [("lambda", "ListFunctions"), ("lambda", "GetFunctionConfiguration")]


def test_after_the_budget_nothing_is_asked() -> None:
    late = Reader(clients(REGION, DIAGNOSTICS), REGION, 10.0, lambda: 10.0)
    with pytest.raises(Unread, match="the diagnosis ran out of time") as unread:
        late.read("sqs", "GetQueueUrl", QueueName="x")
    assert (unread.value.reason, late.asked) == (Reason.LATE, [])


def test_a_throttled_call_is_repeated_and_says_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waits.append)
    client = clients(REGION, DIAGNOSTICS, ASKED)
    busy = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
    answers = [busy, b'{"QueueUrl": "https://queue.example.com/ours"}', busy, busy, busy]

    def answer(request: AWSRequest, **_event: object) -> AWSResponse:
        body = answers.pop(0)
        response = AWSResponse(request.url, 400 if body is busy else 200, {}, None)
        response._content = body
        return response

    client("sqs").meta.events.register_first("before-send", answer)
    reader = Reader(client, REGION, 10.0, lambda: 0.0)
    assert reader.read("sqs", "GetQueueUrl", QueueName="ours")["QueueUrl"].endswith("ours")
    assert len(waits) == 1
    with pytest.raises(Unread, match=r"was throttled or unavailable \(ThrottlingException\), tried 3 times") as unread:
        reader.read("sqs", "GetQueueUrl", QueueName="other")
    assert unread.value.reason is Reason.BUSY


def test_without_credentials_the_sentence_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name, value in (("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(Unread, match=r"no AWS credentials\. Set AWS_PROFILE") as unread:
        Reader(clients(REGION, DIAGNOSTICS), REGION, 10.0, lambda: 0.0).read("lambda", "ListFunctions")
    assert unread.value.reason is Reason.CREDENTIALS


@pytest.mark.parametrize(
    ("code", "words", "status", "reason", "says"),
    [
        (
            "AccessDeniedException",
            "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: lambda:ListFunctions on resource: *",
            403,
            Reason.DENIED,
            "lacks the IAM action lambda:ListFunctions",
        ),
        ("UnauthorizedOperation", "You are not", 403, Reason.DENIED, "lacks the IAM action lambda:ListFunctions"),
        ("ExpiredTokenException", "The security token included", 400, Reason.CREDENTIALS, "have expired"),
        ("UnrecognizedClientException", "The security token", 403, Reason.CREDENTIALS, "does not accept"),
        ("ResourceNotFoundException", "Function not found", 404, Reason.MISSING, "Function not found"),
        ("ValidationException", "1 validation error", 400, Reason.REFUSED, "1 validation error"),
    ],
)
def test_what_aws_answers_becomes_a_reason_and_a_sentence(
    code: str, words: str, status: int, reason: Reason, says: str
) -> None:
    from botocore.stub import Stubber

    client = clients(REGION, DIAGNOSTICS, ASKED)
    with Stubber(client("lambda")) as stub, pytest.raises(Unread, match=says) as unread:
        stub.add_client_error("list_functions", code, words, status)
        Reader(client, REGION, 10.0, lambda: 0.0).read("lambda", "ListFunctions")
    assert unread.value.reason is reason
