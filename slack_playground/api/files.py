"""files.*: uploads in three steps, as Slack wants them, and the bytes behind the addresses."""

import mimetypes
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from slack_playground.api.calls import ApiError, Call, Method
from slack_playground.delivery.faults import Faults
from slack_playground.delivery.wire import Wire
from slack_playground.workspace import messages
from slack_playground.workspace.records import Channel, Json, StoredFile
from slack_playground.workspace.workspace import Workspace

_TOMBSTONE = "tombstone"  # the mode of a file that was deleted
LARGEST = 50 * 1024 * 1024
_SHOWN_INLINE = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain")


def get_upload_url(call: Call) -> Json:
    """files.getUploadURLExternal."""
    name = call.needed("filename")
    length = call.text("length")
    if not length.isdigit() or int(length) == 0:
        raise ApiError("invalid_arguments")
    if int(length) > LARGEST:
        raise ApiError("file_upload_size_restricted")
    stored = _new_file(call.workspace, name, call.user_id)
    stored.record["size"] = int(length)
    return {"upload_url": f"{call.workspace.url}/upload/{stored.id}", "file_id": stored.id}


def complete_upload(call: Call) -> Json:
    """files.completeUploadExternal: shares the files where asked."""
    wanted = call.structure("files")
    if not isinstance(wanted, list) or not wanted:
        raise ApiError("invalid_arguments")
    stored = [_uploaded(call, entry) for entry in wanted]
    channel_ids = call.listed("channel_id") or call.listed("channels")
    channels = [_shareable(call, channel_id) for channel_id in channel_ids]
    thread_ts = call.ts("thread_ts", "invalid_thread_ts")
    if thread_ts and any(thread_ts not in channel.messages for channel in channels):
        raise ApiError("thread_not_found")
    for entry, file in zip(wanted, stored, strict=True):
        file.completed = True
        file.record["title"] = entry.get("title") or file.record["name"]
    for channel in channels:
        share(call.workspace, channel, call.user_id, stored, call.text("initial_comment"), thread_ts)
    return {"files": [dict(file.record) for file in stored]}


def file_info(call: Call) -> Json:
    """files.info."""
    return {"file": dict(_file(call).record), "comments": []}


def delete_file(call: Call) -> Json:
    """files.delete: only the bot's own. Messages that carried it keep a tombstone, as the message itself stays."""
    stored = _file(call)
    if stored.record["mode"] == _TOMBSTONE:
        raise ApiError("file_deleted")
    if stored.record["user"] != call.user_id:
        raise ApiError("cant_delete_file")
    stored.content, shared_in = b"", stored.record["channels"]
    stored.record = {name: stored.record[name] for name in ("id", "created", "timestamp", "user", "mimetype")}
    stored.record |= {"mode": _TOMBSTONE, "channels": []}
    for channel in (call.workspace.channels[channel_id] for channel_id in shared_in):
        for message in [*channel.messages.values()]:
            if any(file["id"] == stored.id for file in message.get("files") or ()):
                files = [dict(stored.record) if file["id"] == stored.id else file for file in message["files"]]
                messages.edit(call.workspace, channel, message, {"files": files}, by=call.user_id, mark=False)
    return {}


def share(
    workspace: Workspace,
    channel: Channel,
    user_id: str,
    files: list[StoredFile],
    comment: str,
    thread_ts: str = "",
    *,
    subtype: str = "",
) -> Json:
    """Post a message that carries files."""
    records = [file.record for file in files]
    for record in records:
        record["channels"].append(channel.id)
    message = messages.post(
        workspace, channel, user_id, comment, subtype=subtype, files=records, upload=True, thread_ts=thread_ts
    )
    for record in records:
        event = {"type": "file_shared", "file_id": record["id"], "user_id": user_id, "file": {"id": record["id"]}}
        event |= {"channel_id": channel.id, "event_ts": workspace.next_ts()}
        workspace.tell_app("file_shared", event, channel)
    return message


def share_typed(workspace: Workspace, channel: Channel, user_id: str, name: str, content: str) -> Json:
    """A person shares a text file."""
    stored = _new_file(workspace, name, user_id)
    stored.content, stored.completed = content.encode(), True
    stored.record["size"] = len(stored.content)
    return share(workspace, channel, user_id, [stored], "", subtype="file_share")


def _new_file(workspace: Workspace, name: str, user_id: str) -> StoredFile:
    file_id = workspace.new_id("F")
    address = f"{workspace.url}/files/{file_id}/{quote(name, safe='')}"
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    record = {
        "id": file_id,
        "created": workspace.now(),
        "timestamp": workspace.now(),
        "name": name,
        "title": name,
        "mimetype": media_type,
        "filetype": name.rpartition(".")[2] if "." in name else "text",
        "user": user_id,
        "size": 0,
        "mode": "hosted",
        "is_external": False,
        "url_private": address,
        "url_private_download": f"{address}?download=1",
        "permalink": address,
        "channels": [],
    }
    stored = StoredFile(file_id, record)
    workspace.files[file_id] = stored
    return stored


def _uploaded(call: Call, entry: object) -> StoredFile:
    file_id = entry.get("id", "") if isinstance(entry, dict) else ""
    stored = call.workspace.files.get(file_id)
    if stored is None or stored.completed:
        raise ApiError("file_not_found")
    if not stored.content:
        raise ApiError("file_update_failed")
    return stored


def _shareable(call: Call, channel_id: str) -> Channel:
    channel = call.workspace.channels.get(channel_id)
    if channel is None or call.user_id not in channel.members:
        raise ApiError("invalid_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    return channel


def _file(call: Call) -> StoredFile:
    stored = call.workspace.files.get(call.needed("file", "file_not_found"))
    if stored is None:
        raise ApiError("file_not_found")
    return stored


class FileStore:
    """The addresses to which files are sent and from which they are fetched."""

    def __init__(self, workspace: Workspace, faults: Faults, wire: Wire) -> None:
        self.workspace, self.faults, self.wire = workspace, faults, wire

    async def upload(self, request: Request) -> Response:
        """Take the bytes of a file that was announced."""
        if self.faults.outage:
            self.wire.cut(request.scope)
            return Response(status_code=503)
        stored = self.workspace.files.get(request.path_params["file_id"])
        if stored is None or stored.completed:
            return PlainTextResponse("file_not_found", 404)
        content = await _content(request)
        if len(content) != stored.record["size"]:
            return PlainTextResponse("the length is not the one that was announced", 400)
        stored.content = content
        return PlainTextResponse(f"OK - {len(content)}")

    async def download(self, request: Request) -> Response:
        """The bytes of a file, for the app's token and for browsers."""
        stored = self.workspace.files.get(request.path_params["file_id"])
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        from_page = request.headers.get("sec-fetch-site") in ("same-origin", "none")  # a browser shows it to a person
        if (
            stored is None
            or stored.record["mode"] == _TOMBSTONE
            or not (from_page or bearer == self.workspace.secrets.bot_token)
        ):
            return PlainTextResponse("There is no such file.", 404)
        media_type = stored.record["mimetype"]
        inline = media_type in _SHOWN_INLINE and "download" not in request.query_params
        disposition = "inline" if inline else f"attachment; filename*=UTF-8''{quote(stored.record['name'])}"
        headers = {"content-disposition": disposition, "x-content-type-options": "nosniff"}
        return Response(stored.content, media_type=media_type, headers=headers)


async def _content(request: Request) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return await request.body()
    form = await request.form()
    for part in form.values():
        if not isinstance(part, str):
            return await part.read()
    return b""


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, ("files:write",)),
    "files.completeUploadExternal": Method(complete_upload, ("files:write",)),
    "files.info": Method(file_info, ("files:read",)),
    "files.delete": Method(delete_file, ("files:write",)),
}
