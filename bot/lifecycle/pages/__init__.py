"""Ways in over HTTP: the pages of incidents, and what services outside Slack say back."""
