"""Playbooks and guides that are worked through in an incident: runs, their steps, and the ledger of how they did."""
