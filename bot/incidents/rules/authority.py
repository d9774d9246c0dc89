"""Who may do what: acts, how Slack knows somebody, and whether a rule lets them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MEMBERS, GUESTS, ROSTER, DECLARER = "members", "guests", "roster", "declarer"
# As contacts.yaml calls them.
ROSTER_ROLES = ("on-call engineer", "secondary on-call", "team lead", "engineering manager", "VP engineering")


class Act(StrEnum):
    """What somebody may be let do or not, as authority.yaml spells it. Reporting in words is open to everybody."""

    READ = "read"
    DECLARE = "declare"
    DRILL = "drill"
    CHANGE = "change"
    FALSE_ALARM = "mark false alarm"
    MERGE = "merge"
    MAKE_PRIVATE = "make private"
    OVERRIDE = "override on-call"
    EDIT_REVIEWS = "edit reviews"
    APPROVE = "approve reviews"
    EDIT_KNOWLEDGE = "edit knowledge"
    PUBLISH = "publish status"


# Done by mistake or malice, these reach furthest: nobody does them whom Slack cannot vouch for at the moment.
FAR_REACHING = frozenset({Act.OVERRIDE, Act.APPROVE, Act.PUBLISH})


class Standing(StrEnum):
    """What somebody is in this Slack workspace. UNKNOWN: Slack has not said."""

    MEMBER = "member"
    GUEST = "guest"
    STRANGER = "person of another workspace"
    BOT = "bot"
    DEACTIVATED = "deactivated account"
    UNKNOWN = "unknown"


OUTSIDERS = frozenset({Standing.GUEST, Standing.STRANGER, Standing.BOT})


def standing_of(user: Mapping[str, Any], team_id: str, enterprise_id: str = "") -> Standing:
    """What Slack's `users.info` makes of somebody, for the workspace `team_id` of the organization `enterprise_id`."""
    if user.get("deleted"):
        return Standing.DEACTIVATED
    if user.get("is_bot"):
        return Standing.BOT
    theirs = str(user.get("team_id") or "")
    organization = str((user.get("enterprise_user") or {}).get("enterprise_id") or "")
    abroad = bool(theirs and team_id) and theirs not in (team_id, enterprise_id)
    if user.get("is_stranger") or (abroad and not (enterprise_id and organization == enterprise_id)):
        return Standing.STRANGER
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Standing.GUEST
    return Standing.MEMBER


@dataclass(frozen=True, slots=True)
class RosterFacts:
    """Who is on the roster: `listed` are the people of contacts.yaml by name, `holders` who has which role by right.

    By right means by contacts.yaml, by an imported schedule, or by an override that somebody else made who holds that
    role or one above it by contacts.yaml: nobody gives themselves rights. `groups` are user groups by id.
    """

    listed: Mapping[str, str] = field(default_factory=dict)
    holders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who wants to do something. `parts` are their roles in the incident."""

    user_id: str
    standing: Standing
    parts: frozenset[str] = frozenset()


def allows(act: Act, rule: Collection[str], actor: Actor, roster: RosterFacts) -> bool:
    """Whether `rule`, names as authority.yaml has them, lets this person do `act`."""
    if actor.standing is Standing.DEACTIVATED or (actor.standing is Standing.UNKNOWN and act in FAR_REACHING):
        return False
    on_roster = actor.user_id in roster.listed
    named = {actor.user_id, *(group for group, members in roster.groups.items() if actor.user_id in members)}
    if actor.standing in OUTSIDERS and not on_roster:
        named |= {GUESTS} if actor.standing is Standing.GUEST else set()
    else:
        held = {role for role, people in roster.holders.items() if actor.user_id in people}
        named |= {MEMBERS, *actor.parts, *held} | ({ROSTER} if on_roster else set())
    return bool(named & set(rule))


def lets_every_member(act: Act, rule: Collection[str], standing: Standing) -> bool:
    """Whether it lets this person in by their standing alone, so that nobody need know what else they are."""
    sure = standing not in OUTSIDERS | {Standing.DEACTIVATED, Standing.UNKNOWN}
    return MEMBERS in rule and (sure or (standing is Standing.UNKNOWN and act not in FAR_REACHING))


def refusal(act: Act, rule: Collection[str], standing: Standing, ask: str) -> str:
    """One sentence, in plain words: who may, and whom to ask. `ask` is a name, or empty where nobody is known."""
    done = _IN_FULL.get(act, str(act))
    if standing is Standing.UNKNOWN and act in FAR_REACHING:
        return f"Slack can't confirm your account right now, so you can't {done} yet. Try again in a minute."
    if standing in OUTSIDERS and MEMBERS in rule:
        who = _CALLED[standing]
        return f"{who} can report an incident in the announcement channel but can't {done}. {_ask(ask)}"
    return f"Only {people_of(rule)} can {done}. {_ask(ask)}"


_IN_FULL = {
    Act.READ: "read incidents",
    Act.DECLARE: "declare incidents",
    Act.DRILL: "start drills",
    Act.CHANGE: "change incidents",
    Act.FALSE_ALARM: "mark false alarms",
    Act.MERGE: "merge incidents",
    Act.MAKE_PRIVATE: "make incidents private",
    Act.PUBLISH: "publish status updates",
}
_CALLED = {Standing.GUEST: "Guests", Standing.BOT: "Bots", Standing.STRANGER: "People of other workspaces"}


def _ask(name: str) -> str:
    return f"Ask {name}." if name else "Ask whoever runs Tocsin."


def people_of(rule: Collection[str]) -> str:
    """`the commander, scribe or people listed in contacts.yaml`, in the order of the rule."""
    said = {
        MEMBERS: "members of this workspace",
        GUESTS: "guests",
        ROSTER: "people listed in contacts.yaml",
        DECLARER: "whoever declared it",
    }
    words: list[str] = []
    for name in rule:
        named = said.get(name) or ("those named in authority.yaml" if is_id(name) else "")
        before = any(word.startswith("the ") for word in words)
        words.append(named or (name if before else f"the {name}"))
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} or {last}" if most else last


def is_id(name: str) -> bool:
    """Whether it is the id of a person (U…, W…) or of a user group (S…)."""
    return re.fullmatch(r"[UWS][A-Z0-9]{4,}", name) is not None
