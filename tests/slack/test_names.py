"""What ids are called: display names, channels and groups by name; a plain word where Slack has none for us."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.context import AppContext
from bot.incidents.commands import _by_display_names
from bot.incidents.flows.record import message_posted
from bot.incidents.jobs.names import keep_names
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.reports.flows.reports import _title
from bot.reviews.flows.drafting import ids_to_name
from bot.slack import queries as slack_queries
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.text.markup import labelled, plain_text, quiet
from bot.text.wording import Wording
from slack_playground.app import Playground
from slack_playground.workspace.records import User
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control
from tests.support.queue import queued

SAID = (
    "<@U0VP> and <@U0PARTNER|p.handle> saw it in <#C0GENERAL> and <#C0SECRET>, <!subteam^S0ONCALL> knows, <#C0NONE>,"
    " <@U0NOBODY>, <!subteam^S0NONE>"
)
READS = (
    "@vp-engineering and @Partner Ltd saw it in #general and a private channel, @oncall knows, a private channel,"
    " @somebody, @group"
)


@pytest.fixture
def row(declared_incident: Declared, context: AppContext, playground: Playground) -> IncidentRow:
    """An incident in whose channel all of them were mentioned, by somebody of another workspace."""
    workspace = playground.workspace
    partner = User("U0PARTNER", "Partner Ltd", "Partner", "", "", "333333", is_stranger=True)
    playground.on_loop(lambda: workspace.add_user(partner))
    playground.on_loop(lambda: workspace.add_channel("secret", "group", creator="U0VP", channel_id="C0SECRET"))
    row = declared_incident()
    with context.database.transaction() as session:
        incidents.get(session, row.incident_id).channel_id = "C0ROOM"
        message_posted(session, "C0ROOM", f"{context.now().timestamp():.6f}", "U0PARTNER", SAID, context.now())
    return row


def test_a_job_learns_whom_a_message_mentions_and_every_text_names_them(
    context: AppContext, slack: Slack, poster: Poster, row: IncidentRow, control: Control
) -> None:
    with context.database.transaction() as session:
        (job,) = queued(session, "slack.learn_names")
    keep_names(context, slack, poster, **job.arguments)
    with context.database.transaction() as session:
        known = slack_queries.names_in(session, SAID)
        assert set(job.arguments["names_of"]) <= ids_to_name(session, row)
    assert plain_text(SAID, known) == READS
    assert _title(SAID, known).startswith("@vp-engineering and @Partner Ltd saw it in #general and a private channel")
    assert Wording(known, date(2026, 11, 20)).plain(SAID, mention="@") == READS
    assert (
        quiet("<@U0VP|handle> in <#C0GENERAL>, <!subteam^S0ONCALL>", known)
        == "@vp-engineering in <#C0GENERAL>, @oncall"
    )
    assert _by_display_names(context, "<@U0PARTNER|p.handle> knows") == "<@U0PARTNER|Partner Ltd> knows"
    asked = len(control.journal("users.info"))
    keep_names(context, slack, poster, **job.arguments)
    assert len(control.journal("users.info")) == asked, "also what has no name is not asked for again at once"


def test_a_name_that_slack_no_longer_gives_is_kept(context: AppContext, slack: Slack, poster: Poster) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with context.database.transaction() as session:
        slack_queries.record_name(session, "U0LONGGONE", "former colleague", long_ago)
        slack_queries.record_name(session, "C0LONGGONE", "old-channel", long_ago)
    keep_names(context, slack, poster, names_of=["U0LONGGONE", "C0LONGGONE"])
    with context.database.transaction() as session:
        known = slack_queries.names_of(session, ["U0LONGGONE", "C0LONGGONE"])
    assert known == {"U0LONGGONE": "former colleague", "C0LONGGONE": "old-channel"}


def test_names_that_look_like_markup_ping_nobody() -> None:
    hostile = {"U0VP": "<!channel>|x", "C0GENERAL": "<@U0CTO>"}
    assert quiet("<@U0VP>", hostile) == "@&lt;!channel&gt;|x"
    assert labelled("<@U0VP> <#C0GENERAL>", hostile) == ("<@U0VP|&lt;!channel&gt; x> <#C0GENERAL|&lt;@U0CTO&gt;>")
