"""Presses and submitted forms: one transaction, then the acknowledgement.

A refused press is said to that person only, a refused form in the form, and nothing that was typed is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents.flows.home import draw_home
from bot.slack.forms import read_values
from bot.slack.reporting import reporting_errors
from bot.slack.whispers import answer_press

# What a press does: (session, desk, value, user id, now) → a sentence for the person, or None where the screen says it.
Press = Callable[[Session, AppContext, str, str, datetime], str | None]


def pressed(press: Press) -> Callable[..., None]:
    """A listener that runs `press` in its transaction, acknowledges, and whispers what there is to say."""

    def listener(context: AppContext, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        user_id = body["user"]["id"]
        value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
        if action.get("selected_user"):  # of a menu of people: its block says what they are chosen for
            value = f"{action['block_id']}:{action['selected_user']}"

        said: list[str] = []
        with reporting_errors(said.append, user=user_id, action=action["action_id"]):
            with context.database.transaction() as session:
                sentence = press(session, context, value, user_id, context.now())
                if (body.get("view") or {}).get("type") == "home":
                    draw_home(session, user_id)
            said += [sentence] if sentence else []
        answer_press(ack, respond, said)

    return listener


# Like a submission, but opens its transactions itself: (desk, values, view, user id, now).
Thinking = Callable[[AppContext, dict[str, str], dict[str, Any], str, datetime], dict[str, Any] | None]


def thought_over(thinking: Thinking, field: str) -> Callable[..., None]:
    """A listener for a form whose answer is thought about before a transaction begins."""

    def listener(context: AppContext, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        def refuse(text: str) -> None:
            ack(response_action="errors", errors={field: text.replace("`", "")})

        with reporting_errors(refuse, user=body["user"]["id"], view=view["callback_id"]):
            values = read_values(view)
            again = thinking(context, values, view, body["user"]["id"], context.now())
            if again is None:
                ack()
            else:
                ack(response_action="update", view=again)

    return listener


# (session, desk, values, view, user id, now) → None, and the form closes; or the form to show in its place.
Submission = Callable[[Session, AppContext, dict[str, str], dict[str, Any], str, datetime], dict[str, Any] | None]


def submitted(submission: Submission, field: str) -> Callable[..., None]:
    """A listener that runs `submission` in its transaction; a refusal shows under `field`."""

    def run(
        context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
    ) -> dict[str, Any] | None:
        with context.database.transaction() as session:
            return submission(session, context, values, view, user_id, now)

    return thought_over(run, field)
