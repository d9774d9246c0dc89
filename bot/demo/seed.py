"""The demo's workspace: people named by role, three channels, one user group."""

from slack_playground.workspace.clock import DemoClock
from slack_playground.workspace.manifest import AppManifest, permissive_manifest
from slack_playground.workspace.records import App, Team, Tour, User, UserGroup
from slack_playground.workspace.strictness import Strictness
from slack_playground.workspace.workspace import Timing, Workspace

BOT_USER_ID = "U0TOCSIN"
FIRST_REPORT = "Checkout answers 502 for about a third of customers"
GENERAL, INCIDENTS, UPDATES = "C0GENERAL", "C0INCIDENTS", "C0UPDATES"

_PEOPLE = (
    ("U0RESPONDER", "responder", "Responder", "On-call engineer", "#2f6f4f"),
    ("U0SECONDARY", "secondary", "Secondary", "Secondary on-call", "#7a5c1e"),
    ("U0TEAMLEAD", "team-lead", "Team Lead", "Team lead", "#35538c"),
    ("U0MANAGER", "eng-manager", "Engineering Manager", "Engineering manager", "#7d3c6e"),
    ("U0VP", "vp-engineering", "VP Engineering", "Vice president, engineering", "#8a3b2d"),
    ("U0SUPPORT", "support-agent", "Customer Support", "Customer support", "#2d6d7d"),
)
_CHANNELS = (
    (GENERAL, "general", "Company-wide announcements", False),
    (INCIDENTS, "incident-response", "Report trouble here; the bot answers in a thread", True),
    (UPDATES, "incident-updates", "News for stakeholders while an incident lasts", True),
)


def seed_workspace(
    clock: DemoClock | None = None,
    *,
    manifest: AppManifest | None = None,
    timing: Timing | None = None,
    free_plan: bool = False,
    tiers: bool = False,
) -> Workspace:
    """The workspace "Example Shop", with everybody in every channel and the bot in the two incident channels.

    `tiers`: keep to Slack's rates. The demo does; tests say in a second what people say in an hour, and do without.
    """
    workspace = Workspace(
        clock or DemoClock(),
        manifest or permissive_manifest("Tocsin", "/incident"),
        timing=timing or Timing(),
        free_plan=free_plan,
        strictness=Strictness(tiers=tiers),
        team=Team("T0000EXAMPLE", "Example Shop", "example-shop"),
        app=App("A0TOCSIN", "Tocsin", "B0TOCSIN", BOT_USER_ID),
    )
    for user_id, name, real_name, title, color in _PEOPLE:
        workspace.add_user(User(user_id, name, real_name, title, f"{name}@example.com", color))
    workspace.tour = Tour(channel="incident-response", example=FIRST_REPORT, button="Declare", person="U0TEAMLEAD")
    workspace.add_app("Incident response")
    for channel_id, name, purpose, with_bot in _CHANNELS:
        channel = workspace.add_channel(name, "channel", creator="U0MANAGER", channel_id=channel_id)
        channel.is_general = channel_id == GENERAL
        channel.purpose["value"] = purpose
        channel.members.update(dict.fromkeys(entry[0] for entry in _PEOPLE))
        if with_bot:
            channel.members[BOT_USER_ID] = None
    workspace.groups["S0ONCALL"] = UserGroup("S0ONCALL", "oncall", "On call", "Who is on call now", ["U0RESPONDER"])
    return workspace
