"""What people do to channels on the page: join, leave, invite, remove, rename, archive and open again."""

from collections.abc import Awaitable, Callable, Mapping

from slack_playground.api.calls import ApiError
from slack_playground.api.conversations import free_name
from slack_playground.page.interactions import Refused
from slack_playground.workspace import channels
from slack_playground.workspace.records import Channel, Json
from slack_playground.workspace.workspace import Workspace

Find = Callable[..., Channel]


class ChannelActions:
    """Channel actions by name. `find(user_id, body, to_write=…)` gives the channel or raises Refused."""

    def __init__(self, workspace: Workspace, find: Find) -> None:
        self.workspace, self._find = workspace, find
        self.by_name: Mapping[str, Callable[[str, Json], Awaitable[Json]]] = {
            "join": self._join,
            "leave": self._leave,
            "invite": self._invite,
            "remove_member": self._remove_member,
            "rename_channel": self._rename,
            "archive_channel": self._archive,
            "unarchive_channel": self._unarchive,
        }

    async def _join(self, user_id: str, body: Json) -> Json:
        channel = self._find(user_id, body)
        if channel.is_archived:
            raise Refused("is_archived", "This channel is archived.")
        if user_id not in channel.members:
            channels.join(self.workspace, channel, user_id)
        return {}

    async def _leave(self, user_id: str, body: Json) -> Json:
        channel = self._find(user_id, body)
        if channel.kind == "im" or channel.is_general:
            raise Refused("cant_leave", "You cannot leave this conversation.")
        if user_id in channel.members:
            channels.leave(self.workspace, channel, user_id)
        return {}

    async def _invite(self, user_id: str, body: Json) -> Json:
        channel, other = self._find(user_id, body, to_write=True), self._other(body)
        if other not in channel.members:
            channels.join(self.workspace, channel, other, inviter=user_id)
        return {}

    async def _remove_member(self, user_id: str, body: Json) -> Json:
        channel, other = self._find(user_id, body, to_write=True), self._other(body)
        if other in channel.members:
            channels.leave(self.workspace, channel, other, by=user_id)
        return {}

    async def _rename(self, user_id: str, body: Json) -> Json:
        channel = self._find(user_id, body, to_write=True)
        try:
            name = free_name(self.workspace, str(body.get("name", "")))
        except ApiError as refusal:
            raise Refused(refusal.code, "A channel cannot have this name.") from None
        channels.rename(self.workspace, channel, name, user_id)
        return {}

    async def _archive(self, user_id: str, body: Json) -> Json:
        channel = self._find(user_id, body, to_write=True)
        if channel.kind == "im" or channel.is_general:
            raise Refused("cant_archive", "This conversation cannot be archived.")
        channels.archive(self.workspace, channel, user_id)
        return {}

    async def _unarchive(self, user_id: str, body: Json) -> Json:
        channel = self._find(user_id, body)
        if not channel.is_archived:
            raise Refused("not_archived", "This channel is not archived.")
        channels.unarchive(self.workspace, channel, user_id)
        return {}

    def _other(self, body: Json) -> str:
        other = str(body.get("with", ""))
        if other not in self.workspace.users:
            raise Refused("user_not_found", "Nobody of this name is here.")
        return other
