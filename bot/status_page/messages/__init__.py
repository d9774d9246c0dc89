"""What was published as Slack's forms and lines, as a page, as Statuspage's JSON, and as a feed. Pure."""
