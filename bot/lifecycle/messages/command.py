"""Who commands, and who has which role: on the timeline, and to the people it concerns. Pure."""

from __future__ import annotations

from bot.incidents.rules.responders import EXPECTED, ResponderRole
from bot.slack.text import person


def _from(before: str | None, after: str) -> str:
    return f" from {person(before)}" if before and before != after else ""


def taken_entry(by: str, before: str | None) -> str:
    return f"{person(by)} takes command{_from(before, by)}."


def accepted_entry(by: str, before: str | None) -> str:
    return f"{person(by)} accepts command{_from(before, by)}."


def you_command(ref: str) -> str:
    return f"You're now in command of {ref}."


def you_command_already(ref: str) -> str:
    return f"You're already in command of {ref}."


def accepted_already(ref: str) -> str:
    return f"You already accepted command of {ref}."


def replaced(ref: str, role: str, after: str, by: str) -> str:
    """To whoever had the role before."""
    assigned = f", assigned by {person(by)}" if by != after else ""
    return f"{person(after)} replaces you as {role} of {ref}{assigned}."


# Offers


def stays(commander: str | None) -> str:
    return f"{person(commander)} is in command" if commander else "no one is in command"


def offered_entry(by: str, to_user: str) -> str:
    return f"{person(by)} offers command to {person(to_user)}."


def offered(ref: str, to_user: str, commander: str | None) -> str:
    return f"Asked {person(to_user)} to take command of {ref}. Until they accept, {stays(commander)}."


def offered_by_you(to_user: str) -> str:
    return f"You already asked {person(to_user)}."


def offered_before(to_user: str, asked_by: str, commander: str | None) -> str:
    return f"{person(to_user)} was already asked, by {person(asked_by)}. Until they accept, {stays(commander)}."


def only_commander_offers(ref: str, commander: str) -> str:
    return (
        f"{person(commander)} is in command of {ref}, so only they can hand it over. "
        "To take command yourself, press Take command on the card."
    )


def commands_already(ref: str, user_id: str) -> str:
    return f"{person(user_id)} is already in command of {ref}."


PRESS_TAKE_COMMAND = "To take command yourself, press Take command on the card."


def withdrawn(later: bool) -> str:
    """`later`: the same person has a later offer that stands."""
    return f"This offer was withdrawn. {'Accept the later one' if later else 'Press Take command on the card'}."


def offered_to_another(to_user: str) -> str:
    return f"This was offered to {person(to_user)}; only they can accept."


# Roles


def role_entry(role: ResponderRole, before: str | None, user_id: str, by: str) -> str:
    """What the channel reads of it."""
    if role is ResponderRole.COMMANDER and before is not None and by == user_id:
        return taken_entry(user_id, before)
    instead = f", replacing {person(before)}" if before is not None else ""
    assigned = "" if by == user_id else f", assigned by {person(by)}"
    return f"{person(user_id)} is now {role}{instead}{assigned}."


def has_role(ref: str, role: ResponderRole, user_id: str) -> str:
    return f"{person(user_id)} is already {role} of {ref}. {EXPECTED[role]}"


def role_given(ref: str, role: ResponderRole, user_id: str, by: str) -> str:
    who = "You are" if by == user_id else f"{person(user_id)} is"
    return f"{who} {role} of {ref}. {EXPECTED[role]}"
