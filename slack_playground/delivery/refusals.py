"""What Slack may refuse for reasons that no argument shows: preferences of a workspace, a channel, a plan.

A test or the page's tools ask for one by its name; names that Slack does not document for the method are refused.
"""

from slack_playground.workspace.records import Json

_ANYWHERE = (
    "access_denied account_inactive accesslimited ekm_access_denied enterprise_is_restricted fatal_error "
    "internal_error invalid_auth message_limit_exceeded missing_scope not_allowed_token_type org_login_required "
    "rate_limited ratelimited request_timeout service_unavailable team_access_not_granted team_added_to_org "
    "token_expired token_revoked two_factor_setup_required"
)
_POSTING = (
    "channel_not_found is_archived is_inactive msg_too_long no_permission not_in_channel restricted_action "
    "restricted_action_non_threadable_channel restricted_action_read_only_channel restricted_action_thread_locked "
    "restricted_action_thread_only_channel slack_connect_canvas_sharing_blocked team_not_found too_many_attachments "
    "user_is_restricted"
)
_CANVAS = (
    "canvas_creation_failed canvas_disabled_user_team canvas_tab_creation_failed channel_canvas_already_exists "
    "channel_canvas_creation_failed free_team_canvas_tab_already_exists free_teams_cannot_create_non_tabbed_canvases "
    "restricted_action team_tier_cannot_create_channel_canvases"
)
_CHANNEL = "channel_not_found is_archived method_not_supported_for_channel_type not_in_channel restricted_action"

_STEP = "execution_not_in_running_state function_execution_not_found"

DOCUMENTED = {
    "chat.postMessage": _POSTING,
    "chat.postEphemeral": f"{_POSTING} user_not_in_channel messages_tab_disabled",
    "chat.update": f"{_POSTING} cant_update_message edit_window_closed message_not_found",
    "chat.delete": "cant_delete_message channel_not_found compliance_exports_prevent_deletion message_not_found",
    "conversations.create": f"{_CHANNEL} name_taken no_channel user_is_restricted",
    "conversations.invite": (
        f"{_CHANNEL} already_in_channel cant_invite cant_invite_self external_channel_migrating "
        "no_external_invite_permission no_user org_user_not_in_team too_many_users ura_max_channels user_is_restricted "
        "user_not_found user_team_mismatch"
    ),
    "conversations.setTopic": f"{_CHANNEL} too_long user_is_restricted",
    "conversations.setPurpose": f"{_CHANNEL} too_long user_is_restricted",
    "conversations.rename": f"{_CHANNEL} name_taken not_authorized user_is_restricted",
    "conversations.archive": f"{_CHANNEL} already_archived cant_archive_general cant_archive_required",
    "conversations.unarchive": f"{_CHANNEL} not_archived user_is_restricted",
    "conversations.join": f"{_CHANNEL} invalid_types",
    "conversations.open": "channel_not_found user_disabled user_not_found user_not_visible users_list_not_supplied",
    "conversations.canvases.create": _CANVAS,
    "canvases.create": _CANVAS,
    "canvases.edit": "canvas_editing_failed canvas_not_found restricted_action section_not_found too_many_changes",
    "bookmarks.remove": f"{_CHANNEL} permission_denied",
    "canvases.delete": "canvas_deleting_disabled canvas_not_found restricted_action",
    "files.delete": "cant_delete_file delete_not_allowed file_deleted file_deleting_disabled file_not_found",
    "functions.completeSuccess": f"{_STEP} parameter_validation_failed",
    "functions.completeError": _STEP,
    "slackLists.create": "lists_disabled_user_team restricted_action",
    "slackLists.access.set": (
        "channel_not_found failed_to_update_user_ids list_not_found lists_disabled_user_team restricted_action "
        "user_not_found"
    ),
    "slackLists.items.create": "invalid_column_id list_not_found over_row_maximum uneditable_column user_not_found",
    "slackLists.items.update": "column_not_found invalid_row_id list_not_found uneditable_column",
    "slackLists.items.list": "list_not_found user_not_found",
    "slackLists.items.info": "list_not_found record_not_found",
    "pins.add": f"{_CHANNEL} already_pinned message_not_found not_pinnable permission_denied too_many_pins",
}
_DETAILS = {
    "missing_scope": {"needed": "chat:write", "provided": ""},
    "canvas_creation_failed": {"detail": "'content' error: line 1: Unsupported block type (List) within block quote"},
    "canvas_editing_failed": {"detail": "'content' error: line 1: Unsupported heading depth (4)"},
}


def is_documented(method: str, error: str) -> bool:
    """Whether Slack may answer the method so; methods that are not listed may answer anything."""
    listed = DOCUMENTED.get(method)
    return listed is None or error in listed.split() or error in _ANYWHERE.split()


def refusal_body(error: str) -> Json:
    """The answer, with what Slack says beside the name."""
    return {"ok": False, "error": error, **_DETAILS.get(error, {})}
