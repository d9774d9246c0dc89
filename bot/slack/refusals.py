"""Why Slack refused, and what to do about it: every sentence that people read of a refusal. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import TocsinError

if TYPE_CHECKING:  # the flows that read sentences here need no client
    from slack_sdk.errors import SlackApiError

# Our token or account: while Slack refuses those, nobody can be told in Slack at all.
OF_THE_TOKEN = frozenset(
    {
        "account_inactive",
        "accesslimited",
        "access_denied",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "http_401",
        "http_403",
        "invalid_auth",
        "invalid_client_id",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
# A form was to be opened more than three seconds after the press, or twice.
LATE_TRIGGER = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired"})
# About the person who is invited.
NOT_LET_IN = frozenset(
    {
        "cant_invite",
        "no_external_invite_permission",
        "org_user_not_in_team",
        "ura_max_channels",
        "user_disabled",
        "user_is_restricted",
        "user_not_found",
        "user_team_mismatch",
    }
)
# Slack's own names for "not now": the same call may succeed later.
PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)
# About our token, scopes or account: somebody mends that, and then the same call succeeds.
_ABOUT_US = OF_THE_TOKEN | {"no_permission", "missing_scope", "app_missing_action_token"}
_TOKEN = ("Slack doesn't accept Tocsin's token or account", "Ask whoever runs Tocsin to run `tocsin doctor`")
_GUEST = ("this person is a guest", "Only a workspace admin can add a guest to a channel")
_ADMIN = "Ask a workspace admin to allow it for apps in Slack's settings and permissions"
_INVITE_TOCSIN = "Someone in the channel has to type `/invite @tocsin` there"
_OTHER_ORG = (
    "this person belongs to another organization",
    "Someone in the channel can share it with them through Slack Connect",
)
_NO_CANVAS = ("this plan or workspace has no canvas for it", "The review is shared as a file instead")
_CANVAS_FAILED = ("Slack couldn't show it as a canvas", "The review is shared as a file instead")
_GONE = ("the message is no longer there", "Nothing has to be done")
_READ_ONLY = (
    "only some people may post in this channel",
    "Ask whoever manages the channel to let Tocsin post, in its settings under Posting permissions",
)
_THREADS = (
    "this channel doesn't take such a message",
    "Ask whoever manages the channel to change its posting permissions",
)
_TOO_LONG = ("the message is longer than Slack allows", "The whole text is on the timeline: `/incident timeline`")

TRIED_AGAIN = "Tocsin tries again every minute."

# By Slack's name of the refusal: why, and what to do.
_MEANINGS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(OF_THE_TOKEN, _TOKEN),
    "missing_scope": (
        "Tocsin's Slack app lacks a permission",
        "Ask whoever runs Tocsin to run `tocsin doctor`, which names the permission, and to reinstall the app",
    ),
    "no_permission": ("Tocsin's Slack app isn't permitted to", _ADMIN),
    "permission_denied": ("Tocsin's Slack app isn't permitted to", _ADMIN),
    "not_authorized": ("Tocsin's Slack app isn't permitted to", _ADMIN),
    "restricted_action": ("this workspace's settings don't allow it", _ADMIN),
    "restricted_action_read_only_channel": _READ_ONLY,
    "restricted_action_thread_only_channel": _THREADS,
    "restricted_action_non_threadable_channel": _THREADS,
    "restricted_action_thread_locked": (
        "this thread is locked",
        "Ask whoever manages the channel to unlock the thread",
    ),
    "is_archived": (
        "the channel is archived",
        "Bots can't unarchive: someone in the workspace has to open the channel's details and press Unarchive",
    ),
    "is_inactive": ("the person or the channel is deactivated", "Choose another one"),
    "not_in_channel": ("Tocsin isn't in the channel", _INVITE_TOCSIN),
    "channel_not_found": ("Tocsin can't see the channel", _INVITE_TOCSIN),
    "method_not_supported_for_channel_type": ("Tocsin can't join a private channel by itself", _INVITE_TOCSIN),
    "invalid_types": ("Tocsin can't join this kind of channel by itself", _INVITE_TOCSIN),
    "not_among_ours": (
        "Tocsin is in no channel of that name",
        "Type `/invite @tocsin` there, or correct the channel in contacts.yaml",
    ),
    "name_taken": ("channels of that name exist already", "Rename or delete the old ones"),
    "user_is_restricted": _GUEST,
    "ura_max_channels": ("this person is a guest of a single channel", "Only a workspace admin can change that"),
    "cant_invite": _OTHER_ORG,
    "org_user_not_in_team": ("this person is not in this workspace", "A workspace admin has to add them first"),
    "user_team_mismatch": _OTHER_ORG,
    "no_external_invite_permission": _OTHER_ORG,
    "external_channel_migrating": ("Slack is moving this channel", "Invite them again in a few minutes"),
    "user_not_found": ("this person isn't in the workspace", "Choose someone else"),
    "user_not_visible": ("Tocsin can't see this person", "Choose someone else"),
    "user_disabled": ("this person's account is deactivated", "Choose someone else"),
    "user_not_in_channel": ("this person isn't in the channel", "Invite them to the channel"),
    "cannot_dm_bot": ("this is a bot", "Choose a person"),
    "cant_invite_self": ("Tocsin can't invite itself", _INVITE_TOCSIN),
    "too_many_users": ("the channel has as many members as Slack allows", "Someone has to leave first"),
    "messages_tab_disabled": ("direct messages to Tocsin are switched off", _ADMIN),
    "msg_too_long": _TOO_LONG,
    "too_long": _TOO_LONG,
    "too_many_attachments": _TOO_LONG,
    "too_many_pins": ("the channel has as many pins as Slack allows", "Unpin something, then pin the card by hand"),
    "too_many_bookmarks": ("the channel has as many bookmarks as Slack allows", "Remove one that nobody needs"),
    "not_pinnable": ("Slack doesn't pin this message", "Pin the card by hand"),
    "message_not_found": _GONE,
    "cant_update_message": ("Slack doesn't let Tocsin edit this message", "What changed is on the timeline"),
    "edit_window_closed": ("Slack doesn't let Tocsin edit messages this old", "What changed is on the timeline"),
    "canvas_creation_failed": _CANVAS_FAILED,
    "canvas_editing_failed": _CANVAS_FAILED,
    "canvas_tab_creation_failed": _CANVAS_FAILED,
    "channel_canvas_creation_failed": _CANVAS_FAILED,
    "canvas_disabled_user_team": _NO_CANVAS,
    "free_team_canvas_tab_already_exists": _NO_CANVAS,
    "free_teams_cannot_create_non_tabbed_canvases": _NO_CANVAS,
    "team_tier_cannot_create_channel_canvases": _NO_CANVAS,
    "slack_connect_canvas_sharing_blocked": (
        "Slack shares no canvas with other organizations here",
        "Post it in a channel of this workspace alone",
    ),
    "not_in_team": _OTHER_ORG,
}
# Where the same name means something else of that method.
_BY_METHOD: dict[tuple[str, str], tuple[str, str]] = {
    **dict.fromkeys(
        [("conversations.create", error) for error in ("channel_not_found", "is_archived", "not_in_channel")],
        ("Slack refused it", "Ask whoever runs Tocsin to run `tocsin doctor`"),
    ),
    ("conversations.create", "method_not_supported_for_channel_type"): (
        "Slack refused this kind of channel",
        "Ask whoever runs Tocsin to run `tocsin doctor`",
    ),
    ("conversations.create", "restricted_action"): (
        "this workspace's settings don't let apps create channels",
        "Ask a workspace admin to allow it in Slack under Settings, Permissions, Channel management",
    ),
    ("conversations.create", "user_is_restricted"): (
        "this workspace's settings don't let Tocsin create channels",
        "Ask a workspace admin to allow it in Slack under Settings, Permissions, Channel management",
    ),
    ("conversations.create", "team_access_not_granted"): (
        "Tocsin isn't approved for this workspace",
        "Ask an organization admin to approve Tocsin's app for it",
    ),
    ("conversations.setTopic", "user_is_restricted"): ("Tocsin may not set topics there", _ADMIN),
    ("chat.postMessage", "user_is_restricted"): _READ_ONLY,
    ("chat.postEphemeral", "user_is_restricted"): _READ_ONLY,
    ("chat.update", "user_is_restricted"): _READ_ONLY,
    ("chat.update", "msg_too_long"): _TOO_LONG,
    ("conversations.invite", "restricted_action"): (
        "this workspace's settings don't let apps invite people",
        "Someone in the channel can invite them by typing `/invite` and their name",
    ),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What Slack would not do: its method, and its own name of the reason."""

    method: str
    error: str

    @property
    def reason(self) -> str:
        """`the channel is archived (is_archived)`: completes a sentence after a colon."""
        return f"{self._meaning[0]} ({self.error})"

    @property
    def advice(self) -> str:
        """What to do about it: a sentence."""
        return f"{self._meaning[1]}."

    @property
    def _meaning(self) -> tuple[str, str]:
        unknown = ("Slack refused it", f"Slack's documentation of {self.method} says why")
        return _BY_METHOD.get((self.method, self.error)) or _MEANINGS.get(self.error) or unknown


class TryAgain(TocsinError):
    """Slack could not be reached or asked to wait. `after` is in seconds, None when Slack did not say."""

    def __init__(self, method: str, reason: str, after: float | None = None) -> None:
        super().__init__(f"{method}: {reason}")
        self.method = method
        self.reason = reason
        self.after = after


class Refused(TocsinError):
    """Slack answered no, and will again. `error` is Slack's name of the reason."""

    def __init__(self, method: str, error: str, detail: str = "") -> None:
        super().__init__(f"{method}: {error}{' ' + detail if detail else ''}")
        self.method = method
        self.error = error

    @property
    def refusal(self) -> Refusal:
        """What people read of it."""
        return Refusal(self.method, self.error)

    @property
    def may_pass(self) -> bool:
        """True where it is about us (token, scopes, account, Slack's own permissions) rather than what was asked."""
        return self.error in _ABOUT_US


def never_posted(error: TryAgain | Refused) -> bool:
    """Whether Slack said that it did not take the post, so that nobody has to look for it."""
    said_no = isinstance(error, Refused) or error.reason == "ratelimited"
    return said_no and error.method == "chat.postMessage"


def sentence(what: str, refusal: Refusal, again: str = "") -> str:
    """`what` completes "Tocsin couldn't …" in Slack's markup; `again` says when it is tried again."""
    return " ".join(part for part in (f"Tocsin couldn't {what}: {refusal.reason}. {refusal.advice}", again) if part)


# What else stands in an answer's place is not from Slack: a proxy's page, half an answer.
_ERROR_NAME = re.compile(r"[a-z0-9_]+")


def explain(method: str, error: SlackApiError) -> TryAgain | Refused:
    """What an answer of Slack that is no success means: try again, or refused."""
    response = error.response
    if isinstance(response, dict):  # the library gives a plain dict when the body was no JSON
        status, headers, data = int(response.get("status", 500)), response.get("headers", {}), {}
    else:
        status, headers, data = response.status_code, response.headers, response.data
    name = str(data.get("error", f"http_{status}")) if isinstance(data, dict) else f"http_{status}"
    if status == 429 or status >= 500 or name in PASSING or not _ERROR_NAME.fullmatch(name):
        wait = next((value for header, value in headers.items() if header.lower() == "retry-after"), None)
        return TryAgain(method, name, float(wait) if wait and wait.isdecimal() else None)
    metadata = data.get("response_metadata") if isinstance(data, dict) else None
    detail = "; ".join(str(line) for line in (metadata or {}).get("messages", [])[:3])
    return Refused(method, name, detail)
