"""Alarms: reading what is delivered, and the dry run."""
