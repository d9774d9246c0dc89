"""A policy with every kind of field, as tests need it."""

from __future__ import annotations

from decimal import Decimal

from bot.fields.rules import Ask, Field, FieldsPolicy, Holds, IncidentType
from bot.severity.rules import Severity

BOTH = frozenset(Ask)
TYPES = (
    IncidentType("outage", "Outage", "Down or slow."),
    IncidentType("data", "Data", at_least=Severity.P1),
    IncidentType("break-in", "Break-in", private=True),
    IncidentType("third-party", "Third party"),
)
REGION = Field("region", "Region", Holds.SELECT, ("EU west", "EU east", "US"), required=True, ask=BOTH)
CUSTOMERS = Field(
    "customers", "Customers hit", Holds.NUMBER, least=Decimal(0), most=Decimal(5000), ask=frozenset({Ask.RESOLVE})
)
VENDOR = Field(
    "vendor", "Name of the vendor", Holds.TEXT, required=True, ask=frozenset({Ask.DECLARE}), types=("third-party",)
)
TICKET = Field("ticket", "Ticket", Holds.TEXT, hint="Of the support desk.")
POLICY = FieldsPolicy({one.name: one for one in TYPES}, {one.name: one for one in (REGION, CUSTOMERS, VENDOR, TICKET)})
