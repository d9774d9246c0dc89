"""canvases.* and conversations.canvases.*: Markdown documents, one of them as a tab of a channel."""

import re

from slack_playground.api.calls import ApiError, Call, Method
from slack_playground.api.documents.canvas_markdown import check_markdown
from slack_playground.workspace.records import Canvas, Channel, Json

LONGEST_MARKDOWN = 1024 * 1024
OPERATIONS = ("insert_at_start", "insert_at_end", "insert_before", "insert_after", "replace", "delete", "rename")


def create(call: Call) -> Json:
    """canvases.create: on its own, or as a channel's tab, which is all that free plans have."""
    if call.text("channel_id"):
        return _create_tab(call)
    if call.workspace.free_plan:
        raise ApiError("free_teams_cannot_create_non_tabbed_canvases")
    return {"canvas_id": _new_canvas(call, None).id}


def create_in_channel(call: Call) -> Json:
    """conversations.canvases.create: the channel's own canvas."""
    return _create_tab(call)


def edit(call: Call) -> Json:
    """canvases.edit: one change of the whole or of one section."""
    canvas = _canvas(call)
    changes = call.structure("changes")
    if not isinstance(changes, list) or not changes:
        raise ApiError("invalid_arguments")
    if len(changes) > 1:
        raise ApiError("too_many_changes")
    change = changes[0]
    if not isinstance(change, dict) or change.get("operation") not in OPERATIONS:
        raise ApiError("invalid_arguments")
    _apply(call, canvas, change)
    canvas.updated = call.workspace.now()
    call.workspace.feed.publish({"type": "canvas", "id": canvas.id, "channel": canvas.channel})
    return {}


def delete(call: Call) -> Json:
    """canvases.delete."""
    canvas = _canvas(call)
    del call.workspace.canvases[canvas.id]
    if channel := call.workspace.channels.get(canvas.channel):
        channel.canvas_id = ""
        call.workspace.announce(channel)
    return {}


def look_up_sections(call: Call) -> Json:
    """canvases.sections.lookup: the sections that hold a text or are headings."""
    canvas = _canvas(call)
    criteria = call.structure("criteria")
    if not isinstance(criteria, dict):
        raise ApiError("invalid_arguments")
    text, kinds = str(criteria.get("contains_text") or ""), criteria.get("section_types") or []
    found = []
    for index, section in enumerate(_sections(canvas)):
        heading = re.match(r"(#{1,3}) ", section)
        fits_kind = not kinds or (heading and ("any_header" in kinds or f"h{len(heading[1])}" in kinds))
        if fits_kind and text in section:
            found.append({"id": _section_id(index)})
    return {"sections": found}


def _create_tab(call: Call) -> Json:
    channel = call.open_channel("channel_id")
    if channel.canvas_id:
        taken = "free_team_canvas_tab_already_exists" if call.workspace.free_plan else "channel_canvas_already_exists"
        raise ApiError(taken)
    canvas = _new_canvas(call, channel)
    channel.canvas_id = canvas.id
    call.workspace.announce(channel)
    return {"canvas_id": canvas.id}


def _new_canvas(call: Call, channel: Channel | None) -> Canvas:
    content = call.structure("document_content")
    canvas = Canvas(
        id=call.workspace.new_id("F"),
        title=call.text("title"),
        markdown="" if content is None else _checked(call, content, "canvas_creation_failed"),
        channel=channel.id if channel else "",
        creator=call.user_id,
        updated=call.workspace.now(),
    )
    call.workspace.canvases[canvas.id] = canvas
    return canvas


def _canvas(call: Call) -> Canvas:
    canvas = call.workspace.canvases.get(call.needed("canvas_id"))
    if canvas is None:
        raise ApiError("canvas_not_found")
    return canvas


def _markdown(content: object) -> str:
    markdown = content.get("markdown") if isinstance(content, dict) and content.get("type") == "markdown" else None
    if not isinstance(markdown, str):
        raise ApiError("invalid_arguments")
    if len(markdown) > LONGEST_MARKDOWN:
        raise ApiError("canvas_content_too_long")
    return markdown


def _checked(call: Call, content: object, error: str) -> str:
    markdown = _markdown(content)
    if call.workspace.strictness.canvases:
        check_markdown(markdown, error)
    return markdown


def _apply(call: Call, canvas: Canvas, change: Json) -> None:
    operation = change["operation"]
    if operation == "rename":
        title = change.get("title_content")
        canvas.title = _markdown(title)
        return
    sections = _sections(canvas)
    place = _place(sections, str(change.get("section_id") or ""))
    written = [] if operation == "delete" else [_checked(call, change.get("document_content"), "canvas_editing_failed")]
    if operation in ("delete", "insert_before", "insert_after") and place is None:
        raise ApiError("invalid_arguments")
    begin, end = {
        "insert_at_start": (0, 0),
        "insert_at_end": (len(sections), len(sections)),
        "insert_before": (place or 0, place or 0),
        "insert_after": ((place or 0) + 1, (place or 0) + 1),
        "replace": (0, len(sections)) if place is None else (place, place + 1),
        "delete": (place or 0, (place or 0) + 1),
    }[operation]
    sections[begin:end] = written
    markdown = "\n\n".join(sections)
    if len(markdown) > LONGEST_MARKDOWN:
        raise ApiError("canvas_content_too_long")
    canvas.markdown = markdown


def _sections(canvas: Canvas) -> list[str]:
    return [part for part in re.split(r"\n{2,}", canvas.markdown.strip("\n")) if part]


def _section_id(index: int) -> str:
    return f"temp:C:{index:04d}"


def _place(sections: list[str], section_id: str) -> int | None:
    if not section_id:
        return None
    for index in range(len(sections)):
        if _section_id(index) == section_id:
            return index
    raise ApiError("section_not_found")


METHODS = {
    "canvases.create": Method(create, ("canvases:write",)),
    "canvases.edit": Method(edit, ("canvases:write",)),
    "canvases.delete": Method(delete, ("canvases:write",)),
    "canvases.sections.lookup": Method(look_up_sections, ("canvases:read",)),
    "conversations.canvases.create": Method(create_in_channel, ("canvases:write",)),
}
