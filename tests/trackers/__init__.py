"""Action items as issues in trackers."""
