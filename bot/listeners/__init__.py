"""Slack's ways in: each opens one transaction, calls one flow and acknowledges."""
