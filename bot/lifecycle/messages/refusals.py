"""What is said of a channel that Slack refuses, and once it no longer does. Pure."""

from __future__ import annotations

from bot.incidents.rules.incident import Incident

# These complete "Tocsin couldn't …".
SET_TOPIC = "set the channel's topic"
PIN_CARD = "pin the card in the channel"
ADD_BOOKMARKS = "add the channel's bookmarks"
RENAME_CHANNEL = "rename the channel"


def create(incident: Incident) -> str:
    return f"create #{incident.channel_name}"


def announce(channel_id: str) -> str:
    return f"announce the incident in <#{channel_id}>"


def speak_in(channel_id: str) -> str:
    return f"post in <#{channel_id}>, and what is said there is not recorded"


def no_channel_yet(incident: Incident, announced_in: str | None) -> str:
    """Where the incident is worked on until its channel can be created."""
    return f"{_meanwhile(incident, announced_in)} Tocsin tries again every minute."


def outside(incident: Incident, announced_in: str | None) -> str:
    """The same of a channel that Tocsin is out of."""
    return f"{_meanwhile(incident, announced_in)} Tocsin tries again every minute, and then reads what it missed."


def _meanwhile(incident: Incident, announced_in: str | None) -> str:
    if incident.private or announced_in is None:
        return f"Until then, type commands with its reference, such as `/incident note {incident.ref} …`."
    return f"Until then, work on it in its thread in <#{announced_in}>."


def channel_opened(channel_id: str) -> str:
    return f"Slack let Tocsin create the channel: <#{channel_id}>."


def channel_back(channel_id: str) -> str:
    return f"Tocsin is back in <#{channel_id}> and reads what was said meanwhile."


def moved(channel_id: str) -> str:
    """In place of the card in the thread."""
    return f"The incident is worked on in its channel now: <#{channel_id}>"
