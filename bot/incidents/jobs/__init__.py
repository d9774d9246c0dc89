"""Posting in an incident's channel, telling one person, names and members; other features' jobs use them, too."""

from __future__ import annotations

from collections.abc import Callable

from bot.incidents.jobs import direct, members, names, posting
from bot.slack.replies.unfinished import TASK as UNFINISHED

# By the names under which they wait in the queue.
TASKS: dict[str, Callable[..., None]] = {
    "slack.say": posting.post_entry,
    "slack.tell": direct.notify,
    "slack.reply_privately": direct.reply_privately,
    "slack.reply": direct.reply,
    "slack.offer_key": direct.offer_key_moment,
    "slack.learn_names": names.keep_names,
    "slack.read_members": members.read_members,
    UNFINISHED: direct.say_unfinished,
}
