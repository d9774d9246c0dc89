"""Notices sent and reminded of, the checklist ticked, alarms looked up for it."""
