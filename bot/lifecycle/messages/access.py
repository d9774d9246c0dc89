"""Access to a security incident: who may have it, asked and changed, and who had it. Facts in, text out."""

from __future__ import annotations

from collections.abc import Sequence

from bot.incidents.messages import headline
from bot.incidents.rules.authority import is_id
from bot.incidents.rules.incident import Incident
from bot.incidents.tables import AccessRow
from bot.slack.blocks import actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import person, shorten
from bot.text.markup import escape, instant

ASKED_BELOW = "Tocsin asks you in a direct message who may see it; until you answer it is worked on in private."
WITHDRAWN = "This incident is worked on in private."
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
        f"{former} is {ref} now. Tocsin opens a private channel, invites the people who have a part in it, and "
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
        f"{WITHDRAWN} Please don't discuss it here, and delete what you wrote about it. If you have a part in it, ask "
        "the on-call engineer to invite you."
    )
    return Message(text, (section(text),))


def moved_ordinary(incident: Incident) -> Message:
    """In the private channel that was left."""
    where = f" in <#{incident.channel_id}>" if incident.channel_id else ""
    text = f"This is {incident.ref} now, which everybody may see. Work goes on{where}."
    return Message(text, (section(text),))


def withdrawn_entry(
    channel_id: str | None, deleted: int, kept: int, written: int, told: int, stays: Sequence[str]
) -> str:
    """On the timeline and in the new channel: what was withdrawn, and what Slack still holds."""
    lines = [f"Withdrawn: the announcement, and {_count(deleted, 'message')} of Tocsin."]
    still = [
        *stays,
        *([f"{_count(kept, 'message')} of Tocsin that Slack didn't let it delete"] if kept else []),
        *(
            [f"{_count(written, 'message')} that people wrote in <#{channel_id}> (ask them, or an admin)"]
            if written
            else []
        ),
        *([f"mails of {_count(told, 'stakeholder update')}"] if told else []),
        "what people have read, and notifications on their devices",
    ]
    return " ".join([*lines, f"Can't be withdrawn: {'; '.join(still)}."])


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def merge_question(duplicate: Incident, target: Incident, people: Sequence[str]) -> Message:
    """Asked before merging into a security incident: who would be let in."""
    who = ", ".join(map(person, people))
    let_in = f"This lets {who} into its private channel." if people else "Nobody new is let in."
    text = f"{target.ref} is a security incident. Merge {duplicate.ref} into it? {let_in} It is named nowhere outside."
    pressed = button(
        f"Merge into {target.ref}", "merge_private", f"{duplicate.incident_id}:{target.incident_id}", "danger"
    )
    return Message(text, (section(text), actions("merge", pressed)))
