"""Saying one thing once: a stored ts means update rather than post, and a post whose answer was lost is found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.slack import queries as slack_queries
from bot.slack.client import Message, Refused, Slack, TryAgain
from bot.slack.refusals import never_posted
from bot.slack.tables import SlackMessage
from bot.slack.text import is_person
from bot.store.engine import Database

_SHORTEST_TURN = 0.5  # seconds; less is not taken for a time that somebody named

log = structlog.get_logger(__name__)

# The channel cannot be spoken in, or what was to be answered was deleted: saying it again later would not help.
UNREACHABLE = frozenset(
    {
        "is_archived",
        "is_inactive",
        "channel_not_found",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "user_is_restricted",
        "thread_not_found",
    }
)


def find_or_post(
    slack: Slack, key: str, channel_id: str, message: Message, thread_ts: str | None = None, tried_in: str | None = None
) -> tuple[str, str, bool]:
    """The channel and ts of the message of that key, and whether it stood there before.

    `channel_id` may be a person's id, for our direct conversation. `tried_in` is the channel of an earlier try whose
    answer was lost: Slack may have taken that message. Raises TryAgain and Refused; after either the call may be
    repeated.
    """
    if tried_in is not None:
        where = slack.open_direct(tried_in) if is_person(tried_in) else tried_in
        ts = slack.find_by_key(where, key, thread_ts)
        if ts is not None:
            return where, ts, True
    try:
        return *_post_in_turn(slack, channel_id, message, key, thread_ts), False
    except Refused as refused:
        if refused.error != "thread_not_found" or thread_ts is None or not is_person(channel_id):
            raise
        return *_post_in_turn(
            slack, channel_id, message, key
        ), False  # what it was to stand under in our conversation is gone


def _post_in_turn(
    slack: Slack, place: str, message: Message, key: str, thread_ts: str | None = None
) -> tuple[str, str]:
    """Post, unless Slack holds that channel back and others came before. Raises TryAgain for its turn, and Refused."""
    queue = f"{slack.lane}:{place}"
    if wait := slack.turns.wait(queue, key):
        raise TryAgain("chat.postMessage", "ratelimited", max(wait, _SHORTEST_TURN))
    try:
        return slack.post_to(place, message, key, thread_ts)
    except TryAgain as error:
        if error.reason == "ratelimited" and error.after:
            slack.turns.put_first(queue, key, error.after)
        raise


Then = Callable[[Session, str, str], None]  # given the channel and the ts of what was posted


@dataclass(frozen=True, slots=True)
class Begun:
    """A message that is about to be posted or edited; `earlier` is where it stood or was tried, its ts where known."""

    key: str
    channel_id: str
    thread_ts: str | None
    earlier: tuple[str, str | None] | None
    noted: bool = True  # whether the database knows that it is about to be said


class Poster:
    """Posts and edits messages by key, whatever crashes between."""

    def __init__(self, database: Database, slack: Slack, now: Callable[[], datetime], tries: int = 0) -> None:
        """`tries`: how often the job that posts was begun before."""
        self._database = database
        self._slack = slack
        self._now = now
        self._tries = tries

    def say(self, key: str, channel_id: str, message: Message, thread_ts: str | None = None) -> str:
        """Post the message under `key`, or edit it into the one that stands. Returns its ts.

        Raises TryAgain and Refused; after either the call may be repeated.
        """
        with self._database.transaction() as session:
            begun = self.begin(session, key, channel_id, thread_ts)
        return self.finish(begun, message)

    def begin(self, session: Session, key: str, channel_id: str, thread_ts: str | None = None) -> Begun:
        """Note in the caller's transaction that `key` is about to be posted or edited; `finish` comes after it."""
        earlier = slack_queries.begin_message(session, key, channel_id, self._now())
        return Begun(key, channel_id, thread_ts, (earlier.channel_id, earlier.ts) if earlier else None)

    def begin_unnoted(
        self, key: str, channel_id: str, thread_ts: str | None = None, note: SlackMessage | None = None
    ) -> Begun:
        """As `begin`, with one commit less: for what only jobs say of which never two run, and no other follows before
        one that failed is done.

        The queue counts how often a job was begun, so its first try need not be noted to be known of. `note` is what
        is kept of `key`. A job that was begun before and left none may have died after its post: that is looked for.
        """
        earlier = (note.channel_id, note.ts) if note is not None else None
        if earlier is None and self._tries and not self._slack.untaken.knows(key, self._tries):
            earlier = (channel_id, None)
        return Begun(key, channel_id, thread_ts, earlier, noted=False)

    def finish(self, begun: Begun, message: Message, then: Then | None = None) -> str:
        """Post or edit what was begun. Returns its ts.

        What `then` does, given where it stands, commits with the record that it was posted. Raises as `say` does.
        """
        if begun.earlier and (known := begun.earlier[1]):
            self._slack.update(begun.earlier[0], known, message)
            if then is not None:
                with self._database.transaction() as session:
                    then(session, begun.earlier[0], known)
            return known
        # A note without ts: an earlier try may have reached Slack without our hearing of it.
        # It is there where it was posted, which a setting may have changed since.
        tried_in = begun.earlier[0] if begun.earlier else None
        try:
            channel_id, ts, found = find_or_post(
                self._slack, begun.key, begun.channel_id, message, begun.thread_ts, tried_in
            )
        except (TryAgain, Refused) as error:
            self._not_posted(begun, never_posted(error))
            raise
        if found:
            self._slack.update(channel_id, ts, message)
        with self._database.transaction() as session:
            if then is not None:
                then(session, channel_id, ts)  # first: everybody locks the incident before its messages
            if begun.noted:
                slack_queries.record_message(session, begun.key, channel_id, ts)
            else:
                slack_queries.keep_message(session, begun.key, channel_id, ts, self._now())
        return ts

    def _not_posted(self, begun: Begun, surely: bool) -> None:
        """Have the next try look for the message, but not where Slack said that it did not take it."""
        if begun.noted and not surely:
            return  # the note says so
        if surely:
            self._slack.untaken.note(begun.key, self._tries + 1)
        if surely and not begun.noted and begun.earlier is None:
            return
        with self._database.transaction() as session:
            if surely:
                slack_queries.take_back(session, [begun.key])
            else:
                slack_queries.begin_message(session, begun.key, begun.channel_id, self._now())

    def edit(self, key: str, message: Message) -> bool:
        """Edit what was said under `key`; False when nothing was."""
        with self._database.reading() as session:
            earlier = slack_queries.find_message(session, key)
            known = (earlier.channel_id, earlier.ts) if earlier else None
        if not known or not known[1]:
            return False
        self._slack.update(known[0], known[1], message)
        return True

    def try_to_post(self, key: str, channel_id: str, message: Message, thread_ts: str | None = None) -> str | None:
        """Like `say`; None, with a line in the log, where there is nowhere left to say it."""
        try:
            return self.say(key, channel_id, message, thread_ts)
        except Refused as refused:
            if refused.error not in UNREACHABLE:
                raise
            log.warning("could not post", key=key, channel=channel_id, error=refused.error)
            return None
