"""/incident metrics: the figures of a period, in a few lines."""

from __future__ import annotations

from urllib.parse import urlencode

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.figures import messages
from bot.figures.flows.readers import list_readers
from bot.figures.flows.report import report, type_named
from bot.figures.rules.periods import parse_period
from bot.figures.rules.requests import parse_request
from bot.incidents.commands import CommandContext, Subcommand
from bot.incidents.menu import ELSEWHERE, Form, Group
from bot.incidents.rules.authority import Act
from bot.slack import queries as slack_queries
from bot.slack.client import Message
from bot.text.markup import escape, plain_text


def _metrics(session: Session, command: CommandContext) -> Message:
    """Answers for everybody in the workspace; the link to the page is for those who may read it."""
    policy = command.context.policy
    try:
        asked = parse_request(plain_text(command.rest))
        kind = type_named(policy, asked.type)
        period = parse_period(asked.period, command.now, policy.calendar.zone)
    except BadRequest as refused:  # it quotes what was typed: no mention in it may ping
        raise BadRequest(escape(str(refused))) from None
    reader = command.user_id in list_readers(session, policy, command.now)
    # Everybody reads how many security incidents there were. Narrowed further, a number would say what they are about.
    public = not reader and (asked.service is not None or kind is not None)
    found = report(session, period, policy, asked.severity, asked.service, kind, public)
    link = None
    if reader:
        named = {
            "period": period.word,
            "severity": asked.severity or "",
            "service": asked.service or "",
            "type": asked.type or "",
        }
        path = "/figures?" + urlencode({name: value for name, value in named.items() if value})
        name = slack_queries.names_of(session, [command.user_id]).get(command.user_id, command.user_name)
        link = command.context.personal_link(path, command.user_id, name)
    return messages.short(found, link, public)


SUBCOMMANDS = (
    Subcommand(
        "metrics",
        "metrics last month P1",
        "How long incidents take and how often they come: by month, quarter, `last 90 days`, severity, service, type.",
        answer=_metrics,
        aliases=("figures", "mttr", "stats"),
        menu={
            "period": Form(
                label="Figures",
                group=Group.LOOK_UP,
                where=ELSEWHERE,
                fields=lambda _session, context, *_: messages.form_fields(context.policy.severity.levels),
                words=messages.typed_in_form,
                submit="Show",
            )
        },
        anywhere=True,
        act=Act.READ,
    ),
)
