"""What people read of issues, and what an issue says. Pure."""

from __future__ import annotations

from bot.incidents.rules.incident import Incident
from bot.pagers.requests import Outcome, Result
from bot.reviews.tables import ActionRow
from bot.slack.refusals import Refusal
from bot.slack.text import person, shorten
from bot.text.markup import escape, quiet
from bot.text.masking import mask
from bot.text.wording import tidied
from bot.trackers.adapters.common import IssueText
from bot.trackers.rules.following import marker_of

LONGEST_TITLE = 200  # characters
NO_TRACKER = "No issue tracker is set up for this action item. Add one to knowledge/policy/trackers.yaml."
NOT_OPEN = "Only an open action item becomes an issue. Accept or reopen it first."
OF_SECURITY = (
    "Action items of security incidents aren't sent to a tracker. `security` in knowledge/policy/trackers.yaml may "
    "name a private project."
)
AGAIN = "It will be tried again."
PRESS_AGAIN = "Then press *Create issue* again: `/incident action list`."
GAVE_UP = "Tocsin gave up after many tries."


def issue_text(item: ActionRow, incident: Incident, owner: str, link: str | None) -> IssueText:
    """What the issue says, in plain words. Of a security incident neither its title nor its severity."""
    about = f"Action item {item.number} of {incident.ref}"
    if not incident.private:
        about += f" ({incident.severity}): {incident.title}"
    due = f"{item.due_on:%Y-%m-%d}" if item.due_on else "no date"
    terms = f"Owner: {owner or 'nobody yet'}. Due: {due}. Priority: {item.priority}."
    lines = [
        "From a drill: nothing was broken." if incident.drill else "",
        about,
        terms,
        f"Review: {link}" if link else "",
    ]
    shown = tuple(mask(tidied(line)) for line in lines if line)
    title = f"DRILL: {item.text}" if incident.drill else item.text
    return IssueText(
        shorten(mask(tidied(title)), LONGEST_TITLE),
        shown,
        item.priority,
        marker_of(item.request_key),
        mask(tidied(about)),
        item.owner or "",
        f"{item.due_on:%Y-%m-%d}" if item.due_on else "",
    )


def by_slack(refusal: Refusal) -> Result:
    """What Slack's refusal means for an item of a list."""
    if (refusal.method, refusal.error) == ("slackLists.items.create", "user_not_found"):
        advice = "Give the action item another owner."
        return Result(Outcome.REFUSED, "the owner is nobody whom Slack shows (user_not_found)", advice)
    if refusal.error not in _OF_LISTS:
        says = f"Slack refused {refusal.method} ({refusal.error})"
        return Result(Outcome.REFUSED, says, "Ask whoever runs Tocsin to look into its log.")
    return Result(Outcome.REFUSED, *_OF_LISTS[refusal.error])


def about_list(error: str) -> tuple[str, str]:
    """Why there is no list, and what to do, by Slack's name of the reason."""
    return _OF_LISTS.get(error, (f"Slack makes none ({error})", "Slack's documentation of slackLists.create says why."))


_OF_LISTS = {
    "lists_disabled_user_team": (
        "this Slack plan or workspace has no Lists (lists_disabled_user_team)",
        "Action items stay in Tocsin: `/incident action list`. Take the list out of trackers.yaml.",
    ),
    "restricted_action": (
        "this workspace's settings don't let apps make or share lists (restricted_action)",
        "Ask a workspace admin to allow it.",
    ),
    "channel_not_found": (
        "Tocsin can't see the list's channel (channel_not_found)",
        "Type `/invite @tocsin` there, or correct `channel` in trackers.yaml.",
    ),
    "list_not_found": ("its list was deleted in Slack (list_not_found)", "A new one is made for the next item."),
    "record_not_found": (
        "it was deleted from its list in Slack (record_not_found)",
        "Mark the action item done in Tocsin, too, if it is.",
    ),
    "invalid_row_id": (
        "it was deleted from its list in Slack (invalid_row_id)",
        "Mark the action item done in Tocsin, too, if it is.",
    ),
    "over_row_maximum": (
        "its list is full (over_row_maximum)",
        "Add a further list to trackers.yaml, and make it the default.",
    ),
}


def creating(title: str, number: int) -> str:
    """For whoever pressed the button."""
    return f"Creating an issue in {title} for action item {number}. It is posted in the channel."


def already(item: ActionRow) -> str:
    return f"Action item {item.number} has an issue: {link(item.issue_key, item.issue_url)}."


def link(key: str | None, url: str | None) -> str:
    """The issue as a link in Slack's markup."""
    return f"<{url}|{escape(key or 'issue')}>" if url else escape(key or "an issue")


def created(number: int, by: str, key: str, url: str) -> str:
    """For the timeline and the channel."""
    return f"Issue {link(key, url)} created for action item {number} by {person(by)}."


def moved(title: str, number: int, key: str | None, url: str | None, closed: bool, text: str) -> str:
    """For the timeline and the channel: the issue was closed or reopened in its tracker."""
    did = "done: its issue was closed" if closed else "open again: its issue was reopened"
    return f"Action item {number} is {did} in {title}, {link(key, url)}. {quiet(text)}"


def not_created(number: int, result: Result, again: bool) -> str:
    """Why there is no issue, and what to do."""
    then = AGAIN if again else " ".join(filter(None, (escape(result.advice), PRESS_AGAIN)))
    return f"Tocsin couldn't create an issue for action item {number}: {escape(result.says)}. {then}"


def not_followed(number: int, key: str | None, url: str | None, result: Result, again: bool) -> str:
    """Why item and issue may differ, and what to do."""
    then = AGAIN if again else escape(result.advice)
    issue = link(key, url)
    return f"Tocsin couldn't keep {issue} and action item {number} in sync: {escape(result.says)}. {then}".strip()
