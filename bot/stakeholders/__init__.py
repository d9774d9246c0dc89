"""Stakeholders: notices, reminders to send one, and the checklist after resolving."""
