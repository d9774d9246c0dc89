"""Lines in an incident's channel, and words to one person in it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents import messages as incident_messages
from bot.incidents import visibility
from bot.incidents.flows import members
from bot.incidents.flows.record import invite_later
from bot.incidents.flows.refusals import NotDone, channel_lost, not_done
from bot.incidents.queries import incidents, lines, places, timeline
from bot.incidents.rules.incident import is_private
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Refused, Slack, TryAgain
from bot.slack.poster import UNREACHABLE, Begun, Poster
from bot.slack.refusals import OF_THE_TOKEN, TRIED_AGAIN
from bot.text.markup import USER_ID, harmless

log = structlog.get_logger(__name__)

_NAMES_HOLD = timedelta(days=7)  # a name that was asked for so lately is not asked for again
_MOST_NAMES = 100  # names a call
_MISSING = UNREACHABLE | {"user_not_found", "user_disabled", "not_enabled", "user_not_in_channel"}


def offer_key(
    context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, user_id: str, ts: str, text: str = ""
) -> None:
    """Offer whoever wrote it to mark a message as key. What it says is read, as jobs hold no words of people.

    The version before handed the `text` over.
    """
    with context.database.reading() as session:
        entry = timeline.find_by_message(session, incident_id, ts)
        said = entry.text if entry is not None else text
    if said:
        whisper_to(context, slack, incident_id, user_id, incident_messages.key_offer(said, f"{incident_id}:{ts}"))


def whisper_to(context: AppContext, slack: Slack, incident_id: int, user_id: str, message: Message) -> bool:
    """A message that only that person sees, where the incident is spoken about; False where they don't see it."""
    with context.database.reading() as session:
        row = incidents.get(session, incident_id)
        place, message = places.place_of(session, row), incident_messages.marked(message, row.ref)
    if place is None:
        return False
    try:
        slack.reply_privately(place.channel_id, user_id, message.text, message.blocks, place.thread_ts)
    except Refused as refused:
        if refused.error not in _MISSING:
            raise
        log.info("could not reply privately", channel=place.channel_id, user=user_id, error=refused.error)
        return False
    return True


def speak(
    context: AppContext,
    poster: Poster,
    incident_id: int,
    key: str,
    message: Message | Callable[[Session], Message],
    then: Callable[[Session], None] | None = None,
) -> str | None:
    """Post or edit what is said under `key` where the incident is spoken about; its ts, None where there is no place.

    `message` may be read in the transaction that notes the post; what `then` does commits with the record of it.
    In a thread it is a message of its own. Where Slack no longer lets us speak in the channel, that is looked into.
    Raises TryAgain and Refused; after either the call may be repeated.
    """
    with context.database.transaction() as session:
        said = message if isinstance(message, Message) else message(session)
        said = incident_messages.marked(said, incidents.get(session, incident_id).ref)
        begun = begin_to_speak(session, poster, incident_id, key)
    return finish_speaking(context, poster, incident_id, key, begun, said, then)


def begin_to_speak(session: Session, poster: Poster, incident_id: int, key: str) -> Begun | None:
    """Note in the caller's transaction that `key` is about to be said; None where there is no place to say it."""
    place = places.place_of(session, incidents.get(session, incident_id))
    if place is None:
        return None
    return poster.begin(session, in_thread(key) if place.thread_ts else key, place.channel_id, place.thread_ts)


def finish_speaking(
    context: AppContext,
    poster: Poster,
    incident_id: int,
    key: str,
    begun: Begun | None,
    message: Message,
    then: Callable[[Session], None] | None = None,
) -> str | None:
    """Say what was begun, as `speak` has it."""
    if begun is None:
        return None
    ts = _speak_in(context, poster, incident_id, begun, message, then)
    if ts is not None or begun.thread_ts:
        return ts
    with context.database.transaction() as session:
        again = begin_to_speak(session, poster, incident_id, key)
    return _speak_in(context, poster, incident_id, again, message, then) if again and again.thread_ts else None


def _speak_in(
    context: AppContext,
    poster: Poster,
    incident_id: int,
    begun: Begun,
    message: Message,
    then: Callable[[Session], None] | None,
) -> str | None:
    try:
        return poster.finish(begun, message, then)
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        log.warning("could not post", key=begun.key, channel=begun.channel_id, error=refused.error)
        with context.database.transaction() as session:
            row = incidents.get_for_change(session, incident_id)
            if row.channel_id == begun.channel_id:
                channel_lost(session, row, refused.error, context.now())
        return None


def in_thread(key: str) -> str:
    """The key of what is said in the thread instead of in the channel."""
    return f"{key}:thread"


def report_refusal(
    context: AppContext,
    incident_id: int,
    what: str,
    refused: Refused,
    asked_by: str | None = None,
    again: str = "",
    since: datetime | None = None,
) -> None:
    """Slack refused what was promised: `what` completes "Tocsin couldn't …". People hear of it once.

    Not while Slack refuses our token: then nobody can be told in Slack.
    """
    if refused.error in OF_THE_TOKEN:
        return
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        again = again or (TRIED_AGAIN if refused.may_pass else "")
        not_done(session, row, NotDone(what, refused.refusal, asked_by, again, since), context.now())


def bring_in(
    context: AppContext,
    slack: Slack,
    incident_id: int,
    user_ids: Iterable[str],
    asked_by: str | None = None,
    last: bool = False,
) -> dict[str, Refused]:
    """Invite people into the incident's channel; who could not be let in, and why.

    They are named, with the reason, to whoever asked and to the commander. Where it is about us, it is tried again in a
    job of its own, so that nothing waits for it.
    """
    with context.database.reading() as session:
        place = places.place_of(session, incidents.get(session, incident_id))
    if place is None or place.thread_ts:
        return {}
    return bring_into(context, slack, incident_id, place.channel_id, user_ids, asked_by, last)


def bring_into(
    context: AppContext,
    slack: Slack,
    incident_id: int,
    channel_id: str,
    user_ids: Iterable[str],
    asked_by: str | None = None,
    last: bool = False,
) -> dict[str, Refused]:
    """As `bring_in`, where the channel is known to be there."""
    refused = slack.invite(channel_id, dict.fromkeys(user_ids))
    for user_id, refusal in refused.items():
        report_refusal(context, incident_id, incident_messages.bring_in(user_id, channel_id), refusal, asked_by)
    later = [user_id for user_id, refusal in refused.items() if refusal.may_pass]
    if later and not last:
        with context.database.transaction() as session:
            invite_later(session, incident_id, later, asked_by)
    return refused


def say(context: AppContext, slack: Slack, poster: Poster, *, entry_id: int) -> None:
    """One line where the incident is spoken about, on one entry of its timeline.

    What comes within a minute of the line before, with nothing said in between, is added to that message.
    """
    with context.database.reading() as session:
        entry = timeline.get(session, entry_id)
        incident_id, author = entry.incident_id, entry.author
        known = slack_queries.names_of(session, filter(None, [author]))
    if author is not None and author not in known:
        _try_to_learn(context, slack, author)
    now = context.now()

    def shared(session: Session) -> Message:
        return incident_messages.announcements(lines.read(session, lines.share(session, entry_id, now)), now)

    speak(context, poster, incident_id, f"entry:{entry_id}", shared)


def learn_names(context: AppContext, slack: Slack, poster: Poster, *, names_of: list[str]) -> None:
    """Keep what people, channels and user groups are called that somebody mentioned."""
    learn(context, slack, names_of)


def _try_to_learn(context: AppContext, slack: Slack, user_id: str) -> None:
    """Keep what somebody is called. Nothing waits for it: they are mentioned meanwhile."""
    try:
        learn(context, slack, [user_id])
    except TryAgain as error:
        log.info("could not look a name up", user=user_id, reason=str(error))


def learn(context: AppContext, slack: Slack, ids: Iterable[str]) -> None:
    """Have the names of these people, channels and user groups on record. Raises TryAgain.

    Whom Slack no longer names keeps the name that we know. What has no name for us (a private channel, somebody whom
    Slack does not show) is kept without one: readers get a plain word in its place, never the id.
    """
    wanted = set(ids)
    with context.database.reading() as session:
        known = slack_queries.looked_up_since(session, wanted, context.now() - _NAMES_HOLD)
    asked = sorted(wanted - known)[:_MOST_NAMES]
    groups = _groups(slack) if any(each.startswith("S") for each in asked) else {}
    found = {each: _profile(slack, groups, each) for each in asked}
    if not found:
        return
    with context.database.transaction() as session:
        for slack_id, (name, time_zone) in found.items():
            if name is not None:
                slack_queries.record_name(session, slack_id, name, context.now(), time_zone)


def _profile(slack: Slack, groups: dict[str, str] | None, slack_id: str) -> tuple[str | None, str | None]:
    """The name, empty where there is none for us and None where it is not known, and for people their time zone."""
    if USER_ID.fullmatch(slack_id):
        name, time_zone = slack.profile_of(slack_id)
        return "" if name == slack_id else name, time_zone
    if slack_id.startswith("S"):
        return groups.get(slack_id, "") if groups is not None else None, None
    return _channel(slack, slack_id), None


def _channel(slack: Slack, channel_id: str) -> str | None:
    """Names of private channels are for their members: Slack shows them to nobody else, and neither do we.

    None where Slack refused for a reason that may pass: the next text that mentions it asks again.
    """
    try:
        channel = slack.call("conversations.info", channel=channel_id)["channel"]
    except Refused as refused:
        log.info("a channel has no name for us", channel=channel_id, error=refused.error)
        return None if refused.may_pass else ""
    return "" if channel.get("is_private") else str(channel.get("name") or "")


def _groups(slack: Slack) -> dict[str, str] | None:
    """Handles of all user groups by id, as Slack has no call for one; None where it does not say."""
    try:
        found = slack.call("usergroups.list")["usergroups"]
    except Refused as refused:
        log.info("user groups have no names for us", error=refused.error)
        return None
    return {str(group["id"]): str(group.get("handle") or group.get("name") or "") for group in found}


def tell(context: AppContext, slack: Slack, poster: Poster, *, entry_id: int, user_id: str) -> None:
    """An entry of the timeline as a direct message. Whom Slack does not let us write to reads it on the timeline.

    Who has left a security incident since it was to be said hears nothing.
    """
    with context.database.transaction() as session:
        entry = timeline.get(session, entry_id)
        row = incidents.get(session, entry.incident_id)
        incident, text = incidents.facts(row), harmless(entry.text)
        if not visibility.may_see(session, row, user_id):
            return
    message = incident_messages.marked(incident_messages.told(incident, text), incident.ref)
    write_to(slack, poster, user_id, f"tell:{entry_id}:{user_id}", message)


def reply_privately(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    *,
    user_id: str,
    text: str,
    incident_id: int | None = None,
    channel_id: str | None = None,
) -> None:
    """A sentence that only one person sees: where the incident is spoken about, or in a channel.

    Where Slack does not show it to them there, it becomes a direct message.
    """
    if incident_id is not None:
        with context.database.transaction() as session:
            row = incidents.get(session, incident_id)
            sees, text = visibility.may_see(session, row, user_id), incident_messages.marked_text(text, row.ref)
        if not sees or whisper_to(context, slack, incident_id, user_id, Message(text)):
            return
    elif channel_id is not None:
        try:
            slack.reply_privately(channel_id, user_id, text)
            return
        except Refused as refused:
            if refused.error not in _MISSING:
                raise
            log.info("could not reply privately", channel=channel_id, user=user_id, error=refused.error)
    write_to(slack, poster, user_id, f"reply_privately:{user_id}:{zlib.crc32(text.encode()):08x}", Message(text))


def reply(context: AppContext, slack: Slack, poster: Poster, *, channel_id: str, ts: str, text: str) -> None:
    """The answer to a message that somebody wrote to Tocsin itself."""
    poster.try_to_post(f"reply:{channel_id}:{ts}", channel_id, Message(text))


def write_to(slack: Slack, poster: Poster, user_id: str, key: str, message: Message) -> bool:
    """A direct message; False where Slack does not let us write to them."""
    try:
        poster.say(key, slack.open_direct(user_id), message)
    except Refused as refused:
        if refused.may_pass:
            raise
        log.warning("could not write to somebody", user=user_id, error=refused.error)
        return False
    return True


def read_members(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Ask Slack who is in the channel of a security incident, and keep it. Raises TryAgain and Refused."""
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        channel_id, private = row.channel_id, is_private(row.ref)
        workspace = slack_queries.find_workspace(session)
    if channel_id is None or not private:
        return
    asked_at, user_ids = context.now(), None
    try:
        user_ids = slack.members(channel_id) - {workspace.bot_user_id if workspace else ""}
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        log.warning("could not ask who is in the channel", channel=channel_id, error=refused.error)
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        if user_ids is None:
            members.unknown(session, row, context.now())
        else:
            members.found(session, row, user_ids, asked_at)


TASKS: dict[str, Callable[..., None]] = {
    "slack.say": say,
    "slack.tell": tell,
    "slack.reply_privately": reply_privately,
    "slack.reply": reply,
    "slack.offer_key": offer_key,
    "slack.learn_names": learn_names,
    "slack.read_members": read_members,
}
