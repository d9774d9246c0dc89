"""Mail through SES and text messages through SNS."""

from __future__ import annotations

from collections.abc import Callable

from bot.aws.session import Client, calling
from bot.text.control import visible


def _one_line(subject: str) -> str:
    """A header ends with its line, and no mail program should obey what stands in it."""
    return visible(" ".join(subject.split()))


def mailer(client: Client, sender: str) -> Callable[[str, str, str], None]:
    """A function that sends (address, subject, text). It raises Unavailable and Denied."""

    def send(address: str, subject: str, text: str) -> None:
        with calling("SES"):
            client("ses").send_email(
                Source=sender,
                Destination={"ToAddresses": [address]},
                Message={
                    "Subject": {"Data": _one_line(subject), "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": visible(text), "Charset": "UTF-8"}},
                },
            )

    return send


def texter(client: Client) -> Callable[[str, str], None]:
    """A function that sends (telephone number, text). It raises Unavailable and Denied."""
    urgent = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}

    def send(number: str, text: str) -> None:
        with calling("SNS"):
            client("sns").publish(PhoneNumber=number, Message=visible(text), MessageAttributes=urgent)

    return send
