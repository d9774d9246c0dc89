"""Access to a security incident: who may have it, asked and changed, and who had it. Facts in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.incidents.messages import headline
from bot.incidents.rules.authority import is_id
from bot.incidents.rules.incident import Incident
from bot.incidents.tables import AccessRow
from bot.slack.blocks import actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import person, shorten
from bot.text.markup import escape, instant
from bot.text.wording import counted

ASKED_BELOW = "Tocsin asks you in a direct message who may see it; until you answer it is worked on in private."
WITHDRAWN = "This incident is worked on in private."
WITHDRAWN_MARK = ":2"  # raised when more is withdrawn: what was made private before is gone through again
CANVAS = "the canvas of its review"
TOPIC_LEFT = "Worked on elsewhere."
NO_SUCH_INCIDENT = "There is no such incident."
NOT_PRIVATE = "Access is logged for security incidents only. Everyone can read this one."


def listed(ref: str, rows: Sequence[AccessRow], total: int) -> str:
    """The latest lines, the newest first."""
    if not rows:
        return f"Nobody has opened {ref} yet."
    lines = [f"• {instant(row.at)} {_who(row.who)} {escape(shorten(row.what, 80))}" for row in rows]
    more = f"\n`tocsin incident access {ref}` on Tocsin's host shows all." if total > len(rows) else ""
    return f"Who saw and did what on {ref}, the latest {len(rows)} of {total}:\n" + "\n".join(lines) + more


def for_commander(commander: str | None) -> str:
    """Why somebody else is not shown it."""
    ask = f"Ask {person(commander)}." if commander else "It has none yet: `/incident role commander`."
    return f"Only the commander of a security incident sees who read it. {ask}"


def _who(who: str) -> str:
    return person(who) if is_id(who) else escape(who)


def question(incident: Incident) -> Message:
    """To whoever declared it, before anything is said in public."""
    text = (
        f"*Security incident?* {headline(incident)}\nThis sounds like a break-in. The on-call engineer is being paged."
    )
    value = str(incident.incident_id)
    pressed = [
        button("Private", "kind_private", value, "primary"),
        button("Ordinary", "kind_ordinary", value),
    ]
    hint = (
        "Private: only the people of its channel see it. Ordinary: everybody does. "
        "Nothing was said in public. It is worked on in private until you answer."
    )
    return Message(f"Security incident? {incident.ref}", (section(text), actions("kind", *pressed), context(hint)))


def answered(incident: Incident) -> Message:
    """In the place of the question."""
    text = f"{headline(incident)}\n{'Private, as a security incident.' if incident.private else 'Ordinary.'}"
    return Message(f"{incident.ref}: {text}", (section(text),))


def kept_entry(by: str) -> str:
    return f"{person(by)} said that this is a security incident."


def opened_entry(by: str, former: str) -> str:
    return f"{person(by)} said that this is no security incident. It was {former} before."


def private_entry(by: str, former: str) -> str:
    return f"{person(by)} made this incident private. It was {former} before."


def kept(ref: str) -> str:
    return f"{ref} stays private."


def opened(ref: str) -> str:
    return f"It is {ref} now, and everybody may see it."


def made_private(ref: str, former: str) -> str:
    return (
        f"{former} is {ref} now. Tocsin opens a private channel, invites the people who are involved, and "
        "withdraws what it said elsewhere. What can't be withdrawn is listed in the new channel. "
        "Invite others there with `/invite`."
    )


def private_already(ref: str) -> str:
    return f"{ref} is already private."


def decided_already(ref: str) -> str:
    return f"That was already answered: it is {ref}. `/incident private` makes an open incident private."


def moved_private() -> Message:
    """In the public channel that was left: nothing of the incident, and what to do."""
    text = (
        f"{WITHDRAWN} Please don't discuss it here, and delete what you wrote about it. If you are involved, ask "
        "the on-call engineer to invite you."
    )
    return Message(text, (section(text),))


def moved_ordinary(incident: Incident) -> Message:
    """In the private channel that was left."""
    where = f" in <#{incident.channel_id}>" if incident.channel_id else ""
    text = f"This is {incident.ref} now, which everybody may see. Work goes on{where}."
    return Message(text, (section(text),))


def private_question(incident: Incident, people: int) -> Message:
    """Asked before an open incident is made private: what that does, and that it can't be undone."""
    here = f"Tocsin takes its messages and the name off <#{incident.channel_id}>" if incident.channel_id else ""
    text = (
        f"*Make {incident.ref} a security incident?* {headline(incident)}\n"
        f"It gets a private channel, with the {counted(people, 'person', 'people')} who have a part in it. "
        f"{here or 'Tocsin takes back what it said'}, and in other channels and direct messages too. "
        "This can't be undone."
    )
    pressed = button("Make it private", "make_private", str(incident.incident_id), "danger")
    hint = "What people wrote, and what was mailed or read, stays: the new channel lists it."
    return Message(text, (section(text), actions("private", pressed), context(hint)))


def withdrawn_entry(deleted: int, files: int, still: Sequence[str]) -> str:
    """On the timeline and in the new channel: what was withdrawn, and what others still hold, a line each."""
    withdrawn = f"the announcement, {counted(deleted, 'message')}" + (f" and {counted(files, 'file')}" if files else "")
    lines = [
        *still,
        "what people have read, and notifications on their devices",
    ]
    return f"Withdrawn: {withdrawn} of Tocsin.\nCan't be withdrawn:\n" + "\n".join(f"• {line}" for line in lines)


def kept_in_slack(kept: int, kept_files: int, others: int, written: int, channel_id: str | None) -> list[str]:
    """What still stands in Slack: Tocsin's own that it could not delete, people's and other apps' messages."""
    refused = " of Tocsin that Slack didn't let it delete"
    return [
        *([f"{counted(kept, 'message')}{refused}"] if kept else []),
        *([f"{counted(kept_files, 'file')}{refused}"] if kept_files else []),
        *(
            [f"{counted(written, 'message')} that people wrote in <#{channel_id}> (ask them, or an admin)"]
            if written and channel_id
            else []
        ),
        *([f"{counted(others, 'message')} of other apps in <#{channel_id}> (ask an admin)"] if others else []),
    ]


def of_apps_in_threads(others: Mapping[str, int]) -> list[str]:
    """Other apps' messages below the announcement, a report or an alarm, by channel."""
    return [
        f"{counted(number, 'message')} of other apps in threads of <#{channel_id}> (ask an admin)"
        for channel_id, number in sorted(others.items())
    ]


def outside(reported_in: Sequence[str], renamed: str | None, duplicates: Sequence[str]) -> list[str]:
    """What others wrote, or Slack itself: reports, by channel; the notice of its new name; what was merged."""
    return [
        *(f"the report in <#{channel_id}> (ask whoever wrote it, or an admin)" for channel_id in reported_in),
        *([f"Slack's notice in <#{renamed}> that it was renamed, which shows its former name"] if renamed else []),
        *([f"titles and messages of what was merged into it: {', '.join(duplicates)}"] if duplicates else []),
    ]


def copies(
    issues: Sequence[str], published: int, calls: int, archived: bool, mails: int = 0, page_mails: int = 0
) -> list[str]:
    """What stands outside Slack, each with what to do about it."""
    named = ", ".join(escape(issue) for issue in issues)
    noun, pronoun = ("issue", "it") if len(issues) == 1 else ("issues", "them")
    return [
        *([f"{noun} {named} in the tracker (close or restrict {pronoun} there)"] if issues else []),
        *(["what readers of the status page and its feed kept; the page no longer shows it"] if published else []),
        *([f"{counted(mails, 'mail')} of stakeholder updates"] if mails else []),
        *([f"{counted(page_mails, 'mail or text', 'mails and texts')} of pages"] if page_mails else []),
        *([f"{counted(calls, 'call or text', 'calls and texts')} of paging services"] if calls else []),
        *(["the copy of its approved review in the archive (delete it in S3)"] if archived else []),
    ]


def merge_question(duplicate: Incident, target: Incident, people: Sequence[str]) -> Message:
    """Asked before merging into a security incident: who would be let in."""
    who = ", ".join(map(person, people))
    let_in = f"This lets {who} into its private channel." if people else "Nobody new is let in."
    text = f"{target.ref} is a security incident. Merge {duplicate.ref} into it? {let_in} It isn't named anywhere else."
    pressed = button(
        f"Merge into {target.ref}", "merge_private", f"{duplicate.incident_id}:{target.incident_id}", "danger"
    )
    return Message(text, (section(text), actions("merge", pressed)))
