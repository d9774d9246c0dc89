"""Pages outside Slack: the lines of the timeline, what failed, and what a test page brought. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.escalation.rules.methods import MAIL, TEXT
from bot.escalation.tables import PageCallRow
from bot.pagers.services import SERVICES
from bot.slack.blocks import section
from bot.slack.client import Message
from bot.slack.text import person, plain
from bot.text.markup import escape, instant

_TITLES = {MAIL: "mail", TEXT: "text message"}


def title_of(method: str) -> str:
    """`PagerDuty`, of a method's name."""
    service = method.split(":", 1)[0]
    known = SERVICES.get(service)
    return known.title if known else _TITLES.get(service, service)


def named(name: str, user_id: str | None) -> str:
    """Somebody by mention; by their name in contacts.yaml where they are not in Slack."""
    return person(user_id) if user_id else plain(name)


@dataclass(frozen=True, slots=True)
class Way:
    """One method of a person's page, and what came of it. `at` is when it was sent or is due."""

    method: str
    state: str
    at: datetime
    reason: str = ""
    answered_by: str = ""


def called(who: str, ways: Sequence[Way]) -> str:
    """One line for a person: every way so far. What comes before the colon tells the lines of a page apart."""
    return f"Paged {who} outside Slack: {', '.join(_way(way) for way in ways)}."


def _way(way: Way) -> str:
    title = title_of(way.method)
    if way.answered_by:
        return f"{title} {instant(way.at)}, answered by {escape(way.answered_by)}"
    match way.state:
        case "sent":
            return f"{title} {instant(way.at)}"
        case "failed":
            return f"{title} failed"  # why has an entry of its own
        case "cancelled":
            return f"{title} not sent ({escape(way.reason)})"
        case _:
            return f"{title} due {instant(way.at)}"


def failed(who: str, method: str, reason: str, advice: str, following: str) -> str:
    """A page that a service did not take. `following` is the next method, empty where there is none."""
    then = f"Trying {title_of(following)} now." if following else "No other method is left for this page."
    return " ".join(filter(None, (f"Could not page {who} by {title_of(method)}: {escape(reason)}.", advice, then)))


def trying(who: str, method: str, reason: str, tries: int, following: str) -> str:
    """A service that did not answer several times; it is tried again."""
    then = f"Trying {title_of(following)} meanwhile." if following else ""
    said = f"{_first(title_of(method))} hasn't accepted the page for {who} in {tries} tries: {escape(reason)}."
    return " ".join(filter(None, (said, "Tocsin keeps trying for an hour.", then)))


def unsettled(who: str, method: str, act: str, reason: str, advice: str) -> str:
    """A page that still stands at the service."""
    there = title_of(method)
    said = f"Could not {act} the page for {who} in {there}: {escape(reason)}."
    return " ".join(filter(None, (said, advice, f"It may go on paging; {act} it in {there}.")))


def way_of(row: PageCallRow) -> Way:
    """How a call stands."""
    at = row.sent_at or row.due_at
    return Way(row.method, row.state, at, row.reason or "", row.answered_by or "")


def test_planned(who: str, methods: Sequence[str]) -> str:
    """The answer to whoever asks for a test page."""
    ways = ", ".join(dict.fromkeys(map(title_of, methods)))
    return f"Sending a TEST page to {who} by {ways}. What comes back follows in a direct message; no incident is made."


def test_report(who: str, ways: Sequence[Way]) -> Message:
    """What came of each method of a test page."""
    lines = [f"*TEST page to {who}:* nothing is wrong, no incident was made.", *map(_came_back, ways)]
    text = "\n".join(lines)
    return Message(text, (section(text),))


def _came_back(way: Way) -> str:
    title = _first(title_of(way.method))
    if way.answered_by:
        return (
            f":white_check_mark: {title}: accepted {instant(way.at)}, acknowledged there by {escape(way.answered_by)}"
        )
    match way.state:
        case "sent":
            return f":white_check_mark: {title}: accepted {instant(way.at)}"
        case "failed":
            return f":x: {title}: {escape(way.reason)}. `docs/paging.md` says how to set it up."
        case _ if way.reason:
            return f":hourglass: {title}: {escape(way.reason)}; trying again"
        case _:
            return f":hourglass: {title}: on its way"


def coming_line(call: PageCallRow) -> str:
    """A call on the ladder that is still to come, or tried again."""
    again = f" (tried {call.tries} times: {escape(call.reason)})" if call.tries and call.reason else ""
    unless = ", unless acknowledged" if call.waits else ""
    who = named(call.person, call.user_id)
    return f":clock1: {instant(call.due_at)} rings {who} by {title_of(call.method)}{unless}{again}"


def done_line(call: PageCallRow) -> str:
    """A call on the ladder that was made, or given up."""
    what = f"{call.role} ({title_of(call.method)})"
    if call.state == "failed":
        return f":x: {instant(call.due_at)} {what}: not sent, {escape(call.reason or 'reason unknown')}"
    return f":white_check_mark: {instant(call.sent_at or call.due_at)} {what}: {named(call.person, call.user_id)}"


NO_METHODS = "has no way to be paged outside Slack. `docs/paging.md` says how to add one to `contacts.yaml`."
TESTED_LATELY = "was sent a TEST page less than a minute ago, or three times within the hour. Try again later."
GAVE_UP = "no answer for an hour"
TEST_GAVE_UP = "no answer for two minutes"
PAGERS_OFF = "pagers are off in this process"
TOCSIN = "Tocsin"
NO_LONGER_LISTED = "this method is no longer in contacts.yaml"
ANSWERED, OVER = "acknowledged before it was due", "no longer needed"


def no_way(way: str) -> str:
    """Mail or text messages are off, or the person has no address for them."""
    setting, address = ("TOCSIN_MAIL_FROM", "email") if way == MAIL else ("TOCSIN_TEXT_MESSAGES", "phone")
    return f"{setting} is not set, or contacts.yaml has no {address}"


def _first(text: str) -> str:
    return text if text == "ntfy" else text[:1].upper() + text[1:]


def answered_there(who: str, method: str, role: str) -> str:
    """Somebody unknown to Tocsin answered a page at its service: it stops that rung, not the incident's clock."""
    said = f"Acknowledged by {escape(who)} in {title_of(method)}, who isn't known to Tocsin:"
    return f"{said} the {role} isn't paged again, and the incident still waits for an acknowledgement."
