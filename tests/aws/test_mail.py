"""Mail through SES and text messages through SNS, against moto; and what AWS refuses or asks to repeat."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from bot.aws.mail import mailer, texter
from bot.aws.operations import MAIL, TEXT_MESSAGES
from bot.aws.session import Client, Denied, Unavailable, calling, clients

REGION = "eu-central-1"
ACCOUNT = "123456789012"  # the one that moto plays


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield lambda service: clients(REGION, MAIL if service == "ses" else TEXT_MESSAGES)(service)


def test_a_mail_arrives_as_it_was_written(client: Client) -> None:
    boto3.client("ses", region_name=REGION).verify_email_identity(EmailAddress="tocsin@example.com")
    mailer(client, "Tocsin <tocsin@example.com>")("lead@example.com", "P0 INC-2026-0001 größer", "You are paged.\n✓")
    (sent,) = ses_backends[ACCOUNT][REGION].sent_messages
    assert (sent.subject, sent.body) == ("P0 INC-2026-0001 größer", "You are paged.\n✓")
    assert sent.destinations["ToAddresses"] == ["lead@example.com"]


def test_what_people_wrote_ends_no_header_and_turns_nothing(client: Client) -> None:
    boto3.client("ses", region_name=REGION).verify_email_identity(EmailAddress="tocsin@example.com")
    written = "checkout\r\nBcc: all@example.com \x1b[31m\u202egnp"
    mailer(client, "tocsin@example.com")("lead@example.com", written, f"first\n{written}")
    (sent,) = ses_backends[ACCOUNT][REGION].sent_messages
    assert sent.subject == "checkout Bcc: all@example.com \\u001b[31m\\u202egnp"
    assert "\x1b" not in sent.body and "\u202e" not in sent.body and sent.body.startswith("first\ncheckout\r\n")
    texter(client)("+491701234567", written)
    ((_, text, *_),) = sns_backends[ACCOUNT][REGION].sms_messages.values()
    assert "\x1b" not in text


def test_an_unverified_sender_is_refused_for_good(client: Client) -> None:
    with pytest.raises(Denied, match=r"SES: MessageRejected Email address not verified"):
        mailer(client, "stranger@example.com")("lead@example.com", "x", "y")


def test_a_text_message_goes_to_the_number(client: Client) -> None:
    texter(client)("+491701234567", "P0 INC-2026-0001: you are paged.")
    (sent,) = sns_backends[ACCOUNT][REGION].sms_messages.values()
    number, text = sent[0], sent[1]
    assert (number, text) == ("+491701234567", "P0 INC-2026-0001: you are paged.")


def test_a_number_that_is_none_is_refused_for_good(client: Client) -> None:
    with pytest.raises(Denied, match="SNS: InvalidParameter"):
        texter(client)("not a number", "x")


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "SendEmail"), Unavailable),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "SendEmail"), Unavailable),
        (ClientError({"Error": {"Code": "X"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "Publish"), Unavailable),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Publish"), Denied),
        (ConnectTimeoutError(endpoint_url="https://email.example.com"), Unavailable),
    ],
)
def test_what_passes_is_told_from_what_stays(error: Exception, raised: type[Exception]) -> None:
    with pytest.raises(raised), calling("SES"):
        raise error
