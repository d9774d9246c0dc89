"""The escalation matrix, the business calendar, the roster and its gaps. Standard library only."""
