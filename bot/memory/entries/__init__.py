"""Knowledge entries: knowledge/**/*.md to entries and back. Knows nothing of ranking or Slack."""
