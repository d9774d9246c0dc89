"""Text as people type it and as Slack wraps it: markup, masking, times and durations. Pure."""
