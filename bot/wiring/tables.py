"""Every table of every feature, so that the metadata is whole wherever a database is opened or migrated."""

from bot.escalation import tables as escalation
from bot.incidents import tables as incidents
from bot.lifecycle import tables as lifecycle
from bot.memory import tables as memory
from bot.playbooks import tables as playbooks
from bot.reports import tables as reports
from bot.reviews import tables as reviews
from bot.severity import tables as severity
from bot.slack import tables as slack
from bot.store.base import Base
from bot.web import tables as web

METADATA = Base.metadata
FEATURES = (escalation, incidents, lifecycle, memory, playbooks, reports, reviews, severity, slack, web)
