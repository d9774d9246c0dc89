"""Playbooks and guides that are worked through."""
