"""knowledge/policy/review.yaml → when reviews are due, what their figures are measured against."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import ValidationInfo, field_validator, model_validator

from bot.policy.loading import PolicyModel, load, refuse_at
from bot.policy.values import Duration, Many
from bot.severity.policy import SomeSeverities
from bot.text.durations import span


class ReviewPolicy(PolicyModel):
    """`due_within`, `remind_after` count from the resolution; a severity not in `resolve_within` has no target."""

    due_within: Duration
    ask_after: Duration = timedelta(hours=20)  # when people are asked for what is missing; shorter than due_within
    remind_after: Many[Duration] = ()  # ascending, all shorter than due_within
    resolve_within: SomeSeverities[Duration]
    silence_after: Duration

    @model_validator(mode="after")
    def _asked_before_it_is_due(self) -> Self:
        if self.ask_after >= self.due_within:
            refuse_at([(("ask_after",), f"{span(self.ask_after)} is not shorter than due_within.")])
        return self

    @field_validator("remind_after")
    @classmethod
    def _before_it_is_due(cls, spans: tuple[timedelta, ...], info: ValidationInfo) -> tuple[timedelta, ...]:
        late = [place for place, one in enumerate(spans) if one >= info.data.get("due_within", timedelta.max)]
        sentence = "is not shorter than due_within; overdue reviews are reported anyway."
        refuse_at([((place,), f"{span(spans[place])} {sentence}") for place in late])
        return tuple(sorted(set(spans)))


def load_review(path: Path) -> ReviewPolicy:
    """The review policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    return load(path, ReviewPolicy)
