"""Doctor's look at AWS: whose credentials these are, what they lack, whether what is switched on works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.aws.operations import ALARMS, ARCHIVE, DIAGNOSTICS, MAIL
from bot.aws.permissions import missing_permissions
from bot.aws.queues import AlarmQueue, alarm_queue
from bot.aws.reading import Reason, Unread, reading
from bot.aws.session import ASKED, clients
from bot.errors import InvalidSettings
from bot.settings import Settings
from bot.text.wording import counted
from bot.wiring.access.aws import build_aws
from bot.wiring.doctor.findings import Finding, Known, State

_BUDGET = 30.0  # seconds; a person waits for the answer
_FIX = "Attach what `tocsin aws policy` prints to Tocsin's user or role."
_CORRECT = "Correct what the message names. Without it nothing can be diagnosed; the rest works."
_WRONG_DIGEST = (
    "AAAAAAAAAAAAAAAAAAAAAA=="  # S3 refuses by it what it would otherwise keep, after it looked at permissions
)


def aws(known: Known) -> Iterator[Finding]:
    """The account of Tocsin's own credentials, each account of services.yaml, and what the settings switch on."""
    if known.settings.aws_region is None and not known.settings.alarm_queues:
        yield Finding("aws", State.OK, "not configured (AWS_REGION is not set): nothing calls AWS")
        return
    if known.policy is None:
        yield Finding("aws", State.UNKNOWN, "the policy is invalid")
        return
    if known.settings.aws_region is not None:
        for account in (None, *known.policy.diagnostics.accounts):
            try:
                yield _account(known, account)
            except (InvalidSettings, Unread) as error:
                yield Finding("aws", State.FAILED, f"account {account}: {error}" if account else str(error), _CORRECT)
                if account is None:
                    return  # the same would be said of all that follows
        yield from _switched_on(known.settings, known.settings.aws_region)
    for address in known.settings.alarm_queues:
        yield _queue(known.settings, address)


def _account(known: Known, account: str | None) -> Finding:
    """Raises InvalidSettings and Unread."""
    assert known.policy is not None
    named = f"account {account}: " if account else ""
    reachable = build_aws(known.settings, known.policy.diagnostics)
    assert reachable is not None  # a region is set
    reader = reachable.reader(_BUDGET, account)
    number = reader.read("sts", "GetCallerIdentity")["Account"]
    missing, tried = missing_permissions(reader, lambda service: reachable.client(service, account), DIAGNOSTICS)
    if missing:
        return Finding("aws", State.FAILED, f"{named}not allowed in {number}: {', '.join(missing)}", _FIX)
    says = f"{named}account {number} in {reader.region} answers; none of {tried} operations was denied"
    return Finding("aws", State.OK, says)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A call that does nothing but needs the permission. `refused`: the refusals that show that it is there."""

    says: str  # when it works
    service: str
    operation: str
    call: Callable[[], Any]
    refused: tuple[str, ...] = ()

    def finding(self) -> Finding:
        try:
            with reading(self.service, self.operation):
                self.call()
        except Unread as unread:
            if not (unread.reason is Reason.REFUSED and any(one in str(unread) for one in self.refused)):
                fix = _FIX if unread.reason is Reason.DENIED else "Correct what the message names."
                return Finding("aws", State.FAILED, str(unread), fix)
        return Finding("aws", State.OK, self.says)


def _switched_on(settings: Settings, region: str) -> Iterator[Finding]:
    """Alarms are looked up wherever there is a region; archive and mail where they are configured."""
    cloudwatch = clients(region, ALARMS, ASKED)
    found = _Trial(
        "", "cloudwatch", "DescribeAlarms", lambda: cloudwatch("cloudwatch").describe_alarms(MaxRecords=1)
    ).finding()
    if found.state is State.FAILED:
        yield found
    if settings.archive_bucket:
        bucket, key = settings.archive_bucket, f"{settings.archive_prefix.strip('/')}/tocsin-doctor".lstrip("/")
        s3 = clients(region, ARCHIVE, ASKED)
        yield _Trial(
            f"reviews may be kept in the bucket {bucket}",
            "s3",
            "PutObject",
            lambda: s3("s3").put_object(Bucket=bucket, Key=key, Body=b"", ContentMD5=_WRONG_DIGEST),
            refused=("BadDigest",),
        ).finding()
    if settings.mail_from:
        sender, text = settings.mail_from, {"Data": "tocsin doctor"}
        ses = clients(region, MAIL, ASKED)
        message = {"Subject": text, "Body": {"Text": text}}
        yield _Trial(
            f"mail may be sent from {sender}",
            "ses",
            "SendEmail",
            lambda: ses("ses").send_email(Source=sender, Destination={"ToAddresses": []}, Message=message),
            refused=("InvalidParameterValue", "Missing", "Empty"),
        ).finding()


def _queue(settings: Settings, address: str) -> Finding:
    """Whether alarms can be taken from it, how many wait, and where those go that cannot be taken in."""
    try:
        queue: AlarmQueue = alarm_queue(address, settings.aws_region, ASKED)
        attributes = queue.attributes()
        queue.peek()
    except InvalidSettings as error:
        return Finding("aws", State.FAILED, str(error), "Correct TOCSIN_ALARM_QUEUES, or install tocsin[aws].")
    except Unread as unread:
        fix = _FIX if unread.reason is Reason.DENIED else "Correct TOCSIN_ALARM_QUEUES or what the message names."
        return Finding("aws", State.FAILED, f"alarms of {address}: {unread}", fix)
    waiting = counted(int(attributes.get("ApproximateNumberOfMessages", 0)), "message")
    dead = "" if "RedrivePolicy" in attributes else "; it has no dead-letter queue"
    return Finding("aws", State.OK, f"alarms are taken from the queue {queue.name}; {waiting} waiting{dead}")
