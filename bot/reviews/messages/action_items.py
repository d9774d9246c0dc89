"""Action items as people read them: on the timeline, as an answer, in a list. Facts in, Slack's markup out."""

from __future__ import annotations

from collections.abc import Sequence

from bot.reviews.rules.action_requests import EXAMPLE, LONGEST, ItemChange
from bot.reviews.rules.document import ActionItem
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.client import Message
from bot.slack.forms import Values, choice_field, person_field, text_field
from bot.slack.text import fit
from bot.text.markup import USER_ID, escape, quiet

MOST_LISTED = 45  # of Slack's 50 blocks a message
_MOST_CHARACTERS = 11_000  # Slack counts about 13,000 characters a message
_NOW = {"done": "done", "open": "accepted", "dropped": "dropped", "reopened": "open again"}
EXPORT = "issue_create"  # the button of a tracker


def describe(item: ActionItem) -> str:
    """One item in one line: "Alarm on the pool (high, owner @x, due 2026-12-04)". Nobody is pinged by its text."""
    owner = f"owner {_owner(item.owner)}" if item.owner else "no owner"
    due = f"due {item.due_on:%Y-%m-%d}" if item.due_on else "no due date"
    issue = f", <{item.issue_url}|{escape(item.issue or 'issue')}>" if item.issue_url else ""
    return f"{quiet(item.text)} ({item.priority}, {owner}, {due}{issue})"


def _owner(owner: str) -> str:
    return f"<@{owner}>" if USER_ID.fullmatch(owner) else escape(owner)


def added(item: ActionItem, by: str) -> str:
    """For the timeline."""
    return f"Action item {item.number} added by <@{by}>: {describe(item)}"


def accepted(item: ActionItem, by: str) -> str:
    """For the timeline."""
    return f"Action item {item.number} accepted by <@{by}>: {describe(item)}"


def done(item: ActionItem, by: str) -> str:
    """For the timeline."""
    return f"Action item {item.number} marked done by <@{by}>: {quiet(item.text)}"


def dropped(item: ActionItem, by: str) -> str:
    """For the timeline."""
    return f"Action item {item.number} dropped by <@{by}>: {quiet(item.text)}"


def reopened(item: ActionItem, by: str) -> str:
    """For the timeline."""
    return f"Action item {item.number} reopened by <@{by}>: {describe(item)}"


def changed(change: ItemChange) -> str:
    """For the person who typed or pressed it."""
    already = "" if change.changed else "already "
    return f"Action item {change.number} of {change.ref} {already}{_NOW[change.state]}."


def kept(ref: str, item: ActionItem, unknown_owner: str = "") -> str:
    """For the person who added it. `unknown_owner` says why the owner's name is nobody's."""
    more = f"\n{unknown_owner} The name is kept, but nobody is reminded." if unknown_owner else ""
    return f"Action item {item.number} of {ref}: {describe(item)}{more}"


def number_missing(word: str) -> str:
    """For somebody who typed `action done` without a number."""
    return f"Which one? Type for example `/incident action {word} 3`. `/incident action list` shows the numbers."


def none_yet(ref: str) -> str:
    """For somebody who asked for the list."""
    return f"{ref} has no action items yet. Add one: {EXAMPLE}."


def listed(ref: str, incident_id: int, items: Sequence[ActionItem], exports: bool = False) -> Message:
    """The action items of an incident with their buttons: open ones, proposals, and how many are done.

    `exports`: open ones that have no issue in a tracker can be given one.
    """
    still = [item for item in items if not item.done and not item.proposed]
    proposed = [item for item in items if item.proposed]
    most = MOST_LISTED // 2 if exports else MOST_LISTED
    shown = [*still, *proposed][:most]
    counts = f"{len(still)} open, {len(proposed)} proposed, {len(items) - len(still) - len(proposed)} done"
    blocks = [section(f"*Action items of {ref}*: {counts}")]
    longest = min(_MOST_CHARACTERS // max(1, len(shown)), 600)
    for item in shown:
        text, value = f"*{item.number}* {fit(describe(item), longest)}", f"{incident_id}:{item.number}"
        if item.proposed:
            from_where = f"{text}\n_Proposed, from {item.source}_"
            blocks.append(section(from_where, button("Accept", "action_accept", value)))
        elif exports and not item.issue:
            done, create = button("Done", "action_done", value), button("Create issue", EXPORT, value)
            blocks += [section(text), actions(f"action_{item.number}", done, create)]
        else:
            blocks.append(section(text, button("Done", "action_done", value)))
    if (more := len(still) + len(proposed) - len(shown)) > 0:
        blocks.append(context(f"{more} more on the review page: `/incident review {ref}`."))
    return Message(f"Action items of {ref}: {counts}", tuple(blocks))


def no_such_item(ref: str, number: int, known: Sequence[int]) -> str:
    there = f"It has {', '.join(map(str, known[:20]))}." if known else "It has none yet."
    return f"{ref} has no action item {number}. {there}"


WHAT, PRIORITY, OWNER, DUE = "what", "priority", "owner", "due"


def form_fields() -> list[Block]:
    """The form of a new item: what one would type after `/incident action`."""
    return [
        text_field(
            WHAT, "What has to be done?", multiline=True, limit=LONGEST, placeholder="alarm on the pool at 80 %"
        ),
        choice_field(PRIORITY, "Priority", {"high": "High", "medium": "Medium", "low": "Low"}, "medium"),
        person_field(OWNER, "Owner", optional=True),
        text_field(DUE, "Due", optional=True, limit=40, placeholder="Friday, 2026-12-04, 2 weeks"),
    ]


def typed_in_form(values: Values) -> str:
    owner = f" <@{values[OWNER]}>" if values[OWNER] else ""
    due = f" by {escape(values[DUE])}" if values[DUE] else ""
    return f"{values[PRIORITY]} {escape(values[WHAT])}{owner}{due}"
