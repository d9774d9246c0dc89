"""Every table of every feature, so that the metadata is whole wherever a database is opened or migrated."""

from bot.alarms import tables as alarms
from bot.drills import tables as drills
from bot.escalation import tables as escalation
from bot.fields import tables as fields
from bot.figures import tables as figures
from bot.incidents import tables as incidents
from bot.lifecycle import tables as lifecycle
from bot.memory import tables as memory
from bot.playbooks import tables as playbooks
from bot.reports import tables as reports
from bot.reviews import tables as reviews
from bot.severity import tables as severity
from bot.slack import tables as slack
from bot.status_page import tables as status_page
from bot.store.base import Base
from bot.trackers import tables as trackers
from bot.web import tables as web

METADATA = Base.metadata
FEATURES = (
    alarms,
    drills,
    escalation,
    fields,
    figures,
    incidents,
    lifecycle,
    memory,
    playbooks,
    reports,
    reviews,
    severity,
    slack,
    status_page,
    trackers,
    web,
)
