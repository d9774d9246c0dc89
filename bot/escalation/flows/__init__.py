"""The plan of an incident as durable pings; who holds which role; whom people mean by a name."""
