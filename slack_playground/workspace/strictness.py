"""Which of Slack's habits hold in a workspace. All of them do, unless a test needs one out of its way."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Strictness:
    """One switch for each habit; `set` changes them while the workspace is in use."""

    tiers: bool = True  # calls beyond a method's rate are answered with 429 and Retry-After
    ejection: bool = True  # archiving a channel puts bots out of it; bots cannot unarchive
    membership: bool = True  # changing and deleting messages asks for being in the channel
    text: bool = True  # what people type is rewritten: hosts become links, emoji become their names
    rich_text: bool = True  # people's messages carry client_msg_id and rich_text blocks
    labels: bool = True  # mentions of channels and groups in messages come without their names
    pin_notices: bool = True  # a pin is said in the channel, by a message of subtype pinned_item
    canvases: bool = True  # canvases refuse the Markdown that Slack cannot show
    guests: bool = True  # guests and people of other workspaces cannot be invited like members

    def set(self, **switches: bool) -> None:
        """Turn habits on or off. Raises ValueError for one that is not there, and then changes nothing."""
        known = {field.name for field in fields(self)}
        if unknown := sorted(set(switches) - known):
            raise ValueError(f"{', '.join(unknown)} is no habit; there are {', '.join(sorted(known))}")
        for name, on in switches.items():
            setattr(self, name, bool(on))
