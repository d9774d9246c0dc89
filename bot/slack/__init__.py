"""Slack's Web API and its shapes: idempotent calls, and pure functions from facts to Block Kit."""
