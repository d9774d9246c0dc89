"""How loud an incident is: a P1 of three hours that is worked on, and a P0 that nobody answers, played and counted.

    python -m bench calm

Both are played against the real bot at the local Slack, with a clock that is sped up. Of the P1 we count what Tocsin
posts in the incident's channel, and how many of those messages mention somebody of whom nothing is asked; of the P0 the
direct messages of each person.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from rich.console import Console

from bench.figures import figure
from bot.demo.seed import BOT_USER_ID, INCIDENTS
from bot.demo.stage import Stage
from slack_playground.person import Person, content_of
from slack_playground.workspace.records import Json

_RATE = 30.0  # virtual seconds a second while people act; waits between are sped up further
_MOST_POSTS, _MOST_MENTIONS, _MOST_PAGES = 10, 3, 8
_MENTION = re.compile(r"<@(U\w+)>")
_ASKS = ("page_acknowledge", "page_take_over", "handover_accept")  # whoever is mentioned beside these is asked to act
_NOTICES = ("channel_topic", "channel_name", "pinned_item")  # Slack's own, of what was set once
_PEOPLE = ("U0RESPONDER", "U0SECONDARY", "U0TEAMLEAD", "U0MANAGER", "U0VP", "U0SUPPORT")
_UNANSWERED_MINUTES = 130  # the VP is paged after two hours

# What is done in a P1 of three hours: the minute, who, and what they type; words without a slash are said.
_WORK: Sequence[tuple[float, str, str]] = (
    (5, "U0RESPONDER", "/incident status investigating"),
    (6, "U0RESPONDER", "The 502s are orders-api giving up after 30 s."),
    (8, "U0RESPONDER", "/incident note detected 10 min ago by customers' calls"),
    (9, "U0RESPONDER", "/incident role scribe @secondary"),
    (12, "U0SECONDARY", "orders-db is at 500 of 500 connections."),
    (14, "U0RESPONDER", "/incident severity P0 every country"),
    (20, "U0SECONDARY", "/incident note rollback to 211 fails: it cannot read orders.total"),
    (24, "U0RESPONDER", "/incident severity P1 only card payments"),
    (31, "U0RESPONDER", "/incident status identified"),
    (31.5, "U0RESPONDER", "/incident cause release 212 keeps its transaction open"),
    (40, "U0SECONDARY", "Build 213 is running."),
    (41, "U0RESPONDER", "/incident impact a third of checkouts fail"),
    (55, "U0RESPONDER", "/incident role comms @support-agent"),
    (70, "U0RESPONDER", "/incident note 213 is green in staging"),
    (92, "U0SUPPORT", "Calls are getting fewer."),
    (100, "U0SECONDARY", "/incident note 213 is on half of the pods"),
    (121, "U0TEAMLEAD", "I'm here. Approved."),
    (125, "U0RESPONDER", "/incident note 213 is on all pods"),
    (134, "U0RESPONDER", "/incident status mitigated"),
    (150, "U0RESPONDER", "/incident action high alarm at 80 % of the connections @secondary by Friday"),
    (151, "U0RESPONDER", "/incident action medium a way back for column changes @responder in 2 weeks"),
    (170, "U0SECONDARY", "Error rate is flat for half an hour."),
    (175, "U0RESPONDER", "/incident resolve 213 ends the transaction before the call"),
    (180, "U0RESPONDER", "/incident close"),
)
_UPDATES = (45, 105)  # minutes at which the commander writes an update for stakeholders


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the bot, with whom it mentions as posted and in its last wording without asking them anything."""

    text: str
    mentions: frozenset[str]


def measure() -> None:
    """Play both and print."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=True)
    with tempfile.TemporaryDirectory(prefix="tocsin-calm-") as name, ExitStack() as stack:
        stage = Stage(Path(name).resolve(), _RATE, console)
        stage.begin(stack)
        _report_room(_play_worked(stage))
        _report_pages(_play_unanswered(stage))


def _report_room(said: Sequence[Said]) -> None:
    for one in said:
        print("  |", " ".join(one.text.split())[:150])
    figure("P1 of three hours: posts of the bot in its channel", len(said), "", _MOST_POSTS)
    mentions = Counter(user_id for one in said for user_id in one.mentions if user_id != BOT_USER_ID)
    figure(
        "P1 of three hours: posts mentioning one person who is asked nothing, most",
        max(mentions.values(), default=0),
        "",
        _MOST_MENTIONS,
    )


def _report_pages(directs: Mapping[str, int]) -> None:
    print("  | direct messages:", ", ".join(f"{user_id} {number}" for user_id, number in directs.items()))
    most = max(directs.values())
    figure("P0 nobody answers, two hours: direct messages to one person, most", most, "", _MOST_PAGES)
    figure("P0 nobody answers, two hours: people paged", sum(number > 0 for number in directs.values()), "")


def _play_worked(stage: Stage) -> list[Said]:
    people = {user_id: stage.person(user_id) for user_id in _PEOPLE}
    responder = people["U0RESPONDER"]
    began = stage.minutes()
    room = _declare(people["U0SUPPORT"], "P1 checkout returns 502 for a third of users", responder)
    for user_id in ("U0SECONDARY", "U0TEAMLEAD"):
        people[user_id].act("join", channel=room)
    page = responder.wait_for_message(responder.dm_with(BOT_USER_ID), "on-call engineer")
    stage.until(began + 3)
    responder.press(page, "page_acknowledge")
    acts = [*_WORK, *((minute, "U0RESPONDER", "") for minute in _UPDATES)]
    for minute, who, words in sorted(acts):
        stage.until(began + minute)
        _act(people[who], room, words)
    responder.wait_for_message(room, "Review draft of")
    return list(_said_in(stage, responder, room))


def _act(person: Person, room: str, words: str) -> None:
    if words.endswith("/incident close"):
        person.command(room, words)
        person.submit(person.wait_for_view(), {"alarm": {"alarm": "real"}, "playbook": {"playbook": "no"}})
    elif words.startswith("/"):
        person.command(room, words)
    elif words:
        person.say(room, words)
    else:
        person.command(room, "/incident update")
        form = person.wait_for_view()
        person.submit(form, {"news": {"news": "We know the cause and are rolling out the fix"}})


def _play_unanswered(stage: Stage) -> dict[str, int]:
    """Direct messages by person about a P0 that nobody answers, those in threads included."""
    people = {user_id: stage.person(user_id) for user_id in _PEOPLE}
    before = {user_id: len(_directs(person)) for user_id, person in people.items()}
    began = stage.minutes()
    _declare(people["U0SUPPORT"], "P0 the whole shop is down", people["U0RESPONDER"])
    stage.until(began + _UNANSWERED_MINUTES)
    vp = people["U0VP"]
    vp.wait_for_message(vp.dm_with(BOT_USER_ID), "paged as")
    return {user_id: len(_directs(person)) - before[user_id] for user_id, person in people.items()}


def _declare(declarer: Person, words: str, responder: Person) -> str:
    """The new incident's channel, once its card is there."""
    declarer.command(INCIDENTS, f"/incident declare! {words}")
    ref = re.search(r"INC-\d+-\d+", content_of(declarer.wait_for_ephemeral(INCIDENTS, "declared")))
    assert ref is not None
    channel = responder.wait_for_channel(ref[0].lower())
    responder.wait_for(lambda: responder.messages(channel["id"]) or None, what="the card")
    return str(channel["id"])


def _directs(person: Person) -> list[Json]:
    place = person.dm_with(BOT_USER_ID)
    shown = [message for message in person.messages(place) if message.get("bot_id")]
    return shown + [
        said for message in shown if message.get("reply_count") for said in person.replies(place, message["ts"])[1:]
    ]


def _said_in(stage: Stage, reader: Person, room: str) -> Iterator[Said]:
    """Every message of the bot in the channel, threads included, with whom it mentioned at any time."""
    wordings = _wordings(stage, room)
    for message in reader.messages(room):
        if not message.get("bot_id") or message.get("is_ephemeral") or message.get("subtype") in _NOTICES:
            continue
        texts = [*wordings.get(message["ts"], []), content_of(message)]
        asks = any(action in str(message.get("blocks")) or action in "".join(texts) for action in _ASKS)
        mentions = frozenset() if asks else frozenset(_MENTION.findall(" ".join(texts)))
        yield Said(content_of(message), mentions)


def _wordings(stage: Stage, room: str) -> dict[str, list[str]]:
    """What each message of the channel said when it was posted and at every edit, blocks as JSON."""
    with urlopen(f"{stage.playground.url}/control/journal?since=0") as answer:
        entries = json.load(answer)["entries"]
    found: dict[str, list[str]] = {}
    for entry in entries:
        args = entry["args"]
        if entry["method"] == "chat.update" and entry["ok"] and args.get("channel") == room:
            found.setdefault(args["ts"], []).append(json.dumps([args.get("text"), args.get("blocks")]))
    return found
