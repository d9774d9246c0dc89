"""What of AWS the settings switch on. Where nothing is, nothing of AWS is imported."""

from __future__ import annotations

from collections.abc import Callable

from bot.aws.accounts import Aws
from bot.aws.queues import AlarmQueue, alarm_queue
from bot.aws.session import ASKED, CallLimits
from bot.diagnostics.policy import DiagnosticsPolicy
from bot.errors import InvalidSettings
from bot.settings import Settings


def build_ways(settings: Settings) -> tuple[Callable[[str, str, str], None] | None, Callable[[str, str], None] | None]:
    """How to send mail and text messages; None for what is not configured. Raises InvalidSettings.

    Without these settings nothing of AWS is imported.
    """
    if not settings.mail_from and not settings.text_messages:
        return None, None
    if settings.aws_region is None:
        raise InvalidSettings("AWS_REGION is not set: TOCSIN_MAIL_FROM and TOCSIN_TEXT_MESSAGES need it.")
    from bot.aws.mail import mailer, texter
    from bot.aws.operations import MAIL, TEXT_MESSAGES
    from bot.aws.session import clients

    region = settings.aws_region
    return (
        mailer(clients(region, MAIL), settings.mail_from) if settings.mail_from else None,
        texter(clients(region, TEXT_MESSAGES)) if settings.text_messages else None,
    )


def build_aws(settings: Settings, policy: DiagnosticsPolicy) -> Aws | None:
    """What may be diagnosed; None where no region is set. Nothing is asked or loaded before somebody diagnoses."""
    if settings.aws_region is None:
        return None
    limits = CallLimits(connect=min(ASKED.connect, policy.call), read=policy.call, attempts=ASKED.attempts)
    return Aws(settings.aws_region, policy.accounts, limits)


def build_queues(settings: Settings) -> list[AlarmQueue]:
    """The queues from which alarms are taken. Raises InvalidSettings."""
    return [alarm_queue(address, settings.aws_region) for address in settings.alarm_queues]
