"""canvases.* and slackLists.*: documents beside messages."""
