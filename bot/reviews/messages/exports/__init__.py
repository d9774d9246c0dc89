"""The review for other systems: Confluence, Google Docs, Notion, and the picture of its timeline. Pure."""
