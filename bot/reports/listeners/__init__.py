"""Slack's events and the presses on answers. Each is one transaction."""
