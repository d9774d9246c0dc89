"""Queries of suggested severities, offers of command, and channels to read back."""
