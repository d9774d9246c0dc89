"""What people are asked for a review, and the form in which they answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.reviews.rules.questions import QUESTIONS, Question
from bot.slack.blocks import actions, button, context, section
from bot.slack.client import Message
from bot.slack.forms import form, text_field
from bot.text.markup import escape, instant
from bot.text.wording import counted

OPEN_FORM, ANSWERS = "review_answer", "review_answers"
ALWAYS = "improve"  # the field that each form has
ALL_ANSWERED = "Everything has been answered in the meantime. Thank you."
_LONGEST_ANSWER = 2_000  # characters


def no_review(ref: str) -> str:
    return f"{ref} has no review to answer for."


def asked(incident: Incident, questions: Sequence[Question], due_at: datetime, link: str | None) -> Message:
    """The one message to somebody who was there: what nobody recorded, and the button that opens the form."""
    lines = "\n".join(f"• {escape(question.ask)}" for question in questions)
    text = f"{headline(incident)}\nIts review is due {instant(due_at)}, and this is missing from it:\n{lines}"
    answer = button("Answer", OPEN_FORM, str(incident.incident_id), "primary")
    blocks = [section(text), actions("review_questions", answer)]
    if link:
        blocks.append(section(f"<{link}|Open the review>"))
    blocks.append(context("Your answers stand in the review under your name. You are asked once."))
    return Message(f"{counted(len(questions), 'question')} for the review of {incident.ref}", tuple(blocks))


def answer_form(incident: Incident, questions: Sequence[Question]) -> dict[str, Any]:
    """A field for each question that is still open; each may stay empty. Refusals show below the one always there."""
    always = [each for each in QUESTIONS if each.name == ALWAYS and each not in questions]
    fields = [
        text_field(each.name, each.ask, multiline=True, optional=True, limit=_LONGEST_ANSWER)
        for each in (*questions, *always)
    ]
    about = {"type": "context", "elements": [{"type": "mrkdwn", "text": f"{incident.ref}: {escape(incident.title)}"}]}
    return form(ANSWERS, "Review questions", "Save", str(incident.incident_id), [about, *fields])
