"""The post-incident review (PIR) as a document of facts: who did what when, what is missing, what figures say.

Purpose: `draft` turns the facts of one incident into a `Review`; the renderings say that document as Markdown, JSON or
facts for Slack. It may not invent: a line is recorded, asked for, or derived from figures and called derived.
Source of the sections: post-incident procedures of the incident response runbook 3.2.

All text in a `Review` is plain: nothing in it is escaped yet, and every renderer escapes all of it.
"""

from bot.domain.review.document import (
    ActionItem,
    Line,
    Nature,
    Origin,
    PastIncident,
    PingFact,
    Review,
    ReviewFacts,
    ReviewSummary,
    Section,
    SeverityChange,
)
from bot.domain.review.drafting import draft
from bot.domain.review.notes import Noted, read_notes
from bot.domain.review.renderings import from_json, summary_for_slack, to_json, to_markdown
from bot.domain.review.wording import mentioned

__all__ = [
    "ActionItem",
    "Line",
    "Nature",
    "Noted",
    "Origin",
    "PastIncident",
    "PingFact",
    "Review",
    "ReviewFacts",
    "ReviewSummary",
    "Section",
    "SeverityChange",
    "draft",
    "from_json",
    "mentioned",
    "read_notes",
    "summary_for_slack",
    "to_json",
    "to_markdown",
]
