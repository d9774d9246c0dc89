"""What people read while a review is written, commented on and approved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.text.markup import escape
from bot.text.markup import instant as slack_instant
from bot.text.wording import counted, instant

REOPENED_SINCE_APPROVAL = "The incident was reopened and resolved again."
SECTION_FROM_RECORD = "This section is built from the record and can't be edited. Add a comment instead."
EMPTY_COMMENT = "The comment is empty."
NO_SUCH_SECTION = "The review has no such section. Comment on the whole review instead."
NO_SUCH_COMMENT = "The review has no such comment."
WHICH_CHANGES = "Say which changes you want."


def no_review(ref: str) -> str:
    """Before the first draft."""
    return f"No review of {ref} yet. It is drafted when the incident is closed."


def reopened_since(ref: str) -> str:
    """The draft is from before the incident was reopened, and it is open now."""
    return (
        f"This draft is from before {ref} was reopened. Close the incident first: a new draft follows within seconds "
        "and keeps everything people wrote in this one."
    )


def closed_again(ref: str) -> str:
    """The draft is from before the incident was reopened, and the next one is not there yet."""
    return (
        f"This draft is from before {ref} was reopened. A new one follows within seconds of closing, unless the "
        "incident was closed as a false alarm or a duplicate. Those need no review."
    )


def too_long(what: str, length: int, longest: int) -> str:
    """`what` is "a section" or "a comment"; lengths in characters."""
    return f"That is {length:,} characters. The limit for {what} is {longest:,}."


def too_many_lines(lines: int, most: int) -> str:
    """For a section that nobody could read. Shown with what was written, so that nothing is lost."""
    return f"That is {lines:,} lines. The limit for a section is {most:,}: attach logs in the channel and link to them."


def edited_meanwhile(who: str, at: datetime) -> str:
    """Two people edited the same section."""
    return (
        f"{who} saved this section at {instant(at)}, while you were writing. Your text is below and not saved yet; "
        "theirs is above it. Combine both and save again."
    )


def open_points(missing: Sequence[str], proposed: int, comments: int) -> str:
    """Asked of somebody who approves a review with something open: what is missing, undecided, unanswered."""
    parts = [one.removeprefix("Not recorded: ") for one in missing]
    parts += [f"{counted(proposed, 'proposed action item')} to accept or decline"] if proposed else []
    parts += [f"{counted(comments, 'unresolved comment')}"] if comments else []
    return f"Still open: {'; '.join(parts)}."


def not_wanted(ref: str, why: str, link: str | None) -> str:
    """The answer to `/incident review` of what was closed without a draft, as it was no incident of its own."""
    page = f"\n<{link}|Open the incident's page>" if link else ""
    return f"{ref} was {why}, so no review is due. To write one, `/incident reopen`, resolve and close it.{page}"


def not_drafted(ref: str, link: str | None, due_at: datetime | None, resolved: bool) -> str:
    """The answer to `/incident review` before the first draft."""
    steps = f"`/incident close {ref}`" if resolved else "`/incident resolve`, then `/incident close`"
    due = f" Due {slack_instant(due_at)}." if due_at else ""
    page = f"\n<{link}|Open the incident's page>" if link else ""
    return f"No review of {ref} yet. It is drafted when the incident is closed: {steps}.{due}{page}"


def status(ref: str, stage: str, last_step: str, due_at: datetime | None, open_items: int, link: str | None) -> str:
    """The answer to `/incident review`."""
    last = f" {last_step}." if last_step else ""
    due = f" Due {slack_instant(due_at)}." if due_at else ""
    page = f"<{link}|Open the review> (personal link: 3 days, one browser)"
    return "\n".join(
        (
            f"Review of {ref}: *{stage}*.{last}{due} Open action items: {open_items}.",
            page if link else f"Review pages are off. `tocsin review {ref}` prints it.",
        )
    )


def approved(by: str) -> str:
    """For the timeline."""
    return f"Review approved by <@{by}>."


def changes_requested(by: str, note: str, author: str | None) -> str:
    """For the timeline and the channel. `author` is who has to make them."""
    of = f" from <@{author}>" if author and author != by else ""
    return f"<@{by}> requested changes to the review{of}: {escape(note[:1000])}"


def left_as_approved(ref: str) -> str:
    """Beside the answer to a note that came after the approval."""
    return f"\nThe review of {ref} is approved and doesn't change: this is only on the timeline."
