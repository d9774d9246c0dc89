"""The post-incident review (PIR) as a document of facts: who did what when, what is missing, what figures say.

Purpose: `draft` turns the facts of one incident into a `Review`; the renderings say that document as Markdown, JSON or
facts for Slack. It may not invent: a line is recorded, asked for, or derived from figures and called derived.
Source of the sections: post-incident procedures of the incident response runbook 3.2.

All text in a `Review` is plain: nothing in it is escaped yet, and every renderer escapes all of it.
"""

from bot.reviews.rules.document import (
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
from bot.reviews.rules.drafting import draft, draft_actions, without_terms
from bot.reviews.rules.merging import EDITABLE, Edit, as_written, base_of, lines_of, merge
from bot.reviews.rules.notes import Noted, check_note, read_notes
from bot.reviews.rules.renderings import from_json, stage_words, standing, summary_for_slack, to_json, to_markdown
from bot.reviews.rules.stages import Stage, Step, check_editable, check_stage
from bot.text.wording import mentioned

__all__ = [
    "EDITABLE",
    "ActionItem",
    "Edit",
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
    "Stage",
    "Step",
    "as_written",
    "base_of",
    "check_editable",
    "check_note",
    "check_stage",
    "draft",
    "draft_actions",
    "from_json",
    "lines_of",
    "mentioned",
    "merge",
    "read_notes",
    "stage_words",
    "standing",
    "summary_for_slack",
    "to_json",
    "to_markdown",
    "without_terms",
]
