"""Look on a run: the button where AWS can be asked, the answer in the thread, the timeline by a press, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.aws.accounts import Aws
from bot.context import AppContext
from bot.errors import BadRequest
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.playbooks.flows import runs
from bot.playbooks.flows.texts import text_of
from bot.playbooks.jobs import looks
from bot.playbooks.jobs.runs import draw_run
from bot.playbooks.listeners import buttons
from bot.playbooks.messages import looks as messages
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person, content_of
from tests.diagnostics.account import REGION, function, played, role
from tests.fixtures.job import Declared
from tests.playbooks.test_jobs import in_channel
from tests.support.queue import queued

BY = "U0RESPONDER"


@pytest.fixture
def watched(context: AppContext) -> Iterator[AppContext]:
    with played():
        function("orders-api", role("orders"))
        yield replace(context, aws=Aws(REGION))


def test_a_step_is_looked_at_in_the_thread_of_its_run_and_kept_by_a_press(
    watched: AppContext,
    context: AppContext,
    slack: Slack,
    poster: Poster,
    responder: Person,
    declared_incident: Declared,
) -> None:
    row = declared_incident(title="Lambda fails")
    channel_id = in_channel(context, slack, row)
    with watched.database.transaction() as session:
        kept = incidents.get_for_change(session, row.incident_id)
        text = text_of(watched.memory.current().entries["PB-lambda"])
        run_id = runs.start(session, kept, text, BY, watched.now())[0].run_id
    draw_run(watched, slack, poster, run_id=run_id)
    [said] = [one for one in responder.messages(channel_id) if "PB-lambda" in content_of(one)]
    assert "playbook_look" not in str(said), "the function is not known yet"
    with watched.database.transaction() as session:
        runs.answer(session, run_id, {"function": "orders-api"})
    draw_run(context, slack, poster, run_id=run_id)
    assert "playbook_look" not in str(responder.messages(channel_id)), "AWS is not configured"
    draw_run(watched, slack, poster, run_id=run_id)
    assert "playbook_look" in str(responder.messages(channel_id))
    with watched.database.transaction() as session:
        buttons.look(session, watched, f"{run_id}:1", BY, watched.now())
        [job] = queued(session, "aws.look")
        with pytest.raises(BadRequest, match="None of this step's commands"):
            buttons.keep(session, watched, f"{run_id}:1", BY, watched.now())
    for _ in range(2):  # a job may run twice
        looks.look(watched, slack, poster, **job.arguments)
    [shown] = [one for one in slack.replies(channel_id, said["ts"], "0") if "what AWS shows" in content_of(one)]
    assert '"FunctionName": "orders-api"' in content_of(shown) and "Put on the timeline" in content_of(shown)
    with watched.database.transaction() as session:
        first = buttons.keep(session, watched, f"{run_id}:1", BY, watched.now())
        again = buttons.keep(session, watched, f"{run_id}:1", BY, watched.now())
        entries = timeline.list_rows(session, row.incident_id, (Kind.DIAGNOSED,))
    assert (first, again) == ("On the timeline.", "It is on the timeline already.")
    assert [entry.author for entry in entries] == [BY] and "orders-api" in entries[0].text
    with context.database.transaction() as session, pytest.raises(BadRequest, match="AWS isn't configured"):
        buttons.look(session, context, f"{run_id}:1", BY, context.now())


def test_what_a_step_could_not_run_at_once_is_said() -> None:
    said = messages.looked("PB-lambda", 2, 7, BY, [messages.Seen("aws lambda list-functions", "{}")], 3)
    assert "3 more commands left out: a step runs 8 at a time." in str(said.blocks)
